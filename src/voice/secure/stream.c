#include "voice/secure/stream.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
    SENDERS_MAX = 4, /* a browser has one, and another after a change of its microphone */
    WINDOW = 64,
    RTP_HEADER = 12,
    RTCP_HEADER = 8,
    RTCP_INDEX = 4,
    CM_TAG = 10,
    GCM_TAG = 16,
    GCM_IV = 12,
    AUTH_KEY = 20,
    SHA1_SIZE = 20,
};

#define RTCP_ENCRYPTED 0x80000000u
#define RTP_INDEX_MAX ((UINT64_C(1) << 48) - 1)

/* What has come, or gone, under one SSRC. */
struct sender {
    bool rtp_began, rtcp_began;
    uint32_t ssrc;
    uint64_t rtp_newest, rtcp_newest; /* indices */
    uint64_t rtp_seen, rtcp_seen;     /* bit n: the newest less n */
    uint64_t used;                    /* when, by the stream's count */
};

struct secure_half {
    EVP_CIPHER_CTX *cipher;
    EVP_MAC_CTX *mac; /* counter mode only */
    uint8_t salt[SECURE_SALT_SIZE_MAX];
};

struct secure_stream {
    enum secure_suite suite;
    struct secure_half rtp, rtcp;
    struct sender senders[SENDERS_MAX];
    uint64_t uses;
};

static uint32_t read_32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

/* ---- keys ---- */

/* RFC 3711, 4.3: the keystream of the master key at a place that the label names. */
static int derive(const uint8_t *key, const uint8_t salt[SECURE_SALT_SIZE_MAX], uint8_t label,
                  uint8_t *out, size_t size)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    uint8_t iv[16] = {0};
    int written, err = ENOMEM;

    memcpy(iv, salt, SECURE_SALT_SIZE_MAX);
    iv[7] ^= label;
    memset(out, 0, size);
    if (cipher && EVP_EncryptInit_ex(cipher, EVP_aes_128_ctr(), NULL, key, iv) == 1 &&
        EVP_EncryptUpdate(cipher, out, &written, out, (int)size) == 1)
        err = 0;
    EVP_CIPHER_CTX_free(cipher);
    return err;
}

static int half_mac(struct secure_half *half, const uint8_t key[AUTH_KEY])
{
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t) "SHA1", 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    half->mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac); /* the context keeps its own */
    return half->mac && EVP_MAC_init(half->mac, key, AUTH_KEY, parameters) == 1 ? 0 : ENOMEM;
}

/* label: of the cipher's key; the next two are of the tag's and of the salt. */
static int half_init(struct secure_half *half, enum secure_suite suite, const uint8_t *key,
                     const uint8_t *salt, uint8_t label)
{
    uint8_t cipher_key[SECURE_KEY_SIZE], mac_key[AUTH_KEY];
    bool gcm = suite == SECURE_AES128_GCM;
    int err = derive(key, salt, label, cipher_key, sizeof(cipher_key));

    if (!err)
        err = derive(key, salt, (uint8_t)(label + 1), mac_key, sizeof(mac_key));
    if (!err)
        err = derive(key, salt, (uint8_t)(label + 2), half->salt, secure_salt_size(suite));
    half->cipher = err ? NULL : EVP_CIPHER_CTX_new();
    if (!err && (!half->cipher ||
                 EVP_CipherInit_ex(half->cipher, gcm ? EVP_aes_128_gcm() : EVP_aes_128_ctr(), NULL,
                                   cipher_key, NULL, 1) != 1))
        err = ENOMEM;
    if (!err && !gcm)
        err = half_mac(half, mac_key);
    OPENSSL_cleanse(cipher_key, sizeof(cipher_key));
    OPENSSL_cleanse(mac_key, sizeof(mac_key));
    return err;
}

static void half_release(struct secure_half *half)
{
    EVP_CIPHER_CTX_free(half->cipher);
    EVP_MAC_CTX_free(half->mac);
}

int secure_stream_new(struct secure_stream **streamp, enum secure_suite suite,
                      const uint8_t key[SECURE_KEY_SIZE], const uint8_t *salt)
{
    enum { LABEL_RTP = 0, LABEL_RTCP = 3 };
    struct secure_stream *stream = calloc(1, sizeof(*stream));
    uint8_t long_salt[SECURE_SALT_SIZE_MAX] = {0};
    int err;

    if (!stream)
        return ENOMEM;
    memcpy(long_salt, salt, secure_salt_size(suite));
    stream->suite = suite;
    err = half_init(&stream->rtp, suite, key, long_salt, LABEL_RTP);
    if (!err)
        err = half_init(&stream->rtcp, suite, key, long_salt, LABEL_RTCP);
    if (err)
        secure_stream_free(stream);
    else
        *streamp = stream;
    return err;
}

