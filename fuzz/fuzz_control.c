/*
 * Call control under any order of what SIP, webhooks, REST, people's keys, media and time may do. The input
 * is a script: an octet says what happens, the octets behind it to whom and how; documents and requests are
 * built of known pieces, so that the inputs get deep. After every event: what an effect names is alive and in the
 * state it takes for granted, rooms hold those who joined them, and the machine's own lists agree. At the end
 * either everybody is hung up or nothing more happens but time: every call ends, and nothing is left over.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "voice/control/call.h"
#include "voice/control/conference.h"
#include "voice/control/control.h"
#include "wire/form.h"
#include "wire/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ACCOUNT "AC00000000000000000000000000000001"
#define TOKEN "token"
#define APPLICATION "AP00000000000000000000000000000001"
#define BASE "/2010-04-01/Accounts/" ACCOUNT

enum {
    LEGS_MAX = 256,
    PLAYS_MAX = 1024,
    FETCHES_MAX = 256,
    ROOMS_MAX = 256,
    CALLS_MAX = 12,
    STEPS_MAX = 400
};

struct leg {
    uint64_t id, room;
    bool incoming, up, answered, leaving;
    bool browser, early;
};

struct play {
    uint64_t id, leg, room;
};

struct fuzz {
    struct control *control;
    const uint8_t *at, *end;
    instant now;
    struct leg legs[LEGS_MAX];
    struct play plays[PLAYS_MAX];
    uint64_t fetches[FETCHES_MAX], rooms[ROOMS_MAX];
    size_t leg_count, play_count, fetch_count, room_count;
    uint64_t incoming_last, play_last;
};

static unsigned next(struct fuzz *fuzz)
{
    return fuzz->at < fuzz->end ? *fuzz->at++ : 0;
}

#define ONE_OF(fuzz, words) (words)[next(fuzz) % array_count(words)]

/* ---------------------------------------------------------------------- what the effects may name */

static struct leg *leg_of(struct fuzz *fuzz, uint64_t id)
{
    for (size_t i = 0; i < fuzz->leg_count; ++i)
        if (fuzz->legs[i].id == id)
            return &fuzz->legs[i];
    return NULL;
}

static size_t place_of(const uint64_t *list, size_t count, uint64_t id)
{
    size_t i = 0;

    while (i < count && list[i] != id)
        ++i;
    return i;
}

static bool room_is_open(const struct fuzz *fuzz, uint64_t room)
{
    return place_of(fuzz->rooms, fuzz->room_count, room) < fuzz->room_count;
}

static struct leg *leg_add(struct fuzz *fuzz, uint64_t id, bool incoming)
{
    struct leg *leg;

    for (size_t i = 0; fuzz->leg_count == LEGS_MAX && i < LEGS_MAX; ++i)
        if (!fuzz->legs[i].up)
            fuzz->legs[i] = fuzz->legs[--fuzz->leg_count];
    check(fuzz->leg_count < LEGS_MAX);
    leg = &fuzz->legs[fuzz->leg_count++];
    *leg = (struct leg){.id = id, .incoming = incoming, .up = true};
    return leg;
}

static void fetch_begins(struct fuzz *fuzz, const struct control_effect *effect)
{
    bool post = strcmp(effect->as.fetch.method, "POST") == 0;
    const char *signature = NULL;
    struct form form;

    check(post || strcmp(effect->as.fetch.method, "GET") == 0);
    check(!strchr(effect->as.fetch.url, '#') && url_is_absolute(effect->as.fetch.url));
    check(form_parse(&form, effect->as.fetch.body) == 0);
    for (const char *const *header = effect->as.fetch.headers; *header; ++header) {
        check(!strpbrk(*header, "\r\n"));
        if (strncmp(*header, "X-Twilio-Signature: ", 20) == 0)
            signature = *header + 20;
    }
    check(signature && signature_verify(TOKEN, slice_from(effect->as.fetch.url),
                                        post ? &form : NULL, signature));
    form_release(&form);
    if (fuzz->fetch_count == FETCHES_MAX) /* the oldest is never answered */
        memmove(fuzz->fetches, fuzz->fetches + 1, --fuzz->fetch_count * sizeof(*fuzz->fetches));
    fuzz->fetches[fuzz->fetch_count++] = effect->as.fetch.fetch;
}

