#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "core/rule_do_not_call.h"
#include "store/ops.h"

/* What a person may ask of us: not to be called, and to be forgotten. */

enum { LEADS_MAX = 256, E164_SIZE = 32 };

struct ids {
    uint64_t ids[LEADS_MAX];
    size_t count;
};

static void ids_add(struct ids *ids, uint64_t id)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->ids[i] == id)
            return;
    }
    if (ids->count < array_count(ids->ids))
        ids->ids[ids->count++] = id;
}

static int add_lead(void *arg, const struct row *row)
{
    ids_add(arg, row->record.of.lead.core.id);
    return 0;
}

static int add_number(void *arg, const struct row *row)
{
    ids_add(arg, row->record.of.lead_number.number);
    return 0;
}

/* Every number of every lead of the person. */
static int numbers_of(struct store *store, person_id person, struct ids *numbers)
{
    struct ids leads = {.count = 0};
    struct scan scan;
    int err;

    numbers->count = 0;
    scan_init(&scan, STORE_LEAD);
    scan_where(&scan, "person_id", CONDITION_EQUAL, (int64_t)person);
    err = store_scan(store, &scan, add_lead, &leads);
    for (size_t i = 0; i < leads.count && !err; i++) {
        scan_init(&scan, STORE_LEAD_NUMBER);
        scan_where(&scan, "lead_id", CONDITION_EQUAL, (int64_t)leads.ids[i]);
        err = store_scan(store, &scan, add_number, numbers);
    }
    return err;
}

static int copy_e164(void *arg, const struct row *row)
{
    slice_copy(slice_from(row->record.of.number.e164), arg, E164_SIZE);
    return 0;
}

static int forbid_number(struct store *store, number_id number, attempt_id attempt, instant now)
{
    struct store_record record = {.kind = STORE_DO_NOT_CALL};
    char e164[E164_SIZE] = "";
    struct scan scan;
    int err;

    scan_init(&scan, STORE_NUMBER);
    scan_where(&scan, "id", CONDITION_EQUAL, (int64_t)number);
    err = store_scan(store, &scan, copy_e164, e164);
    if (err || !e164[0])
        return err;
    record.of.do_not_call.e164 = e164;
    record.of.do_not_call.source = attempt ? "call" : "person";
    record.of.do_not_call.attempt = attempt;
    record.of.do_not_call.added_at = now;
    return store_put(store, &record);
}

/* The person's row with its texts left as they are, but for what `change` does to it. */
static int change_person(struct store *store, person_id person,
                         void (*change)(struct store_person *person, instant now), instant now)
{
    struct row before, row;
    int err = store_read(store, STORE_PERSON, person, &before);

    if (err == ENOENT)
        return store_fail(store, err, "no such person");
    if (err)
        return err;
    row = before;
    change(&row.record.of.person, now);
    return store_write_known(store, &before, &row);
}

static void mark(struct store_person *person, instant now)
{
    person->flags |= CONTACT_DO_NOT_CALL;
}

int store_forbid(struct store *store, number_id number, person_id person, attempt_id attempt,
                 instant now)
{
    struct ids numbers = {.count = 0};
    int err = 0;

    check(store->in_transaction);
    store->why = NULL;
    if (person) {
        err = change_person(store, person, mark, now);
        if (!err)
            err = numbers_of(store, person, &numbers);
    }
    if (number)
        ids_add(&numbers, number);
    for (size_t i = 0; i < numbers.count && !err; i++)
        err = forbid_number(store, numbers.ids[i], attempt, now);
    return err;
}

static void unmark(struct store_person *person, instant now)
{
    person->flags &= ~(uint32_t)CONTACT_DO_NOT_CALL;
}

struct holders {
    struct store *store;
    struct ids persons;
};

static int add_holder(void *arg, const struct row *row)
{
    struct holders *holders = arg;
    struct row lead;
    int err = store_read(holders->store, STORE_LEAD, row->record.of.lead_number.lead, &lead);

    if (!err)
        ids_add(&holders->persons, lead.record.of.lead.core.person);
    return err == ENOENT ? 0 : err;
}

static int add_id(void *arg, const struct row *row)
{
    ids_add(arg, row->record.of.id);
    return 0;
}

