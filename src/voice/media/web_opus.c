#include "voice/media/web_opus.h"

#include <errno.h>
#include <opus.h>
#include <stdlib.h>
#include <string.h>

#include "wire/g711.h"

enum {
    RATE = 8000,
    CLOCKS = 6, /* RTP's clock is 48 kHz for Opus always */
    FRAME = 160,
    HELD_MAX = FRAME + PACKET_SIZE_MAX,
    BITRATE = 20000,
    COMPLEXITY = 0, /* telephone sound gains little by more, and the thread's time is everybody's */
    LOSS_PRESET_PERCENT = 5,
    LEAP_MAX = 50, /* packets; further is another stream */
};

/* From the browser. */
struct inward {
    OpusDecoder *decoder;
    bool began;
    uint16_t newest;
    uint32_t ssrc, timestamp_48000, timestamp_8000;
    unsigned samples; /* of the newest packet */
    uint64_t repaired;
};

/* To the browser. What the core gives is gathered into frames of 20 ms. */
struct outward {
    OpusEncoder *encoder;
    bool began, marker, has_event;
    uint16_t core_newest, sequence;
    uint32_t ssrc, timestamp; /* of held[0], in 1/8000 s */
    int16_t held[HELD_MAX];
    unsigned held_count, loss_percent;
    uint8_t event[PACKET_HEADER_SIZE + 4];
};

struct web_opus {
    struct web_opus_options options;
    struct inward in;
    struct outward out;
};

