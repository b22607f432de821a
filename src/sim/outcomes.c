#include "sim/world.h"

/*
 * What follows from a call, by other code than the core's: its campaign's plan says when the lead is tried again and
 * at which number, or that it has been tried enough; and who has talked to somebody and says nothing of it has said
 * what the campaign says for them.
 */
static bool is_alive(const struct world *world, const struct world_lead *lead, uint8_t index)
{
    uint64_t number = (lead->row.id - 1) * WORLD_NUMBERS_MAX + index;

    return !(lead->told.numbers_dead >> index & 1) && !world->numbers[number].do_not_call;
}

/* The first living number from there on; number_count: none. */
static uint8_t living_from(const struct world *world, const struct world_lead *lead, uint8_t index)
{
    while (index < lead->number_count && !is_alive(world, lead, index))
        ++index;
    return index;
}

static void expect(struct world *world, const struct world_lead *lead, enum lead_state state,
                   instant due_at, uint8_t number)
{
    const struct lead_record *told = &lead->told;

    if (due_at <= world->now) /* whatever became of it in the same event */
        return;
    if (told->state != state)
        world_break(world, "lead %llu is %s, and its campaign says %s",
                    (unsigned long long)told->id, lead_state_name(told->state),
                    lead_state_name(state));
    else if (!lead_is_final(state) && (told->due_at != due_at || told->number_next != number))
        world_break(world,
                    "lead %llu is due in %lld us at number %u, and its campaign says in %lld us at "
                    "number %u",
                    (unsigned long long)told->id, (long long)(told->due_at - world->now),
                    told->number_next, (long long)(due_at - world->now), number);
}

static void expect_retry(struct world *world, const struct attempt_record *attempt,
                         enum attempt_result result)
{
    const struct world_lead *lead = &world->leads[attempt->lead - 1];
    const struct campaign_options *options = &world->campaigns[attempt->campaign - 1].options;
    const struct retry_rule *rule = &options->retry[result];
    uint8_t next = living_from(world, lead, (uint8_t)(attempt->number_index + 1));
    bool enough = options->lead_attempts_max && lead->told.attempts >= options->lead_attempts_max;

    if (enough || living_from(world, lead, 0) == lead->number_count)
        expect(world, lead, LEAD_EXHAUSTED, INSTANT_NEVER, 0);
    else if (rule->alternates && next < lead->number_count)
        expect(world, lead, LEAD_DUE, world->now + rule->alternate_delay, next);
    else if (lead->told.results[result] > rule->times_max)
        expect(world, lead, LEAD_EXHAUSTED, INSTANT_NEVER, 0);
    else
        expect(world, lead, LEAD_DUE, world->now + rule->delay, 0);
}

static void check_counted(struct world *world, const struct attempt_record *attempt,
                          const struct lead_record *before, enum attempt_result result)
{
    const struct world_lead *lead = &world->leads[attempt->lead - 1];
    unsigned count = before->results[result] + (before->results[result] < UINT8_MAX ? 1u : 0u);

    if (lead->told.results[result] != count)
        world_break(world, "lead %llu was %s for the %uth time, and counts %u",
                    (unsigned long long)attempt->lead, attempt_result_name(result), count,
                    lead->told.results[result]);
    else
        expect_retry(world, attempt, result);
}

static void check_result(struct world *world, const struct attempt_record *attempt,
                         const struct lead_record *before)
{
    const struct world_lead *lead = &world->leads[attempt->lead - 1];

    if (attempt->result == RESULT_CANCELED && !attempt->counts)
        expect(world, lead, LEAD_DUE, world->now + SECOND, lead->told.number_next);
    else if (attempt->reason == REFUSED_NOT_CARRIED && attempt->result != RESULT_CANCELED &&
             attempt->result != RESULT_INVALID)
        expect(world, lead, LEAD_DUE, world->now + 10 * SECOND, lead->told.number_next);
    else
        check_counted(world, attempt, before, attempt->result);
}

