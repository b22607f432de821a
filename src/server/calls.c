#include "server/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/dialing.h"
#include "server/lost_call.h"
#include "server/server.h"
#include "wire/form.h"

#define RETRIES "#rc=4&rp=ct,rt,5xx"
/* Somebody waits in silence meanwhile: long enough for a restart, and no longer. */
#define ANSWER_RETRIES "#rc=5&rp=ct,rt,5xx"

struct order {
    struct order *previous, *next; /* of server->orders */
    struct server *server;
    attempt_id attempt;
    uint32_t ring_timeout_s;
    instant first_at;
    struct loop_timer again;
};

struct question {
    struct server *server;
    attempt_id attempt;
    uint32_t poll;
    agent_id rooms[POLL_ROOMS_MAX]; /* to be looked into, 0: no more */
    int room;                       /* the one that is */
};

void room_name(agent_id agent, char name[ROOM_NAME_SIZE])
{
    snprintf(name, ROOM_NAME_SIZE, "agent-%llu", (unsigned long long)agent);
}

void attempt_label(attempt_id attempt, char label[ROOM_NAME_SIZE])
{
    snprintf(label, ROOM_NAME_SIZE, "attempt-%llu", (unsigned long long)attempt);
}

void leg_label(agent_id agent, uint32_t serial, char label[ROOM_NAME_SIZE])
{
    snprintf(label, ROOM_NAME_SIZE, "leg-%llu-%u", (unsigned long long)agent, serial);
}

const char *calls_caller_id(const struct server *server, const struct roster_campaign *campaign)
{
    return roster_campaign_text(campaign, "caller_id", server->caller_id);
}

static void feed_call(struct server *server, enum event_kind kind, attempt_id attempt,
                      enum call_status status)
{
    struct event event = {.kind = kind,
                          .of.call = {.attempt = attempt, .status = status, .hello_us = -1}};

    dialing_feed(server, &event, NULL);
}

static enum call_status status_of(enum telephony_status status)
{
    static const enum call_status of[TELEPHONY_STATUSES] = {
        [TELEPHONY_QUEUED] = CALL_QUEUED,
        [TELEPHONY_RINGING] = CALL_RINGING,
        [TELEPHONY_IN_PROGRESS] = CALL_IN_PROGRESS,
        [TELEPHONY_COMPLETED] = CALL_COMPLETED,
        [TELEPHONY_BUSY] = CALL_BUSY,
        [TELEPHONY_NO_ANSWER] = CALL_NO_ANSWER,
        [TELEPHONY_FAILED] = CALL_FAILED,
        [TELEPHONY_CANCELED] = CALL_CANCELED,
    };

    check(status < TELEPHONY_STATUSES);
    return of[status];
}

static void hung_up(void *arg, const struct telephony_answer *answer)
{
    if (answer->outcome != TELEPHONY_DONE)
        log_warning("call.hang_up", "status=%u code=%d why=\"%s\"", answer->status, answer->code,
                    answer->message);
}

/* Where it was answered first, the engine asks what it is to be told. */
static void canceled(void *arg, const struct telephony_answer *answer)
{
    enum { CANNOT_CANCEL = 21220 };

    if (answer->outcome != TELEPHONY_DONE && answer->code != CANNOT_CANCEL)
        log_warning("call.cancel", "status=%u code=%d why=\"%s\"", answer->status, answer->code,
                    answer->message);
}

bool calls_learn_sid(struct server *server, attempt_id id, const char *sid)
{
    struct known_attempt *attempt = traffic_attempt(&server->traffic, id);

    if (!attempt) { /* ended: its call is nobody's, the core will say so */
        server->stray = id;
        snprintf(server->stray_sid, sizeof(server->stray_sid), "%s", sid);
        return true;
    }
    if (!*sid || !traffic_set_call(&server->traffic, attempt, sid))
        return false;
    if (attempt->end_wanted == END_BY_HANGING_UP)
        telephony_hang_up(server->telephony, sid, hung_up, NULL);
    else if (attempt->end_wanted == END_BY_CANCELING)
        telephony_cancel(server->telephony, sid, canceled, NULL);
    attempt->end_wanted = END_NOT_WANTED;
    return true;
}

