#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "voice/capacity.h"

static void the_narrowest_bounds_the_calls(void **state)
{
    struct capacity capacity;

    (void)state;
    capacity = capacity_of(65536, 5000, 0, false);
    assert_int_equal(capacity.calls, 4000);
    assert_string_equal(capacity.why, "the media thread");
    capacity = capacity_of(65536, 100, 0, false);
    assert_int_equal(capacity.calls, 100);
    assert_string_equal(capacity.why, "ports");
    capacity = capacity_of(65536, 100, 30, false);
    assert_int_equal(capacity.calls, 30);
    assert_string_equal(capacity.why, "the setting");
    capacity = capacity_of(1024, 5000, 0, false);
    assert_string_equal(capacity.why, "descriptors");
    assert_true(capacity.calls >= 512);
    capacity = capacity_of(65536, 20000, 10000, false);
    assert_int_equal(capacity.calls, 10000);
}

static void all_shares_together_are_never_more_than_there_is(void **state)
{
    (void)state;
    for (unsigned descriptors = 0; descriptors < 70000; descriptors += 17) {
        struct capacity capacity = capacity_of(descriptors, 32000, 30000, descriptors % 2);

        if (capacity.calls)
            assert_true(capacity.calls + capacity.requests + capacity.fetches + capacity.pages +
                            128 <=
                        descriptors);
    }
    assert_int_equal(capacity_of(65536, 5000, 0, true).pages, 4096);
    assert_int_equal(capacity_of(65536, 5000, 0, false).pages, 0);
    assert_int_equal(capacity_of(128, 5000, 0, false).calls, 0);
    assert_true(capacity_of(256, 5000, 0, false).calls > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_narrowest_bounds_the_calls),
        cmocka_unit_test(all_shares_together_are_never_more_than_there_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
