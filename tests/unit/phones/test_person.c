#include "unit/phones/script_text.h"

#include "phones/person.h"

/* One person of a script, called at second 0. */
struct life {
    struct script *script;
    struct person person;
    instant now;
};

static void begin(struct life *life, const char *behaviour, uint64_t seed)
{
    char text[512];
    uint64_t drawn;

    snprintf(text, sizeof(text), "{'numbers': {'1': %s}}", behaviour);
    life->script = script_from(text);
    life->now = 0;
    person_init(&life->person, script_find(life->script, slice_from("1"), 1, &drawn), seed, 0);
    person_feed(&life->person, 0, PERSON_TIME_PASSED);
}

static void finish(struct life *life)
{
    script_free(life->script);
}

/* The next thing the person does, after as much time as it takes; fails when nothing comes. */
static struct person_effect next(struct life *life)
{
    struct person_effect effect;

    for (int i = 0; i < 100; i++) {
        if (person_drain(&life->person, &effect))
            return effect;
        assert_true(person_deadline(&life->person) != INSTANT_NEVER);
        life->now = instant_max(life->now, person_deadline(&life->person));
        person_feed(&life->person, life->now, PERSON_TIME_PASSED);
    }
    fail_msg("nothing happens any more");
    return effect;
}

static void expect(struct life *life, enum person_effect_kind kind, instant at)
{
    struct person_effect effect = next(life);

    assert_int_equal(effect.kind, kind);
    assert_int_equal(life->now, at);
}

static void expect_nothing(struct life *life)
{
    struct person_effect effect;

    assert_false(person_drain(&life->person, &effect));
}

static void tell(struct life *life, instant at, enum person_event event)
{
    life->now = at;
    person_feed(&life->person, at, event);
}

static void somebody_answers_says_hello_talks_and_hangs_up(void **state)
{
    struct life life;
    struct person_effect effect;

    begin(&life, "{'do': 'answer', 'ring': 2, 'hello_after': 0.5, 'pause': 1, 'talk': 10}", 1);
    expect(&life, PERSON_TRY, 0);
    expect(&life, PERSON_RING, 0);
    expect(&life, PERSON_ANSWER, 2 * SECOND);
    effect = next(&life);
    assert_int_equal(effect.kind, PERSON_SAY);
    assert_true(effect.hello);
    assert_int_equal(life.now, 2500 * MILLISECOND);
    tell(&life, 3 * SECOND, PERSON_SAID);
    effect = next(&life);
    assert_int_equal(effect.kind, PERSON_SAY);
    assert_false(effect.hello);
    assert_int_equal(life.now, 4 * SECOND);
    expect(&life, PERSON_HANG_UP, 12 * SECOND); /* in the middle of a word */
    assert_int_equal(person_deadline(&life.person), INSTANT_NEVER);
    finish(&life);
}

static void the_other_side_is_let_finish(void **state)
{
    struct life life;

    begin(&life, "{'do': 'answer', 'ring': 0, 'hello_after': 0, 'pause': 1, 'talk': 60}", 1);
    expect(&life, PERSON_TRY, 0);
    expect(&life, PERSON_RING, 0);
    expect(&life, PERSON_ANSWER, 0);
    expect(&life, PERSON_SAY, 0);
    tell(&life, 1 * SECOND, PERSON_SAID);
    tell(&life, 1500 * MILLISECOND, PERSON_HEARD_SPEECH);
    expect_nothing(&life);
    tell(&life, 6 * SECOND, PERSON_HEARD_QUIET);
    expect(&life, PERSON_SAY, 7 * SECOND);
    tell(&life, 8 * SECOND, PERSON_HEARD_SPEECH);
    tell(&life, 9 * SECOND, PERSON_SAID);
    expect(&life, PERSON_SAY, 17 * SECOND); /* patience has an end */
    finish(&life);
}