/* How long an order that did not leave is worth trying again. */
enum { ORDER_S_MAX = 25 };

static void post_order(void *arg);

static void order_free(struct order *order)
{
    if (order->previous)
        order->previous->next = order->next;
    else
        order->server->orders = order->next;
    if (order->next)
        order->next->previous = order->previous;
    loop_timer_stop(order->server->loop, &order->again);
    free(order);
}

void orders_release(struct server *server)
{
    while (server->orders)
        order_free(server->orders);
}

static void order_end(struct order *order, enum event_kind kind)
{
    struct server *server = order->server;
    struct known_attempt *attempt = traffic_attempt(&server->traffic, order->attempt);

    if (attempt)
        attempt->ordering = false;
    feed_call(server, kind, order->attempt, CALL_QUEUED);
    order_free(order);
}

static void placed(void *arg, const struct telephony_answer *answer)
{
    struct order *order = arg;
    struct server *server = order->server;
    struct telephony_call call;

    if (answer->outcome == TELEPHONY_DONE && telephony_call_of(answer->body, &call)) {
        if (!traffic_attempt(&server->traffic, order->attempt)) /* given up meanwhile */
            telephony_cancel(server->telephony, call.sid, canceled, NULL);
        else if (!calls_learn_sid(server, order->attempt, call.sid))
            log_error("call.twice", "attempt=%llu call=%s", (unsigned long long)order->attempt,
                      call.sid);
        order_end(order, EVENT_CALL_PLACED);
        return;
    }
    if (server->stopping) {
        order_free(order);
        return;
    }
    bool worth = loop_now(server->loop) - order->first_at < ORDER_S_MAX * SECOND &&
                 traffic_attempt(&server->traffic, order->attempt) != NULL;

    bool is_later = answer->outcome == TELEPHONY_REFUSED && answer->status == 429;

    if ((answer->outcome == TELEPHONY_NOT_SENT || is_later) && worth &&
        loop_timer_start(server->loop, &order->again, loop_now(server->loop) + SECOND / 2,
                         post_order, order) == 0)
        return;
    log_warning("call.refused", "attempt=%llu status=%u code=%d why=\"%s\"",
                (unsigned long long)order->attempt, answer->status, answer->code, answer->message);
    if (is_later) /* the service had no room: nothing was tried, nothing counts against anybody */
        order_end(order, EVENT_CALL_NOT_CARRIED);
    else
        order_end(order,
                  answer->outcome == TELEPHONY_REFUSED || answer->outcome == TELEPHONY_NOT_SENT
                      ? EVENT_CALL_PLACE_FAILED
                      : EVENT_CALL_PLACE_UNKNOWN);
}

static void post_order(void *arg)
{
    struct order *order = arg;
    struct server *server = order->server;
    struct known_attempt *attempt = traffic_attempt(&server->traffic, order->attempt);
    char url[URL_SIZE], status[URL_SIZE];

    if (server->leaving) {
        order_free(order);
        return;
    }
    if (!attempt || !attempt->e164[0] || attempt->end_wanted ||
        attempt->record.state == ATTEMPT_ENDED) {
        order_end(order, EVENT_CALL_PLACE_FAILED);
        return;
    }
    const struct roster_campaign *campaign =
        roster_campaign(&server->roster, attempt->record.campaign);

    snprintf(url, sizeof(url), "%s/voice/answer?attempt=%llu" ANSWER_RETRIES, server->hook_url,
             (unsigned long long)order->attempt);
    snprintf(status, sizeof(status), "%s/voice/status?attempt=%llu" RETRIES, server->hook_url,
             (unsigned long long)order->attempt);
    struct telephony_order post = {
        .to = attempt->e164,
        .from = calls_caller_id(server, campaign),
        .url = url,
        .status_callback = status,
        .ring_timeout_s = order->ring_timeout_s,
    };

    attempt->ordering = true;
    telephony_place(server->telephony, &post, placed, order);
}

