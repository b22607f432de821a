#include "server/campaign_settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "wire/phone_number.h"

/* One number of the options: where it is, in which unit it is written, how wide it is kept. */
enum field_kind { FIELD_U8, FIELD_U16, FIELD_U32, FIELD_INSTANT, FIELD_BOOL };

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    instant unit; /* FIELD_INSTANT */
    int64_t low, high;
};

#define IN(type, member) offsetof(struct type, member)
enum { YEAR_S = 31536000 };

static const struct field campaign_fields[] = {
    {"ratio_percent", FIELD_U32, IN(campaign_options, ratio_percent), 0, 100, 300},
    {"weight", FIELD_U32, IN(campaign_options, weight), 0, 1, 1000},
    {"calls_max", FIELD_U32, IN(campaign_options, calls_max), 0, 0, 16384},
    {"ring_timeout_s", FIELD_INSTANT, IN(campaign_options, ring_timeout), SECOND, 5, 120},
    {"answer_wait_ms", FIELD_INSTANT, IN(campaign_options, answer_wait_max), MILLISECOND, 0, 2000},
    {"wrap_up_s", FIELD_INSTANT, IN(campaign_options, wrap_up_max), SECOND, 1, 3600},
    {"wrap_up_default", FIELD_U16, IN(campaign_options, wrap_up_default), 0, 1, 65535},
    {"preview_s", FIELD_INSTANT, IN(campaign_options, preview_max), SECOND, 1, 3600},
    {"more_time_max", FIELD_U32, IN(campaign_options, more_time_max), 0, 0, 100},
    {"skip_delay_s", FIELD_INSTANT, IN(campaign_options, skip_delay), SECOND, 0, YEAR_S},
    {"callback_agent_wait_s", FIELD_INSTANT, IN(campaign_options, callback_agent_wait), SECOND, 0,
     YEAR_S},
    {"lead_attempts_max", FIELD_U32, IN(campaign_options, lead_attempts_max), 0, 0, 1000},
    {"hopper_low", FIELD_U32, IN(campaign_options, hopper_low), 0, 1, HOPPER_MAX},
    {"hopper_high", FIELD_U32, IN(campaign_options, hopper_high), 0, 1, HOPPER_MAX},
};

static const struct field caps_fields[] = {
    {"per_day", FIELD_U8, IN(attempt_caps, per_day), 0, 0, CALLS_CAP_MAX},
    {"per_24_hours", FIELD_U8, IN(attempt_caps, per_24_hours), 0, 0, CALLS_CAP_MAX},
    {"per_7_days", FIELD_U8, IN(attempt_caps, per_7_days), 0, 0, CALLS_CAP_MAX},
    {"lifetime", FIELD_U32, IN(attempt_caps, lifetime), 0, 0, 100000},
    {"gap_s", FIELD_INSTANT, IN(attempt_caps, gap), SECOND, 0, YEAR_S},
};

static const struct field abandonment_fields[] = {
    {"ceiling_per_mille", FIELD_U32, IN(abandonment_rule, ceiling_per_mille), 0, 0, 1000},
    {"credit_answers", FIELD_U32, IN(abandonment_rule, credit_answers), 0, 0, 100000},
};

static const struct field retry_fields[] = {
    {"delay_s", FIELD_INSTANT, IN(retry_rule, delay), SECOND, 0, YEAR_S},
    {"alternate_delay_s", FIELD_INSTANT, IN(retry_rule, alternate_delay), SECOND, 0, YEAR_S},
    {"times_max", FIELD_U8, IN(retry_rule, times_max), 0, 0, 255},
    {"alternates", FIELD_BOOL, IN(retry_rule, alternates), 0, 0, 1},
};

/* For the shell alone. */
static const char *const text_fields[] = {"message", "caller_id", "caller_name", "country", "note"};

static const char *const weekdays[7] = {"sunday",   "monday", "tuesday", "wednesday",
                                        "thursday", "friday", "saturday"};

struct reading {
    char *why;
    size_t why_size;
    int err;
};

