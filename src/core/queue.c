#include "core/queue.h"

#include "core/claim.h"
#include "core/contacts.h"
#include "core/emit.h"

static struct person *hold_contacts(struct dialer *dialer, struct lead *lead,
                                    const struct lead_facts *facts)
{
    struct person *person =
        person_hold(dialer, facts->record.person, facts->person_flags, &facts->person_history);

    if (!person)
        return NULL;
    for (uint8_t i = 0; i < lead->number_count; ++i) {
        lead->numbers[i].flags = facts->numbers[i].flags & CONTACT_DO_NOT_CALL_HERE;
        lead->numbers[i].number = number_hold(dialer, &facts->numbers[i]);
        if (!lead->numbers[i].number) {
            while (i--)
                number_let_go(dialer, lead->numbers[i].number);
            person_let_go(dialer, person);
            return NULL;
        }
    }
    return person;
}

/* A number that a lead has twice is linked once. */
static void link_numbers(struct lead *lead)
{
    for (uint8_t i = 0; i < lead->number_count; ++i) {
        struct lead_number *one = &lead->numbers[i];
        bool twice = false;

        one->lead = lead;
        chain_init(&one->link);
        for (uint8_t j = 0; j < i; ++j)
            twice |= lead->numbers[j].number == one->number;
        if (!twice)
            chain_join(&one->number->leads, &one->link);
    }
}

struct lead *lead_take_in(struct dialer *dialer, struct campaign *campaign,
                          const struct lead_facts *facts)
{
    struct lead *lead = slab_take(&dialer->leads);

    if (!lead)
        return NULL;
    lead->timer.kind = TIMER_LEAD;
    lead->number_count = facts->number_count;
    lead->person = hold_contacts(dialer, lead, facts);
    if (!lead->person) {
        slab_give(&dialer->leads, lead);
        return NULL;
    }
    link_numbers(lead);
    lead->campaign = campaign;
    lead->record = facts->record;
    lead->record.released = false;
    chain_init(&lead->link);
    chain_init(&lead->of_campaign);
    chain_init(&lead->of_person);
    chain_init(&lead->dirty);
    chain_join(&campaign->leads, &lead->of_campaign);
    chain_join(&lead->person->leads, &lead->of_person);
    ++campaign->lead_count;
    id_index_put(&dialer->lead_ids, lead->record.id, lead);
    return lead;
}

static void lead_forget(struct dialer *dialer, struct lead *lead)
{
    check(lead->place == PLACE_NOWHERE && !lead->attempt);
    timer_clear(dialer, &lead->timer);
    chain_leave(&lead->of_campaign);
    chain_leave(&lead->of_person);
    chain_leave(&lead->dirty);
    --lead->campaign->lead_count;
    for (uint8_t i = 0; i < lead->number_count; ++i) {
        chain_leave(&lead->numbers[i].link);
        number_let_go(dialer, lead->numbers[i].number);
    }
    person_let_go(dialer, lead->person);
    id_index_remove(&dialer->lead_ids, lead->record.id);
    lead->record.id = 0;
    slab_give(&dialer->leads, lead);
}

void lead_let_go(struct dialer *dialer, struct lead *lead)
{
    lead_unplace(dialer, lead);
    lead->record.released = true;
    if (!lead_is_final(lead->record.state) && !lead->withdrawn)
        claim_not_before(dialer, lead->campaign, lead->record.due_at);
    write_lead(dialer, lead);
    lead_forget(dialer, lead);
}

void lead_give_back(struct dialer *dialer, const struct lead_facts *facts)
{
    struct effect *effect = emit(dialer, EFFECT_RECORD_LEAD);

    effect->of.lead = facts->record;
    effect->of.lead.released = true;
}

void lead_unplace(struct dialer *dialer, struct lead *lead)
{
    if (lead->place == PLACE_QUEUED)
        --lead->campaign->due_count;
    if (lead->place == PLACE_PARKED)
        lead->agent = NULL;
    chain_leave(&lead->link);
    timer_clear(dialer, &lead->timer);
    lead->place = PLACE_NOWHERE;
}

static void enqueue(struct dialer *dialer, struct lead *lead)
{
    struct campaign *campaign = lead->campaign;
    uint8_t priority = lead->record.priority;
    int level = lead->record.state == LEAD_CALLBACK
                    ? 0
                    : 1 + (priority <= PRIORITY_MAX ? priority : PRIORITY_MAX);

    lead_unplace(dialer, lead);
    chain_join(&campaign->due[level], &lead->link);
    lead->place = PLACE_QUEUED;
    ++campaign->due_count;
    dialer->look |= campaign->bit;
}

