#ifndef SERVER_RECENT_H
#define SERVER_RECENT_H

#include <stdint.h>

/* The last spans of time of one kind, one by one, and what is usual among them. One thread. */
enum { RECENT_MAX = 4096 };

struct recent {
    int64_t us[RECENT_MAX]; /* a ring */
    uint64_t count;         /* ever */
};

struct recent_spread {
    uint64_t count;
    int64_t p50_us, p95_us, p99_us, max_us; /* -1 when there is none; of the last RECENT_MAX */
};

void recent_add(struct recent *recent, int64_t us);
/* By nearest rank, as the report has it. Of the last `last` at most. */
void recent_spread(const struct recent *recent, uint64_t last, struct recent_spread *spread);

#endif
