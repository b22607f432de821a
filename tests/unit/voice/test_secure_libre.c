/* SRTP and SRTCP against another's: what we lock libre unlocks, and the other way round. */
#include "voice/signal/libre.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "voice/secure/stream.h"

enum { ROOM = 256, SOUND = 160, RTP = 12 };

static const enum secure_suite suites[] = {SECURE_AES128_CM_SHA1_80, SECURE_AES128_GCM};

struct pair {
    struct secure_stream *ours;
    struct srtp *libres;
};

/* Both by the same key. */
static void pair_open(struct pair *pair, enum secure_suite suite)
{
    uint8_t key[SECURE_KEY_SIZE + SECURE_SALT_SIZE_MAX];

    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(17 * i + 3);
    assert_int_equal(secure_stream_new(&pair->ours, suite, key, key + SECURE_KEY_SIZE), 0);
    assert_int_equal(
        srtp_alloc(&pair->libres,
                   suite == SECURE_AES128_GCM ? SRTP_AES_128_GCM : SRTP_AES_CM_128_HMAC_SHA1_80,
                   key, SECURE_KEY_SIZE + secure_salt_size(suite), 0),
        0);
}

static void pair_close(struct pair *pair)
{
    secure_stream_free(pair->ours);
    mem_deref(pair->libres);
}

static size_t rtp(uint8_t *bytes, uint16_t sequence)
{
    memset(bytes, sequence & 0xff, RTP + SOUND);
    memcpy(bytes, "\x80\x00ss\0\0\0\0ssrc", RTP);
    bytes[2] = (uint8_t)(sequence >> 8);
    bytes[3] = (uint8_t)sequence;
    return RTP + SOUND;
}

static size_t rtcp(uint8_t *bytes)
{
    memset(bytes, 0x5a, 28);
    memcpy(bytes, "\x80\xc8\x00\x06ssrc", 8);
    return 28;
}

static bool libre_does(int (*what)(struct srtp *, struct mbuf *), struct srtp *srtp, uint8_t *bytes,
                       size_t *size)
{
    struct mbuf *buffer = mbuf_alloc(ROOM);
    int err;

    assert_non_null(buffer);
    assert_int_equal(mbuf_write_mem(buffer, bytes, *size), 0);
    buffer->pos = 0;
    err = what(srtp, buffer);
    *size = buffer->end;
    memcpy(bytes, buffer->buf, *size);
    mem_deref(buffer);
    return !err;
}

/* Three times around the circle, with some that do not arrive. */
static void what_we_lock_libre_unlocks(void **state)
{
    for (size_t i = 0; i < array_count(suites); i++) {
        struct pair pair;
        uint16_t sequence = 20000;

        pair_open(&pair, suites[i]);
        for (uint32_t n = 0; n < 3 * 65536; n++, sequence++) {
            uint8_t bytes[ROOM], plain[ROOM];
            size_t size = rtp(bytes, sequence);

            memcpy(plain, bytes, size);
            assert_true(secure_rtp_seal(pair.ours, bytes, &size));
            if (n % 7 == 3 && sequence > 100 && sequence < 65400)
                continue;
            assert_true(libre_does(srtp_decrypt, pair.libres, bytes, &size));
            assert_int_equal(size, RTP + SOUND);
            assert_memory_equal(bytes, plain, size);
        }
        pair_close(&pair);
    }
}

static void what_libre_locks_we_unlock(void **state)
{
    for (size_t i = 0; i < array_count(suites); i++) {
        struct pair pair;
        uint16_t sequence = 20000;

        pair_open(&pair, suites[i]);
        for (uint32_t n = 0; n < 3 * 65536; n++, sequence++) {
            uint8_t bytes[ROOM], plain[ROOM];
            size_t size = rtp(bytes, sequence);

            memcpy(plain, bytes, size);
            assert_true(libre_does(srtp_encrypt, pair.libres, bytes, &size));
            if (n % 7 == 3)
                continue;
            assert_true(secure_rtp_open(pair.ours, bytes, &size));
            assert_int_equal(size, RTP + SOUND);
            assert_memory_equal(bytes, plain, size);
        }
        pair_close(&pair);
    }
}

static void reports_pass_too(void **state)
{
    for (size_t i = 0; i < array_count(suites); i++) {
        struct pair out, in;
        uint8_t bytes[ROOM], plain[ROOM];

        pair_open(&out, suites[i]);
        pair_open(&in, suites[i]);
        rtcp(plain);
        for (int n = 0; n < 100; n++) {
            size_t size = rtcp(bytes);

            assert_true(secure_rtcp_seal(out.ours, bytes, &size));
            assert_true(libre_does(srtcp_decrypt, in.libres, bytes, &size));
            assert_int_equal(size, 28);
            assert_memory_equal(bytes, plain, 28);
            size = rtcp(bytes);
            assert_true(libre_does(srtcp_encrypt, out.libres, bytes, &size));
            assert_true(secure_rtcp_open(in.ours, bytes, &size));
            assert_int_equal(size, 28);
            assert_memory_equal(bytes, plain, 28);
        }
        pair_close(&out);
        pair_close(&in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_lock_libre_unlocks),
        cmocka_unit_test(what_libre_locks_we_unlock),
        cmocka_unit_test(reports_pass_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
