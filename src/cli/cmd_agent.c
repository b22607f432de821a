#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/verb.h"

enum { PASSWORD_LINE_MAX = 256 };

static const struct flag flags[] = {
    {"--contact", "SIP-URI",
     "create, set: where the agent's phone is, e.g. sip:ann@192.0.2.7, or client:ann of a browser"},
    {"--full-name", "TEXT", "create, set: the agent's name as people say it"},
    {"--campaign", "NAMES", "create, set: the campaigns the agent works for, separated by commas"},
    {"--code", "N", "login, activity: the reason of a break"},
    {"--force", NULL, "activity, logout: also when a reservation has no answer yet"},
    {"--at", "TIME", "dispose: when to call back (RFC 3339); preview: until when to snooze"},
    {"--agent", "NAME", "dispose: who calls back; without it anyone"},
    {"--note", "TEXT", "dispose: a note kept with the attempt"},
    {"--number", "N", "dial: which of the lead's numbers, from 1"},
    {"--password-stdin", NULL,
     "create, password: the password with which the agent signs in, one line of standard input"},
    {"--json", NULL, "print JSON"},
    {NULL, NULL, NULL},
};

static const char *path_of(struct verb_call *call, const char *last)
{
    return client_path(call->path, "agents", call->words[0], last, NULL);
}

static void add_text(const struct verb_call *call, json_t *body, const char *flag, const char *name)
{
    const char *value = verb_flag(call, flag);

    if (value)
        json_object_set_new(body, name, json_string(value));
}

/* A flag that is a number; false after saying that it is none. */
static bool add_number(const struct verb_call *call, json_t *body, const char *flag,
                       const char *name, int64_t less)
{
    const char *text = verb_flag(call, flag);
    int64_t value;

    if (!text)
        return true;
    if (slice_to_i64(slice_from(text), less, 65535, &value)) {
        command_misused(call->command, "%s: '%s' is not a number within %lld-65535", flag, text,
                        (long long)less);
        return false;
    }
    json_object_set_new(body, name, json_integer(value - less));
    return true;
}

static json_t *description(const struct verb_call *call)
{
    const char *campaigns = verb_flag(call, "--campaign");
    json_t *body = json_object();

    add_text(call, body, "--contact", "contact");
    add_text(call, body, "--full-name", "full_name");
    if (campaigns) {
        struct slice rest = slice_from(campaigns);
        json_t *names = json_array();

        while (rest.size) {
            struct slice name = slice_trim(slice_cut(&rest, ','));

            json_array_append_new(names, json_stringn(name.at, name.size));
        }
        json_object_set_new(body, "campaigns", names);
    }
    return body;
}

static int list(struct verb_call *call)
{
    static const struct column COLUMNS[] = {
        {"id", "id"},     {"name", "name"},   {"activity", "activity"},
        {"line", "line"}, {"since", "since"}, {"campaigns", "campaigns"}};

    return verb_list(call, client_path(call->path, "agents", NULL), COLUMNS, array_count(COLUMNS));
}

/* The first line of standard input into the body; false after saying what is wrong. */
static bool add_password(const struct verb_call *call, json_t *body)
{
    char line[PASSWORD_LINE_MAX];
    bool there = fgets(line, sizeof(line), stdin) != NULL;
    size_t size = there ? strcspn(line, "\r\n") : 0;

    if (!size) {
        command_misused(call->command, "--password-stdin: standard input has no line");
        return false;
    }
    json_object_set_new(body, "password", json_stringn(line, size));
    return true;
}

static int create(struct verb_call *call)
{
    json_t *body = description(call);

    if (verb_flag(call, "--password-stdin") && !add_password(call, body)) {
        json_decref(body);
        return COMMAND_MISUSED;
    }
    json_object_set_new(body, "name", json_string(call->words[0]));
    return verb_send(call, "POST", client_path(call->path, "agents", NULL), body,
                     "agent '%s' is made; `outdial agent login` begins a shift");
}

static int set(struct verb_call *call)
{
    return verb_send(call, "PATCH", path_of(call, NULL), description(call),
                     "agent '%s' is changed");
}

static int password(struct verb_call *call)
{
    json_t *body = json_object();

    if (!verb_flag(call, "--password-stdin")) {
        json_decref(body);
        return command_misused(call->command, "password: give it by --password-stdin");
    }
    if (!add_password(call, body)) {
        json_decref(body);
        return COMMAND_MISUSED;
    }
    return verb_send(call, "POST", path_of(call, "password"), body,
                     "agent '%s' has a new password; who was signed in is not any more");
}

static int show(struct verb_call *call)
{
    return verb_show(call, path_of(call, NULL));
}

static int lead(struct verb_call *call)
{
    return verb_show(call, path_of(call, "lead"));
}

