#include <string.h>

#include "sim/world.h"

/*
 * What befalls a world: clocks that leap and step back, parts that are gone for a while, and people who
 * give orders: campaigns are changed, numbers forbidden, leads withdrawn.
 */
/* The wall clock went back while the server ran: it held on to its own line of time, and the next
 * start begins on the new one. */
void fortune_step_back(struct world *world)
{
    instant span = world->behind;

    world->behind = 0;
    world->now -= span;
    world->store_gone_until -= span;
    world->engine_silent_until -= span;
    world->trunk_gone_until -= span;
    world->struck_at -= span;
    world->started_at -= span;
    for (size_t i = 0; i < world->queue.count; ++i)
        world->queue.nodes[i]->at -= span;
    for (attempt_id id = 1; id <= world->rows_room; ++id) {
        struct world_call *call = &world->calls[id - 1];

        call->answered_at -= call->answered_at ? span : 0;
        call->told_at -= call->told_at ? span : 0;
        call->leapt = true;
    }
}

/* From seconds to an hour. */
static instant leap_span(struct world *world)
{
    return rng_chance(&world->rng, 0.7) ? 2 * SECOND + world_spell(world, 120)
                                        : (instant)rng_below(&world->rng, HOUR);
}

/* Nothing is seen of it until the next start. */
void fortune_wall_clock(struct world *world)
{
    ++world->statistics.steps_back;
    world->behind += leap_span(world);
}

void fortune_leap(struct world *world)
{
    struct event event = {.kind = EVENT_CLOCK_LEAPT};
    instant span = leap_span(world);

    world_again(world, HAPPENING_LEAP, world->weather.leap_every_s);
    if (!world->up || world->resting)
        return;
    ++world->statistics.leaps;
    /* Everybody else's clocks were right: what is to happen happens as much later by ours. */
    for (size_t i = 0; i < world->queue.count; ++i)
        world->queue.nodes[i]->at += span;
    for (attempt_id id = 1; id <= world->rows_room; ++id) {
        struct world_call *call = &world->calls[id - 1];

        call->answered_at += call->answered_at ? span : 0;
        call->told_at += call->told_at ? span : 0;
        call->leapt = true;
    }
    world->commit_free_at += span;
    world->store_gone_until += span;
    world->engine_silent_until += span;
    world->trunk_gone_until += span;
    world->struck_at += span;
    world->started_at += span;
    world->now += span;
    world->leapt_at = world->now;
    event.of.leap = span;
    world_feed(world, &event);
}

static void gone_for_a_while(struct world *world, enum happening_kind kind, double every_s,
                             double mean_s, instant *until)
{
    instant span = instant_min(world_spell(world, mean_s), HOUR / 2 + (instant)mean_s * SECOND / 2);

    world_again(world, kind, every_s + mean_s);
    if (world->resting)
        return;
    ++world->statistics.outages;
    *until = world->now + span;
    world_later(world, HAPPENING_WATCH, world->now + SECOND);
    world_later(world, HAPPENING_WATCH, *until + SECOND);
    if (kind == HAPPENING_ENGINE_SILENT)
        world->engine_frozen = rng_chance(&world->rng, 0.5);
    if (kind == HAPPENING_TRUNK_GONE && rng_chance(&world->rng, 0.5))
        phone_network_drop(world);
}

/* Once in a while nothing is seen of it, as by a server that does not look. */
void fortune_watch(struct world *world)
{
    struct event event = {.kind = EVENT_DIALLING_HELD};
    bool held = world->held_life == world->life + 1;

    event.of.held = world->now < world->store_gone_until ||
                    world->now < world->engine_silent_until || world->now < world->trunk_gone_until;
    if (!world->up || event.of.held == held || (event.of.held && rng_chance(&world->rng, 0.2)))
        return;
    world->held_life = event.of.held ? world->life + 1 : 0;
    world_feed(world, &event);
}

