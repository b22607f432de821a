#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <cmocka.h>

#include "net/child.h"

struct seen {
    struct loop *loop;
    struct child_end end;
    struct text output, lines;
    unsigned ends;
};

static void on_end(void *arg, const struct child_end *end)
{
    struct seen *seen = arg;

    seen->end = *end;
    ++seen->ends;
    text_add_slice(&seen->output, end->output);
}

static void on_line(void *arg, struct slice line)
{
    struct seen *seen = arg;

    text_add_slice(&seen->lines, line);
    text_add_char(&seen->lines, '|');
}

static int start(void **state)
{
    struct seen *seen = calloc(1, sizeof(*seen));

    assert_int_equal(loop_new(&seen->loop), 0);
    *state = seen;
    return 0;
}

static int stop(void **state)
{
    struct seen *seen = *state;

    loop_free(seen->loop);
    text_release(&seen->output);
    text_release(&seen->lines);
    free(seen);
    return 0;
}

static void await(struct seen *seen)
{
    instant end = loop_clock() + 10 * SECOND;

    while (!seen->ends && loop_clock() < end)
        loop_step(seen->loop, 50 * MILLISECOND);
    assert_int_equal(seen->ends, 1);
}

static void input_goes_in_and_output_comes_out_whole(void **state)
{
    struct seen *seen = *state;
    const char *const argv[] = {"cat", NULL};
    char *input = malloc(300000);
    struct child_order order = {.argv = argv, .input = {input, 300000}};

    memset(input, 'y', 300000);
    assert_int_equal(child_run(NULL, seen->loop, &order, on_end, seen), 0);
    await(seen);
    assert_true(seen->end.exited);
    assert_int_equal(seen->output.size, 300000);
    free(input);
}

static void a_child_is_bounded_in_time_and_output(void **state)
{
    struct seen *seen = *state;
    const char *const sleeper[] = {"sleep", "60", NULL}, *const yes[] = {"yes", NULL};
    struct child_order order = {.argv = sleeper, .time_ms_max = 100};

    assert_int_equal(child_run(NULL, seen->loop, &order, on_end, seen), 0);
    await(seen);
    assert_true(seen->end.timed_out);
    assert_false(seen->end.exited);
    seen->ends = 0;
    order = (struct child_order){.argv = yes, .output_size_max = 100000};
    assert_int_equal(child_run(NULL, seen->loop, &order, on_end, seen), 0);
    await(seen);
    assert_true(seen->end.too_large);
}

static void a_program_that_is_not_there_is_told_at_once(void **state)
{
    struct seen *seen = *state;
    const char *const argv[] = {"no-such-program-anywhere", NULL};
    struct child_order order = {.argv = argv};

    assert_int_equal(child_run(NULL, seen->loop, &order, on_end, seen), ENOENT);
    assert_int_equal(seen->ends, 0);
}

static void lines_and_the_end_of_a_long_lived_child_are_told(void **state)
{
    struct seen *seen = *state;
    const char *const argv[] = {"sh", "-c", "echo $GREETING; echo two; printf three; exit 3", NULL};
    const char *const environment[] = {"GREETING=hello", NULL};
    struct child_order order = {.argv = argv, .environment = environment};

    assert_int_equal(child_spawn(NULL, seen->loop, &order, on_line, on_end, seen), 0);
    await(seen);
    assert_string_equal(seen->lines.at, "hello|two|three|");
    assert_int_equal(seen->end.status, 3);
}

static void a_signal_ends_a_child(void **state)
{
    struct seen *seen = *state;
    const char *const argv[] = {"sleep", "60", NULL};
    struct child_order order = {.argv = argv};
    struct child *child;

    assert_int_equal(child_spawn(&child, seen->loop, &order, on_line, on_end, seen), 0);
    child_signal(child, SIGTERM);
    await(seen);
    assert_int_equal(seen->end.status, SIGTERM);
    assert_int_equal(child_spawn(&child, seen->loop, &order, on_line, on_end, seen), 0);
    child_drop(child, false);
}

static void count(void *arg)
{
    ++*(unsigned *)arg;
}

struct posting {
    struct loop *loop;
    unsigned counted;
};

static void *post_many(void *arg)
{
    struct posting *posting = arg;

    for (int i = 0; i < 1000; ++i)
        if (loop_post(posting->loop, count, &posting->counted))
            return arg;
    return NULL;
}

static void other_threads_may_post(void **state)
{
    struct seen *seen = *state;
    struct posting posting = {seen->loop, 0};
    pthread_t threads[3];
    instant end = loop_clock() + 10 * SECOND;

    for (int i = 0; i < 3; ++i)
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &posting), 0);
    while (posting.counted < 3000 && loop_clock() < end)
        loop_step(seen->loop, 20 * MILLISECOND);
    for (int i = 0; i < 3; ++i)
        pthread_join(threads[i], NULL);
    assert_int_equal(posting.counted, 3000);
}

static void a_nested_loop_wakes_its_outer_one_at_its_deadlines(void **state)
{
    struct seen *seen = *state;
    struct loop_timer timer = {0};
    unsigned counted = 0;
    instant begun = loop_clock();

    assert_int_equal(
        loop_timer_start(seen->loop, &timer, begun + 30 * MILLISECOND, count, &counted), 0);
    for (int i = 0; i < 100 && !counted; ++i) {
        fd_set set;
        struct timeval wait = {1, 0};

        FD_ZERO(&set);
        FD_SET(loop_fd(seen->loop), &set);
        assert_int_equal(select(loop_fd(seen->loop) + 1, &set, NULL, NULL, &wait), 1);
        loop_step(seen->loop, 0);
    }
    assert_int_equal(counted, 1);
    assert_true(loop_clock() - begun >= 30 * MILLISECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(input_goes_in_and_output_comes_out_whole, start, stop),
        cmocka_unit_test_setup_teardown(a_child_is_bounded_in_time_and_output, start, stop),
        cmocka_unit_test_setup_teardown(a_program_that_is_not_there_is_told_at_once, start, stop),
        cmocka_unit_test_setup_teardown(lines_and_the_end_of_a_long_lived_child_are_told, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_signal_ends_a_child, start, stop),
        cmocka_unit_test_setup_teardown(other_threads_may_post, start, stop),
        cmocka_unit_test_setup_teardown(a_nested_loop_wakes_its_outer_one_at_its_deadlines, start,
                                        stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
