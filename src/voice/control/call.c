#include "voice/control/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "voice/control/conference.h"
#include "voice/control/dial.h"
#include "voice/control/memory.h"
#include "voice/control/notes.h"
#include "voice/control/rate.h"
#include "voice/control/run.h"

static const instant ANSWER_TIME_MAX = 40 * SECOND; /* from our 200 to its ACK */
static const instant DIGITS_TIME_MAX = 60 * SECOND;
static const instant INCOMING_RING_MAX = 180 * SECOND; /* an incoming call nobody answers */

#define TERMINAL                                                                                   \
    (1u << CALL_COMPLETED | 1u << CALL_BUSY | 1u << CALL_NO_ANSWER | 1u << CALL_FAILED |           \
     1u << CALL_CANCELED)
#define UNANSWERED (TERMINAL & ~(1u << CALL_COMPLETED))

static const struct {
    const char *name, *rest, *callback;
    unsigned next;
} STATES[CALL_STATE_COUNT] = {
    [CALL_QUEUED] = {"queued", "queued", "queued",
                     1u << CALL_INITIATED | 1u << CALL_FAILED | 1u << CALL_CANCELED},
    [CALL_INITIATED] = {"initiated", "ringing", "initiated",
                        1u << CALL_RINGING | 1u << CALL_IN_PROGRESS | UNANSWERED},
    [CALL_RINGING] = {"ringing", "ringing", "ringing", 1u << CALL_IN_PROGRESS | UNANSWERED},
    [CALL_IN_PROGRESS] = {"in-progress", "in-progress", "in-progress", 1u << CALL_COMPLETED},
    [CALL_COMPLETED] = {"completed", "completed", "completed", 0},
    [CALL_BUSY] = {"busy", "busy", "busy", 0},
    [CALL_NO_ANSWER] = {"no-answer", "no-answer", "no-answer", 0},
    [CALL_FAILED] = {"failed", "failed", "failed", 0},
    [CALL_CANCELED] = {"canceled", "canceled", "canceled", 0},
};

bool call_may_become(enum call_state from, enum call_state to)
{
    return (STATES[from].next & 1u << to) != 0;
}

bool call_is_live(const struct call *call)
{
    return STATES[call->state].next != 0;
}

const char *call_state_name(enum call_state state)
{
    return STATES[state].name;
}

const char *call_status(const struct call *call)
{
    return STATES[call->state].rest;
}

const char *call_status_callback(const struct call *call)
{
    return STATES[call->state].callback;
}

const char *call_status_url(const struct call *call)
{
    return call->life ? call->life->status.url : call->told_url;
}

const char *call_direction_name(const struct call *call)
{
    switch (call->direction) {
    case CALL_INBOUND:
        return "inbound";
    case CALL_OUTBOUND_API:
        return "outbound-api";
    case CALL_OUTBOUND_DIAL:
        return "outbound-dial";
    }
    return "";
}

unsigned call_seconds(const struct call *call)
{
    if (!call->answered_at || !call->ended_at)
        return 0;
    return (unsigned)((call->ended_at - call->answered_at + SECOND / 2) / SECOND);
}

/* The one gate of its state. */
static void call_become(struct call *call, enum call_state next)
{
    check(call_may_become(call->state, next));
    call->state = next;
    call->updated_at = call->control->now;
    note_event(call->control, call, "status %s", STATES[next].name);
}

static const struct line_number *number_of(const struct control *control, const char *number)
{
    for (size_t i = 0; i < control->number_count; ++i)
        if (strcmp(control->numbers[i].number, number) == 0)
            return &control->numbers[i];
    return NULL;
}

/* The country a number tells of, in two letters. */
static void read_country(const char *address, char country[PHONE_COUNTRY_SIZE])
{
    struct phone_number number;

    if (address[0] != '+')
        return;
    (void)phone_number_parse(slice_from(address), "", &number);
    slice_copy(slice_from(number.country), country, PHONE_COUNTRY_SIZE);
}

