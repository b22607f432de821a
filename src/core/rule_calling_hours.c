#include "core/rule_calling_hours.h"

enum { LOOK_AHEAD_DAYS = 15, ROUNDS_MAX = 4000 };

struct calling_hours calling_hours_default(void)
{
    struct calling_hours hours = {0};

    for (int day = 0; day < 7; ++day)
        hours.days[day][0] = (struct hours_window){8 * 60, 21 * 60};
    return hours;
}

bool calling_hours_are_lawful(const struct calling_hours *hours)
{
    for (int day = 0; day < 7; ++day)
        for (int i = 0; i < HOURS_WINDOWS_MAX; ++i) {
            const struct hours_window *window = &hours->days[day][i];

            if (window->close_minute > MINUTES_PER_DAY)
                return false;
            if (window->open_minute >= window->close_minute &&
                (window->open_minute || window->close_minute))
                return false;
        }
    return true;
}

static instant floor_day(instant local)
{
    instant rest = local % DAY;

    return local - (rest < 0 ? rest + DAY : rest);
}

static int weekday(instant local_midnight)
{
    return (int)((((local_midnight / DAY) + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

/* Is it open at this local time? *changes: the local time at which that may change, at the latest the
 * next local midnight. */
static bool open_locally(const struct calling_hours *hours, instant local, instant *changes)
{
    instant midnight = floor_day(local);
    const struct hours_window *windows = hours->days[weekday(midnight)];

    *changes = midnight + DAY;
    for (int i = 0; i < HOURS_WINDOWS_MAX; ++i) {
        instant opens = midnight + windows[i].open_minute * MINUTE;
        instant closes = midnight + windows[i].close_minute * MINUTE;

        if (opens <= local && local < closes) {
            *changes = closes;
            return true;
        }
        if (local < opens && opens < closes)
            *changes = instant_min(*changes, opens);
    }
    return false;
}

/* One zone: open at `at`? *changes: when to look again, in UTC, never beyond a change of clocks. */
static bool open_in_zone(const struct calling_hours *hours, const struct zone *zone, instant at,
                         instant *changes)
{
    struct zone_stretch stretch = zone_stretch_at(zone, at);
    bool open = open_locally(hours, at + stretch.offset, changes);

    *changes = instant_min(*changes - stretch.offset, stretch.ends);
    return open;
}

struct verdict rule_calling_hours(const struct calling_hours *hours, const struct zone *zones,
                                  const struct zone_set *set, instant now)
{
    instant at = now, end = now + LOOK_AHEAD_DAYS * DAY;

    for (int round = 0; round < ROUNDS_MAX && at <= end; ++round) {
        instant stays = INSTANT_NEVER, later = INT64_MIN;

        for (uint32_t i = 0; i < set->zone_count; ++i) {
            instant changes;

            if (open_in_zone(hours, &zones[set->zones[i]], at, &changes))
                stays = instant_min(stays, changes);
            else
                later = instant_max(later, changes);
        }
        if (later == INT64_MIN)
            return at == now ? (struct verdict){REFUSED_NOT, stays}
                             : (struct verdict){REFUSED_OUTSIDE_HOURS, at};
        at = later; /* no zone that is closed now opens before it may change */
    }
    return (struct verdict){REFUSED_OUTSIDE_HOURS, INSTANT_NEVER};
}
