#ifndef TESTS_PUSH_DOUBLE_H
#define TESTS_PUSH_DOUBLE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/websocket.h"
#include "push/signature.h"

/*
 * WebSockets and HTTP requests without a network, in place of the room net's own: what is sent is kept, what
 * comes is said by the test. Included by the one file of a program that plays the wire.
 */
struct websocket {
    struct websocket_handlers handlers;
    void *arg;
    struct text sent; /* each message, a newline after it */
    uint16_t code;    /* closed by the server; 0: not */
};

struct http_request {
    const char *method, *path, *query, *forwarded;
    struct slice body;
    bool is_upgrade;
    struct websocket *socket; /* when it became one */
    unsigned status;          /* when it was answered */
    struct text answer;
};

bool websocket_is_wanted(const struct http_request *request)
{
    return request->is_upgrade;
}

int websocket_accept(struct websocket **socketp, struct http_request *request,
                     const struct websocket_options *options,
                     const struct websocket_handlers *handlers, void *arg)
{
    struct websocket *socket = calloc(1, sizeof(*socket));

    (void)options;
    if (!socket)
        return ENOMEM;
    socket->handlers = *handlers;
    socket->arg = arg;
    text_init(&socket->sent);
    request->socket = *socketp = socket;
    return 0;
}

void websocket_send(struct websocket *socket, struct slice text)
{
    if (socket->code)
        return;
    check(utf8_is_valid(text));
    text_add_slice(&socket->sent, text);
    text_add_char(&socket->sent, '\n');
}

void websocket_close(struct websocket *socket, uint16_t code, const char *reason)
{
    (void)reason;
    if (!socket->code)
        socket->code = code;
}

const char *websocket_peer(const struct websocket *socket)
{
    (void)socket;
    return "127.0.0.1";
}

const char *http_request_method(const struct http_request *request)
{
    return request->method;
}

const char *http_request_path(const struct http_request *request)
{
    return request->path;
}

const char *http_request_query(const struct http_request *request)
{
    return request->query;
}

struct slice http_request_body(const struct http_request *request)
{
    return request->body;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    return strcmp(name, "X-Forwarded-Proto") ? NULL : request->forwarded;
}

void http_request_add_header(struct http_request *request, const char *name, const char *value)
{
    (void)request;
    (void)name;
    (void)value;
}

void http_request_reply(struct http_request *request, unsigned status, const char *content_type,
                        const void *body, size_t size)
{
    (void)content_type;
    check(!request->status && !request->socket);
    request->status = status;
    text_add_bytes(&request->answer, body, size);
}

/* Its end, as the net room tells it. */
static inline void socket_end(struct websocket *socket)
{
    socket->handlers.closed(socket->arg, socket->code ? socket->code : 1006);
    text_release(&socket->sent);
    free(socket);
}

/* What a client says; not heard once it is closed. */
static inline void socket_say(struct websocket *socket, struct slice text)
{
    if (!socket->code)
        socket->handlers.message(socket->arg, text);
}

#endif
