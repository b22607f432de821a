/* Two people in a room: what one says the other hears at once, numbers and losses intact. */
#include "core_bench.h"

enum { AGENT = 1, CUSTOMER = 2, ROOM = 7 };

static void two_talk(enum media_codec agent, enum media_codec customer)
{
    bench_leg(AGENT, agent);
    bench_leg(CUSTOMER, customer);
    bench_answer(AGENT);
    bench_answer(CUSTOMER);
    bench_join(AGENT, ROOM);
    bench_join(CUSTOMER, ROOM);
    bench_forget();
}

static void what_one_says_the_other_hears_the_moment_it_arrives(void **state)
{
    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench_wait(3);
    bench_forget();
    bench_say(CUSTOMER, 0x11);
    assert_int_equal(bench_heard_count(AGENT), 1);
    assert_int_equal(bench_heard(AGENT, 0)->payload[0], 0x11);
    assert_int_equal(bench_heard(AGENT, 0)->packet.payload_size, 160);
    assert_int_equal(bench_heard_count(CUSTOMER), 0);
    bench_say(AGENT, 0x22);
    assert_int_equal(bench_heard(CUSTOMER, 0)->payload[0], 0x22);
}

static void the_first_packet_of_a_talker_is_marked_and_the_next_are_not(void **state)
{
    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench_wait(60);
    bench_forget();
    bench_say(CUSTOMER, 1);
    bench_wait(20);
    bench_say(CUSTOMER, 2);
    assert_true(bench_heard(AGENT, 0)->packet.marker);
    assert_false(bench_heard(AGENT, 1)->packet.marker);
}

static void the_stream_goes_on_in_one_line_from_silence_to_a_talker(void **state)
{
    struct bench_packet *silence, *speech;

    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench_wait(100);
    silence = bench_heard(AGENT, bench_heard_count(AGENT) - 1);
    bench_say(CUSTOMER, 0x11);
    speech = bench_heard(AGENT, bench_heard_count(AGENT) - 1);
    assert_int_equal(silence->payload[0], AUDIO_SILENCE);
    assert_int_equal(speech->payload[0], 0x11);
    assert_int_equal(speech->packet.ssrc, silence->packet.ssrc);
    assert_int_equal(speech->packet.sequence, (uint16_t)(silence->packet.sequence + 1));
    assert_int_equal(speech->packet.timestamp, silence->packet.timestamp + 160);
}

static void a_lost_packet_leaves_its_gap_in_the_numbers(void **state)
{
    struct bench_packet *before, *after;

    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench_say(CUSTOMER, 1);
    bench_wait(20);
    bench.talkers[CUSTOMER].sequence++; /* the network ate one */
    bench.talkers[CUSTOMER].timestamp += 160;
    bench_wait(20);
    bench_say(CUSTOMER, 3);
    assert_int_equal(bench_heard_count(AGENT), 2);
    before = bench_heard(AGENT, 0);
    after = bench_heard(AGENT, 1);
    assert_int_equal(after->packet.sequence, (uint16_t)(before->packet.sequence + 2));
    assert_int_equal(after->packet.timestamp, before->packet.timestamp + 320);
}

/* The first word of a caller whose network holds its breath: silence fills the hole, then every
 * packet that was held comes, in order, on one unbroken line. */
static void what_a_stalled_talker_sends_in_a_burst_is_all_passed_on(void **state)
{
    struct bench_packet *last = NULL;
    uint8_t wanted = 1;

    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench_say(CUSTOMER, 1);
    bench_wait(20);
    bench_say(CUSTOMER, 2);
    bench_wait(120);
    for (uint8_t sound = 3; sound < 8; sound++)
        bench_say(CUSTOMER, sound);
    bench_wait(20);
    bench_say(CUSTOMER, 8);
    for (unsigned i = 0; i < bench_heard_count(AGENT); i++) {
        struct bench_packet *packet = bench_heard(AGENT, i);

        if (last) {
            assert_int_equal(packet->packet.sequence, (uint16_t)(last->packet.sequence + 1));
            assert_true((int32_t)(packet->packet.timestamp - last->packet.timestamp) >= 160);
        }
        last = packet;
        if (packet->payload[0] == wanted)
            wanted++;
    }
    assert_int_equal(wanted, 9);
}