int web_opus_new(struct web_opus **opusp, const struct web_opus_options *options)
{
    struct web_opus *opus = calloc(1, sizeof(*opus));
    int error = OPUS_OK;

    if (!opus)
        return ENOMEM;
    opus->options = *options;
    opus->in.decoder = opus_decoder_create(RATE, 1, &error);
    if (opus->in.decoder && options->sends)
        opus->out.encoder = opus_encoder_create(RATE, 1, OPUS_APPLICATION_VOIP, &error);
    if (!opus->in.decoder || (options->sends && !opus->out.encoder)) {
        web_opus_free(opus);
        return ENOMEM;
    }
    if (options->sends) {
        opus->out.loss_percent = LOSS_PRESET_PERCENT;
        opus_encoder_ctl(opus->out.encoder, OPUS_SET_BITRATE(BITRATE));
        opus_encoder_ctl(opus->out.encoder, OPUS_SET_COMPLEXITY(COMPLEXITY));
        opus_encoder_ctl(opus->out.encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
        opus_encoder_ctl(opus->out.encoder, OPUS_SET_INBAND_FEC(1));
        opus_encoder_ctl(opus->out.encoder, OPUS_SET_PACKET_LOSS_PERC(LOSS_PRESET_PERCENT));
    }
    *opusp = opus;
    return 0;
}

void web_opus_free(struct web_opus *opus)
{
    if (!opus)
        return;
    if (opus->in.decoder)
        opus_decoder_destroy(opus->in.decoder);
    if (opus->out.encoder)
        opus_encoder_destroy(opus->out.encoder);
    free(opus);
}

bool web_opus_sends(const struct web_opus *opus)
{
    return opus->options.sends;
}

uint64_t web_opus_repaired(const struct web_opus *opus)
{
    return opus->in.repaired;
}

void web_opus_lossy(struct web_opus *opus, uint8_t lost_fraction)
{
    unsigned percent = lost_fraction * 100u / 256;

    if (percent < LOSS_PRESET_PERCENT)
        percent = LOSS_PRESET_PERCENT;
    if (!opus->out.encoder || percent == opus->out.loss_percent)
        return;
    opus->out.loss_percent = percent;
    opus_encoder_ctl(opus->out.encoder, OPUS_SET_PACKET_LOSS_PERC((opus_int32)percent));
}

/* ---- from the browser ---- */

/* The same place on a clock of 8 kHz, which goes on from packet to packet as theirs does. */
static void in_move(struct inward *in, const struct media_packet *packet)
{
    if (!in->began || packet->ssrc != in->ssrc) {
        in->began = true;
        in->ssrc = packet->ssrc;
        in->timestamp_8000 = packet->timestamp / CLOCKS;
        in->samples = 0;
    } else {
        in->timestamp_8000 +=
            (uint32_t)(packet_timestamp_distance(packet->timestamp, in->timestamp_48000) / CLOCKS);
    }
    in->newest = packet->sequence;
    in->timestamp_48000 = packet->timestamp;
}

/* size 0: nothing could be made of it. */
static void in_decode(struct web_opus *opus, const struct media_packet *packet, int repairs,
                      unsigned samples_max, struct media_packet *head, struct web_opus_packet *out)
{
    int16_t samples[WEB_OPUS_SAMPLES_MAX];
    uint8_t *sound = out->bytes + PACKET_HEADER_SIZE;
    int count = opus_decode(opus->in.decoder, packet->payload, (opus_int32)packet->payload_size,
                            samples, (int)samples_max, repairs);

    out->size = 0;
    if (count <= 0)
        return;
    media_packet_header(head, out->bytes);
    for (int i = 0; i < count; i++)
        sound[i] = g711_mulaw_encode(samples[i]);
    out->size = PACKET_HEADER_SIZE + (size_t)count;
}

/* How many samples stand between the packet before and this one, if that is one packet's. */
static unsigned in_gap(const struct inward *in, const struct media_packet *packet)
{
    int32_t gap = packet_timestamp_distance(packet->timestamp, in->timestamp_48000) / CLOCKS -
                  (int32_t)in->samples;

    if (!in->began || packet->ssrc != in->ssrc || !in->samples ||
        packet_sequence_distance(packet->sequence, in->newest) != 2)
        return 0;
    return gap == (int32_t)in->samples && gap % (RATE / 400) == 0 ? in->samples : 0;
}

static unsigned in_sound(struct web_opus *opus, const struct media_packet *packet,
                         struct web_opus_packet packets[WEB_OPUS_PACKETS])
{
    struct inward *in = &opus->in;
    struct media_packet head = {.marker = packet->marker, .ssrc = packet->ssrc};
    unsigned gap = in_gap(in, packet), count = 0;

    if (in->began && packet->ssrc == in->ssrc) {
        int distance = packet_sequence_distance(packet->sequence, in->newest);

        if (distance <= 0 && distance > -LEAP_MAX)
            return 0; /* late: its place has been gone over */
    }
    in_move(in, packet);
    if (gap) {
        head.sequence = (uint16_t)(packet->sequence - 1);
        head.timestamp = in->timestamp_8000 - gap;
        in_decode(opus, packet, 1, gap, &head, &packets[count]);
        in->repaired += packets[count].size > 0;
        count += packets[count].size > 0;
    }
    head.sequence = packet->sequence;
    head.timestamp = in->timestamp_8000;
    in_decode(opus, packet, 0, WEB_OPUS_SAMPLES_MAX, &head, &packets[count]);
    if (packets[count].size)
        in->samples = (unsigned)(packets[count++].size - PACKET_HEADER_SIZE);
    return count;
}

/* A key's packet, its time by the other clock. */
static unsigned in_event(struct web_opus *opus, const struct media_packet *packet, bool is_48000,
                         struct web_opus_packet *out)
{
    struct media_packet head = *packet;
    uint8_t *event = out->bytes + PACKET_HEADER_SIZE;
    unsigned duration;

    if (packet->payload_size != 4)
        return 0;
    memcpy(event, packet->payload, 4);
    head.payload_type = opus->options.events_inside;
    if (is_48000) {
        duration = ((unsigned)event[2] << 8 | event[3]) / CLOCKS;
        event[2] = (uint8_t)(duration >> 8);
        event[3] = (uint8_t)duration;
        if (opus->in.began)
            head.timestamp =
                opus->in.timestamp_8000 +
                (uint32_t)(packet_timestamp_distance(packet->timestamp, opus->in.timestamp_48000) /
                           CLOCKS);
        else
            head.timestamp = packet->timestamp / CLOCKS;
    }
    if (opus->in.began && packet_sequence_distance(packet->sequence, opus->in.newest) > 0)
        opus->in.newest = packet->sequence; /* its number is no gap in the sound */
    media_packet_header(&head, out->bytes);
    out->size = PACKET_HEADER_SIZE + 4;
    return 1;
}

unsigned web_opus_in(struct web_opus *opus, const uint8_t *bytes, size_t size,
                     struct web_opus_packet packets[WEB_OPUS_PACKETS])
{
    struct media_packet packet;

    if (!media_packet_parse(&packet, bytes, size) || !packet.payload_size)
        return 0;
    if (packet.payload_type == opus->options.opus_type)
        return in_sound(opus, &packet, packets);
    if (packet.payload_type == opus->options.events_48000)
        return in_event(opus, &packet, true, packets);
    if (packet.payload_type == opus->options.events_8000)
        return in_event(opus, &packet, false, packets);
    if (size > sizeof(packets[0].bytes))
        return 0;
    memcpy(packets[0].bytes, bytes, size);
    packets[0].size = size;
    return 1;
}

/* ---- to the browser ---- */

/* What the core lost shows in our numbers, so that the browser conceals it. */
static bool out_number(struct outward *out, const struct media_packet *packet)
{
    int step = packet_sequence_distance(packet->sequence, out->core_newest);

    if (!out->began) {
        out->sequence = packet->sequence;
        step = 1;
    }
    if (out->began && step <= 0 && step > -LEAP_MAX)
        return false; /* it was overtaken, and its place has been sent over */
    if (step > 1 && step < LEAP_MAX)
        out->sequence = (uint16_t)(out->sequence + step - 1);
    out->began = true;
    out->core_newest = packet->sequence;
    out->ssrc = packet->ssrc;
    return true;
}

static void out_event(struct web_opus *opus, const struct media_packet *packet)
{
    struct outward *out = &opus->out;
    struct media_packet head = *packet;
    unsigned duration;

    if (opus->options.events_48000 < 0 || packet->payload_size != 4)
        return;
    head.payload_type = (uint8_t)opus->options.events_48000;
    head.sequence = out->sequence++;
    head.timestamp *= CLOCKS;
    media_packet_header(&head, out->event);
    memcpy(out->event + PACKET_HEADER_SIZE, packet->payload, 4);
    duration = ((unsigned)packet->payload[2] << 8 | packet->payload[3]) * CLOCKS;
    if (duration > UINT16_MAX)
        duration = UINT16_MAX;
    out->event[PACKET_HEADER_SIZE + 2] = (uint8_t)(duration >> 8);
    out->event[PACKET_HEADER_SIZE + 3] = (uint8_t)duration;
    out->has_event = true;
    out->held_count = 0;
}

void web_opus_put(struct web_opus *opus, const uint8_t *bytes, size_t size)
{
    struct outward *out = &opus->out;
    struct media_packet packet;

    if (!media_packet_parse(&packet, bytes, size) || !out_number(out, &packet))
        return;
    if (packet.payload_type == opus->options.events_inside) {
        out_event(opus, &packet);
        return;
    }
    if (!out->held_count || packet.timestamp != out->timestamp + out->held_count) {
        out->held_count = 0;
        out->timestamp = packet.timestamp;
    }
    out->marker |= packet.marker;
    for (size_t i = 0; i < packet.payload_size && out->held_count < HELD_MAX; i++)
        out->held[out->held_count++] = g711_mulaw_decode(packet.payload[i]);
}

bool web_opus_take(struct web_opus *opus, uint8_t bytes[PACKET_SIZE_MAX], size_t *size)
{
    struct outward *out = &opus->out;
    struct media_packet head = {.payload_type = opus->options.opus_type, .ssrc = out->ssrc};
    int written;

    if (out->has_event) {
        memcpy(bytes, out->event, sizeof(out->event));
        *size = sizeof(out->event);
        out->has_event = false;
        return true;
    }
    if (out->held_count < FRAME)
        return false;
    written = opus_encode(out->encoder, out->held, FRAME, bytes + PACKET_HEADER_SIZE,
                          PACKET_SIZE_MAX - PACKET_HEADER_SIZE);
    head.sequence = out->sequence++;
    head.timestamp = out->timestamp * CLOCKS;
    head.marker = out->marker;
    media_packet_header(&head, bytes);
    out->marker = false;
    out->held_count -= FRAME;
    out->timestamp += FRAME;
    memmove(out->held, out->held + FRAME, out->held_count * sizeof(out->held[0]));
    *size = PACKET_HEADER_SIZE + (size_t)(written > 0 ? written : 0);
    return written > 0;
}