static void check_word(struct world *world, const struct attempt_record *attempt,
                       const struct lead_record *before, const struct disposition *word)
{
    const struct world_lead *lead = &world->leads[attempt->lead - 1];

    switch (word->behaviour) {
    case DISPOSITION_DONE:
        expect(world, lead, LEAD_DONE, INSTANT_NEVER, 0);
        break;
    case DISPOSITION_RETRY:
        expect(world, lead, LEAD_DUE, world->now + word->delay, attempt->number_index);
        break;
    case DISPOSITION_CALLBACK:
        expect(world, lead, LEAD_CALLBACK, attempt->callback_at, attempt->number_index);
        break;
    case DISPOSITION_WRONG_NUMBER:
        if (!(lead->told.numbers_dead >> attempt->number_index & 1))
            world_break(world, "lead %llu keeps a wrong number", (unsigned long long)attempt->lead);
        check_counted(world, attempt, before, RESULT_INVALID);
        break;
    case DISPOSITION_MACHINE:
        check_counted(world, attempt, before, RESULT_MACHINE);
        break;
    case DISPOSITION_DO_NOT_CALL: /* promises.c */
    case DISPOSITION_BEHAVIOUR_COUNT:
        break;
    }
}

static const struct disposition *word_of(const struct campaign_options *options, uint16_t code)
{
    for (uint32_t i = 0; code && i < options->disposition_count; ++i)
        if (options->dispositions[i].code == code)
            return &options->dispositions[i];
    return NULL;
}

static void check_default(struct world *world, const struct attempt_record *attempt)
{
    const struct world_campaign *campaign = &world->campaigns[attempt->campaign - 1];
    const struct world_call *call = world_call(world, attempt->id);

    if (!attempt->conversed || attempt->result != RESULT_CONNECTED || attempt->dropped ||
        call->word || campaign->plan)
        return;
    if (attempt->disposition != campaign->options.wrap_up_default)
        world_break(world, "nobody says what came of attempt %llu, and it is %u instead of %u",
                    (unsigned long long)attempt->id, attempt->disposition,
                    campaign->options.wrap_up_default);
}

void outcomes_hear(struct world *world, const struct event *event)
{
    attempt_id id = event->kind == EVENT_DISPOSITION_SAVED ? event->of.disposition.attempt : 0;

    if (id && id <= world->rows_room)
        world_call(world, event->of.disposition.attempt)->word = event->of.disposition.code;
}

void outcomes_attempt(struct world *world, const struct attempt_record *record)
{
    struct world_lead *lead = &world->leads[record->lead - 1];

    if (record->open || world->starting)
        return;
    if (world->closed_count == WORLD_CLOSED_MAX)
        return;
    world->closed[world->closed_count].attempt = *record;
    world->closed[world->closed_count].lead =
        lead->before_in == world->statistics.events ? lead->before : lead->told;
    ++world->closed_count;
    check_default(world, record);
}

/* As it was when the event came. */
void outcomes_lead(struct world *world, struct world_lead *lead)
{
    if (lead->before_in == world->statistics.events)
        return;
    lead->before_in = world->statistics.events;
    lead->before = lead->told;
}

void outcomes_after(struct world *world)
{
    for (uint32_t i = 0; i < world->closed_count; ++i) {
        const struct attempt_record *attempt = &world->closed[i].attempt;
        const struct world_campaign *campaign = &world->campaigns[attempt->campaign - 1];
        const struct disposition *word = word_of(&campaign->options, attempt->disposition);

        if (world_fed(world)->kind == EVENT_CAMPAIGN_CHANGED ||
            world->persons[attempt->person - 1].do_not_call ||
            attempt->reason == REFUSED_DO_NOT_CALL)
            continue;
        if (word)
            check_word(world, attempt, &world->closed[i].lead, word);
        else if (!attempt->dropped)
            check_result(world, attempt, &world->closed[i].lead);
    }
    world->closed_count = 0;
}
