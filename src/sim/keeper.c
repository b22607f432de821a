#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

/*
 * The store of the world: rows change when their batch commits, batches commit in order, a crash
 * forgets those that have not. Acts wait behind the records of their event, claims are answered from
 * the rows as they are then.
 */
static void *must(void *memory)
{
    check(memory != NULL);
    return memory;
}

static void ids_add(struct world_ids *ids, uint64_t id)
{
    if (ids->count == ids->room) {
        ids->room = ids->room ? ids->room * 2 : 8;
        ids->at = must(realloc(ids->at, ids->room * sizeof(*ids->at)));
    }
    ids->at[ids->count++] = id;
}

static void make_lead(struct world *world, uint32_t at)
{
    struct world_lead *lead = &world->leads[at];
    struct rng *rng = &world->rng;

    lead->row = (struct lead_record){
        .id = at + 1,
        .campaign = 1 + rng_below(rng, world->weather.campaigns),
        .person = at + 1,
        .priority = (uint8_t)rng_below(rng, PRIORITY_MAX + 1),
        .released = true,
    };
    if (at && rng_chance(rng, 0.1)) /* one person on two lists */
        lead->row.person = 1 + rng_below(rng, at);
    lead->number_count = (uint8_t)(1 + rng_below(rng, world->weather.numbers_per_lead_max));
    for (uint32_t i = 0; i < WORLD_NUMBERS_MAX; ++i) {
        struct world_number *number = &world->numbers[at * WORLD_NUMBERS_MAX + i];

        number->id = at * WORLD_NUMBERS_MAX + i + 1;
        number->zone_set = (uint32_t)rng_below(rng, world->limits.zone_set_count);
        if (rng_chance(rng, 0.01))
            number->flags = rng_chance(rng, 0.5) ? CONTACT_EMERGENCY : CONTACT_PREMIUM;
    }
}

static void make_agent(struct world *world, uint32_t at)
{
    struct world_agent *agent = &world->agents[at];

    agent->row.id = at + 1;
    for (uint32_t i = 0; i < world->weather.campaigns; ++i)
        if (rng_chance(&world->rng, 0.6))
            agent->campaigns[agent->campaign_count++] = i + 1;
    if (!agent->campaign_count)
        agent->campaigns[agent->campaign_count++] = 1;
}

static bool is_claimable(const struct world_lead *lead)
{
    return lead->row.released && !lead->claimed && !lead_is_final(lead->row.state) &&
           lead->row.state != LEAD_ATTEMPTING;
}

static void offer(struct world *world, struct world_lead *lead)
{
    struct heap *heap = &world->campaigns[lead->row.campaign - 1].claimable;

    if (is_claimable(lead))
        check(!heap_add(heap, &lead->due, lead->row.due_at));
    else
        heap_remove(heap, &lead->due);
}

void keeper_init(struct world *world)
{
    uint32_t leads = world->weather.leads;

    world->leads = must(calloc(leads, sizeof(*world->leads)));
    world->numbers = must(calloc(leads * WORLD_NUMBERS_MAX, sizeof(*world->numbers)));
    world->persons = must(calloc(leads, sizeof(*world->persons)));
    world->agents = must(calloc(world->weather.agents, sizeof(*world->agents)));
    for (uint32_t i = 0; i < world->weather.campaigns; ++i) {
        world->campaigns[i].id = i + 1;
        world->campaigns[i].row = CAMPAIGN_RUNNING;
        world->campaigns[i].options = world->weather.options[i];
        heap_init(&world->campaigns[i].claimable);
    }
    for (uint32_t i = 0; i < leads; ++i) {
        make_lead(world, i);
        offer(world, &world->leads[i]);
    }
    for (uint32_t i = 0; i < world->weather.agents; ++i)
        make_agent(world, i);
}

static struct world_batch *new_batch(struct world *world)
{
    if (world->batch_count == world->batch_room) {
        uint32_t room = world->batch_room ? world->batch_room * 2 : 64;
        struct world_batch *batches = must(calloc(room, sizeof(*batches)));

        for (uint32_t i = 0; i < world->batch_room; ++i) /* the ring, straightened */
            batches[i] = world->batches[(world->batch_first + i) % world->batch_room];
        free(world->batches);
        world->batches = batches;
        world->batch_first = 0;
        world->batch_room = room;
    }
    return &world->batches[(world->batch_first + world->batch_count++) % world->batch_room];
}

