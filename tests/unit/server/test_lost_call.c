/* Which of the account's calls is the one whose order was never answered? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "server/lost_call.h"

enum { ATTEMPT = 91 };

#define ORDERED_AT (1283286988 * SECOND) /* Tue, 31 Aug 2010 20:36:28 */

static bool is_known(void *arg, const char *sid)
{
    return arg && strcmp(arg, sid) == 0;
}

/* The SID of the call found; "": none. known: the SID of another attempt's call, or NULL. */
static const char *find(const char *calls, instant doubt, const char *known)
{
    static struct telephony_call found;
    struct lost_call lost = {.attempt = ATTEMPT,
                             .ordered_at = ORDERED_AT,
                             .doubt = doubt,
                             .is_known = is_known,
                             .arg = (void *)(uintptr_t)known};
    json_t *json = json_loads(calls, 0, NULL);
    bool any;

    assert_non_null(json);
    any = lost_call_find(&lost, json, &found);
    json_decref(json);
    return any ? found.sid : "";
}

#define CALL(sid, time, more)                                                                      \
    "{\"sid\":\"" sid "\",\"status\":\"in-progress\",\"date_created\":\"Tue, 31 Aug 2010 " time    \
    " +0000\"" more "}"
#define OURS(attempt)                                                                              \
    ",\"outdial_status_callback\":\"http://127.0.0.1:8080/voice/status?attempt=" attempt "#rc=4\""

static void our_own_engine_s_call_is_known_by_its_attempt_whatever_the_clocks_say(void **state)
{
    assert_string_equal(
        find("[" CALL("CA1", "20:36:28", OURS("9")) "," CALL("CA2", "19:30:00", OURS("91")) "]", 0,
             NULL),
        "CA2");
    assert_string_equal(find("[" CALL("CA2", "23:59:59", OURS("91")) "]", 0, NULL), "CA2");
}

static void another_attempt_s_call_is_not_taken_for_it_however_near(void **state)
{
    assert_string_equal(
        find("[" CALL("CA1", "20:36:28", OURS("910")) "," CALL("CA2", "20:36:28", OURS("9")) "]",
             HOUR, NULL),
        "");
    assert_string_equal(
        find("[" CALL("CA1", "20:36:28", ",\"outdial_status_callback\":null") "]", HOUR, NULL), "");
    assert_string_equal(
        find("[" CALL("CA1", "20:36:28",
                      ",\"outdial_status_callback\":\"http://other.example/x?attempt=91\"") "]",
             HOUR, NULL),
        "");
}

static void elsewhere_it_is_the_nearest_made_since_the_order_that_nobody_else_has(void **state)
{
    const char *calls = "[" CALL("CA3", "20:40:00", "") "," CALL("CA2", "20:36:29", "") "," CALL(
        "CA1", "20:36:10", "") "]";

    assert_string_equal(find(calls, 0, NULL), "CA2");
    assert_string_equal(find(calls, 0, "CA2"), "CA3");
    assert_string_equal(find("[" CALL("CA1", "20:36:27", "") "]", 0, NULL), "CA1");
    assert_string_equal(find("[" CALL("CA1", "20:36:25", "") "]", 0, NULL), "");
}

static void a_clock_that_was_set_about_widens_the_window(void **state)
{
    const char *calls = "[" CALL("CA1", "19:36:29", "") "]";

    assert_string_equal(find(calls, 0, NULL), "");
    assert_string_equal(find(calls, HOUR, NULL), "CA1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_engine_s_call_is_known_by_its_attempt_whatever_the_clocks_say),
        cmocka_unit_test(another_attempt_s_call_is_not_taken_for_it_however_near),
        cmocka_unit_test(elsewhere_it_is_the_nearest_made_since_the_order_that_nobody_else_has),
        cmocka_unit_test(a_clock_that_was_set_about_widens_the_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
