#ifndef VOICE_SECURE_STREAM_H
#define VOICE_SECURE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/*
 * SRTP and SRTCP (RFC 3711, RFC 7714), one direction of one leg; ciphers by OpenSSL. Made on one thread, it
 * may be handed to another, and is used by one at a time.
 *
 *   secure_stream_new(&in, suite, master_key, master_salt);
 *   if (secure_rtp_open(in, bytes, &size)) ...        in place: the packet as it was before
 *   secure_rtp_seal(out, bytes, &size);               in place: SECURE_OVERHEAD bytes of room behind it
 *   secure_stream_free(in);
 *
 * Nothing is remembered of a packet before its tag is proven: what strangers send changes nothing, and no memory is
 * taken after the beginning. Packets repeated, or 64 older than the newest, are refused.
 */
enum secure_suite { SECURE_AES128_CM_SHA1_80, SECURE_AES128_GCM };

enum {
    SECURE_KEY_SIZE = 16,
    SECURE_SALT_SIZE_MAX = 14,
    SECURE_OVERHEAD = 20, /* the most that sealing adds: tag, and SRTCP's index */
};

static inline size_t secure_salt_size(enum secure_suite suite)
{
    return suite == SECURE_AES128_GCM ? 12 : SECURE_SALT_SIZE_MAX;
}

struct secure_stream;

/* salt: secure_salt_size bytes. 0, ENOMEM. */
int secure_stream_new(struct secure_stream **stream, enum secure_suite suite,
                      const uint8_t key[SECURE_KEY_SIZE], const uint8_t *salt) must_check;
void secure_stream_free(struct secure_stream *stream); /* forgets the keys; NULL is fine */

/* False: it is no RTP (RTCP), or its tag is wrong, or it is old; the bytes are then worth nothing. */
bool secure_rtp_open(struct secure_stream *stream, uint8_t *bytes, size_t *size) must_check;
bool secure_rtcp_open(struct secure_stream *stream, uint8_t *bytes, size_t *size) must_check;
/* False: it is no RTP (RTCP), or the key is worn out (2^31 RTCP, 2^48 RTP packets). */
bool secure_rtp_seal(struct secure_stream *stream, uint8_t *bytes, size_t *size) must_check;
bool secure_rtcp_seal(struct secure_stream *stream, uint8_t *bytes, size_t *size) must_check;

/* The newest sequence number of a sender, with its turns around the circle; 0: it has sent nothing. */
uint32_t secure_stream_newest(const struct secure_stream *stream, uint32_t ssrc);

#endif
