#include "voice/engine.h"

#include <stdlib.h>

#include "voice/destination.h"

bool engine_may_connect(void *arg, const struct sockaddr *address)
{
    const struct engine *engine = arg;

    return destination_is_allowed(engine->options->fetch, address);
}

struct fetch {
    struct engine *engine;
    uint64_t id;
};

static enum control_fetch_outcome outcome_of(enum http_outcome outcome)
{
    switch (outcome) {
    case HTTP_ANSWERED:
        return CONTROL_FETCH_ANSWERED;
    case HTTP_BAD_URL:
        return CONTROL_FETCH_BAD_URL;
    case HTTP_NO_HOST:
        return CONTROL_FETCH_NO_HOST;
    case HTTP_NO_CONNECTION:
        return CONTROL_FETCH_NO_CONNECTION;
    case HTTP_TLS_FAILED:
        return CONTROL_FETCH_TLS_FAILED;
    case HTTP_TIMED_OUT:
        return CONTROL_FETCH_TIMED_OUT;
    case HTTP_TOO_LARGE:
        return CONTROL_FETCH_TOO_LARGE;
    case HTTP_BROKEN:
        return CONTROL_FETCH_BROKEN;
    case HTTP_CANCELED:
        return CONTROL_FETCH_CANCELED;
    }
    return CONTROL_FETCH_BROKEN;
}

static void fetched(void *arg, const struct http_answer *answer)
{
    struct fetch *fetch = arg;
    struct engine *engine = fetch->engine;
    struct control_event event = {
        .kind = CONTROL_FETCHED,
        .as.fetched = {.fetch = fetch->id,
                       .outcome = outcome_of(answer->outcome),
                       .error = answer->error,
                       .status = answer->status,
                       .content_type = answer->content_type,
                       .location = answer->location,
                       .set_cookie = answer->set_cookie,
                       .body = answer->body},
    };

    free(fetch);
    if (engine->control)
        engine_feed(engine, &event);
}

static void fetch_failed(struct engine *engine, uint64_t id)
{
    struct control_event event = {
        .kind = CONTROL_FETCHED,
        .as.fetched = {.fetch = id, .outcome = CONTROL_FETCH_BROKEN, .error = "out of memory"}};

    engine_feed(engine, &event);
}

void engine_fetch(struct engine *engine, const struct control_effect *effect)
{
    struct http_order order = {
        .method = effect->as.fetch.method,
        .url = effect->as.fetch.url,
        .headers = effect->as.fetch.headers,
        .body = effect->as.fetch.body,
        .user = effect->as.fetch.user,
        .password = effect->as.fetch.password,
        .connect_ms = effect->as.fetch.connect_ms,
        .total_ms = effect->as.fetch.total_ms,
        .body_size_max = effect->as.fetch.body_size_max,
    };
    struct fetch *fetch = malloc(sizeof(*fetch));

    if (!fetch) {
        fetch_failed(engine, effect->as.fetch.fetch);
        return;
    }
    *fetch = (struct fetch){engine, effect->as.fetch.fetch};
    if (http_client_send(effect->as.fetch.is_callback ? engine->callback_client : engine->client,
                         &order, fetched, fetch, NULL)) {
        free(fetch);
        fetch_failed(engine, effect->as.fetch.fetch);
    }
}
