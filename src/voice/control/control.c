#include "voice/control/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "voice/control/call.h"
#include "voice/control/conference.h"
#include "voice/control/memory.h"
#include "voice/control/notes.h"
#include "voice/control/rate.h"
#include "voice/control/run.h"
#include "wire/phone_number.h"

static const instant SWEEP_INTERVAL = 30 * SECOND;

/* The same number has the same SID after every restart. */
static void number_sid(const char *number, char sid[SID_SIZE])
{
    struct sid_source source;

    sid_source_init(&source, number, strlen(number));
    sid_make(&source, "PN", sid);
}

static void number_copy(struct line_number *to, const struct control_number *from)
{
    const char *name = from->friendly_name ? from->friendly_name : from->number;

    if (from->number)
        number_sid(from->number, to->sid);
    to->number = memory_clean(from->number);
    to->friendly_name = memory_clean(name);
    to->voice_url = memory_clean(from->voice_url);
    to->voice_method = memory_clean(from->voice_method);
    to->voice_fallback_url = memory_clean(from->voice_fallback_url);
    to->voice_fallback_method = memory_clean(from->voice_fallback_method);
    to->status_callback = memory_clean(from->status_callback);
    to->status_callback_method = memory_clean(from->status_callback_method);
}

static void number_release(struct line_number *number)
{
    free(number->number);
    free(number->friendly_name);
    free(number->voice_url);
    free(number->voice_method);
    free(number->voice_fallback_url);
    free(number->voice_fallback_method);
    free(number->status_callback);
    free(number->status_callback_method);
}

static void copy_numbers(struct control *control, const struct control_options *options)
{
    control->numbers = memory_take((options->number_count + 1) * sizeof(*control->numbers));
    control->number_count = options->number_count;
    for (size_t i = 0; i < options->number_count; ++i) {
        number_copy(&control->numbers[i], &options->numbers[i]);
        chain_add(&control->numbers_chain, &control->numbers[i].link);
    }
    control->caller_ids =
        memory_take((options->caller_id_count + 1) * sizeof(*control->caller_ids));
    control->caller_id_count = options->caller_id_count;
    for (size_t i = 0; i < options->caller_id_count; ++i) {
        number_copy(&control->caller_ids[i],
                    &(struct control_number){.number = options->caller_ids[i]});
        chain_add(&control->caller_ids_chain, &control->caller_ids[i].link);
    }
    number_copy(&control->unlisted, &options->unlisted);
    control->allowed_prefixes =
        memory_take((options->allowed_prefix_count + 1) * sizeof(*control->allowed_prefixes));
    control->allowed_prefix_count = options->allowed_prefix_count;
    for (size_t i = 0; i < options->allowed_prefix_count; ++i)
        control->allowed_prefixes[i] = memory_text(options->allowed_prefixes[i]);
}

static void copy_limits(struct control *control, const struct control_options *options)
{
    control->calls_per_second = options->calls_per_second ? options->calls_per_second : 10;
    control->queue_age_max = options->queue_age_max ? options->queue_age_max : 30 * SECOND;
    control->live_call_count_max =
        options->live_call_count_max ? options->live_call_count_max : 4096;
    control->ended_call_count_max =
        options->ended_call_count_max ? options->ended_call_count_max : 20000;
    control->ended_call_age_max = options->ended_call_age_max ? options->ended_call_age_max : DAY;
    control->time_limit_s = options->time_limit_s ? options->time_limit_s : 14400;
    control->webhook_retries = options->webhook_retries ? options->webhook_retries : 1;
}

static void add_application(struct control *control, const struct control_options *options)
{
    struct application *application = machine_add_application(control);

    sid_normalise(slice_from(options->application_sid), application->sid);
    memory_set(&application->friendly_name, "Outdial");
    application->voice_url = memory_clean(options->application_url);
}

int control_new(struct control **controlp, const struct control_options *options, const void *seed,
                size_t seed_size)
{
    struct phone_number warm_up;
    struct control *control;

    if (!options->account_sid || !sid_is(slice_from(options->account_sid), "AC") ||
        !options->auth_token || !options->auth_token[0] ||
        (options->api_key_sid && !sid_is(slice_from(options->api_key_sid), "SK")) ||
        (options->application_sid && !sid_is(slice_from(options->application_sid), "AP")))
        return EINVAL;
    control = calloc(1, sizeof(*control));
    if (!control)
        return ENOMEM;
    slice_copy(slice_from(options->account_sid), control->account_sid, SID_SIZE);
    control->auth_token = memory_clean(options->auth_token);
    control->api_key_sid = memory_clean(options->api_key_sid);
    control->api_key_secret = memory_clean(options->api_key_secret);
    control->account_name = memory_clean(options->account_name ? options->account_name : "Outdial");
    sid_source_init(&control->sids, seed, seed_size);
    heap_init(&control->timers);
    table_init(&control->calls);
    table_init(&control->legs);
    table_init(&control->plays);
    table_init(&control->webhooks);
    table_init(&control->conferences);
    table_init(&control->rooms);
    table_init(&control->callback_hosts);
    control->next_leg = control->next_room = control->next_play = control->next_fetch = 1;
    copy_numbers(control, options);
    copy_limits(control, options);
    if (options->application_sid)
        add_application(control, options);
    (void)phone_number_parse(slice_from("+15005550006"), "",
                             &warm_up); /* reads the number plan now */
    *controlp = control;
    return 0;
}

