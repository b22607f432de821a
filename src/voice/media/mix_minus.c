#include "voice/media/mix_minus.h"

void mix_add(int32_t *sum, const int16_t *frame, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        sum[i] += frame[i];
}

void mix_minus(const int32_t *sum, const int16_t *own, int16_t *out, size_t samples)
{
    if (!own) {
        for (size_t i = 0; i < samples; i++)
            out[i] = mix_saturate(sum[i]);
        return;
    }
    for (size_t i = 0; i < samples; i++)
        out[i] = mix_saturate(sum[i] - own[i]);
}
