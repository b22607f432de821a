#ifndef TEST_WEB_BOARD_H
#define TEST_WEB_BOARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "voice/web/pstream.h"
#include "voice/web/switchboard.h"
#include "wire/access_token.h"

/*
 * A switchboard without sockets: what it sends and tells becomes lines of text, so a test is a conversation.
 *
 *   page_says(&house, 1, "register", "\"media\":{\"audio\":true}");
 *   expect(&house, "1 < ready");
 */
#define ACCOUNT "AC00000000000000000000000000000001"
#define KEY "SK00000000000000000000000000000001"
#define APPLICATION "AP00000000000000000000000000000001"
#define CALL "CA00000000000000000000000000000001"
#define LEG (SWITCHBOARD_LEG_BIT | (uint64_t)1 << 62 | 1)

enum { LINES_MAX = 200, LINE_SIZE = 400 };

struct house {
    struct switchboard *board;
    instant now;
    char lines[LINES_MAX][LINE_SIZE];
    size_t line_count, line_read;
    char reconnect[40];  /* the last that was sent */
    const char *restart; /* what an offer of other ways is answered with; NULL: it is refused */
    uint64_t ends_on;    /* a leg whose events are answered by switchboard_end */
};

static char *house_line(struct house *house)
{
    if (house->line_count == LINES_MAX)
        fail_msg("too much is said");
    return house->lines[house->line_count++];
}

static const char *word_of(const char *frame, const char *name, char *out, size_t size)
{
    char key[40];
    const char *at, *end;

    snprintf(key, sizeof(key), "\"%s\":", name);
    at = strstr(frame, key);
    if (!at)
        return NULL;
    at += strlen(key);
    at += *at == '"';
    end = at + strcspn(at, "\",}");
    snprintf(out, size, "%.*s", (int)(end - at), at);
    return out;
}

static void house_send(void *arg, uint64_t device, struct slice frame)
{
    static const char *const SHOWN[] = {"callsid", "sdp", "code",   "identity",     "ttl",
                                        "From",    "To",  "Params", "voiceeventsid"};
    struct house *house = arg;
    char text[4000], value[400];
    struct text line;

    slice_copy(frame, text, sizeof(text));
    text_init(&line);
    if (slice_is(frame, "\n")) {
        text_addf(&line, "%llu < beat", (unsigned long long)device);
    } else {
        text_addf(&line, "%llu < %s", (unsigned long long)device,
                  word_of(text, "type", value, sizeof(value)));
        for (size_t i = 0; i < array_count(SHOWN); ++i)
            if (word_of(text, SHOWN[i], value, sizeof(value)))
                text_addf(&line, " %s=%s", SHOWN[i], value);
        if (word_of(text, "reconnect", value, sizeof(value)))
            slice_copy(slice_from(value), house->reconnect, sizeof(house->reconnect));
    }
    snprintf(house_line(house), LINE_SIZE, "%s", line.at);
    text_release(&line);
}

static void house_close(void *arg, uint64_t device, uint16_t code, const char *why)
{
    (void)why;
    snprintf(house_line(arg), LINE_SIZE, "%llu closed %u", (unsigned long long)device, code);
}

static void house_told(void *arg, const struct switchboard_event *event)
{
    static const char *const ENDS[] = {"hung up", "refused", "gone", "lost"};
    struct house *house = arg;
    char *line = house_line(house);
    unsigned long long leg = event->leg & 0xffff;
    struct text params;

    switch (event->kind) {
    case SWITCHBOARD_CALLS:
        text_init(&params);
        form_write(event->as.calls.params, &params);
        snprintf(line, LINE_SIZE, "leg %llu calls as %s through %.4s: %.*s %s", leg,
                 event->as.calls.identity, event->as.calls.application_sid,
                 (int)event->as.calls.offer.size, event->as.calls.offer.at, text_slice(&params).at);
        text_release(&params);
        break;
    case SWITCHBOARD_ACCEPTED:
        snprintf(line, LINE_SIZE, "leg %llu accepted %.*s", leg, (int)event->as.sdp.size,
                 event->as.sdp.at);
        break;
    case SWITCHBOARD_ENDED:
        snprintf(line, LINE_SIZE, "leg %llu ended: %s", leg, ENDS[event->as.end]);
        break;
    case SWITCHBOARD_DIGIT:
        snprintf(line, LINE_SIZE, "leg %llu digit %c", leg, event->as.digit);
        break;
    case SWITCHBOARD_RESTART:
        snprintf(line, LINE_SIZE, "leg %llu restarts %.*s", leg, (int)event->as.sdp.size,
                 event->as.sdp.at);
        if (house->restart)
            switchboard_restarted(house->board, event->leg, house->restart);
        else
            assert_true(switchboard_refused(house->board, event->leg, "it does not fit"));
        break;
    case SWITCHBOARD_MESSAGE:
        snprintf(line, LINE_SIZE, "leg %llu message %s %zu", leg, event->as.message.type,
                 event->as.message.size);
        break;
    }
    if (house->ends_on && event->leg == house->ends_on)
        switchboard_end(house->board, event->leg, 486, "as told");
}