struct call *call_new(struct control *control, enum call_direction direction, const char *to,
                      const char *from)
{
    struct call *call = memory_take(sizeof(*call));
    const struct line_number *number;

    call->control = control;
    sid_make(&control->sids, "CA", call->sid);
    call->direction = direction;
    call->to = memory_clean(to);
    call->from = memory_clean(from);
    read_country(call->to, call->to_country);
    if (!control->from_seen || strcmp(control->from_seen, call->from) != 0) {
        memory_set(&control->from_seen, call->from); /* it is the same for most calls */
        control->from_seen_country[0] = '\0';
        read_country(call->from, control->from_seen_country);
    }
    slice_copy(slice_from(control->from_seen_country), call->from_country, PHONE_COUNTRY_SIZE);
    call->created_at = call->updated_at = control->now;
    call->life = memory_take(sizeof(*call->life));
    call->life->line.call = call;
    call->life->timeout_s = 60;
    call->life->time_limit_s = control->time_limit_s;
    number = number_of(control, direction == CALL_INBOUND ? call->to : call->from);
    if (number)
        call->number_sid = number->sid;
    machine_put(&control->calls, call->sid, call);
    chain_add(&control->calls_by_age, &call->by_age);
    chain_add(&control->calls_live, &call->by_state);
    call->serial = ++control->figures.calls_total;
    return call;
}

struct call *call_find(struct control *control, struct slice sid)
{
    char key[SID_SIZE];

    if (!sid_is(sid, "CA"))
        return NULL;
    sid_normalise(sid, key);
    return table_get(&control->calls, key, SID_LENGTH);
}

static void life_release(void *object)
{
    struct call_life *life = object;

    callback_line_release(&life->line);
    free(life->plan.url);
    free(life->plan.method);
    free(life->plan.fallback_url);
    free(life->plan.fallback_method);
    free(life->plan.twiml);
    free(life->status.url);
    free(life->status.method);
    free(life->send_digits);
    free(life->sip_user);
    free(life->sip_password);
    free(life->caller_id);
    free(life->application_sid);
    free(life->sip_call_id);
    form_release(&life->headers);
    form_release(&life->params);
    form_release(&life->stored);
    cookies_release(&life->cookies);
    free(life);
}

void call_callbacks_done(struct call *call)
{
    if (call_is_live(call) || !call->life || !callback_line_is_empty(&call->life->line))
        return;
    call->told_url = call->life->status.url;
    call->life->status.url = NULL;
    machine_bury(call->control, call->life, life_release);
    call->life = NULL;
}

static void call_release(void *object)
{
    struct call *call = object;

    free(call->to);
    free(call->from);
    free(call->caller_name);
    free(call->told_url);
    free(call->parent_sid);
    free(call);
}

void call_forget(struct call *call)
{
    struct control *control = call->control;

    check(!call_is_live(call) && !call->webhooks_open);
    if (call->leg_is_up) /* nobody will tell us of its end any more */
        --control->legs_up;
    if (table_get(&control->calls, call->sid, SID_LENGTH) == call)
        table_remove(&control->calls, call->sid, SID_LENGTH);
    if (call->leg)
        table_remove_id(&control->legs, call->leg);
    chain_remove(&control->calls_by_age, &call->by_age);
    chain_remove(&control->calls_ended, &call->by_state);
    notes_forget_call(control, call);
    if (call->life)
        machine_bury(control, call->life, life_release);
    call->life = NULL;
    machine_bury(control, call, call_release);
}

void call_sweep(struct control *control)
{
    while (control->calls_ended.first) {
        struct call *call = container_of(control->calls_ended.first, struct call, by_state);
        bool stays = control->calls_ended.count <= control->ended_call_count_max &&
                     call->ended_at + control->ended_call_age_max > control->now;

        if (stays || call->webhooks_open)
            break;
        call_forget(call);
    }
}

void calls_forget_all(struct control *control)
{
    while (control->calls_live.first)
        call_hang_up(container_of(control->calls_live.first, struct call, by_state), CALL_CANCELED);
    machine_settle(control);
    while (control->calls_ended.first) {
        struct call *call = container_of(control->calls_ended.first, struct call, by_state);

        if (call->life)
            callback_line_release(&call->life->line);
        call->webhooks_open = 0;
        call_forget(call);
    }
}

