#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lists/exporter.h"

static struct store *store;

static void ok(int err)
{
    if (err)
        print_message("error %d: %s\n", err, store_why(store));
    assert_int_equal(err, 0);
}

static uint64_t put(struct store_record record)
{
    ok(store_begin(store));
    ok(store_put(store, &record));
    ok(store_commit(store));
    return record.of.id;
}

/* A campaign with one person of a dangerous name, an agent, and `count` attempts. */
static uint64_t fill(unsigned count)
{
    uint64_t campaign = put((struct store_record){.kind = STORE_CAMPAIGN, .of.campaign.name = "A"});
    struct store_record person = {.kind = STORE_PERSON};
    struct store_record number = {.kind = STORE_NUMBER};
    struct store_record agent = {.kind = STORE_AGENT};

    person.of.person.external_id = "+7";
    person.of.person.first_name = "=cmd|'/c calc'!A1";
    person.of.person.last_name = "M\xc3\xbcller, \"the\"";
    number.of.number.e164 = "+4930901820";
    agent.of.agent.name = "@alice";
    put(person);
    put(number);
    put(agent);
    for (unsigned i = 1; i <= count; i++) {
        struct store_record record = {.kind = STORE_ATTEMPT};
        record.of.attempt.core = (struct attempt_record){
            .id = i,
            .campaign = campaign,
            .lead = 5,
            .person = 1,
            .number = 1,
            .agent = 1,
            .conversed = true,
            .state = ATTEMPT_ENDED,
            .result = RESULT_CONNECTED,
            .disposition = 4,
            .sip_code = 200,
            .hello_us = 1234,
            .planned_at = 1 * SECOND,
            .ordered_at = 1 * SECOND,
            .placed_at = 2 * SECOND,
            .ringing_at = 3 * SECOND,
            .answered_at = 5 * SECOND,
            .bridged_at = 5 * SECOND + 2 * MILLISECOND,
            .ended_at = 65 * SECOND + 2 * MILLISECOND,
            .wrapped_at = 70 * SECOND,
        };
        record.of.attempt.call_sid = "CA1";
        record.of.attempt.note = "-1 + 1";
        put(record);
    }
    return campaign;
}

static int open_store(void **state)
{
    return store_open_memory(&store);
}

static int close_store(void **state)
{
    store_close(store);
    return 0;
}

static const char *name_of(void *arg, uint16_t code)
{
    return code == 4 ? "=do not call" : NULL;
}

static void an_attempt_becomes_a_row_in_utc_with_formulas_neutralised(void **state)
{
    struct exporter exporter;
    struct text out;
    const char *row;

    exporter_init(&exporter, fill(1));
    exporter.disposition_name = name_of;
    text_init(&out);
    ok(exporter_page(&exporter, store, 10, &out));
    assert_true(exporter.is_done);
    row = strstr(out.at, "\r\n");
    assert_non_null(row);
    assert_string_equal(
        row + 2, "1,5,'+7,'=cmd|'/c calc'!A1,\"M\xc3\xbcller, \"\"the\"\"\",+4930901820,'@alice,no,"
                 "ended,connected,'=do not call,,200,CA1,1970-01-01T00:00:01.000000Z,"
                 "1970-01-01T00:00:02.000000Z,1970-01-01T00:00:03.000000Z,"
                 "1970-01-01T00:00:05.000000Z,1970-01-01T00:00:05.002000Z,"
                 "1970-01-01T00:01:05.002000Z,1970-01-01T00:01:10.000000Z,3000,2,60000,4998,1.234,,"
                 "'-1 + 1\r\n");
    text_release(&out);
}

static void a_campaign_without_attempts_is_a_header(void **state)
{
    struct exporter exporter;
    struct text out;

    exporter_init(&exporter, fill(0));
    text_init(&out);
    ok(exporter_page(&exporter, store, 10, &out));
    assert_true(exporter.is_done);
    assert_int_equal(exporter.rows, 0);
    assert_true(slice_starts(text_slice(&out), "attempt,lead,"));
    assert_string_equal(strchr(out.at, '\r'), "\r\n");
    text_release(&out);
}

static void pages_hold_every_attempt_once_and_one_header(void **state)
{
    struct exporter exporter;
    struct text out;
    unsigned lines = 0, pages = 0;

    exporter_init(&exporter, fill(25));
    text_init(&out);
    while (!exporter.is_done) {
        ok(exporter_page(&exporter, store, 10, &out));
        pages++;
    }
    for (const char *at = out.at; (at = strstr(at, "\r\n")); at += 2)
        lines++;
    assert_int_equal(lines, 26);
    assert_int_equal(pages, 3);
    assert_int_equal(exporter.rows, 25);
    text_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_attempt_becomes_a_row_in_utc_with_formulas_neutralised,
                                        open_store, close_store),
        cmocka_unit_test_setup_teardown(a_campaign_without_attempts_is_a_header, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(pages_hold_every_attempt_once_and_one_header, open_store,
                                        close_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
