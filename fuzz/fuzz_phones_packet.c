#include <stddef.h>
#include <stdint.h>

#include "phones/leg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void forget(void *arg, const struct rtp_event *event)
{
}

/* Packets as a leg receives them: each a length byte and as many bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct leg leg;
    struct rtp_order order = {.call = 1, .kind = SPEAKER_PERSON, .id = 1};
    struct rtp_remote remote = {.payload_type = 0, .digits_type = 101, .send = true};
    instant now = SECOND;

    leg_init(&leg, &order, 1, forget, NULL);
    leg_remote(&leg, &remote);
    while (size) {
        size_t part = *data < size - 1 ? *data : size - 1;

        leg_read(&leg, now, data + 1, part);
        leg_listen(&leg, now);
        now += 7 * MILLISECOND;
        data += 1 + part;
        size -= 1 + part;
    }
    return 0;
}
