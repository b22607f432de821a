#include "store/row.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"

#define AT(member) offsetof(struct row, record.of.member)
#define U64(name, member, flags)                                                                   \
    {                                                                                              \
        name, COLUMN_U64, flags, AT(member), 0                                                     \
    }
#define I64(name, member, flags)                                                                   \
    {                                                                                              \
        name, COLUMN_I64, flags, AT(member), 0                                                     \
    }
#define U32(name, member, flags)                                                                   \
    {                                                                                              \
        name, COLUMN_U32, flags, AT(member), 0                                                     \
    }
#define WORD(name, member, flags, count)                                                           \
    {                                                                                              \
        name, COLUMN_I32, flags, AT(member), count                                                 \
    }
#define U16(name, member, flags)                                                                   \
    {                                                                                              \
        name, COLUMN_U16, flags, AT(member), 0                                                     \
    }
#define U8(name, member, flags)                                                                    \
    {                                                                                              \
        name, COLUMN_U8, flags, AT(member), 0                                                      \
    }
#define BOOL(name, member, flags)                                                                  \
    {                                                                                              \
        name, COLUMN_BOOL, flags, AT(member), 0                                                    \
    }
#define TEXT(name, member, flags)                                                                  \
    {                                                                                              \
        name, COLUMN_TEXT, flags, AT(member), 0                                                    \
    }
#define MADE(name, type, member)                                                                   \
    {                                                                                              \
        name, type, ALL, offsetof(struct row, member), 0                                           \
    }

enum {
    ONCE = COLUMN_ONCE,
    WHO = COLUMN_WHO,
    STATE = COLUMN_STATE,
    ALL = COLUMN_WHO | COLUMN_STATE,
    KEY = COLUMN_KEY,
    SPARSE = COLUMN_SPARSE,
};

static_assert(sizeof(enum lead_state) == sizeof(int32_t), "enums travel as 32-bit numbers");

static const struct column campaign_columns[] = {
    U64("id", campaign.id, ONCE),
    TEXT("name", campaign.name, WHO | KEY),
    TEXT("settings", campaign.settings, WHO),
    I64("made_at", campaign.made_at, ONCE),
    I64("changed_at", campaign.changed_at, WHO),
    WORD("state", campaign.state, STATE, CAMPAIGN_STATE_COUNT),
};

static const struct column list_columns[] = {
    U64("id", list.id, ONCE),           U64("campaign_id", list.campaign, ONCE | KEY),
    TEXT("name", list.name, ALL | KEY), TEXT("country", list.country, ALL),
    I64("made_at", list.made_at, ONCE),
};

static const struct column import_columns[] = {
    U64("id", import.id, ONCE),
    U64("campaign_id", import.campaign, ONCE),
    U64("list_id", import.list, ONCE),
    WORD("state", import.state, ALL, IMPORT_STATE_COUNT),
    TEXT("file_name", import.file_name, ALL),
    TEXT("file_hash", import.file_hash, ALL),
    TEXT("summary", import.summary, ALL),
    U64("row_count", import.rows, ALL),
    U64("imported", import.imported, ALL),
    U64("merged", import.merged, ALL),
    U64("duplicates", import.duplicates, ALL),
    U64("rejected", import.rejected, ALL),
    U64("warnings", import.warnings, ALL),
    I64("begun_at", import.begun_at, ONCE),
    I64("ended_at", import.ended_at, ALL),
};

static const struct column person_columns[] = {
    U64("id", person.id, ONCE),
    TEXT("external_id", person.external_id, ALL),
    TEXT("first_name", person.first_name, ALL),
    TEXT("last_name", person.last_name, ALL),
    TEXT("email", person.email, ALL),
    TEXT("address", person.address, ALL),
    TEXT("country", person.country, ALL),
    TEXT("zone", person.zone, ALL),
    TEXT("columns", person.columns, ALL),
    U64("import_id", person.import, ONCE),
    U32("flags", person.flags, ALL),
    I64("erased_at", person.erased_at, ALL),
};

static const struct column number_columns[] = {
    U64("id", number.id, ONCE),           TEXT("e164", number.e164, ALL | KEY | SPARSE),
    TEXT("country", number.country, ALL), U32("flags", number.flags, ALL),
    WORD("type", number.type, ALL, 0),    BOOL("valid", number.valid, ALL),
};

