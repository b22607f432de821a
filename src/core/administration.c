#include "core/administration.h"

#include "core/calls.h"
#include "core/claim.h"
#include "core/desk.h"
#include "core/emit.h"
#include "core/leg.h"
#include "core/preview.h"
#include "core/queue.h"

static struct agent *next_agent(const struct dialer *dialer, uint32_t *slot)
{
    while (*slot < dialer->agents.count_max) {
        struct agent *agent = slab_at(&dialer->agents, (*slot)++);

        if (agent->record.id)
            return agent;
    }
    return NULL;
}

/* Which campaigns share agents; agents that are idle leave and come again around a change. */
static void find_shares(struct dialer *dialer)
{
    struct agent *agent;
    uint32_t slot = 0;

    for (uint32_t i = 0; i < dialer->campaigns.count_max; ++i)
        campaign_slot(dialer, i)->shares = campaign_slot(dialer, i)->bit;
    while ((agent = next_agent(dialer, &slot)) != NULL) {
        uint64_t bits = 0;

        for (uint8_t i = 0; i < agent->membership_count; ++i)
            bits |= agent->memberships[i].campaign ? agent->memberships[i].campaign->bit : 0;
        for (uint8_t i = 0; i < agent->membership_count; ++i)
            if (agent->memberships[i].campaign)
                agent->memberships[i].campaign->shares |= bits;
    }
    dialer->look = dialer->all;
}

/* Sets which campaigns an agent works for; *ids may be the agent's own. */
static void join_campaigns(struct dialer *dialer, struct agent *agent, const campaign_id *ids,
                           uint8_t count)
{
    enum agent_activity activity = agent->record.activity;

    agent->record.activity = AGENT_OFFLINE; /* out of the idle chains while they change */
    desk_update_idle(dialer, agent);
    agent->membership_count = 0;
    for (uint8_t i = 0; i < count && agent->membership_count < AGENT_CAMPAIGNS_MAX; ++i) {
        struct membership *one = &agent->memberships[agent->membership_count];
        bool twice = false;

        for (uint8_t j = 0; j < agent->membership_count; ++j)
            twice |= agent->memberships[j].id == ids[i];
        if (twice || !ids[i])
            continue;
        *one = (struct membership){
            .campaign = id_index_get(&dialer->campaign_ids, ids[i]), .agent = agent, .id = ids[i]};
        chain_init(&one->idle);
        ++agent->membership_count;
    }
    agent->record.activity = activity;
    desk_update_idle(dialer, agent);
}

static void rejoin(struct dialer *dialer, struct agent *agent)
{
    campaign_id ids[AGENT_CAMPAIGNS_MAX];

    for (uint8_t i = 0; i < agent->membership_count; ++i)
        ids[i] = agent->memberships[i].id;
    join_campaigns(dialer, agent, ids, agent->membership_count);
}

static void rejoin_all(struct dialer *dialer)
{
    struct agent *agent;
    uint32_t slot = 0;

    while ((agent = next_agent(dialer, &slot)) != NULL)
        rejoin(dialer, agent);
    find_shares(dialer);
}

static void init_campaign(struct dialer *dialer, struct campaign *campaign,
                          const struct campaign_facts *facts)
{
    uint32_t slot = slab_slot(&dialer->campaigns, campaign);

    campaign->timer.kind = TIMER_CAMPAIGN;
    campaign->id = facts->id;
    campaign->state = facts->state;
    campaign->options = facts->options;
    campaign->ledger = facts->ledger;
    campaign->bit = UINT64_C(1) << slot;
    campaign->shares = campaign->bit;
    campaign->hours = dialer->hours + (size_t)slot * dialer->limits.zone_set_count;
    memset(campaign->hours, 0, dialer->limits.zone_set_count * sizeof(*campaign->hours));
    for (int level = 0; level < LEVEL_COUNT; ++level)
        chain_init(&campaign->due[level]);
    chain_init(&campaign->leads);
    chain_init(&campaign->attempts);
    chain_init(&campaign->idle);
    chain_init(&campaign->waiting);
    dialer->all |= campaign->bit;
}

