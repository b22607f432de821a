#include "store_cases.h"

#include <errno.h>

#include "store/plan.h"
#include "store/sqlite.h"

/*
 * Every statement that the store runs, on a content of some size, with SQLite's statistics of it and
 * without: none walks through what grows with the lists but those of plan_allowances, and each of
 * those does. Statements are taken from SQLite's own trace of the connection, so a new one is looked
 * at without being named here; and while the tests over real calls run, the program watches itself
 * (OUTDIAL_WATCH_PLANS).
 */
enum { LEADS = 600, STATEMENTS_MAX = 400, CALLS = 200 };

static struct {
    char *sql[STATEMENTS_MAX];
    size_t count;
} seen;

static int see(unsigned event, void *arg, void *statement, void *more)
{
    const char *sql = sqlite3_sql(statement);

    if (strncmp(sql, "SELECT", 6) != 0 && strncmp(sql, "INSERT", 6) != 0 &&
        strncmp(sql, "UPDATE", 6) != 0 && strncmp(sql, "DELETE", 6) != 0)
        return 0;
    for (size_t i = 0; i < seen.count; i++)
        if (strcmp(seen.sql[i], sql) == 0)
            return 0;
    assert_true(seen.count < STATEMENTS_MAX);
    seen.sql[seen.count++] = strdup(sql);
    return 0;
}

static void forget(void)
{
    while (seen.count)
        free(seen.sql[--seen.count]);
}

static void watch(struct store *store)
{
    sqlite3_trace_v2(sqlite_side_of(store)->db, SQLITE_TRACE_STMT, see, NULL);
}

static void ask(struct store *store, struct store_query query)
{
    size_t count = 0;

    query.limit = 20;
    ok(store, store_each(store, &query, count_record, &count));
    query.after = 1000 * 1000;
    ok(store, store_each(store, &query, count_record, &count));
    query.newest_first = true;
    ok(store, store_each(store, &query, count_record, &count));
}

/* What the API asks for, page by page (api_leads.c, api_imports.c, api_tokens.c, claims.c). */
static void ask_pages(struct store *store, uint64_t campaign)
{
    static const enum store_kind kinds[] = {STORE_LIST,    STORE_IMPORT,      STORE_LEAD,
                                            STORE_ATTEMPT, STORE_DO_NOT_CALL, STORE_TOKEN,
                                            STORE_REGION};

    for (size_t i = 0; i < array_count(kinds); i++) {
        struct store_query query = store_query_of(kinds[i]);

        ask(store, query);
        query.campaign = campaign;
        if (kinds[i] != STORE_TOKEN && kinds[i] != STORE_REGION)
            ask(store, query);
    }
    struct store_query leads = store_query_of(STORE_LEAD);

    leads.state = LEAD_HELD;
    ask(store, leads);
    leads.campaign = campaign;
    for (leads.state = 0; leads.state < LEAD_STATE_COUNT; leads.state++)
        ask(store, leads);
    struct store_query attempts = store_query_of(STORE_ATTEMPT);

    attempts.campaign = campaign;
    attempts.lead = 1;
    ask(store, attempts);
    attempts.agent = 1;
    ask(store, attempts);
    attempts.lead = 0;
    ask(store, attempts);
}

/* One row, or what is found by its own words. */
static void ask_one(struct store *store, uint64_t campaign)
{
    size_t count = 0;

    for (int kind = 0; kind < STORE_KIND_COUNT; kind++) {
        struct store_query query = store_query_of((enum store_kind)kind);

        query.id = 1;
        ok(store, store_each(store, &query, count_record, &count));
        query = store_query_of((enum store_kind)kind);
        query.text = "+4930000001";
        if (row_kind(kind)->text)
            ok(store, store_each(store, &query, count_record, &count));
        query.text = NULL;
        query.open_only = true;
        if (row_column(kind, "open"))
            ok(store, store_each(store, &query, count_record, &count));
    }
    struct store_query query = store_query_of(STORE_LEAD_NUMBER);

    query.number = 1;
    ok(store, store_each(store, &query, count_record, &count));
    query = store_query_of(STORE_LEAD);
    query.person = 1;
    ok(store, store_each(store, &query, count_record, &count));
    query = store_query_of(STORE_ACTIVITY);
    query.agent = 1;
    query.open_only = true;
    ok(store, store_each(store, &query, count_record, &count));
    query = store_query_of(STORE_IMPORT);
    query.campaign = campaign;
    query.text = "00";
    ok(store, store_each(store, &query, count_record, &count));
}