static int remove_it(struct verb_call *call)
{
    return verb_send(call, "DELETE", path_of(call, NULL), NULL, "agent '%s' is removed");
}

static int login(struct verb_call *call)
{
    json_t *body = json_object();

    if (!add_number(call, body, "--code", "break_code", 0)) {
        json_decref(body);
        return COMMAND_MISUSED;
    }
    json_object_set_new(body, "activity",
                        json_string(verb_flag(call, "--code") ? "break" : "available"));
    return verb_send(call, "POST", path_of(call, "login"), body,
                     "agent '%s' is logged in; the line to the room is being made");
}

static int logout(struct verb_call *call)
{
    return verb_send(call, "POST", path_of(call, "logout"), NULL, "agent '%s' is logged out");
}

static int activity(struct verb_call *call)
{
    json_t *body = json_object();

    if (!add_number(call, body, "--code", "break_code", 0)) {
        json_decref(body);
        return COMMAND_MISUSED;
    }
    json_object_set_new(body, "activity", json_string(call->words[1]));
    json_object_set_new(body, "forced", json_boolean(verb_flag(call, "--force") != NULL));
    return verb_send(call, "POST", path_of(call, "activity"), body, "agent '%s': done");
}

static int preview(struct verb_call *call)
{
    json_t *body = json_object();

    json_object_set_new(body, "decision", json_string(call->words[1]));
    add_text(call, body, "--at", "until");
    return verb_send(call, "POST", path_of(call, "preview"), body, "agent '%s': done");
}

static int dispose(struct verb_call *call)
{
    json_t *body = json_object();
    int64_t code;

    if (slice_to_i64(slice_from(call->words[1]), 1, 65535, &code)) {
        json_decref(body);
        return command_misused(call->command,
                               "'%s' is no code of a disposition (`campaign show` lists them)",
                               call->words[1]);
    }
    json_object_set_new(body, "code", json_integer(code));
    add_text(call, body, "--at", "callback_at");
    add_text(call, body, "--agent", "callback_agent");
    add_text(call, body, "--note", "note");
    return verb_send(call, "POST", path_of(call, "disposition"), body, "agent '%s': saved");
}

static int dial(struct verb_call *call)
{
    json_t *body = json_object();
    int64_t lead;

    if (slice_to_i64(slice_from(call->words[1]), 1, INT64_MAX, &lead)) {
        json_decref(body);
        return command_misused(call->command, "'%s' is no lead's id (`lead list` shows them)",
                               call->words[1]);
    }
    json_object_set_new(body, "lead", json_integer(lead));
    if (!add_number(call, body, "--number", "number_index", 1)) {
        json_decref(body);
        return COMMAND_MISUSED;
    }
    return verb_send(call, "POST", path_of(call, "dial"), body, "agent '%s': dialling");
}

static int plain(struct verb_call *call)
{
    return verb_send(call, "POST", path_of(call, call->verb->name), NULL, "agent '%s': done");
}

static const struct verb VERBS[] = {
    {"list", "", 0, 0, list},
    {"create", "NAME --contact SIP-URI --campaign NAMES", 1, 1, create},
    {"show", "NAME", 1, 1, show},
    {"lead", "NAME", 1, 1, lead},
    {"set", "NAME", 1, 1, set},
    {"password", "NAME --password-stdin", 1, 1, password},
    {"remove", "NAME", 1, 1, remove_it},
    {"login", "NAME [--code N]", 1, 1, login},
    {"logout", "NAME", 1, 1, logout},
    {"activity", "NAME available|break|offline [--code N]", 2, 2, activity},
    {"preview", "NAME accept|skip|snooze [--at TIME]", 2, 2, preview},
    {"dispose", "NAME CODE [--note TEXT] [--at TIME]", 2, 2, dispose},
    {"dial", "NAME LEAD [--number N]", 2, 2, dial},
    {"hangup", "NAME", 1, 1, plain},
    {"reject", "NAME", 1, 1, plain},
};

static int run(const struct command *command, int argc, char **argv)
{
    return verb_run(command, VERBS, array_count(VERBS), argc, argv);
}

const struct command command_agent = {
    .name = "agent",
    .usage = "list | create NAME | show|lead|set|password|remove|login|logout NAME | activity NAME "
             "WHAT | "
             "preview NAME WHAT | dispose NAME CODE | dial NAME LEAD | hangup|reject NAME",
    .sentence = "agents: make them, log them in, decide and dispose for them",
    .details = "At login the agent's phone (--contact) is called once and stays in the agent's\n"
               "room for the whole shift; customers who answer are put into that room.",
    .flags = flags,
    .settings = SETTINGS_CLIENT,
    .run = run,
};
