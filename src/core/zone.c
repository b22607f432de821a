#include "core/zone.h"

/* Transitions at or before the instant. */
static uint32_t transitions_until(const struct zone *zone, instant at)
{
    uint32_t low = 0, high = zone->transition_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (zone->transitions[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct zone_stretch zone_stretch_at(const struct zone *zone, instant at)
{
    uint32_t past = transitions_until(zone, at);

    return (struct zone_stretch){
        .begins = past ? zone->transitions[past - 1] : INT64_MIN,
        .ends = past < zone->transition_count ? zone->transitions[past] : INSTANT_NEVER,
        .offset = zone->offsets_s[past] * SECOND,
    };
}

instant zone_local(const struct zone *zone, instant at)
{
    return at + zone_stretch_at(zone, at).offset;
}

static instant floor_day(instant local)
{
    instant rest = local % DAY;

    return local - (rest < 0 ? rest + DAY : rest);
}

/*
 * Midnight by the clock of the stretch; when the stretch begins later than that (clocks changed since),
 * midnight by the clock before. A midnight that was skipped or came twice is off by the change at most.
 */
instant zone_midnight(const struct zone *zone, instant at)
{
    struct zone_stretch stretch = zone_stretch_at(zone, at);
    instant local_midnight = floor_day(at + stretch.offset);
    instant midnight = local_midnight - stretch.offset;

    if (midnight < stretch.begins)
        midnight = local_midnight - zone_stretch_at(zone, stretch.begins - 1).offset;
    return instant_min(midnight, at);
}
