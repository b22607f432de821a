/* A talker's way into a mix: packets by their timestamps in, frames by the clock out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "voice/media/jitter.h"
#include "voice/media/mix_minus.h"
#include "wire/g711.h"

static struct media_jitter jitter;

static int jitter_begin(void **state)
{
    media_jitter_reset(&jitter);
    return 0;
}

/* The packet of that number, all of that level. */
static void put(uint32_t number, int16_t level)
{
    uint8_t payload[JITTER_FRAME];

    memset(payload, g711_mulaw_encode(level), sizeof(payload));
    media_jitter_put(&jitter, UINT32_MAX - 500 + number * JITTER_FRAME, payload, sizeof(payload),
                     g711.mulaw_samples);
}

/* The level of the next frame; 0 when there is none. */
static int taken(void)
{
    media_jitter_take(&jitter);
    return jitter.has_frame ? jitter.frame[JITTER_FRAME / 2] : 0;
}

static int level(int16_t sample)
{
    return g711_mulaw_decode(g711_mulaw_encode(sample));
}

static void in_step_each_packet_leaves_at_the_next_tick(void **state)
{
    for (uint32_t i = 0; i < 20; i++) {
        put(i, (int16_t)(100 * (int)i + 100));
        assert_int_equal(taken(), level((int16_t)(100 * (int)i + 100)));
    }
}

static void swapped_packets_leave_in_order(void **state)
{
    put(0, 1000);
    put(2, 3000);
    put(1, 2000);
    assert_int_equal(taken(), level(1000));
    assert_int_equal(taken(), level(2000));
    assert_int_equal(taken(), level(3000));
}

static void run_dry_it_says_so_and_goes_on_with_the_next_packet(void **state)
{
    put(0, 1000);
    assert_int_equal(taken(), level(1000));
    assert_int_equal(taken(), 0);
    assert_false(jitter.has_frame);
    put(1, 2000);
    assert_int_equal(taken(), level(2000));
}

static void a_lost_packet_is_a_frame_of_silence(void **state)
{
    put(0, 1000);
    put(2, 3000);
    assert_int_equal(taken(), level(1000));
    assert_int_equal(taken(), 0);
    assert_true(jitter.has_frame);
    assert_int_equal(taken(), level(3000));
}

static void what_comes_after_its_moment_is_left_out(void **state)
{
    put(1, 2000);
    assert_int_equal(taken(), level(2000));
    put(0, 1000);
    assert_int_equal(taken(), 0);
}

static void a_burst_is_worked_off_faster_and_loses_nothing(void **state)
{
    int heard[10] = {0}, ticks = 0;

    for (uint32_t i = 0; i < 10; i++)
        put(i, (int16_t)(1000 * (int)(i + 1)));
    for (; taken(); ticks++)
        for (int i = 0; i < 10; i++)
            heard[i] |= jitter.frame[JITTER_FRAME / 2] == level((int16_t)(1000 * (i + 1)));
    for (int i = 0; i < 10; i++)
        assert_true(heard[i]);
    assert_in_range(ticks, 9, 10);
}

static void after_a_leap_in_time_it_begins_anew(void **state)
{
    put(0, 1000);
    put(5000, 7000);
    assert_int_equal(taken(), level(7000));
    put(4000, 5000);
    assert_int_equal(taken(), level(5000));
}

static void a_giant_packet_is_left_out(void **state)
{
    uint8_t payload[JITTER_SAMPLES];

    memset(payload, 1, sizeof(payload));
    media_jitter_put(&jitter, 0, payload, sizeof(payload), g711.mulaw_samples);
    assert_int_equal(taken(), 0);
}

static void a_mix_less_ones_own_voice_is_the_others(void **state)
{
    const int16_t a[2] = {100, 30000}, b[2] = {-20, 30000}, c[2] = {3, -30000};
    int32_t sum[2] = {0};
    int16_t out[2];

    mix_add(sum, a, 2);
    mix_add(sum, b, 2);
    mix_add(sum, c, 2);
    mix_minus(sum, a, out, 2);
    assert_int_equal(out[0], -17);
    assert_int_equal(out[1], 0);
    mix_minus(sum, c, out, 2);
    assert_int_equal(out[0], 80);
    assert_int_equal(out[1], INT16_MAX);
    mix_minus(sum, NULL, out, 2);
    assert_int_equal(out[0], 83);
    assert_int_equal(out[1], 30000);
}

int main(void)
{
#define jitter_test(name) cmocka_unit_test_setup(name, jitter_begin)
    const struct CMUnitTest tests[] = {
        jitter_test(in_step_each_packet_leaves_at_the_next_tick),
        jitter_test(swapped_packets_leave_in_order),
        jitter_test(run_dry_it_says_so_and_goes_on_with_the_next_packet),
        jitter_test(a_lost_packet_is_a_frame_of_silence),
        jitter_test(what_comes_after_its_moment_is_left_out),
        jitter_test(a_burst_is_worked_off_faster_and_loses_nothing),
        jitter_test(after_a_leap_in_time_it_begins_anew),
        jitter_test(a_giant_packet_is_left_out),
        jitter_test(a_mix_less_ones_own_voice_is_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
