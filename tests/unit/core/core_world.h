#ifndef TESTS_CORE_WORLD_H
#define TESTS_CORE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "core/dialer.h"

/*
 * A dialer with a desk around it, for tests that tell a short life in order: feed events, then look at
 * what it asked for. Claims are not answered and records not committed unless the test does.
 */
enum { WORLD_EFFECTS_MAX = 2000 };

struct world {
    struct dialer *dialer;
    instant now;
    struct effect effects[WORLD_EFFECTS_MAX]; /* of the last feed */
    uint32_t count;
};

#define NOON (1763985600 * SECOND) /* 2025-11-24T12:00:00Z, a Monday */

static inline void world_feed(struct world *world, const struct event *event)
{
    struct effect effect;

    dialer_feed(world->dialer, world->now, event);
    world->count = 0;
    while (dialer_drain(world->dialer, &effect)) {
        check(world->count < WORLD_EFFECTS_MAX);
        world->effects[world->count++] = effect;
    }
    dialer_audit(world->dialer);
}

/* The first effect of a kind in the last feed; NULL: none. */
static inline const struct effect *world_effect(const struct world *world, enum effect_kind kind)
{
    for (uint32_t i = 0; i < world->count; ++i)
        if (world->effects[i].kind == kind)
            return &world->effects[i];
    return NULL;
}

static inline uint32_t world_count(const struct world *world, enum effect_kind kind)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < world->count; ++i)
        count += world->effects[i].kind == kind;
    return count;
}

static inline const struct lead_record *world_lead(const struct world *world)
{
    const struct effect *last = NULL;

    for (uint32_t i = 0; i < world->count; ++i)
        if (world->effects[i].kind == EFFECT_RECORD_LEAD)
            last = &world->effects[i];
    return last ? &last->of.lead : NULL;
}

/* The attempt that was closed in the last feed; NULL: none. */
static inline const struct attempt_record *world_attempt_closed(const struct world *world)
{
    for (uint32_t i = 0; i < world->count; ++i)
        if (world->effects[i].kind == EFFECT_RECORD_ATTEMPT && !world->effects[i].of.attempt.open)
            return &world->effects[i].of.attempt;
    return NULL;
}

static inline void world_tick(struct world *world)
{
    world_feed(world, &(struct event){.kind = EVENT_TIME_PASSED});
}

/* Lets time pass up to `until`, waking at every deadline; effects of all of it are kept. */
static inline void world_pass(struct world *world, instant until)
{
    static struct effect kept[WORLD_EFFECTS_MAX];
    uint32_t count = 0;

    while (dialer_deadline(world->dialer) <= until) {
        world->now = instant_max(world->now, dialer_deadline(world->dialer));
        world_tick(world);
        for (uint32_t i = 0; i < world->count && count < WORLD_EFFECTS_MAX; ++i)
            kept[count++] = world->effects[i];
    }
    world->now = until;
    world_tick(world);
    for (uint32_t i = 0; i < world->count && count < WORLD_EFFECTS_MAX; ++i)
        kept[count++] = world->effects[i];
    memcpy(world->effects, kept, count * sizeof(*kept));
    world->count = count;
}

static inline void world_open(struct world *world, const struct dialer_limits *limits,
                              const struct campaign_options *options)
{
    struct event event = {.kind = EVENT_CAMPAIGN_LOADED};

    memset(world, 0, sizeof(*world));
    world->now = NOON;
    world->dialer = dialer_new(limits, 1);
    assert_non_null(world->dialer);
    event.of.campaign =
        (struct campaign_facts){.id = 1, .state = CAMPAIGN_RUNNING, .options = *options};
    world_feed(world, &event);
    assert_null(world_effect(world, EFFECT_REFUSE));
    world_feed(world, &(struct event){.kind = EVENT_RECOVERY_ENDED});
}

static inline void world_close(struct world *world)
{
    dialer_free(world->dialer);
}

static inline void world_agent(struct world *world, agent_id id)
{
    struct event event = {.kind = EVENT_AGENT_LOADED};

    event.of.agent.record.id = id;
    event.of.agent.campaigns[0] = 1;
    event.of.agent.campaign_count = 1;
    world_feed(world, &event);
    assert_null(world_effect(world, EFFECT_REFUSE));
}

