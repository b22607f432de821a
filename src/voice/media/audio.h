#ifndef VOICE_MEDIA_AUDIO_H
#define VOICE_MEDIA_AUDIO_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/*
 * Sound to be played: 8 kHz mono mu-law bytes that never change, counted so that many legs and the
 * prompt cache may share them. Any thread may take and drop references; the last one frees.
 *
 *   struct audio *audio = audio_new(bytes, size);     one reference, the caller's; NULL: no memory
 *   media_play_leg(media, leg, &play);                whoever keeps it takes its own
 *   audio_unref(audio);
 */
struct audio;

enum { AUDIO_RATE_HZ = 8000, AUDIO_SILENCE = 0xff };

struct audio *audio_new(const void *mulaw, size_t size); /* copies; NULL: no memory */
struct audio *audio_new_silence(size_t ms);
/* A soft sine tone, faded at both ends. level 0 .. 32767. */
struct audio *audio_new_tone(double hz, size_t ms, int level);
/* Our own hold music: a slow synthesised melody that loops without a seam (some 20 s). */
struct audio *audio_new_melody(void);

struct audio *audio_ref(struct audio *audio); /* returns audio; NULL is fine */
void audio_unref(struct audio *audio);        /* NULL is fine */

const uint8_t *audio_bytes(const struct audio *audio);
size_t audio_size(const struct audio *audio); /* samples, which are bytes */

static inline size_t audio_ms(const struct audio *audio)
{
    return audio_size(audio) / (AUDIO_RATE_HZ / 1000);
}

#endif
