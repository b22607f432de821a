#ifndef VOICE_SIGNAL_MESSAGE_H
#define VOICE_SIGNAL_MESSAGE_H

#include "voice/signal/libre.h"

#include "base/text.h"
#include "voice/signal/signal.h"

/*
 * What we read from SIP messages, and write into them. Reading never fails: what is not there is an
 * empty slice, good as long as the message. Writing takes out whatever could end a line.
 */
struct slice message_slice(const struct pl *text);

/* The peer's X- headers, at most `room`; returns how many. */
size_t message_x_headers(const struct sip_msg *message, struct signal_header *headers, size_t room);

/* A key in an INFO (application/dtmf-relay or application/dtmf). */
bool message_key(const struct sip_msg *message, char *digit, unsigned *duration_ms);

bool message_has_description(const struct sip_msg *message);

/* The value without control characters. */
void message_add_clean(struct text *text, struct slice value);
/* A display name: quotes and backslashes go too. */
void message_add_name(struct text *text, const char *name);
/* The user part of a SIP URI: what may not stand there is percent-encoded. */
void message_add_user(struct text *text, const char *user);
/* A header line; nothing at all when the name is no token. */
void message_add_header(struct text *text, struct slice name, struct slice value);

/* A telephone number as we send it to a trunk: "+15005550001", also with * and #, 1-31 long. */
bool message_is_number(const char *text);

/* Reads "sip:[USER@]ADDRESS[:PORT][;transport=udp|tcp]", ADDRESS numeric or localhost. 0, EINVAL. */
struct message_target {
    struct in_addr address;
    uint16_t port; /* 0: none written */
    bool tcp;
    struct slice user, host; /* borrowed from the text; host as written */
};

int message_read_target(const char *uri, struct message_target *target) must_check;

#endif
