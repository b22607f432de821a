#ifndef VOICE_MEDIA_MIX_MINUS_H
#define VOICE_MEDIA_MIX_MINUS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The conference bridge's arithmetic: everybody's sound is summed once in 32 bits, and each listener
 * gets the sum less his own voice, saturated to 16 bits. Linear in the number of voices. Pure.
 *
 *   memset(sum, 0, ...);
 *   mix_add(sum, frame, samples);                  each talker
 *   mix_minus(sum, own, out, samples);             each listener; own NULL: he does not talk
 */
void mix_add(int32_t *sum, const int16_t *frame, size_t samples);
void mix_minus(const int32_t *sum, const int16_t *own, int16_t *out, size_t samples);

static inline int16_t mix_saturate(int32_t sample)
{
    return (int16_t)(sample > INT16_MAX ? INT16_MAX : sample < INT16_MIN ? INT16_MIN : sample);
}

#endif