static void swapped_packets_stay_swapped(void **state)
{
    struct bench_talker *talker = &bench.talkers[CUSTOMER];
    struct bench_packet *first, *third, *second;

    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench_say(CUSTOMER, 1);
    talker->sequence++;
    talker->timestamp += 160;
    bench_say(CUSTOMER, 3);
    talker->sequence = (uint16_t)(talker->sequence - 2);
    talker->timestamp -= 320;
    bench_say(CUSTOMER, 2);
    first = bench_heard(AGENT, 0);
    third = bench_heard(AGENT, 1);
    second = bench_heard(AGENT, 2);
    assert_int_equal(third->packet.sequence, (uint16_t)(first->packet.sequence + 2));
    assert_int_equal(second->packet.sequence, (uint16_t)(first->packet.sequence + 1));
    assert_int_equal(second->packet.timestamp, first->packet.timestamp + 160);
    assert_int_equal(second->payload[0], 2);
}

static void a_straggler_from_before_the_switch_is_not_sent(void **state)
{
    struct bench_talker *talker = &bench.talkers[CUSTOMER];

    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench_say(CUSTOMER, 1);
    talker->sequence = (uint16_t)(talker->sequence - 2);
    bench_say(CUSTOMER, 9);
    assert_int_equal(bench_heard_count(AGENT), 1);
}

static void a_switch_between_two_talkers_is_continuous(void **state)
{
    struct bench_packet *before, *after;
    uint64_t other = 3;

    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench_leg(other, MEDIA_PCMU);
    for (int i = 0; i < 5; i++) {
        bench_say(CUSTOMER, 0x11);
        bench_wait(20);
    }
    media_core_room_leave(bench.core, CUSTOMER, false, bench.now);
    bench_join(other, ROOM);
    bench_say(other, 0x33);
    assert_int_equal(bench_heard_count(AGENT), 6);
    before = bench_heard(AGENT, 4);
    after = bench_heard(AGENT, 5);
    assert_int_equal(after->payload[0], 0x33);
    assert_int_equal(after->packet.sequence, (uint16_t)(before->packet.sequence + 1));
    assert_int_equal(after->packet.timestamp, before->packet.timestamp + 160);
    assert_int_equal(after->packet.ssrc, before->packet.ssrc);
    assert_true(after->packet.marker);
}

static void a_new_ssrc_of_the_talker_does_not_show(void **state)
{
    struct bench_talker *talker = &bench.talkers[CUSTOMER];
    struct bench_packet *before, *after;

    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench_say(CUSTOMER, 1);
    bench_wait(20);
    talker->ssrc = 0x77777777;
    talker->sequence = 40000;
    talker->timestamp = 5;
    bench_say(CUSTOMER, 2);
    before = bench_heard(AGENT, 0);
    after = bench_heard(AGENT, 1);
    assert_int_equal(after->packet.ssrc, before->packet.ssrc);
    assert_int_equal(after->packet.sequence, (uint16_t)(before->packet.sequence + 1));
    assert_int_equal(after->packet.timestamp, before->packet.timestamp + 160);
}

static void a_long_call_passes_the_end_of_the_numbers(void **state)
{
    struct bench_packet *before = NULL;

    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench.talkers[CUSTOMER].timestamp = UINT32_MAX - 80000;
    for (int i = 0; i < 70000; i++) {
        bench_forget();
        bench_say(CUSTOMER, 5);
        assert_int_equal(bench_heard_count(AGENT), 1);
        if (i > 0)
            assert_int_equal(bench_heard(AGENT, 0)->packet.marker, 0);
        before = bench_heard(AGENT, 0);
        bench.now += 20 * MILLISECOND;
    }
    assert_non_null(before);
}

static void a_law_and_mu_law_understand_each_other(void **state)
{
    int16_t said, heard;

    two_talk(MEDIA_PCMU, MEDIA_PCMA);
    bench_say(CUSTOMER, g711_alaw_encode(8000));
    assert_int_equal(bench_heard(AGENT, 0)->packet.payload_type, 0);
    said = 8000;
    heard = g711_mulaw_decode(bench_heard(AGENT, 0)->payload[7]);
    assert_in_range(heard, said - 400, said + 400);
    bench_say(AGENT, g711_mulaw_encode(-3000));
    assert_int_equal(bench_heard(CUSTOMER, 0)->packet.payload_type, 8);
    assert_in_range(-g711_alaw_decode(bench_heard(CUSTOMER, 0)->payload[7]), 2850, 3150);
}

static void between_two_a_law_legs_the_bytes_are_not_touched(void **state)
{
    two_talk(MEDIA_PCMA, MEDIA_PCMA);
    bench_say(CUSTOMER, 0x93);
    assert_int_equal(bench_heard(AGENT, 0)->payload[0], 0x93);
    assert_int_equal(bench_heard(AGENT, 0)->packet.payload_type, 8);
}

