#include <stdlib.h>

#include "core/journal.h"
#include "core/journal_life.h"
#include "sim/world.h"

/* The journal of each life of the server, and the proof that it comes to the same again. */
static void *must(void *memory)
{
    check(memory != NULL);
    return memory;
}

static bool is_written(const struct world *world)
{
    return world->options.journal && !world->life;
}

static void write_out(const struct world *world, const uint8_t *bytes, size_t size)
{
    check(fwrite(bytes, 1, size, world->options.journal) == size);
}

void relive_begin(struct world *world)
{
    const struct dialer_limits *limits = &world->limits;
    struct journal_life life = {.form = JOURNAL_FORM,
                                .begun_at = world->now,
                                .program = "sim",
                                .seed = world->seed,
                                .zones = journal_zones_digest(limits, limits->zone_set_count),
                                .known_sets = limits->zone_set_count,
                                .zones_follow = true,
                                .limits = *limits};
    uint8_t bytes[JOURNAL_ZONE_MAX];

    static_assert(JOURNAL_LIFE_MAX <= JOURNAL_ZONE_MAX, "one buffer serves all");
    if (!is_written(world))
        return;
    write_out(world, bytes, journal_encode_life(&life, bytes));
    for (uint32_t i = 0; i < limits->zone_count; ++i)
        write_out(world, bytes, journal_encode_zone(i, &limits->zones[i], bytes));
    for (uint32_t i = 0; i < limits->zone_set_count; ++i)
        write_out(world, bytes, journal_encode_zone_set(i, &limits->zone_sets[i], bytes));
}

static void write_event(struct world *world, const struct event *event)
{
    uint8_t bytes[JOURNAL_EVENT_MAX];

    world->outcome = (struct journal_outcome){.effect_count = 0};
    write_out(world, bytes, journal_encode(world->now, event, bytes));
}

static void write_outcome(struct world *world)
{
    enum { STATE_EVERY = 16 };

    uint8_t bytes[JOURNAL_OUTCOME_MAX];

    world->outcome.has_state = world->outcomes % STATE_EVERY == 0;
    world->outcome.part = world->outcomes++ / STATE_EVERY;
    if (world->outcome.has_state)
        world->outcome.state = dialer_digest_part(world->dialer, world->outcome.part);
    write_out(world, bytes, journal_encode_outcome(&world->outcome, bytes));
}

void relive_event(struct world *world, const struct event *event)
{
    if (is_written(world))
        write_event(world, event);
    if (!world->options.replay)
        return;
    if (world->journal_size + JOURNAL_EVENT_MAX > world->journal_room) {
        world->journal_room = world->journal_room ? world->journal_room * 2 : 1 << 20;
        world->journal = must(realloc(world->journal, world->journal_room));
    }
    world->journal_size += journal_encode(world->now, event, world->journal + world->journal_size);
}

/* The state on the way, so that the replay is compared at many prefixes of the journal. */
void relive_mark(struct world *world)
{
    enum { MARK_EVERY = 61 };

    if (is_written(world) && world->up)
        write_outcome(world);
    if (!world->options.replay || !world->up || world->statistics.events % MARK_EVERY)
        return;
    if (world->mark_count == world->mark_room) {
        world->mark_room = world->mark_room ? world->mark_room * 2 : 256;
        world->marks = must(realloc(world->marks, world->mark_room * sizeof(*world->marks)));
    }
    world->marks[world->mark_count++] =
        (struct world_mark){world->journal_size, dialer_digest(world->dialer)};
}

static uint64_t fold(uint64_t digest, const struct effect *effect)
{
    uint64_t about = 0;

    switch (effect->kind) {
    case EFFECT_RECORD_ATTEMPT:
        about = effect->of.attempt.id * 16 + effect->of.attempt.state;
        break;
    case EFFECT_RECORD_LEAD:
        about = effect->of.lead.id * 16 + effect->of.lead.state;
        break;
    case EFFECT_RECORD_AGENT:
        about = effect->of.agent.id * 16 + effect->of.agent.activity;
        break;
    case EFFECT_RECORD_RESERVATION:
        about = effect->of.reservation.id * 16 + effect->of.reservation.status;
        break;
    case EFFECT_PLACE_CALL:
        about = effect->of.place.attempt;
        break;
    case EFFECT_ANSWER_CALL:
    case EFFECT_REDIRECT_CALL:
        about = effect->of.answer.attempt * 8 + effect->of.answer.action;
        break;
    case EFFECT_HANG_UP_CALL:
    case EFFECT_CANCEL_CALL:
        about = effect->of.attempt_id;
        break;
    case EFFECT_POLL_CALL:
        about = effect->of.poll.attempt;
        break;
    case EFFECT_CLAIM_LEADS:
        about = effect->of.claim.claim;
        break;
    case EFFECT_HOLD_CALL:
        about = effect->of.hold.attempt * 2 + effect->of.hold.on;
        break;
    case EFFECT_PLACE_PARTY:
    case EFFECT_CHANGE_PARTY:
    case EFFECT_MOVE_PARTY:
    case EFFECT_HANG_UP_PARTY:
    case EFFECT_POLL_PARTY:
        about = effect->of.party.attempt * 256 + effect->of.party.serial;
        break;
    case EFFECT_DIAL_AGENT_LEG:
    case EFFECT_HANG_UP_AGENT_LEG:
    case EFFECT_POLL_AGENT_LEG:
        about = effect->of.leg.agent * 65536 + effect->of.leg.serial;
        break;
    case EFFECT_RECORD_CAMPAIGN:
        about = effect->of.campaign.id * 8 + effect->of.campaign.state;
        break;
    case EFFECT_RECORD_DO_NOT_CALL:
        about = effect->of.contact.person;
        break;
    case EFFECT_SCREEN_POP:
        about = effect->of.pop.lead;
        break;
    case EFFECT_REFUSE:
        about = effect->of.refuse.refusal;
        break;
    case EFFECT_KIND_COUNT:
        break;
    }
    return (digest ^ (about * 32 + effect->kind)) * UINT64_C(0x9E3779B97F4A7C15) + (digest >> 29);
}

void relive_effect(struct world *world, const struct effect *effect)
{
    world->effects_digest = fold(world->effects_digest, effect);
    if (is_written(world))
        journal_outcome_add(&world->outcome, effect);
}

/* The journal of a life, fed to a new dialer, must come to the same state by the same effects. */
void relive_life(struct world *world)
{
    struct dialer *again;
    uint64_t digest = 0;
    size_t at = 0, used;
    uint32_t marked = 0;

    if (!world->options.replay || !world->up || world->broken)
        return;
    again = must(dialer_new(&world->limits, world->seed));
    while (at < world->journal_size) {
        struct event event;
        struct effect effect;
        instant now;

        if (journal_decode(world->journal + at, world->journal_size - at, &used, &now, &event)) {
            world_break(world, "the journal cannot be read at byte %zu", at);
            break;
        }
        at += used;
        dialer_feed(again, now, &event);
        while (dialer_drain(again, &effect))
            digest = fold(digest, &effect);
        if (marked < world->mark_count && world->marks[marked].journal == at &&
            world->marks[marked++].digest != dialer_digest(again)) {
            world_break(world, "the journal's first %zu bytes come to another state", at);
            break;
        }
    }
    if (digest != world->effects_digest)
        world_break(world, "the replayed journal yields other effects");
    if (dialer_digest(again) != dialer_digest(world->dialer))
        world_break(world, "the replayed journal comes to another state");
    dialer_free(again);
}
