#include <string.h>

#include "voice/media/core_parts.h"
#include "voice/media/mix_minus.h"
#include "wire/g711.h"

enum {
    HOLD_OFF_GRACE_MS = 5, /* a packet just behind its hour is not yet missing */
    OWN_GAP_MS = 10,       /* own frames keep at least half a frame from the packet before */
};

static void mleg_send(struct media_core *core, struct mleg *leg, const struct media_packet *packet)
{
    media_packet_header(packet, core->buffer);
    memcpy(core->buffer + PACKET_HEADER_SIZE, packet->payload, packet->payload_size);
    core->ops.send(core->ops.self, leg->carrier, core->buffer,
                   PACKET_HEADER_SIZE + packet->payload_size);
    leg->packets_out++;
    leg->bytes_out += packet->payload_size;
}

struct media_player *mleg_own_player(struct mleg *leg)
{
    struct media_player *front = &leg->places[PLACE_FRONT], *back = &leg->places[PLACE_BACK];
    bool alone = !leg->room || leg->room->leg_count == 1;
    bool waits = media_player_runs(back) && alone;

    if (media_player_runs(front) && (front->mode == MEDIA_PLAY_REPLACE || leg->held || waits))
        return front;
    if (leg->held)
        return media_player_runs(&leg->places[PLACE_HOLD]) ? &leg->places[PLACE_HOLD] : NULL;
    return waits ? back : NULL;
}

void mleg_hello(struct media_core *core, struct mleg *leg)
{
    if (leg->hello != HELLO_AWAITED || !leg->answered || !leg->heard_since)
        return;
    if (core->hello_count == core->hello_room)
        return; /* cannot be: there is room for every leg */
    leg->hello = HELLO_BEING_SENT;
    core->hellos[core->hello_count++] = leg;
}

/* ---- what is mixed over ---- */

static bool has_overlay(const struct mleg *leg)
{
    return media_player_runs(&leg->places[PLACE_FRONT]) || (leg->room_plays && !leg->held);
}

static void add_mulaw(int32_t *sum, const uint8_t *mulaw, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        sum[i] += g711_mulaw_decode(mulaw[i]);
}

/* Each listener follows a room's play by the samples it was sent, from the beginning if it is there
 * in time; far from the clock it jumps. */
static uint64_t overlay_place(struct mleg *leg, unsigned place, size_t samples, instant now)
{
    uint64_t clock = (uint64_t)((now - leg->room->place_since[place]) * 8 / 1000);
    uint64_t at = leg->overlay_at[place] == OVERLAY_UNSET ? 0 : leg->overlay_at[place];

    if (at > clock + OVERLAY_LAG || clock > at + OVERLAY_LAG)
        at = clock;
    leg->overlay_at[place] = at + samples;
    return at;
}

/* Adds the leg's and its room's plays to mu-law audio, in place. */
static void mleg_overlay(struct media_core *core, struct mleg *leg, uint8_t *mulaw, size_t samples,
                         instant now)
{
    struct media_player *front = &leg->places[PLACE_FRONT];
    int32_t sum[PACKET_SIZE_MAX] = {0};
    uint8_t part[PACKET_SIZE_MAX];
    bool ended = false;

    add_mulaw(sum, mulaw, samples);
    if (media_player_runs(front)) {
        ended = !media_player_read(front, part, samples);
        add_mulaw(sum, part, samples);
    }
    for (unsigned i = 0; leg->room && !leg->held && i < MROOM_PLACE_COUNT; i++) {
        if (!media_player_runs(&leg->room->places[i]))
            continue;
        media_player_read_at(&leg->room->places[i], overlay_place(leg, i, samples, now), part,
                             samples);
        add_mulaw(sum, part, samples);
    }
    for (size_t i = 0; i < samples; i++)
        mulaw[i] = g711_mulaw_encode(mix_saturate(sum[i]));
    if (ended)
        core_play_end(core, front, leg, NULL, MEDIA_PLAY_FINISHED, now);
}