static void a_leg_that_waits_hears_silence_without_a_gap(void **state)
{
    bench_leg(AGENT, MEDIA_PCMU);
    bench_join(AGENT, ROOM);
    bench_forget();
    bench_wait(1000);
    assert_in_range(bench_heard_count(AGENT), 49, 51);
    for (unsigned i = 1; i < bench_heard_count(AGENT); i++) {
        struct bench_packet *before = bench_heard(AGENT, i - 1), *after = bench_heard(AGENT, i);

        assert_int_equal(after->payload[0], AUDIO_SILENCE);
        assert_int_equal(after->at - before->at, 20 * MILLISECOND);
        assert_int_equal(after->packet.sequence, (uint16_t)(before->packet.sequence + 1));
        assert_int_equal(after->packet.timestamp, before->packet.timestamp + 160);
    }
}

static void silence_fills_in_when_the_talker_stops_but_not_at_once(void **state)
{
    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    for (int i = 0; i < 3; i++) {
        bench_say(CUSTOMER, 0x11);
        bench_wait(20);
    }
    bench_forget();
    bench_wait(20);
    assert_int_equal(bench_heard_count(AGENT), 0); /* 40 ms after the last: might yet come */
    bench_wait(200);
    assert_in_range(bench_heard_sound(AGENT, AUDIO_SILENCE), 9, 11);
}

static void an_agent_to_whom_nobody_listens_sends_into_nothing(void **state)
{
    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    media_core_leg_mute(bench.core, AGENT, true, bench.now);
    bench_say(AGENT, 0x22);
    assert_int_equal(bench_heard_sound(CUSTOMER, 0x22), 0);
    media_core_leg_mute(bench.core, AGENT, false, bench.now);
    bench_say(AGENT, 0x22);
    assert_int_equal(bench_heard_sound(CUSTOMER, 0x22), 1);
}

static void two_rooms_do_not_hear_each_other(void **state)
{
    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench_leg(3, MEDIA_PCMU);
    bench_leg(4, MEDIA_PCMU);
    bench_join(3, 8);
    bench_join(4, 8);
    bench_say(CUSTOMER, 0x11);
    bench_say(3, 0x33);
    assert_int_equal(bench_heard_sound(AGENT, 0x11), 1);
    assert_int_equal(bench_heard_sound(AGENT, 0x33), 0);
    assert_int_equal(bench_heard_sound(4, 0x33), 1);
    assert_int_equal(bench_heard_sound(4, 0x11), 0);
}

static void a_room_that_ends_leaves_its_legs_outside_with_silence(void **state)
{
    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    bench_say(CUSTOMER, 0x11);
    media_core_room_close(bench.core, ROOM, bench.now);
    bench_forget();
    bench_say(CUSTOMER, 0x11);
    bench_wait(100);
    assert_int_equal(bench_heard_sound(AGENT, 0x11), 0);
    assert_in_range(bench_heard_sound(AGENT, AUDIO_SILENCE), 4, 6);
}

static void a_leg_that_may_not_receive_is_sent_nothing(void **state)
{
    struct media_remote remote;

    two_talk(MEDIA_PCMU, MEDIA_PCMU);
    remote = bench_remote(AGENT, MEDIA_PCMU);
    remote.receives = false;
    media_core_leg_remote(bench.core, AGENT, &remote, bench.now, bench.now);
    bench_say(CUSTOMER, 0x11);
    bench_wait(100);
    assert_int_equal(bench_heard_count(AGENT), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(what_one_says_the_other_hears_the_moment_it_arrives),
        bench_test(the_first_packet_of_a_talker_is_marked_and_the_next_are_not),
        bench_test(the_stream_goes_on_in_one_line_from_silence_to_a_talker),
        bench_test(a_lost_packet_leaves_its_gap_in_the_numbers),
        bench_test(what_a_stalled_talker_sends_in_a_burst_is_all_passed_on),
        bench_test(swapped_packets_stay_swapped),
        bench_test(a_straggler_from_before_the_switch_is_not_sent),
        bench_test(a_switch_between_two_talkers_is_continuous),
        bench_test(a_new_ssrc_of_the_talker_does_not_show),
        bench_test(a_long_call_passes_the_end_of_the_numbers),
        bench_test(a_law_and_mu_law_understand_each_other),
        bench_test(between_two_a_law_legs_the_bytes_are_not_touched),
        bench_test(a_leg_that_waits_hears_silence_without_a_gap),
        bench_test(silence_fills_in_when_the_talker_stops_but_not_at_once),
        bench_test(an_agent_to_whom_nobody_listens_sends_into_nothing),
        bench_test(two_rooms_do_not_hear_each_other),
        bench_test(a_room_that_ends_leaves_its_legs_outside_with_silence),
        bench_test(a_leg_that_may_not_receive_is_sent_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
