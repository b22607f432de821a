#include "core/journal.h"

#include <errno.h>
#include <string.h>

/*
 * One description of each event serves both directions: every field passes through code_*(), which
 * writes what it is given, or returns what it has read.
 *
 *   'J' version kind  size(2, little endian)  payload  checksum(4, FNV-1a of all before)
 */
enum { HEAD_SIZE = 5, CHECK_SIZE = 4, MAGIC = 'J' };

struct codec {
    uint8_t *out; /* NULL: reading */
    const uint8_t *in;
    size_t at, size;
    bool failed;
};

static void put_byte(struct codec *codec, uint8_t byte)
{
    check(codec->at < codec->size);
    codec->out[codec->at++] = byte;
}

static uint8_t get_byte(struct codec *codec)
{
    if (codec->at == codec->size) {
        codec->failed = true;
        return 0;
    }
    return codec->in[codec->at++];
}

/* Seven bits a byte, the lowest first. */
static uint64_t code_u64(struct codec *codec, uint64_t value)
{
    uint64_t read = 0;

    if (codec->out) {
        for (; value > 0x7f; value >>= 7)
            put_byte(codec, (uint8_t)(value | 0x80));
        put_byte(codec, (uint8_t)value);
        return value;
    }
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = get_byte(codec);

        read |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return read;
    }
    codec->failed = true;
    return 0;
}

static uint64_t code_below(struct codec *codec, uint64_t value, uint64_t bound)
{
    uint64_t read;

    if (codec->out) {
        check(value < bound);
        code_u64(codec, value);
        return value;
    }
    read = code_u64(codec, 0);
    if (read < bound)
        return read;
    codec->failed = true;
    return 0;
}

static uint64_t code_id(struct codec *codec, uint64_t value)
{
    if (!codec->out)
        return code_u64(codec, 0);
    code_u64(codec, value);
    return value;
}

static int64_t code_i64(struct codec *codec, int64_t value)
{
    uint64_t folded = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);

    if (codec->out) {
        code_u64(codec, folded);
        return value;
    }
    folded = code_u64(codec, 0);
    return (int64_t)((folded >> 1) ^ (folded & 1 ? UINT64_MAX : 0));
}

static uint32_t code_u32(struct codec *codec, uint32_t value)
{
    return (uint32_t)code_below(codec, value, UINT64_C(1) << 32);
}

static uint16_t code_u16(struct codec *codec, uint16_t value)
{
    return (uint16_t)code_below(codec, value, 1 << 16);
}

static uint8_t code_u8(struct codec *codec, uint8_t value)
{
    return (uint8_t)code_below(codec, value, 1 << 8);
}

static bool code_bool(struct codec *codec, bool value)
{
    return code_below(codec, value, 2) != 0;
}

static void code_history(struct codec *codec, struct call_history *history)
{
    history->lifetime = code_u32(codec, history->lifetime);
    history->recent_count =
        (uint8_t)code_below(codec, history->recent_count, HISTORY_RECENT_MAX + 1);
    for (uint8_t i = 0; i < history->recent_count; ++i)
        history->recent[i] = code_i64(codec, history->recent[i]);
}

static void code_caps(struct codec *codec, struct attempt_caps *caps)
{
    caps->per_day = code_u8(codec, caps->per_day);
    caps->per_24_hours = code_u8(codec, caps->per_24_hours);
    caps->per_7_days = code_u8(codec, caps->per_7_days);
    caps->lifetime = code_u32(codec, caps->lifetime);
    caps->gap = code_i64(codec, caps->gap);
}

static void code_hours(struct codec *codec, struct calling_hours *hours)
{
    for (int day = 0; day < 7; ++day)
        for (int i = 0; i < HOURS_WINDOWS_MAX; ++i) {
            struct hours_window *window = &hours->days[day][i];

            window->open_minute = code_u16(codec, window->open_minute);
            window->close_minute = code_u16(codec, window->close_minute);
        }
}

static void code_retry(struct codec *codec, struct retry_rule *rule)
{
    rule->delay = code_i64(codec, rule->delay);
    rule->alternate_delay = code_i64(codec, rule->alternate_delay);
    rule->times_max = code_u8(codec, rule->times_max);
    rule->alternates = code_bool(codec, rule->alternates);
}

