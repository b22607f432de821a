#ifndef TEST_CONTROL_WORLD_H
#define TEST_CONTROL_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "voice/control/control.h"
#include "wire/form.h"
#include "wire/signature.h"

/*
 * A world for call control: no sound, no network, a clock that stands still. Every effect becomes a
 * line of text, so a test is a conversation:
 *
 *   world_answered(&world, 1);
 *   expect(&world, "POST http://app/voice CallStatus=in-progress");
 *   world_serves(&world, "<Response>...</Response>");
 *
 * Requests are checked for their signature on the way. SIDs stand as CA1, CA2, CF1 ... in order of
 * appearance.
 */
enum { LINE_SIZE = 600, LINES_MAX = 4000, NAMES_MAX = 4000 };

#define ACCOUNT "AC00000000000000000000000000000001"
#define TOKEN "engine-test-token"
#define BASE "/2010-04-01/Accounts/" ACCOUNT

struct world {
    struct control *control;
    instant now;
    char lines[LINES_MAX][LINE_SIZE];
    uint64_t fetches[LINES_MAX]; /* of the lines that are requests */
    size_t line_count, line_read;
    uint64_t last_fetch; /* the request expected last */
    uint64_t last_play;
    char names[NAMES_MAX][36];
    size_t name_count;
    unsigned status, retry_after_s; /* of the last REST answer */
    json_t *json;
};

/* What of a webhook's parameters a line shows. */
static const char *const SHOWN[] = {"CallStatus",
                                    "SequenceNumber",
                                    "StatusCallbackEvent",
                                    "CallSid",
                                    "Digits",
                                    "ErrorCode",
                                    "DialCallStatus",
                                    "DialBridged",
                                    "DialCallSid",
                                    "DialCallDuration",
                                    "CallDuration",
                                    "Duration",
                                    "SipResponseCode",
                                    "OutdialHelloUs",
                                    "ParticipantLabel",
                                    "Muted",
                                    "Hold",
                                    "Coaching",
                                    "ReasonParticipantLeft",
                                    "ReasonConferenceEnded",
                                    "ParentCallSid",
                                    "FinishedOnKey"};

/* "CA" + 32 hex -> "CA1" ..., numbered within their prefix as they appear. */
static void world_name(struct world *world, const char *sid, char out[16])
{
    unsigned number = 0;

    for (size_t i = 0; i < world->name_count; ++i) {
        if (strncmp(world->names[i], sid, 2) == 0)
            ++number;
        if (strncmp(world->names[i], sid, 34) == 0) {
            snprintf(out, 16, "%.2s%u", sid, number);
            return;
        }
    }
    if (world->name_count == NAMES_MAX)
        fail_msg("too many SIDs");
    memcpy(world->names[world->name_count++], sid, 34);
    snprintf(out, 16, "%.2s%u", sid, number + 1);
}

static bool is_sid(const char *text)
{
    static const char HEX[] = "0123456789abcdef";

    return (strncmp(text, "CA", 2) == 0 || strncmp(text, "CF", 2) == 0) &&
           strspn(text + 2, HEX) >= 32;
}

/* Learns the SIDs in a text. */
static void world_names(struct world *world, const char *text)
{
    char name[16];

    for (; *text; ++text)
        if (is_sid(text))
            world_name(world, text, name);
}

/* Copies a text with its SIDs named. */
static void world_tidy(struct world *world, const char *text, char *out, size_t size)
{
    size_t at = 0;

    while (*text && at + 16 < size) {
        if (is_sid(text)) {
            world_name(world, text, out + at);
            at += strlen(out + at);
            text += 34;
        } else {
            out[at++] = *text++;
        }
    }
    out[at] = '\0';
}

static const char *world_sid(struct world *world, const char *name)
{
    static char sid[36];
    unsigned wanted = (unsigned)atoi(name + 2), number = 0;

    for (size_t i = 0; i < world->name_count; ++i) {
        if (strncmp(world->names[i], name, 2) == 0 && ++number == wanted) {
            snprintf(sid, sizeof(sid), "%.34s", world->names[i]);
            return sid;
        }
    }
    fail_msg("no %s yet", name);
    return NULL;
}

static const char *header_of(const struct control_effect *effect, const char *name)
{
    size_t size = strlen(name);

    for (const char *const *header = effect->as.fetch.headers; *header; ++header)
        if (strncmp(*header, name, size) == 0 && strncmp(*header + size, ": ", 2) == 0)
            return *header + size + 2;
    return NULL;
}

