#include "server/legs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/calls.h"
#include "server/dialing.h"
#include "server/parties.h"
#include "server/server.h"

struct line {
    struct server *server;
    agent_id agent;
    uint32_t serial;
};

static struct line *line_new(struct server *server, agent_id agent, uint32_t serial)
{
    struct line *line = malloc(sizeof(*line));

    check(line);
    *line = (struct line){server, agent, serial};
    return line;
}

static void feed_leg(struct server *server, enum event_kind kind, agent_id agent, uint32_t serial)
{
    struct event event = {.kind = kind, .of.leg = {.agent = agent, .serial = serial}};

    dialing_feed(server, &event, NULL);
}

static void feed_look(struct server *server, enum event_kind kind, agent_id agent, uint32_t serial)
{
    struct event event = {.kind = kind,
                          .of.leg = {.agent = agent, .serial = serial, .looked = true}};

    dialing_feed(server, &event, NULL);
}

static void hung_up(void *arg, const struct telephony_answer *answer)
{
    if (answer->outcome != TELEPHONY_DONE)
        log_warning("leg.hang_up", "status=%u code=%d why=\"%s\"", answer->status, answer->code,
                    answer->message);
}

/* The leg of that serial, or NULL when another is dialled by now. */
static struct known_leg *leg_of(struct server *server, agent_id agent, uint32_t serial)
{
    struct known_leg *leg = table_get_id(&server->traffic.legs, agent);

    return leg && leg->serial == serial ? leg : NULL;
}

void legs_learn_sid(struct server *server, agent_id agent, uint32_t serial, const char *sid)
{
    struct known_leg *leg = leg_of(server, agent, serial);

    if (!leg || leg->call_sid[0] ||
        !slice_copy(slice_from(sid), leg->call_sid, sizeof(leg->call_sid)))
        return;
    if (leg->hang_up_wanted)
        telephony_hang_up(server->telephony, sid, hung_up, NULL);
    leg->hang_up_wanted = false;
}

static void dialled(void *arg, const struct telephony_answer *answer)
{
    struct line *line = arg;
    struct server *server = line->server;
    struct telephony_call call;

    if (answer->outcome == TELEPHONY_DONE && telephony_call_of(answer->body, &call)) {
        legs_learn_sid(server, line->agent, line->serial, call.sid);
        if (!leg_of(server, line->agent, line->serial)) /* dialled anew meanwhile */
            telephony_hang_up(server->telephony, call.sid, hung_up, NULL);
    } else {
        if (!server->stopping)
            log_warning("leg.refused", "agent=%llu status=%u code=%d why=\"%s\"",
                        (unsigned long long)line->agent, answer->status, answer->code,
                        answer->message);
        feed_leg(server, EVENT_AGENT_LEG_LOST, line->agent, line->serial);
    }
    free(line);
}

void legs_dial(struct server *server, agent_id id, uint32_t serial)
{
    const struct roster_agent *agent = roster_agent(&server->roster, id);
    struct known_leg *leg = traffic_leg(&server->traffic, id);
    char url[URL_SIZE], status[URL_SIZE];

    check(leg);
    if (server->leaving)
        return; /* the engine is on its way out; the next start puts the agents back */
    if (leg->call_sid[0] && leg->serial != serial)
        telephony_hang_up(server->telephony, leg->call_sid, hung_up, NULL);
    *leg = (struct known_leg){.agent = id, .serial = serial};
    snprintf(url, sizeof(url), "%s/voice/agent?agent=%llu&leg=%u", server->hook_url,
             (unsigned long long)id, serial);
    snprintf(status, sizeof(status), "%s/voice/status?agent=%llu&leg=%u#rc=4&rp=ct,rt,5xx",
             server->hook_url, (unsigned long long)id, serial);
    struct telephony_order order = {
        .to = agent ? agent->address : "",
        .from = server->caller_id,
        .url = url,
        .status_callback = status,
        .ring_timeout_s = 20,
        .time_limit_s = 86400, /* a shift is longer than four hours */
    };

    telephony_place(server->telephony, &order, dialled, line_new(server, id, serial));
}

