/* Opus at the edge: sound, losses, keys and numbers, against libopus's other half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>
#include <opus.h>

#include "voice/media/web_opus.h"
#include "wire/g711.h"

enum { OPUS = 111, KEYS_48 = 110, KEYS_8 = 126, FRAME = 160, AMPLITUDE = 8000 };

static struct web_opus *opus;
static OpusEncoder *encoder; /* the browser's */
static OpusDecoder *decoder;
static struct web_opus_packet packets[WEB_OPUS_PACKETS];
static unsigned tone_at;

static int begin(void **state)
{
    struct web_opus_options options = {.opus_type = OPUS,
                                       .events_48000 = KEYS_48,
                                       .events_8000 = KEYS_8,
                                       .events_inside = KEYS_48,
                                       .sends = true};
    int error;

    tone_at = 0;
    encoder = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, &error);
    decoder = opus_decoder_create(48000, 1, &error);
    opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(1));
    opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(30));
    opus_encoder_ctl(encoder, OPUS_SET_BITRATE(24000));
    opus_encoder_ctl(encoder, OPUS_SET_MAX_BANDWIDTH(OPUS_BANDWIDTH_NARROWBAND));
    return web_opus_new(&opus, &options);
}

static int end(void **state)
{
    web_opus_free(opus);
    opus_encoder_destroy(encoder);
    opus_decoder_destroy(decoder);
    return 0;
}

/* The next samples of a tone of 400 Hz. */
static void tone(int16_t *samples, unsigned count, unsigned rate)
{
    for (unsigned i = 0; i < count; i++, tone_at += 48000 / rate)
        samples[i] = (int16_t)(AMPLITUDE * sin(2 * M_PI * 400 * tone_at / 48000.0));
}

static double loudness(const int16_t *samples, unsigned count)
{
    double sum = 0;

    for (unsigned i = 0; i < count; i++)
        sum += (double)samples[i] * samples[i];
    return sqrt(sum / count);
}

static bool is_tone(double loud)
{
    return loud > 0.6 * AMPLITUDE * M_SQRT1_2 && loud < 1.4 * AMPLITUDE * M_SQRT1_2;
}

/* A packet of the browser's: 20 ms. */
static size_t browser_frame(uint8_t *bytes, uint16_t sequence, uint32_t timestamp)
{
    struct media_packet head = {
        .payload_type = OPUS, .sequence = sequence, .timestamp = timestamp, .ssrc = 0x77};
    int16_t samples[6 * FRAME];
    int size;

    tone(samples, 6 * FRAME, 48000);
    media_packet_header(&head, bytes);
    size = opus_encode(encoder, samples, 6 * FRAME, bytes + PACKET_HEADER_SIZE, 1000);
    assert_true(size > 0);
    return PACKET_HEADER_SIZE + (size_t)size;
}

static struct media_packet inside(const struct web_opus_packet *from)
{
    struct media_packet packet;

    assert_true(media_packet_parse(&packet, from->bytes, from->size));
    return packet;
}

static bool sounds(const struct web_opus_packet *from)
{
    struct media_packet packet = inside(from);
    int16_t samples[WEB_OPUS_SAMPLES_MAX];

    for (size_t i = 0; i < packet.payload_size; i++)
        samples[i] = g711_mulaw_decode(packet.payload[i]);
    return is_tone(loudness(samples, (unsigned)packet.payload_size));
}

static void what_a_browser_says_becomes_mulaw(void **state)
{
    uint32_t timestamp = UINT32_MAX - 960 * 5; /* goes round */
    uint32_t first = 0;

    for (uint16_t i = 0; i < 20; i++, timestamp += 960) {
        uint8_t bytes[1500];
        size_t size = browser_frame(bytes, (uint16_t)(65530 + i), timestamp);
        struct media_packet packet;

        assert_int_equal(web_opus_in(opus, bytes, size, packets), 1);
        packet = inside(&packets[0]);
        first = i ? first : packet.timestamp;
        assert_int_equal(packet.payload_type, 0);
        assert_int_equal(packet.payload_size, FRAME);
        assert_int_equal(packet.sequence, (uint16_t)(65530 + i));
        assert_int_equal(packet.timestamp, first + FRAME * i);
        assert_int_equal(packet.ssrc, 0x77);
        assert_true(i < 3 || sounds(&packets[0]));
    }
    assert_int_equal(web_opus_repaired(opus), 0);
}

