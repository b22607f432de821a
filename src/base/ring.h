#ifndef BASE_RING_H
#define BASE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

/*
 * A bounded queue of fixed-size records between exactly two threads: one puts, one takes. Lock-free;
 * a full ring refuses, and the putter decides what that means.
 */
struct ring {
    unsigned char *records;
    size_t record_size, mask;         /* count - 1; count is a power of two */
    _Alignas(64) _Atomic size_t head; /* next to take */
    _Alignas(64) _Atomic size_t tail; /* next to put */
};

int ring_init(struct ring *ring, size_t record_size, size_t count) must_check; /* 0, ENOMEM */
void ring_release(struct ring *ring);
bool ring_put(struct ring *ring, const void *record);
bool ring_take(struct ring *ring, void *record);

#endif
