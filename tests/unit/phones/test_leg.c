#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "phones/leg.h"

enum { TOLD_MAX = 256 };

/* A person's leg and the leg that hears it; what travels between can be lost, bent or held back. */
struct line {
    struct leg person, listener;
    struct rtp_event told[TOLD_MAX]; /* by the listener */
    size_t told_count;
    struct rtp_event own[TOLD_MAX];
    size_t own_count;
    struct sound sound;
    instant now;
};

static void listener_tells(void *arg, const struct rtp_event *event)
{
    struct line *line = arg;

    assert_true(line->told_count < TOLD_MAX);
    line->told[line->told_count++] = *event;
}

static void person_tells(void *arg, const struct rtp_event *event)
{
    struct line *line = arg;

    assert_true(line->own_count < TOLD_MAX);
    line->own[line->own_count++] = *event;
}

static void begin(struct line *line, uint8_t payload_type)
{
    struct rtp_order person = {.call = 7, .kind = SPEAKER_PERSON, .id = 7};
    struct rtp_order robot = {.call = 1, .kind = SPEAKER_ROBOT, .id = 3};
    struct rtp_remote remote = {.payload_type = payload_type, .digits_type = 101, .send = true};
    int16_t raw[8000];

    memset(line, 0, sizeof(*line));
    leg_init(&line->person, &person, 1, person_tells, line);
    leg_init(&line->listener, &robot, 2, listener_tells, line);
    leg_remote(&line->person, &remote);
    leg_remote(&line->listener, &remote);
    for (size_t i = 0; i < 8000; i++)
        raw[i] = (int16_t)(8000 * sin((double)i / 5) * (1 + sin((double)i / 300)) / 2 + 300);
    assert_int_equal(voices_prepare(&line->sound, raw, 8000), 0);
    line->now = 1000 * SECOND;
}

static void finish(struct line *line)
{
    free(line->sound.samples);
}

/* 20 ms: a packet from the person, not heard when `lost`. Returns its size. */
static size_t step(struct line *line, bool lost)
{
    uint8_t packet[LEG_PACKET_SIZE_MAX];
    size_t size = leg_write(&line->person, line->now, packet);

    if (size && !lost)
        leg_read(&line->listener, line->now + 3 * MILLISECOND, packet, size);
    leg_listen(&line->listener, line->now);
    line->now += 20 * MILLISECOND;
    return size;
}

static void steps(struct line *line, int count)
{
    while (count--)
        step(line, false);
}

static const struct rtp_event *told(const struct line *line, enum rtp_event_kind kind)
{
    for (size_t i = 0; i < line->told_count; i++) {
        if (line->told[i].kind == kind)
            return &line->told[i];
    }
    return NULL;
}

static void the_listener_knows_who_spoke_and_when_the_first_word_came(void **state)
{
    static const uint8_t TYPES[] = {0, 8};

    for (size_t i = 0; i < array_count(TYPES); i++) {
        struct line line;
        instant word_at;

        begin(&line, TYPES[i]);
        steps(&line, 20);
        assert_int_equal(line.told_count, 0); /* the hiss of a room is not speech */
        leg_say(&line.person, &line.sound, true);
        word_at = line.now;
        steps(&line, 60);
        assert_int_equal(line.own[0].kind, RTP_FIRST_WORD);
        assert_int_equal(line.own[0].at, word_at);
        assert_int_equal(told(&line, RTP_SPEECH)->at, word_at + 3 * MILLISECOND);
        assert_int_equal(told(&line, RTP_HEARD)->heard.id, 7);
        assert_true(told(&line, RTP_HEARD)->heard.first_word);
        assert_int_equal(told(&line, RTP_HEARD)->heard.word_at, word_at + 3 * MILLISECOND);
        assert_int_equal(told(&line, RTP_HEARD)->heard.cut_ms, 0);
        steps(&line, 60);
        assert_int_equal(line.own[1].kind, RTP_SAID);
        assert_non_null(told(&line, RTP_QUIET));
        assert_int_equal(line.told_count, 3); /* each of them once */
        assert_int_equal(line.listener.stats.received, 140);
        assert_int_equal(line.listener.stats.lost, 0);
        finish(&line);
    }
}

static void a_missing_beginning_is_noticed(void **state)
{
    struct line line;

    begin(&line, 0);
    steps(&line, 20);
    leg_say(&line.person, &line.sound, true);
    for (int i = 0; i < 6; i++)
        step(&line, true);
    steps(&line, 60);
    assert_int_equal(told(&line, RTP_HEARD)->heard.cut_ms, 120);
    assert_int_equal(line.listener.stats.lost, 6);
    finish(&line);
}

static void who_joins_in_the_middle_of_a_word_knows_what_was_missed(void **state)
{
    struct line line;

    begin(&line, 0);
    leg_say(&line.person, &line.sound, true);
    for (int i = 0; i < 4; i++)
        step(&line, true);
    steps(&line, 60); /* the listener's stream begins here */
    assert_int_equal(told(&line, RTP_HEARD)->heard.cut_ms, 80);
    finish(&line);
}

static void what_was_said_before_is_not_the_first_word(void **state)
{
    struct line line;

    begin(&line, 0);
    leg_say(&line.person, &line.sound, true);
    for (int i = 0; i < 80; i++)
        step(&line, true);
    leg_say(&line.person, &line.sound, false);
    steps(&line, 60);
    assert_int_equal(told(&line, RTP_HEARD)->heard.id, 7);
    assert_false(told(&line, RTP_HEARD)->heard.first_word);
    finish(&line);
}