void fortune_do_not_call(struct world *world)
{
    struct event event = {.kind = EVENT_DO_NOT_CALL_ADDED};
    uint32_t lead = (uint32_t)rng_below(&world->rng, world->weather.leads);

    world_again(world, HAPPENING_DO_NOT_CALL, world->weather.do_not_call_every_s);
    if (!world->up || world->resting)
        return;
    if (rng_chance(&world->rng, 0.5))
        event.of.contact.person = world->leads[lead].row.person;
    if (rng_chance(&world->rng, 0.5))
        event.of.contact.number = (uint64_t)lead * WORLD_NUMBERS_MAX + 1;
    if (event.of.contact.person)
        world->persons[event.of.contact.person - 1].do_not_call = true;
    if (event.of.contact.number)
        world->numbers[event.of.contact.number - 1].do_not_call = true;
    world_feed(world, &event);
}

static void start_or_stop(struct world *world, campaign_id campaign)
{
    struct event event = {.kind = EVENT_CAMPAIGN_COMMANDED};

    event.of.command.campaign = campaign;
    event.of.command.command = (enum campaign_command)rng_below(&world->rng, COMMAND_COUNT);
    if (rng_chance(&world->rng, 0.6))
        event.of.command.command = COMMAND_START;
    world_feed(world, &event);
}

/* How long somebody may wait stays as it was: calls that wait are held to it. */
static void change_options(struct world *world, campaign_id campaign)
{
    struct event event = {.kind = EVENT_CAMPAIGN_CHANGED};
    struct campaign_options *options = &world->campaigns[campaign - 1].options;
    instant answer_wait_max = options->answer_wait_max;

    ++world->campaigns[campaign - 1].plan;
    *options = weather_options(&world->rng);
    options->answer_wait_max = answer_wait_max;
    event.of.campaign.id = campaign;
    event.of.campaign.options = *options;
    world_feed(world, &event);
}

static void change_agent(struct world *world)
{
    struct event event = {.kind = EVENT_AGENT_CHANGED};
    uint32_t place = (uint32_t)rng_below(&world->rng, world->weather.agents);
    struct world_agent *agent = &world->agents[place];

    agent->campaign_count = 0;
    for (uint32_t i = 0; i < world->weather.campaigns; ++i)
        if (rng_chance(&world->rng, 0.6))
            agent->campaigns[agent->campaign_count++] = i + 1;
    event.of.agent.record.id = place + 1;
    event.of.agent.campaign_count = agent->campaign_count;
    memcpy(event.of.agent.campaigns, agent->campaigns, sizeof(agent->campaigns));
    world_feed(world, &event);
}

static void withdraw_lead(struct world *world)
{
    struct event event = {.kind = EVENT_LEAD_WITHDRAWN};

    event.of.lead_id = 1 + rng_below(&world->rng, world->weather.leads);
    world->leads[event.of.lead_id - 1].withdrawn = true;
    world_feed(world, &event);
}

void fortune_command(struct world *world)
{
    campaign_id campaign = 1 + rng_below(&world->rng, world->weather.campaigns);

    world_again(world, HAPPENING_COMMAND, world->weather.command_every_s);
    if (!world->up || world->resting)
        return;
    switch (rng_below(&world->rng, 8)) {
    case 0:
        change_options(world, campaign);
        break;
    case 1:
        change_agent(world);
        break;
    case 2:
        withdraw_lead(world);
        break;
    case 3:
        world_feed(world, &(struct event){.kind = EVENT_LEADS_ADDED, .of.campaign_id = campaign});
        break;
    default:
        start_or_stop(world, campaign);
        break;
    }
}

void fortune_outage(struct world *world, enum happening_kind kind)
{
    const struct weather *weather = &world->weather;

    if (kind == HAPPENING_STORE_GONE)
        gone_for_a_while(world, kind, weather->store_gone_every_s, weather->store_gone_s,
                         &world->store_gone_until);
    else if (kind == HAPPENING_ENGINE_SILENT)
        gone_for_a_while(world, kind, weather->engine_silent_every_s, weather->engine_silent_s,
                         &world->engine_silent_until);
    else
        gone_for_a_while(world, kind, weather->trunk_gone_every_s, weather->trunk_gone_s,
                         &world->trunk_gone_until);
}
