#include "desk/desk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "desk/act.h"
#include "desk/desk_inside.h"
#include "desk/push.h"
#include "server/campaign_settings.h"
#include "server/dialing.h"
#include "server/parties.h"
#include "server/reply.h"

/* Less than push lets through: the document, cut to what fits. */
enum { DOCUMENT_SIZE_MAX = 10000 };

/* ---- the parts ---- */

static json_t *agent_json(const struct roster_agent *agent, const struct shift *shift, instant now)
{
    const struct agent_record *record = &agent->record;
    json_t *next =
        record->next_wanted && record->activity != AGENT_OFFLINE
            ? json_pack("{s:s, s:i}", "activity", agent_activity_name(record->next_activity),
                        "break_code", (int)record->next_break_code)
            : json_null();
    instant talked = shift->talked, span = shift->since ? now - shift->since : 0;

    if (record->activity == AGENT_ON_CALL)
        talked += now - record->since;
    return json_pack(
        "{s:I, s:s, s:s, s:s, s:i, s:o, s:o, s:s, s:o, s:s, s:o, s:i, s:i, s:b}", "id",
        (json_int_t)agent->id, "name", agent->name, "full_name", agent->full_name, "activity",
        agent_activity_name(record->activity), "break_code", (int)record->break_code, "since",
        reply_time(record->since), "next", next, "line", leg_state_name(record->leg), "line_since",
        reply_time(record->leg_since), "screen", shift->screen, "shift_since",
        reply_time(shift->since), "calls", (int)shift->calls, "talk_percent",
        span > 0 ? (int)(100 * talked / span) : 0, "needs_help", (int)shift->needs_help);
}

/* Is somebody before the agent? */
static bool is_occupied(const struct roster_agent *agent)
{
    return agent->reservation.id && reservation_is_live(agent->reservation.status);
}

static const char *pop_word(const struct roster_agent *agent, const struct known_attempt *attempt)
{
    if (!attempt)
        return agent->reservation.attempt ? "answered" : "preview";
    return attempt->record.answered_at ? "answered" : "dialling";
}

static json_t *pop_json(const struct roster_agent *agent, const struct known_attempt *attempt)
{
    const struct reservation_record *reservation = &agent->reservation;

    if (!is_occupied(agent))
        return json_null();
    return json_pack(
        "{s:s, s:I, s:I, s:o, s:I, s:o}", "kind", pop_word(agent, attempt), "campaign",
        (json_int_t)reservation->campaign, "lead", (json_int_t)reservation->lead, "attempt",
        reservation->attempt ? json_integer((json_int_t)reservation->attempt) : json_null(),
        "reservation", (json_int_t)reservation->id, "until",
        agent->record.activity == AGENT_RESERVED ? reply_time(reservation->until) : json_null());
}

static const char *ended_by(const struct known_attempt *attempt)
{
    if (attempt->record.state != ATTEMPT_ENDED && attempt->record.state != ATTEMPT_HANDED_OVER)
        return NULL;
    if (attempt->record.dropped)
        return "line";
    return attempt->ended_by_us || attempt->record.state == ATTEMPT_HANDED_OVER ? "agent"
                                                                                : "customer";
}

static json_t *call_json(const struct server *server, const struct roster_agent *agent,
                         const struct shift *shift, const struct known_attempt *attempt)
{
    const struct attempt_record *record = &attempt->record;
    bool picked = shift->picked.attempt == record->id;
    uint16_t code = picked ? shift->picked.code : record->disposition;
    instant callback_at = picked ? shift->picked.callback_at : record->callback_at;
    const char *result = record->dropped                 ? "lost"
                         : record->result == RESULT_NONE ? NULL
                                                         : attempt_result_name(record->result);
    json_t *json = json_pack(
        "{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:s?, s:o}", "attempt",
        (json_int_t)record->id, "state", attempt_state_name(record->state), "since",
        reply_time(agent->record.since), "ringing_since", reply_time(record->ringing_at),
        "answered_at", reply_time(record->answered_at), "bridged_at",
        reply_time(record->bridged_at), "ended_at", reply_time(record->ended_at), "hello_ms",
        record->hello_us >= 0 ? json_real((double)record->hello_us / 1000.0) : json_null(),
        "result", result, "ended_by", ended_by(attempt), "held_since",
        reply_time(record->held_since));

    json_object_set_new(json, "consult", parties_consult_json(server, record->id));
    json_object_set_new(json, "parties", parties_json(server, record->id));
    json_object_set_new(json, "disposition", code ? json_integer(code) : json_null());
    json_object_set_new(json, "note", json_string(attempt->note ? attempt->note : ""));
    json_object_set_new(json, "callback_at", reply_time(callback_at));
    return json;
}

