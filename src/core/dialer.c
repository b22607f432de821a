#include "core/dialer.h"

#include "core/administration.h"
#include "core/calls.h"
#include "core/claim.h"
#include "core/contacts.h"
#include "core/desk.h"
#include "core/emit.h"
#include "core/hold.h"
#include "core/leg.h"
#include "core/pacing.h"
#include "core/party.h"
#include "core/preview.h"
#include "core/queue.h"
#include "core/transfer.h"

#include <stdlib.h>

enum { CAMPAIGNS_MAX = 64 };

struct dialer_limits dialer_limits_default(void)
{
    static const instant no_transitions[1];
    static const int32_t utc_offsets[1];
    static const struct zone utc = {0, no_transitions, utc_offsets};
    static const uint16_t utc_only[1];
    static const struct zone_set unknown = {1, utc_only};

    return (struct dialer_limits){
        .campaigns_max = 16,
        .agents_max = 200,
        .attempts_max = 800,
        .leads_max = 4000,
        .numbers_max = 16000,
        .calls_max = 400,
        .calls_per_second = 0,
        .attempt_next = 1,
        .reservation_next = 1,
        .claim_next = 1,
        .zone_count = 1,
        .zones = &utc,
        .zone_set_count = 1,
        .zone_sets = &unknown,
        .order_max = 10 * SECOND,
        .poll_first = 2 * SECOND,
        .poll_last = 30 * SECOND,
        .polls_max = 8,
        .talk_check = 30 * SECOND,
        .talk_max = 4 * HOUR,
        .leg_grace = 30 * SECOND,
        .leg_dial_max = 15 * SECOND,
        .leg_redial_first = SECOND,
        .leg_redial_last = 8 * SECOND,
        .hold_in_memory = 10 * SECOND,
        .claim_pause = 200 * MILLISECOND,
    };
}

static bool zones_are_sound(const struct dialer_limits *limits)
{
    if (!limits->zone_set_count || !limits->zone_sets || !limits->zones)
        return false;
    for (uint32_t i = 0; i < limits->zone_set_count; ++i)
        for (uint32_t j = 0; j < limits->zone_sets[i].zone_count; ++j)
            if (limits->zone_sets[i].zones[j] >= limits->zone_count)
                return false;
    return limits->zone_sets[0].zone_count > 0;
}

static bool limits_are_lawful(const struct dialer_limits *limits)
{
    return limits->campaigns_max && limits->campaigns_max <= CAMPAIGNS_MAX && limits->agents_max &&
           limits->attempts_max && limits->leads_max && limits->numbers_max && limits->calls_max &&
           limits->attempt_next && limits->reservation_next && limits->claim_next &&
           limits->order_max > 0 && limits->poll_first > 0 &&
           limits->poll_last >= limits->poll_first && limits->polls_max && limits->talk_check > 0 &&
           limits->talk_max > 0 && limits->leg_grace > 0 && limits->leg_dial_max > 0 &&
           limits->leg_redial_first > 0 && limits->leg_redial_last >= limits->leg_redial_first &&
           limits->hold_in_memory >= 0 && limits->claim_pause > 0 && zones_are_sound(limits);
}

static int init_slabs(struct dialer *dialer, const struct dialer_limits *limits)
{
    int err = slab_init(&dialer->campaigns, sizeof(struct campaign), limits->campaigns_max);

    err = err ? err : slab_init(&dialer->agents, sizeof(struct agent), limits->agents_max);
    err = err ? err : slab_init(&dialer->attempts, sizeof(struct attempt), limits->attempts_max);
    err = err ? err : slab_init(&dialer->leads, sizeof(struct lead), limits->leads_max);
    err = err ? err : slab_init(&dialer->numbers, sizeof(struct number), limits->numbers_max);
    err = err ? err : slab_init(&dialer->persons, sizeof(struct person), limits->numbers_max);
    err = err ? err : id_index_init(&dialer->campaign_ids, limits->campaigns_max);
    err = err ? err : id_index_init(&dialer->agent_ids, limits->agents_max);
    err = err ? err : id_index_init(&dialer->attempt_ids, limits->attempts_max);
    err = err ? err : id_index_init(&dialer->lead_ids, limits->leads_max);
    err = err ? err : id_index_init(&dialer->number_ids, limits->numbers_max);
    err = err ? err : id_index_init(&dialer->person_ids, limits->numbers_max);
    return err;
}

static int init_rest(struct dialer *dialer, const struct dialer_limits *limits)
{
    size_t timers = 2 * (size_t)limits->agents_max + 3 * (size_t)limits->attempts_max +
                    limits->leads_max + limits->campaigns_max + 1;

    dialer->hours =
        calloc((size_t)limits->campaigns_max * limits->zone_set_count, sizeof(*dialer->hours));
    dialer->records.effects = calloc(EFFECTS_ROOM, sizeof(struct effect));
    dialer->acts.effects = calloc(EFFECTS_ROOM, sizeof(struct effect));
    if (!dialer->hours || !dialer->records.effects || !dialer->acts.effects)
        return 1;
    return heap_reserve(&dialer->timers, timers);
}