static void play_begins(struct fuzz *fuzz, const struct control_effect *effect)
{
    const struct leg *leg = leg_of(fuzz, effect->leg);

    check(effect->as.play.play > fuzz->play_last);
    check(effect->as.play.room ? room_is_open(fuzz, effect->as.play.room)
                               : leg && leg->up && !leg->leaving);
    check(effect->as.play.source != CONTROL_SOURCE_SAY || effect->as.play.text);
    check(effect->as.play.source != CONTROL_SOURCE_URL || url_is_absolute(effect->as.play.url));
    fuzz->play_last = effect->as.play.play;
    if (fuzz->play_count == PLAYS_MAX) /* the oldest plays on for ever */
        memmove(fuzz->plays, fuzz->plays + 1, --fuzz->play_count * sizeof(*fuzz->plays));
    fuzz->plays[fuzz->play_count++] =
        (struct play){effect->as.play.play, effect->leg, effect->as.play.room};
}

static void play_forget(struct fuzz *fuzz, uint64_t id)
{
    for (size_t i = 0; i < fuzz->play_count; ++i)
        if (fuzz->plays[i].id == id)
            fuzz->plays[i--] = fuzz->plays[--fuzz->play_count];
}

static void perform_room(struct fuzz *fuzz, const struct control_effect *effect, struct leg *leg)
{
    uint64_t room = effect->as.room.room;
    const struct leg *coached;

    switch ((int)effect->kind) {
    case CONTROL_ROOM_OPEN:
        check(room && !room_is_open(fuzz, room) && fuzz->room_count < ROOMS_MAX);
        fuzz->rooms[fuzz->room_count++] = room;
        break;
    case CONTROL_ROOM_CLOSE:
        check(room_is_open(fuzz, room));
        for (size_t i = 0; i < fuzz->leg_count; ++i)
            check(!fuzz->legs[i].up || fuzz->legs[i].room != room);
        fuzz->rooms[place_of(fuzz->rooms, fuzz->room_count, room)] =
            fuzz->rooms[fuzz->room_count - 1];
        --fuzz->room_count;
        break;
    case CONTROL_ROOM_JOIN:
        check(leg && leg->up && !leg->leaving && !leg->room && room_is_open(fuzz, room));
        leg->room = room;
        break;
    case CONTROL_ROOM_LEAVE:
        check(leg && leg->up && leg->room == room);
        leg->room = 0;
        break;
    default: /* CONTROL_LEG_COACH */
        coached = leg_of(fuzz, effect->as.coach.coach);
        check(leg && leg->up && leg->room);
        check(!effect->as.coach.coach || (coached && coached->up));
        break;
    }
}

static void perform_leg(struct fuzz *fuzz, const struct control_effect *effect, struct leg *leg)
{
    switch ((int)effect->kind) {
    case CONTROL_INVITE:
        check(!leg && effect->as.invite.to && effect->as.invite.from);
        for (size_t i = 0; i < effect->as.invite.header_count; ++i)
            check(!strpbrk(effect->as.invite.headers[i].value, "\r\n"));
        leg_add(fuzz, effect->leg, false);
        break;
    case CONTROL_ANSWER:
        check(leg && leg->incoming && leg->up && !leg->answered && !leg->leaving);
        leg->answered = true;
        break;
    case CONTROL_EARLY_MEDIA:
        check(leg && leg->browser && leg->up && !leg->answered && !leg->leaving && !leg->early);
        leg->early = true;
        break;
    case CONTROL_REJECT:
        check(leg && leg->incoming && leg->up && !leg->answered && !leg->leaving);
        check(effect->as.reject.sip_code >= 300 && effect->as.reject.sip_code < 700);
        leg->leaving = true;
        break;
    case CONTROL_HANG_UP:
        check(leg && leg->up && !leg->leaving);
        leg->leaving = true;
        break;
    case CONTROL_SEND_DIGITS:
        check(leg && leg->up && !leg->leaving);
        check(strspn(effect->as.digits.digits, "0123456789*#ABCDwW") ==
              strlen(effect->as.digits.digits));
        break;
    default: /* mute, hold */
        check(leg && leg->up && (leg->room || !effect->as.flag.on));
        break;
    }
}