static void a_robot_waits_to_be_spoken_to(void **state)
{
    struct life life;

    begin(&life, "{'do': 'robot', 'pause': 0.5, 'talk': 100}", 3);
    expect(&life, PERSON_TRY, 0);
    expect(&life, PERSON_ANSWER, 0);
    assert_int_equal(person_deadline(&life.person), 100 * SECOND);
    tell(&life, 5 * SECOND, PERSON_HEARD_SPEECH);
    expect_nothing(&life);
    tell(&life, 6 * SECOND, PERSON_HEARD_QUIET);
    expect(&life, PERSON_SAY, 6500 * MILLISECOND);
    tell(&life, 8 * SECOND, PERSON_SAID);
    expect(&life, PERSON_HANG_UP, 100 * SECOND);
    finish(&life);
}

static void a_machine_greets_beeps_and_listens(void **state)
{
    struct life life;
    struct person_effect effect;

    begin(&life, "{'do': 'machine', 'ring': 4, 'talk': 30}", 4);
    expect(&life, PERSON_TRY, 0);
    expect(&life, PERSON_RING, 0);
    expect(&life, PERSON_ANSWER, 4 * SECOND);
    effect = next(&life);
    assert_true(effect.kind == PERSON_SAY && effect.hello);
    tell(&life, 8 * SECOND, PERSON_HEARD_SPEECH);
    tell(&life, 12 * SECOND, PERSON_SAID);
    effect = next(&life);
    assert_true(effect.kind == PERSON_PLAY && effect.tone == TONE_BEEP);
    tell(&life, 13 * SECOND, PERSON_SAID);
    tell(&life, 14 * SECOND, PERSON_HEARD_QUIET);
    expect(&life, PERSON_HANG_UP, 34 * SECOND);
    finish(&life);
}

static void who_rejects_says_why(void **state)
{
    static const struct {
        const char *behaviour;
        uint16_t code;
        instant at;
    } cases[] = {
        {"{'do': 'busy'}", 486, 0},
        {"{'do': 'congestion', 'trying_after': 1}", 503, 1 * SECOND},
        {"{'do': 'unknown'}", 404, 0},
        {"{'do': 'reject', 'code': 604, 'ring': 3}", 604, 3 * SECOND},
        {"{'do': 'decline', 'ring': 2}", 603, 2 * SECOND},
        {"{'do': 'ring_out'}", 480, 300 * SECOND},
    };

    for (size_t i = 0; i < array_count(cases); i++) {
        struct life life;
        struct person_effect effect;

        begin(&life, cases[i].behaviour, 1);
        do
            effect = next(&life);
        while (effect.kind == PERSON_TRY || effect.kind == PERSON_RING);
        assert_int_equal(effect.kind, PERSON_REJECT);
        assert_int_equal(effect.code, cases[i].code);
        assert_int_equal(life.now, cases[i].at);
        assert_true(effect.reason && *effect.reason);
        finish(&life);
    }
}

static void sit_tones_are_heard_out_before_the_rejection(void **state)
{
    struct life life;
    struct person_effect effect;

    begin(&life, "{'do': 'unknown', 'early': 'sit'}", 1);
    expect(&life, PERSON_TRY, 0);
    expect(&life, PERSON_EARLY_MEDIA, 0);
    effect = next(&life);
    assert_true(effect.kind == PERSON_PLAY && effect.tone == TONE_SIT);
    assert_int_equal(person_deadline(&life.person), INSTANT_NEVER);
    tell(&life, 2 * SECOND, PERSON_SAID);
    expect(&life, PERSON_REJECT, 2 * SECOND);
    finish(&life);
}

static void ringback_ends_with_the_answer(void **state)
{
    struct life life;

    begin(&life, "{'do': 'answer', 'early': 'ringback', 'ring': 3, 'hello_after': 1}", 1);
    expect(&life, PERSON_TRY, 0);
    expect(&life, PERSON_EARLY_MEDIA, 0);
    expect(&life, PERSON_PLAY, 0);
    expect(&life, PERSON_ANSWER, 3 * SECOND);
    expect(&life, PERSON_SAY, 4 * SECOND);
    finish(&life);
}

