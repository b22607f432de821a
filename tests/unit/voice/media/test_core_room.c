/* Rooms of three and more, hold, mute, coaching: who hears whom. */
#include "core_bench.h"

#include <stdlib.h>

enum { AGENT = 1, CUSTOMER = 2, THIRD = 3, ROOM = 7 };

static int16_t level(int16_t sample)
{
    return g711_mulaw_decode(g711_mulaw_encode(sample));
}

/* Each of the first `count` legs says its level for so many frames. */
static void all_talk(unsigned count, const int16_t *levels, int frames)
{
    for (int i = 0; i < frames; i++) {
        for (unsigned leg = 1; leg <= count; leg++)
            bench_say(leg, g711_mulaw_encode(levels[leg - 1]));
        bench_wait(20);
    }
}

static void room_of(unsigned count)
{
    for (unsigned leg = 1; leg <= count; leg++) {
        bench_leg(leg, MEDIA_PCMU);
        bench_answer(leg);
        bench_join(leg, ROOM);
    }
}

/* What the leg heard last, as a level. */
static int heard_last(uint64_t leg)
{
    unsigned count = bench_heard_count(leg);

    assert_true(count > 0);
    return g711_mulaw_decode(bench_heard(leg, count - 1)->payload[80]);
}

static void assert_about(int value, int expected)
{
    int slack = 60 + (expected < 0 ? -expected : expected) / 16; /* a step of mu-law */

    assert_true(value >= expected - slack && value <= expected + slack);
}

static void of_three_talkers_each_hears_the_other_two(void **state)
{
    const int16_t levels[] = {1000, 4000, -9000};

    room_of(3);
    all_talk(3, levels, 10);
    assert_about(heard_last(AGENT), level(4000) + level(-9000));
    assert_about(heard_last(CUSTOMER), level(1000) + level(-9000));
    assert_about(heard_last(THIRD), level(1000) + level(4000));
}

static void it_is_told_once_when_somebody_hears_a_leg_again(void **state)
{
    bench_leg(AGENT, MEDIA_PCMU);
    bench_answer(AGENT);
    bench_join(AGENT, ROOM);
    bench_say(AGENT, 0x21);
    assert_int_equal(bench.heard_count[AGENT], 0);
    assert_false(media_core_is_heard(bench.talkers[AGENT].mleg));
    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, ROOM); /* forwarded */
    bench_say(CUSTOMER, 0x31);
    assert_int_equal(bench.heard_count[AGENT], 1);
    assert_int_equal(bench.heard_count[CUSTOMER], 1);
    bench_leg(THIRD, MEDIA_PCMU);
    bench_join(THIRD, ROOM); /* mixed, from its first packet on */
    bench_say(THIRD, 0x41);
    assert_int_equal(bench.heard_count[AGENT], 1);
    media_core_leg_mute(bench.core, AGENT, true, bench.now);
    assert_false(media_core_is_heard(bench.talkers[AGENT].mleg));
    media_core_leg_mute(bench.core, AGENT, false, bench.now);
    assert_int_equal(bench.heard_count[AGENT], 2);
    media_core_room_leave(bench.core, THIRD, false, bench.now);
    media_core_room_leave(bench.core, CUSTOMER, false, bench.now);
    assert_false(media_core_is_heard(bench.talkers[AGENT].mleg));
    assert_int_equal(bench.heard_count[AGENT], 2);
}

static void a_mix_is_sent_every_20_ms_in_one_unbroken_line(void **state)
{
    const int16_t levels[] = {1000, 4000, -9000};

    room_of(3);
    all_talk(3, levels, 5);
    bench_forget();
    all_talk(3, levels, 50);
    assert_in_range(bench_heard_count(AGENT), 49, 51);
    for (unsigned i = 1; i < bench_heard_count(AGENT); i++) {
        struct bench_packet *before = bench_heard(AGENT, i - 1), *after = bench_heard(AGENT, i);

        assert_int_equal(after->packet.sequence, (uint16_t)(before->packet.sequence + 1));
        assert_int_equal(after->packet.timestamp, before->packet.timestamp + 160);
    }
}

static void loud_voices_together_saturate_and_do_not_wrap(void **state)
{
    const int16_t levels[] = {30000, 30000, 30000};

    room_of(3);
    all_talk(3, levels, 10);
    assert_about(heard_last(AGENT), 32124);
}

