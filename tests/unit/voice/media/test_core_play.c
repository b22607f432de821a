/* Plays, wait music, beeps, and keys in both directions. */
#include "core_bench.h"

#include <math.h>
#include <stdlib.h>

enum { AGENT = 1, CUSTOMER = 2, ROOM = 7, SOUND = 0x44 };

static struct media_play play_of(uint64_t id, size_t ms, unsigned loops, enum media_play_mode mode)
{
    struct media_play play = {.id = id, .loop_count = loops, .mode = mode};
    uint8_t *bytes = malloc(ms * 8);

    assert_non_null(bytes);
    memset(bytes, SOUND, ms * 8);
    play.audio = audio_new(bytes, ms * 8);
    free(bytes);
    return play;
}

static void leg_plays(uint64_t leg, uint64_t id, size_t ms, unsigned loops,
                      enum media_play_mode mode)
{
    struct media_play play = play_of(id, ms, loops, mode);

    media_core_play_leg(bench.core, leg, &play, bench.now);
    audio_unref(play.audio);
}

static void two_in_a_room(void)
{
    bench_leg(AGENT, MEDIA_PCMU);
    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_answer(CUSTOMER);
    bench_join(AGENT, ROOM);
    bench_join(CUSTOMER, ROOM);
    bench_say(AGENT, AUDIO_SILENCE);
    bench_say(CUSTOMER, AUDIO_SILENCE);
    bench_forget();
}

static void a_play_is_heard_to_its_end_and_the_end_is_told(void **state)
{
    struct media_event *ended;

    bench_leg(CUSTOMER, MEDIA_PCMU);
    leg_plays(CUSTOMER, 11, 200, 1, MEDIA_PLAY_REPLACE);
    bench_wait(500);
    assert_int_equal(bench_heard_sound(CUSTOMER, SOUND), 10);
    ended = bench_told(MEDIA_PLAY_ENDED);
    assert_int_equal(ended->leg, CUSTOMER);
    assert_int_equal(ended->play_id, 11);
    assert_int_equal(ended->end, MEDIA_PLAY_FINISHED);
    assert_int_equal(bench_told_count(MEDIA_PLAY_ENDED), 1);
}

static void a_play_repeats_as_often_as_ordered(void **state)
{
    bench_leg(CUSTOMER, MEDIA_PCMU);
    leg_plays(CUSTOMER, 11, 30, 4, MEDIA_PLAY_REPLACE); /* 30 ms: rounds meet inside frames */
    bench_wait(500);
    assert_int_equal(bench_heard_sound(CUSTOMER, SOUND), 6);
    assert_int_equal(bench_told(MEDIA_PLAY_ENDED)->end, MEDIA_PLAY_FINISHED);
}

static void an_endless_play_ends_when_stopped(void **state)
{
    bench_leg(CUSTOMER, MEDIA_PCMU);
    leg_plays(CUSTOMER, 11, 100, 0, MEDIA_PLAY_REPLACE);
    bench_wait(5000);
    assert_null(bench_told(MEDIA_PLAY_ENDED));
    media_core_stop_leg(bench.core, CUSTOMER, 12, bench.now); /* another's number */
    assert_null(bench_told(MEDIA_PLAY_ENDED));
    media_core_stop_leg(bench.core, CUSTOMER, 11, bench.now);
    assert_int_equal(bench_told(MEDIA_PLAY_ENDED)->end, MEDIA_PLAY_STOPPED);
    bench_forget();
    bench_wait(200);
    assert_int_equal(bench_heard_sound(CUSTOMER, SOUND), 0);
}

static void a_new_play_ends_the_one_before(void **state)
{
    bench_leg(CUSTOMER, MEDIA_PCMU);
    leg_plays(CUSTOMER, 11, 1000, 1, MEDIA_PLAY_REPLACE);
    bench_wait(100);
    leg_plays(CUSTOMER, 12, 100, 1, MEDIA_PLAY_REPLACE);
    assert_int_equal(bench_told(MEDIA_PLAY_ENDED)->play_id, 11);
    assert_int_equal(bench_told(MEDIA_PLAY_ENDED)->end, MEDIA_PLAY_REPLACED);
}

