#ifndef SERVER_LIVE_H
#define SERVER_LIVE_H

#include "core/attempt.h"
#include "core/figures.h"

/*
 * What has happened since the server's start, for the board: a fold of the attempts' records as they
 * are written, and the hello latencies of the last calls one by one.
 */
enum { LIVE_HELLO_MAX = 4096 };

struct live {
    struct figures figures;
    int64_t hello_us[LIVE_HELLO_MAX]; /* a ring */
    uint64_t hello_count;             /* ever */
};

struct live_hello {
    uint64_t count;
    int64_t p50_us, p95_us, p99_us, max_us; /* -1 when there is none; of the last LIVE_HELLO_MAX */
};

/* before: NULL when the attempt is new. */
void live_attempt_changed(struct live *live, const struct attempt_record *before,
                          const struct attempt_record *after);
void live_hello(const struct live *live, struct live_hello *hello);

#endif
