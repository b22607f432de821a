/* The first word: kept until somebody hears it, and its way measured. */
#include "core_bench.h"

enum { AGENT = 1, CUSTOMER = 2, ROOM = 7 };

static void an_agent_waits(void)
{
    bench_leg(AGENT, MEDIA_PCMU);
    bench_answer(AGENT);
    bench_join(AGENT, ROOM);
    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_wait(60);
}

static void hello_is_the_time_from_the_first_packet_to_its_sending(void **state)
{
    struct media_event *hello;

    an_agent_waits();
    bench_answer(CUSTOMER);
    bench_wait(30);
    bench_say(CUSTOMER, 0x31);
    bench_wait(7);
    bench_join(CUSTOMER, ROOM);
    hello = bench_told(MEDIA_HELLO);
    assert_non_null(hello);
    assert_int_equal(hello->leg, CUSTOMER);
    assert_int_equal(hello->room, ROOM);
    assert_int_equal(hello->latency_us, 7 * MILLISECOND);
}

static void audio_that_overtakes_the_answer_counts_from_the_answer(void **state)
{
    an_agent_waits();
    bench_say(CUSTOMER, 0x31);
    bench_wait(5);
    bench_answer(CUSTOMER);
    bench_wait(3);
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(bench_told(MEDIA_HELLO)->latency_us, 3 * MILLISECOND);
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 1);
}

static void hello_is_told_once_a_leg(void **state)
{
    an_agent_waits();
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, ROOM);
    for (int i = 0; i < 5; i++) {
        bench_say(CUSTOMER, 0x31);
        bench_wait(20);
    }
    assert_int_equal(bench_told_count(MEDIA_HELLO), 1);
    assert_int_equal(bench_told(MEDIA_HELLO)->latency_us, 0);
}

static void nothing_is_told_before_the_answer(void **state)
{
    an_agent_waits();
    bench_join(CUSTOMER, ROOM);
    bench_say(CUSTOMER, 0x31); /* early media: the agent hears the ringing */
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 1);
    assert_null(bench_told(MEDIA_HELLO));
    bench_wait(100);
    bench_answer(CUSTOMER);
    bench_wait(4);
    bench_say(CUSTOMER, 0x32);
    assert_int_equal(bench_told(MEDIA_HELLO)->latency_us, 0);
}

static void words_before_the_join_are_sent_at_once_and_in_order(void **state)
{
    struct bench_packet *heard;

    an_agent_waits();
    bench_answer(CUSTOMER);
    for (int i = 0; i < 8; i++) {
        bench_say(CUSTOMER, (uint8_t)(0x40 + i));
        bench_wait(20);
    }
    bench_forget();
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(bench_heard_count(AGENT), 8);
    for (unsigned i = 0; i < 8; i++) {
        heard = bench_heard(AGENT, i);
        assert_int_equal(heard->payload[0], 0x40 + i);
        assert_int_equal(heard->packet.marker, i == 0);
        assert_int_equal(heard->packet.sequence,
                         (uint16_t)(bench_heard(AGENT, 0)->packet.sequence + i));
        assert_int_equal(heard->packet.timestamp,
                         bench_heard(AGENT, 0)->packet.timestamp + 160 * i);
    }
    bench_say(CUSTOMER, 0x50);
    assert_int_equal(bench_heard(AGENT, 8)->packet.timestamp, heard->packet.timestamp + 160);
    assert_int_equal(bench_heard(AGENT, 8)->packet.sequence,
                     (uint16_t)(heard->packet.sequence + 1));
    assert_false(bench_heard(AGENT, 8)->packet.marker);
}

static void the_stream_before_the_kept_words_is_continued_not_overwritten(void **state)
{
    struct bench_packet *silence, *word;

    an_agent_waits();
    bench_answer(CUSTOMER);
    for (int i = 0; i < 8; i++) {
        bench_say(CUSTOMER, 0x40);
        bench_wait(20);
    }
    silence = bench_heard(AGENT, bench_heard_count(AGENT) - 1);
    bench_join(CUSTOMER, ROOM);
    word = bench_heard(AGENT, bench_heard_count(AGENT) - 8);
    assert_int_equal(silence->payload[0], AUDIO_SILENCE);
    assert_int_equal(word->payload[0], 0x40);
    assert_int_equal(word->packet.sequence, (uint16_t)(silence->packet.sequence + 1));
    assert_in_range(word->packet.timestamp - silence->packet.timestamp, 160, 320);
}

