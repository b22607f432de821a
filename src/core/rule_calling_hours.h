#ifndef CORE_RULE_CALLING_HOURS_H
#define CORE_RULE_CALLING_HOURS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/refusal.h"
#include "core/zone.h"

/*
 * When a person may be rung, by the local time of every zone the number may lie in. Up to two
 * windows a weekday, in minutes of the local day, open <= t < close; 0-0 is closed.
 */
enum { HOURS_WINDOWS_MAX = 2, MINUTES_PER_DAY = 24 * 60 };

struct hours_window {
    uint16_t open_minute, close_minute; /* 0..1440, open < close; both 0: none */
};

struct calling_hours {
    struct hours_window days[7][HOURS_WINDOWS_MAX]; /* [0]: Sunday */
};

struct calling_hours calling_hours_default(void); /* 08:00-21:00 every day */
bool calling_hours_are_lawful(const struct calling_hours *hours);

/* Each zone of the set must be open; refused: REFUSED_OUTSIDE_HOURS until the first instant at
 * which all are, looked for through every change of clocks in the next 15 days (else
 * INSTANT_NEVER). */
struct verdict rule_calling_hours(const struct calling_hours *hours, const struct zone *zones,
                                  const struct zone_set *set, instant now);

#endif
