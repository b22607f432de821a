#include "core/calls.h"

#include "core/desk.h"
#include "core/emit.h"
#include "core/hold.h"
#include "core/queue.h"

enum { NUDGES_MAX = 3, NOT_FOUND_MAX = 2 };

/* Whom an event is about; one that was never ordered has no call that could speak. */
static struct attempt *find(const struct dialer *dialer, attempt_id id)
{
    struct attempt *attempt = id_index_get(&dialer->attempt_ids, id);

    return attempt && attempt->record.ordered_at ? attempt : NULL;
}

static bool is_unanswered(const struct attempt *attempt)
{
    return attempt->record.state == ATTEMPT_PLANNED || attempt->record.state == ATTEMPT_PLACED ||
           attempt->record.state == ATTEMPT_RINGING;
}

/* A call lives that nobody waits for any more. */
static void cancel_stray(struct dialer *dialer, attempt_id id)
{
    if (id && id < dialer->attempt_next)
        emit(dialer, EFFECT_CANCEL_CALL)->of.attempt_id = id;
}

static struct verdict may_be_placed(struct dialer *dialer, const struct attempt *attempt)
{
    const struct campaign *campaign = attempt->campaign;

    if (campaign->state != CAMPAIGN_RUNNING)
        return (struct verdict){REFUSED_CAMPAIGN_STATE, INSTANT_NEVER};
    if (dialer->held)
        return (struct verdict){REFUSED_HELD, INSTANT_NEVER};
    if (attempt->agent ? attempt->agent->record.leg != LEG_CONNECTED
                       : !attempt->record.unguarded || !campaign->idle_count)
        return (struct verdict){REFUSED_AGENT_STATE, INSTANT_NEVER};
    return number_verdict(dialer, attempt->lead, attempt->record.number_index);
}

static void count_call(struct dialer *dialer, struct attempt *attempt)
{
    struct lead *lead = attempt->lead;

    attempt->record.counts = true;
    attempt_count(attempt, dialer->now);
    if (lead->record.attempts < UINT16_MAX)
        ++lead->record.attempts;
    lead->record.last_attempt_at = dialer->now;
    touch_lead(dialer, lead);
}

static void pop_dialling(struct dialer *dialer, const struct attempt *attempt)
{
    struct effect *effect = emit(dialer, EFFECT_SCREEN_POP);

    effect->of.pop.kind = POP_DIALLING;
    effect->of.pop.agent = attempt->agent->record.id;
    effect->of.pop.campaign = attempt->record.campaign;
    effect->of.pop.lead = attempt->record.lead;
    effect->of.pop.number = attempt->record.number;
    effect->of.pop.attempt = attempt->record.id;
    effect->of.pop.reservation = attempt->record.reservation;
}

void calls_committed(struct dialer *dialer, const struct event *event)
{
    struct attempt *attempt = id_index_get(&dialer->attempt_ids, event->of.attempt_id);
    struct verdict verdict;
    struct effect *effect;

    if (!attempt || attempt->record.state != ATTEMPT_PLANNED || attempt->record.ordered_at)
        return;
    verdict = may_be_placed(dialer, attempt);
    if (verdict.refusal) {
        attempt_cancel(dialer, attempt, verdict.refusal);
        return;
    }
    attempt->record.ordered_at = dialer->now;
    attempt->rings_until = instant_add(dialer->now, ORDER_LIFE);
    count_call(dialer, attempt);
    touch_attempt(dialer, attempt);
    effect = emit(dialer, EFFECT_PLACE_CALL);
    effect->of.place.attempt = attempt->record.id;
    effect->of.place.campaign = attempt->record.campaign;
    effect->of.place.lead = attempt->record.lead;
    effect->of.place.number = attempt->record.number;
    effect->of.place.agent = attempt->record.agent;
    effect->of.place.ring_timeout_s =
        (uint32_t)((attempt->campaign->options.ring_timeout + SECOND - 1) / SECOND);
    if (attempt->agent)
        pop_dialling(dialer, attempt);
    attempt_schedule(dialer, attempt);
}

