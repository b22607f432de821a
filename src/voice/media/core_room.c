#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "voice/media/core_parts.h"
#include "voice/media/mix_minus.h"

/* ---- who hears whom ---- */

/* A leg that has never sent a packet is no talker yet: it must not make two others into a mix. */
static bool mleg_hears(const struct mleg *listener, const struct mleg *talker)
{
    return talker != listener && talker->in.started && !talker->muted && !talker->held &&
           !listener->held && (!talker->coached || talker->coached == listener->id);
}

static void mleg_find_source(struct mleg *leg)
{
    struct mroom *room = leg->room;
    unsigned count = 0;

    leg->source = NULL;
    leg->mixes = false;
    if (!mleg_can_hear(leg) || mleg_own_player(leg))
        return;
    for (unsigned i = 0; i < room->leg_count; i++) {
        if (!mleg_hears(leg, room->legs[i]))
            continue;
        leg->source = room->legs[i];
        count++;
    }
    if (count > 1) {
        leg->source = NULL;
        leg->mixes = true;
    }
}

static void mroom_mark_mixed(struct mroom *room)
{
    room->mixes = false;
    for (unsigned i = 0; i < room->leg_count; i++)
        room->legs[i]->is_mixed = false;
    for (unsigned i = 0; i < room->leg_count; i++) {
        if (!room->legs[i]->mixes)
            continue;
        room->mixes = true;
        for (unsigned j = 0; j < room->leg_count; j++)
            if (mleg_hears(room->legs[i], room->legs[j]))
                room->legs[j]->is_mixed = true;
    }
    for (unsigned i = 0; i < room->leg_count; i++) {
        struct mleg *leg = room->legs[i];

        if (leg->is_mixed && !leg->jitter)
            leg->jitter = calloc(1, sizeof(*leg->jitter)); /* without memory it is not heard */
        if (!leg->is_mixed) {
            free(leg->jitter);
            leg->jitter = NULL;
        }
    }
}

static void mroom_tick_start(struct media_core *core, struct mroom *room)
{
    struct mphase *phase;

    room->phase = (unsigned)(room->id % PHASE_COUNT);
    phase = &core->phases[room->phase];
    if (phase->room_count == phase->room_room) {
        unsigned more = phase->room_room ? 2 * phase->room_room : 16;
        struct mroom **rooms = realloc(phase->rooms, more * sizeof(*rooms));

        if (!rooms)
            return; /* tried again at the next change; until then its mix is silent */
        phase->rooms = rooms;
        phase->room_room = more;
    }
    room->phase_index = phase->room_count;
    phase->rooms[phase->room_count++] = room;
    room->ticks = true;
}

static void mroom_tick_stop(struct media_core *core, struct mroom *room)
{
    struct mphase *phase = &core->phases[room->phase];
    struct mroom *last = phase->rooms[--phase->room_count];

    phase->rooms[room->phase_index] = last;
    last->phase_index = room->phase_index;
    room->ticks = false;
}

static void mroom_mark_heard(struct media_core *core, struct mroom *room)
{
    for (unsigned i = 0; i < room->leg_count; i++) {
        room->legs[i]->was_heard = room->legs[i]->is_heard;
        room->legs[i]->is_heard = room->legs[i]->is_mixed;
        room->legs[i]->listener_count = 0;
    }
    for (unsigned i = 0; i < room->leg_count; i++) {
        struct mleg *source = room->legs[i]->source;

        if (!source)
            continue;
        source->is_heard = true;
        source->listener = room->legs[i];
        source->listener_count++;
    }
    for (unsigned i = 0; i < room->leg_count; i++)
        if (room->legs[i]->is_heard && !room->legs[i]->was_heard)
            core->ops.heard(core->ops.self, room->legs[i]->carrier);
}

void mroom_route(struct media_core *core, struct mroom *room, instant now)
{
    bool plays = media_player_runs(&room->places[PLACE_PLAY]) ||
                 media_player_runs(&room->places[PLACE_BEEP]);
    bool ticks;

    for (unsigned i = 0; i < room->leg_count; i++) {
        mleg_find_source(room->legs[i]);
        room->legs[i]->room_plays = plays;
    }
    mroom_mark_mixed(room);
    mroom_mark_heard(core, room);
    ticks = room->mixes || plays;
    if (ticks && !room->ticks)
        mroom_tick_start(core, room);
    else if (!ticks && room->ticks)
        mroom_tick_stop(core, room);
    for (unsigned i = 0; i < room->leg_count; i++)
        if (room->legs[i]->early_open && room->legs[i]->early && room->legs[i]->is_heard)
            mleg_early_flush(core, room->legs[i], now);
}

