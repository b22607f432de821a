#ifndef VOICE_MEDIA_OUTBOUND_H
#define VOICE_MEDIA_OUTBOUND_H

#include "base/instant.h"
#include "voice/media/packet.h"

/*
 * The RTP stream to one leg: one SSRC and one unbroken line of sequence numbers and timestamps,
 * whoever is heard on it. Pure.
 *
 * A forwarded flow keeps its own numbers plus an offset fixed when the flow begins, so what the
 * network lost or swapped before us shows to the listener's jitter buffer. Frames of our own
 * (silence, plays, mixes) continue the line by the clock, and end the flow.
 */
struct media_outbound {
    uint32_t ssrc, timestamp; /* of the newest packet */
    uint16_t sequence;
    uint16_t samples; /* of the newest packet */
    bool started;
    bool flowing;                                      /* a flow is being forwarded: */
    uint16_t flow_first, flow_newest, sequence_offset; /* in the source's numbers */
    uint32_t flow_ssrc, flow_timestamp, timestamp_offset;
    uint64_t flow_source;
    instant sent_at;
};

void media_outbound_init(struct media_outbound *out, uint32_t ssrc, uint16_t sequence,
                         uint32_t timestamp);
/* Numbers a frame of our own; ends the flow. Fills sequence, timestamp, ssrc, marker. */
void media_outbound_own(struct media_outbound *out, uint16_t samples, instant now,
                        struct media_packet *packet);
/*
 * Renumbers a packet of the flow from `source` (any id but 0); a new source, a new SSRC or a leap in
 * its numbers begins a new flow, marked. False: it is from before the flow began; do not send it.
 */
bool media_outbound_forward(struct media_outbound *out, uint64_t source, uint16_t samples,
                            instant now, struct media_packet *packet) must_check;
/* Numbers one more packet of the event begun by media_outbound_own, which has lasted `samples`. */
void media_outbound_repeat(struct media_outbound *out, uint16_t samples, instant now,
                           struct media_packet *packet);
/* A packet of the source that is not forwarded (a key's): its number is closed over. */
void media_outbound_skip(struct media_outbound *out, uint64_t source,
                         const struct media_packet *packet);

#endif
