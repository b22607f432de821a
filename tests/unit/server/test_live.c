#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "server/live.h"

static void quantiles_are_values_that_came(void **state)
{
    struct live *live = calloc(1, sizeof(*live));
    struct live_hello hello;

    (void)state;
    live_hello(live, &hello);
    assert_int_equal(hello.p99_us, -1);
    for (int i = 0; i < 3; i++)
        live->hello_us[live->hello_count++] = 3000 - i * 1000;
    live_hello(live, &hello);
    assert_int_equal(hello.p50_us, 2000);
    assert_int_equal(hello.p95_us, 3000); /* of three, the last is where 95 % lie below */
    assert_int_equal(hello.p99_us, 3000);
    live->hello_count = 0;
    for (int i = 0; i < 200; i++)
        live->hello_us[live->hello_count++] = i + 1;
    live_hello(live, &hello);
    assert_int_equal(hello.p50_us, 100);
    assert_int_equal(hello.p95_us, 190);
    assert_int_equal(hello.p99_us, 198);
    assert_int_equal(hello.max_us, 200);
    free(live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(quantiles_are_values_that_came)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
