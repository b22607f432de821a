#include "server/webhooks.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "server/calls.h"
#include "server/dialing.h"
#include "server/legs.h"
#include "server/parties.h"
#include "server/reply.h"
#include "server/server.h"
#include "server/watch.h"
#include "wire/form.h"
#include "wire/signature.h"
#include "wire/twiml_text.h"

/* One webhook: its own parameters (of the URL) and the engine's (of the body). */
struct hook {
    struct server *server;
    struct http_request *request;
    struct form query, body;
};

static uint64_t number_of(const struct form *form, const char *name)
{
    const char *text = form_get(form, name);
    int64_t value;

    return text && slice_to_i64(slice_from(text), 0, (int64_t)ID_MAX, &value) == 0 ? (uint64_t)value
                                                                                   : 0;
}

static const char *text_of(const struct form *form, const char *name)
{
    const char *text = form_get(form, name);

    return text ? text : "";
}

static void reply_twiml(struct hook *hook, struct text *document)
{
    if (document->failed)
        http_request_reply(hook->request, 500, NULL, NULL, 0);
    else
        http_request_reply(hook->request, 200, "text/xml", document->at, document->size);
    text_release(document);
}

static void reply_nothing(struct hook *hook)
{
    http_request_reply(hook->request, 204, NULL, NULL, 0);
}

static void tell_action(struct hook *hook, attempt_id attempt, enum answer_action action,
                        agent_id agent, campaign_id campaign)
{
    struct server *server = hook->server;
    const struct roster_campaign *of = roster_campaign(&server->roster, campaign);
    char room[PARTY_NAME_SIZE], label[ROOM_NAME_SIZE];
    const char *message =
        roster_campaign_text(of, "message", "Sorry, nobody is free to speak to you just now.");
    struct text document;

    text_init(&document);
    switch (action) {
    case ANSWER_JOIN:
        room_name(agent, room);
        attempt_label(attempt, label);
        twiml_join(&document, room, label, server->hook_url);
        break;
    case ANSWER_WAIT:
        twiml_wait(&document, message);
        break;
    case ANSWER_MESSAGE:
        twiml_message(&document, message);
        break;
    case ANSWER_HAND_OVER:
        attempt_room_name(attempt, room);
        attempt_label(attempt, label);
        twiml_join_pair(&document, room, label, server->hook_url);
        break;
    case ANSWER_NONE:
    case ANSWER_HANG_UP:
    case ANSWER_ACTION_COUNT:
        twiml_hang_up(&document);
        break;
    }
    reply_twiml(hook, &document);
}

static void take_answer(struct hook *hook)
{
    attempt_id attempt = number_of(&hook->query, "attempt");
    struct event event = {
        .kind = EVENT_CALL_ANSWERED,
        .of.call = {.attempt = attempt, .status = CALL_IN_PROGRESS, .hello_us = -1}};
    struct fed fed;

    if (!calls_learn_sid(hook->server, attempt, text_of(&hook->body, "CallSid"))) {
        log_error("call.stranger", "attempt=%llu call=%s", (unsigned long long)attempt,
                  text_of(&hook->body, "CallSid"));
        tell_action(hook, attempt, ANSWER_MESSAGE, 0, 0);
        return;
    }
    dialing_feed(hook->server, &event, &fed);
    tell_action(hook, attempt, fed.answered ? fed.action : ANSWER_MESSAGE, fed.agent, fed.campaign);
}

static void take_told(struct hook *hook)
{
    const char *word = text_of(&hook->query, "action");
    enum answer_action action = ANSWER_HANG_UP;

    for (int i = 0; i < ANSWER_ACTION_COUNT; i++)
        if (strcmp(word, answer_action_name((enum answer_action)i)) == 0)
            action = (enum answer_action)i;
    tell_action(hook, number_of(&hook->query, "attempt"), action, number_of(&hook->query, "agent"),
                number_of(&hook->query, "campaign"));
}

static void take_agent(struct hook *hook)
{
    agent_id agent = number_of(&hook->query, "agent");
    uint32_t serial = (uint32_t)number_of(&hook->query, "leg");
    char room[ROOM_NAME_SIZE], label[ROOM_NAME_SIZE];
    struct text document;

    legs_learn_sid(hook->server, agent, serial, text_of(&hook->body, "CallSid"));
    text_init(&document);
    if (dialer_awaits_leg(hook->server->dialer, agent, serial)) {
        room_name(agent, room);
        leg_label(agent, serial, label);
        twiml_join(&document, room, label, hook->server->hook_url);
    } else { /* was told to go while it rang, and has not heard it */
        twiml_hang_up(&document);
    }
    reply_twiml(hook, &document);
}

