#include "voice/control/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "voice/control/call.h"
#include "voice/control/memory.h"
#include "voice/control/notes.h"
#include "wire/signature.h"

enum {
    REDIRECT_COUNT_MAX = 10,
    DOCUMENT_SIZE_MAX = 2 << 20,
    CALLBACK_ANSWER_SIZE_MAX = 64 << 10,
    TOKEN_SIZE = 40
};

static const instant SHELL_GRACE = 5 * SECOND; /* beyond the order's own time: the shell forgot */

struct webhook {
    struct control *control;
    uint64_t fetch;
    char *url, *user, *password; /* bare url */
    char *method;
    struct form form;
    char *encoded; /* the form as it is sent */
    struct url_policy policy;
    unsigned tries_left, redirect_count;
    struct call *call;
    instant started_at, gives_up_at;
    struct timer timer;
    char token[TOKEN_SIZE];
    webhook_handler handler;
    void *owner;
    bool is_callback;
    bool without_form; /* after a redirect that made it a GET */
};

static void webhook_release(void *object)
{
    struct webhook *webhook = object;

    free(webhook->url);
    free(webhook->user);
    free(webhook->password);
    free(webhook->method);
    form_release(&webhook->form);
    free(webhook->encoded);
    free(webhook);
}

/* The form of a POST, or NULL when the parameters are in the URL. */
static struct form *body_form(struct webhook *webhook)
{
    return strcmp(webhook->method, "POST") == 0 ? &webhook->form : NULL;
}

static char *full_url(const struct webhook *webhook)
{
    struct text text;

    text_init(&text);
    text_add(&text, webhook->url);
    if (strcmp(webhook->method, "GET") == 0 && !webhook->without_form && webhook->form.count) {
        text_add_char(&text, strchr(webhook->url, '?') ? '&' : '?');
        text_add(&text, webhook->encoded);
    }
    return memory_take_text(&text);
}

static void add_cookies(const struct webhook *webhook, struct text *header)
{
    struct slice host = url_host(webhook->url);
    const struct cookie *cookie =
        webhook->call && webhook->call->life ? webhook->call->life->cookies : NULL;

    for (; cookie; cookie = cookie->next) {
        if (!slice_is_nocase(host, cookie->host))
            continue;
        text_add(header, header->size ? "; " : "Cookie: ");
        text_addf(header, "%s=%s", cookie->name, cookie->value);
    }
}

static void webhook_timed_out(struct control *control, struct timer *timer);

/* One try: signs, orders, and sets a clock in case the shell never answers. */
static void webhook_try(struct webhook *webhook)
{
    struct control *control = webhook->control;
    struct effects *effects = &control->effects;
    struct control_effect *effect = effect_add(control, CONTROL_FETCH, 0);
    instant left = webhook->gives_up_at - control->now;
    unsigned total_ms = (unsigned)instant_max(left / MILLISECOND, 1);
    char *url = full_url(webhook), signature[SIGNATURE_SIZE];
    const char **headers = effects_bytes(effects, 7 * sizeof(*headers));
    struct form *form = body_form(webhook);
    struct text line;
    size_t count = 0;

    signature_make(control->auth_token, slice_from(url), form, signature);
    text_init(&line);
    text_addf(&line, "X-Twilio-Signature: %s", signature);
    headers[count++] = effects_text(effects, line.at);
    text_clear(&line);
    text_addf(&line, "I-Twilio-Idempotency-Token: %s", webhook->token);
    headers[count++] = effects_text(effects, line.at);
    headers[count++] = "User-Agent: TwilioProxy/1.1";
    headers[count++] = "Accept: */*";
    text_clear(&line);
    add_cookies(webhook, &line);
    if (line.size)
        headers[count++] = effects_text(effects, line.at);
    text_clear(&line);
    if (form) {
        headers[count++] = "Content-Type: application/x-www-form-urlencoded; charset=UTF-8";
        text_add(&line, webhook->encoded);
    }
    webhook->fetch = control->next_fetch++;
    effect->as.fetch.fetch = webhook->fetch;
    effect->as.fetch.method = form ? "POST" : "GET";
    effect->as.fetch.url = effects_text(effects, url);
    effect->as.fetch.headers = headers;
    effect->as.fetch.body = slice_of(line.size ? effects_text(effects, line.at) : "", line.size);
    effect->as.fetch.user = effects_text(effects, webhook->user);
    effect->as.fetch.password = effects_text(effects, webhook->password);
    effect->as.fetch.connect_ms =
        webhook->policy.connect_ms < total_ms ? webhook->policy.connect_ms : total_ms;
    effect->as.fetch.total_ms =
        webhook->policy.read_ms < total_ms ? webhook->policy.read_ms : total_ms;
    effect->as.fetch.body_size_max =
        webhook->is_callback ? CALLBACK_ANSWER_SIZE_MAX : DOCUMENT_SIZE_MAX;
    effect->as.fetch.is_callback = webhook->is_callback;
    machine_put_id(&control->webhooks, webhook->fetch, webhook);
    timer_start(control, &webhook->timer, control->now + total_ms * MILLISECOND + SHELL_GRACE,
                webhook_timed_out);
    text_release(&line);
    free(url);
}