void calls_place(struct server *server, attempt_id attempt, uint32_t ring_timeout_s)
{
    if (server->leaving)
        return; /* it is asked after at the next start, and found never to have left */
    struct order *order = calloc(1, sizeof(*order));

    check(order);
    *order = (struct order){.server = server,
                            .attempt = attempt,
                            .ring_timeout_s = ring_timeout_s,
                            .first_at = loop_now(server->loop)};
    order->next = server->orders;
    if (order->next)
        order->next->previous = order;
    server->orders = order;
    if (loop_timer_start(server->loop, &order->again, order->first_at, post_order, order) != 0)
        check(!"room for a timer");
}

static void redirected(void *arg, const struct telephony_answer *answer)
{
    if (answer->outcome != TELEPHONY_DONE)
        log_warning("call.redirect", "status=%u code=%d why=\"%s\"", answer->status, answer->code,
                    answer->message); /* it has ended meanwhile, or the core's poll will tell */
}

void calls_say_goodbye(struct server *server, attempt_id attempt, const char *sid)
{
    char url[URL_SIZE];

    snprintf(url, sizeof(url), "%s/voice/told?attempt=%llu&action=%s", server->hook_url,
             (unsigned long long)attempt, answer_action_name(ANSWER_MESSAGE));
    telephony_redirect(server->telephony, sid, url, redirected, NULL);
}

void calls_redirect(struct server *server, attempt_id id, enum answer_action action, agent_id agent,
                    campaign_id campaign)
{
    const struct known_attempt *attempt = traffic_attempt(&server->traffic, id);
    char url[URL_SIZE];

    if (!attempt || !attempt->call_sid[0])
        return;
    if (action == ANSWER_HANG_UP) {
        calls_hang_up(server, id);
        return;
    }
    snprintf(url, sizeof(url), "%s/voice/told?attempt=%llu&action=%s&agent=%llu&campaign=%llu",
             server->hook_url, (unsigned long long)id, answer_action_name(action),
             (unsigned long long)agent, (unsigned long long)campaign);
    telephony_redirect(server->telephony, attempt->call_sid, url, redirected, NULL);
}

/* NULL: not known, and `wanted` is remembered until it is. */
static const char *sid_of(struct server *server, attempt_id id, enum end_wanted wanted)
{
    struct known_attempt *attempt = traffic_attempt(&server->traffic, id);

    if (attempt)
        attempt->ended_by_us = true;
    if (!attempt) /* one that has just made itself heard, or that nothing is known of */
        return server->stray == id && server->stray_sid[0] ? server->stray_sid : NULL;
    if (attempt->call_sid[0])
        return attempt->call_sid;
    attempt->end_wanted = attempt->end_wanted > wanted ? attempt->end_wanted : wanted;
    return NULL;
}

void calls_hang_up(struct server *server, attempt_id id)
{
    const char *sid = sid_of(server, id, END_BY_HANGING_UP);

    if (sid)
        telephony_hang_up(server->telephony, sid, hung_up, NULL);
}

void calls_cancel(struct server *server, attempt_id id)
{
    const char *sid = sid_of(server, id, END_BY_CANCELING);

    if (sid)
        telephony_cancel(server->telephony, sid, canceled, NULL);
}

struct hold_order {
    struct server *server;
    attempt_id attempt;
    agent_id agent;
    bool on;
};

static void hold_order(struct server *server, struct known_attempt *attempt, agent_id agent);

static void held(void *arg, const struct telephony_answer *answer)
{
    struct hold_order order = *(struct hold_order *)arg;
    struct known_attempt *attempt = traffic_attempt(&order.server->traffic, order.attempt);

    free(arg);
    if (answer->outcome != TELEPHONY_DONE)
        log_warning("call.hold", "attempt=%llu status=%u code=%d why=\"%s\"",
                    (unsigned long long)order.attempt, answer->status, answer->code,
                    answer->message); /* the core asks soon how it is there */
    if (!attempt)
        return;
    attempt->hold_asked = false;
    if (attempt->hold_wanted != order.on && !order.server->stopping)
        hold_order(order.server, attempt, order.agent);
}