static void a_third_leg_that_never_speaks_leaves_the_two_on_the_direct_path(void **state)
{
    room_of(3);
    bench_say(AGENT, 0x21);
    bench_say(CUSTOMER, 0x31);
    bench_forget();
    bench_say(CUSTOMER, 0x32);
    assert_int_equal(bench_heard_sound(AGENT, 0x32), 1); /* at once, not at a tick */
}

static void a_muted_monitor_hears_both_and_does_not_slow_them(void **state)
{
    struct media_join muted = {.muted = true};
    const int16_t levels[] = {1000, 4000, 9000};

    room_of(2);
    bench_leg(THIRD, MEDIA_PCMU);
    media_core_room_join(bench.core, THIRD, ROOM, &muted, bench.now);
    all_talk(3, levels, 10);
    assert_about(heard_last(THIRD), level(1000) + level(4000));
    bench_forget();
    bench_say(CUSTOMER, 0x32);
    assert_int_equal(bench_heard_sound(AGENT, 0x32), 1);
    assert_int_equal(heard_last(AGENT), g711_mulaw_decode(0x32));
}

static void when_the_third_leaves_the_two_are_forwarded_again(void **state)
{
    const int16_t levels[] = {1000, 4000, 9000};

    room_of(3);
    all_talk(3, levels, 5);
    media_core_leg_close(bench.core, THIRD, bench.now);
    bench_forget();
    bench_say(CUSTOMER, 0x32);
    assert_int_equal(bench_heard_sound(AGENT, 0x32), 1);
    assert_true(bench_heard(AGENT, 0)->packet.marker);
}

static void a_coach_is_heard_by_the_coached_leg_alone(void **state)
{
    struct media_join coach = {.coached = AGENT};
    const int16_t levels[] = {1000, 4000, 9000};

    room_of(2);
    bench_leg(THIRD, MEDIA_PCMU);
    media_core_room_join(bench.core, THIRD, ROOM, &coach, bench.now);
    all_talk(3, levels, 10);
    assert_about(heard_last(AGENT), level(4000) + level(9000));
    assert_int_equal(heard_last(CUSTOMER), level(1000));
    assert_about(heard_last(THIRD), level(1000) + level(4000));
    media_core_leg_coach(bench.core, THIRD, 0, bench.now); /* barge in */
    all_talk(3, levels, 10);
    assert_about(heard_last(CUSTOMER), level(1000) + level(9000));
}

static void a_coach_alone_with_another_is_not_heard_by_him(void **state)
{
    struct media_join coach = {.coached = AGENT};

    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_join(CUSTOMER, ROOM);
    bench_leg(THIRD, MEDIA_PCMU);
    media_core_room_join(bench.core, THIRD, ROOM, &coach, bench.now);
    bench_say(THIRD, 0x33);
    bench_wait(60);
    assert_int_equal(bench_heard_sound(CUSTOMER, 0x33), 0);
}

static void a_held_leg_hears_the_melody_and_nobody_hears_it(void **state)
{
    unsigned loud = 0;

    room_of(2);
    bench_say(AGENT, 0x21);
    bench_say(CUSTOMER, 0x31);
    media_core_leg_hold(bench.core, CUSTOMER, true, NULL, bench.now);
    bench_forget();
    for (int i = 0; i < 100; i++) {
        bench_say(AGENT, 0x21);
        bench_say(CUSTOMER, 0x31);
        bench_wait(20);
    }
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 0);
    assert_int_equal(bench_heard_sound(CUSTOMER, 0x21), 0);
    for (unsigned i = 0; i < bench_heard_count(CUSTOMER); i++)
        loud += abs(g711_mulaw_decode(bench_heard(CUSTOMER, i)->payload[33])) > 200;
    assert_true(loud > 50);
    assert_true(bench_heard_sound(AGENT, AUDIO_SILENCE) > 90);
    media_core_leg_hold(bench.core, CUSTOMER, false, NULL, bench.now);
    bench_forget();
    bench_say(AGENT, 0x21);
    bench_say(CUSTOMER, 0x31);
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 1);
    assert_int_equal(bench_heard_sound(CUSTOMER, 0x21), 1);
}

static void on_hold_with_an_audio_of_its_own_a_leg_hears_that_one(void **state)
{
    uint8_t bytes[320];
    struct audio *audio;

    memset(bytes, 0x44, sizeof(bytes));
    audio = audio_new(bytes, sizeof(bytes));
    room_of(2);
    media_core_leg_hold(bench.core, CUSTOMER, true, audio, bench.now);
    audio_unref(audio);
    bench_forget();
    bench_wait(1000);
    assert_in_range(bench_heard_sound(CUSTOMER, 0x44), 49, 51);
}