/* Every request must be signed so that a receiver accepts it. */
static void check_signature(const struct control_effect *effect)
{
    bool post = strcmp(effect->as.fetch.method, "POST") == 0;
    struct form form;

    assert_int_equal(form_parse(&form, effect->as.fetch.body), 0);
    assert_true(signature_verify(TOKEN, slice_from(effect->as.fetch.url), post ? &form : NULL,
                                 header_of(effect, "X-Twilio-Signature")));
    assert_non_null(header_of(effect, "I-Twilio-Idempotency-Token"));
    assert_string_equal(header_of(effect, "User-Agent"), "TwilioProxy/1.1");
    assert_null(strchr(effect->as.fetch.url, '#'));
    assert_int_equal(post, effect->as.fetch.body.size > 0);
    form_release(&form);
}

static void show_fetch(struct world *world, const struct control_effect *effect, struct text *line)
{
    struct slice query = slice_from(effect->as.fetch.url);
    bool post = strcmp(effect->as.fetch.method, "POST") == 0;
    struct slice url = post ? query : slice_cut(&query, '?');
    const char *cookie = header_of(effect, "Cookie");
    struct form form;

    check_signature(effect);
    world_names(world, effect->as.fetch.url);
    if (effect->as.fetch.body.size)
        world_names(world, effect->as.fetch.body.at);
    assert_int_equal(form_parse(&form, post ? effect->as.fetch.body : query), 0);
    text_addf(line, "%s %.*s", effect->as.fetch.method, (int)url.size, url.at);
    for (size_t i = 0; i < array_count(SHOWN); ++i)
        if (form_get(&form, SHOWN[i]))
            text_addf(line, " %s=%s", SHOWN[i], form_get(&form, SHOWN[i]));
    if (cookie)
        text_addf(line, " cookie=%s", cookie);
    form_release(&form);
}

static void show_play(struct world *world, const struct control_effect *effect, struct text *line)
{
    static const char *const SOURCES[] = {"say",        "url",       "silence", "ring",
                                          "beep-enter", "beep-exit", "hold"};
    const char *what = effect->as.play.source == CONTROL_SOURCE_SAY   ? effect->as.play.text
                       : effect->as.play.source == CONTROL_SOURCE_URL ? effect->as.play.url
                                                                      : "";

    text_addf(line, "play %s%llu %s", effect->as.play.room ? "room" : "leg",
              (unsigned long long)(effect->as.play.room ? effect->as.play.room : effect->leg),
              SOURCES[effect->as.play.source]);
    if (what && what[0])
        text_addf(line, " '%s'", what);
    if (effect->as.play.loop > 1)
        text_addf(line, " x%u", effect->as.play.loop);
    world->last_play = effect->as.play.play;
}

static void world_show(struct world *world, const struct control_effect *effect, struct text *line)
{
    unsigned long long leg = effect->leg;

    switch (effect->kind) {
    case CONTROL_INVITE:
        text_addf(line, "invite %llu %s from %s", leg, effect->as.invite.to,
                  effect->as.invite.from);
        for (size_t i = 0; i < effect->as.invite.header_count; ++i)
            text_addf(line, " %s=%s", effect->as.invite.headers[i].name,
                      effect->as.invite.headers[i].value);
        break;
    case CONTROL_ANSWER:
        text_addf(line, "answer %llu", leg);
        break;
    case CONTROL_EARLY_MEDIA:
        text_addf(line, "early media %llu", leg);
        break;
    case CONTROL_REJECT:
        text_addf(line, "reject %llu %u", leg, effect->as.reject.sip_code);
        break;
    case CONTROL_HANG_UP:
        text_addf(line, "hang up %llu", leg);
        break;
    case CONTROL_FETCH:
        show_fetch(world, effect, line);
        break;
    case CONTROL_PLAY:
        show_play(world, effect, line);
        break;
    case CONTROL_STOP_PLAY:
        text_addf(line, "stop %s", effect->as.play.room ? "room" : "leg");
        text_addf(line, "%llu",
                  effect->as.play.room ? (unsigned long long)effect->as.play.room : leg);
        break;
    case CONTROL_SEND_DIGITS:
        text_addf(line, "digits %llu %s", leg, effect->as.digits.digits);
        break;
    case CONTROL_ROOM_OPEN:
        text_addf(line, "open room%llu", (unsigned long long)effect->as.room.room);
        break;
    case CONTROL_ROOM_CLOSE:
        text_addf(line, "close room%llu", (unsigned long long)effect->as.room.room);
        break;
    case CONTROL_ROOM_JOIN:
        text_addf(line, "join %llu room%llu%s%s", leg, (unsigned long long)effect->as.room.room,
                  effect->as.room.muted ? " muted" : "", effect->as.room.held ? " held" : "");
        if (effect->as.room.coach)
            text_addf(line, " coach=%llu", (unsigned long long)effect->as.room.coach);
        break;
    case CONTROL_ROOM_LEAVE:
        text_addf(line, "leave %llu room%llu", leg, (unsigned long long)effect->as.room.room);
        break;
    case CONTROL_LEG_MUTE:
        text_addf(line, "%s %llu", effect->as.flag.on ? "mute" : "unmute", leg);
        break;
    case CONTROL_LEG_HOLD:
        text_addf(line, "%s %llu", effect->as.flag.on ? "hold" : "unhold", leg);
        break;
    case CONTROL_LEG_COACH:
        text_addf(line, "coach %llu %llu", leg, (unsigned long long)effect->as.coach.coach);
        break;
    }
}

