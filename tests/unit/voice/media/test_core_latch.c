/* Which port of the host speaks for the leg. */
#include "core_bench.h"

enum { AGENT = 1, CUSTOMER = 2, ROOM = 7, ELSEWHERE = 7777, THIRD = 7779, TRIAL_MS = 200 };

/* 20 ms of that stream from that port of the customer's host (0: the SDP's), arrived so long ago. */
static enum media_core_verdict say_stream(uint32_t stream, uint16_t port, uint8_t sound,
                                          instant ago)
{
    struct bench_talker *talker = &bench.talkers[CUSTOMER];
    struct sockaddr_in from = bench.address[CUSTOMER];
    uint8_t bytes[PACKET_HEADER_SIZE + 160];
    struct media_packet packet = {
        .sequence = talker->sequence++, .timestamp = talker->timestamp, .ssrc = stream};
    enum media_core_verdict verdict;

    talker->timestamp += 160;
    if (port)
        from.sin_port = htons(port);
    media_packet_header(&packet, bytes);
    memset(bytes + PACKET_HEADER_SIZE, sound, 160);
    verdict = media_core_packet(bench.core, talker->mleg, (struct sockaddr *)&from, bytes,
                                sizeof(bytes), bench.now - ago, bench.now);
    media_core_sent(bench.core, bench.now);
    return verdict;
}

/* Each port a stream of its own. */
static enum media_core_verdict say_from(uint16_t port, uint8_t sound, instant ago)
{
    return say_stream(port, port, sound, ago);
}

static void an_agent_and_a_customer(void)
{
    bench_leg(AGENT, MEDIA_PCMU);
    bench_answer(AGENT);
    bench_join(AGENT, ROOM);
    bench_leg(CUSTOMER, MEDIA_PCMU);
}

static void the_callers_of_an_engine_that_died_never_speak_for_the_leg(void **state)
{
    an_agent_and_a_customer();
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(say_from(ELSEWHERE, 0x66, 400 * MILLISECOND), MEDIA_PACKET_REFUSED);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_REFUSED);
        bench_wait(20);
    }
    assert_int_equal(say_from(THIRD, 0x51, 0), MEDIA_PACKET_TAKEN);
    assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_REFUSED);
    assert_int_equal(say_from(0, 0x31, 0), MEDIA_PACKET_LATCHED);
    assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_REFUSED);
    assert_int_equal(bench_heard_sound(AGENT, 0x66), 0);
    assert_int_equal(bench_heard_sound(AGENT, 0x51), 1);
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 1);
}

static void a_gateway_that_sends_from_another_port_loses_no_word(void **state)
{
    an_agent_and_a_customer();
    bench_wait(1000); /* it rings */
    bench_answer(CUSTOMER);
    for (int i = 0; i < 3; i++) { /* kept, and sent at the join */
        assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_TAKEN);
        bench_wait(20);
    }
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(bench_heard_sound(AGENT, 0x51), 3);
    for (int i = 3; i < TRIAL_MS / 20; i++) {
        assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_TAKEN);
        assert_int_equal(say_from(THIRD, 0x66, 0), MEDIA_PACKET_REFUSED);
        bench_wait(20);
    }
    assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_LATCHED);
    assert_int_equal(say_from(THIRD, 0x66, 0), MEDIA_PACKET_REFUSED);
    assert_int_equal(say_from(0, 0x66, 0), MEDIA_PACKET_REFUSED);
    assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_TAKEN);
    assert_int_equal(bench_heard_sound(AGENT, 0x51), TRIAL_MS / 20 + 2);
    assert_int_equal(bench_heard_sound(AGENT, 0x66), 0);
}

static void another_port_is_on_trial_until_the_answer_however_long_it_rings(void **state)
{
    an_agent_and_a_customer();
    for (int i = 0; i < 3 * TRIAL_MS / 20; i++) {
        assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_TAKEN);
        bench_wait(20);
    }
    bench_answer(CUSTOMER);
    assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_TAKEN);
    assert_int_equal(say_from(0, 0x31, 0), MEDIA_PACKET_LATCHED);
}

