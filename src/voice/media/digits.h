#ifndef VOICE_MEDIA_DIGITS_H
#define VOICE_MEDIA_DIGITS_H

#include "voice/media/media.h"

/*
 * Keys as RFC 4733 telephone-events, both ways. Pure; clock rate 8000.
 *
 * In: each packet of an event repeats its timestamp; the key is reported once, at its end bit, or
 * when the packets stop coming (all three end packets lost), or when the next key begins.
 */
struct media_digits_in {
    bool pressed, ended_before; /* a key is down; `ended` names one reported */
    char digit;
    uint32_t timestamp, ended;
    uint16_t duration; /* samples so far */
    instant heard_at;
};

/* True: *digit was let go after *duration_ms. */
bool media_digits_in_packet(struct media_digits_in *in, const uint8_t *payload, size_t size,
                            uint32_t timestamp, instant now, char *digit, uint32_t *duration_ms);
/* True as above, when a key has been down without a packet for a while. */
bool media_digits_in_tick(struct media_digits_in *in, instant now, char *digit,
                          uint32_t *duration_ms);
void media_digits_in_reset(struct media_digits_in *in); /* the sender's time line is a new one */

/*
 * Out: asked every 20 ms what to send. A tone is five packets and, in the sixth step, three end
 * packets; then silence for 100 ms. Pauses are silence.
 */
enum media_digits_step_kind {
    DIGITS_TONE,     /* send `payload` once, with the timestamp of the tone's start */
    DIGITS_TONE_END, /* send it three times */
    DIGITS_SILENCE,  /* send a frame of silence */
    DIGITS_DONE,     /* nothing (more) to send; forget the queue */
};

struct media_digits_step {
    enum media_digits_step_kind kind;
    bool first; /* of its tone: take a new timestamp and set the marker */
    uint8_t payload[4];
};

struct media_digits_out {
    char digits[MEDIA_DIGITS_MAX + 1];
    uint8_t next; /* index of the digit in hand */
    uint8_t step; /* 20 ms steps into it */
};

enum { DIGITS_TONE_STEPS = 5, DIGITS_GAP_STEPS = 5, DIGITS_STEP_SAMPLES = 160 };

/* Unknown characters are left out. */
void media_digits_out_init(struct media_digits_out *out, const char *digits);
void media_digits_out_step(struct media_digits_out *out, struct media_digits_step *step);
/* The same tone as sound, for a leg that takes no events: the 20 ms of a DIGITS_TONE step. */
void media_digits_sound(const struct media_digits_step *step, uint8_t mulaw[DIGITS_STEP_SAMPLES]);

#endif
