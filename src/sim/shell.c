#include "sim/world.h"

/*
 * What the server does around the core: it learns the engine's names of calls, sends what the core
 * asks for, and forgets in a crash what no row tells.
 */
static bool is_in_memory(const struct world *world, attempt_id id)
{
    struct attempt_record record;

    return world->up && dialer_attempt(world->dialer, id, &record);
}

static bool knows_name(const struct world *world, const struct world_call *call, attempt_id id)
{
    return call->named_life == world->life + 1 || world->rows[id - 1].placed_at;
}

static void send(struct world *world, const struct effect *effect)
{
    if (!world_chance(world, world->weather.act_lost))
        world_later(world, HAPPENING_ACT, world->now + world_way(world))->of.effect = *effect;
}

static void end_call(struct world *world, const struct effect *effect)
{
    attempt_id id = effect->of.attempt_id;
    struct world_call *call = world_call(world, id);

    if (call->open_life != world->life + 1) {
        if (world->stray == id)
            send(world, effect);
    } else if (knows_name(world, call, id)) {
        send(world, effect);
    } else if (call->end_life != world->life + 1 || effect->kind == EFFECT_HANG_UP_CALL) {
        call->end_life = world->life + 1;
        call->end_wanted = effect->kind;
    }
}

/* The redirects of a call arrive in their order: one waits until the one before is answered. */
static void redirect(struct world *world, const struct effect *effect)
{
    struct world_call *call = world_call(world, effect->of.answer.attempt);
    instant at = world->now + world_way(world);

    if (!knows_name(world, call, effect->of.answer.attempt) ||
        world_chance(world, world->weather.act_lost))
        return;
    if (call->redirect_life == world->life + 1)
        at = instant_max(at, call->redirected_at + 1);
    call->redirect_life = world->life + 1;
    call->redirected_at = at;
    world_later(world, HAPPENING_ACT, at)->of.effect = *effect;
}

void shell_act(struct world *world, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_REFUSE:
        ++world->statistics.refused;
        break;
    case EFFECT_SCREEN_POP:
        people_see(world, effect);
        break;
    case EFFECT_ANSWER_CALL: /* the reply to a question */
        world_call(world, effect->of.answer.attempt)->answered_life = world->life + 1;
        world_later(world, HAPPENING_ACT, world->now + world_way(world))->of.effect = *effect;
        break;
    case EFFECT_HANG_UP_CALL:
    case EFFECT_CANCEL_CALL:
        end_call(world, effect);
        break;
    case EFFECT_POLL_CALL:
        ++world->statistics.polls;
        if (world_call(world, effect->of.poll.attempt)->ordering_life != world->life + 1)
            send(world, effect);
        break;
    case EFFECT_REDIRECT_CALL:
        redirect(world, effect);
        break;
    case EFFECT_PLACE_CALL:
        world_call(world, effect->of.place.attempt)->ordering_life = world->life + 1;
        world_later(world, HAPPENING_ORDER, world->now + world_way(world))->of.effect = *effect;
        break;
    case EFFECT_CLAIM_LEADS:
        keeper_claim(world, effect);
        break;
    case EFFECT_HOLD_CALL:
        if (knows_name(world, world_call(world, effect->of.hold.attempt), effect->of.hold.attempt))
            send(world, effect);
        break;
    case EFFECT_PLACE_PARTY:
    case EFFECT_CHANGE_PARTY:
    case EFFECT_MOVE_PARTY:
    case EFFECT_HANG_UP_PARTY:
    case EFFECT_POLL_PARTY:
    case EFFECT_POLL_AGENT_LEG:
    case EFFECT_DIAL_AGENT_LEG:
    case EFFECT_HANG_UP_AGENT_LEG:
        send(world, effect);
        break;
    case EFFECT_RECORD_CAMPAIGN:
    case EFFECT_RECORD_AGENT:
    case EFFECT_RECORD_LEAD:
    case EFFECT_RECORD_ATTEMPT:
    case EFFECT_RECORD_RESERVATION:
    case EFFECT_RECORD_DO_NOT_CALL:
    case EFFECT_KIND_COUNT:
        check(false);
    }
}

/* The engine speaks of a call: now its name is known, and what was wanted of it is asked for. */
static void learn_name(struct world *world, attempt_id id)
{
    struct world_call *call = world_call(world, id);
    struct effect effect = {.kind = call->end_wanted};

    if (call->open_life != world->life + 1) {
        world->stray = id;
        return;
    }
    call->named_life = world->life + 1;
    if (call->end_life != world->life + 1)
        return;
    call->end_life = 0;
    effect.of.attempt_id = id;
    send(world, &effect);
}

static void look_into_room(struct world *world, const struct event *event)
{
    promises_asked_leg(world, event->of.leg.agent);
    if (event->of.leg.looked)
        world->agents[event->of.leg.agent - 1].looked_life = world->life + 1;
}

/* Before the event is fed. */
void shell_hear(struct world *world, const struct event *event)
{
    attempt_id id = event->of.call.attempt;

    if (event->kind == EVENT_AGENT_LEG_CONNECTED || event->kind == EVENT_AGENT_LEG_LOST)
        look_into_room(world, event);
    if (event->kind >= EVENT_CALL_PLACED && event->kind <= EVENT_CALL_MACHINE)
        promises_hear(world, event);
    if (event->kind == EVENT_CALL_JOINED)
        world_call(world, id)->agents |= UINT64_C(1) << (event->of.call.agent - 1);
    switch ((int)event->kind) {
    case EVENT_PARTY_NEWS: { /* of an attempt that is closed: told to go without asking */
        struct effect end = {.kind = EFFECT_HANG_UP_PARTY};

        end.of.party.attempt = event->of.party_news.attempt;
        end.of.party.serial = event->of.party_news.serial;
        if (!is_in_memory(world, end.of.party.attempt) &&
            event->of.party_news.news != PARTY_NEWS_ENDED)
            send(world, &end);
        break;
    }
    case EVENT_CALL_PLACED: {
        struct effect cancel = {.kind = EFFECT_CANCEL_CALL, .of.attempt_id = id};

        world_call(world, id)->ordering_life = 0;
        learn_name(world, id);
        if (!is_in_memory(world, id)) /* given up meanwhile */
            send(world, &cancel);
        break;
    }
    case EVENT_CALL_PLACE_FAILED:
    case EVENT_CALL_PLACE_UNKNOWN:
        world_call(world, id)->ordering_life = 0;
        break;
    case EVENT_CALL_POLLED:
        holds_hear(world, event);
        if (event->of.call.status != CALL_NOT_FOUND)
            learn_name(world, id);
        break;
    case EVENT_CALL_STATUS:
    case EVENT_CALL_ANSWERED:
    case EVENT_CALL_JOINED:
    case EVENT_CALL_LEFT:
        learn_name(world, id);
        break;
    default:
        break;
    }
}
