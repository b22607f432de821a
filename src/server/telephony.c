#include "server/telephony.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rng.h"
#include "net/http_client.h"
#include "wire/form.h"

enum {
    TRIES_MAX = 4,
    CONNECT_MS = 5000,
    TOTAL_MS = 15000,
    HASTE_MS = 400,
    HASTE_MS_MAX = 3000,
    RETRY_S_MAX = 10
};

enum request_kind {
    REQUEST_PLAIN,
    REQUEST_PLACE,        /* goes through the queue of creations */
    REQUEST_ROOM,         /* the conference is being looked for */
    REQUEST_PARTICIPANTS, /* of the conference found */
    REQUEST_REDIRECT,     /* of one call one at a time: two connections keep no order */
};

struct request {
    struct request *previous, *next;
    struct telephony *telephony;
    enum request_kind kind;
    const char *method;
    char *path;            /* behind the base: "/Calls.json?..." */
    char *form;            /* NULL: no body */
    char *member, *change; /* of a room: whom and how; NULL: it is only looked into */
    telephony_handler handler;
    void *arg;
    unsigned tries;
    unsigned total_ms; /* 0: TOTAL_MS */
    uint64_t http;     /* 0: not on its way */
    struct loop_timer again;
    bool failed;            /* no memory for it */
    struct request *behind; /* of the same call, waits for this one's end */
};

struct telephony {
    struct loop *loop;
    struct http_client *client;
    char *base; /* up to and with the account */
    char *account, *user, *secret;
    unsigned calls_per_second;
    struct rng rng;
    struct request *open;     /* all, newest first */
    struct request **waiting; /* creations in order; a ring */
    size_t waiting_first, waiting_count, waiting_room;
    struct loop_timer pace;
    instant next_place_at;
    bool leaving;
};

static const char *const status_words[TELEPHONY_STATUSES] = {
    [TELEPHONY_QUEUED] = "queued",
    [TELEPHONY_RINGING] = "ringing",
    [TELEPHONY_IN_PROGRESS] = "in-progress",
    [TELEPHONY_COMPLETED] = "completed",
    [TELEPHONY_BUSY] = "busy",
    [TELEPHONY_NO_ANSWER] = "no-answer",
    [TELEPHONY_FAILED] = "failed",
    [TELEPHONY_CANCELED] = "canceled",
};

enum telephony_status telephony_status_of(const char *word)
{
    if (strcmp(word, "initiated") == 0)
        return TELEPHONY_QUEUED;
    for (size_t i = 0; i < TELEPHONY_STATUSES; i++)
        if (strcmp(word, status_words[i]) == 0)
            return (enum telephony_status)i;
    return TELEPHONY_STATUSES;
}

bool telephony_status_is_final(enum telephony_status status)
{
    switch (status) {
    case TELEPHONY_QUEUED:
    case TELEPHONY_RINGING:
    case TELEPHONY_IN_PROGRESS:
        return false;
    case TELEPHONY_COMPLETED:
    case TELEPHONY_BUSY:
    case TELEPHONY_NO_ANSWER:
    case TELEPHONY_FAILED:
    case TELEPHONY_CANCELED:
        return true;
    case TELEPHONY_STATUSES:
        break;
    }
    check(!"a status of a call");
    return true;
}

static instant date_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    instant at = 0;

    if (!text || instant_from_rfc2822(text, strlen(text), &at) != 0)
        return 0;
    return at;
}

bool telephony_call_of(const json_t *json, struct telephony_call *call)
{
    const char *sid = json_string_value(json_object_get(json, "sid"));
    const char *status = json_string_value(json_object_get(json, "status"));
    const char *duration = json_string_value(json_object_get(json, "duration"));

    *call = (struct telephony_call){.status = TELEPHONY_STATUSES};
    if (!sid || !status || !slice_copy(slice_from(sid), call->sid, sizeof(call->sid)))
        return false;
    call->status = telephony_status_of(status);
    call->made_at = date_of(json, "date_created");
    call->started_at = date_of(json, "start_time");
    if (duration && slice_to_i64(slice_from(duration), 0, INT32_MAX, &call->duration_s) != 0)
        call->duration_s = 0;
    return call->status != TELEPHONY_STATUSES;
}

static void request_send(struct request *request);

static void send_again(void *arg)
{
    request_send(arg);
}

