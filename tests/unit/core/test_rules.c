#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "core/rule_abandonment.h"
#include "core/rule_attempts.h"
#include "core/rule_calling_hours.h"
#include "core/rule_do_not_call.h"

/* New York in 2025 and 2026, Los Angeles, and UTC. */
static const instant new_york_changes[] = {1741503600 * SECOND, 1762063200 * SECOND,
                                           1772953200 * SECOND, 1793512800 * SECOND};
static const int32_t new_york_offsets[] = {-18000, -14400, -18000, -14400, -18000};
static const instant los_angeles_changes[] = {1741514400 * SECOND, 1762074000 * SECOND,
                                              1772964000 * SECOND, 1793523600 * SECOND};
static const int32_t los_angeles_offsets[] = {-28800, -25200, -28800, -25200, -28800};
static const instant none[1];
static const int32_t zero[1];
static const struct zone zones[] = {
    {4, new_york_changes, new_york_offsets},
    {4, los_angeles_changes, los_angeles_offsets},
    {0, none, zero},
};
static const uint16_t new_york_index[] = {0}, both_index[] = {0, 1}, utc_index[] = {2};
static const struct zone_set new_york = {1, new_york_index}, both = {2, both_index},
                             utc = {1, utc_index}, nowhere = {0, utc_index};

static instant at(const char *text)
{
    instant instant_read;

    assert_int_equal(instant_from_iso(text, strlen(text), &instant_read), 0);
    return instant_read;
}

static void assert_held_until(struct verdict verdict, enum refusal refusal, const char *until)
{
    assert_int_equal(verdict.refusal, refusal);
    assert_int_equal(verdict.until, at(until));
}

static void nobody_is_rung_before_eight_or_from_nine_in_the_evening(void **state)
{
    struct calling_hours hours = calling_hours_default();

    assert_held_until(rule_calling_hours(&hours, zones, &utc, at("2025-11-24T07:59:59Z")),
                      REFUSED_OUTSIDE_HOURS, "2025-11-24T08:00:00Z");
    assert_int_equal(rule_calling_hours(&hours, zones, &utc, at("2025-11-24T08:00:00Z")).refusal,
                     REFUSED_NOT);
    assert_held_until(rule_calling_hours(&hours, zones, &utc, at("2025-11-24T21:00:00Z")),
                      REFUSED_OUTSIDE_HOURS, "2025-11-25T08:00:00Z");
}

static void an_allowance_says_until_when_it_holds(void **state)
{
    struct calling_hours hours = calling_hours_default();
    struct verdict verdict = rule_calling_hours(&hours, zones, &utc, at("2025-11-24T12:00:00Z"));

    assert_held_until(verdict, REFUSED_NOT, "2025-11-24T21:00:00Z");
}

static void every_zone_a_number_may_lie_in_must_agree(void **state)
{
    struct calling_hours hours = calling_hours_default();

    /* 09:00 in New York is 06:00 in Los Angeles; 21:00 in New York closes for both */
    assert_held_until(rule_calling_hours(&hours, zones, &both, at("2025-11-24T14:00:00Z")),
                      REFUSED_OUTSIDE_HOURS, "2025-11-24T16:00:00Z");
    assert_held_until(rule_calling_hours(&hours, zones, &both, at("2025-11-24T16:00:00Z")),
                      REFUSED_NOT, "2025-11-25T02:00:00Z");
}

static void the_next_opening_is_found_through_a_change_of_clocks(void **state)
{
    struct calling_hours hours = calling_hours_default();

    /* the night of 8 to 9 March 2025 is an hour shorter, that of 1 to 2 November an hour longer */
    assert_held_until(rule_calling_hours(&hours, zones, &new_york, at("2025-03-09T03:00:00Z")),
                      REFUSED_OUTSIDE_HOURS, "2025-03-09T12:00:00Z");
    assert_held_until(rule_calling_hours(&hours, zones, &new_york, at("2025-11-02T02:00:00Z")),
                      REFUSED_OUTSIDE_HOURS, "2025-11-02T13:00:00Z");
}

static void a_window_across_a_change_of_clocks_is_measured_by_the_new_clock(void **state)
{
    struct calling_hours hours = {0};

    hours.days[0][0] = (struct hours_window){0, 5 * 60}; /* Sundays from midnight to five */
    /* 2 November: 01:30 comes twice; still open the second time, closed at 05:00 EST = 10:00Z */
    assert_int_equal(
        rule_calling_hours(&hours, zones, &new_york, at("2025-11-02T06:30:00Z")).refusal,
        REFUSED_NOT);
    assert_int_equal(
        rule_calling_hours(&hours, zones, &new_york, at("2025-11-02T09:59:59Z")).refusal,
        REFUSED_NOT);
    assert_int_equal(
        rule_calling_hours(&hours, zones, &new_york, at("2025-11-02T10:00:00Z")).refusal,
        REFUSED_OUTSIDE_HOURS);
}

