#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <sqlite3.h>

#include "base/table.h"
#include "store/checkpoint.h"
#include "store/ops.h"

/* Private to this room: the SQLite side, in two files (the file itself; rows and statements). */
struct sqlite_side {
    sqlite3 *db;
    struct checkpoint *checkpoint; /* NULL: a reader's */
    int lock_fd;                   /* -1: a reader's */
    int log_fd;                    /* of the log, for send_off; -1: not yet */
    char *path;
    char why[512];
    bool relaxed;            /* synchronous=NORMAL at this moment */
    bool watches_plans;      /* see plan.h */
    struct table statements; /* shape (bytes) -> struct statement */
};

/* What has been prepared for one shape; a scan inside a scan of the same shape makes its own. */
struct statement {
    sqlite3_stmt *handle;
    bool busy;
};

/* errno for SQLite's result code, and the sentence for it in side->why. */
int sqlite_side_fail(struct sqlite_side *side, int code);

int sqlite_rows_read(void *self, int kind, uint64_t id, struct row *row);
int sqlite_rows_write(void *self, int kind, const struct row *row, bool known);
int sqlite_rows_remove(void *self, int kind, uint64_t id);
int sqlite_rows_scan(void *self, const struct scan *scan, scan_fn row, void *arg);
int sqlite_rows_journal_append(void *self, uint64_t sequence, instant at, const void *bytes,
                               size_t size);
int sqlite_rows_journal_each(void *self, uint64_t after, uint32_t limit, store_journal_fn row,
                             void *arg);
int sqlite_rows_journal_last(void *self, uint64_t *sequence);
void sqlite_rows_release(struct sqlite_side *side); /* every prepared statement */

/* For tests: the side of a store opened by store_open_sqlite. */
struct sqlite_side *sqlite_side_of(const struct store *store);

#endif
