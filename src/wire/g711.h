#ifndef WIRE_G711_H
#define WIRE_G711_H

#include <stddef.h>
#include <stdint.h>

/*
 * ITU-T G.711: mu-law and A-law bytes to 16-bit samples and back. Pure; any thread. The tables are
 * computed by the compiler (g711_tables.cc), bit for bit as the reference code of ITU-T G.191 would:
 * mu-law looks at the upper 14 bits of a sample, A-law at the upper 12, so the encoding tables are
 * small enough to stay in the nearest caches.
 */
struct g711_tables {
    int16_t mulaw_samples[256];
    int16_t alaw_samples[256];
    uint8_t mulaw_bytes[1 << 14]; /* by (uint16_t)sample >> 2 */
    uint8_t alaw_bytes[1 << 12];  /* by (uint16_t)sample >> 4 */
    uint8_t mulaw_to_alaw[256];
    uint8_t alaw_to_mulaw[256];
};

extern const struct g711_tables g711;

static inline int16_t g711_mulaw_decode(uint8_t byte)
{
    return g711.mulaw_samples[byte];
}

static inline int16_t g711_alaw_decode(uint8_t byte)
{
    return g711.alaw_samples[byte];
}

static inline uint8_t g711_mulaw_encode(int16_t sample)
{
    return g711.mulaw_bytes[(uint16_t)sample >> 2];
}

static inline uint8_t g711_alaw_encode(int16_t sample)
{
    return g711.alaw_bytes[(uint16_t)sample >> 4];
}

/* table: g711.mulaw_to_alaw or the reverse. in and out may be the same bytes. */
void g711_transcode(const uint8_t table[256], const uint8_t *in, uint8_t *out, size_t count);

#endif
