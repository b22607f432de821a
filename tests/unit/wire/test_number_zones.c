#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/number_zones.h"
#include "wire/zone_file.h"

static struct number_zones *zones;

static int open_zones(void **state)
{
    return number_zones_new(&zones);
}

static int close_zones(void **state)
{
    number_zones_free(zones);
    return 0;
}

static void zones_are(const char *number, const char *expected)
{
    const char *const *names;
    size_t count = number_zones_names(zones, number_zones_find(zones, number), &names);
    struct text text;

    text_init(&text);
    for (size_t i = 0; i < count; i++)
        text_addf(&text, "%s%s", i ? "&" : "", names[i]);
    assert_string_equal(text.at, expected);
    text_release(&text);
}

static void the_longest_prefix_decides(void **state)
{
    zones_are("+493012345", "Europe/Berlin");
    zones_are("+12125550123", "America/New_York");
    zones_are("+12082415555", "America/Denver");
    zones_are("+12065550123", "America/Los_Angeles");
}

static void a_prefix_that_spans_zones_is_in_all_of_them(void **state)
{
    zones_are("+12083205555", "America/Boise&America/Los_Angeles");
}

static void an_unknown_area_is_in_every_zone_of_its_country(void **state)
{
    const char *const *names;
    size_t count = number_zones_names(zones, number_zones_find(zones, "+19995550123"), &names);

    assert_true(count > 40);
}

static void a_number_of_nowhere_may_be_anywhere(void **state)
{
    assert_int_equal(number_zones_find(zones, "+9995550123"), number_zones_everywhere(zones));
    assert_int_equal(number_zones_find(zones, ""), number_zones_everywhere(zones));
    assert_int_equal(number_zones_find(zones, "nonsense"), number_zones_everywhere(zones));
}

static void equal_sets_have_equal_ids(void **state)
{
    assert_int_equal(number_zones_find(zones, "+493012345"),
                     number_zones_find(zones, "+498912345"));
    assert_int_not_equal(number_zones_find(zones, "+493012345"),
                         number_zones_find(zones, "+442012345"));
}

static void a_stated_zone_joins_the_set(void **state)
{
    uint32_t berlin = number_zones_find(zones, "+493012345");
    const char *const *names;
    uint32_t both, again, same;

    assert_int_equal(number_zones_stated(zones, berlin, "America/New_York", &both), 0);
    assert_int_equal(number_zones_stated(zones, berlin, "America/New_York", &again), 0);
    assert_int_equal(number_zones_stated(zones, berlin, "Europe/Berlin", &same), 0);
    assert_int_equal(both, again);
    assert_int_equal(same, berlin);
    assert_int_equal(number_zones_names(zones, both, &names), 2);
    assert_string_equal(names[0], "America/New_York");
    assert_string_equal(names[1], "Europe/Berlin");
}

static void every_zone_of_the_table_is_known_to_the_system(void **state)
{
    const char *const *names;
    size_t count = number_zones_names(zones, number_zones_everywhere(zones), &names);

    assert_true(count > 200);
    for (size_t i = 0; i < count; i++) {
        struct zone_table zone;
        char why[200] = "";
        int err = zone_file_load(&zone, "/usr/share/zoneinfo", names[i], 2030, why, sizeof(why));
        if (err)
            print_message("%s\n", why);
        assert_int_equal(err, 0);
        zone_table_release(&zone);
    }
}

static void bad_tables_are_refused_with_their_line(void **state)
{
    static const char *const bad[] = {
        "# fine\nEurope/Berlin\n",       "# fine\n|49\n",
        "# fine\nEurope/Berlin|49x\n",   "# fine\nB&A|49\n",
        "# fine\nEurope/Berlin|49 49\n", "# fine\n../../etc|49\n",
    };

    for (size_t i = 0; i < array_count(bad); i++) {
        struct number_zones *other;
        size_t line;
        assert_int_equal(number_zones_parse(&other, bad[i], strlen(bad[i]), &line), EINVAL);
        assert_int_equal(line, 2);
    }
}

/* The source the table was made from, where it lies beside the repository: every line agrees. */
static void the_table_says_what_its_source_says(void **state)
{
    const char *path = getenv("OUTDIAL_PHONE_TIME_ZONES");
    FILE *file =
        fopen(path ? path : OUTDIAL_SOURCE_DIR "/../shared/data/phone-time-zones.txt", "re");
    char line[4096];
    size_t compared = 0;

    if (!file)
        skip();
    while (fgets(line, sizeof(line), file)) {
        char *bar = strchr(line, '|');
        if (line[0] == '#' || !bar)
            continue;
        *bar = '\0';
        line[strlen(line) + 1 + strcspn(bar + 1, "\r\n")] = '\0';
        zones_are(line, bar + 1);
        compared++;
    }
    fclose(file);
    assert_true(compared > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_prefix_decides),
        cmocka_unit_test(a_prefix_that_spans_zones_is_in_all_of_them),
        cmocka_unit_test(an_unknown_area_is_in_every_zone_of_its_country),
        cmocka_unit_test(a_number_of_nowhere_may_be_anywhere),
        cmocka_unit_test(equal_sets_have_equal_ids),
        cmocka_unit_test(every_zone_of_the_table_is_known_to_the_system),
        cmocka_unit_test(the_table_says_what_its_source_says),
        cmocka_unit_test(a_stated_zone_joins_the_set),
        cmocka_unit_test(bad_tables_are_refused_with_their_line),
    };

    return cmocka_run_group_tests(tests, open_zones, close_zones);
}
