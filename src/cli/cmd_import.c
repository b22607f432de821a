#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/show.h"

static const struct flag flags[] = {
    {"--campaign", "NAME", "the campaign the people are for"},
    {"--country", "CC", "the country of numbers written nationally; else the campaign's"},
    {"--rejects", "FILE", "where rejected rows go; else FILE.rejects.csv, when there are any"},
    {"--json", NULL, "print the result as JSON"},
    {NULL, NULL, NULL},
};

enum { POLL_MS = 200 };

static void on_upload(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    show_progress(done, total, "sending the file");
}

static int open_list(const struct command *command, const char *name, FILE **file, uint64_t *size)
{
    struct stat stat;

    *file = fopen(name, "re");
    if (!*file || fstat(fileno(*file), &stat))
        return command_failed(command, "cannot open '%s': %s", name, strerror(errno));
    if (!S_ISREG(stat.st_mode)) {
        fclose(*file);
        return command_failed(command, "'%s' is not a file", name);
    }
    *size = (uint64_t)stat.st_size;
    return COMMAND_DONE;
}

/* Asks until the import has ended; *import is then its last description. */
static int await_end(struct client *client, json_t **import)
{
    const struct timespec pause = {0, POLL_MS * 1000000L};
    char path[CLIENT_PATH_SIZE], id[32], said[96];

    snprintf(id, sizeof(id), "%lld", (long long)json_integer_value(json_object_get(*import, "id")));
    client_path(path, "imports", id, NULL);
    for (;;) {
        const char *state = json_string_value(json_object_get(*import, "state"));
        double progress = json_number_value(json_object_get(*import, "progress"));
        json_t *next;
        int code;

        snprintf(said, sizeof(said), "%lld rows, %lld rejected",
                 (long long)json_integer_value(json_object_get(*import, "rows")),
                 (long long)json_integer_value(json_object_get(*import, "rejected")));
        show_progress((uint64_t)(progress * 1000), 1000, said);
        if (!state || strcmp(state, "writing"))
            return COMMAND_DONE;
        nanosleep(&pause, NULL);
        code = client_call(client, "GET", path, NULL, &next);
        if (code != COMMAND_DONE)
            return code;
        json_decref(*import);
        *import = next;
    }
}

static int fetch_rejects(const struct command *command, struct client *client, const json_t *import,
                         const char *name)
{
    char path[CLIENT_PATH_SIZE], id[32];
    FILE *file = fopen(name, "we");
    int code;

    if (!file)
        return command_failed(command, "cannot write '%s': %s", name, strerror(errno));
    snprintf(id, sizeof(id), "%lld", (long long)json_integer_value(json_object_get(import, "id")));
    code = client_download(client, client_path(path, "imports", id, "rejects", NULL), file);
    if (fclose(file) && code == COMMAND_DONE)
        code = command_failed(command, "cannot write '%s': %s", name, strerror(errno));
    return code;
}

static void say_result(const json_t *import, const char *rejects)
{
    static const char *const NAMES[] = {"rows",       "imported", "merged",
                                        "duplicates", "rejected", "warnings"};

    if (json_is_true(json_object_get(import, "already")))
        printf("this file was imported before, nothing has changed; it brought\n");
    for (size_t i = 0; i < array_count(NAMES); ++i)
        printf("%s%lld %s", i ? ", " : "",
               (long long)json_integer_value(json_object_get(import, NAMES[i])), NAMES[i]);
    putchar('\n');
    if (rejects)
        printf("rejected rows, with line, column and reason: %s\n", rejects);
}

static int finish(const struct command *command, struct client *client, const json_t *import,
                  const struct arguments *arguments, const char *list)
{
    const char *state = json_string_value(json_object_get(import, "state"));
    const char *rejects = arguments_get(arguments, command, "--rejects");
    const char *error = json_string_value(json_object_get(import, "error"));
    bool rejected = json_integer_value(json_object_get(import, "rejected")) > 0;
    char name[4096];
    int code = COMMAND_DONE;

    if (!state || strcmp(state, "published")) {
        if (arguments_get(arguments, command, "--json"))
            show_json(import);
        return command_failed(command, "nothing was imported: %s", error ? error : "it failed");
    }
    if (!rejects) {
        snprintf(name, sizeof(name), "%s.rejects.csv", list);
        rejects = name;
    }
    if (rejected)
        code = fetch_rejects(command, client, import, rejects);
    if (arguments_get(arguments, command, "--json"))
        show_json(import);
    else if (json_is_true(json_object_get(import, "already")))
        printf("this file was imported before (import %lld): nothing has changed\n",
               (long long)json_integer_value(json_object_get(import, "id")));
    else
        say_result(import, rejected && code == COMMAND_DONE ? rejects : NULL);
    return code;
}

static int import_list(const struct command *command, const struct arguments *arguments,
                       struct client *client)
{
    const char *list = arguments->words[0], *slash = strrchr(list, '/');
    char path[CLIENT_PATH_SIZE];
    json_t *import = NULL;
    uint64_t size = 0;
    FILE *file;
    int code = open_list(command, list, &file, &size);

    if (code != COMMAND_DONE)
        return code;
    client_path(path, "campaigns", arguments_get(arguments, command, "--campaign"), "imports",
                NULL);
    client_query(path, "filename", slash ? slash + 1 : list);
    client_query(path, "country", arguments_get(arguments, command, "--country"));
    code = client_upload(client, path, file, size, on_upload, NULL, &import);
    fclose(file);
    if (code == COMMAND_DONE)
        code = await_end(client, &import);
    show_progress_end();
    if (code == COMMAND_DONE)
        code = finish(command, client, import, arguments, list);
    json_decref(import);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    return client_run(command, argc, argv, 1, "--campaign", import_list);
}

const struct command command_import = {
    .name = "import",
    .usage = "--campaign NAME FILE.csv",
    .sentence = "put the people of a CSV file on a campaign's list",
    .details = "Any CSV (comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252) with a line of\n"
               "column names and at least one column of telephone numbers. All or nothing: rows\n"
               "that cannot be called are rejected one by one and told, everything else becomes\n"
               "visible at once at the end. The same file a second time changes nothing.",
    .flags = flags,
    .settings = SETTINGS_CLIENT,
    .run = run,
};
