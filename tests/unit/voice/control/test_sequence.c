#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/rng.h"
#include "voice/control/control.h"
#include "wire/form.h"

/*
 * Random lives of many calls: events and requests drawn from a seed, late, twice and out of order,
 * and after each step what must always hold:
 *
 *   a leg is in one room at most, and only in one that is open; a room closes empty
 *   nothing is ordered of a leg that has ended
 *   the callbacks of a call or conference go out one at a time, their numbers rising
 *   in the end, when nothing new comes, every call, conference and request is over
 *
 * OUTDIAL_SEED replays one; without it some fixed seeds and a new one run.
 */
enum { LEGS = 6000, ROOMS = 6000, ITEMS = 6000, STEPS = 4000 };

#define ACCOUNT "AC00000000000000000000000000000001"
#define BASE "/2010-04-01/Accounts/" ACCOUNT

enum leg_state { LEG_NONE, LEG_INVITED, LEG_RINGING, LEG_UP, LEG_GOING, LEG_ENDED };

struct pending {
    uint64_t id;
    char line[48]; /* of a callback: whose; empty for documents */
};

struct chaos {
    struct control *control;
    struct rng rng;
    uint64_t seed;
    instant now;
    enum leg_state legs[LEGS];
    bool incoming[LEGS]; /* arrived, not answered */
    uint64_t leg_room[LEGS];
    size_t leg_count;
    int room_members[ROOMS];
    bool room_open[ROOMS];
    struct pending fetches[ITEMS];
    size_t fetch_count;
    uint64_t plays[ITEMS];
    size_t play_count;
    uint64_t digits[ITEMS];
    size_t digit_count;
    char sids[400][36];
    size_t sid_count;
    struct {
        char line[48];
        long sequence;
        bool open;
    } lines[4000];
    size_t line_count;
};

#define must(chaos, condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("seed %llu: %s (line %d)", (unsigned long long)(chaos)->seed, #condition,     \
                     __LINE__);                                                                    \
    } while (0)

static const char *const DOCUMENTS[] = {
    "<Response/>",
    "<Response><Say>Hello</Say></Response>",
    "<Response><Say loop=\"0\">For ever</Say></Response>",
    "<Response><Pause length=\"3\"/><Play>x.wav</Play><Hangup/></Response>",
    "<Response><Play digits=\"12w3\"/><Redirect>/again</Redirect></Response>",
    "<Response><Gather numDigits=\"2\" action=\"/g\"><Say>Keys</Say></Gather><Say>None</Say>"
    "</Response>",
    "<Response><Gather timeout=\"1\" actionOnEmptyResult=\"true\"/></Response>",
    "<Response><Dial><Conference>a</Conference></Dial><Say>after</Say></Response>",
    "<Response><Dial action=\"/after\" hangupOnStar=\"true\"><Conference beep=\"false\" "
    "statusCallback=\"/conference\" statusCallbackEvent=\"start end join leave mute hold modify "
    "announcement speaker\">b</Conference></Dial></Response>",
    "<Response><Dial><Conference endConferenceOnExit=\"true\" waitUrl=\"\" statusCallback="
    "\"/conference\" statusCallbackEvent=\"start end join leave\">c</Conference></Dial></Response>",
    "<Response><Dial><Conference startConferenceOnEnter=\"false\" waitUrl=\"/wait\" "
    "participantLabel=\"x\" maxParticipants=\"3\">d</Conference></Dial></Response>",
    "<Response><Dial action=\"/after\" timeout=\"9\">+15005550002</Dial></Response>",
    "<Response><Dial timeLimit=\"20\"><Number url=\"/whisper\" statusCallback=\"/status\" "
    "statusCallbackEvent=\"initiated ringing answered completed\">+15005550002</Number>"
    "<Sip>sip:x@127.0.0.1</Sip><Number>bad</Number></Dial><Say>after</Say></Response>",
    "<Response><Dial sequential=\"true\" hangupOnStar=\"true\"><Number sendDigits=\"1\">"
    "+15005550002</Number><Number>+15005550003</Number></Dial></Response>",
    "<Response><Dial answerOnBridge=\"true\">+15005550003</Dial></Response>",
    "<Response><Reject reason=\"busy\"/></Response>",
    "<Response><Redirect>/loop</Redirect></Response>",
    "<Response><Dial><Client>agent</Client></Dial></Response>",
    "not xml",
};

