#include "core/campaign.h"

#include "core/names.h"

static const char *const state_names[CAMPAIGN_STATE_COUNT] = {
    [CAMPAIGN_DRAFT] = "draft",       [CAMPAIGN_RUNNING] = "running",
    [CAMPAIGN_PAUSED] = "paused",     [CAMPAIGN_DRAINING] = "draining",
    [CAMPAIGN_FINISHED] = "finished",
};
static const char *const mode_names[MODE_COUNT] = {
    [MODE_MANUAL] = "manual",
    [MODE_PREVIEW] = "preview",
    [MODE_PROGRESSIVE] = "progressive",
    [MODE_RATIO] = "ratio",
};
static const char *const command_names[COMMAND_COUNT] = {
    [COMMAND_START] = "start",
    [COMMAND_PAUSE] = "pause",
    [COMMAND_DRAIN] = "drain",
    [COMMAND_STOP] = "stop",
};
static const char *const preview_names[PREVIEW_DEFAULT_COUNT] = {
    [PREVIEW_THEN_DIAL] = "dial",
    [PREVIEW_THEN_SKIP] = "skip",
};
static const char *const behaviour_names[DISPOSITION_BEHAVIOUR_COUNT] = {
    [DISPOSITION_DONE] = "done",
    [DISPOSITION_RETRY] = "retry",
    [DISPOSITION_CALLBACK] = "callback",
    [DISPOSITION_DO_NOT_CALL] = "do-not-call",
    [DISPOSITION_WRONG_NUMBER] = "wrong-number",
    [DISPOSITION_MACHINE] = "machine",
};

#define MAY(state) (1u << (state))

static const unsigned moves[CAMPAIGN_STATE_COUNT] = {
    [CAMPAIGN_DRAFT] = MAY(CAMPAIGN_RUNNING) | MAY(CAMPAIGN_FINISHED),
    [CAMPAIGN_RUNNING] = MAY(CAMPAIGN_PAUSED) | MAY(CAMPAIGN_DRAINING) | MAY(CAMPAIGN_FINISHED),
    [CAMPAIGN_PAUSED] = MAY(CAMPAIGN_RUNNING) | MAY(CAMPAIGN_DRAINING) | MAY(CAMPAIGN_FINISHED),
    [CAMPAIGN_DRAINING] = MAY(CAMPAIGN_RUNNING) | MAY(CAMPAIGN_PAUSED) | MAY(CAMPAIGN_FINISHED),
    [CAMPAIGN_FINISHED] = MAY(CAMPAIGN_RUNNING), /* started again, with new leads */
};

struct campaign_options campaign_options_default(void)
{
    struct campaign_options options = {
        .mode = MODE_PROGRESSIVE,
        .ratio_percent = 150,
        .weight = 100,
        .ring_timeout = 25 * SECOND,
        .answer_wait_max = ANSWER_WAIT_MAX,
        .wrap_up_max = 60 * SECOND,
        .wrap_up_default = 1,
        .preview_max = 60 * SECOND,
        .preview_default = PREVIEW_THEN_DIAL,
        .more_time_max = 4,
        .skip_delay = HOUR,
        .callback_agent_wait = 15 * MINUTE,
        .lead_attempts_max = 12,
        .number_caps = {.per_day = 3, .lifetime = 0, .gap = 0},
        .person_caps = {.per_day = 6},
        .abandonment = {.ceiling_per_mille = 30, .credit_answers = 0},
        .disposition_count = 6,
        .dispositions = {{1, DISPOSITION_DONE, 0},
                         {2, DISPOSITION_RETRY, HOUR},
                         {3, DISPOSITION_CALLBACK, 0},
                         {4, DISPOSITION_DO_NOT_CALL, 0},
                         {5, DISPOSITION_WRONG_NUMBER, 0},
                         {6, DISPOSITION_MACHINE, 0}},
        .hopper_low = 50,
        .hopper_high = 200,
    };

    options.hours = calling_hours_default();
    options.retry[RESULT_CONNECTED] = (struct retry_rule){.delay = HOUR, .times_max = 3};
    options.retry[RESULT_ABANDONED] = (struct retry_rule){.delay = 3 * DAY, .times_max = 1};
    options.retry[RESULT_HUNG_UP] = (struct retry_rule){.delay = DAY, .times_max = 2};
    options.retry[RESULT_MACHINE] = (struct retry_rule){
        .delay = 4 * HOUR, .alternate_delay = MINUTE, .times_max = 4, .alternates = true};
    options.retry[RESULT_BUSY] = (struct retry_rule){
        .delay = 10 * MINUTE, .alternate_delay = MINUTE, .times_max = 6, .alternates = true};
    options.retry[RESULT_NO_ANSWER] = (struct retry_rule){
        .delay = 2 * HOUR, .alternate_delay = MINUTE, .times_max = 6, .alternates = true};
    options.retry[RESULT_INVALID] = (struct retry_rule){
        .delay = MINUTE, .alternate_delay = MINUTE, .times_max = 8, .alternates = true};
    options.retry[RESULT_FAILED] = (struct retry_rule){
        .delay = 15 * MINUTE, .alternate_delay = MINUTE, .times_max = 4, .alternates = true};
    options.retry[RESULT_CANCELED] = (struct retry_rule){.delay = MINUTE, .times_max = 255};
    return options;
}

const struct disposition *campaign_disposition(const struct campaign_options *options,
                                               uint16_t code)
{
    for (uint32_t i = 0; i < options->disposition_count; ++i)
        if (options->dispositions[i].code == code)
            return &options->dispositions[i];
    return NULL;
}

static bool within(int64_t value, int64_t low, int64_t high)
{
    return low <= value && value <= high;
}