static void perform(struct fuzz *fuzz, const struct control_effect *effect)
{
    struct leg *leg = leg_of(fuzz, effect->leg);

    switch (effect->kind) {
    case CONTROL_FETCH:
        fetch_begins(fuzz, effect);
        break;
    case CONTROL_PLAY:
        play_begins(fuzz, effect);
        break;
    case CONTROL_STOP_PLAY:
        check(effect->as.play.play && effect->as.play.play <= fuzz->play_last);
        play_forget(fuzz, effect->as.play.play);
        break;
    case CONTROL_ROOM_OPEN:
    case CONTROL_ROOM_CLOSE:
    case CONTROL_ROOM_JOIN:
    case CONTROL_ROOM_LEAVE:
    case CONTROL_LEG_COACH:
        perform_room(fuzz, effect, leg);
        break;
    case CONTROL_INVITE:
    case CONTROL_ANSWER:
    case CONTROL_EARLY_MEDIA:
    case CONTROL_REJECT:
    case CONTROL_HANG_UP:
    case CONTROL_SEND_DIGITS:
    case CONTROL_LEG_MUTE:
    case CONTROL_LEG_HOLD:
        perform_leg(fuzz, effect, leg);
        break;
    }
}

/* ------------------------------------------------------------------------- what must always hold */

static void audit_conference(const struct fuzz *fuzz, const struct conference *conference)
{
    size_t in = 0;

    for (struct chain_link *link = conference->participants.first; link; link = link->after) {
        const struct participant *participant = container_of(link, struct participant, link);
        const struct call *call = participant->call;

        check(participant->conference == conference && participant->state != PARTICIPANT_GONE);
        check(call_is_live(call) && call->life && call->life->participant == participant);
        if (participant->state != PARTICIPANT_IN)
            continue;
        ++in;
        check(conference->room && call->life->room == conference->room);
    }
    check(in == conference->in_count);
    check(conference->state != CONFERENCE_COMPLETED ||
          (!conference->participants.count && !conference->room));
    check(!conference->room || room_is_open(fuzz, conference->room));
}

static void audit(struct fuzz *fuzz)
{
    const struct control *control = fuzz->control;
    struct control_figures figures;
    size_t live = 0, up = 0, conferences_live = 0;

    for (struct chain_link *link = control->calls_live.first; link; link = link->after) {
        const struct call *call = container_of(link, struct call, by_state);
        const struct leg *leg = call->leg ? leg_of(fuzz, call->leg) : NULL;

        ++live;
        check(call_is_live(call) && call->life);
        check(call->leg_is_up == (leg && leg->up));
        check(!leg || call->life->room == leg->room);
    }
    for (size_t i = 0; i < fuzz->leg_count; ++i)
        up += fuzz->legs[i].up && !fuzz->legs[i].leaving;
    check(up <= live); /* a leg without a call would never be hung up */
    for (struct chain_link *link = control->conferences_by_age.first; link; link = link->after) {
        const struct conference *conference = container_of(link, struct conference, by_age);

        conferences_live += conference->state != CONFERENCE_COMPLETED;
        audit_conference(fuzz, conference);
    }
    control_figures(control, &figures);
    check(figures.calls_live == live && figures.conferences_live == conferences_live);
    check(figures.fetches_open <= fuzz->fetch_count || fuzz->fetch_count >= FETCHES_MAX - 1);
}

