#include "server/parties.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/calls.h"
#include "server/dialing.h"
#include "server/reply.h"
#include "server/server.h"

struct question {
    struct server *server;
    attempt_id attempt;
    agent_id agent;
    uint32_t serial;
};

void party_label(attempt_id attempt, uint32_t serial, char label[PARTY_NAME_SIZE])
{
    snprintf(label, PARTY_NAME_SIZE, "party-%llu-%u", (unsigned long long)attempt, serial);
}

void attempt_room_name(attempt_id attempt, char name[PARTY_NAME_SIZE])
{
    snprintf(name, PARTY_NAME_SIZE, "attempt-%llu", (unsigned long long)attempt);
}

static struct question *question_of(struct server *server, const struct effect *effect)
{
    struct question *question = malloc(sizeof(*question));

    check(question);
    *question = (struct question){server, effect->of.party.attempt, effect->of.party.agent,
                                  effect->of.party.serial};
    return question;
}

static void feed(struct server *server, attempt_id attempt, uint32_t serial, enum party_news news)
{
    struct event event = {.kind = EVENT_PARTY_NEWS,
                          .of.party_news = {.attempt = attempt, .serial = serial, .news = news}};

    dialing_feed(server, &event, NULL);
}

static void done(void *arg, const struct telephony_answer *answer)
{
    if (answer->outcome != TELEPHONY_DONE)
        log_warning("party.act", "status=%u code=%d why=\"%s\"", answer->status, answer->code,
                    answer->message); /* it is asked after */
}

/* The attempt in which it is, with its SID learnt; NULL: it belongs to nobody, and is told to go. */
static struct known_attempt *learn(struct server *server, attempt_id id, uint32_t serial,
                                   const char *sid)
{
    struct known_attempt *attempt = traffic_attempt(&server->traffic, id);

    if (!attempt || attempt->record.party.serial != serial ||
        attempt->record.party.state == PARTY_NONE) {
        if (*sid)
            telephony_hang_up(server->telephony, sid, done, NULL);
        return NULL;
    }
    if (*sid) {
        slice_copy(slice_from(sid), attempt->party_sid, sizeof(attempt->party_sid));
        attempt->party_serial = serial;
    }
    return attempt;
}

/* Of that third person, or "". */
static const char *sid_of(struct server *server, attempt_id id, uint32_t serial)
{
    const struct known_attempt *attempt = traffic_attempt(&server->traffic, id);

    return attempt && attempt->party_serial == serial ? attempt->party_sid : "";
}

static void placed(void *arg, const struct telephony_answer *answer)
{
    struct question question = *(struct question *)arg;
    struct server *server = question.server;
    const char *sid = json_string_value(json_object_get(answer->body, "call_sid"));

    free(arg);
    if (server->stopping)
        return;
    if (answer->outcome == TELEPHONY_DONE && sid) {
        if (learn(server, question.attempt, question.serial, sid))
            feed(server, question.attempt, question.serial, PARTY_NEWS_RINGS);
    } else if (answer->outcome != TELEPHONY_UNKNOWN) {
        log_warning("party.refused", "attempt=%llu status=%u code=%d why=\"%s\"",
                    (unsigned long long)question.attempt, answer->status, answer->code,
                    answer->message);
        feed(server, question.attempt, question.serial, PARTY_NEWS_ENDED);
    }
}

static void place(struct server *server, const struct effect *effect)
{
    attempt_id id = effect->of.party.attempt;
    const struct known_attempt *attempt = traffic_attempt(&server->traffic, id);
    char room[ROOM_NAME_SIZE], label[PARTY_NAME_SIZE], status[URL_SIZE];

    if (!attempt || !attempt->party_number[0] || server->leaving) {
        feed(server, id, effect->of.party.serial, PARTY_NEWS_ENDED);
        return;
    }
    room_name(effect->of.party.agent, room);
    party_label(id, effect->of.party.serial, label);
    snprintf(status, sizeof(status), "%s/voice/status?attempt=%llu&party=%u#rc=4&rp=ct,rt,5xx",
             server->hook_url, (unsigned long long)id, effect->of.party.serial);
    struct telephony_guest guest = {
        .room = room,
        .label = label,
        .to = attempt->party_number,
        .from = calls_caller_id(server, roster_campaign(&server->roster, attempt->record.campaign)),
        .status_callback = status,
        .ring_timeout_s = 30,
    };

    telephony_ring_in(server->telephony, &guest, placed, question_of(server, effect));
}

static void change(struct server *server, const struct effect *effect)
{
    char room[ROOM_NAME_SIZE], label[PARTY_NAME_SIZE], form[40];

    room_name(effect->of.party.agent, room);
    party_label(effect->of.party.attempt, effect->of.party.serial, label);
    snprintf(form, sizeof(form), "Hold=%s&Muted=%s", effect->of.party.held ? "true" : "false",
             effect->of.party.muted ? "true" : "false");
    struct telephony_member member = {room, label, form};

    telephony_change_member(server->telephony, &member, done, NULL);
}

static void move(struct server *server, const struct effect *effect)
{
    const char *sid = sid_of(server, effect->of.party.attempt, effect->of.party.serial);
    char url[URL_SIZE];

    if (!*sid)
        return;
    snprintf(url, sizeof(url), "%s/voice/party?attempt=%llu&party=%u", server->hook_url,
             (unsigned long long)effect->of.party.attempt, effect->of.party.serial);
    telephony_redirect(server->telephony, sid, url, done, NULL);
}

