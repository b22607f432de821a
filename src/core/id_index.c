#include "core/id_index.h"

#include <errno.h>
#include <stdlib.h>

int id_index_init(struct id_index *index, uint32_t count_max)
{
    uint64_t room = 16;

    while (room < (uint64_t)count_max * 2)
        room *= 2;
    index->entries = calloc(room, sizeof(*index->entries));
    if (!index->entries)
        return ENOMEM;
    index->mask = (uint32_t)(room - 1);
    index->count = 0;
    index->count_max = count_max;
    return 0;
}

void id_index_release(struct id_index *index)
{
    free(index->entries);
    *index = (struct id_index){0};
}

static uint32_t home(const struct id_index *index, uint64_t id)
{
    return (uint32_t)((id * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & index->mask;
}

void *id_index_get(const struct id_index *index, uint64_t id)
{
    uint32_t at;

    if (!id)
        return NULL;
    for (at = home(index, id); index->entries[at].id; at = (at + 1) & index->mask)
        if (index->entries[at].id == id)
            return index->entries[at].value;
    return NULL;
}

void id_index_put(struct id_index *index, uint64_t id, void *value)
{
    uint32_t at = home(index, id);

    check(id && index->count < index->count_max);
    while (index->entries[at].id) {
        check(index->entries[at].id != id);
        at = (at + 1) & index->mask;
    }
    index->entries[at] = (struct id_entry){id, value};
    ++index->count;
}

/* The entries behind the hole move up, so that no search ends before its time. */
void id_index_remove(struct id_index *index, uint64_t id)
{
    uint32_t hole = home(index, id), at;

    while (index->entries[hole].id != id) {
        check(index->entries[hole].id);
        hole = (hole + 1) & index->mask;
    }
    for (at = (hole + 1) & index->mask; index->entries[at].id; at = (at + 1) & index->mask) {
        uint32_t distance = (at - home(index, index->entries[at].id)) & index->mask;

        if (distance >= ((at - hole) & index->mask)) {
            index->entries[hole] = index->entries[at];
            hole = at;
        }
    }
    index->entries[hole] = (struct id_entry){0};
    --index->count;
}
