#include "voice/secure/binding.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum {
    HEADER_SIZE = 20,
    COOKIE = 0x2112a442,
    FINGERPRINT_MASK = 0x5354554e,
    INTEGRITY_SIZE = 20,
    USERNAME_SIZE_MAX = 256,
};

enum attribute {
    USERNAME = 0x0006,
    MESSAGE_INTEGRITY = 0x0008,
    ERROR_CODE = 0x0009,
    UNKNOWN_ATTRIBUTES = 0x000a,
    XOR_MAPPED_ADDRESS = 0x0020,
    PRIORITY = 0x0024,
    USE_CANDIDATE = 0x0025,
    MUST_BE_UNDERSTOOD_BELOW = 0x8000,
    FINGERPRINT = 0x8028,
    ICE_CONTROLLED = 0x8029,
    ICE_CONTROLLING = 0x802a,
};

/* Class and method are woven into each other; this is what comes of the method Binding. */
enum {
    TYPE_REQUEST = 0x0001,
    TYPE_INDICATION = 0x0011,
    TYPE_SUCCESS = 0x0101,
    TYPE_ERROR = 0x0111
};

static uint16_t read_16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t read_32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void write_32(uint8_t *at, uint32_t value)
{
    write_16(at, value >> 16);
    write_16(at + 2, value);
}

