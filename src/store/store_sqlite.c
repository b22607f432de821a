#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "store/sqlite.h"

/* The file: opening, its form (migrations), locks, transactions, and SQLite's errors as ours. */

extern const char store_migration_0001[];
extern const char store_migration_0002[];
extern const char store_migration_0003[];
extern const char store_migration_0004[];
extern const char store_migration_0005[];

/* In order; user_version counts how many are in the file. */
static const char *const migrations[] = {store_migration_0001, store_migration_0002,
                                         store_migration_0003, store_migration_0004,
                                         store_migration_0005};

enum {
    APPLICATION_ID = 0x4f746469, /* "Otdi", in the file's header */
    BUSY_MS = 5000,              /* a reader waits so long for the owner's checkpoint */
};

/* A commit that fails on a write leaves no errno with the connection, but one with the file. */
static int errno_of_file(struct sqlite_side *side, int which)
{
    sqlite3_file *file = NULL;
    int err = 0;

    if (sqlite3_file_control(side->db, "main", which, &file) != SQLITE_OK || !file ||
        !file->pMethods ||
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &err) != SQLITE_OK)
        return 0;
    return err;
}

static int errno_of_disk(struct sqlite_side *side)
{
    const int found[] = {sqlite3_system_errno(side->db),
                         errno_of_file(side, SQLITE_FCNTL_JOURNAL_POINTER),
                         errno_of_file(side, SQLITE_FCNTL_FILE_POINTER)};

    for (size_t i = 0; i < array_count(found); i++)
        if (found[i] == ENOSPC || found[i] == EDQUOT || found[i] == EACCES || found[i] == ENOENT ||
            found[i] == EISDIR || found[i] == EROFS)
            return found[i];
    return EIO;
}

static int errno_of(struct sqlite_side *side, int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return ENOSPC;
    case SQLITE_READONLY:
        return EROFS;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return EBADMSG;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return EBUSY;
    case SQLITE_CONSTRAINT:
        return EEXIST;
    case SQLITE_NOMEM:
        return ENOMEM;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return errno_of_disk(side);
    default:
        return EIO;
    }
}

static const char *reason_of(struct sqlite_side *side, int err)
{
    switch (err) {
    case ENOSPC:
    case EDQUOT:
        return "the disk is full";
    case EROFS:
        return "it is read-only";
    case EBADMSG:
        return "the file is damaged, or no store of Outdial";
    case EBUSY:
        return "another program has it locked";
    case ENOMEM:
        return "out of memory";
    case EACCES:
    case ENOENT:
    case EISDIR:
        return strerror(err);
    default:
        return side->db ? sqlite3_errmsg(side->db) : strerror(err);
    }
}

int sqlite_side_fail(struct sqlite_side *side, int code)
{
    int err = errno_of(side, code);

    if (err == EEXIST)
        snprintf(side->why, sizeof(side->why), "taken already: %s", sqlite3_errmsg(side->db));
    else
        snprintf(side->why, sizeof(side->why), "cannot use '%s': %s", side->path,
                 reason_of(side, err));
    return err;
}

