#include "net/websocket_frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

enum { REASON_SIZE_MAX = 123, CONTROL_SIZE_MAX = 125 };

/*
 * wslay answers a header it cannot read with a close frame that says nothing, and counts a length of all
 * ones among them. So the headers are looked at before it sees them, and get the code they deserve.
 */
struct next_header {
    uint8_t bytes[10]; /* up to the length */
    size_t size;
    uint64_t skip; /* mask and payload that follow */
    uint64_t rest; /* how much that was at first */
    bool is_control;
};

struct frames {
    wslay_event_context_ptr wslay;
    size_t message_size_max;
    bool takes_binary, in_control, failed;
    struct slice in; /* what wslay may read now */
    struct next_header header;
    struct text held; /* the beginning of a control frame's payload */
    struct text message, out;
    frames_message handler;
    void *arg;
    uint16_t code;
    uint64_t heard;
};

/* Moves what wslay has queued to the bytes to be sent. */
static void write_queued(struct frames *frames)
{
    if (wslay_event_send(frames->wslay))
        frames->failed = true;
}

static void queue(struct frames *frames, uint8_t opcode, struct slice bytes)
{
    struct wslay_event_msg message = {opcode, (const uint8_t *)bytes.at, bytes.size};

    if (frames->code)
        return;
    if (wslay_event_queue_msg(frames->wslay, &message))
        frames->failed = true;
    write_queued(frames);
}

void frames_send(struct frames *frames, struct slice text)
{
    queue(frames, WSLAY_TEXT_FRAME, text);
}

void frames_ping(struct frames *frames)
{
    queue(frames, WSLAY_PING, slice_of("", 0));
}

void frames_close(struct frames *frames, uint16_t code, const char *reason)
{
    size_t size = reason ? strnlen(reason, REASON_SIZE_MAX) : 0;

    if (frames->code)
        return;
    write_queued(frames); /* a pong that is due goes before */
    if (wslay_event_queue_close(frames->wslay, code, (const uint8_t *)(size ? reason : ""), size))
        frames->failed = true;
    write_queued(frames);
    wslay_event_shutdown_read(frames->wslay);
    frames->code = code;
}

/* ---- what comes ---- */

/* How long the payload is, or 0 bytes known yet; *code says why it is refused. */
static bool header_is_whole(const struct next_header *header, uint64_t size_max, uint64_t *length,
                            uint16_t *code)
{
    size_t size = header->size, wide;
    bool is_control, is_final;

    if (size < 2)
        return false;
    is_final = header->bytes[0] & 0x80;
    is_control = header->bytes[0] & 0x08;
    *length = header->bytes[1] & 0x7f;
    if (is_control && (!is_final || *length > CONTROL_SIZE_MAX)) {
        *code = WSLAY_CODE_PROTOCOL_ERROR;
        return true;
    }
    wide = *length == 126 ? 2 : *length == 127 ? 8 : 0;
    if (size < 2 + wide)
        return false;
    if (wide) {
        *length = 0;
        for (size_t i = 0; i < wide; ++i)
            *length = *length << 8 | header->bytes[2 + i];
        if (*length < (wide == 2 ? 126 : 65536))
            *code = WSLAY_CODE_PROTOCOL_ERROR; /* said longer than it need be */
    }
    if (!is_control && *length > size_max)
        *code = WSLAY_CODE_MESSAGE_TOO_BIG;
    return true;
}

/* How many of these bytes wslay may see: all, or those before a header that is refused. */
static size_t look_at_headers(struct frames *frames, struct slice bytes, uint16_t *code)
{
    struct next_header *header = &frames->header;
    size_t good = 0;

    for (size_t at = 0; at < bytes.size;) {
        uint64_t length = 0;

        if (header->skip) {
            size_t step = header->skip < bytes.size - at ? (size_t)header->skip : bytes.size - at;

            header->skip -= step;
            at += step;
            good = at;
            continue;
        }
        header->bytes[header->size++] = (uint8_t)bytes.at[at++];
        if (!header_is_whole(header, frames->message_size_max, &length, code))
            continue;
        if (*code)
            return good;
        header->rest = header->skip = length + (header->bytes[1] & 0x80 ? 4 : 0);
        header->is_control = header->bytes[0] & 0x08;
        header->size = 0;
        good = at;
    }
    return bytes.size;
}