__attribute__((format(printf, 2, 3))) static void fault(struct reading *reading, const char *format,
                                                        ...)
{
    va_list list;

    if (reading->err)
        return; /* the first one is told */
    reading->err = EINVAL;
    va_start(list, format);
    vsnprintf(reading->why, reading->why_size, format, list);
    va_end(list);
}

static void store_field(const struct field *field, void *base, int64_t value)
{
    void *at = (char *)base + field->offset;

    switch (field->kind) {
    case FIELD_U8:
        *(uint8_t *)at = (uint8_t)value;
        break;
    case FIELD_U16:
        *(uint16_t *)at = (uint16_t)value;
        break;
    case FIELD_U32:
        *(uint32_t *)at = (uint32_t)value;
        break;
    case FIELD_INSTANT:
        *(instant *)at = value * field->unit;
        break;
    case FIELD_BOOL:
        *(bool *)at = value != 0;
        break;
    }
}

static json_t *load_field(const struct field *field, const void *base)
{
    const void *at = (const char *)base + field->offset;

    switch (field->kind) {
    case FIELD_U8:
        return json_integer(*(const uint8_t *)at);
    case FIELD_U16:
        return json_integer(*(const uint16_t *)at);
    case FIELD_U32:
        return json_integer(*(const uint32_t *)at);
    case FIELD_INSTANT:
        return json_integer(*(const instant *)at / field->unit);
    case FIELD_BOOL:
        return json_boolean(*(const bool *)at);
    }
    return NULL;
}

static void read_field(struct reading *reading, const char *place, const struct field *field,
                       const json_t *value, void *base)
{
    if (field->kind == FIELD_BOOL) {
        if (json_is_boolean(value))
            store_field(field, base, json_is_true(value));
        else
            fault(reading, "%s%s: must be true or false", place, field->name);
        return;
    }
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value))
        fault(reading, "%s%s: must be a whole number", place, field->name);
    else if (number < field->low || number > field->high)
        fault(reading, "%s%s: %lld is not within %lld-%lld", place, field->name, (long long)number,
              (long long)field->low, (long long)field->high);
    else
        store_field(field, base, number);
}

/* False: no field of the table has that name. */
static bool read_named(struct reading *reading, const char *place, const struct field *fields,
                       size_t count, const char *name, const json_t *value, void *base)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0) {
            read_field(reading, place, &fields[i], value, base);
            return true;
        }
    return false;
}

static void read_object(struct reading *reading, const char *place, const struct field *fields,
                        size_t count, const json_t *object, void *base)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object)) {
        fault(reading, "%.*s: must be an object", (int)strlen(place) - 1, place);
        return;
    }
    json_object_foreach((json_t *)object, name,
                        value) if (!read_named(reading, place, fields, count, name, value, base))
        fault(reading, "%s%s: there is no such setting", place, name);
}

/* "08:30" -> 510; -1: not a time of day. */
static int minute_of(const json_t *value)
{
    struct slice rest = slice_from(json_string_value(value));
    struct slice hour = slice_cut(&rest, ':');
    int64_t h, m;

    if (hour.size != 2 || rest.size != 2 || slice_to_i64(hour, 0, 24, &h) != 0 ||
        slice_to_i64(rest, 0, 59, &m) != 0 || h * 60 + m > MINUTES_PER_DAY)
        return -1;
    return (int)(h * 60 + m);
}

static void read_day(struct reading *reading, const char *place, const json_t *list,
                     struct hours_window windows[HOURS_WINDOWS_MAX])
{
    const json_t *one;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) > HOURS_WINDOWS_MAX) {
        fault(reading, "%s: must be at most %d windows like [\"08:00\", \"21:00\"]", place,
              HOURS_WINDOWS_MAX);
        return;
    }
    memset(windows, 0, sizeof(struct hours_window) * HOURS_WINDOWS_MAX);
    json_array_foreach(list, i, one)
    {
        int open = minute_of(json_array_get(one, 0)), close = minute_of(json_array_get(one, 1));

        if (json_array_size(one) != 2 || open < 0 || close <= open)
            fault(reading, "%s[%zu]: must be two times of day, the later second", place, i);
        else
            windows[i] = (struct hours_window){.open_minute = (uint16_t)open,
                                               .close_minute = (uint16_t)close};
    }
}

