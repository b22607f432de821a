#include "sim/world.h"

/*
 * What agents were promised, by other code than the core's: calls go to whoever has waited longest, a
 * wrap-up has an end, and a break that was asked for comes.
 */
void turns_agent(struct world *world, const struct agent_record *record)
{
    struct world_agent *agent = &world->agents[record->id - 1];
    const struct agent_record *before = &agent->told;
    bool busy = before->activity == AGENT_RESERVED || before->activity == AGENT_ON_CALL ||
                before->activity == AGENT_WRAP_UP;

    if (record->activity == AGENT_RESERVED && before->activity != AGENT_RESERVED) {
        agent->picked_in = world->statistics.events;
        agent->picked_since = before->activity == AGENT_AVAILABLE ? before->since : world->now;
    }
    if (before->activity == AGENT_WRAP_UP && record->activity != AGENT_WRAP_UP &&
        agent->wrap_life == world->life + 1 && agent->wrap_leaps == world->statistics.leaps &&
        world->now > agent->wrap_until)
        world_break(world, "the wrap-up of agent %llu took too long",
                    (unsigned long long)record->id);
    if (busy && before->next_wanted && before->next_activity != AGENT_AVAILABLE &&
        record->activity == AGENT_AVAILABLE && world_fed(world)->kind != EVENT_AGENT_ACTIVITY)
        world_break(world, "agent %llu asked for a break, and gets none",
                    (unsigned long long)record->id);
}

void turns_reservation(struct world *world, const struct reservation_record *record)
{
    struct world_agent *agent = &world->agents[record->agent - 1];
    const struct campaign_options *options =
        record->campaign ? &world->campaigns[record->campaign - 1].options : NULL;

    if (record->attempt) /* given, and perhaps taken away again in the same event */
        world_call(world, record->attempt)->agents |= UINT64_C(1) << (record->agent - 1);
    if (record->status != RESERVATION_WRAPPING)
        return;
    agent->wrap_life = world->life + 1;
    agent->wrap_leaps = world->statistics.leaps;
    if (world_fed(world)->kind != EVENT_MORE_TIME)
        agent->wrap_until = world->now + options->wrap_up_max;
    else if (record->until >
             record->changed_at + options->wrap_up_max + options->more_time_max * (30 * SECOND))
        world_break(world, "agent %llu has got more time than the campaign allows",
                    (unsigned long long)record->agent);
    else
        agent->wrap_until = instant_max(agent->wrap_until, record->until);
}

/* The call is given to an agent: by turn, unless the agent chose it or it was in that room. */
void turns_attempt(struct world *world, const struct attempt_record *record)
{
    struct world_call *call = world_call(world, record->id);
    enum event_kind kind = world_fed(world)->kind;

    if (!record->agent)
        return;
    call->agents |= UINT64_C(1) << (record->agent - 1);
    if (record->agent == call->account.agent || record->manual || world->starting ||
        world->leads[record->lead - 1].told.callback_agent || kind == EVENT_CALL_JOINED ||
        kind == EVENT_CALL_LEFT || kind == EVENT_CALL_POLLED || kind == EVENT_PREVIEW_ACCEPTED ||
        kind == EVENT_AGENT_CHANGED || kind == EVENT_CALL_TRANSFERRED)
        return;
    world->picked = record->agent;
    world->picked_for = record->campaign;
}

/* Agents in whose rooms somebody may be, or may have been before this event. */
static uint64_t rooms_in_doubt(struct world *world)
{
    uint64_t agents = 0;

    for (attempt_id id = world->row_last + 40 < world->rows_room ? world->row_last + 40
                                                                 : world->rows_room;
         id; --id) {
        const struct world_call *call = &world->calls[id - 1];

        if (call->account.id && (call->account.open || call->closed_in == world->statistics.events))
            agents |= call->agents;
    }
    return agents;
}

static bool works_for(const struct agent_facts *facts, campaign_id campaign)
{
    for (uint8_t i = 0; i < facts->campaign_count; ++i)
        if (facts->campaigns[i] == campaign)
            return true;
    return false;
}

void turns_after(struct world *world)
{
    agent_id picked = world->picked;
    instant since;
    uint64_t doubt;

    world->picked = 0;
    if (!picked || world->agents[picked - 1].picked_in != world->statistics.events)
        return;
    since = world->agents[picked - 1].picked_since;
    doubt = rooms_in_doubt(world);
    for (uint32_t i = 0; i < world->weather.agents; ++i) {
        struct agent_facts facts;

        if (world->life && world->agents[i].looked_life != world->life + 1)
            continue; /* who is in that room? */
        if (!(doubt >> i & 1) && dialer_agent(world->dialer, i + 1, &facts) &&
            facts.record.activity == AGENT_AVAILABLE && facts.record.leg == LEG_CONNECTED &&
            facts.record.leg_since < world->now && facts.record.since < since &&
            works_for(&facts, world->picked_for))
            world_break(world, "agent %llu is given a call, and agent %u has waited longer",
                        (unsigned long long)picked, i + 1);
    }
}

/* Idle before this event, as far as can be seen: whoever was given a call in it counts, too. */
static bool was_idle(const struct world *world, const struct agent_facts *facts)
{
    const struct agent_record *record = &facts->record;

    return record->leg == LEG_CONNECTED &&
           (record->activity == AGENT_AVAILABLE ||
            (record->since == world->now &&
             (record->activity == AGENT_RESERVED || record->activity == AGENT_ON_CALL)));
}

/* Idle agents of a campaign, and which campaigns they and others share with it; a bit each. */
static uint32_t agents_near(const struct world *world, campaign_id campaign, uint32_t *shares)
{
    uint32_t count = 0;

    *shares = 1u << campaign;
    for (uint32_t i = 0; i < world->weather.agents; ++i) {
        struct agent_facts facts;
        uint32_t works = 0;

        if (!dialer_agent(world->dialer, i + 1, &facts))
            continue;
        for (uint8_t c = 0; c < facts.campaign_count; ++c)
            works |= 1u << facts.campaigns[c];
        if (!(works & 1u << campaign))
            continue;
        *shares |= works;
        count += was_idle(world, &facts);
    }
    return count;
}

/* What is out beyond the idle agents, in all campaigns that share them, stays within the book. */
void turns_gate(struct world *world, const struct attempt_record *record)
{
    struct campaign_facts facts;
    uint32_t shares;
    uint64_t out = 1, idle = agents_near(world, record->campaign, &shares), risk;

    if (!dialer_campaign(world->dialer, record->campaign, &facts) ||
        !facts.options.abandonment.ceiling_per_mille)
        return;
    for (attempt_id id = record->id - 1; id && id + 400 > record->id; --id) {
        const struct world_call *call = world_call(world, id);

        out += call->unguarded_life == world->life + 1 && shares >> call->account.campaign & 1;
    }
    if (out > idle * facts.options.ratio_percent / 100)
        world_break(world, "more calls are out than the ratio allows");
    if (out <= idle)
        return;
    risk = out - idle;
    if ((facts.ledger.abandoned + risk) * 1000 >
        facts.options.abandonment.ceiling_per_mille *
            (facts.ledger.answered_live + risk + facts.options.abandonment.credit_answers))
        world_break(world, "a call goes beyond what the abandonment rule leaves");
}
