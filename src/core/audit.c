#include "core/state.h"

/* What must be true of every thing in memory after every event. */
static void audit_lead(const struct dialer *dialer, const struct lead *lead)
{
    const struct person *person = lead->person;

    check(id_index_get(&dialer->lead_ids, lead->record.id) == lead);
    check(!lead->record.released && person->uses);
    check((lead->place == PLACE_ATTEMPT) == (lead->attempt != NULL));
    check(!lead->attempt || lead->attempt->lead == lead);
    check(lead->place != PLACE_ATTEMPT || lead->record.state == LEAD_ATTEMPTING);
    check(lead->place != PLACE_ATTEMPT || person->holder == lead);
    check(lead->place != PLACE_PREVIEW || lead->agent->preview == lead);
    check(lead->place != PLACE_PREVIEW || person->holder == lead);
    check(lead->place != PLACE_TIMED || lead->timer.node.place);
    check(lead->place != PLACE_PARKED || (lead->agent && lead->timer.node.place));
    /* nobody is forgotten: what is nowhere is an attempt about to be recovered */
    check(lead->place != PLACE_NOWHERE || lead->timer.node.place);
    check(!lead_is_final(lead->record.state));
}

static void audit_attempt(const struct dialer *dialer, const struct attempt *attempt)
{
    const struct attempt_record *record = &attempt->record;
    const struct agent *agent = attempt->agent;

    check(id_index_get(&dialer->attempt_ids, record->id) == attempt);
    check(record->open && attempt->lead->attempt == attempt);
    check(!agent || (agent->attempt == attempt && record->agent == agent->record.id));
    check(!agent || agent->reservation.attempt == record->id);
    /* every attempt has a deadline; in wrap-up it is the agent's */
    if (record->state == ATTEMPT_ENDED)
        check(attempt->timer.node.place || (agent && agent->record.activity == AGENT_WRAP_UP) ||
              attempt->party.timer.node.place);
    else
        check(attempt->timer.node.place);
    check(record->state != ATTEMPT_BRIDGED || !dialer->recovered || attempt->doubtful ||
          (agent && agent->record.activity == AGENT_ON_CALL && attempt->room == agent));
    check((record->state == ATTEMPT_WAITING) == !chain_is_empty(&attempt->waiting));
    check(record->state == ATTEMPT_BRIDGED ||
          (!record->held_since && !attempt->hold.told && !attempt->hold.timer.node.place));
    check((record->party.state == PARTY_NONE) == !attempt->party.timer.node.place);
    check(record->party.state != PARTY_NONE || !attempt->party.room);
    check(record->party.state == PARTY_NONE || record->party.state == PARTY_ENDING ||
          record->state == ATTEMPT_BRIDGED || record->state == ATTEMPT_HANDED_OVER);
    check(record->state != ATTEMPT_HANDED_OVER || !agent ||
          agent->record.activity == AGENT_WRAP_UP || !dialer->recovered);
    check(record->state != ATTEMPT_PLANNED || !record->answered_at);
    check(record->state != ATTEMPT_CLOSING || record->result);
    check(record->state != ATTEMPT_ENDED || record->result);
    check(record->number == attempt->lead->numbers[record->number_index].number->id);
}

static void audit_agent(const struct dialer *dialer, const struct agent *agent)
{
    const struct agent_record *record = &agent->record;
    bool live = agent->reservation.id && reservation_is_live(agent->reservation.status);

    check(id_index_get(&dialer->agent_ids, record->id) == agent);
    check(!agent->attempt || agent->attempt->agent == agent);
    check(!agent->attempt || live);
    check(!(agent->attempt && agent->preview));
    if (!dialer->recovered)
        return;
    check(!agent->idle || (record->activity == AGENT_AVAILABLE && record->leg == LEG_CONNECTED &&
                           !agent->guests && !agent->unseen && !agent->attempt && !agent->preview));
    if (agent->timer.node.place) /* a disorder that a restart found is still to be put right */
        return;
    check(record->activity != AGENT_RESERVED || agent->attempt || agent->preview);
    check(record->activity != AGENT_ON_CALL || agent->attempt);
    check(record->activity != AGENT_WRAP_UP);
    check(live == (record->activity == AGENT_RESERVED || record->activity == AGENT_ON_CALL));
    check(record->activity == AGENT_OFFLINE || record->leg != LEG_LOST);
    check(record->leg != LEG_REJOINING || agent->leg_timer.node.place);
    check(record->leg != LEG_DIALLING || agent->leg_timer.node.place);
    check(record->leg != LEG_CONNECTED || agent->leg_timer.node.place);
}