static void hold_order(struct server *server, struct known_attempt *attempt, agent_id agent)
{
    struct hold_order *order = malloc(sizeof(*order));
    char room[ROOM_NAME_SIZE];

    check(order);
    *order = (struct hold_order){server, attempt->id, agent, attempt->hold_wanted};
    room_name(agent, room);
    struct telephony_member member = {room, attempt->call_sid,
                                      attempt->hold_wanted ? "Hold=true" : "Hold=false"};

    attempt->hold_asked = true;
    telephony_change_member(server->telephony, &member, held, order);
}

void calls_hold(struct server *server, attempt_id id, agent_id agent, bool on)
{
    struct known_attempt *attempt = traffic_attempt(&server->traffic, id);

    if (!attempt || !attempt->call_sid[0])
        return;
    attempt->hold_wanted = on;
    if (!attempt->hold_asked)
        hold_order(server, attempt, agent);
}

static void digits_announced(void *arg, const struct telephony_answer *answer)
{
    struct question question = *(struct question *)arg;
    struct known_attempt *attempt = traffic_attempt(&question.server->traffic, question.attempt);

    free(arg);
    if (answer->outcome == TELEPHONY_DONE)
        return;
    log_warning("call.digits", "attempt=%llu status=%u code=%d why=\"%s\"",
                (unsigned long long)question.attempt, answer->status, answer->code,
                answer->message);
    if (attempt) {
        attempt->digits_asked = false;
        attempt->digits[0] = '\0'; /* too late for whatever they were an answer to */
    }
}

bool calls_send_digits(struct server *server, attempt_id id, agent_id agent, const char *digits)
{
    struct known_attempt *attempt = traffic_attempt(&server->traffic, id);
    char room[ROOM_NAME_SIZE], url[URL_SIZE];
    struct text form;

    if (!attempt || !attempt->call_sid[0] ||
        strlen(attempt->digits) + strlen(digits) >= sizeof(attempt->digits))
        return false;
    strcat(attempt->digits, digits);
    if (attempt->digits_asked)
        return true;
    struct question *question = calloc(1, sizeof(*question));

    check(question);
    *question = (struct question){.server = server, .attempt = id};
    room_name(agent, room);
    snprintf(url, sizeof(url), "%s/voice/digits?attempt=%llu", server->hook_url,
             (unsigned long long)id);
    text_init(&form);
    text_add(&form, "AnnounceMethod=POST&AnnounceUrl=");
    form_encode(slice_from(url), true, &form);
    struct telephony_member member = {room, attempt->call_sid, form.failed ? "" : form.at};

    attempt->digits_asked = true;
    telephony_change_member(server->telephony, &member, digits_announced, question);
    text_release(&form);
    return true;
}

void calls_take_digits(struct server *server, attempt_id id, char digits[DIGITS_SIZE])
{
    struct known_attempt *attempt = traffic_attempt(&server->traffic, id);

    digits[0] = '\0';
    if (!attempt)
        return;
    memcpy(digits, attempt->digits, DIGITS_SIZE);
    attempt->digits[0] = '\0';
    attempt->digits_asked = false;
}

static void polled(struct question *question, enum call_status status, agent_id agent,
                   enum call_held is_held)
{
    struct server *server = question->server;
    struct event event = {.kind = EVENT_CALL_POLLED,
                          .of.call = {.attempt = question->attempt,
                                      .status = status,
                                      .agent = agent,
                                      .poll = question->poll,
                                      .held = is_held,
                                      .hello_us = -1}};

    free(question);
    dialing_feed(server, &event, NULL);
}

static void list_room(struct question *question);