void mleg_route(struct media_core *core, struct mleg *leg, instant now)
{
    if (leg->room) {
        mroom_route(core, leg->room, now);
        return;
    }
    leg->source = NULL;
    leg->mixes = leg->is_mixed = leg->is_heard = leg->room_plays = false;
    leg->listener_count = 0;
    free(leg->jitter);
    leg->jitter = NULL;
}

/* ---- coming and going ---- */

int mroom_enter(struct media_core *core, struct mroom *room, struct mleg *leg)
{
    if (room->leg_count == room->leg_room) {
        unsigned more = room->leg_room ? 2 * room->leg_room : 2;
        struct mleg **legs = realloc(room->legs, more * sizeof(struct mleg *));

        if (!legs)
            return ENOMEM;
        room->legs = legs;
        room->leg_room = more;
    }
    room->legs[room->leg_count++] = leg;
    leg->room = room;
    for (unsigned i = 0; i < MROOM_PLACE_COUNT; i++)
        leg->overlay_at[i] = OVERLAY_UNSET;
    return 0;
}

void mroom_exit(struct media_core *core, struct mleg *leg, instant now)
{
    struct mroom *room = leg->room;

    for (unsigned i = 0; i < room->leg_count; i++) {
        if (room->legs[i] != leg)
            continue;
        room->legs[i] = room->legs[--room->leg_count];
        break;
    }
    leg->room = NULL;
    leg->coached = 0;
    mleg_route(core, leg, now);
    mroom_route(core, room, now);
}

/* ---- plays of a room ---- */

void mroom_play(struct media_core *core, struct mroom *room, enum mroom_place place,
                const struct media_play *play, instant now)
{
    core_play_end(core, &room->places[place], NULL, room, MEDIA_PLAY_REPLACED, now);
    media_player_start(&room->places[place], play);
    room->place_since[place] = now;
    for (unsigned i = 0; i < room->leg_count; i++)
        room->legs[i]->overlay_at[place] = OVERLAY_UNSET;
    mroom_route(core, room, now);
}

static void mroom_end_plays(struct media_core *core, struct mroom *room, instant at)
{
    bool ended = false;

    for (unsigned i = 0; i < MROOM_PLACE_COUNT; i++) {
        struct media_player *player = &room->places[i];
        uint64_t samples;

        if (!media_player_runs(player))
            continue;
        samples = media_player_samples(player);
        if (samples == UINT64_MAX ||
            (uint64_t)(at - room->place_since[i]) * 8 / 1000 < samples + OVERLAY_LAG)
            continue;
        core_play_end(core, player, NULL, room, MEDIA_PLAY_FINISHED, at);
        ended = true;
    }
    if (ended)
        mroom_route(core, room, at);
}

/* ---- the mix ---- */

static void mroom_mix_for(struct media_core *core, struct mroom *room, struct mleg *leg,
                          const int32_t *everybody, instant at)
{
    const struct media_jitter *own = leg->is_mixed && !leg->coached ? leg->jitter : NULL;
    int32_t sum[FRAME_SAMPLES];
    int16_t frame[FRAME_SAMPLES];

    memcpy(sum, everybody, sizeof(sum));
    for (unsigned i = 0; i < room->leg_count; i++) {
        struct mleg *talker = room->legs[i];

        if (!talker->jitter || !talker->jitter->has_frame || !mleg_hears(leg, talker))
            continue;
        if (talker->coached)
            mix_add(sum, talker->jitter->frame, FRAME_SAMPLES);
        mleg_hello(core, talker);
    }
    mix_minus(sum, own && own->has_frame ? own->frame : NULL, frame, FRAME_SAMPLES);
    mleg_send_mix(core, leg, frame, at);
}

static void mroom_mix(struct media_core *core, struct mroom *room, instant at)
{
    int32_t everybody[FRAME_SAMPLES] = {0};

    for (unsigned i = 0; i < room->leg_count; i++) {
        struct mleg *talker = room->legs[i];

        if (!talker->jitter)
            continue;
        media_jitter_take(talker->jitter);
        if (talker->jitter->has_frame && !talker->coached)
            mix_add(everybody, talker->jitter->frame, FRAME_SAMPLES);
    }
    for (unsigned i = 0; i < room->leg_count; i++)
        if (room->legs[i]->mixes && !room->legs[i]->digits_out)
            mroom_mix_for(core, room, room->legs[i], everybody, at);
}

void mroom_tick(struct media_core *core, struct mroom *room, instant at)
{
    mroom_end_plays(core, room, at);
    if (room->mixes)
        mroom_mix(core, room, at);
}

void mroom_clear(struct media_core *core, struct mroom *room)
{
    if (room->ticks)
        mroom_tick_stop(core, room);
    for (unsigned i = 0; i < MROOM_PLACE_COUNT; i++)
        media_player_stop(&room->places[i]);
    free(room->legs);
    free(room);
}
