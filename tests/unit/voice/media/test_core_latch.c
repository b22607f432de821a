/* Which port of the host speaks for the leg. */
#include "core_bench.h"

enum { AGENT = 1, CUSTOMER = 2, ROOM = 7, ELSEWHERE = 7777, THIRD = 7779, PATIENCE_MS = 200 };

/* 20 ms of the customer's from that port of its host (0: the SDP's), arrived so long ago. */
static enum media_core_verdict say_from(uint16_t port, uint8_t sound, instant ago)
{
    struct bench_talker *talker = &bench.talkers[CUSTOMER];
    struct sockaddr_in from = bench.address[CUSTOMER];
    uint8_t bytes[PACKET_HEADER_SIZE + 160];
    struct media_packet packet = {
        .sequence = talker->sequence++, .timestamp = talker->timestamp, .ssrc = port};
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

static void an_agent_and_a_customer(void)
{
    bench_leg(AGENT, MEDIA_PCMU);
    bench_answer(AGENT);
    bench_join(AGENT, ROOM);
    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_wait(1000); /* it rings */
}

static void the_callers_of_an_engine_that_died_cannot_outrun_the_leg_s_own_telephone(void **state)
{
    an_agent_and_a_customer();
    assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_REFUSED);
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, ROOM);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_REFUSED);
        bench_wait(20);
    }
    assert_int_equal(say_from(0, 0x31, 0), MEDIA_PACKET_LATCHED);
    bench_wait(PATIENCE_MS);
    assert_int_equal(bench.widened_count[CUSTOMER], 0);
    assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_REFUSED);
    assert_int_equal(say_from(0, 0x31, 0), MEDIA_PACKET_TAKEN);
    assert_int_equal(bench_heard_sound(AGENT, 0x66), 0);
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 2);
}

static void another_port_speaks_for_a_leg_whose_own_has_stayed_silent(void **state)
{
    an_agent_and_a_customer();
    bench_wait(PATIENCE_MS);
    assert_int_equal(bench.widened_count[CUSTOMER], 0); /* nobody has answered yet */
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, ROOM);
    bench_wait(PATIENCE_MS + 20);
    assert_int_equal(bench.widened_count[CUSTOMER], 1);
    assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_LATCHED);
    assert_int_equal(say_from(THIRD, 0x66, 0), MEDIA_PACKET_REFUSED);
    assert_int_equal(say_from(0, 0x66, 0), MEDIA_PACKET_REFUSED);
    assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_TAKEN);
    bench_wait(PATIENCE_MS);
    assert_int_equal(bench.widened_count[CUSTOMER], 1);
    assert_int_equal(bench_heard_sound(AGENT, 0x51), 2);
}

static void a_port_that_sent_before_the_leg_was_known_never_speaks_for_it(void **state)
{
    bench_leg(AGENT, MEDIA_PCMU);
    bench_answer(AGENT);
    bench_join(AGENT, ROOM);
    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, ROOM);
    assert_int_equal(say_from(ELSEWHERE, 0x66, 400 * MILLISECOND), MEDIA_PACKET_REFUSED);
    bench_wait(PATIENCE_MS + 20);
    assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_REFUSED);
    assert_int_equal(say_from(THIRD, 0x51, 0), MEDIA_PACKET_LATCHED);
    assert_int_equal(bench_heard_sound(AGENT, 0x66), 0);
}

static void the_same_address_again_changes_nothing_and_another_begins_anew(void **state)
{
    struct media_remote remote;
    struct mleg *mleg;

    an_agent_and_a_customer();
    mleg = bench.talkers[CUSTOMER].mleg;
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, ROOM);
    bench_wait(PATIENCE_MS + 20);
    assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_LATCHED);
    remote = bench_remote(CUSTOMER, MEDIA_PCMU);
    assert_true(media_core_has_remote(mleg, &remote));
    assert_true(media_core_leg_remote(bench.core, CUSTOMER, &remote, bench.now));
    assert_int_equal(say_from(ELSEWHERE, 0x51, 0), MEDIA_PACKET_TAKEN);
    ((struct sockaddr_in *)&remote.address)->sin_port = htons(THIRD);
    assert_false(media_core_has_remote(mleg, &remote));
    assert_true(media_core_leg_remote(bench.core, CUSTOMER, &remote, bench.now));
    assert_int_equal(say_from(ELSEWHERE, 0x66, 0), MEDIA_PACKET_REFUSED);
    assert_int_equal(say_from(THIRD, 0x52, 0), MEDIA_PACKET_LATCHED);
    assert_int_equal(bench_heard_sound(AGENT, 0x66), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(the_callers_of_an_engine_that_died_cannot_outrun_the_leg_s_own_telephone),
        bench_test(another_port_speaks_for_a_leg_whose_own_has_stayed_silent),
        bench_test(a_port_that_sent_before_the_leg_was_known_never_speaks_for_it),
        bench_test(the_same_address_again_changes_nothing_and_another_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