static void request_end(struct request *request, const struct telephony_answer *answer)
{
    struct telephony *telephony = request->telephony;

    loop_timer_stop(telephony->loop, &request->again);
    if (request->previous)
        request->previous->next = request->next;
    else
        telephony->open = request->next;
    if (request->next)
        request->next->previous = request->previous;
    if (request->behind && !telephony->leaving)
        check(!loop_timer_start(telephony->loop, &request->behind->again, loop_now(telephony->loop),
                                send_again, request->behind));
    if (request->handler)
        request->handler(request->arg, answer);
    free(request->path);
    free(request->form);
    free(request->member);
    free(request->change);
    free(request);
}

static void end_not_sent(struct request *request, const char *why)
{
    struct telephony_answer answer = {.outcome = TELEPHONY_NOT_SENT};

    snprintf(answer.message, sizeof(answer.message), "%s", why);
    request_end(request, &answer);
}

/* The random wait before another try: anywhere below a ceiling that doubles. */
static instant haste_wait(struct request *request)
{
    int64_t ceiling = (int64_t)HASTE_MS << request->tries;

    if (ceiling > HASTE_MS_MAX)
        ceiling = HASTE_MS_MAX;
    return (1 + (instant)rng_below(&request->telephony->rng, (uint64_t)ceiling)) * MILLISECOND;
}

/* Too much at once: this order waits, and if it was a call so do those behind it. A service that says
 * when to come again is taken at its word. */
static bool try_again_later(struct request *request, unsigned retry_after_s)
{
    struct telephony *telephony = request->telephony;
    instant told = (instant)(retry_after_s < RETRY_S_MAX ? retry_after_s : RETRY_S_MAX) * SECOND;
    instant again = loop_now(telephony->loop) + told + haste_wait(request);

    if (request->kind == REQUEST_PLACE)
        telephony->next_place_at = instant_max(telephony->next_place_at, again);
    return request->tries < TRIES_MAX && !telephony->leaving &&
           loop_timer_start(telephony->loop, &request->again, again, send_again, request) == 0;
}

static enum telephony_outcome outcome_of(const struct http_answer *http)
{
    switch (http->outcome) {
    case HTTP_ANSWERED:
        return http->status < 300 ? TELEPHONY_DONE
               : http->status >= 400 && http->status < 500 && http->status != 408
                   ? TELEPHONY_REFUSED
                   : TELEPHONY_UNKNOWN;
    case HTTP_BAD_URL:
    case HTTP_NO_HOST:
    case HTTP_NO_CONNECTION:
    case HTTP_TLS_FAILED:
        return TELEPHONY_NOT_SENT;
    case HTTP_TIMED_OUT:
    case HTTP_TOO_LARGE:
    case HTTP_BROKEN:
    case HTTP_CANCELED:
        break;
    }
    return TELEPHONY_UNKNOWN;
}

/* The live conference of a list, or NULL. */
static const char *live_conference(const json_t *body)
{
    const json_t *list = json_object_get(body, "conferences"), *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        const char *status = json_string_value(json_object_get(one, "status"));

        if (status && strcmp(status, "completed") != 0)
            return json_string_value(json_object_get(one, "sid"));
    }
    return NULL;
}

/* The room was looked for: goes on to its participants, or answers that nobody is there. */
static void room_found(struct request *request, const struct telephony_answer *answer)
{
    const char *sid = live_conference(answer->body);
    struct telephony_answer nobody = *answer;
    json_t *body = NULL;
    struct text path;

    if (!sid && request->change) {
        nobody.outcome = TELEPHONY_REFUSED;
        slice_copy(slice_from("there is no such room"), nobody.message, sizeof(nobody.message));
        request_end(request, &nobody);
        return;
    }
    if (!sid) {
        body = json_pack("{s:[]}", "participants");
        nobody.body = body;
        request_end(request, &nobody);
        json_decref(body);
        return;
    }
    text_init(&path);
    if (request->change) {
        text_addf(&path, "/Conferences/%s/Participants/%s.json", sid, request->member);
        request->method = "POST";
        request->form = request->change;
        request->change = NULL;
    } else {
        text_addf(&path, "/Conferences/%s/Participants.json?PageSize=250", sid);
    }
    free(request->path);
    request->path = text_take(&path, NULL);
    request->kind = REQUEST_PARTICIPANTS;
    request->tries = 0;
    request_send(request);
}

