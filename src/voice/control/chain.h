#ifndef VOICE_CONTROL_CHAIN_H
#define VOICE_CONTROL_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/heap.h"

/* A doubly linked list whose links live inside their owners (container_of finds them). */
struct chain_link {
    struct chain_link *before, *after;
    bool linked;
};

struct chain {
    struct chain_link *first, *last;
    size_t count;
};

static inline void chain_add(struct chain *chain, struct chain_link *link)
{
    check(!link->linked);
    *link = (struct chain_link){chain->last, NULL, true};
    if (chain->last)
        chain->last->after = link;
    else
        chain->first = link;
    chain->last = link;
    ++chain->count;
}

/* Nothing when it is in no chain. */
static inline void chain_remove(struct chain *chain, struct chain_link *link)
{
    if (!link->linked)
        return;
    if (link->before)
        link->before->after = link->after;
    else
        chain->first = link->after;
    if (link->after)
        link->after->before = link->before;
    else
        chain->last = link->before;
    *link = (struct chain_link){0};
    --chain->count;
}

#endif
