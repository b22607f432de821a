#include "store/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"

#define WHEN_PUBLISHED                                                                             \
    "(import_id = 0 OR import_id IN "                                                              \
    "(SELECT i.id FROM imports i WHERE i.id = import_id AND i.state = 1))"
#define A_PAGE " ORDER BY id LIMIT ? OFFSET ?"

/* All of them are a reader's, in a worker beside the store thread, but for the one that says so. */
const struct plan_allowance plan_allowances[] = {
    {"FROM attempts WHERE 1 AND campaign_id = ? ORDER BY id",
     "a report counts its campaign again. And on the store thread, once after an older program was "
     "replaced that had kept other figures"},
    {"FROM leads WHERE 1 AND campaign_id = ? ORDER BY id", "a report counts its campaign again"},
    {"FROM reservations WHERE 1 AND campaign_id = ? ORDER BY id", "a report's agents"},
    {"FROM activities WHERE 1 ORDER BY id", "a report's agents"},
    {"FROM attempts WHERE 1 AND campaign_id = ? AND hello_us >= ? AND hello_us >= 0 ORDER BY "
     "hello_us, id LIMIT ? OFFSET ?",
     "a report's quantiles: entries of an index up to the rank"},
    {"FROM leads WHERE 1 AND " WHEN_PUBLISHED A_PAGE,
     "a page of all leads: those of imports not yet published are passed over"},
    {"FROM leads WHERE 1 AND state = ? AND " WHEN_PUBLISHED A_PAGE,
     "a page of all campaigns' leads in one state"},
    {"FROM attempts WHERE 1 AND campaign_id = ? AND agent_id = ? AND agent_id <> 0" A_PAGE,
     "a page of an agent's calls in one campaign, found among all the agent's"},
    {"FROM attempts WHERE 1 AND campaign_id = ? AND lead_id = ? AND agent_id = ? AND agent_id <> "
     "0" A_PAGE,
     "the same of one lead"},
    {"FROM do_not_call WHERE 1 AND campaign_id = ?" A_PAGE,
     "a page of a campaign's own do-not-call list"},
};

const size_t plan_allowance_count = array_count(plan_allowances);

/* These do not grow with the lists. */
static const char *const small_tables[] = {"campaigns", "lists",      "imports", "agents",
                                           "tokens",    "meta",       "regions", "sequences",
                                           "figures",   "lead_counts"};

/* Of what these hold of one value there is no bound. */
static const char *const groups[] = {
    "attempts_campaign",  "attempts_agent",        "leads_campaign", "leads_list",
    "leads_import",       "leads_state",           "leads_claim",    "lead_numbers_import",
    "reservations_agent", "reservations_campaign",
};

static bool is_word(struct slice word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(word, words[i]))
            return true;
    return false;
}

static struct slice word_at(const char *text)
{
    return (struct slice){text, strcspn(text, " ")};
}

struct look {
    bool limited, pages; /* pages: by id, with a limit, and nothing is passed over */
    bool unbounded;      /* a step so far may bring any number of rows */
};

static bool scan_is_bounded(const char *step, const char *index)
{
    return strstr(step, "CONSTANT ROW") || (index && strstr(index, "_open")) ||
           is_word(word_at(step + 5), small_tables, array_count(small_tables));
}

static bool search_is_bounded(const char *step, const char *index)
{
    if (strstr(step, "(rowid>?)") || strstr(step, "(rowid<?)"))
        return is_word(word_at(step + 7), small_tables, array_count(small_tables));
    return !index || !is_word(word_at(index + 7), groups, array_count(groups));
}

/* A value is compared that the index does not look for, so rows may be passed over without bound. */
static bool passes_rows_over(const char *step, const char *sql)
{
    const char *sought = strchr(step, '(');

    for (const char *at = strstr(sql, " AND "); at; at = strstr(at + 1, " AND ")) {
        char column[48], operator[4], value;
        char wanted[sizeof(column) + 1];

        if (sscanf(at, " AND %47[a-z0-9_] %3[<>=] %c", column, operator, & value) != 3 ||
            value != '?')
            continue;
        snprintf(wanted, sizeof(wanted), "%s%c",
                 strcmp(column, "id") == 0 ? "rowid" : column, operator[0]);
        if (!sought || !strstr(sought, wanted))
            return true;
    }
    return false;
}

/* One line of EXPLAIN QUERY PLAN. */
static bool step_walks(struct look *look, const char *step, const char *sql)
{
    const char *index = strstr(step, " INDEX ");
    bool scans = strncmp(step, "SCAN ", 5) == 0 && !scan_is_bounded(step, index);

    if (strstr(step, "TEMP B-TREE"))
        return look->unbounded; /* a limit comes too late */
    bool searches = strncmp(step, "SEARCH ", 7) == 0 && !search_is_bounded(step, index);

    if (scans || searches)
        look->unbounded = true;
    if (index && strncmp(index, " INDEX attempts_hello", 21) == 0)
        return true; /* the limit there has an offset */
    return scans ? !look->pages : searches && (!look->limited || passes_rows_over(step, sql));
}

bool plan_walks(sqlite3 *db, const char *sql, char *what, size_t size)
{
    sqlite3_stmt *plan = NULL;
    struct text text;
    bool limited = strstr(sql, " LIMIT ") != NULL;
    struct look look = {limited, limited && strstr(sql, " WHERE 1 ORDER BY id"), false};
    bool walks = false;

    text_init(&text);
    text_addf(&text, "EXPLAIN QUERY PLAN %s", sql);
    check(!text.failed);
    int code = sqlite3_prepare_v2(db, text.at, -1, &plan, NULL);

    check(code == SQLITE_OK);
    what[0] = '\0';
    while (!walks && sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);

        walks = step_walks(&look, step, sql);
        if (walks)
            snprintf(what, size, "%s", step);
    }
    sqlite3_finalize(plan);
    text_release(&text);
    return walks;
}

/* From its FROM on, as allowances word it: a page like any other, whichever its values' places. */
static void word_as_allowance(const char *from, struct text *out)
{
    static const char *const left_out[] = {" AND id > ?", " AND id < ?", " DESC"};

    while (*from) {
        size_t skip = 0;

        for (size_t i = 0; i < array_count(left_out); i++)
            if (strncmp(from, left_out[i], strlen(left_out[i])) == 0)
                skip = strlen(left_out[i]);
        if (!skip)
            text_add_slice(out, (struct slice){from, 1});
        from += skip ? skip : 1;
        if (from[-1] == '?')
            from += strspn(from, "0123456789");
    }
}

const struct plan_allowance *plan_allowance_of(const char *sql)
{
    const struct plan_allowance *found = NULL;
    const char *from = strstr(sql, "FROM ");
    struct text text;

    text_init(&text);
    word_as_allowance(from ? from : "", &text);
    check(!text.failed);
    for (size_t i = 0; from && i < plan_allowance_count && !found; i++)
        if (strcmp(text.at, plan_allowances[i].statement) == 0)
            found = &plan_allowances[i];
    text_release(&text);
    return found;
}

void plan_watch(sqlite3 *db, const char *sql)
{
    char what[200];

    if (!plan_walks(db, sql, what, sizeof(what)) || plan_allowance_of(sql))
        return;
    fprintf(stderr, "store: '%s' in a statement that may not: %s\n", what, sql);
    abort();
}
