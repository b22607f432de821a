#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/show.h"
#include "cli/verb.h"

static const struct flag flags[] = {
    {"--mode", "MODE", "create: manual, preview, progressive or ratio"},
    {"--caller-id", "NUMBER", "create: the number that people see"},
    {"--country", "CC", "create: the country of numbers written nationally, e.g. US"},
    {"--message", "TEXT", "create: what is said to a person when no agent is free in time"},
    {"--hours", "FROM-TO", "create: calling hours of every day, e.g. 9-20 or 08:30-20:00"},
    {"--settings", "FILE", "create, set: a JSON object of settings; - is standard input"},
    {"--json", NULL, "print JSON"},
    {NULL, NULL, NULL},
};

/* "8" or "08:30" -> "08:00", "08:30" */
static bool read_hour(struct slice text, char out[8])
{
    struct slice rest = text, hour = slice_cut(&rest, ':');
    int64_t hours, minutes = 0;

    if (slice_to_i64(hour, 0, 24, &hours) || (rest.size && slice_to_i64(rest, 0, 59, &minutes)) ||
        (hours == 24 && minutes))
        return false;
    snprintf(out, 8, "%02d:%02d", (int)hours, (int)minutes);
    return true;
}

static int add_hours(const struct command *command, json_t *settings, const char *hours)
{
    struct slice rest = slice_from(hours), from = slice_cut(&rest, '-');
    char open[8], close[8];

    if (!read_hour(from, open) || !read_hour(rest, close))
        return command_misused(command, "--hours: '%s' is not like 9-20 or 08:30-20:00", hours);
    json_object_set_new(settings, "hours", json_pack("{s:[[s, s]]}", "every_day", open, close));
    return COMMAND_DONE;
}

/* "retry.busy.delay_s=60": the value is JSON where it reads as such, else text. */
static int add_word(const struct command *command, json_t *settings, const char *word)
{
    const char *equals = strchr(word, '=');
    struct slice rest;
    json_t *at = settings, *value;

    if (!equals || equals == word)
        return command_misused(command, "'%s' is not like setting=value", word);
    rest = slice_of(word, (size_t)(equals - word));
    value = json_loads(equals + 1, JSON_DECODE_ANY, NULL);
    if (!value)
        value = json_string(equals + 1);
    for (;;) {
        char name[64];
        json_t *next;

        slice_copy(slice_cut(&rest, '.'), name, sizeof(name));
        if (!rest.size) {
            json_object_set_new(at, name, value);
            return COMMAND_DONE;
        }
        next = json_object_get(at, name);
        if (!json_is_object(next)) {
            json_object_set_new(at, name, json_object());
            next = json_object_get(at, name);
        }
        at = next;
    }
}

static int read_settings_file(const struct command *command, const char *name, json_t **settings)
{
    json_error_t error;

    *settings = strcmp(name, "-") ? json_load_file(name, 0, &error) : json_loadf(stdin, 0, &error);
    if (!*settings && error.line < 1)
        return command_failed(command, "%s", error.text);
    if (!*settings)
        return command_failed(command, "%s:%d: %s", name, error.line, error.text);
    if (!json_is_object(*settings))
        return command_failed(command, "%s: the settings must be an object", name);
    return COMMAND_DONE;
}

static int gather(const struct command *command, const struct arguments *arguments,
                  json_t **settingsp)
{
    static const char *const TEXTS[][2] = {{"--mode", "mode"},
                                           {"--caller-id", "caller_id"},
                                           {"--country", "country"},
                                           {"--message", "message"}};
    const char *file = arguments_get(arguments, command, "--settings");
    const char *hours = arguments_get(arguments, command, "--hours");
    json_t *settings = NULL;
    int code = COMMAND_DONE;

    if (file)
        code = read_settings_file(command, file, &settings);
    else
        settings = json_object();
    for (size_t i = 0; i < array_count(TEXTS) && code == COMMAND_DONE; ++i) {
        const char *value = arguments_get(arguments, command, TEXTS[i][0]);

        if (value)
            json_object_set_new(settings, TEXTS[i][1], json_string(value));
    }
    if (hours && code == COMMAND_DONE)
        code = add_hours(command, settings, hours);
    for (size_t i = 2; i < arguments->word_count && code == COMMAND_DONE; ++i)
        code = add_word(command, settings, arguments->words[i]);
    if (code == COMMAND_DONE)
        *settingsp = settings;
    else
        json_decref(settings);
    return code;
}

static int list(struct verb_call *call)
{
    static const struct column COLUMNS[] = {{"id", "id"},
                                            {"name", "name"},
                                            {"state", "state"},
                                            {"mode", "mode"},
                                            {"made_at", "made at"}};

    return verb_list(call, client_path(call->path, "campaigns", NULL), COLUMNS,
                     array_count(COLUMNS));
}

static int create(struct verb_call *call)
{
    json_t *settings;
    int code = gather(call->command, call->arguments, &settings);

    if (code != COMMAND_DONE)
        return code;
    return verb_send(call, "POST", client_path(call->path, "campaigns", NULL),
                     json_pack("{s:s, s:o}", "name", call->words[0], "settings", settings),
                     "campaign '%s' is made; `outdial campaign start` starts it");
}

static int set(struct verb_call *call)
{
    json_t *settings;
    int code = gather(call->command, call->arguments, &settings);

    if (code != COMMAND_DONE)
        return code;
    return verb_send(call, "PATCH", client_path(call->path, "campaigns", call->words[0], NULL),
                     json_pack("{s:o}", "settings", settings), "campaign '%s' is changed");
}

static int show(struct verb_call *call)
{
    return verb_show(call, client_path(call->path, "campaigns", call->words[0], NULL));
}

static int command_it(struct verb_call *call)
{
    return verb_send(call, "POST",
                     client_path(call->path, "campaigns", call->words[0], call->verb->name, NULL),
                     NULL, "campaign '%s': done");
}

static const struct verb VERBS[] = {
    {"list", "", 0, 0, list},
    {"create", "NAME [SETTING=VALUE...]", 1, 14, create},
    {"show", "NAME", 1, 1, show},
    {"set", "NAME SETTING=VALUE...", 1, 14, set},
    {"start", "NAME", 1, 1, command_it},
    {"pause", "NAME", 1, 1, command_it},
    {"drain", "NAME", 1, 1, command_it},
    {"stop", "NAME", 1, 1, command_it},
};

static int run(const struct command *command, int argc, char **argv)
{
    return verb_run(command, VERBS, array_count(VERBS), argc, argv);
}

const struct command command_campaign = {
    .name = "campaign",
    .usage = "list | create NAME | show NAME | set NAME | start|pause|drain|stop NAME",
    .sentence = "campaigns: make, show, change, start and stop them",
    .details = "Settings are written SETTING=VALUE, with dots into groups:\n"
               "  outdial campaign create spring --mode progressive wrap_up_s=20\n"
               "  outdial campaign set spring retry.busy.delay_s=600 number_caps.per_day=2\n"
               "`campaign show` prints them all; docs/api.md says what each means.",
    .flags = flags,
    .settings = SETTINGS_CLIENT,
    .run = run,
};
