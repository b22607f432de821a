#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "voice/signal/libre.h"
#include "voice/signal/signal.h"

static void libre_uses_our_timers(void **state)
{
    (void)state;
    assert_true(signal_timers_check());
}

enum { TIMERS = 400 };

struct fired {
    struct tmr timer;
    uint64_t due;
    bool canceled;
    uint64_t *last;
    unsigned *left;
};

static void on_time(void *arg)
{
    struct fired *fired = arg;

    assert_false(fired->canceled);
    assert_true(fired->due >= *fired->last);
    assert_true(tmr_jiffies() >= fired->due);
    *fired->last = fired->due;
    if (!--*fired->left)
        re_cancel();
}

static void timers_fire_in_order_never_early_and_not_when_canceled(void **state)
{
    static struct fired fired[TIMERS];
    struct rng rng = rng_from_seed(3);
    uint64_t last = 0;
    unsigned left = 0;

    (void)state;
    for (int i = 0; i < TIMERS; ++i) {
        uint64_t delay = rng_below(&rng, 60);

        fired[i].last = &last;
        fired[i].left = &left;
        tmr_start(&fired[i].timer, delay + 500, on_time, &fired[i]);
        tmr_start(&fired[i].timer, delay, on_time, &fired[i]); /* again: moves it */
        fired[i].due = fired[i].timer.jfs;
        ++left;
    }
    for (int i = 0; i < TIMERS; i += 4) {
        tmr_cancel(&fired[i].timer);
        fired[i].canceled = true;
        --left;
    }
    assert_int_equal(re_main(NULL), 0);
    assert_int_equal(left, 0);
    assert_int_equal(tmr_next_timeout(NULL), 0);
}

static int start(void **state)
{
    (void)state;
    return signal_library_start(4096);
}

static int stop(void **state)
{
    (void)state;
    signal_library_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libre_uses_our_timers),
        cmocka_unit_test(timers_fire_in_order_never_early_and_not_when_canceled),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
