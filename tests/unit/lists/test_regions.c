#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lists/import_regions.h"
#include "lists/regions.h"

static instant at(const char *iso)
{
    instant when;

    assert_int_equal(instant_from_iso(iso, strlen(iso), &when), 0);
    return when;
}

static instant opens(struct regions *regions, const char *iso, uint64_t id)
{
    struct calling_hours hours = calling_hours_default(); /* 8 to 21 */
    uint64_t count;
    instant *all = regions_opens(regions, &hours, at(iso), &count);

    assert_non_null(all);
    assert_true(id < count);
    instant when = all[id];

    free(all);
    return when;
}

static void a_region_opens_with_the_first_of_its_sets(void **state)
{
    struct zones *zones;
    struct regions *regions;
    char why[200];

    assert_int_equal(zones_new(&zones, why, sizeof(why)), 0);
    assert_int_equal(regions_new(&regions, zones), 0);
    assert_int_equal(regions_learn(regions, 1, "America/New_York"), 0);
    assert_int_equal(regions_learn(regions, 2, "America/Chicago,America/New_York"), 0);
    assert_int_equal(regions_learn(regions, 3, "America/New_York|Europe/Berlin"), 0);
    assert_int_equal(regions_learn(regions, 4, "*"), 0);
    assert_int_equal(regions_learn(regions, 5, "Mars/Olympus"), 0);
    assert_int_equal(regions_learn(regions, 2, "Europe/Berlin"), 0); /* known already */
    /* a damaged row does not ask for all the memory there is */
    assert_int_equal(regions_learn(regions, UINT64_C(1) << 40, "Europe/Berlin"), EINVAL);
    assert_int_equal(regions_known(regions), 5);

    /* 06:00 in New York, 12:00 in Berlin */
    assert_int_equal(opens(regions, "2026-06-01T10:00:00Z", 1), at("2026-06-01T12:00:00Z"));
    assert_int_equal(opens(regions, "2026-06-01T10:00:00Z", 2), at("2026-06-01T13:00:00Z"));
    assert_int_equal(opens(regions, "2026-06-01T10:00:00Z", 3), 0);
    assert_int_equal(opens(regions, "2026-06-01T10:00:00Z", 4), at("2026-06-02T10:00:00Z"));
    assert_int_equal(opens(regions, "2026-06-01T10:00:00Z", 5), 0);
    /* 20:59 and 21:00 in New York, while Berlin sleeps */
    assert_int_equal(opens(regions, "2026-06-02T00:59:00Z", 1), 0);
    assert_int_equal(opens(regions, "2026-06-02T01:00:00Z", 1), at("2026-06-02T12:00:00Z"));
    assert_int_equal(opens(regions, "2026-06-02T01:00:00Z", 3), at("2026-06-02T06:00:00Z"));
    regions_free(regions);
    zones_free(zones);
}

static const char *wording(struct import_regions *regions, const char *zone, const char *first,
                           const char *second)
{
    struct store_import_row row = {.zone = zone, .number_count = second ? 2 : 1};

    row.numbers[0].e164 = first;
    row.numbers[1].e164 = second;
    return import_regions_of(regions, &row);
}

static void a_row_is_worded_by_the_zones_of_its_numbers(void **state)
{
    struct import_regions regions;
    const char *berlin;

    assert_int_equal(import_regions_init(&regions), 0);
    berlin = wording(&regions, NULL, "+493012345678", NULL);
    assert_non_null(strstr(berlin, "Europe/Berlin"));
    assert_ptr_equal(berlin, wording(&regions, "", "+494012345678", "+493012345678"));
    assert_non_null(strchr(wording(&regions, NULL, "+493012345678", "+12125550100"), '|'));
    assert_string_equal(wording(&regions, NULL, "+12125550100", "+493012345678"),
                        wording(&regions, NULL, "+493012345678", "+12125550100"));
    assert_non_null(strstr(wording(&regions, "Asia/Tokyo", "+493012345678", NULL), "Asia/Tokyo"));
    assert_ptr_equal(berlin, wording(&regions, "Mars/Olympus", "+493012345678", NULL));
    import_regions_release(&regions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_opens_with_the_first_of_its_sets),
        cmocka_unit_test(a_row_is_worded_by_the_zones_of_its_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
