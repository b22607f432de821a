#include "sim/world.h"

/*
 * The order in which leads are taken, and that they go on being asked for, by other code than the core's: a call back
 * comes before all, then the smaller priority; and while there are due leads in the store and none in memory, a
 * campaign that runs asks for them.
 */
#define SOON SECOND              /* what has become due this moment may be met a moment later */
#define HUNGRY_MAX (10 * MINUTE) /* pauses between claims that yield nothing grow */

static int level_of(const struct lead_record *lead)
{
    return lead->state == LEAD_CALLBACK ? 0 : 1 + lead->priority;
}

static bool waits_in_line(enum lead_state state)
{
    return state == LEAD_FRESH || state == LEAD_DUE || state == LEAD_HELD || state == LEAD_CALLBACK;
}

/* An agent looks at it, and has not decided. */
static bool is_looked_at(const struct world *world, lead_id lead)
{
    for (uint32_t i = 0; i < world->weather.agents; ++i) {
        struct agent_facts facts;

        if (dialer_agent(world->dialer, i + 1, &facts) && facts.reservation.id &&
            facts.reservation.lead == lead)
            return true;
    }
    return false;
}

static bool is_in_line(const struct world *world, const struct world_lead *lead)
{
    struct lead_record kept;

    return lead->claimed && lead->before_in != world->statistics.events &&
           waits_in_line(lead->told.state) && !lead->told.callback_agent &&
           lead->told.due_at + SOON < world->now &&
           dialer_lead(world->dialer, lead->row.id, &kept) && kept.state == lead->told.state &&
           kept.due_at == lead->told.due_at && !is_looked_at(world, lead->row.id);
}

/* A call is planned for a lead of the line. */
void hopper_planned(struct world *world, const struct attempt_record *record)
{
    const struct world_lead *lead = &world->leads[record->lead - 1];
    const struct lead_record *before =
        lead->before_in == world->statistics.events ? &lead->before : &lead->told;

    if (record->manual || world->starting || world_fed(world)->kind == EVENT_PREVIEW_ACCEPTED ||
        (record->agent && world->agents[record->agent - 1].preview == record->lead) ||
        !waits_in_line(before->state))
        return;
    world->taken = record->lead;
    world->taken_level = level_of(before);
}

static void check_order(struct world *world)
{
    lead_id taken = world->taken;

    world->taken = 0;
    if (!taken || world->now < world->leapt_at + 2 * SOON || world->statistics.events % 4)
        return;
    for (uint32_t i = 0; i < world->weather.leads; ++i) {
        const struct world_lead *lead = &world->leads[i];

        if (lead->row.campaign == world->leads[taken - 1].row.campaign &&
            level_of(&lead->told) < world->taken_level && is_in_line(world, lead))
            world_break(world, "lead %llu is called, and lead %u comes before it",
                        (unsigned long long)taken, i + 1);
    }
}

static bool has_due_in_memory(const struct world *world, const struct world_campaign *campaign)
{
    for (uint32_t i = 0; i < world->weather.leads; ++i) {
        const struct world_lead *lead = &world->leads[i];
        struct lead_record kept;

        if (lead->row.campaign == campaign->id && lead->claimed &&
            dialer_lead(world->dialer, i + 1, &kept) && kept.state != LEAD_ATTEMPTING &&
            kept.due_at <= world->now)
            return true;
    }
    return false;
}

/* Somebody waits for a call of it. */
static bool has_idle_agent(const struct world *world, campaign_id campaign)
{
    for (uint32_t i = 0; i < world->weather.agents; ++i) {
        struct agent_facts facts;

        if (!dialer_agent(world->dialer, i + 1, &facts) ||
            facts.record.activity != AGENT_AVAILABLE || facts.record.leg != LEG_CONNECTED)
            continue;
        for (uint8_t c = 0; c < facts.campaign_count; ++c)
            if (facts.campaigns[c] == campaign)
                return true;
    }
    return false;
}

static bool first_was_withdrawn(const struct world_campaign *campaign)
{
    return container_of(heap_first(&campaign->claimable), struct world_lead, due)->withdrawn;
}

static bool is_hungry(struct world *world, struct world_campaign *campaign)
{
    struct dialer_census census;

    if (campaign->told != CAMPAIGN_RUNNING || campaign->gone ||
        campaign->options.mode == MODE_MANUAL || world->held_life == world->life + 1 ||
        world->now < world->store_gone_until || heap_deadline(&campaign->claimable) >= world->now ||
        first_was_withdrawn(campaign) || !has_idle_agent(world, campaign->id))
        return false;
    dialer_census(world->dialer, &census);
    return census.leads < world->limits.leads_max / 2 && !has_due_in_memory(world, campaign);
}

static void check_hunger(struct world *world, struct world_campaign *campaign)
{
    if (!is_hungry(world, campaign)) {
        campaign->hungry_life = 0;
    } else if (campaign->hungry_life != world->life + 1 ||
               campaign->hungry_leaps != world->statistics.leaps) {
        campaign->hungry_life = world->life + 1;
        campaign->hungry_leaps = world->statistics.leaps;
        campaign->hungry_since = world->now;
    } else if (world->now > campaign->hungry_since + HUNGRY_MAX &&
               world->now > heap_deadline(&campaign->claimable) + HUNGRY_MAX) {
        world_break(world, "campaign %llu runs, has leads in the store and does not ask for them",
                    (unsigned long long)campaign->id);
    }
}

void hopper_claims(struct world *world, const struct effect *effect)
{
    world->campaigns[effect->of.claim.campaign - 1].hungry_life = 0;
}

void hopper_after(struct world *world)
{
    enum { HUNGER_EVERY = 23 };

    check_order(world);
    if (world->statistics.events % HUNGER_EVERY)
        return;
    for (uint32_t i = 0; i < world->weather.campaigns; ++i)
        check_hunger(world, &world->campaigns[i]);
}