void calls_placed(struct dialer *dialer, const struct event *event)
{
    struct attempt *attempt = find(dialer, event->of.call.attempt);

    if (!attempt || attempt->record.state == ATTEMPT_ENDED) {
        cancel_stray(dialer, event->of.call.attempt);
        return;
    }
    attempt->known = true;
    if (attempt->record.state == ATTEMPT_PLANNED) {
        attempt_become(dialer, attempt, ATTEMPT_PLACED);
        attempt_schedule(dialer, attempt);
        if (attempt->outlived) /* which engine says so? */
            attempt_ask_now(dialer, attempt);
    } else if (attempt->record.state == ATTEMPT_CLOSING && !attempt->record.answered_at) {
        cancel_stray(dialer, attempt->record.id);
    }
}

/* Nobody's telephone rang: it does not count against anybody. */
static void end_uncounted(struct dialer *dialer, struct attempt *attempt, uint16_t sip_code)
{
    struct lead *lead = attempt->lead;

    if (attempt->record.counts) {
        attempt->record.counts = false;
        attempt_take_back(attempt);
        if (lead->record.attempts)
            --lead->record.attempts;
    }
    attempt->record.sip_code = sip_code;
    attempt_end(dialer, attempt,
                attempt->record.state == ATTEMPT_CLOSING ? attempt->record.result : RESULT_FAILED);
}

/* Refused for sure. */
void calls_place_failed(struct dialer *dialer, const struct event *event)
{
    struct attempt *attempt = find(dialer, event->of.call.attempt);

    if (!attempt || attempt->known || attempt->record.answered_at ||
        (attempt->record.state != ATTEMPT_PLANNED && attempt->record.state != ATTEMPT_CLOSING))
        return;
    end_uncounted(dialer, attempt, event->of.call.sip_code);
}

void calls_not_carried(struct dialer *dialer, const struct event *event)
{
    struct attempt *attempt = find(dialer, event->of.call.attempt);

    if (!attempt || attempt->record.answered_at ||
        (!is_unanswered(attempt) && attempt->record.state != ATTEMPT_CLOSING))
        return;
    if (attempt->record.state != ATTEMPT_CLOSING)
        attempt->record.reason = REFUSED_NOT_CARRIED;
    end_uncounted(dialer, attempt, event->of.call.sip_code);
}

void calls_place_unknown(struct dialer *dialer, const struct event *event)
{
    struct attempt *attempt = find(dialer, event->of.call.attempt);

    if (attempt && attempt->record.state == ATTEMPT_PLANNED)
        attempt_ask_now(dialer, attempt);
}

/* Canceled too late: somebody answered, and nobody is there for them. */
static void answered_while_closing(struct dialer *dialer, struct attempt *attempt)
{
    if (attempt->record.answered_at)
        return;
    attempt->known = true;
    attempt->record.answered_at = dialer->now;
    attempt->record.counted_answer = true;
    attempt->record.result = RESULT_ABANDONED;
    attempt->record.action = ANSWER_MESSAGE;
    touch_attempt(dialer, attempt);
    attempt_schedule(dialer, attempt);
}

void attempt_tell_message(struct dialer *dialer, struct attempt *attempt)
{
    struct effect *effect = emit(dialer, EFFECT_REDIRECT_CALL);

    effect->of.answer.attempt = attempt->record.id;
    effect->of.answer.action = ANSWER_MESSAGE;
    effect->of.answer.campaign = attempt->record.campaign;
    attempt_hears_message(dialer, attempt);
}

static enum attempt_result result_of_answered(struct attempt *attempt)
{
    if (attempt->record.conversed)
        return RESULT_CONNECTED;
    if (attempt->agent && attempt->record.hello_us >= 0) {
        attempt->record.conversed = true; /* the agent was heard; only the news was lost */
        return RESULT_CONNECTED;
    }
    return attempt_hung_up_itself(attempt) ? RESULT_HUNG_UP : RESULT_ABANDONED;
}