static void the_sdp_s_own_port_overrides_at_once_and_for_good(void **state)
{
    an_agent_and_a_customer();
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_TAKEN);
    assert_int_equal(say_from(0, 0x31, 0), MEDIA_PACKET_LATCHED);
    assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_REFUSED);
    bench_wait(2 * TRIAL_MS);
    assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_REFUSED);
    assert_int_equal(say_from(0, 0x31, 0), MEDIA_PACKET_TAKEN);
    assert_int_equal(bench_heard_sound(AGENT, 0x66), 0);
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 2);
}

/* The 200 ms before the join are the leg's own. */
static void what_was_kept_of_the_wrong_port_is_forgotten(void **state)
{
    struct media_event *hello;

    an_agent_and_a_customer();
    bench_answer(CUSTOMER);
    assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_TAKEN);
    bench_wait(100);
    assert_int_equal(say_from(0, 0x31, 0), MEDIA_PACKET_LATCHED);
    bench_wait(20);
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(bench_heard_sound(AGENT, 0x66), 0);
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 1);
    hello = bench_told(MEDIA_HELLO);
    assert_non_null(hello);
    assert_int_equal(hello->latency_us, 20 * MILLISECOND);
}

static void a_stream_that_moves_to_the_sdp_s_port_keeps_its_first_words(void **state)
{
    an_agent_and_a_customer();
    bench_answer(CUSTOMER);
    assert_int_equal(say_stream(0x77, ELSEWHERE, 0x31, 0), MEDIA_PACKET_TAKEN);
    bench_wait(20);
    assert_int_equal(say_stream(0x77, 0, 0x31, 0), MEDIA_PACKET_LATCHED);
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 2);
}

static void another_host_never_speaks_for_the_leg(void **state)
{
    struct sockaddr_in own;

    an_agent_and_a_customer();
    own = bench.address[CUSTOMER];
    bench_answer(CUSTOMER);
    for (int i = 0; i < 30; i++) {
        bench.address[CUSTOMER].sin_addr.s_addr = htonl(0x0a000063);
        assert_int_equal(say_from(0, 0x66, 0), MEDIA_PACKET_REFUSED);
        assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_REFUSED);
        bench_wait(20);
    }
    bench.address[CUSTOMER] = own;
    assert_int_equal(say_from(0, 0x31, 0), MEDIA_PACKET_LATCHED);
}

static void the_same_address_again_changes_nothing_and_another_begins_anew(void **state)
{
    struct media_remote remote;
    struct mleg *mleg;

    an_agent_and_a_customer();
    mleg = bench.talkers[CUSTOMER].mleg;
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_TAKEN);
    bench_wait(TRIAL_MS);
    remote = bench_remote(CUSTOMER, MEDIA_PCMU);
    for (int i = 0; i < 2; i++) { /* on trial, and latched */
        assert_true(media_core_has_remote(mleg, &remote));
        assert_true(media_core_leg_remote(bench.core, CUSTOMER, &remote, bench.now, bench.now));
        assert_int_equal(say_from(ELSEWHERE, 0x51, 0),
                         i ? MEDIA_PACKET_TAKEN : MEDIA_PACKET_LATCHED);
    }
    ((struct sockaddr_in *)&remote.address)->sin_port = htons(THIRD);
    assert_false(media_core_has_remote(mleg, &remote));
    assert_true(media_core_leg_remote(bench.core, CUSTOMER, &remote, bench.now, bench.now));
    assert_int_equal(say_from(ELSEWHERE, 0x66, 100 * MILLISECOND), MEDIA_PACKET_REFUSED);
    assert_int_equal(say_from(THIRD, 0x52, 0), MEDIA_PACKET_LATCHED);
    assert_int_equal(bench_heard_sound(AGENT, 0x66), 0);
    assert_int_equal(bench_heard_sound(AGENT, 0x52), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(the_callers_of_an_engine_that_died_never_speak_for_the_leg),
        bench_test(a_gateway_that_sends_from_another_port_loses_no_word),
        bench_test(another_port_is_on_trial_until_the_answer_however_long_it_rings),
        bench_test(the_sdp_s_own_port_overrides_at_once_and_for_good),
        bench_test(what_was_kept_of_the_wrong_port_is_forgotten),
        bench_test(a_stream_that_moves_to_the_sdp_s_port_keeps_its_first_words),
        bench_test(another_host_never_speaks_for_the_leg),
        bench_test(the_same_address_again_changes_nothing_and_another_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
