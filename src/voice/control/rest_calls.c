#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "voice/control/memory.h"
#include "voice/control/rate.h"
#include "voice/control/rest.h"

enum { TWIML_TEXT_MAX = 4000 };

/* "+15005550001" -> "(500) 555-0001", as the hosted service shows numbers of its country. */
static json_t *formatted(const char *number)
{
    char text[24];

    if (strlen(number) != 12 || strncmp(number, "+1", 2) != 0)
        return json_text(number);
    snprintf(text, sizeof(text), "(%.3s) %.3s-%.4s", number + 2, number + 5, number + 8);
    return json_text(text);
}

static json_t *subresources(struct rest *rest, const struct call *call)
{
    static const char *const NAMES[][2] = {
        {"notifications", "Notifications"},
        {"recordings", "Recordings"},
        {"payments", "Payments"},
        {"events", "Events"},
        {"siprec", "Siprec"},
        {"streams", "Streams"},
        {"transcriptions", "Transcriptions"},
        {"user_defined_message_subscriptions", "UserDefinedMessageSubscriptions"},
        {"user_defined_messages", "UserDefinedMessages"},
    };
    json_t *json = json_object();

    for (size_t i = 0; i < array_count(NAMES); ++i)
        json_object_set_new(json, NAMES[i][0],
                            json_path(rest, "/Calls/%s/%s.json", call->sid, NAMES[i][1]));
    return json;
}

static json_t *duration(const struct call *call)
{
    char text[16];

    if (!call->answered_at || !call->ended_at)
        return json_null();
    snprintf(text, sizeof(text), "%u", call_seconds(call));
    return json_text(text);
}

json_t *rest_describe_call(struct rest *rest, struct call *call)
{
    json_t *json = json_object();
    char queue_time[16];

    snprintf(queue_time, sizeof(queue_time), "%u", call->queue_ms);
    json_object_set_new(json, "sid", json_text(call->sid));
    json_object_set_new(json, "date_created", json_date(call->created_at));
    json_object_set_new(json, "date_updated", json_date(call->updated_at));
    json_object_set_new(json, "parent_call_sid", json_sid(call->parent_sid));
    json_object_set_new(json, "account_sid", json_text(rest->control->account_sid));
    json_object_set_new(json, "to", json_text(call->to));
    json_object_set_new(json, "to_formatted", formatted(call->to));
    json_object_set_new(json, "from", json_text(call->from));
    json_object_set_new(json, "from_formatted", formatted(call->from));
    json_object_set_new(json, "phone_number_sid", json_sid(call->number_sid));
    json_object_set_new(json, "status", json_text(call_status(call)));
    json_object_set_new(json, "start_time", json_date(call->answered_at));
    json_object_set_new(json, "end_time", json_date(call->ended_at));
    json_object_set_new(json, "duration", duration(call));
    json_object_set_new(json, "price", json_null());
    json_object_set_new(json, "price_unit", json_text("USD"));
    json_object_set_new(json, "direction", json_text(call_direction_name(call)));
    json_object_set_new(json, "answered_by", json_null()); /* nobody has looked: say nothing */
    json_object_set_new(json, "api_version", json_text("2010-04-01"));
    json_object_set_new(json, "forwarded_from", json_null());
    json_object_set_new(json, "group_sid", json_null());
    json_object_set_new(json, "caller_name", json_text(call->caller_name));
    json_object_set_new(json, "queue_time", json_text(queue_time));
    json_object_set_new(json, "trunk_sid", json_null());
    /* ours: how an application that lost the answer to its order knows the call for its own */
    json_object_set_new(json, "outdial_status_callback", json_text(call_status_url(call)));
    json_object_set_new(json, "uri", json_path(rest, "/Calls/%s.json", call->sid));
    json_object_set_new(json, "subresource_uris", subresources(rest, call));
    return json;
}

static struct call *find(struct rest *rest)
{
    struct call *call = call_find(rest->control, slice_from(rest->args[0]));

    if (!call)
        rest_not_found(rest);
    return call;
}

void rest_calls_create(struct rest *rest)
{
    struct call *call = rest_order_call(rest, false);
    json_t *json;

    if (!call)
        return;
    json = rest_describe_call(rest, call); /* as it is told: queued */
    rate_place(call);
    if (call->queue_ms) {
        json_decref(json);
        json = rest_describe_call(rest, call);
    }
    rest_answer(rest, 201, json);
}

