#include "voice/control/dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "voice/control/address.h"
#include "voice/control/conference.h"
#include "voice/control/memory.h"
#include "voice/control/rate.h"

static struct run *run_of(const struct dial *dial)
{
    return dial->parent->life->run;
}

/* ------------------------------------------------------------------------- rings and rooms */

static void ring_start(struct dial *dial)
{
    struct control *control = dial->parent->control;
    struct control_effect *effect;

    if (dial->ring_play || !call_hears(dial->parent))
        return;
    dial->ring_play = control->next_play++;
    effect = effect_add(control, CONTROL_PLAY, dial->parent->leg);
    effect->as.play.play = dial->ring_play;
    effect->as.play.source = CONTROL_SOURCE_RING;
}

static void ring_stop(struct dial *dial)
{
    struct control_effect *effect;

    if (dial->ring_play && dial->parent->leg_is_up) {
        effect = effect_add(dial->parent->control, CONTROL_STOP_PLAY, dial->parent->leg);
        effect->as.play.play = dial->ring_play;
    }
    dial->ring_play = 0;
}

static void connect_both(struct dial *dial, struct dial_child *child)
{
    struct control *control = dial->parent->control;

    ring_stop(dial);
    if (!dial->room) {
        dial->room = control->next_room++;
        effect_add(control, CONTROL_ROOM_OPEN, 0)->as.room.room = dial->room;
    }
    call_join_room(dial->parent, dial->room, false, false, 0);
    call_join_room(child->call, dial->room, false, false, 0);
}

static void room_close(struct dial *dial)
{
    if (dial->room)
        effect_add(dial->parent->control, CONTROL_ROOM_CLOSE, 0)->as.room.room = dial->room;
    dial->room = 0;
}

/* ------------------------------------------------------------------------------------ end */

static void dial_release(void *object)
{
    free(object);
}

/* The dial is no more; its children, if any are left, are hung up. */
static void dismantle(struct dial *dial)
{
    struct control *control = dial->parent->control;

    ring_stop(dial);
    timer_stop(control, &dial->limit_timer);
    dial->parent->life->dial = NULL;
    for (size_t i = 0; i < dial->child_count; ++i) {
        struct dial_child *child = &dial->children[i];
        struct call *call = child->call;

        run_free(child->whisper);
        child->whisper = NULL;
        child->call = NULL;
        if (!call)
            continue;
        call->life->child = NULL;
        call_hang_up(call, CALL_CANCELED);
    }
    if (!dial->is_conference)
        call_leave_room(dial->parent);
    room_close(dial);
    machine_bury(control, dial, dial_release);
}

static void fill_result(const struct dial *dial, const char *status, const struct call *child,
                        struct form *form)
{
    char number[16];

    form_init(form);
    form_add(form, "DialCallStatus", status);
    form_add(form, "DialBridged", dial->bridged ? "true" : "false");
    if (dial->is_conference || !child)
        return;
    form_add(form, "DialCallSid", child->sid);
    snprintf(number, sizeof(number), "%u", call_seconds(child));
    form_add(form, "DialCallDuration", number);
}

/* The parent goes on: action, or next verb. */
static void finish(struct dial *dial, const char *status, const struct call *child)
{
    struct run *run = run_of(dial);
    struct form result;

    dismantle(dial); /* a child ends here at the latest, and its duration is known */
    fill_result(dial, status, child, &result);
    run_dial_over(run, &result);
}

void dial_abandon(struct dial *dial)
{
    dismantle(dial);
}

void dial_parent_gone(struct dial *dial)
{
    struct call *parent = dial->parent;
    const char *action = twiml_text(dial->verb, "action", NULL);
    const char *method = twiml_text(dial->verb, "method", "POST");
    struct call *child = dial->winner ? dial->winner->call : NULL;
    const char *status = dial->is_conference ? "answered"
                         : dial->bridged     ? "completed"
                                             : "canceled";
    struct form result, form;
    struct text url;

    if (parent->life->participant) {
        dial->bridged = parent->life->participant->state == PARTICIPANT_IN;
        participant_leave(parent->life->participant, LEFT_HUNG_UP);
    }
    dismantle(dial); /* the child's duration is known from here on */
    fill_result(dial, status, child, &result);
    if (action) {
        run_resolve(run_of(dial), action, &url);
        form_init(&form);
        call_parameters(parent, &form);
        for (size_t i = 0; i < result.count; ++i)
            form_add(&form, result.fields[i].name, result.fields[i].value);
        if (url_is_absolute(url.at))
            callback_line_add(parent->control, &parent->life->line, url.at, method, &form);
        form_release(&form);
        text_release(&url);
    }
    form_release(&result);
}

/* ------------------------------------------------------------------------------- children */

