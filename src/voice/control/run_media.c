#include <stdlib.h>
#include <string.h>

#include "voice/control/conference.h"
#include "voice/control/memory.h"
#include "voice/control/run.h"

/* Verbs that wait for sound, silence or keys: Say, Play, Pause, Gather. */

static const instant DIGITS_TIME_MAX = 60 * SECOND;

void run_stop_play(struct run *run)
{
    struct control_effect *effect;

    if (!run->play)
        return;
    table_remove_id(&run->control->plays, run->play);
    if (!run->call || run->call->leg_is_up) {
        effect = effect_add(run->control, CONTROL_STOP_PLAY, run->call ? run->call->leg : 0);
        effect->as.play.play = run->play;
        effect->as.play.room = run->conference && !run->call ? run->conference->room : 0;
    }
    run->play = 0;
}

/* A play order to the run's leg or room, known by a new number. */
static struct control_effect *order_play(struct run *run, enum control_source source, unsigned loop)
{
    struct control_effect *effect;

    run_stop_play(run);
    run->play = run->control->next_play++;
    machine_put_id(&run->control->plays, run->play, run);
    effect = effect_add(run->control, CONTROL_PLAY, run->call ? run->call->leg : 0);
    effect->as.play.play = run->play;
    effect->as.play.room = run->call ? 0 : run->conference->room;
    effect->as.play.source = source;
    effect->as.play.loop = loop;
    effect->as.play.voice = effect->as.play.language = "";
    return effect;
}

void run_play_source(struct run *run, enum control_source source, const char *text, unsigned loop)
{
    struct control_effect *effect = order_play(run, source, loop);

    if (source == CONTROL_SOURCE_URL)
        effect->as.play.url = effects_text(&run->control->effects, text);
    else
        effect->as.play.text = effects_text(&run->control->effects, text);
}

static void say(struct run *run, const struct twiml_element *verb)
{
    struct effects *effects = &run->control->effects;
    struct control_effect *effect =
        order_play(run, CONTROL_SOURCE_SAY, twiml_number(verb, "loop", 1));

    effect->as.play.text = effects_text(effects, verb->text);
    effect->as.play.voice = effects_text(effects, twiml_text(verb, "voice", ""));
    effect->as.play.language = effects_text(effects, twiml_text(verb, "language", ""));
}

static void verb_timed_out(struct control *control, struct timer *timer);

/* Starts the sound of a verb; false when there is nothing to wait for. */
static bool start_sound(struct run *run, const struct twiml_element *verb, enum run_state playing)
{
    struct control *control = run->control;
    const char *digits = twiml_text(verb, "digits", NULL);
    struct text url;
    bool good;

    if (verb->kind == TWIML_PAUSE) {
        run_wait(run, playing == RUN_PLAYING ? RUN_PAUSING : playing);
        timer_start(control, &run->timer, control->now + twiml_number(verb, "length", 1) * SECOND,
                    verb_timed_out);
        return true;
    }
    if (verb->kind == TWIML_SAY) {
        if (!verb->text[0])
            return false;
        run_wait(run, playing);
        say(run, verb);
        return true;
    }
    if (digits && run->call && playing == RUN_PLAYING) {
        struct control_effect *effect = effect_add(control, CONTROL_SEND_DIGITS, run->call->leg);

        effect->as.digits.digits = effects_text(&control->effects, digits);
        run_wait(run, RUN_SENDING);
        timer_start(control, &run->timer, control->now + DIGITS_TIME_MAX, verb_timed_out);
        return true;
    }
    run_resolve(run, verb->text, &url);
    good = verb->text[0] && url_is_absolute(url.at);
    if (good) {
        run_wait(run, playing);
        run_play_source(run, CONTROL_SOURCE_URL, url.at, twiml_number(verb, "loop", 1));
    } else {
        run_warn(run, 11100, "line %u: '%.200s' is no URL to play", verb->line, url.at);
    }
    text_release(&url);
    return good;
}

