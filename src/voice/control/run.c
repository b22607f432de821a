#include "voice/control/run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "voice/control/conference.h"
#include "voice/control/dial.h"
#include "voice/control/memory.h"
#include "voice/control/notes.h"

/* The runaway guard: no application loops for ever without sound. */
enum { DOCUMENTS_WITHOUT_MEDIA_MAX = 100, DOCUMENTS_PER_CALL_MAX = 1000 };

static const char ERROR_MESSAGE[] = "We are sorry, an application error has occurred. Goodbye.";

static void count_media(struct run *run);

struct run *run_new(struct control *control, enum run_kind kind, struct call *call)
{
    struct run *run = memory_take(sizeof(*run));

    run->control = control;
    run->kind = kind;
    run->call = call;
    text_init(&run->gather.digits);
    return run;
}

static void run_release(void *object)
{
    struct run *run = object;

    free(run->url);
    free(run->method);
    twiml_free(run->document);
    text_release(&run->gather.digits);
    free(run);
}

/* Stops all it waits for, and tells nobody. */
static void run_stop(struct run *run)
{
    run_stop_play(run);
    webhook_forget(run->webhook);
    run->webhook = NULL;
    timer_stop(run->control, &run->timer);
    chain_remove(&run->control->awake, &run->awake);
    run->state = RUN_OVER;
}

void run_free(struct run *run)
{
    if (!run)
        return;
    run_stop(run);
    machine_bury(run->control, run, run_release);
}

void run_over(struct run *run)
{
    count_media(run);
    run_stop(run);
    switch (run->kind) {
    case RUN_CALL:
        call_hang_up(run->call, CALL_NO_ANSWER);
        break;
    case RUN_WHISPER:
        dial_child_whispered(run->call->life->child, !run->error_code && !run->hung_up);
        break;
    case RUN_WAIT:
    case RUN_HOLD:
        participant_run_over(run);
        break;
    case RUN_ANNOUNCE:
        if (run->participant)
            participant_run_over(run);
        else
            conference_run_over(run);
        break;
    }
}

void run_warn(struct run *run, unsigned code, const char *format, ...)
{
    struct note_request request = {.url = run->url, .method = run->method};
    char text[300];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    note_problem(run->control, run->call, code, true, run->url ? &request : NULL, "%s", text);
}

/* --------------------------------------------------------------------------------- failing */

static void speak_error(struct run *run)
{
    run_wait(run, RUN_FAILING);
    run_play_source(run, CONTROL_SOURCE_SAY, ERROR_MESSAGE, 1);
}

static bool must_be_answered(const struct run *run)
{
    return run->call && run->call->direction == CALL_INBOUND && !run->call->answered_at;
}

static void fail_for_good(struct run *run)
{
    if (run->kind != RUN_CALL && run->kind != RUN_WHISPER) {
        run_over(run);
        return;
    }
    run->is_failing = true;
    if (must_be_answered(run)) {
        run->state = RUN_ANSWERING;
        call_answer(run->call);
    } else {
        speak_error(run);
    }
}

void run_fail(struct run *run, unsigned code, const char *text, const char *url)
{
    const struct voice_plan *plan = run->call && run->call->life ? &run->call->life->plan : NULL;
    struct note_request request = {.url = url, .method = run->method};
    char number[16];
    struct form extra;

    run->error_code = code;
    run->state = RUN_IDLE;
    note_problem(run->control, run->call, code, false, url ? &request : NULL, "%s", text);
    if (run->kind != RUN_CALL || run->in_fallback || run->is_failing || !plan ||
        !plan->fallback_url) {
        fail_for_good(run);
        return;
    }
    form_init(&extra);
    snprintf(number, sizeof(number), "%u", code);
    form_add(&extra, "ErrorCode", number);
    form_add(&extra, "ErrorUrl", url ? url : "");
    run->in_fallback = true;
    run->error_code = 0;
    run_start_url(run, plan->fallback_url, plan->fallback_method, &extra);
}

/* ------------------------------------------------------------------------------- documents */

static void set_document(struct run *run, struct twiml_document *document)
{
    const struct twiml_warning *warning;

    twiml_free(run->document);
    run->document = document;
    run->in_fallback = false; /* it worked */
    run->at = document ? document->first : NULL;
    run->current = NULL;
    for (warning = document ? document->warnings : NULL; warning; warning = warning->next)
        run_warn(run, 12200, "line %u: %s", warning->line, warning->text);
    run_next(run);
}

static void run_bytes(struct run *run, struct slice bytes)
{
    struct twiml_document *document = NULL;
    struct twiml_error error;
    char text[240];
    int err = twiml_parse(&document, bytes, &error);

    if (!err) {
        set_document(run, document);
        return;
    }
    snprintf(text, sizeof(text), "document parse failure: line %u, column %u: %s", error.line,
             error.column, error.text);
    run_fail(run, err == E2BIG ? 11750 : 12100, text, run->url);
}

void run_start_twiml(struct run *run, const char *twiml)
{
    run_bytes(run, slice_from(twiml));
}

