#include "desk/callbacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "desk/act.h"
#include "desk/desk_inside.h"
#include "desk/person_read.h"
#include "server/campaign_settings.h"
#include "server/reply.h"
#include "wire/form.h"

enum { CALLS_MAX = 100, CALLS_LOOKED_AT = 1000 };

struct promise {
    lead_id lead;
    campaign_id campaign;
    agent_id agent;
    instant at;
    struct person_facts facts;
};

struct asking {
    struct server *server;
    agent_id agent;
    bool own;
    instant until;
    size_t max;
    campaign_id campaigns[AGENT_CAMPAIGNS_MAX];
    uint8_t campaign_count;
    struct promise *found;
    size_t count;
    void (*done)(void *arg, struct server *server, agent_id agent, json_t *items);
    void *arg;
};

/* Kept in order, the farthest falls out. */
static int take_lead(void *arg, const struct store_record *record)
{
    const struct lead_record *core = &record->of.lead.core;
    struct asking *asking = arg;
    size_t place = asking->count;

    if ((core->callback_agent && core->callback_agent != asking->agent) ||
        (asking->own && core->callback_agent != asking->agent) || core->due_at > asking->until)
        return 0;
    while (place && asking->found[place - 1].at > core->due_at)
        place--;
    if (place == asking->max)
        return 0;
    size_t last = asking->count < asking->max ? asking->count++ : asking->max - 1;

    memmove(asking->found + place + 1, asking->found + place,
            (last - place) * sizeof(asking->found[0]));
    asking->found[place] = (struct promise){.lead = core->id,
                                            .campaign = core->campaign,
                                            .agent = core->callback_agent,
                                            .at = core->due_at};
    return 0;
}

static void forget(struct asking *asking)
{
    for (size_t i = 0; i < asking->count; i++)
        json_decref(asking->found[i].facts.columns);
    asking->count = 0;
}

static int ask_work(struct store *store, void *arg)
{
    struct asking *asking = arg;
    int err = 0;

    forget(asking);
    for (uint8_t i = 0; i < asking->campaign_count && !err; i++) {
        struct store_query query = store_query_of(STORE_LEAD);

        query.campaign = asking->campaigns[i];
        query.state = LEAD_CALLBACK;
        query.limit = CALLBACKS_LOOKED_AT;
        err = store_each(store, &query, take_lead, asking);
    }
    for (size_t i = 0; i < asking->count && !err; i++) {
        err = person_read(store, asking->found[i].lead, &asking->found[i].facts);
        if (err == ENOENT)
            err = 0;
    }
    return err;
}

static json_t *promise_json(const struct asking *asking, const struct promise *one)
{
    const struct roster_campaign *campaign =
        roster_campaign(&asking->server->roster, one->campaign);

    if (asking->own)
        return json_pack("{s:I, s:s, s:o}", "lead", (json_int_t)one->lead, "name", one->facts.name,
                         "at", reply_time(one->at));
    return json_pack("{s:I, s:s, s:s, s:o, s:s?, s:b, s:s}", "lead", (json_int_t)one->lead, "name",
                     one->facts.name, "number", one->facts.numbers[0].national, "at",
                     reply_time(one->at), "zone", *one->facts.zone ? one->facts.zone : NULL, "mine",
                     (int)(one->agent == asking->agent), "campaign",
                     campaign ? campaign->name : "");
}

static void ask_done(void *arg, int err)
{
    struct asking *asking = arg;
    json_t *items = err ? NULL : json_array();

    for (size_t i = 0; i < asking->count && !err; i++)
        json_array_append_new(items, promise_json(asking, &asking->found[i]));
    if (asking->server->stopping && asking->own)
        json_decref(items);
    else
        asking->done(asking->arg, asking->server, asking->agent, items);
    forget(asking);
    free(asking->found);
    free(asking);
}

void callbacks_ask(struct server *server, agent_id agent, bool own,
                   void (*done)(void *arg, struct server *server, agent_id agent, json_t *items),
                   void *arg)
{
    const struct roster_agent *known = roster_agent(&server->roster, agent);
    struct asking *asking = calloc(1, sizeof(*asking));

    check(asking && known);
    *asking = (struct asking){.server = server,
                              .agent = agent,
                              .own = own,
                              .until = server_now(server) + (own ? 1 : 31) * 86400 * SECOND,
                              .max = own ? SHIFT_CALLBACKS_MAX : CALLBACKS_MAX,
                              .done = done,
                              .arg = arg};
    asking->found = calloc(asking->max + 1, sizeof(asking->found[0]));
    check(asking->found);
    asking->campaign_count = roster_agent_campaigns(&server->roster, known, asking->campaigns);
    keeper_post(server->keeper, KEEPER_READ, ask_work, ask_done, asking);
}

