#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/journal_rows.h"
#include "cli/settings.h"
#include "cli/show.h"
#include "sim/replay.h"

enum { FLAG_JSON };
enum { FAULTS_SHOWN = 20, CHUNK = 1 << 20 };

static const struct flag flags[] = {
    {"--json", NULL, "print JSON"},
    {NULL, NULL, NULL},
};

struct work {
    const struct command *command;
    const struct arguments *arguments;
    const char *data;
    struct replay *replay;
    struct journal_rows rows;
    json_t *faults;
    uint64_t last; /* sequence of the row in hand */
    FILE *out;     /* export */
    char why[400];
};

static void fault(void *arg, const char *sentence)
{
    struct work *work = arg;

    if (json_array_size(work->faults) < FAULTS_SHOWN)
        json_array_append_new(work->faults, json_string(sentence));
}

/* Rows are numbered without a gap: one that is missing was taken out. */
static int follows(struct work *work, uint64_t sequence)
{
    if (sequence != work->last + 1) {
        snprintf(work->why, sizeof(work->why),
                 "the journal is damaged: row %" PRIu64 " is followed by row %" PRIu64, work->last,
                 sequence);
        return EBADMSG;
    }
    work->last = sequence;
    return 0;
}

static int replay_row(void *arg, uint64_t sequence, instant at, const void *bytes, size_t size)
{
    struct work *work = arg;
    char when[INSTANT_TEXT_SIZE];
    size_t used = 0;
    int err = follows(work, sequence);

    if (err)
        return err;
    err = replay_take(work->replay, bytes, size, &used);
    if (!err)
        return 0;
    instant_to_iso(at, 1, when);
    snprintf(work->why, sizeof(work->why),
             "the journal is damaged: row %" PRIu64 " (%s), byte %zu of %zu: %s", sequence, when,
             used, size, err == ENODATA ? "its end is missing" : replay_why(work->replay));
    return EBADMSG;
}

static int open_data(struct work *work, struct store **store)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/outdial.db", work->data);
    return store_open_sqlite(store, path, STORE_READER, work->why, sizeof(work->why));
}

static int store_failed(struct work *work, const struct store *store)
{
    if (!work->why[0])
        snprintf(work->why, sizeof(work->why), "cannot read the store in '%s': %s", work->data,
                 store_why(store));
    return EIO;
}

/* Journal and rows of one moment, beside a server that goes on. */
static int replay_data(struct work *work)
{
    struct store *store;
    int err = open_data(work, &store);

    if (err)
        return err;
    err = store_hold(store);
    if (!err) {
        err = store_journal_each(store, 0, 0, replay_row, work);
        if (!err && !replay_sums(work->replay)->diverged)
            err = journal_rows_compare(replay_fold(work->replay), store, &work->rows, fault, work);
        store_let_go(store);
    }
    err = err ? store_failed(work, store) : 0;
    store_close(store);
    return err;
}

static int replay_file(struct work *work, const char *path)
{
    FILE *file = fopen(path, "rbe");
    uint8_t *chunk = malloc(2 * (size_t)CHUNK);
    size_t have = 0, got, used = 0;
    uint64_t at = 0;
    int err = 0;

    if (!file || !chunk) {
        snprintf(work->why, sizeof(work->why), "cannot open '%s': %s", path, strerror(errno));
        err = EIO;
    }
    while (!err && (got = fread(chunk + have, 1, CHUNK, file)) > 0) {
        have += got;
        err = replay_take(work->replay, chunk, have, &used);
        at += used;
        have -= used;
        memmove(chunk, chunk + used, have);
        if (err == ENODATA && have < CHUNK)
            err = 0; /* the rest of the entry is still to come */
    }
    if (err == EBADMSG)
        snprintf(work->why, sizeof(work->why), "'%s' is damaged at byte %" PRIu64 ": %s", path, at,
                 replay_why(work->replay));
    else if (!err && ferror(file))
        snprintf(work->why, sizeof(work->why), "cannot read '%s': %s", path, strerror(errno));
    else if (!err && have)
        snprintf(work->why, sizeof(work->why),
                 "'%s' is torn: the entry that begins at byte %" PRIu64 " is not whole", path, at);
    if (work->why[0])
        err = EBADMSG;
    if (file)
        fclose(file);
    free(chunk);
    return err;
}

static void print_text(const struct work *work, bool rows)
{
    const struct replay_sums *sums = replay_sums(work->replay);
    const json_t *one;
    size_t i;

    printf("%" PRIu64 " %s, %" PRIu64 " events, %" PRIu64 " effects; held to the journal: the "
           "effects of %" PRIu64 " events, the state %" PRIu64 " times\n",
           sums->lives, sums->lives == 1 ? "life" : "lives", sums->events, sums->effects,
           sums->outcomes, sums->states);
    if (sums->lives_passed_over)
        printf("passed over: %" PRIu64
               " %s of another form (the last: form %u, written by %s; this program makes "
               "lives of form %d again)\n",
               sums->lives_passed_over, sums->lives_passed_over == 1 ? "life" : "lives",
               (unsigned)sums->other_form, sums->other_program, JOURNAL_FORM);
    if (sums->passed_over)
        printf("%" PRIu64 " events passed over\n", sums->passed_over);
    if (rows && !sums->diverged)
        printf("held to the store: %" PRIu64 " attempts, %" PRIu64 " leads, %" PRIu64
               " agents, %" PRIu64 " reservations, %" PRIu64 " campaigns%s\n",
               work->rows.attempts, work->rows.leads, work->rows.agents, work->rows.reservations,
               work->rows.campaigns, sums->lives_passed_over ? "" : " with their figures");
    json_array_foreach(work->faults, i, one) printf("%s\n", json_string_value(one));
}