static void world_drain(struct world *world)
{
    struct control_effect effect;

    while (control_drain(world->control, &effect)) {
        struct text line;

        if (world->line_count == LINES_MAX)
            fail_msg("too many effects");
        text_init(&line);
        world_show(world, &effect, &line);
        if (effect.kind == CONTROL_FETCH)
            world->fetches[world->line_count] = effect.as.fetch.fetch;
        world_tidy(world, text_slice(&line).at, world->lines[world->line_count++], LINE_SIZE);
        text_release(&line);
    }
}

/* The next effect must be this. A line that ends in '*' needs to begin so only. */
static __attribute__((unused)) void expect_line(struct world *world, const char *wanted,
                                                const char *file, int line)
{
    size_t size = strlen(wanted);
    const char *got =
        world->line_read < world->line_count ? world->lines[world->line_read] : "(nothing)";
    bool same = size && wanted[size - 1] == '*' ? strncmp(got, wanted, size - 1) == 0
                                                : strcmp(got, wanted) == 0;

    if (!same) {
        print_error("%s:%d: expected: %s\n", file, line, wanted);
        for (size_t i = world->line_read; i < world->line_count; ++i)
            print_error("    got: %s\n", world->lines[i]);
        fail_msg("another effect than expected");
    }
    if (world->fetches[world->line_read])
        world->last_fetch = world->fetches[world->line_read];
    ++world->line_read;
}

#define expect(world, wanted) expect_line(world, wanted, __FILE__, __LINE__)
#define expect_nothing(world) expect_quiet(world, __FILE__, __LINE__)

static __attribute__((unused)) void expect_quiet(struct world *world, const char *file, int line)
{
    for (size_t i = world->line_read; i < world->line_count; ++i)
        print_error("%s:%d: not expected: %s\n", file, line, world->lines[i]);
    if (world->line_read < world->line_count)
        fail_msg("effects nobody expected");
}

static void world_feed(struct world *world, const struct control_event *event)
{
    control_feed(world->control, world->now, event);
    world_drain(world);
}

static void world_leg(struct world *world, enum control_event_kind kind, uint64_t leg)
{
    struct control_event event = {.kind = kind, .leg = leg};

    world_feed(world, &event);
}

static __attribute__((unused)) void world_rings(struct world *world, uint64_t leg)
{
    world_leg(world, CONTROL_LEG_RINGING, leg);
}

static __attribute__((unused)) void world_answered(struct world *world, uint64_t leg)
{
    world_leg(world, CONTROL_LEG_ANSWERED, leg);
}

static __attribute__((unused)) void world_ended(struct world *world, uint64_t leg, unsigned code)
{
    struct control_event event = {.kind = CONTROL_LEG_ENDED, .leg = leg};

    event.as.ended.by = CONTROL_END_PEER;
    event.as.ended.sip_code = code;
    world_feed(world, &event);
}

static __attribute__((unused)) void world_digit(struct world *world, uint64_t leg, char digit)
{
    struct control_event event = {.kind = CONTROL_LEG_DIGIT, .leg = leg};

    event.as.digit.digit = digit;
    world_feed(world, &event);
}

static __attribute__((unused)) void world_hello(struct world *world, uint64_t leg, uint64_t us)
{
    struct control_event event = {.kind = CONTROL_LEG_HELLO, .leg = leg};

    event.as.hello.latency_us = us;
    world_feed(world, &event);
}

