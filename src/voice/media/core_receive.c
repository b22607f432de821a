#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "voice/media/core_parts.h"
#include "wire/g711.h"

enum {
    COMFORT_NOISE = 13,
    COMFORT_NOISE_OLD = 19,
    TRIAL_MS = 200,     /* from the answer: who sends from the SDP's port has done so by then */
    OVERTAKING_MS = 50, /* how much sooner than its SDP a call's own packet may come */
};

/* ---- whose packet is it? ---- */

static uint16_t *port_of(struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)address)->sin6_port
                                          : &((struct sockaddr_in *)address)->sin_port;
}

static uint16_t port_from(const struct sockaddr *from)
{
    return from->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)from)->sin6_port
                                       : ((const struct sockaddr_in *)from)->sin_port;
}

static bool same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family)
        return false;
    if (a->sa_family == AF_INET6)
        return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
                      &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr)) == 0;
    return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
           ((const struct sockaddr_in *)b)->sin_addr.s_addr;
}

bool media_core_has_remote(const struct mleg *leg, const struct media_remote *remote)
{
    const struct sockaddr *address = (const struct sockaddr *)&remote->address;

    return leg->remote_known && same_host((const struct sockaddr *)&leg->remote.address, address) &&
           leg->sdp_port == port_from(address);
}

void mleg_set_remote(struct mleg *leg, const struct media_remote *remote, instant at)
{
    struct sockaddr_storage address = leg->remote.address;
    bool stays = media_core_has_remote(leg, remote);

    leg->remote = *remote;
    if (stays) {
        leg->remote.address = address; /* with the port that is latched, if one is */
        return;
    }
    leg->remote_known = true;
    leg->sdp_port = *port_of(&leg->remote.address);
    leg->remote_at = at;
    leg->latched = false;
    leg->trial_port = leg->stray_port = 0;
}

/* Is the packet from the host of the SDP, and from a port that may speak for the leg? */
static bool mleg_knows(struct mleg *leg, const struct sockaddr *from, instant arrival)
{
    uint16_t port = port_from(from);

    if (!same_host(from, (const struct sockaddr *)&leg->remote.address))
        return false;
    if (leg->latched)
        return port == *port_of(&leg->remote.address);
    if (port == leg->sdp_port)
        return true;
    if (arrival < leg->remote_at - OVERTAKING_MS * MILLISECOND)
        leg->stray_port = port;
    if (!leg->remote.sends || port == leg->stray_port)
        return false;
    return !leg->trial_port || port == leg->trial_port;
}

/* Nobody is latched, and this port may speak: is it so for good from now on? */
static bool mleg_is_fixed_by(struct mleg *leg, uint16_t port, instant arrival)
{
    instant since;

    if (port == leg->sdp_port)
        return true;
    if (!leg->trial_port) {
        leg->trial_port = port;
        leg->trial_at = arrival;
    }
    since = instant_max(leg->trial_at, instant_max(leg->answered_at, leg->remote_at));
    return leg->answered && arrival - since >= TRIAL_MS * MILLISECOND;
}

/* Another stream than that of the port on trial, from the SDP's own: what was kept is not the leg's. */
static void mleg_forget_trial(struct mleg *leg)
{
    free(leg->early);
    leg->early = NULL;
    if (leg->hello == HELLO_AWAITED)
        leg->heard_since = 0;
}

/* True: the port is fixed by this packet. */
static bool mleg_latch(struct mleg *leg, const struct sockaddr *from, instant arrival, bool begins)
{
    uint16_t port = from ? port_from(from) : *port_of(&leg->remote.address);

    if (!mleg_is_fixed_by(leg, port, arrival))
        return false;
    if (begins && leg->trial_port && port == leg->sdp_port)
        mleg_forget_trial(leg);
    *port_of(&leg->remote.address) = port;
    leg->latched = true;
    return true;
}

/* ---- what is in it? ---- */

enum sound { SOUND_MULAW, SOUND_ALAW, SOUND_DIGIT, SOUND_COMFORT, SOUND_UNKNOWN };

static enum sound mleg_sound(const struct mleg *leg, uint8_t payload_type)
{
    if (payload_type == leg->remote.dtmf_payload_type)
        return SOUND_DIGIT;
    if (payload_type == leg->remote.payload_type)
        return leg->remote.codec == MEDIA_PCMA ? SOUND_ALAW : SOUND_MULAW;
    switch (payload_type) { /* the fixed numbers need no SDP */
    case 0:
        return SOUND_MULAW;
    case 8:
        return SOUND_ALAW;
    case COMFORT_NOISE:
    case COMFORT_NOISE_OLD:
        return SOUND_COMFORT;
    }
    return SOUND_UNKNOWN;
}

static void mleg_heard(struct media_core *core, struct mleg *leg, instant arrival, bool first)
{
    if (first)
        core_event(
            core, &(struct media_event){.kind = MEDIA_FIRST_PACKET, .leg = leg->id, .at = arrival});
    if (leg->silent_told) {
        leg->silent_told = false;
        core_event(core,
                   &(struct media_event){.kind = MEDIA_LEG_HEARD, .leg = leg->id, .at = arrival});
    }
}

void media_core_alive(struct media_core *core, struct mleg *leg, instant now)
{
    leg->alive_at = now;
    mleg_heard(core, leg, now, false);
}

static void mleg_take_digit(struct media_core *core, struct mleg *leg,
                            const struct media_packet *packet, instant arrival)
{
    struct media_event event = {.kind = MEDIA_DIGIT, .leg = leg->id, .at = arrival};

    if (media_digits_in_packet(&leg->digits_in, packet->payload, packet->payload_size,
                               packet->timestamp, arrival, &event.digit, &event.duration_ms))
        core_event(core, &event);
}

