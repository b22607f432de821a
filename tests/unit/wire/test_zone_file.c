#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "wire/zone_file.h"

#define ZONEINFO "/usr/share/zoneinfo"

static instant at(const char *iso)
{
    instant value;

    assert_int_equal(instant_from_iso(iso, strlen(iso), &value), 0);
    return value;
}

static void load(struct zone_table *zone, const char *name)
{
    char why[200];

    assert_int_equal(zone_file_load(zone, ZONEINFO, name, 2090, why, sizeof(why)), 0);
}

static void berlin_changes_its_clocks(void **state)
{
    struct zone_table zone;

    load(&zone, "Europe/Berlin");
    assert_int_equal(zone_table_offset_at(&zone, at("2026-01-15T12:00:00Z")), 3600);
    assert_int_equal(zone_table_offset_at(&zone, at("2026-07-15T12:00:00Z")), 7200);
    assert_int_equal(zone_table_offset_at(&zone, at("2026-03-29T00:59:59Z")), 3600);
    assert_int_equal(zone_table_offset_at(&zone, at("2026-03-29T01:00:00Z")), 7200);
    assert_int_equal(zone_table_offset_at(&zone, at("2026-10-25T00:59:59Z")), 7200);
    assert_int_equal(zone_table_offset_at(&zone, at("2026-10-25T01:00:00Z")), 3600);
    zone_table_release(&zone);
}

static void the_footers_rule_reaches_beyond_the_files_last_transition(void **state)
{
    struct zone_table zone;

    load(&zone, "America/New_York");
    assert_int_equal(zone_table_offset_at(&zone, at("2080-01-15T12:00:00Z")), -5 * 3600);
    assert_int_equal(zone_table_offset_at(&zone, at("2080-07-15T12:00:00Z")), -4 * 3600);
    zone_table_release(&zone);
    load(&zone, "Australia/Sydney");
    assert_int_equal(zone_table_offset_at(&zone, at("2080-01-15T12:00:00Z")), 11 * 3600);
    assert_int_equal(zone_table_offset_at(&zone, at("2080-07-15T12:00:00Z")), 10 * 3600);
    zone_table_release(&zone);
}

static void zones_without_summer_time_stand_still(void **state)
{
    struct zone_table zone;

    load(&zone, "Asia/Kolkata");
    assert_int_equal(zone_table_offset_at(&zone, at("2026-07-15T12:00:00Z")), 19800);
    zone_table_release(&zone);
    load(&zone, "Etc/UTC");
    assert_int_equal(zone.count, 0);
    assert_int_equal(zone_table_offset_at(&zone, 0), 0);
    zone_table_release(&zone);
}

/* Our table against the C library's own reading, every nine days from 1990 to 2089. */
static void the_c_library_agrees(void **state)
{
    static const char *const names[] = {
        "Europe/Berlin",    "America/New_York", "America/St_Johns", "Australia/Lord_Howe",
        "America/Santiago", "Africa/Cairo",     "Asia/Kathmandu",   "Pacific/Chatham",
        "Europe/Dublin",    "America/Nuuk",     "Asia/Jerusalem",   "Pacific/Apia",
    };

    for (size_t i = 0; i < array_count(names); i++) {
        struct zone_table zone;

        load(&zone, names[i]);
        setenv("TZ", names[i], 1);
        tzset();
        for (instant now = at("1990-01-01T03:30:00Z"); now < at("2089-12-01T00:00:00Z");
             now += 9 * DAY + HOUR) {
            time_t seconds = (time_t)(now / SECOND);
            struct tm local;
            assert_non_null(localtime_r(&seconds, &local));
            if (zone_table_offset_at(&zone, now) != local.tm_gmtoff)
                print_message("%s at %lld\n", names[i], (long long)seconds);
            assert_int_equal(zone_table_offset_at(&zone, now), local.tm_gmtoff);
        }
        zone_table_release(&zone);
    }
    unsetenv("TZ");
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
    static const char *const bad[] = {"",        "/etc/passwd", "../etc/passwd",  "a//b",
                                      "Europe/", "a b",         "Europe/Ber\nlin"};

    for (size_t i = 0; i < array_count(bad); i++)
        assert_int_equal(zone_name_check(bad[i]), EINVAL);
    assert_int_equal(zone_name_check("America/Port-au-Prince"), 0);
    assert_int_equal(zone_name_check("Etc/GMT+5"), 0);
}

