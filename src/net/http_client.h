#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <sys/socket.h>

#include <sys/types.h>

#include "base/text.h"
#include "net/loop.h"

/*
 * An HTTP client (libcurl multi) inside a loop: keep-alive, TLS verified, bounded in time and size.
 * It follows no redirects and retries nothing: both are decisions of the caller (but see `once`).
 *
 *   http_client_send(client, &order, handler, arg, &ref);
 *   handler(arg, &answer) is called exactly once, never from inside http_client_send; the answer's
 *   bytes live until it returns.
 */
struct http_client;

struct http_client_options {
    size_t connection_count_max;    /* in all, in use or kept; more orders wait. 0: 64 */
    size_t connection_per_host_max; /* 0: 20 */
    size_t held_size_max; /* bytes of answers that are coming, together; 0: as each order says */
    bool insecure;        /* do not verify TLS; for loopback tests only */
    /* Asked of every address before it is connected to; false: as if nobody were there. NULL: any. */
    bool (*may_connect)(void *arg, const struct sockaddr *address);
    void *may_connect_arg;
};

/* Gives up to `size` bytes of a body; 0 (it ended too soon) or -1 give the order up. */
typedef ssize_t (*http_body_reader)(void *arg, char *out, size_t size);
/* Takes the bytes of an answer as they come; false gives the order up (HTTP_BROKEN). */
typedef bool (*http_body_writer)(void *arg, const char *bytes, size_t size);

struct http_order {
    const char *method;         /* "GET", "POST", "PUT", "DELETE" */
    const char *url;            /* absolute http(s); a fragment is not sent */
    const char *const *headers; /* "Name: value", ended by NULL; may be NULL */
    struct slice body;          /* copied */
    http_body_reader read_body; /* instead of `body`: asked for body_size bytes */
    uint64_t body_size;
    http_body_writer write_body; /* of an answer with status 200: instead of keeping it */
    void *body_arg;              /* for both */
    const char *user, *password; /* HTTP Basic, or NULL */
    /* Never sent a second time. libcurl sends again by itself when a kept connection ends without an answer; whoever
     * had it may have done what it said. That is HTTP_BROKEN then. */
    bool once;
    unsigned connect_ms;  /* 0: 5 000 */
    unsigned total_ms;    /* 0: 15 000 */
    size_t body_size_max; /* of the answer; 0: 1 MiB */
};

enum http_outcome {
    HTTP_ANSWERED,      /* a complete answer, whatever its status */
    HTTP_BAD_URL,       /* not an absolute http(s) URL */
    HTTP_NO_HOST,       /* the name does not resolve */
    HTTP_NO_CONNECTION, /* refused, unreachable, or not connected in connect_ms */
    HTTP_TLS_FAILED,    /* handshake or certificate */
    HTTP_TIMED_OUT,     /* connected, no complete answer in total_ms */
    HTTP_TOO_LARGE,     /* the answer's body passed body_size_max, or all together held_size_max */
    HTTP_BROKEN,        /* connection lost or not HTTP */
    HTTP_CANCELED,      /* http_client_cancel, or the client was freed */
};

struct http_answer {
    enum http_outcome outcome;
    const char *error;        /* a sentence for people, "" when answered */
    unsigned status;          /* 0 unless answered */
    const char *content_type; /* as sent with its parameters; "" when absent */
    const char *location;     /* the Location header; "" when absent */
    unsigned retry_after_s;   /* the Retry-After header in seconds; 0: none, or a date */
    const char *set_cookie;   /* Set-Cookie headers, one a line; "" when absent */
    struct slice body;
    instant took; /* microseconds from send to end */
};

typedef void (*http_answer_handler)(void *arg, const struct http_answer *answer);

int http_client_new(struct http_client **client, struct loop *loop,
                    const struct http_client_options *options) must_check; /* 0, ENOMEM */
void http_client_free(struct http_client *client); /* open orders end with HTTP_CANCELED */

/* *ref (may be NULL) is never 0. 0, ENOMEM. */
int http_client_send(struct http_client *client, const struct http_order *order,
                     http_answer_handler handler, void *arg, uint64_t *ref) must_check;
void http_client_cancel(struct http_client *client,
                        uint64_t ref); /* handler called with CANCELED */

const char *http_outcome_name(enum http_outcome outcome);

#endif
