#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "base/text.h"
#include "net/loop.h"

/*
 * An HTTP/1.1 server (libmicrohttpd) inside a loop: one handler gets each complete request and
 * answers it at once or later, from the loop's thread.
 *
 *   http_server_new(&server, loop, &options, handler, arg);
 *   handler: http_request_reply(request, 200, "application/json", body, size);
 *
 * Every request must be replied to exactly once; a request not replied to by its handler is
 * suspended until it is, or until the client leaves (http_request_on_gone then tells, and the
 * request must not be touched again). Limits: header 16 KiB (431), body options.body_size_max (413),
 * slow clients are cut (http_crowd.h has the times).
 *
 * There are never more than connection_count_max connections and a few more: when all are taken, the
 * connection that has waited longest for its next request is closed, and what still comes beyond is
 * handled with http_request_is_excess, one request each: say 503 (or serve what must be served).
 */
struct http_server;
struct http_request;

struct http_server_options {
    const char *address;           /* "127.0.0.1", "::1", "0.0.0.0" */
    uint16_t port;                 /* 0: any free one */
    size_t body_size_max;          /* bytes; larger bodies are refused with 413. 0: 1 MiB */
    unsigned connection_count_max; /* 0: 1024 */
    unsigned connections_of_one_address_max; /* 0: half of them */
    unsigned crowded_status;                 /* told to who must go unheard. 0: 503; or 429 */
    unsigned idle_ms; /* a connection without progress is closed. 0: 10 000 */
};

struct http_server_counts {
    size_t connections; /* open now */
    uint64_t excess, evicted,
        slow; /* so far: handled as excess; closed for others; cut as too slow */
};

typedef void (*http_handler)(void *arg, struct http_request *request);
/* Told of a request when its head is there and no byte of its body: it may choose where the body goes
 * (http_request_spool) and look at the head; it must not reply. */
typedef void (*http_head_handler)(void *arg, struct http_request *request);

/* 0; EADDRINUSE, EADDRNOTAVAIL, EACCES ... as bind() says; EINVAL for an address not numeric. */
int http_server_new(struct http_server **server, struct loop *loop,
                    const struct http_server_options *options, http_handler handler,
                    void *arg) must_check;
void http_server_free(struct http_server *server);
void http_server_on_head(struct http_server *server, http_head_handler handler);
uint16_t http_server_port(const struct http_server *server);
struct http_server_counts http_server_counts(const struct http_server *server);

const char *http_request_method(const struct http_request *request);
/* The path as sent, still percent-encoded, without the query. */
const char *http_request_path(const struct http_request *request);
/* What stood after '?', as sent; "" when nothing did. */
const char *http_request_query(const struct http_request *request);
const char *http_request_header(const struct http_request *request, const char *name); /* or NULL */
struct slice http_request_body(const struct http_request *request);
/* From the head handler only: the body is written to this descriptor as it comes, at most size_max
 * bytes (413 beyond), and http_request_body stays empty. The descriptor stays the caller's, and open
 * until the request has been handled or is gone; -1 lets the body be dropped. A failed write makes the
 * handler be called with http_request_spool_error telling errno. */
void http_request_spool(struct http_request *request, int fd, size_t size_max);
size_t http_request_spool_size(const struct http_request *request);
int http_request_spool_error(const struct http_request *request);
struct loop *http_request_loop(const struct http_request *request);
const char *http_request_peer(const struct http_request *request); /* "127.0.0.1" */
/* All connections are taken, or all its address may have: it is closed after this answer. */
bool http_request_is_excess(const struct http_request *request);
/* HTTP Basic credentials: false when there are none (user and password are cut to their sizes). */
bool http_request_basic(const struct http_request *request, char *user, size_t user_size,
                        char *password, size_t password_size);
/* The bearer token of the Authorization header; an empty slice when there is none. */
struct slice http_request_bearer(const struct http_request *request);

/* A header of the answer to come; call before http_request_reply. */
void http_request_add_header(struct http_request *request, const char *name, const char *value);
/* The body is copied. content_type may be NULL when size is 0. */
void http_request_reply(struct http_request *request, unsigned status, const char *content_type,
                        const void *body, size_t size);
/* The same with `size` bytes from the start of a file; the descriptor is taken over and closed. */
void http_request_reply_file(struct http_request *request, unsigned status,
                             const char *content_type, int fd, uint64_t size);
/* Called if the client leaves before the reply; the request is gone when it returns. Of a spooled body also
 * when the request ends, however it does, while its context is still set: nobody took the body. */
void http_request_on_gone(struct http_request *request, loop_handler handler, void *arg);

/*
 * The connection leaves HTTP (101) and what it carries then is the caller's: net/websocket's ground.
 * It stays among the server's connections, but no crowd makes it go. `begun` comes when the 101 has been
 * sent, with the bytes that came early; the descriptor stays the server's. Then it is ended by
 * http_request_upgrade_end, after which the request is gone. `gone`: the client left before it began,
 * or the server is being freed; the request is gone when it returns. One of both ends it.
 */
struct http_upgrade {
    void (*begun)(void *arg, int fd, struct slice early);
    void (*gone)(void *arg);
    void *arg;
};

/* 0, and nobody else may reply; EINVAL (HTTP/1.0), EBUSY (it is excess: say 503), ENOMEM. */
int http_request_upgrade(struct http_request *request, const char *protocol,
                         const struct http_upgrade *upgrade) must_check;
void http_request_upgrade_end(struct http_request *request);

/* A place for the handler's own pointer while the request waits. */
void http_request_set_context(struct http_request *request, void *context);
void *http_request_context(const struct http_request *request);

#endif