static void an_empty_audio_ends_at_once(void **state)
{
    bench_leg(CUSTOMER, MEDIA_PCMU);
    leg_plays(CUSTOMER, 11, 0, 0, MEDIA_PLAY_REPLACE);
    bench_wait(100);
    assert_int_equal(bench_told(MEDIA_PLAY_ENDED)->end, MEDIA_PLAY_FINISHED);
}

static void a_leg_that_closes_takes_its_play_with_it(void **state)
{
    bench_leg(CUSTOMER, MEDIA_PCMU);
    leg_plays(CUSTOMER, 11, 100, 0, MEDIA_PLAY_REPLACE);
    leg_plays(CUSTOMER, 12, 100, 0, MEDIA_PLAY_WHILE_ALONE);
    media_core_leg_send_digits(bench.core, CUSTOMER, "123", bench.now);
    media_core_leg_close(bench.core, CUSTOMER, bench.now);
    assert_int_equal(bench_told_count(MEDIA_PLAY_ENDED), 2);
    assert_int_equal(bench_told(MEDIA_PLAY_ENDED)->end, MEDIA_PLAY_GONE);
    assert_false(bench_told(MEDIA_DIGITS_SENT)->done);
    assert_int_equal(bench.events[bench.event_count - 1].kind, MEDIA_LEG_CLOSED);
}

static void a_replacing_play_hides_the_room_and_then_gives_it_back(void **state)
{
    two_in_a_room();
    leg_plays(CUSTOMER, 11, 200, 1, MEDIA_PLAY_REPLACE);
    for (int i = 0; i < 9; i++) {
        bench_wait(20);
        bench_say(AGENT, 0x21);
        bench_say(CUSTOMER, 0x31);
    }
    assert_int_equal(bench_heard_sound(CUSTOMER, 0x21), 0);
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 9); /* the other way is untouched */
    bench_wait(60);
    bench_say(AGENT, 0x21);
    assert_int_equal(bench_heard_sound(CUSTOMER, 0x21), 1);
}

static void a_play_over_the_talk_is_added_to_it(void **state)
{
    uint8_t both = g711_mulaw_encode(
        (int16_t)(g711_mulaw_decode(SOUND) + g711_mulaw_decode(g711_mulaw_encode(5000))));

    two_in_a_room();
    leg_plays(CUSTOMER, 11, 100, 1, MEDIA_PLAY_OVER);
    for (int i = 0; i < 10; i++) {
        bench_say(AGENT, g711_mulaw_encode(5000));
        bench_wait(20);
    }
    assert_int_equal(bench_heard_sound(CUSTOMER, both), 5);
    assert_int_equal(bench_heard_sound(CUSTOMER, g711_mulaw_encode(5000)), 5);
    assert_int_equal(bench_told(MEDIA_PLAY_ENDED)->play_id, 11);
}

static void a_play_over_silence_is_heard_as_well(void **state)
{
    bench_leg(CUSTOMER, MEDIA_PCMU);
    leg_plays(CUSTOMER, 11, 100, 1, MEDIA_PLAY_OVER);
    bench_wait(300);
    assert_int_equal(bench_heard_sound(CUSTOMER, SOUND), 5);
    assert_int_equal(bench_told(MEDIA_PLAY_ENDED)->end, MEDIA_PLAY_FINISHED);
}

static void an_announcement_to_the_room_is_heard_by_all_of_it_and_ends_once(void **state)
{
    struct media_play play = play_of(31, 200, 1, MEDIA_PLAY_OVER);

    two_in_a_room();
    media_core_play_room(bench.core, ROOM, &play, bench.now);
    audio_unref(play.audio);
    bench_wait(600);
    assert_in_range(bench_heard_sound(AGENT, SOUND), 8, 11);
    assert_in_range(bench_heard_sound(CUSTOMER, SOUND), 8, 11);
    assert_int_equal(bench_told_count(MEDIA_PLAY_ENDED), 1);
    assert_int_equal(bench_told(MEDIA_PLAY_ENDED)->room, ROOM);
    assert_int_equal(bench_told(MEDIA_PLAY_ENDED)->leg, 0);
}

static void an_announcement_to_no_room_is_gone(void **state)
{
    struct media_play play = play_of(31, 200, 1, MEDIA_PLAY_OVER);

    media_core_play_room(bench.core, 404, &play, bench.now);
    audio_unref(play.audio);
    assert_int_equal(bench_told(MEDIA_PLAY_ENDED)->end, MEDIA_PLAY_GONE);
}

