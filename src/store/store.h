#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/instant.h"
#include "core/figures.h"
#include "core/lead.h"
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
 * ENOENT no such row, EINVAL, ENOMEM. After a failed put or commit end the transaction by
 * store_rollback: nothing of it is there then. Calls marked [write] stand between begin and commit.
 */
struct store;

enum store_use {
    STORE_OWNER,  /* the one writer; makes or migrates the file; refused while another has it */
    STORE_READER, /* reads beside the owner (a report, an export in a worker); changes nothing */
};

/* 0, or an errno and why = "cannot open 'PATH': reason". */
int store_open_sqlite(struct store **storep, const char *path, enum store_use use, char *why,
                      size_t why_size) must_check;
int store_open_memory(struct store **storep) must_check; /* 0, ENOMEM */
void store_close(struct store *store); /* NULL is fine; an open transaction is dropped */
/* Looks whether the file is what it should be, page by page and index by index, for so long at most.
 * 0: nothing wrong was found, *whole: everything was looked at; EBADMSG; EIO. */
int store_check(struct store *store, unsigned ms_max, bool *whole) must_check;
const char *store_why(const struct store *store); /* of the last call that failed */

/* What has been written is still on its way into the file: work that can wait (an import) does, for some
 * hundredths of a second, so that records do not wait for it. */
bool store_wants_rest(const struct store *store);

int store_begin(struct store *store) must_check;
int store_commit(struct store *store) must_check;
void store_rollback(struct store *store);

/*
 * [write] A record whole: new, or in place of the one with its id. id 0: the store gives the next one
 * and writes it into *record. record.h says what of a known lead, campaign, agent is left as it was. A lead that the core
 * has `released` is nobody's from then on. A number already on the same do-not-call list is no error: the older
 * row stays and its id is given. ENOENT: the state of something unknown.
 */
int store_put(struct store *store, struct store_record *record) must_check;
/* [write] Out it goes; ENOENT. For do-not-call rows, tokens, agents, meta. */
int store_remove(struct store *store, enum store_kind kind, uint64_t id) must_check;
/* [write] EFFECT_RECORD_DO_NOT_CALL: lists the number, and every number of the person (0: neither),
 * and marks the person, for all campaigns. */
int store_forbid(struct store *store, number_id number, person_id person, attempt_id attempt,
                 instant now) must_check;
/* [write] Forgets who somebody is: name, columns, notes of calls and numbers that are nobody else's
 * go; ids, times and results stay, and nobody is called for that person any more. What is on a do-not-call list stays there. ENOENT. */
int store_erase_person(struct store *store, person_id person, instant now) must_check;

/*
 * Reads. Rows come in ascending id and live until the handler returns; its non-zero answer stops
 * the walk and is returned. Leads, persons and numbers of unpublished imports are not there. The
 * handler makes no call on the store.
 */
typedef int (*store_row_fn)(void *arg, const struct store_record *record);

struct store_query {
    enum store_kind kind;
    uint64_t id;    /* this one only */
    uint64_t after; /* ids above it: the cursor of a page; newest_first: below it, 0 from the top */
    uint32_t limit; /* 0: no limit */
    bool newest_first;
    /* 0: any. What a kind does not have is not asked for (EINVAL). */
    uint64_t campaign, list, lead, person, number, agent;
    int state;        /* STORE_ANY, or of leads, imports, campaigns, reservations (status) */
    bool open_only;   /* attempts with core.open; reservations live; activities not ended */
    const char *text; /* NULL: any. E.164 of a number or do-not-call row; name of a campaign, list,
                          * agent; hash of a token or import; key of meta; SID of an attempt's call */
    instant from, until; /* attempts planned, activities begun in [from, until); until 0: no end */
};

enum { STORE_ANY = -1 };

static inline struct store_query store_query_of(enum store_kind kind)
{
    return (struct store_query){.kind = kind, .state = STORE_ANY};
}

int store_each(struct store *store, const struct store_query *query, store_row_fn row,
               void *arg) must_check;
/* What several reads see belongs together, also beside a writer; not nested. */
int store_hold(struct store *store) must_check;
void store_let_go(struct store *store);
/* The highest id ever given of a kind, 0 for none: the core counts attempts and reservations on from it. */
int store_last_id(struct store *store, enum store_kind kind, uint64_t *id) must_check;

/*
 * Claims: the next `count` leads that are released and due (EFFECT_CLAIM_LEADS), callbacks first, then priority, due_at,
 * id; those of a region that is closed now are passed over, at no cost. They are the owner's then: a lease, ended when the core puts them as released, or by store_release_claims. What it costs
 * does not grow with the table. [write]
 */
struct store_hours {
    const instant
        *opens;     /* [region]: when it may be called, 0: now; a lead of no region always may */
    uint64_t count; /* of them; 0: all are open, as is every region beyond */
};

struct store_claim {
    campaign_id campaign;
    uint64_t owner; /* the node, not 0 */
    instant now;
    instant due_before;
    uint32_t count;
    struct store_hours hours;
};

/* Everything that is needed to decide. facts.numbers[i].zone_set is left 0, for the shell, which knows the
 * number's zones by its text. Flags tell do-not-call for this campaign or all. */
struct store_lead_facts {
    struct lead_facts facts;
    const char *e164[LEAD_NUMBERS_MAX]; /* "" once erased */
    const char *zone;                   /* the time zone stated for the person, "" */
    const char *country;                /* the country stated, "" */
};