static int execute(struct sqlite_side *side, const char *sql)
{
    int code = sqlite3_exec(side->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : sqlite_side_fail(side, code);
}

static int pragma_number(struct sqlite_side *side, const char *sql, int *value)
{
    sqlite3_stmt *handle;
    int code = sqlite3_prepare_v2(side->db, sql, -1, &handle, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(handle);
        if (code == SQLITE_ROW)
            *value = sqlite3_column_int(handle, 0);
        sqlite3_finalize(handle);
    }
    return code == SQLITE_ROW ? 0 : sqlite_side_fail(side, code);
}

static void side_close(void *self)
{
    struct sqlite_side *side = self;

    sqlite_rows_release(side);
    checkpoint_free(side->checkpoint);
    sqlite3_close(side->db);
    if (side->log_fd >= 0)
        close(side->log_fd);
    if (side->lock_fd >= 0)
        close(side->lock_fd);
    free(side->path);
    free(side);
}

static const char *side_why(const void *self)
{
    return ((const struct sqlite_side *)self)->why;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int is_over(void *arg)
{
    return monotonic_ms() >= *(const int64_t *)arg;
}

/* SQLite's own look at the file's form; its first finding goes into the sentence. */
static int side_examine(void *self, unsigned ms_max, bool *whole)
{
    struct sqlite_side *side = self;
    int64_t until = monotonic_ms() + ms_max;
    sqlite3_stmt *handle = NULL;
    const char *found = NULL;
    int err = 0;

    sqlite3_progress_handler(side->db, 1000, is_over, &until);
    int code = sqlite3_prepare_v2(side->db, "PRAGMA quick_check(1)", -1, &handle, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(handle);
    *whole = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        found = (const char *)sqlite3_column_text(handle, 0);
    if (code == SQLITE_ROW && (!found || strcmp(found, "ok") != 0)) {
        err = EBADMSG;
        snprintf(side->why, sizeof(side->why), "cannot use '%s': the file is damaged: %.200s",
                 side->path, found ? found : "no memory to say where");
    } else if (code != SQLITE_ROW && code != SQLITE_INTERRUPT) {
        err = sqlite_side_fail(side, code);
    }
    sqlite3_finalize(handle);
    sqlite3_progress_handler(side->db, 0, NULL, NULL);
    return err;
}

static int side_begin(void *self, bool relaxed)
{
    struct sqlite_side *side = self;
    int err = 0;

    if (relaxed != side->relaxed)
        err = execute(side, relaxed ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
    if (!err) {
        side->relaxed = relaxed;
        err = execute(side, "BEGIN IMMEDIATE");
    }
    return err;
}

/* What a relaxed commit has left in the system's memory sets out for the disk at once: else the next
 * record's flush finds all of it, and waits. Nothing hangs on it. */
static void send_off(struct sqlite_side *side)
{
    if (side->log_fd < 0) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s-wal", side->path);
        side->log_fd = open(path, O_RDWR | O_CLOEXEC);
    }
    if (side->log_fd >= 0)
        sync_file_range(side->log_fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static int side_commit(void *self)
{
    struct sqlite_side *side = self;
    int err = execute(side, "COMMIT");

    if (!err && side->relaxed)
        send_off(side);
    return err;
}

static bool side_wants_rest(const void *self)
{
    const struct sqlite_side *side = self;

    return side->checkpoint && checkpoint_is_behind(side->checkpoint);
}

static void side_rollback(void *self)
{
    struct sqlite_side *side = self;

    /* A full disk may have ended the transaction already. */
    if (!sqlite3_get_autocommit(side->db))
        sqlite3_exec(side->db, "ROLLBACK", NULL, NULL, NULL);
}

static int side_hold(void *self)
{
    return execute(self, "BEGIN");
}

static const struct store_ops sqlite_ops = {
    .close = side_close,
    .why = side_why,
    .examine = side_examine,
    .begin = side_begin,
    .commit = side_commit,
    .rollback = side_rollback,
    .wants_rest = side_wants_rest,
    .hold = side_hold,
    .let_go = side_rollback,
    .read = sqlite_rows_read,
    .write = sqlite_rows_write,
    .remove = sqlite_rows_remove,
    .scan = sqlite_rows_scan,
    .journal_append = sqlite_rows_journal_append,
    .journal_each = sqlite_rows_journal_each,
    .journal_last = sqlite_rows_journal_last,
};

struct sqlite_side *sqlite_side_of(const struct store *store)
{
    check(store->ops == &sqlite_ops);
    return store->self;
}

static int say(struct sqlite_side *side, int err, const char *reason)
{
    snprintf(side->why, sizeof(side->why), "cannot open '%s': %s", side->path, reason);
    return err;
}

/* Whose lock it is stands in it, for people; the lock itself is the system's and dies with its owner. */
static void write_owner(int fd)
{
    char text[24];
    int size = snprintf(text, sizeof(text), "%d\n", (int)getpid());

    /* On a full disk it stays empty, which harms nobody. */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)size, 0) != size)
        return;
}

static int say_owner(struct sqlite_side *side)
{
    char text[24] = "", reason[80];
    ssize_t size = pread(side->lock_fd, text, sizeof(text) - 1, 0);
    int64_t pid;

    if (size > 0 && slice_to_i64(slice_trim(slice_from(text)), 1, INT32_MAX, &pid) == 0)
        snprintf(reason, sizeof(reason), "another outdial is using it (process %d)", (int)pid);
    else
        snprintf(reason, sizeof(reason), "another outdial is using it");
    return say(side, EBUSY, reason);
}

/* Every file written from here on is the user's alone; and one owner at a time. */
static int lock(struct sqlite_side *side)
{
    struct text path;
    int err = 0;
    int fd;

    text_init(&path);
    text_addf(&path, "%s.lock", side->path);
    if (path.failed)
        return ENOMEM;
    side->lock_fd = open(path.at, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (side->lock_fd < 0)
        err = say(side, errno, strerror(errno));
    else if (flock(side->lock_fd, LOCK_EX | LOCK_NB))
        err = say_owner(side);
    else
        write_owner(side->lock_fd);
    text_release(&path);
    if (err)
        return err;
    fd = open(side->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return say(side, errno, strerror(errno));
    close(fd);
    return 0;
}

static int check_form(struct sqlite_side *side, int *version)
{
    int application = 0;
    int tables = 0;
    int err = pragma_number(side, "PRAGMA application_id", &application);

    if (!err)
        err = pragma_number(side, "PRAGMA user_version", version);
    if (!err)
        err = pragma_number(side, "SELECT count(*) FROM sqlite_schema", &tables);
    if (err)
        return say(side, err, reason_of(side, err));
    if (tables && application != APPLICATION_ID)
        return say(side, EBADMSG, "it is a database of another program");
    if (*version < 0 || (size_t)*version > array_count(migrations))
        return say(side, EBADMSG, "it was written by a newer Outdial");
    return 0;
}

static int migrate(struct sqlite_side *side, int version)
{
    int err = 0;

    for (size_t i = (size_t)version; i < array_count(migrations) && !err; i++) {
        char stamp[96];

        snprintf(stamp, sizeof(stamp), "PRAGMA application_id = %d; PRAGMA user_version = %zu;",
                 APPLICATION_ID, i + 1);
        err = execute(side, "BEGIN EXCLUSIVE");
        if (!err)
            err = execute(side, migrations[i]);
        if (!err)
            err = execute(side, stamp);
        if (!err)
            err = execute(side, "COMMIT");
        if (err)
            side_rollback(side);
    }
    return err ? say(side, err, reason_of(side, err)) : 0;
}

static int open_file(struct sqlite_side *side, enum store_use use)
{
    /* A reader, too, opens for writing: it may have to make the shared memory beside the file. */
    int code =
        sqlite3_open_v2(side->path, &side->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    int version = 0;
    int err;

    if (code != SQLITE_OK) {
        err = errno_of(side, code);
        return say(side, err, reason_of(side, err));
    }
    sqlite3_extended_result_codes(side->db, 1);
    sqlite3_busy_timeout(side->db, BUSY_MS);
    /* One plan a statement: else partial indexes make SQLite compile it anew for every value. */
    sqlite3_db_config(side->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    err = check_form(side, &version);
    if (err)
        return err;
    if (use == STORE_READER) {
        if ((size_t)version != array_count(migrations))
            return say(side, EBADMSG, "it has not been brought to this version yet");
        err = execute(side, "PRAGMA query_only = 1; PRAGMA temp_store = MEMORY");
        return err ? say(side, err, reason_of(side, err)) : 0;
    }
    err = execute(side, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                        "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;"
                        "PRAGMA journal_size_limit = 67108864;"
                        "PRAGMA trusted_schema = 0");
    if (err)
        return say(side, err, reason_of(side, err));
    err = migrate(side, version);
    if (!err) {
        err = checkpoint_new(&side->checkpoint, side->path, side->db);
        if (err)
            say(side, err, strerror(err));
    }
    return err;
}

int store_open_sqlite(struct store **storep, const char *path, enum store_use use, char *why,
                      size_t why_size)
{
    struct sqlite_side *side = calloc(1, sizeof(*side));
    int err = ENOMEM;

    if (side) {
        side->lock_fd = side->log_fd = -1;
        side->watches_plans = use == STORE_OWNER && getenv("OUTDIAL_WATCH_PLANS");
        table_init(&side->statements);
        side->path = strdup(path);
        if (side->path)
            err = use == STORE_OWNER ? lock(side) : 0;
        if (side->path && !err)
            err = open_file(side, use);
    }
    if (side && !err) {
        err = store_make(storep, &sqlite_ops, side, use == STORE_READER);
        if (err)
            say(side, err, reason_of(side, err));
    }
    if (!err)
        return 0;
    if (why_size)
        snprintf(why, why_size, "%s", side && side->why[0] ? side->why : strerror(err));
    if (side)
        side_close(side);
    return err;
}