static bool type_is(struct slice type, const char *words)
{
    struct slice rest = slice_from(words);

    while (rest.size) {
        struct slice word = slice_cut(&rest, ' ');

        if (type.size == word.size && strncasecmp(type.at, word.at, word.size) == 0)
            return true;
    }
    return false;
}

static void run_plain_text(struct run *run, struct slice body)
{
    struct text text;

    text_init(&text);
    utf8_clean(slice_trim(body), &text);
    set_document(run, NULL);
    run_wait(run, RUN_PLAYING);
    run_play_source(run, CONTROL_SOURCE_SAY, text_slice(&text).at, 1);
    text_release(&text);
}

static void run_audio(struct run *run)
{
    bool endless = run->kind == RUN_WAIT || run->kind == RUN_HOLD;

    run->is_audio = true;
    set_document(run, NULL);
    run_wait(run, RUN_PLAYING);
    run_play_source(run, CONTROL_SOURCE_URL, run->url, endless ? 0 : 1);
}

static void on_document(struct control *control, void *owner, const struct webhook_answer *answer)
{
    struct run *run = owner;
    struct slice type = slice_from(answer->content_type), rest = type;
    size_t same = strlen(answer->url);

    run->webhook = NULL;
    if (answer->code) {
        run_fail(run, answer->code, answer->error, answer->url);
        return;
    }
    ++control->figures.documents_fetched;
    if (strncmp(run->url, answer->url, same) != 0 ||
        (run->url[same] && run->url[same] != '#')) /* a redirect: relative URLs mean its place */
        memory_set(&run->url, answer->url);
    type = slice_trim(slice_cut(&rest, ';'));
    if (run->kind == RUN_WAIT)
        participant_wait_fetched(run->participant);
    if (run->is_action && (answer->status == 204 || !slice_trim(answer->body).size))
        set_document(run, NULL);
    else if (type_is(type, "text/xml application/xml text/html"))
        run_bytes(run, answer->body);
    else if (type_is(type, "text/plain"))
        run_plain_text(run, answer->body);
    else if (type.size > 6 && strncasecmp(type.at, "audio/", 6) == 0)
        run_audio(run);
    else
        run_fail(run, 12300, "the content type is not usable as TwiML", answer->url);
}

void run_resolve(const struct run *run, const char *reference, struct text *url)
{
    text_init(url);
    url_resolve(run->url, reference, url);
    if (!url->at)
        text_add(url, "");
}

static void fill_parameters(struct run *run, struct form *form, struct form *extra)
{
    form_init(form);
    if (run->call) {
        call_parameters(run->call, form);
    } else if (run->conference) {
        form_add(form, "AccountSid", run->control->account_sid);
        form_add(form, "ConferenceSid", run->conference->sid);
        form_add(form, "FriendlyName", run->conference->name);
    }
    for (size_t i = 0; extra && i < extra->count; ++i)
        form_set(form, extra->fields[i].name, extra->fields[i].value);
}

/* True when the application has been asked too often: it is not asked again. */
static bool is_runaway(struct run *run)
{
    ++run->document_count;
    ++run->documents_since_media;
    if (run->documents_since_media <= DOCUMENTS_WITHOUT_MEDIA_MAX &&
        (run->kind != RUN_CALL || run->document_count <= DOCUMENTS_PER_CALL_MAX))
        return false;
    run->in_fallback = true;
    run_fail(run, 11200, "the application asks for document after document", run->url);
    return true;
}

void run_start_url(struct run *run, const char *reference, const char *method, struct form *extra)
{
    struct text url;
    struct form form;

    run_resolve(run, reference ? reference : "", &url);
    run->is_action = extra && !run->in_fallback;
    if (!url_is_absolute(url.at)) {
        if (extra)
            form_release(extra);
        run_fail(run, 11100, "the URL is not an absolute http or https URL", url.at);
    } else if (is_runaway(run)) {
        if (extra)
            form_release(extra);
    } else {
        fill_parameters(run, &form, extra);
        if (extra)
            form_release(extra);
        memory_set(&run->url, url.at);
        memory_set(&run->method, method && strcasecmp(method, "GET") == 0 ? "GET" : "POST");
        run->state = RUN_FETCHING;
        run->webhook = webhook_send(run->control, &(struct webhook_order){.url = run->url,
                                                                          .method = run->method,
                                                                          .form = &form,
                                                                          .call = run->call,
                                                                          .handler = on_document,
                                                                          .owner = run});
    }
    text_release(&url);
}

void run_start_first(struct run *run, const char *url, const char *method,
                     const struct form *params)
{
    struct form extra, ours;

    form_init(&ours);
    call_parameters(run->call, &ours);
    form_init(&extra);
    for (size_t i = 0; i < params->count; ++i) {
        const char *name = params->fields[i].name;

        if (!form_get(&ours, name) || strcmp(name, "To") == 0 || strcmp(name, "Called") == 0)
            form_add(&extra, name, params->fields[i].value);
    }
    form_release(&ours);
    run_start_url(run, url, method, &extra);
    run->is_action = false; /* an empty document is no answer to it */
}

