#ifndef SERVER_JOURNALING_H
#define SERVER_JOURNALING_H

#include "core/dialer.h"
#include "core/journal.h"
#include "store/store.h"

/*
 * What goes into the journal besides the events: what this life's core is made of, the sets of time
 * zones that come up while it lives, and what came of each event. With these `outdial journal replay` feeds
 * the journal to a new core and finds the same effects and the same state.
 *
 *   err = journaling_read(&journaling, store);              before the store thread has the store
 *   journaling_life(server, &limits, seed);                 a row before the first event
 *   journaling_sets(server);                                before an event: a row for new sets, if any
 *   size = journaling_row(server, now, &event, &outcome, bytes);         event and outcome, one row
 */
struct server;

enum { JOURNALING_ROW_MAX = JOURNAL_EVENT_MAX + JOURNAL_OUTCOME_MAX };

struct journaling {
    uint64_t zones;        /* digest of the time zones the journal has; 0: none */
    uint32_t sets_written; /* of this life */
    uint32_t events;       /* since a hash of the state was last written */
    uint32_t part;         /* of the state, that is hashed next */
};

int journaling_read(struct journaling *journaling, struct store *store) must_check;
void journaling_life(struct server *server, const struct dialer_limits *limits, uint64_t seed);
void journaling_sets(struct server *server);
size_t journaling_row(struct server *server, instant now, const struct event *event,
                      struct journal_outcome *outcome, uint8_t bytes[JOURNALING_ROW_MAX]);

#endif
