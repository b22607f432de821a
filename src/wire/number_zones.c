#include "wire/number_zones.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "wire/zone_file.h"

/* The table as it lies in data/phone-zones.txt, in the program by embed(). */
extern const char phone_zones_text[];
extern const size_t phone_zones_text_size;

enum { ZONES_IN_SET_MAX = 512, PREFIX_MAX = 15 };

/* A tree of digits: node 0 is the root; child 0 means none. */
struct node {
    uint32_t child[10];
    uint32_t set; /* 0: says nothing */
};

struct zone_set {
    const char **names; /* sorted; the strings are owned by number_zones.names */
    size_t count;
};

struct number_zones {
    struct node *nodes;
    size_t node_count, node_room;
    struct zone_set *sets; /* set id - 1 */
    size_t set_count, set_room;
    struct table names;   /* name -> its heap copy */
    struct table set_ids; /* "zone&zone" -> id */
    uint32_t everywhere;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *intern_name(struct number_zones *zones, struct slice name)
{
    char *copy = table_get(&zones->names, name.at, name.size);

    if (copy)
        return copy;
    copy = slice_dup(name);
    if (copy && table_put(&zones->names, name.at, name.size, copy)) {
        free(copy);
        copy = NULL;
    }
    return copy;
}

/* The id of a set given by sorted, single, interned names. */
static int intern_set(struct number_zones *zones, const char **names, size_t count, uint32_t *id)
{
    struct text key;
    struct zone_set *set;
    size_t room = zones->set_room ? 2 * zones->set_room : 256;
    void *known;
    int err = 0;

    text_init(&key);
    for (size_t i = 0; i < count; i++) {
        text_add(&key, i ? "&" : "");
        text_add(&key, names[i]);
    }
    known = key.failed ? NULL : table_get(&zones->set_ids, key.at, key.size);
    if (known) {
        *id = (uint32_t)(uintptr_t)known;
        goto out;
    }
    if (zones->set_count == zones->set_room) {
        set = realloc(zones->sets, room * sizeof(*set));
        if (!set) {
            err = ENOMEM;
            goto out;
        }
        zones->sets = set;
        zones->set_room = room;
    }
    set = &zones->sets[zones->set_count];
    set->names = malloc((count ? count : 1) * sizeof(*names));
    set->count = count;
    if (!set->names || key.failed ||
        table_put(&zones->set_ids, key.at, key.size, (void *)(uintptr_t)(zones->set_count + 1))) {
        free(set->names);
        err = ENOMEM;
        goto out;
    }
    memcpy(set->names, names, count * sizeof(*names));
    *id = (uint32_t)++zones->set_count;
out:
    text_release(&key);
    return err;
}

static int add_node(struct number_zones *zones, uint32_t *index)
{
    size_t room = zones->node_room ? 2 * zones->node_room : 4096;

    if (zones->node_count == zones->node_room) {
        struct node *nodes = realloc(zones->nodes, room * sizeof(*nodes));
        if (!nodes)
            return ENOMEM;
        zones->nodes = nodes;
        zones->node_room = room;
    }
    memset(&zones->nodes[zones->node_count], 0, sizeof(*zones->nodes));
    *index = (uint32_t)zones->node_count++;
    return 0;
}

static int add_prefix(struct number_zones *zones, struct slice prefix, uint32_t set)
{
    uint32_t node = 0;

    if (!prefix.size || prefix.size > PREFIX_MAX)
        return EINVAL;
    for (size_t i = 0; i < prefix.size; i++) {
        unsigned digit = (unsigned)(prefix.at[i] - '0');
        uint32_t child;

        if (digit > 9)
            return EINVAL;
        child = zones->nodes[node].child[digit];
        if (!child) {
            int err = add_node(zones, &child);
            if (err)
                return err;
            zones->nodes[node].child[digit] = child;
        }
        node = child;
    }
    if (zones->nodes[node].set)
        return EINVAL; /* said twice */
    zones->nodes[node].set = set;
    return 0;
}

static int parse_line(struct number_zones *zones, struct slice line)
{
    const char *names[ZONES_IN_SET_MAX];
    size_t count = 0;
    struct slice list = slice_cut(&line, '|');
    uint32_t set;
    int err;

    while (list.size) {
        struct slice name = slice_cut(&list, '&');
        char checked[ZONE_NAME_MAX + 1];

        if (count == array_count(names) || !slice_copy(name, checked, sizeof(checked)) ||
            zone_name_check(checked))
            return EINVAL;
        names[count] = intern_name(zones, name);
        if (!names[count])
            return ENOMEM;
        if (count && strcmp(names[count - 1], names[count]) >= 0)
            return EINVAL; /* sorted, each once */
        count++;
    }
    if (!count || !line.size)
        return EINVAL;
    err = intern_set(zones, names, count, &set);
    while (!err && line.size)
        err = add_prefix(zones, slice_cut(&line, ' '), set);
    return err;
}

/* The set of every name seen: where a number without any known prefix may be. */
static int make_everywhere(struct number_zones *zones)
{
    const char *names[ZONES_IN_SET_MAX];
    struct table_slot *slot;
    size_t count = 0;
    size_t at = 0;

    while ((slot = table_next(&zones->names, &at))) {
        if (count == array_count(names))
            return EINVAL;
        names[count++] = slot->value;
    }
    qsort(names, count, sizeof(names[0]), compare_names);
    return intern_set(zones, names, count, &zones->everywhere);
}

int number_zones_parse(struct number_zones **zonesp, const char *bytes, size_t size, size_t *line)
{
    struct number_zones *zones = calloc(1, sizeof(*zones));
    struct slice rest = slice_of(bytes, size);
    uint32_t root;
    int err;

    *line = 0;
    if (!zones)
        return ENOMEM;
    table_init(&zones->names);
    table_init(&zones->set_ids);
    err = add_node(zones, &root);
    while (!err && rest.size) {
        struct slice text = slice_trim(slice_cut(&rest, '\n'));
        ++*line;
        if (text.size && text.at[0] != '#')
            err = parse_line(zones, text);
    }
    if (!err)
        err = make_everywhere(zones);
    if (err)
        number_zones_free(zones);
    else
        *zonesp = zones;
    return err;
}

int number_zones_new(struct number_zones **zonesp)
{
    size_t line;
    int err = number_zones_parse(zonesp, phone_zones_text, phone_zones_text_size, &line);

    check(err != EINVAL); /* the table is part of the program */
    return err;
}

void number_zones_free(struct number_zones *zones)
{
    struct table_slot *slot;
    size_t at = 0;

    if (!zones)
        return;
    while ((slot = table_next(&zones->names, &at)))
        free(slot->value);
    for (size_t i = 0; i < zones->set_count; i++)
        free(zones->sets[i].names);
    table_release(&zones->names);
    table_release(&zones->set_ids);
    free(zones->sets);
    free(zones->nodes);
    free(zones);
}

uint32_t number_zones_find(const struct number_zones *zones, const char *e164)
{
    uint32_t found = zones->everywhere;
    uint32_t node = 0;

    if (*e164 == '+')
        e164++;
    for (; *e164 >= '0' && *e164 <= '9'; e164++) {
        node = zones->nodes[node].child[*e164 - '0'];
        if (!node)
            break;
        if (zones->nodes[node].set)
            found = zones->nodes[node].set;
    }
    return found;
}

uint32_t number_zones_everywhere(const struct number_zones *zones)
{
    return zones->everywhere;
}

size_t number_zones_names(const struct number_zones *zones, uint32_t set, const char *const **names)
{
    check(set >= 1 && set <= zones->set_count);
    *names = zones->sets[set - 1].names;
    return zones->sets[set - 1].count;
}

size_t number_zones_count(const struct number_zones *zones)
{
    return zones->set_count;
}

int number_zones_stated(struct number_zones *zones, uint32_t set, const char *zone, uint32_t *both)
{
    const char *names[ZONES_IN_SET_MAX + 1];
    const struct zone_set *known;
    const char *name;

    check(set >= 1 && set <= zones->set_count);
    known = &zones->sets[set - 1];
    name = intern_name(zones, slice_from(zone));
    if (!name || known->count >= ZONES_IN_SET_MAX)
        return ENOMEM;
    for (size_t i = 0; i < known->count; i++) {
        if (known->names[i] == name) {
            *both = set;
            return 0;
        }
        names[i] = known->names[i];
    }
    names[known->count] = name;
    qsort(names, known->count + 1, sizeof(names[0]), compare_names);
    return intern_set(zones, names, known->count + 1, both);
}
