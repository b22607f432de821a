#ifndef CORE_FIGURES_H
#define CORE_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attempt.h"
#include "core/ids.h"
#include "core/rule_abandonment.h"

/*
 * The figures of one campaign as a fold of its attempts' records. The dialer keeps them while it
 * runs; the same fold over the stored attempts, or over the records a replayed journal yields, must
 * come to the same, and the balance check says where it does not.
 *
 *   figures_change(&figures, NULL, &record);      an attempt appeared
 *   figures_change(&figures, &before, &after);    its record was written again
 */
enum { HELLO_BUCKETS = 64 };

struct figures {
    uint64_t attempts; /* planned, ever */
    uint64_t open;
    uint64_t by_state[ATTEMPT_STATE_COUNT];
    uint64_t by_result[RESULT_COUNT];
    uint64_t answered; /* by whomever */
    uint64_t conversed;
    struct abandonment_ledger ledger;
    uint64_t talk_us, hello_count;
    uint64_t hello_us[HELLO_BUCKETS]; /* by figures_hello_bucket */
};

void figures_change(struct figures *figures, const struct attempt_record *before,
                    const struct attempt_record *after);
void figures_add(struct figures *figures, const struct figures *more); /* of other attempts */
/* Buckets of a quarter octave from 64 us on. */
uint32_t figures_hello_bucket(int64_t hello_us);
int64_t figures_hello_quantile_us(const struct figures *figures, double quantile); /* -1: none */

/* Calls `tell` for every figure in which they differ; returns how many do. tell may be NULL. */
uint32_t figures_differences(const struct figures *a, const struct figures *b,
                             void (*tell)(const char *figure, uint64_t a, uint64_t b, void *arg),
                             void *arg);

#endif