static void a_day_may_have_a_lunch_break_and_a_week_a_day_of_rest(void **state)
{
    struct calling_hours hours = {0};

    for (int day = 1; day < 6; ++day) {
        hours.days[day][0] = (struct hours_window){10 * 60, 13 * 60};
        hours.days[day][1] = (struct hours_window){14 * 60, 20 * 60};
    }
    assert_held_until(rule_calling_hours(&hours, zones, &utc, at("2025-11-24T13:10:00Z")),
                      REFUSED_OUTSIDE_HOURS, "2025-11-24T14:00:00Z");
    assert_held_until(rule_calling_hours(&hours, zones, &utc, at("2025-11-28T20:00:00Z")),
                      REFUSED_OUTSIDE_HOURS, "2025-12-01T10:00:00Z");
}

static void windows_that_never_meet_are_never_open(void **state)
{
    struct calling_hours hours = {0};

    assert_int_equal(rule_calling_hours(&hours, zones, &utc, at("2025-11-24T12:00:00Z")).until,
                     INSTANT_NEVER);
    for (int day = 0; day < 7; ++day) /* two hours at noon, in zones that lie three apart */
        hours.days[day][0] = (struct hours_window){12 * 60, 14 * 60};
    assert_int_equal(rule_calling_hours(&hours, zones, &both, at("2025-11-24T12:00:00Z")).until,
                     INSTANT_NEVER);
}

static void without_any_zone_there_is_nothing_to_ask(void **state)
{
    struct calling_hours hours = calling_hours_default();

    assert_int_equal(
        rule_calling_hours(&hours, zones, &nowhere, at("2025-11-24T03:00:00Z")).refusal,
        REFUSED_NOT);
}

static void hours_that_close_before_they_open_are_not_lawful(void **state)
{
    struct calling_hours hours = calling_hours_default();

    assert_true(calling_hours_are_lawful(&hours));
    hours.days[3][0] = (struct hours_window){600, 540};
    assert_false(calling_hours_are_lawful(&hours));
    hours.days[3][0] = (struct hours_window){600, 1441};
    assert_false(calling_hours_are_lawful(&hours));
}

static struct call_history rung(const char *const *times, int count)
{
    struct call_history history = {0};

    for (int i = 0; i < count; ++i)
        call_history_add(&history, at(times[i]));
    return history;
}

static void a_day_is_the_day_where_the_number_is(void **state)
{
    static const char *const times[] = {"2025-11-25T01:00:00Z", "2025-11-25T04:30:00Z"};
    struct call_history history = rung(times, 2);
    struct attempt_caps caps = {.per_day = 2};

    /* both were on Monday evening in New York, whose Tuesday begins at 05:00Z */
    assert_held_until(
        rule_attempts(&caps, &history, SCOPE_NUMBER, zones, &new_york, at("2025-11-25T04:59:00Z")),
        REFUSED_NUMBER_PER_DAY, "2025-11-25T05:00:00Z");
    assert_int_equal(
        rule_attempts(&caps, &history, SCOPE_NUMBER, zones, &new_york, at("2025-11-25T05:00:00Z"))
            .refusal,
        REFUSED_NOT);
}

static void of_several_zones_the_day_that_ends_last_counts(void **state)
{
    static const char *const times[] = {"2025-11-24T20:00:00Z"};
    struct call_history history = rung(times, 1);
    struct attempt_caps caps = {.per_day = 1};

    assert_held_until(
        rule_attempts(&caps, &history, SCOPE_PERSON, zones, &both, at("2025-11-24T22:00:00Z")),
        REFUSED_PERSON_PER_DAY, "2025-11-25T08:00:00Z");
}

static void rolling_caps_free_themselves_call_by_call(void **state)
{
    static const char *const times[] = {"2025-11-24T10:00:00Z", "2025-11-24T15:00:00Z",
                                        "2025-11-24T16:00:00Z"};
    struct call_history history = rung(times, 3);
    struct attempt_caps caps = {.per_24_hours = 3};

    assert_held_until(
        rule_attempts(&caps, &history, SCOPE_NUMBER, zones, &utc, at("2025-11-25T09:00:00Z")),
        REFUSED_NUMBER_PER_24_HOURS, "2025-11-25T10:00:00Z");
    caps = (struct attempt_caps){.gap = 2 * HOUR};
    assert_held_until(
        rule_attempts(&caps, &history, SCOPE_NUMBER, zones, &utc, at("2025-11-24T17:00:00Z")),
        REFUSED_NUMBER_GAP, "2025-11-24T18:00:00Z");
}

