#include "api/agents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/encode.h"
#include "api/password.h"
#include "api/session_routes.h"
#include "api/sessions.h"
#include "base/log.h"
#include "server/claims.h"
#include "server/dialing.h"
#include "server/server.h"

enum { NAME_SIZE_MAX = 100, CONTACT_SIZE_MAX = 180 };

static int by_id(const void *a, const void *b)
{
    const struct roster_agent *x = *(struct roster_agent *const *)a;
    const struct roster_agent *y = *(struct roster_agent *const *)b;

    return x->id < y->id ? -1 : x->id > y->id;
}

void api_agents_list(struct api_call *call)
{
    const struct table *all = &call->server->roster.agents;
    const struct roster_agent **list = calloc(all->count + 1, sizeof(*list));
    json_t *items = json_array();
    struct table_slot *slot;
    size_t at = 0, count = 0;
    uint32_t limit;
    uint64_t cursor, next = 0;

    if (list && api_page(call, &limit, &cursor)) {
        while ((slot = table_next(all, &at))) {
            const struct roster_agent *agent = slot->value;

            if (!agent->removed && agent->id > cursor)
                list[count++] = agent;
        }
        qsort(list, count, sizeof(*list), by_id);
        for (size_t i = 0; i < count && i < limit; i++)
            json_array_append_new(items, encode_agent(list[i], call->server));
        next = count > limit ? list[limit - 1]->id : 0;
        api_reply(call, 200, api_page_of(items, next));
    } else {
        json_decref(items);
    }
    free(list);
}

