#include "core/state.h"

enum { DIGEST_PART = 32 }; /* things of each kind */

/*
 * A hash of everything that decides what the dialer does next. Memory slots are left out: a dialer
 * that came to the same state by another way may have put things elsewhere, so each kind of thing is
 * hashed by itself and summed.
 */
struct mix {
    uint64_t value;
};

static void mix(struct mix *mix, uint64_t more)
{
    uint64_t x = mix->value ^ more;

    x = (x ^ (x >> 32)) * UINT64_C(0xD6E8FEB86659FD93);
    x = (x ^ (x >> 29)) * UINT64_C(0x9E3779B97F4A7C15);
    mix->value = x ^ (x >> 32);
}

static void mix_history(struct mix *m, const struct call_history *history)
{
    mix(m, history->lifetime);
    mix(m, history->recent_count);
    for (uint8_t i = 0; i < history->recent_count; ++i)
        mix(m, (uint64_t)history->recent[i]);
}

static void mix_taken_back(struct mix *m, const struct calls_taken_back *taken_back)
{
    for (uint8_t i = 0; i < taken_back->count; ++i)
        mix(m, (uint64_t)taken_back->at[i]);
}

static void mix_timer(struct mix *m, const struct timer *timer)
{
    mix(m, timer->node.place ? (uint64_t)timer->node.at : 0);
}

static uint64_t of_campaign(const struct campaign *campaign)
{
    struct mix m = {campaign->id};

    mix(&m, campaign->state);
    mix(&m, campaign->stopping);
    mix(&m, campaign->options.mode);
    mix(&m, campaign->ledger.answered_live);
    mix(&m, campaign->ledger.abandoned);
    mix(&m, campaign->due_count);
    mix(&m, campaign->lead_count);
    mix(&m, campaign->attempt_count);
    mix(&m, campaign->idle_count);
    mix(&m, campaign->out);
    mix(&m, campaign->unguarded);
    mix(&m, campaign->claim);
    mix(&m, campaign->pass);
    mix(&m, (uint64_t)campaign->claim_at);
    mix(&m, campaign->fruitless);
    mix_timer(&m, &campaign->timer);
    return m.value;
}

static uint64_t of_agent(const struct agent *agent)
{
    const struct agent_record *record = &agent->record;
    const struct reservation_record *reservation = &agent->reservation;
    struct mix m = {record->id};

    mix(&m, record->version);
    mix(&m, record->activity);
    mix(&m, record->break_code);
    mix(&m, record->next_wanted);
    mix(&m, record->next_activity);
    mix(&m, record->next_break_code);
    mix(&m, (uint64_t)record->since);
    mix(&m, record->leg);
    mix(&m, record->leg_serial);
    mix(&m, reservation->id);
    mix(&m, reservation->status);
    mix(&m, reservation->attempt);
    mix(&m, agent->preview ? agent->preview->record.id : 0);
    mix(&m, agent->idle);
    mix(&m, agent->guests);
    mix(&m, agent->unseen);
    mix(&m, (uint64_t)agent->leg_deadline);
    mix(&m, agent->leg_tries);
    mix(&m, agent->leg_polls);
    mix(&m, agent->leg_leaving ? agent->leaving : 0);
    mix_timer(&m, &agent->timer);
    mix_timer(&m, &agent->leg_timer);
    return m.value;
}

static uint64_t of_lead(const struct lead *lead)
{
    const struct lead_record *record = &lead->record;
    struct mix m = {record->id};

    mix(&m, record->state);
    mix(&m, (uint64_t)record->due_at);
    mix(&m, record->reason);
    mix(&m, record->callback_agent);
    mix(&m, record->disposition);
    mix(&m, record->number_next);
    mix(&m, record->numbers_dead);
    for (uint8_t i = 0; i < lead->number_count; ++i)
        mix(&m, lead->numbers[i].flags);
    mix(&m, record->attempts);
    for (int i = 0; i < RESULT_COUNT; ++i)
        mix(&m, record->results[i]);
    mix(&m, lead->place);
    mix(&m, lead->withdrawn);
    mix_timer(&m, &lead->timer);
    return m.value;
}