void legs_hang_up(struct server *server, agent_id agent, uint32_t serial)
{
    struct known_leg *leg = leg_of(server, agent, serial);

    if (leg && leg->call_sid[0])
        telephony_hang_up(server->telephony, leg->call_sid, hung_up, NULL);
    else if (leg)
        leg->hang_up_wanted = true;
}

/* A customer in the room: after a restart nobody else may know of it. One whose attempt is over was given up while
 * nobody could say whether the call lives, and is in the way of the next. */
static void guest_found(struct server *server, agent_id agent, const char *label, const char *sid)
{
    unsigned long long attempt;
    struct event event = {.kind = EVENT_CALL_JOINED,
                          .of.call = {.status = CALL_IN_PROGRESS, .agent = agent, .hello_us = -1}};

    if (sscanf(label, "attempt-%llu", &attempt) != 1)
        return;
    if (!traffic_attempt(&server->traffic, attempt)) {
        calls_say_goodbye(server, attempt, sid);
        return;
    }
    if (!calls_learn_sid(server, attempt, sid))
        return;
    event.of.call.attempt = attempt;
    dialing_feed(server, &event, NULL);
}

/* A line of the agent's that was told to go, and has not heard it. */
static bool old_leg_found(const struct line *line, const char *label, const char *sid)
{
    const struct known_leg *leg = table_get_id(&line->server->traffic.legs, line->agent);
    unsigned long long agent, serial;

    if (sscanf(label, "leg-%llu-%llu", &agent, &serial) != 2)
        return false;
    if (agent == line->agent && serial < line->serial && (!leg || strcmp(leg->call_sid, sid) != 0))
        telephony_hang_up(line->server->telephony, sid, hung_up, NULL);
    return true;
}

/* The room's members: the leg is known there by its label, after a restart too. */
static void room_listed(void *arg, const struct telephony_answer *answer)
{
    struct line *line = arg;
    struct server *server = line->server;
    char label[ROOM_NAME_SIZE];
    const json_t *one;
    size_t i;
    bool there = false;

    leg_label(line->agent, line->serial, label);
    json_array_foreach(json_object_get(answer->body, "participants"), i, one)
    {
        const char *sid = json_string_value(json_object_get(one, "call_sid"));
        const char *own = json_string_value(json_object_get(one, "label"));

        if (sid && own && strcmp(own, label) == 0) {
            struct known_leg *leg = traffic_leg(&server->traffic, line->agent);

            check(leg);
            leg->serial = line->serial;
            legs_learn_sid(server, line->agent, line->serial, sid);
            there = true;
        } else if (sid && own && !old_leg_found(line, own, sid) &&
                   !parties_found(server, own, sid)) {
            guest_found(server, line->agent, own, sid);
        }
    }
    if (answer->outcome == TELEPHONY_DONE)
        feed_look(server, there ? EVENT_AGENT_LEG_CONNECTED : EVENT_AGENT_LEG_LOST, line->agent,
                  line->serial);
    free(line);
}

void legs_poll(struct server *server, agent_id agent, uint32_t serial)
{
    char room[ROOM_NAME_SIZE];

    if (!server->voice_is_up)
        return; /* when it is, the core is told to ask after everything */
    room_name(agent, room);
    telephony_list_room(server->telephony, room, room_listed, line_new(server, agent, serial));
}

void legs_joined(struct server *server, agent_id agent, uint32_t serial, const char *sid)
{
    struct known_leg *leg = leg_of(server, agent, serial);

    legs_learn_sid(server, agent, serial, sid);
    if (leg && strcmp(leg->call_sid, sid) == 0) {
        leg->in_room = true;
        feed_leg(server, EVENT_AGENT_LEG_CONNECTED, agent, serial);
    }
}

void legs_left(struct server *server, agent_id agent, uint32_t serial, const char *sid)
{
    struct known_leg *leg = leg_of(server, agent, serial);

    if (!leg || strcmp(leg->call_sid, sid) != 0)
        return;
    leg->in_room = false;
    feed_leg(server, EVENT_AGENT_LEG_LOST, agent, serial);
}

void legs_ended(struct server *server, agent_id agent, uint32_t serial)
{
    struct known_leg *leg = leg_of(server, agent, serial);

    if (leg) {
        leg->call_sid[0] = '\0';
        leg->in_room = false;
    }
    feed_leg(server, EVENT_AGENT_LEG_LOST, agent, serial);
}
