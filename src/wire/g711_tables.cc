/*
 * The G.711 tables, computed while compiling: C++ for constexpr alone. The formulas are those of the
 * reference code in ITU-T G.191 (ulaw_compress, ulaw_expand, alaw_compress, alaw_expand).
 */
extern "C" {
#include "wire/g711.h"
}

namespace
{

constexpr int16_t mulaw_expand(unsigned byte)
{
    unsigned inverse = ~byte & 0xff;
    int exponent = static_cast<int>(inverse >> 4) & 7;
    int mantissa = static_cast<int>(inverse) & 15;
    int step = 4 << (exponent + 1);
    int level = (0x80 << exponent) + step * mantissa + step / 2 - 4 * 33;

    return static_cast<int16_t>(byte < 0x80 ? -level : level);
}

constexpr uint8_t mulaw_compress(int sample)
{
    int level = ((sample < 0 ? ~sample : sample) >> 2) + 33;
    int segment = 1;

    if (level > 0x1fff)
        level = 0x1fff;
    for (int rest = level >> 6; rest; rest >>= 1)
        segment++;
    int byte = ((8 - segment) << 4) | (15 - ((level >> segment) & 15));
    return static_cast<uint8_t>(sample < 0 ? byte : byte | 0x80);
}

constexpr int16_t alaw_expand(unsigned byte)
{
    int code = static_cast<int>(byte ^ 0x55) & 0x7f;
    int exponent = code >> 4;
    int mantissa = code & 15;

    if (exponent > 0)
        mantissa += 16;
    mantissa = (mantissa << 4) + 8;
    if (exponent > 1)
        mantissa <<= exponent - 1;
    return static_cast<int16_t>(byte > 127 ? mantissa : -mantissa);
}

constexpr uint8_t alaw_compress(int sample)
{
    int code = (sample < 0 ? ~sample : sample) >> 4;

    if (code > 15) {
        int exponent = 1;

        for (; code > 31; code >>= 1)
            exponent++;
        code = code - 16 + (exponent << 4);
    }
    if (sample >= 0)
        code |= 0x80;
    return static_cast<uint8_t>(code ^ 0x55);
}

constexpr g711_tables make_tables()
{
    g711_tables tables{};

    for (unsigned i = 0; i < sizeof(tables.mulaw_bytes); i++)
        tables.mulaw_bytes[i] = mulaw_compress(static_cast<int16_t>(i << 2));
    for (unsigned i = 0; i < sizeof(tables.alaw_bytes); i++)
        tables.alaw_bytes[i] = alaw_compress(static_cast<int16_t>(i << 4));
    for (unsigned byte = 0; byte < 256; byte++) {
        tables.mulaw_samples[byte] = mulaw_expand(byte);
        tables.alaw_samples[byte] = alaw_expand(byte);
        tables.mulaw_to_alaw[byte] = alaw_compress(mulaw_expand(byte));
        tables.alaw_to_mulaw[byte] = mulaw_compress(alaw_expand(byte));
    }
    return tables;
}

} // namespace

extern "C" constexpr g711_tables g711 = make_tables();
