#include "phones/person.h"

#include <string.h>

/* How long a person lets the other side speak before speaking all the same. */
#define PATIENCE (8 * SECOND)
/* How long a caller that gets no response may go on trying (SIP gives up after 32 s). */
#define SILENCE (40 * SECOND)

static void put(struct person *person, struct person_effect effect)
{
    uint32_t at = (person->effect_first + person->effect_count) % PERSON_EFFECTS_MAX;

    check(person->effect_count < PERSON_EFFECTS_MAX);
    person->effects[at] = effect;
    person->effect_count++;
}

static void put_kind(struct person *person, enum person_effect_kind kind)
{
    put(person, (struct person_effect){.kind = kind});
}

static void say_one_of(struct person *person, const struct sound_choice *choice, bool hello)
{
    uint32_t voice = person->voice % choice->voices;
    uint32_t text = (uint32_t)rng_below(&person->rng, choice->count);

    /* Not the same line twice running. */
    if (choice->count > 1 && text == person->last_text && !hello)
        text = (text + 1) % choice->count;
    person->last_text = text;
    person->saying = true;
    person->speak_at = INSTANT_NEVER;
    put(person, (struct person_effect){.kind = PERSON_SAY,
                                       .sound = choice->first + voice * choice->count + text,
                                       .hello = hello});
}

static void play(struct person *person, enum person_tone tone)
{
    person->saying = true;
    person->speak_at = INSTANT_NEVER;
    put(person, (struct person_effect){.kind = PERSON_PLAY, .tone = tone});
}

static bool says_hello(const struct person *person)
{
    return person->behaviour->hello.count || person->behaviour->fax;
}

/* When to say the next line, unless it is the other side's turn. */
static void plan_line(struct person *person, instant now)
{
    const struct behaviour *behaviour = person->behaviour;

    person->speak_at = INSTANT_NEVER;
    if (!behaviour->speaks || person->saying)
        return;
    if (person->other_speaks)
        person->speak_at = now + PATIENCE;
    else
        person->speak_at = now + chance_draw_span(&behaviour->pause, &person->rng);
}

static void answer(struct person *person, instant now)
{
    const struct behaviour *behaviour = person->behaviour;

    person->state = PERSON_TALKING;
    person->saying = false;
    person->speak_at = INSTANT_NEVER;
    person->leave_at = now + chance_draw_span(&behaviour->talk, &person->rng);
    put_kind(person, PERSON_ANSWER);
    if (says_hello(person))
        person->speak_at = now + chance_draw_span(&behaviour->hello_after, &person->rng);
    else if (!behaviour->robot)
        plan_line(person, now);
    for (uint32_t i = 0; i < behaviour->press_count; i++) {
        if (behaviour->presses[i].when == PRESS_AFTER_ANSWER)
            person->press_at[i] =
                now + chance_draw_span(&behaviour->presses[i].after, &person->rng);
    }
}

static void decide(struct person *person, instant now)
{
    const struct behaviour *behaviour = person->behaviour;

    if (behaviour->final == FINAL_ANSWER) {
        answer(person, now);
        return;
    }
    person->state = PERSON_DONE;
    if (behaviour->final == FINAL_SILENCE)
        put_kind(person, PERSON_FORGET);
    else
        put(person, (struct person_effect){.kind = PERSON_REJECT,
                                           .code = behaviour->code,
                                           .reason = behaviour->reason});
}

static void ring(struct person *person, instant now)
{
    const struct behaviour *behaviour = person->behaviour;

    person->state = PERSON_RINGING;
    if (behaviour->early == EARLY_NONE) {
        if (behaviour->rings)
            put_kind(person, PERSON_RING);
        return;
    }
    put_kind(person, PERSON_EARLY_MEDIA);
    if (behaviour->early == EARLY_RINGBACK) {
        play(person, TONE_RINGBACK);
        return;
    }
    if (behaviour->early == EARLY_SIT)
        play(person, TONE_SIT);
    else
        say_one_of(person, &behaviour->early_line, false);
    if (!behaviour->rings || person->final_at <= now)
        person->final_at = INSTANT_NEVER; /* when it has been heard out */
}

static void speak(struct person *person)
{
    const struct behaviour *behaviour = person->behaviour;
    bool first = person->said_count == 0;

    person->said_count++;
    if (first && behaviour->fax)
        play(person, TONE_FAX);
    else if (first && behaviour->hello.count)
        say_one_of(person, &behaviour->hello, true);
    else
        say_one_of(person, &behaviour->lines, first);
}

static void talk_on(struct person *person, instant now)
{
    const struct behaviour *behaviour = person->behaviour;

    if (person->leave_at <= now) {
        person->state = PERSON_DONE;
        put_kind(person, PERSON_HANG_UP);
        return;
    }
    if (person->speak_at <= now)
        speak(person);
    for (uint32_t i = 0; i < behaviour->press_count; i++) {
        if (person->press_at[i] > now)
            continue;
        person->press_at[i] = INSTANT_NEVER;
        person->pressed[i] = true;
        put(person,
            (struct person_effect){.kind = PERSON_PRESS, .digits = behaviour->presses[i].digits});
        break; /* one at a time; the next is due at once */
    }
}

