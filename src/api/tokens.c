#include "api/tokens.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/encode.h"
#include "server/server.h"
#include "server/tokens.h"

enum { NAME_SIZE_MAX = 60, AGE_S_MAX = 10 * 365 * 86400 };

struct making {
    struct store_token row;
    char token[TOKEN_SIZE], hash[TOKEN_HASH_SIZE], name[NAME_SIZE_MAX + 1];
};

static int list_row(void *arg, const struct store_record *record)
{
    return json_array_append_new(arg, encode_token(&record->of.token)) == 0 ? 0 : ENOMEM;
}

static int list_work(struct store *store, struct api_job *job)
{
    struct store_query query = store_query_of(STORE_TOKEN);
    json_t *items = json_array();

    query.after = job->cursor;
    query.limit = job->limit;
    int err = store_each(store, &query, list_row, items);
    json_t *last = json_array_get(items, json_array_size(items) - 1);
    bool full = json_array_size(items) == job->limit;

    job->result =
        api_page_of(items, full ? (uint64_t)json_integer_value(json_object_get(last, "id")) : 0);
    return err;
}

void api_tokens_list(struct api_call *call)
{
    uint32_t limit;
    uint64_t cursor;

    if (!api_page(call, &limit, &cursor))
        return;
    struct api_job *job = api_job_new(call);

    job->limit = limit;
    job->cursor = cursor;
    api_work(job, API_READ, list_work, NULL);
}

static int make_work(struct store *store, struct api_job *job)
{
    struct making *making = job->extra;
    struct store_record record = {.kind = STORE_TOKEN, .of.token = making->row};
    int err = store_put(store, &record);

    making->row.id = record.of.id;
    return err;
}

static void make_then(struct api_job *job)
{
    struct making *making = job->extra;

    if (tokens_add(job->server, &making->row) != 0) {
        api_job_fails(job, 500, ENOMEM, "no memory");
        return;
    }
    job->result = encode_token(&making->row);
    json_object_set_new(job->result, "token", json_string(making->token));
}

void api_tokens_make(struct api_call *call)
{
    const char *name = json_string_value(json_object_get(call->body, "name"));
    const char *word = json_string_value(json_object_get(call->body, "agent"));
    const json_t *age = json_object_get(call->body, "expires_s");
    json_int_t expires_s = json_integer_value(age);
    const struct roster_agent *agent =
        word ? roster_find_agent(&call->server->roster, slice_from(word)) : NULL;

    if (word && !agent) {
        api_refuse(call, 404, "there is no agent '%s'", word);
        return;
    }
    if (age && (expires_s < 60 || expires_s > AGE_S_MAX)) {
        api_refuse(call, 400, "expires_s: must be within 60-%d", AGE_S_MAX);
        return;
    }
    struct making *making = calloc(1, sizeof(*making));

    check(making);
    if (!slice_copy(slice_from(name    ? name
                               : agent ? agent->name
                                       : "operator"),
                    making->name, sizeof(making->name)) ||
        token_make(making->token) != 0) {
        free(making);
        api_refuse(call, 400, "name: must be at most %d bytes", NAME_SIZE_MAX);
        return;
    }
    token_hash(slice_from(making->token), making->hash);
    making->row = (struct store_token){
        .agent = agent ? agent->id : 0,
        .name = making->name,
        .hash = making->hash,
        .rights = agent ? "agent" : "operator",
        .made_at = server_now(call->server),
        .expires_at = expires_s ? server_now(call->server) + expires_s * SECOND : 0,
    };
    struct api_job *job = api_job_new(call);

    job->extra = making;
    job->status_wanted = 201;
    api_work(job, API_WRITE, make_work, make_then);
}

static int end_work(struct store *store, struct api_job *job)
{
    int err = store_remove(store, STORE_TOKEN, job->id);

    return err == ENOENT
               ? api_job_fails(job, 404, err, "there is no token %llu", (unsigned long long)job->id)
               : err;
}

static void end_then(struct api_job *job)
{
    tokens_remove(job->server, job->id);
}

void api_token_end(struct api_call *call)
{
    uint64_t id;

    if (!api_id(call, 0, &id))
        return;
    struct api_job *job = api_job_new(call);

    job->id = id;
    job->status_wanted = 204;
    api_work(job, API_WRITE, end_work, end_then);
}