static void wait_music_sounds_only_while_alone(void **state)
{
    bench_leg(AGENT, MEDIA_PCMU);
    bench_join(AGENT, ROOM);
    leg_plays(AGENT, 11, 10000, 0, MEDIA_PLAY_WHILE_ALONE);
    bench_wait(200);
    assert_in_range(bench_heard_sound(AGENT, SOUND), 9, 11);
    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_answer(CUSTOMER);
    bench_join(CUSTOMER, ROOM);
    bench_forget();
    bench_say(CUSTOMER, 0x31);
    assert_int_equal(bench_heard_sound(AGENT, 0x31), 1);
    bench_wait(300);
    assert_int_equal(bench_heard_sound(AGENT, SOUND), 0);
    media_core_room_leave(bench.core, CUSTOMER, false, bench.now);
    bench_wait(100);
    assert_in_range(bench_heard_sound(AGENT, SOUND), 4, 6);
    assert_null(bench_told(MEDIA_PLAY_ENDED));
}

static void a_beep_greets_who_comes_and_marks_who_goes(void **state)
{
    struct media_join join = {.beep = true};
    unsigned loud = 0;

    bench_leg(AGENT, MEDIA_PCMU);
    bench_join(AGENT, ROOM);
    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_forget();
    media_core_room_join(bench.core, CUSTOMER, ROOM, &join, bench.now);
    bench_wait(600);
    for (unsigned i = 0; i < bench.packet_count; i++)
        for (unsigned j = 0; j < 160; j += 40)
            loud += abs(g711_mulaw_decode(bench.packets[i].payload[j + 3])) > 1000;
    assert_true(loud > 20);
    assert_null(bench_told(MEDIA_PLAY_ENDED));
    bench_forget();
    media_core_room_leave(bench.core, CUSTOMER, true, bench.now);
    bench_wait(600);
    assert_true(bench_heard_count(AGENT) - bench_heard_sound(AGENT, AUDIO_SILENCE) > 8);
    assert_int_equal(bench_heard_count(CUSTOMER), bench_heard_sound(CUSTOMER, AUDIO_SILENCE));
}

static void the_hello_is_not_delayed_by_the_beep(void **state)
{
    struct media_join join = {.beep = true};

    bench_leg(AGENT, MEDIA_PCMU);
    bench_join(AGENT, ROOM);
    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_answer(CUSTOMER);
    media_core_room_join(bench.core, CUSTOMER, ROOM, &join, bench.now);
    bench_wait(7);
    bench_forget();
    bench_say(CUSTOMER, 0x31);
    assert_int_equal(bench_heard_count(AGENT), 1);
    assert_int_equal(bench_told(MEDIA_HELLO)->latency_us, 0);
}

/* ---- keys ---- */

static void key_packet(uint64_t leg, unsigned event, unsigned duration, bool end, bool first)
{
    struct bench_talker *talker = &bench.talkers[leg];
    uint8_t payload[4] = {(uint8_t)event, (uint8_t)(10 | (end ? 0x80 : 0)),
                          (uint8_t)(duration >> 8), (uint8_t)duration};
    struct media_packet packet = {.payload_type = 101,
                                  .marker = first,
                                  .sequence = talker->sequence++,
                                  .timestamp = talker->timestamp,
                                  .ssrc = talker->ssrc,
                                  .payload = payload,
                                  .payload_size = sizeof(payload)};

    assert_int_not_equal(bench_packet(leg, &packet), MEDIA_PACKET_REFUSED);
}

static void key_pressed(uint64_t leg, unsigned event, int ends)
{
    for (unsigned i = 1; i <= 5; i++) {
        key_packet(leg, event, 160 * i, false, i == 1);
        bench_wait(20);
    }
    for (int i = 0; i < ends; i++)
        key_packet(leg, event, 960, true, false);
    bench.talkers[leg].timestamp += 1600;
}