void secure_stream_free(struct secure_stream *stream)
{
    if (!stream)
        return;
    half_release(&stream->rtp);
    half_release(&stream->rtcp);
    OPENSSL_cleanse(stream, sizeof(*stream));
    free(stream);
}

/* ---- who sent it, and which of his packets is it? ---- */

static const struct sender *sender_find(const struct secure_stream *stream, uint32_t ssrc)
{
    for (size_t i = 0; i < SENDERS_MAX; i++)
        if (stream->senders[i].used && stream->senders[i].ssrc == ssrc)
            return &stream->senders[i];
    return NULL;
}

/* His place, or that of the one who has been quiet longest. */
static struct sender *sender_take(struct secure_stream *stream, uint32_t ssrc)
{
    struct sender *place = (struct sender *)(uintptr_t)sender_find(stream, ssrc);

    if (!place) {
        place = &stream->senders[0];
        for (size_t i = 1; i < SENDERS_MAX; i++)
            if (stream->senders[i].used < place->used)
                place = &stream->senders[i];
        memset(place, 0, sizeof(*place));
        place->ssrc = ssrc;
    }
    place->used = ++stream->uses;
    return place;
}

/* The index nearest to the newest one; RFC 3711, 3.3.1. */
static uint64_t index_of(const struct sender *sender, uint16_t sequence)
{
    uint64_t newest = sender && sender->rtp_began ? sender->rtp_newest : sequence;
    uint64_t index = (newest & ~UINT64_C(0xffff)) | sequence;

    if (index + 0x8000 < newest)
        return index + 0x10000;
    if (index > newest + 0x8000 && index >= 0x10000)
        return index - 0x10000;
    return index;
}

static bool was_seen(bool began, uint64_t newest, uint64_t seen, uint64_t index)
{
    if (!began || index > newest)
        return false;
    return newest - index >= WINDOW || (seen >> (newest - index) & 1);
}

static void see(bool *began, uint64_t *newest, uint64_t *seen, uint64_t index)
{
    if (!*began || index > *newest) {
        uint64_t step = *began ? index - *newest : WINDOW;

        *seen = step < WINDOW ? *seen << step | 1 : 1;
        *newest = index;
        *began = true;
    } else if (*newest - index < WINDOW) {
        *seen |= UINT64_C(1) << (*newest - index);
    }
}

uint32_t secure_stream_newest(const struct secure_stream *stream, uint32_t ssrc)
{
    const struct sender *sender = sender_find(stream, ssrc);

    return sender ? (uint32_t)sender->rtp_newest : 0;
}

/* ---- the ciphers ---- */

/* ssrc and index in their places, over the salt. */
static void cm_iv(const struct secure_half *half, uint32_t ssrc, uint64_t index, uint8_t iv[16])
{
    memcpy(iv, half->salt, SECURE_SALT_SIZE_MAX);
    iv[14] = iv[15] = 0;
    for (int i = 0; i < 4; i++)
        iv[4 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
    for (int i = 0; i < 6; i++)
        iv[8 + i] ^= (uint8_t)(index >> (40 - 8 * i));
}

static void gcm_iv(const struct secure_half *half, uint32_t ssrc, uint64_t index,
                   uint8_t iv[GCM_IV])
{
    memcpy(iv, half->salt, GCM_IV);
    for (int i = 0; i < 4; i++)
        iv[2 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
    for (int i = 0; i < 6; i++)
        iv[6 + i] ^= (uint8_t)(index >> (40 - 8 * i));
}

static bool cm_crypt(struct secure_half *half, const uint8_t iv[16], uint8_t *bytes, size_t size)
{
    int written;

    return EVP_CipherInit_ex(half->cipher, NULL, NULL, NULL, iv, -1) == 1 &&
           EVP_CipherUpdate(half->cipher, bytes, &written, bytes, (int)size) == 1;
}

static bool cm_tag(struct secure_half *half, const uint8_t *bytes, size_t size, const uint8_t *more,
                   size_t more_size, uint8_t tag[SHA1_SIZE])
{
    size_t written;

    return EVP_MAC_init(half->mac, NULL, 0, NULL) == 1 &&
           EVP_MAC_update(half->mac, bytes, size) == 1 &&
           (!more_size || EVP_MAC_update(half->mac, more, more_size) == 1) &&
           EVP_MAC_final(half->mac, tag, &written, SHA1_SIZE) == 1;
}

/* bytes[0..clear) and `more` are only authenticated; the tag stands behind the rest. */
static bool gcm_crypt(struct secure_half *half, const uint8_t iv[GCM_IV], bool seals,
                      uint8_t *bytes, size_t clear, size_t size, const uint8_t *more,
                      size_t more_size)
{
    EVP_CIPHER_CTX *cipher = half->cipher;
    uint8_t none[GCM_TAG];
    int written;

    if (EVP_CipherInit_ex(cipher, NULL, NULL, NULL, iv, seals) != 1 ||
        EVP_CipherUpdate(cipher, NULL, &written, bytes, (int)clear) != 1 ||
        (more_size && EVP_CipherUpdate(cipher, NULL, &written, more, (int)more_size) != 1) ||
        (size > clear && EVP_CipherUpdate(cipher, bytes + clear, &written, bytes + clear,
                                          (int)(size - clear)) != 1))
        return false;
    if (seals)
        return EVP_CipherFinal_ex(cipher, none, &written) == 1 &&
               EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, bytes + size) == 1;
    return EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, bytes + size) == 1 &&
           EVP_CipherFinal_ex(cipher, none, &written) == 1;
}

