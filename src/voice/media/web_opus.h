#ifndef VOICE_MEDIA_WEB_OPUS_H
#define VOICE_MEDIA_WEB_OPUS_H

#include "voice/media/packet.h"

/*
 * Opus at the edge of a browser's leg (libopus, RFC 7587): behind it the leg is PCMU as any other. It costs the
 * media thread several times what the whole leg does without, and is for browsers on poor links: one packet lost is
 * made good from the next. Made on the control thread, used on the media thread.
 *
 *   count = web_opus_in(opus, bytes, size, packets);      a packet from the browser: none, one or two for the core
 *   web_opus_put(opus, bytes, size);                      a packet from the core, then
 *   while (web_opus_take(opus, out, &size)) ...           those for the browser: 20 ms each
 */
struct web_opus;

struct web_opus_options {
    uint8_t opus_type;
    int events_48000, events_8000; /* telephone-event by either clock; -1: none */
    uint8_t events_inside;         /* as the core knows them */
    bool sends;                    /* false: it only listens by Opus, what it sends is PCMU */
};

enum { WEB_OPUS_PACKETS = 2, WEB_OPUS_SAMPLES_MAX = 960 }; /* 120 ms */

struct web_opus_packet {
    size_t size;
    uint8_t bytes[PACKET_HEADER_SIZE + WEB_OPUS_SAMPLES_MAX];
};

int web_opus_new(struct web_opus **opus,
                 const struct web_opus_options *options) must_check; /* 0, ENOMEM */
void web_opus_free(struct web_opus *opus);                           /* NULL is fine */

unsigned web_opus_in(struct web_opus *opus, const uint8_t *bytes, size_t size,
                     struct web_opus_packet packets[WEB_OPUS_PACKETS]);
/* How many were lost on the way and made good: to be reported as lost all the same. */
uint64_t web_opus_repaired(const struct web_opus *opus);

bool web_opus_sends(const struct web_opus *opus); /* else what the core sends goes as it is */
void web_opus_put(struct web_opus *opus, const uint8_t *bytes, size_t size);
bool web_opus_take(struct web_opus *opus, uint8_t out[PACKET_SIZE_MAX], size_t *size) must_check;
/* Of what goes to the browser so much is lost: of 256. */
void web_opus_lossy(struct web_opus *opus, uint8_t lost_fraction);

#endif
