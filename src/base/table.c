#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_FREE = 0, SLOT_REMOVED = 1 };

/* FNV-1a with a final mix; 0 and 1 are kept for the two empty kinds of slot. */
static uint64_t hash_bytes(const void *key, size_t size)
{
    const unsigned char *at = key;
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < size; ++i)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    hash ^= hash >> 29;
    return hash < 2 ? hash + 2 : hash;
}

static bool is_far(const struct table_slot *slot)
{
    return slot->key_size > sizeof(slot->key.near);
}

void table_init(struct table *table)
{
    *table = (struct table){0};
}

void table_release(struct table *table)
{
    for (size_t i = 0; i < table->room; ++i)
        if (table->slots[i].hash > SLOT_REMOVED && is_far(&table->slots[i]))
            free(table->slots[i].key.far);
    free(table->slots);
    table_init(table);
}

void table_free(struct table *table)
{
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(table, &at)))
        free(slot->value);
    table_release(table);
}

static struct table_slot *find(const struct table *table, uint64_t hash, const void *key,
                               size_t key_size)
{
    if (!table->room)
        return NULL;
    for (size_t i = hash & (table->room - 1);; i = (i + 1) & (table->room - 1)) {
        struct table_slot *slot = &table->slots[i];

        if (slot->hash == SLOT_FREE)
            return NULL;
        if (slot->hash == hash && slot->key_size == key_size &&
            memcmp(table_slot_key(slot), key, key_size) == 0)
            return slot;
    }
}

static void place(struct table_slot *slots, size_t room, struct table_slot entry)
{
    size_t i = entry.hash & (room - 1);

    while (slots[i].hash > SLOT_REMOVED)
        i = (i + 1) & (room - 1);
    slots[i] = entry;
}

static int grow(struct table *table)
{
    size_t room = table->room ? table->room : 16;
    struct table_slot *slots;

    if (2 * (table->used + 1) <= table->room)
        return 0;
    while (room < 4 * (table->count + 1))
        room *= 2;
    slots = calloc(room, sizeof(*slots));
    if (!slots)
        return ENOMEM;
    for (size_t i = 0; i < table->room; ++i)
        if (table->slots[i].hash > SLOT_REMOVED)
            place(slots, room, table->slots[i]);
    free(table->slots);
    table->slots = slots;
    table->room = room;
    table->used = table->count;
    return 0;
}

void *table_get(const struct table *table, const void *key, size_t key_size)
{
    struct table_slot *slot = find(table, hash_bytes(key, key_size), key, key_size);

    return slot ? slot->value : NULL;
}

int table_put(struct table *table, const void *key, size_t key_size, void *value)
{
    uint64_t hash = hash_bytes(key, key_size);
    struct table_slot *slot = find(table, hash, key, key_size), entry;

    if (slot) {
        slot->value = value;
        return 0;
    }
    if (grow(table))
        return ENOMEM;
    entry = (struct table_slot){.hash = hash, .key_size = key_size, .value = value};
    if (is_far(&entry) && !(entry.key.far = malloc(key_size)))
        return ENOMEM;
    memcpy(is_far(&entry) ? entry.key.far : entry.key.near, key, key_size);
    place(table->slots, table->room, entry);
    ++table->count;
    ++table->used;
    return 0;
}

void *table_remove(struct table *table, const void *key, size_t key_size)
{
    struct table_slot *slot = find(table, hash_bytes(key, key_size), key, key_size);
    void *value;

    if (!slot)
        return NULL;
    value = slot->value;
    if (is_far(slot))
        free(slot->key.far);
    *slot = (struct table_slot){.hash = SLOT_REMOVED};
    --table->count;
    return value;
}

struct table_slot *table_next(const struct table *table, size_t *at)
{
    while (*at < table->room) {
        struct table_slot *slot = &table->slots[(*at)++];

        if (slot->hash > SLOT_REMOVED)
            return slot;
    }
    return NULL;
}
