#include "core/claim.h"

#include "core/emit.h"
#include "core/queue.h"

enum { FRUITLESS_MAX = 5 };
#define CLAIM_ANSWER_MAX (30 * SECOND)

static bool campaign_claims(const struct dialer *dialer, const struct campaign *campaign)
{
    return dialer->recovered && !dialer->held && campaign->state == CAMPAIGN_RUNNING &&
           campaign->options.mode != MODE_MANUAL;
}

static uint32_t room_for(const struct dialer *dialer, const struct campaign *campaign)
{
    uint32_t high = campaign->options.hopper_high;
    uint32_t wanted = campaign->due_count < high ? high - campaign->due_count : 0;
    uint32_t room = dialer->leads.free_count > dialer->claims_asked
                        ? dialer->leads.free_count - dialer->claims_asked
                        : 0;

    return wanted < room ? wanted : room;
}

/* What the last claim brought was refused by rules, lead by lead: wait a little longer each time. */
static void weigh_last(struct dialer *dialer, struct campaign *campaign)
{
    if (campaign->planned_since || !campaign->refused_since) {
        campaign->fruitless = 0;
    } else {
        instant pause = dialer->limits.claim_pause << campaign->fruitless;

        campaign->claim_at = instant_max(campaign->claim_at, instant_add(dialer->now, pause));
        if (campaign->fruitless < FRUITLESS_MAX)
            ++campaign->fruitless;
    }
    campaign->planned_since = campaign->refused_since = 0;
}

void claim_check(struct dialer *dialer, struct campaign *campaign)
{
    uint32_t count;
    struct effect *effect;

    if (!campaign_claims(dialer, campaign) || campaign->claim ||
        campaign->due_count >= campaign->options.hopper_low)
        return;
    if (campaign->refused_since)
        weigh_last(dialer, campaign);
    if (campaign->claim_at > dialer->now) {
        timer_set(dialer, &campaign->timer, campaign->claim_at);
        return;
    }
    count = room_for(dialer, campaign);
    if (!count) {
        timer_set(dialer, &campaign->timer, instant_add(dialer->now, SECOND));
        return;
    }
    campaign->claim = dialer->claim_next++;
    campaign->claim_asked = count;
    campaign->claim_got = 0;
    campaign->claim_meanwhile = INSTANT_NEVER;
    dialer->claims_asked += count;
    timer_set(dialer, &campaign->timer, instant_add(dialer->now, CLAIM_ANSWER_MAX));
    effect = emit(dialer, EFFECT_CLAIM_LEADS);
    effect->of.claim.campaign = campaign->id;
    effect->of.claim.claim = campaign->claim;
    effect->of.claim.count = count;
    effect->of.claim.due_before = dialer->now;
}

void claim_not_before(struct dialer *dialer, struct campaign *campaign, instant at)
{
    if (campaign->claim) { /* its answer may not know of this yet */
        campaign->claim_meanwhile = instant_min(campaign->claim_meanwhile, at);
        return;
    }
    if (at >= campaign->claim_at)
        return;
    campaign->claim_at = at;
    dialer->look |= campaign->bit;
}

static void close_claim(struct dialer *dialer, struct campaign *campaign)
{
    uint32_t left = campaign->claim_asked - campaign->claim_got;

    campaign->claim = 0;
    campaign->claim_asked = campaign->claim_got = 0;
    dialer->claims_asked -= left;
    dialer->look |= campaign->bit;
    timer_clear(dialer, &campaign->timer);
}

void claim_ended(struct dialer *dialer, const struct event *event)
{
    struct campaign *campaign = id_index_get(&dialer->campaign_ids, event->of.claim.campaign);

    if (!campaign || !campaign->claim || campaign->claim != event->of.claim.claim)
        return;
    if (event->of.claim.failed)
        campaign->claim_at = instant_add(dialer->now, SECOND);
    else if (event->of.claim.count < campaign->claim_asked)
        campaign->claim_at = instant_max(event->of.claim.next_due,
                                         instant_add(dialer->now, dialer->limits.claim_pause));
    else
        campaign->claim_at = dialer->now;
    campaign->claim_at = instant_min(campaign->claim_at, campaign->claim_meanwhile);
    close_claim(dialer, campaign);
}

void claim_leads_added(struct dialer *dialer, const struct event *event)
{
    struct campaign *campaign = id_index_get(&dialer->campaign_ids, event->of.campaign_id);

    if (!campaign) {
        refuse(dialer, REFUSED_UNKNOWN_CAMPAIGN);
        return;
    }
    campaign->fruitless = 0;
    claim_not_before(dialer, campaign, dialer->now);
}

static bool facts_are_sound(const struct lead_facts *facts)
{
    return facts->record.id && facts->record.person && facts->number_count <= LEAD_NUMBERS_MAX &&
           facts->record.priority <= PRIORITY_MAX;
}

void claim_lead(struct dialer *dialer, const struct event *event)
{
    const struct lead_facts *facts = &event->of.lead;
    struct campaign *campaign = id_index_get(&dialer->campaign_ids, facts->record.campaign);
    struct lead *lead;

    if (!campaign || !facts_are_sound(facts)) {
        refuse(dialer, campaign ? REFUSED_UNKNOWN_LEAD : REFUSED_UNKNOWN_CAMPAIGN);
        return;
    }
    if (id_index_get(&dialer->lead_ids, facts->record.id))
        return;
    if (campaign->claim && campaign->claim_got < campaign->claim_asked) {
        ++campaign->claim_got;
        --dialer->claims_asked;
    }
    lead = lead_take_in(dialer, campaign, facts);
    if (!lead) {
        refuse(dialer, REFUSED_FULL_LEADS);
        lead_give_back(dialer, facts);
        claim_not_before(dialer, campaign, instant_add(dialer->now, SECOND));
        return;
    }
    if (lead->record.state == LEAD_ATTEMPTING)
        timer_set(dialer, &lead->timer, dialer->now); /* unless its attempt comes first */
    else
        lead_settle(dialer, lead);
}

void claim_expire(struct dialer *dialer, struct campaign *campaign)
{
    if (campaign->claim) { /* never answered */
        campaign->claim_at = dialer->now;
        close_claim(dialer, campaign);
    }
    dialer->look |= campaign->bit;
}