static bool is_callback(const struct control_effect *effect, char line[48], long *sequence)
{
    struct form form;
    bool conference;

    if (form_parse(&form, effect->as.fetch.body))
        return false;
    conference = form_get(&form, "StatusCallbackEvent") && form_get(&form, "ConferenceSid");
    line[0] = '\0';
    if (form_get(&form, "SequenceNumber")) {
        *sequence = strtol(form_get(&form, "SequenceNumber"), NULL, 10);
        snprintf(line, 48, "%s", form_get(&form, conference ? "ConferenceSid" : "CallSid"));
    }
    form_release(&form);
    return line[0] != '\0';
}

static size_t line_of(struct chaos *chaos, const char *line)
{
    for (size_t i = 0; i < chaos->line_count; ++i)
        if (strcmp(chaos->lines[i].line, line) == 0)
            return i;
    must(chaos, chaos->line_count < array_count(chaos->lines));
    snprintf(chaos->lines[chaos->line_count].line, 48, "%s", line);
    chaos->lines[chaos->line_count].sequence = -1;
    return chaos->line_count++;
}

static void see_fetch(struct chaos *chaos, const struct control_effect *effect)
{
    struct pending *pending = &chaos->fetches[chaos->fetch_count];
    long sequence = 0;

    must(chaos, chaos->fetch_count < ITEMS);
    ++chaos->fetch_count;
    pending->id = effect->as.fetch.fetch;
    if (is_callback(effect, pending->line, &sequence)) {
        size_t at = line_of(chaos, pending->line);

        must(chaos, !chaos->lines[at].open);
        must(chaos, sequence >= chaos->lines[at].sequence); /* equal: a retry */
        chaos->lines[at].sequence = sequence;
        chaos->lines[at].open = true;
    }
}

static void leave_room(struct chaos *chaos, uint64_t leg)
{
    if (chaos->leg_room[leg])
        --chaos->room_members[chaos->leg_room[leg]];
    chaos->leg_room[leg] = 0;
}

/* Incoming legs count from the same table: their number is the slot. */
static uint64_t slot_of(uint64_t leg)
{
    return leg & CONTROL_LEG_INCOMING_BIT ? LEGS / 2 + (leg & 0xffff) : leg;
}

static void see_room(struct chaos *chaos, const struct control_effect *effect, uint64_t slot)
{
    uint64_t room = effect->as.room.room;

    must(chaos, room && room < ROOMS);
    switch ((int)effect->kind) {
    case CONTROL_ROOM_OPEN:
        must(chaos, !chaos->room_open[room]);
        chaos->room_open[room] = true;
        break;
    case CONTROL_ROOM_CLOSE:
        must(chaos, chaos->room_open[room]);
        must(chaos, chaos->room_members[room] == 0);
        chaos->room_open[room] = false;
        break;
    case CONTROL_ROOM_JOIN:
        must(chaos, chaos->room_open[room]);
        must(chaos, chaos->leg_room[slot] == 0);
        chaos->leg_room[slot] = room;
        ++chaos->room_members[room];
        break;
    default:
        must(chaos, chaos->leg_room[slot] == room);
        leave_room(chaos, slot);
    }
}