void keeper_take(struct world *world, const struct effect *effects, uint32_t count)
{
    struct world_batch *batch = new_batch(world);
    double mean = world->weather.commit_s;
    instant at;

    if (count > batch->room) {
        batch->room = count * 2;
        batch->effects = must(realloc(batch->effects, batch->room * sizeof(*batch->effects)));
    }
    memcpy(batch->effects, effects, count * sizeof(*effects));
    batch->count = count;
    if (world_chance(world, world->weather.stall))
        mean += 5;
    if (world->resting)
        mean = 0.003;
    at = instant_max(world->now + 1 + world_spell(world, mean), world->commit_free_at);
    world->commit_free_at = at;
    if (world->up) /* else it died before this was handed over */
        world_later(world, HAPPENING_COMMIT, at);
}

static void histories_of(struct world *world, const struct world_ids *ids,
                         struct call_history *history)
{
    *history = (struct call_history){0};
    for (uint32_t i = 0; i < ids->count; ++i) {
        const struct attempt_record *row = &world->rows[ids->at[i] - 1];

        if (row->counts)
            call_history_add(history, row->ordered_at);
    }
}

struct lead_facts keeper_facts(struct world *world, lead_id id)
{
    const struct world_lead *lead = &world->leads[id - 1];
    const struct world_person *person = &world->persons[lead->row.person - 1];
    struct lead_facts facts = {.record = lead->row, .number_count = lead->number_count};

    facts.person_flags = person->flags;
    histories_of(world, &person->attempts, &facts.person_history);
    for (uint8_t i = 0; i < lead->number_count; ++i) {
        const struct world_number *number = &world->numbers[(id - 1) * WORLD_NUMBERS_MAX + i];

        facts.numbers[i] = (struct number_facts){
            .id = number->id, .zone_set = number->zone_set, .flags = number->flags};
        histories_of(world, &number->attempts, &facts.numbers[i].history);
    }
    return facts;
}

static bool core_has(const struct world *world, lead_id id)
{
    struct lead_record there;

    return world->up && dialer_lead(world->dialer, id, &there);
}

bool keeper_claim_one(struct world *world, lead_id id)
{
    struct world_lead *lead = &world->leads[id - 1];

    if (!lead->row.released || lead->claimed)
        return core_has(world, id);
    lead->claimed = true;
    offer(world, lead);
    return true;
}

void keeper_give_back(struct world *world, lead_id id)
{
    struct world_lead *lead = &world->leads[id - 1];

    if (core_has(world, id) || !lead->row.released)
        return;
    lead->claimed = false;
    offer(world, lead);
}

void keeper_claim(struct world *world, const struct effect *effect)
{
    struct world_campaign *campaign = &world->campaigns[effect->of.claim.campaign - 1];
    struct event ended = {.kind = EVENT_CLAIM_ENDED};
    instant at = world->now + 1 + world_spell(world, 0.001);

    ended.of.claim.campaign = campaign->id;
    ended.of.claim.claim = effect->of.claim.claim;
    ended.of.claim.failed =
        world_chance(world, world->weather.claim_fails) || world->now < world->store_gone_until;
    while (!ended.of.claim.failed && ended.of.claim.count < effect->of.claim.count &&
           heap_deadline(&campaign->claimable) <= effect->of.claim.due_before) {
        struct world_lead *lead =
            container_of(heap_first(&campaign->claimable), struct world_lead, due);
        struct event event = {.kind = EVENT_LEAD_CLAIMED};

        heap_remove(&campaign->claimable, &lead->due);
        lead->claimed = true;
        lead->withdrawn = false;
        lead->mislaid_life = 0; /* looked for anew */
        event.of.lead = keeper_facts(world, lead->row.id);
        world_deliver(world, &event, at);
        ++ended.of.claim.count;
    }
    ended.of.claim.next_due = heap_deadline(&campaign->claimable);
    if (!world_chance(world, world->weather.claim_fails / 10))
        world_deliver(world, &ended, at);
}

