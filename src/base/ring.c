#include "base/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ring_init(struct ring *ring, size_t record_size, size_t count)
{
    size_t room = 2;

    while (room < count)
        room *= 2;
    ring->records = calloc(room, record_size);
    if (!ring->records)
        return ENOMEM;
    ring->record_size = record_size;
    ring->mask = room - 1;
    atomic_init(&ring->head, 0);
    atomic_init(&ring->tail, 0);
    return 0;
}

void ring_release(struct ring *ring)
{
    free(ring->records);
    ring->records = NULL;
}

bool ring_put(struct ring *ring, const void *record)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    size_t head = atomic_load_explicit(&ring->head, memory_order_acquire);

    if (tail - head > ring->mask)
        return false;
    memcpy(ring->records + (tail & ring->mask) * ring->record_size, record, ring->record_size);
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return true;
}

bool ring_take(struct ring *ring, void *record)
{
    size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

    if (head == tail)
        return false;
    memcpy(record, ring->records + (head & ring->mask) * ring->record_size, ring->record_size);
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return true;
}