static uint64_t of_attempt(const struct attempt *attempt)
{
    const struct attempt_record *record = &attempt->record;
    struct mix m = {record->id};

    mix(&m, record->lead);
    mix(&m, record->number);
    mix(&m, record->state);
    mix(&m, record->result);
    mix(&m, record->action);
    mix(&m, record->agent);
    mix(&m, record->reservation);
    mix(&m, record->disposition);
    mix(&m, record->conversed);
    mix(&m, record->counts);
    mix(&m, (uint64_t)record->hello_us);
    mix(&m, (uint64_t)record->planned_at);
    mix(&m, (uint64_t)record->ordered_at);
    mix(&m, (uint64_t)record->answered_at);
    mix(&m, (uint64_t)record->ended_at);
    mix(&m, attempt->polls);
    mix(&m, attempt->poll);
    mix(&m, (uint64_t)attempt->rings_until);
    mix(&m, (uint64_t)attempt->message_until);
    mix(&m, attempt->left);
    mix(&m, attempt->doubtful);
    mix(&m, attempt->forgotten);
    mix(&m, (uint64_t)attempt->told_at);
    mix(&m, (uint64_t)attempt->unsettled_until);
    mix(&m, attempt->outlived);
    mix(&m, attempt->known);
    mix(&m, attempt->room ? attempt->room->record.id : 0);
    for (int i = 0; i < OLD_ROOMS_MAX; ++i)
        mix(&m, attempt->old_rooms[i] ? attempt->old_rooms[i]->record.id : 0);
    mix_timer(&m, &attempt->timer);
    if (record->held_since || record->dropped || attempt->hold.kept || attempt->hold.told ||
        attempt->hold.timer.node.place) { /* as the first journals knew it where there is none */
        mix(&m, (uint64_t)record->held_since);
        mix(&m, record->dropped);
        mix(&m, attempt->hold.kept);
        mix(&m, attempt->hold.told);
        mix(&m, attempt->hold.doubtful);
        mix_timer(&m, &attempt->hold.timer);
    }
    if (record->party.serial) {
        mix(&m, record->party.state);
        mix(&m, record->party.serial);
        mix(&m, record->party.consulting);
        mix(&m, record->party.held);
        mix(&m, record->party.blind);
        mix(&m, attempt->party.polls);
        mix(&m, attempt->party.room ? attempt->party.room->record.id : 0);
        mix_timer(&m, &attempt->party.timer);
    }
    return m.value;
}

static uint64_t of_number(const struct number *number)
{
    struct mix m = {number->id};

    mix(&m, number->uses);
    mix(&m, number->flags);
    mix_history(&m, &number->history);
    mix_taken_back(&m, &number->taken_back);
    return m.value;
}

static uint64_t of_person(const struct person *person)
{
    struct mix m = {person->id};

    mix(&m, person->uses);
    mix(&m, person->flags);
    mix(&m, person->holder ? person->holder->record.id : 0);
    mix_history(&m, &person->history);
    mix_taken_back(&m, &person->taken_back);
    return m.value;
}

/* A lead with what hangs on it. Shared numbers and persons count with the first of their leads, so
 * that what is walked is what there is, not the room that was bought for it. */
static uint64_t of_lead_whole(const struct lead *lead)
{
    uint64_t sum = of_lead(lead);

    if (lead->person->leads.after == &lead->of_person)
        sum += of_person(lead->person);
    for (uint8_t i = 0; i < lead->number_count; ++i)
        if (lead->numbers[i].number->leads.after == &lead->numbers[i].link)
            sum += of_number(lead->numbers[i].number);
    if (lead->attempt)
        sum += of_attempt(lead->attempt);
    return sum;
}

