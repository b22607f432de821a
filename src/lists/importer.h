#ifndef LISTS_IMPORTER_H
#define LISTS_IMPORTER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/instant.h"
#include "store/store.h"

/*
 * A list of people becomes leads. importer_run reads the file twice in the worker's thread that calls
 * it (once for its charset and hash, once for its rows), bounded in memory whatever the file's
 * size, and hands the rows to the store thread in batches of IMPORTER_BATCH through the port. All or nothing:
 * until the last batch is in, nobody sees a row; after a failure none is left.
 *
 *   err = importer_run(&order, &port, &progress, &result);
 *   0: published (or result.already: this very file was, nothing has changed)
 *   else result.error = "cannot import 'people.csv': line 7: a quoted field has no end"
 *
 * The rejects file is a CSV of line, kind (rejected, warning, duplicate, merged), column, value and reason.
 * It is there whenever importer_run got as far as the rows, also after a failure.
 */
enum { IMPORTER_MORE = -1 };
enum { IMPORTER_BATCH = 64, IMPORTER_ERROR_SIZE = 400, IMPORTER_HASH_SIZE = 65 };

/* How the worker reaches the store thread. One piece of work is under way at a time. */
struct importer_port {
    /* Begins work(store, arg) in the store thread, outside any transaction; arg lives until wait. Work
     * that answers IMPORTER_MORE is called again; other work may come between. */
    int (*submit)(void *self, int (*work)(struct store *store, void *arg), void *arg);
    int (*wait)(void *self); /* until it is done; gives its answer */
    bool (*is_stopping)(void *self);
    instant (*now)(void *self);
    void *self;
};

struct importer_order {
    const char *path;         /* the uploaded bytes */
    const char *file_name;    /* as its sender called it */
    const char *rejects_path; /* written anew */
    const char *zone_folder;  /* "/usr/share/zoneinfo": stated time zones are looked up there */
    uint64_t campaign, list;
    char country[4];  /* default country, "" for none */
    uint8_t priority; /* of rows without a column of that name */
    char delimiter;   /* 0: detect */
};

/* Read from any thread while the import runs. */
struct importer_progress {
    _Atomic uint64_t bytes, bytes_total; /* of the second reading */
    _Atomic uint64_t rows, imported, rejected;
    _Atomic uint64_t import; /* its id once there is one */
};

struct importer_result {
    uint64_t import;
    bool already;  /* this file was published in this campaign before, as `import` */
    uint64_t rows; /* data rows read */
    uint64_t imported, merged, duplicates, rejected, warnings;
    char error[IMPORTER_ERROR_SIZE]; /* "" when all is well */
};

/* 0; EBADMSG or EINVAL: the file is not a list that can be read; ECANCELED: is_stopping; ENOENT, EIO,
 * ENOSPC ...: of files or store. */
int importer_run(const struct importer_order *order, const struct importer_port *port,
                 struct importer_progress *progress, struct importer_result *result) must_check;

/* What a crash left half written goes, step by step, while other work goes on between the steps; until
 * it has gone no import of the same campaign begins. To begin with, last is the last import's id as it
 * was before any new one could begin. Each call is one short step outside any transaction; IMPORTER_MORE:
 * call again. */
struct importer_cleaning {
    uint64_t last;
    uint64_t import;  /* the one that is going; 0: look for the next */
    uint64_t dropped; /* so many have gone */
};

int importer_clean(struct store *store, struct importer_cleaning *cleaning) must_check;

/* A port to a store in the caller's own hands (command line, tests): work is done at submit. */
struct importer_direct {
    struct store *store;
    int answer;
};
struct importer_port importer_port_direct(struct importer_direct *direct);

#endif
