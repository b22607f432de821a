#include "desk/push.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
#include "api/sessions.h"
#include "push/hosted.h"
#include "server/reply.h"
#include "server/server.h"
#include "server/tokens.h"

enum { LET_GO_MS = 1000, SCREEN_SIZE_MAX = 64, CHANNEL_SIZE = 64 };

#define PRIVATE_PREFIX "private-agent-"
#define PRESENCE_PREFIX "presence-desk-"

struct desk_push {
    struct push_server *embedded; /* NULL: hosted */
    struct push_hosted *hosted;
    struct push push;
    struct push_app app; /* the credentials' own bytes */
    struct table here;   /* agents with a page, embedded only */
    void (*on_agent)(struct server *server, agent_id agent, const char *screen, bool is_here);
};

/* ---- who is here ---- */

/* The agent of "presence-desk-ID"; 0: another's channel. */
static agent_id agent_of(struct slice channel, const char *prefix)
{
    size_t size = strlen(prefix);
    int64_t id;

    if (!slice_starts(channel, prefix) || channel.at[size] == '0' ||
        slice_to_i64(slice_of(channel.at + size, channel.size - size), 1, INT64_MAX, &id))
        return 0;
    return (agent_id)id;
}

static void on_member(void *arg, const char *channel, const char *user_id, const char *user_info,
                      bool is_there)
{
    struct server *server = arg;
    struct desk_push *desk = server->push;
    agent_id agent = agent_of(slice_from(channel), PRESENCE_PREFIX);
    json_t *info;
    const char *screen;

    (void)user_id; /* nobody else is let in */
    if (!agent)
        return;
    if (!is_there)
        (void)table_remove_id(&desk->here, agent);
    else if (table_put_id(&desk->here, agent, desk))
        log_warning("push.agent", "agent=%" PRIu64 " why=\"no memory\"", (uint64_t)agent);
    if (!desk->on_agent || server->stopping)
        return;
    info = json_loads(user_info, JSON_DECODE_ANY, NULL);
    screen = json_string_value(json_object_get(info, "screen"));
    desk->on_agent(server, agent, screen ? screen : "", is_there);
    json_decref(info);
}

bool push_agent_is_here(const struct server *server, agent_id agent)
{
    const struct desk_push *desk = server->push;

    return desk && (!desk->embedded || table_get_id(&desk->here, agent));
}

bool push_anybody_is_here(const struct server *server)
{
    const struct desk_push *desk = server->push;

    return desk && (!desk->embedded || desk->here.count);
}

void push_on_agent(struct server *server, void (*handler)(struct server *server, agent_id agent,
                                                          const char *screen, bool is_here))
{
    if (server->push)
        server->push->on_agent = handler;
}

/* ---- what is sent ---- */

void push_to_agent(struct server *server, agent_id agent, const char *event, const char *json)
{
    struct desk_push *desk = server->push;
    char channel[CHANNEL_SIZE];
    int err;

    if (!desk || server->stopping)
        return;
    snprintf(channel, sizeof(channel), PRIVATE_PREFIX "%" PRIu64, (uint64_t)agent);
    err = desk->push.ops->trigger(desk->push.self, channel, event, json);
    if (err)
        log_warning("push.not_sent", "agent=%" PRIu64 " event=%s size=%zu why=\"%s\"",
                    (uint64_t)agent, event, strlen(json), strerror(err));
}

/* ---- letting pages in ---- */

static agent_id who_asks(struct server *server, struct http_request *request)
{
    const struct token *token = tokens_find(server, http_request_bearer(request));

    return token && !token->is_session ? token->agent : session_agent(server, request);
}

static void reply_auth(struct http_request *request, struct text *auth, const char *name,
                       const char *value)
{
    json_t *json = auth->failed ? NULL : json_pack("{s:s, s:s*}", "auth", auth->at, name, value);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    if (text)
        http_request_reply(request, 200, "application/json", text, strlen(text));
    else
        reply_problem(request, 503, "no memory");
    free(text);
    json_decref(json);
}

