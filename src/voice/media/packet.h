#ifndef VOICE_MEDIA_PACKET_H
#define VOICE_MEDIA_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/* RTP packets (RFC 3550) between bytes and fields. Pure. */
enum { PACKET_HEADER_SIZE = 12, PACKET_SIZE_MAX = 1500 };

struct media_packet {
    uint8_t payload_type;
    bool marker;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    const uint8_t *payload; /* within the bytes parsed */
    size_t payload_size;
};

/*
 * False for what is not RTP: wrong version, cut short (header, contributors, extension), padding
 * longer than the payload, or RTCP on the same port (RFC 5761: payload types 64-95).
 */
bool media_packet_parse(struct media_packet *packet, const void *bytes, size_t size) must_check;
/* Writes the twelve bytes of header; the payload is not looked at. */
void media_packet_header(const struct media_packet *packet, uint8_t out[PACKET_HEADER_SIZE]);

/* a - b on the circle: negative when a comes before b. */
static inline int packet_sequence_distance(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b);
}

static inline int32_t packet_timestamp_distance(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

#endif
