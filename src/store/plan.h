#ifndef STORE_PLAN_H
#define STORE_PLAN_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Private to this room. How SQLite goes about a statement: by an index to what is asked for, or does
 * it walk, so that what it costs grows with the lists? To walk is to scan a table that grows (leads,
 * their numbers, persons, attempts, ...), to sort what has no bound, or to take a whole campaign,
 * list, import or agent from an index without a limit. No statement may that is not allowed to here.
 *
 * With OUTDIAL_WATCH_PLANS in the environment, as the tests over real calls have it, every statement of
 * an owner (the live path; a reader works beside it) is looked at when it is made, and one that walks
 * ends the program.
 */
struct plan_allowance {
    const char *statement; /* from its FROM on, without the numbers and the cursor of a page */
    const char *reason;
};

extern const struct plan_allowance plan_allowances[];
extern const size_t plan_allowance_count;

/* what: SQLite's words for the step that walks; "" when none does. */
bool plan_walks(sqlite3 *db, const char *sql, char *what, size_t size);
const struct plan_allowance *plan_allowance_of(const char *sql); /* NULL: it may not walk */
void plan_watch(sqlite3 *db, const char *sql);

#endif
