#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>

#include "wire/audio_file.h"
#include "wire/g711.h"

enum { MINUTE_MS = 60000 };

static struct text mulaw, file;
static char error[AUDIO_FILE_ERROR_SIZE];

static int audio_begin(void **state)
{
    text_init(&mulaw);
    text_init(&file);
    return 0;
}

static int audio_end(void **state)
{
    text_release(&mulaw);
    text_release(&file);
    return 0;
}

static void add_32(struct text *text, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        text_add_char(text, (char)(value >> 8 * i));
}

static void add_16(struct text *text, uint32_t value)
{
    text_add_char(text, (char)value);
    text_add_char(text, (char)(value >> 8));
}

/* A 16-bit PCM WAV of a sine on every channel, written by hand so that nothing is taken on trust. */
static void make_wav(unsigned rate, unsigned channels, double hz, unsigned frames)
{
    uint32_t size = frames * channels * 2;

    text_add(&file, "RIFF");
    add_32(&file, 36 + size);
    text_add(&file, "WAVEfmt ");
    add_32(&file, 16);
    add_16(&file, 1);
    add_16(&file, channels);
    add_32(&file, rate);
    add_32(&file, rate * channels * 2);
    add_16(&file, channels * 2);
    add_16(&file, 16);
    text_add(&file, "data");
    add_32(&file, size);
    for (unsigned i = 0; i < frames; i++)
        for (unsigned channel = 0; channel < channels; channel++)
            add_16(&file, (uint32_t)(int32_t)lrint(10000 * sin(2 * M_PI * hz * i / rate)));
}

/* The level of one frequency in the decoded audio, its edges left out. */
static double level_at(double hz)
{
    double x = 0, y = 0;
    size_t count = mulaw.size - 800;

    for (size_t i = 0; i < count; i++) {
        double sample = g711_mulaw_decode((uint8_t)mulaw.at[400 + i]);

        x += sample * cos(2 * M_PI * hz * (double)i / 8000);
        y += sample * sin(2 * M_PI * hz * (double)i / 8000);
    }
    return 2 * sqrt(x * x + y * y) / (double)count;
}

static void a_wav_of_another_rate_and_two_channels_becomes_8_khz_mono(void **state)
{
    make_wav(22050, 2, 1000, 22050);
    assert_int_equal(audio_file_decode(text_slice(&file), "audio/wav", MINUTE_MS, &mulaw, error),
                     0);
    assert_in_range(mulaw.size, 7900, 8100);
    assert_in_range((int)level_at(1000), 9500, 10500);
    assert_in_range((int)level_at(1900), 0, 200);
}

static void what_8_khz_cannot_carry_is_filtered_out_not_folded_back(void **state)
{
    make_wav(48000, 1, 6000, 48000);
    assert_int_equal(audio_file_decode(text_slice(&file), NULL, MINUTE_MS, &mulaw, error), 0);
    assert_in_range((int)level_at(2000), 0, 60);
}

static void a_mu_law_wav_comes_back_byte_for_byte(void **state)
{
    char bytes[1000];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7 % 127 | 0x80); /* 0x7f and 0xff are the same sound */
    assert_int_equal(audio_file_encode_wav(slice_of(bytes, sizeof(bytes)), &file), 0);
    assert_int_equal(audio_file_decode(text_slice(&file), "audio/x-wav", MINUTE_MS, &mulaw, error),
                     0);
    assert_int_equal(mulaw.size, sizeof(bytes));
    assert_memory_equal(mulaw.at, bytes, sizeof(bytes));
}

static void raw_mu_law_is_known_by_its_content_type(void **state)
{
    struct slice bytes = slice_from("\x11\x22\x33\x44");

    assert_int_equal(audio_file_decode(bytes, "Audio/Basic; rate=8000", MINUTE_MS, &mulaw, error),
                     0);
    assert_int_equal(mulaw.size, 4);
    assert_memory_equal(mulaw.at, bytes.at, 4);
}

