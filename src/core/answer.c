#include "core/calls.h"

#include "core/desk.h"
#include "core/emit.h"
#include "core/hold.h"

#define ORDER_FLIES_MAX (10 * SECOND)

/*
 * What an answered call is told: into the room of the agent it has, of another who is idle, to wait a
 * moment, or goodbye. To the engine's own question it goes as an answer, at any other time as a
 * redirection.
 */
static void tell(struct dialer *dialer, struct attempt *attempt)
{
    struct effect *effect =
        emit(dialer, dialer->answering == attempt ? EFFECT_ANSWER_CALL : EFFECT_REDIRECT_CALL);

    if (attempt->told_at && dialer->now < instant_add(attempt->told_at, ORDER_FLIES_MAX))
        attempt->unsettled_until = instant_add(dialer->now, ORDER_FLIES_MAX);
    attempt->told_at = dialer->now;
    if (dialer->answering == attempt)
        dialer->answering = NULL;
    effect->of.answer.attempt = attempt->record.id;
    effect->of.answer.action = attempt->record.action;
    effect->of.answer.campaign = attempt->record.campaign;
    if (attempt->record.action == ANSWER_JOIN)
        effect->of.answer.agent = attempt->agent->record.id;
    if (attempt->record.action == ANSWER_MESSAGE)
        attempt_hears_message(dialer, attempt);
}

static void pop_answered(struct dialer *dialer, const struct attempt *attempt)
{
    struct effect *effect = emit(dialer, EFFECT_SCREEN_POP);

    effect->of.pop.kind = POP_ANSWERED;
    effect->of.pop.agent = attempt->agent->record.id;
    effect->of.pop.campaign = attempt->record.campaign;
    effect->of.pop.lead = attempt->record.lead;
    effect->of.pop.number = attempt->record.number;
    effect->of.pop.attempt = attempt->record.id;
    effect->of.pop.reservation = attempt->record.reservation;
}

void attempt_answered(struct dialer *dialer, struct attempt *attempt)
{
    attempt->known = true;
    attempt->record.counted_answer = true;
    attempt->record.action = ANSWER_NONE;
    attempt_become(dialer, attempt, ATTEMPT_ANSWERED);
    attempt_schedule(dialer, attempt);
}

void attempt_send_off(struct dialer *dialer, struct attempt *attempt)
{
    attempt->record.action = ANSWER_HAND_OVER;
    tell(dialer, attempt);
}

/* To the room of the agent it is attached to. */
void attempt_go_to(struct dialer *dialer, struct attempt *attempt, struct agent *agent)
{
    check(attempt->agent == agent);
    if (attempt->record.state != ATTEMPT_ANSWERED)
        attempt_become(dialer, attempt, ATTEMPT_ANSWERED);
    else if (attempt->room != agent)
        ++attempt->poll; /* a question on its way is about other rooms */
    attempt->record.action = ANSWER_JOIN;
    attempt->left = 0;
    touch_attempt(dialer, attempt);
    desk_guest_came(dialer, attempt, agent);
    pop_answered(dialer, attempt);
    tell(dialer, attempt);
    attempt_schedule(dialer, attempt);
}

static bool agent_can_hear(const struct agent *agent, const struct attempt *attempt)
{
    return agent->record.leg == LEG_CONNECTED &&
           (agent->guests == 0 || (agent->guests == 1 && attempt->room == agent));
}

void attempt_abandon(struct dialer *dialer, struct attempt *attempt)
{
    enum attempt_result result = attempt->record.conversed ? RESULT_CONNECTED : RESULT_ABANDONED;

    attempt->record.result = result;
    attempt->record.action = ANSWER_MESSAGE;
    attempt->record.dropped = attempt->record.conversed;
    attempt_become(dialer, attempt, ATTEMPT_CLOSING);
    tell(dialer, attempt);
    attempt_detach(dialer, attempt, RESERVATION_CANCELED);
    attempt_schedule(dialer, attempt);
}

bool attempt_hung_up_itself(const struct attempt *attempt)
{
    return attempt->agent && attempt->record.state != ATTEMPT_WAITING && !attempt->forgotten;
}

/* Keeps the reservation of an agent whose leg may come back in time. */
static void wait_or_leave(struct dialer *dialer, struct attempt *attempt)
{
    instant until =
        instant_add(attempt->record.answered_at, attempt->campaign->options.answer_wait_max);

    desk_guest_told_to_leave(dialer, attempt);
    if (attempt->record.conversed || dialer->now >= until) {
        attempt_abandon(dialer, attempt);
        return;
    }
    attempt->record.action = ANSWER_WAIT;
    attempt_become(dialer, attempt, ATTEMPT_WAITING);
    tell(dialer, attempt);
    attempt_schedule(dialer, attempt);
}