typedef int (*store_facts_fn)(void *arg, const struct store_lead_facts *facts);

int store_claim(struct store *store, const struct store_claim *claim, store_facts_fn row,
                void *arg) must_check;
/* The same of one lead, without claiming it: an open attempt's after a restart, a manual dial, a lead shown. ENOENT. */
int store_lead_facts(struct store *store, lead_id lead, store_facts_fn row, void *arg) must_check;
/* [write] Takes one lead for the owner, due or not (a manual dial). EBUSY: somebody has it; ENOENT. */
int store_claim_one(struct store *store, lead_id lead, uint64_t owner, instant now) must_check;
/* [write] At start: this owner's leads without an open attempt are free again. */
int store_release_claims(struct store *store, uint64_t owner, uint64_t *released) must_check;
/* When the campaign's next free lead falls due where it is open; INSTANT_NEVER: none. The owner's. */
int store_next_due(struct store *store, campaign_id campaign, struct store_hours hours,
                   instant *at) must_check;
/* Is this number on the list of all, or of this campaign? */
int store_is_forbidden(struct store *store, const char *e164, campaign_id campaign,
                       bool *forbidden) must_check;

/*
 * Imports. Rows are written in short transactions under an import that is not yet published;
 * publishing is one row's change; dropping takes everything away again in short steps. These three
 * make their own transactions: not between begin and commit.
 *
 *   put an import record (IMPORT_WRITING, id 0), commit
 *   store_import_rows(...)             some hundred rows at a time
 *   store_import_publish(...)
 *   or: store_import_drop(...) until nothing is left; also at start for imports found WRITING
 *
 * One import at a time may be WRITING in a campaign (EBUSY at its put).
 */
enum store_import_outcome {
    IMPORT_ROW_NEW,    /* a person and a lead were made */
    IMPORT_ROW_MERGED, /* some numbers are known in this campaign: the others went to that lead */
    IMPORT_ROW_DUPLICATE, /* every number is known in this campaign already: nothing changed */
};

struct store_import_number {
    const char *e164, *country;
    uint32_t flags; /* enum contact_flag */
    int type;       /* enum phone_number_type */
    bool valid;
};

struct store_import_row {
    uint64_t line;
    const char *external_id, *first_name, *last_name, *email, *address, *country, *zone;
    const char *columns;   /* JSON object of every other column */
    const char *region;    /* the zones of its numbers; NULL or "": not known */
    uint8_t priority;      /* 0..PRIORITY_MAX */
    uint32_t number_count; /* at least 1 */
    struct store_import_number numbers[LEAD_NUMBERS_MAX];
    /* answered: */
    enum store_import_outcome outcome;
    lead_id lead;          /* made, or the one that has the number */
    uint64_t other_line;   /* MERGED, DUPLICATE: the line that brought that lead ... */
    uint64_t other_import; /* ... and its import; this one's own id: the same file */
};

int store_import_rows(struct store *store, uint64_t import, struct store_import_row *rows,
                      size_t count) must_check;
/* Writes the record's counts, summary and ended_at, and makes it PUBLISHED. EINVAL unless WRITING. */
int store_import_publish(struct store *store, const struct store_import *import) must_check;
/* One short step; *more: call again. The import's row stays; FAILED once nothing else is left. */
int store_import_drop(struct store *store, uint64_t import, bool *more) must_check;

/* The journal: append-only bytes, numbered 1, 2, ... without a gap. [write] */
int store_journal_append(struct store *store, instant at, const void *bytes, size_t size,
                         uint64_t *sequence) must_check;
typedef int (*store_journal_fn)(void *arg, uint64_t sequence, instant at, const void *bytes,
                                size_t size);
int store_journal_each(struct store *store, uint64_t after, uint32_t limit, store_journal_fn row,
                       void *arg) must_check;

/* Figures of one campaign, kept with every put in the same transaction. */
struct store_figures {
    uint64_t leads; /* of published imports and by hand */
    uint64_t leads_by_state[LEAD_STATE_COUNT];
    struct figures attempts;
    int64_t hello_p50_us, hello_p95_us, hello_p99_us,
        hello_max_us; /* exact; -1 when there is none */
};

int store_figures(struct store *store, campaign_id campaign,
                  struct store_figures *figures) must_check;

struct store_agent_figures {
    agent_id agent;
    const char *name;
    uint64_t calls; /* conversations in this campaign */
    int64_t talk_us, wrap_up_us;
    uint64_t reservations[RESERVATION_STATUS_COUNT]; /* in this campaign */
    int64_t activity_us[AGENT_ACTIVITY_COUNT];       /* in every campaign, up to `now` */
};

typedef int (*store_agent_figures_fn)(void *arg, const struct store_agent_figures *figures);
/* Of every agent who had a call, a reservation or an activity. */
int store_figures_agents(struct store *store, campaign_id campaign, instant now,
                         store_agent_figures_fn row, void *arg) must_check;

/* Counts everything of the campaign again, from the rows alone, and says every difference as a
 * sentence; none: it balances. Reads the whole campaign: a READER's work when it is large. */
typedef int (*store_difference_fn)(void *arg, const char *difference);
int store_balance(struct store *store, campaign_id campaign, store_difference_fn row,
                  void *arg) must_check;

#endif
