#include "lists/import_regions.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { WORDINGS_MAX = 4096 };

struct region_key {
    uint32_t sets[LEAD_NUMBERS_MAX]; /* ascending, each once */
    size_t count;
};

int import_regions_init(struct import_regions *regions)
{
    memset(regions, 0, sizeof(*regions));
    table_init(&regions->wordings);
    return number_zones_new(&regions->zones);
}

void import_regions_release(struct import_regions *regions)
{
    table_free(&regions->wordings);
    number_zones_free(regions->zones);
    memset(regions, 0, sizeof(*regions));
}

static bool is_zone(const struct number_zones *zones, const char *name)
{
    const char *const *names;
    size_t count = number_zones_names(zones, number_zones_everywhere(zones), &names);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static void key_add(struct region_key *key, uint32_t set)
{
    size_t place = 0;

    while (place < key->count && key->sets[place] < set)
        place++;
    if (place < key->count && key->sets[place] == set)
        return;
    memmove(&key->sets[place + 1], &key->sets[place], (key->count - place) * sizeof(set));
    key->sets[place] = set;
    key->count++;
}

static char *word(const struct number_zones *zones, const struct region_key *key)
{
    const char *const *names;
    size_t all = number_zones_names(zones, number_zones_everywhere(zones), &names);
    struct text text;
    char *wording;

    text_init(&text);
    for (size_t i = 0; i < key->count; i++) {
        size_t count = number_zones_names(zones, key->sets[i], &names);

        text_add(&text, i ? "|" : "");
        if (count >= all)
            text_add(&text, "*");
        for (size_t k = 0; count < all && k < count; k++)
            text_addf(&text, "%s%s", k ? "," : "", names[k]);
    }
    wording = text.failed || !text.at ? NULL : strdup(text.at);
    text_release(&text);
    return wording;
}

const char *import_regions_of(struct import_regions *regions, const struct store_import_row *row)
{
    bool stated = row->zone && *row->zone && is_zone(regions->zones, row->zone);
    struct region_key key = {.count = 0};
    char *wording;

    for (uint32_t i = 0; i < row->number_count; i++) {
        uint32_t set = number_zones_find(regions->zones, row->numbers[i].e164);

        if (stated && number_zones_stated(regions->zones, set, row->zone, &set))
            return "";
        key_add(&key, set);
    }
    wording = table_get(&regions->wordings, key.sets, key.count * sizeof(key.sets[0]));
    if (wording || regions->wordings.count == WORDINGS_MAX)
        return wording ? wording : "";
    wording = word(regions->zones, &key);
    if (!wording ||
        table_put(&regions->wordings, key.sets, key.count * sizeof(key.sets[0]), wording)) {
        free(wording);
        return "";
    }
    return wording;
}
