#ifndef VOICE_MEDIA_MEDIA_WEB_H
#define VOICE_MEDIA_MEDIA_WEB_H

#include "base/text.h"
#include "voice/media/media.h"
#include "voice/media/web_opus.h"
#include "voice/secure/stream.h"

/*
 * Legs of browsers. They have no port of their own: all share media_options.web_address, told apart by their ICE
 * credentials and then by their addresses, of which each keeps all that it has proven. We are ICE-lite: we answer
 * checks and send to where the browser has nominated.
 *
 *   media_web_open(media, leg, &ice);              instead of media_leg_open
 *   media_web_remote(media, leg, &remote);         its description is known; its address is of no account
 *   MEDIA_WEB_DTLS of media_take_event             a datagram from an address it has proven
 *   media_web_send(media, leg, datagram);          DTLS to the browser
 *   media_web_keys(media, leg, in, out);           from here on there is sound; takes both
 *   media_web_opus(media, leg, opus);              it speaks Opus; takes it. Before the keys, or never
 *   media_web_restart(media, leg, &ice);           the old credentials hold until the new are used
 *   media_leg_close(media, leg);                   as for any
 *
 * All else is ordered as of any leg: media.h. To a leg without keys nothing but STUN and DTLS is sent.
 */
enum { MEDIA_ICE_UFRAG_SIZE = 8, MEDIA_ICE_PASSWORD_SIZE = 24 };

struct media_web_ice {
    char ufrag[MEDIA_ICE_UFRAG_SIZE + 1];
    char password[MEDIA_ICE_PASSWORD_SIZE + 1];
};

/* The port of all browsers; 0: there is none (no web_address). */
uint16_t media_web_port(const struct media *media);

/* 0; ENOTSUP: no web_address; EEXIST, ENOBUFS (leg_count_max), ENOMEM. */
int media_web_open(struct media *media, uint64_t leg, const struct media_web_ice *ice) must_check;
void media_web_remote(struct media *media, uint64_t leg, const struct media_remote *remote);
void media_web_keys(struct media *media, uint64_t leg, struct secure_stream *in,
                    struct secure_stream *out);
void media_web_opus(struct media *media, uint64_t leg, struct web_opus *opus);
/* Copies. To where the browser's last DTLS came from; lost when memory is out, as the network may lose it. */
void media_web_send(struct media *media, uint64_t leg, struct slice datagram);
void media_web_restart(struct media *media, uint64_t leg, const struct media_web_ice *ice);

#endif
