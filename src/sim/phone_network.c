#include "sim/world.h"

/*
 * The voice engine with a telephone network behind it, as the dialer's shell sees it: it takes orders,
 * rings people, asks what to do with those who answer, does what it is told, and tells what happened,
 * not always once and not always in order.
 */
enum own_step {
    STEP_INITIATED,
    STEP_RINGING,
    STEP_ANSWER,
    STEP_BUSY,
    STEP_NO_ANSWER,
    STEP_INVALID,
    STEP_FAIL,
    STEP_LEAVE,       /* the person hangs up, or a message has ended */
    STEP_GAVE_UP,     /* nobody said what to do in time: there is an error, the engine says */
    STEP_NOT_CARRIED, /* our own trunk does not answer: nobody's telephone rang */
    STEP_WAIT_OVER,   /* the document that was to wait ends in the message */
    STEP_MACHINE,
};

static void plan(struct world *world, attempt_id id, enum own_step what, instant span)
{
    struct happening *happening = world_later(world, HAPPENING_CALL, world->now + span);

    happening->about = id;
    happening->serial = ++world_call(world, id)->step;
    happening->detail = what;
}

static void tell(struct world *world, attempt_id id, enum event_kind kind, enum call_status status,
                 agent_id agent)
{
    const struct world_call *call = world_call(world, id);
    struct event event = {.kind = kind};

    event.of.call = (struct event_call){.attempt = id,
                                        .status = status,
                                        .sip_code = call->sip_code,
                                        .hello_us = -1,
                                        .agent = agent};
    if (kind == EVENT_CALL_STATUS && call_status_is_final(status) && call->heard)
        event.of.call.hello_us = 100 + (int64_t)rng_below(&world->rng, 5000);
    world_callback(world, &event);
}

static void check_room(struct world *world, const struct world_agent *agent)
{
    uint32_t owned = 0;

    if (agent->guests < 2)
        return;
    for (attempt_id id = 1; id <= world->row_last; ++id) {
        const struct world_call *call = world_call(world, id);

        owned += call->made && !call->gone && call->room >= 0 && !call->disowned &&
                 &world->agents[call->room] == agent;
    }
    if (owned > 1)
        world_break(world, "agent %llu is in two conversations", (unsigned long long)agent->row.id);
}

static void leave_room(struct world *world, attempt_id id)
{
    struct world_call *call = world_call(world, id);
    struct world_agent *agent;

    if (call->room < 0)
        return;
    agent = &world->agents[call->room];
    --agent->guests;
    call->room = -1;
    call->held = false;
    tell(world, id, EVENT_CALL_LEFT, CALL_IN_PROGRESS, agent->row.id);
}

static void converse(struct world *world, attempt_id id)
{
    struct world_call *call = world_call(world, id);

    call->heard = true;
    if (call->machine && rng_chance(&world->rng, 0.7))
        plan(world, id, STEP_MACHINE, 3 * SECOND);
    else
        plan(world, id, STEP_LEAVE, world_spell(world, world->weather.talk_s));
}

static void enter_room(struct world *world, attempt_id id, uint32_t place)
{
    struct world_call *call = world_call(world, id);
    struct world_agent *agent = &world->agents[place];

    if (call->room == (int)place)
        return;
    leave_room(world, id);
    call->room = (int)place;
    call->entered = true;
    ++agent->guests;
    ++world->statistics.bridged;
    check_room(world, agent);
    tell(world, id, EVENT_CALL_JOINED, CALL_IN_PROGRESS, agent->row.id);
    if (agent->leg)
        converse(world, id);
    else
        plan(world, id, STEP_LEAVE, 20 * SECOND);
}

static void not_carried(struct world *world, attempt_id id)
{
    struct world_call *call = world_call(world, id);

    call->status = CALL_FAILED;
    call->sip_code = 503;
    ++call->step;
    invariants_not_ordered(world, id);
    tell(world, id, EVENT_CALL_NOT_CARRIED, CALL_FAILED, 0);
}

static void end_call(struct world *world, attempt_id id, enum call_status status, uint16_t sip_code)
{
    struct world_call *call = world_call(world, id);

    if (call_status_is_final(call->status))
        return;
    leave_room(world, id);
    call->status = status;
    call->sip_code = sip_code;
    ++call->step;
    tell(world, id, EVENT_CALL_STATUS, status, 0);
    if (call->own_room && call->third.place == THIRD_OWN_ROOM)
        third_ends(world, id);
}

