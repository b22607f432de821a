#include "sim/world.h"

/*
 * Agents as robots with habits: they log in, wait, talk, give their verdicts or forget to, take
 * breaks, look at previews, dial by hand. They act on what their page shows.
 */
enum desk_act {
    DESK_LOOK,
    DESK_ASK_MANUAL,
    DESK_RELOAD,
    DESK_RELOADS,
    DESK_HOLD,
    DESK_TRANSFER,
    DESK_PARTY
};

static void act_later(struct world *world, uint32_t place, double mean_s, instant since)
{
    struct happening *happening =
        world_later(world, HAPPENING_DESK, world->now + world_spell(world, mean_s));

    happening->about = place;
    happening->serial = DESK_LOOK;
    happening->detail = since;
}

static void page_later(struct world *world, uint32_t place, enum desk_act act, double mean_s)
{
    struct happening *happening =
        world_later(world, HAPPENING_DESK, world->now + world_spell(world, mean_s));

    happening->about = place;
    happening->serial = act;
}

void people_start(struct world *world)
{
    for (uint32_t i = 0; i < world->weather.agents; ++i)
        act_later(world, i, 20, -1);
    for (uint32_t i = 0; i < world->weather.agents && world->weather.reload_every_s > 0; ++i)
        page_later(world, i, DESK_RELOADS, world->weather.reload_every_s);
}

/* The page shows a new activity or a preview: something will be done about it, by and by. */
void people_see(struct world *world, const struct effect *effect)
{
    const struct agent_record *record = &effect->of.agent;
    uint32_t place;

    if (effect->kind == EFFECT_SCREEN_POP) {
        if (effect->of.pop.kind == POP_PREVIEW)
            act_later(world, (uint32_t)effect->of.pop.agent - 1, 5, -1);
        return;
    }
    place = (uint32_t)record->id - 1;
    switch (record->activity) {
    case AGENT_OFFLINE:
        act_later(world, place, 30, record->since);
        break;
    case AGENT_BREAK:
        act_later(world, place, 20, record->since);
        break;
    case AGENT_WRAP_UP:
        if (!world_chance(world, world->weather.dispositions_forgotten))
            act_later(world, place, world->weather.wrap_s, record->since);
        break;
    case AGENT_ON_CALL:
        if (world_chance(world, world->weather.hang_ups))
            act_later(world, place, 15, record->since);
        if (world_chance(world, world->weather.holds))
            page_later(world, place, DESK_HOLD, 10);
        if (world_chance(world, world->weather.third_persons))
            page_later(world, place, DESK_PARTY, 5);
        if (world_chance(world, world->weather.transfers))
            page_later(world, place, DESK_TRANSFER, 10);
        break;
    case AGENT_RESERVED:
        if (world_chance(world, world->weather.refuses))
            act_later(world, place, 5, record->since);
        break;
    case AGENT_AVAILABLE:
        if (world_chance(world, world->weather.breaks + world->weather.log_outs) ||
            rng_chance(&world->rng, 0.05))
            act_later(world, place, 30, record->since);
        break;
    case AGENT_ACTIVITY_COUNT:
        check(false);
    }
}

static void ask_activity(struct world *world, uint32_t place, enum event_kind kind,
                         enum agent_activity activity)
{
    struct event event = {.kind = kind};

    event.of.activity.agent = place + 1;
    event.of.activity.activity = activity;
    event.of.activity.break_code = (uint16_t)rng_below(&world->rng, 4);
    event.of.activity.forced = rng_chance(&world->rng, 0.2);
    world_feed(world, &event);
}

static void dispose(struct world *world, uint32_t place, const struct agent_facts *facts)
{
    struct event event = {.kind = EVENT_DISPOSITION_SAVED};

    event.of.disposition.agent = place + 1;
    event.of.disposition.attempt = facts->reservation.attempt;
    event.of.disposition.code = (uint16_t)(1 + rng_below(&world->rng, 7)); /* 7 does not exist */
    event.of.disposition.callback_at = world->now + world_spell(world, 300);
    if (rng_chance(&world->rng, 0.5))
        event.of.disposition.callback_agent = 1 + rng_below(&world->rng, world->weather.agents + 1);
    world_feed(world, &event);
}