void rest_call_read(struct rest *rest)
{
    struct call *call = find(rest);

    if (call)
        rest_answer(rest, 200, rest_describe_call(rest, call));
}

void rest_call_delete(struct rest *rest)
{
    struct call *call = find(rest);

    if (!call)
        return;
    if (call_is_live(call)) {
        rest_fail(rest, 400, 21220, "Call %s has not ended", call->sid);
        return;
    }
    if (!call->webhooks_open && !call->life) {
        call_forget(call);
    } else { /* its last callbacks are still on their way; it is out of sight from now on */
        table_remove(&rest->control->calls, call->sid, SID_LENGTH);
        chain_remove(&rest->control->calls_by_age, &call->by_age);
    }
    rest_answer_nothing(rest);
}

/* ------------------------------------------------------------------------------------ update */

static bool update_status(struct rest *rest, struct call *call, const char *status)
{
    bool waits =
        call->state == CALL_QUEUED || call->state == CALL_INITIATED || call->state == CALL_RINGING;

    if (strcmp(status, "completed") == 0) {
        call_hang_up(call, CALL_CANCELED);
        return true;
    }
    if (strcmp(status, "canceled") != 0) {
        rest_fail(rest, 400, 20001, "'Status' is '%.40s', neither completed nor canceled", status);
        return false;
    }
    if (waits) {
        call_hang_up(call, CALL_CANCELED);
        return true;
    }
    if (call_is_live(call))
        rest_fail(rest, 400, 21220, "Call is in progress. Cannot cancel.");
    return !rest->failed;
}

struct update {
    const char *url, *method, *twiml, *fallback, *fallback_method, *callback, *callback_method;
    unsigned time_limit_s, events;
};

static bool read_update(struct rest *rest, struct update *update)
{
    static const char *const EVENTS[] = {"initiated", "ringing", "answered", "completed"};

    update->method = "POST";
    update->twiml = rest_param(rest, "Twiml");
    if (update->twiml && !update->twiml[0])
        update->twiml = NULL;
    if (!rest_url(rest, "Url", 21205, &update->url) ||
        !rest_method(rest, "Method", &update->method) ||
        !rest_url(rest, "FallbackUrl", 21205, &update->fallback) ||
        !rest_method(rest, "FallbackMethod", &update->fallback_method) ||
        !rest_callback_url(rest, "StatusCallback", &update->callback) ||
        !rest_method(rest, "StatusCallbackMethod", &update->callback_method) ||
        !rest_words(rest, "StatusCallbackEvent", EVENTS, array_count(EVENTS), &update->events) ||
        !rest_number(rest, "TimeLimit", 1, 86400, &update->time_limit_s))
        return false;
    if (update->url && update->twiml) {
        rest_fail(rest, 400, 20001, "'Url' and 'Twiml' exclude each other");
        return false;
    }
    if (update->twiml && strlen(update->twiml) > TWIML_TEXT_MAX) {
        rest_fail(rest, 400, 20001, "'Twiml' is longer than %d characters", TWIML_TEXT_MAX);
        return false;
    }
    return true;
}

static void apply_update(struct call *call, const struct update *update)
{
    struct call_life *life = call->life;

    if (update->fallback)
        memory_set(&life->plan.fallback_url, update->fallback);
    if (update->fallback_method)
        memory_set(&life->plan.fallback_method, update->fallback_method);
    if (update->callback)
        memory_set(&life->status.url, update->callback);
    if (update->callback && !life->status.events)
        life->status.events = ON_COMPLETED;
    if (update->callback_method)
        memory_set(&life->status.method, update->callback_method);
    if (update->events)
        life->status.events = update->events;
    if (update->time_limit_s) {
        life->time_limit_s = update->time_limit_s;
        if (call->answered_at)
            call_limit_start(call);
    }
    if (update->url || update->twiml)
        call_redirect(call, update->url, update->method, update->twiml);
}

