#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/show.h"
#include "serve/serve.h"

enum { FLAG_NAME, FLAG_AGENT, FLAG_EXPIRES, FLAG_OFFLINE, FLAG_JSON };

static const struct flag flags[] = {
    {"--name", "NAME", "what it is called in the list"},
    {"--agent", "AGENT", "make it this agent's, good for that agent's own paths only"},
    {"--expires-s", "SECONDS", "it ends after this"},
    {"--offline", NULL, "make it in the data folder; no server may have it open"},
    {"--json", NULL, "print JSON"},
    {NULL, NULL, NULL},
};

static int make_offline(const struct command *command, const struct settings *settings,
                        const struct arguments *arguments)
{
    const char *name = arguments->values[FLAG_NAME];
    char token[128], why[512];

    if (arguments->values[FLAG_AGENT] || arguments->values[FLAG_EXPIRES])
        return command_misused(command, "--offline makes operators' tokens without an end only");
    if (serve_make_token(settings->data, name ? name : "operator", token, sizeof(token), why,
                         sizeof(why)) != 0)
        return command_failed(command, "%s", why);
    puts(token);
    return COMMAND_DONE;
}

static int make(const struct command *command, struct client *client,
                const struct arguments *arguments)
{
    const char *name = arguments->values[FLAG_NAME], *agent = arguments->values[FLAG_AGENT];
    const char *expires = arguments->values[FLAG_EXPIRES];
    json_t *body = json_object(), *answer = NULL;
    char path[CLIENT_PATH_SIZE];
    int64_t seconds;

    if (name)
        json_object_set_new(body, "name", json_string(name));
    if (agent)
        json_object_set_new(body, "agent", json_string(agent));
    if (expires) {
        if (slice_to_i64(slice_from(expires), 60, INT32_MAX, &seconds) != 0) {
            json_decref(body);
            return command_misused(command, "--expires-s '%s' is not a whole number from 60 on",
                                   expires);
        }
        json_object_set_new(body, "expires_s", json_integer(seconds));
    }
    int code = client_call(client, "POST", client_path(path, "tokens", NULL), body, &answer);

    if (code == COMMAND_DONE && arguments->values[FLAG_JSON])
        show_json(answer);
    else if (code == COMMAND_DONE)
        puts(json_string_value(json_object_get(answer, "token")));
    json_decref(answer);
    return code;
}

static int list(struct client *client, const struct arguments *arguments)
{
    static const struct column columns[] = {{"id", "id"},
                                            {"name", "name"},
                                            {"agent", "agent"},
                                            {"made_at", "made"},
                                            {"expires_at", "ends"}};
    char path[CLIENT_PATH_SIZE];
    json_t *items = NULL;
    int code = client_list(client, client_path(path, "tokens", NULL), 0, &items);

    if (code == COMMAND_DONE && arguments->values[FLAG_JSON])
        show_json(items);
    else if (code == COMMAND_DONE)
        show_table(items, columns, array_count(columns));
    json_decref(items);
    return code;
}

static int end(struct client *client, const char *id)
{
    char path[CLIENT_PATH_SIZE];
    json_t *answer = NULL;

    int code = client_call(client, "DELETE", client_path(path, "tokens", id, NULL), NULL, &answer);

    json_decref(answer);
    return code;
}

static int act(const struct command *command, const struct settings *settings,
               const struct arguments *arguments)
{
    const char *verb = arguments->word_count ? arguments->words[0] : "make";
    bool ends = strcmp(verb, "end") == 0;
    struct client *client = NULL;

    if (!ends && strcmp(verb, "make") != 0 && strcmp(verb, "list") != 0)
        return command_misused(command, "there is no '%s'; make, list or end", verb);
    if (ends && arguments->word_count < 2)
        return command_misused(command, "end needs the id of a token; `outdial token list` has it");
    if (arguments->word_count > (ends ? 2u : 1u))
        return command_misused(command, "'%s' is one word too many",
                               arguments->words[ends ? 2 : 1]);
    if (arguments->values[FLAG_OFFLINE] && strcmp(verb, "make") != 0)
        return command_misused(command, "--offline is for make alone");
    if (arguments->values[FLAG_OFFLINE])
        return make_offline(command, settings, arguments);
    int code = client_open(&client, command, settings);

    if (code == COMMAND_DONE && strcmp(verb, "make") == 0)
        code = make(command, client, arguments);
    else if (code == COMMAND_DONE && strcmp(verb, "list") == 0)
        code = list(client, arguments);
    else if (code == COMMAND_DONE)
        code = end(client, arguments->words[1]);
    client_close(client);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    return settings_run(command, argc, argv, act);
}

const struct command command_token = {
    .name = "token",
    .usage = "[make | list | end ID] [--name NAME] [--agent AGENT] [--offline] [--json]",
    .sentence = "bearer tokens of the interface: made (printed once), listed, ended",
    .details =
        "The first token is made with the data folder and kept in its file `token`, where the\n"
        "other commands look. --offline makes one there when no server is running.",
    .flags = flags,
    .settings = SETTINGS_CLIENT,
    .run = run,
};