static void write_attempt(struct world *world, const struct attempt_record *record)
{
    struct attempt_record *row;

    (void)world_call(world, record->id);
    row = &world->rows[record->id - 1];
    if (!row->id) {
        ids_add(&world->numbers[record->number - 1].attempts, record->id);
        ids_add(&world->persons[record->person - 1].attempts, record->id);
        if (record->id > world->row_last)
            world->row_last = record->id;
    }
    *row = *record;
}

static void write_contact(struct world *world, const struct effect *effect)
{
    if (effect->of.contact.number)
        world->numbers[effect->of.contact.number - 1].flags |= CONTACT_DO_NOT_CALL;
    if (effect->of.contact.person)
        world->persons[effect->of.contact.person - 1].flags |= CONTACT_DO_NOT_CALL;
}

static void write_row(struct world *world, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_RECORD_CAMPAIGN:
        world->campaigns[effect->of.campaign.id - 1].row = effect->of.campaign.state;
        break;
    case EFFECT_RECORD_AGENT:
        world->agents[effect->of.agent.id - 1].row = effect->of.agent;
        break;
    case EFFECT_RECORD_LEAD: {
        struct world_lead *lead = &world->leads[effect->of.lead.id - 1];

        lead->row = effect->of.lead;
        lead->claimed = !effect->of.lead.released;
        offer(world, lead);
        break;
    }
    case EFFECT_RECORD_ATTEMPT:
        write_attempt(world, &effect->of.attempt);
        break;
    case EFFECT_RECORD_RESERVATION: {
        struct world_agent *agent = &world->agents[effect->of.reservation.agent - 1];

        if (effect->of.reservation.id >= agent->reservation.id)
            agent->reservation = effect->of.reservation;
        if (effect->of.reservation.id > world->reservation_last)
            world->reservation_last = effect->of.reservation.id;
        break;
    }
    case EFFECT_RECORD_DO_NOT_CALL:
        write_contact(world, effect);
        break;
    case EFFECT_CLAIM_LEADS:
    case EFFECT_PLACE_CALL:
    case EFFECT_ANSWER_CALL:
    case EFFECT_REDIRECT_CALL:
    case EFFECT_HANG_UP_CALL:
    case EFFECT_CANCEL_CALL:
    case EFFECT_POLL_CALL:
    case EFFECT_HOLD_CALL:
    case EFFECT_PLACE_PARTY:
    case EFFECT_CHANGE_PARTY:
    case EFFECT_MOVE_PARTY:
    case EFFECT_HANG_UP_PARTY:
    case EFFECT_POLL_PARTY:
    case EFFECT_DIAL_AGENT_LEG:
    case EFFECT_HANG_UP_AGENT_LEG:
    case EFFECT_POLL_AGENT_LEG:
    case EFFECT_SCREEN_POP:
    case EFFECT_REFUSE:
    case EFFECT_KIND_COUNT:
        check(false);
    }
}

/* What waited for the commit. Deliveries come back to the dialer later: this is inside no event. */
void keeper_commit(struct world *world)
{
    const struct world_batch *batch;

    if (!world->batch_count)
        return;
    if (world->now < world->store_gone_until) { /* refused, and tried again until it is taken */
        world_later(world, HAPPENING_COMMIT, world->store_gone_until);
        return;
    }
    if (world_point(world))
        return;
    batch = &world->batches[world->batch_first];
    world->batch_first = (world->batch_first + 1) % world->batch_room;
    --world->batch_count;
    for (uint32_t i = 0; i < batch->count; ++i)
        if (effect_is_record(batch->effects[i].kind))
            write_row(world, &batch->effects[i]);
    for (uint32_t i = 0; i < batch->count; ++i) {
        const struct effect *effect = &batch->effects[i];

        if (!effect_is_record(effect->kind)) {
            if (world_point(world))
                return;
            shell_act(world, effect);
        } else if (effect->kind == EFFECT_RECORD_ATTEMPT &&
                   effect->of.attempt.state == ATTEMPT_PLANNED && !effect->of.attempt.ordered_at) {
            struct event event = {.kind = EVENT_ATTEMPT_COMMITTED};

            event.of.attempt_id = effect->of.attempt.id;
            world_deliver(world, &event, world->now);
        }
    }
    if (world_point(world))
        return;
}