static const struct column lead_columns[] = {
    U64("id", lead.core.id, ONCE),
    U64("campaign_id", lead.core.campaign, ONCE),
    U64("person_id", lead.core.person, ONCE),
    U64("list_id", lead.list, ONCE),
    U64("import_id", lead.import, ONCE),
    U64("line", lead.line, ONCE),
    WORD("state", lead.core.state, ALL, LEAD_STATE_COUNT),
    I64("due_at", lead.core.due_at, ALL),
    WORD("reason", lead.core.reason, ALL, REFUSAL_COUNT),
    U64("callback_agent_id", lead.core.callback_agent, ALL),
    U16("disposition", lead.core.disposition, ALL),
    U8("priority", lead.core.priority, ALL),
    U8("number_next", lead.core.number_next, ALL),
    U8("numbers_dead", lead.core.numbers_dead, ALL),
    U16("attempts", lead.core.attempts, ALL),
    {"results", COLUMN_BYTES, ALL, AT(lead.core.results), RESULT_COUNT},
    I64("last_attempt_at", lead.core.last_attempt_at, ALL),
    BOOL("released", lead.core.released, ALL),
    U64("region_id", lead.region, ALL),
    U64("owner", lead.owner, ALL | SPARSE),
    I64("claimed_at", lead.claimed_at, ALL),
    MADE("free", COLUMN_BOOL, made.free),
    MADE("rank", COLUMN_I32, made.rank),
};

static const struct column lead_number_columns[] = {
    U64("id", lead_number.id, ONCE),
    U64("lead_id", lead_number.lead, ONCE),
    U64("number_id", lead_number.number, ONCE | KEY),
    U64("campaign_id", lead_number.campaign, ONCE | KEY),
    U64("import_id", lead_number.import, ONCE),
    U32("place", lead_number.place, ALL),
};

static const struct column attempt_columns[] = {
    U64("id", attempt.core.id, ONCE),
    U64("campaign_id", attempt.core.campaign, ONCE),
    U64("lead_id", attempt.core.lead, ONCE),
    U64("person_id", attempt.core.person, ONCE),
    U64("number_id", attempt.core.number, ONCE),
    U8("number_index", attempt.core.number_index, ONCE),
    BOOL("manual", attempt.core.manual, ONCE),
    BOOL("unguarded", attempt.core.unguarded, ALL),
    BOOL("conversed", attempt.core.conversed, ALL),
    BOOL("counted_answer", attempt.core.counted_answer, ALL),
    BOOL("open", attempt.core.open, ALL),
    BOOL("counts", attempt.core.counts, ALL),
    WORD("state", attempt.core.state, ALL, ATTEMPT_STATE_COUNT),
    WORD("result", attempt.core.result, ALL, RESULT_COUNT),
    WORD("action", attempt.core.action, ALL, ANSWER_ACTION_COUNT),
    WORD("reason", attempt.core.reason, ALL, REFUSAL_COUNT),
    U64("agent_id", attempt.core.agent, ALL | SPARSE),
    U64("reservation_id", attempt.core.reservation, ALL),
    U16("disposition", attempt.core.disposition, ALL),
    I64("callback_at", attempt.core.callback_at, ALL),
    U64("callback_agent_id", attempt.core.callback_agent, ALL),
    U16("sip_code", attempt.core.sip_code, ALL),
    I64("hello_us", attempt.core.hello_us, ALL | SPARSE),
    I64("planned_at", attempt.core.planned_at, ONCE),
    I64("ordered_at", attempt.core.ordered_at, ALL),
    I64("placed_at", attempt.core.placed_at, ALL),
    I64("ringing_at", attempt.core.ringing_at, ALL),
    I64("answered_at", attempt.core.answered_at, ALL),
    I64("bridged_at", attempt.core.bridged_at, ALL),
    I64("ended_at", attempt.core.ended_at, ALL),
    I64("wrapped_at", attempt.core.wrapped_at, ALL),
    I64("held_since", attempt.core.held_since, ALL),
    BOOL("dropped", attempt.core.dropped, ALL),
    WORD("party_state", attempt.core.party.state, ALL, PARTY_STATE_COUNT),
    U32("party_serial", attempt.core.party.serial, ALL),
    I64("party_since", attempt.core.party.since, ALL),
    BOOL("party_consulting", attempt.core.party.consulting, ALL),
    BOOL("party_held", attempt.core.party.held, ALL),
    BOOL("party_muted", attempt.core.party.muted, ALL),
    BOOL("party_blind", attempt.core.party.blind, ALL),
    TEXT("call_sid", attempt.call_sid, ALL | SPARSE),
    TEXT("caller_id", attempt.caller_id, ALL),
    TEXT("note", attempt.note, ALL),
    {"called_at", COLUMN_I64, ALL | SPARSE, offsetof(struct row, made.called_at), 0},
};