static void see(struct chaos *chaos, const struct control_effect *effect)
{
    uint64_t slot = slot_of(effect->leg);

    must(chaos, slot < LEGS);
    if (effect->leg && effect->kind != CONTROL_INVITE)
        must(chaos, chaos->legs[slot] != LEG_NONE && chaos->legs[slot] != LEG_ENDED);
    switch (effect->kind) {
    case CONTROL_INVITE:
        must(chaos, chaos->legs[slot] == LEG_NONE);
        chaos->legs[slot] = LEG_INVITED;
        chaos->leg_count = slot > chaos->leg_count ? slot : chaos->leg_count;
        break;
    case CONTROL_ANSWER:
        must(chaos, chaos->incoming[slot]);
        chaos->incoming[slot] = false;
        break;
    case CONTROL_EARLY_MEDIA:
        must(chaos, chaos->incoming[slot]);
        break;
    case CONTROL_REJECT:
        must(chaos, chaos->incoming[slot]);
        must(chaos, effect->as.reject.sip_code >= 400);
        /* fall through */
    case CONTROL_HANG_UP:
        must(chaos, chaos->legs[slot] != LEG_GOING);
        chaos->legs[slot] = LEG_GOING;
        break;
    case CONTROL_FETCH:
        see_fetch(chaos, effect);
        break;
    case CONTROL_PLAY:
        must(chaos, !effect->as.play.room || chaos->room_open[effect->as.play.room]);
        must(chaos, chaos->play_count < ITEMS);
        chaos->plays[chaos->play_count++] = effect->as.play.play;
        break;
    case CONTROL_STOP_PLAY:
        break;
    case CONTROL_SEND_DIGITS:
        must(chaos, chaos->digit_count < ITEMS);
        chaos->digits[chaos->digit_count++] = effect->leg;
        break;
    case CONTROL_ROOM_OPEN:
    case CONTROL_ROOM_CLOSE:
    case CONTROL_ROOM_JOIN:
    case CONTROL_ROOM_LEAVE:
        see_room(chaos, effect, slot);
        break;
    case CONTROL_LEG_MUTE:
    case CONTROL_LEG_HOLD:
    case CONTROL_LEG_COACH:
        break;
    }
}

static void drain(struct chaos *chaos)
{
    struct control_effect effect;

    while (control_drain(chaos->control, &effect))
        see(chaos, &effect);
}

static void feed(struct chaos *chaos, struct control_event *event)
{
    control_feed(chaos->control, chaos->now, event);
    drain(chaos);
}

static uint64_t below(struct chaos *chaos, uint64_t bound)
{
    return rng_below(&chaos->rng, bound);
}

/* ------------------------------------------------------------------------------ the events */

static void answer_fetch(struct chaos *chaos)
{
    struct control_event event = {.kind = CONTROL_FETCHED};
    struct pending pending;
    size_t at;

    if (!chaos->fetch_count)
        return;
    at = below(chaos, chaos->fetch_count);
    pending = chaos->fetches[at];
    if (!rng_chance(&chaos->rng, 0.05)) /* else it is answered again, later */
        chaos->fetches[at] = chaos->fetches[--chaos->fetch_count];
    if (pending.line[0])
        chaos->lines[line_of(chaos, pending.line)].open = false;
    event.as.fetched.fetch = pending.id;
    if (rng_chance(&chaos->rng, 0.1)) {
        event.as.fetched.outcome = (enum control_fetch_outcome)(1 + below(chaos, 8));
    } else if (rng_chance(&chaos->rng, 0.1)) {
        event.as.fetched.status = rng_chance(&chaos->rng, 0.5) ? 302 : 500;
        event.as.fetched.location = "/elsewhere";
    } else {
        event.as.fetched.status = 200;
        event.as.fetched.content_type = rng_chance(&chaos->rng, 0.05) ? "audio/wav" : "text/xml";
        event.as.fetched.set_cookie = "a=b";
        event.as.fetched.body = slice_from(DOCUMENTS[below(chaos, array_count(DOCUMENTS))]);
    }
    feed(chaos, &event);
}

