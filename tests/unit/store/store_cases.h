#ifndef TESTS_STORE_CASES_H
#define TESTS_STORE_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "store/store.h"

/* What the tests of the store share: a store of either side in an own folder, and short ways to fill it. */
enum { NODE = 7 };

struct store_case {
    bool in_memory;
    char folder[64], path[96];
    struct store *store;
};

static inline struct store_case *case_new(bool in_memory)
{
    struct store_case *here = calloc(1, sizeof(*here));
    char why[300] = "";
    int err;

    assert_non_null(here);
    here->in_memory = in_memory;
    snprintf(here->folder, sizeof(here->folder), "/tmp/outdial-store-XXXXXX");
    assert_non_null(mkdtemp(here->folder));
    snprintf(here->path, sizeof(here->path), "%s/outdial.db", here->folder);
    err = in_memory ? store_open_memory(&here->store)
                    : store_open_sqlite(&here->store, here->path, STORE_OWNER, why, sizeof(why));
    if (err)
        print_message("%s\n", why);
    assert_int_equal(err, 0);
    return here;
}

static inline void case_free(struct store_case *here)
{
    static const char *const names[] = {"", "-wal", "-shm", ".lock"};

    store_close(here->store);
    for (size_t i = 0; i < array_count(names); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", here->path, names[i]);
        unlink(path);
    }
    rmdir(here->folder);
    free(here);
}

static inline void ok(struct store *store, int err)
{
    if (err)
        print_message("error %d: %s\n", err, store_why(store));
    assert_int_equal(err, 0);
}

static inline void put(struct store *store, struct store_record *record)
{
    ok(store, store_begin(store));
    ok(store, store_put(store, record));
    ok(store, store_commit(store));
}

static inline uint64_t new_campaign(struct store *store, const char *name)
{
    struct store_record record = {.kind = STORE_CAMPAIGN};

    record.of.campaign.name = name;
    record.of.campaign.settings = "{}";
    record.of.campaign.state = CAMPAIGN_RUNNING;
    put(store, &record);
    return record.of.id;
}

static inline uint64_t new_list(struct store *store, uint64_t campaign, const char *name)
{
    struct store_record record = {.kind = STORE_LIST};

    record.of.list.campaign = campaign;
    record.of.list.name = name;
    record.of.list.country = "DE";
    put(store, &record);
    return record.of.id;
}

static inline uint64_t new_import(struct store *store, uint64_t campaign, uint64_t list)
{
    struct store_record record = {.kind = STORE_IMPORT};

    record.of.import.campaign = campaign;
    record.of.import.list = list;
    record.of.import.file_name = "people.csv";
    record.of.import.file_hash = "00";
    record.of.import.begun_at = 1 * SECOND;
    put(store, &record);
    return record.of.id;
}

static inline struct store_import_row import_row(uint64_t line, const char *e164)
{
    struct store_import_row row = {.line = line, .first_name = "Ada", .priority = PRIORITY_NORMAL};

    row.numbers[0].e164 = e164;
    row.numbers[0].country = "DE";
    row.numbers[0].valid = true;
    row.number_count = 1;
    return row;
}

static inline void publish(struct store *store, uint64_t import, uint64_t imported)
{
    struct store_import record = {.id = import, .imported = imported, .ended_at = 2 * SECOND};

    ok(store, store_import_publish(store, &record));
}

/* So many leads, "+4930000001" and on, published. */
static inline uint64_t import_leads(struct store *store, uint64_t campaign, unsigned first,
                                    unsigned count)
{
    uint64_t import = new_import(store, campaign, 1);

    for (unsigned i = 0; i < count; i++) {
        char e164[20];
        struct store_import_row row;
        snprintf(e164, sizeof(e164), "+4930%06u", first + i);
        row = import_row(i + 2, e164);
        ok(store, store_import_rows(store, import, &row, 1));
        assert_int_equal(row.outcome, IMPORT_ROW_NEW);
    }
    publish(store, import, count);
    return import;
}

/* Facts, copied as they are told. */
struct told {
    size_t count;
    struct lead_facts facts[64];
    char e164[64][LEAD_NUMBERS_MAX][32];
    char zone[64][64];
};

static inline int tell(void *arg, const struct store_lead_facts *facts)
{
    struct told *told = arg;

    assert_true(told->count < array_count(told->facts));
    told->facts[told->count] = facts->facts;
    for (size_t i = 0; i < facts->facts.number_count; i++)
        slice_copy(slice_from(facts->e164[i]), told->e164[told->count][i], 32);
    slice_copy(slice_from(facts->zone), told->zone[told->count], 64);
    told->count++;
    return 0;
}

/* Every region is open. */
#define ALWAYS ((struct store_hours){0})

static inline void claim(struct store *store, uint64_t campaign, instant now, uint32_t count,
                         struct told *told)
{
    struct store_claim claim = {
        .campaign = campaign, .owner = NODE, .now = now, .due_before = now, .count = count};

    memset(told, 0, sizeof(*told));
    ok(store, store_begin(store));
    ok(store, store_claim(store, &claim, tell, told));
    ok(store, store_commit(store));
}

/* The core's record of a lead, put back changed. */
static inline void put_lead(struct store *store, const struct lead_record *lead)
{
    struct store_record record = {.kind = STORE_LEAD};

    record.of.lead.core = *lead;
    put(store, &record);
}

static inline struct attempt_record attempt_of(uint64_t id, const struct lead_facts *facts,
                                               instant now)
{
    return (struct attempt_record){
        .id = id,
        .campaign = facts->record.campaign,
        .lead = facts->record.id,
        .person = facts->record.person,
        .number = facts->numbers[0].id,
        .open = true,
        .hello_us = -1,
        .planned_at = now,
    };
}

static inline void put_attempt(struct store *store, const struct attempt_record *attempt,
                               const char *sid)
{
    struct store_record record = {.kind = STORE_ATTEMPT};

    record.of.attempt.core = *attempt;
    record.of.attempt.call_sid = sid;
    put(store, &record);
}

static inline int count_record(void *arg, const struct store_record *record)
{
    ++*(size_t *)arg;
    return 0;
}

static inline size_t count_of(struct store *store, struct store_query query)
{
    size_t count = 0;

    ok(store, store_each(store, &query, count_record, &count));
    return count;
}

static inline int copy_record(void *arg, const struct store_record *record)
{
    *(struct store_record *)arg = *record;
    return 0;
}

/* Differences, printed and counted. */
static inline int print_difference(void *arg, const char *difference)
{
    print_message("difference: %s\n", difference);
    ++*(size_t *)arg;
    return 0;
}

static inline void balances(struct store *store, uint64_t campaign)
{
    size_t differences = 0;

    ok(store, store_balance(store, campaign, print_difference, &differences));
    assert_int_equal(differences, 0);
}

#endif