static void read_hours(struct reading *reading, const json_t *object, struct calling_hours *hours)
{
    const char *name;
    json_t *list;

    if (!json_is_object(object))
        fault(reading, "hours: must be an object of weekdays");
    json_object_foreach((json_t *)object, name, list)
    {
        char place[64];
        bool known = false;

        snprintf(place, sizeof(place), "hours.%s", name);
        for (size_t day = 0; day < 7; day++)
            if (strcmp(name, weekdays[day]) == 0 || strcmp(name, "every_day") == 0) {
                read_day(reading, place, list, hours->days[day]);
                known = true;
            }
        if (!known)
            fault(reading, "%s: no such day; wanted: sunday ... saturday, or every_day", place);
    }
}

static void read_retry(struct reading *reading, const json_t *object,
                       struct campaign_options *options)
{
    const char *name;
    json_t *rule;

    if (!json_is_object(object))
        fault(reading, "retry: must be an object of results");
    json_object_foreach((json_t *)object, name, rule)
    {
        enum attempt_result result;
        char place[64];

        snprintf(place, sizeof(place), "retry.%s.", name);
        if (!attempt_result_from_name(name, strlen(name), &result) || result == RESULT_NONE)
            fault(reading, "retry.%s: there is no such result", name);
        else
            read_object(reading, place, retry_fields, array_count(retry_fields), rule,
                        &options->retry[result]);
    }
}

static void read_disposition(struct reading *reading, size_t place, const json_t *object,
                             struct disposition *disposition)
{
    const char *behaviour = json_string_value(json_object_get(object, "behaviour"));
    json_int_t code = json_integer_value(json_object_get(object, "code"));
    json_int_t delay = json_integer_value(json_object_get(object, "delay_s"));

    if (code < 1 || code > UINT16_MAX)
        fault(reading, "dispositions[%zu].code: must be within 1-65535", place);
    if (delay < 0 || delay > YEAR_S)
        fault(reading, "dispositions[%zu].delay_s: must be within 0-%d", place, YEAR_S);
    if (!json_is_string(json_object_get(object, "name")))
        fault(reading, "dispositions[%zu].name: must be a text", place);
    if (!behaviour ||
        !disposition_behaviour_from_name(behaviour, strlen(behaviour), &disposition->behaviour))
        fault(reading, "dispositions[%zu].behaviour: no such behaviour '%s'", place,
              behaviour ? behaviour : "");
    disposition->code = (uint16_t)code;
    disposition->delay = delay * SECOND;
}

static void read_dispositions(struct reading *reading, const json_t *list,
                              struct campaign_options *options)
{
    const json_t *one;
    size_t i;

    if (!json_is_array(list) || !json_array_size(list) ||
        json_array_size(list) > DISPOSITIONS_MAX) {
        fault(reading, "dispositions: must be a list of 1-%d", DISPOSITIONS_MAX);
        return;
    }
    json_array_foreach(list, i, one) read_disposition(reading, i, one, &options->dispositions[i]);
    options->disposition_count = (uint32_t)json_array_size(list);
}

static bool is_text_field(const char *name)
{
    for (size_t i = 0; i < array_count(text_fields); i++)
        if (strcmp(name, text_fields[i]) == 0)
            return true;
    return false;
}

/* ---- what the agents' page shows; kept in the document only ---- */

enum {
    FIELDS_MAX = 8,
    TRANSFER_NUMBERS_MAX = 20,
    STEPS_MAX = 20,
    BRANCHES_MAX = 4,
    ASIDES_MAX = 12,
    WORDS_MAX = 120,
    SCRIPT_TEXT_MAX = 2000,
    HOLD_LIMIT_S_MAX = 3600,
};

static const char *const desk_fields[] = {"fields", "hold_limit_s", "script", "transfer_numbers"};