static void a_leg_moves_to_another_room_without_a_gap(void **state)
{
    struct bench_packet *before, *after;

    room_of(2);
    bench_leg(THIRD, MEDIA_PCMU);
    bench_join(THIRD, 8);
    bench_say(CUSTOMER, 0x31);
    bench_wait(20);
    bench_forget();
    bench_say(AGENT, 0x21);
    bench_join(CUSTOMER, 8);
    bench_wait(20);
    bench_say(THIRD, 0x41);
    before = bench_heard(CUSTOMER, 0);
    after = bench_heard(CUSTOMER, bench_heard_count(CUSTOMER) - 1);
    assert_int_equal(before->payload[0], 0x21);
    assert_int_equal(after->payload[0], 0x41);
    assert_int_equal((uint16_t)(after->packet.sequence - before->packet.sequence),
                     bench_heard_count(CUSTOMER) - 1);
    bench_say(CUSTOMER, 0x32);
    assert_int_equal(bench_heard_sound(AGENT, 0x32), 0);
    assert_int_equal(bench_heard_sound(THIRD, 0x32), 1);
}

static void a_talker_with_a_law_is_mixed_too(void **state)
{
    room_of(2);
    bench_leg(THIRD, MEDIA_PCMA);
    bench_join(THIRD, ROOM);
    for (int i = 0; i < 10; i++) {
        bench_say(AGENT, g711_mulaw_encode(1000));
        bench_say(CUSTOMER, g711_mulaw_encode(2000));
        bench_say(THIRD, g711_alaw_encode(9000));
        bench_wait(20);
    }
    assert_about(heard_last(AGENT), 2000 + 9000);
    assert_about(g711_alaw_decode(bench_heard(THIRD, bench_heard_count(THIRD) - 1)->payload[80]),
                 1000 + 2000);
}

static void in_a_mix_a_lost_packet_is_silence_and_the_rest_stays_in_time(void **state)
{
    const int16_t levels[] = {1000, 4000, 9000};

    room_of(3);
    all_talk(3, levels, 10);
    bench.talkers[THIRD].timestamp += 160;
    bench.talkers[THIRD].sequence++;
    all_talk(2, levels, 1);
    all_talk(3, levels, 10);
    assert_about(heard_last(AGENT), level(4000) + level(9000));
}

static void a_room_of_fifty_hears_its_two_talkers(void **state)
{
    struct media_join muted = {.muted = true};
    struct mleg *mleg;

    room_of(2);
    for (uint64_t leg = 10; leg < 58; leg++) {
        struct media_remote remote = bench_remote(3, MEDIA_PCMU);

        assert_int_equal(
            media_core_leg_open(bench.core, leg, (void *)(uintptr_t)leg, bench.now, &mleg), 0);
        media_core_leg_remote(bench.core, leg, &remote, bench.now, bench.now);
        media_core_room_join(bench.core, leg, ROOM, &muted, bench.now);
    }
    for (int i = 0; i < 10; i++) {
        bench_say(AGENT, g711_mulaw_encode(3000));
        bench_say(CUSTOMER, g711_mulaw_encode(5000));
        bench_wait(20);
    }
    assert_about(heard_last(10), 8000);
    assert_about(heard_last(57), 8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(of_three_talkers_each_hears_the_other_two),
        bench_test(it_is_told_once_when_somebody_hears_a_leg_again),
        bench_test(a_mix_is_sent_every_20_ms_in_one_unbroken_line),
        bench_test(loud_voices_together_saturate_and_do_not_wrap),
        bench_test(a_third_leg_that_never_speaks_leaves_the_two_on_the_direct_path),
        bench_test(a_muted_monitor_hears_both_and_does_not_slow_them),
        bench_test(when_the_third_leaves_the_two_are_forwarded_again),
        bench_test(a_coach_is_heard_by_the_coached_leg_alone),
        bench_test(a_coach_alone_with_another_is_not_heard_by_him),
        bench_test(a_held_leg_hears_the_melody_and_nobody_hears_it),
        bench_test(on_hold_with_an_audio_of_its_own_a_leg_hears_that_one),
        bench_test(a_leg_moves_to_another_room_without_a_gap),
        bench_test(a_talker_with_a_law_is_mixed_too),
        bench_test(in_a_mix_a_lost_packet_is_silence_and_the_rest_stays_in_time),
        bench_test(a_room_of_fifty_hears_its_two_talkers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