struct application *machine_find_application(struct control *control, const char *sid)
{
    struct chain_link *link;

    for (link = control->applications.first; link; link = link->after) {
        struct application *application = container_of(link, struct application, link);

        if (slice_is_nocase(slice_from(sid), application->sid))
            return application;
    }
    return NULL;
}

struct application *machine_add_application(struct control *control)
{
    struct application *application = memory_take(sizeof(*application));

    application->created_at = application->updated_at = control->now;
    application->friendly_name = memory_text("");
    application->voice_method = memory_text("POST");
    application->voice_fallback_method = memory_text("POST");
    application->status_callback_method = memory_text("POST");
    chain_add(&control->applications, &application->link);
    return application;
}

void machine_forget_application(struct application *application)
{
    free(application->friendly_name);
    free(application->voice_url);
    free(application->voice_method);
    free(application->voice_fallback_url);
    free(application->voice_fallback_method);
    free(application->status_callback);
    free(application->status_callback_method);
    free(application);
}

static void release_options(struct control *control)
{
    for (size_t i = 0; i < control->number_count; ++i)
        number_release(&control->numbers[i]);
    for (size_t i = 0; i < control->caller_id_count; ++i)
        number_release(&control->caller_ids[i]);
    for (size_t i = 0; i < control->allowed_prefix_count; ++i)
        free(control->allowed_prefixes[i]);
    number_release(&control->unlisted);
    free(control->numbers);
    free(control->caller_ids);
    free(control->allowed_prefixes);
    free(control->auth_token);
    free(control->api_key_sid);
    free(control->api_key_secret);
    free(control->account_name);
    free(control->from_seen);
}

void control_free(struct control *control)
{
    if (!control)
        return;
    calls_forget_all(control);
    conferences_forget_all(control);
    machine_settle(control);
    webhooks_release(control);
    notes_release(control);
    while (control->applications.first) {
        struct application *application =
            container_of(control->applications.first, struct application, link);

        chain_remove(&control->applications, &application->link);
        machine_forget_application(application);
    }
    effects_release(&control->effects);
    table_release(&control->calls);
    table_release(&control->legs);
    table_release(&control->plays);
    table_release(&control->webhooks);
    table_release(&control->conferences);
    table_release(&control->rooms);
    table_release(&control->callback_hosts);
    heap_release(&control->timers);
    release_options(control);
    free(control);
}

static void sweep(struct control *control, struct timer *timer)
{
    call_sweep(control);
    conference_sweep(control);
    timer_start(control, timer, control->now + SWEEP_INTERVAL, sweep);
}

/* The first step tells since when there is what the options brought. */
static void begin(struct control *control, instant now)
{
    struct chain_link *link;

    control->started_at = control->now = now;
    for (link = control->applications.first; link; link = link->after) {
        struct application *application = container_of(link, struct application, link);

        application->created_at = application->updated_at = now;
    }
    timer_start(control, &control->sweep_timer, now + SWEEP_INTERVAL, sweep);
}

/* Time never steps back; what was due before this step happens before it. */
void machine_step(struct control *control, instant now)
{
    struct heap_node *node;

    if (!control->started_at)
        begin(control, now);
    control->now = instant_max(control->now, now);
    while ((node = heap_first(&control->timers)) && node->at <= control->now) {
        struct timer *timer = container_of(node, struct timer, node);

        heap_remove(&control->timers, node);
        timer->fire(control, timer);
        machine_settle(control);
    }
}

