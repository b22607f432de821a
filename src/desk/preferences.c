#include "desk/preferences.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/act.h"

enum { KEY_SIZE = 48 };

static void key_of(agent_id agent, char key[KEY_SIZE])
{
    snprintf(key, KEY_SIZE, "preferences.%llu", (unsigned long long)agent);
}

static int take(void *arg, const struct store_record *record)
{
    json_t **json = arg;

    if (record->of.meta.value && !*json)
        *json = json_loads(record->of.meta.value, 0, NULL);
    return 0;
}

json_t *preferences_read(struct store *store, agent_id agent)
{
    struct store_query query = store_query_of(STORE_META);
    json_t *json = NULL;
    char key[KEY_SIZE];

    key_of(agent, key);
    query.text = key;
    int err = store_each(store, &query, take, &json);

    if (err || !json_is_object(json)) { /* a page without its habits is better than none */
        json_decref(json);
        json = json_object();
    }
    return json;
}

static int write_work(struct store *store, struct api_job *job)
{
    char key[KEY_SIZE];

    key_of(job->id, key);
    struct store_record record = {.kind = STORE_META, .of.meta = {.key = key, .value = job->extra}};

    return store_put(store, &record);
}

void api_desk_preferences(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    char *text = call->body ? json_dumps(call->body, JSON_COMPACT) : strdup("{}");

    if (!agent || !text || strlen(text) > PREFERENCES_SIZE_MAX) {
        if (agent)
            api_refuse(call, text ? 413 : 503, "at most %d bytes", PREFERENCES_SIZE_MAX);
        free(text);
        return;
    }
    struct api_job *job = api_job_new(call);

    job->id = agent->id;
    job->extra = text;
    job->status_wanted = 204;
    api_work(job, API_WRITE, write_work, NULL);
}
