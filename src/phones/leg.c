#include "phones/leg.h"

#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "phones/tones.h"
#include "wire/g711.h"

enum {
    RTP_HEADER = 12,
    NOISE_SAMPLES = 4000,
    NOISE_PEAK = 24,       /* -62 dB: the hiss of a quiet room */
    LOUD_PEAK = 500,       /* -36 dB: somebody speaks */
    GAP_MAX = 8000,        /* samples; a longer jump of time stamps begins a new stream */
    DIGIT_TICKS = 5,       /* 100 ms of tone */
    DIGIT_END_TICKS = 3,   /* the end is said three times */
    DIGIT_PAUSE_TICKS = 3, /* 60 ms until the next digit */
    WAIT_TICKS = 25,       /* 'w' */
    DIGIT_VOLUME = 10,
};

#define QUIET_AFTER (500 * MILLISECOND)
#define LOST_AFTER (10 * SECOND)

static const char DIGITS[] = "0123456789*#ABCD";
static int16_t noise[NOISE_SAMPLES];
static once_flag noise_made = ONCE_FLAG_INIT;

static void make_noise(void)
{
    struct rng rng = rng_from_seed(1);

    for (size_t i = 0; i < NOISE_SAMPLES; i++)
        noise[i] = (int16_t)((int)rng_below(&rng, 2 * NOISE_PEAK + 1) - NOISE_PEAK);
}

static void tell(struct leg *leg, instant now, struct rtp_event event)
{
    event.call = leg->call;
    event.at = now;
    leg->tell(leg->arg, &event);
}

void leg_init(struct leg *leg, const struct rtp_order *order, uint64_t seed, leg_tell teller,
              void *arg)
{
    struct rng rng = rng_from_seed(seed);

    call_once(&noise_made, make_noise);
    memset(leg, 0, sizeof(*leg));
    leg->call = order->call;
    leg->tell = teller;
    leg->arg = arg;
    leg->out.sequence = (uint16_t)rng_below(&rng, 1 << 15);
    leg->out.timestamp = (uint32_t)rng_next(&rng);
    leg->out.ssrc = (uint32_t)rng_next(&rng);
    leg->out.noise_at = (uint32_t)rng_below(&rng, NOISE_SAMPLES);
    leg->out.marker = true;
    symbol_writer_init(&leg->out.writer, order->kind, order->id);
    symbol_reader_init(&leg->in.reader, 0);
}

void leg_remote(struct leg *leg, const struct rtp_remote *remote)
{
    leg->remote = *remote;
    leg->has_remote = true;
}

void leg_hush(struct leg *leg)
{
    leg->out.sound = NULL;
    leg->out.tone_on = false;
}

void leg_say(struct leg *leg, const struct sound *sound, bool first_word)
{
    leg_hush(leg);
    leg->out.sound = sound;
    leg->out.sound_at = 0;
    leg->out.first_word = first_word;
    leg->out.word_told = false;
    leg->out.marker = true;
    symbol_writer_begin(&leg->out.writer, first_word);
}

void leg_play(struct leg *leg, enum person_tone tone)
{
    leg_hush(leg);
    leg->out.tone_on = true;
    leg->out.tone = tone;
    leg->out.tone_at = 0;
}

void leg_press(struct leg *leg, const char *digits)
{
    slice_copy(slice_from(digits), leg->out.digits, sizeof(leg->out.digits));
    leg->out.digit_at = 0;
    leg->out.digit_tick = 0;
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFF);
}

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) << 16 | get16(at + 2);
}

static void write_header(struct leg *leg, uint8_t *packet, uint8_t type, bool marker,
                         uint32_t timestamp)
{
    packet[0] = 0x80;
    packet[1] = (uint8_t)(type | (marker ? 0x80 : 0));
    put16(packet + 2, leg->out.sequence++);
    put32(packet + 4, timestamp);
    put32(packet + 8, leg->out.ssrc);
}

/* One 20 ms step of the digits to send; 0 when this step belongs to the voice. */
static size_t write_digit(struct leg *leg, instant now, uint8_t *packet)
{
    struct leg_out *out = &leg->out;
    char digit = out->digits[out->digit_at];
    uint32_t tick = out->digit_tick++;
    uint32_t last = DIGIT_TICKS + DIGIT_END_TICKS;
    uint32_t duration;

    if (tick == (digit == 'w' ? WAIT_TICKS : last + DIGIT_PAUSE_TICKS)) {
        out->digit_tick = 0;
        if (!out->digits[++out->digit_at])
            tell(leg, now, (struct rtp_event){.kind = RTP_PRESSED});
        return 0;
    }
    if (digit == 'w' || tick >= last || !leg->remote.digits_type)
        return 0;
    if (!tick)
        out->digit_timestamp = out->timestamp;
    duration = (tick < DIGIT_TICKS ? tick + 1 : DIGIT_TICKS) * SYMBOL_SAMPLES;
    write_header(leg, packet, leg->remote.digits_type, !tick, out->digit_timestamp);
    packet[RTP_HEADER] = (uint8_t)(strchr(DIGITS, digit) - DIGITS);
    packet[RTP_HEADER + 1] = (uint8_t)(DIGIT_VOLUME | (tick >= DIGIT_TICKS ? 0x80 : 0));
    put16(packet + RTP_HEADER + 2, duration);
    return RTP_HEADER + 4;
}

