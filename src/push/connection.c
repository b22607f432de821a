#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "push/inside.h"

/* ---- refusals ---- */

/* Two ways: the browser client hands the first to the channel and would let it wait for ever on the second,
 * which is what other clients know. */
static void refuse(struct push_connection *connection, const char *channel, const char *type,
                   int status, const char *why)
{
    json_t *json = json_pack("{s:s, s:s, s:i}", "type", type, "error", why, "status", status);
    char *data = json ? json_dumps(json, JSON_COMPACT) : NULL;

    if (data)
        push_send(connection, "pusher:subscription_error", channel, data);
    free(data);
    json_decref(json);
    push_send_error(connection, 4009, why);
}

static void refuse_client_event(struct push_connection *connection, const char *why)
{
    push_send_error(connection, 4301, why);
}

/* ---- subscribing ---- */

static const char *text_of(const json_t *data, const char *name)
{
    const char *text = json_string_value(json_object_get(data, name));

    return text ? text : "";
}

/* A number is as good as its text. The caller frees it; NULL: it is neither, empty or too long. */
static char *id_of(const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);
    char number[32];
    const char *text = json_string_value(value);

    if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        text = number;
    }
    if (!text || !*text || strlen(text) > PUSH_USER_SIZE_MAX)
        return NULL;
    return strdup(text);
}

static bool info_is_small(json_t *info)
{
    return !info ||
           json_dumpb(info, NULL, 0, JSON_ENCODE_ANY | JSON_COMPACT) <= PUSH_USER_INFO_SIZE_MAX;
}

static void replay_kept(struct push_connection *connection, const struct push_channel *channel)
{
    struct push_server *push = connection->server;

    if (push_channel_has_kept(push, channel)) {
        push_send(connection, channel->kept_event, channel->name, channel->kept_data);
        return;
    }
    push_send(connection, "pusher:cache_miss", channel->name, "{}");
    webhooks_add(push->webhooks,
                 json_pack("{s:s, s:s}", "name", "cache_miss", "channel", channel->name));
}

/* May be let in: the signature is right. */
static void let_in(struct push_connection *connection, const char *name,
                   const struct push_channel_kind *kind, const char *member_id, json_t *info)
{
    struct push_subscription *subscription;
    int err = push_subscribe(connection, slice_from(name), kind, member_id, info, &subscription);
    char *presence = NULL;

    if (err) {
        refuse(connection, name, "LimitReached", err == EDQUOT ? 403 : 503,
               err == EDQUOT ? "The presence channel has as many members as it may have"
                             : "No memory");
        return;
    }
    if (kind->is_presence)
        presence = push_presence_text(subscription->channel);
    push_send(connection, "pusher_internal:subscription_succeeded", name,
              presence ? presence : "{}");
    free(presence);
    if (kind->is_cache)
        replay_kept(connection, subscription->channel);
}

static void let_in_member(struct push_connection *connection, const char *name,
                          const struct push_channel_kind *kind, const char *channel_data)
{
    json_t *json = json_loads(channel_data, 0, NULL);
    char *member_id = id_of(json, "user_id");
    json_t *info = json_object_get(json, "user_info");

    if (!member_id)
        refuse(connection, name, "AuthError", 401,
               "channel_data has no user_id of 1 to 128 characters");
    else if (!info_is_small(info))
        refuse(connection, name, "AuthError", 413, "user_info is larger than 1 KB");
    else
        let_in(connection, name, kind, member_id, info);
    free(member_id);
    json_decref(json);
}

static void take_subscribe(struct push_connection *connection, const json_t *data)
{
    const char *name = text_of(data, "channel"), *channel_data = text_of(data, "channel_data");
    struct slice channel = slice_from(name);
    struct push_channel_kind kind;
    char why[PUSH_NAME_SIZE_MAX + 64];

    if (!push_channel_kind(channel, &kind)) {
        refuse(connection, channel.size <= PUSH_NAME_SIZE_MAX ? name : "", "InvalidName", 400,
               "No channel may be named so");
    } else if (push_subscription_of(connection, channel)) {
        snprintf(why, sizeof(why), "Existing subscription to channel %s", name);
        push_send_error(connection, 0, why);
    } else if (connection->subscription_count >= CHANNELS_OF_CONNECTION_MAX) {
        refuse(connection, name, "LimitReached", 403, "No more channels for one connection");
    } else if (kind.is_user && !(connection->user_id &&
                                 slice_is(push_channel_user(channel), connection->user_id))) {
        refuse(connection, name, "AuthError", 401, "Not signed in as this user");
    } else if (kind.is_private &&
               !push_auth_channel_is_good(&connection->server->app, slice_from(connection->id),
                                          channel, slice_from(channel_data),
                                          slice_from(text_of(data, "auth")))) {
        refuse(connection, name, "AuthError", 401, "The auth string is not right");
    } else if (kind.is_presence) {
        let_in_member(connection, name, &kind, channel_data);
    } else {
        let_in(connection, name, &kind, NULL, NULL);
    }
}

static void take_unsubscribe(struct push_connection *connection, const json_t *data)
{
    struct push_subscription *subscription =
        push_subscription_of(connection, slice_from(text_of(data, "channel")));

    if (subscription)
        push_unsubscribe(subscription);
}

