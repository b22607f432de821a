#ifndef STORE_OPS_H
#define STORE_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/table.h"
#include "store/row.h"
#include "store/store.h"

/*
 * Private to this room: the seam between what every store does (store*.c) and where rows lie
 * (store_sqlite.c, store_memory.c). Rows come complete; ids are given above the seam.
 */
enum condition_op {
    CONDITION_EQUAL,
    CONDITION_ABOVE,
    CONDITION_BELOW,
    CONDITION_AT_LEAST,
    CONDITION_AT_MOST,
    CONDITION_PUBLISHED, /* of import_id: 0, or an import in state published */
};

struct condition {
    const struct column *column;
    enum condition_op op;
    int64_t number;
    const char *text; /* for columns of text; EQUAL only */
};

/* Each order has the index it needs; ties go by ascending id (CALLED, NEWEST: descending). */
enum scan_order {
    ORDER_ID,
    ORDER_NEWEST, /* id, descending */
    ORDER_DUE,    /* leads: due_at */
    ORDER_REGION, /* leads: region_id, due_at */
    ORDER_PLACE,  /* lead numbers: place */
    ORDER_CALLED, /* attempts: called_at, descending */
    ORDER_HELLO,  /* attempts: hello_us */
    ORDER_COUNT
};

enum { CONDITIONS_MAX = 12 };

struct scan {
    int kind;
    enum scan_order order;
    uint32_t condition_count;
    struct condition conditions[CONDITIONS_MAX];
    uint64_t limit; /* 0: none */
    uint64_t offset;
};

typedef int (*scan_fn)(void *arg, const struct row *row);

struct store_ops {
    void (*close)(void *self);
    const char *(*why)(const void *self);
    int (*examine)(void *self, unsigned ms_max, bool *whole);
    /* relaxed: the commit need not be on disk when it returns; the next that is not relaxed brings it
     * there. For rows that nobody sees before such a commit. */
    int (*begin)(void *self, bool relaxed);
    int (*commit)(void *self);
    void (*rollback)(void *self);
    bool (*wants_rest)(const void *self); /* as store_wants_rest */
    /* A reader's view stands still between the two; an owner's does so anyway. */
    int (*hold)(void *self);
    void (*let_go)(void *self);
    /* The numbers and bytes of one row, without its texts. ENOENT. */
    int (*read)(void *self, int kind, uint64_t id, struct row *row);
    /* known: the row is there and its changing columns are written; else it is new. */
    int (*write)(void *self, int kind, const struct row *row, bool known);
    int (*remove)(void *self, int kind, uint64_t id);
    /* Whole rows; nested scans and reads are allowed in the handler. */
    int (*scan)(void *self, const struct scan *scan, scan_fn row, void *arg);
    int (*journal_append)(void *self, uint64_t sequence, instant at, const void *bytes,
                          size_t size);
    int (*journal_each)(void *self, uint64_t after, uint32_t limit, store_journal_fn row,
                        void *arg);
    int (*journal_last)(void *self, uint64_t *sequence);
};

/* Counters as they stand, in memory; written back with the commit. */
struct kept_figures {
    struct figures figures;
    bool changed, is_row;
};

struct kept_counts {
    uint64_t campaign, import;
    uint64_t counts[LEAD_STATE_COUNT];
    bool changed, is_row;
};

struct kept_region {
    uint64_t id;
};

struct store {
    const struct store_ops *ops;
    void *self;
    bool reader, in_transaction;
    const char *why;
    uint64_t last[STORE_KIND_COUNT];
    bool last_changed[STORE_KIND_COUNT], sequence_is_row[STORE_KIND_COUNT];
    uint64_t journal_last;
    struct table figures; /* campaign -> struct kept_figures */
    struct table counts;  /* lead_counts_id -> struct kept_counts */
    struct table shelves; /* lead_counts_id -> struct shelves (store_claims.c) */
    struct table regions; /* zones -> struct kept_region; empty: not read yet */
};

/* Makes a store of a side that is open; after a failure the side is still the caller's. */
int store_make(struct store **storep, const struct store_ops *ops, void *self, bool reader);

/* Between the files of the face. */
void scan_init(struct scan *scan, int kind);
void scan_where(struct scan *scan, const char *column, enum condition_op op, int64_t number);
void scan_where_text(struct scan *scan, const char *column, const char *text);
int store_scan(struct store *store, const struct scan *scan, scan_fn row, void *arg) must_check;
int store_read(struct store *store, int kind, uint64_t id, struct row *row) must_check;
int store_write_new(struct store *store, struct row *row) must_check; /* gives the id */
/* Like a put, with everything already worked out but what row_complete fills. */
int store_write_known(struct store *store, const struct row *before, struct row *row) must_check;
int store_drop(struct store *store, int kind, uint64_t id) must_check;
/* After a number has left the do-not-call list: persons none of whose numbers is on it any more. */
int store_unmark_persons(struct store *store, const char *e164) must_check;
/* Everything about one lead; its row is at hand. */
int store_tell_facts(struct store *store, const struct lead_record *lead, store_facts_fn row,
                     void *arg) must_check;
int store_begin_relaxed(struct store *store) must_check;
int store_fail(struct store *store, int err, const char *why); /* returns err */
/* Counters of one campaign, one import; `changed` is the caller's to set. */
int kept_figures_of(struct store *store, uint64_t campaign, struct kept_figures **kept) must_check;
int kept_counts_of(struct store *store, uint64_t campaign, uint64_t import,
                   struct kept_counts **kept) must_check;
/* The region of these zones, new if need be; 0 for none ("", or there are too many already). */
int kept_region_of(struct store *store, const char *zones, uint64_t *id) must_check;
/* A lead that may be claimed has been written: its shelf must not be thought later or empty. */
int shelves_note(struct store *store, const struct row *lead) must_check;
void kept_forget(struct store *store); /* what is kept in memory; it is read again when wanted */
int kept_flush(struct store *store) must_check;

#endif
