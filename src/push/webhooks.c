#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "push/inside.h"
#include "push/outbox.h"

enum { FIRST_MS_PRESET = 1000 };

struct webhooks {
    struct outbox *outbox;
    const struct push_app *app;
    char *url;
};

static void write_letter(void *arg, json_t *events, struct letter *letter)
{
    struct webhooks *webhooks = arg;
    json_t *json = json_pack("{s:I, s:O}", "time_ms", (json_int_t)(loop_clock() / MILLISECOND),
                             "events", events);
    char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;
    char signature[PUSH_SIGNATURE_SIZE];

    json_decref(json);
    if (!body) {
        letter->body.failed = true;
        return;
    }
    push_webhook_sign(webhooks->app, slice_from(body), signature);
    text_add(&letter->url, webhooks->url);
    text_add(&letter->body, body);
    text_addf(&letter->headers[0], "X-Pusher-Key: %s", webhooks->app->key);
    text_addf(&letter->headers[1], "X-Pusher-Signature: %s", signature);
    free(body);
}

void webhooks_add(struct webhooks *webhooks, json_t *event)
{
    if (!webhooks)
        json_decref(event);
    else if (outbox_add(webhooks->outbox, event))
        log_warning("push.webhooks", "lost=1 why=\"no memory\"");
}

int webhooks_new(struct webhooks **webhooksp, struct loop *loop, const struct push_app *app,
                 const char *url, unsigned first_ms)
{
    struct webhooks *webhooks = calloc(1, sizeof(*webhooks));
    struct outbox_options options = {.name = "push.webhooks",
                                     .waiting_max = 10000,
                                     .batch_max = 100,
                                     .gather_ms = 20,
                                     .first_ms = first_ms ? first_ms : FIRST_MS_PRESET,
                                     .pause_ms_max = 60000,
                                     .give_up_ms = 5 * 60 * 1000,
                                     .repeats_refusals = true,
                                     .write = write_letter,
                                     .arg = webhooks};
    int err;

    if (!webhooks)
        return ENOMEM;
    webhooks->app = app;
    webhooks->url = strdup(url);
    err = webhooks->url ? outbox_new(&webhooks->outbox, loop, &options) : ENOMEM;
    if (err)
        webhooks_free(webhooks);
    else
        *webhooksp = webhooks;
    return err;
}

void webhooks_free(struct webhooks *webhooks)
{
    if (!webhooks)
        return;
    outbox_free(webhooks->outbox);
    free(webhooks->url);
    free(webhooks);
}
