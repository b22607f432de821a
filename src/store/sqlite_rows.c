#include "store/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/plan.h"

/*
 * Every statement is made of the table of columns, prepared once for its shape, and bound. A shape
 * is the kind, what is done, and which columns are compared how; it is the key of the cache.
 */
enum action {
    ACTION_READ,
    ACTION_INSERT,
    ACTION_UPDATE,
    ACTION_DELETE,
    ACTION_SCAN,
    ACTION_JOURNAL
};

enum { SHAPE_MAX = 8 + 3 * CONDITIONS_MAX };

struct shape {
    unsigned char bytes[SHAPE_MAX];
    size_t size;
};

static void shape_add(struct shape *shape, int byte)
{
    check(shape->size < SHAPE_MAX && byte >= 0 && byte < 256);
    shape->bytes[shape->size++] = (unsigned char)byte;
}

static void shape_init(struct shape *shape, enum action action, int kind)
{
    shape->size = 0;
    shape_add(shape, (int)action);
    shape_add(shape, kind);
}

static const struct column *column_at(int kind, size_t index)
{
    return &row_kind(kind)->columns[index];
}

static void sql_columns(struct text *sql, int kind)
{
    for (size_t i = 0; i < row_kind(kind)->column_count; i++) {
        text_add(sql, i ? ", " : "");
        text_add(sql, column_at(kind, i)->name);
    }
}

static void sql_read(struct text *sql, int kind)
{
    text_add(sql, "SELECT ");
    sql_columns(sql, kind);
    text_addf(sql, " FROM %s WHERE id = ?1", row_kind(kind)->table);
}

/* A text bound as NULL is "" in a new row and stays what it was in a known one. */
static void sql_insert(struct text *sql, int kind)
{
    text_addf(sql, "INSERT INTO %s (", row_kind(kind)->table);
    sql_columns(sql, kind);
    text_add(sql, ") VALUES (");
    for (size_t i = 0; i < row_kind(kind)->column_count; i++) {
        bool is_text = column_at(kind, i)->type == COLUMN_TEXT;
        text_addf(sql, is_text ? "%sifnull(?%zu, '')" : "%s?%zu", i ? ", " : "", i + 1);
    }
    text_add(sql, ")");
}

static void sql_update(struct text *sql, int kind)
{
    const struct kind *table = row_kind(kind);
    const char *separator = "";

    text_addf(sql, "UPDATE %s SET ", table->table);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (!column_is_changed(table, column))
            continue;
        if (column->type == COLUMN_TEXT)
            text_addf(sql, "%s%s = ifnull(?%zu, %s)", separator, column->name, i + 1, column->name);
        else
            text_addf(sql, "%s%s = ?%zu", separator, column->name, i + 1);
        separator = ", ";
    }
    text_add(sql, " WHERE id = ?1");
}

/* A sparse index serves only statements that say its condition in so many words. */
static void sql_sparse(struct text *sql, const struct column *column)
{
    if (strcmp(column->name, "called_at") == 0)
        text_add(sql, " AND called_at > 0");
    else if (strcmp(column->name, "hello_us") == 0)
        text_add(sql, " AND hello_us >= 0");
    else if (column->type == COLUMN_TEXT)
        text_addf(sql, " AND %s <> ''", column->name);
    else
        text_addf(sql, " AND %s <> 0", column->name);
}

static void sql_condition(struct text *sql, const struct condition *condition, size_t place)
{
    static const char *const operators[] = {
        [CONDITION_EQUAL] = "=",     [CONDITION_ABOVE] = ">",    [CONDITION_BELOW] = "<",
        [CONDITION_AT_LEAST] = ">=", [CONDITION_AT_MOST] = "<=",
    };
    const struct column *column = condition->column;

    if (condition->op == CONDITION_PUBLISHED) {
        text_add(sql, " AND (import_id = 0 OR import_id IN (SELECT i.id FROM imports i"
                      " WHERE i.id = import_id AND i.state = 1))");
    } else if (column->type == COLUMN_BOOL && condition->op == CONDITION_EQUAL) {
        text_addf(sql, " AND %s = %d", column->name, condition->number != 0);
    } else {
        text_addf(sql, " AND %s %s ?%zu", column->name, operators[condition->op], place + 1);
        if (column->flags & COLUMN_SPARSE)
            sql_sparse(sql, column);
    }
}

