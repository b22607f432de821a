#ifndef CLI_VERB_H
#define CLI_VERB_H

#include "cli/client.h"
#include "cli/show.h"

/*
 * Commands of the form `outdial campaign start NAME`: a table of verbs, each a few lines over the
 * server's interface. A command that uses them has a flag --json and the settings of a client.
 */
struct verb_call;

struct verb {
    const char *name;
    const char *usage; /* of its words */
    size_t words_min, words_max;
    int (*run)(struct verb_call *call);
};

struct verb_call {
    const struct command *command;
    const struct verb *verb;
    const struct arguments *arguments;
    const char *const *words; /* those after the verb */
    size_t word_count;
    bool json;
    struct client *client;
    char path[CLIENT_PATH_SIZE];
};

/* Parses the arguments, finds the verb, opens the client, runs. Returns a command's code. */
int verb_run(const struct command *command, const struct verb *verbs, size_t verb_count, int argc,
             char **argv) must_check;
/* A flag of the command; NULL when it was not given. */
const char *verb_flag(const struct verb_call *call, const char *name);

/* All items of a list as a table (or as JSON). */
int verb_list(struct verb_call *call, const char *path, const struct column *columns,
              size_t column_count) must_check;
/* One object. */
int verb_show(struct verb_call *call, const char *path) must_check;
/* A change; then says `done` ("agent '%s': done", with the first word) or prints the answer's JSON. */
int verb_send(struct verb_call *call, const char *method, const char *path, json_t *body,
              const char *done) must_check;

#endif
