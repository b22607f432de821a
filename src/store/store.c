#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/ops.h"

enum { E164_SIZE = 32 };

/* The life of a store, transactions, and what a put does; the rows themselves are the side's. */

static int load_sequence(void *arg, const struct row *row)
{
    struct store *store = arg;
    uint64_t kind = row->record.of.id - 1;

    if (kind < STORE_KIND_COUNT) {
        store->last[kind] = row->last;
        store->sequence_is_row[kind] = true;
    }
    return 0;
}

static int load_sequences(struct store *store)
{
    struct scan scan;

    memset(store->last, 0, sizeof(store->last));
    memset(store->last_changed, 0, sizeof(store->last_changed));
    memset(store->sequence_is_row, 0, sizeof(store->sequence_is_row));
    scan_init(&scan, KIND_SEQUENCE);
    int err = store_scan(store, &scan, load_sequence, store);
    if (!err)
        err = store->ops->journal_last(store->self, &store->journal_last);
    return err;
}

int store_make(struct store **storep, const struct store_ops *ops, void *self, bool reader)
{
    struct store *store = calloc(1, sizeof(*store));
    int err = ENOMEM;

    if (store) {
        store->ops = ops;
        store->self = self;
        store->reader = reader;
        table_init(&store->figures);
        table_init(&store->counts);
        table_init(&store->shelves);
        table_init(&store->regions);
        err = load_sequences(store);
    }
    if (!err) {
        *storep = store;
        return 0;
    }
    free(store);
    return err;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->in_transaction)
        store->ops->rollback(store->self);
    kept_forget(store);
    table_release(&store->figures);
    table_release(&store->counts);
    table_release(&store->shelves);
    table_release(&store->regions);
    store->ops->close(store->self);
    free(store);
}

int store_check(struct store *store, unsigned ms_max, bool *whole)
{
    store->why = NULL;
    return store->ops->examine(store->self, ms_max, whole);
}

const char *store_why(const struct store *store)
{
    if (store->why)
        return store->why;
    return store->ops->why(store->self);
}

int store_fail(struct store *store, int err, const char *why)
{
    store->why = why;
    return err;
}

static int begin(struct store *store, bool relaxed)
{
    int err;

    check(!store->in_transaction);
    store->why = NULL;
    if (store->reader)
        return store_fail(store, EROFS, "this store is open for reading only");
    err = store->ops->begin(store->self, relaxed);
    store->in_transaction = !err;
    return err;
}

int store_begin(struct store *store)
{
    return begin(store, false);
}

bool store_wants_rest(const struct store *store)
{
    return store->ops->wants_rest(store->self);
}

int store_begin_relaxed(struct store *store)
{
    return begin(store, true);
}

static int flush_sequences(struct store *store)
{
    int err = 0;

    for (size_t i = 0; i < STORE_KIND_COUNT && !err; i++) {
        struct row row = {.last = store->last[i]};
        if (!store->last_changed[i])
            continue;
        row.record.of.id = i + 1;
        err = store->ops->write(store->self, KIND_SEQUENCE, &row, store->sequence_is_row[i]);
        if (!err) {
            store->sequence_is_row[i] = true;
            store->last_changed[i] = false;
        }
    }
    return err;
}

int store_commit(struct store *store)
{
    int err;

    check(store->in_transaction);
    store->why = NULL;
    err = flush_sequences(store);
    if (!err)
        err = kept_flush(store);
    if (!err)
        err = store->ops->commit(store->self);
    if (!err)
        store->in_transaction = false;
    return err;
}

void store_rollback(struct store *store)
{
    const char *why = store->why;

    if (!store->in_transaction)
        return;
    store->ops->rollback(store->self);
    store->in_transaction = false;
    kept_forget(store);
    /* Cannot be read now: then the counts stand too high, which only leaves a gap in the ids. */
    if (load_sequences(store))
        memset(store->last_changed, 1, sizeof(store->last_changed));
    store->why = why;
}

int store_hold(struct store *store)
{
    store->why = NULL;
    return store->reader ? store->ops->hold(store->self) : 0;
}

void store_let_go(struct store *store)
{
    if (store->reader)
        store->ops->let_go(store->self);
}

