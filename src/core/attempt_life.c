#include "core/calls.h"

#include "core/contacts.h"
#include "core/desk.h"
#include "core/emit.h"
#include "core/hold.h"
#include "core/outcome.h"
#include "core/party.h"
#include "core/queue.h"

/* How long a state may be silent before the engine is asked. */
#define PLACED_SPARE (15 * SECOND)
#define UNDECIDED_MAX SECOND
#define JOIN_MAX (3 * SECOND)
#define MESSAGE_MAX (40 * SECOND)
#define CLOSING_MAX (5 * SECOND)
#define NUDGE_PAUSE SECOND

struct number *attempt_number(const struct attempt *attempt)
{
    return attempt->lead->numbers[attempt->record.number_index].number;
}

void attempt_count(struct attempt *attempt, instant at)
{
    call_history_add(&attempt_number(attempt)->history, at);
    call_history_add(&attempt->lead->person->history, at);
}

void attempt_take_back(struct attempt *attempt)
{
    struct number *number = attempt_number(attempt);
    struct person *person = attempt->lead->person;

    call_history_take_back(&number->history, &number->taken_back, attempt->record.ordered_at);
    call_history_take_back(&person->history, &person->taken_back, attempt->record.ordered_at);
}

static void stamp(struct attempt *attempt, enum attempt_state state, instant now)
{
    struct attempt_record *record = &attempt->record;

    switch (state) {
    case ATTEMPT_PLANNED:
        record->planned_at = now;
        break;
    case ATTEMPT_PLACED:
        record->placed_at = now;
        break;
    case ATTEMPT_RINGING:
        record->ringing_at = now;
        break;
    case ATTEMPT_ANSWERED:
        record->answered_at = record->answered_at ? record->answered_at : now;
        break;
    case ATTEMPT_BRIDGED:
        record->bridged_at = record->bridged_at ? record->bridged_at : now;
        break;
    case ATTEMPT_ENDED:
        record->ended_at = now;
        break;
    case ATTEMPT_WAITING:
    case ATTEMPT_CLOSING:
    case ATTEMPT_HANDED_OVER:
        break;
    case ATTEMPT_STATE_COUNT:
        check(false);
    }
}

/* The one gate. Questions that are on their way belong to the old state and are not heard any more. */
void attempt_become(struct dialer *dialer, struct attempt *attempt, enum attempt_state state)
{
    check(attempt_may_become(attempt->record.state, state));
    if (attempt->record.state == ATTEMPT_WAITING)
        chain_leave(&attempt->waiting);
    if (attempt->record.state == ATTEMPT_BRIDGED)
        hold_forget(dialer, attempt);
    if (state != ATTEMPT_HANDED_OVER)
        party_dismiss(dialer, attempt);
    attempt->record.state = state;
    stamp(attempt, state, dialer->now);
    ++attempt->poll;
    attempt->polls = attempt->not_found = attempt->nudges = 0;
    if (state == ATTEMPT_WAITING)
        chain_join(&attempt->campaign->waiting, &attempt->waiting);
    touch_attempt(dialer, attempt);
    attempt_recount(dialer, attempt);
}

static bool is_unanswered(enum attempt_state state)
{
    return state == ATTEMPT_PLANNED || state == ATTEMPT_PLACED || state == ATTEMPT_RINGING;
}

void attempt_recount(struct dialer *dialer, struct attempt *attempt)
{
    struct campaign *campaign = attempt->campaign;
    bool out = attempt_is_live(attempt->record.state);
    bool unguarded = is_unanswered(attempt->record.state) && !attempt->agent;

    if (out != attempt->is_out) {
        campaign->out += out ? 1u : UINT32_MAX;
        dialer->out += out ? 1u : UINT32_MAX;
        if (!out && dialer->out + 1 == dialer->limits.calls_max)
            dialer->look = dialer->all;
    }
    if (unguarded != attempt->is_unguarded)
        campaign->unguarded += unguarded ? 1u : UINT32_MAX;
    attempt->is_out = out;
    attempt->is_unguarded = unguarded;
    dialer->look |= campaign->shares;
}

