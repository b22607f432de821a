#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "store/ops.h"

/* Lists coming in: written under an import that nobody sees until its own row says published. */

enum { DROP_STEP = 200 };

struct known_number {
    uint64_t number; /* 0: never seen */
    uint64_t lead;   /* of this campaign; 0: none */
};

static int note_id(void *arg, const struct row *row)
{
    *(uint64_t *)arg = row->record.of.id;
    return 0;
}

static int note_lead(void *arg, const struct row *row)
{
    *(uint64_t *)arg = row->record.of.lead_number.lead;
    return 0;
}

static int find_number(struct store *store, const char *e164, uint64_t campaign,
                       struct known_number *known)
{
    struct scan scan;
    int err;

    memset(known, 0, sizeof(*known));
    scan_init(&scan, STORE_NUMBER);
    scan_where_text(&scan, "e164", e164);
    err = store_scan(store, &scan, note_id, &known->number);
    if (err || !known->number)
        return err;
    scan_init(&scan, STORE_LEAD_NUMBER);
    scan_where(&scan, "number_id", CONDITION_EQUAL, (int64_t)known->number);
    scan_where(&scan, "campaign_id", CONDITION_EQUAL, (int64_t)campaign);
    return store_scan(store, &scan, note_lead, &known->lead);
}

static int new_number(struct store *store, const struct store_import_number *from,
                      struct known_number *known)
{
    struct row row = {.record = {.kind = STORE_NUMBER}};
    int err;

    if (known->number)
        return 0;
    row.record.of.number.e164 = from->e164;
    row.record.of.number.country = from->country;
    row.record.of.number.flags = from->flags;
    row.record.of.number.type = from->type;
    row.record.of.number.valid = from->valid;
    err = store_write_new(store, &row);
    known->number = row.record.of.id;
    return err;
}

static int new_place(struct store *store, const struct store_import *import, uint64_t lead,
                     uint64_t number, uint32_t place)
{
    struct row row = {.record = {.kind = STORE_LEAD_NUMBER}};

    row.record.of.lead_number.lead = lead;
    row.record.of.lead_number.number = number;
    row.record.of.lead_number.campaign = import->campaign;
    row.record.of.lead_number.import = import->id;
    row.record.of.lead_number.place = place;
    return store_write_new(store, &row);
}

static int new_person(struct store *store, const struct store_import *import,
                      const struct store_import_row *from, uint64_t *id)
{
    struct row row = {.record = {.kind = STORE_PERSON}};
    struct store_person *person = &row.record.of.person;
    int err;

    person->external_id = from->external_id;
    person->first_name = from->first_name;
    person->last_name = from->last_name;
    person->email = from->email;
    person->address = from->address;
    person->country = from->country;
    person->zone = from->zone;
    person->columns = from->columns ? from->columns : "{}";
    person->import = import->id;
    err = store_write_new(store, &row);
    *id = person->id;
    return err;
}

static int new_lead(struct store *store, const struct store_import *import,
                    struct store_import_row *from, struct known_number *known)
{
    struct row row = {.record = {.kind = STORE_LEAD}};
    struct store_lead *lead = &row.record.of.lead;
    int err = new_person(store, import, from, &lead->core.person);

    lead->core.campaign = import->campaign;
    lead->core.state = LEAD_FRESH;
    lead->core.priority = from->priority;
    lead->core.released = true;
    lead->list = import->list;
    lead->import = import->id;
    lead->line = from->line;
    if (!err)
        err = kept_region_of(store, from->region ? from->region : "", &lead->region);
    if (!err)
        err = store_write_new(store, &row);
    for (uint32_t i = 0; i < from->number_count && !err; i++) {
        err = new_number(store, &from->numbers[i], &known[i]);
        if (!err)
            err = new_place(store, import, lead->core.id, known[i].number, i);
    }
    from->outcome = IMPORT_ROW_NEW;
    from->lead = lead->core.id;
    return err;
}

static int count_place(void *arg, const struct row *row)
{
    uint32_t *next = arg;

    if (row->record.of.lead_number.place >= *next)
        *next = row->record.of.lead_number.place + 1;
    return 0;
}

