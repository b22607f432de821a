#include "lists/zones.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "wire/number_zones.h"
#include "wire/zone_file.h"

enum { STATED_SETS_MAX = 4096, YEAR_MAX = 2060, ZONES_MAX = 1024 };

struct zones {
    struct number_zones *numbers;
    struct zone_table *tables; /* what `list` points into */
    struct zone *list;
    const char **names;
    uint32_t count, room;
    struct zone_set *sets; /* [0] everywhere, [n] set n of the numbers */
    uint32_t set_count, set_room;
};

static const char *folder(void)
{
    const char *given = getenv("TZDIR");

    return given && *given ? given : "/usr/share/zoneinfo";
}

static bool find_zone(const struct zones *zones, const char *name, uint16_t *index)
{
    for (uint32_t i = 0; i < zones->count; i++)
        if (strcmp(zones->names[i], name) == 0) {
            *index = (uint16_t)i;
            return true;
        }
    return false;
}

static int add_zone(struct zones *zones, const char *name, char *why, size_t why_size)
{
    uint16_t known;

    if (find_zone(zones, name, &known))
        return 0;
    if (zones->count == zones->room)
        return ENOSPC;
    struct zone_table *table = &zones->tables[zones->count];
    int err = zone_file_load(table, folder(), name, YEAR_MAX, why, why_size);

    if (err)
        return err;
    zones->names[zones->count] = strdup(name);
    if (!zones->names[zones->count]) {
        zone_table_release(table);
        return ENOMEM;
    }
    zones->list[zones->count++] = (struct zone){.transition_count = table->count,
                                                .transitions = table->transitions,
                                                .offsets_s = table->offsets_s};
    return 0;
}

/* Writes set `id` of the numbers into its place. Zones that cannot be read are passed over at the start
 * with a warning; a set that would be left empty becomes every zone. */
static int fill_set(struct zones *zones, uint32_t id)
{
    const char *const *names;
    size_t count = number_zones_names(zones->numbers, id, &names);
    uint16_t *list = malloc((count + 1) * sizeof(uint16_t));
    uint32_t used = 0;

    if (!list)
        return ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (find_zone(zones, names[i], &list[used]))
            used++;
    if (!used) {
        free(list);
        zones->sets[id] = zones->sets[0];
        return 0;
    }
    zones->sets[id] = (struct zone_set){.zone_count = used, .zones = list};
    return 0;
}

static int load_all(struct zones *zones, char *why, size_t why_size)
{
    size_t known = number_zones_count(zones->numbers);
    uint32_t everywhere = number_zones_everywhere(zones->numbers);
    const char *const *names;
    size_t count = number_zones_names(zones->numbers, everywhere, &names);
    int err = 0;

    check(count <= ZONES_MAX);
    for (size_t i = 0; !err && i < count; i++) {
        err = add_zone(zones, names[i], why, why_size);
        if (err == ENOENT) {
            log_warning("zone.missing", "zone=%s why=\"%s\"", names[i], why);
            err = 0;
        }
    }
    if (!err && !zones->count) {
        snprintf(why, why_size, "cannot read any time zone in '%s': is tzdata installed?",
                 folder());
        err = ENOENT;
    }
    uint16_t *every = malloc(sizeof(uint16_t) * (zones->count + 1));

    if (!err && !every)
        err = ENOMEM;
    for (uint32_t i = 0; !err && i < zones->count; i++)
        every[i] = (uint16_t)i;
    zones->sets[0] = (struct zone_set){.zone_count = zones->count, .zones = every};
    zones->set_count = (uint32_t)known + 1;
    for (uint32_t id = 1; !err && id < zones->set_count; id++)
        err = fill_set(zones, id);
    for (uint32_t id = zones->set_count; id < zones->set_room; id++)
        zones->sets[id] = zones->sets[0];
    return err;
}

int zones_new(struct zones **zonesp, char *why, size_t why_size)
{
    struct zones *zones = calloc(1, sizeof(*zones));
    int err = zones ? number_zones_new(&zones->numbers) : ENOMEM;

    snprintf(why, why_size, "%s", "no memory for time zones");
    if (!err) {
        zones->room = ZONES_MAX;
        zones->set_room = (uint32_t)number_zones_count(zones->numbers) + 1 + STATED_SETS_MAX;
        zones->tables = calloc(ZONES_MAX, sizeof(*zones->tables));
        zones->list = calloc(ZONES_MAX, sizeof(*zones->list));
        zones->names = calloc(ZONES_MAX, sizeof(*zones->names));
        zones->sets = calloc(zones->set_room, sizeof(*zones->sets));
        if (!zones->tables || !zones->list || !zones->names || !zones->sets)
            err = ENOMEM;
    }
    if (!err)
        err = load_all(zones, why, why_size);
    if (err)
        zones_free(zones);
    else
        *zonesp = zones;
    return err;
}

void zones_free(struct zones *zones)
{
    if (!zones)
        return;
    for (uint32_t i = 0; i < zones->count; i++) {
        zone_table_release(&zones->tables[i]);
        free((char *)zones->names[i]);
    }
    for (uint32_t i = 1; zones->sets && i < zones->set_count; i++)
        if (zones->sets[i].zones != zones->sets[0].zones)
            free((uint16_t *)zones->sets[i].zones);
    if (zones->sets)
        free((uint16_t *)zones->sets[0].zones);
    number_zones_free(zones->numbers);
    free(zones->tables);
    free(zones->list);
    free(zones->names);
    free(zones->sets);
    free(zones);
}

const struct zone *zones_table(const struct zones *zones, uint32_t *count)
{
    *count = zones->count;
    return zones->list;
}

const struct zone_set *zones_sets(const struct zones *zones, uint32_t *count)
{
    *count = zones->set_room;
    return zones->sets;
}

uint32_t zones_sets_used(const struct zones *zones)
{
    return zones->set_count;
}

uint32_t zones_set_of(struct zones *zones, const char *e164, const char *stated)
{
    uint32_t set = number_zones_find(zones->numbers, e164), both;
    uint16_t index;

    if (!*stated || !find_zone(zones, stated, &index) ||
        number_zones_stated(zones->numbers, set, stated, &both) != 0)
        return set < zones->set_count ? set : 0;
    while (zones->set_count <= both) {
        if (zones->set_count == zones->set_room || fill_set(zones, zones->set_count) != 0)
            return 0; /* the strictest of all: every zone must agree */
        zones->set_count++;
    }
    return both;
}

bool zones_index(const struct zones *zones, struct slice name, uint16_t *index)
{
    char copy[64];

    return slice_copy(name, copy, sizeof(copy)) && find_zone(zones, copy, index);
}

void zones_names(const struct zones *zones, uint32_t set, char *out, size_t out_size)
{
    const struct zone_set *one = &zones->sets[set < zones->set_room ? set : 0];
    struct text text;

    text_init(&text);
    if (one->zone_count == zones->count)
        text_add(&text, "any");
    for (uint32_t i = 0; one->zone_count < zones->count && i < one->zone_count; i++)
        text_addf(&text, "%s%s", i ? ", " : "", zones->names[one->zones[i]]);
    slice_copy(text_slice(&text), out, out_size);
    text_release(&text);
}