/* Is the call among the room's members? */
static void room_listed(void *arg, const struct telephony_answer *answer)
{
    struct question *question = arg;
    const struct known_attempt *attempt =
        traffic_attempt(&question->server->traffic, question->attempt);
    const json_t *one;
    size_t i;

    if (!attempt || answer->outcome != TELEPHONY_DONE) {
        free(question);
        return;
    }
    json_array_foreach(json_object_get(answer->body, "participants"), i, one)
    {
        const char *sid = json_string_value(json_object_get(one, "call_sid"));

        if (sid && strcmp(sid, attempt->call_sid) == 0) {
            polled(question, CALL_IN_PROGRESS, question->rooms[question->room],
                   json_is_true(json_object_get(one, "hold")) ? HELD_YES : HELD_NO);
            return;
        }
    }
    ++question->room;
    list_room(question);
}

/* The next one in which it may be. */
static void list_room(struct question *question)
{
    char room[ROOM_NAME_SIZE];

    if (question->room == POLL_ROOMS_MAX || !question->rooms[question->room]) {
        polled(question, CALL_IN_PROGRESS, 0, HELD_UNKNOWN);
        return;
    }
    room_name(question->rooms[question->room], room);
    telephony_list_room(question->server->telephony, room, room_listed, question);
}

static void status_known(struct question *question, enum call_status status)
{
    if (status == CALL_IN_PROGRESS)
        list_room(question);
    else
        polled(question, status, 0, HELD_UNKNOWN);
}

static void call_read(void *arg, const struct telephony_answer *answer)
{
    struct question *question = arg;
    struct telephony_call call;

    if (answer->outcome == TELEPHONY_DONE && telephony_call_of(answer->body, &call))
        status_known(question, status_of(call.status));
    else if (answer->outcome == TELEPHONY_REFUSED && answer->status == 404)
        polled(question, CALL_NOT_FOUND, 0, HELD_UNKNOWN);
    else
        free(question);
}

static bool is_known(void *arg, const char *sid)
{
    return traffic_attempt_of_call(&((struct server *)arg)->traffic, sid) != NULL;
}

/* The call of an attempt whose SID nobody told us. */
static bool find_call(struct server *server, const struct known_attempt *attempt,
                      const json_t *calls, struct telephony_call *found)
{
    struct lost_call lost = {.attempt = attempt->record.id,
                             .ordered_at = attempt->record.ordered_at ? attempt->record.ordered_at
                                                                      : attempt->record.planned_at,
                             .doubt = server->clock_leapt,
                             .is_known = is_known,
                             .arg = server};

    return lost_call_find(&lost, calls, found);
}

static void calls_listed(void *arg, const struct telephony_answer *answer)
{
    struct question *question = arg;
    struct server *server = question->server;
    struct known_attempt *attempt = traffic_attempt(&server->traffic, question->attempt);
    struct telephony_call call;

    if (!attempt || attempt->ordering || answer->outcome != TELEPHONY_DONE) {
        free(question);
    } else if (!find_call(server, attempt, json_object_get(answer->body, "calls"), &call)) {
        polled(question, CALL_NOT_FOUND, 0, HELD_UNKNOWN);
    } else {
        log_event("call.found", "attempt=%llu call=%s", (unsigned long long)question->attempt,
                  call.sid);
        calls_learn_sid(server, question->attempt, call.sid);
        status_known(question, status_of(call.status));
    }
}

void calls_poll(struct server *server, attempt_id id, uint32_t poll,
                const agent_id rooms[POLL_ROOMS_MAX])
{
    const struct known_attempt *attempt = traffic_attempt(&server->traffic, id);

    if (!attempt || attempt->ordering || !server->voice_is_up)
        return; /* there is nothing to be learnt yet; the core asks again */
    struct question *question = calloc(1, sizeof(*question));

    check(question);
    *question = (struct question){.server = server, .attempt = id, .poll = poll};
    memcpy(question->rooms, rooms, sizeof(question->rooms));
    if (attempt->call_sid[0])
        telephony_read_call(server->telephony, attempt->call_sid, call_read, question);
    else
        telephony_list_calls(server->telephony, attempt->e164, calls_listed, question);
}