static void write_voice(struct leg *leg, instant now, int16_t samples[SYMBOL_SAMPLES])
{
    struct leg_out *out = &leg->out;

    if (out->sound && out->sound_at < out->sound->count) {
        memcpy(samples, out->sound->samples + out->sound_at, SYMBOL_SAMPLES * sizeof(*samples));
        symbol_writer_mix(&out->writer, samples);
        out->sound_at += SYMBOL_SAMPLES;
        if (out->first_word && !out->word_told) {
            out->word_told = true;
            tell(leg, now, (struct rtp_event){.kind = RTP_FIRST_WORD});
        }
        return;
    }
    if (out->tone_on && tone_write(out->tone, out->tone_at, samples)) {
        out->tone_at += SYMBOL_SAMPLES;
        return;
    }
    if (out->sound || out->tone_on) {
        leg_hush(leg);
        tell(leg, now, (struct rtp_event){.kind = RTP_SAID});
    }
    for (size_t i = 0; i < SYMBOL_SAMPLES; i++) {
        samples[i] = noise[out->noise_at++];
        if (out->noise_at == NOISE_SAMPLES)
            out->noise_at = 0;
    }
}

size_t leg_write(struct leg *leg, instant now, uint8_t packet[LEG_PACKET_SIZE_MAX])
{
    struct leg_out *out = &leg->out;
    const uint8_t *bytes = leg->remote.payload_type ? g711.alaw_bytes : g711.mulaw_bytes;
    unsigned shift = leg->remote.payload_type ? 4 : 2;
    int16_t samples[SYMBOL_SAMPLES];
    size_t size = out->digits[out->digit_at] ? write_digit(leg, now, packet) : 0;

    if (!size) {
        write_voice(leg, now, samples);
        write_header(leg, packet, leg->remote.payload_type, out->marker, out->timestamp);
        for (size_t i = 0; i < SYMBOL_SAMPLES; i++)
            packet[RTP_HEADER + i] = bytes[(uint16_t)samples[i] >> shift];
        out->marker = false;
        size = RTP_HEADER + SYMBOL_SAMPLES;
    }
    out->timestamp += SYMBOL_SAMPLES;
    if (!leg->has_remote || !leg->remote.send)
        return 0;
    if (!leg->stats.sent++)
        leg->stats.first_sent_at = now;
    return size;
}

static bool is_known(struct leg_in *in, enum speaker_kind kind, uint32_t id)
{
    uint64_t key = (uint64_t)kind << 32 | id;

    for (uint32_t i = 0; i < in->speaker_count && i < LEG_SPEAKERS_MAX; i++) {
        if (in->speakers[i] == key)
            return true;
    }
    in->speakers[in->speaker_count++ % LEG_SPEAKERS_MAX] = key;
    return false;
}

/* When the first word's first sound came, and how much of it was missing. */
static void find_word(const struct leg_in *in, int64_t began, struct rtp_heard *heard)
{
    int64_t middle = began + SYMBOL_SAMPLES / 2; /* of the first symbol: surely in its packet */

    for (uint32_t i = 0; i < LEG_HISTORY; i++) {
        const struct leg_arrival *arrival = &in->history[(in->history_at + i) % LEG_HISTORY];

        if (!arrival->loud || arrival->position + arrival->count <= middle)
            continue;
        heard->word_at = arrival->at;
        if (arrival->position > middle)
            heard->cut_ms = (uint32_t)((arrival->position - began) / 8);
        return;
    }
}

static void feed_reader(struct leg *leg, instant now, const int16_t *samples)
{
    struct symbol_found found[SYMBOLS_FOUND_MAX];
    size_t count = symbol_reader_feed(&leg->in.reader, samples, found);

    for (size_t i = 0; i < count; i++) {
        struct rtp_event event = {.kind = RTP_HEARD};

        if (is_known(&leg->in, found[i].kind, found[i].id))
            continue;
        event.heard.kind = found[i].kind;
        event.heard.id = found[i].id;
        event.heard.first_word = found[i].first_utterance;
        if (found[i].first_utterance)
            find_word(&leg->in, found[i].began, &event.heard);
        tell(leg, now, event);
    }
}

/* Collects sound into symbols of 160 samples; samples NULL is silence. */
static void take_samples(struct leg *leg, instant now, const int16_t *samples, size_t count)
{
    struct leg_in *in = &leg->in;

    while (count) {
        size_t room = SYMBOL_SAMPLES - in->part_count, part = count < room ? count : room;

        if (samples) {
            memcpy(in->part + in->part_count, samples, part * sizeof(*samples));
            samples += part;
            in->part_loud = true;
        } else {
            memset(in->part + in->part_count, 0, part * sizeof(*in->part));
        }
        in->part_count += part;
        in->position += (int64_t)part;
        count -= part;
        if (in->part_count == SYMBOL_SAMPLES) {
            feed_reader(leg, now, in->part_loud ? in->part : NULL);
            in->part_count = 0;
            in->part_loud = false;
        }
    }
}