static void a_key_is_told_once_with_its_duration(void **state)
{
    bench_leg(CUSTOMER, MEDIA_PCMU);
    key_pressed(CUSTOMER, 5, 3);
    assert_int_equal(bench_told_count(MEDIA_DIGIT), 1);
    assert_int_equal(bench_told(MEDIA_DIGIT)->digit, '5');
    assert_int_equal(bench_told(MEDIA_DIGIT)->duration_ms, 120);
    key_pressed(CUSTOMER, 11, 3);
    assert_int_equal(bench_told_count(MEDIA_DIGIT), 2);
    assert_int_equal(bench.events[bench.event_count - 1].digit, '#');
}

static void a_key_whose_end_was_lost_is_told_all_the_same(void **state)
{
    bench_leg(CUSTOMER, MEDIA_PCMU);
    key_pressed(CUSTOMER, 7, 0);
    assert_null(bench_told(MEDIA_DIGIT));
    bench_wait(300);
    assert_int_equal(bench_told(MEDIA_DIGIT)->digit, '7');
    assert_int_equal(bench_told(MEDIA_DIGIT)->duration_ms, 100);
}

static void the_same_key_twice_is_two_keys(void **state)
{
    bench_leg(CUSTOMER, MEDIA_PCMU);
    key_pressed(CUSTOMER, 1, 3);
    key_pressed(CUSTOMER, 1, 0);
    key_pressed(CUSTOMER, 1, 3);
    bench_wait(300);
    assert_int_equal(bench_told_count(MEDIA_DIGIT), 3);
}

static void keys_are_not_heard_by_the_other_and_leave_no_hole_in_the_numbers(void **state)
{
    struct bench_packet *before, *after;

    two_in_a_room();
    bench_say(CUSTOMER, 0x31);
    key_packet(CUSTOMER, 1, 160, false, true);
    key_packet(CUSTOMER, 1, 320, true, false);
    bench_say(CUSTOMER, 0x32);
    assert_int_equal(bench_heard_count(AGENT), 2);
    before = bench_heard(AGENT, 0);
    after = bench_heard(AGENT, 1);
    assert_int_equal(after->packet.sequence, (uint16_t)(before->packet.sequence + 1));
}

static void digits_are_sent_as_events_of_100_ms_with_three_ends(void **state)
{
    unsigned tones = 0, ends = 0, gap;
    uint32_t stamp = 0;
    instant second_at = 0, first_end_at = 0;

    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_wait(100);
    bench_forget();
    media_core_leg_send_digits(bench.core, CUSTOMER, "7#", bench.now);
    bench_wait(1000);
    for (unsigned i = 0; i < bench.packet_count; i++) {
        const struct media_packet *packet = &bench.packets[i].packet;

        if (i > 0)
            assert_int_equal(packet->sequence,
                             (uint16_t)(bench.packets[i - 1].packet.sequence + 1));
        if (packet->payload_type != 101)
            continue;
        assert_int_equal(packet->payload_size, 4);
        if (bench.packets[i].payload[0] == 7) {
            assert_int_equal(packet->marker, tones == 0);
            if (tones++ == 0)
                stamp = packet->timestamp;
            assert_int_equal(packet->timestamp, stamp);
            if (bench.packets[i].payload[1] & 0x80) {
                ends++;
                first_end_at = first_end_at ? first_end_at : bench.packets[i].at;
                assert_int_equal(bench.packets[i].payload[2] << 8 | bench.packets[i].payload[3],
                                 800);
            }
        } else if (!second_at) {
            second_at = bench.packets[i].at;
            assert_int_equal(bench.packets[i].payload[0], 11);
            assert_true(packet->timestamp - stamp >= 1500);
        }
    }
    assert_int_equal(tones, 8);
    assert_int_equal(ends, 3);
    gap = (unsigned)((second_at - first_end_at) / MILLISECOND);
    assert_in_range(gap, 80, 120);
    assert_true(bench_told(MEDIA_DIGITS_SENT)->done);
    assert_int_equal(bench_told_count(MEDIA_DIGITS_SENT), 1);
}

static void a_pause_among_digits_takes_its_time(void **state)
{
    bench_leg(CUSTOMER, MEDIA_PCMU);
    media_core_leg_send_digits(bench.core, CUSTOMER, "1wW2", bench.now);
    bench_wait(1850);
    assert_null(bench_told(MEDIA_DIGITS_SENT));
    bench_wait(150);
    assert_true(bench_told(MEDIA_DIGITS_SENT)->done);
    assert_true(bench_heard_sound(CUSTOMER, AUDIO_SILENCE) > 70);
}