static void call_some(struct store *store, uint64_t campaign, uint64_t first)
{
    struct told told;

    for (uint64_t id = first; id < first + CALLS;) {
        claim(store, campaign, SECOND, 50, &told);
        assert_true(told.count > 0);
        for (size_t i = 0; i < told.count && id < first + CALLS; i++, id++) {
            struct attempt_record attempt = attempt_of(id, &told.facts[i], SECOND);

            attempt.agent = 1 + id % 3;
            put_attempt(store, &attempt, "CA1");
            attempt.hello_us = (int64_t)id;
            attempt.open = false;
            attempt.state = ATTEMPT_ENDED;
            attempt.counts = true;
            attempt.ordered_at = attempt.ended_at = SECOND;
            put_attempt(store, &attempt, NULL);
        }
    }
}

static void import_and_drop(struct store *store, uint64_t campaign)
{
    uint64_t import = new_import(store, campaign, 1);
    struct store_import_row rows[3] = {import_row(2, "+49309999991"), import_row(3, "+49309999992"),
                                       import_row(4, "+49309999991")};
    bool more = true;

    rows[2].numbers[1] = rows[2].numbers[0];
    rows[2].numbers[1].e164 = "+49309999993";
    rows[2].number_count = 2;
    rows[2].region = "Europe/Berlin";
    ok(store, store_import_rows(store, import, rows, array_count(rows)));
    while (more)
        ok(store, store_import_drop(store, import, &more));
}

static int count_agent(void *arg, const struct store_agent_figures *figures)
{
    return 0;
}

static int count_difference(void *arg, const char *difference)
{
    return 0; /* the attempts here are nobody's life */
}

static int note_journal(void *arg, uint64_t sequence, instant at, const void *bytes, size_t size)
{
    return 0;
}

static void write_one_of_each(struct store *store, uint64_t campaign)
{
    struct store_record record = {.kind = STORE_DO_NOT_CALL};
    struct store_record agent = {.kind = STORE_AGENT, .of.agent.name = "ada"};
    struct store_record reservation = {.kind = STORE_RESERVATION};
    struct store_record activity = {.kind = STORE_ACTIVITY};
    struct store_record token = {.kind = STORE_TOKEN, .of.token.hash = "h"};
    struct store_record meta = {.kind = STORE_META, .of.meta = {.key = "k", .value = "v"}};

    ok(store, store_begin(store));
    for (unsigned i = 0; i < LEADS; i++) {
        struct store_record closed = {.kind = STORE_ACTIVITY};
        struct store_record ended = {.kind = STORE_RESERVATION};
        struct store_record listed = {.kind = STORE_DO_NOT_CALL};
        char e164[20];
        uint64_t sequence;

        snprintf(e164, sizeof(e164), "+4940%06u", i);
        listed.of.do_not_call.e164 = e164;
        closed.of.activity.agent = 1 + i % 3;
        closed.of.activity.ended_at = SECOND;
        ended.of.reservation.campaign = campaign;
        ended.of.reservation.agent = 1 + i % 3;
        ended.of.reservation.status = RESERVATION_COMPLETED;
        ok(store, store_put(store, &listed));
        ok(store, store_put(store, &closed));
        ok(store, store_put(store, &ended));
        ok(store, store_journal_append(store, SECOND, "x", 1, &sequence));
    }
    ok(store, store_commit(store));
    record.of.do_not_call.e164 = "+4930000007";
    put(store, &record);
    put(store, &agent);
    put(store, &agent);
    reservation.of.reservation.campaign = campaign;
    put(store, &reservation);
    put(store, &reservation);
    activity.of.activity.agent = 1;
    put(store, &activity);
    put(store, &activity);
    put(store, &token);
    put(store, &meta);
    put(store, &meta);
    ok(store, store_begin(store));
    ok(store, store_remove(store, STORE_DO_NOT_CALL, record.of.id));
    ok(store, store_remove(store, STORE_TOKEN, token.of.id));
    ok(store, store_commit(store));
}

