#ifndef VOICE_MEDIA_EARLY_H
#define VOICE_MEDIA_EARLY_H

#include "base/instant.h"
#include "voice/media/packet.h"

/*
 * The last 200 ms of audio that nobody has heard yet: a customer's first word between answering and
 * being joined to an agent. Packets keep their headers, so that loss among them stays visible. Pure.
 */
enum { EARLY_SAMPLES_MAX = 1600, EARLY_PACKETS_MAX = 20 };

struct media_early_packet {
    uint32_t timestamp, ssrc;
    uint16_t sequence, size;
    bool marker;
    uint8_t payload_type;
    instant arrival;
};

struct media_early {
    unsigned count;
    size_t size;
    struct media_early_packet packets[EARLY_PACKETS_MAX];
    uint8_t bytes[EARLY_SAMPLES_MAX];
};

/* Drops the oldest to make room; a packet over 200 ms is not kept at all. */
void media_early_put(struct media_early *early, const struct media_packet *packet, instant arrival);
void media_early_drop_before(struct media_early *early, instant at);
/* The oldest, taken out; payload valid until the next call. False: none is left. */
bool media_early_take(struct media_early *early, struct media_packet *packet, instant *arrival,
                      uint8_t payload[EARLY_SAMPLES_MAX]) must_check;

#endif
