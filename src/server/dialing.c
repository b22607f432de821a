#include "server/dialing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/effects.h"
#include "server/journaling.h"
#include "server/server.h"

/* One feed on its way through the store: what is to be written, and what waits for it. */
struct turn {
    struct server *server;
    instant at;
    campaign_id campaign; /* of the reservation or attempt it is about, for the time line */
    attempt_id attempt;
    size_t journal_size;
    uint8_t *journal;
    struct written {
        struct store_record record;
        bool forbids;     /* EFFECT_RECORD_DO_NOT_CALL */
        bool passed_over; /* the store knows no such row: written off, and said */
        bool new_activity;
        number_id number;
        person_id person;
        attempt_id attempt;
        char *call_sid, *caller_id, *note; /* owned copies of the record's texts */
    } * written;
    size_t written_count, written_room;
    struct effect *acts;
    size_t act_count, act_room;
};

static void *grow(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    *room = *room ? 2 * *room : 4;
    list = realloc(list, *room * size);
    check(
        list); /* a decision that cannot be written down is none: stop, and start again from the store */
    return list;
}

static struct turn *turn_new(struct server *server, instant now)
{
    struct turn *turn = calloc(1, sizeof(*turn));

    check(turn);
    turn->server = server;
    turn->at = now;
    return turn;
}

static void turn_add_journal(struct turn *turn, const struct event *event,
                             struct journal_outcome *outcome)
{
    uint8_t bytes[JOURNALING_ROW_MAX];

    turn->journal_size = journaling_row(turn->server, turn->at, event, outcome, bytes);
    turn->journal = malloc(turn->journal_size);
    check(turn->journal);
    memcpy(turn->journal, bytes, turn->journal_size);
}

static void turn_free(struct turn *turn)
{
    for (size_t i = 0; i < turn->written_count; i++) {
        free(turn->written[i].call_sid);
        free(turn->written[i].caller_id);
        free(turn->written[i].note);
    }
    free(turn->written);
    free(turn->acts);
    free(turn->journal);
    free(turn);
}

static void turn_add_record(struct turn *turn, const struct effect *effect)
{
    turn->written =
        grow(turn->written, turn->written_count, &turn->written_room, sizeof(*turn->written));
    struct written *one = &turn->written[turn->written_count++];

    *one = (struct written){.forbids = effect->kind == EFFECT_RECORD_DO_NOT_CALL};
    if (one->forbids) {
        one->number = effect->of.contact.number;
        one->person = effect->of.contact.person;
        one->attempt = effect->of.contact.attempt;
        return;
    }
    one->new_activity = effects_record(turn->server, effect, &one->record);
    if (one->record.kind == STORE_RESERVATION) {
        turn->campaign = one->record.of.reservation.campaign;
        turn->attempt = one->record.of.reservation.attempt;
    }
    if (one->record.kind != STORE_ATTEMPT)
        return;
    struct store_attempt *attempt = &one->record.of.attempt;

    if (attempt->call_sid)
        attempt->call_sid = one->call_sid = strdup(attempt->call_sid);
    if (attempt->caller_id)
        attempt->caller_id = one->caller_id = strdup(attempt->caller_id);
    if (attempt->note)
        attempt->note = one->note = strdup(attempt->note);
}

/* Nothing hangs on these any more; their last acts have been done. */
static void drop_closed(const struct turn *turn)
{
    for (size_t i = 0; i < turn->written_count; i++) {
        const struct written *one = &turn->written[i];
        struct known_attempt *attempt;

        if (one->forbids || one->record.kind != STORE_ATTEMPT || one->record.of.attempt.core.open)
            continue;
        attempt = traffic_attempt(&turn->server->traffic, one->record.of.attempt.core.id);
        if (attempt)
            traffic_drop_attempt(&turn->server->traffic, attempt);
    }
}

static void turn_add_act(struct turn *turn, const struct effect *effect)
{
    turn->acts = grow(turn->acts, turn->act_count, &turn->act_room, sizeof(*turn->acts));
    turn->acts[turn->act_count++] = *effect;
}

static int keep_row(void *arg, const struct store_record *record)
{
    *(struct store_record *)arg = *record;
    return 0;
}

/* The agent's time line: the stretch that is open ends, another begins. */
static int write_activity(struct store *store, const struct turn *turn,
                          const struct agent_record *agent)
{
    struct store_query query = store_query_of(STORE_ACTIVITY);
    struct store_record open = {.of.activity.id = 0};

    query.agent = agent->id;
    query.open_only = true;
    int err = store_each(store, &query, keep_row, &open);

    if (!err && open.of.activity.id) {
        if (open.of.activity.activity == agent->activity &&
            open.of.activity.break_code == agent->break_code)
            return 0;
        open.of.activity.ended_at = turn->at;
        err = store_put(store, &open);
    }
    if (err || agent->activity == AGENT_OFFLINE)
        return err;
    struct store_record fresh = {.kind = STORE_ACTIVITY,
                                 .of.activity = {.agent = agent->id,
                                                 .activity = agent->activity,
                                                 .break_code = agent->break_code,
                                                 .campaign = turn->campaign,
                                                 .attempt = turn->attempt,
                                                 .begun_at = turn->at}};

    return store_put(store, &fresh);
}