static bool is_desk_field(const char *name)
{
    for (size_t i = 0; i < array_count(desk_fields); i++)
        if (strcmp(name, desk_fields[i]) == 0)
            return true;
    return false;
}

/* A text of 1 to so many bytes in an object, or an element of a list. */
static const char *read_words(struct reading *reading, const char *place, const json_t *value,
                              size_t size_max)
{
    const char *words = json_string_value(value);

    if (words && *words && strlen(words) <= size_max)
        return words;
    fault(reading, "%s: must be a text of 1-%zu bytes", place, size_max);
    return NULL;
}

static bool is_list(struct reading *reading, const char *place, const json_t *list, size_t max)
{
    if (json_is_array(list) && json_array_size(list) <= max)
        return true;
    fault(reading, "%s: must be a list of at most %zu", place, max);
    return false;
}

static bool has_step(const json_t *steps, const char *title)
{
    const json_t *one;
    size_t i;

    json_array_foreach(steps, i, one)
    {
        const char *named = json_string_value(json_object_get(one, "title"));

        if (named && strcmp(named, title) == 0)
            return true;
    }
    return false;
}

static void read_branches(struct reading *reading, const char *place, const json_t *step,
                          const json_t *steps)
{
    const json_t *branches = json_object_get(step, "branches"), *one;
    char at[160];
    size_t i;

    snprintf(at, sizeof(at), "%s.branches", place);
    if (!branches || !is_list(reading, at, branches, BRANCHES_MAX))
        return;
    json_array_foreach(branches, i, one)
    {
        const char *to = json_string_value(json_object_get(one, "to"));

        snprintf(at, sizeof(at), "%s.branches[%zu].label", place, i);
        (void)read_words(reading, at, json_object_get(one, "label"), WORDS_MAX);
        if (!to || !has_step(steps, to))
            fault(reading, "%s.branches[%zu].to: must be the title of a step", place, i);
    }
}

static void read_script(struct reading *reading, const json_t *script)
{
    const json_t *steps = json_object_get(script, "steps");
    const json_t *asides = json_object_get(script, "asides"), *one;
    char place[96];
    size_t i;

    if (!json_is_object(script)) {
        fault(reading, "script: must be an object of steps and asides");
        return;
    }
    if (!is_list(reading, "script.steps", steps, STEPS_MAX))
        return;
    json_array_foreach(steps, i, one)
    {
        snprintf(place, sizeof(place), "script.steps[%zu].title", i);
        (void)read_words(reading, place, json_object_get(one, "title"), WORDS_MAX);
        snprintf(place, sizeof(place), "script.steps[%zu].text", i);
        (void)read_words(reading, place, json_object_get(one, "text"), SCRIPT_TEXT_MAX);
        snprintf(place, sizeof(place), "script.steps[%zu]", i);
        read_branches(reading, place, one, steps);
    }
    if (!asides || !is_list(reading, "script.asides", asides, ASIDES_MAX))
        return;
    json_array_foreach(asides, i, one)
    {
        snprintf(place, sizeof(place), "script.asides[%zu].title", i);
        (void)read_words(reading, place, json_object_get(one, "title"), WORDS_MAX);
        snprintf(place, sizeof(place), "script.asides[%zu].text", i);
        (void)read_words(reading, place, json_object_get(one, "text"), SCRIPT_TEXT_MAX);
    }
}

static void read_transfer_numbers(struct reading *reading, const json_t *list)
{
    const json_t *one;
    char place[64];
    size_t i;

    if (!is_list(reading, "transfer_numbers", list, TRANSFER_NUMBERS_MAX))
        return;
    json_array_foreach(list, i, one)
    {
        const char *number = json_string_value(json_object_get(one, "number"));

        snprintf(place, sizeof(place), "transfer_numbers[%zu].name", i);
        (void)read_words(reading, place, json_object_get(one, "name"), WORDS_MAX);
        if (!number || number[0] != '+' || strlen(number) > 16 || strlen(number) < 6 ||
            number[1 + strspn(number + 1, "0123456789")])
            fault(reading, "transfer_numbers[%zu].number: must be in E.164, as +15005550006", i);
    }
}

