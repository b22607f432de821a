#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "server/recent.h"

static void quantiles_are_values_that_came(void **state)
{
    struct recent *recent = calloc(1, sizeof(*recent));
    struct recent_spread hello;

    (void)state;
    recent_spread(recent, RECENT_MAX, &hello);
    assert_int_equal(hello.p99_us, -1);
    for (int i = 0; i < 3; i++)
        recent_add(recent, 3000 - i * 1000);
    recent_spread(recent, RECENT_MAX, &hello);
    assert_int_equal(hello.p50_us, 2000);
    assert_int_equal(hello.p95_us, 3000); /* of three, the last is where 95 % lie below */
    assert_int_equal(hello.p99_us, 3000);
    recent->count = 0;
    for (int i = 0; i < 200; i++)
        recent_add(recent, i + 1);
    recent_spread(recent, RECENT_MAX, &hello);
    assert_int_equal(hello.p50_us, 100);
    assert_int_equal(hello.p95_us, 190);
    assert_int_equal(hello.p99_us, 198);
    assert_int_equal(hello.max_us, 200);
    for (int i = 0; i < RECENT_MAX; i++)
        recent_add(recent, 7);
    recent_add(recent, 9);
    recent_spread(recent, 2, &hello);
    assert_int_equal(hello.p50_us, 7); /* the last two only */
    assert_int_equal(hello.max_us, 9);
    assert_int_equal(hello.count, 200 + RECENT_MAX + 1);
    free(recent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(quantiles_are_values_that_came)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