/* Counts the event; tells it when it was asked for. */
static void tell(struct call *call, unsigned event, struct form *extra)
{
    struct call_life *life = call->life;
    unsigned sequence = life->sequence++;
    char text[INSTANT_TEXT_SIZE], number[16];
    struct form form;

    if (!life->status.url || !(life->status.events & event))
        return;
    form_init(&form);
    call_parameters(call, &form);
    form_add(&form, "CallbackSource", "call-progress-events");
    instant_to_rfc2822(call->control->now, text);
    form_add(&form, "Timestamp", text);
    snprintf(number, sizeof(number), "%u", sequence);
    form_add(&form, "SequenceNumber", number);
    for (size_t i = 0; extra && i < extra->count; ++i)
        form_add(&form, extra->fields[i].name, extra->fields[i].value);
    callback_line_add(call->control, &life->line, life->status.url, life->status.method, &form);
}

static void form_add_number(struct form *form, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    form_add(form, name, text);
}

static void tell_end(struct call *call)
{
    unsigned seconds = call_seconds(call);
    struct form extra;

    form_init(&extra);
    form_add_number(&extra, "CallDuration", seconds);
    form_add_number(&extra, "Duration", (seconds + 59) / 60);
    if (call->sip_code)
        form_add_number(&extra, "SipResponseCode", call->sip_code);
    if (call->not_carried)
        form_add(&extra, "OutdialNotCarried", "true");
    if (call->has_hello)
        form_add_number(&extra, "OutdialHelloUs", call->hello_us);
    tell(call, ON_COMPLETED, &extra);
    form_release(&extra);
}

/* ------------------------------------------------------------------------------ outbound */

static void ring_timed_out(struct control *control, struct timer *timer)
{
    struct call_life *life = container_of(timer, struct call_life, ring_timer);

    (void)control;
    call_end(life->line.call, CALL_NO_ANSWER, 487);
}

static void limit_reached(struct control *control, struct timer *timer)
{
    struct call_life *life = container_of(timer, struct call_life, limit_timer);

    note_event(control, life->line.call, "time limit reached");
    call_hang_up(life->line.call, CALL_FAILED);
}

void call_limit_start(struct call *call)
{
    timer_start(call->control, &call->life->limit_timer,
                call->answered_at + call->life->time_limit_s * SECOND, limit_reached);
}

static void order_invite(struct call *call)
{
    struct effects *effects = &call->control->effects;
    struct control_effect *effect = effect_add(call->control, CONTROL_INVITE, call->leg);
    const struct form *headers = &call->life->headers;
    struct control_header *list = effects_bytes(effects, (headers->count + 1) * sizeof(*list));

    for (size_t i = 0; i < headers->count; ++i) {
        list[i].name = effects_text(effects, headers->fields[i].name);
        list[i].value = effects_text(effects, headers->fields[i].value);
    }
    effect->as.invite.to = effects_text(effects, call->to);
    effect->as.invite.from =
        effects_text(effects, call->life->caller_id ? call->life->caller_id : call->from);
    effect->as.invite.caller_name = effects_text(effects, call->caller_name);
    effect->as.invite.user = effects_text(effects, call->life->sip_user);
    effect->as.invite.password = effects_text(effects, call->life->sip_password);
    effect->as.invite.call_sid = effects_text(effects, call->sid);
    effect->as.invite.headers = list;
    effect->as.invite.header_count = headers->count;
}

void call_dial_out(struct call *call)
{
    struct control *control = call->control;

    call->leg = control->next_leg++;
    call->leg_is_up = true;
    ++control->legs_up;
    machine_put_id(&control->legs, call->leg, call);
    call_become(call, CALL_INITIATED);
    order_invite(call);
    timer_start(control, &call->life->ring_timer, control->now + call->life->timeout_s * SECOND,
                ring_timed_out);
    tell(call, ON_INITIATED, NULL);
}

void call_leg_ringing(struct call *call, bool early_media, const char *sip_call_id)
{
    struct call_life *life = call->life;

    if (call->state != CALL_INITIATED && call->state != CALL_RINGING)
        return;
    if (sip_call_id && !life->sip_call_id)
        life->sip_call_id = memory_clean(sip_call_id);
    if (call->state == CALL_INITIATED) {
        call_become(call, CALL_RINGING);
        tell(call, ON_RINGING, NULL);
    } else if (!early_media || life->early_media) {
        return;
    }
    life->early_media |= early_media;
    if (life->participant)
        participant_call_ringing(life->participant, early_media);
    else if (life->child)
        dial_child_ringing(life->child, early_media);
}

