#include "desk/act.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/agents.h"
#include "base/log.h"
#include "desk/desk.h"
#include "desk/desk_inside.h"
#include "server/dialing.h"

enum { REASON_SIZE_MAX = 200 };

struct roster_agent *desk_own_agent(struct api_call *call)
{
    struct roster_agent *agent =
        call->own_agent ? roster_agent(&call->server->roster, call->own_agent) : NULL;

    if (!agent || agent->removed)
        api_refuse(call, 403, "a desk is its agent's own: sign in as the agent");
    else if (!call->server->desks)
        api_refuse(call, 503, "the server is starting");
    else
        return agent;
    return NULL;
}

void desk_feed(struct api_call *call, const struct roster_agent *agent, struct event *event)
{
    struct fed fed;

    dialing_feed(call->server, event, &fed);
    if (fed.refused)
        api_refuse_by_rule(call, fed.refusal, fed.until);
    else
        desk_reply(call, agent->id);
}

/* ---- the shift ---- */

/* Those that were ticked, of those the agent may serve; none: all. False after refusing. */
static bool read_campaigns(struct api_call *call, const struct roster_agent *agent,
                           campaign_id chosen[AGENT_CAMPAIGNS_MAX], uint8_t *count)
{
    const json_t *wanted = json_object_get(call->body, "campaigns"), *one;
    campaign_id may[AGENT_CAMPAIGNS_MAX];
    uint8_t may_count = roster_agent_may(&call->server->roster, agent, may);
    size_t i;

    *count = 0;
    if (!wanted || json_is_null(wanted))
        return true;
    json_array_foreach(wanted, i, one)
    {
        bool known = false;

        for (uint8_t k = 0; k < may_count; k++)
            known = known || may[k] == (campaign_id)json_integer_value(one);
        if (!known || i >= AGENT_CAMPAIGNS_MAX) {
            api_refuse(call, 400, "campaigns[%zu]: must be the id of a campaign that is yours", i);
            return false;
        }
        chosen[(*count)++] = (campaign_id)json_integer_value(one);
    }
    if (*count)
        return true;
    api_refuse(call, 400, "campaigns: choose one at least");
    return false;
}

void api_desk_join(struct api_call *call)
{
    struct roster_agent *agent = desk_own_agent(call);
    struct shift *shift = agent ? shift_of(call->server, agent->id) : NULL;
    const char *screen = json_string_value(json_object_get(call->body, "screen"));
    struct event event = {.kind = EVENT_AGENT_LOGGED_IN};
    campaign_id chosen[AGENT_CAMPAIGNS_MAX];
    uint8_t chosen_count;

    if (!shift)
        return;
    if (!screen || !*screen || strlen(screen) >= SCREEN_SIZE) {
        api_refuse(call, 400, "screen: must be a text of 1-%d bytes", SCREEN_SIZE - 1);
        return;
    }
    if (!api_read_activity(call, AGENT_AVAILABLE, &event))
        return;
    if (event.of.activity.activity == AGENT_OFFLINE) {
        api_refuse(call, 400, "activity: must be available or break");
        return;
    }
    if (!read_campaigns(call, agent, chosen, &chosen_count))
        return;
    slice_copy(slice_from(screen), shift->screen, sizeof(shift->screen));
    server_touch(call->server,
                 agent->id); /* another screen learns that it is not the one any more */
    if (agent->record.activity == AGENT_OFFLINE &&
        !shift_serves(call->server, agent, chosen, chosen_count)) {
        api_refuse(call, 503, "there is no room for this agent just now");
        return;
    }
    event.of.activity.agent = agent->id;
    desk_feed(call, agent, &event);
}

void api_desk_leave(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);

    if (!agent)
        return;
    struct event event = {.kind = EVENT_AGENT_ACTIVITY,
                          .of.activity = {.agent = agent->id, .activity = AGENT_OFFLINE}};

    desk_feed(call, agent, &event);
}

