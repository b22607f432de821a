#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/ring.h"

enum { RECORDS = 200000 };

struct record {
    uint64_t number, square;
};

static void *put_all(void *arg)
{
    struct ring *ring = arg;

    for (uint64_t i = 0; i < RECORDS; ++i) {
        struct record record = {i, i * i};

        while (!ring_put(ring, &record))
            sched_yield();
    }
    return NULL;
}

static void records_cross_threads_whole_and_in_order(void **state)
{
    struct ring ring;
    struct record record;
    pthread_t thread;

    (void)state;
    assert_int_equal(ring_init(&ring, sizeof(record), 100), 0);
    assert_int_equal(pthread_create(&thread, NULL, put_all, &ring), 0);
    for (uint64_t i = 0; i < RECORDS; ++i) {
        while (!ring_take(&ring, &record))
            sched_yield();
        assert_int_equal(record.number, i);
        assert_int_equal(record.square, i * i);
    }
    pthread_join(thread, NULL);
    assert_false(ring_take(&ring, &record));
    ring_release(&ring);
}

static void a_full_ring_refuses(void **state)
{
    struct ring ring;
    int value = 1;

    (void)state;
    assert_int_equal(ring_init(&ring, sizeof(value), 4), 0);
    for (int i = 0; i < 4; ++i)
        assert_true(ring_put(&ring, &value));
    assert_false(ring_put(&ring, &value));
    assert_true(ring_take(&ring, &value));
    assert_true(ring_put(&ring, &value));
    ring_release(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_cross_threads_whole_and_in_order),
        cmocka_unit_test(a_full_ring_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
