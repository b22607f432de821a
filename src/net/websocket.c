#include "net/websocket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "net/websocket_frames.h"

enum {
    MESSAGE_SIZE_PRESET = 64 << 10,
    UNSENT_SIZE_PRESET = 1 << 20,
    SILENT_MS_PRESET = 30000,
    READ_SIZE = 16 << 10,
    READS_PER_TURN = 4, /* then the others of the loop have theirs */
    KEY_SIZE = 24,      /* 16 bytes in base64 */
    CODE_GOING_AWAY = 1001,
    CODE_BROKEN = 1006,
    CODE_NOT_READING = 1008,
};

static const instant CLOSING_MAX = 2 * SECOND;

struct websocket {
    struct http_request *request;
    struct loop *loop;
    struct frames *frames;
    struct websocket_options options;
    struct websocket_handlers handlers;
    void *arg;
    int fd; /* -1 before the 101 has gone */
    bool is_pinged;
    bool is_closing; /* its close frame is written, ours or in answer */
    bool is_half_shut;
    bool is_over;  /* nothing more is sent or read; `closed` is due */
    uint16_t code; /* for `closed`; 0: what the frames say */
    size_t sent;   /* of frames_out, from its front */
    bool is_watched_for_room;
    uint64_t heard; /* frames, when last looked */
    instant heard_at;
    /* Never stopped while the socket lives, only moved: so it always can be. */
    struct loop_timer timer;
    char peer[64];
};

static void on_timer(void *arg);
static void flush(struct websocket *socket);

/* ---- the request ---- */

static bool header_lists(const struct http_request *request, const char *name, const char *token)
{
    const char *value = http_request_header(request, name);
    struct slice rest = slice_from(value);

    while (rest.size)
        if (slice_is_nocase(slice_trim(slice_cut(&rest, ',')), token))
            return true;
    return false;
}

bool websocket_is_wanted(const struct http_request *request)
{
    const char *key = http_request_header(request, "Sec-WebSocket-Key");
    const char *version = http_request_header(request, "Sec-WebSocket-Version");
    unsigned char bytes[KEY_SIZE];

    return !strcmp(http_request_method(request), "GET") &&
           header_lists(request, "Upgrade", "websocket") &&
           header_lists(request, "Connection", "upgrade") && version && !strcmp(version, "13") &&
           key && strlen(key) == KEY_SIZE && !strcmp(key + KEY_SIZE - 2, "==") &&
           EVP_DecodeBlock(bytes, (const unsigned char *)key, KEY_SIZE) == 18;
}

static int add_accept(struct http_request *request)
{
    static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const char *key = http_request_header(request, "Sec-WebSocket-Key");
    unsigned char digest[EVP_MAX_MD_SIZE], accept[2 * EVP_MAX_MD_SIZE];
    char joined[KEY_SIZE + sizeof(magic)];
    unsigned size;

    memcpy(joined, key, KEY_SIZE);
    memcpy(joined + KEY_SIZE, magic, sizeof(magic));
    if (!EVP_Digest(joined, strlen(joined), digest, &size, EVP_sha1(), NULL))
        return ENOMEM;
    EVP_EncodeBlock(accept, digest, (int)size);
    http_request_add_header(request, "Sec-WebSocket-Accept", (const char *)accept);
    return 0;
}

/* ---- its end ---- */

static void move_timer(struct websocket *socket, instant at)
{
    int err = loop_timer_start(socket->loop, &socket->timer, at, on_timer, socket);

    check(!err); /* it has had its place since websocket_accept */
}

static void websocket_free(struct websocket *socket)
{
    loop_timer_stop(socket->loop, &socket->timer);
    frames_free(socket->frames);
    free(socket);
}

static void tell_closed(struct websocket *socket)
{
    uint16_t code = socket->code ? socket->code : frames_code(socket->frames);

    socket->handlers.closed(socket->arg, code ? code : CODE_BROKEN);
}

/* Ends it soon, from the timer: whoever is calling is still using it. */
static void be_over(struct websocket *socket)
{
    socket->is_over = true;
    if (socket->fd >= 0)
        loop_unwatch(socket->loop, socket->fd);
    move_timer(socket, loop_clock());
}

