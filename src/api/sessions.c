#include "api/sessions.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/origin.h"
#include "api/session_inside.h"
#include "base/log.h"
#include "server/reply.h"
#include "server/tokens.h"

int sessions_new(struct server *server, const struct sessions_options *options)
{
    struct sessions *sessions = calloc(1, sizeof(*sessions));

    if (!sessions)
        return ENOMEM;
    sessions->options = *options;
    if (!sessions->options.host_names)
        sessions->options.host_names = "";
    if (!sessions->options.lifetime_s)
        sessions->options.lifetime_s = SESSION_S;
    static_assert(sizeof(sessions->hash_key) == crypto_shorthash_KEYBYTES, "one key");
    randombytes_buf(sessions->hash_key, sizeof(sessions->hash_key));
    int err = workers_new(&server->hashers, server->loop, 1);

    if (err)
        free(sessions);
    else
        server->sessions = sessions;
    return err;
}

void sessions_free(struct server *server)
{
    workers_free(server->hashers);
    free(server->sessions);
    server->hashers = NULL;
    server->sessions = NULL;
}

void sessions_offer(struct server *server, const char *demo)
{
    if (server->sessions)
        server->sessions->options.demo = demo;
}

/* ---- who ---- */

const struct token *session_find(struct server *server, struct http_request *request)
{
    struct slice cookie = cookie_find(http_request_header(request, "Cookie"), SESSION_COOKIE);
    const struct token *token = tokens_find(server, cookie);

    return token && token->is_session ? token : NULL;
}

agent_id session_agent(struct server *server, struct http_request *request)
{
    const struct token *token = session_find(server, request);
    const struct roster_agent *agent = token ? roster_agent(&server->roster, token->agent) : NULL;

    return agent && !agent->removed ? agent->id : 0;
}

/* ---- from where ---- */

static void refuse_host(struct http_request *request, const char *host)
{
    char detail[256];

    snprintf(detail, sizeof(detail),
             "this server does not know itself by the name '%.100s'; add it to the setting "
             "host_names, or set public_url",
             host);
    reply_problem(request, 421, detail);
}

bool sessions_admit(struct server *server, struct http_request *request)
{
    const char *host = http_request_header(request, "Host");
    const char *origin = http_request_header(request, "Origin");
    const char *method = http_request_method(request);
    bool asks_only = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

    /* Who brings a bearer token was not made to by a page of another site. */
    if (!server->sessions || http_request_bearer(request).size)
        return true;
    switch (origin_check(host, asks_only ? NULL : origin, server->public_url,
                         server->sessions->options.host_names)) {
    case ORIGIN_OK:
        break;
    case ORIGIN_HOST_MISSING:
        reply_problem(request, 400, "the header Host is missing");
        return false;
    case ORIGIN_HOST_UNKNOWN:
        if (strcmp(http_request_path(request), "/api/v1/health") == 0)
            return true; /* watchers ask by any name, and learn nothing */
        refuse_host(request, host);
        return false;
    case ORIGIN_FOREIGN:
        reply_problem(request, 403, "pages of another site may change nothing here");
        return false;
    }
    if (asks_only || !session_find(server, request) || http_request_header(request, "X-Outdial"))
        return true;
    reply_problem(request, 403, "the header X-Outdial: 1 is missing");
    return false;
}

/* ---- the end of sessions ---- */

struct ended {
    size_t count;
    uint64_t ids[]; /* of rows */
};

static int remove_rows(struct store *store, void *arg)
{
    const struct ended *ended = arg;

    for (size_t i = 0; i < ended->count; i++) {
        int err = store_remove(store, STORE_TOKEN, ended->ids[i]);

        if (err && err != ENOENT)
            return err;
    }
    return 0;
}

static void rows_removed(void *arg, int err)
{
    free(arg);
}

/* Those of the agent (0: of anybody) that `goes` says. */
static void end_those(struct server *server, agent_id agent,
                      bool (*goes)(const struct token *token, instant limit), instant limit)
{
    struct ended *ended = calloc(1, sizeof(*ended) + server->tokens.count * sizeof(ended->ids[0]));
    struct table_slot *slot;
    size_t at = 0;

    check(ended);
    while ((slot = table_next(&server->tokens, &at))) {
        const struct token *token = slot->value;

        if (token->is_session && (!agent || token->agent == agent) && goes(token, limit))
            ended->ids[ended->count++] = token->id;
    }
    for (size_t i = 0; i < ended->count; i++)
        tokens_remove(server, ended->ids[i]);
    if (ended->count)
        keeper_post(server->keeper, KEEPER_MUST, remove_rows, rows_removed, ended);
    else
        free(ended);
}

