#include "sim/world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/journal.h"

enum { BLOCK = 256 };

static void *must(void *memory)
{
    check(memory != NULL);
    return memory;
}

static struct happening *take_happening(struct world *world)
{
    struct happening *happening = world->free_happenings;

    if (!happening) {
        struct happening *block = must(calloc(BLOCK, sizeof(*block)));

        world->blocks =
            must(realloc(world->blocks, (world->block_count + 1) * sizeof(*world->blocks)));
        world->blocks[world->block_count++] = block;
        for (int i = 0; i < BLOCK; ++i) {
            block[i].next = world->free_happenings;
            world->free_happenings = &block[i];
        }
        happening = world->free_happenings;
    }
    world->free_happenings = happening->next;
    return happening;
}

struct happening *world_later(struct world *world, enum happening_kind kind, instant at)
{
    struct happening *happening = take_happening(world);

    happening->node.place = 0;
    happening->kind = kind;
    happening->life = world->life;
    happening->about = 0;
    happening->serial = 0;
    happening->detail = 0;
    check(!heap_add(&world->queue, &happening->node, instant_max(at, world->now)));
    return happening;
}

instant world_spell(struct world *world, double mean_s)
{
    return (instant)(rng_exponential(&world->rng, mean_s) * 1e6);
}

instant world_way(struct world *world)
{
    double mean = world->weather.delay_s;

    if (world_chance(world, world->weather.slow))
        mean = mean * 100 > 20 ? 20 : mean * 100;
    return 1 + world_spell(world, mean);
}

bool world_chance(struct world *world, double probability)
{
    return probability > 0 && !world->resting && rng_chance(&world->rng, probability);
}

void world_deliver(struct world *world, const struct event *event, instant at)
{
    struct happening *happening = world_later(world, HAPPENING_DELIVER, at);

    happening->of.event = *event;
    happening->serial = 1; /* an answer to this life of the server, and to no other */
}

void world_post(struct world *world, const struct event *event)
{
    world_later(world, HAPPENING_DELIVER, world->now + world_way(world))->of.event = *event;
}

void world_callback(struct world *world, const struct event *event)
{
    if (world_chance(world, world->weather.callback_lost))
        return;
    world_post(world, event);
    if (world_chance(world, world->weather.callback_doubled))
        world_post(world, event);
}

void world_break(struct world *world, const char *format, ...)
{
    va_list list;

    if (world->broken)
        return;
    world->broken = true;
    va_start(list, format);
    vsnprintf(world->complaint, sizeof(world->complaint), format, list);
    va_end(list);
}

struct world_call *world_call(struct world *world, attempt_id id)
{
    if (id > world->rows_room) {
        uint32_t room = world->rows_room ? world->rows_room * 2 : 1024;

        while (room < id)
            room *= 2;
        world->rows = must(realloc(world->rows, room * sizeof(*world->rows)));
        world->calls = must(realloc(world->calls, room * sizeof(*world->calls)));
        memset(world->rows + world->rows_room, 0, (room - world->rows_room) * sizeof(*world->rows));
        memset(world->calls + world->rows_room, 0,
               (room - world->rows_room) * sizeof(*world->calls));
        for (uint32_t i = world->rows_room; i < room; ++i)
            world->calls[i].room = -1;
        world->rows_room = room;
    }
    return &world->calls[id - 1];
}