static void give_id(struct store *store, int whole, uint64_t *id)
{
    if (*id == 0) {
        *id = ++store->last[whole];
    } else if (*id > store->last[whole]) {
        store->last[whole] = *id;
    } else {
        return;
    }
    store->last_changed[whole] = true;
}

/* Keeps the counters in step with a row that comes (before NULL), changes, or goes (after NULL). */
static int count_change(struct store *store, const struct row *before, const struct row *after)
{
    const struct row *any = after ? after : before;
    int err = 0;

    if (any->record.kind == STORE_ATTEMPT) {
        struct kept_figures *kept;
        err = kept_figures_of(store, any->record.of.attempt.core.campaign, &kept);
        if (!err) {
            figures_change(&kept->figures, before ? &before->record.of.attempt.core : NULL,
                           after ? &after->record.of.attempt.core : NULL);
            kept->changed = true;
        }
    } else if (any->record.kind == STORE_LEAD) {
        const struct store_lead *lead = &any->record.of.lead;
        struct kept_counts *kept;
        err = kept_counts_of(store, lead->core.campaign, lead->import, &kept);
        if (!err) {
            if (before)
                kept->counts[before->record.of.lead.core.state]--;
            if (after)
                kept->counts[after->record.of.lead.core.state]++;
            kept->changed = true;
        }
        if (!err && after && after->made.free)
            err = shelves_note(store, after);
    }
    return err;
}

int store_write_new(struct store *store, struct row *row)
{
    int err;

    give_id(store, row_kind(row->record.kind)->whole, &row->record.of.id);
    row_complete(row);
    err = store->ops->write(store->self, row->record.kind, row, false);
    if (!err)
        err = count_change(store, NULL, row);
    return err;
}

int store_write_known(struct store *store, const struct row *before, struct row *row)
{
    int err;

    row_complete(row);
    err = store->ops->write(store->self, row->record.kind, row, true);
    if (!err)
        err = count_change(store, before, row);
    return err;
}

/* What a put does not change is as it was. */
static void merge(struct row *row, const struct row *before)
{
    const struct kind *kind = row_kind(row->record.kind);

    for (size_t i = 0; i < kind->column_count; i++) {
        const struct column *column = &kind->columns[i];
        if (column_is_changed(kind, column))
            continue;
        if (column->type == COLUMN_TEXT)
            column_set_text(column, row, NULL);
        else if (column->type == COLUMN_BYTES)
            column_set_bytes(column, row, column_bytes(column, before), column->size);
        else
            column_set_number(column, row, column_number(column, before));
    }
    if (row->record.kind == STORE_LEAD) {
        row->record.of.lead.region = before->record.of.lead.region;
        row->record.of.lead.owner = before->record.of.lead.owner;
        row->record.of.lead.claimed_at = before->record.of.lead.claimed_at;
    }
}

static int note_id(void *arg, const struct row *row)
{
    *(uint64_t *)arg = row->record.of.id;
    return 0;
}

/* The row that already stands for this one though it came without id; 0: there is none. */
static int find_twin(struct store *store, const struct store_record *record, uint64_t *id)
{
    struct scan scan;

    *id = 0;
    if (record->of.id)
        return 0;
    scan_init(&scan, record->kind);
    if (record->kind == STORE_DO_NOT_CALL) {
        scan_where_text(&scan, "e164", record->of.do_not_call.e164);
        scan_where(&scan, "campaign_id", CONDITION_EQUAL, (int64_t)record->of.do_not_call.campaign);
    } else if (record->kind == STORE_META) {
        scan_where_text(&scan, "key", record->of.meta.key);
    } else {
        return 0;
    }
    return store_scan(store, &scan, note_id, id);
}

static int import_may_begin(struct store *store, const struct store_import *import)
{
    struct scan scan;
    uint64_t other = 0;
    int err;

    if (import->state == IMPORT_PUBLISHED)
        return store_fail(store, EINVAL, "an import is published by store_import_publish only");
    if (import->state != IMPORT_WRITING)
        return 0;
    scan_init(&scan, STORE_IMPORT);
    scan_where(&scan, "campaign_id", CONDITION_EQUAL, (int64_t)import->campaign);
    scan_where(&scan, "state", CONDITION_EQUAL, IMPORT_WRITING);
    err = store_scan(store, &scan, note_id, &other);
    if (!err && other)
        err = store_fail(store, EBUSY, "another import of this campaign is under way");
    return err;
}

