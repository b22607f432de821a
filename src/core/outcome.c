#include "core/outcome.h"

#include "core/contacts.h"
#include "core/emit.h"
#include "core/queue.h"

static void end_lead(struct dialer *dialer, struct lead *lead, enum lead_state state,
                     enum refusal reason)
{
    lead_become(dialer, lead, state);
    lead->record.due_at = INSTANT_NEVER;
    lead->record.reason = reason;
    lead->record.callback_agent = 0;
}

static void due_again(struct dialer *dialer, struct lead *lead, instant delay)
{
    lead_become(dialer, lead, LEAD_DUE);
    lead->record.due_at = instant_add(dialer->now, delay);
    lead->record.callback_agent = 0;
}

static bool number_is_alive(const struct lead *lead, uint8_t index)
{
    return !(lead->record.numbers_dead & (1u << index)) && !lead->numbers[index].flags &&
           !(lead->numbers[index].number->flags & (CONTACT_INVALID | CONTACT_DO_NOT_CALL));
}

/* The next living number behind this one in the round; false: the round is over. */
static bool next_alternate(const struct lead *lead, uint8_t after, uint8_t *index)
{
    for (uint8_t i = (uint8_t)(after + 1); i < lead->number_count; ++i)
        if (number_is_alive(lead, i)) {
            *index = i;
            return true;
        }
    return false;
}

static bool any_number_alive(const struct lead *lead)
{
    for (uint8_t i = 0; i < lead->number_count; ++i)
        if (number_is_alive(lead, i))
            return true;
    return false;
}

static void retry_by(struct dialer *dialer, struct lead *lead, const struct attempt *attempt,
                     enum attempt_result result)
{
    const struct campaign_options *options = &lead->campaign->options;
    const struct retry_rule *rule = &options->retry[result];
    uint8_t index;

    if (!any_number_alive(lead)) {
        end_lead(dialer, lead, LEAD_EXHAUSTED, REFUSED_NO_NUMBER);
    } else if (options->lead_attempts_max && lead->record.attempts >= options->lead_attempts_max) {
        end_lead(dialer, lead, LEAD_EXHAUSTED, REFUSED_LEAD_ATTEMPTS);
    } else if (rule->alternates && next_alternate(lead, attempt->record.number_index, &index)) {
        lead->record.number_next = index;
        due_again(dialer, lead, rule->alternate_delay);
    } else if (lead->record.results[result] > rule->times_max) {
        end_lead(dialer, lead, LEAD_EXHAUSTED, REFUSED_RESULT_MAX);
    } else {
        lead->record.number_next = 0;
        due_again(dialer, lead, rule->delay);
    }
}

static void count_result(struct lead *lead, enum attempt_result result)
{
    if (lead->record.results[result] < UINT8_MAX)
        ++lead->record.results[result];
}

static void kill_number(struct lead *lead, uint8_t index)
{
    lead->record.numbers_dead |= (uint8_t)(1u << index);
}

/* Our own trunk or engine failed it. Not at once: the one after it may fare no better. */
#define NOT_CARRIED_PAUSE (10 * SECOND)

/* Never placed, by our own doing: as if nothing had been. */
static void back_in_line(struct dialer *dialer, struct lead *lead, const struct attempt *attempt)
{
    if (attempt->record.reason == REFUSED_DO_NOT_CALL) {
        uint8_t index;
        struct verdict verdict = lead_choose_number(dialer, lead, &index);

        if (verdict.refusal == REFUSED_DO_NOT_CALL) {
            end_lead(dialer, lead, LEAD_BLOCKED, REFUSED_DO_NOT_CALL);
            return;
        }
    }
    if (attempt->record.counts) {
        count_result(lead, RESULT_CANCELED);
        retry_by(dialer, lead, attempt, RESULT_CANCELED);
    } else {
        due_again(dialer, lead, SECOND);
    }
}