static void world_fetched(struct world *world, uint64_t fetch, unsigned status, const char *type,
                          const char *body)
{
    struct control_event event = {.kind = CONTROL_FETCHED};

    event.as.fetched.fetch = fetch;
    event.as.fetched.outcome = status ? CONTROL_FETCH_ANSWERED : CONTROL_FETCH_NO_CONNECTION;
    event.as.fetched.status = status;
    event.as.fetched.content_type = type;
    event.as.fetched.body = slice_from(body);
    world_feed(world, &event);
}

/* Answers the request expected last with TwiML, or (status) without. */
static __attribute__((unused)) void world_serves(struct world *world, const char *twiml)
{
    assert_int_not_equal(world->last_fetch, 0);
    world_fetched(world, world->last_fetch, 200, "text/xml; charset=utf-8", twiml);
}

static __attribute__((unused)) void world_acks(struct world *world)
{
    world_fetched(world, world->last_fetch, 204, NULL, "");
}

static __attribute__((unused)) void world_played(struct world *world)
{
    struct control_event event = {.kind = CONTROL_PLAY_ENDED};

    event.as.play.play = world->last_play;
    world_feed(world, &event);
}

/* Time goes on; what is due happens at its instant. */
static __attribute__((unused)) void world_passes(struct world *world, instant span)
{
    instant until = world->now + span;

    while (control_deadline(world->control) <= until) {
        world->now = instant_max(world->now, control_deadline(world->control));
        world_leg(world, CONTROL_TIME_PASSED, 0);
    }
    world->now = until;
}

/* path is below the account: "/Calls.json"; "CA1" in it stands for a SID. */
static unsigned world_rest(struct world *world, const char *method, const char *path,
                           const char *params)
{
    struct control_reply reply;
    bool get = strcmp(method, "GET") == 0;
    struct text full;
    struct control_request request = {.method = method, .user = ACCOUNT, .password = TOKEN};

    text_init(&full);
    text_add(&full, path[0] == '/' && strncmp(path, "/2010", 5) == 0 ? "" : BASE);
    while (*path) {
        if ((strncmp(path, "CA", 2) == 0 || strncmp(path, "CF", 2) == 0) && path[2] >= '1' &&
            path[2] <= '9' && strspn(path + 2, "0123456789") < 4) {
            text_add(&full, world_sid(world, path));
            path += 2 + strspn(path + 2, "0123456789");
        } else {
            text_add_char(&full, *path++);
        }
    }
    request.path = full.at;
    request.query = get ? params : "";
    request.body = slice_from(get ? "" : params);
    control_rest(world->control, world->now, &request, &reply);
    world->status = reply.status;
    world->retry_after_s = reply.retry_after_s;
    json_decref(world->json);
    world->json = reply.body.size ? json_loads(reply.body.at, 0, NULL) : NULL;
    assert_int_equal(reply.body.size > 0, reply.status != 204);
    assert_int_equal(reply.body.size > 0, world->json != NULL);
    if (reply.body.size)
        world_names(world, reply.body.at);
    control_reply_release(&reply);
    text_release(&full);
    world_drain(world);
    return world->status;
}

static __attribute__((unused)) const char *field(struct world *world, const char *name)
{
    json_t *value = json_object_get(world->json, name);
    static char number[32];

    if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        return number;
    }
    return json_is_true(value) ? "true" : json_is_false(value) ? "false" : json_string_value(value);
}

/* Places a call with this TwiML address and returns when its INVITE is out. */
static __attribute__((unused)) void world_calls(struct world *world, const char *number,
                                                const char *more)
{
    char params[1000];

    snprintf(params, sizeof(params), "To=%%2B%s&From=%%2B15005550006&Url=http://app/voice%s",
             number, more);
    assert_int_equal(world_rest(world, "POST", "/Calls.json", params), 201);
    assert_string_equal(field(world, "status"), "queued");
}

static void world_init(struct world *world, const struct control_options *options)
{
    struct control_options own = *options;

    memset(world, 0, sizeof(*world));
    world->now = 1767323045 * SECOND; /* 2026-01-02T03:04:05Z */
    own.account_sid = ACCOUNT;
    own.auth_token = TOKEN;
    assert_int_equal(control_new(&world->control, &own, "a seed of sixteen", 17), 0);
}

static void world_release(struct world *world)
{
    control_free(world->control);
    json_decref(world->json);
}

/* A test's frame: a world with the given options, quiet at the end. */
static __attribute__((unused)) struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof(*world));
    struct control_options options = {.calls_per_second = 1000};

    world_init(world, &options);
    return world;
}

static __attribute__((unused)) void world_free(struct world *world)
{
    world_release(world);
    free(world);
}

#endif
