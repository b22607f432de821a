#include "cli/journal_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/journal.h"

struct comparing {
    const struct fold *fold;
    struct store *store;
    struct journal_rows *rows;
    journal_rows_tell tell;
    void *arg;
    uint64_t known_attempts;
};

__attribute__((format(printf, 2, 3))) static void differs(struct comparing *now, const char *format,
                                                          ...)
{
    char sentence[300];
    va_list list;

    va_start(list, format);
    vsnprintf(sentence, sizeof(sentence), format, list);
    va_end(list);
    ++now->rows->differences;
    now->tell(now->arg, sentence);
}

static int see_attempt(void *arg, const struct store_record *record)
{
    struct comparing *now = arg;
    const struct attempt_record *row = &record->of.attempt.core;
    const struct fold_attempt *known = table_get_id(&now->fold->attempts, row->id);

    if (!known && now->fold->partial)
        return 0;
    ++now->rows->attempts;
    if (!known) {
        differs(now, "attempt %" PRIu64 " is in the store, and not in the journal", row->id);
        return 0;
    }
    ++now->known_attempts;
    if (!journal_same_attempt(row, &known->record))
        differs(now, "attempt %" PRIu64 ": the store has %s (%s), the journal %s (%s)", row->id,
                attempt_state_name(row->state), attempt_result_name(row->result),
                attempt_state_name(known->record.state), attempt_result_name(known->record.result));
    return 0;
}

static int see_agent(void *arg, const struct store_record *record)
{
    struct comparing *now = arg;
    const struct agent_record *row = &record->of.agent.core;
    const struct fold_agent *known = table_get_id(&now->fold->agents, row->id);

    if (!known)
        return 0; /* never seen at work */
    ++now->rows->agents;
    if (!journal_same_agent(row, &known->record))
        differs(now,
                "agent %" PRIu64 ": the store has %s (version %" PRIu64 "), the journal %s "
                "(version %" PRIu64 ")",
                row->id, agent_activity_name(row->activity), row->version,
                agent_activity_name(known->record.activity), known->record.version);
    return 0;
}

static int see_campaign(void *arg, const struct store_record *record)
{
    struct comparing *now = arg;
    const struct store_campaign *row = &record->of.campaign;
    const struct fold_campaign *known = table_get_id(&now->fold->campaigns, row->id);

    if (!known)
        return 0; /* as it was made */
    ++now->rows->campaigns;
    if (row->state != known->state)
        differs(now, "campaign %" PRIu64 ": the store has %s, the journal %s", row->id,
                campaign_state_name(row->state), campaign_state_name(known->state));
    return 0;
}

static int keep(void *arg, const struct store_record *record)
{
    *(struct store_record *)arg = *record;
    return 0;
}

/* One row by its id; its texts are not for keeping. false: there is none, or *err is set. */
static bool find(struct comparing *now, enum store_kind kind, uint64_t id,
                 struct store_record *record, int *err)
{
    struct store_query query = store_query_of(kind);

    query.id = id;
    record->of.id = 0;
    *err = store_each(now->store, &query, keep, record);
    return !*err && record->of.id == id;
}

static int compare_leads(struct comparing *now)
{
    struct table_slot *slot;
    size_t at = 0;
    int err = 0;

    while (!err && (slot = table_next(&now->fold->leads, &at))) {
        const struct lead_record *known = slot->value;
        struct store_record record;

        if (!find(now, STORE_LEAD, known->id, &record, &err)) {
            if (!err)
                differs(now, "lead %" PRIu64 " is in the journal, and not in the store", known->id);
            continue;
        }
        struct lead_record row = record.of.lead.core;

        row.released = known->released;
        row.priority = known->priority;
        if (row.state == LEAD_HELD)
            row.due_at = known->due_at;
        ++now->rows->leads;
        if (!journal_same_lead(&row, known))
            differs(now,
                    "lead %" PRIu64 ": the store has %s with %u attempts, the journal %s with "
                    "%u",
                    known->id, lead_state_name(row.state), (unsigned)row.attempts,
                    lead_state_name(known->state), (unsigned)known->attempts);
    }
    return err;
}

static int compare_reservations(struct comparing *now)
{
    struct table_slot *slot;
    size_t at = 0;
    int err = 0;

    while (!err && (slot = table_next(&now->fold->agents, &at))) {
        const struct reservation_record *known = &((struct fold_agent *)slot->value)->reservation;
        struct store_record record;

        if (!known->id)
            continue;
        if (find(now, STORE_RESERVATION, known->id, &record, &err)) {
            ++now->rows->reservations;
            if (!journal_same_reservation(&record.of.reservation, known))
                differs(now, "reservation %" PRIu64 ": the store has %s, the journal %s", known->id,
                        reservation_status_name(record.of.reservation.status),
                        reservation_status_name(known->status));
        } else if (!err) {
            differs(now, "reservation %" PRIu64 " is in the journal, and not in the store",
                    known->id);
        }
    }
    return err;
}

struct figure_of {
    struct comparing *now;
    uint64_t campaign;
};

static void figure_differs(const char *figure, uint64_t a, uint64_t b, void *arg)
{
    const struct figure_of *of = arg;

    differs(of->now,
            "campaign %" PRIu64 ", %s: %" PRIu64 " in the store, %" PRIu64 " in the journal",
            of->campaign, figure, a, b);
}

static int compare_figures(struct comparing *now)
{
    struct table_slot *slot;
    size_t at = 0;
    int err = 0;

    while (!err && (slot = table_next(&now->fold->campaigns, &at))) {
        const struct fold_campaign *known = slot->value;
        struct figure_of of = {now, known->id};
        struct store_figures kept;
        struct figures folded;

        err = store_figures(now->store, known->id, &kept);
        if (err)
            break;
        fold_figures(now->fold, known->id, &folded);
        figures_differences(&kept.attempts, &folded, figure_differs, &of);
    }
    return err;
}

static int each(struct comparing *now, enum store_kind kind, store_row_fn row)
{
    struct store_query query = store_query_of(kind);

    return store_each(now->store, &query, row, now);
}

int journal_rows_compare(const struct fold *fold, struct store *store, struct journal_rows *rows,
                         journal_rows_tell tell, void *arg)
{
    struct comparing now = {.fold = fold, .store = store, .rows = rows, .tell = tell, .arg = arg};
    int err;

    *rows = (struct journal_rows){.differences = 0};
    err = each(&now, STORE_CAMPAIGN, see_campaign);
    if (!err)
        err = each(&now, STORE_AGENT, see_agent);
    if (!err)
        err = each(&now, STORE_ATTEMPT, see_attempt);
    if (!err && now.known_attempts != fold->attempts.count)
        differs(&now, "the journal has %zu attempts, the store %" PRIu64 " of them",
                fold->attempts.count, now.known_attempts);
    if (!err)
        err = compare_leads(&now);
    if (!err)
        err = compare_reservations(&now);
    return err || fold->partial ? err : compare_figures(&now);
}
