#include "sim/world.h"

/*
 * A lead that is held because it was rung too often was rung that often: counted from the calls that were
 * ordered and those that are told to count, not from what the core keeps of them.
 */
static bool has(const struct world_ids *ids, instant at)
{
    for (uint32_t i = 0; i < ids->count; ++i)
        if ((instant)ids->at[i] == at)
            return true;
    return false;
}

struct tally {
    uint32_t ever, day, day_24, week, gap;
};

static void count_one(struct tally *tally, const struct world *world,
                      const struct attempt_caps *caps, uint32_t zone_set, instant at)
{
    ++tally->ever;
    tally->day += invariants_today(world, zone_set, at);
    tally->day_24 += at > world->now - DAY;
    tally->week += at > world->now - 7 * DAY;
    tally->gap += at > world->now - caps->gap;
}

static struct tally count_all(struct world *world, const struct attempt_caps *caps,
                              uint32_t zone_set, const struct world_ids *rung,
                              const struct world_ids *attempts)
{
    struct tally tally = {0};

    for (uint32_t i = 0; i < rung->count; ++i)
        count_one(&tally, world, caps, zone_set, (instant)rung->at[i]);
    for (uint32_t i = 0; i < attempts->count; ++i) {
        const struct attempt_record *told = &world_call(world, attempts->at[i])->account;

        if (told->counts && !has(rung, told->ordered_at))
            count_one(&tally, world, caps, zone_set, told->ordered_at);
    }
    return tally;
}

static bool is_reached(const struct attempt_caps *caps, const struct tally *tally,
                       enum refusal reason)
{
    switch ((int)reason) {
    case REFUSED_NUMBER_PER_DAY:
        return caps->per_day && tally->day >= caps->per_day;
    case REFUSED_NUMBER_PER_24_HOURS:
        return caps->per_24_hours && tally->day_24 >= caps->per_24_hours;
    case REFUSED_NUMBER_PER_7_DAYS:
        return caps->per_7_days && tally->week >= caps->per_7_days;
    case REFUSED_NUMBER_LIFETIME:
        return caps->lifetime && tally->ever >= caps->lifetime;
    default:
        return caps->gap && tally->gap;
    }
}

void refusals_lead(struct world *world, const struct lead_record *record)
{
    struct world_lead *lead = &world->leads[record->id - 1];
    const struct campaign_options *options = &world->campaigns[record->campaign - 1].options;
    bool person = record->reason >= REFUSED_PERSON_PER_DAY;
    const struct attempt_caps *caps = person ? &options->person_caps : &options->number_caps;
    enum refusal reason = record->reason;

    if (reason < REFUSED_NUMBER_PER_DAY || reason > REFUSED_PERSON_GAP || record->released ||
        (reason == lead->told.reason && record->due_at == lead->told.due_at))
        return;
    if (person)
        reason = (enum refusal)((int)reason - REFUSED_PERSON_PER_DAY + REFUSED_NUMBER_PER_DAY);
    for (uint32_t i = 0; i < lead->number_count; ++i) {
        const struct world_number *number =
            &world->numbers[(record->id - 1) * WORLD_NUMBERS_MAX + i];
        const struct world_person *holder = &world->persons[record->person - 1];
        struct tally tally =
            count_all(world, caps, number->zone_set, person ? &holder->rung : &number->rung,
                      person ? &holder->attempts : &number->attempts);

        if (is_reached(caps, &tally, reason))
            return;
    }
    world_break(world, "lead %llu is held as '%s', and was not rung that often",
                (unsigned long long)record->id, refusal_name(record->reason));
}