static void while_digits_are_sent_the_room_is_not(void **state)
{
    two_in_a_room();
    media_core_leg_send_digits(bench.core, CUSTOMER, "1", bench.now);
    bench_wait(40);
    bench_say(AGENT, 0x21);
    assert_int_equal(bench_heard_sound(CUSTOMER, 0x21), 0);
    bench_wait(300);
    bench_say(AGENT, 0x22);
    assert_int_equal(bench_heard_sound(CUSTOMER, 0x22), 1);
}

/* The level of one frequency in what the leg heard. */
static double heard_level(uint64_t leg, double hz)
{
    double x = 0, y = 0;
    unsigned count = 0;

    for (unsigned i = 0; i < bench_heard_count(leg); i++) {
        for (unsigned j = 0; j < 160; j++, count++) {
            double sample = g711_mulaw_decode(bench_heard(leg, i)->payload[j]);

            x += sample * cos(2 * M_PI * hz * count / 8000);
            y += sample * sin(2 * M_PI * hz * count / 8000);
        }
    }
    return 2 * sqrt(x * x + y * y) / count;
}

static void a_leg_without_telephone_events_hears_the_tones(void **state)
{
    struct media_remote remote;

    bench_leg(CUSTOMER, MEDIA_PCMU);
    remote = bench_remote(CUSTOMER, MEDIA_PCMU);
    remote.dtmf_payload_type = MEDIA_NO_DTMF;
    media_core_leg_remote(bench.core, CUSTOMER, &remote, bench.now, bench.now);
    bench_forget();
    media_core_leg_send_digits(bench.core, CUSTOMER, "1", bench.now);
    bench_wait(100);
    assert_true(heard_level(CUSTOMER, 697) > 5500);
    assert_true(heard_level(CUSTOMER, 1209) > 5500);
    assert_true(heard_level(CUSTOMER, 852) < 500);
    bench_wait(200);
    assert_true(bench_told(MEDIA_DIGITS_SENT)->done);
}

static void a_leg_that_may_not_receive_says_that_it_cannot(void **state)
{
    struct media_remote remote;

    bench_leg(CUSTOMER, MEDIA_PCMU);
    remote = bench_remote(CUSTOMER, MEDIA_PCMU);
    remote.receives = false;
    media_core_leg_remote(bench.core, CUSTOMER, &remote, bench.now, bench.now);
    media_core_leg_send_digits(bench.core, CUSTOMER, "1", bench.now);
    bench_wait(50);
    assert_false(bench_told(MEDIA_DIGITS_SENT)->done);
}

/* ---- silence of a leg, figures ---- */

static void a_leg_that_falls_silent_is_told_once_and_again_when_heard(void **state)
{
    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_answer(CUSTOMER);
    bench_say(CUSTOMER, 1);
    assert_non_null(bench_told(MEDIA_FIRST_PACKET));
    bench_wait(9900);
    assert_null(bench_told(MEDIA_LEG_SILENT));
    bench_forget();
    bench_wait(5000);
    assert_int_equal(bench_told_count(MEDIA_LEG_SILENT), 1);
    bench_say(CUSTOMER, 2);
    assert_int_equal(bench_told_count(MEDIA_LEG_HEARD), 1);
}

static void a_leg_on_hold_at_its_own_end_is_not_called_silent(void **state)
{
    struct media_remote remote;

    bench_leg(CUSTOMER, MEDIA_PCMU);
    bench_answer(CUSTOMER);
    remote = bench_remote(CUSTOMER, MEDIA_PCMU);
    remote.sends = false;
    media_core_leg_remote(bench.core, CUSTOMER, &remote, bench.now, bench.now);
    bench_wait(30000);
    assert_null(bench_told(MEDIA_LEG_SILENT));
}

