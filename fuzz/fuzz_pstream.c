#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "voice/web/pstream.h"
#include "voice/web/switchboard.h"
#include "wire/access_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Pages that come, say anything and go, an engine that rings, answers and ends, and time that passes, as the
 * bytes say. What must hold: nothing is sent to who is not there; every leg ends once; what was said last is about
 * a leg that lives.
 */
enum { DEVICES = 6, LEGS = 64, STEPS_MAX = 400 };

enum leg_state { LEG_NONE, LEG_LIVES, LEG_OVER };

struct fuzz {
    const uint8_t *at, *end;
    struct switchboard *board;
    instant now;
    bool there[DEVICES + 1], closing[DEVICES + 1];
    enum leg_state rung[LEGS], came[LEGS];
    unsigned rung_count, came_count;
    char reconnect[SID_SIZE];
    char token[2][1500];
    bool ends_at_once;
};

static unsigned next(struct fuzz *fuzz)
{
    return fuzz->at < fuzz->end ? *fuzz->at++ : 0;
}

static enum leg_state *state_of(struct fuzz *fuzz, uint64_t leg)
{
    uint64_t number = leg & 0xffff;

    check(number < LEGS);
    return leg & SWITCHBOARD_LEG_BIT ? &fuzz->came[number] : &fuzz->rung[number];
}

static void on_send(void *arg, uint64_t device, struct slice frame)
{
    struct fuzz *fuzz = arg;
    const char *token = memmem(frame.at, frame.size, "\"reconnect\":\"", 13);
    struct pstream_message message;

    check(device && device <= DEVICES && fuzz->there[device] && !fuzz->closing[device]);
    check(pstream_read(&message, frame) == 0); /* what we write is well formed */
    pstream_message_release(&message);
    if (token && (size_t)(frame.at + frame.size - token) > 13 + SID_LENGTH)
        slice_copy(slice_of(token + 13, SID_LENGTH), fuzz->reconnect, SID_SIZE);
}

static void on_close(void *arg, uint64_t device, uint16_t code, const char *why)
{
    struct fuzz *fuzz = arg;

    (void)why;
    check(device && device <= DEVICES && fuzz->there[device] && !fuzz->closing[device] && code);
    fuzz->closing[device] = true;
}

static void on_event(void *arg, const struct switchboard_event *event)
{
    struct fuzz *fuzz = arg;
    enum leg_state *state = state_of(fuzz, event->leg);

    if (event->kind == SWITCHBOARD_CALLS) {
        check(*state == LEG_NONE && event->as.calls.identity[0] && event->as.calls.offer.size);
        *state = LEG_LIVES;
        fuzz->came_count = (unsigned)(event->leg & 0xffff);
    }
    check(*state == LEG_LIVES);
    if (event->kind == SWITCHBOARD_RESTART && !fuzz->ends_at_once) {
        if (event->as.sdp.at[event->as.sdp.size - 1] == 'y' ||
            !switchboard_refused(fuzz->board, event->leg, "it does not fit"))
            switchboard_restarted(fuzz->board, event->leg, "RESTART");
    } else if (event->kind == SWITCHBOARD_ENDED) {
        *state = LEG_OVER;
    } else if (fuzz->ends_at_once) {
        *state = LEG_OVER;
        switchboard_end(fuzz->board, event->leg, 486, "at once");
    }
}

static void make_token(struct fuzz *fuzz, unsigned which, const char *identity)
{
    struct form params;
    struct access_token_order order = {.account_sid = "AC00000000000000000000000000000001",
                                       .key_sid = "SK00000000000000000000000000000001",
                                       .key_secret = "secret",
                                       .identity = identity,
                                       .application_sid = "AP00000000000000000000000000000001",
                                       .params = &params,
                                       .incoming = true,
                                       .now_s = fuzz->now / SECOND,
                                       .ttl_s = 100};
    struct text text;

    text_init(&text);
    form_init(&params);
    form_add(&params, "a", "b");
    check(access_token_make(&order, &text) == 0);
    slice_copy(text_slice(&text), fuzz->token[which], sizeof(fuzz->token[which]));
    form_release(&params);
    text_release(&text);
}

static void sid_of(unsigned number, bool came, char sid[SID_SIZE])
{
    snprintf(sid, SID_SIZE, "CA%032x", number + (came ? 0x1000u : 0u));
}

/* A call the page may mean: one that rings, one it began, by either of its names. */
static void name_call(struct fuzz *fuzz, struct text *text)
{
    unsigned which = next(fuzz), number = which / 3 % 8;
    char sid[SID_SIZE];

    if (which % 3 == 2) {
        text_addf(text, "TJ%u", number);
        return;
    }
    sid_of(number, which % 3, sid);
    text_add(text, sid);
}

