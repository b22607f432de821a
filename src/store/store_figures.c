#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/ops.h"

/* What a report needs: the counters as kept, quantiles from their index, and the agents' shares. */

struct leads_of_import {
    struct store *store;
    struct store_figures *figures;
};

static int is_published(struct store *store, uint64_t import, bool *published)
{
    struct row row;
    int err;

    *published = true;
    if (!import)
        return 0;
    err = store_read(store, STORE_IMPORT, import, &row);
    *published = !err && row.record.of.import.state == IMPORT_PUBLISHED;
    return err == ENOENT ? 0 : err;
}

static int add_counts(void *arg, const struct row *row)
{
    struct leads_of_import *leads = arg;
    bool published;
    int err = is_published(leads->store, row->import, &published);

    for (size_t i = 0; i < LEAD_STATE_COUNT && !err && published; i++) {
        leads->figures->leads_by_state[i] += row->lead_counts[i];
        leads->figures->leads += row->lead_counts[i];
    }
    return err;
}

/* What a transaction has changed already stands in memory; the rest is in the rows. */
static int sum_leads(struct store *store, uint64_t campaign, struct store_figures *figures)
{
    struct leads_of_import leads = {store, figures};
    struct scan scan;

    scan_init(&scan, KIND_LEAD_COUNTS);
    scan_where(&scan, "campaign_id", CONDITION_EQUAL, (int64_t)campaign);
    return store_scan(store, &scan, add_counts, &leads);
}

static int note_hello(void *arg, const struct row *row)
{
    *(int64_t *)arg = row->record.of.attempt.core.hello_us;
    return 0;
}

/* The value with so many per cent of all at or below it: exact, by its rank. */
static int hello_at(struct store *store, uint64_t campaign, uint64_t count, uint64_t percent,
                    int64_t *hello_us)
{
    uint64_t rank = (count * percent + 99) / 100;
    struct scan scan;

    *hello_us = -1;
    if (!count)
        return 0;
    scan_init(&scan, STORE_ATTEMPT);
    scan_where(&scan, "campaign_id", CONDITION_EQUAL, (int64_t)campaign);
    scan_where(&scan, "hello_us", CONDITION_AT_LEAST, 0);
    scan.order = ORDER_HELLO;
    scan.limit = 1;
    scan.offset = rank ? rank - 1 : 0;
    return store_scan(store, &scan, note_hello, hello_us);
}

int store_figures(struct store *store, campaign_id campaign, struct store_figures *figures)
{
    struct kept_figures *kept;
    uint64_t count;
    int err = 0;

    store->why = NULL;
    memset(figures, 0, sizeof(*figures));
    if (store->reader)
        kept_forget(store);
    else if (store->in_transaction)
        err = kept_flush(store);
    if (!err)
        err = kept_figures_of(store, campaign, &kept);
    if (err)
        return err;
    figures->attempts = kept->figures;
    err = sum_leads(store, campaign, figures);
    count = figures->attempts.hello_count;
    if (!err)
        err = hello_at(store, campaign, count, 50, &figures->hello_p50_us);
    if (!err)
        err = hello_at(store, campaign, count, 95, &figures->hello_p95_us);
    if (!err)
        err = hello_at(store, campaign, count, 99, &figures->hello_p99_us);
    if (!err)
        err = hello_at(store, campaign, count, 100, &figures->hello_max_us);
    return err;
}

struct agents {
    struct store_agent_figures *figures;
    char **names;
    size_t count, room;
    struct table by_id;
    instant now;
};

static int add_agent(struct agents *agents, uint64_t id, const char *name)
{
    if (agents->count == agents->room) {
        size_t room = agents->room ? 2 * agents->room : 64;
        struct store_agent_figures *figures =
            realloc(agents->figures, room * sizeof(*agents->figures));
        char **names;

        if (!figures)
            return ENOMEM;
        agents->figures = figures;
        names = realloc(agents->names, room * sizeof(*names));
        if (!names)
            return ENOMEM;
        agents->names = names;
        agents->room = room;
    }
    memset(&agents->figures[agents->count], 0, sizeof(agents->figures[0]));
    agents->figures[agents->count].agent = id;
    agents->names[agents->count] = strdup(name);
    if (!agents->names[agents->count])
        return ENOMEM;
    agents->count++;
    return table_put_id(&agents->by_id, id, (void *)(uintptr_t)agents->count);
}

