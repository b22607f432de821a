#include "voice/engine.h"

#include <arpa/inet.h>
#include <stdlib.h>

/* ------------------------------------------------------------------------- destination policy */

struct range {
    uint32_t network;
    unsigned bits;
};

static bool is_within(uint32_t address, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        if ((address ^ ranges[i].network) >> (32 - ranges[i].bits) == 0)
            return true;
    return false;
}

/* Addresses that are no public web server: RFC 6890 and what clouds hide behind link-local ones. */
static bool is_private(uint32_t address)
{
    static const struct range ranges[] = {
        {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0xa9fe0000, 16}, {0xac100000, 12},
        {0xc0000000, 24}, {0xc0a80000, 16}, {0xc6120000, 15}, {0xe0000000, 4},  {0xf0000000, 4},
    };

    return is_within(address, ranges, array_count(ranges));
}

static bool may_connect_v4(enum voice_fetch policy, uint32_t address)
{
    switch (policy) {
    case VOICE_FETCH_ANY:
        return true;
    case VOICE_FETCH_LOCAL:
        return address >> 24 == 127 || !is_private(address);
    case VOICE_FETCH_PUBLIC:
        return address >> 24 != 127 && !is_private(address);
    }
    return false;
}

static bool may_connect_v6(enum voice_fetch policy, const struct in6_addr *address)
{
    const uint8_t *bytes = address->s6_addr;

    if (IN6_IS_ADDR_V4MAPPED(address))
        return may_connect_v4(policy, (uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16 |
                                          (uint32_t)bytes[14] << 8 | bytes[15]);
    switch (policy) {
    case VOICE_FETCH_ANY:
        return true;
    case VOICE_FETCH_LOCAL:
        return IN6_IS_ADDR_LOOPBACK(address) || (bytes[0] & 0xe0) == 0x20;
    case VOICE_FETCH_PUBLIC:
        return (bytes[0] & 0xe0) == 0x20; /* global unicast, 2000::/3 */
    }
    return false;
}

bool engine_may_connect(void *arg, const struct sockaddr *address)
{
    const struct engine *engine = arg;

    if (address->sa_family == AF_INET)
        return may_connect_v4(
            engine->options->fetch,
            ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return may_connect_v6(engine->options->fetch,
                              &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    return false;
}

/* ------------------------------------------------------------------------------------- fetches */

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
    if (http_client_send(engine->client, &order, fetched, fetch, NULL)) {
        free(fetch);
        fetch_failed(engine, effect->as.fetch.fetch);
    }
}
