#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "push/inside.h"

static const instant TIDY_PAUSE = MINUTE;

struct push_channel *push_channel_find(const struct push_server *push, struct slice name)
{
    return table_get(&push->channels, name.at, name.size);
}

static struct push_channel *channel_take(struct push_server *push, struct slice name,
                                         const struct push_channel_kind *kind)
{
    struct push_channel *channel = push_channel_find(push, name);

    if (channel)
        return channel;
    channel = calloc(1, sizeof(*channel));
    if (!channel)
        return NULL;
    channel->kind = *kind;
    channel->members_end = &channel->members;
    channel->name = slice_dup(name);
    if (!channel->name || table_put(&push->channels, name.at, name.size, channel)) {
        free(channel->name);
        free(channel);
        return NULL;
    }
    return channel;
}

static void drop_kept(struct push_server *push, struct push_channel *channel)
{
    push->kept_count -= channel->kept_event != NULL;
    free(channel->kept_event);
    free(channel->kept_data);
    channel->kept_event = channel->kept_data = NULL;
}

static void channel_free(struct push_channel *channel)
{
    free(channel->kept_event);
    free(channel->kept_data);
    free(channel->name);
    free(channel);
}

static void drop_unused(struct push_server *push, struct push_channel *channel)
{
    if (channel->subscriptions || channel->kept_event)
        return;
    (void)table_remove(&push->channels, channel->name, strlen(channel->name));
    channel_free(channel);
}

/* ---- members ---- */

static struct push_member *member_find(const struct push_channel *channel, const char *user_id)
{
    struct push_member *member = channel->members;

    while (member && strcmp(member->user_id, user_id))
        member = member->next;
    return member;
}

static void member_free(struct push_member *member)
{
    free(member->user_id);
    json_decref(member->info);
    free(member);
}

static struct push_member *member_new(const char *user_id, json_t *info)
{
    struct push_member *member = calloc(1, sizeof(*member));

    if (!member)
        return NULL;
    member->user_id = strdup(user_id);
    member->info = info ? json_incref(info) : json_null();
    if (!member->user_id) {
        member_free(member);
        return NULL;
    }
    return member;
}

static void member_leave(struct push_channel *channel, struct push_member *member)
{
    struct push_member **at = &channel->members;

    while (*at != member)
        at = &(*at)->next;
    *at = member->next;
    if (!*at)
        channel->members_end = at;
    --channel->member_count;
}

/* To all others: who has come, or gone. */
static void tell_member(struct push_channel *channel, const struct push_connection *but,
                        const struct push_member *member, bool is_there)
{
    json_t *json =
        is_there ? json_pack("{s:s, s:O}", "user_id", member->user_id, "user_info", member->info)
                 : json_pack("{s:s}", "user_id", member->user_id);
    char *data = json ? json_dumps(json, JSON_COMPACT) : NULL;

    if (data)
        push_channel_send(channel, but,
                          is_there ? "pusher_internal:member_added"
                                   : "pusher_internal:member_removed",
                          data, NULL);
    free(data);
    json_decref(json);
}

