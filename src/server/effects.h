#ifndef SERVER_EFFECTS_H
#define SERVER_EFFECTS_H

#include "core/effect.h"
#include "store/store.h"

/*
 * What each effect means outside the core: its row in the store, or its act.
 */
struct server;

/* A record: what is in memory follows it, and *record becomes its row. Texts in it are borrowed and live
 * until memory changes again: copy them. True when an agent's activity has changed by it. */
bool effects_record(struct server *server, const struct effect *effect,
                    struct store_record *record);

/* Does an act, from the loop; one that waits for its turn's commit comes behind it. It feeds
 * nothing itself: what follows comes later, from the loop. */
void effects_act(struct server *server, const struct effect *effect);

#endif
