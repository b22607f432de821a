#ifndef PHONES_VOICES_H
#define PHONES_VOICES_H

#include <stddef.h>
#include <stdint.h>

#include "phones/script.h"

/*
 * The sounds of a script, ready to be sent: every text spoken once by the espeak-ng program, every
 * WAV read, all at 8 kHz, held below 2200 Hz (the band above belongs to symbols.h) and brought to
 * one loudness. Made at the start; after that nothing changes and any thread may read.
 */
struct sound {
    int16_t *samples;
    size_t count; /* a multiple of 160 */
};

struct voices {
    struct sound *sounds; /* in the order of the script's */
    size_t count;
};

/* 0; ENOENT, EIO (espeak-ng missing or failing), errno of a WAV: told in `problem`; ENOMEM. */
int voices_init(struct voices *voices, const struct script *script,
                struct script_problem *problem) must_check;
void voices_release(struct voices *voices);

/* Brings any 8 kHz sound into the voices' band and loudness; used by voices_init. 0, ENOMEM. */
int voices_prepare(struct sound *sound, const int16_t *samples, size_t count) must_check;

#endif
