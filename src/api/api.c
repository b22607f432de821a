#include "api/api.h"
#include "server/reply.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fields.h"
#include "api/sessions.h"
#include "base/log.h"
#include "server/server.h"
#include "server/tokens.h"

void api_reply(struct api_call *call, unsigned status, json_t *json)
{
    reply_json(call->request, status, "application/json", json);
}

void api_refuse(struct api_call *call, unsigned status, const char *format, ...)
{
    char detail[API_DETAIL_SIZE];
    va_list list;

    va_start(list, format);
    vsnprintf(detail, sizeof(detail), format, list);
    va_end(list);
    reply_problem(call->request, status, detail);
}

static json_t *why_refused(enum refusal refusal, instant until)
{
    return json_pack("{s:s, s:o}", "refusal", refusal_name(refusal), "until", reply_time(until));
}

void api_refuse_by_rule(struct api_call *call, enum refusal refusal, instant until)
{
    reply_problem_and(call->request, 409, refusal_sentence(refusal), why_refused(refusal, until));
}

/* Jobs */

static void client_left(void *arg)
{
    struct api_job *job = arg;

    job->request = NULL;
}

struct api_job *api_job_new(struct api_call *call)
{
    struct api_job *job = calloc(1, sizeof(*job));

    check(job);
    *job = (struct api_job){
        .server = call->server, .request = call->request, .status = 200, .status_wanted = 200};
    job->input = json_incref(call->body);
    return job;
}

int api_job_fails(struct api_job *job, unsigned status, int err, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(job->detail, sizeof(job->detail), format, list);
    va_end(list);
    job->status = status;
    return err;
}

void api_job_refused(struct api_job *job, enum refusal refusal, instant until)
{
    api_job_fails(job, 409, EPERM, "%s", refusal_sentence(refusal));
    job->refusal = refusal;
    job->until = until;
}

unsigned api_status_of(int err)
{
    switch (err) {
    case ENOSPC:
    case EDQUOT:
        return 507;
    case EROFS:
    case EACCES:
    case EIO:
    case EBUSY:
    case EBADMSG:
        return 503;
    default:
        return 500;
    }
}

static void send_error(const struct api_job *job, int err)
{
    const struct hold *store = &job->server->holds.of[HOLD_STORE];
    char detail[sizeof(store->why) + 160];

    if (job->detail[0]) {
        reply_problem(job->request, job->status, job->detail);
        return;
    }
    if (store->since)
        snprintf(detail, sizeof(detail), "nothing was changed: %s", store->why);
    else if (api_status_of(err) != 500) /* the first to find out */
        snprintf(detail, sizeof(detail), "nothing was changed: %s; %s", strerror(err),
                 keeper_advice(err));
    else
        snprintf(detail, sizeof(detail), "nothing was changed: %s", strerror(err));
    reply_problem(job->request, api_status_of(err), detail);
}

void api_job_end(struct api_job *job, int err)
{
    if (job->in_then) { /* job_done still looks at it */
        job->ended = true;
        job->err = err;
        return;
    }
    if (job->request && err) {
        send_error(job, err);
    } else if (job->request && job->detail[0]) {
        reply_problem_and(job->request, job->status, job->detail,
                          job->refusal ? why_refused(job->refusal, job->until) : NULL);
    } else if (job->request && job->status == 204) {
        http_request_reply(job->request, 204, NULL, NULL, 0);
    } else if (job->request) {
        reply_json(job->request, job->status, "application/json", json_incref(job->result));
    }
    if (job->dropped)
        job->dropped(job);
    json_decref(job->input);
    json_decref(job->result);
    free(job->extra);
    free(job);
}

void api_job_keep(struct api_job *job)
{
    job->kept = true;
}

static void job_done(void *arg, int err)
{
    struct api_job *job = arg;

    job->kept = job->ended = false;
    job->in_then = true;
    if (!err && job->then && !job->server->stopping)
        job->then(job);
    job->in_then = false;
    if (job->ended)
        api_job_end(job, job->err);
    else if (!job->kept)
        api_job_end(job, err);
}

/* A job may be run again when its group was refused: it begins with a clean sheet. */
static int job_work(struct store *store, void *arg)
{
    struct api_job *job = arg;

    json_decref(job->result);
    job->result = NULL;
    job->status = job->status_wanted;
    job->detail[0] = '\0';
    return job->work ? job->work(store, job) : 0;
}