static void hang_up(struct server *server, const struct effect *effect)
{
    const char *sid = sid_of(server, effect->of.party.attempt, effect->of.party.serial);

    if (*sid)
        telephony_hang_up(server->telephony, sid, done, NULL);
}

static void answer(struct question *question, enum party_news news)
{
    struct question asked = *question;

    free(question);
    feed(asked.server, asked.attempt, asked.serial, news);
}

static void room_listed(void *arg, const struct telephony_answer *answer_)
{
    struct question *question = arg;
    const char *sid = sid_of(question->server, question->attempt, question->serial);
    char label[PARTY_NAME_SIZE];
    const json_t *one;
    size_t i;

    if (answer_->outcome != TELEPHONY_DONE || question->server->stopping) {
        free(question);
        return;
    }
    party_label(question->attempt, question->serial, label);
    json_array_foreach(json_object_get(answer_->body, "participants"), i, one)
    {
        const char *own = json_string_value(json_object_get(one, "label"));
        const char *call = json_string_value(json_object_get(one, "call_sid"));

        if (own && call && strcmp(own, label) == 0) {
            if (learn(question->server, question->attempt, question->serial, call))
                answer(question, PARTY_NEWS_JOINED);
            else
                free(question);
            return;
        }
    }
    /* One whose name nobody knows and who is not there may still ring: told to go when it comes in. */
    answer(question, *sid ? PARTY_NEWS_LEFT : PARTY_NEWS_ENDED);
}

static void look_into_room(struct question *question)
{
    char room[ROOM_NAME_SIZE];

    room_name(question->agent, room);
    telephony_list_room(question->server->telephony, room, room_listed, question);
}

static void call_read(void *arg, const struct telephony_answer *answer_)
{
    struct question *question = arg;
    struct telephony_call call;
    bool known = answer_->outcome == TELEPHONY_DONE && telephony_call_of(answer_->body, &call);

    if (question->server->stopping)
        free(question);
    else if (known && call.status == TELEPHONY_IN_PROGRESS)
        look_into_room(question);
    else if (known)
        answer(question,
               telephony_status_is_final(call.status) ? PARTY_NEWS_ENDED : PARTY_NEWS_RINGS);
    else if (answer_->outcome == TELEPHONY_REFUSED && answer_->status == 404)
        answer(question, PARTY_NEWS_ENDED);
    else
        free(question);
}

static void poll(struct server *server, const struct effect *effect)
{
    const char *sid = sid_of(server, effect->of.party.attempt, effect->of.party.serial);

    if (!server->voice_is_up)
        return; /* the core asks again */
    if (*sid)
        telephony_read_call(server->telephony, sid, call_read, question_of(server, effect));
    else
        look_into_room(question_of(server, effect));
}

void parties_act(struct server *server, const struct effect *effect)
{
    switch ((int)effect->kind) {
    case EFFECT_PLACE_PARTY:
        place(server, effect);
        break;
    case EFFECT_CHANGE_PARTY:
        change(server, effect);
        break;
    case EFFECT_MOVE_PARTY:
        move(server, effect);
        break;
    case EFFECT_HANG_UP_PARTY:
        hang_up(server, effect);
        break;
    case EFFECT_POLL_PARTY:
        poll(server, effect);
        break;
    default:
        check(!"about a third person");
    }
}

void parties_status(struct server *server, attempt_id attempt, uint32_t serial, const char *sid,
                    enum call_status status)
{
    bool over = call_status_is_final(status);

    if (over || learn(server, attempt, serial, sid)) {
        if (over || status == CALL_RINGING)
            feed(server, attempt, serial, over ? PARTY_NEWS_ENDED : PARTY_NEWS_RINGS);
    }
}

void parties_member(struct server *server, attempt_id attempt, uint32_t serial, const char *sid,
                    bool joined)
{
    if (!joined)
        feed(server, attempt, serial, PARTY_NEWS_LEFT);
    else if (learn(server, attempt, serial, sid))
        feed(server, attempt, serial, PARTY_NEWS_JOINED);
}

bool parties_found(struct server *server, const char *label, const char *sid)
{
    unsigned long long attempt, serial;

    if (sscanf(label, "party-%llu-%llu", &attempt, &serial) != 2)
        return false;
    (void)learn(server, attempt, (uint32_t)serial, sid);
    return true;
}

static const char *state_word(enum party_state state)
{
    return state == PARTY_RINGING ? "ringing" : state == PARTY_JOINED ? "joined" : "left";
}

json_t *parties_json(const struct server *server, attempt_id id)
{
    const struct known_attempt *attempt = traffic_attempt(&server->traffic, id);
    const struct party_record *party = attempt ? &attempt->record.party : NULL;
    json_t *list = json_array();
    char name[16];

    if (!party || party->state == PARTY_NONE)
        return list;
    snprintf(name, sizeof(name), "p%u", party->serial);
    json_array_append_new(list,
                          json_pack("{s:s, s:s, s:s, s:s, s:o, s:b, s:b}", "id", name, "kind",
                                    "number", "name", attempt->party_number, "state",
                                    state_word(party->state), "since", reply_time(party->since),
                                    "muted", (int)party->muted, "held", (int)party->held));
    return list;
}

json_t *parties_consult_json(const struct server *server, attempt_id id)
{
    const struct known_attempt *attempt = traffic_attempt(&server->traffic, id);
    const struct party_record *party = attempt ? &attempt->record.party : NULL;
    char name[16];

    if (!party || (!party->consulting && !party->held))
        return json_null();
    snprintf(name, sizeof(name), "p%u", party->serial);
    return json_pack("{s:s, s:s}", "party", name, "with", party->held ? "customer" : "party");
}
