#ifndef CORE_CHAIN_H
#define CORE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A chain of things in the order they joined: links live inside their owners, the head is a link too.
 * A link on its own points to itself, so leaving twice does no harm.
 */
struct chain {
    struct chain *before, *after;
};

static inline void chain_init(struct chain *chain)
{
    chain->before = chain->after = chain;
}

static inline bool chain_is_empty(const struct chain *chain)
{
    return chain->after == chain;
}

static inline void chain_leave(struct chain *link)
{
    link->before->after = link->after;
    link->after->before = link->before;
    chain_init(link);
}

/* Joins at the end; at the front: chain_join(head->after, link). */
static inline void chain_join(struct chain *head, struct chain *link)
{
    chain_leave(link);
    link->before = head->before;
    link->after = head;
    head->before->after = link;
    head->before = link;
}

#endif