static void heavy_work(void *arg)
{
    struct api_job *job = arg;
    struct store *store;

    job->err = store_open_sqlite(&store, job->server->store_path, STORE_READER, job->detail,
                                 sizeof(job->detail));
    if (job->err) {
        job->status = 500;
        return;
    }
    job->err = job_work(store, job);
    store_close(store);
}

static void heavy_done(void *arg)
{
    struct api_job *job = arg;

    if (job->err == EBADMSG && !job->server->stopping)
        holds_set(job->server, HOLD_STORE, job->detail);
    job_done(job, job->err);
}

void api_work(struct api_job *job, enum api_work_kind kind,
              int (*work)(struct store *store, struct api_job *job),
              void (*then)(struct api_job *job))
{
    struct server *server = job->server;

    job->work = work;
    job->then = then;
    if (job->request)
        http_request_on_gone(job->request, client_left, job);
    if (kind == API_HEAVY && server->store_path[0]) {
        int err = workers_run(server->workers, heavy_work, heavy_done, job);

        if (err)
            job_done(job, api_job_fails(job, 503, err, "too much work is waiting; try again"));
        return;
    }
    /* Reads stand in a transaction of their own neighbours; that does them no harm. */
    keeper_post(server->keeper, kind == API_WRITE ? KEEPER_WRITE : KEEPER_READ, job_work, job_done,
                job);
}

/* It was done, and is written when the store takes it: 202, and why. */
static void committed_or_not(void *arg, int err)
{
    struct api_job *job = arg;

    if (err) {
        const struct hold *store = &job->server->holds.of[HOLD_STORE];

        job->status = 202;
        if (json_is_object(job->result))
            json_object_set_new(job->result, "not_yet_written",
                                json_string(store->since ? store->why : strerror(err)));
    }
    job_done(job, 0);
}

void api_reply_committed(struct api_call *call, unsigned status, json_t *json)
{
    struct api_job *job = api_job_new(call);

    job->status = status;
    job->result = json;
    http_request_on_gone(call->request, client_left, job);
    keeper_post(call->server->keeper, KEEPER_READ, NULL, committed_or_not, job);
}

/* Pages and parts */

bool api_page(struct api_call *call, uint32_t *limit, uint64_t *cursor)
{
    const char *text = form_get(&call->query, "limit");
    int64_t value = API_PAGE_DEFAULT, after = 0;

    if (text && slice_to_i64(slice_from(text), 1, API_PAGE_MAX, &value) != 0) {
        api_refuse(call, 400, "limit '%s' is not within 1-%d", text, API_PAGE_MAX);
        return false;
    }
    text = form_get(&call->query, "cursor");
    if (text && slice_to_i64(slice_from(text), 1, (int64_t)ID_MAX, &after) != 0) {
        api_refuse(call, 400, "cursor '%s' was not given by this server", text);
        return false;
    }
    *limit = (uint32_t)value;
    *cursor = (uint64_t)after;
    return true;
}

json_t *api_page_of(json_t *items, uint64_t next_cursor)
{
    return json_pack("{s:o, s:o}", "items", items, "next_cursor",
                     next_cursor ? json_sprintf("%llu", (unsigned long long)next_cursor)
                                 : json_null());
}

struct roster_campaign *api_campaign(struct api_call *call, size_t part)
{
    struct slice word = call->parts[part];
    struct roster_campaign *campaign = roster_find_campaign(&call->server->roster, word);

    if (!campaign)
        api_refuse(call, 404, "there is no campaign '%.*s'", (int)word.size, word.at);
    return campaign;
}

struct roster_agent *api_agent(struct api_call *call, size_t part)
{
    struct slice word = call->parts[part];
    struct roster_agent *agent = roster_find_agent(&call->server->roster, word);

    if (!agent)
        api_refuse(call, 404, "there is no agent '%.*s'", (int)word.size, word.at);
    else if (call->own_agent && call->own_agent != agent->id)
        api_refuse(call, 403, "this token is another agent's");
    else
        return agent;
    return NULL;
}

bool api_id(struct api_call *call, size_t part, uint64_t *id)
{
    struct slice word = call->parts[part];
    int64_t value;

    if (slice_to_i64(word, 1, (int64_t)ID_MAX, &value) != 0) {
        api_refuse(call, 404, "'%.*s' is no id", (int)word.size, word.at);
        return false;
    }
    *id = (uint64_t)value;
    return true;
}

/* Routing */