static void answered(void *arg, const struct http_answer *http)
{
    struct request *request = arg;
    struct telephony *telephony = request->telephony;
    struct telephony_answer answer = {
        .outcome = outcome_of(http), .status = http->status, .took = http->took};

    request->http = 0;
    if (http->status == 429 && try_again_later(request, http->retry_after_s))
        return;
    json_t *body = http->body.size ? json_loadb(http->body.at, http->body.size, 0, NULL) : NULL;
    const char *message = json_string_value(json_object_get(body, "message"));

    answer.body = body;
    if (answer.outcome != TELEPHONY_DONE) {
        answer.code = (int)json_integer_value(json_object_get(body, "code"));
        snprintf(answer.message, sizeof(answer.message), "%s",
                 message                          ? message
                 : http->outcome == HTTP_ANSWERED ? "no reason given"
                                                  : http->error);
    }
    if (request->kind == REQUEST_ROOM && answer.outcome == TELEPHONY_DONE && !telephony->leaving)
        room_found(request, &answer);
    else
        request_end(request, &answer);
    json_decref(body);
}

static void request_send(struct request *request)
{
    struct telephony *telephony = request->telephony;
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                          "Accept: application/json", NULL};
    struct text url;
    int err = ENOMEM;

    request->tries++;
    text_init(&url);
    text_addf(&url, "%s%s", telephony->base, request->path ? request->path : "");
    if (request->path && !request->failed && !url.failed) {
        struct http_order order = {
            .method = request->method,
            .url = url.at,
            .headers = request->form ? headers : headers + 1,
            .body = slice_from(request->form),
            .user = telephony->user,
            .password = telephony->secret,
            .once = request->kind == REQUEST_PLACE, /* else somebody is rung twice */
            .connect_ms = CONNECT_MS,
            .total_ms = request->total_ms ? request->total_ms : TOTAL_MS,
            .body_size_max = 4 << 20,
        };

        err = http_client_send(telephony->client, &order, answered, request, &request->http);
    }
    text_release(&url);
    if (err)
        end_not_sent(request, strerror(err));
}

static void send_later(void *arg)
{
    struct request *request = arg;

    if (request->http == 0)
        request_send(request);
}

/* Creations leave no faster than calls_per_second, in the order they came. */
static void send_waiting(void *arg)
{
    struct telephony *telephony = arg;
    instant now = loop_now(telephony->loop);

    while (telephony->waiting_count && telephony->next_place_at <= now) {
        struct request *request = telephony->waiting[telephony->waiting_first];

        telephony->waiting_first = (telephony->waiting_first + 1) % telephony->waiting_room;
        telephony->waiting_count--;
        if (telephony->calls_per_second)
            telephony->next_place_at = instant_max(telephony->next_place_at, now - SECOND / 4) +
                                       SECOND / telephony->calls_per_second;
        request_send(request);
    }
    if (telephony->waiting_count &&
        loop_timer_start(telephony->loop, &telephony->pace, telephony->next_place_at, send_waiting,
                         telephony) != 0)
        log_error("telephony.stuck", "why=\"no memory for a timer\"");
}

static bool wait_in_line(struct telephony *telephony, struct request *request)
{
    if (telephony->waiting_count == telephony->waiting_room) {
        size_t room = telephony->waiting_room ? 2 * telephony->waiting_room : 64;
        struct request **more = malloc(room * sizeof(struct request *));

        if (!more)
            return false;
        for (size_t i = 0; i < telephony->waiting_count; i++)
            more[i] = telephony->waiting[(telephony->waiting_first + i) % telephony->waiting_room];
        free(telephony->waiting);
        telephony->waiting = more;
        telephony->waiting_first = 0;
        telephony->waiting_room = room;
    }
    telephony
        ->waiting[(telephony->waiting_first + telephony->waiting_count) % telephony->waiting_room] =
        request;
    telephony->waiting_count++;
    return true;
}