/* A finished campaign that nothing hangs on makes room. */
static void make_room(struct dialer *dialer)
{
    for (uint32_t slot = 0; slot < dialer->campaigns.count_max; ++slot) {
        struct campaign *campaign = campaign_slot(dialer, slot);

        if (dialer->campaigns.free_count)
            return;
        if (!campaign->id || campaign->state != CAMPAIGN_FINISHED || campaign->attempt_count ||
            campaign->lead_count || campaign->claim)
            continue;
        id_index_remove(&dialer->campaign_ids, campaign->id);
        rejoin_all(dialer);
        timer_clear(dialer, &campaign->timer);
        dialer->all &= ~campaign->bit;
        dialer->look &= dialer->all;
        dialer->record_due &= dialer->all;
        campaign->id = 0;
        slab_give(&dialer->campaigns, campaign);
    }
}

void administration_campaign_loaded(struct dialer *dialer, const struct event *event)
{
    const struct campaign_facts *facts = &event->of.campaign;
    struct campaign *campaign;

    if (!facts->id || id_index_get(&dialer->campaign_ids, facts->id)) {
        refuse(dialer, REFUSED_CAMPAIGN_STATE);
        return;
    }
    if ((unsigned)facts->state >= CAMPAIGN_STATE_COUNT ||
        campaign_options_check(&facts->options, NULL)) {
        refuse(dialer, REFUSED_OPTIONS);
        return;
    }
    make_room(dialer);
    campaign = slab_take(&dialer->campaigns);
    if (!campaign) {
        refuse(dialer, REFUSED_FULL_CAMPAIGNS);
        return;
    }
    init_campaign(dialer, campaign, facts);
    id_index_put(&dialer->campaign_ids, campaign->id, campaign);
    rejoin_all(dialer);
    touch_campaign(dialer, campaign);
}

static struct campaign *find_campaign(struct dialer *dialer, campaign_id id)
{
    struct campaign *campaign = id_index_get(&dialer->campaign_ids, id);

    if (!campaign)
        refuse(dialer, REFUSED_UNKNOWN_CAMPAIGN);
    return campaign;
}

static void look_from_now(struct dialer *dialer, struct campaign *campaign)
{
    campaign->fruitless = 0;
    campaign->planned_since = campaign->refused_since = 0;
    claim_not_before(dialer, campaign, dialer->now);
    dialer->look |= campaign->bit;
}

void administration_campaign_changed(struct dialer *dialer, const struct event *event)
{
    struct campaign *campaign = find_campaign(dialer, event->of.campaign.id);

    if (!campaign)
        return;
    if (campaign_options_check(&event->of.campaign.options, NULL)) {
        refuse(dialer, REFUSED_OPTIONS);
        return;
    }
    campaign->options = event->of.campaign.options;
    memset(campaign->hours, 0, dialer->limits.zone_set_count * sizeof(*campaign->hours));
    look_from_now(dialer, campaign);
    dialer->look |= campaign->shares;
    touch_campaign(dialer, campaign);
}

static void campaign_become(struct dialer *dialer, struct campaign *campaign,
                            enum campaign_state state)
{
    check(campaign_may_become(campaign->state, state));
    campaign->state = state;
    dialer->look |= campaign->bit;
    touch_campaign(dialer, campaign);
}

static enum campaign_state commanded(enum campaign_command command, enum campaign_state from)
{
    switch (command) {
    case COMMAND_START:
        return CAMPAIGN_RUNNING;
    case COMMAND_PAUSE:
        return CAMPAIGN_PAUSED;
    case COMMAND_DRAIN:
        return CAMPAIGN_DRAINING;
    case COMMAND_STOP:
        return from == CAMPAIGN_DRAFT ? CAMPAIGN_FINISHED : CAMPAIGN_DRAINING;
    case COMMAND_COUNT:
        break;
    }
    check(false);
}