static struct store_agent_figures *agent_of(struct agents *agents, uint64_t id)
{
    uintptr_t place = (uintptr_t)table_get_id(&agents->by_id, id);

    return place ? &agents->figures[place - 1] : NULL;
}

static int see_agent(void *arg, const struct row *row)
{
    return add_agent(arg, row->record.of.agent.core.id, row->record.of.agent.name);
}

static int see_attempt(void *arg, const struct row *row)
{
    const struct attempt_record *attempt = &row->record.of.attempt.core;
    struct agents *agents = arg;
    struct store_agent_figures *figures = agent_of(agents, attempt->agent);

    if (!figures || !attempt->conversed || !attempt->bridged_at)
        return 0;
    figures->calls++;
    figures->talk_us += (attempt->ended_at ? attempt->ended_at : agents->now) - attempt->bridged_at;
    if (attempt->wrapped_at > attempt->ended_at && attempt->ended_at)
        figures->wrap_up_us += attempt->wrapped_at - attempt->ended_at;
    return 0;
}

static int see_reservation(void *arg, const struct row *row)
{
    const struct reservation_record *reservation = &row->record.of.reservation;
    struct store_agent_figures *figures = agent_of(arg, reservation->agent);

    if (figures && reservation->status < RESERVATION_STATUS_COUNT)
        figures->reservations[reservation->status]++;
    return 0;
}

static int see_activity(void *arg, const struct row *row)
{
    const struct store_activity *activity = &row->record.of.activity;
    struct agents *agents = arg;
    struct store_agent_figures *figures = agent_of(agents, activity->agent);
    instant end = activity->ended_at ? activity->ended_at : agents->now;

    if (figures && activity->activity < AGENT_ACTIVITY_COUNT && end > activity->begun_at)
        figures->activity_us[activity->activity] += end - activity->begun_at;
    return 0;
}

static int look(struct store *store, int kind, uint64_t campaign, scan_fn see, void *arg)
{
    struct scan scan;

    scan_init(&scan, kind);
    if (campaign)
        scan_where(&scan, "campaign_id", CONDITION_EQUAL, (int64_t)campaign);
    return store_scan(store, &scan, see, arg);
}

static bool had_anything(const struct store_agent_figures *figures)
{
    if (figures->calls)
        return true;
    for (size_t i = 0; i < RESERVATION_STATUS_COUNT; i++) {
        if (figures->reservations[i])
            return true;
    }
    for (size_t i = 0; i < AGENT_ACTIVITY_COUNT; i++) {
        if (figures->activity_us[i])
            return true;
    }
    return false;
}

int store_figures_agents(struct store *store, campaign_id campaign, instant now,
                         store_agent_figures_fn row, void *arg)
{
    struct agents agents = {.now = now};
    int err;

    store->why = NULL;
    table_init(&agents.by_id);
    err = look(store, STORE_AGENT, 0, see_agent, &agents);
    if (!err)
        err = look(store, STORE_ATTEMPT, campaign, see_attempt, &agents);
    if (!err)
        err = look(store, STORE_RESERVATION, campaign, see_reservation, &agents);
    if (!err)
        err = look(store, STORE_ACTIVITY, 0, see_activity, &agents);
    for (size_t i = 0; i < agents.count && !err; i++) {
        agents.figures[i].name = agents.names[i];
        if (had_anything(&agents.figures[i]))
            err = row(arg, &agents.figures[i]);
    }
    for (size_t i = 0; i < agents.count; i++)
        free(agents.names[i]);
    free(agents.names);
    free(agents.figures);
    table_release(&agents.by_id);
    return err;
}