static instant silence_ends(const struct dialer *dialer, const struct attempt *attempt)
{
    const struct attempt_record *record = &attempt->record;
    const struct campaign_options *options = &attempt->campaign->options;
    instant now = dialer->now;

    switch (record->state) {
    case ATTEMPT_PLANNED:
        return instant_add(record->ordered_at ? record->ordered_at : record->planned_at,
                           dialer->limits.order_max);
    case ATTEMPT_PLACED:
    case ATTEMPT_RINGING:
        return instant_add(now, options->ring_timeout + PLACED_SPARE);
    case ATTEMPT_ANSWERED:
        return instant_add(now, record->action == ANSWER_NONE ? UNDECIDED_MAX : JOIN_MAX);
    case ATTEMPT_WAITING:
        /* an answer in the future was written before the clock went back */
        return instant_add(instant_min(record->answered_at, now), options->answer_wait_max);
    case ATTEMPT_BRIDGED:
        return instant_add(now, attempt->hold.doubtful ? dialer->limits.poll_first
                                                       : dialer->limits.talk_check);
    case ATTEMPT_HANDED_OVER: /* the agent is given nobody while this one may still be in the room */
        return instant_add(now, attempt->old_rooms[0] ? JOIN_MAX : dialer->limits.talk_check);
    case ATTEMPT_CLOSING:
        return instant_add(now, record->action == ANSWER_MESSAGE ? MESSAGE_MAX : CLOSING_MAX);
    case ATTEMPT_ENDED:
        return INSTANT_NEVER;
    case ATTEMPT_STATE_COUNT:
        break;
    }
    check(false);
}

static instant back_off(const struct dialer *dialer, uint32_t polls)
{
    instant pause = dialer->limits.poll_first;

    while (--polls && pause < dialer->limits.poll_last)
        pause *= 2;
    return instant_add(dialer->now, instant_min(pause, dialer->limits.poll_last));
}

void attempt_schedule(struct dialer *dialer, struct attempt *attempt)
{
    instant at = silence_ends(dialer, attempt);

    if (attempt->polls && (attempt->record.state != ATTEMPT_WAITING || attempt->doubtful))
        at = back_off(dialer, attempt->polls);
    else if (attempt->nudges && attempt->record.state != ATTEMPT_WAITING &&
             !(attempt->record.state == ATTEMPT_CLOSING &&
               attempt->record.action == ANSWER_MESSAGE))
        at = instant_add(dialer->now, NUDGE_PAUSE);
    if (attempt->doubtful && !attempt->polls) /* all dialling waits for it */
        at = instant_min(at, instant_add(dialer->now, dialer->limits.poll_first));
    timer_set(dialer, &attempt->timer, at);
}

void attempt_hears_message(struct dialer *dialer, struct attempt *attempt)
{
    attempt->message_until = instant_add(dialer->now, MESSAGE_MAX);
}

static void enter_lead(struct dialer *dialer, struct lead *lead, struct attempt *attempt)
{
    lead_unplace(dialer, lead);
    lead->place = PLACE_ATTEMPT;
    lead->attempt = attempt;
    lead->person->holder = lead;
    if (lead->record.state != LEAD_ATTEMPTING)
        lead_become(dialer, lead, LEAD_ATTEMPTING);
}

static void init_attempt(struct attempt *attempt, struct lead *lead)
{
    attempt->timer.kind = TIMER_ATTEMPT;
    attempt->hold.timer.kind = TIMER_HOLD;
    attempt->party.timer.kind = TIMER_PARTY;
    chain_init(&attempt->of_campaign);
    chain_init(&attempt->waiting);
    chain_init(&attempt->dirty);
    attempt->campaign = lead->campaign;
    attempt->lead = lead;
    chain_join(&lead->campaign->attempts, &attempt->of_campaign);
    ++lead->campaign->attempt_count;
}