void administration_campaign_commanded(struct dialer *dialer, const struct event *event)
{
    struct campaign *campaign = find_campaign(dialer, event->of.command.campaign);
    enum campaign_command command = event->of.command.command;
    enum campaign_state state;

    if (!campaign)
        return;
    if ((unsigned)command >= COMMAND_COUNT) {
        refuse(dialer, REFUSED_CAMPAIGN_STATE);
        return;
    }
    state = commanded(command, campaign->state);
    if (state == campaign->state && command != COMMAND_STOP)
        return; /* it is so already */
    if (state != campaign->state && !campaign_may_become(campaign->state, state)) {
        refuse(dialer, REFUSED_CAMPAIGN_STATE);
        return;
    }
    campaign->stopping = command == COMMAND_STOP;
    if (state != campaign->state)
        campaign_become(dialer, campaign, state);
    if (state == CAMPAIGN_RUNNING)
        look_from_now(dialer, campaign);
    dialer->look |= campaign->bit;
}

static void cancel_unanswered(struct dialer *dialer, struct campaign *campaign)
{
    struct chain *at, *next;

    for (at = campaign->attempts.after; at != &campaign->attempts; at = next) {
        struct attempt *attempt = container_of(at, struct attempt, of_campaign);
        enum attempt_state state = attempt->record.state;

        next = at->after;
        if (state != ATTEMPT_PLANNED && state != ATTEMPT_PLACED && state != ATTEMPT_RINGING)
            continue;
        if (!dialer_may_step(dialer))
            return;
        attempt_cancel(dialer, attempt, REFUSED_CAMPAIGN_STATE);
    }
    campaign->stopping = false;
}

static void shed_leads(struct dialer *dialer, struct campaign *campaign)
{
    struct chain *at, *next;

    for (at = campaign->leads.after; at != &campaign->leads; at = next) {
        struct lead *lead = container_of(at, struct lead, of_campaign);

        next = at->after;
        if (lead->place == PLACE_ATTEMPT || lead->place == PLACE_NOWHERE)
            continue;
        if (!dialer_may_step(dialer))
            return;
        if (lead->place == PLACE_PREVIEW)
            preview_withdraw(dialer, lead->agent, (struct verdict){REFUSED_NOT, 0});
        else
            lead_let_go(dialer, lead);
        next = campaign->leads.after; /* others may have gone with it */
    }
}

void administration_tidy(struct dialer *dialer, struct campaign *campaign)
{
    bool keeps_leads =
        (campaign->state == CAMPAIGN_RUNNING || campaign->state == CAMPAIGN_PAUSED) &&
        campaign->options.mode != MODE_MANUAL;

    if (campaign->stopping)
        cancel_unanswered(dialer, campaign);
    if (!keeps_leads && campaign->lead_count > campaign->attempt_count)
        shed_leads(dialer, campaign);
    if (campaign->state == CAMPAIGN_DRAINING && !campaign->attempt_count && !campaign->lead_count)
        campaign_become(dialer, campaign, CAMPAIGN_FINISHED);
}

static bool facts_are_sound(const struct agent_facts *facts)
{
    return facts->record.id && facts->campaign_count <= AGENT_CAMPAIGNS_MAX &&
           (unsigned)facts->record.activity < AGENT_ACTIVITY_COUNT &&
           (unsigned)facts->record.next_activity < AGENT_ACTIVITY_COUNT &&
           (unsigned)facts->record.leg < LEG_STATE_COUNT &&
           (unsigned)facts->reservation.status < RESERVATION_STATUS_COUNT &&
           (facts->record.activity == AGENT_OFFLINE || facts->record.leg != LEG_LOST);
}

static bool next_is_sound(const struct agent_record *record)
{
    return record->next_activity == AGENT_AVAILABLE || record->next_activity == AGENT_BREAK ||
           (record->next_activity == AGENT_OFFLINE && record->activity != AGENT_OFFLINE);
}

