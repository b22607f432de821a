#include "core/preview.h"

#include "core/calls.h"
#include "core/desk.h"
#include "core/emit.h"
#include "core/pacing.h"
#include "core/queue.h"

void preview_show(struct dialer *dialer, struct agent *agent, struct lead *lead, uint8_t index)
{
    struct effect *effect;

    lead_unplace(dialer, lead);
    desk_reserve(dialer, agent, lead, NULL);
    ++lead->campaign->planned_since;
    effect = emit(dialer, EFFECT_SCREEN_POP);
    effect->of.pop.kind = POP_PREVIEW;
    effect->of.pop.agent = agent->record.id;
    effect->of.pop.campaign = lead->campaign->id;
    effect->of.pop.lead = lead->record.id;
    effect->of.pop.number = lead->numbers[index].number->id;
    effect->of.pop.reservation = agent->reservation.id;
    effect->of.pop.until = agent->reservation.until;
}

struct lead *preview_take(struct dialer *dialer, struct agent *agent)
{
    struct lead *lead = agent->preview;

    agent->preview = NULL;
    lead->agent = NULL;
    lead->place = PLACE_NOWHERE;
    lead->person->holder = NULL;
    timer_clear(dialer, &agent->timer);
    return lead;
}

void preview_withdraw(struct dialer *dialer, struct agent *agent, struct verdict verdict)
{
    struct lead *lead = preview_take(dialer, agent);

    desk_release(dialer, agent, RESERVATION_CANCELED);
    if (verdict.refusal)
        lead_refused(dialer, lead, verdict);
    else
        lead_settle(dialer, lead);
}

/* The rules are asked again: a preview may have been looked at for long. */
static void accept(struct dialer *dialer, struct agent *agent)
{
    struct lead *lead = agent->preview;
    struct verdict verdict;
    uint8_t index;

    if (lead->campaign->state != CAMPAIGN_RUNNING) {
        refuse(dialer, REFUSED_CAMPAIGN_STATE);
        preview_withdraw(dialer, agent, (struct verdict){REFUSED_NOT, 0});
        return;
    }
    if (dialer->held) { /* it stays on the screen: it may be accepted again */
        refuse(dialer, REFUSED_HELD);
        return;
    }
    verdict = lead_choose_number(dialer, lead, &index);
    if (verdict.refusal) {
        emit_refuse(dialer, verdict);
        preview_withdraw(dialer, agent, verdict);
        return;
    }
    if (!pacing_has_line(dialer, lead->campaign)) {
        refuse(dialer, REFUSED_FULL_ATTEMPTS);
        preview_withdraw(dialer, agent, (struct verdict){REFUSED_NOT, 0});
        return;
    }
    (void)preview_take(dialer, agent);
    check(attempt_plan(dialer, lead, index, agent, false));
    pacing_spend(dialer);
}

static void put_off(struct dialer *dialer, struct agent *agent, enum reservation_status status,
                    instant until)
{
    struct lead *lead = preview_take(dialer, agent);

    desk_release(dialer, agent, status);
    if (lead->record.state != LEAD_CALLBACK)
        lead_become(dialer, lead, LEAD_DUE);
    lead->record.reason = REFUSED_NOT; /* a rule that held the call back before holds it no more */
    lead->record.due_at = instant_max(until, dialer->now);
    touch_lead(dialer, lead);
    lead_settle(dialer, lead);
}

void preview_expire(struct dialer *dialer, struct agent *agent)
{
    const struct campaign_options *options = &agent->preview->campaign->options;

    switch (dialer->held ? PREVIEW_THEN_SKIP : options->preview_default) {
    case PREVIEW_THEN_DIAL:
        accept(dialer, agent);
        break;
    case PREVIEW_THEN_SKIP:
        put_off(dialer, agent, RESERVATION_TIMEOUT, instant_add(dialer->now, options->skip_delay));
        break;
    case PREVIEW_DEFAULT_COUNT:
        check(false);
    }
}

