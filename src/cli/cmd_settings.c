#include <jansson.h>
#include <stdio.h>

#include "cli/settings.h"

static const struct flag flags[] = {
    {"--json", NULL, "print a JSON array"},
    {NULL, NULL, NULL},
};

static void print_json(const struct settings *settings)
{
    json_t *all = json_array();

    for (size_t i = 0; setting_at(i); i++) {
        const struct setting *setting = setting_at(i);
        char value[1024], environment[64];

        setting_print(settings, setting, value, sizeof(value));
        setting_environment_name(setting, environment, sizeof(environment));
        json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "name",
                                             setting->name, "value", value, "default",
                                             setting->preset, "unit", setting->unit, "range",
                                             setting->range, "flag", setting->flag, "environment",
                                             environment, "sentence", setting->sentence));
    }
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static void print_table(const struct settings *settings)
{
    for (size_t i = 0; setting_at(i); i++) {
        const struct setting *setting = setting_at(i);
        char value[1024];

        setting_print(settings, setting, value, sizeof(value));
        printf("# %s\n# %s%s%s; default '%s'\n%s = %s\n\n", setting->sentence,
               *setting->range ? setting->range : "text", *setting->unit ? " " : "", setting->unit,
               setting->preset, setting->name, value);
    }
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments;
    struct settings settings;
    int code = arguments_parse(&arguments, command, argc, argv);

    if (code != COMMAND_DONE)
        return arguments_answer(code);
    if (arguments.word_count)
        return command_misused(command, "'%s' is one word too many", arguments.words[0]);
    code = settings_load(&settings, SETTINGS_ALL, &arguments);
    if (code == COMMAND_DONE && arguments_get(&arguments, command, "--json"))
        print_json(&settings);
    else if (code == COMMAND_DONE)
        print_table(&settings);
    settings_release(&settings);
    return code;
}

const struct command command_settings = {
    .name = "settings",
    .usage = "[--config FILE] [--json]",
    .sentence = "every setting with its unit, range, default and present value",
    .details = "What is printed without --json is a settings file: keep the lines you change, and\n"
               "name it by --config or the variable OUTDIAL_CONFIG.",
    .flags = flags,
    .settings = SETTINGS_SHOW,
    .run = run,
};