/* Does the path fit the template? Fills the parts (still encoded). */
static bool fits(const char *template, const char *path, struct api_call *call)
{
    struct slice want = slice_from(template), have = slice_from(path);

    call->part_count = 0;
    while (want.size || have.size) {
        struct slice wanted = slice_cut(&want, '/'), part = slice_cut(&have, '/');

        if (wanted.size && wanted.at[0] == '{') {
            if (!part.size)
                return false;
            call->parts[call->part_count++] = part;
        } else if (!slice_equal(wanted, part)) {
            return false;
        }
    }
    return true;
}

/* False after refusing what is no text. */
static bool decode_parts(struct api_call *call)
{
    size_t ends[API_PARTS_MAX], begin = 0;

    for (size_t i = 0; i < call->part_count; i++) {
        form_decode(call->parts[i], false, &call->decoded);
        ends[i] = call->decoded.size;
    }
    for (size_t i = 0; i < call->part_count; i++) {
        call->parts[i] =
            slice_of(call->decoded.at ? call->decoded.at + begin : "", ends[i] - begin);
        begin = ends[i];
        if (!utf8_is_valid(call->parts[i])) {
            api_refuse(call, 400, "the path is not UTF-8, or holds a zero");
            return false;
        }
    }
    return true;
}

/* False after answering. */
static bool may(struct api_call *call)
{
    const struct token *token;

    if (call->route->right == API_PUBLIC)
        return true;
    token = tokens_find(call->server, http_request_bearer(call->request));
    call->own_agent =
        token && !token->is_session ? token->agent : session_agent(call->server, call->request);
    if ((!token || token->is_session) && !call->own_agent) {
        api_refuse(
            call, 401,
            "a bearer token is wanted (`outdial token` makes one), or a page that is signed in");
        return false;
    }
    if (call->own_agent && call->route->right == API_OPERATOR) {
        api_refuse(call, 403, "an agent's token does not open this");
        return false;
    }
    return true;
}

/* False after answering. */
static bool read_body(struct api_call *call)
{
    struct slice body = http_request_body(call->request);
    json_error_t error;

    if (call->route->raw_body || !body.size)
        return true;
    call->body = json_loadb(body.at, body.size, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(call->body))
        return api_body_fits(call);
    if (call->body)
        api_refuse(call, 400, "the body must be a JSON object");
    else
        api_refuse(call, 400, "the body is not JSON: line %d, column %d: %s", error.line,
                   error.column, error.text);
    return false;
}

static void dispatch(struct api_call *call)
{
    if (!may(call))
        return;
    if (form_parse(&call->query, slice_from(http_request_query(call->request))) != 0)
        api_refuse(call, 400, "the query is not UTF-8");
    else if (!call->server->recovered && call->route->right != API_PUBLIC)
        api_refuse(call, 503, "the server is starting");
    else if (api_query_fits(call) && read_body(call))
        call->route->take(call);
}

/* 405, and what there is instead. */
static void refuse_method(struct api_call *call, const struct api_route *routes, size_t count,
                          const char *path, const char *method)
{
    struct text allowed;

    text_init(&allowed);
    for (size_t i = 0; i < count; i++)
        if (fits(routes[i].path, path, call))
            text_addf(&allowed, "%s%s", allowed.size ? ", " : "", routes[i].method);
    http_request_add_header(call->request, "Allow", allowed.at ? allowed.at : "");
    api_refuse(call, 405, "%.20s is not for this path; %s may be", method,
               allowed.at ? allowed.at : "nothing");
    text_release(&allowed);
}

bool api_take(struct server *server, struct http_request *request, const struct api_route *routes,
              size_t count)
{
    const char *path = http_request_path(request), *method = http_request_method(request);
    struct api_call call = {.server = server, .request = request};
    bool path_known = false;

    if (strncmp(path, "/api/", 5) != 0)
        return false;
    if (strcmp(method, "HEAD") == 0)
        method = "GET"; /* the server leaves the body out */
    text_init(&call.decoded);
    form_init(&call.query);
    for (size_t i = 0; i < count && !call.route; i++) {
        if (!fits(routes[i].path, path, &call))
            continue;
        path_known = true;
        if (strcmp(routes[i].method, method) == 0)
            call.route = &routes[i];
    }
    if (call.route) {
        if (decode_parts(&call))
            dispatch(&call);
    } else if (path_known) {
        refuse_method(&call, routes, count, path, method);
    } else {
        api_refuse(&call, 404, "there is no such path: %s", path);
    }
    json_decref(call.body);
    form_release(&call.query);
    text_release(&call.decoded);
    return true;
}