static void code_options(struct codec *codec, struct campaign_options *options)
{
    options->mode = (enum campaign_mode)code_below(codec, options->mode, MODE_COUNT);
    options->ratio_percent = code_u32(codec, options->ratio_percent);
    options->weight = code_u32(codec, options->weight);
    options->calls_max = code_u32(codec, options->calls_max);
    options->ring_timeout = code_i64(codec, options->ring_timeout);
    options->answer_wait_max = code_i64(codec, options->answer_wait_max);
    options->wrap_up_max = code_i64(codec, options->wrap_up_max);
    options->wrap_up_default = code_u16(codec, options->wrap_up_default);
    options->preview_max = code_i64(codec, options->preview_max);
    options->preview_default =
        (enum preview_default)code_below(codec, options->preview_default, PREVIEW_DEFAULT_COUNT);
    options->skip_delay = code_i64(codec, options->skip_delay);
    options->callback_agent_wait = code_i64(codec, options->callback_agent_wait);
    options->lead_attempts_max = code_u32(codec, options->lead_attempts_max);
    code_caps(codec, &options->number_caps);
    code_caps(codec, &options->person_caps);
    code_hours(codec, &options->hours);
    options->abandonment.ceiling_per_mille =
        code_u32(codec, options->abandonment.ceiling_per_mille);
    options->abandonment.credit_answers = code_u32(codec, options->abandonment.credit_answers);
    for (int i = 0; i < RESULT_COUNT; ++i)
        code_retry(codec, &options->retry[i]);
    options->disposition_count =
        (uint32_t)code_below(codec, options->disposition_count, DISPOSITIONS_MAX + 1);
    for (uint32_t i = 0; i < options->disposition_count; ++i) {
        struct disposition *one = &options->dispositions[i];

        one->code = code_u16(codec, one->code);
        one->behaviour = (enum disposition_behaviour)code_below(codec, one->behaviour,
                                                                DISPOSITION_BEHAVIOUR_COUNT);
        one->delay = code_i64(codec, one->delay);
    }
    options->hopper_low = code_u32(codec, options->hopper_low);
    options->hopper_high = code_u32(codec, options->hopper_high);
}

static void code_campaign(struct codec *codec, struct campaign_facts *facts)
{
    facts->id = code_id(codec, facts->id);
    facts->state = (enum campaign_state)code_below(codec, facts->state, CAMPAIGN_STATE_COUNT);
    facts->ledger.answered_live = code_id(codec, facts->ledger.answered_live);
    facts->ledger.abandoned = code_id(codec, facts->ledger.abandoned);
    code_options(codec, &facts->options);
}

static void code_reservation(struct codec *codec, struct reservation_record *record)
{
    record->id = code_id(codec, record->id);
    record->agent = code_id(codec, record->agent);
    record->campaign = code_id(codec, record->campaign);
    record->lead = code_id(codec, record->lead);
    record->attempt = code_id(codec, record->attempt);
    record->status =
        (enum reservation_status)code_below(codec, record->status, RESERVATION_STATUS_COUNT);
    record->created_at = code_i64(codec, record->created_at);
    record->changed_at = code_i64(codec, record->changed_at);
    record->until = code_i64(codec, record->until);
}

static void code_agent(struct codec *codec, struct agent_facts *facts)
{
    struct agent_record *record = &facts->record;

    record->id = code_id(codec, record->id);
    record->version = code_id(codec, record->version);
    record->activity =
        (enum agent_activity)code_below(codec, record->activity, AGENT_ACTIVITY_COUNT);
    record->break_code = code_u16(codec, record->break_code);
    record->next_wanted = code_bool(codec, record->next_wanted);
    record->next_activity =
        (enum agent_activity)code_below(codec, record->next_activity, AGENT_ACTIVITY_COUNT);
    record->next_break_code = code_u16(codec, record->next_break_code);
    record->since = code_i64(codec, record->since);
    record->leg = (enum leg_state)code_below(codec, record->leg, LEG_STATE_COUNT);
    record->leg_serial = code_u32(codec, record->leg_serial);
    record->leg_since = code_i64(codec, record->leg_since);
    code_reservation(codec, &facts->reservation);
    facts->campaign_count =
        (uint8_t)code_below(codec, facts->campaign_count, AGENT_CAMPAIGNS_MAX + 1);
    for (uint8_t i = 0; i < facts->campaign_count; ++i)
        facts->campaigns[i] = code_id(codec, facts->campaigns[i]);
}

