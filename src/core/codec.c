#include "core/codec.h"

#include <errno.h>
#include <string.h>

static void put_byte(struct codec *codec, uint8_t byte)
{
    check(codec->at < codec->size);
    codec->out[codec->at++] = byte;
}

static uint8_t get_byte(struct codec *codec)
{
    if (codec->at == codec->size) {
        codec->failed = true;
        return 0;
    }
    return codec->in[codec->at++];
}

uint64_t code_u64(struct codec *codec, uint64_t value)
{
    uint64_t read = 0;

    if (codec->out) {
        for (; value > 0x7f; value >>= 7)
            put_byte(codec, (uint8_t)(value | 0x80));
        put_byte(codec, (uint8_t)value);
        return value;
    }
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = get_byte(codec);

        read |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return read;
    }
    codec->failed = true;
    return 0;
}

uint64_t code_below(struct codec *codec, uint64_t value, uint64_t bound)
{
    uint64_t read;

    if (codec->out) {
        check(value < bound);
        code_u64(codec, value);
        return value;
    }
    read = code_u64(codec, 0);
    if (read < bound)
        return read;
    codec->failed = true;
    return 0;
}

uint64_t code_id(struct codec *codec, uint64_t value)
{
    if (!codec->out)
        return code_u64(codec, 0);
    code_u64(codec, value);
    return value;
}

int64_t code_i64(struct codec *codec, int64_t value)
{
    uint64_t folded = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);

    if (codec->out) {
        code_u64(codec, folded);
        return value;
    }
    folded = code_u64(codec, 0);
    return (int64_t)((folded >> 1) ^ (folded & 1 ? UINT64_MAX : 0));
}

uint32_t code_u32(struct codec *codec, uint32_t value)
{
    return (uint32_t)code_below(codec, value, UINT64_C(1) << 32);
}

uint16_t code_u16(struct codec *codec, uint16_t value)
{
    return (uint16_t)code_below(codec, value, 1 << 16);
}

uint8_t code_u8(struct codec *codec, uint8_t value)
{
    return (uint8_t)code_below(codec, value, 1 << 8);
}

bool code_bool(struct codec *codec, bool value)
{
    return code_below(codec, value, 2) != 0;
}

static uint32_t checksum(const uint8_t *bytes, size_t size)
{
    uint32_t sum = 2166136261u;

    for (size_t i = 0; i < size; ++i)
        sum = (sum ^ bytes[i]) * 16777619u;
    return sum;
}

void codec_write(struct codec *codec, uint8_t *bytes, size_t room)
{
    check(room > HEAD_SIZE + CHECK_SIZE);
    *codec = (struct codec){.out = bytes, .at = HEAD_SIZE, .size = room - CHECK_SIZE};
}

size_t codec_close(struct codec *codec, uint8_t kind)
{
    uint8_t *bytes = codec->out;
    size_t size = codec->at - HEAD_SIZE;
    uint32_t sum;

    check(size <= UINT16_MAX);
    bytes[0] = MAGIC;
    bytes[1] = JOURNAL_VERSION;
    bytes[2] = kind;
    bytes[3] = (uint8_t)size;
    bytes[4] = (uint8_t)(size >> 8);
    sum = checksum(bytes, codec->at);
    for (int i = 0; i < CHECK_SIZE; ++i)
        bytes[codec->at + (size_t)i] = (uint8_t)(sum >> (8 * i));
    return codec->at + CHECK_SIZE;
}

static bool sum_is_right(const uint8_t *bytes, size_t size)
{
    uint32_t sum = checksum(bytes, size - CHECK_SIZE);

    for (int i = 0; i < CHECK_SIZE; ++i)
        if (bytes[size - CHECK_SIZE + (size_t)i] != (uint8_t)(sum >> (8 * i)))
            return false;
    return true;
}

int codec_read(struct codec *codec, const uint8_t *bytes, size_t size, uint8_t *kind, size_t *whole)
{
    if (size && bytes[0] != MAGIC)
        return EBADMSG;
    if (size > 1 && bytes[1] != JOURNAL_VERSION)
        return EBADMSG;
    if (size < HEAD_SIZE)
        return ENODATA;
    *codec = (struct codec){.in = bytes, .at = HEAD_SIZE};
    codec->size = HEAD_SIZE + (size_t)(bytes[3] | bytes[4] << 8);
    *kind = bytes[2];
    *whole = codec->size + CHECK_SIZE;
    if (size < *whole)
        return ENODATA;
    return sum_is_right(bytes, *whole) ? 0 : EBADMSG;
}

bool codec_is_through(const struct codec *codec)
{
    return !codec->failed && codec->at == codec->size;
}
