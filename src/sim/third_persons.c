#include "sim/world.h"

/*
 * Third persons at their telephones: they are rung into an agent's room, answer or not, talk, stay or leave, go on
 * with the customer in a room of their own; and none is left in the line when the conversation is long over.
 */
enum third_step { THIRD_ANSWERS, THIRD_ENDS };

#define FORGOTTEN_MAX                                                                              \
    (2 * HOUR) /* in a world where orders and answers get lost, and engines hang */

static void plan(struct world *world, attempt_id id, enum third_step what, instant span)
{
    struct happening *happening = world_later(world, HAPPENING_PARTY, world->now + span);

    happening->about = id;
    happening->serial = ++world_call(world, id)->third.step;
    happening->detail = what;
}

static struct event news_of(attempt_id id, uint32_t serial, enum party_news news)
{
    struct event event = {.kind = EVENT_PARTY_NEWS};

    event.of.party_news.attempt = id;
    event.of.party_news.serial = serial;
    event.of.party_news.news = news;
    return event;
}

static void tell(struct world *world, attempt_id id, enum party_news news)
{
    struct event event = news_of(id, world_call(world, id)->third.serial, news);

    world_callback(world, &event);
}

void third_ends(struct world *world, attempt_id id)
{
    struct world_call *call = world_call(world, id);
    bool alone = call->third.place == THIRD_OWN_ROOM && call->third.lives;

    if (!call->third.lives)
        return;
    call->third.lives = false;
    ++call->third.step;
    if (call->third.place >= 0)
        tell(world, id, PARTY_NEWS_LEFT);
    tell(world, id, PARTY_NEWS_ENDED);
    if (alone && call->own_room)
        phone_network_leaves(world, id); /* their room ends with the first who leaves it */
}

void third_step(struct world *world, attempt_id id, uint32_t step, int64_t what)
{
    struct world_call *call = world_call(world, id);

    if (step != call->third.step || !call->third.lives)
        return;
    if (what == THIRD_ENDS) {
        third_ends(world, id);
        return;
    }
    call->third.place = call->third.to;
    tell(world, id, PARTY_NEWS_JOINED);
    if (rng_chance(&world->rng, 0.6)) /* the others stay until they are told to go */
        plan(world, id, THIRD_ENDS, world_spell(world, world->weather.talk_s));
}

static void place(struct world *world, const struct effect *effect)
{
    attempt_id id = effect->of.party.attempt;
    struct world_call *call = world_call(world, id);

    call->third.serial = effect->of.party.serial;
    call->third.lives = true;
    call->third.place = THIRD_RINGS;
    call->third.to = (int)effect->of.party.agent - 1;
    tell(world, id, PARTY_NEWS_RINGS);
    if (rng_chance(&world->rng, 0.7))
        plan(world, id, THIRD_ANSWERS, world_spell(world, 5));
    else
        plan(world, id, THIRD_ENDS, 30 * SECOND);
}

static void answer_poll(struct world *world, const struct effect *effect)
{
    attempt_id id = effect->of.party.attempt;
    const struct world_call *call = world_call(world, id);
    enum party_news news = PARTY_NEWS_ENDED;

    if (world_chance(world, world->weather.poll_lost))
        return;
    if (call->third.lives && call->third.serial == effect->of.party.serial)
        news = call->third.place == THIRD_RINGS ? PARTY_NEWS_RINGS
               : call->third.place >= 0         ? PARTY_NEWS_JOINED
                                                : PARTY_NEWS_LEFT;
    struct event event = news_of(id, effect->of.party.serial, news);

    world_deliver(world, &event, world->now + world_way(world));
}

void third_act(struct world *world, const struct effect *effect)
{
    struct world_call *call = world_call(world, effect->of.party.attempt);
    bool theirs = call->third.lives && call->third.serial == effect->of.party.serial;

    if (effect->kind == EFFECT_PLACE_PARTY) {
        place(world, effect);
    } else if (effect->kind == EFFECT_POLL_PARTY) {
        answer_poll(world, effect);
    } else if (effect->kind == EFFECT_HANG_UP_PARTY && theirs) {
        third_ends(world, effect->of.party.attempt);
    } else if (effect->kind == EFFECT_MOVE_PARTY && theirs && call->third.place >= 0) {
        call->third.place = THIRD_OWN_ROOM;
        tell(world, effect->of.party.attempt, PARTY_NEWS_LEFT);
    }
}

/* Whoever looks into a room finds those who should not be there any more. */
void third_found(struct world *world, uint32_t place)
{
    for (attempt_id id = world->row_last; id && id + 400 > world->row_last; --id) {
        const struct world_call *call = world_call(world, id);

        if (call->third.lives && call->third.place == (int)place && !call->account.open)
            third_ends(world, id);
    }
}

void third_watch(struct world *world, const struct effect *effect)
{
    const struct attempt_record *record = &effect->of.attempt;

    if (effect->kind != EFFECT_RECORD_ATTEMPT)
        return;
    if (!record->open && record->party.state != PARTY_NONE)
        world_break(world, "attempt %llu is closed, and its third person is not gone",
                    (unsigned long long)record->id);
    if (record->state == ATTEMPT_HANDED_OVER) /* was with an agent, as far as anybody knows */
        world_call(world, record->id)->heard = true;
    if (record->state == ATTEMPT_HANDED_OVER && record->party.state != PARTY_JOINED)
        world_break(world, "attempt %llu was handed over to nobody",
                    (unsigned long long)record->id);
}

void third_after(struct world *world)
{
    attempt_id id = world->row_last ? 1 + world->statistics.events % world->row_last : 0;
    struct world_call *call = id ? world_call(world, id) : NULL;

    if (!call)
        return;
    if (!call->third.lives || call->account.open || !call->account.id || call->leapt ||
        world->now < world->engine_silent_until || world->now < call->third.forgotten_since)
        call->third.forgotten_since = 0;
    else if (!call->third.forgotten_since)
        call->third.forgotten_since = world->now;
    else if (world->now > call->third.forgotten_since + FORGOTTEN_MAX)
        world_break(world, "the third person of attempt %llu is forgotten in the line",
                    (unsigned long long)id);
}

void third_at_rest(struct world *world)
{
    for (attempt_id id = 1; id <= world->row_last; ++id)
        if (world_call(world, id)->third.lives)
            world_break(world, "the third person of attempt %llu is still in the line",
                        (unsigned long long)id);
}
