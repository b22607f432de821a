#include "api/session_routes.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/password.h"
#include "api/session_inside.h"
#include "base/log.h"
#include "server/reply.h"
#include "server/server.h"
#include "server/tokens.h"

enum { NAME_KEPT = 104 };

/* A sign-in, or a new password, on its way: store, hashing thread, store. */
struct signing {
    char name[NAME_KEPT];
    char password[PASSWORD_SIZE_MAX + 1], new_password[PASSWORD_SIZE_MAX + 1];
    char hash[PASSWORD_HASH_SIZE];
    char token[TOKEN_SIZE], token_hash[TOKEN_HASH_SIZE];
    struct store_token row;
    unsigned lifetime_s;
    bool checks_old; /* of a new password */
    int (*work)(struct store *store, struct api_job *job);
    void (*then)(struct api_job *job);
};

static void wipe(struct api_job *job)
{
    sodium_memzero(job->extra, sizeof(struct signing));
}

/* Its texts are bounded by whoever calls. */
static struct signing *signing_new(struct api_job *job, const char *password)
{
    struct signing *signing = calloc(1, sizeof(*signing));

    check(signing);
    slice_copy(slice_from(password), signing->password, sizeof(signing->password));
    job->extra = signing;
    job->dropped = wipe;
    return signing;
}

static bool is_https(const struct api_job *job)
{
    const char *proxied = http_request_header(job->request, "X-Forwarded-Proto");

    return strncmp(job->server->public_url, "https:", 6) == 0 ||
           (proxied && strcmp(proxied, "https") == 0);
}

static void set_cookie(const struct api_job *job, const char *value, unsigned age_s)
{
    char cookie[256];

    snprintf(cookie, sizeof(cookie),
             SESSION_COOKIE "=%s; Path=/; Max-Age=%u; HttpOnly; SameSite=Strict%s", value, age_s,
             is_https(job) ? "; Secure" : "");
    http_request_add_header(job->request, "Set-Cookie", cookie);
}

static json_t *who(const struct roster_agent *agent)
{
    return json_pack("{s:{s:I, s:s, s:s}, s:s}", "agent", "id", (json_int_t)agent->id, "name",
                     agent->name, "full_name", agent->full_name, "role", "agent");
}

/* The agent with just this name; an id in digits is no name. */
static const struct roster_agent *named(const struct server *server, const char *name)
{
    const struct roster_agent *agent = roster_find_agent(&server->roster, slice_from(name));

    return agent && !agent->removed && strcmp(agent->name, name) == 0 ? agent : NULL;
}

/* ---- the secret ---- */

static int take_secret(void *arg, const struct store_record *record)
{
    struct signing *signing = arg;
    const char *hash = record->of.agent.secret_hash;

    slice_copy(slice_from(hash ? hash : ""), signing->hash, sizeof(signing->hash));
    return 0;
}

static int read_secret(struct store *store, struct api_job *job)
{
    struct store_query query = store_query_of(STORE_AGENT);

    query.id = job->id;
    return job->id ? store_each(store, &query, take_secret, job->extra) : 0;
}

static void begin_check(struct api_job *job, password_done done)
{
    const struct signing *signing = job->extra;
    int err = password_check(job->server, signing->password, signing->hash, done, job);

    if (err)
        api_job_fails(job, 503, err, "too many are signing in at once; try again in a moment");
    else
        api_job_keep(job);
}

/* ---- signing in ---- */

static int put_session(struct store *store, struct api_job *job)
{
    struct signing *signing = job->extra;
    struct store_record record = {.kind = STORE_TOKEN, .of.token = signing->row};
    int err = store_put(store, &record);

    signing->row.id = record.of.id;
    return err;
}

static void session_stands(struct api_job *job)
{
    struct signing *signing = job->extra;
    const struct roster_agent *agent = roster_agent(&job->server->roster, job->id);

    if (!agent || agent->removed || tokens_add(job->server, &signing->row) != 0) {
        api_job_fails(job, 503, ENOMEM, "no session could be made");
        return;
    }
    log_event("session.made", "agent=%llu session=%llu", (unsigned long long)job->id,
              (unsigned long long)signing->row.id);
    if (job->request)
        set_cookie(job, signing->token, signing->lifetime_s);
    job->result = who(agent);
}