static void no_more_than_200_ms_are_kept(void **state)
{
    an_agent_waits();
    bench_answer(CUSTOMER);
    for (int i = 0; i < 40; i++) {
        bench_say(CUSTOMER, (uint8_t)(0x30 + i));
        bench_wait(20);
    }
    bench_forget();
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(bench_heard_count(AGENT), 10);
    assert_int_equal(bench_heard(AGENT, 0)->payload[0], 0x30 + 30);
}

static void a_customer_who_waited_in_a_silent_room_is_heard_when_moved(void **state)
{
    an_agent_waits();
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, 99);
    for (int i = 0; i < 5; i++) {
        bench_say(CUSTOMER, (uint8_t)(0x30 + i));
        bench_wait(20);
    }
    bench_forget();
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(bench_heard_count(AGENT), 5);
}

static void ringback_from_before_the_answer_is_not_kept(void **state)
{
    an_agent_waits();
    for (int i = 0; i < 10; i++) {
        bench_say(CUSTOMER, 0x77);
        bench_wait(20);
    }
    bench_wait(100);
    bench_answer(CUSTOMER);
    bench_say(CUSTOMER, 0x31);
    bench_forget();
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(bench_heard_sound(AGENT, 0x77), 0);
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 1);
}

static void once_heard_a_leg_is_not_kept_again(void **state)
{
    an_agent_waits();
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, ROOM);
    bench_say(CUSTOMER, 0x31);
    media_core_room_leave(bench.core, CUSTOMER, false, bench.now);
    bench_wait(20);
    bench_say(CUSTOMER, 0x32);
    bench_forget();
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(bench_heard_count(AGENT), 0);
}

static void after_a_prompt_nothing_from_before_is_sent(void **state)
{
    struct media_play play = {.id = 3, .loop_count = 1};

    an_agent_waits();
    bench_answer(CUSTOMER);
    play.audio = audio_new_silence(40);
    media_core_play_leg(bench.core, CUSTOMER, &play, bench.now);
    audio_unref(play.audio);
    for (int i = 0; i < 5; i++) {
        bench_say(CUSTOMER, 0x31);
        bench_wait(20);
    }
    bench_forget();
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(bench_heard_count(AGENT), 0);
}

static void a_loss_among_the_kept_words_stays_visible(void **state)
{
    an_agent_waits();
    bench_answer(CUSTOMER);
    bench_say(CUSTOMER, 1);
    bench.talkers[CUSTOMER].sequence++;
    bench.talkers[CUSTOMER].timestamp += 160;
    bench_say(CUSTOMER, 3);
    bench_forget();
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(bench_heard(AGENT, 1)->packet.sequence,
                     (uint16_t)(bench_heard(AGENT, 0)->packet.sequence + 2));
}

static void the_first_word_reaches_a_conference_of_three_too(void **state)
{
    an_agent_waits();
    bench_leg(3, MEDIA_PCMU);
    bench_join(3, ROOM);
    for (int i = 0; i < 5; i++) {
        bench_say(AGENT, 0xff);
        bench_say(3, 0xff);
        bench_wait(20);
    }
    bench_answer(CUSTOMER);
    bench_say(CUSTOMER, g711_mulaw_encode(8000));
    bench_join(CUSTOMER, ROOM);
    bench_forget();
    bench_wait(60);
    assert_true(bench_heard_sound(AGENT, g711_mulaw_encode(8000)) >= 1);
    assert_non_null(bench_told(MEDIA_HELLO));
    assert_in_range(bench_told(MEDIA_HELLO)->latency_us, 0, 21 * MILLISECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(hello_is_the_time_from_the_first_packet_to_its_sending),
        bench_test(audio_that_overtakes_the_answer_counts_from_the_answer),
        bench_test(hello_is_told_once_a_leg),
        bench_test(nothing_is_told_before_the_answer),
        bench_test(words_before_the_join_are_sent_at_once_and_in_order),
        bench_test(the_stream_before_the_kept_words_is_continued_not_overwritten),
        bench_test(no_more_than_200_ms_are_kept),
        bench_test(a_customer_who_waited_in_a_silent_room_is_heard_when_moved),
        bench_test(ringback_from_before_the_answer_is_not_kept),
        bench_test(once_heard_a_leg_is_not_kept_again),
        bench_test(after_a_prompt_nothing_from_before_is_sent),
        bench_test(a_loss_among_the_kept_words_stays_visible),
        bench_test(the_first_word_reaches_a_conference_of_three_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