void phone_network_leaves(struct world *world, attempt_id id)
{
    if (!world_call(world, id)->gone)
        end_call(world, id, CALL_COMPLETED, 200);
}

static void fate(struct world *world, attempt_id id)
{
    const struct weather *weather = &world->weather;
    double dice = rng_unit(&world->rng);
    instant ring = world->limits.order_max; /* far: only the time-out of the order ends it */
    const struct world_call *call = world_call(world, id);
    const struct campaign_options *options =
        &world->campaigns[world->leads[call->lead - 1].row.campaign - 1].options;

    ring = options->ring_timeout;
    if (world->now < world->trunk_gone_until) {
        plan(world, id, rng_chance(&world->rng, 0.8) ? STEP_NOT_CARRIED : STEP_FAIL,
             world_spell(world, 8));
    } else if ((dice -= weather->busy) < 0) {
        plan(world, id, STEP_BUSY, world_spell(world, 1));
    } else if ((dice -= weather->invalid) < 0) {
        plan(world, id, STEP_INVALID, world_spell(world, 1));
    } else if ((dice -= weather->fails) < 0) {
        plan(world, id, STEP_FAIL, world_spell(world, 1));
    } else if ((dice -= weather->answers) < 0) {
        instant span = world_spell(world, weather->answer_s);

        plan(world, id, span < ring ? STEP_ANSWER : STEP_NO_ANSWER, instant_min(span, ring));
    } else {
        plan(world, id, STEP_NO_ANSWER, ring);
    }
}

enum { ASKS_MAX = 5 };

static void ask_later(struct world *world, attempt_id id, uint32_t tries, instant span)
{
    struct happening *happening = world_later(world, HAPPENING_QUESTION, world->now + span);

    happening->about = id;
    happening->serial = tries;
}

static void say_goodbye(struct world *world, attempt_id id)
{
    world_call(world, id)->goodbye = true;
    plan(world, id, STEP_LEAVE, 8 * SECOND);
}

static void answered(struct world *world, attempt_id id)
{
    struct world_call *call = world_call(world, id);

    ++world->statistics.answered;
    call->status = CALL_IN_PROGRESS;
    call->answered_at = world->now;
    call->told = ANSWER_NONE;
    call->told_at = world->now;
    call->machine = rng_chance(&world->rng, world->weather.machines);
    tell(world, id, EVENT_CALL_STATUS, CALL_IN_PROGRESS, 0);
    if (!world_chance(world, world->weather.question_lost))
        ask_later(world, id, 0, world_way(world));
    if (world_chance(world, world->weather.callback_doubled))
        ask_later(world, id, ASKS_MAX, world_way(world));
    if (rng_chance(&world->rng, world->weather.quick_hang_up))
        plan(world, id, STEP_LEAVE, world_spell(world, 0.5));
    else
        plan(world, id, STEP_GAVE_UP, 15 * SECOND);
}

/* The question is asked again while nobody takes it, or its taker dies over it. */
void phone_network_ask(struct world *world, attempt_id id, uint32_t tries)
{
    struct world_call *call = world_call(world, id);
    struct event event = {.kind = EVENT_CALL_ANSWERED, .request = id};

    if (call->gone || call->status != CALL_IN_PROGRESS || call->told != ANSWER_NONE)
        return;
    event.of.call = (struct event_call){.attempt = id, .status = CALL_IN_PROGRESS, .hello_us = -1};
    if (world->up && world->now >= world->engine_silent_until) {
        uint32_t life = world->life;

        shell_hear(world, &event);
        world_feed(world, &event);
        if (call->answered_life == life + 1)
            return;
    }
    if (tries < ASKS_MAX)
        ask_later(world, id, tries + 1, (100 * MILLISECOND) << tries);
    else if (tries == ASKS_MAX)
        plan(world, id, STEP_GAVE_UP, 1);
}

