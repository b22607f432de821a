#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/g711.h"

static void every_byte_survives_the_way_to_samples_and_back(void **state)
{
    for (int byte = 0; byte < 256; byte++) {
        uint8_t mulaw = g711_mulaw_encode(g711_mulaw_decode((uint8_t)byte));

        /* 0x7f is the second zero of mu-law */
        assert_int_equal(mulaw, byte == 0x7f ? 0xff : byte);
        assert_int_equal(g711_alaw_encode(g711_alaw_decode((uint8_t)byte)), byte);
    }
}

static void levels_are_those_of_the_recommendation(void **state)
{
    assert_int_equal(g711_mulaw_decode(0xff), 0);
    assert_int_equal(g711_mulaw_decode(0x80), 32124);
    assert_int_equal(g711_mulaw_decode(0x00), -32124);
    assert_int_equal(g711_mulaw_decode(0xf0), 120);
    assert_int_equal(g711_alaw_decode(0xd5), 8);
    assert_int_equal(g711_alaw_decode(0x55), -8);
    assert_int_equal(g711_alaw_decode(0xaa), 32256);
    assert_int_equal(g711_alaw_decode(0x2a), -32256);
    assert_int_equal(g711_mulaw_encode(32767), 0x80);
    assert_int_equal(g711_mulaw_encode(-32768), 0x00);
    assert_int_equal(g711_alaw_encode(32767), 0xaa);
    assert_int_equal(g711_alaw_encode(-32768), 0x2a);
}

/* Half a step of the segment, which is a thirty-second of the level; above 32635 mu-law clips. */
static void encoding_is_never_off_by_more_than_half_a_step(void **state)
{
    int before_mulaw = INT16_MIN, before_alaw = INT16_MIN;

    for (int sample = -32768; sample <= 32767; sample++) {
        int mulaw = g711_mulaw_decode(g711_mulaw_encode((int16_t)sample));
        int alaw = g711_alaw_decode(g711_alaw_encode((int16_t)sample));

        if (abs(sample) <= 32635)
            assert_in_range(abs(mulaw - sample), 0, (abs(sample) + 132) / 32 + 4);
        assert_in_range(abs(alaw - sample), 0, abs(sample) / 32 + 16);
        assert_true(mulaw >= before_mulaw && alaw >= before_alaw);
        before_mulaw = mulaw;
        before_alaw = alaw;
    }
}

static void transcoding_is_decoding_and_encoding(void **state)
{
    uint8_t bytes[256];

    for (int byte = 0; byte < 256; byte++)
        bytes[byte] = (uint8_t)byte;
    g711_transcode(g711.mulaw_to_alaw, bytes, bytes, sizeof(bytes));
    for (int byte = 0; byte < 256; byte++)
        assert_int_equal(bytes[byte], g711_alaw_encode(g711_mulaw_decode((uint8_t)byte)));
    g711_transcode(g711.alaw_to_mulaw, bytes, bytes, sizeof(bytes));
    for (int byte = 0; byte < 256; byte++)
        assert_in_range(abs(g711_mulaw_decode(bytes[byte]) - g711_mulaw_decode((uint8_t)byte)), 0,
                        1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_survives_the_way_to_samples_and_back),
        cmocka_unit_test(levels_are_those_of_the_recommendation),
        cmocka_unit_test(encoding_is_never_off_by_more_than_half_a_step),
        cmocka_unit_test(transcoding_is_decoding_and_encoding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