static void make_token(struct control *control, char token[TOKEN_SIZE])
{
    char sid[SID_SIZE];

    sid_make(&control->sids, "IT", sid); /* 32 hex digits, written as a UUID */
    snprintf(token, TOKEN_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", sid + 2, sid + 10, sid + 14, sid + 18,
             sid + 22);
}

static char *encode(const struct form *form)
{
    struct text text;

    text_init(&text);
    form_write(form, &text);
    return memory_take_text(&text);
}

struct webhook *webhook_send(struct control *control, const struct webhook_order *order)
{
    struct webhook *webhook = memory_take(sizeof(*webhook));
    bool get = order->method && strcasecmp(order->method, "GET") == 0;

    webhook->control = control;
    webhook->policy = url_policy(order->url, control->webhook_retries);
    webhook->tries_left = webhook->policy.retry_count;
    url_split_user(order->url, &webhook->url, &webhook->user, &webhook->password);
    webhook->method = memory_text(get ? "GET" : "POST");
    webhook->form = *order->form;
    form_init(order->form);
    webhook->encoded = encode(&webhook->form);
    webhook->is_callback = order->is_callback;
    webhook->call = order->call;
    if (webhook->call)
        ++webhook->call->webhooks_open;
    webhook->handler = order->handler;
    webhook->owner = order->owner;
    webhook->started_at = control->now;
    webhook->gives_up_at = control->now + webhook->policy.total_ms * MILLISECOND;
    make_token(control, webhook->token);
    webhook_try(webhook);
    return webhook;
}

void webhook_forget(struct webhook *webhook)
{
    if (webhook)
        webhook->handler = NULL;
}

static void webhook_end(struct webhook *webhook, const struct webhook_answer *answer)
{
    struct control *control = webhook->control;
    struct note_request note = {.url = webhook->url,
                                .method = webhook->method,
                                .variables = webhook->without_form ? NULL : webhook->encoded,
                                .status = answer->status,
                                .took_ms =
                                    (unsigned)((control->now - webhook->started_at) / MILLISECOND),
                                .error = answer->error,
                                .content_type = answer->content_type,
                                .body = answer->body};

    timer_stop(control, &webhook->timer);
    if (webhook->call)
        note_request(control, webhook->call, &note);
    if (webhook->call)
        --webhook->call->webhooks_open;
    machine_bury(control, webhook, webhook_release);
    if (webhook->handler)
        webhook->handler(control, webhook->owner, answer);
}

void cookies_release(struct cookie **cookies)
{
    while (*cookies) {
        struct cookie *cookie = *cookies;

        *cookies = cookie->next;
        free(cookie->host);
        free(cookie->name);
        free(cookie->value);
        free(cookie);
    }
}