static ssize_t on_recv(wslay_event_context_ptr wslay, uint8_t *buffer, size_t size, int flags,
                       void *arg)
{
    struct frames *frames = arg;

    (void)flags;
    if (!frames->in.size) {
        wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (size > frames->in.size)
        size = frames->in.size;
    memcpy(buffer, frames->in.at, size);
    frames->in.at += size;
    frames->in.size -= size;
    return (ssize_t)size;
}

static ssize_t on_send(wslay_event_context_ptr wslay, const uint8_t *data, size_t size, int flags,
                       void *arg)
{
    struct frames *frames = arg;

    (void)flags;
    text_add_bytes(&frames->out, data, size);
    if (frames->out.failed) {
        wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    return (ssize_t)size;
}

static void on_frame_start(wslay_event_context_ptr wslay,
                           const struct wslay_event_on_frame_recv_start_arg *frame, void *arg)
{
    struct frames *frames = arg;

    (void)wslay;
    frames->in_control = wslay_is_ctrl_frame(frame->opcode);
    if (frame->opcode == WSLAY_BINARY_FRAME && !frames->takes_binary)
        frames_close(frames, WSLAY_CODE_UNSUPPORTED_DATA, "text only");
    else if (!frames->in_control &&
             frames->message.size + frame->payload_length > frames->message_size_max)
        frames_close(frames, WSLAY_CODE_MESSAGE_TOO_BIG, "message too large");
}

static void on_chunk(wslay_event_context_ptr wslay,
                     const struct wslay_event_on_frame_recv_chunk_arg *chunk, void *arg)
{
    struct frames *frames = arg;

    (void)wslay;
    if (frames->code || frames->in_control)
        return;
    text_add_bytes(&frames->message, chunk->data, chunk->data_length);
    if (frames->message.failed)
        frames->failed = true;
}

static void on_frame_end(wslay_event_context_ptr wslay, void *arg)
{
    struct frames *frames = arg;

    (void)wslay;
    ++frames->heard;
}

static void on_message(wslay_event_context_ptr wslay,
                       const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct frames *frames = arg;

    (void)wslay;
    if (frames->code || frames->failed || wslay_is_ctrl_frame(message->opcode))
        return;
    frames->handler(frames->arg, text_slice(&frames->message));
    text_clear(&frames->message);
}

static void let_read(struct frames *frames, struct slice bytes)
{
    frames->in = bytes;
    if (wslay_event_recv(frames->wslay))
        frames->failed = true;
    frames->in = slice_of("", 0);
}

/* wslay checks the reason of a close anew with each piece of it, so it gets it in one. */
static void let_read_controls_whole(struct frames *frames, struct slice bytes)
{
    const struct next_header *header = &frames->header;
    size_t unfinished =
        header->is_control && header->skip ? (size_t)(header->rest - header->skip) : 0;
    size_t ready;

    if (!frames->held.size && !unfinished) {
        let_read(frames, bytes);
        return;
    }
    text_add_slice(&frames->held, bytes);
    if (frames->held.failed) {
        frames->failed = true;
        return;
    }
    ready = frames->held.size - unfinished;
    let_read(frames, slice_of(frames->held.at, ready));
    memmove(frames->held.at, frames->held.at + ready, unfinished);
    frames->held.size = unfinished;
}

void frames_feed(struct frames *frames, struct slice bytes)
{
    uint16_t code = 0;
    size_t good;

    if (frames->code || frames->failed)
        return;
    good = look_at_headers(frames, bytes, &code);
    let_read_controls_whole(frames, slice_of(bytes.at, good));
    if (frames->code || frames->failed)
        return;
    write_queued(frames); /* pongs, and the close frame where wslay found a reason */
    if (wslay_event_get_close_received(frames->wslay))
        frames->code = wslay_event_get_status_code_received(frames->wslay);
    else if (!wslay_event_get_read_enabled(frames->wslay))
        frames->code = wslay_event_get_status_code_sent(frames->wslay);
    else if (code)
        frames_close(frames, code,
                     code == WSLAY_CODE_MESSAGE_TOO_BIG ? "message too large" : "no such frame");
}

struct text *frames_out(struct frames *frames)
{
    return &frames->out;
}

uint16_t frames_code(const struct frames *frames)
{
    return frames->code;
}

bool frames_has_failed(const struct frames *frames)
{
    return frames->failed;
}

uint64_t frames_heard(const struct frames *frames)
{
    return frames->heard;
}

int frames_new(struct frames **framesp, size_t message_size_max, bool takes_binary,
               frames_message message, void *arg)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_recv,
        .send_callback = on_send,
        .on_frame_recv_start_callback = on_frame_start,
        .on_frame_recv_chunk_callback = on_chunk,
        .on_frame_recv_end_callback = on_frame_end,
        .on_msg_recv_callback = on_message,
    };
    struct frames *frames = calloc(1, sizeof(*frames));

    if (!frames)
        return ENOMEM;
    if (wslay_event_context_server_init(&frames->wslay, &callbacks, frames)) {
        free(frames);
        return ENOMEM;
    }
    wslay_event_config_set_no_buffering(frames->wslay, 1); /* of fragments it would make a list */
    frames->message_size_max = message_size_max;
    frames->takes_binary = takes_binary;
    frames->handler = message;
    frames->arg = arg;
    text_init(&frames->held);
    text_init(&frames->message);
    text_init(&frames->out);
    *framesp = frames;
    return 0;
}

void frames_free(struct frames *frames)
{
    if (!frames)
        return;
    wslay_event_context_free(frames->wslay);
    text_release(&frames->held);
    text_release(&frames->message);
    text_release(&frames->out);
    free(frames);
}