struct attempt *attempt_plan(struct dialer *dialer, struct lead *lead, uint8_t number_index,
                             struct agent *agent, bool manual)
{
    struct attempt *attempt = slab_take(&dialer->attempts);

    if (!attempt)
        return NULL;
    init_attempt(attempt, lead);
    attempt->record = (struct attempt_record){
        .id = dialer->attempt_next++,
        .campaign = lead->campaign->id,
        .lead = lead->record.id,
        .person = lead->person->id,
        .number = lead->numbers[number_index].number->id,
        .number_index = number_index,
        .manual = manual,
        .open = true,
        .unguarded = !agent,
        .state = ATTEMPT_PLANNED,
        .hello_us = -1,
        .planned_at = dialer->now,
    };
    id_index_put(&dialer->attempt_ids, attempt->record.id, attempt);
    enter_lead(dialer, lead, attempt);
    ++lead->campaign->planned_since;
    if (agent && agent->reservation.id && reservation_is_live(agent->reservation.status))
        desk_attach(dialer, agent, attempt); /* a preview that was accepted */
    else if (agent)
        desk_reserve(dialer, agent, lead, attempt);
    touch_attempt(dialer, attempt);
    attempt_recount(dialer, attempt);
    attempt_schedule(dialer, attempt);
    return attempt;
}

struct attempt *attempt_restore(struct dialer *dialer, struct lead *lead,
                                const struct attempt_record *record)
{
    struct attempt *attempt = slab_take(&dialer->attempts);

    if (!attempt)
        return NULL;
    init_attempt(attempt, lead);
    attempt->record = attempt->recorded = *record;
    attempt->appeared = true;
    /* an order in the future was written before the clock went back */
    attempt->rings_until = instant_add(instant_min(record->ordered_at, dialer->now), ORDER_LIFE);
    id_index_put(&dialer->attempt_ids, record->id, attempt);
    timer_clear(dialer, &lead->timer);
    enter_lead(dialer, lead, attempt);
    figures_change(&attempt->campaign->figures, NULL, record);
    attempt_recount(dialer, attempt);
    return attempt;
}

void attempt_detach(struct dialer *dialer, struct attempt *attempt, enum reservation_status status)
{
    struct agent *agent = attempt->agent;

    if (!agent)
        return;
    attempt->agent = NULL;
    agent->attempt = NULL;
    if (!attempt->record.conversed && attempt->record.state != ATTEMPT_ENDED)
        attempt->record.agent = attempt->record.reservation = 0;
    touch_attempt(dialer, attempt);
    attempt_recount(dialer, attempt);
    desk_release(dialer, agent, status);
}

void attempt_sure(struct dialer *dialer, struct attempt *attempt)
{
    if (!attempt->doubtful)
        return;
    attempt->doubtful = false;
    if (--dialer->doubtful || !dialer->recovered)
        return;
    for (uint32_t slot = 0; slot < dialer->agents.count_max; ++slot) {
        struct agent *agent = slab_at(&dialer->agents, slot);

        if (agent->record.id)
            desk_update_idle(dialer, agent);
    }
    dialer->look = dialer->all;
}

/* Whoever answers in the same moment is not cut off: that call asks, and is told goodbye. */
void attempt_tell_end(struct dialer *dialer, const struct attempt *attempt)
{
    emit(dialer, attempt->record.answered_at ? EFFECT_HANG_UP_CALL : EFFECT_CANCEL_CALL)
        ->of.attempt_id = attempt->record.id;
}

void attempt_closes(struct dialer *dialer, struct attempt *attempt, enum attempt_result result,
                    enum answer_action action)
{
    attempt->record.result = result;
    attempt->record.action = action;
    attempt_become(dialer, attempt, ATTEMPT_CLOSING);
    attempt_schedule(dialer, attempt);
}

void attempt_close(struct dialer *dialer, struct attempt *attempt, enum attempt_result result,
                   enum answer_action action)
{
    attempt_closes(dialer, attempt, result, action);
    if (action == ANSWER_HANG_UP && dialer->answering != attempt)
        attempt_tell_end(dialer, attempt);
}