static inline struct agent_facts world_agent_facts(const struct world *world, agent_id id)
{
    struct agent_facts facts;

    assert_true(dialer_agent(world->dialer, id, &facts));
    return facts;
}

static inline enum agent_activity world_activity(const struct world *world, agent_id id)
{
    return world_agent_facts(world, id).record.activity;
}

static inline void world_leg(struct world *world, enum event_kind kind, agent_id id)
{
    struct event event = {.kind = kind};

    event.of.leg.agent = id;
    event.of.leg.serial = world_agent_facts(world, id).record.leg_serial;
    event.of.leg.looked = true;
    world_feed(world, &event);
}

/* In the room and available. */
static inline void world_agent_ready(struct world *world, agent_id id)
{
    struct event event = {.kind = EVENT_AGENT_LOGGED_IN};

    world_agent(world, id);
    event.of.activity.agent = id;
    event.of.activity.activity = AGENT_AVAILABLE;
    world_feed(world, &event);
    assert_non_null(world_effect(world, EFFECT_DIAL_AGENT_LEG));
    world_leg(world, EVENT_AGENT_LEG_CONNECTED, id);
}

static inline struct lead_facts world_lead_facts(lead_id id, uint8_t numbers)
{
    struct lead_facts facts = {.number_count = numbers};

    facts.record = (struct lead_record){
        .id = id, .campaign = 1, .person = id + 1000, .priority = PRIORITY_NORMAL};
    for (uint8_t i = 0; i < numbers; ++i)
        facts.numbers[i].id = id * 10 + i;
    return facts;
}

static inline void world_claimed(struct world *world, const struct lead_facts *facts)
{
    struct event event = {.kind = EVENT_LEAD_CLAIMED};

    event.of.lead = *facts;
    world_feed(world, &event);
}

static inline void world_new_lead(struct world *world, lead_id id, uint8_t numbers)
{
    struct lead_facts facts = world_lead_facts(id, numbers);

    world_claimed(world, &facts);
}

/* The attempt whose plan was recorded in the last feed; 0: none. */
static inline attempt_id world_planned(const struct world *world)
{
    for (uint32_t i = 0; i < world->count; ++i)
        if (world->effects[i].kind == EFFECT_RECORD_ATTEMPT &&
            world->effects[i].of.attempt.state == ATTEMPT_PLANNED)
            return world->effects[i].of.attempt.id;
    return 0;
}

static inline void world_commit(struct world *world, attempt_id id)
{
    world_feed(world, &(struct event){.kind = EVENT_ATTEMPT_COMMITTED, .of.attempt_id = id});
}

static inline void world_call(struct world *world, enum event_kind kind, attempt_id id,
                              agent_id agent)
{
    struct event event = {.kind = kind, .request = 77};

    event.of.call = (struct event_call){.attempt = id, .hello_us = -1, .agent = agent};
    world_feed(world, &event);
}

static inline void world_status(struct world *world, attempt_id id, enum call_status status,
                                uint16_t sip_code)
{
    struct event event = {.kind = EVENT_CALL_STATUS};

    event.of.call =
        (struct event_call){.attempt = id, .status = status, .sip_code = sip_code, .hello_us = -1};
    world_feed(world, &event);
}

/* One lead dialled for: planned, committed, placed. */
static inline attempt_id world_dial(struct world *world, lead_id lead, uint8_t numbers)
{
    attempt_id id;

    world_new_lead(world, lead, numbers);
    id = world_planned(world);
    assert_int_not_equal(id, 0);
    world_commit(world, id);
    assert_non_null(world_effect(world, EFFECT_PLACE_CALL));
    world_call(world, EVENT_CALL_PLACED, id, 0);
    return id;
}

static inline void world_dispose(struct world *world, agent_id agent, attempt_id attempt,
                                 uint16_t code)
{
    struct event event = {.kind = EVENT_DISPOSITION_SAVED};

    event.of.disposition.agent = agent;
    event.of.disposition.attempt = attempt;
    event.of.disposition.code = code;
    world_feed(world, &event);
}

static inline struct attempt_record world_attempt(const struct world *world, attempt_id id)
{
    struct attempt_record record;

    assert_true(dialer_attempt(world->dialer, id, &record));
    return record;
}

#endif