static void make_session(struct api_job *job)
{
    struct server *server = job->server;
    struct signing *signing = job->extra;
    instant now = server_now(server);

    sessions_make_room(server, job->id);
    if (token_make(signing->token) != 0) {
        api_job_fails(job, 503, EIO, "there is no randomness");
        api_job_end(job, 0);
        return;
    }
    token_hash(slice_from(signing->token), signing->token_hash);
    signing->lifetime_s = server->sessions->options.lifetime_s;
    signing->row = (struct store_token){.agent = job->id,
                                        .name = "session",
                                        .hash = signing->token_hash,
                                        .rights = "session",
                                        .made_at = now,
                                        .expires_at = now + (instant)signing->lifetime_s * SECOND};
    api_work(job, API_WRITE, put_session, session_stands);
}

static void checked(void *arg, const struct password_result *result)
{
    struct api_job *job = arg;
    struct signing *signing = job->extra;
    struct server *server = job->server;

    if (server->stopping) {
        api_job_end(job, ECANCELED);
    } else if (result->matches && job->id) {
        session_succeeded(server, signing->name);
        make_session(job);
    } else {
        session_failed(server, signing->name);
        api_job_fails(job, 401, EACCES, "Wrong name or password.");
        api_job_end(job, 0);
    }
}

static void secret_is_read(struct api_job *job)
{
    begin_check(job, checked);
}

static bool is_json(const struct http_request *request)
{
    const char *type = http_request_header(request, "Content-Type");

    return type && slice_is_nocase(slice_of(type, strcspn(type, "; ")), "application/json");
}

/* The seat of a demo is for whoever sits at this machine. */
static bool is_demo(const struct api_call *call, const char *name)
{
    const char *demo = call->server->sessions->options.demo;
    const char *peer = http_request_peer(call->request);

    return demo && named(call->server, demo) && (!name || strcmp(name, demo) == 0) &&
           (strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0) &&
           !http_request_header(call->request, "X-Forwarded-For");
}

static void none_wanted(struct api_job *job)
{
    api_job_keep(job);
    make_session(job);
}

void api_session_make(struct api_call *call)
{
    struct server *server = call->server;
    const char *name = json_string_value(json_object_get(call->body, "name"));
    const char *password = json_string_value(json_object_get(call->body, "password"));
    bool free_seat = false;
    char wait[16];

    if (!server->sessions || !server->recovered) {
        api_refuse(call, 503, "the server is starting");
        return;
    }
    if (!is_json(call->request)) {
        api_refuse(call, 415, "JSON is wanted: Content-Type: application/json");
        return;
    }
    free_seat = name && !password && is_demo(call, name);
    if (!name || (!password && !free_seat) || strlen(name) >= NAME_KEPT) {
        api_refuse(call, 400, "name and password: must be texts");
        return;
    }
    unsigned wait_s = free_seat ? 0 : session_wait_s(server, name);

    if (wait_s) {
        snprintf(wait, sizeof(wait), "%u", wait_s);
        http_request_add_header(call->request, "Retry-After", wait);
        api_refuse(call, 429, "Too many wrong passwords. Try again in %u seconds.", wait_s);
        return;
    }
    const struct roster_agent *agent = named(server, name);
    struct api_job *job = api_job_new(call);
    struct signing *signing = signing_new(job, password ? password : "");

    slice_copy(slice_from(name), signing->name, sizeof(signing->name));
    job->id = agent ? agent->id : 0;
    if (password && strlen(password) > PASSWORD_SIZE_MAX)
        job->id = 0; /* cut, it might be somebody's */
    api_work(job, API_READ, free_seat ? NULL : read_secret,
             free_seat ? none_wanted : secret_is_read);
}

void api_session_show(struct api_call *call)
{
    const struct token *token = tokens_find(call->server, http_request_bearer(call->request));
    agent_id id =
        token && !token->is_session ? token->agent : session_agent(call->server, call->request);
    const struct roster_agent *agent = id ? roster_agent(&call->server->roster, id) : NULL;
    const char *demo =
        call->server->sessions && is_demo(call, NULL) ? call->server->sessions->options.demo : NULL;

    if (agent && !agent->removed)
        api_reply(call, 200, who(agent));
    else if (token && !token->agent)
        api_reply(call, 200, json_pack("{s:n, s:s}", "agent", "role", "operator"));
    else
        reply_problem_and(call->request, 401, "nobody is signed in here",
                          demo ? json_pack("{s:s}", "demo", demo) : NULL);
}