static void do_everything(struct store *store)
{
    uint64_t campaign = new_campaign(store, "A"), released, sequence, last;
    struct store_figures figures;
    struct told told;
    bool forbidden, whole;
    instant at;

    new_list(store, campaign, "L");
    import_leads(store, campaign, 0, LEADS);
    call_some(store, campaign, 1);
    write_one_of_each(store, campaign);
    import_and_drop(store, campaign);
    ok(store, store_begin(store));
    ok(store, store_forbid(store, 3, 3, 1, SECOND));
    ok(store, store_erase_person(store, 4, SECOND));
    ok(store, store_claim_one(store, LEADS - 1, NODE, SECOND));
    ok(store, store_release_claims(store, NODE, &released));
    ok(store, store_journal_append(store, SECOND, "x", 1, &sequence));
    ok(store, store_commit(store));
    memset(&told, 0, sizeof(told));
    ok(store, store_lead_facts(store, 1, tell, &told));
    ok(store, store_next_due(store, campaign, ALWAYS, &at));
    ok(store, store_is_forbidden(store, "+4930000001", campaign, &forbidden));
    ok(store, store_journal_each(store, 0, 10, note_journal, NULL));
    ok(store, store_last_id(store, STORE_ATTEMPT, &last));
    ok(store, store_figures(store, campaign, &figures));
    ok(store, store_figures_agents(store, campaign, SECOND, count_agent, NULL));
    ok(store, store_balance(store, campaign, count_difference, NULL));
    ask_pages(store, campaign);
    ask_one(store, campaign);
    ok(store, store_check(store, 1000, &whole));
}

/* How many statements walk that may not. */
static size_t count_walks(sqlite3 *db, bool tells)
{
    size_t walks = 0;
    char what[200];

    for (size_t i = 0; i < seen.count; i++) {
        if (!plan_walks(db, seen.sql[i], what, sizeof(what)) || plan_allowance_of(seen.sql[i]))
            continue;
        if (tells)
            print_message("%s\n  in %s\n", what, seen.sql[i]);
        walks++;
    }
    return walks;
}

/* What is allowed is done, and needs to be allowed. */
static void check_allowances(sqlite3 *db)
{
    for (size_t k = 0; k < plan_allowance_count; k++) {
        size_t walks = 0;
        char what[200];

        for (size_t i = 0; i < seen.count; i++)
            walks += plan_allowance_of(seen.sql[i]) == &plan_allowances[k] &&
                     plan_walks(db, seen.sql[i], what, sizeof(what));
        if (!walks)
            print_message("allowed, but nothing walks there: %s\n", plan_allowances[k].statement);
        assert_true(walks > 0);
    }
}

static void execute(sqlite3 *db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void no_statement_walks_that_may_not(void **state)
{
    struct store *store = ((struct store_case *)*state)->store;
    sqlite3 *db = sqlite_side_of(store)->db;

    watch(store);
    do_everything(store);
    sqlite3_trace_v2(db, 0, NULL, NULL);
    print_message("figure: %zu statements of the store looked at\n", seen.count);
    assert_true(seen.count > 90);
    assert_int_equal(count_walks(db, true), 0);
    check_allowances(db);
    execute(db, "ANALYZE"); /* which Outdial itself never does; a person may */
    assert_int_equal(count_walks(db, true), 0);
}

/* Each index that the live path goes by is missed when it is not there. */
static void a_missing_index_is_found(void **state)
{
    static const char *const indexes[] = {"leads_claim",   "leads_owner",       "leads_state",
                                          "attempts_lead", "attempts_number",   "attempts_person",
                                          "attempts_open", "lead_numbers_lead", "numbers_e164"};
    struct store *store = ((struct store_case *)*state)->store;
    sqlite3 *db = sqlite_side_of(store)->db;

    watch(store);
    do_everything(store);
    sqlite3_trace_v2(db, 0, NULL, NULL);
    for (size_t i = 0; i < array_count(indexes); i++) {
        char sql[80];

        snprintf(sql, sizeof(sql), "SAVEPOINT s; DROP INDEX %s", indexes[i]);
        execute(db, sql);
        size_t walks = count_walks(db, false);

        if (!walks)
            print_message("nobody misses %s\n", indexes[i]);
        assert_true(walks > 0);
        execute(db, "ROLLBACK TO s; RELEASE s");
    }
    assert_int_equal(count_walks(db, true), 0);
}

static int open_case(void **state)
{
    *state = case_new(false);
    return 0;
}

static int close_case(void **state)
{
    forget();
    case_free(*state);
    return 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_case, close_case)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(no_statement_walks_that_may_not),
        CASE(a_missing_index_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
