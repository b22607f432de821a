#ifndef SERVER_LIVE_H
#define SERVER_LIVE_H

#include "core/attempt.h"
#include "core/figures.h"
#include "server/recent.h"

/*
 * What has happened since the server's start, for the board: a fold of the attempts' records as they
 * are written, and the hello latencies of the last calls one by one.
 */
struct live {
    struct figures figures;
    struct recent hello;
};

/* before: NULL when the attempt is new. */
void live_attempt_changed(struct live *live, const struct attempt_record *before,
                          const struct attempt_record *after);

#endif
