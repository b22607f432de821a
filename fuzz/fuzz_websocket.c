#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/websocket_frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGE_SIZE_MAX = 70000 };

struct listener {
    struct frames *frames;
    struct text heard;
    bool answers;
};

static void on_message(void *arg, struct slice text)
{
    struct listener *listener = arg;

    check(text.size <= MESSAGE_SIZE_MAX);
    text_addf(&listener->heard, "%zu:", text.size);
    text_add_slice(&listener->heard, text);
    if (listener->answers)
        frames_send(listener->frames, text);
    if (slice_is(text, "close"))
        frames_close(listener->frames, 4000, "asked for");
}

static uint16_t listen_to(struct listener *listener, const uint8_t *data, size_t size, size_t step)
{
    uint16_t code;

    check(!frames_new(&listener->frames, MESSAGE_SIZE_MAX, false, on_message, listener));
    text_init(&listener->heard);
    for (size_t at = 0; at < size; at += step) {
        size_t closed_size = frames_code(listener->frames) ? frames_out(listener->frames)->size : 0;

        frames_feed(listener->frames,
                    slice_of((const char *)data + at, size - at < step ? size - at : step));
        check(!closed_size || frames_out(listener->frames)->size == closed_size);
    }
    code = frames_code(listener->frames);
    check(!frames_has_failed(listener->frames));
    check(!code || (code >= 1000 && code < 5000));
    frames_free(listener->frames);
    return code;
}

/* Whatever comes is understood alike, however it is cut; after a close nothing more is written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct listener whole = {.answers = true}, cut = {.answers = false};
    uint16_t code, code_cut;

    if (!size)
        return 0;
    code = listen_to(&whole, data + 1, size - 1, size);
    code_cut = listen_to(&cut, data + 1, size - 1, 1 + data[0] % 7u);
    check(code == code_cut);
    check(slice_equal(text_slice(&whole.heard), text_slice(&cut.heard)));
    text_release(&whole.heard);
    text_release(&cut.heard);
    return 0;
}
