#include "voice/control/rest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "voice/control/memory.h"

/* Paths below /2010-04-01/Accounts/{AC}; a star takes any one segment. */
static const struct route {
    const char *method, *path;
    void (*answer)(struct rest *rest);
} ROUTES[] = {
    {"GET", "Calls", rest_calls_list},
    {"POST", "Calls", rest_calls_create},
    {"GET", "Calls/*", rest_call_read},
    {"POST", "Calls/*", rest_call_update},
    {"DELETE", "Calls/*", rest_call_delete},
    {"GET", "Calls/*/Events", rest_call_events},
    {"GET", "Calls/*/Notifications", rest_call_notifications},
    {"GET", "Calls/*/Notifications/*", rest_call_notification_read},
    {"GET", "Notifications", rest_notifications_list},
    {"GET", "Notifications/*", rest_notification_read},
    {"GET", "Conferences", rest_conferences_list},
    {"GET", "Conferences/*", rest_conference_read},
    {"POST", "Conferences/*", rest_conference_update},
    {"GET", "Conferences/*/Participants", rest_participants_list},
    {"POST", "Conferences/*/Participants", rest_participants_create},
    {"GET", "Conferences/*/Participants/*", rest_participant_read},
    {"POST", "Conferences/*/Participants/*", rest_participant_update},
    {"DELETE", "Conferences/*/Participants/*", rest_participant_delete},
    {"GET", "IncomingPhoneNumbers", rest_numbers_list},
    {"GET", "IncomingPhoneNumbers/*", rest_number_read},
    {"GET", "OutgoingCallerIds", rest_caller_ids_list},
    {"GET", "OutgoingCallerIds/*", rest_caller_id_read},
    {"GET", "Balance", rest_balance_read},
    {"GET", "Applications", rest_applications_list},
    {"POST", "Applications", rest_applications_create},
    {"GET", "Applications/*", rest_application_read},
    {"POST", "Applications/*", rest_application_update},
    {"DELETE", "Applications/*", rest_application_delete},
};

static const char PREFIX[] = "/2010-04-01/Accounts";

/* ----------------------------------------------------------------------------------- answers */

static void set_json(struct rest *rest, unsigned status, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);

    check(text != NULL);
    rest->reply->status = status;
    text_clear(&rest->reply->body);
    text_add(&rest->reply->body, text);
    free(text);
    json_decref(json);
}

void rest_answer(struct rest *rest, unsigned status, json_t *json)
{
    check(!rest->failed);
    set_json(rest, status, json);
}

void rest_answer_nothing(struct rest *rest)
{
    rest->reply->status = 204;
}

void rest_fail(struct rest *rest, unsigned status, unsigned code, const char *format, ...)
{
    json_t *json = json_object();
    char message[400], more[80];
    char *clean;
    va_list list;

    va_start(list, format);
    vsnprintf(message, sizeof(message), format, list);
    va_end(list);
    clean = memory_clean(message); /* cut inside a character, perhaps */
    snprintf(more, sizeof(more), "https://www.twilio.com/docs/errors/%u", code);
    json_object_set_new(json, "code", json_integer(code));
    json_object_set_new(json, "message", json_text(clean));
    json_object_set_new(json, "more_info", json_text(more));
    json_object_set_new(json, "status", json_integer(status));
    set_json(rest, status, json);
    rest->failed = true;
    free(clean);
}

void rest_not_found(struct rest *rest)
{
    rest_fail(rest, 404, 20404, "The requested resource %.300s was not found", rest->request->path);
}

/* ------------------------------------------------------------------------------------ routes */

static char *decode_segment(struct slice segment)
{
    struct text raw, clean;

    text_init(&raw);
    text_init(&clean);
    form_decode(segment, false, &raw);
    utf8_clean(text_slice(&raw), &clean);
    text_release(&raw);
    return memory_take_text(&clean);
}

static void release_args(struct rest *rest)
{
    for (size_t i = 0; i < REST_ARG_COUNT_MAX; ++i) {
        free(rest->args[i]);
        rest->args[i] = NULL;
    }
}