static void sql_scan(struct text *sql, const struct scan *scan)
{
    static const char *const orders[ORDER_COUNT] = {
        [ORDER_ID] = "id",
        [ORDER_NEWEST] = "id DESC",
        [ORDER_DUE] = "due_at, id",
        [ORDER_REGION] = "region_id, due_at, id",
        [ORDER_PLACE] = "place, id",
        [ORDER_CALLED] = "called_at DESC, id DESC",
        [ORDER_HELLO] = "hello_us, id",
    };

    text_add(sql, "SELECT ");
    sql_columns(sql, scan->kind);
    text_addf(sql, " FROM %s WHERE 1", row_kind(scan->kind)->table);
    for (size_t i = 0; i < scan->condition_count; i++)
        sql_condition(sql, &scan->conditions[i], i);
    text_addf(sql, " ORDER BY %s", orders[scan->order]);
    if (scan->limit)
        text_addf(sql, " LIMIT ?%d OFFSET ?%d", CONDITIONS_MAX + 1, CONDITIONS_MAX + 2);
}

/* Every statement on rows is made here. */
static int prepare(struct sqlite_side *side, const char *sql, unsigned flags, sqlite3_stmt **handle)
{
    int code = sqlite3_prepare_v3(side->db, sql, -1, flags, handle, NULL);

    if (code == SQLITE_OK && side->watches_plans)
        plan_watch(side->db, sql);
    return code == SQLITE_OK ? 0 : sqlite_side_fail(side, code);
}

static int make_handle(struct sqlite_side *side, enum action action, int kind,
                       const struct scan *scan, sqlite3_stmt **handle)
{
    struct text sql;
    int err;

    text_init(&sql);
    switch (action) {
    case ACTION_READ:
        sql_read(&sql, kind);
        break;
    case ACTION_INSERT:
        sql_insert(&sql, kind);
        break;
    case ACTION_UPDATE:
        sql_update(&sql, kind);
        break;
    case ACTION_DELETE:
        text_addf(&sql, "DELETE FROM %s WHERE id = ?1", row_kind(kind)->table);
        break;
    case ACTION_SCAN:
        sql_scan(&sql, scan);
        break;
    case ACTION_JOURNAL:
        text_add(&sql, "INSERT INTO journal (sequence, at, bytes) VALUES (?1, ?2, ?3)");
        break;
    }
    err = sql.failed ? ENOMEM : prepare(side, sql.at, SQLITE_PREPARE_PERSISTENT, handle);
    text_release(&sql);
    return err;
}

/* The statement of a shape, from the cache or new. Ends with put_back. */
static int take(struct sqlite_side *side, const struct shape *shape, enum action action, int kind,
                const struct scan *scan, struct statement **statementp)
{
    struct statement *statement = table_get(&side->statements, shape->bytes, shape->size);
    bool cached = !statement;
    int err;

    if (statement && !statement->busy) {
        statement->busy = true;
        *statementp = statement;
        return 0;
    }
    statement = calloc(1, sizeof(*statement));
    if (!statement)
        return ENOMEM;
    err = make_handle(side, action, kind, scan, &statement->handle);
    if (!err && cached)
        err = table_put(&side->statements, shape->bytes, shape->size, statement);
    if (err) {
        sqlite3_finalize(statement->handle);
        free(statement);
        return err;
    }
    statement->busy = true;
    *statementp = statement;
    return 0;
}

static void put_back(struct sqlite_side *side, const struct shape *shape,
                     struct statement *statement)
{
    sqlite3_reset(statement->handle);
    statement->busy = false;
    if (table_get(&side->statements, shape->bytes, shape->size) == statement)
        return;
    sqlite3_finalize(statement->handle);
    free(statement);
}

void sqlite_rows_release(struct sqlite_side *side)
{
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&side->statements, &at))) {
        struct statement *statement = slot->value;
        sqlite3_finalize(statement->handle);
        free(statement);
    }
    table_release(&side->statements);
}

