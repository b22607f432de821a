#include "server/api_desk_call.h"

#include "server/api_encode.h"
#include "server/dialing.h"
#include "server/server.h"

/* The agent whose token it is, or NULL after refusing. */
static struct roster_agent *own_agent(struct api_call *call)
{
    struct roster_agent *agent =
        call->own_agent ? roster_agent(&call->server->roster, call->own_agent) : NULL;

    if (!agent)
        api_refuse(call, 403, "a desk is its agent's own: an agent's token opens it");
    return agent;
}

static void feed_for(struct api_call *call, const struct roster_agent *agent, struct event *event)
{
    struct fed fed;

    dialing_feed(call->server, event, &fed);
    if (fed.refused)
        api_refuse_by_rule(call, fed.refusal, fed.until);
    else
        api_reply_committed(call, 200, encode_agent(agent, call->server));
}

void api_desk_phone(struct api_call *call)
{
    const struct roster_agent *agent = own_agent(call);

    if (!agent)
        return;
    struct event event = {.kind = EVENT_AGENT_PHONE_READY, .of.agent_id = agent->id};

    feed_for(call, agent, &event);
}

void api_desk_hold(struct api_call *call)
{
    const struct roster_agent *agent = own_agent(call);
    const json_t *on = json_object_get(call->body, "on");

    if (!agent)
        return;
    if (!json_is_boolean(on)) {
        api_refuse(call, 400, "on: must be true or false");
        return;
    }
    struct event event = {.kind = EVENT_CUSTOMER_HOLD,
                          .of.hold = {.agent = agent->id, .on = json_is_true(on)}};

    feed_for(call, agent, &event);
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
        api_refuse(call, 400, "to: must be {\"agent\": ID or NAME} of a colleague");
        return 0;
    }
    return agent->id;
}

void api_desk_transfer(struct api_call *call)
{
    const struct roster_agent *agent = own_agent(call);
    agent_id to = agent ? agent_of(call, json_object_get(call->body, "to")) : 0;

    if (!to)
        return;
    if (json_is_true(json_object_get(call->body, "ask_first"))) {
        api_refuse(call, 400, "ask_first: colleagues are not asked first; hand the call over");
        return;
    }
    struct event event = {.kind = EVENT_CALL_TRANSFERRED,
                          .of.transfer = {.agent = agent->id, .to = to}};

    feed_for(call, agent, &event);
}

void api_desk_hang_up(struct api_call *call)
{
    const struct roster_agent *agent = own_agent(call);

    if (!agent)
        return;
    struct event event = {.kind = EVENT_AGENT_HUNG_UP, .of.reservation = {.agent = agent->id}};

    feed_for(call, agent, &event);
}