static void keys_are_pressed_at_their_moments(void **state)
{
    struct life life;
    struct person_effect effect;

    begin(&life,
          "{'do': 'silent', 'ring': 0, 'talk': 60, 'digits': [{'press': '1', 'after': 2},"
          "{'press': '2', 'on': 'heard', 'after': 1}, {'press': '3', 'on': 'quiet', 'after': 1},"
          "{'press': '4', 'on': 'quiet', 'after': 1}]}",
          1);
    expect(&life, PERSON_TRY, 0);
    expect(&life, PERSON_RING, 0);
    expect(&life, PERSON_ANSWER, 0);
    effect = next(&life);
    assert_string_equal(effect.digits, "1");
    assert_int_equal(life.now, 2 * SECOND);
    tell(&life, 5 * SECOND, PERSON_HEARD_SPEECH);
    assert_string_equal(next(&life).digits, "2");
    assert_int_equal(life.now, 6 * SECOND);
    tell(&life, 7 * SECOND, PERSON_HEARD_QUIET);
    assert_string_equal(next(&life).digits, "3");
    tell(&life, 9 * SECOND, PERSON_HEARD_SPEECH);
    tell(&life, 10 * SECOND, PERSON_HEARD_QUIET);
    assert_string_equal(next(&life).digits, "4");
    assert_int_equal(life.now, 11 * SECOND);
    expect(&life, PERSON_HANG_UP, 60 * SECOND);
    finish(&life);
}

static void after_the_callers_hang_up_nothing_more_happens(void **state)
{
    struct life life;

    begin(&life, "{'do': 'answer', 'ring': 5}", 1);
    expect(&life, PERSON_TRY, 0);
    expect(&life, PERSON_RING, 0);
    tell(&life, 2 * SECOND, PERSON_CALLER_LEFT);
    tell(&life, 9 * SECOND, PERSON_TIME_PASSED);
    expect_nothing(&life);
    assert_int_equal(person_deadline(&life.person), INSTANT_NEVER);
    finish(&life);
}

static void who_never_responds_is_forgotten(void **state)
{
    struct life life;

    begin(&life, "{'do': 'no_response'}", 1);
    expect_nothing(&life);
    expect(&life, PERSON_FORGET, 40 * SECOND);
    finish(&life);
}

static void the_same_seed_lives_the_same_life(void **state)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct life one, two;

        begin(&one, "{'do': 'answer'}", seed);
        begin(&two, "{'do': 'answer'}", seed);
        for (;;) {
            struct person_effect a = next(&one), b = next(&two);

            assert_int_equal(a.kind, b.kind);
            assert_int_equal(a.sound, b.sound);
            assert_int_equal(one.now, two.now);
            if (a.kind == PERSON_HANG_UP)
                break;
            if (a.kind == PERSON_SAY) {
                tell(&one, one.now + SECOND, PERSON_SAID);
                tell(&two, two.now + SECOND, PERSON_SAID);
            }
        }
        assert_in_range(one.now / SECOND, 3, 605);
        finish(&one);
        finish(&two);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_answers_says_hello_talks_and_hangs_up),
        cmocka_unit_test(the_other_side_is_let_finish),
        cmocka_unit_test(a_robot_waits_to_be_spoken_to),
        cmocka_unit_test(a_machine_greets_beeps_and_listens),
        cmocka_unit_test(who_rejects_says_why),
        cmocka_unit_test(sit_tones_are_heard_out_before_the_rejection),
        cmocka_unit_test(ringback_ends_with_the_answer),
        cmocka_unit_test(keys_are_pressed_at_their_moments),
        cmocka_unit_test(after_the_callers_hang_up_nothing_more_happens),
        cmocka_unit_test(who_never_responds_is_forgotten),
        cmocka_unit_test(the_same_seed_lives_the_same_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
