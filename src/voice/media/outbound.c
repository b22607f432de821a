#include "voice/media/outbound.h"

#include <stdlib.h>
#include <string.h>

enum {
    FRAME_SAMPLES = 160,
    SEQUENCE_LEAP = 1000, /* packets; further is another stream under the same SSRC */
    TIMESTAMP_LEAP = 10 * 8000,
};

void media_outbound_init(struct media_outbound *out, uint32_t ssrc, uint16_t sequence,
                         uint32_t timestamp)
{
    memset(out, 0, sizeof(*out));
    out->ssrc = ssrc;
    out->sequence = sequence;
    out->timestamp = timestamp;
}

/* Where the line goes on: right behind the last packet, or after a gap where the clock says. */
static uint32_t next_timestamp(const struct media_outbound *out, instant now)
{
    int64_t elapsed = (now - out->sent_at) * 8 / 1000;

    if (!out->started || elapsed < out->samples + FRAME_SAMPLES)
        return out->timestamp + out->samples;
    return out->timestamp + (uint32_t)(elapsed - elapsed % (FRAME_SAMPLES / 2));
}

void media_outbound_own(struct media_outbound *out, uint16_t samples, instant now,
                        struct media_packet *packet)
{
    out->timestamp = next_timestamp(out, now);
    out->sequence++;
    out->samples = samples;
    out->sent_at = now;
    packet->marker = !out->started;
    packet->sequence = out->sequence;
    packet->timestamp = out->timestamp;
    packet->ssrc = out->ssrc;
    out->started = true;
    out->flowing = false;
}

static bool flow_goes_on(const struct media_outbound *out, uint64_t source,
                         const struct media_packet *packet)
{
    return out->flowing && out->flow_source == source && out->flow_ssrc == packet->ssrc &&
           abs(packet_sequence_distance(packet->sequence, out->flow_newest)) <= SEQUENCE_LEAP &&
           abs(packet_timestamp_distance(packet->timestamp, out->flow_timestamp)) <= TIMESTAMP_LEAP;
}

bool media_outbound_forward(struct media_outbound *out, uint64_t source, uint16_t samples,
                            instant now, struct media_packet *packet)
{
    if (!flow_goes_on(out, source, packet)) {
        out->timestamp_offset = next_timestamp(out, now) - packet->timestamp;
        out->sequence_offset = (uint16_t)(out->sequence + 1 - packet->sequence);
        out->flowing = true;
        out->flow_source = source;
        out->flow_ssrc = packet->ssrc;
        out->flow_first = out->flow_newest = packet->sequence;
        out->flow_timestamp = packet->timestamp;
        packet->marker = true;
    } else if (packet_sequence_distance(packet->sequence, out->flow_first) < 0) {
        return false;
    }
    if (packet_sequence_distance(packet->sequence, out->flow_newest) >= 0) {
        out->flow_newest = packet->sequence;
        out->flow_timestamp = packet->timestamp;
        out->sequence = (uint16_t)(packet->sequence + out->sequence_offset);
        out->timestamp = packet->timestamp + out->timestamp_offset;
        out->samples = samples;
        /* flow_first follows at a distance, so that half the circle never lies between */
        if (packet_sequence_distance(out->flow_newest, out->flow_first) > 4 * SEQUENCE_LEAP)
            out->flow_first = (uint16_t)(out->flow_newest - 2 * SEQUENCE_LEAP);
    }
    out->sent_at = now;
    out->started = true;
    packet->sequence = (uint16_t)(packet->sequence + out->sequence_offset);
    packet->timestamp += out->timestamp_offset;
    packet->ssrc = out->ssrc;
    return true;
}

void media_outbound_skip(struct media_outbound *out, uint64_t source,
                         const struct media_packet *packet)
{
    if (!flow_goes_on(out, source, packet) ||
        packet_sequence_distance(packet->sequence, out->flow_newest) <= 0)
        return;
    out->flow_newest = packet->sequence;
    out->sequence_offset--;
}

void media_outbound_repeat(struct media_outbound *out, uint16_t samples, instant now,
                           struct media_packet *packet)
{
    out->sequence++;
    out->samples = samples;
    out->sent_at = now;
    packet->marker = false;
    packet->sequence = out->sequence;
    packet->timestamp = out->timestamp;
    packet->ssrc = out->ssrc;
}
