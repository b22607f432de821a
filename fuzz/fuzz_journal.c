#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "core/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is read from the journal must be, byte for byte, what would be written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[JOURNAL_EVENT_MAX];
    struct event event;
    size_t used;
    instant now;

    while (size && journal_decode(data, size, &used, &now, &event) == 0) {
        check(used <= size && journal_encode(now, &event, again) == used);
        check(memcmp(again, data, used) == 0);
        data += used;
        size -= used;
    }
    return 0;
}