static void set_cookie(struct cookie **cookies, struct slice host, struct slice line)
{
    struct slice rest = line, pair = slice_trim(slice_cut(&rest, ';')), value = pair;
    struct slice name = slice_trim(slice_cut(&value, '='));
    struct cookie **place = cookies, *cookie;
    size_t count = 0;

    if (!name.size || pair.size > COOKIE_SIZE_MAX || !utf8_is_valid(pair))
        return;
    value = slice_trim(value);
    for (; *place; place = &(*place)->next, ++count)
        if (slice_is_nocase(host, (*place)->host) && slice_is(name, (*place)->name))
            break;
    if (!*place) {
        if (count == COOKIE_COUNT_MAX)
            return;
        *place = memory_take(sizeof(**place));
        (*place)->host = memory_slice(host);
        (*place)->name = memory_slice(name);
    }
    cookie = *place;
    free(cookie->value);
    cookie->value = memory_slice(value);
}

static void keep_cookies(struct webhook *webhook, const char *lines)
{
    struct slice rest = slice_from(lines);

    if (!webhook->call || !webhook->call->life)
        return;
    while (rest.size)
        set_cookie(&webhook->call->life->cookies, url_host(webhook->url),
                   slice_trim(slice_cut(&rest, '\n')));
}

static bool is_redirect(const struct control_event *event)
{
    unsigned status = event->as.fetched.status;

    return event->as.fetched.outcome == CONTROL_FETCH_ANSWERED &&
           (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

/* Follows a redirect; false when there is nowhere to go. */
static bool follow(struct webhook *webhook, const struct control_event *event)
{
    char *location = memory_clean(event->as.fetched.location);
    struct text url;
    char *bare, *user, *password;
    bool good;

    text_init(&url);
    if (location && location[0])
        url_resolve(webhook->url, location, &url);
    free(location);
    good = url.size && url_is_absolute(url.at);
    if (good) {
        url_split_user(url.at, &bare, &user, &password);
        free(webhook->url);
        free(webhook->user);
        free(webhook->password);
        webhook->url = bare;
        webhook->user = user;
        webhook->password = password;
        if (event->as.fetched.status < 307) {
            memory_set(&webhook->method, "GET");
            webhook->without_form = true;
        }
        webhook_try(webhook);
    }
    text_release(&url);
    return good;
}

static unsigned outcome_code(enum control_fetch_outcome outcome)
{
    switch (outcome) {
    case CONTROL_FETCH_ANSWERED:
        return 0;
    case CONTROL_FETCH_BAD_URL:
        return 11100;
    case CONTROL_FETCH_NO_HOST:
        return 11210;
    case CONTROL_FETCH_NO_CONNECTION:
        return 11205;
    case CONTROL_FETCH_TLS_FAILED:
        return 11220;
    case CONTROL_FETCH_TOO_LARGE:
        return ANSWER_TOO_LARGE;
    case CONTROL_FETCH_TIMED_OUT:
    case CONTROL_FETCH_BROKEN:
    case CONTROL_FETCH_CANCELED:
        return 11200;
    }
    return 11200;
}

static const char *outcome_text(enum control_fetch_outcome outcome)
{
    switch (outcome) {
    case CONTROL_FETCH_ANSWERED:
        return "";
    case CONTROL_FETCH_BAD_URL:
        return "the URL is malformed";
    case CONTROL_FETCH_NO_HOST:
        return "the host name does not resolve";
    case CONTROL_FETCH_NO_CONNECTION:
        return "no connection to the server";
    case CONTROL_FETCH_TLS_FAILED:
        return "the TLS handshake or certificate failed";
    case CONTROL_FETCH_TIMED_OUT:
        return "no complete answer in time";
    case CONTROL_FETCH_TOO_LARGE:
        return "the answer is too large";
    case CONTROL_FETCH_BROKEN:
        return "the connection broke";
    case CONTROL_FETCH_CANCELED:
        return "the request was canceled";
    }
    return "";
}

static bool may_retry(const struct webhook *webhook, enum control_fetch_outcome outcome,
                      unsigned status)
{
    const struct url_policy *policy = &webhook->policy;

    if (!webhook->tries_left || webhook->control->now >= webhook->gives_up_at)
        return false;
    switch (outcome) {
    case CONTROL_FETCH_ANSWERED:
        return (status >= 400 && status < 500 && policy->on_4xx) ||
               (status >= 500 && policy->on_5xx);
    case CONTROL_FETCH_NO_HOST:
    case CONTROL_FETCH_NO_CONNECTION:
    case CONTROL_FETCH_TLS_FAILED:
        return policy->on_connect;
    case CONTROL_FETCH_TIMED_OUT:
    case CONTROL_FETCH_BROKEN:
        return policy->on_read;
    case CONTROL_FETCH_BAD_URL:
    case CONTROL_FETCH_TOO_LARGE:
    case CONTROL_FETCH_CANCELED:
        return false;
    }
    return false;
}

static void retry_now(struct control *control, struct timer *timer)
{
    (void)control;
    webhook_try(container_of(timer, struct webhook, timer));
}

/* Tries again after a short pause that doubles, so that a restarting server is met again. */
static void retry_later(struct webhook *webhook)
{
    unsigned done = webhook->policy.retry_count - webhook->tries_left--;
    instant pause = (100 * MILLISECOND) << done;
    instant last = webhook->gives_up_at - 10 * MILLISECOND;

    timer_start(
        webhook->control, &webhook->timer,
        instant_max(webhook->control->now, instant_min(webhook->control->now + pause, last)),
        retry_now);
}

static void webhook_answered(struct webhook *webhook, const struct control_event *event)
{
    enum control_fetch_outcome outcome = event->as.fetched.outcome;
    unsigned status = event->as.fetched.status;
    struct webhook_answer answer = {.code = outcome_code(outcome),
                                    .error = outcome_text(outcome),
                                    .status = status,
                                    .content_type = event->as.fetched.content_type,
                                    .body = event->as.fetched.body,
                                    .method = webhook->method};

    keep_cookies(webhook, event->as.fetched.set_cookie);
    if (is_redirect(event)) {
        if (++webhook->redirect_count > REDIRECT_COUNT_MAX) {
            answer.code = 11215;
            answer.error = "too many redirects";
        } else if (follow(webhook, event)) {
            return;
        } else {
            answer.code = 11200;
            answer.error = "a redirect without a usable location";
        }
    } else if (may_retry(webhook, outcome, status)) {
        retry_later(webhook);
        return;
    } else if (!answer.code && (status < 200 || status >= 300)) {
        answer.code = 11200;
        answer.error = "the HTTP status is no success";
    }
    answer.url = webhook->url;
    if (!answer.content_type)
        answer.content_type = "";
    webhook_end(webhook, &answer);
}

void webhook_fetched(struct control *control, const struct control_event *event)
{
    struct webhook *webhook = table_remove_id(&control->webhooks, event->as.fetched.fetch);

    if (!webhook)
        return;
    timer_stop(control, &webhook->timer);
    webhook_answered(webhook, event);
}

static void webhook_timed_out(struct control *control, struct timer *timer)
{
    struct webhook *webhook = container_of(timer, struct webhook, timer);
    struct control_event event = {.kind = CONTROL_FETCHED};

    event.as.fetched.fetch = webhook->fetch;
    event.as.fetched.outcome = CONTROL_FETCH_TIMED_OUT;
    webhook_fetched(control, &event);
}

static void free_if_idle(struct control *control, struct heap_node *node)
{
    struct timer *timer = container_of(node, struct timer, node);

    heap_remove(&control->timers, node);
    if (timer->fire == retry_now || timer->fire == webhook_timed_out)
        webhook_release(container_of(timer, struct webhook, timer));
}

/* Every open webhook has its timer running: that is where all of them are found. */
void webhooks_release(struct control *control)
{
    struct heap_node *node;

    while ((node = heap_first(&control->timers)))
        free_if_idle(control, node);
}