/* A third person on the way into the attempt's own room. */
static void take_party(struct hook *hook)
{
    attempt_id attempt = number_of(&hook->query, "attempt");
    char room[PARTY_NAME_SIZE], label[PARTY_NAME_SIZE];
    struct text document;

    attempt_room_name(attempt, room);
    party_label(attempt, (uint32_t)number_of(&hook->query, "party"), label);
    text_init(&document);
    twiml_join_pair(&document, room, label, hook->server->hook_url);
    reply_twiml(hook, &document);
}

/* A page's telephone that calls by itself (the application's voice URL): the desk rings it, never the
 * other way round. */
static void take_client(struct hook *hook)
{
    struct text document;

    log_warning("client.called", "from=%.40s",
                form_get(&hook->body, "From") ? form_get(&hook->body, "From") : "");
    text_init(&document);
    twiml_message(&document, "Calls are made at the desk, not by this telephone. Goodbye.");
    reply_twiml(hook, &document);
}

/* The keys that wait for the customer; a second question for the same finds none. */
static void take_digits(struct hook *hook)
{
    char digits[DIGITS_SIZE];
    struct text document;

    calls_take_digits(hook->server, number_of(&hook->query, "attempt"), digits);
    text_init(&document);
    twiml_digits(&document, digits);
    reply_twiml(hook, &document);
}

static void take_leg_status(struct hook *hook, enum call_status status)
{
    agent_id agent = number_of(&hook->query, "agent");
    uint32_t serial = (uint32_t)number_of(&hook->query, "leg");

    legs_learn_sid(hook->server, agent, serial, text_of(&hook->body, "CallSid"));
    if (call_status_is_final(status))
        legs_ended(hook->server, agent, serial);
}

/* Reports may overtake each other and come twice; a call never goes backwards. */
static bool is_news(struct known_attempt *attempt, const struct form *body)
{
    const char *text = form_get(body, "SequenceNumber");
    int64_t sequence;

    if (!attempt || !text || slice_to_i64(slice_from(text), 0, INT32_MAX, &sequence) != 0)
        return true;
    if (sequence <= attempt->sequence)
        return false;
    attempt->sequence = sequence;
    return true;
}

static void take_call_status(struct hook *hook, enum call_status status)
{
    struct server *server = hook->server;
    attempt_id id = number_of(&hook->query, "attempt");
    const char *hello = form_get(&hook->body, "OutdialHelloUs");
    struct event event = {
        .kind = EVENT_CALL_STATUS,
        .of.call = {.attempt = id,
                    .status = status,
                    .sip_code = (uint16_t)number_of(&hook->body, "SipResponseCode"),
                    .hello_us = hello ? (int64_t)number_of(&hook->body, "OutdialHelloUs") : -1}};

    if (!calls_learn_sid(server, id, text_of(&hook->body, "CallSid"))) {
        log_error("call.stranger", "attempt=%llu call=%s", (unsigned long long)id,
                  text_of(&hook->body, "CallSid"));
        return;
    }
    if (form_get(&hook->body, "OutdialNotCarried")) {
        event.kind = EVENT_CALL_NOT_CARRIED;
        watch_soon(server->watch);
    }
    if (is_news(traffic_attempt(&server->traffic, id), &hook->body))
        dialing_feed(server, &event, NULL);
}

static void take_status(struct hook *hook)
{
    const char *word = text_of(&hook->body, "CallStatus");
    enum call_status status;

    if (!call_status_from_name(word, strlen(word), &status)) {
        log_warning("webhook.status", "why=\"no such CallStatus\" word=\"%.20s\"", word);
    } else if (form_get(&hook->query, "party")) {
        parties_status(hook->server, number_of(&hook->query, "attempt"),
                       (uint32_t)number_of(&hook->query, "party"), text_of(&hook->body, "CallSid"),
                       status);
    } else if (form_get(&hook->query, "leg")) {
        take_leg_status(hook, status);
    } else {
        take_call_status(hook, status);
    }
    reply_nothing(hook);
}

