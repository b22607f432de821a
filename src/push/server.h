#ifndef PUSH_SERVER_H
#define PUSH_SERVER_H

#include "net/http_server.h"
#include "push/ops.h"
#include "push/signature.h"

/*
 * A Channels server (protocol 7 and its HTTP interface) inside a process that has a loop and an HTTP
 * server: sockets at /app/KEY, the interface at /apps/ID/... One thread, the loop's.
 *
 *   err = push_server_new(&push, loop, &options);
 *   in the HTTP handler: if (push_server_take(push, request)) return;
 *   err = push_server_trigger(push, "private-agent-7", "desk", json);
 *   http_server_free(http); push_server_free(push);                 in this order: its sockets end first
 *
 * Who is on a channel is told by the watch: at once when somebody comes, and grace_ms after the last socket
 * has gone, unless it returned meanwhile. The same holds for webhooks.
 */
struct push_server;

struct push_watch {
    void (*occupied)(void *arg, const char *channel, bool is_occupied);
    /* Of presence channels. user_info is JSON, "null" when there is none or it leaves. */
    void (*member)(void *arg, const char *channel, const char *user_id, const char *user_info,
                   bool is_there);
    void *arg;
};

struct push_server_options {
    struct push_app app;           /* copied */
    unsigned connection_count_max; /* beyond: closed with 4004. 0: 1000 */
    unsigned activity_timeout_s;   /* what clients are told, and when we ping. 0: 120 */
    unsigned silent_ms;            /* after our ping: closed with 4201. 0: 30 000 */
    unsigned grace_ms;             /* 0: 3 000 */
    unsigned client_events_per_s;  /* of one connection; 0: 10 */
    unsigned cache_ms; /* the last event of a cache channel is kept so long. 0: 30 min */
    bool takes_client_events;
    bool tells_subscription_counts;
    bool needs_tls;            /* closed with 4000: for what is reached behind a proxy only */
    bool is_disabled;          /* closed with 4003, 403 */
    const char *webhook_url;   /* NULL: none are sent */
    unsigned webhook_first_ms; /* the first pause before it is sent again. 0: 1 000 */
    struct push_watch watch;
};

struct push_server_counts {
    size_t connections, channels;
};

int push_server_new(struct push_server **push, struct loop *loop,
                    const struct push_server_options *options) must_check; /* 0, ENOMEM */
void push_server_free(struct push_server *push);                           /* NULL is fine */

/* False: not a path of ours, and not touched. */
bool push_server_take(struct push_server *push, struct http_request *request);

/* As push_ops says. */
int push_server_trigger(struct push_server *push, const char *channel, const char *event,
                        const char *data) must_check;
struct push push_server_ops(struct push_server *push);

bool push_server_is_occupied(const struct push_server *push, const char *channel); /* now */
/* Closes all connections on which this user has signed in, with 4009: they do not come back. */
void push_server_terminate(struct push_server *push, const char *user_id);
/* For a planned end: all sockets are closed with 4200 (they come back at once, to whoever is there
 * then), spread over so long. New ones are still taken. */
void push_server_let_go(struct push_server *push, unsigned spread_ms);
struct push_server_counts push_server_counts(const struct push_server *push);

#endif