/* path and form are taken over. */
static struct request *ask(struct telephony *telephony, enum request_kind kind, const char *method,
                           struct text *path, struct form *form, telephony_handler handler,
                           void *arg)
{
    struct request *request = calloc(1, sizeof(*request));
    struct text body;

    check(request); /* its handler could never be called */
    *request = (struct request){
        .telephony = telephony, .kind = kind, .method = method, .handler = handler, .arg = arg};
    request->path = text_take(path, NULL);
    request->failed = !request->path;
    if (form) {
        text_init(&body);
        form_write(form, &body);
        request->failed |= form->failed || body.failed;
        request->form = text_take(&body, NULL);
        request->failed |= !request->form;
        form_release(form);
    }
    request->next = telephony->open;
    if (request->next)
        request->next->previous = request;
    telephony->open = request;

    instant now = loop_now(telephony->loop);
    int err;

    if (kind == REQUEST_PLACE && wait_in_line(telephony, request))
        err = loop_timer_start(telephony->loop, &telephony->pace,
                               instant_max(now, telephony->next_place_at), send_waiting, telephony);
    else
        err = loop_timer_start(telephony->loop, &request->again, now, send_later, request);
    check(!err);
    return request;
}

static void path_of_call(struct text *path, const char *call)
{
    text_init(path);
    text_add(path, "/Calls/");
    form_encode(slice_from(call), false, path);
    text_add(path, ".json");
}

static void add_events(struct form *form, const char *callback)
{
    static const char *const events[] = {"initiated", "ringing", "answered", "completed"};

    form_add(form, "StatusCallback", callback);
    form_add(form, "StatusCallbackMethod", "POST");
    for (size_t i = 0; i < array_count(events); i++)
        form_add(form, "StatusCallbackEvent", events[i]);
}

void telephony_place(struct telephony *telephony, const struct telephony_order *order,
                     telephony_handler handler, void *arg)
{
    struct text path;
    struct form form;
    char timeout[16], limit[16];

    snprintf(timeout, sizeof(timeout), "%u", order->ring_timeout_s);
    snprintf(limit, sizeof(limit), "%u", order->time_limit_s);
    form_init(&form);
    form_add(&form, "To", order->to);
    form_add(&form, "From", order->from);
    form_add(&form, "Url", order->url);
    form_add(&form, "Method", "POST");
    add_events(&form, order->status_callback);
    form_add(&form, "Timeout", timeout);
    if (order->time_limit_s)
        form_add(&form, "TimeLimit", limit);
    text_init(&path);
    text_add(&path, "/Calls.json");
    ask(telephony, REQUEST_PLACE, "POST", &path, &form, handler, arg);
}

/* The one that was sent, or is about to be; NULL: none. */
static struct request *redirect_under_way(const struct telephony *telephony, const char *path)
{
    struct request *oldest = NULL;

    for (struct request *one = telephony->open; one; one = one->next)
        if (one->kind == REQUEST_REDIRECT && one->path && path && strcmp(one->path, path) == 0)
            oldest = one;
    return oldest;
}

void telephony_redirect(struct telephony *telephony, const char *call, const char *url,
                        telephony_handler handler, void *arg)
{
    struct text path;
    struct form form;

    form_init(&form);
    form_add(&form, "Url", url);
    form_add(&form, "Method", "POST");
    path_of_call(&path, call);
    struct request *before = redirect_under_way(telephony, path.at);
    struct request *request = ask(telephony, REQUEST_REDIRECT, "POST", &path, &form, handler, arg);

    if (!before)
        return;
    loop_timer_stop(telephony->loop, &request->again);
    if (before->behind)
        end_not_sent(before->behind, "another place came after it");
    before->behind = request;
}

static void end_call(struct telephony *telephony, const char *call, const char *status,
                     telephony_handler handler, void *arg)
{
    struct text path;
    struct form form;

    form_init(&form);
    form_add(&form, "Status", status);
    path_of_call(&path, call);
    ask(telephony, REQUEST_PLAIN, "POST", &path, &form, handler, arg);
}

void telephony_hang_up(struct telephony *telephony, const char *call, telephony_handler handler,
                       void *arg)
{
    end_call(telephony, call, "completed", handler, arg);
}

void telephony_cancel(struct telephony *telephony, const char *call, telephony_handler handler,
                      void *arg)
{
    end_call(telephony, call, "canceled", handler, arg);
}

void telephony_read_call(struct telephony *telephony, const char *call, telephony_handler handler,
                         void *arg)
{
    struct text path;

    path_of_call(&path, call);
    ask(telephony, REQUEST_PLAIN, "GET", &path, NULL, handler, arg);
}

void telephony_list_calls(struct telephony *telephony, const char *to, telephony_handler handler,
                          void *arg)
{
    struct text path;

    text_init(&path);
    text_add(&path, "/Calls.json?PageSize=20&To=");
    form_encode(slice_from(to), false, &path);
    ask(telephony, REQUEST_PLAIN, "GET", &path, NULL, handler, arg);
}