static void code_attempt_flags(struct codec *codec, struct attempt_record *record)
{
    record->manual = code_bool(codec, record->manual);
    record->open = code_bool(codec, record->open);
    record->unguarded = code_bool(codec, record->unguarded);
    record->conversed = code_bool(codec, record->conversed);
    record->counted_answer = code_bool(codec, record->counted_answer);
    record->counts = code_bool(codec, record->counts);
}

static void code_attempt(struct codec *codec, struct attempt_record *record)
{
    record->id = code_id(codec, record->id);
    record->campaign = code_id(codec, record->campaign);
    record->lead = code_id(codec, record->lead);
    record->person = code_id(codec, record->person);
    record->number = code_id(codec, record->number);
    record->number_index = code_u8(codec, record->number_index);
    code_attempt_flags(codec, record);
    record->state = (enum attempt_state)code_below(codec, record->state, ATTEMPT_STATE_COUNT);
    record->result = (enum attempt_result)code_below(codec, record->result, RESULT_COUNT);
    record->action = (enum answer_action)code_below(codec, record->action, ANSWER_ACTION_COUNT);
    record->reason = (enum refusal)code_below(codec, record->reason, REFUSAL_COUNT);
    record->agent = code_id(codec, record->agent);
    record->reservation = code_id(codec, record->reservation);
    record->disposition = code_u16(codec, record->disposition);
    record->callback_at = code_i64(codec, record->callback_at);
    record->callback_agent = code_id(codec, record->callback_agent);
    record->sip_code = code_u16(codec, record->sip_code);
    record->hello_us = code_i64(codec, record->hello_us);
    record->planned_at = code_i64(codec, record->planned_at);
    record->ordered_at = code_i64(codec, record->ordered_at);
    record->placed_at = code_i64(codec, record->placed_at);
    record->ringing_at = code_i64(codec, record->ringing_at);
    record->answered_at = code_i64(codec, record->answered_at);
    record->bridged_at = code_i64(codec, record->bridged_at);
    record->ended_at = code_i64(codec, record->ended_at);
    record->wrapped_at = code_i64(codec, record->wrapped_at);
}

static void code_lead_record(struct codec *codec, struct lead_record *record)
{
    record->id = code_id(codec, record->id);
    record->campaign = code_id(codec, record->campaign);
    record->person = code_id(codec, record->person);
    record->state = (enum lead_state)code_below(codec, record->state, LEAD_STATE_COUNT);
    record->due_at = code_i64(codec, record->due_at);
    record->reason = (enum refusal)code_below(codec, record->reason, REFUSAL_COUNT);
    record->callback_agent = code_id(codec, record->callback_agent);
    record->disposition = code_u16(codec, record->disposition);
    record->priority = code_u8(codec, record->priority);
    record->number_next = code_u8(codec, record->number_next);
    record->numbers_dead = code_u8(codec, record->numbers_dead);
    record->attempts = code_u16(codec, record->attempts);
    for (int i = 0; i < RESULT_COUNT; ++i)
        record->results[i] = code_u8(codec, record->results[i]);
    record->last_attempt_at = code_i64(codec, record->last_attempt_at);
    record->released = code_bool(codec, record->released);
}

static void code_lead(struct codec *codec, struct lead_facts *facts)
{
    code_lead_record(codec, &facts->record);
    facts->person_flags = code_u32(codec, facts->person_flags);
    code_history(codec, &facts->person_history);
    facts->number_count = (uint8_t)code_below(codec, facts->number_count, LEAD_NUMBERS_MAX + 1);
    for (uint8_t i = 0; i < facts->number_count; ++i) {
        struct number_facts *number = &facts->numbers[i];

        number->id = code_id(codec, number->id);
        number->zone_set = code_u32(codec, number->zone_set);
        number->flags = code_u32(codec, number->flags);
        code_history(codec, &number->history);
    }
}

static void code_call(struct codec *codec, struct event_call *call)
{
    call->attempt = code_id(codec, call->attempt);
    call->poll = code_u32(codec, call->poll);
    call->status = (enum call_status)code_below(codec, call->status, CALL_STATUS_COUNT);
    call->sip_code = code_u16(codec, call->sip_code);
    call->hello_us = code_i64(codec, call->hello_us);
    call->agent = code_id(codec, call->agent);
}

