#ifndef CORE_ID_INDEX_H
#define CORE_ID_INDEX_H

#include <stdint.h>

#include "base/check.h"

/*
 * From an id to what bears it. Room for `count` entries is bought at the start, so that putting
 * cannot fail; finding takes a look or two. Ids are never 0.
 */
struct id_index {
    struct id_entry {
        uint64_t id;
        void *value;
    } * entries;
    uint32_t mask, count, count_max;
};

int id_index_init(struct id_index *index, uint32_t count_max) must_check; /* 0, ENOMEM */
void id_index_release(struct id_index *index);
void *id_index_get(const struct id_index *index, uint64_t id);       /* NULL: nobody */
void id_index_put(struct id_index *index, uint64_t id, void *value); /* not there yet */
void id_index_remove(struct id_index *index, uint64_t id);

#endif