void api_session_end(struct api_call *call)
{
    const struct token *token = session_find(call->server, call->request);
    struct api_job *job = api_job_new(call);

    if (token)
        session_end(call->server, token);
    set_cookie(job, "", 0);
    job->status_wanted = 204;
    api_work(job, API_WRITE, NULL, NULL);
}

/* ---- a new password ---- */

static void set_secret(struct api_job *job, const char *hash)
{
    struct signing *signing = job->extra;

    slice_copy(slice_from(hash), signing->hash, sizeof(signing->hash));
    json_object_del(job->input, "password");
    json_object_set_new(job->input, "secret_hash", json_string(hash));
    api_work(job, API_WRITE, signing->work, signing->then);
}

static void hashed(void *arg, const struct password_result *result)
{
    struct api_job *job = arg;

    if (job->server->stopping) {
        api_job_end(job, ECANCELED);
    } else if (!result->hash[0]) {
        api_job_fails(job, 503, ENOMEM, "no memory for a password now; try again");
        api_job_end(job, 0);
    } else {
        set_secret(job, result->hash);
    }
}

static void hash_it(struct api_job *job)
{
    const struct signing *signing = job->extra;
    int err = password_hash(job->server, signing->new_password, hashed, job);

    if (err) {
        api_job_fails(job, 503, err, "too many passwords at once; try again in a moment");
        api_job_end(job, 0);
    }
}

static void old_checked(void *arg, const struct password_result *result)
{
    struct api_job *job = arg;
    struct signing *signing = job->extra;

    if (job->server->stopping) {
        api_job_end(job, ECANCELED);
    } else if (result->matches) {
        hash_it(job);
    } else {
        session_failed(job->server, signing->name);
        api_job_fails(job, 403, EACCES, "old_password: is not the present one");
        api_job_end(job, 0);
    }
}

static void old_read(struct api_job *job)
{
    const struct signing *signing = job->extra;

    if (signing->checks_old) {
        begin_check(job, old_checked);
        return;
    }
    api_job_keep(job);
    hash_it(job);
}

void api_with_secret(struct api_job *job, int (*work)(struct store *store, struct api_job *job),
                     void (*then)(struct api_job *job))
{
    struct signing *signing = signing_new(job, "");

    slice_copy(slice_from(json_string_value(json_object_get(job->input, "password"))),
               signing->new_password, sizeof(signing->new_password));
    signing->work = work;
    signing->then = then;
    api_work(job, API_READ, NULL, old_read);
}

static int write_secret(struct store *store, struct api_job *job)
{
    struct store_record record = {
        .kind = STORE_AGENT,
        .of.agent = {.core = {.id = job->id},
                     .secret_hash = json_string_value(json_object_get(job->input, "secret_hash"))}};

    return store_put(store, &record);
}

/* Whoever knew the old one is out, the one who changed it as well: signing in shows that the new one is known. */
static void secret_written(struct api_job *job)
{
    sessions_end(job->server, job->id, "Your password was changed. Sign in with the new one.");
    log_event("agent.password", "agent=%llu", (unsigned long long)job->id);
}

void api_agent_password(struct api_call *call)
{
    struct roster_agent *agent = api_agent(call, 0);
    const char *fresh = json_string_value(json_object_get(call->body, "password"));
    const char *old = json_string_value(json_object_get(call->body, "old_password"));
    const char *fault = password_fault(fresh);

    if (!agent)
        return;
    if (!call->server->sessions) {
        api_refuse(call, 503, "the server is starting");
    } else if (fault) {
        api_refuse(call, 400, "%s", fault);
    } else if (call->own_agent && !old) {
        api_refuse(call, 400, "old_password: is missing");
    } else if (call->own_agent && session_wait_s(call->server, agent->name)) {
        api_refuse(call, 429, "too many wrong passwords; try again later");
    } else {
        struct api_job *job = api_job_new(call);
        struct signing *signing = signing_new(job, old ? old : "");

        slice_copy(slice_from(fresh), signing->new_password, sizeof(signing->new_password));
        slice_copy(slice_from(agent->name), signing->name, sizeof(signing->name));
        signing->checks_old = call->own_agent != 0;
        signing->work = write_secret;
        signing->then = secret_written;
        job->id = agent->id;
        job->status_wanted = 204;
        api_work(job, API_READ, read_secret, old_read);
    }
}