static void journal_add(struct world *world, const struct event *event)
{
    if (!world->options.replay)
        return;
    if (world->journal_size + JOURNAL_EVENT_MAX > world->journal_room) {
        world->journal_room = world->journal_room ? world->journal_room * 2 : 1 << 20;
        world->journal = must(realloc(world->journal, world->journal_room));
    }
    world->journal_size += journal_encode(world->now, event, world->journal + world->journal_size);
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
        about = effect->of.attempt_id;
        break;
    case EFFECT_POLL_CALL:
        about = effect->of.poll.attempt;
        break;
    case EFFECT_CLAIM_LEADS:
        about = effect->of.claim.claim;
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

static void refusal_seen(struct world *world, const struct effect *effect)
{
    ++world->statistics.refused;
}

static void act_now(struct world *world, const struct effect *effect)
{
    if (effect->kind == EFFECT_REFUSE) {
        refusal_seen(world, effect);
        return;
    }
    if (effect->kind == EFFECT_SCREEN_POP) {
        people_see(world, effect);
        return;
    }
    if (effect->kind == EFFECT_POLL_CALL)
        ++world->statistics.polls;
    if (effect->kind != EFFECT_ANSWER_CALL && world_chance(world, world->weather.act_lost))
        return;
    world_later(world, HAPPENING_ACT, world->now + world_way(world))->of.effect = *effect;
}

/* The moments at which a crash forgets most: something was just promised, and nothing is written. */
static void tempt_fate(struct world *world, const struct effect *effect)
{
    double share = effect->kind == EFFECT_ANSWER_CALL  ? world->weather.crash_at_answer
                   : effect->kind == EFFECT_PLACE_CALL ? world->weather.crash_at_order
                                                       : 0;

    if (world_chance(world, share))
        world_later(world, HAPPENING_CRASH,
                    world->now + world_spell(world, world->weather.commit_s));
}

static void watch(struct world *world, const struct effect *effect)
{
    tempt_fate(world, effect);
    if (effect->kind == EFFECT_PLACE_CALL)
        invariants_ordered(world, effect);
    if (effect->kind == EFFECT_RECORD_ATTEMPT)
        invariants_attempt(world, &effect->of.attempt);
    if (effect->kind == EFFECT_RECORD_AGENT)
        people_see(world, effect);
    if (effect->kind == EFFECT_RECORD_DO_NOT_CALL && effect->of.contact.number)
        world->numbers[effect->of.contact.number - 1].do_not_call = true;
    if (effect->kind == EFFECT_RECORD_DO_NOT_CALL && effect->of.contact.person)
        world->persons[effect->of.contact.person - 1].do_not_call = true;
}

/* Feeds, drains, and lets the world react as a shell would: records to the store, acts behind them. */
void world_feed(struct world *world, const struct event *event)
{
    static struct effect waiting[4096];
    struct effect effect;
    uint32_t count = 0;

    world->trail[world->trail_count % TRAIL_SIZE] = *event;
    world->trail_at[world->trail_count++ % TRAIL_SIZE] = world->now;
    ++world->statistics.events;
    if (world->options.talk)
        fprintf(world->options.talk, "%lld %s %llu\n", (long long)world->now,
                event_kind_name(event->kind), (unsigned long long)event->of.call.attempt);
    journal_add(world, event);
    dialer_feed(world->dialer, world->now, event);
    while (dialer_drain(world->dialer, &effect)) {
        ++world->statistics.effects;
        world->effects_digest = fold(world->effects_digest, &effect);
        watch(world, &effect);
        if (effect_is_record(effect.kind) || effect_waits_for_commit(effect.kind)) {
            check(count < array_count(waiting));
            waiting[count++] = effect;
        } else {
            act_now(world, &effect);
        }
    }
    if (count)
        keeper_take(world, waiting, count);
    invariants_after(world);
}

static void start_server(struct world *world)
{
    world->limits.attempt_next = world->row_last + 1;
    world->limits.reservation_next = world->reservation_last + 1;
    world->limits.claim_next = (uint64_t)world->life * 1000000 + 1;
    world->dialer = must(dialer_new(&world->limits, world->seed));
    world->up = true;
    world->journal_life = world->journal_size = 0;
    world->effects_digest = 0;
    keeper_restart(world);
    world_feed(world, &(struct event){.kind = EVENT_RECOVERY_ENDED});
}

/* The journal of a life, fed to a new dialer, must come to the same state by the same effects. */
static void replay(struct world *world)
{
    struct dialer *again;
    uint64_t digest = 0;
    size_t at = 0, used;

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
    }
    if (digest != world->effects_digest)
        world_break(world, "the replayed journal yields other effects");
    if (dialer_digest(again) != dialer_digest(world->dialer))
        world_break(world, "the replayed journal comes to another state");
    dialer_free(again);
}

static void crash(struct world *world)
{
    instant down = world_spell(world, 5);

    if (!world->up)
        return;
    replay(world);
    ++world->statistics.crashes;
    dialer_free(world->dialer);
    world->dialer = NULL;
    world->up = false;
    ++world->life;
    world_later(world, HAPPENING_START, world->now + down);
}

static void again_later(struct world *world, enum happening_kind kind, double mean_s)
{
    if (mean_s > 0 && !world->resting)
        world_later(world, kind, world->now + world_spell(world, mean_s));
}