/* A live reservation goes with the activity it belongs to; one that does not is not believed. */
static bool reservation_is_sound(const struct dialer *dialer, const struct agent_facts *facts)
{
    static const enum reservation_status status_of[AGENT_ACTIVITY_COUNT] = {
        [AGENT_RESERVED] = RESERVATION_PENDING,
        [AGENT_ON_CALL] = RESERVATION_ACCEPTED,
        [AGENT_WRAP_UP] = RESERVATION_WRAPPING,
    };
    enum agent_activity activity = facts->record.activity;
    bool busy =
        activity == AGENT_RESERVED || activity == AGENT_ON_CALL || activity == AGENT_WRAP_UP;

    return !dialer->recovered && facts->reservation.id && busy &&
           facts->reservation.status == status_of[activity];
}

void administration_agent_loaded(struct dialer *dialer, const struct event *event)
{
    const struct agent_facts *facts = &event->of.agent;
    struct agent *agent;

    if (!facts_are_sound(facts) || id_index_get(&dialer->agent_ids, facts->record.id) ||
        (dialer->recovered && facts->record.activity != AGENT_OFFLINE)) {
        refuse(dialer, REFUSED_AGENT_STATE);
        return;
    }
    agent = slab_take(&dialer->agents);
    if (!agent) {
        refuse(dialer, REFUSED_FULL_AGENTS);
        return;
    }
    agent->timer.kind = TIMER_AGENT;
    agent->leg_timer.kind = TIMER_LEG;
    chain_init(&agent->callbacks);
    chain_init(&agent->dirty);
    agent->record = facts->record;
    if (dialer->recovered) /* new, or back: nothing of it is in use */
        agent->record.leg = LEG_NONE;
    if (!next_is_sound(&agent->record))
        agent->record.next_wanted = false;
    if (reservation_is_sound(dialer, facts))
        agent->reservation = facts->reservation;
    if (facts->reservation.id >= dialer->reservation_next && facts->reservation.id <= ID_MAX)
        dialer->reservation_next = facts->reservation.id + 1;
    id_index_put(&dialer->agent_ids, agent->record.id, agent);
    join_campaigns(dialer, agent, facts->campaigns, facts->campaign_count);
    find_shares(dialer);
    if (dialer->recovered)
        touch_agent(dialer, agent);
}

void administration_agent_changed(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, event->of.agent.record.id);

    if (!agent || event->of.agent.campaign_count > AGENT_CAMPAIGNS_MAX) {
        refuse(dialer, REFUSED_UNKNOWN_AGENT);
        return;
    }
    join_campaigns(dialer, agent, event->of.agent.campaigns, event->of.agent.campaign_count);
    find_shares(dialer);
}

void administration_agent_removed(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, event->of.agent_id);

    if (!agent) {
        refuse(dialer, REFUSED_UNKNOWN_AGENT);
        return;
    }
    if (agent->record.activity != AGENT_OFFLINE || agent->attempt || agent->preview ||
        agent->guests || !chain_is_empty(&agent->callbacks)) {
        refuse(dialer, REFUSED_AGENT_STATE);
        return;
    }
    agent_leg_hang_up(dialer, agent);
    timer_clear(dialer, &agent->timer);
    timer_clear(dialer, &agent->leg_timer);
    join_campaigns(dialer, agent, NULL, 0);
    chain_leave(&agent->dirty);
    id_index_remove(&dialer->agent_ids, agent->record.id);
    agent->record.id = 0;
    slab_give(&dialer->agents, agent);
    find_shares(dialer);
}

void administration_lead_withdrawn(struct dialer *dialer, const struct event *event)
{
    struct lead *lead = id_index_get(&dialer->lead_ids, event->of.lead_id);

    if (!lead)
        return;
    lead->withdrawn = true;
    switch (lead->place) {
    case PLACE_QUEUED:
    case PLACE_TIMED:
    case PLACE_PARKED:
        lead_let_go(dialer, lead);
        break;
    case PLACE_PREVIEW:
        preview_withdraw(dialer, lead->agent, (struct verdict){REFUSED_NOT, 0});
        break;
    case PLACE_NOWHERE:
    case PLACE_ATTEMPT:
        break;
    }
}
