#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/instant.h"
#include "store/record.h"

/*
 * What Outdial remembers. Synchronous; one thread (the store thread) owns a store and makes every
 * call on it. Two sides stand behind the same contract: SQLite in the data folder, and memory.
 *
 *   err = store_open_sqlite(&store, "DIR/outdial.db", STORE_OWNER, why, sizeof(why));
 *
 *   err = store_begin(store);                     group commit: everything of one turn of the store
 *   err = store_put(store, &record);              thread in one transaction, any number of puts
 *   err = store_commit(store);                    on disk (synchronous=FULL) when it returns 0
 *
 *   store_close(store);
 *
 * Errors are errno values, with store_why() the sentence: ENOSPC disk full, EROFS read-only, EIO,
 * EBADMSG the file is damaged, EBUSY somebody else has it open, EEXIST something unique is taken,
 * ENOENT no such row, EINVAL, ENOMEM. A failed put or commit leaves the transaction to be ended by
 * store_rollback; after that nothing of it is there. store_put outside begin/commit is our own
 * mistake.
 *
 * Figures (leads by state, results, ...) are kept with every put in the same transaction;
 * store_balance counts everything again and names the differences.
 */
struct store;

enum store_use {
    STORE_OWNER,  /* the one writer; makes or migrates the file; refused while another owner has it
                   */
    STORE_READER, /* reads beside the owner, e.g. a report in a worker; never makes or changes a
                     file */
};

/* 0, or an errno and why = "cannot open 'PATH': reason". */
int store_open_sqlite(struct store **storep, const char *path, enum store_use use, char *why,
                      size_t why_size) must_check;
int store_open_memory(struct store **storep) must_check; /* 0, ENOMEM */
void store_close(struct store *store);            /* NULL is fine; an open transaction is dropped */
const char *store_why(const struct store *store); /* of the last call that failed */

int store_begin(struct store *store) must_check;
int store_commit(struct store *store) must_check;
void store_rollback(struct store *store);

/*
 * Writes a record whole: new, or in place of the one with its id. id 0: the store gives the
 * next one and writes it into *record. Text pointers are read during the call only; NULL is "".
 * A number put on the same do-not-call list twice is no error: the older row stays, its id is
 * given.
 */
int store_put(struct store *store, struct store_record *record) must_check;
/* Takes a record out; ENOENT when it is not there. For do-not-call rows, tokens, agents,
 * dispositions. */
int store_remove(struct store *store, enum store_kind kind, uint64_t id) must_check;
/* Forgets who somebody is: names, numbers, columns go; ids, times and results stay. */
int store_erase_person(struct store *store, uint64_t person, instant now) must_check;

/*
 * Reads. Rows come in ascending id (unless said otherwise) and live until the handler returns;
 * its non-zero answer stops the walk and is returned.
 */
typedef int (*store_row_fn)(void *arg, const struct store_record *record);

struct store_query {
    enum store_kind kind;
    uint64_t id;                                  /* this one only */
    uint64_t after;                               /* ids above it: the cursor of a page */
    uint32_t limit;                               /* 0: no limit */
    uint64_t campaign, list, lead, person, agent; /* 0: any */
    int state;         /* STORE_ANY, or of leads, attempts, imports, campaigns */
    const char *text;  /* NULL: any. A number's E.164, a campaign's, agent's or list's name, a
                        * token's  hash, a meta key, an import's file hash, a call sid */
    instant from, to;  /* attempts, activities: begun in [from, to); to 0: no end */
    bool newest_first; /* descending; `after` then is the id to come below, 0: from the top */
};

enum { STORE_ANY = -1 };

static inline struct store_query store_query_of(enum store_kind kind)
{
    return (struct store_query){.kind = kind, .state = STORE_ANY};
}

int store_each(struct store *store, const struct store_query *query, store_row_fn row,
               void *arg) must_check;
/* The highest id given so far of a kind, 0 for none: the core counts attempts on from here. */
int store_last_id(struct store *store, enum store_kind kind, uint64_t *id) must_check;

/*
 * Claims: the next `count` due leads of a running campaign, highest priority first, then longest
 * due. Claimed leads are the claimer's (a lease: owner and time in the lead) until put again with
 * owner 0 or released. Inside begin/commit. Cost does not grow with the table. Of every lead all
 * that is needed to decide: numbers in order with attempts and do-not-call, made ready as the row
 * handler is called.
 */
enum { STORE_NUMBERS_MAX = 8 };

struct store_claim_number {
    uint64_t number;
    const char *e164;           /* "" once erased */
    uint32_t flags;             /* STORE_NUMBER_... */
    uint8_t type;               /* enum phone_number_type */
    bool do_not_call;           /* listed, for this campaign or for all */
    uint32_t attempts_lead;     /* of this lead on this number */
    uint32_t attempts_today;    /* since claim.day_began, any campaign */
    uint32_t attempts_24h;      /* before claim.now, any campaign */
    uint32_t attempts_lifetime; /* any campaign */
    instant last_attempt_at;    /* 0: never */
};

struct store_claim_lead {
    struct store_lead lead; /* as it stands after the claim */
    struct store_claim_number numbers[STORE_NUMBERS_MAX];
    uint32_t number_count;
    uint32_t person_attempts_today, person_attempts_24h, person_attempts_lifetime;
    instant person_last_attempt_at;
    const char *zone;    /* the time zone stated for the person, "" */
    const char *country; /* the country stated, "" */
};

