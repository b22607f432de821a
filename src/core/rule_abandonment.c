#include "core/rule_abandonment.h"

struct verdict rule_abandonment(const struct abandonment_rule *rule,
                                const struct abandonment_ledger *ledger, uint64_t uncertain)
{
    uint64_t worst = ledger->abandoned + uncertain + 1;
    uint64_t answers = ledger->answered_live + uncertain + 1 + rule->credit_answers;

    if (!rule->ceiling_per_mille || worst * 1000 <= answers * rule->ceiling_per_mille)
        return (struct verdict){REFUSED_NOT, INSTANT_NEVER};
    return (struct verdict){REFUSED_ABANDONMENT, INSTANT_NEVER};
}
