#include "push/hosted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING_PRESET = 2000, FIRST_MS_PRESET = 500, PAUSE_MS_PRESET = 30000, GATHER_MS = 5 };

struct push_hosted {
    struct outbox *outbox;
    struct push_app app;
    char *url, *path;
};

static char *joined(const char *before, const char *middle, const char *after)
{
    struct text text;

    text_init(&text);
    text_addf(&text, "%s%s%s", before, middle, after);
    return text_take(&text, NULL);
}

static void write_letter(void *arg, json_t *events, struct letter *letter)
{
    struct push_hosted *hosted = arg;
    json_t *json = json_pack("{s:O}", "batch", events);
    char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;
    struct form query;

    json_decref(json);
    form_init(&query);
    text_add(&letter->body, body ? body : "");
    push_request_sign(&hosted->app, "POST", hosted->path, &query, text_slice(&letter->body),
                      loop_clock() + loop_clock_leap());
    text_addf(&letter->url, "%s%s?", hosted->url, hosted->path);
    form_write(&query, &letter->url);
    letter->body.failed |= !body || query.failed;
    form_release(&query);
    free(body);
}

static int trigger(void *self, const char *channel, const char *event, const char *data)
{
    struct push_hosted *hosted = self;
    struct push_channel_kind kind;

    if (!push_channel_kind(slice_from(channel), &kind) || !push_event_is_valid(slice_from(event)))
        return EINVAL;
    if (strlen(data) > PUSH_DATA_SIZE_MAX)
        return EMSGSIZE;
    return outbox_add(hosted->outbox, json_pack("{s:s, s:s, s:s}", "channel", channel, "name",
                                                event, "data", data));
}

struct push push_hosted_ops(struct push_hosted *hosted)
{
    static const struct push_ops ops = {.trigger = trigger};

    return (struct push){&ops, hosted};
}

struct outbox_counts push_hosted_counts(const struct push_hosted *hosted)
{
    return outbox_counts(hosted->outbox);
}

int push_hosted_new(struct push_hosted **hostedp, struct loop *loop,
                    const struct push_hosted_options *options)
{
    struct push_hosted *hosted = calloc(1, sizeof(*hosted));
    struct outbox_options outbox = {
        .name = "push.hosted",
        .waiting_max = options->waiting_max ? options->waiting_max : WAITING_PRESET,
        .batch_max = PUSH_BATCH_MAX,
        .gather_ms = GATHER_MS,
        .first_ms = options->first_ms ? options->first_ms : FIRST_MS_PRESET,
        .pause_ms_max = options->pause_ms_max ? options->pause_ms_max : PAUSE_MS_PRESET,
        .write = write_letter,
        .arg = hosted};
    int err = ENOMEM;

    if (!hosted)
        return ENOMEM;
    hosted->app.id = strdup(options->app.id);
    hosted->app.key = strdup(options->app.key);
    hosted->app.secret = strdup(options->app.secret);
    hosted->url = strdup(options->url);
    hosted->path = joined("/apps/", options->app.id, "/batch_events");
    if (hosted->app.id && hosted->app.key && hosted->app.secret && hosted->url && hosted->path)
        err = outbox_new(&hosted->outbox, loop, &outbox);
    if (err)
        push_hosted_free(hosted);
    else
        *hostedp = hosted;
    return err;
}

void push_hosted_free(struct push_hosted *hosted)
{
    if (!hosted)
        return;
    outbox_free(hosted->outbox);
    free((char *)(uintptr_t)hosted->app.id);
    free((char *)(uintptr_t)hosted->app.key);
    free((char *)(uintptr_t)hosted->app.secret);
    free(hosted->url);
    free(hosted->path);
    free(hosted);
}
