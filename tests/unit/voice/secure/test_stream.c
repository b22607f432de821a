#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "voice/secure/stream.h"

/* Master key and salt of RFC 3711, B.3. */
static const uint8_t cm_key[] = "\xe1\xf9\x7a\x0d\x3e\x01\x8b\xe0\xd6\x4f\xa3\x2c\x06\xde\x41\x39";
static const uint8_t cm_salt[] = "\x0e\xc6\x75\xad\x49\x8a\xfe\xeb\xb6\x96\x0b\x3a\xab\xe6";
static const uint8_t gcm_key[] = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f";
static const uint8_t gcm_salt[] = "\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab";

/* The packets by which libsrtp proves itself: sixteen bytes of 0xab under either suite. */
static const uint8_t rtp_head[] = "\x80\x0f\x12\x34\xde\xca\xfb\xad\xca\xfe\xba\xbe";
static const uint8_t rtcp_head[] = "\x81\xc8\x00\x0b\xca\xfe\xba\xbe";
static const uint8_t cm_rtp[] = "\x4e\x55\xdc\x4c\xe7\x99\x78\xd8\x8c\xa4\xd2\x15\x94\x9d\x24\x02"
                                "\xb7\x8d\x6a\xcc\x99\xea\x17\x9b\x8d\xbb";
static const uint8_t cm_rtcp[] = "\x71\x28\x03\x5b\xe4\x87\xb9\xbd\xbe\xf8\x90\x41\xf9\x77\xa5\xa8"
                                 "\x80\x00\x00\x01\x99\x3e\x08\xcd\x54\xd6\xc1\x23\x07\x98";
static const uint8_t gcm_rtp[] = "\xc5\x00\x2e\xde\x04\xcf\xdd\x2e\xb9\x11\x59\xe0\x88\x0a\xa0\x6e"
                                 "\xd2\x97\x68\x26\xf7\x96\xb2\x01\xdf\x31\x31\xa1\x27\xe8\xa3\x92";
static const uint8_t gcm_rtcp[] = "\xc9\x8b\x8b\x5d\xf0\x39\x2a\x55\x85\x2b\x6c\x21\xac\x8e\x70\x25"
                                  "\xc5\x2c\x6f\xbe\xa2\xb3\xb4\x46\xea\x31\x12\x3b\xa8\x8c\xe6\x1e"
                                  "\x80\x00\x00\x01";

enum { SIZE_MAX_OF_TEST = 256, PAYLOAD = 16 };

static struct secure_stream *stream_of(enum secure_suite suite)
{
    struct secure_stream *stream;
    bool gcm = suite == SECURE_AES128_GCM;

    assert_int_equal(
        secure_stream_new(&stream, suite, gcm ? gcm_key : cm_key, gcm ? gcm_salt : cm_salt), 0);
    return stream;
}

static void vector_holds(enum secure_suite suite, bool rtcp, const uint8_t *sealed,
                         size_t sealed_size)
{
    struct secure_stream *out = stream_of(suite), *in = stream_of(suite);
    uint8_t bytes[SIZE_MAX_OF_TEST], plain[SIZE_MAX_OF_TEST];
    size_t head = rtcp ? sizeof(rtcp_head) - 1 : sizeof(rtp_head) - 1, size = head + PAYLOAD;

    memcpy(bytes, rtcp ? rtcp_head : rtp_head, head);
    memset(bytes + head, 0xab, PAYLOAD);
    memcpy(plain, bytes, size);
    assert_true(rtcp ? secure_rtcp_seal(out, bytes, &size) : secure_rtp_seal(out, bytes, &size));
    assert_int_equal(size, head + sealed_size);
    assert_memory_equal(bytes, plain, head);
    assert_memory_equal(bytes + head, sealed, sealed_size);
    assert_true(rtcp ? secure_rtcp_open(in, bytes, &size) : secure_rtp_open(in, bytes, &size));
    assert_int_equal(size, head + PAYLOAD);
    assert_memory_equal(bytes, plain, size);
    secure_stream_free(out);
    secure_stream_free(in);
}