/* ---- forwarding ---- */

/* payload_type of the packet is the source's codec: 0 PCMU, 8 PCMA (core_receive.c sees to that). */
void mleg_forward(struct media_core *core, struct mleg *leg, struct mleg *source,
                  const struct media_packet *packet, instant now)
{
    struct media_packet out = *packet;
    uint8_t changed[PACKET_SIZE_MAX];
    bool alaw_in = packet->payload_type == 8, alaw_out = leg->remote.codec == MEDIA_PCMA;
    bool overlay = has_overlay(leg);

    if (!media_outbound_forward(&leg->out, source->id, (uint16_t)out.payload_size, now, &out))
        return;
    if (overlay || alaw_in != alaw_out) {
        const uint8_t *at = packet->payload;

        out.payload = changed;
        if (overlay) {
            if (alaw_in)
                g711_transcode(g711.alaw_to_mulaw, at, changed, out.payload_size);
            else
                memcpy(changed, at, out.payload_size);
            mleg_overlay(core, leg, changed, out.payload_size, now);
            at = changed;
            alaw_in = false;
        }
        if (alaw_in != alaw_out)
            g711_transcode(alaw_in ? g711.alaw_to_mulaw : g711.mulaw_to_alaw, at, changed,
                           out.payload_size);
    }
    out.payload_type = leg->remote.payload_type;
    mleg_send(core, leg, &out);
    mleg_hello(core, source);
}

/* ---- frames of our own ---- */

void mleg_send_frame(struct media_core *core, struct mleg *leg, const uint8_t *mulaw, instant at)
{
    struct media_packet packet = {.payload = mulaw, .payload_size = FRAME_SAMPLES};
    uint8_t alaw[FRAME_SAMPLES];

    if (!mleg_can_hear(leg))
        return;
    if (leg->remote.codec == MEDIA_PCMA) {
        g711_transcode(g711.mulaw_to_alaw, mulaw, alaw, FRAME_SAMPLES);
        packet.payload = alaw;
    }
    packet.payload_type = leg->remote.payload_type;
    media_outbound_own(&leg->out, FRAME_SAMPLES, at, &packet);
    mleg_send(core, leg, &packet);
}

static void mleg_send_silence(struct media_core *core, struct mleg *leg, instant at)
{
    uint8_t mulaw[FRAME_SAMPLES];

    memset(mulaw, AUDIO_SILENCE, sizeof(mulaw));
    if (has_overlay(leg))
        mleg_overlay(core, leg, mulaw, FRAME_SAMPLES, at);
    mleg_send_frame(core, leg, mulaw, at);
}

void mleg_send_mix(struct media_core *core, struct mleg *leg, const int16_t *frame, instant at)
{
    uint8_t mulaw[FRAME_SAMPLES];

    for (size_t i = 0; i < FRAME_SAMPLES; i++)
        mulaw[i] = g711_mulaw_encode(frame[i]);
    if (has_overlay(leg))
        mleg_overlay(core, leg, mulaw, FRAME_SAMPLES, at);
    mleg_send_frame(core, leg, mulaw, at);
}

static void mleg_send_own(struct media_core *core, struct mleg *leg, struct media_player *player,
                          instant at)
{
    uint8_t mulaw[FRAME_SAMPLES];
    bool goes_on = media_player_read(player, mulaw, FRAME_SAMPLES);

    mleg_send_frame(core, leg, mulaw, at);
    if (!goes_on) {
        core_play_end(core, player, leg, NULL, MEDIA_PLAY_FINISHED, at);
        mleg_route(core, leg, at);
    }
}