static void print_json(const struct work *work, bool rows, bool agrees)
{
    const struct replay_sums *sums = replay_sums(work->replay);
    json_t *json =
        json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "agrees",
                  (int)agrees, "program", sums->program, "entries", (json_int_t)sums->entries,
                  "lives", (json_int_t)sums->lives, "events", (json_int_t)sums->events, "effects",
                  (json_int_t)sums->effects, "outcomes", (json_int_t)sums->outcomes, "states",
                  (json_int_t)sums->states, "passed_over", (json_int_t)sums->passed_over,
                  "lives_passed_over", (json_int_t)sums->lives_passed_over, "fault_count",
                  (json_int_t)(sums->faults + work->rows.differences), "faults", work->faults);

    if (rows)
        json_object_set_new(json, "rows",
                            json_pack("{s:I, s:I, s:I, s:I, s:I}", "attempts",
                                      (json_int_t)work->rows.attempts, "leads",
                                      (json_int_t)work->rows.leads, "agents",
                                      (json_int_t)work->rows.agents, "reservations",
                                      (json_int_t)work->rows.reservations, "campaigns",
                                      (json_int_t)work->rows.campaigns));
    show_json(json);
    json_decref(json);
}

static int replay(struct work *work, const char *path)
{
    work->faults = json_array();
    work->replay = replay_new(fault, work);
    if (!work->replay || !work->faults)
        return command_failed(work->command, "no memory");
    int err = path ? replay_file(work, path) : replay_data(work);
    const struct replay_sums *sums = replay_sums(work->replay);
    bool agrees = !err && !sums->faults && !work->rows.differences && sums->outcomes;

    if (work->arguments->values[FLAG_JSON])
        print_json(work, !path, agrees);
    else if (sums->entries)
        print_text(work, !path);
    if (!err && !agrees && !sums->outcomes && sums->lives_passed_over)
        snprintf(work->why, sizeof(work->why),
                 "all of the journal was written in another form: nothing can be held to it");
    else if (!err && !agrees && !sums->outcomes)
        snprintf(work->why, sizeof(work->why), "there is nothing in the journal to be held to");
    else if (!err && !agrees)
        snprintf(work->why, sizeof(work->why), "the journal does not agree: %" PRIu64 " faults",
                 sums->faults + work->rows.differences);
    replay_free(work->replay);
    json_decref(work->faults);
    return agrees ? COMMAND_DONE : command_failed(work->command, "%s", work->why);
}

static int export_row(void *arg, uint64_t sequence, instant at, const void *bytes, size_t size)
{
    struct work *work = arg;
    int err = follows(work, sequence);

    if (err)
        return err;
    return fwrite(bytes, 1, size, work->out) == size ? 0 : EIO;
}

static int export(struct work *work, const char *path)
{
    struct store *store;
    int err = open_data(work, &store);

    if (err)
        return command_failed(work->command, "%s", work->why);
    work->out = fopen(path, "wbxe");
    if (!work->out) {
        store_close(store);
        return command_failed(work->command, "cannot make '%s': %s", path, strerror(errno));
    }
    err = store_hold(store);
    if (!err) {
        err = store_journal_each(store, 0, 0, export_row, work);
        store_let_go(store);
    }
    bool written = !ferror(work->out);

    written &= fclose(work->out) == 0;
    if (err && written)
        store_failed(work, store);
    else if (!written)
        snprintf(work->why, sizeof(work->why), "cannot write '%s': %s", path, strerror(errno));
    store_close(store);
    if (!work->why[0])
        return COMMAND_DONE;
    remove(path);
    return command_failed(work->command, "%s", work->why);
}

static int act(const struct command *command, const struct settings *settings,
               const struct arguments *arguments)
{
    struct work work = {.command = command, .arguments = arguments, .data = settings->data};
    const char *verb = arguments->word_count ? arguments->words[0] : "";
    const char *path = arguments->word_count > 1 ? arguments->words[1] : NULL;

    if (arguments->word_count > 2)
        return command_misused(command, "'%s' is one word too many", arguments->words[2]);
    if (!*verb)
        return command_misused(command, "replay or export?");
    if (strcmp(verb, "replay") == 0)
        return replay(&work, path);
    if (strcmp(verb, "export") != 0)
        return command_misused(command, "there is no '%s'; replay or export", verb);
    return path ? export(&work, path) : command_misused(command, "export needs the name of a file");
}

static int run(const struct command *command, int argc, char **argv)
{
    return settings_run(command, argc, argv, act);
}

const struct command command_journal = {
    .name = "journal",
    .usage = "replay [FILE] [--data DIR] [--json] | export FILE [--data DIR]",
    .sentence =
        "the journal of a data folder: fed to a new core and compared, or written to a file",
    .details =
        "The journal holds every event the dialer was told, what came of each, and what its core\n"
        "was made of. `replay` feeds it to a new core: the effects of every event must be the "
        "same\n"
        "as they were, and the state now and then; with a data folder the rows of its store are\n"
        "held to what the journal comes to, also while a server runs. `export` writes it as one\n"
        "file, which names people by their ids only. Lives that another program wrote, which "
        "decided\n"
        "otherwise, are passed over, and said so. Exit code 1 and a sentence when it does not "
        "agree,\n"
        "or is damaged (with the place).",
    .flags = flags,
    .settings = SETTINGS_CLIENT,
    .run = run,
};