static int write_one(struct store *store, const struct turn *turn, struct written *one)
{
    if (one->forbids)
        return store_forbid(store, one->number, one->person, one->attempt, turn->at);
    int err = store_put(store, &one->record);

    if (!err && one->new_activity)
        err = write_activity(store, turn, &one->record.of.agent.core);
    return err;
}

/* In the store thread; may run more than once. */
static int turn_write(struct store *store, void *arg)
{
    struct turn *turn = arg;
    uint64_t sequence;
    int err = store_journal_append(store, turn->at, turn->journal, turn->journal_size, &sequence);

    for (size_t i = 0; !err && i < turn->written_count; i++) {
        struct written *one = &turn->written[i];

        if (one->passed_over)
            continue;
        err = write_one(store, turn, one);
        if (!err)
            continue;
        one->passed_over = err == ENOENT || err == EINVAL || err == EEXIST;
        log_error("store.put", "kind=%d id=%llu errno=%d why=\"%s\"",
                  one->forbids ? -1 : (int)one->record.kind,
                  one->forbids ? 0ULL : (unsigned long long)one->record.of.id, err,
                  store_why(store));
    }
    return err;
}

static void turn_done(void *arg, int err)
{
    struct turn *turn = arg;
    struct server *server = turn->server;

    if (!err && !server->stopping) {
        for (size_t i = 0; i < turn->act_count; i++)
            effects_act(server, &turn->acts[i]);
        server_tell(server);
        for (size_t i = 0; i < turn->written_count; i++) {
            const struct written *one = &turn->written[i];

            if (!one->forbids && one->record.kind == STORE_ATTEMPT &&
                one->record.of.attempt.core.state == ATTEMPT_PLANNED) {
                struct event event = {.kind = EVENT_ATTEMPT_COMMITTED,
                                      .of.attempt_id = one->record.of.id};

                dialing_feed(server, &event, NULL);
            }
        }
    }
    turn_free(turn);
}

static void note(struct fed *fed, const struct effect *effect)
{
    if (effect->kind == EFFECT_REFUSE) {
        fed->refused = true;
        fed->refusal = effect->of.refuse.refusal;
        fed->until = effect->of.refuse.until;
    } else if (effect->kind == EFFECT_ANSWER_CALL) {
        fed->answered = true;
        fed->action = effect->of.answer.action;
        fed->agent = effect->of.answer.agent;
        fed->campaign = effect->of.answer.campaign;
    }
}

void dialing_feed(struct server *server, struct event *event, struct fed *fed)
{
    struct fed unread;
    struct effect effect;
    instant now = instant_max(server_now(server), server->fed_at);

    check(!server->feeding);
    if (server->stopping)
        return;
    server->feeding = true;
    server->fed_at = now;
    event->request = ++server->request_next;
    fed = fed ? fed : &unread;
    *fed = (struct fed){.refused = false};

    struct turn *turn = turn_new(server, now);
    struct journal_outcome outcome = {.effect_count = 0};

    journaling_sets(server);
    dialer_feed(server->dialer, now, event);
    while (dialer_drain(server->dialer, &effect)) {
        journal_outcome_add(&outcome, &effect);
        if (effect_is_record(effect.kind))
            turn_add_record(turn, &effect);
        else if (effect.kind == EFFECT_REFUSE || effect.kind == EFFECT_ANSWER_CALL)
            note(fed, &effect);
        else if (effect_waits_for_commit(effect.kind))
            turn_add_act(turn, &effect);
        else
            effects_act(server, &effect);
    }
    turn_add_journal(turn, event, &outcome);
    drop_closed(turn);
    keeper_post(server->keeper, KEEPER_MUST, turn_write, turn_done, turn);
    server_tell(server); /* what the pages read of the store stands behind what was written */
    server->feeding = false;
    dialing_wake(server);
}

static void time_passed(void *arg)
{
    struct event event = {.kind = EVENT_TIME_PASSED};

    dialing_feed(arg, &event, NULL);
}

void dialing_wake(struct server *server)
{
    instant deadline = dialer_deadline(server->dialer);
    /* The core's "now" is never asked for twice in one step of the loop: a millisecond is a step. */
    instant at = deadline == INSTANT_NEVER ? INSTANT_NEVER
                                           : instant_max(deadline - server->clock_offset,
                                                         loop_now(server->loop) + MILLISECOND);

    if (deadline == INSTANT_NEVER)
        loop_timer_stop(server->loop, &server->wake);
    else if (loop_timer_start(server->loop, &server->wake, at, time_passed, server) != 0)
        check(!"room for one more timer");
}