static void the_figures_of_a_leg_come_with_its_end(void **state)
{
    struct media_event *closed;

    two_in_a_room();
    for (int i = 0; i < 10; i++) {
        bench_wait(20);
        bench_say(CUSTOMER, 1);
        if (i == 4)
            bench.talkers[CUSTOMER].sequence = (uint16_t)(bench.talkers[CUSTOMER].sequence + 2);
    }
    media_core_leg_close(bench.core, CUSTOMER, bench.now);
    closed = bench_told(MEDIA_LEG_CLOSED);
    assert_int_equal(closed->stats.packets_in, 11);
    assert_int_equal(closed->stats.bytes_in, 11 * 160);
    assert_int_equal(closed->stats.lost_in, 2);
    assert_int_equal(closed->stats.last_in_at, bench.now);
    assert_true(closed->stats.packets_out >= 9);
}

static void what_is_no_rtp_of_this_call_is_counted_and_dropped(void **state)
{
    struct mleg *mleg;
    uint8_t bytes[PACKET_HEADER_SIZE + 160] = {0x80, 0};
    struct sockaddr_in from;

    two_in_a_room();
    mleg = bench.talkers[CUSTOMER].mleg;
    from = bench.address[CUSTOMER];
    bytes[0] = 0x40; /* version 1 */
    assert_int_equal(media_core_packet(bench.core, mleg, (struct sockaddr *)&from, bytes,
                                       sizeof(bytes), bench.now, bench.now),
                     MEDIA_PACKET_REFUSED);
    bytes[0] = 0x80;
    bytes[1] = 96; /* a payload type nobody spoke of */
    assert_int_equal(media_core_packet(bench.core, mleg, (struct sockaddr *)&from, bytes,
                                       sizeof(bytes), bench.now, bench.now),
                     MEDIA_PACKET_REFUSED);
    bytes[1] = 0;
    from.sin_addr.s_addr = htonl(0x0a0000ff);
    assert_int_equal(media_core_packet(bench.core, mleg, (struct sockaddr *)&from, bytes,
                                       sizeof(bytes), bench.now, bench.now),
                     MEDIA_PACKET_REFUSED);
    from = bench.address[CUSTOMER];
    from.sin_port = htons(7777); /* its port is fixed by now */
    assert_int_equal(media_core_packet(bench.core, mleg, (struct sockaddr *)&from, bytes,
                                       sizeof(bytes), bench.now, bench.now),
                     MEDIA_PACKET_REFUSED);
    assert_int_equal(bench_heard_count(AGENT), 0);
    media_core_leg_close(bench.core, CUSTOMER, bench.now);
    assert_int_equal(bench_told(MEDIA_LEG_CLOSED)->stats.refused_in, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(a_play_is_heard_to_its_end_and_the_end_is_told),
        bench_test(a_play_repeats_as_often_as_ordered),
        bench_test(an_endless_play_ends_when_stopped),
        bench_test(a_new_play_ends_the_one_before),
        bench_test(an_empty_audio_ends_at_once),
        bench_test(a_leg_that_closes_takes_its_play_with_it),
        bench_test(a_replacing_play_hides_the_room_and_then_gives_it_back),
        bench_test(a_play_over_the_talk_is_added_to_it),
        bench_test(a_play_over_silence_is_heard_as_well),
        bench_test(an_announcement_to_the_room_is_heard_by_all_of_it_and_ends_once),
        bench_test(an_announcement_to_no_room_is_gone),
        bench_test(wait_music_sounds_only_while_alone),
        bench_test(a_beep_greets_who_comes_and_marks_who_goes),
        bench_test(the_hello_is_not_delayed_by_the_beep),
        bench_test(a_key_is_told_once_with_its_duration),
        bench_test(a_key_whose_end_was_lost_is_told_all_the_same),
        bench_test(the_same_key_twice_is_two_keys),
        bench_test(keys_are_not_heard_by_the_other_and_leave_no_hole_in_the_numbers),
        bench_test(digits_are_sent_as_events_of_100_ms_with_three_ends),
        bench_test(a_pause_among_digits_takes_its_time),
        bench_test(while_digits_are_sent_the_room_is_not),
        bench_test(a_leg_without_telephone_events_hears_the_tones),
        bench_test(a_leg_that_may_not_receive_says_that_it_cannot),
        bench_test(a_leg_that_falls_silent_is_told_once_and_again_when_heard),
        bench_test(a_leg_on_hold_at_its_own_end_is_not_called_silent),
        bench_test(the_figures_of_a_leg_come_with_its_end),
        bench_test(what_is_no_rtp_of_this_call_is_counted_and_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