void run_play(struct run *run, const struct twiml_element *verb)
{
    if (!start_sound(run, verb, RUN_PLAYING))
        run_next(run);
}

void run_play_ended(struct run *run, const char *error)
{
    run->play = 0;
    if (error && run->state != RUN_FAILING)
        run_warn(run, 11200, "not played: %.200s", error);
    switch (run->state) {
    case RUN_PLAYING:
        run_next(run);
        break;
    case RUN_GATHERING:
        run_gather_prompt_done(run);
        break;
    case RUN_FAILING:
        run_over(run);
        break;
    case RUN_IDLE:
    case RUN_READY:
    case RUN_ANSWERING:
    case RUN_FETCHING:
    case RUN_PAUSING:
    case RUN_SENDING:
    case RUN_DIALING:
    case RUN_OVER:
        break;
    }
}

void run_digits_sent(struct run *run)
{
    if (run->state == RUN_SENDING)
        run_next(run);
}

/* ---------------------------------------------------------------------------------- Gather */

static void gather_done(struct run *run, char key)
{
    const struct twiml_element *verb = run->gather.verb;
    struct form extra;
    char text[2] = {key, '\0'};

    run_stop_play(run);
    timer_stop(run->control, &run->timer);
    if (!run->gather.digits.size && !twiml_flag(verb, "actionOnEmptyResult", false)) {
        run_next(run);
        return;
    }
    if (!run->url && !twiml_text(verb, "action", NULL)) {
        run_warn(run, 11100, "line %u: 'Gather' has no action, and this document no URL",
                 verb->line);
        run_next(run);
        return;
    }
    form_init(&extra);
    form_add_slice(&extra, slice_from("Digits"), text_slice(&run->gather.digits));
    if (key)
        form_add(&extra, "FinishedOnKey", text);
    run_wait(run, RUN_IDLE); /* counts the time listened as media */
    run->media_since = 0;
    run_start_url(run, twiml_text(verb, "action", ""), twiml_text(verb, "method", "POST"), &extra);
}

static void start_listening(struct run *run)
{
    struct control *control = run->control;

    run->gather.prompts_done = true;
    timer_start(control, &run->timer,
                control->now + twiml_number(run->gather.verb, "timeout", 5) * SECOND,
                verb_timed_out);
}

static void next_prompt(struct run *run)
{
    while (run->gather.prompt) {
        const struct twiml_element *prompt = run->gather.prompt;

        run->gather.prompt = prompt->next;
        if (start_sound(run, prompt, RUN_GATHERING))
            return;
    }
    start_listening(run);
}

void run_gather_prompt_done(struct run *run)
{
    if (!run->gather.prompts_done)
        next_prompt(run);
}

void run_gather(struct run *run, const struct twiml_element *verb)
{
    if (strcmp(twiml_text(verb, "input", "dtmf"), "dtmf") != 0)
        run_warn(run, 12200, "line %u: 'Gather' hears keys only, no speech", verb->line);
    run->gather.verb = verb;
    run->gather.prompt = verb->first;
    run->gather.prompts_done = false;
    text_clear(&run->gather.digits);
    run_wait(run, RUN_GATHERING);
    next_prompt(run);
}

void run_digit(struct run *run, char digit)
{
    const struct twiml_element *verb = run->gather.verb;
    const char *finish;

    if (run->state != RUN_GATHERING)
        return;
    finish = twiml_text(verb, "finishOnKey", "#");
    run_stop_play(run);
    if (strchr(finish, digit) && digit) {
        gather_done(run, digit);
        return;
    }
    text_add_char(&run->gather.digits, digit);
    if (run->gather.digits.size >= twiml_number(verb, "numDigits", 1024))
        gather_done(run, '\0');
    else
        start_listening(run);
}

static void verb_timed_out(struct control *control, struct timer *timer)
{
    struct run *run = container_of(timer, struct run, timer);

    (void)control;
    if (run->state != RUN_GATHERING)
        run_next(run);
    else if (run->gather.prompts_done)
        gather_done(run, '\0');
    else
        run_gather_prompt_done(run);
}