/* The row's new numbers go to the lead that has one of the others already. */
static int merge_row(struct store *store, const struct store_import *import,
                     struct store_import_row *from, struct known_number *known)
{
    uint32_t next = 0;
    struct scan scan;
    int err;

    scan_init(&scan, STORE_LEAD_NUMBER);
    scan_where(&scan, "lead_id", CONDITION_EQUAL, (int64_t)from->lead);
    err = store_scan(store, &scan, count_place, &next);
    for (uint32_t i = 0; i < from->number_count && !err; i++) {
        if (known[i].lead || next >= LEAD_NUMBERS_MAX)
            continue;
        err = new_number(store, &from->numbers[i], &known[i]);
        if (!err)
            err = new_place(store, import, from->lead, known[i].number, next++);
        from->outcome = IMPORT_ROW_MERGED;
    }
    return err;
}

/* New numbers that lie elsewhere: the lead is now claimed at any hour, and the rules have their say then. */
static int widen_region(struct store *store, const char *zones, const struct row *before)
{
    struct row row = *before;
    uint64_t region;
    int err = kept_region_of(store, zones, &region);

    if (err || region == before->record.of.lead.region || !before->record.of.lead.region)
        return err;
    row.record.of.lead.region = 0;
    return store_write_known(store, before, &row);
}

static bool is_repeated(const struct store_import_row *row, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        if (strcmp(row->numbers[i].e164, row->numbers[index].e164) == 0)
            return true;
    }
    return false;
}

/* The same number twice in one row is one number. */
static void drop_repeated(struct store_import_row *row)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < row->number_count; i++) {
        if (!is_repeated(row, i))
            row->numbers[count++] = row->numbers[i];
    }
    row->number_count = count;
}

static int import_row(struct store *store, const struct store_import *import,
                      struct store_import_row *row)
{
    struct known_number known[LEAD_NUMBERS_MAX];
    struct row lead;
    int err = 0;

    check(row->number_count >= 1 && row->number_count <= LEAD_NUMBERS_MAX);
    drop_repeated(row);
    row->lead = row->other_line = row->other_import = 0;
    for (uint32_t i = 0; i < row->number_count && !err; i++) {
        err = find_number(store, row->numbers[i].e164, import->campaign, &known[i]);
        if (!row->lead)
            row->lead = known[i].lead;
    }
    if (err)
        return err;
    if (!row->lead)
        return new_lead(store, import, row, known);
    row->outcome = IMPORT_ROW_DUPLICATE;
    err = store_read(store, STORE_LEAD, row->lead, &lead);
    if (!err) {
        row->other_line = lead.record.of.lead.line;
        row->other_import = lead.record.of.lead.import;
        err = merge_row(store, import, row, known);
    }
    if (!err && row->outcome == IMPORT_ROW_MERGED)
        err = widen_region(store, row->region ? row->region : "", &lead);
    return err;
}

static int read_writing(struct store *store, uint64_t id, struct row *import)
{
    int err = store_read(store, STORE_IMPORT, id, import);

    if (err == ENOENT)
        return store_fail(store, err, "no such import");
    if (!err && import->record.of.import.state != IMPORT_WRITING)
        return store_fail(store, EINVAL, "this import is not being written");
    return err;
}

int store_import_rows(struct store *store, uint64_t import, struct store_import_row *rows,
                      size_t count)
{
    struct row row;
    int err = store_begin_relaxed(store);

    if (err)
        return err;
    err = read_writing(store, import, &row);
    for (size_t i = 0; i < count && !err; i++)
        err = import_row(store, &row.record.of.import, &rows[i]);
    if (!err)
        err = store_commit(store);
    if (err)
        store_rollback(store);
    return err;
}

int store_import_publish(struct store *store, const struct store_import *import)
{
    struct row before, row = {.record = {.kind = STORE_IMPORT, .of.import = *import}};
    struct store_import *to = &row.record.of.import;
    int err = store_begin(store);

    if (err)
        return err;
    err = read_writing(store, import->id, &before);
    if (!err) {
        to->state = IMPORT_PUBLISHED;
        to->campaign = before.record.of.import.campaign;
        to->list = before.record.of.import.list;
        to->begun_at = before.record.of.import.begun_at;
        err = store_write_known(store, &before, &row);
    }
    if (!err)
        err = store_commit(store);
    if (err)
        store_rollback(store);
    return err;
}

