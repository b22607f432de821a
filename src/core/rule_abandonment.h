#ifndef CORE_RULE_ABANDONMENT_H
#define CORE_RULE_ABANDONMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/refusal.h"

/*
 * The legal book of one campaign, in whole numbers: calls answered by a person, and those among
 * them that no agent took within the time allowed. Machines are in neither.
 */
struct abandonment_ledger {
    uint64_t answered_live;
    uint64_t abandoned;
};

struct abandonment_rule {
    uint32_t ceiling_per_mille; /* 30: three in a hundred; 0: no ceiling */
    uint32_t credit_answers;    /* answers still to come that may dilute; 0: strict */
};

/*
 * May one more call be placed beyond those a waiting agent is certain for? `uncertain` calls of
 * that kind are already out and each is taken to end badly: abandoned + uncertain + 1 <= ceiling *
 * (answered_live + uncertain + 1 + credit)
 */
struct verdict rule_abandonment(const struct abandonment_rule *rule,
                                const struct abandonment_ledger *ledger, uint64_t uncertain);

#endif
