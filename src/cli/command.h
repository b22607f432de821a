#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

/*
 * Subcommands: one const table (command.c) from a name to a function. A command is a file cmd_NAME.c
 * that defines `const struct command command_NAME` and is listed in the table; its help is made from
 * what it declares here.
 *
 *   static int run(const struct command *command, int argc, char **argv)
 *   {
 *       struct arguments arguments;
 *       struct settings settings;
 *       int code = arguments_parse(&arguments, command, argc, argv);
 *
 *       if (code != COMMAND_DONE)
 *           return arguments_answer(code);
 *       code = settings_load(&settings, command->settings, &arguments);   (cli/settings.h)
 *       ...
 *
 * argv[0] is the subcommand's name. Everything said about a mistake goes to standard error.
 */
enum command_code {
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1,   /* the world's: refused, unreachable, not found */
    COMMAND_MISUSED = 2,  /* the caller's: an unknown flag, a value out of range */
    COMMAND_HELPED = 100, /* arguments_parse only: --help was asked for and printed */
};

enum { FLAG_COUNT_MAX = 24, WORD_COUNT_MAX = 16, SETTING_COUNT_MAX = 64 };

struct flag {
    const char *name;     /* "--json" */
    const char *argument; /* "NAME"; NULL: a switch */
    const char *sentence;
};

struct command {
    const char *name;
    const char *usage;        /* what follows the name: "--campaign NAME FILE.csv" */
    const char *sentence;     /* one line in `outdial help` */
    const char *details;      /* more paragraphs for `outdial help NAME`; may be NULL */
    const struct flag *flags; /* ended by a NULL name; may be NULL */
    unsigned settings;        /* groups of cli/settings.h whose flags it takes too; 0: none */
    bool hidden;              /* not listed */
    int (*run)(const struct command *command, int argc, char **argv);
};

struct arguments {
    const char *values[FLAG_COUNT_MAX];            /* by the flag's place: value, "" for a switch */
    const char *setting_values[SETTING_COUNT_MAX]; /* by the setting's place in its table */
    const char *words[WORD_COUNT_MAX];             /* what is no flag, in order */
    size_t word_count;
};

/*
 * Sorts argv into flags, settings and words ("--name value" or "--name=value"; "--" ends the flags).
 * COMMAND_DONE; COMMAND_MISUSED after saying what was wrong; COMMAND_HELPED after printing help.
 * The arguments borrow from argv.
 */
int arguments_parse(struct arguments *arguments, const struct command *command, int argc,
                    char **argv) must_check;
/* The exit code for what arguments_parse returned. */
int arguments_answer(int code);
/* The value of a flag of the command, or NULL when it was not given; check()ed to exist. */
const char *arguments_get(const struct arguments *arguments, const struct command *command,
                          const char *flag);
/* Says "outdial NAME: ..." on standard error and returns COMMAND_MISUSED. */
int command_misused(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Says it likewise and returns COMMAND_FAILED. */
int command_failed(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void command_help(const struct command *command); /* on standard output */

/* The whole program: finds the subcommand and runs it. Returns the exit code of the process. */
int command_main(int argc, char **argv);

const struct command *command_find(const char *name); /* NULL: none */
/* The table, in the order it is listed; NULL past the end. */
const struct command *command_at(size_t index);

#endif
