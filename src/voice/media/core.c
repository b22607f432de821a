#include "voice/media/core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "voice/media/core_parts.h"

enum { EARLY_BEFORE_ANSWER_MS = 40, TICKS_BEHIND_MAX = 20, BEEP_MS = 250, BEEP_LEVEL = 6000 };

int media_core_new(struct media_core **corep, const struct media_core_ops *ops,
                   struct audio *melody, unsigned silent_ms, uint64_t seed)
{
    struct media_core *core = calloc(1, sizeof(*core));

    if (!core)
        return ENOMEM;
    core->ops = *ops;
    core->silent_span = silent_ms * MILLISECOND;
    core->rng = rng_from_seed(seed);
    table_init(&core->legs);
    table_init(&core->rooms);
    core->melody = audio_ref(melody);
    core->beep_in = audio_new_tone(660, BEEP_MS, BEEP_LEVEL);
    core->beep_out = audio_new_tone(440, BEEP_MS, BEEP_LEVEL);
    if (!core->beep_in || !core->beep_out) {
        media_core_free(core);
        return ENOMEM;
    }
    *corep = core;
    return 0;
}

static struct mleg *leg_of(const struct media_core *core, uint64_t leg)
{
    return table_get_id(&core->legs, leg);
}

struct mleg *media_core_leg(const struct media_core *core, uint64_t leg)
{
    return leg_of(core, leg);
}

static struct mroom *room_of(const struct media_core *core, uint64_t room)
{
    return table_get_id(&core->rooms, room);
}

void core_event(struct media_core *core, const struct media_event *event)
{
    core->ops.event(core->ops.self, event);
}

/* ---- plays ---- */

static void play_ended(struct media_core *core, uint64_t leg, uint64_t room, uint64_t play_id,
                       enum media_play_end end, instant now)
{
    struct media_event event = {.kind = MEDIA_PLAY_ENDED, .leg = leg, .room = room, .at = now};

    event.play_id = play_id;
    event.end = end;
    core_event(core, &event);
}

void core_play_end(struct media_core *core, struct media_player *player, const struct mleg *leg,
                   const struct mroom *room, enum media_play_end end, instant now)
{
    uint64_t id = player->id;

    if (!media_player_runs(player))
        return;
    media_player_stop(player);
    if (id) /* beeps and hold audio are nobody's plays */
        play_ended(core, leg ? leg->id : 0, room ? room->id : 0, id, end, now);
}

void media_core_play_leg(struct media_core *core, uint64_t leg_id, const struct media_play *play,
                         instant now)
{
    struct mleg *leg = leg_of(core, leg_id);
    struct media_player *player;

    if (!leg) {
        play_ended(core, leg_id, 0, play->id, MEDIA_PLAY_GONE, now);
        return;
    }
    player = &leg->places[play->mode == MEDIA_PLAY_WHILE_ALONE ? PLACE_BACK : PLACE_FRONT];
    core_play_end(core, player, leg, NULL, MEDIA_PLAY_REPLACED, now);
    media_player_start(player, play);
    if (leg->answered && play->mode != MEDIA_PLAY_WHILE_ALONE)
        mleg_early_close(leg); /* a dialogue has begun: its "hello" is over */
    mleg_route(core, leg, now);
}

void media_core_play_room(struct media_core *core, uint64_t room_id, const struct media_play *play,
                          instant now)
{
    struct mroom *room = room_of(core, room_id);

    if (room)
        mroom_play(core, room, PLACE_PLAY, play, now);
    else
        play_ended(core, 0, room_id, play->id, MEDIA_PLAY_GONE, now);
}

void media_core_stop_leg(struct media_core *core, uint64_t leg_id, uint64_t play_id, instant now)
{
    struct mleg *leg = leg_of(core, leg_id);

    for (unsigned i = 0; leg && i < MLEG_PLACE_COUNT; i++)
        if (media_player_runs(&leg->places[i]) && leg->places[i].id == play_id)
            core_play_end(core, &leg->places[i], leg, NULL, MEDIA_PLAY_STOPPED, now);
    if (leg)
        mleg_route(core, leg, now);
}

void media_core_stop_room(struct media_core *core, uint64_t room_id, uint64_t play_id, instant now)
{
    struct mroom *room = room_of(core, room_id);

    if (!room || room->places[PLACE_PLAY].id != play_id)
        return;
    core_play_end(core, &room->places[PLACE_PLAY], NULL, room, MEDIA_PLAY_STOPPED, now);
    mroom_route(core, room, now);
}

/* ---- legs ---- */