static void leg_ends(struct chaos *chaos, uint64_t slot, uint64_t leg)
{
    static const unsigned CODES[] = {0, 404, 486, 480, 487, 503, 603};
    struct control_event event = {.kind = CONTROL_LEG_ENDED, .leg = leg};

    event.as.ended.by = (enum control_leg_end)below(chaos, 4);
    event.as.ended.sip_code = CODES[below(chaos, array_count(CODES))];
    chaos->legs[slot] = LEG_ENDED;
    leave_room(chaos, slot);
    feed(chaos, &event);
}

static void leg_event(struct chaos *chaos)
{
    struct control_event event = {0};
    uint64_t slot = 1 + below(chaos, chaos->leg_count ? chaos->leg_count : 1), choice;
    enum leg_state *state;

    if (rng_chance(&chaos->rng, 0.7) && chaos->leg_count > 30) /* mostly the young ones */
        slot = chaos->leg_count - below(chaos, 30);
    if (rng_chance(&chaos->rng, 0.1))
        slot = LEGS / 2 + below(chaos, 50);
    event.leg = slot >= LEGS / 2 ? CONTROL_LEG_INCOMING_BIT | (slot - LEGS / 2) : slot;
    state = &chaos->legs[slot];
    choice = below(chaos, 12);
    if (*state == LEG_NONE)
        return;
    if (choice < 2 || *state == LEG_GOING) {
        if (*state != LEG_ENDED)
            leg_ends(chaos, slot, event.leg);
        return;
    }
    event.kind = choice < 4    ? CONTROL_LEG_RINGING
                 : choice < 8  ? CONTROL_LEG_ANSWERED
                 : choice < 9  ? CONTROL_LEG_HELLO
                 : choice < 10 ? CONTROL_LEG_SPEECH
                 : choice < 11 ? CONTROL_LEG_DIGIT
                               : CONTROL_LEG_SILENT;
    if (event.kind == CONTROL_LEG_RINGING)
        event.as.ringing.early_media = rng_chance(&chaos->rng, 0.5);
    if (event.kind == CONTROL_LEG_DIGIT)
        event.as.digit.digit = "0123456789*#"[below(chaos, 12)];
    if (event.kind == CONTROL_LEG_SILENT && !rng_chance(&chaos->rng, 0.1))
        return;
    feed(chaos, &event);
}

static void somebody_calls(struct chaos *chaos)
{
    struct control_event event = {.kind = CONTROL_LEG_INCOMING};
    uint64_t slot = LEGS / 2 + below(chaos, 50);

    if (chaos->legs[slot] != LEG_NONE)
        return;
    chaos->legs[slot] = LEG_RINGING;
    chaos->incoming[slot] = true;
    event.leg = CONTROL_LEG_INCOMING_BIT | (slot - LEGS / 2);
    event.as.incoming.from = "\xff odd";
    event.as.incoming.to = "+15005550009";
    event.as.incoming.takes_early_media = below(chaos, 2) != 0;
    feed(chaos, &event);
}

static void something_ends(struct chaos *chaos)
{
    struct control_event event = {0};

    if (chaos->play_count && rng_chance(&chaos->rng, 0.8)) {
        size_t at = below(chaos, chaos->play_count);

        event.kind = CONTROL_PLAY_ENDED;
        event.as.play.play = chaos->plays[at];
        event.as.play.error = rng_chance(&chaos->rng, 0.1) ? "gone" : NULL;
        chaos->plays[at] = chaos->plays[--chaos->play_count];
        feed(chaos, &event);
    } else if (chaos->digit_count) {
        event.kind = CONTROL_LEG_DIGITS_SENT;
        event.leg = chaos->digits[--chaos->digit_count];
        feed(chaos, &event);
    }
}

static void time_passes(struct chaos *chaos, instant span)
{
    struct control_event event = {.kind = CONTROL_TIME_PASSED};
    instant until = chaos->now + span;

    while (control_deadline(chaos->control) <= until) {
        chaos->now = instant_max(chaos->now, control_deadline(chaos->control));
        for (size_t i = 0; i < chaos->line_count; ++i)
            chaos->lines[i].open = false; /* requests may have timed out: order is enough */
        feed(chaos, &event);
    }
    chaos->now = until;
}