struct dialer *dialer_new(const struct dialer_limits *limits, uint64_t seed)
{
    struct dialer *dialer = limits_are_lawful(limits) ? calloc(1, sizeof(*dialer)) : NULL;

    if (!dialer)
        return NULL;
    dialer->limits = *limits;
    dialer->rng = rng_from_seed(seed);
    dialer->attempt_next = limits->attempt_next;
    dialer->reservation_next = limits->reservation_next;
    dialer->claim_next = limits->claim_next;
    dialer->rate_timer.kind = TIMER_RATE;
    heap_init(&dialer->timers);
    chain_init(&dialer->numbers_unused);
    chain_init(&dialer->persons_unused);
    chain_init(&dialer->dirty_leads);
    chain_init(&dialer->dirty_attempts);
    chain_init(&dialer->dirty_agents);
    if (init_slabs(dialer, limits) || init_rest(dialer, limits)) {
        dialer_free(dialer);
        return NULL;
    }
    return dialer;
}

void dialer_free(struct dialer *dialer)
{
    if (!dialer)
        return;
    free(dialer->timers.nodes); /* its nodes live in the slabs */
    slab_release(&dialer->campaigns);
    slab_release(&dialer->agents);
    slab_release(&dialer->attempts);
    slab_release(&dialer->leads);
    slab_release(&dialer->numbers);
    slab_release(&dialer->persons);
    id_index_release(&dialer->campaign_ids);
    id_index_release(&dialer->agent_ids);
    id_index_release(&dialer->attempt_ids);
    id_index_release(&dialer->lead_ids);
    id_index_release(&dialer->number_ids);
    id_index_release(&dialer->person_ids);
    free(dialer->hours);
    free(dialer->records.effects);
    free(dialer->acts.effects);
    free(dialer);
}

void timer_clear(struct dialer *dialer, struct timer *timer)
{
    heap_remove(&dialer->timers, &timer->node);
}

void timer_set(struct dialer *dialer, struct timer *timer, instant at)
{
    int err = 0;

    if (at == INSTANT_NEVER)
        timer_clear(dialer, timer);
    else
        err = heap_add(&dialer->timers, &timer->node, at); /* room was bought for all */
    check(!err);
}

static void voice_restarted(struct dialer *dialer, const struct event *event)
{
    for (uint32_t slot = 0; slot < dialer->attempts.count_max; ++slot) {
        struct attempt *attempt = slab_at(&dialer->attempts, slot);

        if (!attempt->record.id)
            continue;
        attempt->outlived = attempt->record.ordered_at && !attempt->known;
        attempt_ask_now(dialer, attempt);
        party_ask_now(dialer, attempt);
    }
    for (uint32_t slot = 0; slot < dialer->agents.count_max; ++slot) {
        struct agent *agent = slab_at(&dialer->agents, slot);

        if (agent->record.id)
            leg_ask_now(dialer, agent);
    }
}

static instant moved(instant at, instant leap)
{
    if (!at || at == INSTANT_NEVER)
        return at;
    return leap < 0 ? at + leap : instant_add(at, leap);
}

static void shift(struct dialer *dialer, struct timer *timer, instant leap)
{
    if (timer->node.place)
        timer_set(dialer, timer, moved(timer->node.at, leap));
}

/* A call's own instants are spans to now: they go back with the clock. Forward they may stay. */
static void move_back(struct dialer *dialer, struct attempt *attempt, instant leap)
{
    struct attempt_record *record = &attempt->record;

    if (record->counts) { /* counted where its record says */
        attempt_take_back(attempt);
        attempt_count(attempt, moved(record->ordered_at, leap));
    }
    record->planned_at = moved(record->planned_at, leap);
    record->ordered_at = moved(record->ordered_at, leap);
    record->placed_at = moved(record->placed_at, leap);
    record->ringing_at = moved(record->ringing_at, leap);
    record->answered_at = moved(record->answered_at, leap);
    record->bridged_at = moved(record->bridged_at, leap);
    record->ended_at = moved(record->ended_at, leap);
    record->held_since = moved(record->held_since, leap);
    record->party.since = moved(record->party.since, leap);
    touch_attempt(dialer, attempt);
}

