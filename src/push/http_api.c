#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "push/inside.h"

/* The HTTP interface /apps/ID/...: every request is signed, errors are a line of text. */
struct call {
    struct push_server *push;
    struct http_request *request;
    struct form query;
    json_t *body;     /* an object, or NULL */
    struct text name; /* the part of the path that names something, decoded */
};

__attribute__((format(printf, 3, 4))) static void refuse(const struct call *call, unsigned status,
                                                         const char *format, ...)
{
    char why[300];
    va_list list;
    int size;

    va_start(list, format);
    size = vsnprintf(why, sizeof(why) - 1, format, list);
    va_end(list);
    size = size < (int)sizeof(why) - 1 ? size : (int)sizeof(why) - 2;
    why[size] = '\n';
    http_request_reply(call->request, status, "text/plain; charset=utf-8", why, (size_t)size + 1);
}

static void reply(const struct call *call, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    if (text)
        http_request_reply(call->request, 200, "application/json", text, strlen(text));
    else
        refuse(call, 503, "No memory");
    free(text);
    json_decref(json);
}

/* ---- what is known of a channel ---- */

static bool lists(const char *info, const char *attribute)
{
    struct slice rest = slice_from(info);

    while (rest.size)
        if (slice_is(slice_trim(slice_cut(&rest, ',')), attribute))
            return true;
    return false;
}

static json_t *counts_of(const struct push_channel *channel, bool is_presence, const char *info)
{
    json_t *json = json_object();

    if (is_presence && lists(info, "user_count"))
        (void)json_object_set_new(json, "user_count",
                                  json_integer(channel ? (json_int_t)channel->member_count : 0));
    if (lists(info, "subscription_count"))
        (void)json_object_set_new(
            json, "subscription_count",
            json_integer(channel ? (json_int_t)channel->subscription_count : 0));
    return json;
}

static json_t *kept_of(const struct push_server *push, const struct push_channel *channel)
{
    instant left;

    if (!channel || !push_channel_has_kept(push, channel))
        return json_null();
    left = channel->kept_at + push->options.cache_ms * MILLISECOND - loop_clock();
    return json_pack("{s:s, s:I}", "data", channel->kept_data, "ttl",
                     (json_int_t)((left + SECOND - 1) / SECOND));
}

static const char *query_info(const struct call *call)
{
    const char *info = form_get(&call->query, "info");

    return info ? info : "";
}

static void get_channels(struct call *call)
{
    const char *prefix = form_get(&call->query, "filter_by_prefix"), *info = query_info(call);
    json_t *channels;
    struct table_slot *slot;

    if (lists(info, "user_count") && !(prefix && slice_starts(slice_from(prefix), "presence-"))) {
        refuse(call, 400,
               "user_count may only be asked of presence channels: filter_by_prefix "
               "must begin with presence-");
        return;
    }
    channels = json_object();
    for (size_t at = 0; (slot = table_next(&call->push->channels, &at));) {
        const struct push_channel *channel = slot->value;

        if (!channel->subscription_count || channel->kind.is_user ||
            (prefix && !slice_starts(slice_from(channel->name), prefix)))
            continue;
        (void)json_object_set_new(channels, channel->name,
                                  counts_of(channel, channel->kind.is_presence, info));
    }
    reply(call, json_pack("{s:o}", "channels", channels));
}

static bool kind_of_name(struct call *call, struct push_channel_kind *kind)
{
    if (push_channel_kind(text_slice(&call->name), kind))
        return true;
    refuse(call, 400, "No channel may be named '%s'", call->name.at ? call->name.at : "");
    return false;
}

static void get_channel(struct call *call)
{
    const char *info = query_info(call);
    const struct push_channel *channel = push_channel_find(call->push, text_slice(&call->name));
    struct push_channel_kind kind;
    json_t *json;

    if (!kind_of_name(call, &kind))
        return;
    if (lists(info, "user_count") && !kind.is_presence) {
        refuse(call, 400, "user_count may only be asked of presence channels");
        return;
    }
    if (lists(info, "cache") && !kind.is_cache) {
        refuse(call, 400, "cache may only be asked of cache channels");
        return;
    }
    json = counts_of(channel, kind.is_presence, info);
    (void)json_object_set_new(json, "occupied",
                              json_boolean(channel && channel->subscription_count));
    if (lists(info, "cache"))
        (void)json_object_set_new(json, "cache", kept_of(call->push, channel));
    reply(call, json);
}

