#include "sim/fold.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/journal.h"

void fold_init(struct fold *fold)
{
    *fold = (struct fold){.life = 0};
    table_init(&fold->attempts);
    table_init(&fold->leads);
    table_init(&fold->agents);
    table_init(&fold->campaigns);
}

void fold_release(struct fold *fold)
{
    table_free(&fold->attempts);
    table_free(&fold->leads);
    table_free(&fold->agents);
    table_free(&fold->campaigns);
}

void fold_forget(struct fold *fold)
{
    uint32_t life = fold->life;

    fold_release(fold);
    fold_init(fold);
    fold->life = life;
    fold->partial = true;
}

/* The thing of that id, made when it is new. */
static void *hold(struct table *table, uint64_t id, size_t size)
{
    void *thing = table_get_id(table, id);

    if (thing)
        return thing;
    thing = calloc(1, size);
    check(thing && table_put_id(table, id, thing) == 0);
    return thing;
}

void fold_life(struct fold *fold)
{
    ++fold->life;
    fold->recovered = false;
}

__attribute__((format(printf, 2, 3))) static bool wrong(char *fault, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(fault, FOLD_FAULT_SIZE, format, list);
    va_end(list);
    return false;
}

static bool agent_loaded(struct fold *fold, const struct agent_facts *facts, char *fault)
{
    const struct fold_agent *known = table_get_id(&fold->agents, facts->record.id);

    if (fold->recovered || !known)
        return true; /* a new one, or from before the journal begins */
    if (!journal_same_agent(&known->record, &facts->record))
        return wrong(
            fault, "agent %llu comes back %s with version %llu, and was left %s with %llu",
            (unsigned long long)facts->record.id, agent_activity_name(facts->record.activity),
            (unsigned long long)facts->record.version, agent_activity_name(known->record.activity),
            (unsigned long long)known->record.version);
    if (known->reservation.id && reservation_is_live(known->reservation.status) &&
        !journal_same_reservation(&known->reservation, &facts->reservation))
        return wrong(fault, "agent %llu comes back without reservation %llu",
                     (unsigned long long)facts->record.id,
                     (unsigned long long)known->reservation.id);
    return true;
}

static bool attempt_recovered(struct fold *fold, const struct attempt_record *record, char *fault)
{
    struct fold_attempt *known = table_get_id(&fold->attempts, record->id);

    if (!known) { /* from before the journal begins */
        known = hold(&fold->attempts, record->id, sizeof(*known));
        known->record = *record;
    }
    known->life = fold->life;
    if (!journal_same_attempt(&known->record, record))
        return wrong(fault, "attempt %llu comes back %s, and was left %s",
                     (unsigned long long)record->id, attempt_state_name(record->state),
                     attempt_state_name(known->record.state));
    return true;
}

static bool lead_claimed(struct fold *fold, const struct lead_record *record, char *fault)
{
    struct lead_record *known = table_get_id(&fold->leads, record->id);

    if (known && (known->attempts != record->attempts || known->state != record->state ||
                  known->last_attempt_at != record->last_attempt_at ||
                  known->numbers_dead != record->numbers_dead))
        return wrong(fault, "lead %llu comes back %s with %u attempts, and was left %s with %u",
                     (unsigned long long)record->id, lead_state_name(record->state),
                     (unsigned)record->attempts, lead_state_name(known->state),
                     (unsigned)known->attempts);
    return true;
}

static bool recovery_ended(struct fold *fold, char *fault)
{
    struct table_slot *slot;
    size_t at = 0;

    fold->recovered = true;
    while ((slot = table_next(&fold->attempts, &at))) {
        const struct fold_attempt *attempt = slot->value;

        if (attempt->record.open && attempt->life != fold->life)
            return wrong(fault, "attempt %llu was open (%s) and has not come back",
                         (unsigned long long)attempt->record.id,
                         attempt_state_name(attempt->record.state));
    }
    return true;
}

bool fold_event(struct fold *fold, const struct event *event, char fault[FOLD_FAULT_SIZE])
{
    if (event->kind == EVENT_AGENT_LOADED)
        return agent_loaded(fold, &event->of.agent, fault);
    if (event->kind == EVENT_ATTEMPT_RECOVERED)
        return attempt_recovered(fold, &event->of.attempt, fault);
    if (event->kind == EVENT_LEAD_CLAIMED)
        return lead_claimed(fold, &event->of.lead.record, fault);
    if (event->kind == EVENT_RECOVERY_ENDED)
        return recovery_ended(fold, fault);
    return true;
}

static bool ordered(struct fold *fold, const struct effect *effect, char *fault)
{
    struct fold_attempt *attempt = table_get_id(&fold->attempts, effect->of.place.attempt);

    if (!attempt)
        return wrong(fault, "a call is placed for attempt %llu, which was never recorded",
                     (unsigned long long)effect->of.place.attempt);
    if (++attempt->orders > 1)
        return wrong(fault, "attempt %llu is placed a second time",
                     (unsigned long long)attempt->record.id);
    return true;
}

bool fold_effect(struct fold *fold, const struct effect *effect, char fault[FOLD_FAULT_SIZE])
{
    if (effect->kind == EFFECT_RECORD_ATTEMPT) {
        struct fold_attempt *attempt =
            hold(&fold->attempts, effect->of.attempt.id, sizeof(*attempt));

        attempt->record = effect->of.attempt;
        attempt->life = fold->life;
    } else if (effect->kind == EFFECT_RECORD_LEAD) {
        *(struct lead_record *)hold(&fold->leads, effect->of.lead.id, sizeof(struct lead_record)) =
            effect->of.lead;
    } else if (effect->kind == EFFECT_RECORD_AGENT) {
        struct fold_agent *agent = hold(&fold->agents, effect->of.agent.id, sizeof(*agent));

        agent->record = effect->of.agent;
    } else if (effect->kind == EFFECT_RECORD_RESERVATION) {
        struct fold_agent *agent =
            hold(&fold->agents, effect->of.reservation.agent, sizeof(*agent));

        agent->reservation = effect->of.reservation;
    } else if (effect->kind == EFFECT_RECORD_CAMPAIGN) {
        struct fold_campaign *campaign =
            hold(&fold->campaigns, effect->of.campaign.id, sizeof(*campaign));

        campaign->id = effect->of.campaign.id;
        campaign->state = effect->of.campaign.state;
    } else if (effect->kind == EFFECT_PLACE_CALL) {
        return ordered(fold, effect, fault);
    }
    return true;
}

void fold_figures(const struct fold *fold, campaign_id campaign, struct figures *figures)
{
    struct table_slot *slot;
    size_t at = 0;

    *figures = (struct figures){0};
    while ((slot = table_next(&fold->attempts, &at))) {
        const struct fold_attempt *attempt = slot->value;

        if (attempt->record.campaign == campaign)
            figures_change(figures, NULL, &attempt->record);
    }
}