/* What an engine does: another source, number and time of packets, at a switch between two calls. */
static void rewrite(uint8_t *packet, uint32_t ssrc, uint16_t sequence, uint32_t timestamp)
{
    packet[2] = (uint8_t)(sequence >> 8);
    packet[3] = (uint8_t)sequence;
    for (int i = 0; i < 4; i++) {
        packet[4 + i] = (uint8_t)(timestamp >> (24 - 8 * i));
        packet[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    }
}

static void a_jump_of_time_stamps_costs_no_first_word(void **state)
{
    struct line line;
    uint8_t packet[LEG_PACKET_SIZE_MAX];
    uint32_t timestamp = 5000;
    uint16_t sequence = 65530;

    begin(&line, 0);
    for (int i = 0; i < 100; i++) {
        size_t size;

        if (i == 30) {
            leg_say(&line.person, &line.sound, true);
            timestamp += 4000000; /* forward, backward, or a little: nothing must depend on it */
        }
        size = leg_write(&line.person, line.now, packet);
        rewrite(packet, 99, sequence++, timestamp);
        timestamp += 160;
        leg_read(&line.listener, line.now, packet, size);
        line.now += 20 * MILLISECOND;
    }
    assert_int_equal(told(&line, RTP_HEARD)->heard.id, 7);
    assert_int_equal(told(&line, RTP_HEARD)->heard.cut_ms, 0);
    assert_int_equal(line.listener.stats.lost, 0);
    assert_int_equal(line.listener.stats.late, 0);
    finish(&line);
}

static void digits_are_sent_and_heard_once_each(void **state)
{
    struct line line;
    char heard[16] = "";

    begin(&line, 0);
    steps(&line, 5);
    leg_press(&line.person, "11w#A0");
    for (int i = 0; i < 120; i++)
        step(&line, i % 4 == 1); /* a quarter of the packets is lost */
    for (size_t i = 0; i < line.told_count; i++) {
        if (line.told[i].kind == RTP_DIGIT)
            heard[strlen(heard)] = line.told[i].digit;
    }
    assert_string_equal(heard, "11#A0");
    assert_int_equal(line.own[0].kind, RTP_PRESSED);
    assert_int_equal(line.own_count, 1);
    finish(&line);
}

static void late_and_doubled_packets_are_counted_and_thrown_away(void **state)
{
    struct line line;
    uint8_t one[LEG_PACKET_SIZE_MAX], two[LEG_PACKET_SIZE_MAX];
    size_t size;

    begin(&line, 0);
    steps(&line, 3);
    size = leg_write(&line.person, line.now, one);
    leg_write(&line.person, line.now, two);
    leg_read(&line.listener, line.now, two, size);
    assert_int_equal(line.listener.stats.lost, 1);
    leg_read(&line.listener, line.now, one, size);
    leg_read(&line.listener, line.now, two, size);
    assert_int_equal(line.listener.stats.lost, 0);
    assert_int_equal(line.listener.stats.late, 2);
    assert_int_equal(line.listener.stats.received, 6);
    finish(&line);
}

static void what_is_no_rtp_is_thrown_away(void **state)
{
    struct line line;
    struct rng rng = rng_from_seed(9);

    begin(&line, 0);
    for (int i = 0; i < 20000; i++) {
        uint8_t packet[64];
        size_t size = (size_t)rng_below(&rng, sizeof(packet) + 1);

        for (size_t n = 0; n < size; n++)
            packet[n] = (uint8_t)rng_next(&rng);
        if (size && rng_chance(&rng, 0.5))
            packet[0] = (uint8_t)(0x80 | (packet[0] & 0x3F));
        leg_read(&line.listener, line.now, packet, size);
        line.told_count = 0;
    }
    assert_true(line.listener.stats.malformed > 10000);
    finish(&line);
}

static void a_dead_line_is_noticed_once_and_not_while_held(void **state)
{
    struct line line;
    struct rtp_remote held = {.payload_type = 0}, back = {.payload_type = 0, .send = true};

    begin(&line, 0);
    for (int i = 0; i < 1000; i++)
        step(&line, true);
    assert_null(told(&line, RTP_LOST)); /* nothing ever came: that proves nothing */
    step(&line, false);
    leg_remote(&line.listener, &held);
    for (int i = 0; i < 1000; i++)
        step(&line, true);
    assert_null(told(&line, RTP_LOST));
    leg_remote(&line.listener, &back);
    for (int i = 0; i < 499; i++)
        step(&line, true);
    assert_null(told(&line, RTP_LOST));
    for (int i = 0; i < 1000; i++)
        step(&line, true);
    assert_non_null(told(&line, RTP_LOST));
    assert_int_equal(line.told_count, 1);
    finish(&line);
}

static void nothing_is_sent_while_held(void **state)
{
    struct line line;
    struct rtp_remote held = {.payload_type = 0};

    begin(&line, 0);
    assert_true(step(&line, false) > 0);
    leg_remote(&line.person, &held);
    assert_int_equal(step(&line, false), 0);
    assert_int_equal(line.person.stats.sent, 1);
    finish(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_listener_knows_who_spoke_and_when_the_first_word_came),
        cmocka_unit_test(a_missing_beginning_is_noticed),
        cmocka_unit_test(who_joins_in_the_middle_of_a_word_knows_what_was_missed),
        cmocka_unit_test(what_was_said_before_is_not_the_first_word),
        cmocka_unit_test(a_jump_of_time_stamps_costs_no_first_word),
        cmocka_unit_test(digits_are_sent_and_heard_once_each),
        cmocka_unit_test(late_and_doubled_packets_are_counted_and_thrown_away),
        cmocka_unit_test(what_is_no_rtp_is_thrown_away),
        cmocka_unit_test(a_dead_line_is_noticed_once_and_not_while_held),
        cmocka_unit_test(nothing_is_sent_while_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
