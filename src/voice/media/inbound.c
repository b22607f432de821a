#include "voice/media/inbound.h"

#include <stdlib.h>

enum { SEQUENCE_LEAP = 1000, STRAGGLE_MS = 1000 };

static void jitter_update(struct media_inbound *in, const struct media_packet *packet,
                          instant arrival)
{
    uint32_t transit = (uint32_t)(arrival * 8 / 1000) - packet->timestamp;
    int32_t change = (int32_t)(transit - in->transit);

    in->transit = transit;
    if (change < 0)
        change = -(change + 1);
    if (change > 8000)
        return; /* the sender's time line leapt: that is no jitter */
    in->jitter += (uint32_t)change - ((in->jitter + 8) >> 4);
}

enum media_inbound_verdict media_inbound_take(struct media_inbound *in,
                                              const struct media_packet *packet, instant arrival)
{
    bool begins = !in->started;
    int distance = packet_sequence_distance(packet->sequence, in->newest);

    if (in->started && packet->ssrc != in->ssrc) {
        if (in->had_other && packet->ssrc == in->other_ssrc &&
            arrival - in->changed_at < STRAGGLE_MS * MILLISECOND)
            return INBOUND_STALE;
        begins = in->had_other = true;
        in->other_ssrc = in->ssrc;
        in->changed_at = arrival;
    }
    if (begins) {
        in->ssrc = packet->ssrc;
        in->newest = packet->sequence;
        in->transit = (uint32_t)(arrival * 8 / 1000) - packet->timestamp;
        if (!in->started)
            in->first_at = arrival;
        in->started = true;
    } else if (distance > 0) {
        if (distance <= SEQUENCE_LEAP)
            in->lost += distance - 1;
        in->newest = packet->sequence;
        jitter_update(in, packet, arrival);
    } else if (distance < -SEQUENCE_LEAP) {
        in->newest = packet->sequence; /* the sender began anew without a new SSRC */
    } else if (distance < 0) {
        in->lost--; /* it was late, not lost */
    }
    in->packets++;
    in->bytes += packet->payload_size;
    in->last_at = arrival;
    return begins ? INBOUND_BEGINS : INBOUND_GOES_ON;
}