/* Handed over: the call goes on with somebody else, its record is theirs; what this agent had of it is shown on. */
static json_t *handed_over_json(const struct roster_agent *agent, const struct shift *shift)
{
    json_t *json = json_object_get(shift->call, "attempt") &&
                           json_integer_value(json_object_get(shift->call, "attempt")) ==
                               (json_int_t)agent->reservation.attempt
                       ? json_copy(shift->call)
                       : NULL;

    if (!json || agent->record.activity != AGENT_WRAP_UP) {
        json_decref(json);
        return json_null();
    }
    json_object_set_new(json, "state", json_string(attempt_state_name(ATTEMPT_HANDED_OVER)));
    json_object_set_new(json, "ended_at", reply_time(agent->record.since));
    json_object_set_new(json, "ended_by", json_string("agent"));
    json_object_set_new(json, "held_since", json_null());
    json_object_set_new(json, "consult", json_null());
    json_object_set_new(json, "parties", json_array());
    if (shift->picked.attempt == agent->reservation.attempt)
        json_object_set_new(json, "disposition", json_integer(shift->picked.code));
    return json;
}

static json_t *own_call_json(const struct server *server, const struct roster_agent *agent,
                             struct shift *shift, const struct known_attempt *attempt)
{
    if (!attempt || attempt->record.agent != agent->id)
        return handed_over_json(agent, shift);
    json_decref(shift->call);
    shift->call = call_json(server, agent, shift, attempt);
    return json_incref(shift->call);
}

enum { MORE_TIME_S = 30 };

static json_t *wrap_up_json(const struct server *server, const struct roster_agent *agent)
{
    const struct roster_campaign *campaign =
        roster_campaign(&server->roster, agent->reservation.campaign);
    const struct reservation_record *reservation = &agent->reservation;

    if (agent->record.activity != AGENT_WRAP_UP)
        return json_null();
    instant more = campaign ? campaign->options.more_time_max * MORE_TIME_S * SECOND : 0;
    instant last = campaign ? reservation->changed_at + campaign->options.wrap_up_max + more : 0;
    int left = reservation->until && last > reservation->until
                   ? (int)((last - reservation->until) / (MORE_TIME_S * SECOND))
                   : 0;

    return json_pack("{s:o, s:i}", "until", reply_time(reservation->until), "more_time", left);
}

static json_t *last_json(const struct shift *shift)
{
    return json_pack("{s:o, s:o, s:o}", "lost_at", reply_time(shift->lost_at), "back_at",
                     reply_time(shift->back_at), "away_ms",
                     shift->back_at ? json_integer((shift->back_at - shift->lost_at) / MILLISECOND)
                                    : json_null());
}

static json_t *person_of(struct server *server, const struct roster_agent *agent,
                         const struct known_attempt *attempt)
{
    struct persons *persons = server->desks->persons;
    lead_id lead = agent->reservation.lead;
    json_t *person = person_json(persons, lead, attempt ? attempt->id : 0);

    if (!person)
        persons_keep_reading(persons, lead);
    return person ? person : person_unread_json(persons, lead, attempt ? attempt->id : 0);
}

json_t *desk_document(struct server *server, agent_id id)
{
    const struct roster_agent *agent = roster_agent(&server->roster, id);
    struct shift *shift = agent ? shift_of(server, id) : NULL;
    instant now = server_now(server);

    if (!shift)
        return NULL;
    bool occupied = is_occupied(agent);
    const struct known_attempt *attempt =
        occupied ? traffic_attempt(&server->traffic, agent->reservation.attempt) : NULL;

    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:O, s:o}", "version",
                     (json_int_t)++server->desks->version, "now", reply_time(now), "agent",
                     agent_json(agent, shift, now), "pop", pop_json(agent, attempt), "call",
                     occupied ? own_call_json(server, agent, shift, attempt) : json_null(),
                     "person", occupied ? person_of(server, agent, attempt) : json_null(),
                     "wrap_up", wrap_up_json(server, agent), "callbacks",
                     shift->callbacks ? shift->callbacks : server->desks->none, "last",
                     last_json(shift));
}

/* ---- telling ---- */

/* Fits what a push may carry: the oldest history goes first, then fields. A note is never cut: the page is told to ask. */
static char *fitting(json_t *document)
{
    json_t *person = json_object_get(document, "person");
    json_t *history = json_object_get(person, "history"),
           *fields = json_object_get(person, "fields");
    char *text;

    while ((text = json_dumps(document, JSON_COMPACT)) && strlen(text) > DOCUMENT_SIZE_MAX) {
        free(text);
        text = NULL;
        if (json_array_size(history))
            json_array_remove(history, json_array_size(history) - 1);
        else if (json_array_size(fields))
            json_array_remove(fields, json_array_size(fields) - 1);
        else
            break;
    }
    return text;
}