void phone_network_step(struct world *world, attempt_id id, uint32_t step, int64_t what)
{
    struct world_call *call = world_call(world, id);

    if (step != call->step || call->gone || call_status_is_final(call->status))
        return;
    switch ((enum own_step)what) {
    case STEP_INITIATED:
        call->status = CALL_INITIATED;
        tell(world, id, EVENT_CALL_STATUS, CALL_INITIATED, 0);
        plan(world, id, STEP_RINGING, world_spell(world, 1));
        break;
    case STEP_RINGING:
        call->status = CALL_RINGING;
        tell(world, id, EVENT_CALL_STATUS, CALL_RINGING, 0);
        fate(world, id);
        break;
    case STEP_ANSWER:
        answered(world, id);
        break;
    case STEP_BUSY:
        end_call(world, id, CALL_BUSY, 486);
        break;
    case STEP_NO_ANSWER:
        end_call(world, id, CALL_NO_ANSWER, 487);
        break;
    case STEP_NOT_CARRIED:
        not_carried(world, id);
        break;
    case STEP_INVALID:
        end_call(world, id, CALL_FAILED, 404);
        break;
    case STEP_FAIL:
        end_call(world, id, CALL_FAILED, 503);
        break;
    case STEP_LEAVE:
        end_call(world, id, CALL_COMPLETED, 200);
        break;
    case STEP_GAVE_UP:
        ++world->statistics.apologies;
        say_goodbye(world, id);
        break;
    case STEP_WAIT_OVER:
        say_goodbye(world, id);
        break;
    case STEP_MACHINE:
        tell(world, id, EVENT_CALL_MACHINE, CALL_IN_PROGRESS, 0);
        plan(world, id, STEP_LEAVE, 30 * SECOND);
        break;
    }
}

/* How long the server waits for the answer to an order. */
#define ORDER_WAIT_MAX (30 * SECOND)

static void reply(struct world *world, enum event_kind kind, attempt_id id, instant span)
{
    struct event event = {.kind = kind};

    event.of.call = (struct event_call){.attempt = id, .hello_us = -1, .sip_code = 500};
    world_deliver(world, &event, world->now + span + world_way(world));
}

/* It stays where it is, and its sender waits no longer than it does. */
void phone_network_stuck(struct world *world, const struct effect *effect)
{
    reply(world, EVENT_CALL_PLACE_UNKNOWN, effect->of.place.attempt, ORDER_WAIT_MAX);
}

/* Cannot be reached: the server tries again for a while. */
static void order_again(struct world *world, const struct effect *effect, uint32_t tries, bool ours)
{
    const struct world_call *call = world_call(world, effect->of.place.attempt);
    struct happening *happening;

    if (!ours) /* its sender died with it */
        return;
    if (tries >= 50 || call->open_life != world->life + 1 || call->end_life == world->life + 1) {
        invariants_not_ordered(world, effect->of.place.attempt);
        reply(world, EVENT_CALL_PLACE_FAILED, effect->of.place.attempt, 0);
        return;
    }
    happening = world_later(world, HAPPENING_ORDER, world->now + SECOND / 2);
    happening->of.effect = *effect;
    happening->serial = tries + 1;
}

static void check_nobody_rung_twice(struct world *world, lead_id lead)
{
    const struct world_person *person = &world->persons[world->leads[lead - 1].row.person - 1];
    uint32_t live = 0;

    for (uint32_t i = person->attempts.count; i-- && i + 64 > person->attempts.count;) {
        const struct world_call *call = world_call(world, person->attempts.at[i]);

        live += call->made && !call->gone && !call->disowned && !call_status_is_final(call->status);
    }
    if (live > 1)
        world_break(world, "person %llu is in two calls",
                    (unsigned long long)world->leads[lead - 1].row.person);
}