void attempt_cancel(struct dialer *dialer, struct attempt *attempt, enum refusal reason)
{
    if (!is_unanswered(attempt->record.state))
        return;
    attempt->record.reason = reason;
    if (!attempt->record.ordered_at) {
        attempt_end(dialer, attempt, RESULT_CANCELED);
        return;
    }
    attempt_close(dialer, attempt, RESULT_CANCELED, ANSWER_HANG_UP);
    attempt_detach(dialer, attempt, RESERVATION_CANCELED);
}

void attempt_end(struct dialer *dialer, struct attempt *attempt, enum attempt_result result)
{
    struct agent *agent = attempt->agent;

    attempt->record.result = result;
    attempt_become(dialer, attempt, ATTEMPT_ENDED);
    timer_clear(dialer, &attempt->timer);
    desk_guest_left_all(dialer, attempt);
    attempt_sure(dialer, attempt);
    if (agent && attempt->record.conversed) {
        if (agent->record.activity != AGENT_WRAP_UP)
            desk_wrap_up(dialer, agent);
        return;
    }
    attempt_detach(dialer, attempt, RESERVATION_CANCELED);
    attempt_finish(dialer, attempt);
}

void attempt_default_disposition(struct attempt *attempt)
{
    if (!attempt->record.dropped)
        attempt->record.disposition = attempt->campaign->options.wrap_up_default;
}

static bool says_do_not_call(const struct attempt *attempt)
{
    const struct disposition *disposition =
        campaign_disposition(&attempt->campaign->options, attempt->record.disposition);

    return disposition && disposition->behaviour == DISPOSITION_DO_NOT_CALL;
}

void attempt_finish(struct dialer *dialer, struct attempt *attempt)
{
    struct lead *lead = attempt->lead;
    struct campaign *campaign = attempt->campaign;

    check(attempt->record.state == ATTEMPT_ENDED && attempt->record.result && !attempt->agent);
    if (party_lives(attempt)) /* it will be back here when that is gone */
        return;
    attempt->record.open = false;
    if (!attempt->record.wrapped_at && attempt->record.disposition)
        attempt->record.wrapped_at = dialer->now;
    write_attempt(dialer, attempt);
    lead->attempt = NULL;
    lead->place = PLACE_NOWHERE;
    lead->person->holder = NULL;
    if (says_do_not_call(attempt))
        contacts_do_not_call(dialer, attempt->record.number, attempt->record.person,
                             attempt->record.id);
    outcome_of_attempt(dialer, attempt);
    timer_clear(dialer, &attempt->timer);
    chain_leave(&attempt->of_campaign);
    --campaign->attempt_count;
    dialer->look |= campaign->bit;
    id_index_remove(&dialer->attempt_ids, attempt->record.id);
    attempt->record.id = 0;
    slab_give(&dialer->attempts, attempt);
}

/* Not wanted any more, and it cannot be known whether its telephone rings: the agent is free, the lead
 * hangs on it until no order can still be on its way, for whoever answers is to be told goodbye. */
void attempt_withdraw(struct dialer *dialer, struct attempt *attempt)
{
    attempt_close(dialer, attempt, RESULT_FAILED, ANSWER_HANG_UP);
    attempt_detach(dialer, attempt, RESERVATION_CANCELED);
    attempt_sure(dialer, attempt);
}

/* Nobody has answered, or the talk was over when it was told to hang up. */
static bool may_end_without_a_word(const struct attempt *attempt)
{
    const struct attempt_record *record = &attempt->record;

    return !record->answered_at || (record->conversed && record->state == ATTEMPT_CLOSING &&
                                    record->action == ANSWER_HANG_UP);
}

/* Nobody can say what became of it: told goodbye in case it lives (a message ends by itself), for whom it talks to is
 * not known either, and the worst is taken as true. */