/* ---- RTP ---- */

/* Header, contributors and extension; 0: it is no RTP. */
static size_t rtp_header(const uint8_t *bytes, size_t size)
{
    size_t header = RTP_HEADER;

    if (size < RTP_HEADER || bytes[0] >> 6 != 2)
        return 0;
    header += 4 * (size_t)(bytes[0] & 15);
    if (bytes[0] & 0x10) {
        if (size < header + 4)
            return 0;
        header += 4 + 4 * ((size_t)bytes[header + 2] << 8 | bytes[header + 3]);
    }
    return header <= size ? header : 0;
}

static bool rtp_crypt(struct secure_stream *stream, uint32_t ssrc, uint64_t index, uint8_t *bytes,
                      size_t header, size_t size)
{
    uint8_t iv[16];

    cm_iv(&stream->rtp, ssrc, index, iv);
    return cm_crypt(&stream->rtp, iv, bytes + header, size - header);
}

static bool rtp_tag(struct secure_stream *stream, uint64_t index, const uint8_t *bytes, size_t size,
                    uint8_t tag[SHA1_SIZE])
{
    uint8_t turns[4];

    write_32(turns, (uint32_t)(index >> 16));
    return cm_tag(&stream->rtp, bytes, size, turns, sizeof(turns), tag);
}

static bool rtp_is_proven(struct secure_stream *stream, uint32_t ssrc, uint64_t index,
                          uint8_t *bytes, size_t header, size_t size)
{
    uint8_t iv[GCM_IV], tag[SHA1_SIZE];

    if (stream->suite == SECURE_AES128_GCM) {
        gcm_iv(&stream->rtp, ssrc, index, iv);
        return gcm_crypt(&stream->rtp, iv, false, bytes, header, size, NULL, 0);
    }
    return rtp_tag(stream, index, bytes, size, tag) &&
           bytes_equal_constant_time(tag, bytes + size, CM_TAG) &&
           rtp_crypt(stream, ssrc, index, bytes, header, size);
}

bool secure_rtp_open(struct secure_stream *stream, uint8_t *bytes, size_t *sizep)
{
    size_t tag = stream->suite == SECURE_AES128_GCM ? GCM_TAG : CM_TAG, header;
    size_t size = *sizep < tag ? 0 : *sizep - tag;
    const struct sender *known;
    struct sender *sender;
    uint64_t index;
    uint32_t ssrc;

    header = rtp_header(bytes, size);
    if (!header)
        return false;
    ssrc = read_32(bytes + 8);
    known = sender_find(stream, ssrc);
    index = index_of(known, (uint16_t)(bytes[2] << 8 | bytes[3]));
    if (index > RTP_INDEX_MAX ||
        (known && was_seen(known->rtp_began, known->rtp_newest, known->rtp_seen, index)) ||
        !rtp_is_proven(stream, ssrc, index, bytes, header, size))
        return false;
    sender = sender_take(stream, ssrc);
    see(&sender->rtp_began, &sender->rtp_newest, &sender->rtp_seen, index);
    *sizep = size;
    return true;
}

bool secure_rtp_seal(struct secure_stream *stream, uint8_t *bytes, size_t *size)
{
    size_t header = rtp_header(bytes, *size);
    uint8_t iv[GCM_IV], tag[SHA1_SIZE];
    struct sender *sender;
    uint64_t index;

    if (!header)
        return false;
    sender = sender_take(stream, read_32(bytes + 8));
    index = index_of(sender, (uint16_t)(bytes[2] << 8 | bytes[3]));
    if (index > RTP_INDEX_MAX)
        return false;
    see(&sender->rtp_began, &sender->rtp_newest, &sender->rtp_seen, index);
    if (stream->suite == SECURE_AES128_GCM) {
        gcm_iv(&stream->rtp, sender->ssrc, index, iv);
        if (!gcm_crypt(&stream->rtp, iv, true, bytes, header, *size, NULL, 0))
            return false;
        *size += GCM_TAG;
        return true;
    }
    if (!rtp_crypt(stream, sender->ssrc, index, bytes, header, *size) ||
        !rtp_tag(stream, index, bytes, *size, tag))
        return false;
    memcpy(bytes + *size, tag, CM_TAG);
    *size += CM_TAG;
    return true;
}