void phone_network_order(struct world *world, const struct effect *effect, uint32_t tries,
                         bool ours, bool late)
{
    attempt_id id = effect->of.place.attempt;
    struct world_call *call = world_call(world, id);

    if (world->now < world->engine_silent_until) {
        order_again(world, effect, tries, ours);
        return;
    }

    if (call->made) {
        world_break(world, "attempt %llu was placed twice", (unsigned long long)id);
        return;
    }
    call->end_life = call->end_life == world->life + 1 ? call->end_life : 0;
    if (world_chance(world, world->weather.order_refused)) {
        invariants_not_ordered(world, effect->of.place.attempt);
        reply(world, EVENT_CALL_PLACE_FAILED, id, 0);
        return;
    }
    if (world_chance(world, world->weather.order_lost)) {
        reply(world, EVENT_CALL_PLACE_UNKNOWN, id, ORDER_WAIT_MAX);
        return;
    }
    ++world->statistics.calls;
    call->made = true;
    promises_made(world, id);
    if (call->ended) {
        call->disowned = true;
        ++world->statistics.disowned;
    }
    call->status = CALL_QUEUED;
    call->lead = effect->of.place.lead;
    call->number = effect->of.place.number;
    check_nobody_rung_twice(world, call->lead);
    if (world_chance(world, world->weather.order_unanswered))
        reply(world, EVENT_CALL_PLACE_UNKNOWN, id, ORDER_WAIT_MAX);
    else if (!late)
        reply(world, EVENT_CALL_PLACED, id, 0);
    plan(world, id, STEP_INITIATED, world_spell(world, 0.05));
}

static void send_off(struct world *world, attempt_id id)
{
    ++world->statistics.messages;
    leave_room(world, id);
    say_goodbye(world, id);
}

static void obey(struct world *world, const struct effect *effect)
{
    attempt_id id = effect->of.answer.attempt;
    struct world_call *call = world_call(world, id);

    if (!call->made || call->gone || call->status != CALL_IN_PROGRESS)
        return;
    if (effect->kind == EFFECT_ANSWER_CALL && call->told != ANSWER_NONE)
        return; /* an answer to a question that was settled by a redirection meanwhile */
    call->told = effect->of.answer.action;
    call->told_at = world->now;
    switch (call->told) {
    case ANSWER_JOIN:
        enter_room(world, id, (uint32_t)effect->of.answer.agent - 1);
        break;
    case ANSWER_WAIT:
        leave_room(world, id);
        plan(world, id, STEP_WAIT_OVER, 5 * SECOND);
        break;
    case ANSWER_MESSAGE:
        send_off(world, id);
        break;
    case ANSWER_HANG_UP:
        invariants_call_over(world, id);
        end_call(world, id, CALL_COMPLETED, 200);
        break;
    case ANSWER_HAND_OVER:
        leave_room(world, id);
        call->own_room = call->heard = true; /* by the third person */
        plan(world, id, STEP_LEAVE, world_spell(world, world->weather.talk_s));
        break;
    case ANSWER_NONE:
    case ANSWER_ACTION_COUNT:
        world_break(world, "a call is told nothing");
    }
}

static void hang_up(struct world *world, attempt_id id, bool answered_too)
{
    struct world_call *call = world_call(world, id);

    if (!call->made || call->gone || call_status_is_final(call->status))
        return;
    if (call->status != CALL_IN_PROGRESS) {
        end_call(world, id, CALL_CANCELED, 487);
    } else if (answered_too) {
        invariants_call_over(world, id);
        end_call(world, id, CALL_COMPLETED, 200);
    }
}

/* Those rooms are looked into in which the core thinks it may be. */
static agent_id room_seen(const struct effect *effect, const struct world_call *call)
{
    for (int i = 0; i < POLL_ROOMS_MAX && call->room >= 0 && !call->gone; ++i)
        if (effect->of.poll.rooms[i] == (agent_id)call->room + 1)
            return effect->of.poll.rooms[i];
    return 0;
}

static void answer_poll(struct world *world, const struct effect *effect)
{
    struct event event = {.kind = EVENT_CALL_POLLED};
    const struct world_call *call = world_call(world, effect->of.poll.attempt);

    if (world_chance(world, world->weather.poll_lost))
        return;
    event.of.call = (struct event_call){
        .attempt = effect->of.poll.attempt,
        .poll = effect->of.poll.poll,
        .status = call->made && !call->gone ? call->status : CALL_NOT_FOUND,
        .sip_code = call->sip_code,
        .hello_us = call->heard && call_status_is_final(call->status) ? 250 : -1,
        .agent = room_seen(effect, call),
    };
    if (event.of.call.agent)
        event.of.call.held = call->held ? HELD_YES : HELD_NO;
    world_deliver(world, &event, world->now + world_way(world));
}

