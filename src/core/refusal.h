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
    REFUSED_NOT, /* allowed */
    /* rules about people */
    REFUSED_OUTSIDE_HOURS,
    REFUSED_DO_NOT_CALL,
    REFUSED_EMERGENCY_NUMBER,
    REFUSED_PREMIUM_NUMBER,
    REFUSED_INVALID_NUMBER,
    REFUSED_NUMBER_PER_DAY,
    REFUSED_NUMBER_PER_24_HOURS,
    REFUSED_NUMBER_PER_7_DAYS,
    REFUSED_NUMBER_LIFETIME,
    REFUSED_NUMBER_GAP,
    REFUSED_PERSON_PER_DAY,
    REFUSED_PERSON_PER_24_HOURS,
    REFUSED_PERSON_PER_7_DAYS,
    REFUSED_PERSON_LIFETIME,
    REFUSED_PERSON_GAP,
    REFUSED_LEAD_ATTEMPTS,
    REFUSED_RESULT_MAX, /* as often busy, unanswered ... as the retry rules allow */
    REFUSED_NO_NUMBER,
    REFUSED_PERSON_BUSY, /* the person is in another attempt now */
    REFUSED_LEAD_BUSY,
    REFUSED_ABANDONMENT, /* a call without a certain agent would endanger the ceiling */
    /* commands */
    REFUSED_UNKNOWN_CAMPAIGN,
    REFUSED_UNKNOWN_AGENT,
    REFUSED_UNKNOWN_LEAD,
    REFUSED_UNKNOWN_ATTEMPT,
    REFUSED_UNKNOWN_RESERVATION,
    REFUSED_UNKNOWN_DISPOSITION,
    REFUSED_CAMPAIGN_STATE,
    REFUSED_AGENT_STATE,
    REFUSED_NOT_YOURS, /* the attempt belongs to another agent */
    REFUSED_OPTIONS,   /* the options contradict themselves or the law */
    REFUSED_CLOSED,    /* recovery has not ended */
    REFUSED_FULL_CAMPAIGNS,
    REFUSED_FULL_AGENTS,
    REFUSED_FULL_ATTEMPTS,
    REFUSED_FULL_LEADS,
    REFUSED_FULL_NUMBERS,
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