static void tell(struct server *server, agent_id id)
{
    const struct roster_agent *agent = roster_agent(&server->roster, id);
    struct shift *shift = agent ? shift_of(server, id) : NULL;

    if (!shift)
        return;
    shift_see(server, shift, agent);
    if (!push_agent_is_here(server, id))
        return;
    shift_want(server, shift);
    json_t *document = desk_document(server, id);
    char *text = document ? fitting(document) : NULL;

    if (text)
        push_to_agent(server, id, "desk", text);
    else if (document) /* it does not fit: the page asks for it */
        push_to_agent(server, id, "desk-changed", "{}");
    free(text);
    json_decref(document);
}

static void on_touched(struct server *server)
{
    struct touched touched = server->touched;

    server->touched = (struct touched){.count = 0};
    for (uint32_t i = 0; i < touched.count; i++)
        tell(server, touched.agents[i]);
    if (touched.many) {
        struct table_slot *slot;
        size_t at = 0;

        while ((slot = table_next(&server->roster.agents, &at)))
            tell(server, ((const struct roster_agent *)slot->value)->id);
    }
}

static void on_lead(struct server *server, lead_id lead)
{
    if (push_anybody_is_here(server))
        persons_want(server->desks->persons, lead);
}

/* Who is shown this person learns of it now. */
static void on_person(struct server *server, lead_id lead)
{
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&server->roster.agents, &at))) {
        const struct roster_agent *agent = slot->value;

        if (agent->reservation.lead == lead && is_occupied(agent))
            server_touch(server, agent->id);
    }
    server_tell(server);
}

/* A page has come: what it will ask for is made ready. */
static void on_page(struct server *server, agent_id id, const char *screen, bool is_here)
{
    const struct roster_agent *agent = roster_agent(&server->roster, id);
    struct shift *shift = agent ? shift_of(server, id) : NULL;

    if (!shift || !is_here)
        return;
    if (!shift->screen[0])
        slice_copy(slice_from(screen), shift->screen, sizeof(shift->screen));
    shift_want(server, shift);
    if (is_occupied(agent))
        persons_want(server->desks->persons, agent->reservation.lead);
}

static void on_signed_out(struct server *server, agent_id agent, const char *reason)
{
    json_t *json = json_pack("{s:s}", "reason", reason);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    if (text)
        push_to_agent(server, agent, "signed-out", text);
    free(text);
    json_decref(json);
}

int desks_begin(struct server *server, const struct desks_options *options)
{
    struct desks *desks = calloc(1, sizeof(*desks));

    if (!desks)
        return ENOMEM;
    desks->options = *options;
    table_init(&desks->shifts);
    desks->version = (uint64_t)loop_clock();
    desks->none = json_array();
    int err = desks->none ? persons_new(&desks->persons, server, on_person) : ENOMEM;

    server->desks = desks;
    if (err) {
        desks_end(server);
        return err;
    }
    server->on_touched = on_touched;
    server->on_lead = on_lead;
    server->on_signed_out = on_signed_out;
    push_on_agent(server, on_page);
    return 0;
}

void desks_end(struct server *server)
{
    struct desks *desks = server->desks;
    struct table_slot *slot;
    size_t at = 0;

    if (!desks)
        return;
    while ((slot = table_next(&desks->shifts, &at)))
        shift_free(server, slot->value);
    table_release(&desks->shifts);
    persons_free(desks->persons);
    json_decref(desks->none);
    free(desks);
    server->desks = NULL;
    server->on_touched = NULL;
    server->on_lead = NULL;
    server->on_signed_out = NULL;
}

/* ---- answers ---- */

void desk_reply(struct api_call *call, agent_id agent)
{
    json_t *document = desk_document(call->server, agent);

    if (document)
        api_reply_committed(call, 200, document);
    else
        api_refuse(call, 503, "no memory");
}

/* The first question of a page: what the document needs is read, the document follows by push. */
static void shown(struct api_job *job)
{
    job->result = desk_document(job->server, job->id);
    if (!job->result)
        api_job_fails(job, 503, ENOMEM, "no memory");
}

void api_desk_show(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    struct shift *shift = agent ? shift_of(call->server, agent->id) : NULL;

    if (!agent)
        return;
    if (shift) {
        shift_see(call->server, shift, agent);
        shift_want(call->server, shift);
    }
    if (is_occupied(agent) && !persons_has(call->server->desks->persons, agent->reservation.lead))
        persons_want(call->server->desks->persons, agent->reservation.lead);
    struct api_job *job = api_job_new(call);

    job->id = agent->id;
    api_work(job, API_READ, NULL, shown); /* behind the reads that were just asked for */
}