static unsigned event_bits(const char *words)
{
    struct slice rest = slice_from(words);
    unsigned bits = 0;

    while (rest.size) {
        struct slice word = slice_cut(&rest, ' ');

        bits |= slice_is(word, "initiated")   ? ON_INITIATED
                : slice_is(word, "ringing")   ? ON_RINGING
                : slice_is(word, "answered")  ? ON_ANSWERED
                : slice_is(word, "completed") ? ON_COMPLETED
                                              : 0;
    }
    return bits;
}

static void take_noun(struct dial *dial, struct call *call, const struct twiml_element *noun)
{
    struct call_life *life = call->life;
    const char *callback = twiml_text(noun, "statusCallback", NULL);
    struct text url;

    if (callback) {
        run_resolve(run_of(dial), callback, &url);
        if (url_is_callback(url.at)) {
            memory_set(&life->status.url, url.at);
            memory_set(&life->status.method, twiml_text(noun, "statusCallbackMethod", "POST"));
            life->status.events = event_bits(twiml_text(noun, "statusCallbackEvent", "completed"));
        } else {
            run_warn(run_of(dial), 12200, "line %u: 'statusCallback' is no absolute URL",
                     noun->line);
        }
        text_release(&url);
    }
    if (noun->kind == TWIML_NUMBER && twiml_text(noun, "sendDigits", NULL))
        memory_set(&life->send_digits, twiml_text(noun, "sendDigits", NULL));
    if (noun->kind == TWIML_SIP) {
        memory_set(&life->sip_user, twiml_text(noun, "username", NULL));
        memory_set(&life->sip_password, twiml_text(noun, "password", NULL));
    }
}

/* The identity stands as text or in an element of its own, beside the parameters. */
static void read_client(struct address *address, const struct twiml_element *noun)
{
    const struct twiml_element *part;
    const char *identity = noun->text;
    struct text text;

    for (part = noun->first; part; part = part->next)
        if (part->kind == TWIML_IDENTITY)
            identity = part->text;
    *address = (struct address){0};
    form_init(&address->headers);
    if (!address_is_identity(identity))
        return;
    text_init(&text);
    text_add(&text, "client:");
    text_add(&text, identity);
    address->text = memory_take_text(&text);
    address->kind = ADDRESS_CLIENT;
    for (part = noun->first; part; part = part->next)
        if (part->kind == TWIML_PARAMETER && twiml_text(part, "name", NULL))
            form_add(&address->headers, twiml_text(part, "name", NULL),
                     twiml_text(part, "value", ""));
}

/* Why this target cannot be called: a code, or 0 with the address read. */
static unsigned check_target(struct dial *dial, struct dial_child *child, struct address *address)
{
    struct control *control = dial->parent->control;
    const char *text = child->noun ? child->noun->text : dial->verb->text;
    const char *caller_id = twiml_text(dial->verb, "callerId", NULL);
    bool is_client = child->noun && child->noun->kind == TWIML_CLIENT;

    if (is_client)
        read_client(address, child->noun);
    else
        address_read(address, text);
    if (is_client && address->kind != ADDRESS_CLIENT) {
        run_warn(run_of(dial), 13224, "line %u: 'Client' names no identity that can be called",
                 child->noun->line);
        return 13224;
    }
    if (address->kind != ADDRESS_NUMBER && address->kind != ADDRESS_SIP && !is_client) {
        run_warn(run_of(dial), 13224, "'%.100s' is no number in E.164 form and no SIP address",
                 text);
        return 13224;
    }
    if (address->kind == ADDRESS_NUMBER && !address_is_allowed(control, address->text)) {
        run_warn(run_of(dial), 13227, "calls to '%.100s' are not permitted", address->text);
        return 13227;
    }
    if (address->kind == ADDRESS_NUMBER && caller_id && !address_is_ours(control, caller_id)) {
        run_warn(run_of(dial), 13214, "'%.100s' is not a number that may be shown as callerId",
                 caller_id);
        return 13214;
    }
    if (!rate_has_room(control)) {
        ++control->figures.calls_refused;
        run_warn(run_of(dial), 10004, "there are as many calls at once as there may be");
        return 10004;
    }
    return 0;
}

static void child_call(struct dial *dial, struct dial_child *child)
{
    struct call *parent = dial->parent, *call;
    struct address address;

    if (check_target(dial, child, &address) == 0) {
        call = call_new(parent->control, CALL_OUTBOUND_DIAL, address.text,
                        twiml_text(dial->verb, "callerId", parent->from));
        call->parent_sid = memory_text(parent->sid);
        call->life->child = child;
        call->life->timeout_s = twiml_number(dial->verb, "timeout", 30);
        call->life->headers = address.headers;
        form_init(&address.headers);
        child->call = call;
        slice_copy(slice_from(call->sid), dial->child_sid, SID_SIZE);
        if (child->noun)
            take_noun(dial, call, child->noun);
        call_dial_out(call);
    }
    address_release(&address);
}