static void code_claim(struct codec *codec, struct event *event)
{
    event->of.claim.campaign = code_id(codec, event->of.claim.campaign);
    event->of.claim.claim = code_id(codec, event->of.claim.claim);
    event->of.claim.count = code_u32(codec, event->of.claim.count);
    event->of.claim.failed = code_bool(codec, event->of.claim.failed);
    event->of.claim.next_due = code_i64(codec, event->of.claim.next_due);
}

static void code_activity(struct codec *codec, struct event *event)
{
    event->of.activity.agent = code_id(codec, event->of.activity.agent);
    event->of.activity.activity =
        (enum agent_activity)code_below(codec, event->of.activity.activity, AGENT_ACTIVITY_COUNT);
    event->of.activity.break_code = code_u16(codec, event->of.activity.break_code);
    event->of.activity.forced = code_bool(codec, event->of.activity.forced);
}

static void code_reservation_event(struct codec *codec, struct event *event)
{
    event->of.reservation.agent = code_id(codec, event->of.reservation.agent);
    event->of.reservation.reservation = code_id(codec, event->of.reservation.reservation);
    event->of.reservation.reason = code_u16(codec, event->of.reservation.reason);
    event->of.reservation.until = code_i64(codec, event->of.reservation.until);
}

static void code_disposition(struct codec *codec, struct event *event)
{
    event->of.disposition.agent = code_id(codec, event->of.disposition.agent);
    event->of.disposition.attempt = code_id(codec, event->of.disposition.attempt);
    event->of.disposition.code = code_u16(codec, event->of.disposition.code);
    event->of.disposition.callback_at = code_i64(codec, event->of.disposition.callback_at);
    event->of.disposition.callback_agent = code_id(codec, event->of.disposition.callback_agent);
}

static void code_payload(struct codec *codec, struct event *event)
{
    switch (event->kind) {
    case EVENT_CAMPAIGN_LOADED:
    case EVENT_CAMPAIGN_CHANGED:
        code_campaign(codec, &event->of.campaign);
        break;
    case EVENT_CAMPAIGN_COMMANDED:
        event->of.command.campaign = code_id(codec, event->of.command.campaign);
        event->of.command.command =
            (enum campaign_command)code_below(codec, event->of.command.command, COMMAND_COUNT);
        break;
    case EVENT_AGENT_LOADED:
    case EVENT_AGENT_CHANGED:
        code_agent(codec, &event->of.agent);
        break;
    case EVENT_AGENT_REMOVED:
        event->of.agent_id = code_id(codec, event->of.agent_id);
        break;
    case EVENT_ATTEMPT_RECOVERED:
        code_attempt(codec, &event->of.attempt);
        break;
    case EVENT_LEAD_CLAIMED:
        code_lead(codec, &event->of.lead);
        break;
    case EVENT_CLAIM_ENDED:
        code_claim(codec, event);
        break;
    case EVENT_LEADS_ADDED:
        event->of.campaign_id = code_id(codec, event->of.campaign_id);
        break;
    case EVENT_LEAD_WITHDRAWN:
        event->of.lead_id = code_id(codec, event->of.lead_id);
        break;
    case EVENT_DO_NOT_CALL_ADDED:
    case EVENT_DO_NOT_CALL_REMOVED:
        event->of.contact.number = code_id(codec, event->of.contact.number);
        event->of.contact.person = code_id(codec, event->of.contact.person);
        event->of.contact.campaign = code_id(codec, event->of.contact.campaign);
        break;
    case EVENT_ATTEMPT_COMMITTED:
        event->of.attempt_id = code_id(codec, event->of.attempt_id);
        break;
    case EVENT_CALL_PLACED:
    case EVENT_CALL_PLACE_FAILED:
    case EVENT_CALL_PLACE_UNKNOWN:
    case EVENT_CALL_STATUS:
    case EVENT_CALL_ANSWERED:
    case EVENT_CALL_JOINED:
    case EVENT_CALL_LEFT:
    case EVENT_CALL_POLLED:
    case EVENT_CALL_MACHINE:
        code_call(codec, &event->of.call);
        break;
    case EVENT_AGENT_LOGGED_IN:
    case EVENT_AGENT_ACTIVITY:
        code_activity(codec, event);
        break;
    case EVENT_AGENT_LEG_CONNECTED:
    case EVENT_AGENT_LEG_LOST:
        event->of.leg.agent = code_id(codec, event->of.leg.agent);
        event->of.leg.serial = code_u32(codec, event->of.leg.serial);
        break;
    case EVENT_AGENT_REJECTED:
    case EVENT_PREVIEW_ACCEPTED:
    case EVENT_PREVIEW_SKIPPED:
    case EVENT_PREVIEW_SNOOZED:
    case EVENT_AGENT_HUNG_UP:
        code_reservation_event(codec, event);
        break;
    case EVENT_MANUAL_DIALLED:
        event->of.manual.agent = code_id(codec, event->of.manual.agent);
        event->of.manual.number_index = code_u8(codec, event->of.manual.number_index);
        code_lead(codec, &event->of.manual.lead);
        break;
    case EVENT_DISPOSITION_SAVED:
        code_disposition(codec, event);
        break;
    case EVENT_CLOCK_LEAPT:
        event->of.leap = code_i64(codec, event->of.leap);
        break;
    case EVENT_RECOVERY_ENDED:
    case EVENT_VOICE_RESTARTED:
    case EVENT_TIME_PASSED:
        break;
    case EVENT_KIND_COUNT:
        check(false);
    }
}

