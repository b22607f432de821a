#ifndef CORE_REFUSAL_H
#define CORE_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/instant.h"

/*
 * Why something was not done: the law's and the plan's reasons, which are data, kept with the lead
 * and shown to people, always together with the instant from which it may be tried again.
 */
enum refusal {
    REFUSED_NOT = 0, /* allowed */
    /* rules about people */
    REFUSED_OUTSIDE_HOURS = 1,
    REFUSED_DO_NOT_CALL = 2,
    REFUSED_EMERGENCY_NUMBER = 3,
    REFUSED_PREMIUM_NUMBER = 4,
    REFUSED_INVALID_NUMBER = 5,
    REFUSED_NUMBER_PER_DAY = 6,
    REFUSED_NUMBER_PER_24_HOURS = 7,
    REFUSED_NUMBER_PER_7_DAYS = 8,
    REFUSED_NUMBER_LIFETIME = 9,
    REFUSED_NUMBER_GAP = 10,
    REFUSED_PERSON_PER_DAY = 11,
    REFUSED_PERSON_PER_24_HOURS = 12,
    REFUSED_PERSON_PER_7_DAYS = 13,
    REFUSED_PERSON_LIFETIME = 14,
    REFUSED_PERSON_GAP = 15,
    REFUSED_LEAD_ATTEMPTS = 16,
    REFUSED_RESULT_MAX = 17, /* as often busy, unanswered ... as the retry rules allow */
    REFUSED_NO_NUMBER = 18,
    REFUSED_PERSON_BUSY = 19, /* the person is in another attempt now */
    REFUSED_LEAD_BUSY = 20,
    REFUSED_ABANDONMENT = 21, /* a call without a certain agent would endanger the ceiling */
    /* commands */
    REFUSED_UNKNOWN_CAMPAIGN = 22,
    REFUSED_UNKNOWN_AGENT = 23,
    REFUSED_UNKNOWN_LEAD = 24,
    REFUSED_UNKNOWN_ATTEMPT = 25,
    REFUSED_UNKNOWN_RESERVATION = 26,
    REFUSED_UNKNOWN_DISPOSITION = 27,
    REFUSED_CAMPAIGN_STATE = 28,
    REFUSED_AGENT_STATE = 29,
    REFUSED_NOT_YOURS = 30, /* the attempt belongs to another agent */
    REFUSED_OPTIONS = 31,   /* the options contradict themselves or the law */
    REFUSED_CLOSED = 32,    /* recovery has not ended */
    REFUSED_FULL_CAMPAIGNS = 33,
    REFUSED_FULL_AGENTS = 34,
    REFUSED_FULL_ATTEMPTS = 35,
    REFUSED_FULL_LEADS = 36,
    REFUSED_FULL_NUMBERS = 37,
    REFUSED_HELD = 38,        /* dialling is held: the store, the engine or the trunk is not well */
    REFUSED_NOT_CARRIED = 39, /* our own engine or trunk failed; nobody's telephone rang */
    REFUSED_NO_MORE_TIME = 40, /* as often as the campaign allows was it given already */
    REFUSAL_COUNT
};

/* A rule's answer. `until`: when refused, the first instant at which this rule may say yes
 * (INSTANT_NEVER: for good); when allowed, the instant up to which nothing changes by itself. */
struct verdict {
    enum refusal refusal;
    instant until;
};

const char *refusal_name(enum refusal refusal);     /* "outside-hours" */
const char *refusal_sentence(enum refusal refusal); /* "outside the calling hours of the number" */
bool refusal_from_name(const char *name, size_t size, enum refusal *refusal);
/* The stricter of two: a refusal before an allowance, the later refusal before the earlier. */
struct verdict verdict_and(struct verdict a, struct verdict b);

#endif