static void give_up(struct dialer *dialer, struct attempt *attempt)
{
    const struct attempt_record *record = &attempt->record;
    enum attempt_result result = record->result;

    if (is_unanswered(record->state)) {
        attempt_withdraw(dialer, attempt);
        return;
    }
    attempt->record.dropped |= record->state == ATTEMPT_BRIDGED;
    if (may_end_without_a_word(attempt))
        attempt_tell_end(dialer, attempt);
    else
        attempt_tell_message(dialer, attempt);
    if (!result && record->conversed)
        result = RESULT_CONNECTED;
    else if (!result && record->answered_at)
        result = attempt_hung_up_itself(attempt) ? RESULT_HUNG_UP : RESULT_ABANDONED;
    attempt_end(dialer, attempt, result ? result : RESULT_FAILED);
}

static void name_rooms(const struct attempt *attempt, agent_id rooms[POLL_ROOMS_MAX])
{
    int count = 0;

    while (count < OLD_ROOMS_MAX && attempt->old_rooms[count]) {
        rooms[count] = attempt->old_rooms[count]->record.id;
        ++count;
    }
    rooms[count] = attempt->room ? attempt->room->record.id : attempt->record.agent;
}

/* While the engine cannot be asked at all its silence says nothing, and people who talk do not notice it. */
static bool talks_on(const struct dialer *dialer, const struct attempt *attempt)
{
    return dialer->held && (attempt->record.state == ATTEMPT_BRIDGED ||
                            attempt->record.state == ATTEMPT_HANDED_OVER);
}

static void poll_call(struct dialer *dialer, struct attempt *attempt)
{
    struct effect *effect;

    if (attempt->polls >= dialer->limits.polls_max && !talks_on(dialer, attempt)) {
        give_up(dialer, attempt);
        return;
    }
    ++attempt->polls;
    if (attempt->record.state == ATTEMPT_CLOSING && attempt->record.action != ANSWER_MESSAGE)
        attempt_tell_end(dialer, attempt);
    effect = emit(dialer, EFFECT_POLL_CALL);
    effect->of.poll.attempt = attempt->record.id;
    effect->of.poll.poll = attempt->poll;
    effect->of.poll.known = attempt->known;
    name_rooms(attempt, effect->of.poll.rooms);
    attempt_schedule(dialer, attempt);
}

void attempt_ask_now(struct dialer *dialer, struct attempt *attempt)
{
    if (attempt->record.ordered_at && attempt->record.state != ATTEMPT_ENDED &&
        attempt->record.state != ATTEMPT_WAITING)
        timer_set(dialer, &attempt->timer, dialer->now);
}

/* After a restart that finds nobody in wrap-up for it. */
static void end_without_agent(struct dialer *dialer, struct attempt *attempt)
{
    if (attempt->record.conversed && attempt->record.result == RESULT_CONNECTED &&
        !attempt->record.disposition) {
        attempt_default_disposition(attempt);
        touch_attempt(dialer, attempt);
    }
    attempt_finish(dialer, attempt);
}

void attempt_expire(struct dialer *dialer, struct attempt *attempt)
{
    const struct attempt_record *record = &attempt->record;

    if (record->state == ATTEMPT_ENDED)
        end_without_agent(dialer, attempt);
    else if (record->state == ATTEMPT_PLANNED && !record->ordered_at)
        attempt_cancel(dialer, attempt, REFUSED_NOT); /* the store is stuck: nothing was ordered */
    else if (record->state == ATTEMPT_ANSWERED && record->action == ANSWER_NONE &&
             !attempt->doubtful)
        attempt_decide(dialer, attempt); /* its question was lost on the way */
    else if (record->state == ATTEMPT_WAITING && !attempt->doubtful)
        attempt_abandon(dialer, attempt);
    else if ((record->state == ATTEMPT_BRIDGED || record->state == ATTEMPT_HANDED_OVER) &&
             dialer->now >= instant_add(record->bridged_at, dialer->limits.talk_max))
        attempt_hang_up(dialer, attempt, RESULT_CONNECTED);
    else
        poll_call(dialer, attempt);
}