/* The close frame is written. What is on its way to us is read and dropped until the peer is done: with
 * bytes unread, closing would be a reset, and the peer might not see the frame. */
static void begin_closing(struct websocket *socket)
{
    socket->is_closing = true;
    move_timer(socket, loop_clock() + CLOSING_MAX);
}

static void finish(struct websocket *socket)
{
    struct http_request *request = socket->request;

    if (socket->fd < 0) { /* the 101 is still on its way; then it begins, or is gone */
        move_timer(socket, loop_clock() + CLOSING_MAX);
        return;
    }
    loop_unwatch(socket->loop, socket->fd);
    tell_closed(socket);
    websocket_free(socket);
    http_request_upgrade_end(request);
}

/* The client left before the 101 was sent, or the server is being freed. */
static void on_gone(void *arg)
{
    struct websocket *socket = arg;

    if (socket->fd >= 0) {
        frames_close(socket->frames, CODE_GOING_AWAY, "going away");
        if (!socket->is_over)
            flush(socket);
        loop_unwatch(socket->loop, socket->fd);
    }
    tell_closed(socket);
    websocket_free(socket);
}

/* ---- sending ---- */

static size_t unsent(const struct websocket *socket)
{
    return frames_out(socket->frames)->size - socket->sent;
}

static void watch(struct websocket *socket);

static void flush(struct websocket *socket)
{
    struct text *out = frames_out(socket->frames);

    if (socket->fd < 0 || socket->is_over)
        return;
    if (frames_has_failed(socket->frames)) {
        socket->code = CODE_BROKEN;
        be_over(socket);
        return;
    }
    while (unsent(socket)) {
        ssize_t size =
            send(socket->fd, out->at + socket->sent, unsent(socket), MSG_DONTWAIT | MSG_NOSIGNAL);

        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (size < 0) {
            if (!socket->is_closing)
                socket->code = CODE_BROKEN;
            be_over(socket);
            return;
        }
        socket->sent += (size_t)size;
    }
    if (!unsent(socket)) {
        text_clear(out);
        socket->sent = 0;
        if (socket->is_closing && !socket->is_half_shut) {
            socket->is_half_shut = true;
            (void)shutdown(socket->fd, SHUT_WR);
        }
    } else if (socket->sent >= out->size / 2) { /* moved at most as often as it doubles */
        memmove(out->at, out->at + socket->sent, unsent(socket));
        out->size -= socket->sent;
        socket->sent = 0;
    }
    watch(socket);
}

static void close_with(struct websocket *socket, uint16_t code, const char *reason)
{
    frames_close(socket->frames, code, reason);
    begin_closing(socket);
}

void websocket_send(struct websocket *socket, struct slice text)
{
    if (socket->is_closing || socket->is_over)
        return;
    if (unsent(socket) + text.size > socket->options.unsent_size_max)
        close_with(socket, CODE_NOT_READING, "not reading");
    else
        frames_send(socket->frames, text);
    flush(socket);
}

void websocket_close(struct websocket *socket, uint16_t code, const char *reason)
{
    if (socket->is_over || (code && socket->is_closing))
        return;
    if (code) {
        close_with(socket, code, reason);
        flush(socket);
        return;
    }
    if (!socket->is_closing)
        socket->code = CODE_BROKEN;
    be_over(socket);
}

/* ---- receiving ---- */

static void feed(struct websocket *socket, struct slice bytes)
{
    if (socket->is_closing || socket->is_over)
        return;
    frames_feed(socket->frames, bytes);
    if (socket->is_closing || socket->is_over) /* by a handler */
        return;
    if (frames_heard(socket->frames) != socket->heard) {
        socket->heard = frames_heard(socket->frames);
        socket->heard_at = loop_clock();
        socket->is_pinged = false;
    }
    if (frames_code(socket->frames))
        begin_closing(socket);
    else if (unsent(socket) > socket->options.unsent_size_max) /* pongs nobody reads */
        close_with(socket, CODE_NOT_READING, "not reading");
}

