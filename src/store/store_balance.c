#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/ops.h"

/*
 * The books, counted again from the rows alone and held against what was kept: attempts, leads by
 * state, imports, the campaign's own ledger; and what must be true between rows. Differences come as
 * sentences, at most so many of a kind, and how many more there are.
 */
enum { SENTENCES_MAX = 20 };

/* One attempt's share in its lead; sorted by lead to be walked beside the leads. */
struct share {
    uint64_t lead;
    bool open, counts;
};

struct balance {
    struct store *store;
    uint64_t campaign;
    store_difference_fn row;
    void *arg;
    int err;
    size_t said, unsaid;
    struct figures figures;
    struct share *shares;
    size_t share_count, share_room, share_at;
    uint64_t leads_by_state[LEAD_STATE_COUNT];
    uint64_t imported, by_hand, leads;
};

__attribute__((format(printf, 2, 3))) static void say(struct balance *balance, const char *format,
                                                      ...)
{
    char sentence[256];
    va_list args;

    if (balance->err)
        return;
    if (balance->said >= SENTENCES_MAX) {
        balance->unsaid++;
        return;
    }
    balance->said++;
    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    balance->err = balance->row(balance->arg, sentence);
}

static unsigned long long as_number(uint64_t value)
{
    return value;
}

static int add_share(struct balance *balance, const struct attempt_record *attempt)
{
    if (balance->share_count == balance->share_room) {
        size_t room = balance->share_room ? 2 * balance->share_room : 1024;
        struct share *shares = realloc(balance->shares, room * sizeof(*shares));
        if (!shares)
            return ENOMEM;
        balance->shares = shares;
        balance->share_room = room;
    }
    balance->shares[balance->share_count++] =
        (struct share){attempt->lead, attempt->open, attempt->counts};
    return 0;
}

static void check_attempt(struct balance *balance, const struct attempt_record *attempt)
{
    bool ended = attempt->state == ATTEMPT_ENDED;

    if (ended != (attempt->ended_at != 0))
        say(balance, "attempt %llu is %s but has %s end", as_number(attempt->id),
            attempt_state_name(attempt->state), attempt->ended_at ? "an" : "no");
    if (ended && attempt->result == RESULT_NONE)
        say(balance, "attempt %llu has ended without a result", as_number(attempt->id));
    if (!ended && !attempt->open)
        say(balance, "attempt %llu is %s, yet nothing hangs on it", as_number(attempt->id),
            attempt_state_name(attempt->state));
    if (attempt->result == RESULT_CONNECTED && !attempt->conversed)
        say(balance, "attempt %llu is connected, yet nobody spoke", as_number(attempt->id));
    if (attempt->conversed && !attempt->agent)
        say(balance, "attempt %llu was in a room, but of no agent", as_number(attempt->id));
}

static int see_attempt(void *arg, const struct row *row)
{
    const struct attempt_record *attempt = &row->record.of.attempt.core;
    struct balance *balance = arg;
    int err = add_share(balance, attempt);

    figures_change(&balance->figures, NULL, attempt);
    check_attempt(balance, attempt);
    return err ? err : balance->err;
}

static int compare_shares(const void *a, const void *b)
{
    const struct share *left = a;
    const struct share *right = b;

    return (left->lead > right->lead) - (left->lead < right->lead);
}

static bool is_published(struct balance *balance, uint64_t import)
{
    struct row row;

    if (!import)
        return true;
    return !store_read(balance->store, STORE_IMPORT, import, &row) &&
           row.record.of.import.state == IMPORT_PUBLISHED;
}

/* The attempts of one lead: open ones, and those that count as calls. */
static void shares_of(struct balance *balance, uint64_t lead, unsigned *open, unsigned *counts)
{
    *open = *counts = 0;
    while (balance->share_at < balance->share_count &&
           balance->shares[balance->share_at].lead < lead) {
        say(balance, "an attempt is of lead %llu, which is not there",
            as_number(balance->shares[balance->share_at].lead));
        balance->share_at++;
    }
    while (balance->share_at < balance->share_count &&
           balance->shares[balance->share_at].lead == lead) {
        *open += balance->shares[balance->share_at].open;
        *counts += balance->shares[balance->share_at].counts;
        balance->share_at++;
    }
}

