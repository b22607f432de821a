#include "store_cases.h"

#include "base/rng.h"

/* Which leads a claim brings: by rank, due time and id, of regions that are open; against a plain model. */

enum { EAST = 1, WEST, REGIONS };

static struct store *store_of(void **state)
{
    return ((struct store_case *)*state)->store;
}

static void import_one(struct store *store, uint64_t import, unsigned number, const char *region,
                       uint8_t priority)
{
    struct store_import_row row;
    char e164[20];

    snprintf(e164, sizeof(e164), "+4930%06u", number);
    row = import_row(number, e164);
    row.region = region;
    row.priority = priority;
    ok(store, store_import_rows(store, import, &row, 1));
}

static void claim_open(struct store *store, struct store_claim claim, struct told *told)
{
    claim.owner = NODE;
    memset(told, 0, sizeof(*told));
    ok(store, store_begin(store));
    ok(store, store_claim(store, &claim, tell, told));
    ok(store, store_commit(store));
}

static void leads_of_a_closed_region_are_passed_over(void **state)
{
    const instant opens[REGIONS] = {0, 30 * SECOND, 0};
    const struct store_hours hours = {opens, REGIONS}, closed = {opens, EAST + 1};
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    uint64_t import = new_import(store, campaign, 1);
    struct told told;
    instant at;

    for (unsigned i = 0; i < 10; i++)
        import_one(store, import, i, "America/New_York", PRIORITY_NORMAL);
    import_one(store, import, 10, "America/Los_Angeles", PRIORITY_NORMAL);
    import_one(store, import, 11, "", PRIORITY_NORMAL);
    publish(store, import, 12);
    claim_open(store, (struct store_claim){campaign, 0, SECOND, SECOND, 50, hours}, &told);
    assert_int_equal(told.count, 2);
    assert_string_equal(told.e164[0][0], "+4930000010"); /* the west, and the one of no region */
    assert_string_equal(told.e164[1][0], "+4930000011");
    ok(store, store_next_due(store, campaign, hours, &at));
    assert_int_equal(at, 30 * SECOND); /* when the east opens */
    ok(store, store_next_due(store, campaign, closed, &at));
    assert_int_equal(at, 30 * SECOND);
    ok(store, store_next_due(store, campaign, ALWAYS, &at));
    assert_int_equal(at, 0);
    claim_open(store, (struct store_claim){campaign, 0, SECOND, SECOND, 50, ALWAYS}, &told);
    assert_int_equal(told.count, 10);
    balances(store, campaign);
}

static void a_lead_that_gets_a_number_elsewhere_is_claimed_at_any_hour(void **state)
{
    const instant opens[REGIONS] = {0, 30 * SECOND, 30 * SECOND};
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    uint64_t import = new_import(store, campaign, 1);
    struct store_import_row row = import_row(9, "+4930000001");
    struct told told;

    import_one(store, import, 1, "America/New_York", PRIORITY_NORMAL);
    row.numbers[1] = row.numbers[0];
    row.numbers[1].e164 = "+12135550100";
    row.number_count = 2;
    row.region = "America/New_York|America/Los_Angeles";
    ok(store, store_import_rows(store, import, &row, 1));
    assert_int_equal(row.outcome, IMPORT_ROW_MERGED);
    publish(store, import, 1);
    claim_open(store, (struct store_claim){campaign, 0, SECOND, SECOND, 50, {opens, REGIONS}},
               &told);
    assert_int_equal(told.count, 1);
}

/* The model: every lead, and which may be claimed. */
struct model {
    struct store_lead leads[400];
    size_t count;
};

static int model_lead(void *arg, const struct store_record *record)
{
    struct model *model = arg;

    assert_true(model->count < array_count(model->leads));
    model->leads[model->count++] = record->of.lead;
    return 0;
}

static int rank_of(const struct lead_record *lead)
{
    return lead->state == LEAD_CALLBACK ? 0 : 1 + lead->priority;
}

