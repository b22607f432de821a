#ifndef API_API_H
#define API_API_H

#include <jansson.h>

#include "base/text.h"
#include "net/http_server.h"
#include "server/roster.h"
#include "store/store.h"
#include "wire/form.h"

/*
 * The HTTP interface /api/v1: JSON in and out, problem details (RFC 9457) for errors, bearer tokens, pages
 * by cursor. serve/routes.c is the table of all routes; a handler gets one call and answers it once:
 *
 *   api_reply(call, 200, json);                         at once; takes the JSON over
 *   api_refuse(call, 404, "no campaign '%s'", name);    a problem
 *   api_work(call, work, then);                         after work in the store (below)
 *   api_reply_committed(call, 200, json);               behind the commit of what was just fed
 */
struct server;

enum { API_PARTS_MAX = 4, API_PAGE_DEFAULT = 50, API_PAGE_MAX = 1000, API_DETAIL_SIZE = 300 };

enum api_right {
    API_PUBLIC, /* no token asked for */
    API_AGENT,  /* an agent's token, for that agent's own paths; or an operator's */
    API_OPERATOR,
};

struct api_call {
    struct server *server;
    struct http_request *request;
    const struct api_route *route;
    struct slice parts[API_PARTS_MAX]; /* what stood for {name} in the path, in order, decoded */
    size_t part_count;
    struct form query;
    json_t *body;       /* an object, or NULL when there is none */
    agent_id own_agent; /* the token's; 0: an operator's */
    struct text decoded;
};

struct api_route {
    const char *method, *path; /* "/api/v1/campaigns/{campaign}/start" */
    enum api_right right;
    void (*take)(struct api_call *call);
    bool raw_body;    /* the body is not JSON */
    const char *asks; /* the query's parameters: "limit cursor" */
    const char
        *takes; /* the body's fields: "name:text settings:object"; also whole, flag, list, who */
};

/* By a table of routes. False: no path of the interface. */
bool api_take(struct server *server, struct http_request *request, const struct api_route *routes,
              size_t count);

void api_reply(struct api_call *call, unsigned status, json_t *json);
void api_reply_committed(struct api_call *call, unsigned status, json_t *json);
void api_refuse(struct api_call *call, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The core's refusal as a problem (409), with its name and the instant from which it may go. */
void api_refuse_by_rule(struct api_call *call, enum refusal refusal, instant until);
/* Of an errno of the store or the disk: 507 and 503 tell that the same may be asked again later. */
unsigned api_status_of(int err);

/*
 * Work in the store on behalf of a call.
 *
 *   work(store, job)   in the store's thread (API_WRITE: in a transaction; API_READ: without writing; API_HEAVY: in
 *                      a worker with a reader of its own where the store has such); fills job->result, or
 *                      job->status and job->detail and returns an errno
 *   then(job)          on the loop after the commit, when work returned 0; may be NULL
 *
 * Then the result is answered with job->status (200 unless set).
 */
enum api_work_kind { API_READ, API_WRITE, API_HEAVY };

struct api_job {
    struct server *server;
    struct http_request *request; /* NULL: the client has left */
    int (*work)(struct store *store, struct api_job *job);
    void (*then)(struct api_job *job);
    uint64_t id, other_id;
    uint32_t limit;
    json_t *input;
    json_t *result;
    unsigned status;        /* of the answer; 200 unless set */
    unsigned status_wanted; /* set before: what it begins with */
    char detail[API_DETAIL_SIZE];
    enum refusal refusal; /* with a 409: the rule that said no, and from when it may be tried */
    instant until;
    void *extra;                          /* freed with the job ... */
    void (*dropped)(struct api_job *job); /* ... behind this, which lets go of what it holds */
    bool kept;                            /* somebody else has it ... */
    bool in_then, ended;                  /* ... and may end it before `then` returns */
    int err;
    uint64_t cursor;
};

struct api_job *api_job_new(struct api_call *call); /* input: the body, counted */
void api_work(struct api_job *job, enum api_work_kind kind,
              int (*work)(struct store *store, struct api_job *job),
              void (*then)(struct api_job *job));
/* From `then`: the job goes on, and whoever has it now calls api_work again or api_job_end. */
void api_job_keep(struct api_job *job);
/* Answers with the result, or with the error (job->detail, or errno's own words), and frees it. */
void api_job_end(struct api_job *job, int err);
/* Says why, for the answer; returns the errno to give back from work. */
int api_job_fails(struct api_job *job, unsigned status, int err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for the core's refusal, as api_refuse_by_rule says it. */
void api_job_refused(struct api_job *job, enum refusal refusal, instant until);

/* The query's `limit` and `cursor`; false after refusing them. */
bool api_page(struct api_call *call, uint32_t *limit, uint64_t *cursor);
/* {"items": [...], "next_cursor": "..." or null}; takes items over. */
json_t *api_page_of(json_t *items, uint64_t next_cursor);

/* Of the path's part, or NULL after answering 404. */
struct roster_campaign *api_campaign(struct api_call *call, size_t part);
struct roster_agent *api_agent(struct api_call *call, size_t part);
bool api_id(struct api_call *call, size_t part, uint64_t *id); /* false after answering 404 */

#endif
