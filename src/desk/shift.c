#include "desk/shift.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/callbacks.h"
#include "desk/desk_inside.h"
#include "server/dialing.h"

enum { KEY_SIZE = 40, CALLS_LOOKED_AT = 2000, CALLBACKS_FRESH_S = 60, FINISH_BEFORE_MS = 200 };

struct shift *shift_of(struct server *server, agent_id id)
{
    struct shift *shift = table_get_id(&server->desks->shifts, id);

    if (shift)
        return shift;
    shift = calloc(1, sizeof(*shift));
    if (!shift)
        return NULL;
    shift->server = server;
    shift->agent = id;
    if (table_put_id(&server->desks->shifts, id, shift) == 0)
        return shift;
    free(shift);
    return NULL;
}

void shift_free(struct server *server, struct shift *shift)
{
    loop_timer_stop(server->loop, &shift->finish);
    json_decref(shift->callbacks);
    json_decref(shift->call);
    free(shift);
}

/* ---- the shift so far: when it began is kept, its conversations are counted again ---- */

struct line {
    struct server *server;
    agent_id agent;
    instant begins, talked;
    uint32_t calls, looked_at;
    campaign_id campaigns[AGENT_CAMPAIGNS_MAX]; /* chosen; none: all */
    uint8_t campaign_count;
};

static void key_of(agent_id agent, char key[KEY_SIZE])
{
    snprintf(key, KEY_SIZE, "shift.%llu", (unsigned long long)agent);
}

static int take_begin(void *arg, const struct store_record *record)
{
    struct line *line = arg;
    struct slice rest = slice_from(record->of.meta.value);
    int64_t value;

    if (slice_to_i64(slice_cut(&rest, ' '), 0, INT64_MAX, &value) == 0)
        line->begins = value;
    while (rest.size && line->campaign_count < AGENT_CAMPAIGNS_MAX)
        if (slice_to_i64(slice_cut(&rest, ' '), 1, INT64_MAX, &value) == 0)
            line->campaigns[line->campaign_count++] = (campaign_id)value;
    return 0;
}

static int take_call(void *arg, const struct store_record *record)
{
    const struct attempt_record *core = &record->of.attempt.core;
    struct line *line = arg;

    if (core->planned_at < line->begins || ++line->looked_at > CALLS_LOOKED_AT)
        return ECANCELED;
    if (core->conversed && core->bridged_at && core->ended_at) {
        line->calls++;
        line->talked += core->ended_at - core->bridged_at;
    }
    return 0;
}

static int read_line(struct store *store, void *arg)
{
    struct line *line = arg;
    struct store_query begin = store_query_of(STORE_META), calls = store_query_of(STORE_ATTEMPT);
    char key[KEY_SIZE];

    key_of(line->agent, key);
    begin.text = key;
    calls.agent = line->agent;
    calls.newest_first = true;
    calls.limit = CALLS_LOOKED_AT;
    line->begins = line->talked = 0;
    line->calls = line->looked_at = 0;
    line->campaign_count = 0;
    int err = store_each(store, &begin, take_begin, line);

    if (!err && line->begins)
        err = store_each(store, &calls, take_call, line);
    return err == ECANCELED ? 0 : err;
}

static int write_begin(struct store *store, void *arg)
{
    const struct line *line = arg;
    char key[KEY_SIZE];
    struct text value;

    key_of(line->agent, key);
    text_init(&value);
    text_addf(&value, "%lld", (long long)line->begins);
    for (uint8_t i = 0; i < line->campaign_count; i++)
        text_addf(&value, " %llu", (unsigned long long)line->campaigns[i]);
    struct store_record record = {.kind = STORE_META, .of.meta = {.key = key, .value = value.at}};
    int err = value.failed ? ENOMEM : store_put(store, &record);

    text_release(&value);
    return err;
}

static void begin_written(void *arg, int err)
{
    free(arg);
}

/* A restart in the shift finds it again; a disk that refuses costs the figures only. */
static void keep_begin(struct server *server, const struct shift *shift)
{
    const struct roster_agent *agent = roster_agent(&server->roster, shift->agent);
    struct line *line = calloc(1, sizeof(*line));

    if (!line)
        return;
    line->agent = shift->agent;
    line->begins = shift->since;
    if (agent) {
        memcpy(line->campaigns, agent->shift_campaigns, sizeof(line->campaigns));
        line->campaign_count = agent->shift_campaign_count;
    }
    keeper_post(server->keeper, KEEPER_WRITE, write_begin, begin_written, line);
}

