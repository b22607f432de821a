#include "server/recent.h"

#include <stdlib.h>

void recent_add(struct recent *recent, int64_t us)
{
    recent->us[recent->count++ % RECENT_MAX] = us;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* The least value that so many percent do not pass. */
static int64_t nearest_rank(const int64_t *sorted, uint64_t count, uint64_t percent)
{
    return sorted[(count * percent + 99) / 100 - 1];
}

void recent_spread(const struct recent *recent, uint64_t last, struct recent_spread *spread)
{
    uint64_t count = recent->count < RECENT_MAX ? recent->count : RECENT_MAX;

    if (count > last)
        count = last;
    int64_t *sorted = count ? malloc(count * sizeof(*sorted)) : NULL;

    *spread = (struct recent_spread){
        .count = recent->count, .p50_us = -1, .p95_us = -1, .p99_us = -1, .max_us = -1};
    if (!sorted)
        return;
    for (uint64_t i = 0; i < count; i++)
        sorted[i] = recent->us[(recent->count - 1 - i) % RECENT_MAX];
    qsort(sorted, count, sizeof(*sorted), by_size);
    spread->p50_us = nearest_rank(sorted, count, 50);
    spread->p95_us = nearest_rank(sorted, count, 95);
    spread->p99_us = nearest_rank(sorted, count, 99);
    spread->max_us = sorted[count - 1];
    free(sorted);
}