static void call_over(struct dialer *dialer, struct attempt *attempt, enum call_status status,
                      uint16_t sip_code)
{
    enum attempt_result result = attempt->record.result;

    if (sip_code)
        attempt->record.sip_code = sip_code;
    /* the engine that had it is another by now */
    if (status == CALL_NOT_FOUND && attempt->record.conversed && !result)
        attempt->record.dropped = true;
    if (status == CALL_COMPLETED && !attempt->record.answered_at) {
        attempt->record.answered_at = dialer->now; /* answered, and gone before we heard */
        attempt->record.counted_answer = true;
        result = result_of_answered(attempt);
    } else if (!result) {
        result = attempt->record.answered_at ? result_of_answered(attempt)
                                             : result_of_unanswered(status, sip_code);
    }
    attempt_end(dialer, attempt, result);
}

static void status_moves(struct dialer *dialer, struct attempt *attempt, enum call_status status)
{
    enum attempt_state state = attempt->record.state;
    bool known = attempt->known;

    attempt->known = true;
    if ((status == CALL_QUEUED || status == CALL_INITIATED) && state == ATTEMPT_PLANNED)
        attempt_become(dialer, attempt, ATTEMPT_PLACED);
    else if (status == CALL_RINGING && (state == ATTEMPT_PLANNED || state == ATTEMPT_PLACED))
        attempt_become(dialer, attempt, ATTEMPT_RINGING);
    else if (status == CALL_IN_PROGRESS && is_unanswered(attempt))
        attempt_answered(dialer, attempt);
    else if (status == CALL_IN_PROGRESS && state == ATTEMPT_CLOSING &&
             !attempt->record.answered_at) {
        answered_while_closing(dialer, attempt);
        attempt_tell_message(dialer, attempt);
    } else if (!known && state == ATTEMPT_CLOSING && !attempt->record.answered_at) {
        attempt_tell_end(dialer, attempt); /* it had not been there when it was told so */
    }
    if (attempt->record.state != state)
        attempt_schedule(dialer, attempt);
}

static void note_hello(struct dialer *dialer, struct attempt *attempt, int64_t hello_us)
{
    if (hello_us < 0 || attempt->record.hello_us >= 0)
        return;
    attempt->record.hello_us = hello_us;
    touch_attempt(dialer, attempt);
}

void calls_status(struct dialer *dialer, const struct event *event)
{
    const struct event_call *call = &event->of.call;
    struct attempt *attempt = find(dialer, call->attempt);

    if (!attempt) {
        if (!call_status_is_final(call->status))
            cancel_stray(dialer, call->attempt);
        return;
    }
    note_hello(dialer, attempt, call->hello_us);
    if (attempt->record.state == ATTEMPT_ENDED)
        return;
    if (call_status_is_final(call->status))
        call_over(dialer, attempt, call->status, call->sip_code);
    else
        status_moves(dialer, attempt, call->status);
}

/* Whatever happened, the engine gets an answer now; a second question gets the same one. */
void calls_answered(struct dialer *dialer, const struct event *event)
{
    struct attempt *attempt = find(dialer, event->of.call.attempt);
    struct effect *effect;

    dialer->answering = attempt && attempt->record.state != ATTEMPT_ENDED ? attempt : NULL;
    if (dialer->answering) {
        attempt_sure(dialer, attempt); /* whoever asks is in no room */
        attempt->forgotten = false;    /* and was told nothing yet */
        if (is_unanswered(attempt))
            attempt_answered(dialer, attempt);
        if (attempt->record.state == ATTEMPT_CLOSING)
            answered_while_closing(dialer, attempt);
        if (attempt->record.state == ATTEMPT_ANSWERED && attempt->record.action == ANSWER_NONE)
            attempt_decide(dialer, attempt);
        if (!dialer->answering)
            return;
    }
    effect = emit(dialer, EFFECT_ANSWER_CALL);
    effect->of.answer.attempt = event->of.call.attempt;
    /* A person whom nobody expects any more is told goodbye, too. */
    effect->of.answer.action = dialer->answering ? attempt->record.action : ANSWER_MESSAGE;
    effect->of.answer.campaign = dialer->answering ? attempt->record.campaign : 0;
    if (effect->of.answer.action == ANSWER_JOIN)
        effect->of.answer.agent = attempt->record.agent;
    if (dialer->answering && effect->of.answer.action == ANSWER_MESSAGE)
        attempt_hears_message(dialer, attempt);
    dialer->answering = NULL;
}

