#include "base/heap.h"

#include <errno.h>
#include <stdlib.h>

void heap_init(struct heap *heap)
{
    *heap = (struct heap){0};
}

void heap_release(struct heap *heap)
{
    for (size_t i = 0; i < heap->count; ++i)
        heap->nodes[i]->place = 0;
    free(heap->nodes);
    heap_init(heap);
}

static bool before(const struct heap_node *a, const struct heap_node *b)
{
    return a->at < b->at || (a->at == b->at && a->serial < b->serial);
}

static void put(struct heap *heap, size_t index, struct heap_node *node)
{
    heap->nodes[index] = node;
    node->place = index + 1;
}

static void sift_up(struct heap *heap, size_t index, struct heap_node *node)
{
    while (index && before(node, heap->nodes[(index - 1) / 2])) {
        put(heap, index, heap->nodes[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    put(heap, index, node);
}

static void sift_down(struct heap *heap, size_t index, struct heap_node *node)
{
    for (;;) {
        size_t child = 2 * index + 1;

        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && before(heap->nodes[child + 1], heap->nodes[child]))
            ++child;
        if (!before(heap->nodes[child], node))
            break;
        put(heap, index, heap->nodes[child]);
        index = child;
    }
    put(heap, index, node);
}

int heap_reserve(struct heap *heap, size_t count)
{
    struct heap_node **nodes;

    if (count <= heap->room)
        return 0;
    nodes = realloc(heap->nodes, count * sizeof(struct heap_node *));
    if (!nodes)
        return ENOMEM;
    heap->nodes = nodes;
    heap->room = count;
    return 0;
}

int heap_add(struct heap *heap, struct heap_node *node, instant at)
{
    if (node->place)
        heap_remove(heap, node);
    if (heap->count == heap->room) {
        int err = heap_reserve(heap, heap->room ? 2 * heap->room : 64);

        if (err)
            return err;
    }
    node->at = at;
    node->serial = heap->serial++;
    sift_up(heap, heap->count++, node);
    return 0;
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    size_t index = node->place - 1;
    struct heap_node *last;

    if (!node->place)
        return;
    check(index < heap->count && heap->nodes[index] == node);
    node->place = 0;
    last = heap->nodes[--heap->count];
    if (last == node)
        return;
    if (index && before(last, heap->nodes[(index - 1) / 2]))
        sift_up(heap, index, last);
    else
        sift_down(heap, index, last);
}

struct heap_node *heap_first(const struct heap *heap)
{
    return heap->count ? heap->nodes[0] : NULL;
}

instant heap_deadline(const struct heap *heap)
{
    return heap->count ? heap->nodes[0]->at : INSTANT_NEVER;
}
