#ifndef VOICE_MEDIA_REPORT_H
#define VOICE_MEDIA_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/instant.h"

/*
 * RTCP (RFC 3550, 6.4) between bytes and figures: what we send (a sender's report with one block about the
 * other side's stream, and a name), and what we take from what comes. Pure.
 */
enum { REPORT_SIZE_MAX = 96 };

struct report_ours {
    uint32_t ssrc, packets, bytes;
    uint32_t timestamp; /* RTP's, at `now` */
    instant now;        /* UTC */
    bool heard;         /* something has come: the rest is set */
    uint32_t their_ssrc;
    uint8_t lost_fraction; /* of 256, since the report before */
    int32_t lost;
    uint32_t newest; /* with its turns */
    uint32_t jitter;
    uint32_t their_report; /* the middle of their last report's time; 0: none */
    instant their_report_at;
};

size_t media_report_write(const struct report_ours *ours, uint8_t out[REPORT_SIZE_MAX]);

struct report_theirs {
    bool has_report; /* one of a sender: */
    uint32_t report; /* the middle of its time */
    bool has_block;  /* one about our stream: */
    uint8_t lost_fraction;
    int32_t lost;
    uint32_t jitter; /* RTP units */
    bool has_rtt;
    uint32_t rtt_us;
    bool bye;
};

/* A compound packet; `ours` is our SSRC. False: it is malformed, nothing of it counts. */
bool media_report_parse(struct report_theirs *theirs, const uint8_t *bytes, size_t size,
                        uint32_t ours, instant now) must_check;

#endif
