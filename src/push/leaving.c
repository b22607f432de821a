#include <stdlib.h>
#include <string.h>

#include "push/inside.h"

/* One who has left and may return: an unloaded page, a network that blinks. */
struct leaving {
    struct push_server *server;
    struct loop_timer timer;
    char *channel, *user_id; /* user_id NULL: the channel was left by its last */
    struct text key;
};

static void add_key(struct text *key, const char *channel, const char *user_id)
{
    text_add(key, channel);
    if (!user_id)
        return;
    text_add_char(key, ' '); /* is in no channel's name */
    text_add(key, user_id);
}

static void tell(struct push_server *push, const char *channel, const char *user_id, json_t *info,
                 bool is_there)
{
    const struct push_watch *watch = &push->options.watch;
    char *text;

    if (!user_id) {
        webhooks_add(push->webhooks, json_pack("{s:s, s:s}", "name",
                                               is_there ? "channel_occupied" : "channel_vacated",
                                               "channel", channel));
        if (watch->occupied)
            watch->occupied(watch->arg, channel, is_there);
        return;
    }
    webhooks_add(push->webhooks,
                 json_pack("{s:s, s:s, s:s}", "name", is_there ? "member_added" : "member_removed",
                           "channel", channel, "user_id", user_id));
    if (!watch->member)
        return;
    text = info ? json_dumps(info, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    watch->member(watch->arg, channel, user_id, text ? text : "null", is_there);
    free(text);
}

static void leaving_free(struct leaving *leaving)
{
    loop_timer_stop(leaving->server->loop, &leaving->timer);
    text_release(&leaving->key);
    free(leaving->channel);
    free(leaving->user_id);
    free(leaving);
}

static void on_gone(void *arg)
{
    struct leaving *leaving = arg;

    (void)table_remove(&leaving->server->leaving, leaving->key.at, leaving->key.size);
    tell(leaving->server, leaving->channel, leaving->user_id, NULL, false);
    leaving_free(leaving);
}

static bool is_told(const char *channel)
{
    return channel[0] != '#'; /* of users: nobody's business */
}

void push_came(struct push_server *push, const char *channel, const struct push_member *member)
{
    struct leaving *leaving = NULL;
    struct text key;

    if (!is_told(channel))
        return;
    text_init(&key);
    add_key(&key, channel, member ? member->user_id : NULL);
    if (!key.failed)
        leaving = table_remove(&push->leaving, key.at, key.size);
    text_release(&key);
    if (leaving)
        leaving_free(leaving); /* nobody knew that it was gone */
    else
        tell(push, channel, member ? member->user_id : NULL, member ? member->info : NULL, true);
}

void push_left(struct push_server *push, const char *channel, const struct push_member *member)
{
    struct leaving *leaving;
    const char *user_id = member ? member->user_id : NULL;

    if (!is_told(channel))
        return;
    leaving = calloc(1, sizeof(*leaving));
    if (leaving) {
        leaving->server = push;
        text_init(&leaving->key);
        add_key(&leaving->key, channel, user_id);
        leaving->channel = strdup(channel);
        leaving->user_id = user_id ? strdup(user_id) : NULL;
    }
    if (!leaving || leaving->key.failed || !leaving->channel || (user_id && !leaving->user_id) ||
        loop_timer_start(push->loop, &leaving->timer,
                         loop_clock() + push->options.grace_ms * MILLISECOND, on_gone, leaving) ||
        table_put(&push->leaving, leaving->key.at, leaving->key.size, leaving)) {
        if (leaving)
            leaving_free(leaving);
        tell(push, channel, user_id, NULL, false); /* too soon is better than never */
    }
}

void push_leaving_free(struct push_server *push)
{
    struct table_slot *slot;

    for (size_t at = 0; (slot = table_next(&push->leaving, &at));)
        leaving_free(slot->value);
    table_release(&push->leaving);
}
