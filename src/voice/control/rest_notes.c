#include <string.h>
#include <stdio.h>

#include "voice/control/notes.h"
#include "voice/control/rest.h"

/* What happened in a call (Events) and what went wrong (Notifications). */

static struct note *of_call(struct chain_link *link)
{
    return container_of(link, struct note, of_call);
}

static struct note *of_all(struct chain_link *link)
{
    return container_of(link, struct note, link);
}

static struct call *find_call(struct rest *rest)
{
    struct call *call = call_find(rest->control, slice_from(rest->args[0]));

    if (!call)
        rest_not_found(rest);
    return call;
}

static json_t *parameters(const char *variables)
{
    json_t *json = json_object();
    struct form form;

    if (form_parse(&form, slice_from(variables)) == 0)
        for (size_t i = 0; i < form.count; ++i)
            json_object_set_new(json, form.fields[i].name, json_text(form.fields[i].value));
    form_release(&form);
    return json;
}

/* A request has both halves; a happening only the first, under "event". */
static json_t *describe_event(struct rest *rest, struct chain_link *link)
{
    const struct note *note = of_call(link);
    json_t *json = json_object(), *request = json_object(), *response = json_object();

    (void)rest;
    if (!note->url) {
        json_object_set_new(request, "event", json_text(note->text));
        json_object_set_new(request, "date_created", json_date(note->at));
        json_object_set_new(json, "request", request);
        json_object_set_new(json, "response", json_null());
        json_decref(response);
        return json;
    }
    json_object_set_new(request, "url", json_text(note->url));
    json_object_set_new(request, "method", json_text(note->method));
    json_object_set_new(request, "parameters", parameters(note->variables));
    json_object_set_new(json, "request", request);
    json_object_set_new(response, "response_code", json_integer(note->status));
    json_object_set_new(response, "request_duration", json_integer(note->took_ms));
    json_object_set_new(response, "content_type", json_text(note->content_type));
    json_object_set_new(response, "response_body", json_text(note->body));
    json_object_set_new(response, "error", json_text(note->text));
    json_object_set_new(response, "date_created", json_date(note->at));
    json_object_set_new(json, "response", response);
    return json;
}

static const char *no_sid(struct chain_link *link)
{
    (void)link;
    return "";
}

void rest_call_events(struct rest *rest)
{
    struct call *call = find_call(rest);
    char path[80];
    struct rest_list list = {
        .name = "events", .path = path, .sid = no_sid, .describe = describe_event};

    if (!call)
        return;
    snprintf(path, sizeof(path), "/Calls/%s/Events.json", call->sid);
    list.newest = call->events.last;
    list.by_number = true;
    rest_list_answer(rest, &list);
}

/* ----------------------------------------------------------------------------- notifications */

static json_t *describe_problem(struct rest *rest, const struct note *note, bool in_full)
{
    json_t *json = json_object();
    char code[16], more[64];

    snprintf(code, sizeof(code), "%u", note->code);
    snprintf(more, sizeof(more), "https://www.twilio.com/docs/errors/%u", note->code);
    json_object_set_new(json, "account_sid", json_text(rest->control->account_sid));
    json_object_set_new(json, "api_version", json_text("2010-04-01"));
    json_object_set_new(json, "call_sid", note->call ? json_text(note->call->sid) : json_null());
    json_object_set_new(json, "date_created", json_date(note->at));
    json_object_set_new(json, "date_updated", json_date(note->at));
    json_object_set_new(json, "error_code", json_text(code));
    json_object_set_new(json, "log", json_text(note->is_warning ? "1" : "0"));
    json_object_set_new(json, "message_date", json_date(note->at));
    json_object_set_new(json, "message_text", json_text(note->text));
    json_object_set_new(json, "more_info", json_text(more));
    json_object_set_new(json, "request_method", json_text(note->method));
    json_object_set_new(json, "request_url", json_text(note->url));
    json_object_set_new(json, "sid", json_text(note->sid));
    json_object_set_new(json, "uri", json_path(rest, "/Notifications/%s.json", note->sid));
    if (in_full) {
        json_object_set_new(json, "request_variables", json_text(note->variables));
        json_object_set_new(json, "response_body", json_text(note->body));
        json_object_set_new(json, "response_headers", json_null());
    }
    return json;
}

static bool passes(struct rest *rest, const struct note *note)
{
    return rest_filter_passes(rest, "Log", note->is_warning ? "1" : "0") &&
           rest_date_passes(rest, "MessageDate", note->at);
}

static bool matches_of_call(struct rest *rest, struct chain_link *link)
{
    return passes(rest, of_call(link));
}

static bool matches_of_all(struct rest *rest, struct chain_link *link)
{
    return passes(rest, of_all(link));
}

static const char *sid_of_call(struct chain_link *link)
{
    return of_call(link)->sid;
}

static const char *sid_of_all(struct chain_link *link)
{
    return of_all(link)->sid;
}

static json_t *describe_of_call(struct rest *rest, struct chain_link *link)
{
    return describe_problem(rest, of_call(link), false);
}

static json_t *describe_of_all(struct rest *rest, struct chain_link *link)
{
    return describe_problem(rest, of_all(link), false);
}

void rest_call_notifications(struct rest *rest)
{
    struct call *call = find_call(rest);
    char path[80];
    struct rest_list list = {.name = "notifications",
                             .path = path,
                             .sid = sid_of_call,
                             .matches = matches_of_call,
                             .describe = describe_of_call};

    if (!call || !rest_dates_are_good(rest, "MessageDate"))
        return;
    snprintf(path, sizeof(path), "/Calls/%s/Notifications.json", call->sid);
    list.newest = call->notifications.last;
    rest_list_answer(rest, &list);
}

void rest_notifications_list(struct rest *rest)
{
    struct rest_list list = {.name = "notifications",
                             .path = "/Notifications.json",
                             .newest = rest->control->notifications.last,
                             .sid = sid_of_all,
                             .matches = matches_of_all,
                             .describe = describe_of_all};

    if (rest_dates_are_good(rest, "MessageDate"))
        rest_list_answer(rest, &list);
}

static void answer_one(struct rest *rest, const char *sid, const struct call *call)
{
    struct chain_link *link;

    for (link = rest->control->notifications.last; link; link = link->before) {
        const struct note *note = of_all(link);

        if (slice_is_nocase(slice_from(sid), note->sid) && (!call || note->call == call)) {
            rest_answer(rest, 200, describe_problem(rest, note, true));
            return;
        }
    }
    rest_not_found(rest);
}

void rest_notification_read(struct rest *rest)
{
    answer_one(rest, rest->args[0], NULL);
}

void rest_call_notification_read(struct rest *rest)
{
    struct call *call = find_call(rest);

    if (call)
        answer_one(rest, rest->args[1], call);
}
