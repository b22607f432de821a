#ifndef VOICE_MEDIA_INBOUND_H
#define VOICE_MEDIA_INBOUND_H

#include "base/instant.h"
#include "voice/media/packet.h"

/* What is known of the RTP stream from one leg: its numbers, losses and jitter (RFC 3550). Pure. */
struct media_inbound {
    bool started, had_other;
    uint16_t newest;
    uint16_t samples;          /* of the newest audio packet: the sender's packet time */
    uint32_t ssrc, other_ssrc; /* the stream before this one */
    uint32_t transit, jitter;  /* RTP units; jitter times 16 */
    uint64_t packets, bytes;
    int64_t lost;
    instant changed_at, first_at, last_at;
};

enum media_inbound_verdict {
    INBOUND_GOES_ON,
    INBOUND_BEGINS, /* the first packet, or a new SSRC: a new time line */
    INBOUND_STALE,  /* a straggler of the SSRC before: drop it */
};

enum media_inbound_verdict media_inbound_take(struct media_inbound *in,
                                              const struct media_packet *packet, instant arrival);

#endif