static void pass_time(struct person *person, instant now)
{
    if (person->state == PERSON_IDLE && person->try_at <= now) {
        person->state = PERSON_TRYING;
        put_kind(person, PERSON_TRY);
    }
    if (person->state == PERSON_TRYING && person->ring_at <= now)
        ring(person, now);
    if (person->state == PERSON_RINGING && person->final_at <= now)
        decide(person, now);
    if (person->state == PERSON_TALKING)
        talk_on(person, now);
}

/* Arms the next press that waits for this moment. */
static void arm_press(struct person *person, instant now, enum press_when when)
{
    const struct behaviour *behaviour = person->behaviour;

    for (uint32_t i = 0; i < behaviour->press_count; i++) {
        if (behaviour->presses[i].when != when || person->pressed[i] ||
            person->press_at[i] != INSTANT_NEVER)
            continue;
        person->press_at[i] = now + chance_draw_span(&behaviour->presses[i].after, &person->rng);
        return;
    }
}

static void sound_ended(struct person *person, instant now)
{
    const struct behaviour *behaviour = person->behaviour;

    person->saying = false;
    if (person->state == PERSON_RINGING && person->final_at == INSTANT_NEVER)
        decide(person, now);
    if (person->state != PERSON_TALKING || !person->said_count)
        return;
    if (behaviour->beep && !person->beeped) {
        person->beeped = true;
        play(person, TONE_BEEP);
    } else if (!behaviour->robot) {
        plan_line(person, now);
    }
}

static void heard_speech(struct person *person, instant now)
{
    person->other_speaks = true;
    if (person->state != PERSON_TALKING)
        return;
    arm_press(person, now, PRESS_AFTER_HEARD);
    if (person->said_count && !person->behaviour->robot && person->speak_at != INSTANT_NEVER)
        person->speak_at = now + PATIENCE;
}

static void heard_quiet(struct person *person, instant now)
{
    person->other_speaks = false;
    if (person->state != PERSON_TALKING)
        return;
    arm_press(person, now, PRESS_AFTER_QUIET);
    if (person->said_count || !says_hello(person))
        plan_line(person, now);
}

void person_init(struct person *person, const struct behaviour *behaviour, uint64_t seed,
                 instant now)
{
    memset(person, 0, sizeof(*person));
    person->behaviour = behaviour;
    person->rng = rng_from_seed(seed);
    person->voice = (uint32_t)rng_below(&person->rng, UINT32_MAX);
    person->last_text = UINT32_MAX;
    person->try_at = now + chance_draw_span(&behaviour->trying_after, &person->rng);
    person->ring_at = person->try_at + chance_draw_span(&behaviour->ring_after, &person->rng);
    person->final_at = person->ring_at + chance_draw_span(&behaviour->ring, &person->rng);
    if (behaviour->final == FINAL_SILENCE) {
        person->state = PERSON_RINGING; /* unheard */
        person->final_at = now + SILENCE;
    }
    person->leave_at = INSTANT_NEVER;
    person->speak_at = INSTANT_NEVER;
    for (uint32_t i = 0; i < SCRIPT_DIGITS_MAX; i++)
        person->press_at[i] = INSTANT_NEVER;
}

void person_feed(struct person *person, instant now, enum person_event event)
{
    if (person->state == PERSON_DONE)
        return;
    switch (event) {
    case PERSON_TIME_PASSED:
        break;
    case PERSON_CALLER_LEFT:
        person->state = PERSON_DONE;
        return;
    case PERSON_SAID:
        sound_ended(person, now);
        break;
    case PERSON_HEARD_SPEECH:
        heard_speech(person, now);
        break;
    case PERSON_HEARD_QUIET:
        heard_quiet(person, now);
        break;
    }
    pass_time(person, now);
}

bool person_drain(struct person *person, struct person_effect *effect)
{
    if (!person->effect_count)
        return false;
    *effect = person->effects[person->effect_first];
    person->effect_first = (person->effect_first + 1) % PERSON_EFFECTS_MAX;
    person->effect_count--;
    return true;
}

instant person_deadline(const struct person *person)
{
    instant deadline = INSTANT_NEVER;

    switch (person->state) {
    case PERSON_IDLE:
        return person->try_at;
    case PERSON_TRYING:
        return person->ring_at;
    case PERSON_RINGING:
        return person->final_at;
    case PERSON_TALKING:
        deadline = instant_min(person->leave_at, person->speak_at);
        for (uint32_t i = 0; i < person->behaviour->press_count; i++)
            deadline = instant_min(deadline, person->press_at[i]);
        return deadline;
    case PERSON_DONE:
        break;
    }
    return deadline;
}