static uint32_t checksum(const uint8_t *bytes, size_t size)
{
    uint32_t sum = 2166136261u;

    for (size_t i = 0; i < size; ++i)
        sum = (sum ^ bytes[i]) * 16777619u;
    return sum;
}

size_t journal_encode(instant now, const struct event *event, uint8_t bytes[JOURNAL_EVENT_MAX])
{
    struct codec codec = {.out = bytes, .at = HEAD_SIZE, .size = JOURNAL_EVENT_MAX - CHECK_SIZE};
    struct event copy = *event;
    uint32_t sum;

    check((unsigned)event->kind < EVENT_KIND_COUNT);
    code_i64(&codec, now);
    code_id(&codec, event->request);
    code_payload(&codec, &copy);
    bytes[0] = MAGIC;
    bytes[1] = JOURNAL_VERSION;
    bytes[2] = (uint8_t)event->kind;
    bytes[3] = (uint8_t)(codec.at - HEAD_SIZE);
    bytes[4] = (uint8_t)((codec.at - HEAD_SIZE) >> 8);
    sum = checksum(bytes, codec.at);
    for (int i = 0; i < CHECK_SIZE; ++i)
        bytes[codec.at++] = (uint8_t)(sum >> (8 * i));
    return codec.at;
}

static bool sum_is_right(const uint8_t *bytes, size_t size)
{
    uint32_t sum = checksum(bytes, size - CHECK_SIZE);

    for (int i = 0; i < CHECK_SIZE; ++i)
        if (bytes[size - CHECK_SIZE + (size_t)i] != (uint8_t)(sum >> (8 * i)))
            return false;
    return true;
}

/* What is read must be, byte for byte, what would be written: there is one form of each event. */
static bool is_canonical(instant now, const struct event *event, const uint8_t *bytes, size_t size)
{
    uint8_t again[JOURNAL_EVENT_MAX];

    return journal_encode(now, event, again) == size && memcmp(again, bytes, size) == 0;
}

int journal_decode(const uint8_t *bytes, size_t size, size_t *used, instant *now,
                   struct event *event)
{
    struct event read = {0};
    struct codec codec = {.in = bytes, .at = HEAD_SIZE};
    size_t whole;
    instant at;

    if (size && bytes[0] != MAGIC)
        return EBADMSG;
    if (size > 1 && bytes[1] != JOURNAL_VERSION)
        return EBADMSG;
    if (size > 2 && bytes[2] >= EVENT_KIND_COUNT)
        return EBADMSG;
    if (size < HEAD_SIZE)
        return ENODATA;
    codec.size = HEAD_SIZE + (size_t)(bytes[3] | bytes[4] << 8);
    whole = codec.size + CHECK_SIZE;
    if (whole > JOURNAL_EVENT_MAX)
        return EBADMSG;
    if (size < whole)
        return ENODATA;
    if (!sum_is_right(bytes, whole))
        return EBADMSG;
    read.kind = (enum event_kind)bytes[2];
    at = code_i64(&codec, 0);
    read.request = code_id(&codec, 0);
    code_payload(&codec, &read);
    if (codec.failed || codec.at != codec.size || !is_canonical(at, &read, bytes, whole))
        return EBADMSG;
    *used = whole;
    *now = at;
    *event = read;
    return 0;
}