/* ---------------------------------------------------------------------------- the requests */

static void learn_sids(struct chaos *chaos, const char *text)
{
    for (; *text; ++text) {
        if ((strncmp(text, "CA", 2) && strncmp(text, "CF", 2)) ||
            strspn(text + 2, "0123456789abcdef") < 32)
            continue;
        snprintf(chaos->sids[chaos->sid_count++ % array_count(chaos->sids)], 36, "%.34s", text);
    }
}

static const char *any_sid(struct chaos *chaos)
{
    size_t count =
        chaos->sid_count < array_count(chaos->sids) ? chaos->sid_count : array_count(chaos->sids);

    return count ? chaos->sids[below(chaos, count)] : "CA00000000000000000000000000000000";
}

static void request(struct chaos *chaos, const char *method, const char *path, const char *params)
{
    struct control_reply reply;
    char full[300];
    struct control_request order = {
        .method = method, .path = full, .user = ACCOUNT, .password = "token"};

    snprintf(full, sizeof(full), BASE "%s", path);
    if (strcmp(method, "GET") == 0)
        order.query = params;
    else
        order.body = slice_from(params);
    control_rest(chaos->control, chaos->now, &order, &reply);
    must(chaos, reply.status >= 200 && reply.status < 500);
    must(chaos, (reply.status == 204) == (reply.body.size == 0));
    if (reply.body.size) {
        json_t *json = json_loads(reply.body.at, 0, NULL);

        must(chaos, json != NULL);
        json_decref(json);
        learn_sids(chaos, reply.body.at);
    }
    control_reply_release(&reply);
    drain(chaos);
}

static void random_request(struct chaos *chaos)
{
    static const char *const LISTS[] = {"/Calls.json", "/Conferences.json", "/Notifications.json",
                                        "/Applications.json"};
    static const char *const CALL_UPDATES[] = {
        "Status=completed", "Status=canceled", "Twiml=<Response><Say>new</Say></Response>",
        "Url=http://app/new&FallbackUrl=http://app/fallback&TimeLimit=50",
        "StatusCallback=http://app/status&StatusCallbackEvent=answered+completed"};
    static const char *const PARTICIPANT_UPDATES[] = {"Muted=true",
                                                      "Muted=false",
                                                      "Hold=true",
                                                      "Hold=false",
                                                      "Hold=true&HoldUrl=http://app/h",
                                                      "EndConferenceOnExit=true",
                                                      "BeepOnExit=false",
                                                      "AnnounceUrl=http://app/announce",
                                                      "WaitUrl=http://app/wait",
                                                      "WaitUrl="};
    char path[200], params[300];
    const char *one = any_sid(chaos), *other = any_sid(chaos);

    switch (below(chaos, 12)) {
    case 0:
    case 1:
    case 2:
        request(chaos, "POST", "/Calls.json",
                "To=%2B15005550001&From=%2B15005550006&Url=http://app/voice%23rc=1%26rp=all&"
                "StatusCallback=http://app/status&StatusCallbackEvent=initiated+ringing+answered+"
                "completed&FallbackUrl=http://app/fallback&Timeout=20&TimeLimit=600");
        break;
    case 3:
        snprintf(path, sizeof(path), "/Conferences/%s/Participants.json",
                 rng_chance(&chaos->rng, 0.7)
                     ? (const char *[]){"a", "b", "c", "d"}[below(chaos, 4)]
                     : one);
        request(chaos, "POST", path,
                "To=sip:agent@127.0.0.1&From=agent&EarlyMedia=true&Label=label&"
                "ConferenceStatusCallback=http://app/conference&ConferenceStatusCallbackEvent=join+"
                "leave+start+end&StatusCallback=http://app/status&Timeout=9&TimeLimit=100");
        break;
    case 4:
    case 5:
        snprintf(path, sizeof(path), "/Calls/%s.json", one);
        request(chaos, "POST", path, CALL_UPDATES[below(chaos, array_count(CALL_UPDATES))]);
        break;
    case 6:
    case 7:
        snprintf(path, sizeof(path), "/Conferences/%s/Participants/%s.json", one, other);
        request(chaos, "POST", path,
                PARTICIPANT_UPDATES[below(chaos, array_count(PARTICIPANT_UPDATES))]);
        snprintf(params, sizeof(params), "Coaching=true&CallSidToCoach=%s", any_sid(chaos));
        request(chaos, "POST", path, params);
        break;
    case 8:
        snprintf(path, sizeof(path), "/Conferences/%s/Participants/%s.json", one, other);
        request(chaos, "DELETE", path, "");
        break;
    case 9:
        snprintf(path, sizeof(path), "/Conferences/%s.json", one);
        request(chaos, "POST", path,
                rng_chance(&chaos->rng, 0.2) ? "Status=completed" : "AnnounceUrl=http://app/all");
        break;
    case 10:
        request(chaos, "GET", LISTS[below(chaos, array_count(LISTS))], "PageSize=20");
        snprintf(path, sizeof(path), "/Conferences/%s/Participants.json", one);
        request(chaos, "GET", path, "");
        break;
    default:
        snprintf(path, sizeof(path), "/Calls/%s.json", one);
        request(chaos, rng_chance(&chaos->rng, 0.3) ? "DELETE" : "GET", path, "");
        snprintf(path, sizeof(path), "/Calls/%s/Events.json", other);
        request(chaos, "GET", path, "");
    }
}