/* The CRC of ISO 3309; a check in some seconds is not worth a table. */
static uint32_t crc_32(const uint8_t *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

/* Of the message up to its MESSAGE-INTEGRITY, with the length it has when that is its last attribute. */
static void sign(const uint8_t *bytes, size_t integrity_at, const char *password,
                 uint8_t out[INTEGRITY_SIZE])
{
    uint8_t copy[BINDING_SIZE_MAX];

    memcpy(copy, bytes, integrity_at);
    write_16(copy + 2, integrity_at - HEADER_SIZE + 4 + INTEGRITY_SIZE);
    check(HMAC(EVP_sha1(), password, (int)strlen(password), copy, integrity_at, out, NULL));
}

/* ---- reading ---- */

static bool read_kind(struct binding *binding, uint16_t type)
{
    switch (type) {
    case TYPE_REQUEST:
        binding->kind = BINDING_REQUEST;
        return true;
    case TYPE_INDICATION:
        binding->kind = BINDING_INDICATION;
        return true;
    case TYPE_SUCCESS:
        binding->kind = BINDING_SUCCESS;
        return true;
    case TYPE_ERROR:
        binding->kind = BINDING_ERROR;
        return true;
    }
    return false;
}

static bool read_mapped(struct binding *binding, const uint8_t *value, size_t size)
{
    enum { FAMILY_IPV4 = 1 };

    if (size < 8 || value[1] != FAMILY_IPV4)
        return size == 20; /* IPv6: well-formed, and none of ours */
    binding->mapped.sin_family = AF_INET;
    binding->mapped.sin_port = htons(read_16(value + 2) ^ (COOKIE >> 16));
    binding->mapped.sin_addr.s_addr = htonl(read_32(value + 4) ^ COOKIE);
    return true;
}

/* False: the message is malformed. `at` is that of the attribute's four bytes of head. */
static bool read_attribute(struct binding *binding, size_t at, uint16_t kind, size_t size)
{
    const uint8_t *value = binding->bytes + at + 4;

    switch (kind) {
    case USERNAME:
        binding->username = slice_of((const char *)value, size);
        return size <= USERNAME_SIZE_MAX;
    case MESSAGE_INTEGRITY:
        binding->has_integrity = true;
        binding->integrity_at = at;
        return size == INTEGRITY_SIZE;
    case PRIORITY:
        binding->priority = size == 4 ? read_32(value) : 0;
        return size == 4;
    case USE_CANDIDATE:
        binding->use_candidate = true;
        return true;
    case ICE_CONTROLLING:
        binding->controlling = true;
        return size == 8;
    case XOR_MAPPED_ADDRESS:
        return read_mapped(binding, value, size);
    case ERROR_CODE:
    case UNKNOWN_ATTRIBUTES:
        return true;
    }
    if (kind < MUST_BE_UNDERSTOOD_BELOW && !binding->not_understood)
        binding->not_understood = kind;
    return true;
}

bool binding_parse(struct binding *binding, const void *bytes, size_t size)
{
    const uint8_t *head = bytes;

    memset(binding, 0, sizeof(*binding));
    binding->bytes = bytes;
    if (size < HEADER_SIZE || size > BINDING_SIZE_MAX || !read_kind(binding, read_16(head)) ||
        read_16(head + 2) != size - HEADER_SIZE || size % 4 || read_32(head + 4) != COOKIE)
        return false;
    memcpy(binding->transaction, head + 8, sizeof(binding->transaction));
    for (size_t at = HEADER_SIZE, length; at < size; at += 4 + (length + 3) / 4 * 4) {
        uint16_t kind = read_16(head + at);

        length = read_16(head + at + 2);
        if (length > size - at - 4)
            return false;
        if (kind == FINGERPRINT) {
            binding->has_fingerprint = true;
            return length == 4 && at + 8 == size &&
                   read_32(head + at + 4) == (crc_32(head, at) ^ FINGERPRINT_MASK);
        }
        if (!binding->has_integrity && !read_attribute(binding, at, kind, length))
            return false;
    }
    return true;
}

bool binding_is_signed(const struct binding *binding, const char *password)
{
    uint8_t right[INTEGRITY_SIZE];

    if (!binding->has_integrity)
        return false;
    sign(binding->bytes, binding->integrity_at, password, right);
    return bytes_equal_constant_time(binding->bytes + binding->integrity_at + 4, right,
                                     sizeof(right));
}

/* ---- writing ---- */

static size_t write_head(uint8_t *out, uint16_t type, const uint8_t *transaction)
{
    write_16(out, type);
    write_32(out + 4, COOKIE);
    memcpy(out + 8, transaction, BINDING_TRANSACTION_SIZE);
    return HEADER_SIZE;
}

/* Room for the value; where it begins. */
static uint8_t *write_attribute(uint8_t *out, size_t *at, uint16_t kind, size_t size)
{
    uint8_t *value = out + *at + 4;

    write_16(out + *at, kind);
    write_16(out + *at + 2, size);
    memset(value, 0, (size + 3) / 4 * 4);
    *at += 4 + (size + 3) / 4 * 4;
    return value;
}

static size_t write_end(uint8_t *out, size_t at, const char *password)
{
    uint8_t integrity[INTEGRITY_SIZE];
    size_t fingerprint_at;

    sign(out, at, password, integrity);
    memcpy(write_attribute(out, &at, MESSAGE_INTEGRITY, INTEGRITY_SIZE), integrity, INTEGRITY_SIZE);
    fingerprint_at = at;
    write_attribute(out, &at, FINGERPRINT, 4);
    write_16(out + 2, at - HEADER_SIZE);
    write_32(out + fingerprint_at + 4, crc_32(out, fingerprint_at) ^ FINGERPRINT_MASK);
    return at;
}

size_t binding_reply(const struct binding *request, const struct sockaddr_in *from,
                     const char *password, uint8_t out[BINDING_SIZE_MAX])
{
    size_t at = write_head(out, TYPE_SUCCESS, request->transaction);
    uint8_t *value = write_attribute(out, &at, XOR_MAPPED_ADDRESS, 8);

    value[1] = 1;
    write_16(value + 2, ntohs(from->sin_port) ^ (COOKIE >> 16));
    write_32(value + 4, ntohl(from->sin_addr.s_addr) ^ COOKIE);
    return write_end(out, at, password);
}

size_t binding_refuse(const struct binding *request, const char *password,
                      uint8_t out[BINDING_SIZE_MAX])
{
    size_t at = write_head(out, TYPE_ERROR, request->transaction);
    uint8_t *value = write_attribute(out, &at, ERROR_CODE, 4);

    value[2] = 4;
    value[3] = 20;
    write_16(write_attribute(out, &at, UNKNOWN_ATTRIBUTES, 2), request->not_understood);
    return write_end(out, at, password);
}

size_t binding_request(const struct binding_order *order, const char *password,
                       uint8_t out[BINDING_SIZE_MAX])
{
    size_t at = write_head(out, TYPE_REQUEST, order->transaction);
    uint8_t *value;

    check(order->username.size <= USERNAME_SIZE_MAX);
    value = write_attribute(out, &at, USERNAME, order->username.size);
    memcpy(value, order->username.at, order->username.size);
    value = write_attribute(out, &at, ICE_CONTROLLING, 8);
    write_32(value, (uint32_t)(order->tie_breaker >> 32));
    write_32(value + 4, (uint32_t)order->tie_breaker);
    write_32(write_attribute(out, &at, PRIORITY, 4), order->priority);
    if (order->use_candidate)
        write_attribute(out, &at, USE_CANDIDATE, 0);
    return write_end(out, at, password);
}
