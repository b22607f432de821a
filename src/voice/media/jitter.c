#include "voice/media/jitter.h"

#include <string.h>

enum { DEPTH_EASY = 3 * JITTER_FRAME, FASTER = JITTER_FRAME + JITTER_FRAME / 20 };

void media_jitter_reset(struct media_jitter *jitter)
{
    memset(jitter, 0, sizeof(*jitter));
}

static int16_t *sample_at(struct media_jitter *jitter, uint32_t timestamp)
{
    return &jitter->samples[timestamp & (JITTER_SAMPLES - 1)];
}

void media_jitter_put(struct media_jitter *jitter, uint32_t timestamp, const uint8_t *payload,
                      size_t size, const int16_t decode[256])
{
    int32_t ahead = (int32_t)(timestamp - jitter->next);

    if (size > JITTER_SAMPLES / 2)
        return;
    if (!jitter->started || ahead > JITTER_SAMPLES - (int32_t)size || ahead < -8 * JITTER_SAMPLES) {
        media_jitter_reset(jitter);
        jitter->started = true;
        jitter->next = jitter->end = timestamp;
    } else if (ahead + (int32_t)size <= 0) {
        return; /* too late: its moment has been played */
    }
    if (ahead > 0 && jitter->end == jitter->next)
        jitter->next = jitter->end = timestamp; /* it ran dry: no silence before what comes now */
    for (uint32_t i = 0; i < size; i++)
        if ((int32_t)(timestamp + i - jitter->next) >= 0)
            *sample_at(jitter, timestamp + i) = decode[payload[i]];
    if ((int32_t)(timestamp + (uint32_t)size - jitter->end) > 0)
        jitter->end = timestamp + (uint32_t)size;
}

void media_jitter_take(struct media_jitter *jitter)
{
    int32_t depth = (int32_t)(jitter->end - jitter->next);
    uint32_t samples = depth > DEPTH_EASY ? FASTER : JITTER_FRAME;

    jitter->has_frame = jitter->started && depth > 0;
    if (!jitter->has_frame)
        return;
    for (uint32_t i = 0; i < JITTER_FRAME; i++)
        jitter->frame[i] = *sample_at(jitter, jitter->next + i * samples / JITTER_FRAME);
    for (uint32_t i = 0; i < samples; i++)
        *sample_at(jitter, jitter->next + i) = 0;
    jitter->next += samples;
    if ((int32_t)(jitter->end - jitter->next) < 0)
        jitter->end = jitter->next;
}