static void drain(struct fuzz *fuzz)
{
    struct control_effect effect;

    while (control_drain(fuzz->control, &effect))
        perform(fuzz, &effect);
    audit(fuzz);
}

static void feed(struct fuzz *fuzz, const struct control_event *event)
{
    control_feed(fuzz->control, fuzz->now, event);
    drain(fuzz);
}

/* What was due before happens before, as its effects may be about a leg that is just going to end. */
static void catch_up(struct fuzz *fuzz)
{
    if (control_deadline(fuzz->control) <= fuzz->now)
        feed(fuzz, &(struct control_event){.kind = CONTROL_TIME_PASSED});
    check(control_deadline(fuzz->control) > fuzz->now);
}

/* ---------------------------------------------------------------------------------- what happens */

static const char *const PIECES[] = {
    "<Say>Hello</Say>",
    "<Say loop=\"0\">Hello</Say>",
    "<Play>http://app/a.wav</Play>",
    "<Play digits=\"1w2\"/>",
    "<Pause length=\"2\"/>",
    "<Redirect>/again</Redirect>",
    "<Hangup/>",
    "<Reject reason=\"busy\"/>",
    "<Dial>+15005550001</Dial>",
    "<Dial action=\"/after\" timeout=\"5\" timeLimit=\"9\" hangupOnStar=\"true\" "
    "answerOnBridge=\"true\"><Number url=\"/whisper\" statusCallback=\"http://app/s\" "
    "statusCallbackEvent=\"initiated ringing answered completed\">+15005550002</Number>"
    "<Sip sendDigits=\"1\">sip:a@b</Sip></Dial>",
    "<Dial answerOnBridge=\"true\"><Client statusCallback=\"http://app/s\"><Identity>ann</Identity>"
    "<Parameter name=\"a\" value=\"b\"/></Client><Client>bob</Client></Dial>",
    "<Dial sequential=\"true\"><Number sendDigits=\"1\">+15005550003</Number>"
    "<Number>+15005550004</Number></Dial>",
    "<Dial><Conference>a</Conference></Dial>",
    "<Dial hangupOnStar=\"true\"><Conference startConferenceOnEnter=\"false\" "
    "waitUrl=\"/wait\">a</Conference></Dial>",
    "<Dial action=\"/left\"><Conference endConferenceOnExit=\"true\" beep=\"onExit\" "
    "muted=\"true\" "
    "participantLabel=\"boss\" statusCallback=\"http://app/c\" "
    "statusCallbackEvent=\"start end join leave mute hold modify speaker announcement\">a"
    "</Conference></Dial>",
    "<Dial><Conference maxParticipants=\"2\" waitUrl=\"\">b</Conference></Dial>",
    "<Dial><Conference coach=\"boss\">a</Conference></Dial>",
    "<Gather action=\"/keys\" numDigits=\"2\" timeout=\"3\"><Say>Press</Say><Play>b.wav</Play>"
    "</Gather>",
    "<Gather finishOnKey=\"\" actionOnEmptyResult=\"true\"/>",
    "<Nonsense/>",
    "<Say",
};

/* A document of the pieces; the caller releases it. */
static struct text document(struct fuzz *fuzz)
{
    unsigned count = next(fuzz) % 5;
    struct text text;

    text_init(&text);
    text_add(&text, "<Response>");
    for (unsigned i = 0; i < count; ++i)
        text_add(&text, ONE_OF(fuzz, PIECES));
    text_add(&text, "</Response>");
    return text;
}

/* Half the time one that is live. */
static struct leg *some_leg(struct fuzz *fuzz)
{
    unsigned which = next(fuzz);

    return fuzz->leg_count ? &fuzz->legs[which % fuzz->leg_count] : NULL;
}

