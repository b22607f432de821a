#include "sim/world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

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

/* Late: behind others that were sent after it. */
static void post_late(struct world *world, const struct event *event)
{
    instant at = world->now + world_way(world);

    if (world_chance(world, world->weather.callback_late))
        at += world_spell(world, 5);
    world_later(world, HAPPENING_DELIVER, at)->of.event = *event;
}

void world_callback(struct world *world, const struct event *event)
{
    if (world_chance(world, world->weather.callback_lost) ||
        (world->now < world->engine_silent_until && rng_chance(&world->rng, 0.8)))
        return;
    post_late(world, event);
    if (world_chance(world, world->weather.callback_doubled))
        post_late(world, event);
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

static void watch_attempt(struct world *world, const struct attempt_record *record)
{
    if (!world_call(world, record->id)->account.id && record->state == ATTEMPT_PLANNED)
        hopper_planned(world, record);
    outcomes_attempt(world, record);
    promises_attempt(world, record);
    turns_attempt(world, record);
    invariants_attempt(world, record);
    ledger_told(world, record);
    if (!record->open)
        world_call(world, record->id)->closed_in = world->statistics.events;
    if (record->open)
        world_call(world, record->id)->open_life = world->life + 1;
}

static void watch_asking(struct world *world, const struct effect *effect)
{
    if (effect->kind == EFFECT_POLL_CALL)
        promises_asked(world, world_call(world, effect->of.poll.attempt));
    if (effect->kind == EFFECT_POLL_AGENT_LEG || effect->kind == EFFECT_DIAL_AGENT_LEG ||
        effect->kind == EFFECT_HANG_UP_AGENT_LEG)
        promises_asked_leg(world, effect->of.leg.agent);
    if (effect->kind == EFFECT_SCREEN_POP && effect->of.pop.kind == POP_PREVIEW)
        world->agents[effect->of.pop.agent - 1].preview = effect->of.pop.lead;
    if (effect->kind == EFFECT_RECORD_RESERVATION)
        turns_reservation(world, &effect->of.reservation);
}

static void watch(struct world *world, const struct effect *effect)
{
    watch_asking(world, effect);
    holds_watch(world, effect);
    third_watch(world, effect);
    tempt_fate(world, effect);
    if (effect->kind == EFFECT_PLACE_CALL)
        invariants_ordered(world, effect);
    if (world->held_life == world->life + 1 &&
        (effect->kind == EFFECT_PLACE_CALL || effect->kind == EFFECT_CLAIM_LEADS ||
         (effect->kind == EFFECT_SCREEN_POP && effect->of.pop.kind == POP_PREVIEW)))
        world_break(world, "dialling is held, and there is %s", effect_kind_name(effect->kind));
    if (effect->kind == EFFECT_RECORD_ATTEMPT)
        watch_attempt(world, &effect->of.attempt);
    if (effect->kind == EFFECT_RECORD_LEAD) {
        outcomes_lead(world, &world->leads[effect->of.lead.id - 1]);
        promises_lead(world, &effect->of.lead);
        refusals_lead(world, &effect->of.lead);
        world->leads[effect->of.lead.id - 1].told = effect->of.lead;
    }
    if (effect->kind == EFFECT_CLAIM_LEADS)
        hopper_claims(world, effect);
    if (effect->kind == EFFECT_RECORD_CAMPAIGN)
        world->campaigns[effect->of.campaign.id - 1].told = effect->of.campaign.state;
    if (effect->kind == EFFECT_RECORD_AGENT) {
        turns_agent(world, &effect->of.agent);
        world->agents[effect->of.agent.id - 1].told = effect->of.agent;
        people_see(world, effect);
    }
    if (effect->kind == EFFECT_RECORD_DO_NOT_CALL && effect->of.contact.number)
        world->numbers[effect->of.contact.number - 1].do_not_call = true;
    if (effect->kind == EFFECT_RECORD_DO_NOT_CALL && effect->of.contact.person)
        world->persons[effect->of.contact.person - 1].do_not_call = true;
}

static void crash(struct world *world);

/* Dies at a crash point: what is still to be drained was decided, and is seen by nobody. */
static void die(struct world *world)
{
    bool server = world->options.crash_kind != CRASH_ENGINE;

    world->struck = true;
    world->recovering = world->options.crash_kind == CRASH_SERVER;
    world->struck_at = world->started_at = world->now;
    world->struck_events = world->statistics.events;
    if (world->options.crash_kind != CRASH_SERVER) {
        struct happening *happening = world_later(world, HAPPENING_ENGINE_RESTART, world->now);

        happening->detail = 1;
    }
    if (server) {
        struct effect effect;

        while (dialer_drain(world->dialer, &effect))
            relive_effect(world, &effect);
        crash(world);
    }
}

bool world_point(struct world *world)
{
    if (world->resting || ++world->points != world->options.crash_at)
        return false;
    die(world);
    return !world->up;
}

/* What nothing hangs on any more is forgotten, when its last acts have been done. */
static void forget_closed(struct world *world, const struct effect *effects, uint32_t count)
{
    for (uint32_t i = 0; i < count; ++i)
        if (effects[i].kind == EFFECT_RECORD_ATTEMPT && !effects[i].of.attempt.open)
            world_call(world, effects[i].of.attempt.id)->open_life = 0;
}

static void look_back(struct world *world, const struct effect *effects, uint32_t count)
{
    uint32_t seen = 0;

    for (uint32_t i = 0; i < count; ++i)
        if (effects[i].kind == EFFECT_RECORD_ATTEMPT)
            seen |= 1u << effects[i].of.attempt.campaign;
    for (uint32_t i = 1; seen >> i; ++i)
        if (seen & (1u << i))
            ledger_check(world, i);
    invariants_after(world);
}

static void tell_effect(const struct world *world, const struct effect *effect)
{
    fprintf(world->options.talk, "    %s %llu", effect_kind_name(effect->kind),
            (unsigned long long)effect->of.attempt_id);
    if (effect->kind == EFFECT_RECORD_ATTEMPT)
        fprintf(world->options.talk, " %s, told %s, %s, agent %llu",
                attempt_state_name(effect->of.attempt.state),
                answer_action_name(effect->of.attempt.action),
                attempt_result_name(effect->of.attempt.result),
                (unsigned long long)effect->of.attempt.agent);
    if (effect->kind == EFFECT_DIAL_AGENT_LEG || effect->kind == EFFECT_HANG_UP_AGENT_LEG ||
        effect->kind == EFFECT_POLL_AGENT_LEG)
        fprintf(world->options.talk, ", line %u", effect->of.leg.serial);
    fputc('\n', world->options.talk);
}

/* Lets the world react as a shell would: records to the store, acts behind them. */
static void drain(struct world *world)
{
    static struct effect waiting[4096];
    struct effect effect;
    uint32_t count = 0;

    while (dialer_drain(world->dialer, &effect)) {
        bool waits = effect_is_record(effect.kind) || effect_waits_for_commit(effect.kind);

        ++world->statistics.effects;
        relive_effect(world, &effect);
        watch(world, &effect);
        if (world->options.talk)
            tell_effect(world, &effect);
        if (waits) {
            check(count < array_count(waiting));
            waiting[count++] = effect;
            continue;
        }
        if (world_point(world))
            break;
        shell_act(world, &effect);
        if (world_point(world))
            break;
    }
    forget_closed(world, waiting, count);
    if (count)
        keeper_take(world, waiting, count);
    if (!world->up || (count && world_point(world)))
        return;
    look_back(world, waiting, count);
}

static void tell_event(const struct world *world, const struct event *event)
{
    fprintf(world->options.talk, "%lld %s %llu", (long long)world->now,
            event_kind_name(event->kind), (unsigned long long)event->of.call.attempt);
    if (event->kind == EVENT_AGENT_LEG_CONNECTED || event->kind == EVENT_AGENT_LEG_LOST)
        fprintf(world->options.talk, " line %u%s", event->of.leg.serial,
                event->of.leg.looked ? ", looked" : "");
    fputc('\n', world->options.talk);
}

void world_feed(struct world *world, const struct event *event)
{
    if (!world->up) /* it died a moment ago */
        return;
    world->trail[world->trail_count % TRAIL_SIZE] = *event;
    world->trail_at[world->trail_count++ % TRAIL_SIZE] = world->now;
    ++world->statistics.events;
    if (world->options.talk)
        tell_event(world, event);
    world->closed_count = 0;
    world->taken = 0;
    outcomes_hear(world, event);
    relive_event(world, event);
    dialer_feed(world->dialer, world->now, event);
    drain(world);
    relive_mark(world);
}

/* What a dead server has sent lies in the engine's sockets before its successor says a word. */
static void last_words_arrive(struct world *world)
{
    static struct happening *sent[256];
    size_t count = 0;

    for (size_t i = 0; i < world->queue.count && count < array_count(sent); ++i) {
        struct happening *happening = container_of(world->queue.nodes[i], struct happening, node);

        if (happening->kind == HAPPENING_ACT && happening->node.at > world->now)
            sent[count++] = happening;
    }
    while (count)
        check(!heap_add(&world->queue, &sent[--count]->node, world->now));
}

static void start_server(struct world *world)
{
    last_words_arrive(world);
    if (world->behind)
        fortune_step_back(world);
    world->limits.attempt_next = world->row_last + 1;
    world->limits.reservation_next = world->reservation_last + 1;
    world->limits.claim_next = (uint64_t)world->life * 1000000 + 1;
    world->dialer = must(dialer_new(&world->limits, world->seed));
    world->up = true;
    world->started_at = world->now;
    world->stray = 0;
    world->journal_life = world->journal_size = world->mark_count = 0;
    world->effects_digest = 0;
    world->starting = true;
    relive_begin(world);
    promises_start(world);
    keeper_restart(world);
    world->starting = false;
    if (world->up)
        world_feed(world, &(struct event){.kind = EVENT_RECOVERY_ENDED});
    if (world->up)
        invariants_restarted(world);
    world_later(world, HAPPENING_WATCH, world->now + SECOND);
}

static void crash(struct world *world)
{
    instant down = world->options.sweep ? 2 * SECOND : world_spell(world, 5);

    if (!world->up)
        return;
    relive_life(world);
    ++world->statistics.crashes;
    dialer_free(world->dialer);
    world->dialer = NULL;
    world->up = false;
    ++world->life;
    world_later(world, HAPPENING_START, world->now + down);
}

void world_again(struct world *world, enum happening_kind kind, double mean_s)
{
    if (mean_s > 0 && !world->resting)
        world_later(world, kind, world->now + world_spell(world, mean_s));
}

static void start(struct world *world)
{
    if (!world->up)
        start_server(world);
    world_again(world, HAPPENING_CRASH, world->weather.crash_every_s);
}

/* An engine that hangs does what it is to do when it hangs no more. */
static bool is_frozen(struct world *world, struct happening *happening)
{
    return world->engine_frozen && world->now < world->engine_silent_until &&
           (happening->kind == HAPPENING_ORDER || happening->kind == HAPPENING_ACT ||
            happening->kind == HAPPENING_CALL || happening->kind == HAPPENING_PARTY ||
            happening->kind == HAPPENING_LEG || happening->kind == HAPPENING_QUESTION);
}

static void happen_to_engine(struct world *world, struct happening *happening)
{
    switch ((int)happening->kind) {
    case HAPPENING_ORDER:
        phone_network_order(world, &happening->of.effect, happening->serial,
                            happening->life == world->life, happening->detail != 0);
        break;
    case HAPPENING_ACT:
        phone_network_act(world, &happening->of.effect);
        break;
    case HAPPENING_CALL:
        phone_network_step(world, happening->about, happening->serial, happening->detail);
        break;
    case HAPPENING_LEG:
        phone_network_leg(world, (uint32_t)happening->about, happening->serial, happening->detail);
        break;
    case HAPPENING_LEG_LOST:
        phone_network_leg_lost(world, (uint32_t)happening->about, happening->serial);
        break;
    case HAPPENING_PARTY:
        third_step(world, happening->about, happening->serial, happening->detail);
        break;
    case HAPPENING_QUESTION:
        phone_network_ask(world, happening->about, happening->serial);
        break;
    case HAPPENING_ENGINE_RESTART:
        world->recovering |= happening->detail != 0;
        if (!world->resting || happening->detail)
            phone_network_restart(world);
        if (!happening->detail)
            world_again(world, HAPPENING_ENGINE_RESTART, world->weather.engine_restart_every_s);
        break;
    default:
        check(false);
    }
}

static void deliver(struct world *world, const struct happening *happening)
{
    if (!world->up || (happening->serial && happening->life != world->life))
        return;
    shell_hear(world, &happening->of.event);
    world_feed(world, &happening->of.event);
}

static void happen(struct world *world, struct happening *happening)
{
    switch (happening->kind) {
    case HAPPENING_DELIVER:
        deliver(world, happening);
        break;
    case HAPPENING_COMMIT:
        if (happening->life == world->life)
            keeper_commit(world);
        break;
    case HAPPENING_ORDER:
    case HAPPENING_ACT:
    case HAPPENING_CALL:
    case HAPPENING_LEG:
    case HAPPENING_LEG_LOST:
    case HAPPENING_PARTY:
    case HAPPENING_QUESTION:
    case HAPPENING_ENGINE_RESTART:
        happen_to_engine(world, happening);
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
    case HAPPENING_LEAP:
        fortune_leap(world);
        break;
    case HAPPENING_STEP_BACK:
        world_again(world, HAPPENING_STEP_BACK, world->weather.step_back_every_s);
        fortune_wall_clock(world);
        break;
    case HAPPENING_STORE_GONE:
    case HAPPENING_ENGINE_SILENT:
    case HAPPENING_TRUNK_GONE:
        fortune_outage(world, happening->kind);
        break;
    case HAPPENING_WATCH:
        fortune_watch(world);
        break;
    case HAPPENING_DO_NOT_CALL:
        fortune_do_not_call(world);
        break;
    case HAPPENING_COMMAND:
        fortune_command(world);
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
    if (is_frozen(world, happening)) {
        if (happening->kind == HAPPENING_ORDER && !happening->detail) {
            happening->detail = 1;
            phone_network_stuck(world, &happening->of.effect);
        }
        check(!heap_add(&world->queue, &happening->node, world->engine_silent_until));
        return;
    }
    happen(world, happening);
    happening->next = world->free_happenings;
    world->free_happenings = happening;
}

/* No more trouble: campaigns stop, and everything that is open must come to its end. */
static void rest(struct world *world)
{
    instant until;

    world->resting = true;
    world->store_gone_until = world->engine_silent_until = world->trunk_gone_until = world->now;
    world_later(world, HAPPENING_WATCH, world->now + SECOND);
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
    relive_life(world);
    invariants_at_rest(world);
}

enum { AFTER_EVENTS = 100 };

void world_run(struct world *world)
{
    start(world);
    people_start(world);
    world_again(world, HAPPENING_ENGINE_RESTART, world->weather.engine_restart_every_s);
    world_again(world, HAPPENING_LEAP, world->weather.leap_every_s);
    world_again(world, HAPPENING_STEP_BACK, world->weather.step_back_every_s);
    world_again(world, HAPPENING_STORE_GONE, world->weather.store_gone_every_s);
    world_again(world, HAPPENING_ENGINE_SILENT, world->weather.engine_silent_every_s);
    world_again(world, HAPPENING_TRUNK_GONE, world->weather.trunk_gone_every_s);
    world_again(world, HAPPENING_DO_NOT_CALL, world->weather.do_not_call_every_s);
    world_again(world, HAPPENING_COMMAND, world->weather.command_every_s);
    while ((world->statistics.events < world->options.events ||
            (world->struck && world->statistics.events < world->struck_events + AFTER_EVENTS)) &&
           !world->broken)
        step(world);
    if (!world->broken)
        rest(world);
}

/* Some time before clocks are put forward or back somewhere. */
static instant before_a_change(struct world *world)
{
    const struct zone *zone = &world->limits.zones[1 + rng_below(&world->rng, 3)];
    instant change = zone->transitions[rng_below(&world->rng, zone->transition_count)];

    return change - (instant)rng_below(&world->rng, 2 * HOUR);
}

struct world *world_new(uint64_t seed, const struct world_options *options)
{
    struct world *world = must(calloc(1, sizeof(*world)));

    world->seed = seed;
    world->options = *options;
    world->weather = weather_of(seed);
    if (options->sweep)
        weather_keep_alive(&world->weather);
    if (options->calm)
        weather_calm(&world->weather);
    world->rng = rng_from_seed(seed ^ UINT64_C(0x5EED));
    world->recovered_us = world->served_us = -1;
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
    if (!options->sweep)
        world->limits.talk_check = (instant)(20 + rng_below(&world->rng, 600)) * SECOND;
    invariants_zones(&world->limits);
    invariants_edges(world);
    world->now = world->weather.night ? before_a_change(world) : world->weather.starts_at;
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
    free(world->marks);
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