static void read_desk_field(struct reading *reading, const char *name, const json_t *value)
{
    json_int_t seconds = json_integer_value(value);
    const json_t *one;
    char place[64];
    size_t i;

    if (strcmp(name, "script") == 0) {
        read_script(reading, value);
    } else if (strcmp(name, "transfer_numbers") == 0) {
        read_transfer_numbers(reading, value);
    } else if (strcmp(name, "hold_limit_s") == 0) {
        if (seconds < 10 || seconds > HOLD_LIMIT_S_MAX)
            fault(reading, "hold_limit_s: must be within 10-%d", HOLD_LIMIT_S_MAX);
    } else if (is_list(reading, "fields", value, FIELDS_MAX)) {
        json_array_foreach(value, i, one)
        {
            snprintf(place, sizeof(place), "fields[%zu]", i);
            (void)read_words(reading, place, one, WORDS_MAX);
        }
    }
}

static void read_mode(struct reading *reading, const json_t *value,
                      struct campaign_options *options)
{
    const char *word = json_string_value(value);

    if (!word || !campaign_mode_from_name(word, strlen(word), &options->mode))
        fault(reading, "mode: '%s' is none of manual, preview, progressive, ratio",
              word ? word : "");
}

static bool is_e164(const char *word)
{
    size_t digits = strspn(word + (*word == '+'), "0123456789");

    return *word == '+' && digits >= 7 && digits <= 15 && !word[1 + digits];
}

static void read_text(struct reading *reading, const char *name, const char *word)
{
    if (!word || strlen(word) > 1000)
        fault(reading, "%s: must be a text of at most 1000 bytes", name);
    else if (strcmp(name, "caller_id") == 0 && *word && !is_e164(word))
        fault(reading, "caller_id: '%.40s' is not a number like +15005550006", word);
    else if (strcmp(name, "country") == 0 && *word && !phone_country_is_known(word))
        fault(reading, "country: '%.40s' is no country of two letters", word);
}

static void read_one(struct reading *reading, const char *name, const json_t *value,
                     struct campaign_options *options)
{
    const char *word = json_string_value(value);

    if (strcmp(name, "mode") == 0) {
        read_mode(reading, value, options);
    } else if (strcmp(name, "preview_default") == 0) {
        if (!word || !preview_default_from_name(word, strlen(word), &options->preview_default))
            fault(reading, "preview_default: must be dial or skip");
    } else if (strcmp(name, "hours") == 0) {
        read_hours(reading, value, &options->hours);
    } else if (strcmp(name, "retry") == 0) {
        read_retry(reading, value, options);
    } else if (strcmp(name, "dispositions") == 0) {
        read_dispositions(reading, value, options);
    } else if (strcmp(name, "number_caps") == 0) {
        read_object(reading, "number_caps.", caps_fields, array_count(caps_fields), value,
                    &options->number_caps);
    } else if (strcmp(name, "person_caps") == 0) {
        read_object(reading, "person_caps.", caps_fields, array_count(caps_fields), value,
                    &options->person_caps);
    } else if (strcmp(name, "abandonment") == 0) {
        read_object(reading, "abandonment.", abandonment_fields, array_count(abandonment_fields),
                    value, &options->abandonment);
    } else if (is_desk_field(name)) {
        read_desk_field(reading, name, value);
    } else if (is_text_field(name)) {
        read_text(reading, name, word);
    } else if (!read_named(reading, "", campaign_fields, array_count(campaign_fields), name, value,
                           options)) {
        fault(reading, "%s: there is no such setting", name);
    }
}

int campaign_settings_read(const json_t *document, struct campaign_options *options, char *why,
                           size_t why_size)
{
    struct reading reading = {.why = why, .why_size = why_size};
    struct campaign_options fresh = *options;
    const char *name, *wrong;
    json_t *value;

    if (!json_is_object(document))
        fault(&reading, "%s", "must be an object");
    json_object_foreach((json_t *)document, name, value) read_one(&reading, name, value, &fresh);
    if (!reading.err && campaign_options_check(&fresh, &wrong) != REFUSED_NOT)
        fault(&reading, "%s: not lawful, or it contradicts the others", wrong);
    if (!reading.err)
        *options = fresh;
    return reading.err;
}