static void by_result(struct dialer *dialer, struct lead *lead, const struct attempt *attempt,
                      enum attempt_result result)
{
    switch (result) {
    case RESULT_CANCELED:
        back_in_line(dialer, lead, attempt);
        break;
    case RESULT_INVALID:
        kill_number(lead, attempt->record.number_index);
        count_result(lead, result);
        retry_by(dialer, lead, attempt, result);
        break;
    case RESULT_CONNECTED: /* the conversation was cut, and nobody could say what came of it */
    case RESULT_ABANDONED:
    case RESULT_HUNG_UP:
    case RESULT_MACHINE:
    case RESULT_BUSY:
    case RESULT_NO_ANSWER:
    case RESULT_FAILED:
        if (attempt->record.reason == REFUSED_NOT_CARRIED) {
            due_again(dialer, lead, NOT_CARRIED_PAUSE);
            break;
        }
        count_result(lead, result);
        retry_by(dialer, lead, attempt, result);
        break;
    case RESULT_NONE:
    case RESULT_COUNT:
        check(false);
    }
}

static void call_back(struct dialer *dialer, struct lead *lead, const struct attempt *attempt)
{
    lead_become(dialer, lead, LEAD_CALLBACK);
    lead->record.due_at = instant_max(attempt->record.callback_at, dialer->now);
    lead->record.callback_agent = attempt->record.callback_agent;
    lead->record.number_next = attempt->record.number_index;
}

static void wrong_number(struct dialer *dialer, struct lead *lead, const struct attempt *attempt)
{
    kill_number(lead, attempt->record.number_index);
    by_result(dialer, lead, attempt, RESULT_INVALID);
}

static void by_disposition(struct dialer *dialer, struct lead *lead, const struct attempt *attempt,
                           const struct disposition *disposition)
{
    lead->record.disposition = disposition->code;
    switch (disposition->behaviour) {
    case DISPOSITION_DONE:
        end_lead(dialer, lead, LEAD_DONE, REFUSED_NOT);
        break;
    case DISPOSITION_RETRY:
        count_result(lead, RESULT_CONNECTED);
        lead->record.number_next = attempt->record.number_index;
        due_again(dialer, lead, disposition->delay);
        break;
    case DISPOSITION_CALLBACK:
        call_back(dialer, lead, attempt);
        break;
    case DISPOSITION_DO_NOT_CALL:
        end_lead(dialer, lead, LEAD_BLOCKED, REFUSED_DO_NOT_CALL);
        break;
    case DISPOSITION_WRONG_NUMBER:
        wrong_number(dialer, lead, attempt);
        break;
    case DISPOSITION_MACHINE:
        by_result(dialer, lead, attempt, RESULT_MACHINE);
        break;
    case DISPOSITION_BEHAVIOUR_COUNT:
        check(false);
    }
}

/* Cut by our fault, in the middle of a word: called back at once, by whoever talked if still there. The rules hold
 * all the same. */
static void call_back_dropped(struct dialer *dialer, struct lead *lead,
                              const struct attempt *attempt)
{
    const struct agent *agent = id_index_get(&dialer->agent_ids, attempt->record.agent);
    const struct campaign_options *options = &lead->campaign->options;

    count_result(lead, RESULT_CONNECTED);
    if (!any_number_alive(lead) ||
        (options->lead_attempts_max && lead->record.attempts >= options->lead_attempts_max)) {
        retry_by(dialer, lead, attempt, RESULT_CONNECTED);
        return;
    }
    lead_become(dialer, lead, LEAD_CALLBACK);
    lead->record.due_at = dialer->now;
    lead->record.callback_agent =
        agent && agent->record.activity != AGENT_OFFLINE ? agent->record.id : 0;
    lead->record.number_next = attempt->record.number_index;
}

void outcome_of_attempt(struct dialer *dialer, struct attempt *attempt)
{
    struct lead *lead = attempt->lead;
    const struct disposition *disposition =
        campaign_disposition(&attempt->campaign->options, attempt->record.disposition);

    check(lead->record.state == LEAD_ATTEMPTING && lead->place == PLACE_NOWHERE);
    if (lead->person->flags & CONTACT_DO_NOT_CALL)
        end_lead(dialer, lead, LEAD_BLOCKED, REFUSED_DO_NOT_CALL);
    else if (disposition)
        by_disposition(dialer, lead, attempt, disposition);
    else if (attempt->record.dropped)
        call_back_dropped(dialer, lead, attempt);
    else
        by_result(dialer, lead, attempt, attempt->record.result);
    touch_lead(dialer, lead);
    lead_settle(dialer, lead);
}
