#include "lists/regions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { REGION_ID_MAX = 1 << 20 };

struct region {
    struct zone_set *sets;
    uint32_t set_count;
};

struct regions {
    const struct zones *zones;
    struct region *list; /* [id] */
    uint64_t count, room;
};

int regions_new(struct regions **regionsp, const struct zones *zones)
{
    struct regions *regions = calloc(1, sizeof(*regions));

    if (!regions)
        return ENOMEM;
    regions->zones = zones;
    regions->count = 1; /* 0 is no region */
    *regionsp = regions;
    return 0;
}

static void region_release(struct region *region)
{
    for (uint32_t i = 0; i < region->set_count; i++)
        free((uint16_t *)region->sets[i].zones);
    free(region->sets);
}

void regions_free(struct regions *regions)
{
    if (!regions)
        return;
    for (uint64_t id = 1; regions->list && id < regions->count; id++)
        region_release(&regions->list[id]);
    free(regions->list);
    free(regions);
}

uint64_t regions_known(const struct regions *regions)
{
    return regions->count - 1;
}

static size_t pieces(struct slice text, char separator)
{
    size_t count = 1;

    for (size_t i = 0; i < text.size; i++)
        count += text.at[i] == separator;
    return count;
}

static struct slice next_piece(struct slice *rest, char separator)
{
    const char *end = rest->size ? memchr(rest->at, separator, rest->size) : NULL;
    struct slice piece = *rest;

    if (end) {
        piece.size = (size_t)(end - rest->at);
        rest->at += piece.size + 1;
        rest->size -= piece.size + 1;
    } else {
        rest->size = 0;
    }
    return piece;
}

static int read_set(const struct zones *zones, struct slice wording, struct zone_set *set)
{
    size_t count = pieces(wording, ',');
    uint16_t *list = malloc((count + 1) * sizeof(*list));

    *set = (struct zone_set){.zones = list};
    if (!list)
        return ENOMEM;
    while (wording.size) {
        if (zones_index(zones, next_piece(&wording, ','), &list[set->zone_count]))
            set->zone_count++;
    }
    return 0;
}

static int read_every(const struct zones *zones, struct zone_set *set)
{
    uint32_t count;
    const struct zone_set *every = zones_sets(zones, &count);
    uint16_t *list = malloc((every->zone_count + 1) * sizeof(*list));

    if (!list)
        return ENOMEM;
    memcpy(list, every->zones, every->zone_count * sizeof(*list));
    *set = (struct zone_set){.zone_count = every->zone_count, .zones = list};
    return 0;
}

static int read_region(const struct zones *zones, struct slice wording, struct region *region)
{
    int err = 0;

    region->sets = calloc(pieces(wording, '|'), sizeof(*region->sets));
    if (!region->sets)
        return ENOMEM;
    while (wording.size && !err) {
        struct slice one = next_piece(&wording, '|');
        struct zone_set *set = &region->sets[region->set_count];

        err =
            one.size == 1 && one.at[0] == '*' ? read_every(zones, set) : read_set(zones, one, set);
        if (!err)
            region->set_count++;
    }
    return err;
}

int regions_learn(struct regions *regions, uint64_t id, const char *wording)
{
    struct region region = {0};
    int err = 0;

    if (id < regions->count)
        return 0;
    if (id > REGION_ID_MAX)
        return EINVAL; /* a damaged row: they are numbered from 1 on */
    if (id >= regions->room) {
        uint64_t room = id + 64;
        struct region *list = realloc(regions->list, room * sizeof(*list));

        if (!list)
            return ENOMEM;
        memset(list + regions->room, 0, (room - regions->room) * sizeof(*list));
        regions->list = list;
        regions->room = room;
    }
    err = read_region(regions->zones, slice_from(wording), &region);
    if (err) {
        region_release(&region);
        return err;
    }
    regions->list[id] = region;
    regions->count = id + 1;
    return 0;
}

/* Any set will do; a set of no known zone tells nothing. */
static instant region_opens(const struct regions *regions, const struct region *region,
                            const struct calling_hours *hours, instant now)
{
    instant opens = region->set_count ? now + DAY : 0;
    uint32_t count;
    const struct zone *zones = zones_table(regions->zones, &count);

    for (uint32_t i = 0; i < region->set_count && opens; i++) {
        struct verdict verdict = {REFUSED_NOT, 0};

        if (region->sets[i].zone_count)
            verdict = rule_calling_hours(hours, zones, &region->sets[i], now);
        opens = verdict.refusal ? instant_min(opens, verdict.until) : 0;
    }
    return opens;
}

instant *regions_opens(const struct regions *regions, const struct calling_hours *hours,
                       instant now, uint64_t *count)
{
    instant *opens = calloc(regions->count, sizeof(*opens));

    *count = opens ? regions->count : 0;
    for (uint64_t id = 1; id < *count; id++)
        opens[id] = region_opens(regions, &regions->list[id], hours, now);
    return opens;
}