/* ----------------------------------------------------------------------------------- verbs */

/* The time since it began to wait counts as media; a second of it forgives all documents so far. */
static void count_media(struct run *run)
{
    if (!run->media_since)
        return;
    run->media_total += run->control->now - run->media_since;
    run->media_since = 0;
    if (run->media_total >= SECOND) {
        run->media_total = 0;
        run->documents_since_media = 0;
        run->had_media = true;
    }
}

void run_wait(struct run *run, enum run_state state)
{
    count_media(run);
    chain_remove(&run->control->awake, &run->awake);
    run->state = state;
    run->media_since = run->control->now;
}

void run_next(struct run *run)
{
    if (run->state == RUN_OVER)
        return;
    count_media(run);
    timer_stop(run->control, &run->timer);
    run->state = RUN_READY;
    machine_wake(run->control, run);
}

static bool is_allowed(const struct run *run, enum twiml_kind kind)
{
    switch (kind) {
    case TWIML_SAY:
    case TWIML_PLAY:
    case TWIML_PAUSE:
    case TWIML_REDIRECT:
        return true;
    case TWIML_GATHER:
    case TWIML_HANGUP:
        return run->kind == RUN_CALL || run->kind == RUN_WHISPER;
    case TWIML_DIAL:
    case TWIML_REJECT:
        return run->kind == RUN_CALL;
    case TWIML_NUMBER:
    case TWIML_CLIENT:
    case TWIML_SIP:
    case TWIML_CONFERENCE:
    case TWIML_IDENTITY:
    case TWIML_PARAMETER:
        return false;
    }
    return false;
}

static bool answers_first(const struct run *run, const struct twiml_element *verb)
{
    if (!must_be_answered(run))
        return false;
    switch (verb->kind) {
    case TWIML_PAUSE:
    case TWIML_REDIRECT:
    case TWIML_HANGUP:
    case TWIML_REJECT:
        return false;
    case TWIML_DIAL:
        return !twiml_flag(verb, "answerOnBridge", false) ||
               (verb->first && verb->first->kind == TWIML_CONFERENCE);
    case TWIML_SAY:
    case TWIML_PLAY:
    case TWIML_GATHER:
    case TWIML_NUMBER:
    case TWIML_CLIENT:
    case TWIML_SIP:
    case TWIML_CONFERENCE:
    case TWIML_IDENTITY:
    case TWIML_PARAMETER:
        return true;
    }
    return true;
}

static void reject(struct run *run, const struct twiml_element *verb)
{
    bool busy = strcmp(twiml_text(verb, "reason", "rejected"), "busy") == 0;

    if (!must_be_answered(run) || run->call->life->is_answering) {
        run_warn(run, 12200, "line %u: 'Reject' comes too late, the call is answered", verb->line);
        run_next(run);
        return;
    }
    run_stop(run);
    call_end(run->call, busy ? CALL_BUSY : CALL_NO_ANSWER, busy ? 486 : 603);
}

static void do_verb(struct run *run, const struct twiml_element *verb)
{
    switch (verb->kind) {
    case TWIML_SAY:
    case TWIML_PLAY:
    case TWIML_PAUSE:
        run_play(run, verb);
        break;
    case TWIML_DIAL:
        run_wait(run, RUN_DIALING);
        dial_start(run, verb);
        break;
    case TWIML_GATHER:
        run_gather(run, verb);
        break;
    case TWIML_REDIRECT:
        run->state = RUN_IDLE;
        run_start_url(run, verb->text, twiml_text(verb, "method", "POST"), NULL);
        break;
    case TWIML_HANGUP:
        run->hung_up = true;
        run_over(run);
        break;
    case TWIML_REJECT:
        reject(run, verb);
        break;
    case TWIML_NUMBER:
    case TWIML_CLIENT:
    case TWIML_SIP:
    case TWIML_CONFERENCE:
    case TWIML_IDENTITY:
    case TWIML_PARAMETER:
        run_next(run);
        break;
    }
}

void run_continue(struct run *run)
{
    const struct twiml_element *verb = run->at;

    if (run->state != RUN_READY)
        return;
    run->current = verb;
    if (!verb) {
        run_over(run);
        return;
    }
    run->at = verb->next;
    if (!is_allowed(run, verb->kind)) {
        run_warn(run, 12200, "line %u: '%s' does not belong in this document", verb->line,
                 twiml_kind_name(verb->kind));
        run_next(run);
    } else if (answers_first(run, verb)) {
        run->state = RUN_ANSWERING;
        call_answer(run->call);
    } else {
        do_verb(run, verb);
    }
}

void run_answered(struct run *run)
{
    if (run->state != RUN_ANSWERING)
        return;
    if (run->is_failing)
        speak_error(run);
    else
        do_verb(run, run->current);
}

void run_dial_over(struct run *run, struct form *result)
{
    const char *action = twiml_text(run->current, "action", NULL);

    count_media(run);
    if (action) {
        run->state = RUN_IDLE;
        run_start_url(run, action, twiml_text(run->current, "method", "POST"), result);
    } else {
        form_release(result);
        run_next(run);
    }
}
