#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/settings.h"
#include "phones/phones.h"

enum { FLAG_RECORDS };

static const struct flag flags[] = {
    {"--records", "FILE", "append the records of calls to FILE instead of standard output"},
    {NULL, NULL, NULL},
};

/* "127.0.0.1:5070" -> address and port; the settings have checked its shape. */
static void split_address(const char *listen, char *address, size_t size, uint16_t *port)
{
    const char *colon = strrchr(listen, ':');
    int64_t number = 0;

    slice_copy(slice_of(listen, (size_t)(colon - listen)), address, size);
    if (slice_to_i64(slice_from(colon + 1), 0, 65535, &number))
        number = 0;
    *port = (uint16_t)number;
}

/* The address goes into what we answer, so it must be one that others can send to. */
static bool can_be_called(const struct settings *settings)
{
    struct in_addr numeric;
    char address[64];
    uint16_t port;

    split_address(settings->phones_listen, address, sizeof(address), &port);
    return inet_pton(AF_INET, address, &numeric) == 1 && numeric.s_addr != htonl(INADDR_ANY);
}

static int play(const struct settings *settings, const char *records)
{
    struct phones_options options = {.ready = stdout, .log = stdout};
    struct script_problem problem = {""};
    struct script *script = NULL;
    char address[64];
    int err = script_load(&script, settings->phones_script, &problem);

    if (err) {
        fprintf(stderr, "outdial phones: %s: %s\n", settings->phones_script, problem.text);
        return COMMAND_MISUSED;
    }
    if (records) {
        options.log = fopen(records, "ae");
        if (!options.log) {
            fprintf(stderr, "outdial phones: cannot open '%s': %s\n", records, strerror(errno));
            script_free(script);
            return COMMAND_FAILED;
        }
    }
    split_address(settings->phones_listen, address, sizeof(address), &options.port);
    options.address = address;
    err = phones_run(&options, script);
    if (records)
        fclose(options.log);
    script_free(script);
    return err ? COMMAND_FAILED : COMMAND_DONE;
}

static int act(const struct command *command, const struct settings *settings,
               const struct arguments *arguments)
{
    if (!*settings->phones_script)
        return command_misused(command, "--script FILE is needed; docs/phones.md tells its format");
    if (!can_be_called(settings))
        return command_misused(command, "--listen %s: an IPv4 address of this machine is needed",
                               settings->phones_listen);
    return play(settings, arguments->values[FLAG_RECORDS]);
}

static int run(const struct command *command, int argc, char **argv)
{
    return settings_run(command, argc, argv, act);
}

const struct command command_phones = {
    .name = "phones",
    .usage = "--listen ADDRESS:PORT --script FILE",
    .sentence = "a simulated telephone network with people in it, to call and to test against",
    .details = "Prints {\"ready\":true,\"sip\":...} when it can be called, then one JSON line for\n"
               "every call that ends and every voice that is recognised. The script says who has\n"
               "which number and how they behave; docs/phones.md has its format.",
    .flags = flags,
    .settings = SETTINGS_PHONES | SETTINGS_LOG,
    .run = run,
};