void api_desk_activity(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    struct event event = {.kind = EVENT_AGENT_ACTIVITY};

    if (!agent || !api_read_activity(call, AGENT_OFFLINE, &event))
        return;
    if (!json_object_get(call->body, "activity")) {
        api_refuse(call, 400, "activity: is missing");
        return;
    }
    event.of.activity.agent = agent->id;
    desk_feed(call, agent, &event);
}

void api_desk_help(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    struct shift *shift = agent ? shift_of(call->server, agent->id) : NULL;
    const json_t *on = json_object_get(call->body, "on");

    if (!shift)
        return;
    if (!json_is_boolean(on)) {
        api_refuse(call, 400, "on: must be true or false");
        return;
    }
    shift->needs_help = json_is_true(on);
    log_event("agent.help", "agent=%llu on=%d", (unsigned long long)agent->id, shift->needs_help);
    desk_reply(call, agent->id);
}

/* ---- previews and calls by hand ---- */

void api_desk_preview(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    const char *word = json_string_value(json_object_get(call->body, "decision"));
    const char *reason = json_string_value(json_object_get(call->body, "reason"));
    struct event event;

    if (!agent)
        return;
    if (word && strcmp(word, "more_time") == 0) {
        event = (struct event){.kind = EVENT_MORE_TIME, .of.agent_id = agent->id};
        desk_feed(call, agent, &event);
        return;
    }
    if (reason && strlen(reason) > REASON_SIZE_MAX) {
        api_refuse(call, 400, "reason: must be at most %d bytes", REASON_SIZE_MAX);
        return;
    }
    if (!api_read_preview(call, agent, &event))
        return;
    if (event.kind == EVENT_PREVIEW_SKIPPED && reason)
        log_event("preview.skipped", "agent=%llu lead=%llu reason=\"%s\"",
                  (unsigned long long)agent->id, (unsigned long long)agent->reservation.lead,
                  reason);
    desk_feed(call, agent, &event);
}

/* The customer whose call was lost is due at once, and by this agent: nothing but the wrap-up stands between. */
static bool is_lost_one(const struct api_call *call, const struct roster_agent *agent)
{
    const struct known_attempt *attempt =
        traffic_attempt(&call->server->traffic, agent->reservation.attempt);
    json_int_t lead = json_integer_value(json_object_get(call->body, "lead"));

    return agent->record.activity == AGENT_WRAP_UP && attempt && attempt->record.dropped &&
           attempt->record.agent == agent->id && attempt->record.lead == (lead_id)lead;
}

void api_desk_dial(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    struct event event = {.kind = EVENT_AGENT_ACTIVITY,
                          .of.activity = {.activity = AGENT_AVAILABLE, .forced = true}};

    if (!agent)
        return;
    if (is_lost_one(call, agent)) {
        event.of.activity.agent = agent->id;
        desk_feed(call, agent, &event);
    } else {
        api_dial_lead(call, agent, desk_document);
    }
}

/* ---- verdicts and notes ---- */

/* The agent's own open attempt that the body names; NULL after refusing. */
static struct known_attempt *own_attempt(struct api_call *call, const struct roster_agent *agent)
{
    json_int_t id = json_integer_value(json_object_get(call->body, "attempt"));
    struct known_attempt *attempt =
        id > 0 ? traffic_attempt(&call->server->traffic, (attempt_id)id) : NULL;

    if (attempt && attempt->record.agent == agent->id)
        return attempt;
    api_refuse_by_rule(call, attempt ? REFUSED_NOT_YOURS : REFUSED_UNKNOWN_ATTEMPT, INSTANT_NEVER);
    return NULL;
}

void desk_finish(struct server *server, struct shift *shift)
{
    struct event event = {.kind = EVENT_DISPOSITION_SAVED,
                          .of.disposition = {.agent = shift->agent,
                                             .attempt = shift->picked.attempt,
                                             .code = shift->picked.code,
                                             .callback_at = shift->picked.callback_at,
                                             .callback_agent = shift->picked.callback_agent}};

    shift->picked.attempt = 0;
    shift->callbacks_at = 0;
    dialing_feed(server, &event, NULL);
}