static void one_that_is_lost_is_made_good(void **state)
{
    for (uint16_t i = 0; i < 30; i++) {
        uint8_t bytes[1500];
        size_t size = browser_frame(bytes, i, 960u * i);

        if (i == 20)
            continue;
        assert_int_equal(web_opus_in(opus, bytes, size, packets), i == 21 ? 2 : 1);
        if (i != 21)
            continue;
        assert_int_equal(inside(&packets[0]).sequence, 20);
        assert_int_equal(inside(&packets[0]).payload_size, FRAME);
        assert_int_equal(inside(&packets[1]).sequence, 21);
        assert_int_equal(inside(&packets[1]).timestamp - inside(&packets[0]).timestamp, FRAME);
        assert_true(sounds(&packets[0]) && sounds(&packets[1]));
        assert_int_equal(web_opus_in(opus, bytes, size, packets), 0); /* once is enough */
    }
    assert_int_equal(web_opus_repaired(opus), 1);
}

static void two_that_are_lost_stay_a_gap(void **state)
{
    uint8_t bytes[1500];
    uint32_t before;

    assert_int_equal(web_opus_in(opus, bytes, browser_frame(bytes, 1, 960), packets), 1);
    before = inside(&packets[0]).timestamp;
    assert_int_equal(web_opus_in(opus, bytes, browser_frame(bytes, 4, 960 * 4), packets), 1);
    assert_int_equal(inside(&packets[0]).sequence, 4);
    assert_int_equal(inside(&packets[0]).timestamp, before + 3 * FRAME);
    assert_int_equal(web_opus_in(opus, bytes, browser_frame(bytes, 3, 960 * 3), packets), 0);
}

static void noise_is_refused(void **state)
{
    uint8_t bytes[100] = {0x80, OPUS};

    assert_int_equal(web_opus_in(opus, bytes, 5, packets), 0);
    assert_int_equal(web_opus_in(opus, bytes, PACKET_HEADER_SIZE, packets), 0);
    bytes[PACKET_HEADER_SIZE] = 0xff; /* a count of frames that is not there */
    assert_int_equal(web_opus_in(opus, bytes, PACKET_HEADER_SIZE + 1, packets), 0);
    bytes[1] = 0; /* PCMU goes by */
    assert_int_equal(web_opus_in(opus, bytes, sizeof(bytes), packets), 1);
    assert_int_equal(packets[0].size, sizeof(bytes));
    assert_memory_equal(packets[0].bytes, bytes, sizeof(bytes));
}

static void keys_are_told_by_the_cores_clock_and_number(void **state)
{
    struct media_packet key = {
        .payload_type = KEYS_48, .sequence = 2, .timestamp = 960 * 3, .ssrc = 0x77};
    uint8_t bytes[1500];
    uint32_t before;

    assert_int_equal(web_opus_in(opus, bytes, browser_frame(bytes, 1, 960), packets), 1);
    before = inside(&packets[0]).timestamp;
    media_packet_header(&key, bytes);
    memcpy(bytes + PACKET_HEADER_SIZE, (const uint8_t[]){5, 0x8a, 4800 >> 8, 4800 & 255}, 4);
    assert_int_equal(web_opus_in(opus, bytes, PACKET_HEADER_SIZE + 4, packets), 1);
    assert_int_equal(inside(&packets[0]).payload_type, KEYS_48);
    assert_int_equal(inside(&packets[0]).timestamp, before + 2 * FRAME);
    assert_int_equal(inside(&packets[0]).payload[2] << 8 | inside(&packets[0]).payload[3], 800);
    bytes[1] = KEYS_8;
    assert_int_equal(web_opus_in(opus, bytes, PACKET_HEADER_SIZE + 4, packets), 1);
    assert_int_equal(inside(&packets[0]).payload_type, KEYS_48);
    assert_int_equal(inside(&packets[0]).payload[2] << 8 | inside(&packets[0]).payload[3], 4800);
    assert_int_equal(web_opus_in(opus, bytes, PACKET_HEADER_SIZE + 3, packets), 0);
}

/* ---- to the browser ---- */

/* The core's packet of so many samples. */
static void core_says(uint16_t sequence, uint32_t timestamp, unsigned count)
{
    struct media_packet head = {.sequence = sequence, .timestamp = timestamp, .ssrc = 0x99};
    uint8_t bytes[PACKET_HEADER_SIZE + 480];
    int16_t samples[480];

    tone(samples, count, 8000);
    media_packet_header(&head, bytes);
    for (unsigned i = 0; i < count; i++)
        bytes[PACKET_HEADER_SIZE + i] = g711_mulaw_encode(samples[i]);
    web_opus_put(opus, bytes, PACKET_HEADER_SIZE + count);
}