static void feed_leg(struct control *control, struct call *call, const struct control_event *event)
{
    switch (event->kind) {
    case CONTROL_LEG_RINGING:
        call_leg_ringing(call, event->as.ringing.early_media, event->as.ringing.sip_call_id);
        break;
    case CONTROL_LEG_ANSWERED:
        call_leg_answered(call);
        break;
    case CONTROL_LEG_ENDED:
        call_leg_ended(call, event);
        break;
    case CONTROL_LEG_HEARD:
        note_event(control, call, "first-packet");
        break;
    case CONTROL_LEG_SILENT:
        note_event(control, call, "silent");
        if (call->state == CALL_IN_PROGRESS)
            call_hang_up(call, CALL_FAILED);
        break;
    case CONTROL_LEG_HELLO:
        call->hello_us = event->as.hello.latency_us;
        call->has_hello = true;
        note_event(control, call, "hello latency_us=%llu", (unsigned long long)call->hello_us);
        break;
    case CONTROL_LEG_DIGIT:
        call_digit(call, event->as.digit.digit);
        break;
    case CONTROL_LEG_DIGITS_SENT:
        call_digits_sent(call);
        break;
    case CONTROL_LEG_SPEECH:
        if (call->life && call->life->participant)
            conference_tell(call->life->participant->conference, ON_SPEAKER,
                            event->as.speech.started ? "participant-speech-start"
                                                     : "participant-speech-stop",
                            call->life->participant, NULL);
        break;
    case CONTROL_LEG_MESSAGE:
        note_event(control, call, "message type=%.60s bytes=%zu", event->as.message.type,
                   event->as.message.size);
        break;
    case CONTROL_LEG_FIGURES:
        note_event(control, call, "media packets_in=%llu packets_out=%llu lost=%llu jitter_us=%u",
                   (unsigned long long)event->as.figures.packets_in,
                   (unsigned long long)event->as.figures.packets_out,
                   (unsigned long long)event->as.figures.packets_lost, event->as.figures.jitter_us);
        break;
    case CONTROL_LEG_INCOMING:
    case CONTROL_TIME_PASSED:
    case CONTROL_PLAY_ENDED:
    case CONTROL_FETCHED:
    case CONTROL_LOAD:
        break;
    }
}

static void feed_play(struct control *control, const struct control_event *event)
{
    struct run *run = table_remove_id(&control->plays, event->as.play.play);

    if (run)
        run_play_ended(run, event->as.play.error);
}

void control_feed(struct control *control, instant now, const struct control_event *event)
{
    struct call *call;

    machine_step(control, now);
    switch (event->kind) {
    case CONTROL_TIME_PASSED:
        break;
    case CONTROL_LEG_INCOMING:
        if (!table_get_id(&control->legs, event->leg))
            call_arrived(control, event);
        break;
    case CONTROL_PLAY_ENDED:
        feed_play(control, event);
        break;
    case CONTROL_FETCHED:
        webhook_fetched(control, event);
        break;
    case CONTROL_LOAD:
        rate_load(control, event->as.load.is_high);
        break;
    case CONTROL_LEG_RINGING:
    case CONTROL_LEG_ANSWERED:
    case CONTROL_LEG_ENDED:
    case CONTROL_LEG_HEARD:
    case CONTROL_LEG_SILENT:
    case CONTROL_LEG_HELLO:
    case CONTROL_LEG_DIGIT:
    case CONTROL_LEG_DIGITS_SENT:
    case CONTROL_LEG_SPEECH:
    case CONTROL_LEG_FIGURES:
    case CONTROL_LEG_MESSAGE:
        call = table_get_id(&control->legs, event->leg);
        if (call)
            feed_leg(control, call, event);
        break;
    }
    machine_settle(control);
}

bool control_drain(struct control *control, struct control_effect *effect)
{
    return effects_take(&control->effects, effect);
}

instant control_deadline(const struct control *control)
{
    return heap_deadline(&control->timers);
}

void control_hang_up_all(struct control *control, instant now)
{
    machine_step(control, now);
    while (control->calls_live.first) {
        struct call *call = container_of(control->calls_live.first, struct call, by_state);

        call_hang_up(call, CALL_CANCELED);
        machine_settle(control);
    }
    machine_settle(control);
}

static bool is_alone(const struct call *call)
{
    const struct participant *participant = call->life ? call->life->participant : NULL;

    return participant && participant->state == PARTICIPANT_IN &&
           participant->conference->in_count < 2;
}

void control_wind_down(struct control *control, instant now)
{
    static const char GOODBYE[] =
        "<Response><Say>This line is being closed. Goodbye.</Say><Hangup/></Response>";
    struct chain_link *link, *next;

    machine_step(control, now);
    for (link = control->calls_live.first; link; link = next) {
        struct call *call = container_of(link, struct call, by_state);

        next = link->after;
        if (is_alone(call))
            call_redirect(call, NULL, NULL, GOODBYE);
    }
    machine_settle(control);
}

size_t control_live_calls(const struct control *control)
{
    return control->calls_live.count;
}

const char *control_call_sid(const struct control *control, uint64_t leg)
{
    const struct call *call = table_get_id(&control->legs, leg);

    return call ? call->sid : NULL;
}

void control_trunk(struct control *control, enum control_trunk trunk)
{
    control->trunk = trunk;
}

void control_figures(const struct control *control, struct control_figures *figures)
{
    *figures = control->figures;
    figures->calls_live = control->calls_live.count;
    figures->legs_up = control->legs_up;
    figures->calls_queued = control->queue.count;
    figures->calls_ended_kept = control->calls_ended.count;
    figures->conferences_live = control->conferences_live;
    figures->callbacks_waiting = control->callbacks_waiting;
    figures->fetches_open = control->webhooks.count;
}