static void say(struct fuzz *fuzz, uint64_t device)
{
    static const char *const TYPES[] = {"listen", "register", "invite",   "answer",  "reject",
                                        "hangup", "dtmf",     "reinvite", "message", "other"};
    unsigned how = next(fuzz);
    struct text frame;

    text_init(&frame);
    if (how % 16 < array_count(TYPES)) {
        text_addf(&frame,
                  "{\"type\":\"%s\",\"payload\":{\"token\":\"%s\",\"media\":{\"audio\":%s},"
                  "\"sdp\":\"%s\",\"dtmf\":\"12w\",\"voiceeventsid\":\"KX\",\"content\":{},"
                  "\"twilio\":{\"params\":\"To=%%2B1&a=c\"},\"callsid\":\"",
                  TYPES[how % 16], fuzz->token[how >> 4 & 1], how & 32 ? "true" : "false",
                  how & 64 ? "a=ice-ufrag:x\\r\\n" : "a=ice-ufrag:y");
        name_call(fuzz, &frame);
        if (how & 128)
            text_addf(&frame, "\",\"reconnect\":\"%s", fuzz->reconnect);
        text_add(&frame, "\"}}");
    } else {
        size_t left = (size_t)(fuzz->end - fuzz->at), size = next(fuzz);

        size = size < left ? size : left ? left - 1 : 0;
        text_add_bytes(&frame, fuzz->at, size);
        fuzz->at += size;
    }
    switchboard_said(fuzz->board, fuzz->now, device, text_slice(&frame));
    text_release(&frame);
}

static void come_or_go(struct fuzz *fuzz, uint64_t device)
{
    if (!fuzz->there[device]) {
        fuzz->there[device] = true;
        fuzz->closing[device] = false;
        check(switchboard_opened(fuzz->board, fuzz->now, device) == 0);
        return;
    }
    fuzz->closing[device] = true;
    switchboard_closed(fuzz->board, fuzz->now, device);
    fuzz->there[device] = false;
}

static void ring(struct fuzz *fuzz)
{
    char sid[SID_SIZE];
    struct switchboard_order order = {.identity = next(fuzz) % 2 ? "ann" : "bob",
                                      .from = "+15005550006",
                                      .call_sid = sid,
                                      .offer = "OFFER"};
    bool there = switchboard_is_there(fuzz->board, order.identity);

    if (fuzz->rung_count + 1 >= LEGS)
        return;
    sid_of(++fuzz->rung_count, false, sid);
    fuzz->rung[fuzz->rung_count] = LEG_LIVES;
    if (switchboard_ring(fuzz->board, fuzz->rung_count, &order) != 0) {
        check(!there);
        fuzz->rung[fuzz->rung_count] = LEG_OVER;
    } else {
        check(there && switchboard_rings(fuzz->board, fuzz->rung_count));
    }
}

static void order(struct fuzz *fuzz)
{
    unsigned how = next(fuzz), number = next(fuzz) % 16;
    bool came = how & 128;
    uint64_t leg = came ? SWITCHBOARD_LEG_BIT | (uint64_t)1 << 62 | number : number;
    char sid[SID_SIZE];

    sid_of(number, true, sid);
    switch (how % 6) {
    case 0:
        ring(fuzz);
        break;
    case 1:
        switchboard_ringing(fuzz->board, leg, sid);
        break;
    case 2:
        switchboard_early(fuzz->board, leg, "EARLY");
        break;
    case 3:
        switchboard_answer(fuzz->board, leg, "ANSWER");
        break;
    case 4:
        switchboard_restarted(fuzz->board, leg, "RESTART");
        break;
    default:
        if (number && *state_of(fuzz, leg) == LEG_LIVES)
            *state_of(fuzz, leg) = LEG_OVER;
        switchboard_end(fuzz->board, leg, how & 64 ? 486 : 0, "why");
        break;
    }
}

static void pass(struct fuzz *fuzz)
{
    fuzz->now += (instant)next(fuzz) * 200 * MILLISECOND;
    switchboard_expire(fuzz->board, fuzz->now);
    check(switchboard_deadline(fuzz->board) > fuzz->now);
    if (next(fuzz) % 2)
        make_token(fuzz, 0, "ann"), make_token(fuzz, 1, "bob");
}

static void audit(const struct fuzz *fuzz)
{
    struct switchboard_counts counts = switchboard_counts(fuzz->board);
    size_t legs = 0, devices = 0;

    for (unsigned i = 0; i < LEGS; ++i)
        legs += (size_t)(fuzz->rung[i] == LEG_LIVES) + (size_t)(fuzz->came[i] == LEG_LIVES);
    for (unsigned i = 1; i <= DEVICES; ++i)
        devices += fuzz->there[i];
    check(counts.legs == legs && counts.devices == devices);
    check(counts.registered <= devices && counts.lost <= legs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz = {.at = data, .end = data + size, .now = 1700000000 * SECOND};
    struct switchboard_options options = {.account_sid = "AC00000000000000000000000000000001",
                                          .auth_token = "auth",
                                          .key_sid = "SK00000000000000000000000000000001",
                                          .key_secret = "secret",
                                          .seed = "a seed of sixteen",
                                          .seed_size = 17,
                                          .send = on_send,
                                          .close = on_close,
                                          .handler = on_event,
                                          .arg = &fuzz};

    check(switchboard_new(&fuzz.board, &options) == 0);
    make_token(&fuzz, 0, "ann");
    make_token(&fuzz, 1, "bob");
    for (unsigned step = 0; fuzz.at < fuzz.end && step < STEPS_MAX && fuzz.came_count + 2 < LEGS;
         ++step) {
        unsigned what = next(&fuzz);
        uint64_t device = 1 + what / 8 % DEVICES;

        fuzz.ends_at_once = what >= 240;
        if (what % 8 == 0)
            come_or_go(&fuzz, device);
        else if (what % 8 == 1)
            order(&fuzz);
        else if (what % 8 == 2)
            pass(&fuzz);
        else if (fuzz.there[device])
            say(&fuzz, device);
        audit(&fuzz);
    }
    switchboard_free(fuzz.board);
    return 0;
}
