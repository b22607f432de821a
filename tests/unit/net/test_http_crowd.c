#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_crowd.h"

/* Ten connections at once, at most four of one address, who may be idle for ten seconds. */
static struct crowd crowd;
static int fds[64][2];
static struct crowd_member *members[64];
static const instant T = 1000 * SECOND;

static int set_up(void **state)
{
    struct crowd_limits limits = {.count_max = 10, .of_one_address_max = 4, .idle = 10 * SECOND};

    (void)state;
    crowd_init(&crowd, &limits);
    for (int i = 0; i < 64; i++)
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]))
            return -1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    crowd_release(&crowd);
    for (int i = 0; i < 64; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
    return 0;
}

static struct crowd_member *comes(int i, const char *address, instant now)
{
    struct sockaddr_in from = {.sin_family = AF_INET};

    assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
    members[i] = crowd_comes(&crowd, fds[i][0], (const struct sockaddr *)(const void *)&from, now);
    assert_non_null(members[i]);
    return members[i];
}

/* Its other end has been told that it is over. */
static bool is_shut(int i)
{
    char byte;

    return recv(fds[i][1], &byte, 1, MSG_DONTWAIT) == 0;
}

static void ten_come(instant now)
{
    for (int i = 0; i < 10; i++) {
        char address[] = "10.0.0.1";

        address[7] = (char)('1' + i / 4);
        assert_false(comes(i, address, now + i)->is_excess);
        crowd_handles(&crowd, members[i]);
        crowd_waits(&crowd, members[i], now + i);
    }
}

static void who_waited_longest_makes_room(void **state)
{
    (void)state;
    ten_come(T);
    crowd_reads_head(&crowd, members[0], T + SECOND);
    crowd_handles(&crowd, members[0]);
    assert_false(comes(10, "10.0.0.9", T + 2 * SECOND)->is_excess);
    assert_false(is_shut(0));
    assert_true(is_shut(1));
    assert_false(comes(11, "10.0.0.9", T + 2 * SECOND)->is_excess);
    assert_true(is_shut(2));
    assert_int_equal(crowd.evicted_total, 2);
}

static void who_came_just_now_is_not_sent_away_for_the_next(void **state)
{
    (void)state;
    ten_come(T);
    assert_true(comes(10, "10.0.0.1", T + SECOND / 10)->is_excess);
    for (int i = 0; i < 11; i++)
        assert_false(is_shut(i));
    assert_int_equal(crowd.excess_total, 1);
}

static void who_is_not_of_the_crowd_is_taken_all_the_same(void **state)
{
    (void)state;
    ten_come(T);
    crowd.limits.few = 2;
    assert_false(comes(10, "10.0.0.9", T + SECOND / 10)->is_excess);
    assert_false(comes(11, "10.0.0.9", T + SECOND / 10)->is_excess);
    assert_true(comes(12, "10.0.0.9", T + SECOND / 10)->is_excess);
}

static void who_drips_makes_room_and_who_hurries_stays(void **state)
{
    (void)state;
    ten_come(T);
    for (int i = 0; i < 10; i++)
        crowd_handles(&crowd, members[i]);
    crowd_reads_body(&crowd, members[0], T);
    crowd_progressed(members[0], 1 << 20);
    crowd_reads_body(&crowd, members[1], T + 1);
    crowd_progressed(members[1], 3);
    crowd_reads_head(&crowd, members[2], T + 2);
    crowd_sends(&crowd, members[3], 1 << 20, T + 3);
    assert_true(comes(10, "10.0.0.9", T + SECOND / 2)->is_excess);
    assert_false(comes(11, "10.0.0.9", T + 2 * SECOND)->is_excess);
    assert_true(is_shut(1));
    assert_false(comes(12, "10.0.0.9", T + 3 * SECOND)->is_excess);
    assert_true(is_shut(2));
    assert_false(is_shut(0));
    assert_false(is_shut(3));
    crowd_handles(&crowd, members[10]);
    crowd_handles(&crowd, members[11]);
    crowd_handles(&crowd, members[12]);
    assert_false(comes(13, "10.0.0.9", T + 2 * MINUTE)->is_excess);
    assert_true(is_shut(3));
}

static void whose_request_we_have_not_read_yet_stays(void **state)
{
    (void)state;
    ten_come(T);
    assert_int_equal(write(fds[0][1], "GET", 3), 3);
    assert_false(comes(10, "10.0.0.9", T + SECOND)->is_excess);
    assert_false(is_shut(0));
    assert_true(is_shut(1));
    crowd_sweep(&crowd, T + MINUTE);
    assert_false(is_shut(0));
    assert_true(is_shut(2));
}

static void who_must_go_unheard_is_told_so(void **state)
{
    char said[8] = "";

    (void)state;
    crowd.limits.farewell = "later";
    ten_come(T);
    comes(10, "10.0.0.9", T + SECOND);
    assert_int_equal(recv(fds[0][1], said, sizeof(said), MSG_DONTWAIT), 5);
    assert_string_equal(said, "later");
    assert_true(is_shut(0));
}

static void who_has_not_spoken_yet_has_two_seconds_to(void **state)
{
    (void)state;
    ten_come(T);
    for (int i = 0; i < 10; i++)
        crowd_handles(&crowd, members[i]);
    comes(10, "10.0.0.9", T); /* beyond already */
    assert_true(comes(11, "10.0.0.8", T + SECOND)->is_excess);
    assert_false(is_shut(10));
    assert_false(comes(12, "10.0.0.8", T + 3 * SECOND)->is_excess);
    assert_true(is_shut(10));
}