static int phase_add(struct media_core *core, struct mleg *leg)
{
    struct mphase *phase = &core->phases[0];

    for (unsigned i = 1; i < PHASE_COUNT; i++)
        if (core->phases[i].leg_count < phase->leg_count)
            phase = &core->phases[i];
    if (phase->leg_count == phase->leg_room) {
        unsigned more = phase->leg_room ? 2 * phase->leg_room : 64;
        struct mleg **legs = realloc(phase->legs, more * sizeof(struct mleg *));

        if (!legs)
            return ENOMEM;
        phase->legs = legs;
        phase->leg_room = more;
    }
    leg->phase = (unsigned)(phase - core->phases);
    leg->phase_index = phase->leg_count;
    phase->legs[phase->leg_count++] = leg;
    return 0;
}

static void phase_remove(struct media_core *core, struct mleg *leg)
{
    struct mphase *phase = &core->phases[leg->phase];
    struct mleg *last = phase->legs[--phase->leg_count];

    phase->legs[leg->phase_index] = last;
    last->phase_index = leg->phase_index;
}

static int hello_reserve(struct media_core *core, size_t leg_count)
{
    struct mleg **hellos;
    unsigned more = core->hello_room ? 2 * core->hello_room : 64;

    if (leg_count <= core->hello_room)
        return 0;
    hellos = realloc(core->hellos, more * sizeof(struct mleg *));
    if (!hellos)
        return ENOMEM;
    core->hellos = hellos;
    core->hello_room = more;
    return 0;
}

int media_core_leg_open(struct media_core *core, uint64_t id, void *carrier, instant now,
                        struct mleg **legp)
{
    struct mleg *leg;

    if (leg_of(core, id))
        return EEXIST;
    leg = calloc(1, sizeof(*leg));
    if (!leg)
        return ENOMEM;
    leg->id = id;
    leg->carrier = carrier;
    leg->early_open = true;
    media_outbound_init(&leg->out, (uint32_t)rng_next(&core->rng), (uint16_t)rng_next(&core->rng),
                        (uint32_t)rng_next(&core->rng));
    if (media_core_deadline(core) == INSTANT_NEVER)
        core->ticked = now / (TICK_MS * MILLISECOND);
    if (hello_reserve(core, core->legs.count + 1) || table_put_id(&core->legs, id, leg)) {
        free(leg);
        return ENOMEM;
    }
    if (phase_add(core, leg)) {
        table_remove_id(&core->legs, id);
        free(leg);
        return ENOMEM;
    }
    *legp = leg;
    return 0;
}

static void mleg_clear(struct media_core *core, struct mleg *leg)
{
    for (unsigned i = 0; i < MLEG_PLACE_COUNT; i++)
        media_player_stop(&leg->places[i]);
    while (leg->digits_out) {
        struct mdigits_order *order = leg->digits_out;

        leg->digits_out = order->next;
        free(order);
    }
    free(leg->early);
    free(leg->jitter);
    free(leg);
}

static void closed_event(struct media_core *core, const struct mleg *leg, instant now)
{
    struct media_event event = {.kind = MEDIA_LEG_CLOSED, .leg = leg->id, .at = now};

    event.stats = (struct media_leg_stats){
        .packets_in = leg->in.packets,
        .bytes_in = leg->in.bytes,
        .packets_out = leg->packets_out,
        .bytes_out = leg->bytes_out,
        .lost_in = leg->in.lost > 0 ? (uint64_t)leg->in.lost : 0,
        .refused_in = leg->refused_in,
        .first_in_at = leg->in.first_at,
        .last_in_at = leg->in.last_at,
        .jitter_us = (uint32_t)((uint64_t)(leg->in.jitter >> 4) * 1000 / 8),
        .lost_out = leg->far.lost > 0 ? (uint64_t)leg->far.lost : 0,
        .jitter_out_us = (uint32_t)((uint64_t)leg->far.jitter * 1000 / 8),
        .rtt_us = leg->far.rtt_us,
    };
    core_event(core, &event);
}

void *media_core_leg_close(struct media_core *core, uint64_t id, instant now)
{
    struct mleg *leg = leg_of(core, id);
    void *carrier = leg ? leg->carrier : NULL;

    if (!leg)
        return NULL;
    for (unsigned i = 0; i < core->hello_count; i++)
        if (core->hellos[i] == leg)
            core->hellos[i--] = core->hellos[--core->hello_count];
    leg->early_open = false; /* what nobody heard is not sent on while it leaves */
    if (leg->room)
        mroom_exit(core, leg, now);
    while (leg->digits_out)
        mleg_digits_end(core, leg, false, now);
    for (unsigned i = 0; i < MLEG_PLACE_COUNT; i++)
        core_play_end(core, &leg->places[i], leg, NULL, MEDIA_PLAY_GONE, now);
    closed_event(core, leg, now);
    phase_remove(core, leg);
    table_remove_id(&core->legs, id);
    mleg_clear(core, leg);
    return carrier;
}

