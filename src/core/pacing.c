#include "core/pacing.h"

#include "core/administration.h"
#include "core/calls.h"
#include "core/claim.h"
#include "core/desk.h"
#include "core/emit.h"
#include "core/preview.h"
#include "core/queue.h"

enum { TURN = 1000000 };
#define RATE_LATE_MAX (20 * MILLISECOND)

bool pacing_has_line(const struct dialer *dialer, const struct campaign *campaign)
{
    return dialer->attempts.free_count && dialer->out < dialer->limits.calls_max &&
           (!campaign->options.calls_max || campaign->out < campaign->options.calls_max);
}

static bool may_order(const struct dialer *dialer)
{
    return !dialer->limits.calls_per_second || dialer->now >= dialer->rate_next;
}

/* A timer that came a little late takes nothing from the rate; who was idle gains nothing. */
void pacing_spend(struct dialer *dialer)
{
    bool is_late = dialer->now - dialer->rate_next <= RATE_LATE_MAX;

    if (dialer->limits.calls_per_second)
        dialer->rate_next = instant_add(is_late ? dialer->rate_next : dialer->now,
                                        SECOND / dialer->limits.calls_per_second);
}

/* Calls out with no agent of their own, over all campaigns whose agents they may be answered by. */
static uint32_t unguarded_near(const struct dialer *dialer, const struct campaign *campaign)
{
    uint32_t count = 0;

    for (uint64_t bits = campaign->shares; bits; bits &= bits - 1)
        count += campaign_slot(dialer, (uint32_t)__builtin_ctzll(bits))->unguarded;
    return count;
}

static bool ratio_allows(const struct dialer *dialer, const struct campaign *campaign)
{
    uint32_t idle = campaign->idle_count, out = unguarded_near(dialer, campaign);

    if (!idle || !chain_is_empty(&campaign->waiting) ||
        out >= (uint64_t)idle * campaign->options.ratio_percent / 100)
        return false;
    return out < idle ||
           !rule_abandonment(&campaign->options.abandonment, &campaign->ledger, out - idle).refusal;
}

/* Is there a hand, a line and a lead? */
static bool wants(const struct dialer *dialer, const struct campaign *campaign)
{
    if (dialer->held || campaign->state != CAMPAIGN_RUNNING || !campaign->due_count ||
        !campaign->idle_count || !pacing_has_line(dialer, campaign))
        return false;
    switch (campaign->options.mode) {
    case MODE_MANUAL:
        return false;
    case MODE_PREVIEW:
    case MODE_PROGRESSIVE: /* idle agents whom calls already out may need are left to them */
        return campaign->idle_count > unguarded_near(dialer, campaign);
    case MODE_RATIO:
        return ratio_allows(dialer, campaign);
    case MODE_COUNT:
        break;
    }
    check(false);
}

/* The agent a callback was promised to; *parked: it waits for that agent now. */
static struct agent *promised_agent(struct dialer *dialer, struct lead *lead, bool *parked)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, lead->record.callback_agent);
    instant until = instant_add(lead->record.due_at, lead->campaign->options.callback_agent_wait);

    *parked = false;
    if (!agent || dialer->now >= until) {
        lead->record.callback_agent = 0;
        touch_lead(dialer, lead);
        return NULL;
    }
    if (desk_is_idle_for(agent, lead->campaign))
        return agent;
    lead_park(dialer, lead, agent);
    *parked = true;
    return NULL;
}

/* One lead: dialled, shown, parked or held. */
static void take_turn(struct dialer *dialer, struct campaign *campaign)
{
    struct lead *lead = lead_first_due(campaign);
    struct agent *agent = NULL;
    struct verdict verdict;
    uint8_t index;
    bool parked = false;

    verdict = lead_choose_number(dialer, lead, &index);
    if (verdict.refusal) {
        lead_refused(dialer, lead, verdict);
        return;
    }
    if (lead->record.callback_agent)
        agent = promised_agent(dialer, lead, &parked);
    if (parked)
        return;
    if (!agent && campaign->options.mode != MODE_RATIO)
        agent = desk_longest_idle(campaign);
    campaign->pass += TURN / campaign->options.weight;
    if (campaign->options.mode == MODE_PREVIEW) {
        preview_show(dialer, agent, lead, index);
        return;
    }
    check(attempt_plan(dialer, lead, index, agent, false));
    pacing_spend(dialer);
}

static void serve_waiting(struct dialer *dialer)
{
    for (uint64_t bits = dialer->look; bits; bits &= bits - 1) {
        struct campaign *campaign = campaign_slot(dialer, (uint32_t)__builtin_ctzll(bits));

        while (campaign->id && !chain_is_empty(&campaign->waiting) && campaign->idle_count &&
               dialer_may_step(dialer))
            attempt_decide(dialer, container_of(campaign->waiting.after, struct attempt, waiting));
    }
}

/* Of those that may have something to do, the one that has had the least for its weight. A campaign
 * that slept does not make up for it. */
static struct campaign *next_in_turn(struct dialer *dialer)
{
    struct campaign *next = NULL;

    for (uint64_t bits = dialer->look; bits; bits &= bits - 1) {
        struct campaign *campaign = campaign_slot(dialer, (uint32_t)__builtin_ctzll(bits));

        if (!campaign->id || !wants(dialer, campaign)) {
            if (campaign->id) {
                claim_check(dialer, campaign);
                administration_tidy(dialer, campaign);
            }
            if (!dialer->unfinished)
                dialer->look &= ~(UINT64_C(1) << __builtin_ctzll(bits));
            continue;
        }
        campaign->pass = campaign->pass > dialer->pass ? campaign->pass : dialer->pass;
        if (!next || campaign->pass < next->pass)
            next = campaign;
    }
    if (next)
        dialer->pass = next->pass;
    return next;
}

void pacing_work(struct dialer *dialer)
{
    struct campaign *campaign;

    if (!dialer->recovered)
        return;
    serve_waiting(dialer);
    fold_touched(dialer); /* whoever was abandoned in this feed counts against the next call */
    while (dialer->look && (campaign = next_in_turn(dialer)) != NULL) {
        if (!may_order(dialer) && campaign->options.mode != MODE_PREVIEW) {
            timer_set(dialer, &dialer->rate_timer, dialer->rate_next);
            return;
        }
        if (!dialer_may_step(dialer))
            return;
        take_turn(dialer, campaign);
    }
}
