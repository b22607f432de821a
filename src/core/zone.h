#ifndef CORE_ZONE_H
#define CORE_ZONE_H

#include <stdint.h>

#include "base/instant.h"

/*
 * A time zone as a constant table: from transitions[i] on (instants, growing) the local time is UTC
 * plus offsets_s[i + 1] seconds; before the first transition it is UTC plus offsets_s[0]. The shell
 * makes these from the system's TZif files and keeps them as long as the dialer lives. After the
 * last transition its offset stays, so tables must reach some years ahead.
 */
struct zone {
    uint32_t transition_count;
    const instant *transitions;
    const int32_t *offsets_s; /* transition_count + 1 of them */
};

/* Zones a number may lie in: all of them must agree. Set 0 is "unknown": the shell makes it of all
 * the zones it cannot exclude. */
struct zone_set {
    uint32_t zone_count;
    const uint16_t *zones; /* indexes into the limits' zones */
};

/* A stretch of constant offset around an instant. */
struct zone_stretch {
    instant begins, ends; /* INSTANT_NEVER after the last transition, INT64_MIN before the first */
    instant offset;       /* local = UTC + offset */
};

struct zone_stretch zone_stretch_at(const struct zone *zone, instant at);
instant zone_local(const struct zone *zone, instant at);
/* The latest local midnight that is not after `at`, as an instant of UTC. */
instant zone_midnight(const struct zone *zone, instant at);

#endif