/* Column i of the statement is column i of the kind. 0, or EBADMSG for a number that was never written. */
static int take_row(struct sqlite_side *side, sqlite3_stmt *handle, int kind, bool with_texts,
                    struct row *row)
{
    memset(row, 0, sizeof(*row));
    row->record.kind = (enum store_kind)kind;
    for (size_t i = 0; i < row_kind(kind)->column_count; i++) {
        const struct column *column = column_at(kind, i);
        int at = (int)i;

        if (column->type == COLUMN_TEXT) {
            if (with_texts)
                column_set_text(column, row, (const char *)sqlite3_column_text(handle, at));
        } else if (column->type == COLUMN_BYTES) {
            const void *bytes = sqlite3_column_blob(handle, at);
            column_set_bytes(column, row, bytes, (size_t)sqlite3_column_bytes(handle, at));
        } else if (column_holds(column, sqlite3_column_int64(handle, at))) {
            column_set_number(column, row, sqlite3_column_int64(handle, at));
        } else {
            snprintf(side->why, sizeof(side->why),
                     "'%s' is damaged: row %lld of '%s' has %lld for '%s'", side->path,
                     (long long)sqlite3_column_int64(handle, 0), row_kind(kind)->table,
                     (long long)sqlite3_column_int64(handle, at), column->name);
            return EBADMSG;
        }
    }
    return 0;
}

static void bind_column(sqlite3_stmt *handle, const struct column *column, const struct row *row,
                        int place)
{
    /* Texts and bytes outlive the step that reads them. */
    if (column->type == COLUMN_TEXT)
        sqlite3_bind_text(handle, place, column_text(column, row), -1, SQLITE_STATIC);
    else if (column->type == COLUMN_BYTES)
        sqlite3_bind_blob(handle, place, column_bytes(column, row), (int)column->size,
                          SQLITE_STATIC);
    else
        sqlite3_bind_int64(handle, place, column_number(column, row));
}

int sqlite_rows_read(void *self, int kind, uint64_t id, struct row *row)
{
    struct sqlite_side *side = self;
    struct statement *statement;
    struct shape shape;
    int code;
    int err;

    shape_init(&shape, ACTION_READ, kind);
    err = take(side, &shape, ACTION_READ, kind, NULL, &statement);
    if (err)
        return err;
    sqlite3_bind_int64(statement->handle, 1, (sqlite3_int64)id);
    code = sqlite3_step(statement->handle);
    if (code == SQLITE_ROW)
        err = take_row(side, statement->handle, kind, false, row);
    else if (code == SQLITE_DONE)
        err = ENOENT;
    else
        err = sqlite_side_fail(side, code);
    put_back(side, &shape, statement);
    return err;
}

static int run(struct sqlite_side *side, const struct shape *shape, struct statement *statement)
{
    int code = sqlite3_step(statement->handle);
    int err = code == SQLITE_DONE || code == SQLITE_ROW ? 0 : sqlite_side_fail(side, code);

    put_back(side, shape, statement);
    return err;
}

int sqlite_rows_write(void *self, int kind, const struct row *row, bool known)
{
    enum action action = known ? ACTION_UPDATE : ACTION_INSERT;
    const struct kind *table = row_kind(kind);
    struct sqlite_side *side = self;
    struct statement *statement;
    struct shape shape;
    int err;

    shape_init(&shape, action, kind);
    err = take(side, &shape, action, kind, NULL, &statement);
    if (err)
        return err;
    for (size_t i = 0; i < table->column_count; i++) {
        if (i == 0 || !known || column_is_changed(table, &table->columns[i]))
            bind_column(statement->handle, &table->columns[i], row, (int)i + 1);
    }
    return run(side, &shape, statement);
}

int sqlite_rows_remove(void *self, int kind, uint64_t id)
{
    struct sqlite_side *side = self;
    struct statement *statement;
    struct shape shape;
    int err;

    shape_init(&shape, ACTION_DELETE, kind);
    err = take(side, &shape, ACTION_DELETE, kind, NULL, &statement);
    if (err)
        return err;
    sqlite3_bind_int64(statement->handle, 1, (sqlite3_int64)id);
    return run(side, &shape, statement);
}

static void shape_of_scan(struct shape *shape, const struct scan *scan)
{
    shape_init(shape, ACTION_SCAN, scan->kind);
    shape_add(shape, (int)scan->order);
    shape_add(shape, scan->limit != 0);
    for (size_t i = 0; i < scan->condition_count; i++) {
        const struct condition *condition = &scan->conditions[i];
        shape_add(shape, (int)(condition->column - column_at(scan->kind, 0)));
        shape_add(shape, (int)condition->op);
        shape_add(shape, condition->column->type == COLUMN_BOOL && condition->number != 0);
    }
}

