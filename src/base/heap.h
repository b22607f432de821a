#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/instant.h"

/*
 * A binary heap of deadlines. Nodes live inside their owners (container_of style); equal instants
 * leave in the order they came. heap_add buys room and can fail; changing and taking cannot.
 */
struct heap_node {
    instant at;
    uint64_t serial;
    size_t place; /* 1 + index in the heap; 0: in none */
};

struct heap {
    struct heap_node **nodes;
    size_t count, room;
    uint64_t serial;
};

void heap_init(struct heap *heap);
void heap_release(struct heap *heap);                         /* nodes are the owners' */
int heap_reserve(struct heap *heap, size_t count) must_check; /* 0, ENOMEM */
int heap_add(struct heap *heap, struct heap_node *node, instant at) must_check; /* or moves it */
void heap_remove(struct heap *heap, struct heap_node *node); /* nothing when it is in none */
struct heap_node *heap_first(const struct heap *heap);       /* NULL when empty */
instant heap_deadline(const struct heap *heap);              /* INSTANT_NEVER when empty */

#define container_of(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