bool media_core_leg_remote(struct media_core *core, uint64_t id, const struct media_remote *remote,
                           instant at, instant now)
{
    struct mleg *leg = leg_of(core, id);

    if (!leg)
        return false;
    mleg_set_remote(leg, remote, at);
    mleg_route(core, leg, now);
    return true;
}

void media_core_leg_answered(struct media_core *core, uint64_t id, instant at, instant now)
{
    struct mleg *leg = leg_of(core, id);

    if (!leg || leg->answered)
        return;
    leg->answered = true;
    leg->answered_at = at;
    if (!leg->early)
        return;
    /* Ringback and announcements before the answer are no "hello"; a packet may overtake the 200. */
    media_early_drop_before(leg->early, at - EARLY_BEFORE_ANSWER_MS * MILLISECOND);
    if (leg->early->count)
        leg->heard_since = leg->early->packets[0].arrival;
}

void media_core_leg_mute(struct media_core *core, uint64_t id, bool muted, instant now)
{
    struct mleg *leg = leg_of(core, id);

    if (!leg || leg->muted == muted)
        return;
    leg->muted = muted;
    if (muted)
        mleg_early_close(leg);
    mleg_route(core, leg, now);
}

void media_core_leg_hold(struct media_core *core, uint64_t id, bool held, struct audio *audio,
                         instant now)
{
    struct mleg *leg = leg_of(core, id);
    struct media_play play = {.audio = audio ? audio : core->melody};

    if (!leg)
        return;
    leg->held = held;
    media_player_stop(&leg->places[PLACE_HOLD]);
    if (held) {
        media_player_start(&leg->places[PLACE_HOLD], &play);
        mleg_early_close(leg);
    }
    mleg_route(core, leg, now);
}

void media_core_leg_coach(struct media_core *core, uint64_t id, uint64_t coached, instant now)
{
    struct mleg *leg = leg_of(core, id);

    if (!leg)
        return;
    leg->coached = coached;
    mleg_route(core, leg, now);
}

/* ---- reports ---- */

void media_core_figures(const struct mleg *leg, instant now, struct media_core_figures *figures)
{
    *figures = (struct media_core_figures){
        .ssrc_out = leg->out.ssrc,
        .timestamp_out = leg->out.timestamp,
        .packets_out = leg->packets_out,
        .bytes_out = leg->bytes_out,
        .ssrc_in = leg->in.ssrc,
        .jitter_in = leg->in.jitter >> 4,
        .packets_in = leg->in.packets,
        .lost_in = leg->in.lost,
    };
    if (leg->out.started)
        figures->timestamp_out += (uint32_t)((now - leg->out.sent_at) * 8 / 1000);
}

void media_core_far(struct mleg *leg, const struct media_core_far *far)
{
    uint32_t rtt_us = far->has_rtt ? far->rtt_us : leg->far.rtt_us;

    leg->far = *far;
    leg->far.rtt_us = rtt_us;
}

void media_core_refused(struct mleg *leg)
{
    leg->refused_in++;
}

/* ---- digits ---- */

void media_core_leg_send_digits(struct media_core *core, uint64_t id, const char *digits,
                                instant now)
{
    struct media_event sent = {.kind = MEDIA_DIGITS_SENT, .leg = id, .at = now};
    struct mleg *leg = leg_of(core, id);
    struct mdigits_order *order = leg ? calloc(1, sizeof(*order)) : NULL;
    struct mdigits_order **last;

    if (!order) {
        core_event(core, &sent);
        return;
    }
    media_digits_out_init(&order->out, digits);
    for (last = &leg->digits_out; *last;)
        last = &(*last)->next;
    *last = order;
}

void mleg_digits_end(struct media_core *core, struct mleg *leg, bool done, instant now)
{
    struct media_event sent = {.kind = MEDIA_DIGITS_SENT, .leg = leg->id, .at = now};
    struct mdigits_order *order = leg->digits_out;

    leg->digits_out = order->next;
    free(order);
    sent.done = done;
    core_event(core, &sent);
}

/* ---- rooms ---- */

