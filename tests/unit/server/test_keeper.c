#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <semaphore.h>

#include "server/keeper.h"

/* The store thread: what it does first. */

enum { STEPS_MAX = 1000 * 1000 };

struct rig {
    struct loop *loop;
    struct keeper *keeper;
    sem_t reached, open;        /* the gate at which the store thread can be made to stand */
    int steps, steps_at_record; /* the store thread's; -1: no record yet */
    bool record_done, import_done;
};

static int open_rig(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct store *store;

    assert_non_null(rig);
    assert_int_equal(loop_new(&rig->loop), 0);
    assert_int_equal(store_open_memory(&store), 0);
    assert_int_equal(sem_init(&rig->reached, 0, 0), 0);
    assert_int_equal(sem_init(&rig->open, 0, 0), 0);
    rig->steps_at_record = -1;
    assert_int_equal(keeper_new(&rig->keeper, store, rig->loop, 3), 0);
    *state = rig;
    return 0;
}

static int close_rig(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(keeper_free(rig->keeper), 0);
    loop_free(rig->loop);
    sem_destroy(&rig->reached);
    sem_destroy(&rig->open);
    free(rig);
    return 0;
}

static int gate_work(struct store *store, void *arg)
{
    struct rig *rig = arg;

    (void)store;
    sem_post(&rig->reached);
    return sem_wait(&rig->open);
}

/* Goes on until the record is in; a keeper that lets it wait makes all the steps. */
static int import_step(struct store *store, void *arg)
{
    struct rig *rig = arg;

    (void)store;
    rig->steps++;
    return rig->steps_at_record >= 0 || rig->steps == STEPS_MAX ? 0 : KEEPER_MORE;
}

static int record_work(struct store *store, void *arg)
{
    struct rig *rig = arg;

    (void)store;
    rig->steps_at_record = rig->steps;
    return 0;
}

static void record_done(void *arg, int err)
{
    assert_int_equal(err, 0);
    ((struct rig *)arg)->record_done = true;
}

static void import_done(void *arg, int err)
{
    assert_int_equal(err, 0);
    ((struct rig *)arg)->import_done = true;
}

static void post_import_then_record(struct rig *rig)
{
    keeper_post(rig->keeper, KEEPER_ALONE, import_step, import_done, rig);
    keeper_post(rig->keeper, KEEPER_MUST, record_work, record_done, rig);
}

static void turn(struct rig *rig)
{
    while (!rig->record_done || !rig->import_done)
        loop_step(rig->loop, 10 * MILLISECOND);
}

static void a_record_does_not_wait_for_the_end_of_an_import(void **state)
{
    struct rig *rig = *state;

    post_import_then_record(rig);
    turn(rig);
    assert_true(rig->steps < STEPS_MAX);
    print_message("figure: %d steps of an import before the record\n", rig->steps_at_record);
}

static void a_record_overtakes_a_batch_that_was_posted_with_it(void **state)
{
    struct rig *rig = *state;

    keeper_post(rig->keeper, KEEPER_READ, gate_work, NULL, rig);
    assert_int_equal(sem_wait(&rig->reached), 0);
    post_import_then_record(rig);
    sem_post(&rig->open);
    turn(rig);
    assert_int_equal(rig->steps_at_record, 0);
    assert_int_equal(rig->steps, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_does_not_wait_for_the_end_of_an_import, open_rig,
                                        close_rig),
        cmocka_unit_test_setup_teardown(a_record_overtakes_a_batch_that_was_posted_with_it,
                                        open_rig, close_rig),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