/* Answered and, if need be, dialled through: what it was called for begins. */
static void begin_plan(struct call *call)
{
    struct call_life *life = call->life;

    if (life->participant) {
        participant_call_answered(life->participant);
    } else if (life->child) {
        dial_child_answered(life->child);
    } else if (!life->run) {
        life->run = run_new(call->control, RUN_CALL, call);
        if (life->plan.twiml)
            run_start_twiml(life->run, life->plan.twiml);
        else
            run_start_url(life->run, life->plan.url, life->plan.method, NULL);
    }
}

static void digits_timed_out(struct control *control, struct timer *timer)
{
    (void)control;
    call_digits_sent(container_of(timer, struct call_life, ring_timer)->line.call);
}

void call_leg_answered(struct call *call)
{
    struct control *control = call->control;
    struct call_life *life = call->life;

    if (call->state != CALL_INITIATED && call->state != CALL_RINGING)
        return;
    if (call->direction == CALL_INBOUND && !life->is_answering)
        return;
    timer_stop(control, &life->ring_timer);
    call->answered_at = control->now;
    call_become(call, CALL_IN_PROGRESS);
    tell(call, ON_ANSWERED, NULL);
    call_limit_start(call);
    if (call->direction == CALL_INBOUND) {
        life->is_answering = false;
        if (life->run)
            run_answered(life->run);
    } else if (life->send_digits) {
        struct control_effect *effect = effect_add(control, CONTROL_SEND_DIGITS, call->leg);

        effect->as.digits.digits = effects_text(&control->effects, life->send_digits);
        life->is_sending_digits = true;
        timer_start(control, &life->ring_timer, control->now + DIGITS_TIME_MAX, digits_timed_out);
    } else {
        begin_plan(call);
    }
}

void call_digits_sent(struct call *call)
{
    struct call_life *life = call->life;

    if (!call_is_live(call))
        return;
    if (life->participant && life->participant->announcement)
        run_digits_sent(life->participant->announcement);
    if (life->is_sending_digits) {
        life->is_sending_digits = false;
        timer_stop(call->control, &life->ring_timer);
        begin_plan(call);
    } else if (life->run) {
        run_digits_sent(life->run);
    } else if (life->child && life->child->whisper) {
        run_digits_sent(life->child->whisper);
    }
}

void call_digit(struct call *call, char digit)
{
    struct call_life *life = call->life;

    if (!call_is_live(call))
        return;
    note_event(call->control, call, "digit"); /* which one may be a PIN */
    if (life->participant)
        participant_digit(life->participant, digit);
    if (life->dial)
        dial_digit(life->dial, digit);
    else if (life->run)
        run_digit(life->run, digit);
    else if (life->child && life->child->whisper)
        run_digit(life->child->whisper, digit);
}

/* ------------------------------------------------------------------------------ incoming */

static void take_number(struct call *call, const struct line_number *number)
{
    struct call_life *life = call->life;

    memory_set(&life->plan.url, number->voice_url);
    memory_set(&life->plan.method, number->voice_method);
    memory_set(&life->plan.fallback_url, number->voice_fallback_url);
    memory_set(&life->plan.fallback_method, number->voice_fallback_method);
    memory_set(&life->status.url, number->status_callback);
    memory_set(&life->status.method, number->status_callback_method);
    life->status.events = ON_COMPLETED;
}

static void take_application(struct call *call, const struct application *application)
{
    struct call_life *life = call->life;

    memory_set(&life->application_sid, application->sid);
    memory_set(&life->plan.url, application->voice_url);
    memory_set(&life->plan.method, application->voice_method);
    memory_set(&life->plan.fallback_url, application->voice_fallback_url);
    memory_set(&life->plan.fallback_method, application->voice_fallback_method);
    memory_set(&life->status.url, application->status_callback);
    memory_set(&life->status.method, application->status_callback_method);
    life->status.events = ON_COMPLETED;
}

/* What to do with a call that came in, as its number or its browser's application says. */
static void take_plan(struct call *call, const struct control_event *event)
{
    struct control *control = call->control;
    const char *sid = event->as.incoming.application_sid;
    const struct line_number *number = number_of(control, event->as.incoming.to);
    const struct application *application = sid ? machine_find_application(control, sid) : NULL;

    if (application)
        take_application(call, application);
    else if (sid)
        note_problem(control, call, 21218, false, NULL, "there is no application %.60s", sid);
    else
        take_number(call, number ? number : &control->unlisted);
}

