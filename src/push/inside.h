#ifndef PUSH_INSIDE_H
#define PUSH_INSIDE_H

#include <jansson.h>

#include "base/table.h"
#include "net/websocket.h"
#include "push/server.h"

/*
 * The Channels server from inside: what its files share. A subscription is a connection on a channel and
 * stands in a list of each; a channel lives while it has one, or keeps an event for those who come.
 *
 *   server.c      sockets come and go, events go out to a channel
 *   connection.c  what a client says
 *   channel.c     who is on a channel, members, the event that is kept
 *   leaving.c     who has left and may return
 *   http_api.c    /apps/ID/...
 *   webhooks.c    what another server is told
 */
struct push_subscription {
    struct push_connection *connection;
    struct push_channel *channel;
    struct push_member *member;                        /* of a presence channel; else NULL */
    struct push_subscription *next, *previous;         /* of the channel */
    struct push_subscription *next_own, *previous_own; /* of the connection */
};

struct push_member {
    struct push_member *next;
    char *user_id;
    json_t *info; /* never NULL; json null when there is none */
    size_t subscription_count;
};

struct push_channel {
    char *name;
    struct push_channel_kind kind;
    struct push_subscription *subscriptions;
    size_t subscription_count;
    struct push_member *members, **members_end; /* in the order they came */
    size_t member_count;
    char *kept_event, *kept_data; /* of a cache channel; NULL: none */
    instant kept_at;
};

struct push_connection {
    struct push_connection *next, *previous; /* of the server */
    struct push_server *server;
    struct websocket *socket;
    char id[PUSH_SOCKET_ID_SIZE];
    char *user_id; /* NULL: has not signed in */
    struct push_subscription *subscriptions;
    size_t subscription_count;
    instant second_began; /* client events are counted by the second */
    unsigned events_of_second;
    bool is_to_go; /* push_server_let_go has not come to it yet */
};

struct webhooks;

struct push_server {
    struct loop *loop;
    struct push_server_options options;
    struct push_app app;
    struct push_connection *connections;
    size_t connection_count;
    struct table sockets;      /* socket id -> connection */
    struct table channels;     /* name -> channel */
    struct table leaving;      /* leaving.c */
    struct webhooks *webhooks; /* NULL: none are sent */
    struct loop_timer tidy;    /* drops what has been kept long enough */
    size_t kept_count;
    struct loop_timer going; /* push_server_let_go */
    instant going_until;
};

enum {
    CHANNELS_OF_CONNECTION_MAX = 200,
    KEPT_MAX = 10000, /* cache channels with an event */
};

/* ---- server.c ---- */

/* Sends an event: data is sent as a JSON string. user_id may be NULL. */
void push_send(struct push_connection *connection, const char *event, const char *channel,
               const char *data);
void push_send_error(struct push_connection *connection, int code, const char *message);
/* To all subscribers but one (NULL: to all). */
void push_channel_send(struct push_channel *channel, const struct push_connection *but,
                       const char *event, const char *data, const char *user_id);
/* An application's event: sent and, on a cache channel, kept. The names are valid. */
int push_publish(struct push_server *push, const char *channel, const char *event, const char *data,
                 const char *but_socket_id) must_check;

/* ---- connection.c ---- */

void push_connection_hear(struct push_connection *connection, struct slice text);

/* ---- channel.c ---- */

struct push_channel *push_channel_find(const struct push_server *push, struct slice name);
/* 0; ENOMEM; EDQUOT: the presence channel is full. member_id NULL: no presence channel. */
int push_subscribe(struct push_connection *connection, struct slice name,
                   const struct push_channel_kind *kind, const char *member_id, json_t *info,
                   struct push_subscription **subscription) must_check;
void push_unsubscribe(struct push_subscription *subscription);
struct push_subscription *push_subscription_of(const struct push_connection *connection,
                                               struct slice channel);
/* What a new subscriber of a presence channel is told: {"presence":{...}} */
char *push_presence_text(const struct push_channel *channel);
/* The event kept for those who come; false: there is none (any more). */
bool push_channel_has_kept(const struct push_server *push, const struct push_channel *channel);
int push_channel_keep(struct push_server *push, struct slice name, const char *event,
                      const char *data) must_check;
void push_channels_free(struct push_server *push);

/* ---- leaving.c: what is told outside of the wire ---- */

void push_came(struct push_server *push, const char *channel, const struct push_member *member);
void push_left(struct push_server *push, const char *channel, const struct push_member *member);
void push_leaving_free(struct push_server *push);

/* ---- http_api.c ---- */

bool push_api_take(struct push_server *push, struct http_request *request);

/* ---- webhooks.c ---- */

int webhooks_new(struct webhooks **webhooks, struct loop *loop, const struct push_app *app,
                 const char *url, unsigned first_ms) must_check;
void webhooks_free(struct webhooks *webhooks);
/* Takes the event over; NULL (no memory) and no webhooks are fine. */
void webhooks_add(struct webhooks *webhooks, json_t *event);

#endif