static void listen_to(struct leg *leg, instant now, bool loud)
{
    struct leg_in *in = &leg->in;

    if (loud) {
        in->loud_at = now;
        if (!in->hears) {
            in->hears = true;
            tell(leg, now, (struct rtp_event){.kind = RTP_SPEECH});
        }
    } else if (in->hears && now - in->loud_at >= QUIET_AFTER) {
        in->hears = false;
        tell(leg, now, (struct rtp_event){.kind = RTP_QUIET});
    }
}

void leg_listen(struct leg *leg, instant now)
{
    struct leg_in *in = &leg->in;

    listen_to(leg, now, false);
    if (!leg->remote.send)
        in->received_at = now; /* on hold nothing need come */
    if (!leg->stats.received || in->lost_told || now - in->received_at < LOST_AFTER)
        return;
    in->lost_told = true;
    tell(leg, now, (struct rtp_event){.kind = RTP_LOST});
}

static bool is_loud(const int16_t *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (samples[i] > LOUD_PEAK || samples[i] < -LOUD_PEAK)
            return true;
    }
    return false;
}

static void read_voice(struct leg *leg, instant now, uint32_t timestamp, bool fresh,
                       const uint8_t *payload, size_t count, bool alaw)
{
    const int16_t *table = alaw ? g711.alaw_samples : g711.mulaw_samples;
    struct leg_in *in = &leg->in;
    int32_t gap = (int32_t)(timestamp - in->timestamp);
    int16_t samples[640];
    struct leg_arrival *arrival;

    if (fresh || gap > GAP_MAX || gap < 0) {
        symbol_reader_init(&in->reader, in->position);
        in->part_count = 0;
    } else {
        take_samples(leg, now, NULL, (size_t)gap);
    }
    in->timestamp = timestamp + (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        samples[i] = table[payload[i]];
    arrival = &in->history[in->history_at++ % LEG_HISTORY];
    *arrival = (struct leg_arrival){in->position, (int32_t)count, is_loud(samples, count), now};
    listen_to(leg, now, arrival->loud);
    take_samples(leg, now, arrival->loud ? samples : NULL, count);
}

static void read_digit(struct leg *leg, instant now, uint32_t timestamp, const uint8_t *payload,
                       size_t size)
{
    struct leg_in *in = &leg->in;

    if (size < 4 || payload[0] >= sizeof(DIGITS) - 1) {
        leg->stats.malformed++;
        return;
    }
    if (in->digit_known && in->digit_timestamp == timestamp)
        return;
    in->digit_known = true;
    in->digit_timestamp = timestamp;
    tell(leg, now, (struct rtp_event){.kind = RTP_DIGIT, .digit = DIGITS[payload[0]]});
}

/* Counts the packet; false when it came too late or twice. */
static bool count_packet(struct leg *leg, instant now, uint32_t ssrc, uint16_t sequence,
                         bool *fresh)
{
    struct leg_in *in = &leg->in;
    int16_t step = (int16_t)(sequence - in->sequence_last);

    if (leg->stats.received && now - in->received_at > leg->stats.gap) {
        leg->stats.gap = now - in->received_at;
        leg->stats.gap_ended_at = now;
    }
    in->received_at = now;
    if (!leg->stats.received++)
        leg->stats.first_received_at = now;
    *fresh = !in->synced || ssrc != in->ssrc || step > 3000 || step < -3000;
    if (*fresh) {
        in->synced = true;
        in->ssrc = ssrc;
        in->sequence_last = sequence;
        return true;
    }
    if (step <= 0) {
        leg->stats.late++;
        if (step < 0 && leg->stats.lost)
            leg->stats.lost--; /* it was taken for lost */
        return false;
    }
    leg->stats.lost += (uint64_t)step - 1;
    in->sequence_last = sequence;
    return true;
}

void leg_read(struct leg *leg, instant now, const uint8_t *packet, size_t size)
{
    size_t header = RTP_HEADER;
    uint8_t type;
    bool fresh;

    if (size < RTP_HEADER || packet[0] >> 6 != 2) {
        leg->stats.malformed++;
        return;
    }
    header += 4 * (size_t)(packet[0] & 0x0F);
    if (packet[0] & 0x10 && size >= header + 4)
        header += 4 + 4 * (size_t)get16(packet + header + 2);
    if (packet[0] & 0x20 && size > header)
        size -= packet[size - 1] < size - header ? packet[size - 1] : 0;
    type = packet[1] & 0x7F;
    if (size <= header || size - header > 640 ||
        (type != 0 && type != 8 && type != leg->remote.digits_type)) {
        leg->stats.malformed++;
        return;
    }
    if (!count_packet(leg, now, get32(packet + 8), (uint16_t)get16(packet + 2), &fresh))
        return;
    if (type == 0 || type == 8)
        read_voice(leg, now, get32(packet + 4), fresh, packet + header, size - header, type == 8);
    else
        read_digit(leg, now, get32(packet + 4), packet + header, size - header);
}
