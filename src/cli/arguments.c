#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/settings.h"

__attribute__((format(printf, 2, 0))) static void complain(const struct command *command,
                                                           const char *format, va_list list)
{
    fprintf(stderr, "outdial %s: ", command->name);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
}

int command_misused(const struct command *command, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    complain(command, format, list);
    va_end(list);
    fprintf(stderr, "`outdial help %s` tells how it is used\n", command->name);
    return COMMAND_MISUSED;
}

int command_failed(const struct command *command, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    complain(command, format, list);
    va_end(list);
    return COMMAND_FAILED;
}

static size_t flag_count(const struct command *command)
{
    size_t count = 0;

    while (command->flags && command->flags[count].name)
        count++;
    check(count <= FLAG_COUNT_MAX);
    return count;
}

static bool is_flag(const char *name, const char *given, size_t given_size)
{
    return strlen(name) == given_size && memcmp(name, given, given_size) == 0;
}

/* Where the value of a flag is to be kept, and whether it takes one; NULL: no such flag. */
static const char **place_of(struct arguments *arguments, const struct command *command,
                             const char *given, size_t given_size, bool *takes_value)
{
    for (size_t i = 0; i < flag_count(command); i++)
        if (is_flag(command->flags[i].name, given, given_size)) {
            *takes_value = command->flags[i].argument != NULL;
            return &arguments->values[i];
        }

    size_t index;

    *takes_value = true;
    if (command->settings && setting_by_flag(command->settings, given, given_size, &index))
        return &arguments->setting_values[index];
    return NULL;
}

static int parse_flag(struct arguments *arguments, const struct command *command, int argc,
                      char **argv, int *at)
{
    const char *given = argv[*at], *equals = strchr(given, '=');
    size_t given_size = equals ? (size_t)(equals - given) : strlen(given);
    bool takes_value;
    const char **place = place_of(arguments, command, given, given_size, &takes_value);

    if (!place)
        return command_misused(command, "unknown flag '%.*s'", (int)given_size, given);
    if (*place)
        return command_misused(command, "'%.*s' is given twice", (int)given_size, given);
    if (!takes_value && equals)
        return command_misused(command, "'%.*s' takes no value", (int)given_size, given);
    if (!takes_value)
        *place = "";
    else if (equals)
        *place = equals + 1;
    else if (*at + 1 < argc)
        *place = argv[++*at];
    else
        return command_misused(command, "'%s' needs a value", given);
    return COMMAND_DONE;
}

int arguments_parse(struct arguments *arguments, const struct command *command, int argc,
                    char **argv)
{
    bool flags_ended = false;

    *arguments = (struct arguments){.word_count = 0};
    for (int i = 1; i < argc; i++) {
        if (!flags_ended && strcmp(argv[i], "--") == 0) {
            flags_ended = true;
        } else if (!flags_ended && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            command_help(command);
            return COMMAND_HELPED;
        } else if (!flags_ended && strncmp(argv[i], "--", 2) == 0) {
            int code = parse_flag(arguments, command, argc, argv, &i);

            if (code != COMMAND_DONE)
                return code;
        } else if (arguments->word_count == WORD_COUNT_MAX) {
            return command_misused(command, "too many words, beginning with '%s'", argv[i]);
        } else {
            arguments->words[arguments->word_count++] = argv[i];
        }
    }
    return COMMAND_DONE;
}

int arguments_answer(int code)
{
    return code == COMMAND_HELPED ? COMMAND_DONE : code;
}

const char *arguments_get(const struct arguments *arguments, const struct command *command,
                          const char *flag)
{
    for (size_t i = 0; i < flag_count(command); i++)
        if (strcmp(command->flags[i].name, flag) == 0)
            return arguments->values[i];
    check(!"a flag of the command");
    return NULL;
}

static void help_setting(const struct setting *setting)
{
    char name[64], shown[96];

    setting_environment_name(setting, name, sizeof(name));
    snprintf(shown, sizeof(shown), "%s %s", setting->flag,
             *setting->unit ? setting->unit : "VALUE");
    printf("  %-24s %s\n", shown, setting->sentence);
    printf("  %-24s %s%s%s", "", *setting->range ? setting->range : "text",
           *setting->unit ? " " : "", setting->unit);
    if (*setting->preset)
        printf("; default %s", setting->preset);
    printf("; environment %s\n", name);
}

void command_help(const struct command *command)
{
    printf("usage: outdial %s%s%s\n\n%s\n", command->name, *command->usage ? " " : "",
           command->usage, command->sentence);
    if (command->details)
        printf("\n%s\n", command->details);
    if (command->flags)
        printf("\nflags:\n");
    for (size_t i = 0; i < flag_count(command); i++) {
        const struct flag *flag = &command->flags[i];
        char shown[96];

        snprintf(shown, sizeof(shown), "%s%s%s", flag->name, flag->argument ? " " : "",
                 flag->argument ? flag->argument : "");
        printf("  %-24s %s\n", shown, flag->sentence);
    }
    if (command->settings)
        printf("\nsettings (also by file and environment; `outdial settings` lists all):\n");
    for (size_t i = 0; setting_at(i); i++)
        if (setting_at(i)->groups & command->settings)
            help_setting(setting_at(i));
}