static __attribute__((unused)) struct house *house_new(void)
{
    struct house *house = calloc(1, sizeof(*house));
    struct switchboard_options options = {.account_sid = ACCOUNT,
                                          .auth_token = "auth-token",
                                          .key_sid = KEY,
                                          .key_secret = "key-secret",
                                          .seed = "a seed of sixteen",
                                          .seed_size = 17,
                                          .device_count_max = 20,
                                          .send = house_send,
                                          .close = house_close,
                                          .handler = house_told,
                                          .arg = house};

    house->now = 1700000000 * SECOND;
    assert_int_equal(switchboard_new(&house->board, &options), 0);
    return house;
}

static __attribute__((unused)) void house_free(struct house *house)
{
    switchboard_free(house->board);
    free(house);
}

static __attribute__((unused)) void expect_line(struct house *house, const char *wanted,
                                                const char *file, int line)
{
    const char *got =
        house->line_read < house->line_count ? house->lines[house->line_read] : "(nothing)";

    if (strcmp(got, wanted) != 0) {
        print_error("%s:%d: expected: %s\n", file, line, wanted);
        for (size_t i = house->line_read; i < house->line_count; ++i)
            print_error("    got: %s\n", house->lines[i]);
        fail_msg("something else was said");
    }
    ++house->line_read;
}

#define expect(house, wanted) expect_line(house, wanted, __FILE__, __LINE__)

static __attribute__((unused)) void expect_nothing(struct house *house)
{
    for (size_t i = house->line_read; i < house->line_count; ++i)
        print_error("    not expected: %s\n", house->lines[i]);
    assert_int_equal(house->line_read, house->line_count);
}

/* payload: what stands inside its braces. */
static __attribute__((unused)) void page_says(struct house *house, uint64_t device,
                                              const char *type, const char *payload)
{
    struct text frame;

    text_init(&frame);
    text_addf(&frame, "{\"type\":\"%s\",\"version\":\"1.6\",\"payload\":{%s}}", type, payload);
    switchboard_said(house->board, house->now, device, text_slice(&frame));
    text_release(&frame);
}

static __attribute__((unused)) void page_listens(struct house *house, uint64_t device,
                                                 const char *identity, unsigned ttl_s,
                                                 bool incoming, const struct form *params)
{
    struct access_token_order order = {.account_sid = ACCOUNT,
                                       .key_sid = KEY,
                                       .key_secret = "key-secret",
                                       .identity = identity,
                                       .application_sid = APPLICATION,
                                       .params = params,
                                       .incoming = incoming,
                                       .now_s = house->now / SECOND,
                                       .ttl_s = ttl_s};
    struct text payload;

    text_init(&payload);
    text_add(&payload, "\"token\":\"");
    assert_int_equal(access_token_make(&order, &payload), 0);
    text_add(&payload, "\"");
    page_says(house, device, "listen", payload.at);
    text_release(&payload);
}

/* A page of that name that is registered; what was said on the way is not looked at. */
static __attribute__((unused)) void page_is_there(struct house *house, uint64_t device,
                                                  const char *identity)
{
    assert_int_equal(switchboard_opened(house->board, house->now, device), 0);
    page_listens(house, device, identity, 3600, true, NULL);
    page_says(house, device, "register", "\"media\":{\"audio\":true}");
    house->line_read = house->line_count;
}

static __attribute__((unused)) void house_passes(struct house *house, instant span)
{
    instant until = house->now + span;

    while (switchboard_deadline(house->board) <= until) {
        house->now = instant_max(house->now, switchboard_deadline(house->board));
        switchboard_expire(house->board, house->now);
    }
    house->now = until;
}

static __attribute__((unused)) int house_rings(struct house *house, uint64_t leg,
                                               const char *identity, const char *call_sid)
{
    struct switchboard_order order = {
        .identity = identity, .from = "+15005550006", .call_sid = call_sid, .offer = "OFFER"};

    return switchboard_ring(house->board, leg, &order);
}

/* The page's call is up; what was said on the way is not looked at. */
static __attribute__((unused)) void page_is_up(struct house *house, uint64_t device)
{
    page_says(house, device, "invite",
              "\"callsid\":\"TJ1\",\"sdp\":\"a=ice-ufrag:one\\r\\n\",\"twilio\":{}");
    switchboard_ringing(house->board, LEG, CALL);
    switchboard_answer(house->board, LEG, "ANSWER");
    house->line_read = house->line_count;
}

#endif