static void read_some(struct websocket *socket)
{
    char buffer[READ_SIZE];

    for (int turn = 0; turn < READS_PER_TURN && !socket->is_over; ++turn) {
        ssize_t size = recv(socket->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (size <= 0) {
            if (!socket->is_closing)
                socket->code = CODE_BROKEN;
            be_over(socket);
            return;
        }
        feed(socket, slice_of(buffer, (size_t)size));
    }
}

static void on_event(void *arg, uint32_t events)
{
    struct websocket *socket = arg;

    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read_some(socket);
    flush(socket);
}

static void watch(struct websocket *socket)
{
    bool for_room = unsent(socket) > 0;

    if (for_room == socket->is_watched_for_room)
        return;
    socket->is_watched_for_room = for_room;
    if (loop_watch(socket->loop, socket->fd, EPOLLIN | (for_room ? EPOLLOUT : 0u), on_event,
                   socket)) {
        socket->code = CODE_BROKEN;
        be_over(socket);
    }
}

/* ---- time ---- */

static instant ping_at(const struct websocket *socket)
{
    return socket->options.ping_after_ms
               ? socket->heard_at + socket->options.ping_after_ms * MILLISECOND
               : INSTANT_NEVER;
}

static void on_timer(void *arg)
{
    struct websocket *socket = arg;
    instant now = loop_clock();

    if (socket->is_over || socket->is_closing) {
        finish(socket);
        return;
    }
    if (now < ping_at(socket)) { /* heard since it was set */
        move_timer(socket, ping_at(socket));
        return;
    }
    if (!socket->is_pinged) {
        socket->is_pinged = true;
        move_timer(socket, now + socket->options.silent_ms * MILLISECOND);
        frames_ping(socket->frames);
    } else {
        close_with(socket, socket->options.silent_code, "silent");
    }
    flush(socket);
}

/* ---- its beginning ---- */

static void on_begun(void *arg, int fd, struct slice early)
{
    struct websocket *socket = arg;
    int one = 1;

    socket->fd = fd;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (socket->is_over) {
        be_over(socket);
        return;
    }
    if (loop_watch(socket->loop, fd, EPOLLIN, on_event, socket)) {
        socket->code = CODE_BROKEN;
        be_over(socket);
        return;
    }
    if (early.size)
        feed(socket, early);
    flush(socket);
}

int websocket_accept(struct websocket **socketp, struct http_request *request,
                     const struct websocket_options *options,
                     const struct websocket_handlers *handlers, void *arg)
{
    struct websocket *socket;
    int err = 0;

    if (!websocket_is_wanted(request))
        return EINVAL;
    if (http_request_is_excess(request))
        return EBUSY;
    socket = calloc(1, sizeof(*socket));
    if (!socket)
        return ENOMEM;
    socket->request = request;
    socket->loop = http_request_loop(request);
    socket->options = *options;
    socket->options.protocol = NULL; /* the caller's bytes */
    if (!options->message_size_max)
        socket->options.message_size_max = MESSAGE_SIZE_PRESET;
    if (!options->unsent_size_max)
        socket->options.unsent_size_max = UNSENT_SIZE_PRESET;
    if (!options->silent_ms)
        socket->options.silent_ms = SILENT_MS_PRESET;
    if (!options->silent_code)
        socket->options.silent_code = CODE_GOING_AWAY;
    socket->handlers = *handlers;
    socket->arg = arg;
    socket->fd = -1;
    socket->heard_at = loop_clock();
    (void)slice_copy(slice_from(http_request_peer(request)), socket->peer, sizeof(socket->peer));
    err = frames_new(&socket->frames, socket->options.message_size_max, options->takes_binary,
                     handlers->message, arg);
    if (err)
        goto out;
    err = loop_timer_start(socket->loop, &socket->timer, ping_at(socket), on_timer, socket);
    if (err)
        goto out;
    err = add_accept(request);
    if (err)
        goto out;
    if (options->protocol)
        http_request_add_header(request, "Sec-WebSocket-Protocol", options->protocol);
    err = http_request_upgrade(request, "websocket",
                               &(struct http_upgrade){on_begun, on_gone, socket});
out:
    if (err)
        websocket_free(socket);
    else
        *socketp = socket;
    return err;
}

const char *websocket_peer(const struct websocket *socket)
{
    return socket->peer;
}