struct drop_ids {
    uint64_t ids[DROP_STEP], others[DROP_STEP];
    size_t count;
};

static int add_lead(void *arg, const struct row *row)
{
    struct drop_ids *drop = arg;

    drop->ids[drop->count] = row->record.of.lead.core.id;
    drop->others[drop->count++] = row->record.of.lead.core.person;
    return 0;
}

static int add_place(void *arg, const struct row *row)
{
    struct drop_ids *drop = arg;

    drop->ids[drop->count] = row->record.of.lead_number.id;
    drop->others[drop->count++] = row->record.of.lead_number.number;
    return 0;
}

static int found(void *arg, const struct row *row)
{
    *(bool *)arg = true;
    return 0;
}

/* A number that is in no lead any more and was never called was only this import's. */
static int drop_number(struct store *store, uint64_t number)
{
    struct scan scan;
    bool used = false;
    int err;

    scan_init(&scan, STORE_LEAD_NUMBER);
    scan_where(&scan, "number_id", CONDITION_EQUAL, (int64_t)number);
    scan.limit = 1;
    err = store_scan(store, &scan, found, &used);
    if (!err && !used) {
        scan_init(&scan, STORE_ATTEMPT);
        scan_where(&scan, "number_id", CONDITION_EQUAL, (int64_t)number);
        scan_where(&scan, "called_at", CONDITION_ABOVE, 0);
        scan.order = ORDER_CALLED;
        scan.limit = 1;
        err = store_scan(store, &scan, found, &used);
    }
    if (!err && !used)
        err = store_drop(store, STORE_NUMBER, number);
    return err == ENOENT ? 0 : err;
}

static int drop_of(struct store *store, uint64_t import, int kind, scan_fn add,
                   struct drop_ids *drop)
{
    struct scan scan;

    drop->count = 0;
    scan_init(&scan, kind);
    scan_where(&scan, "import_id", CONDITION_EQUAL, (int64_t)import);
    scan.limit = DROP_STEP;
    return store_scan(store, &scan, add, drop);
}

/* First the places of numbers, then leads with their persons; *more when a step was full. */
static int drop_step(struct store *store, uint64_t import, bool *more)
{
    struct drop_ids drop;
    int err = drop_of(store, import, STORE_LEAD_NUMBER, add_place, &drop);

    *more = drop.count > 0;
    for (size_t i = 0; i < drop.count && !err; i++) {
        err = store_drop(store, STORE_LEAD_NUMBER, drop.ids[i]);
        if (!err)
            err = drop_number(store, drop.others[i]);
    }
    if (err || *more)
        return err;
    err = drop_of(store, import, STORE_LEAD, add_lead, &drop);
    *more = drop.count > 0;
    for (size_t i = 0; i < drop.count && !err; i++) {
        err = store_drop(store, STORE_LEAD, drop.ids[i]);
        if (!err)
            err = store_drop(store, STORE_PERSON, drop.others[i]);
    }
    return err;
}

/* Only when nothing is left: a crash half way finds it WRITING, and goes on. */
static int mark_failed(struct store *store, const struct row *before)
{
    struct row row = *before;

    row.record.of.import.state = IMPORT_FAILED;
    return store_write_known(store, before, &row);
}

int store_import_drop(struct store *store, uint64_t import, bool *more)
{
    struct row row;
    int err = store_begin_relaxed(store);

    if (err)
        return err;
    *more = false;
    err = store_read(store, STORE_IMPORT, import, &row);
    if (err == ENOENT)
        store_fail(store, err, "no such import");
    else if (!err && row.record.of.import.state == IMPORT_PUBLISHED)
        err = store_fail(store, EINVAL, "a published import is not taken back");
    if (!err)
        err = drop_step(store, import, more);
    if (!err && !*more)
        err = mark_failed(store, &row);
    if (!err)
        err = store_commit(store);
    if (err)
        store_rollback(store);
    return err;
}