/* It goes into headers later: nothing but what an address is made of. */
static bool is_sip_address(const char *sip)
{
    static const char USER[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()%&=+$,;?/";
    static const char HOST[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:[];=";

    if (strncmp(sip, "sip:", 4) != 0)
        return false;
    size_t user = strspn(sip + 4, USER);
    const char *at = sip + 4 + user;

    return user && *at == '@' && at[1] && at[1] != ':' && !at[1 + strspn(at + 1, HOST)];
}

/* A browser's phone, by the identity in its token. */
static bool is_client_address(const char *address)
{
    static const char IDENTITY[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    return strncmp(address, "client:", 7) == 0 && address[7] &&
           !address[7 + strspn(address + 7, IDENTITY)];
}

/* False after refusing: an agent of a campaign that is misspelt would wait for ever. */
static bool campaigns_are_known(struct api_call *call)
{
    const json_t *campaign;
    size_t i;

    json_array_foreach(json_object_get(call->body, "campaigns"), i, campaign)
    {
        const char *name = json_string_value(campaign);

        if (!roster_find_campaign(&call->server->roster, slice_from(name))) {
            api_refuse(call, 400, "campaigns[%zu]: there is no campaign '%s'", i, name);
            return false;
        }
    }
    return true;
}

/* NULL, or what is wrong with the fields of an agent. */
static const char *fault_of(const json_t *body, bool is_new)
{
    const json_t *name = json_object_get(body, "name"), *campaign;
    const json_t *contact = json_object_get(body, "contact");
    const json_t *campaigns = json_object_get(body, "campaigns");
    const char *text = json_string_value(name), *sip = json_string_value(contact);
    int64_t number;
    size_t i;

    if (is_new && (!text || !*text || strlen(text) > NAME_SIZE_MAX || strchr(text, '/') ||
                   slice_to_i64(slice_from(text), INT64_MIN, INT64_MAX, &number) == 0))
        return "name: must be a text of 1-100 bytes, no number and without '/'";
    if ((is_new || contact) && (!sip || strlen(sip) > CONTACT_SIZE_MAX ||
                                (!is_sip_address(sip) && !is_client_address(sip))))
        return "contact: must be of the form sip:USER@HOST[:PORT], or client:NAME";
    if (campaigns && !json_is_array(campaigns))
        return "campaigns: must be a list of names";
    json_array_foreach(
        campaigns, i,
        campaign) if (!json_is_string(campaign)) return "campaigns: must be a list of names";
    if (json_array_size(campaigns) > AGENT_CAMPAIGNS_MAX)
        return "campaigns: at most 16";
    return NULL;
}

static json_t *settings_of(const json_t *body)
{
    json_t *campaigns = json_object_get(body, "campaigns");

    return json_pack("{s:O}", "campaigns", campaigns ? campaigns : json_null());
}

int agent_enters(struct server *server, const struct store_agent *row, struct roster_agent **agentp)
{
    struct roster_agent *agent;
    struct fed fed;
    int err = roster_put_agent(&server->roster, row, &agent);

    if (err)
        return err;
    struct event event = {.kind = EVENT_AGENT_LOADED, .of.agent = {.record = agent->record}};

    event.of.agent.campaign_count =
        roster_agent_campaigns(&server->roster, agent, event.of.agent.campaigns);
    dialing_feed(server, &event, &fed);
    *agentp = agent;
    if (fed.refused)
        log_error("agent.refused", "agent=%llu why=%s", (unsigned long long)agent->id,
                  refusal_name(fed.refusal));
    return fed.refused ? ENOSPC : 0;
}

static void row_of(const struct api_job *job, char *settings, struct store_agent *row)
{
    *row = (struct store_agent){
        .core = {.id = job->id, .activity = AGENT_OFFLINE},
        .name = json_string_value(json_object_get(job->input, "name")),
        .full_name = json_string_value(json_object_get(job->input, "full_name")),
        .address = json_string_value(json_object_get(job->input, "contact")),
        .secret_hash = json_string_value(json_object_get(job->input, "secret_hash")),
        .settings = settings,
        .made_at = loop_clock(),
    };
}

static int create_work(struct store *store, struct api_job *job)
{
    json_t *settings = settings_of(job->input);
    char *text = settings ? json_dumps(settings, JSON_COMPACT) : NULL;
    struct store_record record = {.kind = STORE_AGENT};

    job->id = 0;
    row_of(job, text, &record.of.agent);
    int err = text ? store_put(store, &record) : ENOMEM;

    job->id = record.of.id;
    free(text);
    json_decref(settings);
    if (err == EEXIST)
        return api_job_fails(job, 409, err, "there is an agent '%s' already", record.of.agent.name);
    return err;
}

static void create_then(struct api_job *job)
{
    json_t *settings = settings_of(job->input);
    char *text = settings ? json_dumps(settings, JSON_COMPACT) : NULL;
    struct roster_agent *agent = NULL;
    struct store_agent row;

    row_of(job, text, &row);
    row.full_name = row.full_name ? row.full_name : "";
    int err = agent_enters(job->server, &row, &agent);

    job->status = 201;
    if (err)
        api_job_fails(job, 409, err, "there is no room for more agents");
    else
        job->result = encode_agent(agent, job->server);
    free(text);
    json_decref(settings);
}

void api_agents_create(struct api_call *call)
{
    const char *fault = fault_of(call->body, true);
    const char *name = json_string_value(json_object_get(call->body, "name"));
    const json_t *password = json_object_get(call->body, "password");

    if (fault)
        api_refuse(call, 400, "%s", fault);
    else if (roster_find_agent(&call->server->roster, slice_from(name)))
        api_refuse(call, 409, "there is an agent '%s' already", name);
    else if (!campaigns_are_known(call))
        return;
    else if (!password)
        api_work(api_job_new(call), API_WRITE, create_work, create_then);
    else if (password_fault(json_string_value(password)))
        api_refuse(call, 400, "%s", password_fault(json_string_value(password)));
    else
        api_with_secret(api_job_new(call), create_work, create_then);
}

void api_agent_show(struct api_call *call)
{
    const struct roster_agent *agent = api_agent(call, 0);

    if (agent)
        api_reply(call, 200, encode_agent(agent, call->server));
}

static int change_work(struct store *store, struct api_job *job)
{
    char *text = json_object_get(job->input, "campaigns")
                     ? json_dumps(json_object_get(job->input, "settings"), JSON_COMPACT)
                     : NULL;
    struct store_record record = {.kind = STORE_AGENT};

    row_of(job, text, &record.of.agent);
    record.of.agent.name = NULL; /* as it was */
    int err = store_put(store, &record);

    free(text);
    return err;
}

static void change_then(struct api_job *job)
{
    struct roster_agent *agent = roster_agent(&job->server->roster, job->id);
    char *settings = json_dumps(json_object_get(job->input, "campaigns")
                                    ? json_object_get(job->input, "settings")
                                    : agent->settings,
                                JSON_COMPACT);
    struct store_agent row;

    row_of(job, settings, &row);
    char *name = strdup(agent->name), *full_name = strdup(agent->full_name);
    char *address = strdup(agent->address);

    row.name = name;
    row.full_name = row.full_name ? row.full_name : full_name;
    row.address = row.address ? row.address : address;
    int err = name && full_name && address && settings
                  ? roster_put_agent(&job->server->roster, &row, &agent)
                  : ENOMEM;

    free(name);
    free(full_name);
    free(address);
    free(settings);
    if (err)
        return;
    struct event event = {.kind = EVENT_AGENT_CHANGED, .of.agent = {.record = agent->record}};

    event.of.agent.campaign_count =
        roster_agent_campaigns(&job->server->roster, agent, event.of.agent.campaigns);
    dialing_feed(job->server, &event, NULL);
    job->result = encode_agent(agent, job->server);
}

void api_agent_change(struct api_call *call)
{
    struct roster_agent *agent = api_agent(call, 0);
    const char *fault = fault_of(call->body, false);

    if (!agent)
        return;
    if (fault) {
        api_refuse(call, 400, "%s", fault);
        return;
    }
    if (!campaigns_are_known(call))
        return;
    struct api_job *job = api_job_new(call);

    if (!job->input)
        job->input = json_object();
    json_object_set_new(job->input, "settings", settings_of(job->input));
    job->id = agent->id;
    api_work(job, API_WRITE, change_work, change_then);
}

static int remove_work(struct store *store, struct api_job *job)
{
    return store_remove(store, STORE_AGENT, job->id);
}

void api_agent_remove(struct api_call *call)
{
    struct roster_agent *agent = api_agent(call, 0);
    struct fed fed;

    if (!agent)
        return;
    struct event event = {.kind = EVENT_AGENT_REMOVED, .of.agent_id = agent->id};

    dialing_feed(call->server, &event, &fed);
    if (fed.refused) {
        api_refuse_by_rule(call, fed.refusal, fed.until);
        return;
    }
    roster_remove_agent(&call->server->roster, agent);
    sessions_end(call->server, agent->id, "You are no agent here any more.");
    struct api_job *job = api_job_new(call);

    job->id = agent->id;
    job->status_wanted = 204;
    api_work(job, API_WRITE, remove_work, NULL);
}

/* What agents do */

/* Feeds, and answers with the agent as it is then. */
static void feed_for(struct api_call *call, struct roster_agent *agent, struct event *event)
{
    struct fed fed;

    dialing_feed(call->server, event, &fed);
    if (fed.refused)
        api_refuse_by_rule(call, fed.refusal, fed.until);
    else
        api_reply_committed(call, 200, encode_agent(agent, call->server));
}

/* False after refusing. */
bool api_read_activity(struct api_call *call, enum agent_activity otherwise, struct event *event)
{
    const json_t *wish = json_object_get(call->body, "activity");
    const char *word = json_string_value(wish);
    json_int_t code = json_integer_value(json_object_get(call->body, "break_code"));
    enum agent_activity activity = otherwise;

    if (wish &&
        (!word || !agent_activity_from_name(word, strlen(word), &activity) ||
         (activity != AGENT_AVAILABLE && activity != AGENT_BREAK && activity != AGENT_OFFLINE))) {
        api_refuse(call, 400, "activity: must be available, break or offline");
        return false;
    }
    if (code < 0 || code > UINT16_MAX) {
        api_refuse(call, 400, "break_code: must be within 0-65535");
        return false;
    }
    event->of.activity.activity = activity;
    event->of.activity.break_code = (uint16_t)code;
    event->of.activity.forced = json_is_true(json_object_get(call->body, "forced"));
    return true;
}

/* What was chosen at the desk was for that shift. */
static void serves_all(struct server *server, struct roster_agent *agent)
{
    struct event event = {.kind = EVENT_AGENT_CHANGED, .of.agent = {.record = agent->record}};

    agent->shift_campaign_count = 0;
    event.of.agent.campaign_count =
        roster_agent_campaigns(&server->roster, agent, event.of.agent.campaigns);
    dialing_feed(server, &event, NULL);
}

void api_agent_login(struct api_call *call)
{
    struct roster_agent *agent = api_agent(call, 0);
    struct event event = {.kind = EVENT_AGENT_LOGGED_IN};

    if (!agent || !api_read_activity(call, AGENT_AVAILABLE, &event))
        return;
    if (event.of.activity.activity == AGENT_OFFLINE) {
        api_refuse(call, 400, "activity: must be available or break");
        return;
    }
    event.of.activity.agent = agent->id;
    if (agent->record.activity == AGENT_OFFLINE && agent->shift_campaign_count)
        serves_all(call->server, agent);
    feed_for(call, agent, &event);
}

void api_agent_logout(struct api_call *call)
{
    struct roster_agent *agent = api_agent(call, 0);

    if (!agent)
        return;
    struct event event = {.kind = EVENT_AGENT_ACTIVITY,
                          .of.activity = {.agent = agent->id, .activity = AGENT_OFFLINE}};

    feed_for(call, agent, &event);
}

void api_agent_activity(struct api_call *call)
{
    struct roster_agent *agent = api_agent(call, 0);
    struct event event = {.kind = EVENT_AGENT_ACTIVITY};

    if (!agent || !api_read_activity(call, AGENT_OFFLINE, &event))
        return;
    if (!json_object_get(call->body, "activity")) {
        api_refuse(call, 400, "activity: is missing");
        return;
    }
    event.of.activity.agent = agent->id;
    feed_for(call, agent, &event);
}

/* false after refusing: the field is there and no time. */
static bool read_time(struct api_call *call, const char *field, instant *at)
{
    const json_t *value = json_object_get(call->body, field);
    const char *text = json_string_value(value);

    *at = 0;
    if (!value || json_is_null(value))
        return true;
    if (text && instant_from_iso(text, strlen(text), at) == 0)
        return true;
    api_refuse(call, 400, "%s: must be a time like 2026-01-31T09:00:00Z", field);
    return false;
}

/* Written with the attempt's next record, which the verdict brings about. */
void agent_keeps_note(struct server *server, const struct roster_agent *agent, attempt_id id,
                      const char *note)
{
    struct known_attempt *attempt = traffic_attempt(&server->traffic, id);

    if (!note || !attempt || attempt->record.agent != agent->id)
        return;
    free(attempt->note);
    attempt->note = strdup(note);
}

/* A callback without its time is no promise. */
static bool lacks_its_time(const struct server *server, const struct event *event)
{
    const struct known_attempt *attempt =
        traffic_attempt(&server->traffic, event->of.disposition.attempt);
    const struct roster_campaign *campaign =
        attempt ? roster_campaign(&server->roster, attempt->record.campaign) : NULL;
    const struct disposition *disposition =
        campaign ? campaign_disposition(&campaign->options, event->of.disposition.code) : NULL;

    return disposition && disposition->behaviour == DISPOSITION_CALLBACK &&
           !event->of.disposition.callback_at;
}

/* By name or id; false after refusing. */
static bool read_colleague(struct api_call *call, agent_id *id)
{
    const json_t *who = json_object_get(call->body, "callback_agent");
    const struct roster_agent *other = NULL;

    if (!who || json_is_null(who))
        return true;
    if (json_is_integer(who))
        other = roster_agent(&call->server->roster, (agent_id)json_integer_value(who));
    else if (json_is_string(who))
        other = roster_find_agent(&call->server->roster, slice_from(json_string_value(who)));
    if (!other || other->removed) {
        api_refuse(call, 400, "callback_agent: there is no such agent");
        return false;
    }
    *id = other->id;
    return true;
}

bool api_read_verdict(struct api_call *call, const struct roster_agent *agent, struct event *event)
{
    json_int_t code = json_integer_value(json_object_get(call->body, "code"));
    const char *note = json_string_value(json_object_get(call->body, "note"));
    json_int_t attempt = json_integer_value(json_object_get(call->body, "attempt"));

    *event = (struct event){.kind = EVENT_DISPOSITION_SAVED};
    if (!read_time(call, "callback_at", &event->of.disposition.callback_at))
        return false;
    if (code < 1 || code > UINT16_MAX) {
        api_refuse(call, 400, "code: must be a disposition's number");
        return false;
    }
    event->of.disposition.agent = agent->id;
    event->of.disposition.attempt = attempt > 0 ? (attempt_id)attempt : agent->reservation.attempt;
    event->of.disposition.code = (uint16_t)code;
    if (!read_colleague(call, &event->of.disposition.callback_agent))
        return false;
    if (note && strlen(note) > NOTE_SIZE_MAX) {
        api_refuse(call, 400, "note: must be at most %d bytes", NOTE_SIZE_MAX);
        return false;
    }
    if (lacks_its_time(call->server, event)) {
        api_refuse(call, 400, "callback_at: is missing; a callback needs it");
        return false;
    }
    agent_keeps_note(call->server, agent, event->of.disposition.attempt, note);
    return true;
}

void api_agent_disposition(struct api_call *call)
{
    struct roster_agent *agent = api_agent(call, 0);
    struct event event;

    if (agent && api_read_verdict(call, agent, &event))
        feed_for(call, agent, &event);
}

bool api_read_preview(struct api_call *call, const struct roster_agent *agent, struct event *event)
{
    static const struct {
        const char *word;
        enum event_kind kind;
    } decisions[] = {{"accept", EVENT_PREVIEW_ACCEPTED},
                     {"skip", EVENT_PREVIEW_SKIPPED},
                     {"snooze", EVENT_PREVIEW_SNOOZED}};
    const char *word = json_string_value(json_object_get(call->body, "decision"));

    *event = (struct event){.kind = EVENT_KIND_COUNT};
    if (!read_time(call, "until", &event->of.reservation.until))
        return false;
    for (size_t i = 0; i < array_count(decisions); i++)
        if (word && strcmp(word, decisions[i].word) == 0)
            event->kind = decisions[i].kind;
    event->of.reservation.agent = agent->id;
    if (event->kind == EVENT_KIND_COUNT)
        api_refuse(call, 400, "decision: must be accept, skip or snooze");
    else if (event->kind == EVENT_PREVIEW_SNOOZED && !event->of.reservation.until)
        api_refuse(call, 400, "until: is missing; a snooze needs it");
    else
        return true;
    return false;
}

void api_agent_preview(struct api_call *call)
{
    struct roster_agent *agent = api_agent(call, 0);
    struct event event;

    if (agent && api_read_preview(call, agent, &event))
        feed_for(call, agent, &event);
}

static void about_reservation(struct api_call *call, enum event_kind kind)
{
    struct roster_agent *agent = api_agent(call, 0);

    if (!agent)
        return;
    struct event event = {.kind = kind, .of.reservation = {.agent = agent->id}};

    feed_for(call, agent, &event);
}

void api_agent_hang_up(struct api_call *call)
{
    about_reservation(call, EVENT_AGENT_HUNG_UP);
}

void api_agent_reject(struct api_call *call)
{
    about_reservation(call, EVENT_AGENT_REJECTED);
}

/* Dialling by hand: the lead is taken from the store first, like a claim of one. */
struct dialled_lead {
    struct carried_lead carried;
    json_t *(*answer)(struct server *server, agent_id agent);
    bool was_out, again;
};

static int take_facts(void *arg, const struct store_lead_facts *row)
{
    carried_lead_set(arg, row);
    return 0;
}

static int dial_work(struct store *store, struct api_job *job)
{
    struct dialled_lead *lead = job->extra;
    int err = store_claim_one(store, job->id, NODE_OWNER, loop_clock());

    lead->was_out = err == EBUSY;
    if (err == EBUSY) /* it is ours already, or in an attempt: the core knows which */
        err = 0;
    if (!err)
        err = store_lead_facts(store, job->id, take_facts, &lead->carried);
    return err == ENOENT
               ? api_job_fails(job, 404, err, "there is no lead %llu", (unsigned long long)job->id)
               : err;
}

static void dial_then(struct api_job *job)
{
    struct server *server = job->server;
    struct roster_agent *agent = roster_agent(&server->roster, job->other_id);
    struct event event = {.kind = EVENT_MANUAL_DIALLED,
                          .of.manual = {.agent = agent->id, .number_index = (uint8_t)job->limit}};
    struct dialled_lead *lead = job->extra;
    struct lead_record there;
    struct fed fed;

    if (lead->was_out && !lead->again && !dialer_lead(server->dialer, job->id, &there)) {
        lead->again = true; /* let go meanwhile: what was read is older than its record */
        api_job_keep(job);
        api_work(job, API_WRITE, dial_work, dial_then);
        return;
    }
    if (!claims_take_in(server, &lead->carried, &event.of.manual.lead)) {
        api_job_fails(job, 500, ENOMEM, "no memory");
        return;
    }
    dialing_feed(server, &event, &fed);
    if (fed.refused) {
        claims_give_back(server, &event.of.manual.lead.record);
        api_job_refused(job, fed.refusal, fed.until);
    } else {
        job->result = lead->answer(server, agent->id);
    }
}

static json_t *as_agent(struct server *server, agent_id agent)
{
    return encode_agent(roster_agent(&server->roster, agent), server);
}

void api_dial_lead(struct api_call *call, const struct roster_agent *agent,
                   json_t *(*answer)(struct server *server, agent_id agent))
{
    json_int_t lead = json_integer_value(json_object_get(call->body, "lead"));
    json_int_t index = json_integer_value(json_object_get(call->body, "number_index"));

    if (lead < 1 || index < 0 || index >= LEAD_NUMBERS_MAX) {
        api_refuse(call, 400, "lead: must be a lead's id; number_index: within 0-%d",
                   LEAD_NUMBERS_MAX - 1);
        return;
    }
    struct api_job *job = api_job_new(call);
    struct dialled_lead *dialled = calloc(1, sizeof(*dialled));

    check(dialled);
    dialled->answer = answer;
    job->id = (uint64_t)lead;
    job->other_id = agent->id;
    job->limit = (uint32_t)index;
    job->extra = dialled;
    api_work(job, API_WRITE, dial_work, dial_then);
}

void api_agent_dial(struct api_call *call)
{
    const struct roster_agent *agent = api_agent(call, 0);

    if (agent)
        api_dial_lead(call, agent, as_agent);
}