static void take_member(struct hook *hook, bool joined)
{
    struct server *server = hook->server;
    const char *label = text_of(&hook->body, "ParticipantLabel");
    const char *room = text_of(&hook->body, "FriendlyName");
    const char *sid = text_of(&hook->body, "CallSid");
    unsigned long long id, serial, agent;

    if (sscanf(label, "leg-%llu-%llu", &id, &serial) == 2) {
        if (joined)
            legs_joined(server, id, (uint32_t)serial, sid);
        else
            legs_left(server, id, (uint32_t)serial, sid);
        return;
    }
    if (sscanf(room, "attempt-%llu", &agent) == 1)
        return; /* they are on their own; the calls' ends tell the rest */
    if (sscanf(label, "party-%llu-%llu", &id, &serial) == 2) {
        parties_member(server, id, (uint32_t)serial, sid, joined);
        return;
    }
    if (sscanf(label, "attempt-%llu", &id) != 1 || sscanf(room, "agent-%llu", &agent) != 1) {
        log_warning("webhook.member", "why=\"neither an attempt nor an agent's line\"");
        return;
    }
    struct event event = {
        .kind = joined ? EVENT_CALL_JOINED : EVENT_CALL_LEFT,
        .of.call = {.attempt = id, .status = CALL_IN_PROGRESS, .agent = agent, .hello_us = -1}};

    if (calls_learn_sid(server, id, sid))
        dialing_feed(server, &event, NULL);
}

static void take_conference(struct hook *hook)
{
    const char *event = text_of(&hook->body, "StatusCallbackEvent");

    if (strcmp(event, "participant-join") == 0)
        take_member(hook, true);
    else if (strcmp(event, "participant-leave") == 0)
        take_member(hook, false);
    reply_nothing(hook);
}

static const struct {
    const char *path;
    void (*take)(struct hook *hook);
    bool is_question; /* must be answered each time it is asked, also twice */
} hooks[] = {
    {"/voice/answer", take_answer, true},  {"/voice/told", take_told, true},
    {"/voice/agent", take_agent, true},    {"/voice/party", take_party, true},
    {"/voice/digits", take_digits, true},  {"/voice/client", take_client, true},
    {"/voice/status", take_status, false}, {"/voice/conference", take_conference, false},
};

/* True for a delivery that has been taken before. */
static bool seen_before(struct server *server, struct http_request *request)
{
    const char *token = http_request_header(request, "I-Twilio-Idempotency-Token");
    struct seen *seen = &server->seen;

    if (!token || strlen(token) >= SEEN_TOKEN_SIZE)
        return false;
    if (table_get(&seen->tokens, token, strlen(token)))
        return true;
    char *place = seen->ring[seen->next];

    if (place[0])
        table_remove(&seen->tokens, place, strlen(place));
    slice_copy(slice_from(token), place, SEEN_TOKEN_SIZE);
    seen->next = (seen->next + 1) % SEEN_COUNT;
    if (table_put(&seen->tokens, token, strlen(token), place) != 0)
        place[0] = '\0'; /* then it may be taken twice, which does no harm */
    return false;
}

static bool is_genuine(struct hook *hook)
{
    struct server *server = hook->server;
    struct http_request *request = hook->request;
    struct text url;

    text_init(&url);
    text_addf(&url, "%s%s", server->hook_url, http_request_path(request));
    if (*http_request_query(request))
        text_addf(&url, "?%s", http_request_query(request));
    bool genuine = !url.failed &&
                   signature_verify(server->credentials.auth_token, text_slice(&url), &hook->body,
                                    http_request_header(request, "X-Twilio-Signature"));

    text_release(&url);
    return genuine;
}

bool webhooks_take(struct server *server, struct http_request *request)
{
    size_t i = 0;
    struct hook hook = {.server = server, .request = request};

    while (i < array_count(hooks) && strcmp(http_request_path(request), hooks[i].path) != 0)
        i++;
    if (i == array_count(hooks))
        return false;

    if (strcmp(http_request_method(request), "POST") != 0) {
        http_request_add_header(request, "Allow", "POST");
        reply_problem(request, 405, "webhooks are posted");
        return true;
    }

    int bad_query = form_parse(&hook.query, slice_from(http_request_query(request)));
    int bad_body = form_parse(&hook.body, http_request_body(request));

    if (bad_query || bad_body) {
        reply_problem(request, 400, "the parameters are no form, or not UTF-8");
    } else if (!is_genuine(&hook)) {
        server->forged_count++;
        log_warning("webhook.forged", "path=%s peer=%s", hooks[i].path, http_request_peer(request));
        reply_problem(request, 403,
                      "the signature is missing, or is not of this address and parameters");
    } else if (!hooks[i].is_question && seen_before(server, request)) {
        reply_nothing(&hook);
    } else {
        hooks[i].take(&hook);
    }
    form_release(&hook.query);
    form_release(&hook.body);
    return true;
}