static void hang_up(struct world *world, uint32_t place, enum event_kind kind)
{
    struct event event = {.kind = kind};
    struct agent_facts facts;

    event.of.reservation.agent = place + 1;
    event.of.reservation.until = world->now + world_spell(world, 600);
    if (dialer_agent(world->dialer, place + 1, &facts) && facts.reservation.attempt)
        world_call(world, facts.reservation.attempt)->dismissed = kind == EVENT_AGENT_HUNG_UP;
    world_feed(world, &event);
}

static void more_time(struct world *world, uint32_t place)
{
    world_feed(world, &(struct event){.kind = EVENT_MORE_TIME, .of.agent_id = place + 1});
    act_later(world, place, 20, -1);
}

static void decide_preview(struct world *world, uint32_t place)
{
    double dice = rng_unit(&world->rng);

    if (rng_chance(&world->rng, 0.1)) /* looks, and does nothing */
        return;
    if (rng_chance(&world->rng, 0.1)) {
        more_time(world, place);
        return;
    }
    if (dice < world->weather.skips / 2)
        hang_up(world, place, EVENT_PREVIEW_SKIPPED);
    else if (dice < world->weather.skips)
        hang_up(world, place, EVENT_PREVIEW_SNOOZED);
    else
        hang_up(world, place, EVENT_PREVIEW_ACCEPTED);
}

/* The server asks the store for the lead; its answer waits behind what is being committed. */
static void ask_manual(struct world *world, uint32_t place)
{
    struct happening *happening =
        world_later(world, HAPPENING_DESK, instant_max(world->now, world->commit_free_at) + 1);

    happening->about = place;
    happening->serial = DESK_ASK_MANUAL;
    happening->detail = 1 + (int64_t)rng_below(&world->rng, world->weather.leads);
}

static void dial_manual(struct world *world, uint32_t place, lead_id lead)
{
    struct event event = {.kind = EVENT_MANUAL_DIALLED};
    uint64_t refused = world->statistics.refused;

    event.of.manual.agent = place + 1;
    if (!keeper_claim_one(world, lead))
        return;
    event.of.manual.lead = keeper_facts(world, lead);
    event.of.manual.number_index =
        (uint8_t)rng_below(&world->rng, event.of.manual.lead.number_count + 1u);
    world_feed(world, &event);
    if (world->statistics.refused > refused)
        keeper_give_back(world, lead);
}

static void look(struct world *world, uint32_t place, const struct agent_facts *facts)
{
    switch (facts->record.activity) {
    case AGENT_OFFLINE:
        if (!world->resting)
            ask_activity(world, place, EVENT_AGENT_LOGGED_IN,
                         rng_chance(&world->rng, 0.8) ? AGENT_AVAILABLE : AGENT_BREAK);
        break;
    case AGENT_BREAK:
        if (world->resting)
            break;
        if (world_chance(world, 0.2))
            ask_manual(world, place);
        else
            ask_activity(world, place, EVENT_AGENT_ACTIVITY, AGENT_AVAILABLE);
        break;
    case AGENT_AVAILABLE:
        if (world->resting)
            break;
        if (rng_chance(&world->rng, 0.5))
            ask_manual(world, place);
        else
            ask_activity(world, place, EVENT_AGENT_ACTIVITY,
                         rng_chance(&world->rng, 0.7) ? AGENT_BREAK : AGENT_OFFLINE);
        break;
    case AGENT_RESERVED:
        if (!facts->reservation.attempt)
            decide_preview(world, place);
        else if (rng_chance(&world->rng, 0.5))
            hang_up(world, place, EVENT_AGENT_REJECTED);
        else
            hang_up(world, place, EVENT_AGENT_HUNG_UP);
        break;
    case AGENT_ON_CALL:
        if (rng_chance(&world->rng, 0.3))
            dispose(world, place, facts);
        if (world->up && world_chance(world, 0.3))
            ask_activity(world, place, EVENT_AGENT_ACTIVITY,
                         rng_chance(&world->rng, 0.5) ? AGENT_BREAK : AGENT_OFFLINE);
        if (world->up)
            hang_up(world, place, EVENT_AGENT_HUNG_UP);
        break;
    case AGENT_WRAP_UP:
        if (rng_chance(&world->rng, 0.2))
            more_time(world, place);
        else
            dispose(world, place, facts);
        break;
    case AGENT_ACTIVITY_COUNT:
        check(false);
    }
}