void rest_call_update(struct rest *rest)
{
    struct call *call = find(rest);
    const char *status = rest_param(rest, "Status");
    struct update update = {0};

    if (!call || !read_update(rest, &update))
        return;
    if ((update.url || update.twiml) && call->state != CALL_IN_PROGRESS) {
        rest_fail(rest, 400, 21220, "Call is not in-progress. Cannot redirect.");
        return;
    }
    if (status && status[0] && !update_status(rest, call, status))
        return;
    if (call_is_live(call))
        apply_update(call, &update);
    rest_answer(rest, 200, rest_describe_call(rest, call));
}

/* -------------------------------------------------------------------------------------- list */

static struct call *call_of(struct chain_link *link)
{
    return container_of(link, struct call, by_age);
}

static const char *call_sid(struct chain_link *link)
{
    return call_of(link)->sid;
}

static bool call_passes(struct rest *rest, const struct call *call)
{
    return rest_filter_passes(rest, "To", call->to) &&
           rest_filter_passes(rest, "From", call->from) &&
           rest_filter_passes(rest, "Status", call_status(call)) &&
           rest_filter_passes(rest, "ParentCallSid", call->parent_sid) &&
           rest_date_passes(rest, "StartTime", call->answered_at) &&
           rest_date_passes(rest, "EndTime", call->ended_at);
}

static bool call_matches(struct rest *rest, struct chain_link *link)
{
    return call_passes(rest, call_of(link));
}

static json_t *call_describe(struct rest *rest, struct chain_link *link)
{
    return rest_describe_call(rest, call_of(link));
}

static bool call_by_token(struct rest *rest, const char *sid, struct chain_link **next)
{
    struct call *call = call_find(rest->control, slice_from(sid));

    *next = call ? call->by_age.before : NULL;
    return call != NULL;
}

/* With StartTime> nothing that was made a day before it can have started after it. */
static bool call_ends_list(struct rest *rest, struct chain_link *link)
{
    const char *from = rest_param(rest, "StartTime>");
    instant limit;

    return from && instant_from_iso(from, strlen(from), &limit) == 0 &&
           call_of(link)->created_at + HOUR < limit;
}

/* The same for the chain of live calls: whoever asks for those does not walk all that ended. */
static struct call *live_of(struct chain_link *link)
{
    return container_of(link, struct call, by_state);
}

static const char *live_sid(struct chain_link *link)
{
    return live_of(link)->sid;
}

static bool live_matches(struct rest *rest, struct chain_link *link)
{
    return call_passes(rest, live_of(link));
}

static json_t *live_describe(struct rest *rest, struct chain_link *link)
{
    return rest_describe_call(rest, live_of(link));
}

/* The call of the token may have ended since: what is older than it comes next. */
static bool live_by_token(struct rest *rest, const char *sid, struct chain_link **next)
{
    struct call *call = call_find(rest->control, slice_from(sid));

    *next = rest->control->calls_live.last;
    while (call && *next && live_of(*next)->serial >= call->serial)
        *next = (*next)->before;
    return call != NULL;
}

static bool asks_for_live(const struct rest *rest)
{
    const char *status = rest_param(rest, "Status");

    return status && (strcmp(status, "queued") == 0 || strcmp(status, "ringing") == 0 ||
                      strcmp(status, "in-progress") == 0);
}

void rest_calls_list(struct rest *rest)
{
    static const char *const STATUSES[] = {"queued", "ringing", "in-progress", "completed",
                                           "busy",   "failed",  "no-answer",   "canceled"};
    struct rest_list list = {.name = "calls",
                             .path = "/Calls.json",
                             .newest = rest->control->calls_by_age.last,
                             .sid = call_sid,
                             .matches = call_matches,
                             .ends = call_ends_list,
                             .describe = call_describe,
                             .find = call_by_token};
    struct rest_list live = {.name = "calls",
                             .path = "/Calls.json",
                             .newest = rest->control->calls_live.last,
                             .sid = live_sid,
                             .matches = live_matches,
                             .describe = live_describe,
                             .find = live_by_token};
    unsigned ignored;

    if (rest_words(rest, "Status", STATUSES, array_count(STATUSES), &ignored) &&
        rest_dates_are_good(rest, "StartTime") && rest_dates_are_good(rest, "EndTime"))
        rest_list_answer(rest, asks_for_live(rest) ? &live : &list);
}