/* The next one for the browser; its loudness there. */
static bool taken(struct media_packet *packet, double *loud)
{
    static uint8_t bytes[PACKET_SIZE_MAX];
    int16_t samples[5760];
    size_t size;
    int count;

    if (!web_opus_take(opus, bytes, &size))
        return false;
    assert_true(media_packet_parse(packet, bytes, size));
    if (packet->payload_type != OPUS)
        return true;
    count =
        opus_decode(decoder, packet->payload, (opus_int32)packet->payload_size, samples, 5760, 0);
    assert_int_equal(count, 6 * FRAME);
    *loud = loudness(samples, (unsigned)count);
    return true;
}

static void what_the_core_says_is_heard_in_the_browser(void **state)
{
    struct media_packet packet;
    double loud = 0;

    for (uint16_t i = 0; i < 20; i++) {
        core_says((uint16_t)(500 + i), 1000 + 160u * i, FRAME);
        assert_true(taken(&packet, &loud));
        assert_int_equal(packet.payload_type, OPUS);
        assert_int_equal(packet.sequence, 500 + i);
        assert_int_equal(packet.timestamp, 6 * (1000 + 160u * i));
        assert_int_equal(packet.ssrc, 0x99);
        assert_true(packet.payload_size < 100);
        assert_true(i < 3 || is_tone(loud));
        assert_false(taken(&packet, &loud));
    }
    core_says(522, 1000 + 160u * 22, FRAME); /* two were lost before us: it shows */
    assert_true(taken(&packet, &loud));
    assert_int_equal(packet.sequence, 522);
    core_says(521, 1000 + 160u * 21, FRAME);
    assert_false(taken(&packet, &loud));
}

static void packets_of_another_length_are_cut_anew(void **state)
{
    struct media_packet packet;
    unsigned count = 0;
    double loud = 0;

    for (uint16_t i = 0; i < 20; i++) {
        core_says(i, 240u * i, 240);
        while (taken(&packet, &loud)) {
            assert_int_equal(packet.sequence, count);
            assert_int_equal(packet.timestamp, 6 * 160 * count);
            assert_true(count < 3 || is_tone(loud));
            count++;
        }
    }
    assert_int_equal(count, 30);
    core_says(20, 240u * 20, 480);
    for (count = 0; taken(&packet, &loud); count++)
        ;
    assert_int_equal(count, 3);
}

static void keys_are_sent_by_the_browsers_clock(void **state)
{
    struct media_packet key = {
        .payload_type = KEYS_48, .sequence = 501, .timestamp = 1160, .ssrc = 0x99};
    uint8_t bytes[PACKET_HEADER_SIZE + 4];
    struct media_packet packet;
    double loud;

    core_says(500, 1000, FRAME);
    assert_true(taken(&packet, &loud));
    media_packet_header(&key, bytes);
    memcpy(bytes + PACKET_HEADER_SIZE, (const uint8_t[]){11, 10, 1, 64}, 4);
    web_opus_put(opus, bytes, sizeof(bytes));
    assert_true(taken(&packet, &loud));
    assert_int_equal(packet.payload_type, KEYS_48);
    assert_int_equal(packet.sequence, 501);
    assert_int_equal(packet.timestamp, 6 * 1160);
    assert_int_equal(packet.payload[0], 11);
    assert_int_equal(packet.payload[2] << 8 | packet.payload[3], 6 * 320);
    assert_false(taken(&packet, &loud));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_browser_says_becomes_mulaw, begin, end),
        cmocka_unit_test_setup_teardown(one_that_is_lost_is_made_good, begin, end),
        cmocka_unit_test_setup_teardown(two_that_are_lost_stay_a_gap, begin, end),
        cmocka_unit_test_setup_teardown(noise_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(keys_are_told_by_the_cores_clock_and_number, begin, end),
        cmocka_unit_test_setup_teardown(what_the_core_says_is_heard_in_the_browser, begin, end),
        cmocka_unit_test_setup_teardown(packets_of_another_length_are_cut_anew, begin, end),
        cmocka_unit_test_setup_teardown(keys_are_sent_by_the_browsers_clock, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