static uint32_t chain_count(const struct chain *head)
{
    uint32_t count = 0;

    for (const struct chain *at = head->after; at != head; at = at->after)
        ++count;
    return count;
}

static void audit_campaign(const struct dialer *dialer, const struct campaign *campaign)
{
    uint32_t due = 0, out = 0, unguarded = 0;
    const struct chain *at;

    check(id_index_get(&dialer->campaign_ids, campaign->id) == campaign);
    for (int level = 0; level < LEVEL_COUNT; ++level)
        due += chain_count(&campaign->due[level]);
    check(due == campaign->due_count);
    check(chain_count(&campaign->leads) == campaign->lead_count);
    check(chain_count(&campaign->attempts) == campaign->attempt_count);
    check(chain_count(&campaign->idle) == campaign->idle_count);
    for (at = campaign->attempts.after; at != &campaign->attempts; at = at->after) {
        const struct attempt *attempt = container_of(at, struct attempt, of_campaign);

        out += attempt->is_out;
        unguarded += attempt->is_unguarded;
        check(attempt->is_out == (attempt->record.state != ATTEMPT_ENDED));
    }
    check(out == campaign->out && unguarded == campaign->unguarded);
    check(campaign->lead_count >= campaign->attempt_count);
    check(campaign->claim_got <= campaign->claim_asked);
}

static uint32_t rooms_of(const struct attempt *attempt)
{
    uint32_t count = (attempt->room ? 1u : 0u) + (attempt->party.room ? 1u : 0u);

    for (int i = 0; i < OLD_ROOMS_MAX; ++i)
        count += attempt->old_rooms[i] ? 1 : 0;
    return count;
}

static void audit_sums(const struct dialer *dialer)
{
    uint32_t out = 0, doubtful = 0, guests = 0, rooms = 0, asked = 0;

    for (uint32_t slot = 0; slot < dialer->campaigns.count_max; ++slot) {
        const struct campaign *campaign = campaign_slot(dialer, slot);

        out += campaign->id ? campaign->out : 0;
        asked += campaign->id ? campaign->claim_asked - campaign->claim_got : 0;
    }
    for (uint32_t slot = 0; slot < dialer->attempts.count_max; ++slot) {
        const struct attempt *attempt = slab_at(&dialer->attempts, slot);

        doubtful += attempt->record.id && attempt->doubtful;
        if (attempt->record.id)
            rooms += rooms_of(attempt);
    }
    for (uint32_t slot = 0; slot < dialer->agents.count_max; ++slot) {
        const struct agent *agent = slab_at(&dialer->agents, slot);

        guests += agent->record.id ? agent->guests : 0;
    }
    check(out == dialer->out && asked == dialer->claims_asked);
    check(doubtful == dialer->doubtful && guests == rooms);
}

void dialer_audit(const struct dialer *dialer)
{
    for (uint32_t slot = 0; slot < dialer->leads.count_max; ++slot) {
        const struct lead *lead = slab_at(&dialer->leads, slot);

        if (lead->record.id)
            audit_lead(dialer, lead);
    }
    for (uint32_t slot = 0; slot < dialer->attempts.count_max; ++slot) {
        const struct attempt *attempt = slab_at(&dialer->attempts, slot);

        if (attempt->record.id)
            audit_attempt(dialer, attempt);
    }
    for (uint32_t slot = 0; slot < dialer->agents.count_max; ++slot) {
        const struct agent *agent = slab_at(&dialer->agents, slot);

        if (agent->record.id)
            audit_agent(dialer, agent);
    }
    for (uint32_t slot = 0; slot < dialer->campaigns.count_max; ++slot)
        if (campaign_slot(dialer, slot)->id)
            audit_campaign(dialer, campaign_slot(dialer, slot));
    audit_sums(dialer);
}
