#include "voice/media/digits.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "wire/g711.h"

static const char keys[] = "0123456789*#ABCD"; /* by event number */

/* The two frequencies of each key, by event number. */
static const uint16_t tones_hz[][2] = {
    {941, 1336}, {697, 1209}, {697, 1336}, {697, 1477}, {770, 1209}, {770, 1336},
    {770, 1477}, {852, 1209}, {852, 1336}, {852, 1477}, {941, 1209}, {941, 1477},
    {697, 1633}, {770, 1633}, {852, 1633}, {941, 1633},
};

enum { SOUND_LEVEL = 6000 }; /* of each of the two: some -9 dBm0 */

enum { KEY_LOST_MS = 200, KEY_DOWN_MS_MAX = 5000, TONE_LEVEL = 10 };

static bool key_let_go(struct media_digits_in *in, char *digit, uint32_t *duration_ms)
{
    in->pressed = false;
    in->ended_before = true;
    in->ended = in->timestamp;
    *digit = in->digit;
    *duration_ms = in->duration / (AUDIO_RATE_HZ / 1000);
    return true;
}

bool media_digits_in_packet(struct media_digits_in *in, const uint8_t *payload, size_t size,
                            uint32_t timestamp, instant now, char *digit, uint32_t *duration_ms)
{
    bool reported = false, end;
    uint16_t duration;

    if (size < 4 || payload[0] >= sizeof(keys) - 1)
        return false;
    end = payload[1] & 0x80;
    duration = (uint16_t)(payload[2] << 8 | payload[3]);
    if (in->ended_before && (int32_t)(timestamp - in->ended) <= 0)
        return false; /* a repetition, or a late packet of a key already told */
    if (in->pressed && (int32_t)(timestamp - in->timestamp) < 0)
        return false;
    if (in->pressed && timestamp != in->timestamp)
        reported = key_let_go(in, digit, duration_ms);
    if (!in->pressed) {
        in->pressed = true;
        in->digit = keys[payload[0]];
        in->timestamp = timestamp;
        in->duration = 0;
    }
    in->heard_at = now;
    if (duration > in->duration)
        in->duration = duration;
    /* A key whose first packet is its end right after another's lost end: told by the tick. */
    if (!reported && (end || in->duration >= KEY_DOWN_MS_MAX * (AUDIO_RATE_HZ / 1000)))
        reported = key_let_go(in, digit, duration_ms);
    return reported;
}

bool media_digits_in_tick(struct media_digits_in *in, instant now, char *digit,
                          uint32_t *duration_ms)
{
    if (!in->pressed || now - in->heard_at < KEY_LOST_MS * MILLISECOND)
        return false;
    return key_let_go(in, digit, duration_ms);
}

void media_digits_in_reset(struct media_digits_in *in)
{
    in->ended_before = false;
    in->pressed = false;
}

void media_digits_out_init(struct media_digits_out *out, const char *digits)
{
    size_t count = 0;

    memset(out, 0, sizeof(*out));
    for (; *digits && count < MEDIA_DIGITS_MAX; digits++) {
        char digit = *digits == 'w' ? 'w' : (char)toupper((unsigned char)*digits);

        if (digit == 'w' || digit == 'W' || strchr(keys, digit))
            out->digits[count++] = digit;
    }
}

static void digits_tone_step(struct media_digits_out *out, struct media_digits_step *step)
{
    bool end = out->step >= DIGITS_TONE_STEPS;
    unsigned steps = end ? DIGITS_TONE_STEPS : out->step + 1u;
    unsigned duration = steps * DIGITS_STEP_SAMPLES;

    step->kind = end ? DIGITS_TONE_END : DIGITS_TONE;
    step->first = out->step == 0;
    step->payload[0] = (uint8_t)(strchr(keys, out->digits[out->next]) - keys);
    step->payload[1] = (uint8_t)(TONE_LEVEL | (end ? 0x80 : 0));
    step->payload[2] = (uint8_t)(duration >> 8);
    step->payload[3] = (uint8_t)duration;
}

void media_digits_out_step(struct media_digits_out *out, struct media_digits_step *step)
{
    char digit = out->digits[out->next];
    unsigned steps = digit == 'w' ? 25 : digit == 'W' ? 50 : DIGITS_TONE_STEPS + DIGITS_GAP_STEPS;

    memset(step, 0, sizeof(*step));
    if (!digit) {
        step->kind = DIGITS_DONE;
        return;
    }
    if (digit != 'w' && digit != 'W' && out->step <= DIGITS_TONE_STEPS)
        digits_tone_step(out, step);
    else
        step->kind = DIGITS_SILENCE;
    if (++out->step >= steps) {
        out->step = 0;
        out->next++;
    }
}

void media_digits_sound(const struct media_digits_step *step, uint8_t mulaw[DIGITS_STEP_SAMPLES])
{
    const uint16_t *hz = tones_hz[step->payload[0]];
    unsigned end = (unsigned)step->payload[2] << 8 | step->payload[3];
    unsigned start = end - DIGITS_STEP_SAMPLES; /* samples into the tone: no click between frames */

    for (unsigned i = 0; i < DIGITS_STEP_SAMPLES; i++) {
        double turn = 2 * M_PI * (start + i) / AUDIO_RATE_HZ;

        mulaw[i] = g711_mulaw_encode(
            (int16_t)lrint(SOUND_LEVEL * (sin(turn * hz[0]) + sin(turn * hz[1]))));
    }
}
