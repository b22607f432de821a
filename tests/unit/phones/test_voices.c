#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "phones/symbols.h"
#include "phones/tones.h"
#include "phones/voices.h"

/* The power of samples at a frequency, in percent of full scale squared. */
static double power_at(const int16_t *samples, size_t count, double hz)
{
    double re = 0, im = 0;

    for (size_t n = 0; n < count; n++) {
        re += samples[n] * cos(2 * M_PI * hz * (double)n / 8000);
        im += samples[n] * sin(2 * M_PI * hz * (double)n / 8000);
    }
    return (re * re + im * im) / ((double)count * (double)count) / (32768.0 * 32768.0) * 100;
}

static void tone(int16_t *samples, size_t count, double hz)
{
    for (size_t n = 0; n < count; n++)
        samples[n] = (int16_t)(8000 * sin(2 * M_PI * hz * (double)n / 8000));
}

static void the_band_of_the_symbols_is_kept_free(void **state)
{
    int16_t samples[8000];
    struct sound sound;

    for (int hz = 300; hz <= 3900; hz += 100) {
        double voice;

        memset(samples, 0, sizeof(samples));
        tone(samples, 8000, 1000); /* so that the loudness is that of a voice */
        for (size_t n = 0; n < 8000; n++)
            samples[n] = (int16_t)(samples[n] + 8000 * sin(2 * M_PI * hz * (double)n / 8000));
        assert_int_equal(voices_prepare(&sound, samples, 8000), 0);
        voice = power_at(sound.samples, 8000, 1000);
        if (hz != 1000 && hz <= 1900)
            assert_true(power_at(sound.samples, 8000, hz) > voice / 2);
        if (hz >= 2350)
            assert_true(power_at(sound.samples, 8000, hz) < voice / 100000);
        free(sound.samples);
    }
}

static void a_word_begins_at_once_and_lasts_some_frames(void **state)
{
    int16_t samples[4000] = {0};
    struct sound sound;
    int peak = 0;

    tone(samples + 2000, 400, 500); /* a very short word after a silence */
    assert_int_equal(voices_prepare(&sound, samples, 4000), 0);
    assert_int_equal(sound.count % SYMBOL_SAMPLES, 0);
    assert_true(sound.count >= 3 * FRAME_SAMPLES);
    for (size_t n = 0; n < SYMBOL_SAMPLES; n++)
        peak = abs(sound.samples[n]) > peak ? abs(sound.samples[n]) : peak;
    assert_true(peak > 3000);
    free(sound.samples);
}

static void silence_is_a_sound_too(void **state)
{
    int16_t samples[100] = {0};
    struct sound sound;

    assert_int_equal(voices_prepare(&sound, samples, 100), 0);
    assert_int_equal(sound.count, 3 * FRAME_SAMPLES);
    free(sound.samples);
}

static size_t length_ms(enum person_tone kind)
{
    int16_t samples[160];
    size_t ms = 0;

    while (ms < 60000 && tone_write(kind, ms * 8, samples))
        ms += 20;
    return ms;
}

static void tones_have_their_frequencies_and_lengths(void **state)
{
    int16_t samples[160];

    assert_int_equal(length_ms(TONE_BEEP), 400);
    assert_int_equal(length_ms(TONE_FAX), 3300);
    assert_int_equal(length_ms(TONE_SIT), 2000);
    assert_int_equal(length_ms(TONE_RINGBACK), 60000); /* never ends */
    tone_write(TONE_FAX, 1600, samples);
    assert_true(power_at(samples, 160, 2100) > 50 * power_at(samples, 160, 1000));
    tone_write(TONE_SIT, 8000 * 5 / 10, samples);
    assert_true(power_at(samples, 160, 1400) > 50 * power_at(samples, 160, 950));
    tone_write(TONE_RINGBACK, 8000 * 3, samples);
    assert_true(power_at(samples, 160, 440) < 1e-9);
}

static void a_voice_that_does_not_exist_is_told(void **state)
{
    static const char text[] = "{\"numbers\": {\"1\": {\"do\": \"answer\", \"hello\": "
                               "{\"wav\": \"/no/such.wav\"}, \"lines\": null}}}";
    struct script_problem problem = {""};
    struct script *script;
    struct voices voices;

    assert_int_equal(script_parse(&script, slice_from(text), "", &problem), 0);
    assert_int_not_equal(voices_init(&voices, script, &problem), 0);
    assert_non_null(strstr(problem.text, "'/no/such.wav'"));
    script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_band_of_the_symbols_is_kept_free),
        cmocka_unit_test(a_word_begins_at_once_and_lasts_some_frames),
        cmocka_unit_test(silence_is_a_sound_too),
        cmocka_unit_test(tones_have_their_frequencies_and_lengths),
        cmocka_unit_test(a_voice_that_does_not_exist_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