static bool campaign_keeps_leads(const struct campaign *campaign)
{
    return (campaign->state == CAMPAIGN_RUNNING || campaign->state == CAMPAIGN_PAUSED) &&
           campaign->options.mode != MODE_MANUAL;
}

void lead_settle(struct dialer *dialer, struct lead *lead)
{
    instant due_at = lead->record.due_at;

    check(lead->record.state != LEAD_ATTEMPTING);
    if (lead->withdrawn || lead_is_final(lead->record.state) ||
        !campaign_keeps_leads(lead->campaign) ||
        due_at > instant_add(dialer->now, dialer->limits.hold_in_memory)) {
        lead_let_go(dialer, lead);
        return;
    }
    if (due_at <= dialer->now) {
        enqueue(dialer, lead);
        return;
    }
    lead_unplace(dialer, lead);
    lead->place = PLACE_TIMED;
    timer_set(dialer, &lead->timer, due_at);
}

void lead_park(struct dialer *dialer, struct lead *lead, struct agent *agent)
{
    lead_unplace(dialer, lead);
    chain_join(&agent->callbacks, &lead->link);
    lead->agent = agent;
    lead->place = PLACE_PARKED;
    timer_set(dialer, &lead->timer,
              instant_add(lead->record.due_at, lead->campaign->options.callback_agent_wait));
}

struct lead *lead_first_due(const struct campaign *campaign)
{
    for (int level = 0; level < LEVEL_COUNT; ++level)
        if (!chain_is_empty(&campaign->due[level]))
            return container_of(campaign->due[level].after, struct lead, link);
    return NULL;
}

/* Due now; or the agent it was promised to did not come in time, and anyone may take it. */
void lead_expire(struct dialer *dialer, struct lead *lead)
{
    if (lead->place == PLACE_PARKED) {
        lead->record.callback_agent = 0;
        touch_lead(dialer, lead);
    }
    if (lead->place == PLACE_NOWHERE && lead->record.state == LEAD_ATTEMPTING) {
        lead_become(dialer, lead, LEAD_DUE); /* recovered without its attempt */
        lead->record.due_at = dialer->now;
    }
    lead_unplace(dialer, lead);
    lead_settle(dialer, lead);
}

void lead_become(struct dialer *dialer, struct lead *lead, enum lead_state state)
{
    check(lead_may_become(lead->record.state, state));
    lead->record.state = state;
    if (state != LEAD_HELD && state != LEAD_EXHAUSTED && state != LEAD_BLOCKED)
        lead->record.reason = REFUSED_NOT;
    touch_lead(dialer, lead);
}

/* The hours are asked for every choice; their answer holds until its `until`. */
static struct verdict hours_verdict(struct dialer *dialer, const struct campaign *campaign,
                                    uint32_t zone_set)
{
    const struct dialer_limits *limits = &dialer->limits;
    struct hours_memo *memo = &campaign->hours[zone_set];

    if (dialer->now < memo->from || dialer->now >= memo->until) {
        memo->from = dialer->now;
        memo->verdict = rule_calling_hours(&campaign->options.hours, limits->zones,
                                           &limits->zone_sets[zone_set], dialer->now);
        memo->until = memo->verdict.until;
        if (memo->verdict.refusal) /* the look ahead is bounded, and the days move on */
            memo->until = instant_min(memo->until, instant_add(dialer->now, DAY));
    }
    return memo->verdict;
}

struct question {
    const struct campaign *campaign;
    uint32_t zone_set, number_flags, person_flags;
    const struct call_history *number_history, *person_history;
};

/* Every rule that speaks about a person, in the order in which the answer is of most use. */
static struct verdict ask(struct dialer *dialer, const struct question *question)
{
    const struct dialer_limits *limits = &dialer->limits;
    const struct campaign_options *options = &question->campaign->options;
    const struct zone_set *set = &limits->zone_sets[question->zone_set];
    struct verdict verdict = rule_do_not_call(question->number_flags, question->person_flags);

    if (verdict.refusal)
        return verdict;
    verdict = verdict_and(verdict, rule_attempts(&options->number_caps, question->number_history,
                                                 SCOPE_NUMBER, limits->zones, set, dialer->now));
    verdict = verdict_and(verdict, rule_attempts(&options->person_caps, question->person_history,
                                                 SCOPE_PERSON, limits->zones, set, dialer->now));
    return verdict_and(verdict, hours_verdict(dialer, question->campaign, question->zone_set));
}