static uint64_t of_unused(const struct dialer *dialer)
{
    const struct chain *at;
    uint64_t sum = 0;

    for (at = dialer->numbers_unused.after; at != &dialer->numbers_unused; at = at->after)
        sum += of_number(container_of(at, struct number, unused));
    for (at = dialer->persons_unused.after; at != &dialer->persons_unused; at = at->after)
        sum += of_person(container_of(at, struct person, unused));
    return sum;
}

/* The order in which things wait is state, too. */
static uint64_t of_queues(const struct campaign *campaign)
{
    struct mix m = {campaign->id};
    const struct chain *at;

    for (int level = 0; level < LEVEL_COUNT; ++level)
        for (at = campaign->due[level].after; at != &campaign->due[level]; at = at->after)
            mix(&m, container_of(at, struct lead, link)->record.id);
    for (at = campaign->waiting.after; at != &campaign->waiting; at = at->after)
        mix(&m, container_of(at, struct attempt, waiting)->record.id);
    for (at = campaign->idle.after; at != &campaign->idle; at = at->after)
        mix(&m, container_of(at, struct membership, idle)->agent->record.id);
    return m.value;
}

/* What is no thing of its own. */
static uint64_t of_rest(const struct dialer *dialer, uint64_t sum)
{
    struct mix m = {1};

    mix(&m, sum);
    mix(&m, (uint64_t)dialer->now);
    mix(&m, dialer->recovered);
    mix(&m, dialer->held);
    mix(&m, dialer->doubtful);
    mix(&m, (uint64_t)dialer->rate_next);
    mix(&m, dialer->attempt_next);
    mix(&m, dialer->reservation_next);
    mix(&m, dialer->claim_next);
    for (int i = 0; i < WORDS_MAX; ++i)
        if (dialer->words[i].number || dialer->words[i].person) {
            mix(&m, dialer->words[i].number);
            mix(&m, dialer->words[i].person);
        }
    return m.value;
}

uint64_t dialer_digest(const struct dialer *dialer)
{
    uint64_t sum = of_unused(dialer);

    for (uint32_t slot = 0; slot < dialer->campaigns.count_max; ++slot) {
        const struct campaign *campaign = campaign_slot(dialer, slot);
        const struct chain *at;

        if (!campaign->id)
            continue;
        sum += of_campaign(campaign) + of_queues(campaign);
        for (at = campaign->leads.after; at != &campaign->leads; at = at->after)
            sum += of_lead_whole(container_of(at, struct lead, of_campaign));
    }
    for (uint32_t slot = 0; slot < dialer->agents.count_max; ++slot) {
        const struct agent *agent = slab_at(&dialer->agents, slot);

        sum += agent->record.id ? of_agent(agent) : 0;
    }
    return of_rest(dialer, sum);
}

/* The thing of that slab which is i-th in the part's turn; NULL: all were there already. */
static const void *in_part(const struct slab *slab, uint32_t part, uint32_t i)
{
    if (i >= slab->high)
        return NULL;
    return slab_at(slab, (uint32_t)(((uint64_t)part * DIGEST_PART + i) % slab->high));
}

uint64_t dialer_digest_part(const struct dialer *dialer, uint32_t part)
{
    uint64_t sum = 0;

    for (uint32_t slot = 0; slot < dialer->campaigns.count_max; ++slot)
        if (campaign_slot(dialer, slot)->id)
            sum += of_campaign(campaign_slot(dialer, slot));
    for (uint32_t i = 0; i < DIGEST_PART; ++i) {
        const struct agent *agent = in_part(&dialer->agents, part, i);
        const struct attempt *attempt = in_part(&dialer->attempts, part, i);
        const struct lead *lead = in_part(&dialer->leads, part, i);
        const struct number *number = in_part(&dialer->numbers, part, i);
        const struct person *person = in_part(&dialer->persons, part, i);

        sum += agent && agent->record.id ? of_agent(agent) : 0;
        sum += attempt && attempt->record.id ? of_attempt(attempt) : 0;
        sum += lead && lead->record.id ? of_lead(lead) : 0;
        sum += number && number->id ? of_number(number) : 0;
        sum += person && person->id ? of_person(person) : 0;
    }
    return of_rest(dialer, sum);
}
