#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "phones/symbols.h"
#include "phones/voices.h"
#include "wire/g711.h"

enum { FRAMES = 6, SAMPLES = FRAMES * FRAME_SAMPLES };

/* Something like a voice: harmonics of a gliding pitch, in syllables, with some breath. */
static void speak(int16_t *samples, size_t count, uint64_t seed, double pitch, int peak)
{
    struct rng rng = rng_from_seed(seed);
    int16_t raw[SAMPLES];
    struct sound sound;
    double phase = 0;

    for (size_t n = 0; n < count; n++) {
        double t = (double)n / 8000, voice = 0, syllable = 0.5 + 0.5 * sin(2 * M_PI * 4 * t);

        phase += 2 * M_PI * (pitch + 20 * sin(3 * t)) / 8000;
        for (int k = 1; k < 20; k++)
            voice += sin(k * phase) / k;
        voice += rng_normal(&rng, 0, 0.3);
        raw[n] = (int16_t)(6000 * syllable * voice / 3 + 300);
    }
    assert_int_equal(voices_prepare(&sound, raw, count), 0);
    for (size_t n = 0; n < count; n++)
        samples[n] = (int16_t)(sound.samples[n] * peak / 9000);
    free(sound.samples);
}

static void sign(int16_t *samples, size_t count, enum speaker_kind kind, uint32_t id,
                 bool first_word)
{
    struct symbol_writer writer;

    symbol_writer_init(&writer, kind, id);
    symbol_writer_begin(&writer, first_word);
    for (size_t at = 0; at + SYMBOL_SAMPLES <= count; at += SYMBOL_SAMPLES)
        symbol_writer_mix(&writer, samples + at);
}

struct reading {
    struct symbol_found found[64];
    size_t count;
};

/* Reads samples that begin `offset` samples into the first symbol-sized piece. */
static void read_all(struct reading *reading, const int16_t *samples, size_t count, size_t offset)
{
    struct symbol_reader reader;
    int16_t piece[SYMBOL_SAMPLES] = {0};
    size_t filled = offset;

    reading->count = 0;
    symbol_reader_init(&reader, -(int64_t)offset);
    for (size_t n = 0; n < count; n++) {
        piece[filled++] = samples[n];
        if (filled < SYMBOL_SAMPLES)
            continue;
        reading->count += symbol_reader_feed(&reader, piece, reading->found + reading->count);
        filled = 0;
    }
    reading->count += symbol_reader_feed(&reader, NULL, reading->found + reading->count);
}

static size_t count_of(const struct reading *reading, enum speaker_kind kind, uint32_t id)
{
    size_t count = 0;

    for (size_t i = 0; i < reading->count; i++)
        count += reading->found[i].kind == kind && reading->found[i].id == id;
    return count;
}

static void through_mulaw(int16_t *samples, size_t count)
{
    for (size_t n = 0; n < count; n++)
        samples[n] = g711_mulaw_decode(g711_mulaw_encode(samples[n]));
}

static void through_alaw(int16_t *samples, size_t count)
{
    for (size_t n = 0; n < count; n++)
        samples[n] = g711_alaw_decode(g711_alaw_encode(samples[n]));
}

static void a_voice_tells_who_speaks_and_where_its_first_word_began(void **state)
{
    int16_t samples[SAMPLES];
    struct reading reading;

    speak(samples, SAMPLES, 1, 110, 9000);
    sign(samples, SAMPLES, SPEAKER_PERSON, 77001, true);
    through_mulaw(samples, SAMPLES);
    read_all(&reading, samples, SAMPLES, 0);
    assert_int_equal(reading.count, FRAMES);
    for (size_t i = 0; i < reading.count; i++) {
        assert_int_equal(reading.found[i].id, 77001);
        assert_true(reading.found[i].first_utterance);
        assert_in_range(reading.found[i].began + 80, 0, 160);
    }
}

static void it_survives_alaw_and_mulaw_in_a_row(void **state)
{
    int16_t samples[SAMPLES];
    struct reading reading;

    speak(samples, SAMPLES, 2, 190, 9000);
    sign(samples, SAMPLES, SPEAKER_PERSON, SYMBOLS_PERSON_ID_MAX, true);
    through_mulaw(samples, SAMPLES);
    through_alaw(samples, SAMPLES);
    through_mulaw(samples, SAMPLES);
    read_all(&reading, samples, SAMPLES, 0);
    assert_int_equal(count_of(&reading, SPEAKER_PERSON, SYMBOLS_PERSON_ID_MAX), FRAMES);
    assert_int_equal(reading.count, FRAMES);
}