static void leap(struct world *world)
{
    struct event event = {.kind = EVENT_CLOCK_LEAPT};
    instant span = world_spell(world, 120);

    again_later(world, HAPPENING_LEAP, world->weather.leap_every_s);
    if (!world->up || world->resting)
        return;
    /* Everybody else's clocks were right: what is to happen happens as much later by ours. */
    for (size_t i = 0; i < world->queue.count; ++i)
        world->queue.nodes[i]->at += span;
    for (attempt_id id = 1; id <= world->row_last; ++id) {
        struct world_call *call = world_call(world, id);

        call->answered_at += call->answered_at ? span : 0;
        call->told_at += call->told_at ? span : 0;
        call->leapt = true;
    }
    world->commit_free_at += span;
    world->now += span;
    event.of.leap = span;
    world_feed(world, &event);
}

static void do_not_call(struct world *world)
{
    struct event event = {.kind = EVENT_DO_NOT_CALL_ADDED};
    uint32_t lead = (uint32_t)rng_below(&world->rng, world->weather.leads);

    again_later(world, HAPPENING_DO_NOT_CALL, world->weather.do_not_call_every_s);
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
    world_feed(world, &event);
}

static void command(struct world *world)
{
    campaign_id campaign = 1 + rng_below(&world->rng, world->weather.campaigns);

    again_later(world, HAPPENING_COMMAND, world->weather.command_every_s);
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

static void start(struct world *world)
{
    if (!world->up)
        start_server(world);
    again_later(world, HAPPENING_CRASH, world->weather.crash_every_s);
}

static void happen(struct world *world, struct happening *happening)
{
    switch (happening->kind) {
    case HAPPENING_DELIVER:
        if (world->up && (!happening->serial || happening->life == world->life))
            world_feed(world, &happening->of.event);
        break;
    case HAPPENING_COMMIT:
        if (happening->life == world->life)
            keeper_commit(world);
        break;
    case HAPPENING_ORDER:
        phone_network_order(world, &happening->of.effect);
        break;
    case HAPPENING_ACT:
        phone_network_act(world, &happening->of.effect);
        break;
    case HAPPENING_CALL:
        phone_network_step(world, happening->about, happening->serial, happening->detail);
        break;
    case HAPPENING_LEG:
        phone_network_leg(world, (uint32_t)happening->about, happening->serial,
                          happening->detail != 0);
        break;
    case HAPPENING_LEG_LOST:
        phone_network_leg_lost(world, (uint32_t)happening->about);
        break;
    case HAPPENING_DESK:
        people_do(world, (uint32_t)happening->about, happening->serial, happening->detail);
        break;
    case HAPPENING_CRASH:
        if (!world->resting && happening->life == world->life)
            crash(world);
        break;
    case HAPPENING_START:
        start(world);
        break;
    case HAPPENING_ENGINE_RESTART:
        if (!world->resting)
            phone_network_restart(world);
        again_later(world, HAPPENING_ENGINE_RESTART, world->weather.engine_restart_every_s);
        break;
    case HAPPENING_LEAP:
        leap(world);
        break;
    case HAPPENING_DO_NOT_CALL:
        do_not_call(world);
        break;
    case HAPPENING_COMMAND:
        command(world);
        break;
    case HAPPENING_REST:
        break;
    }
}

static void step(struct world *world)
{
    instant next = heap_deadline(&world->queue);
    instant deadline = world->up ? dialer_deadline(world->dialer) : INSTANT_NEVER;
    struct happening *happening;

    if (deadline <= next && deadline != INSTANT_NEVER) {
        world->now = instant_max(world->now, deadline);
        world_feed(world, &(struct event){.kind = EVENT_TIME_PASSED});
        return;
    }
    if (next == INSTANT_NEVER) { /* cannot be: the weather always plans something */
        world_break(world, "nothing will ever happen again");
        return;
    }
    happening = container_of(heap_first(&world->queue), struct happening, node);
    heap_remove(&world->queue, &happening->node);
    world->now = instant_max(world->now, next);
    happen(world, happening);
    happening->next = world->free_happenings;
    world->free_happenings = happening;
}

/* No more trouble: campaigns stop, and everything that is open must come to its end. */
static void rest(struct world *world)
{
    instant until;

    world->resting = true;
    while (!world->up && !world->broken)
        step(world);
    for (uint32_t i = 0; i < world->weather.campaigns && !world->broken; ++i) {
        struct event event = {.kind = EVENT_CAMPAIGN_COMMANDED};

        event.of.command.campaign = i + 1;
        event.of.command.command = COMMAND_STOP;
        world_feed(world, &event);
    }
    for (uint32_t i = 0; i < world->weather.agents && !world->broken; ++i) {
        struct event event = {.kind = EVENT_AGENT_ACTIVITY};

        event.of.activity.agent = i + 1;
        event.of.activity.activity = AGENT_OFFLINE;
        world_feed(world, &event);
    }
    until = world->now + HOUR;
    world_later(world, HAPPENING_REST, until);
    while (world->now < until && !world->broken)
        step(world);
    replay(world);
    invariants_at_rest(world);
}

void world_run(struct world *world)
{
    start(world);
    people_start(world);
    again_later(world, HAPPENING_ENGINE_RESTART, world->weather.engine_restart_every_s);
    again_later(world, HAPPENING_LEAP, world->weather.leap_every_s);
    again_later(world, HAPPENING_DO_NOT_CALL, world->weather.do_not_call_every_s);
    again_later(world, HAPPENING_COMMAND, world->weather.command_every_s);
    while (world->statistics.events < world->options.events && !world->broken)
        step(world);
    if (!world->broken)
        rest(world);
}

struct world *world_new(uint64_t seed, const struct world_options *options)
{
    struct world *world = must(calloc(1, sizeof(*world)));

    world->seed = seed;
    world->options = *options;
    world->weather = weather_of(seed);
    world->rng = rng_from_seed(seed ^ UINT64_C(0x5EED));
    world->now = world->weather.starts_at;
    world->limits = dialer_limits_default();
    world->limits.campaigns_max = WEATHER_CAMPAIGNS_MAX;
    world->limits.agents_max = world->weather.agents;
    world->limits.attempts_max =
        2 + world->weather.agents * (1 + (uint32_t)rng_below(&world->rng, 3));
    world->limits.leads_max = 10 + (uint32_t)rng_below(&world->rng, 300);
    world->limits.numbers_max = world->limits.leads_max * (2 + (uint32_t)rng_below(&world->rng, 4));
    world->limits.calls_max = 1 + (uint32_t)rng_below(&world->rng, 80);
    world->limits.calls_per_second =
        rng_chance(&world->rng, 0.3) ? 1 + (uint32_t)rng_below(&world->rng, 20) : 0;
    world->limits.talk_check = (instant)(20 + rng_below(&world->rng, 600)) * SECOND;
    invariants_zones(&world->limits);
    heap_init(&world->queue);
    keeper_init(world);
    return world;
}

static void free_ids(struct world_ids *ids)
{
    free(ids->at);
}

void world_free(struct world *world)
{
    dialer_free(world->dialer);
    heap_release(&world->queue);
    for (uint32_t i = 0; i < world->block_count; ++i)
        free(world->blocks[i]);
    free(world->blocks);
    for (uint32_t i = 0; i < WEATHER_CAMPAIGNS_MAX; ++i)
        heap_release(&world->campaigns[i].claimable);
    for (uint32_t i = 0; i < world->weather.leads * WORLD_NUMBERS_MAX; ++i) {
        free_ids(&world->numbers[i].attempts);
        free_ids(&world->numbers[i].rung);
    }
    for (uint32_t i = 0; i < world->weather.leads; ++i) {
        free_ids(&world->persons[i].attempts);
        free_ids(&world->persons[i].rung);
    }
    for (uint32_t i = 0; i < world->batch_room; ++i)
        free(world->batches[i].effects);
    free(world->batches);
    free(world->leads);
    free(world->numbers);
    free(world->persons);
    free(world->agents);
    free(world->rows);
    free(world->calls);
    free(world->journal);
    free(world);
}

void world_tell_trail(const struct world *world, FILE *out)
{
    uint64_t first = world->trail_count > TRAIL_SIZE ? world->trail_count - TRAIL_SIZE : 0;

    for (uint64_t i = first; i < world->trail_count; ++i) {
        const struct event *event = &world->trail[i % TRAIL_SIZE];
        char at[INSTANT_TEXT_SIZE];

        instant_to_iso(world->trail_at[i % TRAIL_SIZE], 1, at);
        fprintf(out, "  %s %-20s about=%llu", at, event_kind_name(event->kind),
                (unsigned long long)event->of.call.attempt);
        if (event->kind >= EVENT_CALL_PLACED && event->kind <= EVENT_CALL_MACHINE)
            fprintf(out, " status=%s agent=%llu poll=%u", call_status_name(event->of.call.status),
                    (unsigned long long)event->of.call.agent, event->of.call.poll);
        if (event->kind == EVENT_AGENT_LEG_CONNECTED || event->kind == EVENT_AGENT_LEG_LOST)
            fprintf(out, " serial=%u", event->of.leg.serial);
        fputc('\n', out);
    }
}
