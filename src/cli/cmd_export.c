#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"

static const struct flag flags[] = {
    {NULL, NULL, NULL},
};

/* Written beside and renamed at the end: a half file never has the wanted name. */
static int export_attempts(const struct command *command, const struct arguments *arguments,
                           struct client *client)
{
    const char *campaign = arguments->words[0], *name = arguments->words[1];
    char path[CLIENT_PATH_SIZE], part[4096];
    FILE *file;
    int code;

    client_path(path, "campaigns", campaign, "export", NULL);
    if (!strcmp(name, "-"))
        return client_download(client, path, stdout);
    snprintf(part, sizeof(part), "%s.part", name);
    file = fopen(part, "we");
    if (!file)
        return command_failed(command, "cannot write '%s': %s", part, strerror(errno));
    code = client_download(client, path, file);
    if (fclose(file) && code == COMMAND_DONE)
        code = command_failed(command, "cannot write '%s': %s", part, strerror(errno));
    if (code == COMMAND_DONE && rename(part, name))
        code = command_failed(command, "cannot name '%s': %s", name, strerror(errno));
    if (code != COMMAND_DONE)
        unlink(part);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    return client_run(command, argc, argv, 2, NULL, export_attempts);
}

const struct command command_export = {
    .name = "export",
    .usage = "NAME FILE.csv",
    .sentence = "write every attempt of a campaign to a CSV file (- is standard output)",
    .details = "Times are UTC. Cells that a spreadsheet would run as a formula are made harmless.",
    .flags = flags,
    .settings = SETTINGS_CLIENT,
    .run = run,
};
