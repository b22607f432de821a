#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include <stddef.h>
#include <stdint.h>

/*
 * A point of time: microseconds of UTC since 1970. Durations are the same scalar. Nothing here reads
 * a clock; the shells do, once per event.
 */
typedef int64_t instant;

#define MILLISECOND ((instant)1000)
#define SECOND (1000 * MILLISECOND)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define INSTANT_NEVER INT64_MAX

enum { INSTANT_TEXT_SIZE = 40 };

static inline instant instant_min(instant a, instant b)
{
    return a < b ? a : b;
}

static inline instant instant_max(instant a, instant b)
{
    return a > b ? a : b;
}

/* Adds without passing INSTANT_NEVER. */
static inline instant instant_add(instant at, instant span)
{
    return at == INSTANT_NEVER || at > INSTANT_NEVER - span ? INSTANT_NEVER : at + span;
}

/* Proleptic Gregorian civil time of UTC; month 1-12, day 1-31, weekday 0 = Sunday. */
struct civil {
    int year, month, day, hour, minute, second, microsecond, weekday;
};

void instant_to_civil(instant at, struct civil *civil);
instant instant_from_civil(const struct civil *civil); /* weekday is not read */

/* "2026-11-22T09:45:58.123456Z" (with_micros) or "2026-11-22T09:45:58Z"; RFC 3339. */
void instant_to_iso(instant at, int with_micros, char text[INSTANT_TEXT_SIZE]);
/* "Tue, 31 Aug 2010 20:36:28 +0000"; RFC 2822, two-digit day, always UTC. */
void instant_to_rfc2822(instant at, char text[INSTANT_TEXT_SIZE]);

/* RFC 3339 date-time (with zone) or a bare date (midnight UTC). 0, or EINVAL. */
int instant_from_iso(const char *text, size_t size, instant *at);
/* RFC 2822 date-time, one- or two-digit day, any numeric offset or GMT. 0, or EINVAL. */
int instant_from_rfc2822(const char *text, size_t size, instant *at);

#endif
