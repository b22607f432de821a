#include "desk_script.h"

#include <stdio.h>
#include <string.h>

#include "serve/routes.h"

unsigned script_byte(struct script *script)
{
    return script->at < script->end ? *script->at++ : 0;
}

void script_raw(struct script *script, struct text *text, bool json)
{
    unsigned size = script_byte(script) % 24;

    for (unsigned i = 0; i < size; i++) {
        unsigned byte = script_byte(script);

        if (!json)
            text_addf(text, "%%%02x", byte);
        else if (byte >= 32 && byte < 127 && byte != '"' && byte != '\\')
            text_add_char(text, (char)byte);
        else
            text_addf(text, "\\u%04x", byte * 64);
    }
}

void script_wait(struct script *script, struct desk *desk)
{
    static const instant SPANS[] = {0,          MILLISECOND, 700 * MILLISECOND, 2 * SECOND,
                                    5 * SECOND, 16 * SECOND, 61 * SECOND,       3600 * SECOND};

    desk_wait(desk, SCRIPT_ONE_OF(script, SPANS));
}

/* ------------------------------------------------------------------------------- the engine's answers */

static const char *const STATUSES[] = {
    "queued",   "initiated", "ringing", "in-progress", "completed", "no-answer", "busy", "failed",
    "canceled", "answered",  "",        "nonsense",    "in-progres"};

static void add_call(struct script *script, struct text *body)
{
    static const char *const TIMES[] = {"null", "\"Fri, 15 Jan 2027 08:00:01 +0000\"",
                                        "\"yesterday\"", "7",
                                        "\"Fri, 15 Jan 2027 08:00:00 +0000\""};
    static const char *const DURATIONS[] = {"null", "\"3\"", "\"-1\"", "5", "\"99999999999\""};
    unsigned sid = script_byte(script) % 6;

    text_addf(body, "{\"sid\":\"CA%032u\",\"status\":\"%s\",", sid,
              SCRIPT_ONE_OF(script, STATUSES));
    text_addf(body, "\"date_created\":%s,", SCRIPT_ONE_OF(script, TIMES));
    text_addf(body, "\"start_time\":%s,", SCRIPT_ONE_OF(script, TIMES));
    text_addf(body, "\"duration\":%s}", SCRIPT_ONE_OF(script, DURATIONS));
}

static void add_answer(struct script *script, struct text *body)
{
    static const char *const BODIES[] = {
        "{\"calls\":[]}",
        "{\"calls\":7}",
        "{\"conferences\":[{\"sid\":\"CF00000000000000000000000000000001\",\"status\":\"in-"
        "progress\"}]}",
        "{\"conferences\":[null,{\"status\":\"completed\"}]}",
        "{\"participants\":[{\"label\":\"leg-1-1\",\"call_sid\":"
        "\"CA00000000000000000000000000000001\"},"
        "{\"label\":\"attempt-1\",\"call_sid\":\"CA00000000000000000000000000000002\"},{\"label\":"
        "null},3]}",
        "{\"code\":20429,\"message\":\"Too Many Requests\",\"status\":429}",
        "{\"code\":21211,\"message\":\"The 'To' number is not valid\"}",
        "{\"code\":99999999999999999999,\"message\":7}",
        "[]",
        "<html>",
        "",
    };
    unsigned kind = script_byte(script);

    if (kind < 128) {
        add_call(script, body);
    } else if (kind < 160) {
        text_add(body, "{\"calls\":[");
        add_call(script, body);
        text_add_char(body, ',');
        add_call(script, body);
        text_add(body, "]}");
    } else if (kind < 170) {
        text_add(body, "{\"sid\":\"");
        script_raw(script, body, true);
        text_add(body, "\",\"status\":\"ringing\"}");
    } else {
        text_add(body, BODIES[kind % array_count(BODIES)]);
    }
}

void script_answer(struct script *script, struct desk *desk)
{
    static const unsigned CODES[] = {201, 200, 200, 201, 204, 302, 400,
                                     401, 404, 408, 429, 500, 503};
    unsigned which = script_byte(script), how = script_byte(script);
    struct text body;

    if (!desk_order_count())
        return;
    text_init(&body);
    add_answer(script, &body);
    desk_answer(desk, which % desk_order_count(),
                how < 200 ? HTTP_ANSWERED : (enum http_outcome)(how % (HTTP_CANCELED + 1)),
                CODES[how % array_count(CODES)], text_slice(&body));
    text_release(&body);
}

/* ------------------------------------------------------------------------------------------- webhooks */

static void add_query(struct script *script, struct text *query)
{
    static const char *const ACTIONS[] = {"join", "wait", "message", "hang-up", "none", "nonsense"};
    unsigned kind = script_byte(script), id = script_byte(script) % 5;

    switch (kind % 8) {
    case 0:
    case 1:
    case 2:
        text_addf(query, "attempt=%u", id);
        break;
    case 3:
    case 4:
        text_addf(query, "agent=%u&leg=%u", id % 3, script_byte(script) % 4);
        break;
    case 5:
        text_addf(query, "attempt=%u&action=%s&agent=1&campaign=1", id,
                  SCRIPT_ONE_OF(script, ACTIONS));
        break;
    case 6:
        text_add(query, "attempt=");
        script_raw(script, query, false);
        break;
    case 7:
        break;
    }
}