/* Closes the listeners' numbers over a packet that is not passed on. */
static void mleg_skip(struct mleg *leg, const struct media_packet *packet)
{
    for (unsigned i = 0; leg->listener_count && i < leg->room->leg_count; i++)
        if (leg->room->legs[i]->source == leg)
            media_outbound_skip(&leg->room->legs[i]->out, leg->id, packet);
}

static void mleg_pass_to(struct media_core *core, struct mleg *leg, struct mleg *listener,
                         const struct media_packet *packet, instant now)
{
    if (!listener->digits_out)
        mleg_forward(core, listener, leg, packet, now);
}

/* False: nobody hears it. */
static bool mleg_pass_on(struct media_core *core, struct mleg *leg,
                         const struct media_packet *packet, instant now)
{
    bool heard = leg->listener_count > 0;

    if (leg->listener_count == 1) /* nearly always: no walk through the room */
        mleg_pass_to(core, leg, leg->listener, packet, now);
    for (unsigned i = 0; leg->listener_count > 1 && i < leg->room->leg_count; i++)
        if (leg->room->legs[i]->source == leg)
            mleg_pass_to(core, leg, leg->room->legs[i], packet, now);
    if (leg->is_mixed && leg->jitter) {
        media_jitter_put(leg->jitter, packet->timestamp, packet->payload, packet->payload_size,
                         packet->payload_type == 8 ? g711.alaw_samples : g711.mulaw_samples);
        heard = true;
    }
    return heard;
}

void mleg_early_close(struct mleg *leg)
{
    leg->early_open = false;
    free(leg->early);
    leg->early = NULL;
}

/* Somebody hears the leg now: what was kept goes out at once, in its order. */
void mleg_early_flush(struct media_core *core, struct mleg *leg, instant now)
{
    uint8_t payload[EARLY_SAMPLES_MAX];
    struct media_packet packet;
    instant arrival;

    leg->early_open = false;
    while (leg->early && media_early_take(leg->early, &packet, &arrival, payload))
        mleg_pass_on(core, leg, &packet, now);
    mleg_early_close(leg);
}

static void mleg_take_audio(struct media_core *core, struct mleg *leg,
                            const struct media_packet *packet, instant arrival, instant now)
{
    leg->in.samples = (uint16_t)packet->payload_size;
    if (leg->answered && !leg->heard_since)
        leg->heard_since = arrival;
    if (mleg_pass_on(core, leg, packet, now)) {
        if (leg->early_open)
            mleg_early_close(leg);
        return;
    }
    if (!leg->early_open || leg->muted)
        return;
    if (!leg->early)
        leg->early = calloc(1, sizeof(*leg->early));
    if (leg->early)
        media_early_put(leg->early, packet, arrival);
}

static enum media_core_verdict mleg_refuse(struct mleg *leg)
{
    leg->refused_in++;
    return MEDIA_PACKET_REFUSED;
}

enum media_core_verdict media_core_packet(struct media_core *core, struct mleg *leg,
                                          const struct sockaddr *from, const void *bytes,
                                          size_t size, instant arrival, instant now)
{
    struct media_packet packet;
    enum sound sound;
    bool latches = false, first = !leg->in.started;
    enum media_inbound_verdict stream;

    if (!leg->remote_known || (from && !mleg_knows(leg, from, arrival)) || size > PACKET_SIZE_MAX ||
        !media_packet_parse(&packet, bytes, size))
        return mleg_refuse(leg);
    sound = mleg_sound(leg, packet.payload_type);
    if (sound == SOUND_UNKNOWN || (!packet.payload_size && sound != SOUND_COMFORT))
        return mleg_refuse(leg);
    stream = media_inbound_take(&leg->in, &packet, arrival);
    if (stream == INBOUND_STALE)
        return mleg_refuse(leg);
    if (stream == INBOUND_BEGINS) {
        media_digits_in_reset(&leg->digits_in);
        if (leg->jitter)
            media_jitter_reset(leg->jitter);
    }
    if (!leg->latched)
        latches = mleg_latch(leg, from, arrival, stream == INBOUND_BEGINS);
    mleg_heard(core, leg, arrival, first);
    if (first)
        mleg_route(core, leg, now); /* from now on it counts as a talker */
    if (sound == SOUND_MULAW || sound == SOUND_ALAW) {
        packet.payload_type = sound == SOUND_ALAW ? 8 : 0;
        mleg_take_audio(core, leg, &packet, arrival, now);
    } else {
        if (sound == SOUND_DIGIT)
            mleg_take_digit(core, leg, &packet, arrival);
        mleg_skip(leg, &packet);
    }
    return latches ? MEDIA_PACKET_LATCHED : MEDIA_PACKET_TAKEN;
}

void *media_core_carrier(const struct mleg *leg)
{
    return leg->carrier;
}

bool media_core_is_heard(const struct mleg *leg)
{
    return leg->is_heard;
}

unsigned media_core_phase(const struct mleg *leg)
{
    return leg->phase;
}

bool media_core_wants_stamp(const struct mleg *leg)
{
    return !leg->answered || !leg->heard_since;
}

/* The part of a leg that a packet's way touches (core_parts.h). */
static void mleg_prefetch(const struct mleg *leg)
{
    enum { LINE = 64 };

    for (size_t at = offsetof(struct mleg, remote_known); at < offsetof(struct mleg, places);
         at += LINE)
        __builtin_prefetch((const char *)leg + at);
}

void media_core_prefetch(const struct mleg *leg)
{
    mleg_prefetch(leg);
}

void media_core_prefetch_listener(const struct mleg *leg)
{
    if (!leg->listener_count)
        return;
    mleg_prefetch(leg->listener);
    __builtin_prefetch(leg->listener->carrier);
}
