#include "sim/world.h"

#include <string.h>

/*
 * The figures once more, by other code than the core's: a fold of what the dialer told, compared after
 * every record with what it says itself. After a restart the fold is made anew from the rows.
 */
static void count(struct world_ledger *ledger, const struct attempt_record *record, int64_t sign)
{
    bool person = record->counted_answer && record->result != RESULT_MACHINE;

    ledger->attempts += sign;
    ledger->by_state[record->state] += sign;
    ledger->by_result[record->result] += sign;
    ledger->open += record->open ? sign : 0;
    ledger->answered += record->answered_at ? sign : 0;
    ledger->live += person ? sign : 0;
    ledger->abandoned += record->result == RESULT_ABANDONED ? sign : 0;
    ledger->conversed += record->conversed ? sign : 0;
    ledger->hellos += record->hello_us >= 0 ? sign : 0;
    if (record->bridged_at && record->ended_at)
        ledger->talk_us += sign * (record->ended_at - record->bridged_at);
}

void ledger_told(struct world *world, const struct attempt_record *record)
{
    struct world_call *call = world_call(world, record->id);
    struct world_ledger *ledger = &world->ledgers[record->campaign - 1];

    if (call->account.id && !call->account.open)
        world_break(world, "attempt %llu is closed, and written again",
                    (unsigned long long)record->id);
    if (call->account.id)
        count(ledger, &call->account, -1);
    count(ledger, record, 1);
    call->account = *record;
}

void ledger_restart(struct world *world)
{
    for (int i = 0; i < WEATHER_CAMPAIGNS_MAX; ++i)
        world->ledgers[i] = world->base[i] = (struct world_ledger){0};
    for (attempt_id id = 1; id <= world->rows_room; ++id) {
        const struct attempt_record *row = &world->rows[id - 1];
        struct world_call *call = &world->calls[id - 1];

        call->account = *row;
        if (!row->id)
            continue;
        call->ended = row->state == ATTEMPT_ENDED;
        call->disowned &= call->ended;
        count(&world->ledgers[row->campaign - 1], row, 1);
        if (!row->open)
            count(&world->base[row->campaign - 1], row, 1);
    }
}

static void compare(struct world *world, const char *what, int64_t told, uint64_t kept,
                    int64_t before)
{
    if (told != (int64_t)kept + before)
        world_break(world, "figure '%s': the dialer has %lld, what it told comes to %lld", what,
                    (long long)kept + before, (long long)told);
}

void ledger_check(struct world *world, campaign_id campaign)
{
    const struct world_ledger *told = &world->ledgers[campaign - 1];
    const struct world_ledger *base = &world->base[campaign - 1];
    struct figures kept;
    struct campaign_facts facts;

    if (!dialer_campaign_figures(world->dialer, campaign, &kept) ||
        !dialer_campaign(world->dialer, campaign, &facts))
        return;
    compare(world, "attempts", told->attempts, kept.attempts, base->attempts);
    compare(world, "open", told->open, kept.open, base->open);
    compare(world, "answered", told->answered, kept.answered, base->answered);
    compare(world, "conversed", told->conversed, kept.conversed, base->conversed);
    compare(world, "hello", told->hellos, kept.hello_count, base->hellos);
    compare(world, "talk", told->talk_us, kept.talk_us, base->talk_us);
    compare(world, "live answers", told->live, facts.ledger.answered_live, 0);
    compare(world, "abandoned", told->abandoned, facts.ledger.abandoned, 0);
    for (int i = 0; i < ATTEMPT_STATE_COUNT; ++i)
        compare(world, attempt_state_name((enum attempt_state)i), told->by_state[i],
                kept.by_state[i], base->by_state[i]);
    for (int i = 0; i < RESULT_COUNT; ++i)
        compare(world, attempt_result_name((enum attempt_result)i), told->by_result[i],
                kept.by_result[i], base->by_result[i]);
}

void ledger_at_rest(struct world *world)
{
    struct world_ledger told[WEATHER_CAMPAIGNS_MAX];

    for (uint32_t i = 0; i < world->weather.campaigns; ++i)
        ledger_check(world, i + 1);
    memcpy(told, world->ledgers, sizeof(told));
    ledger_restart(world);
    if (memcmp(told, world->ledgers, sizeof(told)) != 0)
        world_break(world, "the rows come to other figures than what was told");
}