static void add_params(struct script *script, struct text *params)
{
    static const char *const EVENTS[] = {"participant-join", "participant-leave",
                                         "conference-start", "conference-end", "nonsense"};
    unsigned kind = script_byte(script), id = script_byte(script) % 5;

    text_addf(params, "CallSid=CA%032u", kind / 8 % 6);
    switch (kind % 8) {
    case 0:
    case 1:
        text_addf(params, "&StatusCallbackEvent=%s", SCRIPT_ONE_OF(script, EVENTS));
        text_addf(params, "&ParticipantLabel=attempt-%u&FriendlyName=agent-%u", id,
                  script_byte(script) % 3);
        break;
    case 2:
    case 3:
        text_addf(params, "&StatusCallbackEvent=%s", SCRIPT_ONE_OF(script, EVENTS));
        text_addf(params, "&ParticipantLabel=leg-1-%u&FriendlyName=agent-1", id);
        break;
    case 4:
        script_raw(script, params, false);
        text_add(params, "&ParticipantLabel=");
        script_raw(script, params, false);
        text_add(params, "&StatusCallbackEvent=participant-join");
        break;
    default:
        text_addf(params, "&CallStatus=%s", SCRIPT_ONE_OF(script, STATUSES));
        if (kind & 64)
            text_addf(params, "&SequenceNumber=%u", script_byte(script) % 6);
        if (kind & 128)
            text_addf(params, "&SipResponseCode=%u&OutdialHelloUs=%u", script_byte(script) * 4,
                      kind * 1000);
        break;
    }
}

void script_hook(struct script *script, struct desk *desk)
{
    static const char *const PATHS[] = {"/voice/answer", "/voice/status",     "/voice/agent",
                                        "/voice/told",   "/voice/conference", "/voice/status",
                                        "/voice/none"};
    const char *path = SCRIPT_ONE_OF(script, PATHS);
    unsigned token = script_byte(script);
    char idempotency[80];
    struct text query, params;

    text_init(&query);
    text_init(&params);
    add_query(script, &query);
    add_params(script, &params);
    snprintf(idempotency, sizeof(idempotency), token > 250 ? "%070u" : "%u", token);
    if (token == 255) /* by a stranger */
        desk_ask(desk, &(struct desk_request){.method = "POST",
                                              .path = path,
                                              .query = query.at,
                                              .body = text_slice(&params),
                                              .signature = "bm90aGluZw=="});
    else
        desk_hook(desk, path, query.at ? query.at : "", params.at ? params.at : "",
                  token < 128 ? NULL : idempotency);
    check(desk->status != 500);
    text_release(&query);
    text_release(&params);
}

/* -------------------------------------------------------------------------------------- the interface */

static void add_value(struct script *script, struct slice kind, struct text *text)
{
    static const char *const TEXTS[] = {"",
                                        "spring",
                                        "summer",
                                        "bo",
                                        "cy",
                                        "US",
                                        "GB",
                                        "sip:bo@host",
                                        "sip:bo@",
                                        "available",
                                        "break",
                                        "offline",
                                        "wrap-up",
                                        "dial",
                                        "skip",
                                        "callback",
                                        "+12025550100",
                                        "202-555-0101",
                                        "=1+1",
                                        "2027-01-15T08:30:00Z",
                                        "2027-01-15T10:00:00+02:00",
                                        "soon",
                                        "list",
                                        "3600"};
    static const char *const NUMBERS[] = {
        "0", "1", "2", "3", "4", "5", "6", "99", "-1", "9223372036854775807", "86400"};
    static const char *const LISTS[] = {
        "[]", "[\"spring\"]", "[1]", "[\"spring\",\"summer\",\"spring\"]", "[null]", "[{}]"};
    static const char *const SETTINGS[] = {
        "{}",
        "{\"mode\":\"preview\"}",
        "{\"mode\":\"ratio\",\"ratio\":2}",
        "{\"mode\":\"manual\",\"ring_timeout_s\":5}",
        "{\"hours\":{\"every_day\":[[\"00:00\",\"24:00\"]]}}",
        "{\"hours\":{\"monday\":[[\"09:00\",\"12:00\"],[\"13:00\",\"18:30\"]],\"holidays\":[]}}",
        "{\"hours\":7}",
        "{\"wrap_up_s\":1,\"caller_id\":\"+12025550123\",\"message\":\"Sorry\"}",
        "{\"retry\":{\"busy\":{\"delay_s\":1,\"times_max\":3,\"alternates\":true}}}",
        "{\"number_caps\":{\"per_day\":1,\"gap_s\":0},\"person_caps\":{\"per_day\":1}}",
        "{\"abandonment\":{\"ceiling_per_mille\":30}}",
        "{\"dispositions\":[{\"code\":1,\"name\":\"done\",\"behaviour\":\"done\"}]}",
        "{\"nonsense\":null}"};
    unsigned how = script_byte(script);

    if (how >= 250)
        text_add(text, how & 1 ? "null" : "{\"a\":[1]}");
    else if (slice_is(kind, "whole"))
        text_add(text, SCRIPT_ONE_OF(script, NUMBERS));
    else if (slice_is(kind, "flag"))
        text_add(text, how & 1 ? "true" : "false");
    else if (slice_is(kind, "list"))
        text_add(text, SCRIPT_ONE_OF(script, LISTS));
    else if (slice_is(kind, "object"))
        text_add(text, SCRIPT_ONE_OF(script, SETTINGS));
    else if (how < 200)
        text_addf(text, "\"%s\"", SCRIPT_ONE_OF(script, TEXTS));
    else {
        text_add_char(text, '"');
        script_raw(script, text, true);
        text_add_char(text, '"');
    }
}