static void end_leg(struct fuzz *fuzz, struct leg *leg, enum control_leg_end by, unsigned sip_code)
{
    struct control_event event = {.kind = CONTROL_LEG_ENDED, .leg = leg->id};

    event.as.ended.by = by;
    event.as.ended.sip_code = sip_code;
    leg->up = false;
    leg->room = 0;
    feed(fuzz, &event);
}

static void happen_to_leg(struct fuzz *fuzz)
{
    static const enum control_event_kind KINDS[] = {
        CONTROL_LEG_ANSWERED, CONTROL_LEG_RINGING, CONTROL_LEG_DIGIT,       CONTROL_LEG_HEARD,
        CONTROL_LEG_SILENT,   CONTROL_LEG_HELLO,   CONTROL_LEG_DIGITS_SENT, CONTROL_LEG_SPEECH,
        CONTROL_LEG_FIGURES,  CONTROL_LEG_MESSAGE};
    static const unsigned CODES[] = {0, 200, 404, 408, 480, 486, 487, 503, 603, 999};
    struct leg *leg = some_leg(fuzz);
    struct control_event event = {0};
    unsigned how = next(fuzz);

    if (!leg)
        return;
    event.leg = leg->id; /* of one that has ended: a late report, which finds nobody */
    if (how % 12 >= array_count(KINDS)) {
        if (leg->up)
            end_leg(fuzz, leg, (enum control_leg_end)(how / 12 % 4), ONE_OF(fuzz, CODES));
        return;
    }
    event.kind = KINDS[how % 12];
    if (event.kind == CONTROL_LEG_RINGING)
        event.as.ringing.early_media = how & 128;
    else if (event.kind == CONTROL_LEG_DIGIT)
        event.as.digit.digit = "0123456789*#ABCD"[next(fuzz) % 16];
    else if (event.kind == CONTROL_LEG_MESSAGE)
        event.as.message.type = "text";
    else if (event.kind == CONTROL_LEG_SPEECH)
        event.as.speech.started = how & 128;
    if (event.kind == CONTROL_LEG_ANSWERED && leg->incoming && !leg->answered)
        return; /* nobody acknowledges what was not said */
    leg->answered |= event.kind == CONTROL_LEG_ANSWERED;
    feed(fuzz, &event);
}

/* Through an application that is there, or one that is not. */
static void by_browser(struct fuzz *fuzz, struct control_event *event)
{
    static const struct control_header PARAMS[] = {
        {"To", "+15005550001"}, {"From", "me"}, {"a", "b"}};
    static const char *const SIDS[] = {APPLICATION, "AP00000000000000000000000000000009"};

    event->as.incoming.from = "client:ann";
    event->as.incoming.to = "";
    event->as.incoming.application_sid = ONE_OF(fuzz, SIDS);
    event->as.incoming.params = PARAMS;
    event->as.incoming.param_count = array_count(PARAMS);
    event->as.incoming.takes_early_media = true;
    leg_of(fuzz, event->leg)->browser = true;
}

static void arrive(struct fuzz *fuzz)
{
    static const char *const CALLED[] = {"+15005550006", "+15005550010", "sip:who@here"};
    struct control_event event = {.kind = CONTROL_LEG_INCOMING};

    if (control_live_calls(fuzz->control) >= CALLS_MAX)
        return;
    event.leg = CONTROL_LEG_INCOMING_BIT | ++fuzz->incoming_last;
    event.as.incoming.from = "+15005550099";
    event.as.incoming.to = ONE_OF(fuzz, CALLED);
    event.as.incoming.peer = "127.0.0.1:5070";
    leg_add(fuzz, event.leg, true);
    if (next(fuzz) % 2)
        by_browser(fuzz, &event);
    feed(fuzz, &event);
}

