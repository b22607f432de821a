#ifndef CORE_SLAB_H
#define CORE_SLAB_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* Things of one size, bought at the start; taking one is a pop, giving it back a push. */
struct slab {
    unsigned char *things;
    uint32_t *free_slots;
    uint32_t size, count_max, free_count;
    uint32_t high; /* slots below it were ever taken */
};

int slab_init(struct slab *slab, size_t thing_size, uint32_t count_max) must_check; /* 0, ENOMEM */
void slab_release(struct slab *slab);
void *slab_take(struct slab *slab); /* all zero; NULL: full */
void slab_give(struct slab *slab, void *thing);

static inline void *slab_at(const struct slab *slab, uint32_t slot)
{
    return slab->things + (size_t)slot * slab->size;
}

static inline uint32_t slab_slot(const struct slab *slab, const void *thing)
{
    return (uint32_t)((size_t)((const unsigned char *)thing - slab->things) / slab->size);
}

static inline uint32_t slab_used(const struct slab *slab)
{
    return slab->count_max - slab->free_count;
}

#endif