static bool path_matches(struct rest *rest, struct slice path, const char *template)
{
    struct slice rest_template = slice_from(template);
    size_t count = 0;

    release_args(rest);
    while (path.size && rest_template.size) {
        struct slice segment = slice_cut(&path, '/'), wanted = slice_cut(&rest_template, '/');

        if (!slice_is(wanted, "*")) {
            if (!slice_equal(segment, wanted))
                return false;
        } else if (!segment.size) {
            return false;
        } else {
            rest->args[count++] = decode_segment(segment);
        }
    }
    return !path.size && !rest_template.size;
}

/* The path below the account without ".json"; false when it is none of ours. */
static bool below_account(const struct rest *rest, struct slice path, struct slice *below)
{
    struct slice account;

    if (!slice_starts(path, PREFIX))
        return false;
    path = slice_of(path.at + sizeof(PREFIX) - 1, path.size - sizeof(PREFIX) + 1);
    if (path.size < 5 || !slice_is(slice_of(path.at + path.size - 5, 5), ".json"))
        return false;
    path.size -= 5;
    if (path.size && path.at[0] != '/')
        return false;
    if (path.size) {
        path = slice_of(path.at + 1, path.size - 1);
        account = slice_cut(&path, '/');
        if (!slice_is_nocase(account, rest->control->account_sid))
            return false;
    }
    *below = path;
    return true;
}

static void route(struct rest *rest)
{
    struct slice path = slice_from(rest->request->path), below;
    bool known = false;

    if (!below_account(rest, path, &below)) {
        rest_not_found(rest);
        return;
    }
    if (!below.size) {
        bool list = path.size == sizeof(PREFIX) - 1 + 5;

        if (strcmp(rest->request->method, "GET") != 0)
            rest_fail(rest, 405, 20004, "Method not allowed");
        else if (list)
            rest_accounts_list(rest);
        else
            rest_account_read(rest);
        return;
    }
    for (size_t i = 0; i < array_count(ROUTES); ++i) {
        if (!path_matches(rest, below, ROUTES[i].path))
            continue;
        known = true;
        if (strcmp(ROUTES[i].method, rest->request->method) == 0) {
            ROUTES[i].answer(rest);
            return;
        }
    }
    if (known)
        rest_fail(rest, 405, 20004, "Method not allowed");
    else
        rest_not_found(rest);
}

static bool is_pair(const struct rest *rest, const char *user, const char *secret)
{
    const char *given = rest->request->password;
    size_t size = secret ? strlen(secret) : 0;

    return user && size && strcasecmp(rest->request->user, user) == 0 && strlen(given) == size &&
           bytes_equal_constant_time(given, secret, size);
}

/* The account and its token, or an API key and its secret. */
static bool is_authentic(const struct rest *rest)
{
    const struct control *control = rest->control;

    return rest->request->user && rest->request->password &&
           (is_pair(rest, control->account_sid, control->auth_token) ||
            is_pair(rest, control->api_key_sid, control->api_key_secret));
}

/* Query and body in one form; false when one of them is not text. */
static bool read_params(struct rest *rest)
{
    struct form body;
    int bad_query = form_parse(&rest->params, slice_from(rest->request->query));
    int bad_body = form_parse(&body, rest->request->body);

    if (bad_query || bad_body) {
        form_release(&body);
        rest_fail(rest, 400, 20001, "The parameters are not UTF-8 text");
        return false;
    }
    for (size_t i = 0; i < body.count; ++i)
        form_add(&rest->params, body.fields[i].name, body.fields[i].value);
    form_release(&body);
    return true;
}

void control_rest(struct control *control, instant now, const struct control_request *request,
                  struct control_reply *reply)
{
    struct rest rest = {.control = control, .request = request, .reply = reply};
    struct sid_source *sids = &control->sids;

    machine_step(control, now);
    *reply = (struct control_reply){0};
    text_init(&reply->body);
    form_init(&rest.params);
    sid_make(sids, "RQ", reply->request_id);
    if (!is_authentic(&rest))
        rest_fail(&rest, 401, 20003, "Authenticate");
    else if (read_params(&rest))
        route(&rest);
    release_args(&rest);
    form_release(&rest.params);
    check(reply->status != 0);
    machine_settle(control);
}

void control_reply_release(struct control_reply *reply)
{
    text_release(&reply->body);
}
