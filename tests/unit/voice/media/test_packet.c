#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "voice/media/packet.h"

static struct media_packet packet;

/* Parses a copy whose end is the end of its memory, so that reading past it is noticed. */
static bool parses(const uint8_t *bytes, size_t size)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return media_packet_parse(&packet, copy, size);
}

static void fields_survive_the_way_to_bytes_and_back(void **state)
{
    struct media_packet out = {.payload_type = 101,
                               .marker = true,
                               .sequence = 0xabcd,
                               .timestamp = 0x80000001,
                               .ssrc = 0xdeadbeef};
    uint8_t bytes[PACKET_HEADER_SIZE + 4] = {[PACKET_HEADER_SIZE] = 5};

    media_packet_header(&out, bytes);
    assert_true(parses(bytes, sizeof(bytes)));
    assert_int_equal(packet.payload_type, 101);
    assert_true(packet.marker);
    assert_int_equal(packet.sequence, 0xabcd);
    assert_int_equal(packet.timestamp, 0x80000001);
    assert_int_equal(packet.ssrc, 0xdeadbeef);
    assert_int_equal(packet.payload_size, 4);
    assert_int_equal(packet.payload[0], 5);
}

static void contributors_extension_and_padding_are_stepped_over(void **state)
{
    const uint8_t bytes[] = {0xb1, 0x00, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, /* P, X, one contributor */
                             1,    2,    3, 4,                         /* the contributor */
                             0xbe, 0xde, 0, 1, 7, 7, 7, 7,             /* one word of extension */
                             0x11, 0x22, 0, 2};                        /* payload, 2 of padding */

    assert_true(parses(bytes, sizeof(bytes)));
    assert_int_equal(packet.payload_size, 2);
    assert_int_equal(packet.payload[0], 0x11);
}

static void every_cut_of_a_packet_is_refused_or_shorter(void **state)
{
    const uint8_t bytes[] = {0x91, 0x00, 0, 1,    0,    0, 0, 1, 0, 0, 0, 9,    1,
                             2,    3,    4, 0xbe, 0xde, 0, 1, 7, 7, 7, 7, 0x11, 0x22};

    for (size_t size = 0; size < sizeof(bytes); size++) {
        if (size < 24)
            assert_false(parses(bytes, size));
        else
            assert_true(parses(bytes, size) && packet.payload_size == size - 24);
    }
}

static void another_version_is_no_rtp(void **state)
{
    uint8_t bytes[20] = {0x80};

    assert_true(parses(bytes, sizeof(bytes)));
    for (unsigned version = 0; version < 4; version++) {
        bytes[0] = (uint8_t)(version << 6);
        assert_int_equal(parses(bytes, sizeof(bytes)), version == 2);
    }
}

static void padding_that_is_longer_than_the_payload_is_refused(void **state)
{
    uint8_t bytes[PACKET_HEADER_SIZE + 3] = {0xa0};

    for (unsigned padding = 0; padding < 256; padding++) {
        bytes[sizeof(bytes) - 1] = (uint8_t)padding;
        assert_int_equal(parses(bytes, sizeof(bytes)), padding >= 1 && padding <= 3);
    }
}

static void rtcp_on_the_same_port_is_no_rtp(void **state)
{
    uint8_t bytes[28] = {0x80};

    for (unsigned type = 200; type <= 207; type++) {
        bytes[1] = (uint8_t)type;
        assert_false(parses(bytes, sizeof(bytes)));
    }
}

static void distances_go_round_the_circle(void **state)
{
    assert_int_equal(packet_sequence_distance(2, 65534), 4);
    assert_int_equal(packet_sequence_distance(65534, 2), -4);
    assert_int_equal(packet_timestamp_distance(160, UINT32_MAX - 159), 320);
    assert_int_equal(packet_timestamp_distance(UINT32_MAX - 159, 160), -320);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_survive_the_way_to_bytes_and_back),
        cmocka_unit_test(contributors_extension_and_padding_are_stepped_over),
        cmocka_unit_test(every_cut_of_a_packet_is_refused_or_shorter),
        cmocka_unit_test(another_version_is_no_rtp),
        cmocka_unit_test(padding_that_is_longer_than_the_payload_is_refused),
        cmocka_unit_test(rtcp_on_the_same_port_is_no_rtp),
        cmocka_unit_test(distances_go_round_the_circle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