static json_t *write_fields(const struct field *fields, size_t count, const void *base,
                            json_t *into)
{
    for (size_t i = 0; into && i < count; i++)
        if (json_object_set_new(into, fields[i].name, load_field(&fields[i], base)) != 0) {
            json_decref(into);
            return NULL;
        }
    return into;
}

static json_t *write_time(uint16_t minute)
{
    return json_sprintf("%02u:%02u", minute / 60u, minute % 60u);
}

static json_t *write_hours(const struct calling_hours *hours)
{
    json_t *all = json_object();

    for (size_t day = 0; day < 7; day++) {
        json_t *list = json_array();

        for (size_t i = 0; i < HOURS_WINDOWS_MAX; i++) {
            const struct hours_window *window = &hours->days[day][i];

            if (window->close_minute)
                json_array_append_new(list, json_pack("[o, o]", write_time(window->open_minute),
                                                      write_time(window->close_minute)));
        }
        json_object_set_new(all, weekdays[day], list);
    }
    return all;
}

static json_t *write_retry(const struct campaign_options *options)
{
    json_t *all = json_object();

    for (int result = RESULT_NONE + 1; result < RESULT_COUNT; result++)
        json_object_set_new(all, attempt_result_name((enum attempt_result)result),
                            write_fields(retry_fields, array_count(retry_fields),
                                         &options->retry[result], json_object()));
    return all;
}

static json_t *write_dispositions(const struct campaign_options *options)
{
    json_t *all = json_array();

    for (uint32_t i = 0; i < options->disposition_count; i++) {
        const struct disposition *one = &options->dispositions[i];
        const char *name = disposition_behaviour_name(one->behaviour);

        json_array_append_new(all, json_pack("{s:i, s:s, s:s, s:I}", "code", (int)one->code, "name",
                                             name, "behaviour", name, "delay_s",
                                             (json_int_t)(one->delay / SECOND)));
    }
    return all;
}

json_t *campaign_settings_write(const struct campaign_options *options)
{
    json_t *all = json_object();

    json_object_set_new(all, "mode", json_string(campaign_mode_name(options->mode)));
    all = write_fields(campaign_fields, array_count(campaign_fields), options, all);
    json_object_set_new(all, "preview_default",
                        json_string(preview_default_name(options->preview_default)));
    json_object_set_new(all, "hours", write_hours(&options->hours));
    json_object_set_new(
        all, "number_caps",
        write_fields(caps_fields, array_count(caps_fields), &options->number_caps, json_object()));
    json_object_set_new(
        all, "person_caps",
        write_fields(caps_fields, array_count(caps_fields), &options->person_caps, json_object()));
    json_object_set_new(all, "abandonment",
                        write_fields(abandonment_fields, array_count(abandonment_fields),
                                     &options->abandonment, json_object()));
    json_object_set_new(all, "retry", write_retry(options));
    json_object_set_new(all, "dispositions", write_dispositions(options));
    return all;
}

json_t *campaign_settings_complete(const json_t *document, const struct campaign_options *options)
{
    json_t *all = campaign_settings_write(options);
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)document, name, value) if (is_text_field(name) ||
                                                             is_desk_field(name) ||
                                                             strcmp(name, "dispositions") == 0)
        json_object_set(all, name, value);
    return all;
}

const char *campaign_disposition_name(const json_t *document,
                                      const struct campaign_options *options, uint16_t code)
{
    const json_t *one;
    size_t i;

    json_array_foreach(json_object_get(document, "dispositions"), i,
                       one) if (json_integer_value(json_object_get(one, "code")) ==
                                code) return json_string_value(json_object_get(one, "name"));
    const struct disposition *known = campaign_disposition(options, code);

    return known ? disposition_behaviour_name(known->behaviour) : "";
}