/* A conversation is where it is, unless that is known from before a death only; and who has no call any more is
 * nowhere. */
static bool may_be_elsewhere(const struct attempt *attempt)
{
    return attempt->record.state != ATTEMPT_ENDED &&
           (attempt->record.state != ATTEMPT_BRIDGED || attempt->forgotten);
}

void calls_joined(struct dialer *dialer, const struct event *event)
{
    struct attempt *attempt = find(dialer, event->of.call.attempt);
    struct agent *agent;

    if (!attempt) {
        cancel_stray(dialer, event->of.call.attempt);
        return;
    }
    note_hello(dialer, attempt, event->of.call.hello_us);
    attempt->known = true;
    agent = id_index_get(&dialer->agent_ids, event->of.call.agent);
    if (!agent || attempt->left != agent->record.id)
        attempt_in_room(dialer, attempt, agent);
    if (agent && may_be_elsewhere(attempt))
        desk_guest_seen(dialer, attempt, agent);
    if (agent &&
        attempt->left == agent->record.id) /* older than the news of leaving, or back again */
        attempt_ask_now(dialer, attempt);
    attempt_sure(dialer, attempt);
}

static void conversation_over(struct dialer *dialer, struct attempt *attempt)
{
    desk_guest_left_all(dialer, attempt);
    attempt_hang_up(dialer, attempt, RESULT_CONNECTED);
}

void calls_left(struct dialer *dialer, const struct event *event)
{
    struct attempt *attempt = find(dialer, event->of.call.attempt);
    struct agent *agent = id_index_get(&dialer->agent_ids, event->of.call.agent);

    if (!attempt || !agent)
        return;
    if (attempt->agent == agent && dialer->now < attempt->unsettled_until &&
        (attempt->record.state == ATTEMPT_ANSWERED || attempt->record.state == ATTEMPT_BRIDGED)) {
        attempt_ask_now(dialer, attempt); /* it may be back there by now */
        return;
    }
    if (attempt->record.state == ATTEMPT_ANSWERED && attempt->agent == agent &&
        attempt->record.action == ANSWER_JOIN)
        attempt_in_room(dialer, attempt, agent); /* the news of joining is late */
    if (attempt->record.state == ATTEMPT_BRIDGED && attempt->agent == agent) {
        desk_guest_left_all(dialer, attempt);
        attempt_left(dialer, attempt);
    } else {
        desk_guest_left(dialer, attempt, agent);
    }
    attempt->left = agent->record.id;
}

/* A message that is long over was never heard: told once more, then it is enough. Many answers may
 * come at once, from an engine that was silent: they tell no more than the first. */
static void hear_it_out(struct dialer *dialer, struct attempt *attempt)
{
    if (dialer->now < attempt->message_until)
        return;
    if (attempt->nudges++)
        attempt_tell_end(dialer, attempt);
    else
        attempt_tell_message(dialer, attempt);
}

