#ifndef LISTS_IMPORT_BATCH_H
#define LISTS_IMPORT_BATCH_H

#include <stdio.h>

#include "base/table.h"
#include "lists/import_columns.h"
#include "lists/import_regions.h"
#include "lists/importer.h"

/*
 * Rows on their way from the file to the store: a bounded number, with all their texts in blocks of
 * their own, so that the next batch can be read while this one is written.
 */
struct import_block {
    struct import_block *next;
    size_t used, size;
    char bytes[];
};

struct import_batch {
    struct store_import_row rows[IMPORTER_BATCH];
    /* What the rejects file says of a row that the store finds to be a duplicate. */
    const char *phone_texts[IMPORTER_BATCH];
    size_t count;
    size_t bytes; /* of texts: a batch of very long rows is full early */
    struct import_block *blocks;
};

enum { IMPORT_BATCH_BYTES_MAX = 512 * 1024 };

void import_batch_init(struct import_batch *batch);
void import_batch_clear(struct import_batch *batch); /* keeps one block */
void import_batch_release(struct import_batch *batch);
/* A copy that lives as long as the batch is not cleared; NULL: no memory. */
const char *import_batch_text(struct import_batch *batch, struct slice text);
bool import_batch_is_full(const struct import_batch *batch);

/* The rejects file, and the counts that go with its kinds. */
struct import_rejects {
    FILE *file;
    struct text text;
    uint64_t rejected, warnings;
    int err;
};

int import_rejects_open(struct import_rejects *rejects, const char *path) must_check;
/* Closes; the first error there was. */
int import_rejects_close(struct import_rejects *rejects) must_check;
void import_rejects_add(struct import_rejects *rejects, uint64_t line, const char *kind,
                        const char *column, struct slice value, const char *reason);

/*
 * One row of the file into the batch: numbers parsed, names and context copied. A row without any
 * number that may be called goes into the rejects file instead. 0, ENOMEM.
 */
struct import_reading {
    const struct importer_order *order;
    const struct import_columns *columns;
    struct import_rejects *rejects;
    struct import_regions *regions;
    struct table *zones; /* names already looked up -> a mark whether they exist */
};

int import_batch_add(struct import_batch *batch, const struct import_reading *reading,
                     const struct csv_row *row) must_check;

#endif