static void failures_say_which_zone_and_why(void **state)
{
    struct zone_table zone;
    char why[200];

    assert_int_equal(zone_file_load(&zone, ZONEINFO, "Europe/Atlantis", 2060, why, sizeof(why)),
                     ENOENT);
    assert_string_equal(why, "cannot read time zone 'Europe/Atlantis': No such file or directory");
    assert_int_equal(zone_file_load(&zone, ZONEINFO, "../x", 2060, why, sizeof(why)), EINVAL);
    assert_string_equal(why, "cannot read time zone '../x': no name of a zone");
    assert_int_equal(zone_file_load(&zone, ZONEINFO, "tzdata.zi", 2060, why, sizeof(why)), EINVAL);
    assert_int_equal(zone_file_load(&zone, ZONEINFO, "zone1970.tab", 2060, why, sizeof(why)),
                     EINVAL);
}

/* A small file of the second version: one type, no transitions, this footer. */
static size_t make(unsigned char *out, const char *footer)
{
    static const unsigned char header[44] = {'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4};
    static const unsigned char type[10] = {0, 0, 0, 0, 0, 0, 'U', 'T', 'C', 0};
    size_t size = 0;

    for (int i = 0; i < 2; i++) {
        memcpy(out + size, header, sizeof(header));
        size += sizeof(header);
        memcpy(out + size, type, sizeof(type));
        size += sizeof(type);
    }
    memcpy(out + size, footer, strlen(footer));
    return size + strlen(footer);
}

static void bad(const void *bytes, size_t size, const char *reason)
{
    struct zone_table zone;
    const char *why;

    assert_int_equal(zone_file_parse(&zone, bytes, size, 2060, &why), EBADMSG);
    assert_string_equal(why, reason);
    assert_null(zone.transitions);
}

static void damaged_files_are_refused_with_the_reason(void **state)
{
    unsigned char bytes[400];
    size_t size = make(bytes, "\nUTC0\n");
    struct zone_table zone;
    const char *why;

    assert_int_equal(zone_file_parse(&zone, bytes, size, 2060, &why), 0);
    zone_table_release(&zone);
    bad(bytes, 20, "it is cut short");
    bad(bytes, 60, "it is cut short");
    bad("hello hello hello hello hello hello hello hello", 47, "it does not begin with \"TZif\"");
    bad(bytes, make(bytes, "UTC0\n"), "its footer is missing");
    bad(bytes, make(bytes, "\nUTC0"), "its footer is cut short");
    bad(bytes, make(bytes, "\nCET-1CEST\n"), "its footer is no time zone rule");
    bad(bytes, make(bytes, "\nCET-1CEST,M13.5.0,M10.5.0/3\n"), "its footer is no time zone rule");
    size = make(bytes, "\nUTC0\n");
    bytes[4] = 0;
    bad(bytes, size, "it is of version 1, without 64-bit times");
    size = make(bytes, "\nUTC0\n");
    bytes[32] = 0x7f;
    bad(bytes, size, "its header asks for too much");
    size = make(bytes, "\nUTC0\n");
    bytes[54 + 44] = 0x7f;
    bad(bytes, size, "an offset from UTC is more than a day");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(berlin_changes_its_clocks),
        cmocka_unit_test(the_footers_rule_reaches_beyond_the_files_last_transition),
        cmocka_unit_test(zones_without_summer_time_stand_still),
        cmocka_unit_test(the_c_library_agrees),
        cmocka_unit_test(names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(failures_say_which_zone_and_why),
        cmocka_unit_test(damaged_files_are_refused_with_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