static void bind_scan(sqlite3_stmt *handle, const struct scan *scan)
{
    for (size_t i = 0; i < scan->condition_count; i++) {
        const struct condition *condition = &scan->conditions[i];
        int place = (int)i + 1;

        if (condition->op == CONDITION_PUBLISHED ||
            (condition->column->type == COLUMN_BOOL && condition->op == CONDITION_EQUAL))
            continue;
        if (condition->column->type == COLUMN_TEXT)
            sqlite3_bind_text(handle, place, condition->text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(handle, place, condition->number);
    }
    if (scan->limit) {
        sqlite3_bind_int64(handle, CONDITIONS_MAX + 1, (sqlite3_int64)scan->limit);
        sqlite3_bind_int64(handle, CONDITIONS_MAX + 2, (sqlite3_int64)scan->offset);
    }
}

int sqlite_rows_scan(void *self, const struct scan *scan, scan_fn handler, void *arg)
{
    struct sqlite_side *side = self;
    struct statement *statement;
    struct shape shape;
    struct row row;
    int code = SQLITE_DONE;
    int err;

    shape_of_scan(&shape, scan);
    err = take(side, &shape, ACTION_SCAN, scan->kind, scan, &statement);
    if (err)
        return err;
    bind_scan(statement->handle, scan);
    while (!err && (code = sqlite3_step(statement->handle)) == SQLITE_ROW) {
        err = take_row(side, statement->handle, scan->kind, true, &row);
        if (!err)
            err = handler(arg, &row);
    }
    if (!err && code != SQLITE_DONE)
        err = sqlite_side_fail(side, code);
    put_back(side, &shape, statement);
    return err;
}

int sqlite_rows_journal_append(void *self, uint64_t sequence, instant at, const void *bytes,
                               size_t size)
{
    struct sqlite_side *side = self;
    struct statement *statement;
    struct shape shape;
    int err;

    shape_init(&shape, ACTION_JOURNAL, 0);
    err = take(side, &shape, ACTION_JOURNAL, 0, NULL, &statement);
    if (err)
        return err;
    sqlite3_bind_int64(statement->handle, 1, (sqlite3_int64)sequence);
    sqlite3_bind_int64(statement->handle, 2, at);
    /* A NULL pointer would be bound as NULL, not as no bytes. */
    sqlite3_bind_blob64(statement->handle, 3, size ? bytes : "", size, SQLITE_STATIC);
    return run(side, &shape, statement);
}

int sqlite_rows_journal_each(void *self, uint64_t after, uint32_t limit, store_journal_fn row,
                             void *arg)
{
    static const char sql[] =
        "SELECT sequence, at, bytes FROM journal WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";
    struct sqlite_side *side = self;
    sqlite3_stmt *handle;
    int code = SQLITE_DONE;
    int err = prepare(side, sql, 0, &handle);

    if (err)
        return err;
    sqlite3_bind_int64(handle, 1, (sqlite3_int64)after);
    sqlite3_bind_int64(handle, 2, limit ? (sqlite3_int64)limit : -1);
    while (!err && (code = sqlite3_step(handle)) == SQLITE_ROW) {
        const void *bytes = sqlite3_column_blob(handle, 2);
        err = row(arg, (uint64_t)sqlite3_column_int64(handle, 0), sqlite3_column_int64(handle, 1),
                  bytes, (size_t)sqlite3_column_bytes(handle, 2));
    }
    if (!err && code != SQLITE_DONE)
        err = sqlite_side_fail(side, code);
    sqlite3_finalize(handle);
    return err;
}

int sqlite_rows_journal_last(void *self, uint64_t *sequence)
{
    struct sqlite_side *side = self;
    sqlite3_stmt *handle;
    int err = prepare(side, "SELECT max(sequence) FROM journal", 0, &handle);
    int code;

    if (err)
        return err;
    code = sqlite3_step(handle);
    if (code == SQLITE_ROW)
        *sequence = (uint64_t)sqlite3_column_int64(handle, 0);
    else
        err = sqlite_side_fail(side, code);
    sqlite3_finalize(handle);
    return err;
}
