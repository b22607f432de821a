#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/ops.h"

/*
 * Rows in memory: for the simulator and tests. Everything is looked for by walking; what a transaction
 * changes is kept as it was before, and put back by a rollback.
 */
struct memory_row {
    struct row row; /* its texts are its own */
};

struct memory_rows {
    struct memory_row **rows; /* by ascending id */
    size_t count, room;
};

struct undo {
    int kind;
    uint64_t id;
    struct memory_row *before; /* NULL: it was new */
};

struct journal_entry {
    instant at;
    size_t size;
    unsigned char bytes[];
};

struct memory_side {
    struct memory_rows kinds[KIND_COUNT];
    struct undo *undo;
    size_t undo_count, undo_room;
    struct journal_entry **journal;
    size_t journal_count, journal_room, journal_committed;
    const char *why;
};

static int fail(struct memory_side *side, int err, const char *why)
{
    side->why = why;
    return err;
}

static void row_free(struct memory_row *row, int kind)
{
    const struct kind *table = row_kind(kind);

    if (!row)
        return;
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].type == COLUMN_TEXT)
            free((void *)(uintptr_t)column_text(&table->columns[i], &row->row));
    }
    free(row);
}

/* A row of its own; a text that is NULL is taken from `older`, or is "". */
static struct memory_row *row_copy(const struct row *row, const struct row *older, int kind)
{
    struct memory_row *copy = calloc(1, sizeof(*copy));
    const struct kind *table = row_kind(kind);
    bool failed = false;

    if (!copy)
        return NULL;
    copy->row = *row;
    copy->row.record.kind = (enum store_kind)table->whole;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        const char *text;

        if (column->type != COLUMN_TEXT)
            continue;
        text = column_text(column, row);
        if (older && (!text || !column_is_changed(table, column)))
            text = column_text(column, older);
        text = strdup(text ? text : "");
        failed |= !text;
        column_set_text(column, &copy->row, text);
    }
    if (failed) {
        row_free(copy, kind);
        return NULL;
    }
    return copy;
}

/* The place of an id, or where it would stand. */
static size_t place_of(const struct memory_rows *rows, uint64_t id)
{
    size_t low = 0;
    size_t high = rows->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows->rows[middle]->row.record.of.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct memory_row **find(struct memory_side *side, int kind, uint64_t id)
{
    struct memory_rows *rows = &side->kinds[row_kind(kind)->whole];
    size_t place = place_of(rows, id);

    if (place < rows->count && rows->rows[place]->row.record.of.id == id)
        return &rows->rows[place];
    return NULL;
}

static int insert(struct memory_side *side, int kind, struct memory_row *row)
{
    struct memory_rows *rows = &side->kinds[row_kind(kind)->whole];
    size_t place = place_of(rows, row->row.record.of.id);

    if (rows->count == rows->room) {
        size_t room = rows->room ? 2 * rows->room : 64;
        struct memory_row **more = realloc(rows->rows, room * sizeof(struct memory_row *));
        if (!more)
            return ENOMEM;
        rows->rows = more;
        rows->room = room;
    }
    memmove(&rows->rows[place + 1], &rows->rows[place],
            (rows->count - place) * sizeof(rows->rows[0]));
    rows->rows[place] = row;
    rows->count++;
    return 0;
}

static void take_out(struct memory_side *side, int kind, uint64_t id)
{
    struct memory_rows *rows = &side->kinds[row_kind(kind)->whole];
    size_t place = place_of(rows, id);

    memmove(&rows->rows[place], &rows->rows[place + 1],
            (rows->count - place - 1) * sizeof(rows->rows[0]));
    rows->count--;
}

static int remember(struct memory_side *side, int kind, uint64_t id, struct memory_row *before)
{
    if (side->undo_count == side->undo_room) {
        size_t room = side->undo_room ? 2 * side->undo_room : 64;
        struct undo *more = realloc(side->undo, room * sizeof(*more));
        if (!more)
            return ENOMEM;
        side->undo = more;
        side->undo_room = room;
    }
    side->undo[side->undo_count++] = (struct undo){row_kind(kind)->whole, id, before};
    return 0;
}

static int memory_begin(void *self, bool relaxed)
{
    struct memory_side *side = self;

    side->journal_committed = side->journal_count;
    return 0;
}

static int memory_commit(void *self)
{
    struct memory_side *side = self;

    for (size_t i = 0; i < side->undo_count; i++)
        row_free(side->undo[i].before, side->undo[i].kind);
    side->undo_count = 0;
    side->journal_committed = side->journal_count;
    return 0;
}

static void memory_rollback(void *self)
{
    struct memory_side *side = self;

    while (side->undo_count) {
        struct undo *undo = &side->undo[--side->undo_count];
        struct memory_row **now = find(side, undo->kind, undo->id);

        if (now && undo->before) {
            row_free(*now, undo->kind);
            *now = undo->before;
        } else if (now) {
            struct memory_row *gone = *now;
            take_out(side, undo->kind, undo->id);
            row_free(gone, undo->kind);
        } else if (undo->before) {
            /* Room was there when it was taken out, and rows never give room back. */
            int err = insert(side, undo->kind, undo->before);
            check(!err);
        }
    }
    while (side->journal_count > side->journal_committed)
        free(side->journal[--side->journal_count]);
}

static int memory_examine(void *self, unsigned ms_max, bool *whole)
{
    *whole = true;
    return 0;
}

static bool memory_wants_rest(const void *self)
{
    return false;
}

static int memory_hold(void *self)
{
    return 0;
}

static void memory_let_go(void *self)
{
}

static void memory_close(void *self)
{
    struct memory_side *side = self;

    memory_commit(side);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        for (size_t i = 0; i < side->kinds[kind].count; i++)
            row_free(side->kinds[kind].rows[i], kind);
        free(side->kinds[kind].rows);
    }
    for (size_t i = 0; i < side->journal_count; i++)
        free(side->journal[i]);
    free(side->journal);
    free(side->undo);
    free(side);
}