static void answer_fetch(struct fuzz *fuzz, size_t place, enum control_fetch_outcome outcome,
                         unsigned status, struct slice body)
{
    static const char *const TYPES[] = {"text/xml",   "text/html", "audio/wav",
                                        "text/plain", "",          "application/xml; charset=x"};
    struct control_event event = {.kind = CONTROL_FETCHED};

    event.as.fetched.fetch = fuzz->fetches[place];
    event.as.fetched.outcome = outcome;
    event.as.fetched.status = outcome == CONTROL_FETCH_ANSWERED ? status : 0;
    event.as.fetched.content_type = status == 200 ? TYPES[0] : ONE_OF(fuzz, TYPES);
    event.as.fetched.location = status / 100 == 3 ? "/elsewhere?a=b" : "";
    event.as.fetched.set_cookie = status == 201 ? "a=b; Path=/\nc=d" : "";
    event.as.fetched.body = body;
    fuzz->fetches[place] = fuzz->fetches[--fuzz->fetch_count];
    feed(fuzz, &event);
}

static void fetched(struct fuzz *fuzz)
{
    static const unsigned STATUSES[] = {200, 200, 200, 200, 201, 204, 302, 307, 400, 404, 429, 500};
    unsigned which = next(fuzz), how = next(fuzz);
    struct text body;

    if (!fuzz->fetch_count)
        return;
    body = document(fuzz);
    answer_fetch(fuzz, which % fuzz->fetch_count,
                 how < 200 ? CONTROL_FETCH_ANSWERED : (enum control_fetch_outcome)(how % 9),
                 STATUSES[how % array_count(STATUSES)], text_slice(&body));
    text_release(&body);
}

static void played(struct fuzz *fuzz)
{
    struct control_event event = {.kind = CONTROL_PLAY_ENDED};
    unsigned which = next(fuzz);

    if (!fuzz->play_count)
        return;
    event.as.play.play = fuzz->plays[which % fuzz->play_count].id;
    event.as.play.error = which & 128 ? "no such file" : NULL;
    play_forget(fuzz, event.as.play.play);
    feed(fuzz, &event);
}

/* To the next deadline, or some way before it. */
static void wait(struct fuzz *fuzz)
{
    instant deadline = control_deadline(fuzz->control);
    unsigned how = next(fuzz);

    if (how < 128 && deadline != INSTANT_NEVER)
        fuzz->now = instant_max(fuzz->now, deadline);
    else
        fuzz->now += how * 10 * MILLISECOND;
}

/* ------------------------------------------------------------------------------------------ REST */

static void ask(struct fuzz *fuzz, const char *method, const char *path, const char *params)
{
    bool get = strcmp(method, "GET") == 0;
    struct control_request request = {.method = method,
                                      .path = path,
                                      .query = get ? params : "",
                                      .body = slice_from(get ? "" : params),
                                      .user = ACCOUNT,
                                      .password = TOKEN};
    struct control_reply reply;

    control_rest(fuzz->control, fuzz->now, &request, &reply);
    check(reply.status >= 200 && reply.status < 500);
    if (reply.body.size) {
        json_t *json = json_loadb(reply.body.at, reply.body.size, 0, NULL);

        check(json);
        json_decref(json);
    }
    control_reply_release(&reply);
    drain(fuzz);
}

static const char *sid_at(struct chain_link *link, unsigned place, size_t offset)
{
    while (link && link->after && place--)
        link = link->after;
    return link ? (const char *)link - offset : "";
}

static const char *some_call(struct fuzz *fuzz)
{
    return sid_at(fuzz->control->calls_by_age.first, next(fuzz),
                  offsetof(struct call, by_age) - offsetof(struct call, sid));
}

static const char *some_conference(struct fuzz *fuzz)
{
    return sid_at(fuzz->control->conferences_by_age.first, next(fuzz) & 3,
                  offsetof(struct conference, by_age) - offsetof(struct conference, sid));
}