static struct event leg_event(enum event_kind kind, agent_id agent, uint32_t serial)
{
    struct event event = {.kind = kind};

    event.of.leg.agent = agent;
    event.of.leg.serial = serial;
    return event;
}

static void leg_callback(struct world *world, enum event_kind kind, agent_id agent, uint32_t serial)
{
    struct event event = leg_event(kind, agent, serial);

    world_callback(world, &event);
}

/* What the look into the room told. */
static void leg_answer(struct world *world, enum event_kind kind, agent_id agent, uint32_t serial,
                       instant at)
{
    struct event event = leg_event(kind, agent, serial);

    event.of.leg.looked = true;
    world_deliver(world, &event, at);
}

/* Guests hear silence when the agent drops, and the agent again when the leg is back. */
static void leg_stands(struct world *world, uint32_t place, uint32_t serial)
{
    struct world_agent *agent = &world->agents[place];
    bool came = !agent->leg && serial;

    agent->leg = serial;
    for (attempt_id id = world->row_last; came && agent->guests && id; --id) {
        const struct world_call *call = world_call(world, id);

        if (call->made && !call->gone && call->room == (int)place)
            converse(world, id);
    }
    if (serial && world->weather.leg_lost_every_s > 0 && !world->resting) {
        struct happening *happening =
            world_later(world, HAPPENING_LEG_LOST,
                        world->now + world_spell(world, world->weather.leg_lost_every_s));

        happening->about = place;
        happening->serial = serial;
    }
}

/* While it was still ringing. */
static bool is_hung_up(const struct world_agent *agent, uint32_t serial)
{
    for (int i = 0; i < HUNG_UP_MAX; ++i)
        if (agent->hung_up[i] == serial)
            return true;
    return false;
}

/* Whoever picks up is asked about first, and again while nobody answers. */
static void leg_asks(struct world *world, uint32_t place, uint32_t serial, int64_t tries)
{
    struct happening *happening =
        world_later(world, HAPPENING_LEG, world->now + ((100 * MILLISECOND) << tries));

    happening->about = place;
    happening->serial = serial;
    happening->detail = tries + 1;
}

void phone_network_leg(struct world *world, uint32_t place, uint32_t serial, int64_t tries)
{
    struct world_agent *agent = &world->agents[place];
    bool fails = !tries || is_hung_up(agent, serial);

    if (!fails && !world->up && tries < ASKS_MAX) {
        leg_asks(world, place, serial, tries);
        return;
    }
    if (fails || !world->up || !dialer_awaits_leg(world->dialer, place + 1, serial)) {
        leg_callback(world, EVENT_AGENT_LEG_LOST, agent->row.id ? place + 1 : 0, serial);
        return;
    }
    leg_stands(world, place, serial);
    leg_callback(world, EVENT_AGENT_LEG_CONNECTED, place + 1, serial);
}

void phone_network_leg_lost(struct world *world, uint32_t place, uint32_t serial)
{
    struct world_agent *agent = &world->agents[place];

    if (agent->leg != serial || world->resting)
        return;
    agent->leg = 0;
    leg_callback(world, EVENT_AGENT_LEG_LOST, place + 1, serial);
    if (world->weather.reload_every_s > 0)
        people_reload(world, place, 1);
}

/* Whoever looks into a room sees its guests, too. */
static void tell_guests(struct world *world, uint32_t place, instant at)
{
    uint32_t left = world->agents[place].guests;

    for (attempt_id id = world->row_last; left && id; --id) {
        const struct world_call *call = world_call(world, id);
        struct event event = {.kind = EVENT_CALL_JOINED};

        if (!call->made || call->gone || call->room != (int)place)
            continue;
        --left;
        event.of.call = (struct event_call){
            .attempt = id, .status = CALL_IN_PROGRESS, .hello_us = -1, .agent = place + 1};
        if (call->open_life == world->life + 1)
            world_deliver(world, &event, at);
        else if (!call->account.open && !world_chance(world, world->weather.act_lost))
            send_off(world, id); /* given up while nobody could say whether it lives */
    }
}