static const char *memory_why(const void *self)
{
    const struct memory_side *side = self;

    return side->why ? side->why : "";
}

static int memory_read(void *self, int kind, uint64_t id, struct row *row)
{
    struct memory_row **found = find(self, kind, id);
    const struct kind *table = row_kind(kind);

    if (!found)
        return ENOENT;
    *row = (*found)->row;
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].type == COLUMN_TEXT)
            column_set_text(&table->columns[i], row, NULL);
    }
    return 0;
}

/* Do all keys of the two rows agree? A kind without keys has no twins. */
static bool is_twin(const struct kind *table, const struct row *a, const struct row *b)
{
    size_t keys = 0;

    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];

        if (!(column->flags & COLUMN_KEY))
            continue;
        keys++;
        if (column->type == COLUMN_TEXT) {
            const char *text = column_text(column, a);
            if (!*text || strcmp(text, column_text(column, b)) != 0)
                return false;
        } else if (column_number(column, a) != column_number(column, b)) {
            return false;
        }
    }
    return keys > 0;
}

static bool is_taken(const struct memory_side *side, int kind, const struct row *row)
{
    const struct kind *table = row_kind(kind);
    const struct memory_rows *rows = &side->kinds[table->whole];

    for (size_t i = 0; i < rows->count; i++) {
        const struct row *other = &rows->rows[i]->row;
        if (other->record.of.id != row->record.of.id && is_twin(table, row, other))
            return true;
    }
    return false;
}

static int memory_write(void *self, int kind, const struct row *row, bool known)
{
    struct memory_side *side = self;
    struct memory_row **place = known ? find(side, kind, row->record.of.id) : NULL;
    struct memory_row *copy = row_copy(row, place ? &(*place)->row : NULL, kind);
    int err = copy ? 0 : ENOMEM;

    check(!known || place);
    if (!err && is_taken(side, kind, &copy->row))
        err = fail(side, EEXIST, "taken already");
    if (!err && !known && find(side, kind, row->record.of.id))
        err = fail(side, EEXIST, "this id is taken already");
    if (!err)
        err = remember(side, kind, row->record.of.id, place ? *place : NULL);
    if (!err && place) {
        *place = copy;
    } else if (!err) {
        err = insert(side, kind, copy);
        if (err)
            side->undo_count--;
    }
    if (err)
        row_free(copy, kind);
    return err;
}

static int memory_remove(void *self, int kind, uint64_t id)
{
    struct memory_side *side = self;
    struct memory_row **place = find(side, kind, id);
    int err;

    if (!place)
        return ENOENT;
    err = remember(side, kind, id, *place);
    if (!err)
        take_out(side, kind, id);
    return err;
}

static bool is_published(struct memory_side *side, uint64_t import)
{
    struct memory_row **row = import ? find(side, STORE_IMPORT, import) : NULL;

    return !import || (row && (*row)->row.record.of.import.state == IMPORT_PUBLISHED);
}

static bool matches(struct memory_side *side, const struct condition *condition,
                    const struct row *row)
{
    int64_t number;

    if (condition->column->type == COLUMN_TEXT)
        return *condition->text &&
               strcmp(column_text(condition->column, row), condition->text) == 0;
    number = column_number(condition->column, row);
    switch (condition->op) {
    case CONDITION_EQUAL:
        return number == condition->number;
    case CONDITION_ABOVE:
        return number > condition->number;
    case CONDITION_BELOW:
        return number < condition->number;
    case CONDITION_AT_LEAST:
        return number >= condition->number;
    case CONDITION_AT_MOST:
        return number <= condition->number;
    case CONDITION_PUBLISHED:
        break;
    }
    return is_published(side, (uint64_t)number);
}

