#include "core/emit.h"

struct effect *emit(struct dialer *dialer, enum effect_kind kind)
{
    struct outbox *box = effect_is_record(kind) ? &dialer->records : &dialer->acts;
    struct effect *effect;

    check(box->count < EFFECTS_ROOM);
    effect = &box->effects[box->count++];
    *effect = (struct effect){.kind = kind, .request = dialer->request};
    return effect;
}

void emit_refuse(struct dialer *dialer, struct verdict verdict)
{
    struct effect *effect = emit(dialer, EFFECT_REFUSE);

    effect->of.refuse.refusal = verdict.refusal;
    effect->of.refuse.until = verdict.until;
}

void refuse(struct dialer *dialer, enum refusal refusal)
{
    emit_refuse(dialer, (struct verdict){refusal, INSTANT_NEVER});
}

void touch_lead(struct dialer *dialer, struct lead *lead)
{
    if (chain_is_empty(&lead->dirty))
        chain_join(&dialer->dirty_leads, &lead->dirty);
}

void touch_attempt(struct dialer *dialer, struct attempt *attempt)
{
    if (chain_is_empty(&attempt->dirty))
        chain_join(&dialer->dirty_attempts, &attempt->dirty);
}

void touch_agent(struct dialer *dialer, struct agent *agent)
{
    if (chain_is_empty(&agent->dirty))
        chain_join(&dialer->dirty_agents, &agent->dirty);
}

void touch_campaign(struct dialer *dialer, struct campaign *campaign)
{
    dialer->record_due |= campaign->bit;
}

void write_lead(struct dialer *dialer, struct lead *lead)
{
    chain_leave(&lead->dirty);
    emit(dialer, EFFECT_RECORD_LEAD)->of.lead = lead->record;
}

/* Every figure is the fold of these records. */
static void fold(struct attempt *attempt)
{
    struct campaign *campaign = attempt->campaign;
    struct figures change = {0};

    figures_change(&campaign->figures, attempt->appeared ? &attempt->recorded : NULL,
                   &attempt->record);
    figures_change(&change, attempt->appeared ? &attempt->recorded : NULL, &attempt->record);
    campaign->ledger.answered_live += change.ledger.answered_live;
    campaign->ledger.abandoned += change.ledger.abandoned;
    attempt->recorded = attempt->record;
    attempt->appeared = true;
}

void fold_touched(struct dialer *dialer)
{
    for (struct chain *at = dialer->dirty_attempts.after; at != &dialer->dirty_attempts;
         at = at->after)
        fold(container_of(at, struct attempt, dirty));
}

void write_attempt(struct dialer *dialer, struct attempt *attempt)
{
    chain_leave(&attempt->dirty);
    emit(dialer, EFFECT_RECORD_ATTEMPT)->of.attempt = attempt->record;
    fold(attempt);
}

static void write_agent(struct dialer *dialer, struct agent *agent)
{
    chain_leave(&agent->dirty);
    ++agent->record.version;
    emit(dialer, EFFECT_RECORD_AGENT)->of.agent = agent->record;
}

void write_reservation(struct dialer *dialer, struct agent *agent)
{
    emit(dialer, EFFECT_RECORD_RESERVATION)->of.reservation = agent->reservation;
}

static void write_campaigns(struct dialer *dialer)
{
    for (; dialer->record_due; dialer->record_due &= dialer->record_due - 1) {
        struct campaign *campaign =
            campaign_slot(dialer, (uint32_t)__builtin_ctzll(dialer->record_due));
        struct effect *effect = emit(dialer, EFFECT_RECORD_CAMPAIGN);

        effect->of.campaign.id = campaign->id;
        effect->of.campaign.state = campaign->state;
        effect->of.campaign.ledger = campaign->ledger;
    }
}

void write_touched(struct dialer *dialer)
{
    while (!chain_is_empty(&dialer->dirty_agents))
        write_agent(dialer, container_of(dialer->dirty_agents.after, struct agent, dirty));
    while (!chain_is_empty(&dialer->dirty_leads))
        write_lead(dialer, container_of(dialer->dirty_leads.after, struct lead, dirty));
    while (!chain_is_empty(&dialer->dirty_attempts))
        write_attempt(dialer, container_of(dialer->dirty_attempts.after, struct attempt, dirty));
    write_campaigns(dialer);
}
