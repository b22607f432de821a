#include "core/administration.h"
#include "core/calls.h"
#include "core/desk.h"
#include "core/emit.h"
#include "core/leg.h"
#include "core/party.h"
#include "core/queue.h"

/* Who is held or has company is in a room, and who was handed over is with somebody. */
static bool company_is_sound(const struct attempt_record *record)
{
    const struct party_record *party = &record->party;
    bool talks = record->state == ATTEMPT_BRIDGED || record->state == ATTEMPT_HANDED_OVER;

    return (unsigned)party->state < PARTY_STATE_COUNT &&
           (record->state == ATTEMPT_BRIDGED || !record->held_since) &&
           (talks || (party->state != PARTY_RINGING && party->state != PARTY_JOINED)) &&
           (record->state != ATTEMPT_HANDED_OVER || party->state == PARTY_JOINED);
}

static bool record_is_sound(const struct attempt_record *record)
{
    return record->id && record->open && (record->ordered_at || record->state == ATTEMPT_PLANNED) &&
           (unsigned)record->state < ATTEMPT_STATE_COUNT &&
           (unsigned)record->result < RESULT_COUNT &&
           (unsigned)record->action < ANSWER_ACTION_COUNT &&
           (record->state != ATTEMPT_ENDED || record->result) &&
           (record->state != ATTEMPT_CLOSING || record->result) && company_is_sound(record);
}

static void link_agent(struct dialer *dialer, struct attempt *attempt)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, attempt->record.agent);

    if (agent && attempt->record.state != ATTEMPT_ENDED &&
        attempt->record.state != ATTEMPT_HANDED_OVER && attempt->record.answered_at)
        desk_guest_came(dialer, attempt, agent); /* or is on the way out */
    if (!agent || agent->attempt || agent->reservation.attempt != attempt->record.id ||
        !reservation_is_live(agent->reservation.status) ||
        (attempt->record.state == ATTEMPT_HANDED_OVER && agent->record.activity != AGENT_WRAP_UP))
        return;
    agent->attempt = attempt;
    attempt->agent = agent;
    attempt_recount(dialer, attempt);
}

/* One that nobody was reserved for may be in any room: the rooms are asked first, and tell it. */
static instant first_look(const struct attempt *attempt)
{
    return attempt->doubtful && !attempt->agent ? SECOND : 0;
}

void recovery_attempt(struct dialer *dialer, const struct event *event)
{
    const struct attempt_record *record = &event->of.attempt;
    struct lead *lead = id_index_get(&dialer->lead_ids, record->lead);
    struct attempt *attempt;

    if (dialer->recovered || !record_is_sound(record) ||
        id_index_get(&dialer->attempt_ids, record->id)) {
        refuse(dialer, REFUSED_UNKNOWN_ATTEMPT);
        return;
    }
    if (!lead || lead->record.state != LEAD_ATTEMPTING || lead->attempt || lead->person->holder ||
        record->number_index >= lead->number_count ||
        lead->numbers[record->number_index].number->id != record->number) {
        refuse(dialer, REFUSED_UNKNOWN_LEAD);
        return;
    }
    attempt = attempt_restore(dialer, lead, record);
    if (!attempt) {
        refuse(dialer, REFUSED_FULL_ATTEMPTS);
        return;
    }
    if (record->id >= dialer->attempt_next)
        dialer->attempt_next = record->id + 1;
    link_agent(dialer, attempt);
    party_recover(dialer, attempt);
    /* Without its order on record it was never placed, and is simply canceled. */
    if (record->state != ATTEMPT_ENDED && record->ordered_at) {
        attempt->doubtful = true;
        ++dialer->doubtful;
        attempt->forgotten = true;
        attempt->known = record->placed_at || record->ringing_at || record->answered_at;
        if (record->state == ATTEMPT_WAITING)
            chain_join(&attempt->campaign->waiting, &attempt->waiting);
    }
    if (record->state != ATTEMPT_ENDED || !attempt->agent)
        timer_set(dialer, &attempt->timer, instant_add(dialer->now, first_look(attempt)));
}

/* Never longer than a whole one: the clock may have gone back meanwhile. */
static instant wrap_up_ends(const struct dialer *dialer, const struct agent *agent)
{
    instant last = instant_add(dialer->now, agent->attempt->campaign->options.wrap_up_max);

    return instant_max(instant_min(agent->reservation.until, last), dialer->now);
}

static void recover_agent(struct dialer *dialer, struct agent *agent)
{
    bool busy = agent->record.activity == AGENT_RESERVED ||
                agent->record.activity == AGENT_ON_CALL || agent->record.activity == AGENT_WRAP_UP;

    leg_recover(dialer, agent);
    if (agent->record.activity == AGENT_WRAP_UP && agent->attempt)
        timer_set(dialer, &agent->timer, wrap_up_ends(dialer, agent));
    else if (!agent->attempt &&
             (busy || (agent->reservation.id && reservation_is_live(agent->reservation.status))))
        timer_set(dialer, &agent->timer, dialer->now);
    desk_update_idle(dialer, agent);
}

void recovery_ended(struct dialer *dialer, const struct event *event)
{
    if (dialer->recovered)
        return;
    dialer->recovered = true;
    for (uint32_t slot = 0; slot < dialer->agents.count_max; ++slot) {
        struct agent *agent = slab_at(&dialer->agents, slot);

        if (agent->record.id)
            recover_agent(dialer, agent);
    }
    dialer->look = dialer->all;
}