static void raw_a_law_is_turned_into_mu_law(void **state)
{
    char bytes[2] = {(char)g711_alaw_encode(5000), (char)g711_alaw_encode(-700)};

    assert_int_equal(audio_file_decode(slice_of(bytes, 2), "audio/pcma", MINUTE_MS, &mulaw, error),
                     0);
    assert_in_range(g711_mulaw_decode((uint8_t)mulaw.at[0]), 4800, 5200);
    assert_in_range(-g711_mulaw_decode((uint8_t)mulaw.at[1]), 660, 740);
}

static void a_wav_sent_as_audio_basic_is_read_as_a_wav(void **state)
{
    make_wav(8000, 1, 500, 8000);
    assert_int_equal(audio_file_decode(text_slice(&file), "audio/basic", MINUTE_MS, &mulaw, error),
                     0);
    assert_int_equal(mulaw.size, 8000);
}

static void a_web_page_is_refused_with_a_sentence(void **state)
{
    struct slice page = slice_from("<html><body>404 not found</body></html>");

    assert_int_equal(audio_file_decode(page, "text/html", MINUTE_MS, &mulaw, error), EINVAL);
    assert_non_null(strstr(error, "text/html"));
    assert_non_null(strstr(error, "39 bytes"));
    assert_int_equal(mulaw.size, 0);
}

static void an_empty_file_is_refused(void **state)
{
    assert_int_equal(audio_file_decode(slice_from(""), "audio/wav", MINUTE_MS, &mulaw, error),
                     EINVAL);
    assert_non_null(strstr(error, "empty"));
}

static void what_is_too_long_is_refused_and_leaves_nothing(void **state)
{
    make_wav(16000, 1, 500, 16000 * 3);
    assert_int_equal(audio_file_decode(text_slice(&file), "audio/wav", 2000, &mulaw, error), E2BIG);
    assert_non_null(strstr(error, "2 seconds"));
    assert_int_equal(mulaw.size, 0);
    assert_int_equal(
        audio_file_decode(slice_from("12345678901234567"), "audio/basic", 2, &mulaw, error), E2BIG);
}

static void a_file_cut_anywhere_does_no_harm(void **state)
{
    size_t whole;

    make_wav(11025, 1, 500, 600);
    whole = file.size;
    for (size_t size = 0; size < whole; size += size < 64 ? 1 : 97) {
        text_clear(&mulaw);
        int err = audio_file_decode(slice_of(file.at, size), NULL, MINUTE_MS, &mulaw, error);

        assert_true(err == 0 || err == EINVAL);
        assert_int_equal(err == 0, error[0] == '\0');
    }
}

static void a_header_that_promises_the_moon_costs_nothing(void **state)
{
    make_wav(8000, 1, 500, 100);
    memset(file.at + 40, 0xff, 4); /* the data chunk claims 4 GiB */
    int err = audio_file_decode(text_slice(&file), NULL, MINUTE_MS, &mulaw, error);

    assert_true(err == 0 || err == EINVAL);
    assert_in_range(mulaw.size, 0, 100);
}

int main(void)
{
#define audio_test(name) cmocka_unit_test_setup_teardown(name, audio_begin, audio_end)
    const struct CMUnitTest tests[] = {
        audio_test(a_wav_of_another_rate_and_two_channels_becomes_8_khz_mono),
        audio_test(what_8_khz_cannot_carry_is_filtered_out_not_folded_back),
        audio_test(a_mu_law_wav_comes_back_byte_for_byte),
        audio_test(raw_mu_law_is_known_by_its_content_type),
        audio_test(raw_a_law_is_turned_into_mu_law),
        audio_test(a_wav_sent_as_audio_basic_is_read_as_a_wav),
        audio_test(a_web_page_is_refused_with_a_sentence),
        audio_test(an_empty_file_is_refused),
        audio_test(what_is_too_long_is_refused_and_leaves_nothing),
        audio_test(a_file_cut_anywhere_does_no_harm),
        audio_test(a_header_that_promises_the_moon_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