struct verdict number_verdict(struct dialer *dialer, const struct lead *lead, uint8_t index)
{
    const struct number *number = lead->numbers[index].number;

    return ask(dialer,
               &(struct question){lead->campaign, number->zone_set,
                                  number->flags | lead->numbers[index].flags, lead->person->flags,
                                  &number->history, &lead->person->history});
}

static struct call_history account_of(const struct call_history *known,
                                      const struct call_history *told,
                                      const struct calls_taken_back *taken_back)
{
    struct call_history history = *known;

    call_history_merge(&history, told, taken_back);
    return history;
}

struct verdict facts_verdict(struct dialer *dialer, const struct campaign *campaign,
                             const struct lead_facts *facts, uint8_t index)
{
    const struct number_facts *number = &facts->numbers[index];
    const struct number *known_number = id_index_get(&dialer->number_ids, number->id);
    const struct person *known_person = id_index_get(&dialer->person_ids, facts->record.person);
    struct call_history number_history = number->history, person_history = facts->person_history;

    if (known_number)
        number_history =
            account_of(&known_number->history, &number->history, &known_number->taken_back);
    if (known_person)
        person_history =
            account_of(&known_person->history, &facts->person_history, &known_person->taken_back);
    return ask(
        dialer,
        &(struct question){
            campaign, number->zone_set < dialer->limits.zone_set_count ? number->zone_set : 0,
            number->flags |
                (known_number ? known_number->flags : contacts_word(dialer, number->id, 0)),
            facts->person_flags | (known_person ? known_person->flags
                                                : contacts_word(dialer, 0, facts->record.person)),
            &number_history, &person_history});
}

static bool sooner(struct verdict a, struct verdict than)
{
    return than.refusal == REFUSED_NO_NUMBER || a.until < than.until;
}

struct verdict lead_choose_number(struct dialer *dialer, const struct lead *lead, uint8_t *index)
{
    const struct campaign_options *options = &lead->campaign->options;
    struct verdict least = {REFUSED_NO_NUMBER, INSTANT_NEVER};

    *index = 0;
    if (options->lead_attempts_max && lead->record.attempts >= options->lead_attempts_max)
        return (struct verdict){REFUSED_LEAD_ATTEMPTS, INSTANT_NEVER};
    for (uint8_t i = 0; i < lead->number_count; ++i) {
        uint8_t at = (uint8_t)((lead->record.number_next + i) % lead->number_count);
        struct verdict verdict;

        if (lead->record.numbers_dead & (1u << at))
            continue;
        verdict = number_verdict(dialer, lead, at);
        if (!verdict.refusal) {
            *index = at;
            if (lead->person->holder && lead->person->holder != lead)
                return (struct verdict){REFUSED_PERSON_BUSY, instant_add(dialer->now, MINUTE)};
            return verdict;
        }
        if (sooner(verdict, least))
            least = verdict;
    }
    return least;
}

static bool refusal_blocks(enum refusal refusal)
{
    return refusal == REFUSED_DO_NOT_CALL || refusal == REFUSED_EMERGENCY_NUMBER ||
           refusal == REFUSED_PREMIUM_NUMBER;
}

void lead_refused(struct dialer *dialer, struct lead *lead, struct verdict verdict)
{
    check(verdict.refusal);
    ++lead->campaign->refused_since;
    lead_unplace(dialer, lead);
    if (refusal_blocks(verdict.refusal))
        lead_become(dialer, lead, LEAD_BLOCKED);
    else if (verdict.until == INSTANT_NEVER && verdict.refusal != REFUSED_OUTSIDE_HOURS)
        lead_become(dialer, lead, LEAD_EXHAUSTED);
    else if (lead->record.state != LEAD_CALLBACK) /* a promise stays one, only later */
        lead_become(dialer, lead, LEAD_HELD);
    if (lead_is_final(lead->record.state))
        lead->record.due_at = INSTANT_NEVER;
    else /* no window within sight: asked again every day, the plan may change */
        lead->record.due_at = instant_max(instant_min(verdict.until, instant_add(dialer->now, DAY)),
                                          instant_add(dialer->now, SECOND));
    lead->record.reason = verdict.refusal;
    touch_lead(dialer, lead);
    lead_settle(dialer, lead);
}
