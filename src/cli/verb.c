#include "cli/verb.h"

#include <string.h>

#include "base/text.h"
#include "wire/form.h"

const char *verb_flag(const struct verb_call *call, const char *name)
{
    return arguments_get(call->arguments, call->command, name);
}

static const struct verb *find(const struct command *command, const struct verb *verbs,
                               size_t verb_count, const struct arguments *arguments)
{
    const char *name = arguments->word_count ? arguments->words[0] : "list";

    for (size_t i = 0; i < verb_count; ++i) {
        size_t words = arguments->word_count ? arguments->word_count - 1 : 0;

        if (strcmp(verbs[i].name, name))
            continue;
        if (words >= verbs[i].words_min && words <= verbs[i].words_max)
            return &verbs[i];
        command_misused(command, "usage: outdial %s %s %s", command->name, name, verbs[i].usage);
        return NULL;
    }
    command_misused(command, "there is no '%s %s'; `outdial help %s` lists what there is",
                    command->name, name, command->name);
    return NULL;
}

int verb_run(const struct command *command, const struct verb *verbs, size_t verb_count, int argc,
             char **argv)
{
    struct arguments arguments;
    struct settings settings;
    struct verb_call call = {.command = command, .arguments = &arguments};
    int code = arguments_parse(&arguments, command, argc, argv);

    if (code != COMMAND_DONE)
        return arguments_answer(code);
    for (size_t i = 0; i < arguments.word_count; ++i)
        if (!utf8_is_valid(slice_from(arguments.words[i])))
            return command_misused(command, "'%s' is not UTF-8", arguments.words[i]);
    call.verb = find(command, verbs, verb_count, &arguments);
    if (!call.verb)
        return COMMAND_MISUSED;
    call.words = arguments.words + 1;
    call.word_count = arguments.word_count ? arguments.word_count - 1 : 0;
    call.json = verb_flag(&call, "--json") != NULL;
    code = settings_load(&settings, command->settings, &arguments);
    if (code == COMMAND_DONE)
        code = client_open(&call.client, command, &settings);
    if (code == COMMAND_DONE)
        code = call.verb->run(&call);
    client_close(call.client);
    settings_release(&settings);
    return code;
}

int verb_list(struct verb_call *call, const char *path, const struct column *columns,
              size_t column_count)
{
    json_t *items;
    int code = client_list(call->client, path, 0, &items);

    if (code != COMMAND_DONE)
        return code;
    if (call->json)
        show_json(items);
    else
        show_table(items, columns, column_count);
    json_decref(items);
    return code;
}

int verb_show(struct verb_call *call, const char *path)
{
    json_t *answer;
    int code = client_call(call->client, "GET", path, NULL, &answer);

    if (code != COMMAND_DONE)
        return code;
    if (call->json)
        show_json(answer);
    else
        show_object(answer);
    json_decref(answer);
    return code;
}

static void say_done(const char *done, const char *name)
{
    const char *mark = strstr(done, "%s");

    if (mark)
        printf("%.*s%s%s\n", (int)(mark - done), done, name, mark + 2);
    else
        puts(done);
}

int verb_send(struct verb_call *call, const char *method, const char *path, json_t *body,
              const char *done)
{
    json_t *answer;
    int code = client_call(call->client, method, path, body, &answer);

    if (code != COMMAND_DONE)
        return code;
    if (call->json)
        show_json(answer);
    else
        say_done(done, call->word_count ? call->words[0] : "");
    json_decref(answer);
    return code;
}
