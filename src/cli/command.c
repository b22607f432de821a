#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "cli/settings.h"

extern const struct command command_decode_audio, command_phones, command_serve, command_voice;
extern const struct command command_import, command_export, command_campaign, command_agent;
extern const struct command command_lead, command_report, command_token;
extern const struct command command_journal, command_settings, command_help_page;

static const struct command *const commands[] = {
    &command_serve,     &command_voice,        &command_phones,  &command_import,
    &command_export,    &command_campaign,     &command_agent,   &command_lead,
    &command_report,    &command_token,        &command_journal, &command_settings,
    &command_help_page, &command_decode_audio,
};

const struct command *command_at(size_t index)
{
    return index < array_count(commands) ? commands[index] : NULL;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < array_count(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_overview(FILE *out)
{
    fprintf(out, "outdial " OUTDIAL_VERSION ": an outbound call centre\n\n"
                 "usage: outdial COMMAND [ARGUMENTS]\n\n");
    for (size_t i = 0; i < array_count(commands); i++)
        if (!commands[i]->hidden)
            fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->sentence);
    fprintf(out, "\n`outdial help COMMAND` tells more; `outdial --version` tells the version.\n"
                 "Exit codes: 0 done, 1 failed, 2 misused.\n");
}

static int run_help(const struct command *command, int argc, char **argv)
{
    if (argc < 2) {
        print_overview(stdout);
        return COMMAND_DONE;
    }
    if (argc > 2)
        return command_misused(command, "'%s' is one word too many", argv[2]);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        command_help(command);
        return COMMAND_DONE;
    }
    const struct command *asked = command_find(argv[1]);

    if (!asked)
        return command_misused(command, "there is no command '%s'", argv[1]);
    command_help(asked);
    return COMMAND_DONE;
}

const struct command command_help_page = {
    .name = "help",
    .usage = "[COMMAND]",
    .sentence = "this page, or the page of a command",
    .run = run_help,
};

int command_main(int argc, char **argv)
{
    if (argc < 2) {
        print_overview(stderr);
        return COMMAND_MISUSED;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("outdial " OUTDIAL_VERSION);
        return COMMAND_DONE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_overview(stdout);
        return COMMAND_DONE;
    }
    const struct command *command = command_find(argv[1]);

    if (!command) {
        fprintf(stderr, "outdial: there is no command '%s'; `outdial help` lists them\n", argv[1]);
        return COMMAND_MISUSED;
    }
    int code = command->run(command, argc - 1, argv + 1);

    if (fflush(stdout) != 0 && code == COMMAND_DONE) {
        perror("outdial: cannot write to standard output");
        code = COMMAND_FAILED;
    }
    return code;
}
