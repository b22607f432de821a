#ifndef CORE_RULE_DO_NOT_CALL_H
#define CORE_RULE_DO_NOT_CALL_H

#include <stdint.h>

#include "core/refusal.h"

/* What is known against ringing a number or a person, whatever the hour. */
enum contact_flag {
    CONTACT_DO_NOT_CALL = 1 << 0,
    CONTACT_EMERGENCY = 1 << 1, /* 112, 911 and their like: never */
    CONTACT_PREMIUM = 1 << 2,   /* costs the caller: never */
    CONTACT_INVALID = 1 << 3,   /* the network said that there is no such number */
    CONTACT_DO_NOT_CALL_HERE =
        1 << 4, /* in one campaign: said of a lead's number, never of a number */
};

struct verdict rule_do_not_call(uint32_t number_flags, uint32_t person_flags);

#endif