static int put_known(struct store *store, struct row *row, const struct row *before)
{
    if (row->record.kind == STORE_IMPORT && row->record.of.import.state == IMPORT_PUBLISHED &&
        before->record.of.import.state != IMPORT_PUBLISHED)
        return store_fail(store, EINVAL, "an import is published by store_import_publish only");
    merge(row, before);
    return store_write_known(store, before, row);
}

static int put_new(struct store *store, struct row *row)
{
    int err = 0;

    if (row->record.kind == STORE_CAMPAIGN_STATE || row->record.kind == STORE_AGENT_STATE)
        return store_fail(store, ENOENT, "no such campaign or agent");
    if (row->record.kind == STORE_IMPORT)
        err = import_may_begin(store, &row->record.of.import);
    if (row->record.kind == STORE_LEAD) {
        row->record.of.lead.region = 0;
        row->record.of.lead.owner = 0;
        row->record.of.lead.claimed_at = 0;
    }
    return err ? err : store_write_new(store, row);
}

int store_put(struct store *store, struct store_record *record)
{
    struct row row = {.record = *record};
    struct row before;
    uint64_t twin;
    int err;

    check(store->in_transaction);
    check(record->kind < STORE_KIND_COUNT);
    store->why = NULL;
    err = find_twin(store, record, &twin);
    if (err)
        return err;
    if (twin) {
        record->of.id = row.record.of.id = twin;
        if (record->kind == STORE_DO_NOT_CALL)
            return 0; /* the older row stays */
    }
    err = row.record.of.id
              ? store_read(store, row_kind(record->kind)->whole, row.record.of.id, &before)
              : ENOENT;
    if (!err)
        err = put_known(store, &row, &before);
    else if (err == ENOENT)
        err = put_new(store, &row);
    if (!err)
        record->of.id = row.record.of.id;
    return err;
}

int store_drop(struct store *store, int kind, uint64_t id)
{
    struct row before;
    int err = store_read(store, kind, id, &before);

    if (!err)
        err = store->ops->remove(store->self, kind, id);
    if (!err)
        err = count_change(store, &before, NULL);
    return err;
}

static int copy_e164(void *arg, const struct row *row)
{
    slice_copy(slice_from(row->record.of.do_not_call.e164), arg, E164_SIZE);
    return 0;
}

/* With the last row of a number goes the mark of its persons. */
static int allow(struct store *store, uint64_t id)
{
    char e164[E164_SIZE] = "";
    struct scan scan;
    int err;

    scan_init(&scan, STORE_DO_NOT_CALL);
    scan_where(&scan, "id", CONDITION_EQUAL, (int64_t)id);
    err = store_scan(store, &scan, copy_e164, e164);
    if (!err)
        err = store_drop(store, STORE_DO_NOT_CALL, id);
    return err ? err : store_unmark_persons(store, e164);
}

int store_remove(struct store *store, enum store_kind kind, uint64_t id)
{
    check(store->in_transaction);
    check(kind == STORE_DO_NOT_CALL || kind == STORE_TOKEN || kind == STORE_AGENT ||
          kind == STORE_META);
    store->why = NULL;
    return kind == STORE_DO_NOT_CALL ? allow(store, id) : store_drop(store, kind, id);
}

int store_last_id(struct store *store, enum store_kind kind, uint64_t *id)
{
    int err = store->reader ? load_sequences(store) : 0;

    if (!err)
        *id = store->last[row_kind(kind)->whole];
    return err;
}

int store_journal_append(struct store *store, instant at, const void *bytes, size_t size,
                         uint64_t *sequence)
{
    int err;

    check(store->in_transaction);
    store->why = NULL;
    err = store->ops->journal_append(store->self, store->journal_last + 1, at, bytes, size);
    if (!err)
        *sequence = ++store->journal_last;
    return err;
}

int store_journal_each(struct store *store, uint64_t after, uint32_t limit, store_journal_fn row,
                       void *arg)
{
    store->why = NULL;
    return store->ops->journal_each(store->self, after, limit, row, arg);
}
