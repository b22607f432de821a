#include "sim/world.h"

/*
 * Hold, told from outside: music for whoever's agent is gone, once a moment has passed, and for whom the agent put on
 * hold; and no music for anybody else. By what was told of attempts and lines, not by what the core keeps.
 */
#define MUSIC_AFTER SECOND     /* at the latest */
#define FORLORN_MAX (2 * HOUR) /* in a world where orders and answers get lost, and engines hang */

void holds_watch(struct world *world, const struct effect *effect)
{
    struct world_call *call;

    if (effect->kind == EFFECT_RECORD_ATTEMPT && effect->of.attempt.state != ATTEMPT_BRIDGED)
        world_call(world, effect->of.attempt.id)->hold_life = 0;
    if (effect->kind != EFFECT_HOLD_CALL)
        return;
    call = world_call(world, effect->of.hold.attempt);
    call->hold_life = world->life + 1;
    call->hold_told = effect->of.hold.on;
    call->hold_agent = effect->of.hold.agent;
    call->hold_seen_life = 0;
    if (call->account.state != ATTEMPT_BRIDGED || call->account.agent != effect->of.hold.agent)
        world_break(world, "attempt %llu is %s, and put on hold",
                    (unsigned long long)effect->of.hold.attempt,
                    attempt_state_name(call->account.state));
}

/* Before the event is fed: whom the engine has on hold already need not be put there. */
void holds_hear(struct world *world, const struct event *event)
{
    struct world_call *call = world_call(world, event->of.call.attempt);

    if (event->of.call.held != HELD_UNKNOWN)
        call->hold_seen_life = event->of.call.held == HELD_YES ? world->life + 1 : 0;
}

/* What the dialer said last, or else heard. */
static void check_told(struct world *world, const struct world_call *call,
                       const struct agent_record *agent)
{
    bool known = call->hold_life == world->life + 1 && call->hold_agent == agent->id;
    bool told = known ? call->hold_told : call->hold_seen_life == world->life + 1;
    bool held = call->account.held_since || call->account.party.consulting;

    if (agent->leg == LEG_CONNECTED && known && told != held)
        world_break(world, "the customer of agent %llu is %s on hold, against the agent's will",
                    (unsigned long long)agent->id, told ? "put" : "not");
    if (agent->leg == LEG_REJOINING && call->account.party.state == PARTY_NONE &&
        agent->leg_since > world->started_at && !told && !call->held && !call->gone &&
        !call->leapt &&
        world->now > instant_max(instant_max(agent->leg_since, call->account.bridged_at),
                                 call->account.party.since) +
                         MUSIC_AFTER)
        world_break(world, "agent %llu is gone, and the customer of attempt %llu hears silence",
                    (unsigned long long)agent->id, (unsigned long long)call->account.id);
}

/* In the end the engine does what it was told, for it is asked. */
static void check_heard(struct world *world, struct world_call *call,
                        const struct agent_record *agent)
{
    bool wanted =
        call->account.held_since || call->account.party.consulting || agent->leg != LEG_CONNECTED;

    if (call->held == wanted || call->gone || call->room != (int)agent->id - 1 || call->leapt ||
        world->now < world->engine_silent_until || world->now < call->forlorn_since)
        call->forlorn_since = 0;
    else if (!call->forlorn_since)
        call->forlorn_since = world->now;
    else if (world->now > call->forlorn_since + FORLORN_MAX)
        world_break(world, "the customer of agent %llu %s music for hours",
                    (unsigned long long)agent->id, call->held ? "hears" : "waits without");
}

void holds_after(struct world *world)
{
    uint32_t place = (uint32_t)(world->statistics.events % world->weather.agents);
    const struct agent_record *agent = &world->agents[place].told;
    struct agent_facts facts;
    struct world_call *call;

    if (agent->activity != AGENT_ON_CALL || !dialer_agent(world->dialer, place + 1, &facts) ||
        !facts.reservation.attempt)
        return;
    call = world_call(world, facts.reservation.attempt);
    if (call->account.state != ATTEMPT_BRIDGED)
        return;
    check_told(world, call, agent);
    check_heard(world, call, agent);
}