struct store_claim {
    uint64_t campaign;
    uint64_t owner; /* who claims: the node's id, not 0 */
    instant now;
    instant day_began; /* where "today" begins */
    uint32_t count;
};

typedef int (*store_claim_fn)(void *arg, const struct store_claim_lead *lead);

int store_claim(struct store *store, const struct store_claim *claim, store_claim_fn row,
                void *arg) must_check;
/* The same facts of one lead, without claiming: a manual dial, a callback, a lead shown. ENOENT. */
int store_lead_facts(struct store *store, uint64_t lead, instant now, instant day_began,
                     store_claim_fn row, void *arg) must_check;
/* At start: every lead still claimed by this owner, with its facts (claim.campaign 0: all). They
 * stay claimed: an attempt of theirs may be under way and is to be recovered first. */
int store_claimed(struct store *store, const struct store_claim *claim, store_claim_fn row,
                  void *arg) must_check;
/* Gives back leads claimed by the owner before `before` that have no open attempt. Inside
 * begin/commit. */
int store_release_claims(struct store *store, uint64_t owner, instant before,
                         uint64_t *released) must_check;
/* When the campaign's next unclaimed lead falls due (INSTANT_NEVER: none): the shell's alarm. */
int store_next_due(struct store *store, uint64_t campaign, instant *at) must_check;
bool store_is_do_not_call(struct store *store, const char *e164, uint64_t campaign, int *err);

/*
 * Imports. Rows are written in short transactions under an import that is not yet published;
 * publishing is one row's change; dropping takes everything away again in short steps.
 *
 *   put an import record (state WRITING), commit
 *   store_import_rows(...)                 own transaction each; some hundred rows
 *   store_import_publish(...)              own transaction
 *   or store_import_drop(...) until *more is false; also at start for imports found WRITING
 */
enum store_import_outcome {
    IMPORT_ROW_NEW,    /* a person and a lead were made */
    IMPORT_ROW_MERGED, /* some numbers were known in this campaign: the others went to that lead */
    IMPORT_ROW_DUPLICATE, /* every number is known in this campaign already: nothing changed */
};

struct store_import_number {
    const char *e164;
    const char *country;
    uint32_t flags;
    uint8_t type;
};

struct store_import_row {
    uint64_t line;
    const char *external_id, *first_name, *last_name, *email, *address, *country, *zone;
    const char *columns; /* JSON object of every other column */
    int32_t priority;
    struct store_import_number numbers[STORE_NUMBERS_MAX];
    uint32_t number_count; /* at least 1 */
    /* answered: */
    enum store_import_outcome outcome;
    uint64_t lead;         /* made, or the one that has the number */
    uint64_t other_line;   /* DUPLICATE, MERGED: the line of this file that had it first, 0: another
                              list's */
    uint64_t other_import; /* and the import that brought it */
};

int store_import_rows(struct store *store, uint64_t import, instant now,
                      struct store_import_row *rows, size_t count) must_check;
/* Sets the counts of the record and its state PUBLISHED. EINVAL unless it was WRITING. */
int store_import_publish(struct store *store, const struct store_import *import) must_check;
int store_import_drop(struct store *store, uint64_t import, bool *more) must_check;

/* Journal: append-only blobs, numbered 1, 2, ... without a gap. Inside begin/commit. */
int store_journal_append(struct store *store, instant at, const void *bytes, size_t size,
                         uint64_t *sequence) must_check;
typedef int (*store_journal_fn)(void *arg, uint64_t sequence, instant at, const void *bytes,
                                size_t size);
int store_journal_each(struct store *store, uint64_t after, uint32_t limit, store_journal_fn row,
                       void *arg) must_check;

/* Report: figures of one campaign, as kept with every put. */
enum { STORE_STATES_MAX = 16, STORE_RESULTS_MAX = 32 };

struct store_figures {
    uint64_t leads; /* of published imports */
    uint64_t leads_by_state[STORE_STATES_MAX];
    uint64_t attempts, attempts_open;
    uint64_t results[STORE_RESULTS_MAX]; /* of ended attempts */
    uint64_t answered_live;              /* answered by a person: connected + abandoned */
    uint64_t abandoned;
    uint64_t hello_count;
    int64_t hello_p50_us, hello_p95_us, hello_p99_us, hello_max_us; /* -1 when there is none */
};

struct store_agent_figures {
    uint64_t agent;
    const char *name;
    uint64_t calls; /* connected in this campaign */
    int64_t talk_ms;
    int64_t wrap_ms;
    uint64_t reservations;
    int64_t activity_ms[STORE_STATES_MAX]; /* over all campaigns: an agent is in one activity at a
                                              time */
};

int store_figures(struct store *store, uint64_t campaign, struct store_figures *figures) must_check;
typedef int (*store_agent_figures_fn)(void *arg, const struct store_agent_figures *figures);
int store_figures_agents(struct store *store, uint64_t campaign, instant now,
                         store_agent_figures_fn row, void *arg) must_check;
/* Counts again, from the rows alone, and says every difference as a sentence; none: it balances. */
typedef int (*store_difference_fn)(void *arg, const char *difference);
int store_balance(struct store *store, uint64_t campaign, store_difference_fn row,
                  void *arg) must_check;

#endif