static bool matches_all(struct memory_side *side, const struct scan *scan, const struct row *row)
{
    for (size_t i = 0; i < scan->condition_count; i++) {
        if (!matches(side, &scan->conditions[i], row))
            return false;
    }
    return true;
}

static int compare_i64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int64_t order_key(enum scan_order order, const struct row *row)
{
    switch (order) {
    case ORDER_ID:
    case ORDER_NEWEST:
    case ORDER_COUNT:
        break;
    case ORDER_REGION:
        return (int64_t)row->record.of.lead.region;
    case ORDER_DUE:
        return row->record.of.lead.core.due_at;
    case ORDER_PLACE:
        return row->record.of.lead_number.place;
    case ORDER_CALLED:
        return row->made.called_at;
    case ORDER_HELLO:
        return row->record.of.attempt.core.hello_us;
    }
    return 0;
}

static int compare_rows(const void *a, const void *b, void *arg)
{
    const struct row *left = &(*(struct memory_row *const *)a)->row;
    const struct row *right = &(*(struct memory_row *const *)b)->row;
    enum scan_order order = *(const enum scan_order *)arg;
    int compared = compare_i64(order_key(order, left), order_key(order, right));

    if (!compared && order == ORDER_REGION)
        compared = compare_i64(order_key(ORDER_DUE, left), order_key(ORDER_DUE, right));
    if (!compared)
        compared = compare_i64((int64_t)left->record.of.id, (int64_t)right->record.of.id);
    return order == ORDER_NEWEST || order == ORDER_CALLED ? -compared : compared;
}

static int memory_scan(void *self, const struct scan *scan, scan_fn handler, void *arg)
{
    struct memory_side *side = self;
    const struct memory_rows *rows = &side->kinds[row_kind(scan->kind)->whole];
    struct memory_row **hits = calloc(rows->count + 1, sizeof(struct memory_row *));
    enum scan_order order = scan->order;
    size_t count = 0;
    size_t end;
    int err = 0;

    if (!hits)
        return ENOMEM;
    for (size_t i = 0; i < rows->count; i++) {
        if (matches_all(side, scan, &rows->rows[i]->row))
            hits[count++] = rows->rows[i];
    }
    qsort_r(hits, count, sizeof(struct memory_row *), compare_rows, &order);
    end = scan->limit && scan->offset + scan->limit < count ? scan->offset + scan->limit : count;
    for (size_t i = scan->offset; i < end && !err; i++) {
        struct row row = hits[i]->row;
        err = handler(arg, &row);
    }
    free(hits);
    return err;
}

static int memory_journal_append(void *self, uint64_t sequence, instant at, const void *bytes,
                                 size_t size)
{
    struct memory_side *side = self;
    struct journal_entry *entry;

    check(sequence == side->journal_count + 1);
    if (side->journal_count == side->journal_room) {
        size_t room = side->journal_room ? 2 * side->journal_room : 64;
        struct journal_entry **more = realloc(side->journal, room * sizeof(struct journal_entry *));
        if (!more)
            return ENOMEM;
        side->journal = more;
        side->journal_room = room;
    }
    entry = malloc(sizeof(*entry) + size);
    if (!entry)
        return ENOMEM;
    entry->at = at;
    entry->size = size;
    if (size)
        memcpy(entry->bytes, bytes, size);
    side->journal[side->journal_count++] = entry;
    return 0;
}

static int memory_journal_each(void *self, uint64_t after, uint32_t limit, store_journal_fn row,
                               void *arg)
{
    struct memory_side *side = self;
    int err = 0;

    for (uint64_t i = after; i < side->journal_count && !err; i++) {
        if (limit && i - after >= limit)
            break;
        err =
            row(arg, i + 1, side->journal[i]->at, side->journal[i]->bytes, side->journal[i]->size);
    }
    return err;
}

static int memory_journal_last(void *self, uint64_t *sequence)
{
    *sequence = ((struct memory_side *)self)->journal_count;
    return 0;
}

static const struct store_ops memory_ops = {
    .close = memory_close,
    .why = memory_why,
    .begin = memory_begin,
    .commit = memory_commit,
    .rollback = memory_rollback,
    .wants_rest = memory_wants_rest,
    .examine = memory_examine,
    .hold = memory_hold,
    .let_go = memory_let_go,
    .read = memory_read,
    .write = memory_write,
    .remove = memory_remove,
    .scan = memory_scan,
    .journal_append = memory_journal_append,
    .journal_each = memory_journal_each,
    .journal_last = memory_journal_last,
};

int store_open_memory(struct store **storep)
{
    struct memory_side *side = calloc(1, sizeof(*side));

    int err = side ? store_make(storep, &memory_ops, side, false) : ENOMEM;

    if (err && side)
        memory_close(side);
    return err;
}
