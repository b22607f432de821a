#ifndef VOICE_MEDIA_JITTER_H
#define VOICE_MEDIA_JITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"

/*
 * One talker's audio on its way into a mix: packets in by their timestamps, 20 ms frames out by the
 * clock. Starts with no delay, gains a frame whenever it runs dry, and speaks 5 % faster while more
 * than three frames wait. Only legs somebody hears mixed have one. Pure.
 */
enum { JITTER_SAMPLES = 2048, JITTER_FRAME = 160 };

struct media_jitter {
    bool started;
    uint32_t next, end;          /* timestamps: the next sample to leave, behind the last known */
    int16_t frame[JITTER_FRAME]; /* what media_jitter_take gave last */
    bool has_frame;
    int16_t samples[JITTER_SAMPLES];
};

void media_jitter_reset(struct media_jitter *jitter);
void media_jitter_put(struct media_jitter *jitter, uint32_t timestamp, const uint8_t *payload,
                      size_t size, const int16_t decode[256]);
/* Moves 20 ms into frame; has_frame tells whether there was anything. */
void media_jitter_take(struct media_jitter *jitter);

#endif
