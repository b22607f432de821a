#ifndef VOICE_MEDIA_WEB_H
#define VOICE_MEDIA_WEB_H

#include "voice/media/core.h"
#include "voice/media/media_web.h"

/*
 * All browsers behind one UDP port, on the media thread: what a datagram is (RFC 7983) and whose, the
 * answers to ICE's checks, SRTP both ways, RTCP. Knows no socket, clock or thread; the core beside it thinks
 * of each browser as of any leg.
 *
 *   web_new(&web, core, &ops);
 *   web_leg_open(web, leg, &ice, now, &web_leg);      web_leg is the leg's carrier in the core
 *   web_packet(web, &from, bytes, size, now);         bytes are decrypted in place
 *   web_leg_rtp(web_leg, bytes, size);                the core's `send`
 *   web_tick(web, now);                               at the latest at web_deadline
 */
struct web;
struct web_leg;

enum { WEB_ADDRESSES_MAX = 8 };

struct web_ops {
    void *self;
    /* Where the next datagram is written: PACKET_SIZE_MAX + SECURE_OVERHEAD bytes; then it is sent, or not. */
    uint8_t *(*room)(void *self);
    void (*send)(void *self, const struct sockaddr_in *to, size_t size);
    /* A datagram of DTLS. Must not call web. */
    void (*dtls)(void *self, uint64_t leg, const void *bytes, size_t size, instant now);
};

int web_new(struct web **web, struct media_core *core,
            const struct web_ops *ops) must_check; /* 0, ENOMEM */
void web_free(
    struct web *web); /* closes its legs; before the core is freed or after. NULL is fine */

/* Opens the core's leg, too. 0, EEXIST, ENOMEM */
int web_leg_open(struct web *web, uint64_t leg, const struct media_web_ice *ice, instant now,
                 struct web_leg **web_leg) must_check;
void web_leg_close(struct web_leg *leg); /* the core's leg is the caller's to close before */
void web_leg_restart(struct web_leg *leg, const struct media_web_ice *ice);
void web_leg_keys(struct web_leg *leg, struct secure_stream *in, struct secure_stream *out,
                  instant now);
void web_leg_opus(struct web_leg *leg, struct web_opus *opus); /* takes it */
void web_leg_dtls(struct web_leg *leg, const void *bytes, size_t size);
void web_leg_rtp(struct web_leg *leg, const void *bytes, size_t size);

void web_packet(struct web *web, const struct sockaddr_in *from, uint8_t *bytes, size_t size,
                instant now);
void web_tick(struct web *web, instant now); /* reports that are due */
instant web_deadline(const struct web *web);

#endif