static int see_lead(void *arg, const struct row *row)
{
    const struct store_lead *lead = &row->record.of.lead;
    struct balance *balance = arg;
    unsigned open, counts;

    shares_of(balance, lead->core.id, &open, &counts);
    if (!is_published(balance, lead->import))
        return balance->err;
    balance->leads++;
    balance->by_hand += lead->import == 0;
    balance->leads_by_state[lead->core.state]++;
    if (open > 1)
        say(balance, "lead %llu is in %u attempts at once", as_number(lead->core.id), open);
    if ((lead->core.state == LEAD_ATTEMPTING) != (open > 0))
        say(balance, "lead %llu is %s with %u open attempts", as_number(lead->core.id),
            lead_state_name(lead->core.state), open);
    if (lead->core.attempts != counts)
        say(balance, "lead %llu has %u calls by its own count and %u by its attempts",
            as_number(lead->core.id), lead->core.attempts, counts);
    if (lead->core.state == LEAD_ATTEMPTING && !lead->owner)
        say(balance, "lead %llu is being called by nobody", as_number(lead->core.id));
    return balance->err;
}

static int see_import(void *arg, const struct row *row)
{
    struct balance *balance = arg;

    if (row->record.of.import.state == IMPORT_PUBLISHED)
        balance->imported += row->record.of.import.imported;
    return 0;
}

static int walk(struct balance *balance, int kind, const char *column, scan_fn see)
{
    struct scan scan;

    scan_init(&scan, kind);
    scan_where(&scan, column, CONDITION_EQUAL, (int64_t)balance->campaign);
    return store_scan(balance->store, &scan, see, balance);
}

static void tell_figure(const char *figure, uint64_t kept, uint64_t counted, void *arg)
{
    say(arg, "%s: kept as %llu, counted as %llu", figure, as_number(kept), as_number(counted));
}

static void compare(struct balance *balance, const struct store_figures *kept)
{
    figures_differences(&kept->attempts, &balance->figures, tell_figure, balance);
    for (int i = 0; i < LEAD_STATE_COUNT; i++) {
        if (kept->leads_by_state[i] != balance->leads_by_state[i])
            say(balance, "leads %s: kept as %llu, counted as %llu",
                lead_state_name((enum lead_state)i), as_number(kept->leads_by_state[i]),
                as_number(balance->leads_by_state[i]));
    }
    if (balance->imported + balance->by_hand != balance->leads)
        say(balance, "imports brought %llu leads and %llu were made by hand, %llu are there",
            as_number(balance->imported), as_number(balance->by_hand), as_number(balance->leads));
}

static void say_rest(struct balance *balance)
{
    char sentence[64];

    if (!balance->unsaid || balance->err)
        return;
    snprintf(sentence, sizeof(sentence), "and %zu more differences", balance->unsaid);
    balance->err = balance->row(balance->arg, sentence);
}

int store_balance(struct store *store, campaign_id campaign, store_difference_fn row, void *arg)
{
    struct balance balance = {.store = store, .campaign = campaign, .row = row, .arg = arg};
    struct store_figures kept;
    int err = store_hold(store);

    if (err)
        return err;
    err = store_figures(store, campaign, &kept);
    if (!err)
        err = walk(&balance, STORE_IMPORT, "campaign_id", see_import);
    if (!err)
        err = walk(&balance, STORE_ATTEMPT, "campaign_id", see_attempt);
    if (!err && balance.share_count)
        qsort(balance.shares, balance.share_count, sizeof(*balance.shares), compare_shares);
    if (!err)
        err = walk(&balance, STORE_LEAD, "campaign_id", see_lead);
    if (!err) {
        unsigned open, counts;
        shares_of(&balance, UINT64_MAX, &open, &counts);
        compare(&balance, &kept);
        say_rest(&balance);
        err = balance.err;
    }
    store_let_go(store);
    free(balance.shares);
    return err;
}