void telephony_list_room(struct telephony *telephony, const char *name, telephony_handler handler,
                         void *arg)
{
    struct text path;

    text_init(&path);
    text_add(&path, "/Conferences.json?PageSize=20&FriendlyName=");
    form_encode(slice_from(name), false, &path);
    ask(telephony, REQUEST_ROOM, "GET", &path, NULL, handler, arg);
}

void telephony_change_member(struct telephony *telephony, const struct telephony_member *member,
                             telephony_handler handler, void *arg)
{
    struct text path, whom, how;

    text_init(&path);
    text_add(&path, "/Conferences.json?PageSize=20&FriendlyName=");
    form_encode(slice_from(member->room), false, &path);
    text_init(&whom);
    form_encode(slice_from(member->call), false, &whom);
    text_init(&how);
    text_add(&how, member->form);
    struct request *request = ask(telephony, REQUEST_ROOM, "GET", &path, NULL, handler, arg);

    request->member = text_take(&whom, NULL);
    request->change = text_take(&how, NULL);
    request->failed |= !request->member || !request->change;
}

void telephony_ring_in(struct telephony *telephony, const struct telephony_guest *guest,
                       telephony_handler handler, void *arg)
{
    struct text path;
    struct form form;
    char timeout[16];

    snprintf(timeout, sizeof(timeout), "%u", guest->ring_timeout_s);
    form_init(&form);
    form_add(&form, "To", guest->to);
    form_add(&form, "From", guest->from);
    form_add(&form, "Label", guest->label);
    form_add(&form, "Timeout", timeout);
    form_add(&form, "Beep", "false");
    form_add(&form, "WaitUrl", "");
    form_add(&form, "EndConferenceOnExit", "false");
    add_events(&form, guest->status_callback);
    text_init(&path);
    text_add(&path, "/Conferences/");
    form_encode(slice_from(guest->room), false, &path);
    text_add(&path, "/Participants.json");
    ask(telephony, REQUEST_PLACE, "POST", &path, &form, handler, arg);
}

void telephony_check(struct telephony *telephony, unsigned total_ms, telephony_handler handler,
                     void *arg)
{
    struct text path;

    text_init(&path);
    text_add(&path, ".json");
    ask(telephony, REQUEST_PLAIN, "GET", &path, NULL, handler, arg)->total_ms = total_ms;
}

int telephony_move(struct telephony *telephony, const char *base_url)
{
    struct text base;
    size_t size = strlen(base_url);

    while (size && base_url[size - 1] == '/')
        size--;
    text_init(&base);
    text_add_bytes(&base, base_url, size);
    text_addf(&base, "/2010-04-01/Accounts/%s", telephony->account);
    char *fresh = text_take(&base, NULL);

    if (!fresh)
        return ENOMEM;
    free(telephony->base);
    telephony->base = fresh;
    return 0;
}

int telephony_new(struct telephony **telephonyp, struct loop *loop,
                  const struct telephony_options *options)
{
    struct telephony *telephony = calloc(1, sizeof(*telephony));
    struct http_client_options client = {.insecure = options->insecure};
    int err = ENOMEM;

    if (!telephony)
        return ENOMEM;
    telephony->loop = loop;
    telephony->calls_per_second = options->calls_per_second;
    telephony->rng = rng_from_seed(options->seed);
    telephony->account = slice_dup(slice_from(options->account));
    telephony->user = slice_dup(slice_from(options->user ? options->user : options->account));
    telephony->secret = slice_dup(slice_from(options->secret));
    if (telephony->account && telephony->user && telephony->secret)
        err = telephony_move(telephony, options->base_url);
    if (!err)
        err = http_client_new(&telephony->client, loop, &client);
    if (err)
        telephony_free(telephony);
    else
        *telephonyp = telephony;
    return err;
}

void telephony_free(struct telephony *telephony)
{
    if (!telephony)
        return;
    telephony->leaving = true;
    http_client_free(telephony->client); /* what is on its way ends now */
    while (telephony->open)
        end_not_sent(telephony->open, "the client is closed");
    loop_timer_stop(telephony->loop, &telephony->pace);
    free(telephony->waiting);
    free(telephony->base);
    free(telephony->account);
    free(telephony->user);
    free(telephony->secret);
    free(telephony);
}