static void have_callbacks(void *arg, struct server *server, agent_id agent, json_t *items)
{
    struct api_job *job = arg;

    (void)server;
    (void)agent;
    if (items)
        job->result = json_pack("{s:o}", "items", items);
    api_job_end(job, items ? 0 : EIO);
}

static void ask_now(struct api_job *job)
{
    api_job_keep(job);
    callbacks_ask(job->server, job->id, false, have_callbacks, job);
}

void api_desk_callbacks(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);

    if (!agent)
        return;
    struct api_job *job = api_job_new(call);

    job->id = agent->id;
    api_work(job, API_READ, NULL, ask_now);
}

/* ---- the calls of the shift ---- */

struct past_call {
    struct attempt_record core;
    char note[PERSON_TEXT_MAX];
    char name[200], number[PHONE_NATIONAL_SIZE];
};

struct past_calls {
    instant since;
    size_t count;
    struct past_call all[CALLS_MAX];
};

static int take_call(void *arg, const struct store_record *record)
{
    const struct store_attempt *attempt = &record->of.attempt;
    struct past_calls *calls = arg;

    if (attempt->core.planned_at < calls->since)
        return ECANCELED; /* those before are older still */
    if (!attempt->core.conversed)
        return 0;
    struct past_call *one = &calls->all[calls->count++];

    one->core = attempt->core;
    utf8_copy(attempt->note, one->note, sizeof(one->note));
    phone_number_national(attempt->e164 ? attempt->e164 : "", one->number);
    return calls->count == CALLS_MAX ? ECANCELED : 0;
}

static int calls_work(struct store *store, struct api_job *job)
{
    struct past_calls *calls = job->extra;
    struct store_query query = store_query_of(STORE_ATTEMPT);
    struct person_facts facts;

    calls->count = 0;
    query.agent = job->id;
    query.newest_first = true;
    query.limit = CALLS_LOOKED_AT;
    int err = store_each(store, &query, take_call, calls);

    if (err == ECANCELED)
        err = 0;
    for (size_t i = 0; i < calls->count && !err; i++) {
        facts = (struct person_facts){.lead = 0};
        err = person_read(store, calls->all[i].core.lead, &facts);
        if (err == ENOENT)
            err = 0;
        memcpy(calls->all[i].name, facts.name, sizeof(calls->all[i].name));
        json_decref(facts.columns);
    }
    return err;
}

static void calls_then(struct api_job *job)
{
    const struct past_calls *calls = job->extra;
    json_t *items = json_array();

    for (size_t i = 0; i < calls->count; i++) {
        const struct past_call *one = &calls->all[i];
        const struct roster_campaign *campaign =
            roster_campaign(&job->server->roster, one->core.campaign);
        const char *disposition =
            one->core.disposition && campaign
                ? campaign_disposition_name(campaign->settings, &campaign->options,
                                            one->core.disposition)
                : NULL;

        json_array_append_new(
            items,
            json_pack("{s:I, s:s, s:s, s:o, s:s, s:s?, s:o, s:s}", "attempt",
                      (json_int_t)one->core.id, "name", one->name, "number", one->number, "at",
                      reply_time(one->core.ended_at ? one->core.ended_at : one->core.bridged_at),
                      "result", attempt_result_name(one->core.result), "disposition", disposition,
                      "seconds",
                      one->core.ended_at && one->core.bridged_at
                          ? json_integer((one->core.ended_at - one->core.bridged_at) / SECOND)
                          : json_null(),
                      "note", one->note));
    }
    job->result = json_pack("{s:o}", "items", items);
}

void api_desk_calls(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    struct shift *shift = agent ? shift_of(call->server, agent->id) : NULL;

    if (!agent)
        return;
    struct api_job *job = api_job_new(call);
    struct past_calls *calls = calloc(1, sizeof(*calls));

    check(calls);
    calls->since =
        shift && shift->since ? shift->since : server_now(call->server) - 12 * 3600 * SECOND;
    job->id = agent->id;
    job->extra = calls;
    api_work(job, API_READ, calls_work, calls_then);
}