static bool any(const struct token *token, instant limit)
{
    return true;
}

static bool is_over(const struct token *token, instant now)
{
    return token->expires_at <= now;
}

static bool is_older(const struct token *token, instant limit)
{
    return token->expires_at <= limit;
}

void sessions_end(struct server *server, agent_id agent, const char *reason)
{
    end_those(server, agent, any, 0);
    if (server->on_signed_out && !server->stopping)
        server->on_signed_out(server, agent, reason);
}

void session_end(struct server *server, const struct token *token)
{
    struct ended *ended = calloc(1, sizeof(*ended) + sizeof(ended->ids[0]));

    check(ended);
    ended->count = 1;
    ended->ids[0] = token->id;
    tokens_remove(server, token->id);
    keeper_post(server->keeper, KEEPER_MUST, remove_rows, rows_removed, ended);
}

void sessions_make_room(struct server *server, agent_id agent)
{
    instant ends[SESSIONS_OF_AGENT_MAX]; /* the latest ones, the earliest first */
    struct table_slot *slot;
    size_t at = 0, count = 0;

    end_those(server, 0, is_over, server_now(server));
    while ((slot = table_next(&server->tokens, &at))) {
        const struct token *token = slot->value;
        size_t place = 0;

        if (!token->is_session || token->agent != agent)
            continue;
        while (place < count && ends[place] < token->expires_at)
            place++;
        if (count < array_count(ends)) {
            memmove(ends + place + 1, ends + place, (count - place) * sizeof(ends[0]));
            ends[place] = token->expires_at;
            count++;
        } else if (place) {
            memmove(ends, ends + 1, (place - 1) * sizeof(ends[0]));
            ends[place - 1] = token->expires_at;
        }
    }
    if (count == array_count(ends))
        end_those(server, agent, is_older, ends[0]);
}

/* ---- too many tries ---- */

enum { TRIES_FREE = 5, WAIT_S = 15, WAIT_S_MAX = 900 };

static uint64_t hash_of(const struct sessions *sessions, const char *name)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t value;

    crypto_shorthash(hash, (const unsigned char *)name, strlen(name), sessions->hash_key);
    memcpy(&value, hash, sizeof(value));
    return value;
}

static struct session_tries *tries_of(struct sessions *sessions, const char *name, bool made)
{
    uint64_t hash = hash_of(sessions, name);
    struct session_tries *first = &sessions->tries[hash % TRIES_KEPT], *oldest = first;

    for (size_t i = 0; i < TRIES_NEAR; i++) {
        struct session_tries *one = &sessions->tries[(hash + i) % TRIES_KEPT];

        if (one->count && one->hash == hash)
            return one;
        if (one->last < oldest->last)
            oldest = one;
    }
    if (!made)
        return NULL;
    *oldest = (struct session_tries){.hash = hash};
    return oldest;
}

unsigned session_wait_s(struct server *server, const char *name)
{
    const struct session_tries *tries = tries_of(server->sessions, name, false);
    instant now = loop_now(server->loop);

    return tries && tries->until > now ? (unsigned)((tries->until - now + SECOND - 1) / SECOND) : 0;
}

void session_failed(struct server *server, const char *name)
{
    struct session_tries *tries = tries_of(server->sessions, name, true);
    instant now = loop_now(server->loop);

    if (tries->count && now - tries->last > (instant)WAIT_S_MAX * SECOND)
        tries->count = 0;
    tries->last = now;
    tries->count++;
    if (tries->count < TRIES_FREE)
        return;
    unsigned more = tries->count - TRIES_FREE;
    unsigned wait_s = more > 6 ? WAIT_S_MAX : (unsigned)WAIT_S << more;

    tries->until = now + (instant)(wait_s < WAIT_S_MAX ? wait_s : WAIT_S_MAX) * SECOND;
    log_warning("session.tries", "count=%u wait_s=%u", tries->count, wait_s);
}

void session_succeeded(struct server *server, const char *name)
{
    struct session_tries *tries = tries_of(server->sessions, name, false);

    if (tries)
        *tries = (struct session_tries){.hash = 0};
}