static const struct column agent_columns[] = {
    U64("id", agent.core.id, ONCE),
    TEXT("name", agent.name, WHO | KEY),
    TEXT("full_name", agent.full_name, WHO),
    TEXT("address", agent.address, WHO),
    TEXT("secret_hash", agent.secret_hash, WHO),
    TEXT("settings", agent.settings, WHO),
    BOOL("disabled", agent.disabled, WHO),
    I64("made_at", agent.made_at, ONCE),
    U64("version", agent.core.version, STATE),
    WORD("activity", agent.core.activity, STATE, AGENT_ACTIVITY_COUNT),
    U16("break_code", agent.core.break_code, STATE),
    BOOL("next_wanted", agent.core.next_wanted, STATE),
    WORD("next_activity", agent.core.next_activity, STATE, AGENT_ACTIVITY_COUNT),
    U16("next_break_code", agent.core.next_break_code, STATE),
    I64("since", agent.core.since, STATE),
    WORD("leg", agent.core.leg, STATE, LEG_STATE_COUNT),
    U32("leg_serial", agent.core.leg_serial, STATE),
    I64("leg_since", agent.core.leg_since, STATE),
};

static const struct column activity_columns[] = {
    U64("id", activity.id, ONCE),
    U64("agent_id", activity.agent, ONCE),
    WORD("activity", activity.activity, ALL, AGENT_ACTIVITY_COUNT),
    U16("break_code", activity.break_code, ALL),
    U64("campaign_id", activity.campaign, ALL),
    U64("attempt_id", activity.attempt, ALL),
    I64("begun_at", activity.begun_at, ONCE),
    I64("ended_at", activity.ended_at, ALL),
    MADE("open", COLUMN_BOOL, made.open),
};

static const struct column reservation_columns[] = {
    U64("id", reservation.id, ONCE),
    U64("agent_id", reservation.agent, ONCE),
    U64("campaign_id", reservation.campaign, ALL),
    U64("lead_id", reservation.lead, ALL),
    U64("attempt_id", reservation.attempt, ALL),
    WORD("state", reservation.status, ALL, RESERVATION_STATUS_COUNT),
    I64("created_at", reservation.created_at, ONCE),
    I64("changed_at", reservation.changed_at, ALL),
    I64("until", reservation.until, ALL),
    MADE("open", COLUMN_BOOL, made.open),
};

static const struct column do_not_call_columns[] = {
    U64("id", do_not_call.id, ONCE),
    TEXT("e164", do_not_call.e164, ONCE | KEY),
    U64("campaign_id", do_not_call.campaign, ONCE | KEY),
    TEXT("source", do_not_call.source, ALL),
    TEXT("note", do_not_call.note, ALL),
    U64("attempt_id", do_not_call.attempt, ALL),
    I64("added_at", do_not_call.added_at, ONCE),
};

static const struct column token_columns[] = {
    U64("id", token.id, ONCE),          TEXT("hash", token.hash, ONCE | KEY),
    U64("agent_id", token.agent, ONCE), TEXT("name", token.name, ALL),
    TEXT("rights", token.rights, ALL),  I64("made_at", token.made_at, ONCE),
    I64("used_at", token.used_at, ALL), I64("expires_at", token.expires_at, ALL),
};

static const struct column meta_columns[] = {
    U64("id", meta.id, ONCE),
    TEXT("key", meta.key, ONCE | KEY),
    TEXT("value", meta.value, ALL),
};

static const struct column region_columns[] = {
    U64("id", region.id, ONCE),
    TEXT("zones", region.zones, ONCE | KEY),
};

static const struct column sequence_columns[] = {
    U64("id", id, ONCE),
    MADE("last", COLUMN_U64, last),
};

static const struct column figures_columns[] = {
    U64("id", id, ONCE),
    {"figures", COLUMN_BYTES, ALL, offsetof(struct row, figures), sizeof(struct figures)},
};

static const struct column lead_counts_columns[] = {
    U64("id", id, ONCE),
    {"campaign_id", COLUMN_U64, ONCE, offsetof(struct row, campaign), 0},
    {"import_id", COLUMN_U64, ONCE, offsetof(struct row, import), 0},
    MADE("fresh", COLUMN_U64, lead_counts[LEAD_FRESH]),
    MADE("due", COLUMN_U64, lead_counts[LEAD_DUE]),
    MADE("held", COLUMN_U64, lead_counts[LEAD_HELD]),
    MADE("attempting", COLUMN_U64, lead_counts[LEAD_ATTEMPTING]),
    MADE("callback", COLUMN_U64, lead_counts[LEAD_CALLBACK]),
    MADE("done", COLUMN_U64, lead_counts[LEAD_DONE]),
    MADE("exhausted", COLUMN_U64, lead_counts[LEAD_EXHAUSTED]),
    MADE("blocked", COLUMN_U64, lead_counts[LEAD_BLOCKED]),
};