/* ---- RTCP ---- */

static bool is_rtcp(const uint8_t *bytes, size_t size)
{
    return size >= RTCP_HEADER && bytes[0] >> 6 == 2;
}

static bool rtcp_crypt(struct secure_stream *stream, uint32_t index, uint8_t *bytes, size_t size)
{
    uint8_t iv[16];

    cm_iv(&stream->rtcp, read_32(bytes + 4), index, iv);
    return cm_crypt(&stream->rtcp, iv, bytes + RTCP_HEADER, size - RTCP_HEADER);
}

/* The word is the index with the mark of encryption, which stands behind tag (GCM) or packet (CM). */
static bool rtcp_is_proven(struct secure_stream *stream, uint32_t word, uint8_t *bytes, size_t size)
{
    uint32_t index = word & ~RTCP_ENCRYPTED;
    bool hidden = word & RTCP_ENCRYPTED;
    uint8_t iv[GCM_IV], tag[SHA1_SIZE];

    if (stream->suite == SECURE_AES128_GCM) {
        gcm_iv(&stream->rtcp, read_32(bytes + 4), index, iv);
        return gcm_crypt(&stream->rtcp, iv, false, bytes, hidden ? RTCP_HEADER : size, size,
                         bytes + size + GCM_TAG, RTCP_INDEX);
    }
    return cm_tag(&stream->rtcp, bytes, size + RTCP_INDEX, NULL, 0, tag) &&
           bytes_equal_constant_time(tag, bytes + size + RTCP_INDEX, CM_TAG) &&
           (!hidden || rtcp_crypt(stream, index, bytes, size));
}

bool secure_rtcp_open(struct secure_stream *stream, uint8_t *bytes, size_t *sizep)
{
    bool gcm = stream->suite == SECURE_AES128_GCM;
    size_t more = RTCP_INDEX + (size_t)(gcm ? GCM_TAG : CM_TAG), size;
    const struct sender *known;
    struct sender *sender;
    uint32_t word, ssrc;
    uint64_t index;

    if (*sizep < RTCP_HEADER + more || !is_rtcp(bytes, *sizep))
        return false;
    size = *sizep - more;
    word = read_32(bytes + size + (gcm ? (size_t)GCM_TAG : 0));
    index = word & ~RTCP_ENCRYPTED;
    ssrc = read_32(bytes + 4);
    known = sender_find(stream, ssrc);
    if ((known && was_seen(known->rtcp_began, known->rtcp_newest, known->rtcp_seen, index)) ||
        !rtcp_is_proven(stream, word, bytes, size))
        return false;
    sender = sender_take(stream, ssrc);
    see(&sender->rtcp_began, &sender->rtcp_newest, &sender->rtcp_seen, index);
    *sizep = size;
    return true;
}

bool secure_rtcp_seal(struct secure_stream *stream, uint8_t *bytes, size_t *size)
{
    uint8_t iv[GCM_IV], tag[SHA1_SIZE], word[RTCP_INDEX];
    struct sender *sender;
    uint32_t index;

    if (!is_rtcp(bytes, *size))
        return false;
    sender = sender_take(stream, read_32(bytes + 4));
    if (sender->rtcp_newest >= (RTCP_ENCRYPTED - 1))
        return false;
    index = (uint32_t)sender->rtcp_newest + 1;
    see(&sender->rtcp_began, &sender->rtcp_newest, &sender->rtcp_seen, index);
    write_32(word, index | RTCP_ENCRYPTED);
    if (stream->suite == SECURE_AES128_GCM) {
        gcm_iv(&stream->rtcp, sender->ssrc, index, iv);
        if (!gcm_crypt(&stream->rtcp, iv, true, bytes, RTCP_HEADER, *size, word, sizeof(word)))
            return false;
        memcpy(bytes + *size + GCM_TAG, word, sizeof(word));
        *size += GCM_TAG + RTCP_INDEX;
        return true;
    }
    if (!rtcp_crypt(stream, index, bytes, *size))
        return false;
    memcpy(bytes + *size, word, sizeof(word));
    *size += RTCP_INDEX;
    if (!cm_tag(&stream->rtcp, bytes, *size, NULL, 0, tag))
        return false;
    memcpy(bytes + *size, tag, CM_TAG);
    *size += CM_TAG;
    return true;
}
