#ifndef PHONES_TONES_H
#define PHONES_TONES_H

#include <stddef.h>
#include <stdint.h>

#include "phones/person.h"

/*
 * The sounds of the network: ringback (440 + 480 Hz, 2 s on, 4 s off), SIT (950, 1400, 1800 Hz),
 * a machine's beep (1000 Hz, 0.4 s), a fax's answer tone (2100 Hz, 3.3 s). Pure.
 */

/* 160 samples of a tone from sample `at` on; returns 0 when the tone has ended (ringback never). */
size_t tone_write(enum person_tone tone, uint64_t at, int16_t samples[160]);

#endif
