#include "phones/tones.h"

#include <math.h>

enum { RATE = 8000, LEVEL = 6000 };

static int16_t sine(double hz, uint64_t at)
{
    return (int16_t)(LEVEL * sin(2 * M_PI * hz * (double)(at % RATE) / RATE));
}

static int16_t sample(enum person_tone tone, uint64_t at)
{
    static const double SIT_HZ[] = {950, 1400, 1800};

    switch (tone) {
    case TONE_RINGBACK:
        return (int16_t)(at % (6 * RATE) < 2 * RATE ? (sine(440, at) + sine(480, at)) / 2 : 0);
    case TONE_SIT: {
        uint64_t third = at / (RATE * 33 / 100);

        return third < 3 ? sine(SIT_HZ[third], at) : 0;
    }
    case TONE_BEEP:
        return sine(1000, at);
    case TONE_FAX:
        return sine(2100, at);
    }
    return 0;
}

static uint64_t length(enum person_tone tone)
{
    switch (tone) {
    case TONE_RINGBACK:
        return UINT64_MAX;
    case TONE_SIT:
        return 2 * RATE;
    case TONE_BEEP:
        return RATE * 4 / 10;
    case TONE_FAX:
        return RATE * 33 / 10;
    }
    return 0;
}

size_t tone_write(enum person_tone tone, uint64_t at, int16_t samples[160])
{
    if (at >= length(tone))
        return 0;
    for (size_t i = 0; i < 160; i++)
        samples[i] = sample(tone, at + i);
    return 160;
}
