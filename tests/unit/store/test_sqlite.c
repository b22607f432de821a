#include "store_cases.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>

#include "store/sqlite.h"

/* What only a file can do: be locked, damaged, read beside, cut by a crash; and how it is searched. */

static struct store *store_of(void **state)
{
    return ((struct store_case *)*state)->store;
}

static void refuses(const char *path, enum store_use use, int err, const char *reason)
{
    struct store *store;
    char why[300] = "", expected[300];

    assert_int_equal(store_open_sqlite(&store, path, use, why, sizeof(why)), err);
    snprintf(expected, sizeof(expected), "cannot open '%s': %s", path, reason);
    assert_string_equal(why, expected);
}

static void a_second_owner_is_refused_and_readers_are_not(void **state)
{
    struct store_case *here = *state;
    struct store *reader;
    struct store_figures figures;
    char why[300], whose[80];
    uint64_t campaign;

    snprintf(whose, sizeof(whose), "another outdial is using it (process %d)", (int)getpid());
    refuses(here->path, STORE_OWNER, EBUSY, whose);
    assert_int_equal(store_open_sqlite(&reader, here->path, STORE_READER, why, sizeof(why)), 0);
    campaign = new_campaign(here->store, "A");
    import_leads(here->store, campaign, 0, 3);
    ok(reader, store_figures(reader, campaign, &figures));
    assert_int_equal(figures.leads, 3);
    import_leads(here->store, campaign, 10, 2);
    ok(reader, store_figures(reader, campaign, &figures));
    assert_int_equal(figures.leads, 5);
    balances(reader, campaign);
    assert_int_equal(store_begin(reader), EROFS);
    store_close(reader);
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void files_that_are_no_store_are_refused_with_the_reason(void **state)
{
    struct store_case *here = *state;
    char path[128];
    char bytes[8192];
    sqlite3 *db;

    snprintf(path, sizeof(path), "%s/other.db", here->folder);
    memset(bytes, 'x', sizeof(bytes));
    write_file(path, bytes, sizeof(bytes));
    refuses(path, STORE_OWNER, EBADMSG, "the file is damaged, or no store of Outdial");
    unlink(path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE t (a)", NULL, NULL, NULL);
    sqlite3_close(db);
    refuses(path, STORE_OWNER, EBADMSG, "it is a database of another program");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA application_id = 1333027945; PRAGMA user_version = 99", NULL, NULL,
                 NULL);
    sqlite3_close(db);
    refuses(path, STORE_OWNER, EBADMSG, "it was written by a newer Outdial");
    unlink(path);
    snprintf(path, sizeof(path), "%s/other.db.lock", here->folder);
    unlink(path);
    refuses("/nowhere/at/all.db", STORE_OWNER, ENOENT, "No such file or directory");
    refuses("/nowhere/at/all.db", STORE_READER, ENOENT, "No such file or directory");
}

static void the_files_are_for_their_owner_only(void **state)
{
    struct store_case *here = *state;
    static const char *const ends[] = {"", ".lock", "-wal"};

    new_campaign(here->store, "A");
    for (size_t i = 0; i < array_count(ends); i++) {
        struct stat status;
        char path[128];
        snprintf(path, sizeof(path), "%s%s", here->path, ends[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

static void reopen(struct store_case *here)
{
    char why[300];
    int err;

    store_close(here->store);
    err = store_open_sqlite(&here->store, here->path, STORE_OWNER, why, sizeof(why));
    if (err)
        print_message("%s\n", why);
    assert_int_equal(err, 0);
}

static void everything_is_there_after_opening_again(void **state)
{
    struct store_case *here = *state;
    uint64_t campaign = new_campaign(here->store, "A");
    struct store_figures figures;
    struct attempt_record attempt;
    struct told told;
    uint64_t last, sequence;

    import_leads(here->store, campaign, 0, 3);
    claim(here->store, campaign, SECOND, 2, &told);
    attempt = attempt_of(77, &told.facts[0], SECOND);
    put_attempt(here->store, &attempt, "CA77");
    ok(here->store, store_begin(here->store));
    ok(here->store, store_journal_append(here->store, 1, "x", 1, &sequence));
    ok(here->store, store_commit(here->store));
    reopen(here);
    ok(here->store, store_figures(here->store, campaign, &figures));
    assert_int_equal(figures.attempts.open, 1);
    assert_int_equal(figures.leads_by_state[LEAD_FRESH], 3);
    ok(here->store, store_last_id(here->store, STORE_ATTEMPT, &last));
    assert_int_equal(last, 77);
    ok(here->store, store_begin(here->store));
    ok(here->store, store_journal_append(here->store, 1, "y", 1, &sequence));
    ok(here->store, store_commit(here->store));
    assert_int_equal(sequence, 2);
    claim(here->store, campaign, SECOND, 5, &told);
    assert_int_equal(told.count, 1); /* the two claimed ones are still claimed */
}

/* A child writes and is killed at some instant: what it had committed is there, the rest is not. */
static void kill_9_loses_nothing_that_was_committed(void **state)
{
    struct store_case *here = *state;
    uint64_t campaign = new_campaign(here->store, "A");
    struct store_figures figures;
    int ends[2];
    uint64_t told_last = 0, id;
    pid_t child;

    import_leads(here->store, campaign, 0, 1);
    store_close(here->store);
    here->store = NULL;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        struct store *store;
        char why[300];
        if (store_open_sqlite(&store, here->path, STORE_OWNER, why, sizeof(why)))
            _exit(1);
        for (uint64_t i = 1;; i++) {
            struct store_record record = {.kind = STORE_ATTEMPT};
            record.of.attempt.core.id = i;
            record.of.attempt.core.campaign = campaign;
            record.of.attempt.core.lead = 1;
            record.of.attempt.core.hello_us = -1;
            if (store_begin(store) || store_put(store, &record) || store_commit(store) ||
                write(ends[1], &i, sizeof(i)) != sizeof(i))
                _exit(1);
        }
    }
    close(ends[1]);
    while (told_last < 200)
        assert_int_equal(read(ends[0], &told_last, sizeof(told_last)), sizeof(told_last));
    kill(child, SIGKILL);
    while (read(ends[0], &id, sizeof(id)) == sizeof(id))
        told_last = id;
    close(ends[0]);
    waitpid(child, NULL, 0);
    char why[300];
    assert_int_equal(store_open_sqlite(&here->store, here->path, STORE_OWNER, why, sizeof(why)), 0);
    ok(here->store, store_figures(here->store, campaign, &figures));
    assert_true(figures.attempts.attempts >= told_last);
    assert_true(figures.attempts.attempts <= told_last + 1);
    assert_int_equal(count_of(here->store, store_query_of(STORE_ATTEMPT)),
                     figures.attempts.attempts);
}

/* A full disk, as near as a test comes to it: the file may not grow beyond a limit. */
static void a_full_disk_is_said_and_nothing_half_written_remains(void **state)
{
    struct store *store = store_of(state);
    struct store_record record = {.kind = STORE_CAMPAIGN};
    uint64_t campaign = new_campaign(store, "A");
    struct rlimit limit, old;
    char *settings = malloc(4 * 1024 * 1024);
    int err;

    assert_non_null(settings);
    memset(settings, 'x', 4 * 1024 * 1024 - 1);
    settings[4 * 1024 * 1024 - 1] = '\0';
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = old;
    limit.rlim_cur = 512 * 1024;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    record.of.campaign.name = "B";
    record.of.campaign.settings = settings;
    ok(store, store_begin(store));
    err = store_put(store, &record);
    if (!err)
        err = store_commit(store);
    assert_true(err == ENOSPC || err == EIO || err == EFBIG);
    assert_true(strstr(store_why(store), "cannot use '") == store_why(store));
    store_rollback(store);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(count_of(store, store_query_of(STORE_CAMPAIGN)), 1);
    import_leads(store, campaign, 0, 1); /* and it goes on once there is room */
    balances(store, campaign);
    free(settings);
}

/* Pages in the middle overwritten: whatever meets them says so, and the process lives. */
static void a_damaged_page_is_said_when_it_is_met(void **state)
{
    struct store_case *here = *state;
    uint64_t campaign = new_campaign(here->store, "A");
    struct store_query query = store_query_of(STORE_LEAD);
    struct store_record record = {.kind = STORE_CAMPAIGN};
    char junk[4096], why[300];
    struct stat status;
    size_t count = 0;
    int fd, err;

    import_leads(here->store, campaign, 0, 300);
    store_close(here->store);
    here->store = NULL;
    memset(junk, 0xa5, sizeof(junk));
    assert_int_equal(stat(here->path, &status), 0);
    fd = open(here->path, O_RDWR);
    for (off_t at = 2 * 4096; at < status.st_size; at += 4096)
        assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
    close(fd);
    err = store_open_sqlite(&here->store, here->path, STORE_OWNER, why, sizeof(why));
    if (err) {
        assert_int_equal(err, EBADMSG);
        assert_non_null(strstr(why, "the file is damaged"));
        return;
    }
    assert_int_equal(store_each(here->store, &query, count_record, &count), EBADMSG);
    assert_non_null(strstr(store_why(here->store), "the file is damaged"));
    record.of.campaign.name = "B";
    ok(here->store, store_begin(here->store));
    err = store_put(here->store, &record);
    assert_true(err == EBADMSG || err == 0);
    store_rollback(here->store);
}

/* A number that was never written, in every column that may hold few: said with its row, whoever reads. */
static void a_damaged_number_in_a_row_is_said(void **state)
{
    static const struct {
        const char *damage, *why;
        enum store_kind kind;
    } cases[] = {
        {"UPDATE leads SET state = 99", "row 1 of 'leads' has 99 for 'state'", STORE_LEAD},
        {"UPDATE leads SET priority = -1", "row 1 of 'leads' has -1 for 'priority'", STORE_LEAD},
        {"UPDATE campaigns SET state = 4711", "row 1 of 'campaigns' has 4711 for 'state'",
         STORE_CAMPAIGN},
        {"UPDATE imports SET state = -5", "row 1 of 'imports' has -5 for 'state'", STORE_IMPORT},
        {"UPDATE attempts SET result = 255", "row 1 of 'attempts' has 255 for 'result'",
         STORE_ATTEMPT},
        {"UPDATE attempts SET open = 2", "row 1 of 'attempts' has 2 for 'open'", STORE_ATTEMPT},
    };
    struct store_case *here = *state;
    uint64_t campaign = new_campaign(here->store, "A");
    struct attempt_record attempt;
    struct told told;

    import_leads(here->store, campaign, 0, 1);
    claim(here->store, campaign, SECOND, 1, &told);
    attempt = attempt_of(1, &told.facts[0], SECOND);
    put_attempt(here->store, &attempt, NULL);
    for (size_t i = 0; i < array_count(cases); i++) {
        sqlite3 *db = sqlite_side_of(here->store)->db;
        struct store_query query = store_query_of(cases[i].kind);
        size_t count = 0;

        assert_int_equal(sqlite3_exec(db, "SAVEPOINT s", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, cases[i].damage, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(store_each(here->store, &query, count_record, &count), EBADMSG);
        assert_non_null(strstr(store_why(here->store), cases[i].why));
        assert_int_equal(sqlite3_exec(db, "ROLLBACK TO s; RELEASE s", NULL, NULL, NULL), SQLITE_OK);
    }
}

static void the_figures_of_an_older_program_are_counted_anew(void **state)
{
    struct store_case *here = *state;
    uint64_t campaign = new_campaign(here->store, "A");
    struct attempt_record attempt;
    struct store_figures figures;
    struct told told;

    import_leads(here->store, campaign, 0, 1);
    claim(here->store, campaign, SECOND, 1, &told);
    attempt = attempt_of(1, &told.facts[0], SECOND);
    put_attempt(here->store, &attempt, NULL);
    assert_int_equal(sqlite3_exec(sqlite_side_of(here->store)->db,
                                  "UPDATE figures SET figures = x'0102'", NULL, NULL, NULL),
                     SQLITE_OK);
    reopen(here);
    ok(here->store, store_figures(here->store, campaign, &figures));
    assert_int_equal(figures.attempts.attempts, 1);
}

/* A disk whose flush of the file itself (not of the log) does not return before it is told to. */
struct slow_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool closed;
    int waiting;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};

static void gate_set(bool closed)
{
    pthread_mutex_lock(&gate.lock);
    gate.closed = closed;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

static int gate_waiting(void)
{
    pthread_mutex_lock(&gate.lock);
    int waiting = gate.waiting;

    pthread_mutex_unlock(&gate.lock);
    return waiting;
}

static void gate_wait_for_one(void)
{
    pthread_mutex_lock(&gate.lock);
    while (!gate.waiting)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static int (*real_open)(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                        int *out);
static int (*real_sync)(sqlite3_file *file, int flags);

static int gated_sync(sqlite3_file *file, int flags)
{
    pthread_mutex_lock(&gate.lock);
    gate.waiting++;
    pthread_cond_broadcast(&gate.changed);
    while (gate.closed)
        pthread_cond_wait(&gate.changed, &gate.lock);
    gate.waiting--;
    pthread_mutex_unlock(&gate.lock);
    return real_sync(file, flags);
}

static int gated_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    static sqlite3_io_methods methods;
    int code = real_open(vfs, name, file, flags, out);

    if (code == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB)) {
        real_sync = file->pMethods->xSync;
        methods = *file->pMethods;
        methods.xSync = gated_sync;
        file->pMethods = &methods;
    }
    return code;
}

static void commits_do_not_wait_for_the_copying_into_the_file(void **state)
{
    struct store_case *here = *state;
    sqlite3_vfs *old = sqlite3_vfs_find(NULL);
    sqlite3_vfs slow = *old;
    uint64_t campaign;

    real_open = old->xOpen;
    slow.zName = "slow";
    slow.pNext = NULL;
    slow.xOpen = gated_open;
    sqlite3_vfs_register(&slow, 1);
    reopen(here);
    campaign = new_campaign(here->store, "A");
    gate_set(true);
    for (unsigned i = 0; !gate_waiting() && i < 20; i++)
        import_leads(here->store, campaign, 1000 * i, 20);
    gate_wait_for_one();                                  /* the copying hangs in the disk ... */
    import_leads(here->store, campaign, 500 * 1000, 100); /* ... and commits do not */
    assert_int_equal(gate_waiting(), 1);
    for (unsigned i = 0; !store_wants_rest(here->store) && i < 200; i++)
        import_leads(here->store, campaign, 600 * 1000 + 1000 * i, 20);
    assert_true(store_wants_rest(here->store)); /* who can wait is asked to; records still go in */
    import_leads(here->store, campaign, 900 * 1000, 10);
    assert_int_equal(gate_waiting(), 1);
    gate_set(false);
    while (store_wants_rest(here->store)) /* the thread gets on as nobody writes */
        sched_yield();
    balances(here->store, campaign);
    store_close(here->store);
    here->store = NULL;
    sqlite3_vfs_unregister(&slow);
    sqlite3_vfs_register(old, 1);
}

/* 10,000 transactions of at least six pages each, as fast as they can: 240 MB. */
static void the_log_begins_anew_under_load(void **state)
{
    struct store_case *here = *state;
    uint64_t campaign = new_campaign(here->store, "A");
    struct stat status;
    char path[128];

    snprintf(path, sizeof(path), "%s-wal", here->path);
    import_leads(here->store, campaign, 0, 10 * 1000);
    assert_int_equal(stat(path, &status), 0);
    print_message("figure: the log has grown to %lld KiB\n", (long long)status.st_size / 1024);
    assert_true(status.st_size < (off_t)8 * CHECKPOINT_TURN * 4096);
    balances(here->store, campaign);
}

static int open_case(void **state)
{
    *state = case_new(false);
    return 0;
}

static int close_case(void **state)
{
    case_free(*state);
    return 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_case, close_case)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_second_owner_is_refused_and_readers_are_not),
        CASE(files_that_are_no_store_are_refused_with_the_reason),
        CASE(the_files_are_for_their_owner_only),
        CASE(everything_is_there_after_opening_again),
        CASE(kill_9_loses_nothing_that_was_committed),
        CASE(a_full_disk_is_said_and_nothing_half_written_remains),
        CASE(a_damaged_page_is_said_when_it_is_met),
        CASE(commits_do_not_wait_for_the_copying_into_the_file),
        CASE(the_log_begins_anew_under_load),
        CASE(a_damaged_number_in_a_row_is_said),
        CASE(the_figures_of_an_older_program_are_counted_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