void people_reload(struct world *world, uint32_t place, double mean_s)
{
    page_later(world, place, DESK_RELOAD, mean_s);
}

/* The page is there again, and its phone has registered: whoever is logged in is rung in the same moment. */
static void phone_ready(struct world *world, uint32_t place)
{
    struct event event = {.kind = EVENT_AGENT_PHONE_READY, .of.agent_id = place + 1};
    struct agent_facts before, after;

    if (!world->up || !dialer_agent(world->dialer, place + 1, &before))
        return;
    world_feed(world, &event);
    if (!world->up || before.record.leg == LEG_NONE || before.record.leg == LEG_LOST ||
        !dialer_agent(world->dialer, place + 1, &after))
        return;
    if (after.record.leg_serial == before.record.leg_serial &&
        after.record.activity != AGENT_OFFLINE)
        world_break(world, "the phone of agent %u is there, and is not rung", place + 1);
}

/* A key that is pressed again and again, by some. */
static void hold(struct world *world, uint32_t place)
{
    struct event event = {.kind = EVENT_CUSTOMER_HOLD,
                          .of.hold = {.agent = place + 1, .on = rng_chance(&world->rng, 0.5)}};

    world_feed(world, &event);
    if (world_chance(world, world->weather.holds))
        page_later(world, place, DESK_HOLD, 10);
}

static void transfer(struct world *world, uint32_t place)
{
    struct event event = {.kind = EVENT_CALL_TRANSFERRED};

    event.of.transfer.agent = place + 1;
    event.of.transfer.to = 1 + rng_below(&world->rng, world->weather.agents);
    world_feed(world, &event);
}

/* Whatever key it is; one that begins, when nobody is there. */
static void third_person(struct world *world, uint32_t place)
{
    struct event event = {.kind = EVENT_PARTY_ASKED};
    struct agent_facts facts;
    struct attempt_record record;

    if (!dialer_agent(world->dialer, place + 1, &facts) || !facts.reservation.attempt ||
        !dialer_attempt(world->dialer, facts.reservation.attempt, &record))
        return;
    event.of.party.agent = place + 1;
    event.of.party.act = (enum party_act)rng_below(
        &world->rng, record.party.state == PARTY_NONE ? PARTY_HAND_OVER : PARTY_ACT_COUNT);
    world_feed(world, &event);
    if (rng_chance(&world->rng, 0.8) && !world->resting)
        page_later(world, place, DESK_PARTY, 5);
}

void people_do(struct world *world, uint32_t place, int64_t what, instant about)
{
    struct agent_facts facts;

    if (what == DESK_HOLD) {
        if (world->up)
            hold(world, place);
        return;
    }
    if (what == DESK_PARTY) {
        if (world->up)
            third_person(world, place);
        return;
    }
    if (what == DESK_TRANSFER) {
        if (world->up)
            transfer(world, place);
        return;
    }

    if (what == DESK_RELOAD || what == DESK_RELOADS) {
        if (what == DESK_RELOADS && !world->resting)
            page_later(world, place, DESK_RELOADS, world->weather.reload_every_s);
        phone_ready(world, place);
        return;
    }

    if (world->resting && what == DESK_ASK_MANUAL)
        return;
    if (what == DESK_ASK_MANUAL) {
        if (world->up)
            dial_manual(world, place, (lead_id)about);
        return;
    }
    if (!world->up) { /* the page says "connecting" */
        act_later(world, place, 10, about);
        return;
    }
    if (!dialer_agent(world->dialer, place + 1, &facts)) {
        world_break(world, "agent %u is not in memory", place + 1);
        return;
    }
    /* A little of what they do is about what was on the screen a moment ago. */
    if (about == -1 || facts.record.since == about || world_chance(world, 0.02))
        look(world, place, &facts);
}
