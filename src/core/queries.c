#include "core/queue.h"
#include "core/state.h"

bool dialer_campaign(const struct dialer *dialer, campaign_id id, struct campaign_facts *facts)
{
    const struct campaign *campaign = id_index_get(&dialer->campaign_ids, id);

    if (!campaign)
        return false;
    *facts =
        (struct campaign_facts){campaign->id, campaign->state, campaign->ledger, campaign->options};
    return true;
}

bool dialer_campaign_figures(const struct dialer *dialer, campaign_id id, struct figures *figures)
{
    const struct campaign *campaign = id_index_get(&dialer->campaign_ids, id);

    if (!campaign)
        return false;
    *figures = campaign->figures;
    return true;
}

bool dialer_agent(const struct dialer *dialer, agent_id id, struct agent_facts *facts)
{
    const struct agent *agent = id_index_get(&dialer->agent_ids, id);

    if (!agent)
        return false;
    *facts = (struct agent_facts){.record = agent->record,
                                  .reservation = agent->reservation,
                                  .campaign_count = agent->membership_count};
    if (!reservation_is_live(agent->reservation.status))
        facts->reservation = (struct reservation_record){0};
    for (uint8_t i = 0; i < agent->membership_count; ++i)
        facts->campaigns[i] = agent->memberships[i].id;
    return true;
}

bool dialer_awaits_leg(const struct dialer *dialer, agent_id id, uint32_t serial)
{
    const struct agent *agent = id_index_get(&dialer->agent_ids, id);

    return agent && agent->record.leg_serial == serial && agent->record.leg != LEG_NONE &&
           agent->record.leg != LEG_LOST;
}

bool dialer_attempt(const struct dialer *dialer, attempt_id id, struct attempt_record *record)
{
    const struct attempt *attempt = id_index_get(&dialer->attempt_ids, id);

    if (!attempt)
        return false;
    *record = attempt->record;
    return true;
}

bool dialer_lead(const struct dialer *dialer, lead_id id, struct lead_record *record)
{
    const struct lead *lead = id_index_get(&dialer->lead_ids, id);

    if (!lead)
        return false;
    *record = lead->record;
    return true;
}

/* The rules answer by the instant they are asked for; the dialer's own does not move by a question. */
static struct dialer asked_at(const struct dialer *dialer, instant now)
{
    struct dialer asked = *dialer;

    asked.now = now;
    return asked;
}

bool dialer_lead_verdicts(const struct dialer *dialer, lead_id id, instant now,
                          struct verdict *verdicts, uint32_t *count)
{
    const struct lead *lead = id_index_get(&dialer->lead_ids, id);
    struct dialer asked = asked_at(dialer, now);

    if (!lead)
        return false;
    *count = lead->number_count;
    for (uint8_t i = 0; i < lead->number_count; ++i)
        verdicts[i] = lead->record.numbers_dead & (1u << i)
                          ? (struct verdict){REFUSED_INVALID_NUMBER, INSTANT_NEVER}
                          : number_verdict(&asked, lead, i);
    return true;
}

void dialer_facts_verdicts(const struct dialer *dialer, const struct lead_facts *facts, instant now,
                           struct verdict *verdicts)
{
    const struct campaign *campaign = id_index_get(&dialer->campaign_ids, facts->record.campaign);
    struct dialer asked = asked_at(dialer, now);

    for (uint8_t i = 0; i < facts->number_count && i < LEAD_NUMBERS_MAX; ++i)
        if (!campaign)
            verdicts[i] = (struct verdict){REFUSED_UNKNOWN_CAMPAIGN, INSTANT_NEVER};
        else if (facts->record.numbers_dead & (1u << i))
            verdicts[i] = (struct verdict){REFUSED_INVALID_NUMBER, INSTANT_NEVER};
        else
            verdicts[i] = facts_verdict(&asked, campaign, facts, i);
}

void dialer_census(const struct dialer *dialer, struct dialer_census *census)
{
    *census = (struct dialer_census){
        .campaigns = slab_used(&dialer->campaigns),
        .agents = slab_used(&dialer->agents),
        .attempts = slab_used(&dialer->attempts),
        .leads = slab_used(&dialer->leads),
        .numbers = slab_used(&dialer->numbers),
        .persons = slab_used(&dialer->persons),
        .doubtful = dialer->doubtful,
    };
    for (uint32_t slot = 0; slot < dialer->agents.count_max; ++slot) {
        const struct agent *agent = slab_at(&dialer->agents, slot);

        if (agent->record.id)
            ++census->agents_by_activity[agent->record.activity];
    }
    for (uint32_t slot = 0; slot < dialer->attempts.count_max; ++slot) {
        const struct attempt *attempt = slab_at(&dialer->attempts, slot);

        if (attempt->record.id)
            ++census->attempts_by_state[attempt->record.state];
    }
}