static void clock_leapt_back(struct dialer *dialer, instant leap)
{
    size_t memos = (size_t)dialer->limits.campaigns_max * dialer->limits.zone_set_count;

    dialer->now += leap;
    dialer->rate_next = instant_min(dialer->rate_next, dialer->now);
    for (size_t i = 0; i < memos; ++i)
        dialer->hours[i] = (struct hours_memo){.from = 0};
    for (uint32_t slot = 0; slot < dialer->campaigns.count_max; ++slot) {
        struct campaign *campaign = campaign_slot(dialer, slot);

        if (!campaign->id)
            continue;
        shift(dialer, &campaign->timer, leap);
        campaign->claim_at = instant_min(campaign->claim_at, dialer->now);
    }
    shift(dialer, &dialer->rate_timer, leap);
    dialer->look = dialer->all;
}

/* The clock was wrong, not the waiting: spans go on, dates (leads, claims) stay. Back, the calling
 * hours are asked anew: what was within them may not be. */
static void clock_leapt(struct dialer *dialer, const struct event *event)
{
    instant leap = event->of.leap;

    if (leap < 0)
        clock_leapt_back(dialer, leap);
    for (uint32_t slot = 0; slot < dialer->attempts.count_max; ++slot) {
        struct attempt *attempt = slab_at(&dialer->attempts, slot);

        if (!attempt->record.id)
            continue;
        shift(dialer, &attempt->timer, leap);
        shift(dialer, &attempt->hold.timer, leap);
        shift(dialer, &attempt->party.timer, leap);
        attempt->rings_until = moved(attempt->rings_until, leap);
        attempt->message_until = moved(attempt->message_until, leap);
        attempt->told_at = moved(attempt->told_at, leap);
        attempt->unsettled_until = moved(attempt->unsettled_until, leap);
        if (leap < 0)
            move_back(dialer, attempt, leap);
    }
    for (uint32_t slot = 0; slot < dialer->agents.count_max; ++slot) {
        struct agent *agent = slab_at(&dialer->agents, slot);

        if (!agent->record.id)
            continue;
        shift(dialer, &agent->timer, leap);
        shift(dialer, &agent->leg_timer, leap);
        agent->leg_deadline = moved(agent->leg_deadline, leap);
    }
}

static void ask_after_all(struct dialer *dialer)
{
    for (uint32_t slot = 0; slot < dialer->attempts.count_max; ++slot) {
        struct attempt *attempt = slab_at(&dialer->attempts, slot);

        if (!attempt->record.id || !attempt->polls)
            continue;
        attempt->polls = 0;
        attempt_ask_now(dialer, attempt);
    }
    for (uint32_t slot = 0; slot < dialer->agents.count_max; ++slot) {
        struct agent *agent = slab_at(&dialer->agents, slot);

        if (!agent->record.id || agent->record.leg != LEG_CONNECTED || !agent->leg_polls)
            continue;
        agent->leg_polls = 0;
        leg_ask_now(dialer, agent);
    }
}

static void dialling_held(struct dialer *dialer, const struct event *event)
{
    dialer->held = event->of.held;
    dialer->look = dialer->all;
    if (!dialer->held) /* whoever was asked in vain is asked anew before anything is made of it */
        ask_after_all(dialer);
}

static void do_not_call_added(struct dialer *dialer, const struct event *event)
{
    if (event->of.contact.campaign)
        contacts_do_not_call_here(dialer, event->of.contact.number, event->of.contact.campaign);
    else
        contacts_do_not_call(dialer, event->of.contact.number, event->of.contact.person, 0);
}

static void do_not_call_removed(struct dialer *dialer, const struct event *event)
{
    contacts_may_call(dialer, event->of.contact.number, event->of.contact.person,
                      event->of.contact.campaign);
}

static void time_passed(struct dialer *dialer, const struct event *event)
{
}

typedef void event_handler(struct dialer *dialer, const struct event *event);