static void get_users(struct call *call)
{
    const struct push_channel *channel = push_channel_find(call->push, text_slice(&call->name));
    struct push_channel_kind kind;
    json_t *users;

    if (!kind_of_name(call, &kind))
        return;
    if (!kind.is_presence) {
        refuse(call, 400, "users may only be asked of presence channels");
        return;
    }
    users = json_array();
    for (const struct push_member *at = channel ? channel->members : NULL; at; at = at->next)
        (void)json_array_append_new(users, json_pack("{s:s}", "id", at->user_id));
    reply(call, json_pack("{s:o}", "users", users));
}

/* ---- events ---- */

struct post {
    const char *name, *data, *socket_id, *info;
};

static const char *text_of(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

/* False after answering. */
static bool read_post(const struct call *call, const json_t *json, struct post *post)
{
    *post = (struct post){text_of(json, "name"), text_of(json, "data"), text_of(json, "socket_id"),
                          text_of(json, "info")};
    if (!post->name || !push_event_is_valid(slice_from(post->name)))
        refuse(call, 400, "name must be the event's name, of 1 to %d bytes", PUSH_NAME_SIZE_MAX);
    else if (!post->data)
        refuse(call, 400, "data must be a text");
    else if (strlen(post->data) > PUSH_DATA_SIZE_MAX)
        refuse(call, 413, "The data of the event '%s' is larger than %d bytes", post->name,
               PUSH_DATA_SIZE_MAX);
    else if (post->socket_id && !push_socket_id_is_valid(slice_from(post->socket_id)))
        refuse(call, 400, "socket_id '%s' is none", post->socket_id);
    else
        return true;
    return false;
}

static bool channel_is_valid(const struct call *call, const char *name)
{
    struct push_channel_kind kind;

    if (name && push_channel_kind(slice_from(name), &kind))
        return true;
    refuse(call, 400, "No channel may be named '%s'", name ? name : "");
    return false;
}

static void publish(const struct call *call, const char *channel, const struct post *post)
{
    int err = push_publish(call->push, channel, post->name, post->data, post->socket_id);

    if (err)
        log_warning("push.not_kept", "channel=%s why=\"%s\"", channel, strerror(err));
}

static json_t *told_of(const struct call *call, const char *name, const struct post *post)
{
    struct push_channel_kind kind;

    check(push_channel_kind(slice_from(name), &kind));
    return counts_of(push_channel_find(call->push, slice_from(name)), kind.is_presence, post->info);
}

static void post_event(struct call *call)
{
    json_t *channels = json_object_get(call->body, "channels");
    json_t *one = json_object_get(call->body, "channel");
    struct post post;
    json_t *told;
    size_t count;

    if (!read_post(call, call->body, &post))
        return;
    channels = json_is_array(channels) ? json_incref(channels) : json_pack("[O]", one);
    count = json_array_size(channels);
    if (!count || count > PUSH_CHANNELS_MAX) {
        refuse(call, 400, "An event goes to 1 to %d channels", PUSH_CHANNELS_MAX);
        json_decref(channels);
        return;
    }
    for (size_t i = 0; i < count; ++i)
        if (!channel_is_valid(call, json_string_value(json_array_get(channels, i)))) {
            json_decref(channels);
            return;
        }
    told = json_object();
    for (size_t i = 0; i < count; ++i) {
        const char *name = json_string_value(json_array_get(channels, i));

        publish(call, name, &post);
        (void)json_object_set_new(told, name, told_of(call, name, &post));
    }
    json_decref(channels);
    if (post.info) {
        reply(call, json_pack("{s:o}", "channels", told));
    } else {
        json_decref(told);
        reply(call, json_object());
    }
}

static void post_batch(struct call *call)
{
    json_t *batch = json_object_get(call->body, "batch"), *told;
    size_t count = json_array_size(batch);
    struct post post;
    bool tells = false;

    if (!count || count > PUSH_BATCH_MAX) {
        refuse(call, 400, "batch must be a list of 1 to %d events", PUSH_BATCH_MAX);
        return;
    }
    for (size_t i = 0; i < count; ++i)
        if (!read_post(call, json_array_get(batch, i), &post) ||
            !channel_is_valid(call, text_of(json_array_get(batch, i), "channel")))
            return;
        else
            tells |= post.info != NULL;
    told = json_array();
    for (size_t i = 0; i < count; ++i) {
        const json_t *event = json_array_get(batch, i);

        post = (struct post){text_of(event, "name"), text_of(event, "data"),
                             text_of(event, "socket_id"), text_of(event, "info")};
        publish(call, text_of(event, "channel"), &post);
        (void)json_array_append_new(told, told_of(call, text_of(event, "channel"), &post));
    }
    if (tells) {
        reply(call, json_pack("{s:o}", "batch", told));
    } else {
        json_decref(told);
        reply(call, json_object());
    }
}

static void post_terminate(struct call *call)
{
    push_server_terminate(call->push, call->name.at);
    reply(call, json_object());
}

/* ---- the paths ---- */

static const struct {
    const char *method, *before, *after; /* around the name; after NULL: there is none */
    void (*take)(struct call *call);
} routes[] = {
    {"POST", "events", NULL, post_event},
    {"POST", "batch_events", NULL, post_batch},
    {"GET", "channels", NULL, get_channels},
    {"GET", "channels/", "/users", get_users},
    {"GET", "channels/", "", get_channel},
    {"POST", "users/", "/terminate_connections", post_terminate},
};

static bool ends(struct slice text, const char *end)
{
    size_t size = strlen(end);

    return text.size >= size && !memcmp(text.at + text.size - size, end, size);
}

/* Whether the path is this one; the name in it is decoded. */
static bool matches(struct slice path, size_t route, struct text *name)
{
    const char *before = routes[route].before, *after = routes[route].after;
    size_t before_size = strlen(before), after_size = after ? strlen(after) : 0;

    if (!after)
        return slice_is(path, before);
    if (!slice_starts(path, before) || !ends(path, after) || path.size <= before_size + after_size)
        return false;
    path = slice_of(path.at + before_size, path.size - before_size - after_size);
    if (memchr(path.at, '/', path.size))
        return false;
    text_clear(name);
    form_decode(path, false, name);
    return utf8_is_valid(text_slice(name));
}

static bool read_body(struct call *call)
{
    struct slice body = http_request_body(call->request);

    if (!body.size)
        return true;
    call->body = json_loadb(body.at, body.size, 0, NULL);
    return json_is_object(call->body);
}

static void take_route(struct call *call, struct slice path)
{
    const char *method = http_request_method(call->request);
    bool is_known = false;

    for (size_t i = 0; i < array_count(routes); ++i) {
        if (!matches(path, i, &call->name))
            continue;
        is_known = true;
        if (strcmp(method, routes[i].method))
            continue;
        if (call->name.failed)
            refuse(call, 503, "No memory");
        else if (!read_body(call))
            refuse(call, 400, "The body must be a JSON object");
        else
            routes[i].take(call);
        return;
    }
    refuse(call, is_known ? 405 : 404, is_known ? "Another method is needed" : "Path not found");
}

bool push_api_take(struct push_server *push, struct http_request *request)
{
    struct slice rest = slice_from(http_request_path(request) + strlen("/apps/"));
    struct slice app = slice_cut(&rest, '/');
    struct call call = {.push = push, .request = request};
    const char *fault;

    text_init(&call.name);
    if (push_query_parse(&call.query, slice_from(http_request_query(request))))
        refuse(&call, 400, "The query is not UTF-8");
    else if (!slice_is(app, push->app.id))
        refuse(&call, 404, "No such app");
    else if ((fault = push_request_fault(
                  &push->app, http_request_method(request), http_request_path(request), &call.query,
                  http_request_body(request), loop_clock() + loop_clock_leap())))
        refuse(&call, 401, "%s", fault);
    else if (push->options.is_disabled)
        refuse(&call, 403, "The app is disabled");
    else
        take_route(&call, rest);
    form_release(&call.query);
    json_decref(call.body);
    text_release(&call.name);
    return true;
}