static void act_on_leg(struct world *world, const struct effect *effect)
{
    uint32_t place = (uint32_t)effect->of.leg.agent - 1, serial = effect->of.leg.serial;
    struct world_agent *agent = &world->agents[place];
    instant at;

    if (effect->kind == EFFECT_POLL_AGENT_LEG) {
        if (world_chance(world, world->weather.poll_lost))
            return;
        at = world->now + world_way(world);
        tell_guests(world, place, at);
        leg_answer(world, agent->leg == serial ? EVENT_AGENT_LEG_CONNECTED : EVENT_AGENT_LEG_LOST,
                   place + 1, serial, at + 1);
        if (agent->leg && agent->leg != serial) /* another line of theirs is there */
            leg_answer(world, EVENT_AGENT_LEG_CONNECTED, place + 1, agent->leg, at + 1);
        third_found(world, place);
    } else if (effect->kind == EFFECT_HANG_UP_AGENT_LEG) {
        agent->hung_up[agent->hung_up_count++ % HUNG_UP_MAX] = serial;
        if (agent->leg == serial)
            agent->leg = 0;
    } else {
        struct happening *happening =
            world_later(world, HAPPENING_LEG, world->now + world_spell(world, 0.5));

        happening->about = place;
        happening->serial = serial;
        happening->detail = !world_chance(world, world->weather.leg_fails);
    }
}

void phone_network_act(struct world *world, const struct effect *effect)
{
    if (world->now < world->engine_silent_until && effect->kind != EFFECT_ANSWER_CALL)
        return; /* not reached */
    switch (effect->kind) {
    case EFFECT_ANSWER_CALL:
    case EFFECT_REDIRECT_CALL:
        obey(world, effect);
        break;
    case EFFECT_HANG_UP_CALL:
    case EFFECT_CANCEL_CALL:
        hang_up(world, effect->of.attempt_id, effect->kind == EFFECT_HANG_UP_CALL);
        break;
    case EFFECT_POLL_CALL:
        answer_poll(world, effect);
        break;
    case EFFECT_HOLD_CALL: {
        struct world_call *call = world_call(world, effect->of.hold.attempt);

        if (!call->gone && call->room == (int)effect->of.hold.agent - 1)
            call->held = effect->of.hold.on;
        break;
    }
    case EFFECT_PLACE_PARTY:
    case EFFECT_CHANGE_PARTY:
    case EFFECT_MOVE_PARTY:
    case EFFECT_HANG_UP_PARTY:
    case EFFECT_POLL_PARTY:
        third_act(world, effect);
        break;
    case EFFECT_DIAL_AGENT_LEG:
    case EFFECT_HANG_UP_AGENT_LEG:
    case EFFECT_POLL_AGENT_LEG:
        act_on_leg(world, effect);
        break;
    case EFFECT_RECORD_CAMPAIGN:
    case EFFECT_RECORD_AGENT:
    case EFFECT_RECORD_LEAD:
    case EFFECT_RECORD_ATTEMPT:
    case EFFECT_RECORD_RESERVATION:
    case EFFECT_RECORD_DO_NOT_CALL:
    case EFFECT_CLAIM_LEADS:
    case EFFECT_PLACE_CALL:
    case EFFECT_SCREEN_POP:
    case EFFECT_REFUSE:
    case EFFECT_KIND_COUNT:
        check(false);
    }
}

/* It forgets every call and leg, and tells nobody. */
void phone_network_restart(struct world *world)
{
    ++world->statistics.restarts;
    for (attempt_id id = 1; id <= world->row_last; ++id) {
        struct world_call *call = world_call(world, id);

        if (!call->made)
            continue;
        call->gone = true;
        call->third.lives = call->held = false;
        call->room = -1;
        ++call->step;
    }
    for (uint32_t i = 0; i < world->weather.agents; ++i) {
        world->agents[i].leg = 0;
        world->agents[i].guests = 0;
    }
    if (world->up && (world->options.sweep || rng_chance(&world->rng, 0.7)))
        world_feed(world, &(struct event){.kind = EVENT_VOICE_RESTARTED});
}

void phone_network_drop(struct world *world)
{
    for (attempt_id id = 1; id <= world->row_last; ++id) {
        const struct world_call *call = world_call(world, id);

        if (call->made && !call->gone && !call_status_is_final(call->status))
            plan(world, id, call->answered_at ? STEP_LEAVE : STEP_FAIL, world_spell(world, 1));
    }
}