static void line_read(void *arg, int err)
{
    struct line *line = arg;
    struct server *server = line->server;
    struct shift *shift = server->stopping ? NULL : shift_of(server, line->agent);
    struct roster_agent *agent = roster_agent(&server->roster, line->agent);

    if (shift) {
        shift->reading = false;
        shift->read = true;
        if (!err && line->begins && !shift->since && shift->activity != AGENT_OFFLINE) {
            shift->since = line->begins;
            shift->calls = line->calls;
            shift->talked = line->talked;
            if (line->campaign_count && agent && !agent->shift_campaign_count)
                (void)shift_serves(server, agent, line->campaigns, line->campaign_count);
        }
        server_touch(server, line->agent);
        server_tell(server);
    }
    free(line);
}

static void want_line(struct server *server, struct shift *shift)
{
    struct line *line = calloc(1, sizeof(*line));

    if (!line)
        return;
    line->server = server;
    line->agent = shift->agent;
    shift->reading = true;
    keeper_post(server->keeper, KEEPER_READ, read_line, line_read, line);
}

static void callbacks_read(void *arg, struct server *server, agent_id agent, json_t *items)
{
    struct shift *shift = shift_of(server, agent);

    (void)arg;
    if (!shift) {
        json_decref(items);
        return;
    }
    shift->callbacks_reading = false;
    if (!items || json_equal(shift->callbacks, items)) {
        json_decref(items);
        return;
    }
    json_decref(shift->callbacks);
    shift->callbacks = items;
    server_touch(server, agent);
    server_tell(server);
}

void shift_want(struct server *server, struct shift *shift)
{
    instant now = loop_now(server->loop);

    if (!shift->read && !shift->reading)
        want_line(server, shift);
    if (shift->callbacks_reading ||
        (shift->callbacks && now - shift->callbacks_at < CALLBACKS_FRESH_S * SECOND))
        return;
    shift->callbacks_reading = true;
    shift->callbacks_at = now; /* 0 again by a promise made meanwhile */
    callbacks_ask(server, shift->agent, true, callbacks_read, NULL);
}

bool shift_serves(struct server *server, struct roster_agent *agent, const campaign_id *campaigns,
                  uint8_t count)
{
    struct fed fed;

    memcpy(agent->shift_campaigns, campaigns, count * sizeof(*campaigns));
    agent->shift_campaign_count = count;
    struct event event = {.kind = EVENT_AGENT_CHANGED, .of.agent = {.record = agent->record}};

    event.of.agent.campaign_count =
        roster_agent_campaigns(&server->roster, agent, event.of.agent.campaigns);
    dialing_feed(server, &event, &fed);
    return !fed.refused;
}

/* ---- as it goes ---- */

static void finish_picked(void *arg)
{
    struct shift *shift = arg;
    struct server *server = shift->server;
    const struct roster_agent *agent = roster_agent(&server->roster, shift->agent);

    if (agent && agent->record.activity == AGENT_WRAP_UP &&
        agent->reservation.attempt == shift->picked.attempt)
        desk_finish(server, shift);
}

/* A verdict that was picked counts when the time is over, not the campaign's own one. */
static void arm(struct server *server, struct shift *shift, const struct roster_agent *agent)
{
    instant at = agent->reservation.until - server->clock_offset - FINISH_BEFORE_MS * MILLISECOND;

    if (shift->picked.attempt && agent->record.activity == AGENT_WRAP_UP &&
        agent->reservation.until && agent->reservation.attempt == shift->picked.attempt) {
        if (loop_timer_start(server->loop, &shift->finish, at, finish_picked, shift) == 0)
            return;
    }
    loop_timer_stop(server->loop, &shift->finish);
}

void shift_see(struct server *server, struct shift *shift, const struct roster_agent *agent)
{
    const struct agent_record *record = &agent->record;
    instant now = server_now(server);

    if (record->activity != shift->activity || record->since != shift->activity_since) {
        if (shift->activity == AGENT_ON_CALL && shift->read) {
            shift->calls++;
            shift->talked += record->since - shift->activity_since;
        }
        if (record->activity == AGENT_OFFLINE) {
            shift->since = shift->talked = 0;
            shift->calls = 0;
            shift->needs_help = false;
            shift->picked.attempt = 0;
            if (shift->seen)
                keep_begin(server, shift); /* none runs */
        } else if (shift->activity == AGENT_OFFLINE && shift->seen) {
            shift->since = record->since;
            shift->read = true;
            keep_begin(server, shift);
        }
        shift->activity = record->activity;
        shift->activity_since = record->since;
    }
    if (record->leg == LEG_REJOINING && shift->leg == LEG_CONNECTED) {
        shift->lost_at = now;
        shift->back_at = 0;
    } else if (record->leg == LEG_CONNECTED && shift->leg == LEG_REJOINING && shift->lost_at) {
        shift->back_at = now;
    } else if (record->leg == LEG_NONE) {
        shift->lost_at = shift->back_at = 0;
    }
    shift->leg = record->leg;
    shift->seen = true;
    arm(server, shift, agent);
}