/* Is any number of the person on a list still? */
static int is_any_listed(struct store *store, person_id person, bool *listed)
{
    struct ids numbers;
    int err = numbers_of(store, person, &numbers);

    *listed = false;
    for (size_t i = 0; i < numbers.count && !err && !*listed; i++) {
        char e164[E164_SIZE] = "";
        struct scan scan;

        scan_init(&scan, STORE_NUMBER);
        scan_where(&scan, "id", CONDITION_EQUAL, (int64_t)numbers.ids[i]);
        err = store_scan(store, &scan, copy_e164, e164);
        if (!err && e164[0])
            err = store_is_forbidden(store, e164, 0, listed);
    }
    return err;
}

int store_unmark_persons(struct store *store, const char *e164)
{
    struct holders holders = {.store = store};
    struct ids numbers = {.count = 0};
    struct scan scan;
    int err;

    scan_init(&scan, STORE_NUMBER);
    scan_where_text(&scan, "e164", e164);
    err = store_scan(store, &scan, add_id, &numbers);
    for (size_t i = 0; i < numbers.count && !err; i++) {
        scan_init(&scan, STORE_LEAD_NUMBER);
        scan_where(&scan, "number_id", CONDITION_EQUAL, (int64_t)numbers.ids[i]);
        err = store_scan(store, &scan, add_holder, &holders);
    }
    for (size_t i = 0; i < holders.persons.count && !err; i++) {
        bool listed;
        err = is_any_listed(store, holders.persons.ids[i], &listed);
        if (!err && !listed)
            err = change_person(store, holders.persons.ids[i], unmark, 0);
    }
    return err;
}

static void forget(struct store_person *person, instant now)
{
    person->external_id = person->first_name = person->last_name = "";
    person->email = person->address = person->country = person->zone = "";
    person->columns = "{}";
    person->flags |= CONTACT_DO_NOT_CALL; /* nobody is there to be called any more */
    person->erased_at = now;
}

struct others {
    struct store *store;
    person_id person;
    bool found;
};

static int look_at_lead(void *arg, const struct row *row)
{
    struct others *others = arg;
    struct row lead;
    int err = store_read(others->store, STORE_LEAD, row->record.of.lead_number.lead, &lead);

    if (!err && lead.record.of.lead.core.person != others->person)
        others->found = true;
    return err == ENOENT ? 0 : err;
}

static int forget_number(struct store *store, number_id number, person_id person)
{
    struct others others = {store, person, false};
    struct row before, row;
    struct scan scan;
    int err;

    scan_init(&scan, STORE_LEAD_NUMBER);
    scan_where(&scan, "number_id", CONDITION_EQUAL, (int64_t)number);
    err = store_scan(store, &scan, look_at_lead, &others);
    if (err || others.found)
        return err;
    err = store_read(store, STORE_NUMBER, number, &before);
    if (err)
        return err;
    row = before;
    row.record.of.number.e164 = row.record.of.number.country = "";
    return store_write_known(store, &before, &row);
}

static int forget_note(struct store *store, attempt_id attempt)
{
    struct row before, row;
    int err = store_read(store, STORE_ATTEMPT, attempt, &before);

    if (err)
        return err;
    row = before;
    row.record.of.attempt.note = "";
    return store_write_known(store, &before, &row);
}

/* What agents wrote down about the person's calls. */
static int forget_notes(struct store *store, person_id person)
{
    struct ids leads = {.count = 0};
    struct scan scan;
    int err;

    scan_init(&scan, STORE_LEAD);
    scan_where(&scan, "person_id", CONDITION_EQUAL, (int64_t)person);
    err = store_scan(store, &scan, add_lead, &leads);
    for (size_t i = 0; i < leads.count && !err; i++) {
        struct ids attempts = {.count = 0};

        scan_init(&scan, STORE_ATTEMPT);
        scan_where(&scan, "lead_id", CONDITION_EQUAL, (int64_t)leads.ids[i]);
        err = store_scan(store, &scan, add_id, &attempts);
        for (size_t k = 0; k < attempts.count && !err; k++)
            err = forget_note(store, attempts.ids[k]);
    }
    return err;
}

int store_erase_person(struct store *store, person_id person, instant now)
{
    struct ids numbers;
    int err;

    check(store->in_transaction);
    store->why = NULL;
    err = change_person(store, person, forget, now);
    if (!err)
        err = forget_notes(store, person);
    if (!err)
        err = numbers_of(store, person, &numbers);
    for (size_t i = 0; i < numbers.count && !err; i++)
        err = forget_number(store, numbers.ids[i], person);
    return err;
}