static void known_packets_come_out_as_they_should(void **state)
{
    vector_holds(SECURE_AES128_CM_SHA1_80, false, cm_rtp, sizeof(cm_rtp) - 1);
    vector_holds(SECURE_AES128_CM_SHA1_80, true, cm_rtcp, sizeof(cm_rtcp) - 1);
    vector_holds(SECURE_AES128_GCM, false, gcm_rtp, sizeof(gcm_rtp) - 1);
    vector_holds(SECURE_AES128_GCM, true, gcm_rtcp, sizeof(gcm_rtcp) - 1);
}

static size_t packet(uint8_t *bytes, uint32_t ssrc, uint16_t sequence)
{
    memset(bytes, 0, SIZE_MAX_OF_TEST);
    bytes[0] = 0x80;
    bytes[2] = (uint8_t)(sequence >> 8);
    bytes[3] = (uint8_t)sequence;
    for (int i = 0; i < 4; i++)
        bytes[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    bytes[12] = (uint8_t)sequence;
    return 12 + 160;
}

static size_t sealed(struct secure_stream *out, uint8_t *bytes, uint32_t ssrc, uint16_t sequence)
{
    size_t size = packet(bytes, ssrc, sequence);

    assert_true(secure_rtp_seal(out, bytes, &size));
    return size;
}

static bool passes(struct secure_stream *in, const uint8_t *bytes, size_t size)
{
    uint8_t copy[SIZE_MAX_OF_TEST];

    memcpy(copy, bytes, size);
    return secure_rtp_open(in, copy, &size);
}

static void a_packet_comes_once(void **state)
{
    for (enum secure_suite suite = SECURE_AES128_CM_SHA1_80; suite <= SECURE_AES128_GCM; suite++) {
        struct secure_stream *out = stream_of(suite), *in = stream_of(suite);
        uint8_t early[SIZE_MAX_OF_TEST], bytes[SIZE_MAX_OF_TEST];
        size_t size = sealed(out, early, 7, 100);

        for (uint16_t sequence = 101; sequence < 164; sequence++)
            assert_true(passes(in, bytes, sealed(out, bytes, 7, sequence)));
        assert_true(passes(in, early, size)); /* late, within the window */
        assert_false(passes(in, early, size));
        assert_false(passes(in, bytes, size));
        assert_true(passes(in, bytes, sealed(out, bytes, 7, 300)));
        assert_true(passes(in, bytes, sealed(out, bytes, 7, 240)));
        assert_false(passes(in, bytes, sealed(out, bytes, 7, 230))); /* too old */
        secure_stream_free(out);
        secure_stream_free(in);
    }
}

static void numbers_go_round_the_circle(void **state)
{
    struct secure_stream *out = stream_of(SECURE_AES128_GCM), *in = stream_of(SECURE_AES128_GCM);
    uint8_t bytes[SIZE_MAX_OF_TEST], late[SIZE_MAX_OF_TEST];
    size_t late_size = 0;
    uint16_t sequence = 30000;

    for (uint32_t i = 0; i < 150000; i++, sequence++) {
        size_t size = sealed(out, bytes, 7, sequence);

        if (sequence == 65530) {
            memcpy(late, bytes, size);
            late_size = size;
            continue;
        }
        if (i % 3 || sequence < 10)
            assert_true(passes(in, bytes, size));
        if (sequence == 3) /* from before the turn */
            assert_true(passes(in, late, late_size));
    }
    assert_int_equal(secure_stream_newest(in, 7), 30000 + 150000 - 1);
    assert_int_equal(secure_stream_newest(in, 8), 0);
    secure_stream_free(out);
    secure_stream_free(in);
}

/* A forger's packets change nothing, whatever SSRC and number they claim. */
static void what_is_not_proven_leaves_no_trace(void **state)
{
    struct secure_stream *out = stream_of(SECURE_AES128_CM_SHA1_80);
    struct secure_stream *in = stream_of(SECURE_AES128_CM_SHA1_80);
    uint8_t bytes[SIZE_MAX_OF_TEST];
    size_t size;

    assert_true(passes(in, bytes, sealed(out, bytes, 7, 5)));
    for (uint32_t ssrc = 0; ssrc < 100; ssrc++)
        for (uint32_t sequence = 0; sequence < 65536; sequence += 5000) {
            size = packet(bytes, ssrc, (uint16_t)sequence) + 10;
            assert_false(passes(in, bytes, size));
        }
    assert_true(passes(in, bytes, sealed(out, bytes, 7, 6)));
    assert_int_equal(secure_stream_newest(in, 7), 6);
    secure_stream_free(out);
    secure_stream_free(in);
}

static void no_bit_may_change(void **state)
{
    for (enum secure_suite suite = SECURE_AES128_CM_SHA1_80; suite <= SECURE_AES128_GCM; suite++) {
        struct secure_stream *out = stream_of(suite), *in = stream_of(suite);
        uint8_t bytes[SIZE_MAX_OF_TEST];
        size_t size = sealed(out, bytes, 7, 100);

        for (size_t i = 0; i < 8 * size; i++) {
            bytes[i / 8] ^= (uint8_t)(1 << i % 8);
            assert_false(passes(in, bytes, size));
            bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        }
        for (size_t cut = 0; cut < size; cut++)
            assert_false(passes(in, bytes, cut));
        assert_true(passes(in, bytes, size));
        secure_stream_free(out);
        secure_stream_free(in);
    }
}

static void a_header_with_an_extension_stays_in_the_clear(void **state)
{
    struct secure_stream *out = stream_of(SECURE_AES128_GCM), *in = stream_of(SECURE_AES128_GCM);
    uint8_t bytes[SIZE_MAX_OF_TEST] = {0x91, 0, 0, 1};
    size_t size = 12 + 4 + 8 + 20; /* a contributor, an extension of one word, sound */

    memcpy(bytes + 16, "\xbe\xde\x00\x01wxyz", 8);
    memset(bytes + 24, 0x33, 20);
    assert_true(secure_rtp_seal(out, bytes, &size));
    assert_memory_equal(bytes + 16, "\xbe\xde\x00\x01wxyz", 8);
    assert_true(bytes[24] != 0x33 || bytes[25] != 0x33);
    assert_true(secure_rtp_open(in, bytes, &size));
    assert_int_equal(bytes[24], 0x33);
    bytes[19] = 200; /* longer than the packet */
    assert_false(secure_rtp_seal(out, bytes, &size));
    secure_stream_free(out);
    secure_stream_free(in);
}

static void reports_come_once_too(void **state)
{
    for (enum secure_suite suite = SECURE_AES128_CM_SHA1_80; suite <= SECURE_AES128_GCM; suite++) {
        struct secure_stream *out = stream_of(suite), *in = stream_of(suite);
        uint8_t bytes[SIZE_MAX_OF_TEST] = "\x80\xc9\x00\x01\x00\x00\x00\x07",
                copy[SIZE_MAX_OF_TEST];
        size_t size = 8, again;

        assert_true(secure_rtcp_seal(out, bytes, &size));
        again = size;
        memcpy(copy, bytes, size);
        assert_true(secure_rtcp_open(in, bytes, &size));
        assert_int_equal(size, 8);
        size = again;
        assert_false(secure_rtcp_open(in, copy, &size));
        assert_false(secure_rtcp_open(in, copy, &(size_t){3}));
        secure_stream_free(out);
        secure_stream_free(in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_packets_come_out_as_they_should),
        cmocka_unit_test(a_packet_comes_once),
        cmocka_unit_test(numbers_go_round_the_circle),
        cmocka_unit_test(what_is_not_proven_leaves_no_trace),
        cmocka_unit_test(no_bit_may_change),
        cmocka_unit_test(a_header_with_an_extension_stays_in_the_clear),
        cmocka_unit_test(reports_come_once_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
