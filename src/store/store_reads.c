#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/rule_do_not_call.h"
#include "store/ops.h"

void scan_init(struct scan *scan, int kind)
{
    memset(scan, 0, sizeof(*scan));
    scan->kind = kind;
}

static struct condition *add(struct scan *scan, const char *column, enum condition_op op)
{
    struct condition *condition = &scan->conditions[scan->condition_count];

    check(scan->condition_count < CONDITIONS_MAX);
    memset(condition, 0, sizeof(*condition));
    condition->column = row_column(scan->kind, column);
    condition->op = op;
    check(condition->column);
    scan->condition_count++;
    return condition;
}

void scan_where(struct scan *scan, const char *column, enum condition_op op, int64_t number)
{
    add(scan, column, op)->number = number;
}

void scan_where_text(struct scan *scan, const char *column, const char *text)
{
    add(scan, column, CONDITION_EQUAL)->text = text ? text : "";
}

int store_scan(struct store *store, const struct scan *scan, scan_fn row, void *arg)
{
    return store->ops->scan(store->self, scan, row, arg);
}

int store_read(struct store *store, int kind, uint64_t id, struct row *row)
{
    return store->ops->read(store->self, kind, id, row);
}

/* Adds column = id for a filter that is set; false: this kind has no such column. */
static bool filter(struct scan *scan, const char *column, uint64_t id)
{
    if (!id)
        return true;
    if (!row_column(scan->kind, column))
        return false;
    scan_where(scan, column, CONDITION_EQUAL, (int64_t)id);
    return true;
}

static bool filter_times(struct scan *scan, const struct store_query *query)
{
    const char *column = row_kind((int)query->kind)->begun;

    if (!query->from && !query->until)
        return true;
    if (!column)
        return false;
    scan_where(scan, column, CONDITION_AT_LEAST, query->from);
    if (query->until)
        scan_where(scan, column, CONDITION_BELOW, query->until);
    return true;
}

static bool filter_words(struct scan *scan, const struct store_query *query)
{
    const char *column = row_kind((int)query->kind)->text;

    if (query->text) {
        if (!column)
            return false;
        scan_where_text(scan, column, query->text);
    }
    if (query->open_only) {
        if (!row_column(scan->kind, "open"))
            return false;
        scan_where(scan, "open", CONDITION_EQUAL, 1);
    }
    if (query->state != STORE_ANY) {
        if (!row_column(scan->kind, "state"))
            return false;
        scan_where(scan, "state", CONDITION_EQUAL, query->state);
    }
    return true;
}

static int scan_of_query(struct scan *scan, const struct store_query *query)
{
    scan_init(scan, row_kind((int)query->kind)->whole);
    scan->order = query->newest_first ? ORDER_NEWEST : ORDER_ID;
    scan->limit = query->limit;
    if (query->id)
        scan_where(scan, "id", CONDITION_EQUAL, (int64_t)query->id);
    if (query->after)
        scan_where(scan, "id", query->newest_first ? CONDITION_BELOW : CONDITION_ABOVE,
                   (int64_t)query->after);
    if (!filter(scan, "campaign_id", query->campaign) || !filter(scan, "list_id", query->list) ||
        !filter(scan, "lead_id", query->lead) || !filter(scan, "person_id", query->person) ||
        !filter(scan, "number_id", query->number) || !filter(scan, "agent_id", query->agent) ||
        !filter_words(scan, query) || !filter_times(scan, query))
        return EINVAL;
    if (query->kind != STORE_ATTEMPT && row_column(scan->kind, "import_id"))
        scan_where(scan, "import_id", CONDITION_PUBLISHED, 0);
    return 0;
}

struct each {
    struct store *store;
    store_row_fn row;
    void *arg;
    int answer; /* the handler's own, which stopped the walk */
};

struct copied_text {
    char *at;
    size_t size;
};

static int copy_e164(void *arg, const struct row *row)
{
    struct copied_text *copy = arg;

    slice_copy(slice_from(row->record.of.number.e164), copy->at, copy->size);
    return 0;
}

static int number_text(struct store *store, uint64_t number, char *out, size_t size)
{
    struct copied_text copy = {out, size};
    struct scan scan;

    out[0] = '\0';
    scan_init(&scan, STORE_NUMBER);
    scan_where(&scan, "id", CONDITION_EQUAL, (int64_t)number);
    return store_scan(store, &scan, copy_e164, &copy);
}

static int each_row(void *arg, const struct row *row)
{
    struct each *each = arg;

    if (row->record.kind == STORE_ATTEMPT) {
        struct store_record record = row->record;
        char e164[32];
        int err = number_text(each->store, record.of.attempt.core.number, e164, sizeof(e164));

        record.of.attempt.e164 = e164;
        return err ? err : each->row(each->arg, &record);
    }
    if (row->record.kind == STORE_CAMPAIGN) {
        struct store_record record = row->record;
        struct kept_figures *kept;
        int err = kept_figures_of(each->store, record.of.campaign.id, &kept);

        if (!err)
            record.of.campaign.ledger = kept->figures.ledger;
        return err ? err : each->row(each->arg, &record);
    }
    return each->row(each->arg, &row->record);
}

int store_each(struct store *store, const struct store_query *query, store_row_fn row, void *arg)
{
    struct each each = {.store = store, .row = row, .arg = arg};
    struct scan scan;
    int err;

    store->why = NULL;
    check(query->kind < STORE_KIND_COUNT);
    if (store->reader)
        kept_forget(store);
    err = scan_of_query(&scan, query);
    if (err)
        return store_fail(store, err, "rows of this kind cannot be asked for by that");
    return store_scan(store, &scan, each_row, &each);
}