static void it_is_heard_beside_another_speaker_who_is_heard_too(void **state)
{
    int16_t samples[SAMPLES], other[SAMPLES];
    struct reading reading;

    speak(samples, SAMPLES, 3, 120, 9000);
    sign(samples, SAMPLES, SPEAKER_PERSON, 5, true);
    through_mulaw(samples, SAMPLES);
    speak(other, SAMPLES, 4, 210, 9000);
    sign(other, SAMPLES, SPEAKER_ROBOT, 9, false);
    through_alaw(other, SAMPLES);
    for (size_t n = 0; n < SAMPLES; n++)
        samples[n] = (int16_t)(samples[n] + other[n]);
    through_mulaw(samples, SAMPLES);
    read_all(&reading, samples, SAMPLES, 0);
    assert_true(count_of(&reading, SPEAKER_PERSON, 5) >= FRAMES - 1);
    assert_true(count_of(&reading, SPEAKER_ROBOT, 9) >= FRAMES - 1);
    assert_int_equal(reading.count,
                     count_of(&reading, SPEAKER_PERSON, 5) + count_of(&reading, SPEAKER_ROBOT, 9));
}

static void it_is_read_in_any_alignment(void **state)
{
    int16_t samples[SAMPLES];
    struct reading reading;

    speak(samples, SAMPLES, 5, 150, 9000);
    sign(samples, SAMPLES, SPEAKER_PERSON, 1234, true);
    for (size_t offset = 1; offset < SYMBOL_SAMPLES; offset += 13) {
        read_all(&reading, samples, SAMPLES, offset);
        assert_true(count_of(&reading, SPEAKER_PERSON, 1234) >= FRAMES - 1);
        assert_int_equal(reading.count, count_of(&reading, SPEAKER_PERSON, 1234));
        assert_in_range(reading.found[0].began + 81, 0, 162);
    }
}

static void one_lost_packet_costs_one_frame_only(void **state)
{
    int16_t samples[SAMPLES];
    struct reading reading;

    for (size_t lost = 0; lost < SAMPLES / SYMBOL_SAMPLES; lost++) {
        speak(samples, SAMPLES, 6, 130, 9000);
        sign(samples, SAMPLES, SPEAKER_PERSON, 4321, true);
        memset(samples + lost * SYMBOL_SAMPLES, 0, SYMBOL_SAMPLES * sizeof(*samples));
        through_mulaw(samples, SAMPLES);
        read_all(&reading, samples, SAMPLES, 0);
        assert_int_equal(reading.count, FRAMES - 1);
        assert_int_equal(count_of(&reading, SPEAKER_PERSON, 4321), FRAMES - 1);
        assert_in_range(reading.found[0].began + 80, 0, 160); /* known even without the first */
    }
}

static void a_later_utterance_does_not_pass_for_the_first_word(void **state)
{
    int16_t samples[SAMPLES] = {0};
    struct reading reading;

    sign(samples, SAMPLES, SPEAKER_ROBOT, SYMBOLS_ROBOT_ID_MAX, false);
    read_all(&reading, samples, SAMPLES, 0);
    assert_int_equal(reading.count, FRAMES);
    for (size_t i = 0; i < reading.count; i++)
        assert_false(reading.found[i].first_utterance);
}

static void speech_alone_names_nobody(void **state)
{
    int16_t samples[SAMPLES];
    struct reading reading;

    for (uint64_t seed = 0; seed < 60; seed++) {
        struct rng rng = rng_from_seed(seed);

        if (seed % 2)
            speak(samples, SAMPLES, seed, 90 + (double)seed, 9000);
        for (size_t n = 0; seed % 2 == 0 && n < SAMPLES; n++)
            samples[n] = (int16_t)rng_between(&rng, -12000, 12000);
        read_all(&reading, samples, SAMPLES, 0);
        assert_int_equal(reading.count, 0);
    }
}

static void two_people_at_once_are_never_taken_for_a_third(void **state)
{
    int16_t samples[SAMPLES], other[SAMPLES];
    struct reading reading;

    for (uint32_t id = 1; id < 200; id++) {
        memset(samples, 0, sizeof(samples));
        memset(other, 0, sizeof(other));
        sign(samples, SAMPLES, SPEAKER_PERSON, id, true);
        sign(other, SAMPLES, SPEAKER_PERSON, id * 4099, true);
        for (size_t n = 0; n < SAMPLES; n++)
            samples[n] = (int16_t)(samples[n] + other[n]);
        through_mulaw(samples, SAMPLES);
        read_all(&reading, samples, SAMPLES, 0);
        assert_int_equal(reading.count, count_of(&reading, SPEAKER_PERSON, id) +
                                            count_of(&reading, SPEAKER_PERSON, id * 4099));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_voice_tells_who_speaks_and_where_its_first_word_began),
        cmocka_unit_test(it_survives_alaw_and_mulaw_in_a_row),
        cmocka_unit_test(it_is_heard_beside_another_speaker_who_is_heard_too),
        cmocka_unit_test(it_is_read_in_any_alignment),
        cmocka_unit_test(one_lost_packet_costs_one_frame_only),
        cmocka_unit_test(a_later_utterance_does_not_pass_for_the_first_word),
        cmocka_unit_test(speech_alone_names_nobody),
        cmocka_unit_test(two_people_at_once_are_never_taken_for_a_third),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