static struct agent *previewing(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, event->of.reservation.agent);
    reservation_id id = event->of.reservation.reservation;

    if (!agent)
        refuse(dialer, REFUSED_UNKNOWN_AGENT);
    else if (!agent->preview || (id && id != agent->reservation.id))
        refuse(dialer, REFUSED_UNKNOWN_RESERVATION);
    else
        return agent;
    return NULL;
}

void preview_accepted(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = previewing(dialer, event);

    if (agent)
        accept(dialer, agent);
}

void preview_skipped(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = previewing(dialer, event);

    if (agent)
        put_off(dialer, agent, RESERVATION_CANCELED,
                instant_add(dialer->now, agent->preview->campaign->options.skip_delay));
}

void preview_snoozed(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = previewing(dialer, event);

    if (agent)
        put_off(dialer, agent, RESERVATION_CANCELED, event->of.reservation.until);
}

/* Everything that can stand against a call by hand, before anything is changed. */
static struct verdict may_dial(struct dialer *dialer, const struct agent *agent,
                               const struct campaign *campaign, const struct lead *lead,
                               const struct event *event)
{
    const struct lead_facts *facts = &event->of.manual.lead;
    const struct lead_record *record = lead ? &lead->record : &facts->record;
    uint8_t index = event->of.manual.number_index;
    const struct person *person = id_index_get(&dialer->person_ids, record->person);
    enum refusal refusal = REFUSED_NOT;

    if (!dialer->recovered)
        refusal = REFUSED_CLOSED;
    else if (!agent)
        refusal = REFUSED_UNKNOWN_AGENT;
    else if (!campaign)
        refusal = REFUSED_UNKNOWN_CAMPAIGN;
    else if ((agent->record.activity != AGENT_AVAILABLE && agent->record.activity != AGENT_BREAK) ||
             agent->record.leg != LEG_CONNECTED || agent->guests || agent->unseen ||
             dialer->doubtful)
        refusal = REFUSED_AGENT_STATE;
    else if (campaign->state != CAMPAIGN_RUNNING)
        refusal = REFUSED_CAMPAIGN_STATE;
    else if (dialer->held)
        refusal = REFUSED_HELD;
    else if (!record->id || !record->person)
        refusal = REFUSED_UNKNOWN_LEAD;
    else if (index >= (lead ? lead->number_count : facts->number_count) ||
             facts->number_count > LEAD_NUMBERS_MAX)
        refusal = REFUSED_NO_NUMBER;
    else if (record->state == LEAD_BLOCKED)
        refusal = REFUSED_DO_NOT_CALL;
    else if (record->state == LEAD_ATTEMPTING || (lead && lead->place == PLACE_PREVIEW))
        refusal = REFUSED_LEAD_BUSY;
    else if (person && person->holder)
        refusal = REFUSED_PERSON_BUSY;
    else if (campaign->options.lead_attempts_max &&
             record->attempts >= campaign->options.lead_attempts_max)
        refusal = REFUSED_LEAD_ATTEMPTS;
    else if (!pacing_has_line(dialer, campaign))
        refusal = REFUSED_FULL_ATTEMPTS;
    if (refusal)
        return (struct verdict){refusal, INSTANT_NEVER};
    return lead ? number_verdict(dialer, lead, index)
                : facts_verdict(dialer, campaign, facts, index);
}

void preview_manual(struct dialer *dialer, const struct event *event)
{
    const struct lead_facts *facts = &event->of.manual.lead;
    struct agent *agent = id_index_get(&dialer->agent_ids, event->of.manual.agent);
    struct lead *lead = id_index_get(&dialer->lead_ids, facts->record.id);
    struct campaign *campaign =
        lead ? lead->campaign : id_index_get(&dialer->campaign_ids, facts->record.campaign);
    struct verdict verdict = may_dial(dialer, agent, campaign, lead, event);

    if (verdict.refusal) {
        emit_refuse(dialer, verdict);
        return;
    }
    if (!lead)
        lead = lead_take_in(dialer, campaign, facts);
    if (!lead) {
        refuse(dialer, REFUSED_FULL_LEADS);
        return;
    }
    check(attempt_plan(dialer, lead, event->of.manual.number_index, agent, true));
    pacing_spend(dialer);
}