#define COLUMNS(columns) columns, array_count(columns)

static const struct kind kinds[KIND_COUNT] = {
    [STORE_CAMPAIGN] = {"campaigns", COLUMNS(campaign_columns), STORE_CAMPAIGN, WHO, "name", NULL},
    [STORE_CAMPAIGN_STATE] = {"campaigns", COLUMNS(campaign_columns), STORE_CAMPAIGN, STATE, NULL,
                              NULL},
    [STORE_LIST] = {"lists", COLUMNS(list_columns), STORE_LIST, ALL, "name", NULL},
    [STORE_IMPORT] = {"imports", COLUMNS(import_columns), STORE_IMPORT, ALL, "file_hash", NULL},
    [STORE_PERSON] = {"persons", COLUMNS(person_columns), STORE_PERSON, ALL, NULL, NULL},
    [STORE_NUMBER] = {"numbers", COLUMNS(number_columns), STORE_NUMBER, ALL, "e164", NULL},
    [STORE_LEAD] = {"leads", COLUMNS(lead_columns), STORE_LEAD, ALL, NULL, NULL},
    [STORE_LEAD_NUMBER] = {"lead_numbers", COLUMNS(lead_number_columns), STORE_LEAD_NUMBER, ALL,
                           NULL, NULL},
    [STORE_ATTEMPT] = {"attempts", COLUMNS(attempt_columns), STORE_ATTEMPT, ALL, "call_sid",
                       "planned_at"},
    [STORE_AGENT] = {"agents", COLUMNS(agent_columns), STORE_AGENT, WHO, "name", NULL},
    [STORE_AGENT_STATE] = {"agents", COLUMNS(agent_columns), STORE_AGENT, STATE, NULL, NULL},
    [STORE_ACTIVITY] = {"activities", COLUMNS(activity_columns), STORE_ACTIVITY, ALL, NULL,
                        "begun_at"},
    [STORE_RESERVATION] = {"reservations", COLUMNS(reservation_columns), STORE_RESERVATION, ALL,
                           NULL, "created_at"},
    [STORE_DO_NOT_CALL] = {"do_not_call", COLUMNS(do_not_call_columns), STORE_DO_NOT_CALL, ALL,
                           "e164", NULL},
    [STORE_TOKEN] = {"tokens", COLUMNS(token_columns), STORE_TOKEN, ALL, "hash", NULL},
    [STORE_META] = {"meta", COLUMNS(meta_columns), STORE_META, ALL, "key", NULL},
    [STORE_REGION] = {"regions", COLUMNS(region_columns), STORE_REGION, ALL, "zones", NULL},
    [KIND_SEQUENCE] = {"sequences", COLUMNS(sequence_columns), KIND_SEQUENCE, ALL, NULL, NULL},
    [KIND_FIGURES] = {"figures", COLUMNS(figures_columns), KIND_FIGURES, ALL, NULL, NULL},
    [KIND_LEAD_COUNTS] = {"lead_counts", COLUMNS(lead_counts_columns), KIND_LEAD_COUNTS, ALL, NULL,
                          NULL},
};

static_assert(array_count(attempt_columns) <= COLUMNS_MAX, "the widest table");
static_assert(LEAD_STATE_COUNT == 8, "a new state of leads wants a column in lead_counts");

const struct kind *row_kind(int kind)
{
    check(kind >= 0 && kind < KIND_COUNT);
    return &kinds[kind];
}

const struct column *row_column(int kind, const char *name)
{
    const struct kind *found = row_kind(kind);

    for (size_t i = 0; i < found->column_count; i++) {
        if (strcmp(found->columns[i].name, name) == 0)
            return &found->columns[i];
    }
    return NULL;
}

int64_t column_number(const struct column *column, const struct row *row)
{
    const void *at = (const char *)row + column->offset;

    switch (column->type) {
    case COLUMN_U64:
        return (int64_t) * (const uint64_t *)at;
    case COLUMN_I64:
        return *(const int64_t *)at;
    case COLUMN_U32:
        return *(const uint32_t *)at;
    case COLUMN_I32:
        return *(const int32_t *)at;
    case COLUMN_U16:
        return *(const uint16_t *)at;
    case COLUMN_U8:
        return *(const uint8_t *)at;
    case COLUMN_BOOL:
        return *(const bool *)at;
    case COLUMN_TEXT:
    case COLUMN_BYTES:
        break;
    }
    check(!"a column of numbers");
    return 0;
}