/* Calls the next one (or all); true when at least one is on its way. */
static bool call_more(struct dial *dial)
{
    bool sequential = twiml_flag(dial->verb, "sequential", false), any = false;

    while (dial->called_count < dial->child_count) {
        struct dial_child *child = &dial->children[dial->called_count++];

        child_call(dial, child);
        any = any || child->call;
        if (any && sequential)
            break;
    }
    return any;
}

static bool rings_still(const struct dial *dial)
{
    for (size_t i = 0; i < dial->child_count; ++i)
        if (dial->children[i].call)
            return true;
    return false;
}

static void add_child(struct dial *dial, const struct twiml_element *noun)
{
    struct dial_child *child;

    if (dial->child_count == DIAL_CHILD_COUNT_MAX) {
        run_warn(run_of(dial), 12200, "line %u: more than ten are not dialled together",
                 noun ? noun->line : 0);
        return;
    }
    child = &dial->children[dial->child_count++];
    child->dial = dial;
    child->noun = noun;
}

/* ------------------------------------------------------------------------------- conference */

static unsigned conference_bits(const char *words)
{
    static const char *const WORDS[] = {"start", "end",    "join",    "leave",       "mute",
                                        "hold",  "modify", "speaker", "announcement"};
    struct slice rest = slice_from(words);
    unsigned bits = 0;

    while (rest.size) {
        struct slice word = slice_cut(&rest, ' ');

        for (size_t i = 0; i < array_count(WORDS); ++i)
            if (slice_is(word, WORDS[i]))
                bits |= 1u << i;
    }
    return bits;
}

/* Recording is not done: an application that asks for it is told. */
static void warn_of_recording(struct dial *dial, const char *what, unsigned line)
{
    if (what && strcmp(what, "do-not-record") != 0 && strcmp(what, "false") != 0)
        run_warn(run_of(dial), 12200, "line %u: 'record' has no effect in this engine", line);
}

static void join_conference(struct dial *dial, const struct twiml_element *noun)
{
    const char *beep = twiml_text(noun, "beep", "true"), *coach = twiml_text(noun, "coach", NULL);
    const char *callback = twiml_text(noun, "statusCallback", NULL);
    struct join_options options = {
        .label = twiml_text(noun, "participantLabel", NULL),
        .muted = twiml_flag(noun, "muted", false),
        .start_on_enter = twiml_flag(noun, "startConferenceOnEnter", true),
        .end_on_exit = twiml_flag(noun, "endConferenceOnExit", false),
        .beep_on_enter = strcmp(beep, "true") == 0 || strcmp(beep, "onEnter") == 0,
        .beep_on_exit = strcmp(beep, "true") == 0 || strcmp(beep, "onExit") == 0,
        .coaching = coach && coach[0],
        .coach_sid = coach,
        .wait_url = twiml_text(noun, "waitUrl", NULL),
        .wait_method = twiml_text(noun, "waitMethod", "POST"),
        .base_url = run_of(dial)->url,
        .count_max = twiml_number(noun, "maxParticipants", 250),
        .callback_method = twiml_text(noun, "statusCallbackMethod", "POST"),
        .callback_events = conference_bits(twiml_text(noun, "statusCallbackEvent", "")),
    };
    struct text url;
    unsigned code;

    text_init(&url);
    if (callback) {
        run_resolve(run_of(dial), callback, &url);
        options.callback_url = url_is_callback(url.at) ? url.at : NULL;
    }
    dial->is_conference = true;
    warn_of_recording(dial, twiml_text(noun, "record", NULL), noun->line);
    if (callback && !options.callback_url)
        run_warn(run_of(dial), 12200, "line %u: 'statusCallback' is no absolute URL", noun->line);
    code = conference_join(dial->parent->control, noun->text, dial->parent, &options, false);
    text_release(&url);
    if (code) {
        run_warn(run_of(dial), code, "line %u: not admitted to the conference: %s", noun->line,
                 code == JOIN_FULL          ? "it is full"
                 : code == JOIN_LABEL_TAKEN ? "the participant label is taken"
                 : code == JOIN_NOBODY_TO_COACH
                     ? "the call to coach is not in it"
                     : "its name is empty or longer than 128 characters");
        finish(dial, "failed", NULL);
    }
}

void dial_conference_left(struct dial *dial)
{
    dial->bridged = true;
    finish(dial, "answered", NULL);
}

void dial_not_admitted(struct dial *dial)
{
    finish(dial, "failed", NULL);
}

/* ------------------------------------------------------------------------------------ start */

