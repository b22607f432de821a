#include "api/live.h"

#include <math.h>
#include <stdlib.h>

#include "server/reply.h"
#include "server/server.h"

extern const char openapi_json[];
extern const size_t openapi_json_size;

enum { COMMITS_SHOWN = 1000 };

static json_t *milliseconds(int64_t us)
{
    return us < 0 ? json_null() : json_real((double)us / 1000.0);
}

static int by_id(const void *a, const void *b)
{
    const struct roster_agent *x = *(struct roster_agent *const *)a;
    const struct roster_agent *y = *(struct roster_agent *const *)b;

    return x->id < y->id ? -1 : x->id > y->id;
}

static json_t *agents_of(const struct server *server, json_t *by_activity)
{
    const struct table *all = &server->roster.agents;
    const struct roster_agent **list = calloc(all->count + 1, sizeof(*list));
    size_t counts[AGENT_ACTIVITY_COUNT] = {0};
    json_t *items = json_array();
    struct table_slot *slot;
    size_t at = 0, count = 0;

    while (list && (slot = table_next(all, &at))) {
        const struct roster_agent *agent = slot->value;

        if (!agent->removed)
            list[count++] = agent;
    }
    if (count)
        qsort(list, count, sizeof(*list), by_id);
    for (size_t i = 0; i < count; i++) {
        const struct agent_record *record = &list[i]->record;
        const struct reservation_record *held = &list[i]->reservation;
        bool busy = held->id && reservation_is_live(held->status) && held->attempt;

        counts[record->activity]++;
        json_array_append_new(
            items,
            json_pack("{s:I, s:s, s:s, s:s, s:o, s:o}", "id", (json_int_t)list[i]->id, "name",
                      list[i]->name, "activity", agent_activity_name(record->activity), "line",
                      leg_state_name(record->leg), "since", reply_time(record->since), "attempt",
                      busy ? json_integer((json_int_t)held->attempt) : json_null()));
    }
    for (int i = 0; i < AGENT_ACTIVITY_COUNT; i++)
        json_object_set_new(by_activity, agent_activity_name((enum agent_activity)i),
                            json_integer((json_int_t)counts[i]));
    free(list);
    return items;
}

static json_t *campaigns_of(const struct server *server)
{
    json_t *items = json_array();
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&server->roster.campaigns, &at))) {
        const struct roster_campaign *campaign = slot->value;

        json_array_append_new(items, json_pack("{s:I, s:s, s:s, s:s}", "id",
                                               (json_int_t)campaign->id, "name", campaign->name,
                                               "state", campaign_state_name(campaign->state),
                                               "mode", campaign_mode_name(campaign->options.mode)));
    }
    return items;
}

static json_t *spread_of(const struct recent *recent, uint64_t last)
{
    struct recent_spread spread;

    recent_spread(recent, last, &spread);
    return json_pack("{s:I, s:o, s:o, s:o, s:o}", "count", (json_int_t)spread.count, "p50",
                     milliseconds(spread.p50_us), "p95", milliseconds(spread.p95_us), "p99",
                     milliseconds(spread.p99_us), "max", milliseconds(spread.max_us));
}

json_t *live_snapshot(const struct server *server)
{
    const struct figures *figures = &server->live.figures;
    json_t *calls = json_object(), *results = json_object(), *by_activity = json_object();
    double percent = figures->ledger.answered_live ? 100.0 * (double)figures->ledger.abandoned /
                                                         (double)figures->ledger.answered_live
                                                   : 0.0;

    for (int i = 0; i < ATTEMPT_ENDED; i++)
        json_object_set_new(calls, attempt_state_name((enum attempt_state)i),
                            json_integer((json_int_t)figures->by_state[i]));
    for (int i = RESULT_NONE + 1; i < RESULT_COUNT; i++)
        json_object_set_new(results, attempt_result_name((enum attempt_result)i),
                            json_integer((json_int_t)figures->by_result[i]));
    json_t *agents = agents_of(server, by_activity);

    return json_pack(
        "{s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:{s:I, s:I, s:f}, s:I}",
        "at", reply_time(server_now(server)), "since", reply_time(server->started_at),
        "voice_is_up", (int)server->voice_is_up, "held", holds_json(server), "agents", agents,
        "agents_by_activity", by_activity, "calls", calls, "campaigns", campaigns_of(server),
        "attempts", (json_int_t)figures->attempts, "results", results, "hello_latency_ms",
        spread_of(&server->live.hello, RECENT_MAX), "commit_ms",
        spread_of(keeper_commits(server->keeper), COMMITS_SHOWN), "abandoned", "answered_live",
        (json_int_t)figures->ledger.answered_live, "abandoned",
        (json_int_t)figures->ledger.abandoned, "percent", round(percent * 1000.0) / 1000.0,
        "forged_webhooks", (json_int_t)server->forged_count);
}

void api_live(struct api_call *call)
{
    api_reply(call, 200, live_snapshot(call->server));
}

void api_health(struct api_call *call)
{
    const struct server *server = call->server;
    json_t *held = holds_json(server);
    const char *status = !server->recovered      ? "starting"
                         : !server->voice_is_up  ? "no-voice"
                         : json_array_size(held) ? "held"
                                                 : "ok";

    api_reply(
        call, 200,
        json_pack("{s:s, s:s, s:o}", "status", status, "version", OUTDIAL_VERSION, "held", held));
}

void api_openapi(struct api_call *call)
{
    http_request_reply(call->request, 200, "application/json", openapi_json, openapi_json_size);
}
