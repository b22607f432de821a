#ifndef VOICE_SIGNAL_DESCRIPTION_H
#define VOICE_SIGNAL_DESCRIPTION_H

#include "voice/signal/libre.h"

#include "voice/signal/signal.h"

/*
 * The session description of one leg: one audio stream, PCMU, PCMA and telephone-event, 20 ms.
 * Offer and answer as RFC 3264; it may be negotiated again (hold, resume).
 *
 *   description_new(&description);
 *   we call:       description_local; description_write(.., true, ..); description_read(.., false, ..)
 *   we are called: description_read(.., true, ..); description_local; description_write(.., false, ..)
 */
struct description;

int description_new(struct description **description) must_check; /* 0, ENOMEM */
void description_free(struct description *description);           /* NULL is fine */

void description_local(struct description *description, const struct signal_local *local);

/* The body of a message to send; the caller mem_derefs it. 0, ENOMEM. */
int description_write(struct description *description, bool offer, struct mbuf **body) must_check;
/* The peer's body. 0; EBADMSG: not SDP; ENOTSUP: no audio we can speak, or nowhere to send it. */
int description_read(struct description *description, struct mbuf *body, bool offer,
                     struct signal_media *media) must_check;

#endif