static void polled_in_progress(struct dialer *dialer, struct attempt *attempt,
                               const struct event_call *call)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, call->agent);

    status_moves(dialer, attempt, CALL_IN_PROGRESS);
    if (attempt->record.state == ATTEMPT_HANDED_OVER) {
        if (agent) { /* told to go on, and has not */
            desk_guest_seen(dialer, attempt, agent);
            attempt_send_off(dialer, attempt);
        } else {
            desk_guest_left_all(dialer, attempt);
        }
        return;
    }
    if (attempt->record.state == ATTEMPT_BRIDGED && agent && attempt->agent != agent) {
        attempt_found_elsewhere(dialer, attempt, agent);
        return;
    }
    if (attempt->record.state == ATTEMPT_CLOSING && agent)
        desk_guest_seen(dialer, attempt, agent);
    else if (attempt->record.state == ATTEMPT_CLOSING)
        desk_guest_left_all(dialer, attempt);
    else if (agent && !(attempt->record.state == ATTEMPT_ANSWERED &&
                        desk_guest_may_linger(attempt, agent))) {
        attempt_in_room(dialer, attempt, agent);
        if (attempt->agent == agent)
            hold_seen(dialer, attempt, call->held);
        return;
    }
    if (!agent)
        desk_guest_arrived(dialer, attempt);
    if (attempt->record.state == ATTEMPT_CLOSING && attempt->record.action == ANSWER_MESSAGE) {
        hear_it_out(dialer, attempt);
        return;
    }
    ++attempt->nudges;
    if (attempt->record.state == ATTEMPT_ANSWERED && attempt->record.action == ANSWER_NONE)
        attempt_decide(dialer, attempt);
    else if (attempt->record.state == ATTEMPT_ANSWERED && attempt->nudges > NUDGES_MAX)
        attempt_abandon(dialer, attempt);
    else if (attempt->record.state == ATTEMPT_ANSWERED)
        attempt_go_to(dialer, attempt, attempt->agent); /* told to go there, and has not */
    else if (attempt->record.state == ATTEMPT_BRIDGED && attempt->nudges > 1)
        conversation_over(dialer, attempt);
}

/* Rings longer than it was told to. */
static bool rings_too_long(const struct dialer *dialer, const struct attempt *attempt)
{
    const struct attempt_record *record = &attempt->record;
    instant since = record->ringing_at ? record->ringing_at : record->ordered_at;

    return is_unanswered(attempt) &&
           dialer->now > since + attempt->campaign->options.ring_timeout + 10 * SECOND;
}

static void polled_not_found(struct dialer *dialer, struct attempt *attempt, uint16_t sip_code)
{
    if (!attempt->known && ++attempt->not_found < NOT_FOUND_MAX)
        return;
    if (attempt->known || dialer->now >= attempt->rings_until) {
        call_over(dialer, attempt, CALL_NOT_FOUND, sip_code);
        return;
    }
    attempt->polls = 0; /* its order may still be on the way */
    if (attempt->record.state != ATTEMPT_CLOSING)
        attempt_withdraw(dialer, attempt);
    attempt_sure(dialer, attempt); /* it is in nobody's room, and dialling goes on */
    attempt_schedule(dialer, attempt);
}

void calls_polled(struct dialer *dialer, const struct event *event)
{
    const struct event_call *call = &event->of.call;
    struct attempt *attempt = find(dialer, call->attempt);

    if (!attempt || attempt->record.state == ATTEMPT_ENDED)
        return;
    if (call->poll !=
        attempt->poll) { /* it was asked of another state: asked again if it matters */
        if (call_status_is_final(call->status) || call->status == CALL_NOT_FOUND)
            attempt_ask_now(dialer, attempt);
        return;
    }
    note_hello(dialer, attempt, call->hello_us);
    if (call->status == CALL_NOT_FOUND) {
        polled_not_found(dialer, attempt, call->sip_code);
        return;
    }
    attempt->polls = attempt->not_found = 0;
    attempt_id id = attempt->record.id;
    if (call_status_is_final(call->status)) {
        call_over(dialer, attempt, call->status, call->sip_code);
        return;
    }
    if (call->status == CALL_IN_PROGRESS)
        polled_in_progress(dialer, attempt, call);
    else
        status_moves(dialer, attempt, call->status);
    attempt = find(dialer, id);
    if (!attempt || attempt->record.state == ATTEMPT_ENDED)
        return;
    attempt_sure(dialer, attempt);
    if (rings_too_long(dialer, attempt))
        attempt_hang_up(dialer, attempt, RESULT_NO_ANSWER);
    else
        attempt_schedule(dialer, attempt);
}

void calls_machine(struct dialer *dialer, const struct event *event)
{
    struct attempt *attempt = find(dialer, event->of.call.attempt);

    if (!attempt)
        return;
    if (attempt->record.state == ATTEMPT_ANSWERED || attempt->record.state == ATTEMPT_WAITING ||
        attempt->record.state == ATTEMPT_BRIDGED)
        attempt_hang_up(dialer, attempt, RESULT_MACHINE);
}