/* A page may say what it likes, but not who it is or what the call is. */
static void take_params(struct call *call, const struct control_event *event)
{
    static const char *const OURS[] = {
        "CallSid",   "AccountSid", "From",          "Caller",         "CallStatus",    "ApiVersion",
        "Direction", "CallerName", "ParentCallSid", "ApplicationSid", "CallbackSource"};

    for (size_t i = 0; i < event->as.incoming.param_count; ++i) {
        const struct control_header *param = &event->as.incoming.params[i];
        bool ours = !param->name[0];

        for (size_t k = 0; k < array_count(OURS); ++k)
            ours = ours || strcmp(param->name, OURS[k]) == 0;
        if (ours) {
            note_event(call->control, call, "parameter %.60s is not the page's to say",
                       param->name);
            continue;
        }
        form_set(&call->life->params, param->name, param->value);
        if (strcmp(param->name, "To") == 0)
            form_set(&call->life->params, "Called", param->value);
    }
}

/* Refused before there is a call of it: a flood must not fill the memory with refusals. */
static void refuse_arrival(struct control *control, uint64_t leg)
{
    struct control_effect *effect = effect_add(control, CONTROL_REJECT, leg);

    effect->as.reject.sip_code = 503;
    ++control->figures.calls_refused;
    note_problem(control, NULL, 10004, false, NULL, "a call came in when there was no room for it");
}

static void take_arrival(struct control *control, const struct control_event *event)
{
    struct call *call =
        call_new(control, CALL_INBOUND, event->as.incoming.to, event->as.incoming.from);
    struct call_life *life = call->life;

    call->leg = event->leg;
    call->leg_is_up = true;
    ++control->legs_up;
    call->state = CALL_RINGING;
    call->caller_name = memory_clean(event->as.incoming.caller_name);
    machine_put_id(&control->legs, call->leg, call);
    life->sip_call_id = memory_clean(event->as.incoming.sip_call_id);
    for (size_t i = 0; i < event->as.incoming.header_count; ++i) {
        char *name = memory_clean(event->as.incoming.headers[i].name);
        char *value = memory_clean(event->as.incoming.headers[i].value);

        form_add(&life->headers, name, value);
        free(name);
        free(value);
    }
    life->takes_early_media = event->as.incoming.takes_early_media;
    take_plan(call, event);
    take_params(call, event);
    timer_start(control, &life->ring_timer, control->now + INCOMING_RING_MAX, ring_timed_out);
    if (!life->plan.url) {
        note_problem(control, call, 21205, false, NULL, "no voice URL for this address");
        call_end(call, CALL_FAILED, 404);
    } else {
        life->run = run_new(control, RUN_CALL, call);
        run_start_first(life->run, life->plan.url, life->plan.method, &life->params);
    }
}

void call_arrived(struct control *control, const struct control_event *event)
{
    if (rate_takes_incoming(control))
        take_arrival(control, event);
    else
        refuse_arrival(control, event->leg);
}

bool call_hears(struct call *call)
{
    struct call_life *life = call->life;

    if (!call->answered_at && life->takes_early_media && !life->hears_early) {
        life->hears_early = true;
        effect_add(call->control, CONTROL_EARLY_MEDIA, call->leg);
    }
    return call->answered_at || life->hears_early;
}

static void answer_timed_out(struct control *control, struct timer *timer)
{
    (void)control;
    call_end(container_of(timer, struct call_life, ring_timer)->line.call, CALL_FAILED, 408);
}

void call_answer(struct call *call)
{
    if (call->life->is_answering)
        return;
    call->life->is_answering = true;
    effect_add(call->control, CONTROL_ANSWER, call->leg);
    timer_start(call->control, &call->life->ring_timer, call->control->now + ANSWER_TIME_MAX,
                answer_timed_out);
}

/* ----------------------------------------------------------------------------------- end */

static enum call_state state_of_failure(const struct call *call, const struct control_event *event)
{
    unsigned code = event->as.ended.sip_code;

    switch (event->as.ended.by) {
    case CONTROL_END_NO_ANSWER:
    case CONTROL_END_TRANSPORT:
    case CONTROL_END_OURS:
        return CALL_FAILED;
    case CONTROL_END_PEER:
        break;
    }
    if (call->direction == CALL_INBOUND)
        return CALL_CANCELED;
    if (code == 486 || code == 600)
        return CALL_BUSY;
    if (code == 480 || code == 408 || code == 487)
        return CALL_NO_ANSWER;
    return CALL_FAILED;
}

