/*
 * Session descriptions by themselves: each line that begins with "--" divides one body from the next, and all of them
 * come to one leg, as offers and as answers, the way a call is renegotiated. What is accepted can be spoken:
 * payload types within their range, an address to send to, and an answer can be written.
 */
#include <stdlib.h>
#include <string.h>

#include "voice/signal/description.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct description *description, struct slice body, bool offer)
{
    struct mbuf *buffer = mbuf_alloc(body.size + 1), *written = NULL;
    struct signal_media media;

    check(buffer && mbuf_write_mem(buffer, (const uint8_t *)body.at, body.size) == 0);
    buffer->pos = 0;
    if (!offer)
        check(description_write(description, true, &written) == 0);
    written = mem_deref(written);
    if (!description_read(description, buffer, offer, &media)) {
        check(media.payload_type < 128 && media.dtmf_type < 128);
        check(!offer || description_write(description, false, &written) == 0);
        check(!offer || (written && mbuf_get_left(written) > 0));
    }
    mem_deref(written);
    mem_deref(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signal_local local = {{htonl(INADDR_LOOPBACK)}, 20000};
    struct slice rest = slice_of((const char *)data, size);
    struct description *description;
    unsigned bodies = 0;

    if (size > 65536)
        return 0;
    check(description_new(&description) == 0);
    description_local(description, &local);
    while (rest.size && bodies++ < 8) {
        const char *end = memmem(rest.at, rest.size, "\n--", 3);
        struct slice body = slice_of(rest.at, end ? (size_t)(end - rest.at) + 1 : rest.size);

        rest = slice_of(rest.at + body.size, rest.size - body.size);
        if (end)
            slice_cut(&rest, '\n');
        take(description, body, bodies & 1);
        take(description, body, !(bodies & 1));
    }
    description_free(description);
    return 0;
}