char *push_presence_text(const struct push_channel *channel)
{
    json_t *ids = json_array(), *hash = json_object(), *json;
    char *text = NULL;
    int err = 0;

    for (const struct push_member *at = channel->members; at; at = at->next) {
        err |= json_array_append_new(ids, json_string(at->user_id));
        err |= json_object_set(hash, at->user_id, at->info);
    }
    json = json_pack("{s:{s:o, s:o, s:I}}", "presence", "ids", ids, "hash", hash, "count",
                     (json_int_t)channel->member_count);
    if (json && !err)
        text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

/* ---- who is on it ---- */

/* Also to who caused it: it has no other way to know. Members of presence channels are counted otherwise. */
static void tell_count(struct push_server *push, struct push_channel *channel)
{
    json_t *json;
    char *data;

    if (!push->options.tells_subscription_counts || channel->kind.is_presence ||
        channel->kind.is_user)
        return;
    json = json_pack("{s:I}", "subscription_count", (json_int_t)channel->subscription_count);
    data = json ? json_dumps(json, JSON_COMPACT) : NULL;
    if (data)
        push_channel_send(channel, NULL, "pusher_internal:subscription_count", data, NULL);
    free(data);
    json_decref(json);
    webhooks_add(push->webhooks, json_pack("{s:s, s:s, s:I}", "name", "subscription_count",
                                           "channel", channel->name, "subscription_count",
                                           (json_int_t)channel->subscription_count));
}

static void link_subscription(struct push_subscription *subscription)
{
    struct push_channel *channel = subscription->channel;
    struct push_connection *connection = subscription->connection;

    subscription->next = channel->subscriptions;
    if (subscription->next)
        subscription->next->previous = subscription;
    channel->subscriptions = subscription;
    ++channel->subscription_count;
    subscription->next_own = connection->subscriptions;
    if (subscription->next_own)
        subscription->next_own->previous_own = subscription;
    connection->subscriptions = subscription;
    ++connection->subscription_count;
}

int push_subscribe(struct push_connection *connection, struct slice name,
                   const struct push_channel_kind *kind, const char *member_id, json_t *info,
                   struct push_subscription **subscriptionp)
{
    struct push_server *push = connection->server;
    struct push_channel *channel = channel_take(push, name, kind);
    struct push_subscription *subscription = calloc(1, sizeof(*subscription));
    struct push_member *member = NULL, *fresh = NULL;
    int err = channel && subscription ? 0 : ENOMEM;

    if (!err && member_id) {
        member = member_find(channel, member_id);
        if (!member && channel->member_count >= PUSH_MEMBERS_MAX)
            err = EDQUOT;
        else if (!member && !(member = fresh = member_new(member_id, info)))
            err = ENOMEM;
    }
    if (err) {
        free(subscription);
        if (channel)
            drop_unused(push, channel);
        return err;
    }
    *subscription =
        (struct push_subscription){.connection = connection, .channel = channel, .member = member};
    link_subscription(subscription);
    if (channel->subscription_count == 1)
        push_came(push, channel->name, NULL);
    if (member)
        ++member->subscription_count;
    if (fresh) {
        *channel->members_end = fresh;
        channel->members_end = &fresh->next;
        ++channel->member_count;
        tell_member(channel, connection, fresh, true);
        push_came(push, channel->name, fresh);
    }
    tell_count(push, channel);
    *subscriptionp = subscription;
    return 0;
}

static void unlink_subscription(struct push_subscription *subscription)
{
    struct push_channel *channel = subscription->channel;
    struct push_connection *connection = subscription->connection;

    if (subscription->previous)
        subscription->previous->next = subscription->next;
    else
        channel->subscriptions = subscription->next;
    if (subscription->next)
        subscription->next->previous = subscription->previous;
    --channel->subscription_count;
    if (subscription->previous_own)
        subscription->previous_own->next_own = subscription->next_own;
    else
        connection->subscriptions = subscription->next_own;
    if (subscription->next_own)
        subscription->next_own->previous_own = subscription->previous_own;
    --connection->subscription_count;
}

void push_unsubscribe(struct push_subscription *subscription)
{
    struct push_channel *channel = subscription->channel;
    struct push_server *push = subscription->connection->server;
    struct push_member *member = subscription->member;

    unlink_subscription(subscription);
    free(subscription);
    if (member && !--member->subscription_count) {
        member_leave(channel, member);
        tell_member(channel, NULL, member, false);
        push_left(push, channel->name, member);
        member_free(member);
    }
    if (channel->subscriptions)
        tell_count(push, channel);
    else
        push_left(push, channel->name, NULL);
    drop_unused(push, channel);
}

struct push_subscription *push_subscription_of(const struct push_connection *connection,
                                               struct slice name)
{
    struct push_subscription *at = connection->subscriptions;

    while (at && !slice_is(name, at->channel->name))
        at = at->next_own;
    return at;
}

/* ---- the event that is kept ---- */

bool push_channel_has_kept(const struct push_server *push, const struct push_channel *channel)
{
    return channel->kept_event &&
           loop_clock() - channel->kept_at < push->options.cache_ms * MILLISECOND;
}

static void tidy(void *arg)
{
    struct push_server *push = arg;
    struct table_slot *slot;

    for (size_t at = 0; (slot = table_next(&push->channels, &at));) {
        struct push_channel *channel = slot->value;

        if (channel->kept_event && !push_channel_has_kept(push, channel)) {
            drop_kept(push, channel);
            drop_unused(push, channel);
        }
    }
    if (push->kept_count &&
        loop_timer_start(push->loop, &push->tidy, loop_clock() + TIDY_PAUSE, tidy, push))
        log_warning("push.untidy", "why=\"no memory for a timer\""); /* the next event starts it */
}

int push_channel_keep(struct push_server *push, struct slice name, const char *event,
                      const char *data)
{
    struct push_channel *channel = push_channel_find(push, name);
    struct push_channel_kind kind;
    char *event_copy, *data_copy;

    if (push->kept_count >= KEPT_MAX && !(channel && channel->kept_event))
        return ENOBUFS;
    check(push_channel_kind(name, &kind));
    channel = channel_take(push, name, &kind);
    event_copy = strdup(event);
    data_copy = strdup(data);
    if (!channel || !event_copy || !data_copy) {
        free(event_copy);
        free(data_copy);
        if (channel)
            drop_unused(push, channel);
        return ENOMEM;
    }
    drop_kept(push, channel);
    channel->kept_event = event_copy;
    channel->kept_data = data_copy;
    channel->kept_at = loop_clock();
    ++push->kept_count;
    if (!push->tidy.node.place)
        return loop_timer_start(push->loop, &push->tidy, channel->kept_at + TIDY_PAUSE, tidy, push);
    return 0;
}

void push_channels_free(struct push_server *push)
{
    struct table_slot *slot;

    for (size_t at = 0; (slot = table_next(&push->channels, &at));)
        channel_free(slot->value);
    table_release(&push->channels);
}