static int by_turn(const void *a, const void *b)
{
    const struct lead_record *x = &((const struct store_lead *)a)->core;
    const struct lead_record *y = &((const struct store_lead *)b)->core;

    if (rank_of(x) != rank_of(y))
        return rank_of(x) - rank_of(y);
    if (x->due_at != y->due_at)
        return x->due_at < y->due_at ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

static void model_of(struct store *store, struct model *model, instant now,
                     const struct store_hours *hours, instant *next)
{
    struct store_query query = store_query_of(STORE_LEAD);
    size_t count = 0;

    model->count = 0;
    *next = INSTANT_NEVER;
    ok(store, store_each(store, &query, model_lead, model));
    for (size_t i = 0; i < model->count; i++) {
        const struct store_lead *lead = &model->leads[i];
        instant opens = lead->region < hours->count ? hours->opens[lead->region] : 0;

        if (!lead->core.released || lead->core.state == LEAD_DONE)
            continue;
        *next = instant_min(*next, instant_max(lead->core.due_at, opens));
        if (lead->core.due_at <= now && !opens)
            model->leads[count++] = *lead;
    }
    model->count = count;
    qsort(model->leads, count, sizeof(model->leads[0]), by_turn);
}

static void put_back(struct store *store, struct rng *rng, const struct lead_record *from,
                     instant now)
{
    struct lead_record lead = *from;
    static const enum lead_state states[] = {LEAD_DUE, LEAD_HELD, LEAD_CALLBACK, LEAD_DONE};

    lead.state = states[rng_below(rng, array_count(states))];
    lead.due_at = now + (instant)rng_below(rng, 20) * SECOND;
    lead.released = true;
    put_lead(store, &lead);
}

static void import_some(struct store *store, struct rng *rng, uint64_t campaign, unsigned *number)
{
    static const char *const names[] = {"", "America/New_York", "Europe/Berlin", "Asia/Tokyo"};
    uint64_t import = new_import(store, campaign, 1);
    unsigned count = 1 + (unsigned)rng_below(rng, 40);

    for (unsigned i = 0; i < count; i++)
        import_one(store, import, (*number)++, names[rng_below(rng, array_count(names))],
                   (uint8_t)rng_below(rng, 3));
    publish(store, import, count);
}

static void claims_are_those_of_a_plain_model(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct rng rng = rng_from_seed(7);
    static struct model model;
    unsigned number = 0;
    instant now = 0;

    for (unsigned round = 0; round < 120; round++) {
        instant opens[4], next, expected;
        struct store_hours hours = {opens, array_count(opens)};
        struct told told;
        uint32_t count = 1 + (uint32_t)rng_below(&rng, 12);

        if (round % 12 == 0 && round < 100)
            import_some(store, &rng, campaign, &number);
        now += (instant)rng_below(&rng, 3) * SECOND;
        for (size_t i = 0; i < array_count(opens); i++)
            opens[i] = i && rng_below(&rng, 3) == 0 ? now + (instant)(1 + i) * SECOND : 0;
        model_of(store, &model, now, &hours, &next);
        claim_open(store, (struct store_claim){campaign, 0, now, now, count, hours}, &told);
        assert_int_equal(told.count, count < model.count ? count : model.count);
        for (size_t i = 0; i < told.count; i++)
            assert_int_equal(told.facts[i].record.id, model.leads[i].core.id);
        model_of(store, &model, now, &hours, &expected);
        ok(store, store_next_due(store, campaign, hours, &next));
        assert_int_equal(next, expected);
        for (size_t i = 0; i < told.count; i++)
            put_back(store, &rng, &told.facts[i].record, now);
        if (rng_below(&rng, 5) == 0) { /* a turn of the store that comes to nothing */
            struct store_claim claim = {campaign, NODE, now, now, count, hours};
            memset(&told, 0, sizeof(told));
            ok(store, store_begin(store));
            ok(store, store_claim(store, &claim, tell, &told));
            store_rollback(store);
        }
    }
    balances(store, campaign);
}

static int open_memory(void **state)
{
    *state = case_new(true);
    return 0;
}

static int open_sqlite(void **state)
{
    *state = case_new(false);
    return 0;
}

static int close_case(void **state)
{
    case_free(*state);
    return 0;
}

#define BOTH(test)                                                                                 \
    {#test " (memory)", test, open_memory, close_case, NULL},                                      \
    {                                                                                              \
#test " (sqlite)", test, open_sqlite, close_case, NULL                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(leads_of_a_closed_region_are_passed_over),
        BOTH(a_lead_that_gets_a_number_elsewhere_is_claimed_at_any_hour),
        BOTH(claims_are_those_of_a_plain_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