void media_core_room_open(struct media_core *core, uint64_t id)
{
    struct mroom *room = room_of(core, id) ? NULL : calloc(1, sizeof(*room));

    if (!room)
        return;
    room->id = id;
    if (table_put_id(&core->rooms, id, room))
        free(room);
}

void media_core_room_close(struct media_core *core, uint64_t id, instant now)
{
    struct mroom *room = room_of(core, id);

    if (!room)
        return;
    while (room->leg_count)
        mroom_exit(core, room->legs[room->leg_count - 1], now);
    for (unsigned i = 0; i < MROOM_PLACE_COUNT; i++)
        core_play_end(core, &room->places[i], NULL, room, MEDIA_PLAY_GONE, now);
    table_remove_id(&core->rooms, id);
    mroom_clear(core, room);
}

void media_core_room_join(struct media_core *core, uint64_t leg_id, uint64_t room_id,
                          const struct media_join *join, instant now)
{
    struct mleg *leg = leg_of(core, leg_id);
    struct mroom *room = room_of(core, room_id);

    if (!leg || !room)
        return;
    if (leg->room && leg->room != room)
        mroom_exit(core, leg, now);
    if (!leg->room && mroom_enter(core, room, leg))
        return; /* out of memory: it stays outside */
    leg->muted = join->muted;
    leg->coached = join->coached;
    if (leg->muted)
        mleg_early_close(leg);
    if (join->beep) {
        struct media_play beep = {.audio = core->beep_in, .loop_count = 1};

        mroom_play(core, room, PLACE_BEEP, &beep, now); /* finds the routes anew, too */
    } else {
        mroom_route(core, room, now);
    }
}

void media_core_room_leave(struct media_core *core, uint64_t leg_id, bool beep, instant now)
{
    struct mleg *leg = leg_of(core, leg_id);
    struct mroom *room = leg ? leg->room : NULL;
    struct media_play sound = {.audio = core->beep_out, .loop_count = 1};

    if (!room)
        return;
    mroom_exit(core, leg, now);
    if (beep && room->leg_count)
        mroom_play(core, room, PLACE_BEEP, &sound, now);
}

/* ---- time ---- */

static bool phase_has_work(const struct media_core *core, int64_t tick)
{
    const struct mphase *phase = &core->phases[tick % PHASE_COUNT];

    return phase->leg_count || phase->room_count;
}

instant media_core_deadline(const struct media_core *core)
{
    for (int64_t tick = core->ticked + 1; tick <= core->ticked + PHASE_COUNT; tick++)
        if (phase_has_work(core, tick))
            return tick * TICK_MS * MILLISECOND;
    return INSTANT_NEVER;
}

void media_core_tick(struct media_core *core, instant now)
{
    int64_t due = now / (TICK_MS * MILLISECOND);

    if (due - core->ticked > TICKS_BEHIND_MAX)
        core->ticked = due - TICKS_BEHIND_MAX; /* we slept: what was missed stays silent */
    while (core->ticked < due) {
        struct mphase *phase = &core->phases[++core->ticked % PHASE_COUNT];
        instant at = core->ticked * TICK_MS * MILLISECOND;

        for (unsigned i = phase->room_count; i-- > 0;)
            if (i < phase->room_count) /* one before may have come to rest */
                mroom_tick(core, phase->rooms[i], at);
        for (unsigned i = 0; i < phase->leg_count; i++)
            mleg_tick(core, phase->legs[i], at);
    }
}

bool media_core_says_hello(const struct media_core *core)
{
    return core->hello_count > 0;
}

void media_core_sent(struct media_core *core, instant now)
{
    while (core->hello_count) {
        struct mleg *leg = core->hellos[--core->hello_count];
        struct media_event event = {.kind = MEDIA_HELLO, .leg = leg->id, .at = now};

        leg->hello = HELLO_SAID;
        event.room = leg->room ? leg->room->id : 0;
        event.latency_us = now - instant_max(leg->answered_at, leg->heard_since);
        core_event(core, &event);
    }
}

void media_core_free(struct media_core *core)
{
    struct table_slot *slot;

    if (!core)
        return;
    for (size_t at = 0; (slot = table_next(&core->rooms, &at));)
        mroom_clear(core, slot->value);
    for (size_t at = 0; (slot = table_next(&core->legs, &at));)
        mleg_clear(core, slot->value);
    table_release(&core->rooms);
    table_release(&core->legs);
    for (unsigned i = 0; i < PHASE_COUNT; i++) {
        free(core->phases[i].legs);
        free(core->phases[i].rooms);
    }
    audio_unref(core->melody);
    audio_unref(core->beep_in);
    audio_unref(core->beep_out);
    free(core->hellos);
    free(core);
}