void attempt_decide(struct dialer *dialer, struct attempt *attempt)
{
    struct agent *agent = attempt->agent, *other;

    if (agent && agent_can_hear(agent, attempt)) {
        attempt_go_to(dialer, attempt, agent);
        return;
    }
    other = desk_longest_idle(attempt->campaign);
    if (!other) {
        wait_or_leave(dialer, attempt);
        return;
    }
    attempt_detach(dialer, attempt, RESERVATION_RESCINDED);
    desk_reserve(dialer, other, attempt->lead, attempt);
    attempt_go_to(dialer, attempt, other);
}

void attempt_orphaned(struct dialer *dialer, struct attempt *attempt)
{
    switch (attempt->record.state) {
    case ATTEMPT_PLANNED:
    case ATTEMPT_PLACED:
    case ATTEMPT_RINGING:
        attempt_cancel(dialer, attempt, REFUSED_AGENT_STATE);
        break;
    case ATTEMPT_BRIDGED:
        attempt_become(dialer, attempt, ATTEMPT_ANSWERED);
        attempt_decide(dialer, attempt);
        break;
    case ATTEMPT_ANSWERED:
        if (attempt->record.action != ANSWER_NONE)
            attempt_decide(dialer, attempt);
        break;
    case ATTEMPT_WAITING: /* goes on waiting, for whoever comes */
    case ATTEMPT_CLOSING:
    case ATTEMPT_ENDED:
    case ATTEMPT_HANDED_OVER:
        break;
    case ATTEMPT_STATE_COUNT:
        check(false);
    }
}

static void bridge(struct dialer *dialer, struct attempt *attempt)
{
    struct agent *agent = attempt->agent;

    desk_guest_came(dialer, attempt, agent);
    desk_guest_arrived(dialer, attempt);
    attempt->record.action = ANSWER_JOIN;
    attempt->record.conversed = true;
    attempt->forgotten = false;
    attempt_become(dialer, attempt, ATTEMPT_BRIDGED);
    if (agent->record.activity == AGENT_RESERVED)
        desk_accept(dialer, agent);
    if (agent->record.leg != LEG_CONNECTED && !agent->leg_ask)
        hold_agent_lost(dialer, agent);
    attempt_schedule(dialer, attempt);
}

/* A restart may have forgotten who was given the call: then it is where it is, if that agent is free. */
static bool may_adopt(const struct agent *agent)
{
    return agent->record.activity == AGENT_AVAILABLE && !agent->guests &&
           agent->record.leg != LEG_LOST;
}

void attempt_in_room(struct dialer *dialer, struct attempt *attempt, struct agent *agent)
{
    enum attempt_state state = attempt->record.state;

    if (state == ATTEMPT_CLOSING || state == ATTEMPT_ENDED || state == ATTEMPT_BRIDGED ||
        state == ATTEMPT_HANDED_OVER)
        return;
    if (state == ATTEMPT_WAITING && agent && attempt->told_at)
        return; /* old news: it was told to leave whatever room it was in */
    if (state != ATTEMPT_ANSWERED && state != ATTEMPT_WAITING)
        attempt_answered(dialer, attempt);
    if (agent && attempt->agent == agent) {
        bridge(dialer, attempt);
    } else if (agent && !attempt->agent && may_adopt(agent)) {
        desk_reserve(dialer, agent, attempt->lead, attempt);
        bridge(dialer, attempt);
    } else if (attempt->record.action == ANSWER_NONE && !dialer->answering) {
        attempt_decide(dialer, attempt);
    }
}

void attempt_found_elsewhere(struct dialer *dialer, struct attempt *attempt, struct agent *agent)
{
    struct agent *before = attempt->agent;
    bool adopts = agent->record.activity == AGENT_AVAILABLE && agent->record.leg != LEG_LOST &&
                  agent->guests == 1 && desk_guest_may_linger(attempt, agent);

    if (!adopts && !before)
        return;
    attempt_become(dialer, attempt, ATTEMPT_ANSWERED);
    if (!adopts) {
        attempt_go_to(dialer, attempt, before);
        return;
    }
    if (before)
        desk_hand_over(dialer, before);
    desk_reserve(dialer, agent, attempt->lead, attempt);
    bridge(dialer, attempt);
}

static void let_agent_go(struct dialer *dialer, struct attempt *attempt, enum attempt_result result)
{
    struct agent *agent = attempt->agent;

    if (!agent || agent->record.activity == AGENT_WRAP_UP) /* that one has handed over */
        return;
    if (attempt->record.conversed && result == RESULT_CONNECTED)
        desk_wrap_up(dialer, agent);
    else
        attempt_detach(dialer, attempt,
                       agent->reservation.status == RESERVATION_ACCEPTED ? RESERVATION_COMPLETED
                                                                         : RESERVATION_CANCELED);
}

void attempt_hang_up(struct dialer *dialer, struct attempt *attempt, enum attempt_result result)
{
    attempt_close(dialer, attempt, result, ANSWER_HANG_UP);
    let_agent_go(dialer, attempt, result);
}

void attempt_left(struct dialer *dialer, struct attempt *attempt)
{
    attempt_closes(dialer, attempt, RESULT_CONNECTED, ANSWER_HANG_UP);
    let_agent_go(dialer, attempt, RESULT_CONNECTED);
}