/* No sign of life from the far side. 4xx of our own (an address that is none) are the call's fault. */
static bool never_left(const struct call *call, const struct control_event *event)
{
    unsigned code = event->as.ended.sip_code;

    if (call->direction == CALL_INBOUND || call->state != CALL_INITIATED)
        return false;
    return event->as.ended.by == CONTROL_END_NO_ANSWER ||
           (event->as.ended.by == CONTROL_END_TRANSPORT && (!code || code >= 500));
}

void call_leg_ended(struct call *call, const struct control_event *event)
{
    bool answered = call->state == CALL_IN_PROGRESS;

    if (!call->leg_is_up)
        return;
    call->leg_is_up = false;
    --call->control->legs_up;
    if (!call_is_live(call))
        return;
    if (event->as.ended.reason && event->as.ended.reason[0])
        note_event(call->control, call, "leg ended sip=%u reason=%.100s", event->as.ended.sip_code,
                   event->as.ended.reason);
    call->not_carried = never_left(call, event);
    call_end(call, answered ? CALL_COMPLETED : state_of_failure(call, event),
             answered ? 200 : event->as.ended.sip_code);
}

static void order_down(struct call *call, unsigned sip_code)
{
    if (!call->leg_is_up)
        return;
    if (call->direction == CALL_INBOUND && !call->answered_at && !call->life->is_answering) {
        struct control_effect *effect = effect_add(call->control, CONTROL_REJECT, call->leg);

        effect->as.reject.sip_code = sip_code >= 400 && sip_code != 487 ? sip_code : 480;
    } else {
        effect_add(call->control, CONTROL_HANG_UP, call->leg);
    }
}

void call_end(struct call *call, enum call_state state, unsigned sip_code)
{
    struct control *control = call->control;
    struct call_life *life = call->life;

    call_become(call, state);
    call->ended_at = control->now;
    call->sip_code = sip_code;
    timer_stop(control, &life->ring_timer);
    timer_stop(control, &life->limit_timer);
    rate_forget(call);
    if (life->dial)
        dial_parent_gone(life->dial);
    if (life->participant)
        participant_leave(life->participant, call->answered_at ? LEFT_HUNG_UP : LEFT_ADD_FAILED);
    if (life->child)
        dial_child_ended(life->child);
    run_free(life->run);
    life->run = NULL;
    call_leave_room(call);
    order_down(call, sip_code);
    tell_end(call);
    chain_remove(&control->calls_live, &call->by_state);
    chain_add(&control->calls_ended, &call->by_state);
    call_callbacks_done(call);
    if (control->calls_ended.count > control->ended_call_count_max)
        call_sweep(control);
}

void call_hang_up(struct call *call, enum call_state unanswered)
{
    switch (call->state) {
    case CALL_QUEUED:
        call_end(call, unanswered == CALL_FAILED ? CALL_FAILED : CALL_CANCELED, 0);
        break;
    case CALL_INITIATED:
    case CALL_RINGING:
        call_end(call, unanswered, 487);
        break;
    case CALL_IN_PROGRESS:
        call_end(call, CALL_COMPLETED, 200);
        break;
    case CALL_COMPLETED:
    case CALL_BUSY:
    case CALL_NO_ANSWER:
    case CALL_FAILED:
    case CALL_CANCELED:
    case CALL_STATE_COUNT:
        break;
    }
}

void call_redirect(struct call *call, const char *url, const char *method, const char *twiml)
{
    struct call_life *life = call->life;

    if (life->child)
        dial_child_redirected(life->child);
    if (life->dial)
        dial_abandon(life->dial);
    if (life->participant)
        participant_leave(life->participant, LEFT_VIA_API);
    if (life->is_sending_digits) { /* what they were dialled for does not begin any more */
        life->is_sending_digits = false;
        timer_stop(call->control, &life->ring_timer);
    }
    run_free(life->run);
    life->run = NULL;
    call_leave_room(call);
    call->updated_at = call->control->now;
    memory_set(&life->plan.url, url);
    memory_set(&life->plan.method, method);
    memory_set(&life->plan.twiml, twiml);
    life->run = run_new(call->control, RUN_CALL, call);
    if (twiml)
        run_start_twiml(life->run, twiml);
    else
        run_start_url(life->run, url, method, NULL);
}