/* ------------------------------------------------------------------------------------ run */

static void settle(struct chaos *chaos)
{
    struct control_figures figures;

    /* nothing new comes; requests and plays are never answered again */
    time_passes(chaos, 30 * HOUR);
    control_figures(chaos->control, &figures);
    must(chaos, figures.calls_live == 0);
    must(chaos, figures.calls_queued == 0);
    must(chaos, figures.conferences_live == 0);
    must(chaos, figures.fetches_open == 0);
    must(chaos, figures.calls_ended_kept == 0);
}

static void run_seed(uint64_t seed)
{
    struct chaos *chaos = calloc(1, sizeof(*chaos));
    struct control_number number = {.number = "+15005550009", .voice_url = "http://app/in"};
    struct control_options options = {.account_sid = ACCOUNT,
                                      .auth_token = "token",
                                      .unlisted = number,
                                      .calls_per_second = 5,
                                      .live_call_count_max = 60,
                                      .ended_call_count_max = 200};

    options.unlisted.number = NULL;
    chaos->rng = rng_from_seed(seed);
    chaos->seed = seed;
    chaos->now = 1767323045 * SECOND;
    assert_int_equal(control_new(&chaos->control, &options, &seed, sizeof(seed)), 0);
    for (int i = 0; i < STEPS; ++i) {
        uint64_t choice = below(chaos, 20);

        if (choice < 7)
            leg_event(chaos);
        else if (choice < 12)
            answer_fetch(chaos);
        else if (choice < 14)
            something_ends(chaos);
        else if (choice < 17)
            random_request(chaos);
        else if (choice < 18)
            somebody_calls(chaos);
        else
            time_passes(chaos, (instant)below(chaos, 2 * SECOND));
    }
    if (seed % 2)
        settle(chaos);
    control_free(chaos->control);
    free(chaos);
}

static void random_lives_keep_what_must_hold(void **state)
{
    const char *wanted = getenv("OUTDIAL_SEED"), *count = getenv("OUTDIAL_SEEDS");
    uint64_t seeds = count ? strtoull(count, NULL, 10) : 6, fresh = 0;

    (void)state;
    if (wanted) {
        run_seed(strtoull(wanted, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= seeds; ++seed)
        run_seed(seed);
    assert_int_equal(getentropy(&fresh, sizeof(fresh)), 0);
    print_message("OUTDIAL_SEED=%llu replays the new one\n", (unsigned long long)fresh);
    run_seed(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_lives_keep_what_must_hold)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
