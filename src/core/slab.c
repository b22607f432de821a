#include "core/slab.h"

#include <errno.h>

int slab_init(struct slab *slab, size_t thing_size, uint32_t count_max)
{
    size_t size = (thing_size + 15) / 16 * 16;

    *slab = (struct slab){.size = (uint32_t)size, .count_max = count_max};
    slab->things = calloc(count_max ? count_max : 1, size);
    slab->free_slots = calloc(count_max ? count_max : 1, sizeof(*slab->free_slots));
    if (!slab->things || !slab->free_slots) {
        slab_release(slab);
        return ENOMEM;
    }
    while (slab->free_count < count_max) { /* the lowest slot is on top */
        slab->free_slots[slab->free_count] = count_max - 1 - slab->free_count;
        ++slab->free_count;
    }
    return 0;
}

void slab_release(struct slab *slab)
{
    free(slab->things);
    free(slab->free_slots);
    *slab = (struct slab){0};
}

void *slab_take(struct slab *slab)
{
    void *thing;

    if (!slab->free_count)
        return NULL;
    --slab->free_count;
    thing = slab_at(slab, slab->free_slots[slab->free_count]);
    if (slab->free_slots[slab->free_count] >= slab->high)
        slab->high = slab->free_slots[slab->free_count] + 1;
    memset(thing, 0, slab->size);
    return thing;
}

void slab_give(struct slab *slab, void *thing)
{
    check(slab->free_count < slab->count_max);
    slab->free_slots[slab->free_count++] = slab_slot(slab, thing);
}
