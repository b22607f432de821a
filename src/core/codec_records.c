#include "core/codec.h"

void code_history(struct codec *codec, struct call_history *history)
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
    if (codec->out ? options->more_time_max
                   : codec->at < codec->size) /* not in the first journals */
        options->more_time_max = code_u32(codec, options->more_time_max);
}

void code_campaign(struct codec *codec, struct campaign_facts *facts)
{
    facts->id = code_id(codec, facts->id);
    facts->state = (enum campaign_state)code_below(codec, facts->state, CAMPAIGN_STATE_COUNT);
    facts->ledger.answered_live = code_id(codec, facts->ledger.answered_live);
    facts->ledger.abandoned = code_id(codec, facts->ledger.abandoned);
    code_options(codec, &facts->options);
}

void code_reservation(struct codec *codec, struct reservation_record *record)
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

void code_agent_record(struct codec *codec, struct agent_record *record)
{
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

/* Not in the first journals: left out where it says nothing, so those are read and written as they were. Behind all
 * else, for nothing but the end tells whether it is there. */
static void code_attempt_more(struct codec *codec, struct attempt_record *record)
{
    struct party_record *party = &record->party;

    if (codec->out ? !record->held_since && !record->dropped && !party->serial
                   : codec->at == codec->size)
        return;
    record->held_since = code_i64(codec, record->held_since);
    record->dropped = code_bool(codec, record->dropped);
    party->state = (enum party_state)code_below(codec, party->state, PARTY_STATE_COUNT);
    party->serial = code_u32(codec, party->serial);
    party->since = code_i64(codec, party->since);
    party->consulting = code_bool(codec, party->consulting);
    party->held = code_bool(codec, party->held);
    party->muted = code_bool(codec, party->muted);
    party->blind = code_bool(codec, party->blind);
}

void code_attempt(struct codec *codec, struct attempt_record *record)
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
    code_attempt_more(codec, record);
}

void code_lead_record(struct codec *codec, struct lead_record *record)
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
