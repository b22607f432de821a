#include "server/live.h"

#include <stdlib.h>
#include <string.h>

void live_attempt_changed(struct live *live, const struct attempt_record *before,
                          const struct attempt_record *after)
{
    figures_change(&live->figures, before, after);
    if (after->hello_us >= 0 && (!before || before->hello_us < 0))
        live->hello_us[live->hello_count++ % LIVE_HELLO_MAX] = after->hello_us;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* The least value that so many percent do not pass: as the report has it. */
static int64_t nearest_rank(const int64_t *sorted, size_t count, size_t percent)
{
    return sorted[(count * percent + 99) / 100 - 1];
}

void live_hello(const struct live *live, struct live_hello *hello)
{
    size_t count = live->hello_count < LIVE_HELLO_MAX ? (size_t)live->hello_count : LIVE_HELLO_MAX;
    int64_t *sorted = count ? malloc(count * sizeof(int64_t)) : NULL;

    *hello = (struct live_hello){
        .count = live->hello_count, .p50_us = -1, .p95_us = -1, .p99_us = -1, .max_us = -1};
    if (!sorted)
        return;
    memcpy(sorted, live->hello_us, count * sizeof(int64_t));
    qsort(sorted, count, sizeof(int64_t), by_size);
    hello->p50_us = nearest_rank(sorted, count, 50);
    hello->p95_us = nearest_rank(sorted, count, 95);
    hello->p99_us = nearest_rank(sorted, count, 99);
    hello->max_us = sorted[count - 1];
    free(sorted);
}