static void command_call(struct fuzz *fuzz)
{
    static const char *const CHANGES[] = {
        "Status=completed", "Status=canceled", "Url=http%3A%2F%2Fapp%2Fnew", "TimeLimit=3",
        "StatusCallback=http%3A%2F%2Fapp%2Fs%23rc%3D3%26rp%3Dall&Method=GET"};
    char path[160];
    unsigned what = next(fuzz);
    struct text params, twiml;

    snprintf(path, sizeof(path), BASE "/Calls/%s%s.json", some_call(fuzz),
             what & 64 ? "/Events" : "");
    if (what % 8 < array_count(CHANGES)) {
        ask(fuzz, what & 64 ? "GET" : "POST", path, CHANGES[what % 8]);
    } else if (what % 8 == 5) {
        ask(fuzz, "DELETE", path, "");
    } else {
        twiml = document(fuzz);
        text_init(&params);
        text_add(&params, "Twiml=");
        form_encode(text_slice(&twiml), false, &params);
        ask(fuzz, "POST", path, params.at);
        text_release(&params);
        text_release(&twiml);
    }
}

static void command_new_call(struct fuzz *fuzz)
{
    static const char *const CALLS[] = {
        "To=%2B15005550001&Url=http%3A%2F%2Fapp%2Fanswer",
        "To=sip%3Abob%40host&Url=http%3A%2F%2Fapp%2Fanswer%23rc%3D2%26rp%3D5xx&FallbackUrl=http%3A%"
        "2F%2Ffb%2F"
        "&StatusCallback=http%3A%2F%2Fapp%2Fs&StatusCallbackEvent=initiated+ringing+answered+"
        "completed"
        "&Timeout=5&TimeLimit=60",
        "To=%2B15005550002&Url=http%3A%2F%2Fapp%2Fget&Method=GET&SendDigits=12w3&Timeout=30",
    };
    struct text params, twiml;
    unsigned what = next(fuzz);

    if (control_live_calls(fuzz->control) >= CALLS_MAX)
        return;
    text_init(&params);
    if (what % 4 < array_count(CALLS)) {
        text_add(&params, CALLS[what % 4]);
    } else {
        twiml = document(fuzz);
        text_add(&params, "To=%2B15005550003&Twiml=");
        form_encode(text_slice(&twiml), false, &params);
        text_release(&twiml);
    }
    text_add(&params, "&From=%2B15005550006");
    ask(fuzz, "POST", BASE "/Calls.json", params.at);
    text_release(&params);
}

static void command_room(struct fuzz *fuzz)
{
    static const char *const CHANGES[] = {
        "Muted=true",
        "Muted=false",
        "Hold=true",
        "Hold=false",
        "Hold=true&HoldUrl=http%3A%2F%2Fapp%2Fhold",
        "AnnounceUrl=http%3A%2F%2Fapp%2Fsay",
        "EndConferenceOnExit=true",
        "Coaching=true&CallSidToCoach=boss",
        "Coaching=false",
        "WaitUrl=http%3A%2F%2Fapp%2Fwait2",
        "BeepOnExit=true",
    };
    static const char *const ENDS[] = {"Status=completed", "AnnounceUrl=http%3A%2F%2Fapp%2Fall"};
    static const char *const NEW[] = {
        "To=%2B15005550005&From=%2B15005550006",
        "To=%2B15005550005&From=%2B15005550006&Label=boss&Coaching=true&EarlyMedia=false&Timeout=5",
        "To=sip%3Aa%40b&From=%2B15005550006&StartConferenceOnEnter=false&WaitUrl=http%3A%2F%2Fapp%"
        "2Fw"};
    const char *room = some_conference(fuzz);
    char path[200];
    unsigned what = next(fuzz);

    if (what % 8 == 0) {
        snprintf(path, sizeof(path), BASE "/Conferences/%s.json", room);
        ask(fuzz, "POST", path, ONE_OF(fuzz, ENDS));
    } else if (what % 8 == 1) {
        snprintf(path, sizeof(path), BASE "/Conferences/%s/Participants.json",
                 what & 64 ? "a" : room);
        if (control_live_calls(fuzz->control) < CALLS_MAX)
            ask(fuzz, "POST", path, ONE_OF(fuzz, NEW));
    } else if (what % 8 == 2) {
        snprintf(path, sizeof(path), BASE "/Conferences/%s/Participants.json", room);
        ask(fuzz, "GET", path, "PageSize=2&Muted=true");
    } else {
        snprintf(path, sizeof(path), BASE "/Conferences/%s/Participants/%s.json", room,
                 what & 64 ? "boss" : some_call(fuzz));
        ask(fuzz, what % 8 == 3 ? "DELETE" : "POST", path, ONE_OF(fuzz, CHANGES));
    }
}

