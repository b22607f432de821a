#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/log.h"
#include "push/inside.h"

enum {
    CONNECTIONS_PRESET = 1000,
    ACTIVITY_S_PRESET = 120,
    SILENT_MS_PRESET = 30000,
    GRACE_MS_PRESET = 3000,
    CLIENT_EVENTS_PRESET = 10,
    CACHE_MS_PRESET = 30 * 60 * 1000,
    GOING_STEP_MS = 50,
    PROTOCOL_LEAST = 5,
    PROTOCOL_MOST = 7,
};

/* ---- what is sent ---- */

static void send_json(struct push_connection *connection, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    if (text)
        websocket_send(connection->socket, slice_from(text));
    free(text);
    json_decref(json);
}

void push_send(struct push_connection *connection, const char *event, const char *channel,
               const char *data)
{
    send_json(connection,
              json_pack("{s:s, s:s*, s:s}", "event", event, "channel", channel, "data", data));
}

void push_send_error(struct push_connection *connection, int code, const char *message)
{
    send_json(connection, json_pack("{s:s, s:{s:o, s:s}}", "event", "pusher:error", "data", "code",
                                    code ? json_integer(code) : json_null(), "message", message));
}

void push_channel_send(struct push_channel *channel, const struct push_connection *but,
                       const char *event, const char *data, const char *user_id)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:s*}", "event", event, "channel", channel->name,
                             "data", data, "user_id", user_id);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    for (struct push_subscription *at = text ? channel->subscriptions : NULL; at; at = at->next)
        if (at->connection != but)
            websocket_send(at->connection->socket, slice_from(text));
    free(text);
    json_decref(json);
}

int push_publish(struct push_server *push, const char *name, const char *event, const char *data,
                 const char *but_socket_id)
{
    struct push_channel *channel;
    struct push_channel_kind kind;
    struct push_connection *but = NULL;
    int err = 0;

    check(push_channel_kind(slice_from(name), &kind));
    if (kind.is_cache)
        err = push_channel_keep(push, slice_from(name), event, data);
    if (but_socket_id)
        but = table_get(&push->sockets, but_socket_id, strlen(but_socket_id));
    channel = push_channel_find(push, slice_from(name));
    if (channel)
        push_channel_send(channel, but, event, data, NULL);
    return err;
}

int push_server_trigger(struct push_server *push, const char *channel, const char *event,
                        const char *data)
{
    struct push_channel_kind kind;

    if (!push_channel_kind(slice_from(channel), &kind) || !push_event_is_valid(slice_from(event)))
        return EINVAL;
    if (strlen(data) > PUSH_DATA_SIZE_MAX)
        return EMSGSIZE;
    return push_publish(push, channel, event, data, NULL);
}

static int trigger(void *self, const char *channel, const char *event, const char *data)
{
    return push_server_trigger(self, channel, event, data);
}

struct push push_server_ops(struct push_server *push)
{
    static const struct push_ops ops = {.trigger = trigger};

    return (struct push){&ops, push};
}

/* ---- connections ---- */

static void on_message(void *arg, struct slice text)
{
    push_connection_hear(arg, text);
}

static void connection_free(struct push_connection *connection)
{
    struct push_server *push = connection->server;

    while (connection->subscriptions)
        push_unsubscribe(connection->subscriptions);
    (void)table_remove(&push->sockets, connection->id, strlen(connection->id));
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        push->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    --push->connection_count;
    free(connection->user_id);
    free(connection);
}

static void on_closed(void *arg, uint16_t code)
{
    struct push_connection *connection = arg;

    log_debug("push.closed", "socket=%s code=%u", connection->id, code);
    connection_free(connection);
}

/* No two at a time are the same, and nobody can guess the next. */
static int choose_id(struct push_server *push, char id[PUSH_SOCKET_ID_SIZE])
{
    uint32_t parts[2];

    do {
        if (getrandom(parts, sizeof(parts), 0) != sizeof(parts))
            return EIO;
        snprintf(id, PUSH_SOCKET_ID_SIZE, "%u.%u", parts[0], parts[1]);
    } while (table_get(&push->sockets, id, strlen(id)));
    return 0;
}

static struct push_connection *connection_new(struct push_server *push)
{
    struct push_connection *connection = calloc(1, sizeof(*connection));

