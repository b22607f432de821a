#include "voice/media/audio.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "wire/g711.h"

struct audio {
    _Atomic unsigned references;
    size_t size;
    uint8_t bytes[];
};

static struct audio *audio_alloc(size_t size)
{
    struct audio *audio = malloc(sizeof(*audio) + size);

    if (audio) {
        atomic_init(&audio->references, 1);
        audio->size = size;
    }
    return audio;
}

struct audio *audio_new(const void *mulaw, size_t size)
{
    struct audio *audio = audio_alloc(size);

    if (audio && size)
        memcpy(audio->bytes, mulaw, size);
    return audio;
}

struct audio *audio_new_silence(size_t ms)
{
    struct audio *audio = audio_alloc(ms * (AUDIO_RATE_HZ / 1000));

    if (audio)
        memset(audio->bytes, AUDIO_SILENCE, audio->size);
    return audio;
}

struct audio *audio_new_tone(double hz, size_t ms, int level)
{
    struct audio *audio = audio_alloc(ms * (AUDIO_RATE_HZ / 1000));
    double fade = 0.005 * AUDIO_RATE_HZ;

    if (!audio)
        return NULL;
    for (size_t i = 0; i < audio->size; i++) {
        double edge = fmin((double)i, (double)(audio->size - 1 - i));
        double sample =
            level * fmin(1.0, edge / fade) * sin(2 * M_PI * hz * (double)i / AUDIO_RATE_HZ);

        audio->bytes[i] = g711_mulaw_encode((int16_t)lrint(sample));
    }
    return audio;
}

/*
 * The melody: four bars of broken chords, each note a plucked tone of three partials that dies away.
 * Notes ring on past the end into the beginning, so the loop has no seam.
 */
enum { MELODY_NOTE_MS = 600, MELODY_RING_MS = 2400, MELODY_LEVEL = 2600 };

static const int8_t melody_semitones[] = {
    /* above A3, 220 Hz: D  Bm  G  A, twice, the second time closing downwards */
    5,  9, 12, 17, 21, 17, 12, 9, 2, 5, 9, 14, 17, 14, 9, 5,
    -2, 2, 5,  10, 14, 10, 5,  2, 0, 4, 7, 12, 16, 12, 7, 4,
};

static void melody_pluck(float *mix, size_t size, size_t start, double hz)
{
    static const double partials[] = {1.0, 0.35, 0.12};
    size_t ring = MELODY_RING_MS * (AUDIO_RATE_HZ / 1000);

    for (size_t p = 0; p < array_count(partials); p++) {
        /* the sine by rotation: a sin() a sample would take a tenth of a second in all */
        double step = 2 * M_PI * hz * (double)(p + 1) / AUDIO_RATE_HZ;
        double turn_cos = cos(step), turn_sin = sin(step), x = 1, y = 0;
        double level = MELODY_LEVEL * partials[p];
        double decay = exp(-3.5 * (double)(p + 1) / (double)ring);

        for (size_t i = 0; i < ring; i++) {
            double attack = i < 160 ? (double)i / 160 : 1;
            double end = i + 800 > ring ? (double)(ring - i) / 800 : 1;
            double next = x * turn_cos - y * turn_sin;

            mix[(start + i) % size] += (float)(level * attack * end * y);
            y = x * turn_sin + y * turn_cos;
            x = next;
            level *= decay;
        }
    }
}

struct audio *audio_new_melody(void)
{
    size_t note = MELODY_NOTE_MS * (AUDIO_RATE_HZ / 1000);
    struct audio *audio = audio_alloc(array_count(melody_semitones) * note);
    float *mix = audio ? calloc(audio->size, sizeof(*mix)) : NULL;

    if (!mix) {
        free(audio);
        return NULL;
    }
    for (size_t i = 0; i < array_count(melody_semitones); i++)
        melody_pluck(mix, audio->size, i * note, 220.0 * pow(2, melody_semitones[i] / 12.0));
    for (size_t i = 0; i < audio->size; i++)
        audio->bytes[i] = g711_mulaw_encode((int16_t)lrintf(fmaxf(-32000, fminf(32000, mix[i]))));
    free(mix);
    return audio;
}

struct audio *audio_ref(struct audio *audio)
{
    if (audio)
        atomic_fetch_add_explicit(&audio->references, 1, memory_order_relaxed);
    return audio;
}

void audio_unref(struct audio *audio)
{
    if (audio && atomic_fetch_sub_explicit(&audio->references, 1, memory_order_acq_rel) == 1)
        free(audio);
}

const uint8_t *audio_bytes(const struct audio *audio)
{
    return audio->bytes;
}

size_t audio_size(const struct audio *audio)
{
    return audio->size;
}