/* What the other members learn of this one: its screen, where the page gives it a name. */
static char *member_text(agent_id agent, const char *screen)
{
    char id[24];
    json_t *json;
    char *text;

    snprintf(id, sizeof(id), "%" PRIu64, (uint64_t)agent);
    json = json_pack("{s:s, s:{s:s}}", "user_id", id, "user_info", "screen", screen ? screen : "");
    text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

static void auth_channel(struct server *server, struct http_request *request, agent_id agent,
                         const struct form *form)
{
    const char *name = form_get(form, "channel_name"), *socket_id = form_get(form, "socket_id");
    const char *screen = form_get(form, "screen");
    struct slice channel = slice_from(name);
    struct text auth;
    char *member;

    text_init(&auth);
    if (agent_of(channel, PRIVATE_PREFIX) == agent) {
        push_auth_private(&server->push->app, slice_from(socket_id), channel, &auth);
        reply_auth(request, &auth, "channel_data", NULL);
    } else if (agent_of(channel, PRESENCE_PREFIX) != agent) {
        reply_problem(request, 403, "this channel is not yours");
    } else if (screen && strlen(screen) > SCREEN_SIZE_MAX) {
        reply_problem(request, 400, "screen may have 64 characters");
    } else if (!(member = member_text(agent, screen))) {
        reply_problem(request, 503, "no memory");
    } else {
        push_auth_presence(&server->push->app, slice_from(socket_id), channel, slice_from(member),
                           &auth);
        reply_auth(request, &auth, "channel_data", member);
        free(member);
    }
    text_release(&auth);
}

static void auth_user(struct server *server, struct http_request *request, agent_id agent,
                      const struct form *form)
{
    char user[48];
    struct text auth;

    snprintf(user, sizeof(user), "{\"id\":\"%" PRIu64 "\"}", (uint64_t)agent);
    text_init(&auth);
    push_auth_user(&server->push->app, slice_from(form_get(form, "socket_id")), slice_from(user),
                   &auth);
    reply_auth(request, &auth, "user_data", user);
    text_release(&auth);
}

static void take_auth(struct server *server, struct http_request *request,
                      void (*answer)(struct server *, struct http_request *, agent_id,
                                     const struct form *))
{
    agent_id agent = who_asks(server, request);
    struct form form;
    int err = form_parse(&form, http_request_body(request));

    if (strcmp(http_request_method(request), "POST")) {
        http_request_add_header(request, "Allow", "POST");
        reply_problem(request, 405, "POST is wanted");
    } else if (!agent) {
        reply_problem(request, 401, "sign in first, as an agent");
    } else if (err || !push_socket_id_is_valid(slice_from(form_get(&form, "socket_id")))) {
        reply_problem(request, 400, "a form with the socket_id is wanted");
    } else {
        answer(server, request, agent, &form);
    }
    form_release(&form);
}

bool desk_push_take(struct server *server, struct http_request *request)
{
    const char *path = http_request_path(request);

    if (!server->push)
        return false;
    if (!strcmp(path, "/pusher/auth"))
        take_auth(server, request, auth_channel);
    else if (!strcmp(path, "/pusher/user-auth"))
        take_auth(server, request, auth_user);
    else
        return server->push->embedded && push_server_take(server->push->embedded, request);
    return true;
}

/* ---- its life ---- */

static int begin_embedded(struct server *server, const struct desk_push_options *options)
{
    struct desk_push *desk = server->push;
    struct push_server_options push = {
        .app = desk->app,
        .connection_count_max = 4096, /* the HTTP server's own limit is lower */
        .webhook_url = *options->webhook_url ? options->webhook_url : NULL,
        .takes_client_events = options->takes_client_events,
        .tells_subscription_counts = options->tells_subscription_counts,
        .watch = {.member = on_member, .arg = server},
    };
    int err = push_server_new(&desk->embedded, server->loop, &push);

    if (!err)
        desk->push = push_server_ops(desk->embedded);
    return err;
}

static int begin_hosted(struct server *server)
{
    struct desk_push *desk = server->push;
    const char *cluster = server->credentials.push_cluster;
    char url[CREDENTIAL_SIZE + 32];
    struct push_hosted_options hosted = {.app = desk->app, .url = url};
    int err;

    snprintf(url, sizeof(url), "https://api-%s.pusher.com", *cluster ? cluster : "mt1");
    err = push_hosted_new(&desk->hosted, server->loop, &hosted);
    if (!err)
        desk->push = push_hosted_ops(desk->hosted);
    return err;
}

int desk_push_begin(struct server *server, const struct desk_push_options *options)
{
    const struct credentials *credentials = &server->credentials;
    int err;

    server->push = calloc(1, sizeof(*server->push));
    if (!server->push)
        return ENOMEM;
    table_init(&server->push->here);
    server->push->app =
        (struct push_app){credentials->push_app, credentials->push_key, credentials->push_secret};
    err = credentials->push_hosted ? begin_hosted(server) : begin_embedded(server, options);
    if (err)
        desk_push_end(server);
    return err;
}

void desk_push_let_go(struct server *server)
{
    if (server->push && server->push->embedded)
        push_server_let_go(server->push->embedded, LET_GO_MS);
}

void desk_push_end(struct server *server)
{
    struct desk_push *desk = server->push;

    if (!desk)
        return;
    push_server_free(desk->embedded);
    push_hosted_free(desk->hosted);
    table_release(&desk->here);
    free(desk);
    server->push = NULL;
}