static void with_the_door_full_who_says_nothing_goes_soon(void **state)
{
    struct sockaddr_in from = {.sin_family = AF_INET};

    (void)state;
    ten_come(T);
    for (int i = 0; i < 10; i++)
        crowd_handles(&crowd, members[i]);
    for (int i = 10; i < 10 + CROWD_EXCESS_MAX - 2; i++) {
        from.sin_addr.s_addr = htonl(0x0b000000 + (unsigned)i);
        crowd_comes(&crowd, fds[i % 50][0], (const struct sockaddr *)(const void *)&from, T);
    }
    assert_true(comes(60, "10.0.0.8", T + SECOND / 2)->is_excess);
    assert_int_equal(crowd.evicted_total, 0);
    assert_false(comes(61, "10.0.0.8", T + SECOND)->is_excess);
    assert_int_equal(crowd.evicted_total, 1);
}

static void with_every_place_taken_room_is_made_all_the_same(void **state)
{
    (void)state;
    ten_come(T);
    for (int i = 10; i < 20; i++)
        comes(i, "10.0.0.9", T + 20);
    crowd_sweep(&crowd, T + SECOND);
    assert_int_equal(crowd.count - crowd.cut_count, 10);
}

static void nobody_at_work_is_sent_away(void **state)
{
    (void)state;
    ten_come(T);
    for (int i = 0; i < 10; i++) {
        crowd_reads_head(&crowd, members[i], T);
        crowd_handles(&crowd, members[i]);
    }
    assert_true(comes(10, "10.0.0.9", T + HOUR)->is_excess);
    crowd_sweep(&crowd, T + HOUR);
    for (int i = 0; i < 11; i++)
        assert_false(is_shut(i));
}

static void one_address_gives_way_to_itself_only(void **state)
{
    (void)state;
    comes(0, "10.0.0.2", T);
    for (int i = 1; i < 5; i++)
        assert_false(comes(i, "10.0.0.1", T + 1)->is_excess);
    assert_false(comes(5, "10.0.0.1", T + 3 * SECOND)->is_excess);
    assert_true(is_shut(1));
    assert_false(is_shut(0));
    for (int i = 2; i < 6; i++)
        crowd_handles(&crowd, members[i]);
    assert_true(comes(6, "10.0.0.1", T + 4 * SECOND)->is_excess);
    assert_false(comes(7, "10.0.0.2", T + 4 * SECOND)->is_excess);
}

static void a_head_that_drips_is_cut(void **state)
{
    (void)state;
    comes(0, "10.0.0.1", T);
    crowd_reads_head(&crowd, members[0], T);
    crowd_sweep(&crowd, T + 9 * SECOND);
    assert_false(is_shut(0));
    crowd_sweep(&crowd, T + 11 * SECOND);
    assert_true(is_shut(0));
    assert_int_equal(crowd.slow_total, 1);
    crowd_sweep(&crowd, T + 12 * SECOND);
    assert_int_equal(crowd.slow_total, 1);
}

static void a_body_may_take_as_long_as_it_is_large(void **state)
{
    (void)state;
    comes(0, "10.0.0.1", T);
    comes(1, "10.0.0.1", T);
    crowd_reads_body(&crowd, members[0], T);
    crowd_reads_body(&crowd, members[1], T);
    crowd_progressed(members[0], 1 << 20);
    crowd_progressed(members[1], 20);
    crowd_sweep(&crowd, T + MINUTE);
    assert_false(is_shut(0));
    assert_true(is_shut(1));
    crowd_sweep(&crowd, T + HOUR);
    assert_true(is_shut(0));
}

static void an_answer_nobody_reads_is_given_up(void **state)
{
    (void)state;
    comes(0, "10.0.0.1", T);
    crowd_handles(&crowd, members[0]);
    crowd_sends(&crowd, members[0], 1 << 20, T);
    crowd_sweep(&crowd, T + MINUTE);
    assert_false(is_shut(0));
    crowd_sweep(&crowd, T + 10 * MINUTE);
    assert_true(is_shut(0));
}

static void a_connection_without_a_request_is_cut_though_bytes_drip(void **state)
{
    (void)state;
    comes(0, "10.0.0.1", T);
    crowd_sweep(&crowd, T + 19 * SECOND);
    assert_false(is_shut(0));
    crowd_sweep(&crowd, T + 21 * SECOND);
    assert_true(is_shut(0));
}

static void who_leaves_is_counted_no_more(void **state)
{
    (void)state;
    ten_come(T);
    for (int i = 0; i < 10; i++)
        crowd_leaves(&crowd, members[i]);
    assert_int_equal(crowd.count, 0);
    assert_int_equal(crowd.addresses.count, 0);
    ten_come(T);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_waited_longest_makes_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_came_just_now_is_not_sent_away_for_the_next, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_drips_makes_room_and_who_hurries_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(whose_request_we_have_not_read_yet_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_has_not_spoken_yet_has_two_seconds_to, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(with_every_place_taken_room_is_made_all_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(with_the_door_full_who_says_nothing_goes_soon, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_is_not_of_the_crowd_is_taken_all_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_must_go_unheard_is_told_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_at_work_is_sent_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_address_gives_way_to_itself_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_head_that_drips_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_body_may_take_as_long_as_it_is_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_nobody_reads_is_given_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connection_without_a_request_is_cut_though_bytes_drip,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_leaves_is_counted_no_more, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
