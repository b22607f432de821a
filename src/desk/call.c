#include "desk/call.h"

#include <string.h>

#include "desk/act.h"
#include "desk/desk.h"
#include "desk/desk_inside.h"
#include "server/calls.h"
#include "server/dialing.h"
#include "server/server.h"
#include "wire/phone_number.h"

void api_desk_phone(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    const char *screen = json_string_value(json_object_get(call->body, "screen"));
    struct shift *shift = agent ? shift_of(call->server, agent->id) : NULL;

    if (!agent)
        return;
    if (screen && *screen && shift && !shift->screen[0] && strlen(screen) < SCREEN_SIZE)
        slice_copy(slice_from(screen), shift->screen, SCREEN_SIZE);
    struct event event = {.kind = EVENT_AGENT_PHONE_READY, .of.agent_id = agent->id};

    desk_feed(call, agent, &event);
}

void api_desk_hold(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    const json_t *on = json_object_get(call->body, "on");

    if (!agent)
        return;
    if (!json_is_boolean(on)) {
        api_refuse(call, 400, "on: must be true or false");
        return;
    }
    struct event event = {.kind = EVENT_CUSTOMER_HOLD,
                          .of.hold = {.agent = agent->id, .on = json_is_true(on)}};

    desk_feed(call, agent, &event);
}

/* {"agent": 9} or {"agent": "ben"}; 0 after refusing. */
static agent_id agent_of(struct api_call *call, const json_t *to)
{
    const json_t *who = json_object_get(to, "agent");
    const struct roster_agent *agent =
        json_is_integer(who)
            ? roster_agent(&call->server->roster, (agent_id)json_integer_value(who))
            : roster_find_agent(&call->server->roster, slice_from(json_string_value(who)));

    if (!agent || agent->removed) {
        api_refuse(call, 400, "to: must be {\"agent\": ID or NAME} or {\"number\": \"+1...\"}");
        return 0;
    }
    return agent->id;
}

/* A third person is rung: the number is kept where the order will look for it. */
static void ring(struct api_call *call, const struct roster_agent *agent, const char *text,
                 enum party_act act)
{
    struct known_attempt *attempt =
        traffic_attempt(&call->server->traffic, agent->reservation.attempt);
    struct event event = {.kind = EVENT_PARTY_ASKED, .of.party = {.agent = agent->id, .act = act}};
    struct phone_number number;
    enum phone_number_verdict verdict = phone_number_parse(slice_from(text), "", &number);
    char before[E164_SIZE] = "";
    struct fed fed;

    if (verdict != PHONE_NUMBER_OK) {
        api_refuse(call, 400, "number '%.40s': %s", text, phone_number_verdict_text(verdict));
        return;
    }
    if (attempt) {
        memcpy(before, attempt->party_number, sizeof(before));
        slice_copy(slice_from(number.e164), attempt->party_number, E164_SIZE);
    }
    dialing_feed(call->server, &event, &fed);
    if (fed.refused && attempt)
        memcpy(attempt->party_number, before, sizeof(before));
    if (fed.refused)
        api_refuse_by_rule(call, fed.refusal, fed.until);
    else
        desk_reply(call, agent->id);
}

void api_desk_transfer(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    const json_t *to = json_object_get(call->body, "to");
    const char *number = json_string_value(json_object_get(to, "number"));
    bool ask_first = json_is_true(json_object_get(call->body, "ask_first"));

    if (!agent)
        return;
    if (number) {
        ring(call, agent, number, ask_first ? PARTY_CONSULT : PARTY_TRANSFER);
        return;
    }
    agent_id colleague = agent_of(call, to);

    if (!colleague)
        return;
    if (ask_first) {
        api_refuse(call, 400,
                   "ask_first: only a number can be asked first; a colleague is handed "
                   "the call");
        return;
    }
    struct event event = {.kind = EVENT_CALL_TRANSFERRED,
                          .of.transfer = {.agent = agent->id, .to = colleague}};

    desk_feed(call, agent, &event);
}

void api_desk_add(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    const char *number =
        json_string_value(json_object_get(json_object_get(call->body, "to"), "number"));

    if (!agent)
        return;
    if (number)
        ring(call, agent, number, PARTY_ADD);
    else
        api_refuse(call, 400, "to: must be {\"number\": \"+1...\"}");
}

struct action {
    const char *word;
    enum party_act act;
};

static void act_by_word(struct api_call *call, const struct action *actions, size_t count,
                        const char *words)
{
    const struct roster_agent *agent = desk_own_agent(call);
    const char *word = json_string_value(json_object_get(call->body, "action"));
    struct event event = {.kind = EVENT_PARTY_ASKED};

    if (!agent)
        return;
    event.of.party.agent = agent->id;
    for (size_t i = 0; i < count; i++)
        if (word && strcmp(word, actions[i].word) == 0) {
            event.of.party.act = actions[i].act;
            desk_feed(call, agent, &event);
            return;
        }
    api_refuse(call, 400, "action: must be %s", words);
}

void api_desk_consult(struct api_call *call)
{
    static const struct action actions[] = {{"hand_over", PARTY_HAND_OVER},
                                            {"all_together", PARTY_ALL_TOGETHER},
                                            {"swap", PARTY_SWAP},
                                            {"end", PARTY_END}};

    act_by_word(call, actions, array_count(actions), "hand_over, all_together, swap or end");
}

void api_desk_party(struct api_call *call)
{
    static const struct action actions[] = {{"mute", PARTY_MUTE},
                                            {"unmute", PARTY_UNMUTE},
                                            {"remove", PARTY_END},
                                            {"leave", PARTY_HAND_OVER}};

    act_by_word(call, actions, array_count(actions), "mute, unmute, remove or leave");
}

void api_desk_hang_up(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);

    if (!agent)
        return;
    struct event event = {.kind = EVENT_AGENT_HUNG_UP, .of.reservation = {.agent = agent->id}};

    desk_feed(call, agent, &event);
}

void api_desk_more_time(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);

    if (!agent)
        return;
    struct event event = {.kind = EVENT_MORE_TIME, .of.agent_id = agent->id};

    desk_feed(call, agent, &event);
}

void api_desk_digits(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    const char *digits = json_string_value(json_object_get(call->body, "digits"));
    struct attempt_record record;

    if (!agent)
        return;
    if (!digits || !*digits || strlen(digits) > 32 || digits[strspn(digits, "0123456789*#wW")]) {
        api_refuse(call, 400, "digits: must be 1-32 of 0-9, *, #, w and W");
        return;
    }
    if (!dialer_attempt(call->server->dialer, agent->reservation.attempt, &record) ||
        record.state != ATTEMPT_BRIDGED || record.agent != agent->id ||
        agent->record.leg != LEG_CONNECTED) {
        api_refuse_by_rule(call, REFUSED_AGENT_STATE, INSTANT_NEVER);
        return;
    }
    if (calls_send_digits(call->server, record.id, agent->id, digits))
        desk_reply(call, agent->id);
    else
        api_refuse(call, 429, "digits: those before are still on their way");
}