static int found(void *arg, const struct row *row)
{
    *(bool *)arg = true;
    return 0;
}

static int is_listed(struct store *store, const char *e164, uint64_t campaign, bool *listed)
{
    struct scan scan;

    *listed = false;
    if (!*e164)
        return 0;
    scan_init(&scan, STORE_DO_NOT_CALL);
    scan_where_text(&scan, "e164", e164);
    scan_where(&scan, "campaign_id", CONDITION_EQUAL, (int64_t)campaign);
    return store_scan(store, &scan, found, listed);
}

int store_is_forbidden(struct store *store, const char *e164, campaign_id campaign, bool *forbidden)
{
    int err = is_listed(store, e164, 0, forbidden);

    store->why = NULL;
    if (!err && !*forbidden && campaign)
        err = is_listed(store, e164, campaign, forbidden);
    return err;
}

enum { E164_SIZE = 32, ZONE_SIZE = 72, COUNTRY_SIZE = 16 };

struct facts {
    struct store *store;
    struct store_lead_facts out;
    char e164[LEAD_NUMBERS_MAX][E164_SIZE];
    char zone[ZONE_SIZE], country[COUNTRY_SIZE];
};

static int take_person(void *arg, const struct row *row)
{
    struct facts *facts = arg;
    const struct store_person *person = &row->record.of.person;

    facts->out.facts.person_flags = person->flags;
    slice_copy(slice_from(person->zone), facts->zone, sizeof(facts->zone));
    slice_copy(slice_from(person->country), facts->country, sizeof(facts->country));
    return 0;
}

static int take_place(void *arg, const struct row *row)
{
    struct facts *facts = arg;
    struct lead_facts *out = &facts->out.facts;

    if (out->number_count < LEAD_NUMBERS_MAX)
        out->numbers[out->number_count++].id = row->record.of.lead_number.number;
    return 0;
}

struct number_taker {
    struct number_facts *number;
    char *e164;
};

static int take_number(void *arg, const struct row *row)
{
    struct number_taker *taker = arg;

    taker->number->flags = row->record.of.number.flags;
    slice_copy(slice_from(row->record.of.number.e164), taker->e164, E164_SIZE);
    return 0;
}

static int take_call(void *arg, const struct row *row)
{
    struct call_history *history = arg;

    if (history->recent_count < HISTORY_RECENT_MAX)
        history->recent[history->recent_count++] = row->made.called_at;
    history->lifetime++;
    return 0;
}

static int history_of(struct store *store, const char *column, uint64_t id,
                      struct call_history *history)
{
    struct scan scan;

    scan_init(&scan, STORE_ATTEMPT);
    scan_where(&scan, column, CONDITION_EQUAL, (int64_t)id);
    scan_where(&scan, "called_at", CONDITION_ABOVE, 0);
    scan.order = ORDER_CALLED;
    return store_scan(store, &scan, take_call, history);
}

static int number_facts(struct facts *facts, size_t place)
{
    struct number_facts *number = &facts->out.facts.numbers[place];
    struct number_taker taker = {number, facts->e164[place]};
    struct scan scan;
    bool everywhere = false, here = false;
    int err;

    scan_init(&scan, STORE_NUMBER);
    scan_where(&scan, "id", CONDITION_EQUAL, (int64_t)number->id);
    err = store_scan(facts->store, &scan, take_number, &taker);
    if (!err)
        err = is_listed(facts->store, facts->e164[place], 0, &everywhere);
    if (!err)
        err = is_listed(facts->store, facts->e164[place], facts->out.facts.record.campaign, &here);
    if (!err)
        err = history_of(facts->store, "number_id", number->id, &number->history);
    if (everywhere)
        number->flags |= CONTACT_DO_NOT_CALL;
    if (here)
        number->flags |= CONTACT_DO_NOT_CALL_HERE;
    if (!facts->e164[place][0])
        number->flags |= CONTACT_INVALID; /* erased: nobody can ring it */
    facts->out.e164[place] = facts->e164[place];
    return err;
}

int store_tell_facts(struct store *store, const struct lead_record *lead, store_facts_fn row,
                     void *arg)
{
    struct facts facts = {.store = store};
    struct scan scan;
    int err;

    facts.out.facts.record = *lead;
    facts.out.zone = facts.zone;
    facts.out.country = facts.country;
    scan_init(&scan, STORE_PERSON);
    scan_where(&scan, "id", CONDITION_EQUAL, (int64_t)lead->person);
    err = store_scan(store, &scan, take_person, &facts);
    if (err)
        return err;
    scan_init(&scan, STORE_LEAD_NUMBER);
    scan_where(&scan, "lead_id", CONDITION_EQUAL, (int64_t)lead->id);
    scan_where(&scan, "import_id", CONDITION_PUBLISHED, 0);
    scan.order = ORDER_PLACE;
    err = store_scan(store, &scan, take_place, &facts);
    for (size_t i = 0; i < facts.out.facts.number_count && !err; i++)
        err = number_facts(&facts, i);
    if (!err)
        err = history_of(store, "person_id", lead->person, &facts.out.facts.person_history);
    return err ? err : row(arg, &facts.out);
}

int store_lead_facts(struct store *store, lead_id lead, store_facts_fn row, void *arg)
{
    struct row found_row;
    int err;

    store->why = NULL;
    err = store_read(store, STORE_LEAD, lead, &found_row);
    if (err == ENOENT)
        return store_fail(store, err, "no such lead");
    return err ? err : store_tell_facts(store, &found_row.record.of.lead.core, row, arg);
}