void column_set_number(const struct column *column, struct row *row, int64_t number)
{
    void *at = (char *)row + column->offset;

    switch (column->type) {
    case COLUMN_U64:
        *(uint64_t *)at = (uint64_t)number;
        return;
    case COLUMN_I64:
        *(int64_t *)at = number;
        return;
    case COLUMN_U32:
        *(uint32_t *)at = (uint32_t)number;
        return;
    case COLUMN_I32:
        *(int32_t *)at = (int32_t)number;
        return;
    case COLUMN_U16:
        *(uint16_t *)at = (uint16_t)number;
        return;
    case COLUMN_U8:
        *(uint8_t *)at = (uint8_t)number;
        return;
    case COLUMN_BOOL:
        *(bool *)at = number != 0;
        return;
    case COLUMN_TEXT:
    case COLUMN_BYTES:
        break;
    }
    check(!"a column of numbers");
}

static bool is_within(int64_t number, int64_t low, int64_t high)
{
    return number >= low && number <= high;
}

bool column_holds(const struct column *column, int64_t number)
{
    switch (column->type) {
    case COLUMN_U64:
        return is_within(number, 0, ID_MAX);
    case COLUMN_I64: /* instants and spans; -1 where none was measured */
        return number == INSTANT_NEVER || is_within(number, -1, ID_MAX);
    case COLUMN_U32:
        return is_within(number, 0, UINT32_MAX);
    case COLUMN_I32:
        return column->size ? is_within(number, 0, (int64_t)column->size - 1)
                            : is_within(number, INT32_MIN, INT32_MAX);
    case COLUMN_U16:
        return is_within(number, 0, UINT16_MAX);
    case COLUMN_U8:
        return is_within(number, 0, UINT8_MAX);
    case COLUMN_BOOL:
        return is_within(number, 0, 1);
    case COLUMN_TEXT:
    case COLUMN_BYTES:
        break;
    }
    check(!"a column of numbers");
    return false;
}

const char *column_text(const struct column *column, const struct row *row)
{
    check(column->type == COLUMN_TEXT);
    return *(const char *const *)(const void *)((const char *)row + column->offset);
}

void column_set_text(const struct column *column, struct row *row, const char *text)
{
    check(column->type == COLUMN_TEXT);
    *(const char **)(void *)((char *)row + column->offset) = text;
}

const void *column_bytes(const struct column *column, const struct row *row)
{
    check(column->type == COLUMN_BYTES);
    return (const char *)row + column->offset;
}

void column_set_bytes(const struct column *column, struct row *row, const void *bytes, size_t size)
{
    char *at = (char *)row + column->offset;

    check(column->type == COLUMN_BYTES);
    if (size != column->size)
        row->bytes_differ = true;
    if (size > column->size)
        size = column->size;
    if (size)
        memcpy(at, bytes, size);
    memset(at + size, 0, column->size - size);
}

bool column_is_changed(const struct kind *kind, const struct column *column)
{
    return !(column->flags & COLUMN_ONCE) && (column->flags & kind->written);
}

static bool lead_waits(enum lead_state state)
{
    switch (state) {
    case LEAD_FRESH:
    case LEAD_DUE:
    case LEAD_HELD:
    case LEAD_CALLBACK:
        return true;
    case LEAD_ATTEMPTING:
    case LEAD_DONE:
    case LEAD_EXHAUSTED:
    case LEAD_BLOCKED:
    case LEAD_STATE_COUNT:
        break;
    }
    return false;
}

void row_complete(struct row *row)
{
    const struct lead_record *lead = &row->record.of.lead.core;

    memset(&row->made, 0, sizeof(row->made));
    if (row->record.kind == STORE_LEAD) {
        if (lead->released) {
            row->record.of.lead.owner = 0;
            row->record.of.lead.claimed_at = 0;
        }
        row->made.free = lead->released && lead_waits(lead->state);
        row->made.rank = lead->state == LEAD_CALLBACK ? 0 : 1 + lead->priority;
    } else if (row->record.kind == STORE_ATTEMPT) {
        const struct attempt_record *attempt = &row->record.of.attempt.core;
        row->made.called_at = attempt->counts ? attempt->ordered_at : 0;
    } else if (row->record.kind == STORE_RESERVATION) {
        enum reservation_status status = row->record.of.reservation.status;
        row->made.open = status == RESERVATION_PENDING || status == RESERVATION_ACCEPTED ||
                         status == RESERVATION_WRAPPING;
    } else if (row->record.kind == STORE_ACTIVITY) {
        row->made.open = row->record.of.activity.ended_at == 0;
    }
}