/* ---- the others ---- */

static void take_ping(struct push_connection *connection, const json_t *data)
{
    (void)data;
    push_send(connection, "pusher:pong", NULL, "{}");
}

static void take_pong(struct push_connection *connection, const json_t *data)
{
    (void)connection; /* that it came is all it says */
    (void)data;
}

static bool sign_in(struct push_connection *connection, struct slice user_data, struct slice auth)
{
    json_t *json;
    char *user_id;
    bool is_good;

    if (!push_auth_user_is_good(&connection->server->app, slice_from(connection->id), user_data,
                                auth))
        return false;
    json = json_loadb(user_data.at, user_data.size, 0, NULL);
    user_id = id_of(json, "id");
    json_decref(json);
    is_good = user_id && (!connection->user_id || !strcmp(user_id, connection->user_id));
    if (is_good && !connection->user_id)
        connection->user_id = user_id;
    else
        free(user_id);
    return is_good;
}

static void take_signin(struct push_connection *connection, const json_t *data)
{
    const char *user_data = text_of(data, "user_data");
    json_t *json;
    char *text;

    if (!sign_in(connection, slice_from(user_data), slice_from(text_of(data, "auth")))) {
        push_send_error(connection, 4009, "Connection not authorized");
        websocket_close(connection->socket, 4009, "Connection not authorized");
        return;
    }
    json = json_pack("{s:s}", "user_data", user_data);
    text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    if (text)
        push_send(connection, "pusher:signin_success", NULL, text);
    free(text);
    json_decref(json);
}

/* ---- client events ---- */

static bool is_too_fast(struct push_connection *connection)
{
    instant now = loop_clock();

    if (now - connection->second_began >= SECOND) {
        connection->second_began = now;
        connection->events_of_second = 0;
    }
    return ++connection->events_of_second > connection->server->options.client_events_per_s;
}

static void relay(struct push_connection *connection, const struct push_subscription *subscription,
                  const char *event, const char *data)
{
    struct push_channel *channel = subscription->channel;
    const char *user_id = subscription->member ? subscription->member->user_id : NULL;

    push_channel_send(channel, connection, event, data, user_id);
    webhooks_add(connection->server->webhooks,
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*}", "name", "client_event", "channel",
                           channel->name, "event", event, "data", data, "socket_id", connection->id,
                           "user_id", user_id));
}

static void take_client_event(struct push_connection *connection, const char *event,
                              const json_t *message)
{
    const char *name = text_of(message, "channel");
    const json_t *data = json_object_get(message, "data");
    const struct push_subscription *subscription =
        push_subscription_of(connection, slice_from(name));
    char *text;

    if (!connection->server->options.takes_client_events) {
        refuse_client_event(connection, "The app takes no client events");
        return;
    }
    if (!subscription || !subscription->channel->kind.is_private ||
        subscription->channel->kind.is_encrypted) {
        refuse_client_event(connection, "Client events need a subscribed private or presence "
                                        "channel that is not encrypted");
        return;
    }
    if (!push_event_is_valid(slice_from(event))) {
        refuse_client_event(connection, "The event's name is too long");
        return;
    }
    if (is_too_fast(connection)) {
        refuse_client_event(connection, "Too many client events in a second");
        return;
    }
    text = json_is_string(data) ? strdup(json_string_value(data))
           : data               ? json_dumps(data, JSON_ENCODE_ANY | JSON_COMPACT)
                                : strdup("null");
    if (text && strlen(text) > PUSH_DATA_SIZE_MAX)
        refuse_client_event(connection, "The data is larger than 10 KB");
    else if (text)
        relay(connection, subscription, event, text);
    free(text);
}

/* ---- all of them ---- */

static const struct {
    const char *event;
    void (*take)(struct push_connection *connection, const json_t *data);
} verbs[] = {
    {"pusher:subscribe", take_subscribe}, {"pusher:unsubscribe", take_unsubscribe},
    {"pusher:signin", take_signin},       {"pusher:ping", take_ping},
    {"pusher:pong", take_pong},
};

/* Some clients send it encoded once more. */
static json_t *data_of(const json_t *message)
{
    json_t *data = json_object_get(message, "data");
    const char *text = json_string_value(data);

    return text ? json_loads(text, 0, NULL) : json_incref(data);
}

void push_connection_hear(struct push_connection *connection, struct slice text)
{
    json_t *message = json_loadb(text.at, text.size, 0, NULL);
    const char *event = json_string_value(json_object_get(message, "event"));
    json_t *data;

    if (!event) {
        push_send_error(connection, 0, "Not JSON with the name of an event");
        json_decref(message);
        return;
    }
    if (slice_starts(slice_from(event), "client-")) {
        take_client_event(connection, event, message);
        json_decref(message);
        return;
    }
    data = data_of(message);
    for (size_t i = 0; i < array_count(verbs); ++i)
        if (!strcmp(event, verbs[i].event)) {
            verbs[i].take(connection, data);
            event = NULL;
            break;
        }
    if (event)
        push_send_error(connection, 0, "No client may send this event");
    json_decref(data);
    json_decref(message);
}
