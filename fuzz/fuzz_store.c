/*
 * A database whose rows are damaged: values of any kind in any column, as a disk, an older program or a hand may have
 * left them. Every read gives rows or an error; and a server that starts on them tells what is wrong, or
 * works on, but never stops in the middle.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "desk.h"
#include "server/boot.h"
#include "store/row.h"
#include "store/sqlite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct damage {
    const uint8_t *at, *end;
    sqlite3 *db;
};

static unsigned next(struct damage *damage)
{
    return damage->at < damage->end ? *damage->at++ : 0;
}

/* A value: mostly a small number, so that rows refer to each other. */
static void add_value(struct damage *damage, const struct column *column, struct text *sql)
{
    static const char *const WORDS[] = {"NULL",
                                        "'spring'",
                                        "'+12025550100'",
                                        "''",
                                        "'{}'",
                                        "'{\"ring_timeout_s\":15}'",
                                        "-1",
                                        "9223372036854775807",
                                        "1800000000000000",
                                        "x'00ff80'",
                                        "1.5",
                                        "'7'",
                                        "'agent-1'",
                                        "2147483648",
                                        "zeroblob(5000)",
                                        "'a\nb'"};
    unsigned what = next(damage);

    if (what < 100)
        text_addf(sql, "%u", what % 7);
    else if (what < 180)
        text_add(sql, column->type == COLUMN_TEXT ? "'text'" : "1");
    else
        text_add(sql, WORDS[what % array_count(WORDS)]);
}

static void put_row(struct damage *damage, int kind)
{
    const struct kind *whole = row_kind(row_kind(kind)->whole);
    struct text sql;

    text_init(&sql);
    text_addf(&sql, "INSERT OR REPLACE INTO %s (", whole->table);
    for (size_t i = 0; i < whole->column_count; i++)
        text_addf(&sql, "%s%s", i ? "," : "", whole->columns[i].name);
    text_add(&sql, ") VALUES (");
    for (size_t i = 0; i < whole->column_count; i++) {
        text_add(&sql, i ? "," : "");
        add_value(damage, &whole->columns[i], &sql);
    }
    text_add(&sql, ")");
    sqlite3_exec(damage->db, sql.at, NULL, NULL,
                 NULL); /* what the schema itself refuses is not there */
    text_release(&sql);
}

static int look(void *arg, const struct store_record *record)
{
    unsigned *rows = arg;

    check(++*rows < 10000);
    return 0;
}

static int look_at_facts(void *arg, const struct store_lead_facts *facts)
{
    check(facts->facts.number_count <= LEAD_NUMBERS_MAX);
    return 0;
}

static void read_all(struct store *store)
{
    struct store_claim claim = {
        .campaign = 1, .owner = 1, .now = 1, .due_before = INSTANT_NEVER, .count = 4};
    unsigned rows = 0;
    bool forbidden;
    instant at;
    int err = 0;

    for (int kind = 0; kind < STORE_KIND_COUNT; kind++) {
        struct store_query query = store_query_of((enum store_kind)kind);

        err |= store_each(store, &query, look, &rows);
    }
    for (lead_id lead = 1; lead < 7; lead++)
        err |= store_lead_facts(store, lead, look_at_facts, NULL);
    err |= store_next_due(store, 1, (struct store_hours){0}, &at);
    err |= store_is_forbidden(store, "+12025550100", 1, &forbidden);
    if (store_begin(store) == 0) {
        err |= store_claim(store, &claim, look_at_facts, NULL);
        store_rollback(store);
    }
    (void)err; /* any is good: what is damaged is said to be */
}

static void remove_database(void)
{
    char command[100];

    snprintf(command, sizeof(command), "rm -f /tmp/outdial-fuzz-%d.db*", (int)getpid());
    check(system(command) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct damage damage = {data, data + size, NULL};
    static struct desk desk;
    static bool begun;
    char path[64], why[256] = "";
    struct store *store;

    if (!begun)
        check(atexit(remove_database) == 0);
    begun = true;
    snprintf(path, sizeof(path), "/tmp/outdial-fuzz-%d.db", (int)getpid());
    unlink(path);
    check(store_open_sqlite(&store, path, STORE_OWNER, why, sizeof(why)) == 0);
    damage.db = sqlite_side_of(store)->db;
    sqlite3_exec(damage.db,
                 "PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA "
                 "ignore_check_constraints=ON; BEGIN",
                 NULL, NULL, NULL);
    while (damage.at < damage.end)
        put_row(&damage, (int)(next(&damage) % STORE_KIND_COUNT));
    sqlite3_exec(damage.db, "COMMIT", NULL, NULL, NULL);
    read_all(store);
    if (desk_open_on(&desk, store)) {
        desk_wait(&desk, 20 * SECOND);
        desk_close(&desk);
    }
    return 0;
}