static void load_campaigns(struct world *world)
{
    for (uint32_t i = 0; i < world->weather.campaigns; ++i) {
        struct world_campaign *campaign = &world->campaigns[i];
        struct event event = {.kind = EVENT_CAMPAIGN_LOADED};

        campaign->gone = false;
        campaign->told = campaign->row;
        event.of.campaign =
            (struct campaign_facts){.id = campaign->id,
                                    .state = campaign->row,
                                    .ledger = {.answered_live = (uint64_t)world->ledgers[i].live,
                                               .abandoned = (uint64_t)world->ledgers[i].abandoned},
                                    .options = campaign->options};
        world_feed(world, &event);
    }
}

static void load_attempts(struct world *world)
{
    for (attempt_id id = 1; id <= world->row_last; ++id) {
        const struct attempt_record *row = &world->rows[id - 1];
        struct event event = {.kind = EVENT_LEAD_CLAIMED};

        if (!row->id || !row->open)
            continue;
        event.of.lead = keeper_facts(world, row->lead);
        world->leads[row->lead - 1].claimed = true;
        offer(world, &world->leads[row->lead - 1]);
        world_feed(world, &event);
        event = (struct event){.kind = EVENT_ATTEMPT_RECOVERED};
        event.of.attempt = *row;
        world->calls[id - 1].open_life = world->life + 1;
        if (row->ordered_at && row->state != ATTEMPT_ENDED)
            promises_doubt(world, &world->calls[id - 1]);
        world_feed(world, &event);
        if (world->up && !dialer_attempt(world->dialer, id, &(struct attempt_record){0}))
            world_break(world, "attempt %llu was stored open and is not in memory after a start",
                        (unsigned long long)id);
    }
}

/* Whatever had not been committed never was. */
static void forget_uncommitted(struct world *world)
{
    for (uint32_t i = 0; i < world->batch_count; ++i) {
        const struct world_batch *batch =
            &world->batches[(world->batch_first + i) % world->batch_room];

        for (uint32_t j = 0; j < batch->count; ++j)
            if (batch->effects[j].kind == EFFECT_PLACE_CALL)
                invariants_not_ordered(world, batch->effects[j].of.place.attempt);
    }
    world->batch_count = 0;
    for (uint32_t i = 0; i < world->weather.leads * WORLD_NUMBERS_MAX; ++i)
        world->numbers[i].do_not_call = world->numbers[i].flags & CONTACT_DO_NOT_CALL;
    for (uint32_t i = 0; i < world->weather.leads; ++i)
        world->persons[i].do_not_call = world->persons[i].flags & CONTACT_DO_NOT_CALL;
}

void keeper_restart(struct world *world)
{
    forget_uncommitted(world);
    world->commit_free_at = world->now;
    for (uint32_t i = 0; i < world->weather.leads; ++i) {
        struct world_lead *lead = &world->leads[i];

        lead->claimed = false;
        lead->row.released = true; /* free again; open attempts claim theirs below */
        lead->told = lead->row;
        promises_restart(world, lead);
        offer(world, lead);
    }
    ledger_restart(world);
    load_campaigns(world);
    for (uint32_t i = 0; i < world->weather.agents; ++i) {
        struct world_agent *agent = &world->agents[i];
        struct event event = {.kind = EVENT_AGENT_LOADED};

        agent->told = agent->row;
        agent->unasked_life = agent->row.leg_serial ? world->life + 1 : 0;
        world->unasked += agent->row.leg_serial != 0;
        event.of.agent.record = agent->row;
        if (reservation_is_live(agent->reservation.status))
            event.of.agent.reservation = agent->reservation;
        turns_reservation(world,
                          &agent->reservation); /* a wrap-up is not longer than a whole one */
        event.of.agent.campaign_count = agent->campaign_count;
        memcpy(event.of.agent.campaigns, agent->campaigns, sizeof(agent->campaigns));
        world_feed(world, &event);
    }
    load_attempts(world);
}
