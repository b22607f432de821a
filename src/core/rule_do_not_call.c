#include "core/rule_do_not_call.h"

struct verdict rule_do_not_call(uint32_t number_flags, uint32_t person_flags)
{
    enum refusal refusal = REFUSED_NOT;

    if (number_flags & CONTACT_EMERGENCY)
        refusal = REFUSED_EMERGENCY_NUMBER;
    else if (number_flags & CONTACT_PREMIUM)
        refusal = REFUSED_PREMIUM_NUMBER;
    else if ((number_flags | person_flags) & (CONTACT_DO_NOT_CALL | CONTACT_DO_NOT_CALL_HERE))
        refusal = REFUSED_DO_NOT_CALL;
    else if (number_flags & CONTACT_INVALID)
        refusal = REFUSED_INVALID_NUMBER;
    return (struct verdict){refusal, INSTANT_NEVER};
}
