#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "core/journal.h"
#include "core/journal_life.h"
#include "sim/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unheard(void *arg, const char *sentence)
{
}

/* A journal from anywhere is replayed or refused with a reason, never trusted. */
static void replay_it(const uint8_t *data, size_t size)
{
    struct replay *replay = replay_new(unheard, NULL);
    size_t used;

    check(replay);
    int err = replay_take(replay, data, size, &used);

    check(used <= size && (err != 0 || used == size));
    check(err != EBADMSG || *replay_why(replay));
    replay_free(replay);
}

/* Whatever is read from the journal must be, byte for byte, what would be written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[JOURNAL_EVENT_MAX];
    struct event event;
    size_t used;
    instant now;

    replay_it(data, size);
    while (size && journal_decode(data, size, &used, &now, &event) == 0) {
        check(used <= size && journal_encode(now, &event, again) == used);
        check(memcmp(again, data, used) == 0);
        data += used;
        size -= used;
    }
    return 0;
}