static void the_rule_that_holds_longest_is_the_one_that_is_named(void **state)
{
    static const char *const times[] = {"2025-11-24T16:00:00Z"};
    struct call_history history = rung(times, 1);
    struct attempt_caps caps = {.per_24_hours = 1, .per_7_days = 1, .gap = HOUR};

    assert_held_until(
        rule_attempts(&caps, &history, SCOPE_NUMBER, zones, &utc, at("2025-11-24T16:30:00Z")),
        REFUSED_NUMBER_PER_7_DAYS, "2025-12-01T16:00:00Z");
    caps.lifetime = 1;
    assert_int_equal(
        rule_attempts(&caps, &history, SCOPE_NUMBER, zones, &utc, at("2026-11-24T16:30:00Z")).until,
        INSTANT_NEVER);
}

static void histories_keep_the_latest_and_merge_without_counting_twice(void **state)
{
    struct call_history a = {0}, b = {0};
    struct calls_taken_back taken_back = {0};

    for (int i = 0; i < 16; ++i)
        call_history_add(&a, i * HOUR);
    assert_int_equal(a.lifetime, 16);
    assert_int_equal(a.recent_count, HISTORY_RECENT_MAX);
    assert_int_equal(a.recent[0], 15 * HOUR);
    b = a;
    call_history_add(&b, 16 * HOUR);
    call_history_merge(&a, &b, &taken_back);
    assert_memory_equal(&a, &b, sizeof(a));
    call_history_take_back(&a, &taken_back, 16 * HOUR);
    assert_int_equal(a.lifetime, 16);
    assert_int_equal(a.recent[0], 15 * HOUR);
    call_history_merge(&a, &b, &taken_back); /* an older account, late */
    assert_int_equal(a.lifetime, 16);
    assert_int_equal(a.recent[0], 15 * HOUR);
    for (int i = 0; i < TAKEN_BACK_MAX + 1; ++i) {
        call_history_add(&a, (20 + i) * HOUR);
        call_history_take_back(&a, &taken_back, (20 + i) * HOUR);
    }
    assert_int_equal(taken_back.count, TAKEN_BACK_MAX);
    assert_int_equal(taken_back.at[0], (20 + TAKEN_BACK_MAX) * HOUR);
    assert_int_equal(a.lifetime, 16);
    assert_true(a.recent_count >= CALLS_CAP_MAX); /* all that a limit may ask for */
}

static void emergency_premium_and_do_not_call_are_refused_for_good(void **state)
{
    assert_int_equal(rule_do_not_call(0, 0).refusal, REFUSED_NOT);
    assert_int_equal(rule_do_not_call(CONTACT_EMERGENCY | CONTACT_DO_NOT_CALL, 0).refusal,
                     REFUSED_EMERGENCY_NUMBER);
    assert_int_equal(rule_do_not_call(CONTACT_PREMIUM, 0).refusal, REFUSED_PREMIUM_NUMBER);
    assert_int_equal(rule_do_not_call(0, CONTACT_DO_NOT_CALL).refusal, REFUSED_DO_NOT_CALL);
    assert_int_equal(rule_do_not_call(0, CONTACT_DO_NOT_CALL).until, INSTANT_NEVER);
}

static void the_abandonment_rule_counts_in_whole_calls(void **state)
{
    struct abandonment_rule strict = {.ceiling_per_mille = 30};
    struct abandonment_ledger ledger = {.answered_live = 32};

    assert_int_equal(rule_abandonment(&strict, &ledger, 0).refusal, REFUSED_ABANDONMENT);
    ledger.answered_live = 33; /* 1 of 34 is 2.94 % */
    assert_int_equal(rule_abandonment(&strict, &ledger, 0).refusal, REFUSED_NOT);
    assert_int_equal(rule_abandonment(&strict, &ledger, 1).refusal, REFUSED_ABANDONMENT);
    ledger.abandoned = 1;
    assert_int_equal(rule_abandonment(&strict, &ledger, 0).refusal, REFUSED_ABANDONMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_rung_before_eight_or_from_nine_in_the_evening),
        cmocka_unit_test(an_allowance_says_until_when_it_holds),
        cmocka_unit_test(every_zone_a_number_may_lie_in_must_agree),
        cmocka_unit_test(the_next_opening_is_found_through_a_change_of_clocks),
        cmocka_unit_test(a_window_across_a_change_of_clocks_is_measured_by_the_new_clock),
        cmocka_unit_test(a_day_may_have_a_lunch_break_and_a_week_a_day_of_rest),
        cmocka_unit_test(windows_that_never_meet_are_never_open),
        cmocka_unit_test(without_any_zone_there_is_nothing_to_ask),
        cmocka_unit_test(hours_that_close_before_they_open_are_not_lawful),
        cmocka_unit_test(a_day_is_the_day_where_the_number_is),
        cmocka_unit_test(of_several_zones_the_day_that_ends_last_counts),
        cmocka_unit_test(rolling_caps_free_themselves_call_by_call),
        cmocka_unit_test(the_rule_that_holds_longest_is_the_one_that_is_named),
        cmocka_unit_test(histories_keep_the_latest_and_merge_without_counting_twice),
        cmocka_unit_test(emergency_premium_and_do_not_call_are_refused_for_good),
        cmocka_unit_test(the_abandonment_rule_counts_in_whole_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