    if (!connection)
        return NULL;
    connection->server = push;
    if (choose_id(push, connection->id) ||
        table_put(&push->sockets, connection->id, strlen(connection->id), connection)) {
        free(connection);
        return NULL;
    }
    connection->next = push->connections;
    if (connection->next)
        connection->next->previous = connection;
    push->connections = connection;
    ++push->connection_count;
    return connection;
}

struct refusal {
    uint16_t code;
    const char *why;
    bool by_event; /* to clients older than close codes */
};

static struct refusal refusal_of_protocol(const char *protocol)
{
    int64_t version;

    if (!protocol || !*protocol)
        return (struct refusal){4008, "No protocol version supplied", false};
    if (slice_to_i64(slice_from(protocol), INT32_MIN, INT32_MAX, &version))
        return (struct refusal){4006, "Invalid version string format", false};
    if (version < PROTOCOL_LEAST || version > PROTOCOL_MOST)
        return (struct refusal){4007, "Unsupported protocol version", false};
    return (struct refusal){0, NULL, version == PROTOCOL_LEAST};
}

static struct refusal refusal_of(const struct push_server *push, const struct http_request *request)
{
    struct slice key = slice_from(http_request_path(request) + strlen("/app/"));
    const char *forwarded = http_request_header(request, "X-Forwarded-Proto");
    struct refusal refusal;
    struct form query;

    if (!key.size || memchr(key.at, '/', key.size))
        return (struct refusal){4005, "Path not found", false};
    if (!slice_is(key, push->app.key))
        return (struct refusal){4001, "Application does not exist", false};
    if (push->options.is_disabled)
        return (struct refusal){4003, "Application disabled", false};
    if (form_parse(&query, slice_from(http_request_query(request))))
        refusal = (struct refusal){4006, "Invalid version string format", false};
    else
        refusal = refusal_of_protocol(form_get(&query, "protocol"));
    form_release(&query);
    if (refusal.code)
        return refusal;
    if (push->connection_count >= push->options.connection_count_max) {
        refusal.code = 4004;
        refusal.why = "Application is over connection quota";
    } else if (push->options.needs_tls && (!forwarded || strcasecmp(forwarded, "https"))) {
        refusal.code = 4000;
        refusal.why = "Application only accepts SSL connections, reconnect using wss://";
    }
    return refusal;
}

static void on_refused_message(void *arg, struct slice text)
{
    (void)arg;
    (void)text;
}

static void on_refused_closed(void *arg, uint16_t code)
{
    (void)arg;
    (void)code;
}

/* Clients understand a close code only: the upgrade is completed first. */
static int refuse(struct http_request *request, const struct websocket_options *options,
                  struct refusal refusal)
{
    static const struct websocket_handlers handlers = {on_refused_message, on_refused_closed};
    struct websocket *socket;
    int err = websocket_accept(&socket, request, options, &handlers, NULL);

    if (err)
        return err;
    if (refusal.by_event) {
        struct push_connection speaker = {.socket = socket};

        push_send_error(&speaker, refusal.code, refusal.why);
    }
    log_debug("push.refused", "code=%u peer=%s", refusal.code, websocket_peer(socket));
    websocket_close(socket, refusal.code, refusal.why);
    return 0;
}

static int welcome(struct push_server *push, struct http_request *request,
                   const struct websocket_options *options)
{
    static const struct websocket_handlers handlers = {on_message, on_closed};
    struct push_connection *connection = connection_new(push);
    char data[80];
    int err;

    if (!connection)
        return ENOMEM;
    err = websocket_accept(&connection->socket, request, options, &handlers, connection);
    if (err) {
        connection_free(connection);
        return err;
    }
    log_debug("push.opened", "socket=%s peer=%s", connection->id,
              websocket_peer(connection->socket));
    snprintf(data, sizeof(data), "{\"socket_id\":\"%s\",\"activity_timeout\":%u}", connection->id,
             push->options.activity_timeout_s);
    push_send(connection, "pusher:connection_established", NULL, data);
    return 0;
}

static void take_socket(struct push_server *push, struct http_request *request)
{
    struct websocket_options options = {
        .ping_after_ms = push->options.activity_timeout_s * 1000,
        .silent_ms = push->options.silent_ms,
        .silent_code = 4201,
    };
    struct refusal refusal = refusal_of(push, request);
    int err = refusal.code ? refuse(request, &options, refusal) : welcome(push, request, &options);

    if (err)
        http_request_reply(request, err == EINVAL ? 400 : 503, NULL, NULL, 0);
}

