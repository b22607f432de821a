#include "api/report.h"

#include <errno.h>
#include <math.h>

static json_t *milliseconds(int64_t us)
{
    return us < 0 ? json_null() : json_real((double)us / 1000.0);
}

static json_t *seconds(int64_t us)
{
    return json_real((double)(us / 1000) / 1000.0);
}

static json_t *leads_of(const struct store_figures *figures)
{
    json_t *json = json_object();

    for (int state = 0; state < LEAD_STATE_COUNT; state++)
        json_object_set_new(json, lead_state_name((enum lead_state)state),
                            json_integer((json_int_t)figures->leads_by_state[state]));
    return json;
}

static json_t *results_of(const struct figures *figures)
{
    json_t *json = json_object();

    for (int result = RESULT_NONE + 1; result < RESULT_COUNT; result++)
        json_object_set_new(json, attempt_result_name((enum attempt_result)result),
                            json_integer((json_int_t)figures->by_result[result]));
    return json;
}

static json_t *abandonment_of(const struct abandonment_ledger *ledger)
{
    double percent = ledger->answered_live
                         ? 100.0 * (double)ledger->abandoned / (double)ledger->answered_live
                         : 0.0;

    return json_pack("{s:I, s:I, s:f}", "answered_live", (json_int_t)ledger->answered_live,
                     "abandoned", (json_int_t)ledger->abandoned, "percent",
                     round(percent * 1000.0) / 1000.0);
}

static int take_agent(void *arg, const struct store_agent_figures *figures)
{
    json_t *activities = json_object(), *reservations = json_object();

    for (int i = 0; i < AGENT_ACTIVITY_COUNT; i++)
        json_object_set_new(activities, agent_activity_name((enum agent_activity)i),
                            seconds(figures->activity_us[i]));
    for (int i = 0; i < RESERVATION_STATUS_COUNT; i++)
        json_object_set_new(reservations, reservation_status_name((enum reservation_status)i),
                            json_integer((json_int_t)figures->reservations[i]));
    json_t *agent =
        json_pack("{s:I, s:s, s:I, s:o, s:o, s:o, s:o}", "id", (json_int_t)figures->agent, "name",
                  figures->name ? figures->name : "", "calls", (json_int_t)figures->calls, "talk_s",
                  seconds(figures->talk_us), "wrap_up_s", seconds(figures->wrap_up_us),
                  "activity_s", activities, "reservations", reservations);

    return json_array_append_new(arg, agent) == 0 ? 0 : ENOMEM;
}

static int take_difference(void *arg, const char *difference)
{
    return json_array_append_new(arg, json_string(difference)) == 0 ? 0 : ENOMEM;
}

int report_make(struct store *store, campaign_id campaign, instant now, json_t **reportp)
{
    struct store_figures figures;
    json_t *agents = json_array(), *differences = json_array();
    int err = agents && differences ? 0 : ENOMEM;

    if (!err)
        err = store_figures(store, campaign, &figures);
    if (!err)
        err = store_figures_agents(store, campaign, now, take_agent, agents);
    if (!err)
        err = store_balance(store, campaign, take_difference, differences);
    if (err) {
        json_decref(agents);
        json_decref(differences);
        return err;
    }
    const struct figures *attempts = &figures.attempts;
    json_t *balance = json_incref(differences);

    if (json_array_size(differences) == 0) {
        json_decref(balance);
        balance = json_string("ok");
    }
    json_decref(differences);
    *reportp = json_pack(
        "{s:o, s:I, s:I, s:o, s:{s:I, s:o, s:o, s:o, s:o}, s:o, s:o, s:o}", "leads",
        leads_of(&figures), "attempts", (json_int_t)attempts->attempts, "open",
        (json_int_t)attempts->open, "results", results_of(attempts), "hello_latency_ms", "count",
        (json_int_t)attempts->hello_count, "p50", milliseconds(figures.hello_p50_us), "p95",
        milliseconds(figures.hello_p95_us), "p99", milliseconds(figures.hello_p99_us), "max",
        milliseconds(figures.hello_max_us), "abandoned", abandonment_of(&attempts->ledger),
        "agents", agents, "balance", balance);
    return *reportp ? 0 : ENOMEM;
}