void dial_start(struct run *run, const struct twiml_element *verb)
{
    struct dial *dial = memory_take(sizeof(*dial));
    const struct twiml_element *noun;

    dial->parent = run->call;
    dial->verb = verb;
    dial->worst = CALL_FAILED;
    run->call->life->dial = dial;
    warn_of_recording(dial, twiml_text(verb, "record", NULL), verb->line);
    for (noun = verb->first; noun; noun = noun->next) {
        if (noun->kind == TWIML_CONFERENCE) {
            join_conference(dial, noun);
            return;
        }
        add_child(dial, noun);
    }
    if (verb->text[0])
        add_child(dial, NULL);
    if (!dial->child_count)
        run_warn(run, 13224, "line %u: 'Dial' names nobody to call", verb->line);
    if (!call_more(dial))
        finish(dial, "failed", NULL);
    else
        ring_start(dial);
}

void dial_digit(struct dial *dial, char digit)
{
    if (digit != '*' || !twiml_flag(dial->verb, "hangupOnStar", false))
        return;
    if (dial->parent->life->participant) {
        participant_leave(dial->parent->life->participant, LEFT_BY_STAR);
        dial_conference_left(dial);
    } else {
        finish(dial, dial->bridged ? "completed" : "canceled",
               dial->winner ? dial->winner->call : NULL);
    }
}

/* ------------------------------------------------------------------------- reports of a child */

static void limit_reached(struct control *control, struct timer *timer)
{
    struct dial *dial = container_of(timer, struct dial, limit_timer);

    (void)control;
    if (dial->winner && dial->winner->call)
        call_hang_up(dial->winner->call, CALL_CANCELED);
}

static void bridge(struct dial *dial, struct dial_child *child)
{
    struct control *control = dial->parent->control;

    if (dial->parent->direction == CALL_INBOUND && !dial->parent->answered_at)
        call_answer(dial->parent);
    dial->bridged = true;
    dial->bridged_at = control->now;
    connect_both(dial, child);
    timer_start(control, &dial->limit_timer,
                control->now + twiml_number(dial->verb, "timeLimit", 14400) * SECOND,
                limit_reached);
}

void dial_child_ringing(struct dial_child *child, bool early_media)
{
    struct dial *dial = child->dial;

    if (early_media && dial->child_count == 1 && call_hears(dial->parent))
        connect_both(dial, child);
}

void dial_child_answered(struct dial_child *child)
{
    struct dial *dial = child->dial;
    const char *whisper = child->noun ? twiml_text(child->noun, "url", NULL) : NULL;
    struct text url;

    dial->winner = child;
    child->answered = true;
    slice_copy(slice_from(child->call->sid), dial->child_sid, SID_SIZE);
    for (size_t i = 0; i < dial->child_count; ++i)
        if (&dial->children[i] != child && dial->children[i].call)
            call_hang_up(dial->children[i].call, CALL_CANCELED);
    if (!whisper || !whisper[0]) {
        bridge(dial, child);
        return;
    }
    call_leave_room(child->call); /* early media ends; the whisper is heard alone */
    run_resolve(run_of(dial), whisper, &url);
    child->whisper = run_new(dial->parent->control, RUN_WHISPER, child->call);
    run_start_url(child->whisper, url.at, twiml_text(child->noun, "method", "POST"), NULL);
    text_release(&url);
}

void dial_child_whispered(struct dial_child *child, bool go_on)
{
    run_free(child->whisper);
    child->whisper = NULL;
    if (go_on)
        bridge(child->dial, child);
    else
        call_hang_up(child->call, CALL_NO_ANSWER);
}

static enum call_state worse(enum call_state a, enum call_state b)
{
    static const enum call_state ORDER[] = {CALL_BUSY, CALL_NO_ANSWER, CALL_CANCELED, CALL_FAILED};

    for (size_t i = 0; i < array_count(ORDER); ++i)
        if (a == ORDER[i] || b == ORDER[i])
            return ORDER[i];
    return CALL_FAILED;
}

void dial_child_ended(struct dial_child *child)
{
    struct dial *dial = child->dial;
    struct call *call = child->call;
    enum call_state state = child->answered ? CALL_NO_ANSWER : call->state;

    call_leave_room(call);
    call->life->child = NULL;
    child->call = NULL;
    run_free(child->whisper);
    child->whisper = NULL;
    if (dial->winner && dial->winner != child)
        return; /* lost the race */
    if (dial->bridged) {
        finish(dial, "completed", call);
        return;
    }
    dial->winner = NULL;
    dial->worst = worse(dial->worst, state);
    if (rings_still(dial) || call_more(dial))
        return;
    finish(dial, call_state_name(dial->worst), call);
}

void dial_child_redirected(struct dial_child *child)
{
    struct dial *dial = child->dial;

    run_free(child->whisper);
    child->whisper = NULL;
    call_leave_room(child->call);
    child->call->life->child = NULL;
    child->call = NULL;
    finish(dial, "completed", NULL);
}
