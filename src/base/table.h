#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/*
 * A hash table from bytes (or a number) to a pointer. Keys are copied, values are the caller's.
 * Not to be changed while being walked, except that table_remove of the entry in hand is safe.
 */
struct table_slot {
    uint64_t hash; /* 0: free, 1: was removed */
    union {
        char *far;                   /* a copy of a longer key */
        char near[sizeof(uint64_t)]; /* a short one: numbers need no memory of their own */
    } key;
    size_t key_size;
    void *value;
};

struct table {
    struct table_slot *slots;
    size_t count, used, room; /* room is a power of two or 0; used counts removed slots too */
};

void table_init(struct table *table);
void table_release(struct table *table);
void table_free(struct table *table); /* releases it and frees its values, which malloc made */
void *table_get(const struct table *table, const void *key, size_t key_size); /* NULL: none */
int table_put(struct table *table, const void *key, size_t key_size,
              void *value) must_check; /* replaces; 0, ENOMEM (then unchanged) */
void *table_remove(struct table *table, const void *key, size_t key_size); /* the value, or NULL */
/* Walk: size_t at = 0; while ((slot = table_next(&table, &at))) ... */
struct table_slot *table_next(const struct table *table, size_t *at);

static inline const char *table_slot_key(const struct table_slot *slot)
{
    return slot->key_size <= sizeof(slot->key.near) ? slot->key.near : slot->key.far;
}

static inline void *table_get_id(const struct table *table, uint64_t id)
{
    return table_get(table, &id, sizeof(id));
}

static inline int must_check table_put_id(struct table *table, uint64_t id, void *value)
{
    return table_put(table, &id, sizeof(id), value);
}

static inline void *table_remove_id(struct table *table, uint64_t id)
{
    return table_remove(table, &id, sizeof(id));
}

#endif
