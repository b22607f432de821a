#include "api/encode.h"

#include "server/campaign_settings.h"
#include "server/reply.h"
#include "server/server.h"

static json_t *id_or_null(uint64_t id)
{
    return id ? json_integer((json_int_t)id) : json_null();
}

static json_t *text_or_null(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

json_t *encode_campaign(const struct roster_campaign *campaign, const struct server *server)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:o, s:o}", "id", (json_int_t)campaign->id, "name",
                     campaign->name, "state", campaign_state_name(campaign->state), "mode",
                     campaign_mode_name(campaign->options.mode), "made_at",
                     reply_time(campaign->made_at), "settings",
                     campaign_settings_complete(campaign->settings, &campaign->options));
}

static json_t *encode_reservation(const struct reservation_record *reservation)
{
    if (!reservation->id)
        return json_null();
    return json_pack("{s:I, s:s, s:I, s:I, s:o, s:o, s:o}", "id", (json_int_t)reservation->id,
                     "status", reservation_status_name(reservation->status), "campaign",
                     (json_int_t)reservation->campaign, "lead", (json_int_t)reservation->lead,
                     "attempt", id_or_null(reservation->attempt), "made_at",
                     reply_time(reservation->created_at), "until", reply_time(reservation->until));
}

json_t *encode_agent(const struct roster_agent *agent, const struct server *server)
{
    const struct agent_record *record = &agent->record;
    const json_t *campaigns = json_object_get(agent->settings, "campaigns");

    return json_pack(
        "{s:I, s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:s, s:o, s:I, s:o, s:o}", "id",
        (json_int_t)agent->id, "name", agent->name, "full_name", agent->full_name, "contact",
        agent->address, "activity", agent_activity_name(record->activity), "break_code",
        (int)record->break_code, "next_activity",
        record->next_wanted ? json_string(agent_activity_name(record->next_activity)) : json_null(),
        "since", reply_time(record->since), "line", leg_state_name(record->leg), "line_since",
        reply_time(record->leg_since), "version", (json_int_t)record->version, "reservation",
        encode_reservation(&agent->reservation), "campaigns",
        json_is_array(campaigns) ? json_deep_copy(campaigns) : json_array());
}

json_t *encode_attempt(const struct store_attempt *attempt)
{
    const struct attempt_record *core = &attempt->core;
    json_t *json = json_pack(
        "{s:I, s:I, s:I, s:o, s:o, s:s, s:o, s:o, s:o, s:b, s:o, s:o}", "id", (json_int_t)core->id,
        "campaign", (json_int_t)core->campaign, "lead", (json_int_t)core->lead, "agent",
        id_or_null(core->agent), "number", text_or_null(attempt->e164), "state",
        attempt_state_name(core->state), "result",
        core->result == RESULT_NONE ? json_null() : json_string(attempt_result_name(core->result)),
        "call_sid", text_or_null(attempt->call_sid), "caller_id", text_or_null(attempt->caller_id),
        "manual", (int)core->manual, "sip_code",
        core->sip_code ? json_integer(core->sip_code) : json_null(), "disposition",
        id_or_null(core->disposition));

    json_object_set_new(json, "hello_latency_ms",
                        core->hello_us >= 0 ? json_real((double)core->hello_us / 1000.0)
                                            : json_null());
    json_object_set_new(json, "reason",
                        core->reason ? json_string(refusal_name(core->reason)) : json_null());
    json_object_set_new(json, "note", text_or_null(attempt->note));
    json_object_set_new(json, "held_since", reply_time(core->held_since));
    json_object_set_new(json, "dropped", json_boolean(core->dropped));
    json_object_set_new(json, "planned_at", reply_time(core->planned_at));
    json_object_set_new(json, "placed_at", reply_time(core->placed_at));
    json_object_set_new(json, "ringing_at", reply_time(core->ringing_at));
    json_object_set_new(json, "answered_at", reply_time(core->answered_at));
    json_object_set_new(json, "joined_at", reply_time(core->bridged_at));
    json_object_set_new(json, "ended_at", reply_time(core->ended_at));
    json_object_set_new(json, "wrapped_at", reply_time(core->wrapped_at));
    return json;
}

json_t *encode_lead(const struct store_lead *lead)
{
    const struct lead_record *core = &lead->core;

    return json_pack("{s:I, s:I, s:o, s:I, s:s, s:o, s:o, s:o, s:i, s:i, s:o, s:o, s:o}", "id",
                     (json_int_t)core->id, "campaign", (json_int_t)core->campaign, "import",
                     id_or_null(lead->import), "line", (json_int_t)lead->line, "state",
                     lead_state_name(core->state), "due_at", reply_time(core->due_at), "reason",
                     core->reason ? json_string(refusal_name(core->reason)) : json_null(), "why",
                     core->reason ? json_string(refusal_sentence(core->reason)) : json_null(),
                     "priority", (int)core->priority, "attempts", (int)core->attempts,
                     "disposition", id_or_null(core->disposition), "callback_agent",
                     id_or_null(core->callback_agent), "last_attempt_at",
                     reply_time(core->last_attempt_at));
}

static const char *import_state_name(enum store_import_state state)
{
    switch (state) {
    case IMPORT_WRITING:
        return "writing";
    case IMPORT_PUBLISHED:
        return "published";
    case IMPORT_FAILED:
        return "failed";
    case IMPORT_STATE_COUNT:
        break;
    }
    return "unknown";
}

json_t *encode_import(const struct store_import *import)
{
    json_t *summary =
        import->summary && *import->summary ? json_loads(import->summary, 0, NULL) : NULL;

    return json_pack("{s:I, s:I, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "id",
                     (json_int_t)import->id, "campaign", (json_int_t)import->campaign, "state",
                     import_state_name(import->state), "file_name", text_or_null(import->file_name),
                     "rows", (json_int_t)import->rows, "imported", (json_int_t)import->imported,
                     "merged", (json_int_t)import->merged, "duplicates",
                     (json_int_t)import->duplicates, "rejected", (json_int_t)import->rejected,
                     "warnings", (json_int_t)import->warnings, "begun_at",
                     reply_time(import->begun_at), "ended_at", reply_time(import->ended_at),
                     "summary", summary ? summary : json_object());
}

json_t *encode_do_not_call(const struct store_do_not_call *row)
{
    return json_pack("{s:I, s:o, s:s, s:o, s:o, s:o, s:o}", "id", (json_int_t)row->id, "campaign",
                     id_or_null(row->campaign), "number", row->e164 ? row->e164 : "", "source",
                     text_or_null(row->source), "note", text_or_null(row->note), "attempt",
                     id_or_null(row->attempt), "added_at", reply_time(row->added_at));
}

json_t *encode_token(const struct store_token *row)
{
    return json_pack("{s:I, s:s, s:o, s:o, s:o}", "id", (json_int_t)row->id, "name",
                     row->name ? row->name : "", "agent", id_or_null(row->agent), "made_at",
                     reply_time(row->made_at), "expires_at", reply_time(row->expires_at));
}
