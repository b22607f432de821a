#ifndef CORE_RULE_ATTEMPTS_H
#define CORE_RULE_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/refusal.h"
#include "core/zone.h"

/* How often a number, and a person over all numbers and campaigns, may be rung. */
enum { CALLS_CAP_MAX = 8, TAKEN_BACK_MAX = 4 };
/* More than a limit counts: when one is taken back, the one that it had pushed out is still there. */
enum { HISTORY_RECENT_MAX = CALLS_CAP_MAX + TAKEN_BACK_MAX };

/* What is known of earlier calls: all of them counted, the last few by instant, newest first. */
struct call_history {
    uint32_t lifetime;
    uint8_t recent_count;
    instant recent[HISTORY_RECENT_MAX];
};

/* The last few calls that were counted, and then were none. */
struct calls_taken_back {
    uint8_t count;
    instant at[TAKEN_BACK_MAX]; /* newest first */
};

/* 0: no limit. Limits over a span of time are at most CALLS_CAP_MAX. */
struct attempt_caps {
    uint8_t per_day; /* calendar day of the number's zones; the latest midnight of them counts back
                        furthest */
    uint8_t per_24_hours;
    uint8_t per_7_days;
    uint32_t lifetime;
    instant gap; /* between the beginnings of two calls */
};

enum attempt_scope { SCOPE_NUMBER, SCOPE_PERSON };

void call_history_add(struct call_history *history, instant at);
/* Takes back what call_history_add did for a call that was never placed, and remembers that. */
void call_history_take_back(struct call_history *history, struct calls_taken_back *taken_back,
                            instant at);
/* Two accounts of the same calls: the fuller one of each part. `other` may be older than what was taken
 * back, and still have it: that is left out. */
void call_history_merge(struct call_history *history, const struct call_history *other,
                        const struct calls_taken_back *taken_back);
bool attempt_caps_are_lawful(const struct attempt_caps *caps);

struct verdict rule_attempts(const struct attempt_caps *caps, const struct call_history *history,
                             enum attempt_scope scope, const struct zone *zones,
                             const struct zone_set *set, instant now);

#endif
