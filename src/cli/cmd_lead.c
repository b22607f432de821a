#include <string.h>

#include "base/text.h"
#include "cli/verb.h"

static const struct flag flags[] = {
    {"--campaign", "NAME", "list: of this campaign; forbid: for this campaign only"},
    {"--state", "STATE", "list: fresh, due, held, attempting, callback, done, exhausted, blocked"},
    {"--country", "CC", "forbid: the country of a number written nationally"},
    {"--note", "TEXT", "forbid: why, for people"},
    {"--json", NULL, "print JSON"},
    {NULL, NULL, NULL},
};

static int list(struct verb_call *call)
{
    static const struct column COLUMNS[] = {
        {"id", "id"},         {"state", "state"},      {"attempts", "calls"},
        {"due_at", "due at"}, {"disposition", "disp"}, {"why", "why"}};

    client_path(call->path, "leads", NULL);
    client_query(call->path, "campaign", verb_flag(call, "--campaign"));
    client_query(call->path, "state", verb_flag(call, "--state"));
    client_query(call->path, "limit", "1000");
    return verb_list(call, call->path, COLUMNS, array_count(COLUMNS));
}

static int show(struct verb_call *call)
{
    static const struct column COLUMNS[] = {{"number", "number"},
                                            {"zones", "time zones"},
                                            {"may_call", "may be called"},
                                            {"why", "why not"},
                                            {"until", "until"}};
    json_t *answer;
    int code = client_call(call->client, "GET",
                           client_path(call->path, "leads", call->words[0], NULL), NULL, &answer);

    if (code != COMMAND_DONE)
        return code;
    if (call->json) {
        show_json(answer);
    } else {
        show_object(json_object_get(answer, "lead"));
        putchar('\n');
        show_object(json_object_get(answer, "person"));
        putchar('\n');
        show_table(json_object_get(answer, "numbers"), COLUMNS, array_count(COLUMNS));
    }
    json_decref(answer);
    return code;
}

static int forbid(struct verb_call *call)
{
    static const char *const FIELDS[][2] = {
        {"--campaign", "campaign"}, {"--country", "country"}, {"--note", "note"}};
    json_t *body = json_pack("{s:s, s:s}", "number", call->words[0], "source", "command line");

    for (size_t i = 0; i < array_count(FIELDS); ++i)
        if (verb_flag(call, FIELDS[i][0]))
            json_object_set_new(body, FIELDS[i][1], json_string(verb_flag(call, FIELDS[i][0])));
    return verb_send(call, "POST", client_path(call->path, "do-not-call", NULL), body,
                     verb_flag(call, "--campaign") ? "%s will not be called in that campaign"
                                                   : "%s will not be called again");
}

static int forbidden(struct verb_call *call)
{
    static const struct column COLUMNS[] = {
        {"id", "id"},         {"number", "number"}, {"campaign", "only for"},
        {"source", "source"}, {"note", "note"},     {"added_at", "added at"}};

    return verb_list(call, client_path(call->path, "do-not-call", NULL), COLUMNS,
                     array_count(COLUMNS));
}

static int allow(struct verb_call *call)
{
    return verb_send(call, "DELETE", client_path(call->path, "do-not-call", call->words[0], NULL),
                     NULL, "entry %s is taken off the do-not-call list");
}

static const struct verb VERBS[] = {
    {"list", "[--campaign NAME] [--state STATE]", 0, 0, list},
    {"show", "ID", 1, 1, show},
    {"forbid", "NUMBER [--campaign NAME] [--note TEXT]", 1, 1, forbid},
    {"forbidden", "", 0, 0, forbidden},
    {"allow", "ENTRY", 1, 1, allow},
};

static int run(const struct command *command, int argc, char **argv)
{
    return verb_run(command, VERBS, array_count(VERBS), argc, argv);
}

const struct command command_lead = {
    .name = "lead",
    .usage = "list | show ID | forbid NUMBER | forbidden | allow ENTRY",
    .sentence = "leads: list them, see why one is not called; the do-not-call list",
    .flags = flags,
    .settings = SETTINGS_CLIENT,
    .run = run,
};
