#ifndef NET_WEBSOCKET_H
#define NET_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "net/http_server.h"

/*
 * A WebSocket (RFC 6455), server's side, on a request that net/http_server has taken: microhttpd's
 * upgrade carries it, wslay frames it. One thread, the loop's.
 *
 *   in the HTTP handler (or later), instead of http_request_reply:
 *   err = websocket_accept(&socket, request, &options, &handlers, arg);     0: the request is gone
 *   websocket_send(socket, text);                                    any number, also from a handler
 *   websocket_close(socket, 4001, "no such app");
 *
 * Every accepted socket ends with exactly one `closed`, never from inside websocket_accept, _send or
 * _close; it is freed when that returns. http_server_free ends those still open, with 1001. Messages are
 * whole (fragments are put together), text is UTF-8 (else closed with 1007), a message or frame beyond
 * message_size_max closes with 1009 (also the 64-bit length of all ones), an unmasked frame with 1002.
 * Pings of the peer are answered by themselves.
 */
struct websocket;

struct websocket_options {
    size_t message_size_max; /* bytes; 0: 64 KiB */
    size_t unsent_size_max;  /* a peer that does not read is closed with 1008 beyond; 0: 1 MiB */
    unsigned ping_after_ms;  /* a protocol ping after so long without any frame; 0: never */
    unsigned
        silent_ms; /* ... and so long after the ping without any: closed with silent_code. 0: 30 000 */
    uint16_t silent_code; /* 0: 1001 */
    bool takes_binary;    /* false: a binary message closes with 1003 */
    const char *protocol; /* Sec-WebSocket-Protocol of the answer; NULL: none */
};

struct websocket_handlers {
    void (*message)(void *arg, struct slice text); /* the bytes live until it returns */
    /* The code of who closed first: the peer's (1005: it gave none), or ours. 1006: nobody did, the
     * connection broke or was cut. May come up to 2 s after the close began; no message comes between. */
    void (*closed)(void *arg, uint16_t code);
};

bool websocket_is_wanted(
    const struct http_request *request); /* GET with Upgrade: websocket, version 13, a key */

/* 0; EINVAL: it is no request for one (not replied to: say 426 or 400); EBUSY: all connections are taken
 * (say 503); ENOMEM. */
int websocket_accept(struct websocket **socket, struct http_request *request,
                     const struct websocket_options *options,
                     const struct websocket_handlers *handlers, void *arg) must_check;
void websocket_send(struct websocket *socket, struct slice text); /* copies; nothing once closing */
/* After the frame has gone (or 2 s) the connection is shut down. code 0: no close frame, cut at once. */
void websocket_close(struct websocket *socket, uint16_t code, const char *reason);
const char *websocket_peer(const struct websocket *socket); /* "127.0.0.1" */

#endif
