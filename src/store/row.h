#ifndef STORE_ROW_H
#define STORE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/figures.h"
#include "store/record.h"

/*
 * Private to this room. A row is a record with what the store adds to it; a table of columns says
 * once where each field lies, so that both sides read, write and compare rows by the same words.
 */
enum row_kind { /* after the kinds of record.h, the store's own */
                KIND_SEQUENCE =
                    STORE_KIND_COUNT, /* id: kind + 1; last: the highest id ever given */
                KIND_FIGURES,         /* id: campaign; figures */
                KIND_LEAD_COUNTS,     /* id: lead_counts_id(); leads by state */
                KIND_COUNT
};

enum column_type {
    COLUMN_U64,
    COLUMN_I64,
    COLUMN_U32,
    COLUMN_I32, /* and every enum */
    COLUMN_U16,
    COLUMN_U8,
    COLUMN_BOOL,
    COLUMN_TEXT,
    COLUMN_BYTES,
};

enum column_flag {
    COLUMN_ONCE = 1 << 0,   /* written with a new row, never changed */
    COLUMN_WHO = 1 << 1,    /* of tables with a state part: written by the plain kind ... */
    COLUMN_STATE = 1 << 2,  /* ... and by the state kind */
    COLUMN_SPARSE = 1 << 4, /* its index holds only the rows where it is set */
    COLUMN_KEY = 1 << 3,    /* all keys of a row together are unique (an empty text is no key) */
};

struct column {
    const char *name;
    enum column_type type;
    uint32_t flags;
    size_t offset; /* in struct row */
    size_t size;   /* of bytes; of words (an enum): how many there are, 0 for no bound */
};

struct row {
    struct store_record record;
    /* worked out from the record whenever it is written: see row_complete */
    struct {
        bool open;         /* reservation, activity: still going on */
        bool free;         /* lead: may be claimed once due */
        int rank;          /* lead: the order of claims before due_at */
        instant called_at; /* attempt: when it counts as a call in the histories; 0: it does not */
    } made;
    /* of the store's own kinds */
    uint64_t last;
    uint64_t campaign, import;
    uint64_t lead_counts[LEAD_STATE_COUNT];
    struct figures figures;
    bool bytes_differ; /* read: a column of bytes had another length (an older program's) */
};

/* What a kind is called and made of. The kinds with a state part share one table. */
struct kind {
    const char *table;
    const struct column *columns; /* [0] is the id */
    size_t column_count;
    int whole;         /* the kind whose table it is */
    uint32_t written;  /* COLUMN_WHO, COLUMN_STATE or both: what a put of a known row changes */
    const char *text;  /* the column of store_query.text; NULL: none */
    const char *begun; /* the column of store_query.from and until; NULL: none */
};

enum { COLUMNS_MAX = 48, LEAD_RANKS = PRIORITY_MAX + 2 };

const struct kind *row_kind(int kind);
const struct column *row_column(int kind, const char *name); /* NULL: it has none of this name */

int64_t column_number(const struct column *column, const struct row *row);
void column_set_number(const struct column *column, struct row *row, int64_t number);
/* May it stand there? What is written always may; what is read has lain on a disk. */
bool column_holds(const struct column *column, int64_t number);
const char *column_text(const struct column *column, const struct row *row); /* may be NULL */
void column_set_text(const struct column *column, struct row *row, const char *text);
const void *column_bytes(const struct column *column, const struct row *row);
void column_set_bytes(const struct column *column, struct row *row, const void *bytes, size_t size);

/* Fills `made`. */
void row_complete(struct row *row);
/* Is a put of this kind over a known row to write this column? */
bool column_is_changed(const struct kind *kind, const struct column *column);

/* Leads are counted by import, so that publishing one changes one row; those made by hand by campaign. */
static inline uint64_t lead_counts_id(uint64_t campaign, uint64_t import)
{
    return import ? 2 * import : 2 * campaign + 1;
}

#endif