void api_desk_disposition(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    struct shift *shift = agent ? shift_of(call->server, agent->id) : NULL;
    const json_t *finish = json_object_get(call->body, "finish");
    struct event event;

    if (!shift || !api_read_verdict(call, agent, &event))
        return;
    attempt_id id = event.of.disposition.attempt;
    const struct known_attempt *attempt = traffic_attempt(&call->server->traffic, id);
    const struct roster_campaign *campaign =
        roster_campaign(&call->server->roster, agent->reservation.campaign);

    shift->callbacks_at = 0; /* it may be a new promise */
    if (json_is_false(finish) && agent->reservation.attempt == id &&
        ((attempt && attempt->record.agent == agent->id) ||
         agent->record.activity ==
             AGENT_WRAP_UP)) { /* or handed over: then only the page shows it */
        if (!campaign || !campaign_disposition(&campaign->options, event.of.disposition.code)) {
            api_refuse_by_rule(call, REFUSED_UNKNOWN_DISPOSITION, INSTANT_NEVER);
            return;
        }
        shift->picked.attempt = id;
        shift->picked.code = event.of.disposition.code;
        shift->picked.callback_at = event.of.disposition.callback_at;
        shift->picked.callback_agent = event.of.disposition.callback_agent;
        shift_see(call->server, shift, agent);
        desk_reply(call, agent->id);
        return;
    }
    shift->picked.attempt = 0;
    desk_feed(call, agent, &event);
}

/* The record as last written, with the new note: the same thread writes all records in their order. */
struct noting {
    struct store_attempt row;
    char note[NOTE_SIZE_MAX + 1];
    char call_sid[TELEPHONY_SID_SIZE];
};

static int note_work(struct store *store, struct api_job *job)
{
    struct noting *noting = job->extra;
    struct store_record record = {.kind = STORE_ATTEMPT, .of.attempt = noting->row};

    return store_put(store, &record);
}

static void answer_desk(struct api_job *job)
{
    job->result = desk_document(job->server, job->other_id);
}

void api_desk_note(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    const char *note = json_string_value(json_object_get(call->body, "note"));
    struct known_attempt *attempt = agent ? own_attempt(call, agent) : NULL;

    if (!attempt)
        return;
    if (!note || strlen(note) > NOTE_SIZE_MAX) {
        api_refuse(call, 400, "note: must be a text of at most %d bytes", NOTE_SIZE_MAX);
        return;
    }
    struct api_job *job = api_job_new(call);
    struct noting *noting = calloc(1, sizeof(*noting));

    check(noting);
    agent_keeps_note(call->server, agent, attempt->id, note);
    slice_copy(slice_from(note), noting->note, sizeof(noting->note));
    slice_copy(slice_from(attempt->call_sid), noting->call_sid, sizeof(noting->call_sid));
    noting->row = (struct store_attempt){.core = attempt->record, .note = noting->note};
    if (noting->call_sid[0])
        noting->row.call_sid = noting->call_sid;
    job->other_id = agent->id;
    job->extra = noting;
    api_work(job, API_WRITE, note_work, answer_desk);
}

struct forbidding {
    number_id number;
    person_id person;
    attempt_id attempt;
};

static int forbid_work(struct store *store, struct api_job *job)
{
    const struct forbidding *one = job->extra;

    return store_forbid(store, one->number, one->person, one->attempt, loop_clock());
}

static void forbidden(struct api_job *job)
{
    const struct forbidding *one = job->extra;
    struct event event = {.kind = EVENT_DO_NOT_CALL_ADDED,
                          .of.contact = {.number = one->number, .person = one->person}};

    dialing_feed(job->server, &event, NULL);
    answer_desk(job);
}

void api_desk_do_not_call(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    const struct known_attempt *attempt = agent ? own_attempt(call, agent) : NULL;

    if (!attempt)
        return;
    struct api_job *job = api_job_new(call);
    struct forbidding *one = calloc(1, sizeof(*one));

    check(one);
    *one = (struct forbidding){attempt->record.number, attempt->record.person, attempt->id};
    job->other_id = agent->id;
    job->extra = one;
    api_work(job, API_WRITE, forbid_work, forbidden);
}