bool push_server_take(struct push_server *push, struct http_request *request)
{
    struct slice path = slice_from(http_request_path(request));

    if (slice_starts(path, "/apps/"))
        return push_api_take(push, request);
    if (!slice_starts(path, "/app/"))
        return false;
    if (websocket_is_wanted(request)) {
        take_socket(push, request);
        return true;
    }
    if (!slice_is(slice_of(path.at + 5, path.size - 5), push->app.key))
        return false;
    http_request_add_header(request, "Upgrade", "websocket");
    http_request_reply(request, 426, "text/plain", "This is a WebSocket\n", 20);
    return true;
}

void push_server_terminate(struct push_server *push, const char *user_id)
{
    for (struct push_connection *at = push->connections; at; at = at->next)
        if (at->user_id && !strcmp(at->user_id, user_id))
            websocket_close(at->socket, 4009, "You got disconnected by the app");
}

/* ---- a planned end ---- */

static void let_some_go(void *arg)
{
    struct push_server *push = arg;
    instant now = loop_clock(), left = push->going_until - now;
    size_t steps = left > 0 ? (size_t)(left / (GOING_STEP_MS * MILLISECOND)) + 1 : 1, count = 0;

    for (struct push_connection *at = push->connections; at; at = at->next)
        count += at->is_to_go;
    count = (count + steps - 1) / steps;
    for (struct push_connection *at = push->connections; at && count; at = at->next)
        if (at->is_to_go) {
            at->is_to_go = false;
            websocket_close(at->socket, 4200, "Please reconnect");
            --count;
        }
    if (left > 0 && loop_timer_start(push->loop, &push->going, now + GOING_STEP_MS * MILLISECOND,
                                     let_some_go, push))
        log_warning("push.let_go", "why=\"no memory for a timer\"");
}

void push_server_let_go(struct push_server *push, unsigned spread_ms)
{
    for (struct push_connection *at = push->connections; at; at = at->next)
        at->is_to_go = true;
    push->going_until = loop_clock() + spread_ms * MILLISECOND;
    let_some_go(push);
}

/* ---- its life ---- */

bool push_server_is_occupied(const struct push_server *push, const char *channel)
{
    const struct push_channel *found = push_channel_find(push, slice_from(channel));

    return found && found->subscription_count;
}

struct push_server_counts push_server_counts(const struct push_server *push)
{
    return (struct push_server_counts){.connections = push->connection_count,
                                       .channels = push->channels.count};
}

static void preset(unsigned *value, unsigned standard)
{
    if (!*value)
        *value = standard;
}

int push_server_new(struct push_server **pushp, struct loop *loop,
                    const struct push_server_options *options)
{
    struct push_server *push = calloc(1, sizeof(*push));
    int err = 0;

    if (!push)
        return ENOMEM;
    push->loop = loop;
    push->options = *options;
    preset(&push->options.connection_count_max, CONNECTIONS_PRESET);
    preset(&push->options.activity_timeout_s, ACTIVITY_S_PRESET);
    preset(&push->options.silent_ms, SILENT_MS_PRESET);
    preset(&push->options.grace_ms, GRACE_MS_PRESET);
    preset(&push->options.client_events_per_s, CLIENT_EVENTS_PRESET);
    preset(&push->options.cache_ms, CACHE_MS_PRESET);
    table_init(&push->sockets);
    table_init(&push->channels);
    table_init(&push->leaving);
    push->app.id = strdup(options->app.id);
    push->app.key = strdup(options->app.key);
    push->app.secret = strdup(options->app.secret);
    if (!push->app.id || !push->app.key || !push->app.secret)
        err = ENOMEM;
    if (!err && options->webhook_url)
        err = webhooks_new(&push->webhooks, loop, &push->app, options->webhook_url,
                           options->webhook_first_ms);
    if (err)
        push_server_free(push);
    else
        *pushp = push;
    return err;
}

void push_server_free(struct push_server *push)
{
    if (!push)
        return;
    check(!push->connections); /* the HTTP server goes first */
    loop_timer_stop(push->loop, &push->tidy);
    loop_timer_stop(push->loop, &push->going);
    push_leaving_free(push);
    push_channels_free(push);
    webhooks_free(push->webhooks);
    table_release(&push->sockets);
    free((char *)(uintptr_t)push->app.id);
    free((char *)(uintptr_t)push->app.key);
    free((char *)(uintptr_t)push->app.secret);
    free(push);
}