static void mleg_send_tone(struct media_core *core, struct mleg *leg,
                           const struct media_digits_step *step, instant at)
{
    struct mdigits_order *order = leg->digits_out;
    struct media_packet packet = {.payload = step->payload, .payload_size = sizeof(step->payload)};
    unsigned samples = (unsigned)step->payload[2] << 8 | step->payload[3];
    bool end = step->kind == DIGITS_TONE_END;

    packet.payload_type = (uint8_t)leg->remote.dtmf_payload_type;
    if (step->first) {
        media_outbound_own(&leg->out, (uint16_t)samples, at, &packet);
        packet.marker = true;
        order->timestamp = packet.timestamp;
    }
    for (int i = 0; i < (end ? 3 : 1); i++) {
        if (!step->first) /* the step of the end packets is part of the time line too */
            media_outbound_repeat(&leg->out, (uint16_t)(end ? samples + FRAME_SAMPLES : samples),
                                  at, &packet);
        packet.timestamp = order->timestamp;
        mleg_send(core, leg, &packet);
    }
}

/* A leg that takes no events gets the tone itself; its end is silence. */
static void mleg_send_tone_sound(struct media_core *core, struct mleg *leg,
                                 const struct media_digits_step *step, instant at)
{
    uint8_t mulaw[DIGITS_STEP_SAMPLES];

    if (step->kind == DIGITS_TONE)
        media_digits_sound(step, mulaw);
    else
        memset(mulaw, AUDIO_SILENCE, sizeof(mulaw));
    mleg_send_frame(core, leg, mulaw, at);
}

static void mleg_digits_step(struct media_core *core, struct mleg *leg, instant at)
{
    struct mdigits_order *order = leg->digits_out;
    struct media_digits_step step = {.kind = DIGITS_DONE};

    if (mleg_can_hear(leg))
        media_digits_out_step(&order->out, &step);
    switch (step.kind) {
    case DIGITS_TONE:
    case DIGITS_TONE_END:
        if (leg->remote.dtmf_payload_type == MEDIA_NO_DTMF)
            mleg_send_tone_sound(core, leg, &step, at);
        else
            mleg_send_tone(core, leg, &step, at);
        break;
    case DIGITS_SILENCE:
        mleg_send_silence(core, leg, at);
        break;
    case DIGITS_DONE:
        mleg_digits_end(core, leg, mleg_can_hear(leg), at);
        break;
    }
}

/* ---- by the clock ---- */

static void mleg_watch(struct media_core *core, struct mleg *leg, instant at)
{
    instant heard = instant_max(leg->in.last_at, leg->alive_at);
    instant since = instant_max(instant_max(heard, leg->answered_at), leg->remote_at);
    struct media_event event = {.leg = leg->id, .at = at, .kind = MEDIA_DIGIT};

    if (media_digits_in_tick(&leg->digits_in, at, &event.digit, &event.duration_ms))
        core_event(core, &event);
    if (leg->answered && !leg->silent_told && leg->remote_known && leg->remote.sends &&
        at - since >= core->silent_span) {
        leg->silent_told = true;
        core_event(core,
                   &(struct media_event){.kind = MEDIA_LEG_SILENT, .leg = leg->id, .at = heard});
    }
}

/* Is it time for a frame of ours? While a source is forwarded, only when it has fallen quiet. */
static bool mleg_is_due(const struct mleg *leg, instant at)
{
    instant quiet = at - leg->out.sent_at;

    if (leg->out.flowing && leg->source)
        return quiet >= (leg->source->in.samples / 8 + FRAME_MS + HOLD_OFF_GRACE_MS) * MILLISECOND;
    return quiet >= OWN_GAP_MS * MILLISECOND;
}

void mleg_tick(struct media_core *core, struct mleg *leg, instant at)
{
    struct media_player *player;

    mleg_watch(core, leg, at);
    if (!leg->remote_known)
        return;
    if (leg->digits_out) {
        mleg_digits_step(core, leg, at);
        return;
    }
    if (!mleg_is_due(leg, at))
        return;
    player = mleg_own_player(leg);
    if (player)
        mleg_send_own(core, leg, player, at);
    else if (!leg->mixes)
        mleg_send_silence(core, leg, at);
}
