#ifndef PHONES_PERSON_H
#define PHONES_PERSON_H

#include "phones/script.h"

/*
 * One person in one call: told what happens, says what to do. Pure: no clock, no socket, and chance
 * only from the seed, so a run is repeatable.
 *
 *   person_init(&person, behaviour, seed, now);          the phone was called
 *   person_feed(&person, now, event);                    any number, also PERSON_TIME_PASSED
 *   while (person_drain(&person, &effect)) perform(effect);
 *   wake at person_deadline(&person)
 *
 * After PERSON_REJECT, _HANG_UP, _FORGET or PERSON_CALLER_LEFT the person is done and wants nothing.
 */
enum person_event {
    PERSON_TIME_PASSED,
    PERSON_CALLER_LEFT,  /* CANCEL, BYE or a broken connection */
    PERSON_SAID,         /* the sound asked for has ended */
    PERSON_HEARD_SPEECH, /* the other side began to speak */
    PERSON_HEARD_QUIET,  /* and fell silent */
};

enum person_effect_kind {
    PERSON_TRY,         /* 100 */
    PERSON_RING,        /* 180 */
    PERSON_EARLY_MEDIA, /* 183 with a session; sounds asked for before the answer are early media */
    PERSON_ANSWER,
    PERSON_REJECT, /* code, reason */
    PERSON_HANG_UP,
    PERSON_FORGET, /* never answered in any way */
    PERSON_SAY,    /* sound; hello: it is the first word */
    PERSON_PLAY,   /* tone */
    PERSON_PRESS,  /* digits */
};

enum person_tone { TONE_RINGBACK, TONE_SIT, TONE_BEEP, TONE_FAX };

struct person_effect {
    enum person_effect_kind kind;
    uint32_t sound; /* PERSON_SAY: index into the script's sounds */
    bool hello;
    enum person_tone tone;
    uint16_t code;
    const char *reason; /* the behaviour's */
    const char *digits;
};

enum person_state { PERSON_IDLE, PERSON_TRYING, PERSON_RINGING, PERSON_TALKING, PERSON_DONE };

enum { PERSON_EFFECTS_MAX = 8 };

struct person {
    const struct behaviour *behaviour;
    struct rng rng;
    enum person_state state;
    instant try_at, ring_at, final_at; /* setup */
    instant leave_at;
    instant speak_at;          /* when the next thing is to be said; INSTANT_NEVER: not now */
    uint32_t said_count;       /* things said since the answer */
    uint32_t voice, last_text; /* drawn once; the line said last */
    bool saying, beeped, other_speaks;
    instant press_at[SCRIPT_DIGITS_MAX]; /* INSTANT_NEVER: waits for its moment or is done */
    bool pressed[SCRIPT_DIGITS_MAX];
    struct person_effect effects[PERSON_EFFECTS_MAX];
    uint32_t effect_first, effect_count;
};

void person_init(struct person *person, const struct behaviour *behaviour, uint64_t seed,
                 instant now);
void person_feed(struct person *person, instant now, enum person_event event);
bool person_drain(struct person *person, struct person_effect *effect); /* false: nothing more */
instant person_deadline(const struct person *person);

#endif