static void step(struct fuzz *fuzz)
{
    static void (*const STEPS[])(struct fuzz *) = {
        command_new_call, happen_to_leg, fetched, played,        wait,   command_call,
        command_room,     happen_to_leg, fetched, happen_to_leg, arrive, wait};

    STEPS[next(fuzz) % array_count(STEPS)](fuzz);
    fuzz->now += MILLISECOND;
    catch_up(fuzz);
}

/* ------------------------------------------------------------------------------------- the end */

/* Calls that live, or whose last callback is still on its way. */
static bool is_busy(const struct fuzz *fuzz)
{
    struct chain_link *link = fuzz->control->calls_ended.first;

    while (link && !container_of(link, struct call, by_state)->life)
        link = link->after;
    return link || control_live_calls(fuzz->control) || fuzz->fetch_count;
}

/* Nobody says anything any more: what was ordered to end ends, requests time out, time passes. */
static void fall_silent(struct fuzz *fuzz)
{
    for (unsigned rounds = 0; is_busy(fuzz); ++rounds) {
        check(rounds < 20000);
        for (size_t i = 0; i < fuzz->leg_count; ++i)
            if (fuzz->legs[i].up && fuzz->legs[i].leaving)
                end_leg(fuzz, &fuzz->legs[i], CONTROL_END_OURS, 0);
        while (fuzz->fetch_count)
            answer_fetch(fuzz, 0, CONTROL_FETCH_TIMED_OUT, 0, slice_from(""));
        fuzz->now = instant_max(fuzz->now + MILLISECOND, control_deadline(fuzz->control));
        catch_up(fuzz);
    }
    for (size_t i = 0; i < fuzz->leg_count; ++i)
        if (fuzz->legs[i].up) {
            check(fuzz->legs[i].leaving);
            end_leg(fuzz, &fuzz->legs[i], CONTROL_END_OURS, 0);
        }
}

static void audit_end(struct fuzz *fuzz)
{
    const struct control *control = fuzz->control;

    check(!control_live_calls(control) && !control->conferences_live && !fuzz->room_count);
    check(!control->plays.count && !control->queue.count);
    check(control->legs.count <= control->calls_ended.count);
    check(!control->awake.count && !control->rooms.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct control_number numbers[] = {{.number = "+15005550006",
                                                     .voice_url = "http://app/in",
                                                     .voice_fallback_url = "http://app/fallback",
                                                     .status_callback = "http://app/s"}};
    struct control_options options = {.account_sid = ACCOUNT,
                                      .auth_token = TOKEN,
                                      .application_sid = APPLICATION,
                                      .application_url = "http://app/client",
                                      .numbers = numbers,
                                      .number_count = 1,
                                      .unlisted = {.voice_url = "http://app/other"},
                                      .time_limit_s = 600,
                                      .ended_call_count_max = 40};
    static struct fuzz fuzz;

    fuzz = (struct fuzz){.at = data, .end = data + size, .now = 1767323045 * SECOND};
    check(control_new(&fuzz.control, &options, "fuzz", 4) == 0);
    for (unsigned steps = 0; fuzz.at < fuzz.end && steps < STEPS_MAX; ++steps)
        step(&fuzz);
    if (size % 2) {
        control_hang_up_all(fuzz.control, fuzz.now);
        drain(&fuzz);
    }
    fall_silent(&fuzz);
    audit_end(&fuzz);
    control_free(fuzz.control);
    return 0;
}