static bool dispositions_are_lawful(const struct campaign_options *options)
{
    if (!within(options->disposition_count, 1, DISPOSITIONS_MAX))
        return false;
    for (uint32_t i = 0; i < options->disposition_count; ++i) {
        const struct disposition *one = &options->dispositions[i];

        if (!one->code || (unsigned)one->behaviour >= DISPOSITION_BEHAVIOUR_COUNT ||
            !within(one->delay, 0, 366 * DAY) || campaign_disposition(options, one->code) != one)
            return false;
    }
    return true;
}

static bool retry_is_lawful(const struct campaign_options *options)
{
    for (int i = 0; i < RESULT_COUNT; ++i)
        if (!within(options->retry[i].delay, 0, 366 * DAY) ||
            !within(options->retry[i].alternate_delay, 0, 366 * DAY))
            return false;
    return true;
}

/* A wrap-up that nobody ends by hand must not promise a callback: nobody said when. */
static bool wrap_up_default_is_lawful(const struct campaign_options *options)
{
    const struct disposition *one = campaign_disposition(options, options->wrap_up_default);

    return one && one->behaviour != DISPOSITION_CALLBACK;
}

enum refusal campaign_options_check(const struct campaign_options *options, const char **wrong)
{
    instant ring_min = options->mode == MODE_MANUAL ? 5 * SECOND : RING_TIMEOUT_MIN;
    const struct {
        bool lawful;
        const char *field;
    } checks[] = {
        {(unsigned)options->mode < MODE_COUNT, "mode"},
        {within(options->ratio_percent, 100, 300), "ratio_percent"},
        {within(options->weight, 1, 1000), "weight"},
        {within(options->ring_timeout, ring_min, 120 * SECOND), "ring_timeout"},
        {within(options->answer_wait_max, 0, ANSWER_WAIT_MAX), "answer_wait_max"},
        {within(options->wrap_up_max, SECOND, HOUR), "wrap_up_max"},
        {dispositions_are_lawful(options), "dispositions"},
        {wrap_up_default_is_lawful(options), "wrap_up_default"},
        {within(options->preview_max, SECOND, HOUR), "preview_max"},
        {(unsigned)options->preview_default < PREVIEW_DEFAULT_COUNT, "preview_default"},
        {within(options->skip_delay, 0, 366 * DAY), "skip_delay"},
        {options->more_time_max <= 100, "more_time_max"},
        {within(options->callback_agent_wait, 0, 366 * DAY), "callback_agent_wait"},
        {options->lead_attempts_max <= UINT16_MAX, "lead_attempts_max"},
        {attempt_caps_are_lawful(&options->number_caps), "number_caps"},
        {attempt_caps_are_lawful(&options->person_caps), "person_caps"},
        {calling_hours_are_lawful(&options->hours), "hours"},
        {options->abandonment.ceiling_per_mille <= 1000, "abandonment"},
        {retry_is_lawful(options), "retry"},
        {within(options->hopper_high, 1, HOPPER_MAX), "hopper_high"},
        {within(options->hopper_low, 1, options->hopper_high), "hopper_low"},
    };

    for (size_t i = 0; i < array_count(checks); ++i)
        if (!checks[i].lawful) {
            if (wrong)
                *wrong = checks[i].field;
            return REFUSED_OPTIONS;
        }
    return REFUSED_NOT;
}

const char *campaign_state_name(enum campaign_state state)
{
    return name_of(state_names, CAMPAIGN_STATE_COUNT, state);
}

const char *campaign_mode_name(enum campaign_mode mode)
{
    return name_of(mode_names, MODE_COUNT, mode);
}

const char *campaign_command_name(enum campaign_command command)
{
    return name_of(command_names, COMMAND_COUNT, command);
}

const char *preview_default_name(enum preview_default choice)
{
    return name_of(preview_names, PREVIEW_DEFAULT_COUNT, choice);
}

const char *disposition_behaviour_name(enum disposition_behaviour behaviour)
{
    return name_of(behaviour_names, DISPOSITION_BEHAVIOUR_COUNT, behaviour);
}

bool campaign_state_from_name(const char *name, size_t size, enum campaign_state *state)
{
    size_t value = name_find(state_names, CAMPAIGN_STATE_COUNT, name, size);

    if (value == CAMPAIGN_STATE_COUNT)
        return false;
    *state = (enum campaign_state)value;
    return true;
}

bool campaign_mode_from_name(const char *name, size_t size, enum campaign_mode *mode)
{
    size_t value = name_find(mode_names, MODE_COUNT, name, size);

    if (value == MODE_COUNT)
        return false;
    *mode = (enum campaign_mode)value;
    return true;
}

bool campaign_command_from_name(const char *name, size_t size, enum campaign_command *command)
{
    size_t value = name_find(command_names, COMMAND_COUNT, name, size);

    if (value == COMMAND_COUNT)
        return false;
    *command = (enum campaign_command)value;
    return true;
}

bool preview_default_from_name(const char *name, size_t size, enum preview_default *choice)
{
    size_t value = name_find(preview_names, PREVIEW_DEFAULT_COUNT, name, size);

    if (value == PREVIEW_DEFAULT_COUNT)
        return false;
    *choice = (enum preview_default)value;
    return true;
}

bool disposition_behaviour_from_name(const char *name, size_t size,
                                     enum disposition_behaviour *behaviour)
{
    size_t value = name_find(behaviour_names, DISPOSITION_BEHAVIOUR_COUNT, name, size);

    if (value == DISPOSITION_BEHAVIOUR_COUNT)
        return false;
    *behaviour = (enum disposition_behaviour)value;
    return true;
}

bool campaign_may_become(enum campaign_state from, enum campaign_state to)
{
    return moves[from] & MAY(to);
}