static event_handler *const handlers[EVENT_KIND_COUNT] = {
    [EVENT_CAMPAIGN_LOADED] = administration_campaign_loaded,
    [EVENT_CAMPAIGN_CHANGED] = administration_campaign_changed,
    [EVENT_CAMPAIGN_COMMANDED] = administration_campaign_commanded,
    [EVENT_AGENT_LOADED] = administration_agent_loaded,
    [EVENT_AGENT_CHANGED] = administration_agent_changed,
    [EVENT_AGENT_REMOVED] = administration_agent_removed,
    [EVENT_ATTEMPT_RECOVERED] = recovery_attempt,
    [EVENT_RECOVERY_ENDED] = recovery_ended,
    [EVENT_LEAD_CLAIMED] = claim_lead,
    [EVENT_CLAIM_ENDED] = claim_ended,
    [EVENT_LEADS_ADDED] = claim_leads_added,
    [EVENT_LEAD_WITHDRAWN] = administration_lead_withdrawn,
    [EVENT_DO_NOT_CALL_ADDED] = do_not_call_added,
    [EVENT_ATTEMPT_COMMITTED] = calls_committed,
    [EVENT_CALL_PLACED] = calls_placed,
    [EVENT_CALL_PLACE_FAILED] = calls_place_failed,
    [EVENT_CALL_PLACE_UNKNOWN] = calls_place_unknown,
    [EVENT_CALL_STATUS] = calls_status,
    [EVENT_CALL_ANSWERED] = calls_answered,
    [EVENT_CALL_JOINED] = calls_joined,
    [EVENT_CALL_LEFT] = calls_left,
    [EVENT_CALL_POLLED] = calls_polled,
    [EVENT_CALL_MACHINE] = calls_machine,
    [EVENT_AGENT_LOGGED_IN] = desk_logged_in,
    [EVENT_AGENT_ACTIVITY] = desk_activity,
    [EVENT_AGENT_LEG_CONNECTED] = leg_connected,
    [EVENT_AGENT_LEG_LOST] = leg_lost,
    [EVENT_AGENT_REJECTED] = desk_rejected,
    [EVENT_PREVIEW_ACCEPTED] = preview_accepted,
    [EVENT_PREVIEW_SKIPPED] = preview_skipped,
    [EVENT_PREVIEW_SNOOZED] = preview_snoozed,
    [EVENT_MANUAL_DIALLED] = preview_manual,
    [EVENT_AGENT_HUNG_UP] = desk_hung_up,
    [EVENT_DISPOSITION_SAVED] = desk_disposition,
    [EVENT_VOICE_RESTARTED] = voice_restarted,
    [EVENT_CLOCK_LEAPT] = clock_leapt,
    [EVENT_TIME_PASSED] = time_passed,
    [EVENT_DO_NOT_CALL_REMOVED] = do_not_call_removed,
    [EVENT_DIALLING_HELD] = dialling_held,
    [EVENT_CALL_NOT_CARRIED] = calls_not_carried,
    [EVENT_AGENT_PHONE_READY] = leg_phone_ready,
    [EVENT_CUSTOMER_HOLD] = hold_asked,
    [EVENT_PARTY_ASKED] = party_asked,
    [EVENT_MORE_TIME] = desk_more_time,
    [EVENT_PARTY_NEWS] = party_news,
    [EVENT_CALL_TRANSFERRED] = transfer_asked,
};

static void expire(struct dialer *dialer, struct timer *timer)
{
    timer_clear(dialer, timer);
    switch (timer->kind) {
    case TIMER_ATTEMPT:
        attempt_expire(dialer, container_of(timer, struct attempt, timer));
        break;
    case TIMER_AGENT:
        desk_expire(dialer, container_of(timer, struct agent, timer));
        break;
    case TIMER_LEG:
        leg_expire(dialer, container_of(timer, struct agent, leg_timer));
        break;
    case TIMER_LEAD:
        lead_expire(dialer, container_of(timer, struct lead, timer));
        break;
    case TIMER_CAMPAIGN:
        claim_expire(dialer, container_of(timer, struct campaign, timer));
        break;
    case TIMER_RATE:
        dialer->look = dialer->all;
        break;
    case TIMER_PARTY:
        party_expire(dialer, container_of(timer, struct attempt, party.timer));
        break;
    case TIMER_HOLD:
        hold_expire(dialer, container_of(timer, struct attempt, hold.timer));
        break;
    }
}

static void expire_due(struct dialer *dialer)
{
    struct heap_node *first;

    if (!dialer->recovered)
        return;
    while ((first = heap_first(&dialer->timers)) != NULL && first->at <= dialer->now &&
           dialer_may_step(dialer))
        expire(dialer, container_of(first, struct timer, node));
}

void dialer_feed(struct dialer *dialer, instant now, const struct event *event)
{
    check((unsigned)event->kind < EVENT_KIND_COUNT);
    check(dialer->records.taken == dialer->records.count);
    check(dialer->acts.taken == dialer->acts.count);
    dialer->records.count = dialer->records.taken = 0;
    dialer->acts.count = dialer->acts.taken = 0;
    dialer->now = instant_max(dialer->now, now);
    dialer->request = event->request;
    dialer->steps = 0;
    dialer->unfinished = false;
    handlers[event->kind](dialer, event);
    dialer->request = 0;
    expire_due(dialer);
    pacing_work(dialer);
    write_touched(dialer);
}

bool dialer_drain(struct dialer *dialer, struct effect *effect)
{
    struct outbox *box =
        dialer->records.taken < dialer->records.count ? &dialer->records : &dialer->acts;

    if (box->taken == box->count)
        return false;
    *effect = box->effects[box->taken++];
    return true;
}

instant dialer_deadline(const struct dialer *dialer)
{
    if (dialer->unfinished)
        return dialer->now;
    return dialer->recovered ? heap_deadline(&dialer->timers) : INSTANT_NEVER;
}
