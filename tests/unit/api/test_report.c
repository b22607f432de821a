#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/report.h"

/* A small day: three people rung, one spoken to, one busy, one left alone by us. */

static const instant nine = 1795338000 * SECOND;

static void put(struct store *store, struct store_record *record)
{
    assert_int_equal(store_put(store, record), 0);
}

static void put_attempt(struct store *store, attempt_id id, enum attempt_result result,
                        int64_t hello_us, bool counts)
{
    bool answered = result == RESULT_CONNECTED || result == RESULT_ABANDONED;
    struct attempt_record core = {
        .id = id,
        .campaign = 1,
        .lead = id,
        .person = id,
        .number = id,
        .state = ATTEMPT_ENDED,
        .result = result,
        .counts = counts,
        .conversed = result == RESULT_CONNECTED,
        .counted_answer = answered,
        .agent = result == RESULT_CONNECTED ? 1 : 0,
        .hello_us = hello_us,
        .planned_at = nine,
        .ordered_at = nine,
        .placed_at = nine + SECOND,
        .answered_at = answered ? nine + 5 * SECOND : 0,
        .bridged_at = result == RESULT_CONNECTED ? nine + 5 * SECOND : 0,
        .ended_at = nine + 65 * SECOND,
        .wrapped_at = result == RESULT_CONNECTED ? nine + 70 * SECOND : 0,
    };
    struct store_record record = {.kind = STORE_ATTEMPT,
                                  .of.attempt = {.core = core, .call_sid = "", .caller_id = ""}};

    put(store, &record);
}

static void put_lead(struct store *store, lead_id id, enum lead_state state)
{
    struct store_record record = {.kind = STORE_LEAD,
                                  .of.lead.core = {.id = id,
                                                   .campaign = 1,
                                                   .person = id,
                                                   .state = state,
                                                   .attempts = 1,
                                                   .last_attempt_at = nine,
                                                   .released = true}};

    put(store, &record);
}

static struct store *a_day(bool is_wrong)
{
    struct store *store;
    struct store_record campaign = {
        .kind = STORE_CAMPAIGN,
        .of.campaign = {.name = "spring", .settings = "{}", .made_at = nine}};
    struct store_record agent = {.kind = STORE_AGENT,
                                 .of.agent = {.name = "ann",
                                              .full_name = "Ann",
                                              .address = "sip:ann@127.0.0.1",
                                              .settings = "{}",
                                              .made_at = nine}};
    struct store_record list = {.kind = STORE_LIST,
                                .of.list = {.campaign = 1, .name = "people", .made_at = nine}};
    struct store_record import = {
        .kind = STORE_IMPORT,
        .of.import = {
            .campaign = 1, .list = 1, .file_name = "x", .file_hash = "h", .summary = "{}"}};
    struct store_import_row rows[3];
    static const char *const numbers[] = {"+12025551001", "+12025551002", "+12025551003"};

    assert_int_equal(store_open_memory(&store), 0);
    assert_int_equal(store_begin(store), 0);
    put(store, &campaign);
    put(store, &agent);
    put(store, &list);
    put(store, &import);
    assert_int_equal(store_commit(store), 0);
    for (size_t i = 0; i < 3; i++)
        rows[i] = (struct store_import_row){.line = i + 2,
                                            .external_id = "",
                                            .first_name = "",
                                            .last_name = "",
                                            .email = "",
                                            .address = "",
                                            .country = "",
                                            .zone = "",
                                            .columns = "{}",
                                            .priority = PRIORITY_NORMAL,
                                            .number_count = 1,
                                            .numbers = {{.e164 = numbers[i], .country = "US"}}};
    import.of.import.rows = import.of.import.imported = 3;
    assert_int_equal(store_import_rows(store, import.of.id, rows, 3), 0);
    assert_int_equal(store_import_publish(store, &import.of.import), 0);
    assert_int_equal(store_begin(store), 0);
    put_attempt(store, 1, RESULT_CONNECTED, 1730, true);
    put_attempt(store, 2, RESULT_BUSY, -1, !is_wrong);
    put_attempt(store, 3, RESULT_ABANDONED, -1, true);
    put_lead(store, 1, LEAD_DONE);
    put_lead(store, 2, LEAD_DUE);
    put_lead(store, 3, LEAD_EXHAUSTED);
    assert_int_equal(store_commit(store), 0);
    return store;
}

static void a_report_is_as_the_golden_one(void **state)
{
    const char *path = OUTDIAL_SOURCE_DIR "/tests/golden/report.json";
    struct store *store = a_day(false);
    json_t *report = NULL, *golden = json_load_file(path, 0, NULL);

    assert_int_equal(report_make(store, 1, nine + HOUR, &report), 0);
    char *is = json_dumps(report, JSON_INDENT(2) | JSON_SORT_KEYS);

    if (getenv("OUTDIAL_GOLDEN_WRITE"))
        assert_int_equal(json_dump_file(report, path, JSON_INDENT(2) | JSON_SORT_KEYS), 0);
    else if (!json_equal(report, golden))
        fail_msg("the report is not as %s says (OUTDIAL_GOLDEN_WRITE=1 writes it anew); it is\n%s",
                 path, is);
    free(is);
    json_decref(report);
    json_decref(golden);
    store_close(store);
}

static void what_does_not_add_up_is_named(void **state)
{
    struct store *store = a_day(true);
    json_t *report = NULL;

    assert_int_equal(report_make(store, 1, nine + HOUR, &report), 0);
    const json_t *balance = json_object_get(report, "balance");

    assert_int_equal(json_array_size(balance), 1);
    assert_non_null(strstr(json_string_value(json_array_get(balance, 0)), "lead 2 has 1 calls"));
    json_decref(report);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_as_the_golden_one),
        cmocka_unit_test(what_does_not_add_up_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