/* The fields of "name:kind name:kind", most of them. */
static void add_fields(struct script *script, const char *fields, struct text *body)
{
    struct slice rest = slice_from(fields);
    unsigned which = script_byte(script);

    text_add_char(body, '{');
    for (unsigned i = 0; rest.size; i++) {
        struct slice kind = slice_cut(&rest, ' '), name = slice_cut(&kind, ':');

        if (which >> (i & 7) & 1)
            continue;
        text_addf(body, "%s\"%.*s\":", body->size > 1 ? "," : "", (int)name.size, name.at);
        add_value(script, kind, body);
    }
    text_add_char(body, '}');
}

static void add_path(struct script *script, const char *template, struct text *path)
{
    static const char *const PARTS[] = {
        "spring", "bo",    "1",      "2",    "3",       "101",    "999", "summer",
        "start",  "pause", "resume", "stop", "archive", "%2e%2e", "%00", "18446744073709551616"};
    struct slice rest = slice_from(template);

    while (rest.size) {
        struct slice part = slice_cut(&rest, '/');

        if (path->size || part.size)
            text_add_char(path, '/');
        if (part.size && part.at[0] == '{')
            text_add(path, SCRIPT_ONE_OF(script, PARTS));
        else
            text_add_slice(path, part);
    }
}

static void add_asked(struct script *script, const char *names, struct text *query)
{
    static const char *const VALUES[] = {"1",
                                         "spring",
                                         "bo",
                                         "2",
                                         "1000",
                                         "0",
                                         "fresh",
                                         "done",
                                         "people.csv",
                                         "US",
                                         "%2B12025550100",
                                         "..%2F..%2Fetc",
                                         "9999999999999999999"};
    struct slice rest = slice_from(names);
    unsigned which = script_byte(script);

    for (unsigned i = 0; rest.size; i++) {
        struct slice name = slice_cut(&rest, ' ');

        if (!(which >> (i & 7) & 1))
            continue;
        text_addf(query, "%s%.*s=%s", query->size ? "&" : "", (int)name.size, name.at,
                  SCRIPT_ONE_OF(script, VALUES));
    }
}

static void check_reply(const struct desk *desk)
{
    json_error_t error;

    check(desk->status != 500 && desk->status != 507);
    if (!strstr(desk->content_type, "json") || !desk->reply.size)
        return;
    json_t *json = json_loadb(desk->reply.at, desk->reply.size, 0, &error);

    check(json);
    if (desk->status >= 400)
        check(json_integer_value(json_object_get(json, "status")) == (json_int_t)desk->status &&
              *json_string_value(json_object_get(json, "detail")));
    json_decref(json);
}

void script_ask(struct script *script, struct desk *desk)
{
    static const char *const TOKENS[] = {DESK_OPERATOR, DESK_OPERATOR, DESK_OPERATOR,
                                         DESK_AGENT,    NULL,          "od_none"};
    static const char *const METHODS[] = {"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD"};
    const struct api_route *route = &routes[script_byte(script) % route_count];
    unsigned how = script_byte(script);
    struct text path, query, body;

    text_init(&path);
    text_init(&query);
    text_init(&body);
    add_path(script, route->path, &path);
    add_asked(script, route->asks, &query);
    if (route->raw_body)
        text_add(&body, "Phone,Name\n2025550123,Ada\n");
    else if (*route->takes && how < 240)
        add_fields(script, route->takes, &body);
    else if (how >= 240)
        while (script->at < script->end)
            text_add_char(&body, (char)*script->at++);
    desk_ask(desk, &(struct desk_request){.method = how % 16 == 15 ? SCRIPT_ONE_OF(script, METHODS)
                                                                   : route->method,
                                          .path = path.at,
                                          .query = query.at,
                                          .body = text_slice(&body),
                                          .token = TOKENS[how % array_count(TOKENS)]});
    check_reply(desk);
    text_release(&path);
    text_release(&query);
    text_release(&body);
}
