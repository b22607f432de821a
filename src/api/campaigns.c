#include "api/campaigns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/encode.h"
#include "api/report.h"
#include "base/log.h"
#include "server/campaign_settings.h"
#include "server/claims.h"
#include "server/dialing.h"
#include "server/server.h"

enum { NAME_SIZE_MAX = 100 };

static int by_id(const void *a, const void *b)
{
    const struct roster_campaign *x = *(struct roster_campaign *const *)a;
    const struct roster_campaign *y = *(struct roster_campaign *const *)b;

    return x->id < y->id ? -1 : x->id > y->id;
}

void api_campaigns_list(struct api_call *call)
{
    const struct table *all = &call->server->roster.campaigns;
    const struct roster_campaign **list = calloc(all->count + 1, sizeof(*list));
    json_t *items = json_array();
    struct table_slot *slot;
    size_t at = 0, count = 0;
    uint32_t limit;
    uint64_t cursor, next = 0;

    if (api_page(call, &limit, &cursor) && list) {
        while ((slot = table_next(all, &at)))
            list[count++] = slot->value;
        qsort(list, count, sizeof(*list), by_id);
        for (size_t i = 0; i < count; i++) {
            if (list[i]->id <= cursor)
                continue;
            if (json_array_size(items) == limit) {
                next = list[i - 1]->id;
                break;
            }
            json_array_append_new(items, encode_campaign(list[i], call->server));
        }
        api_reply(call, 200, api_page_of(items, next));
    } else {
        json_decref(items);
    }
    free(list);
}

static bool name_is_good(const char *name)
{
    int64_t number;

    if (!name || !*name || strlen(name) > NAME_SIZE_MAX ||
        slice_to_i64(slice_from(name), INT64_MIN, INT64_MAX, &number) == 0)
        return false;
    for (; *name; name++)
        if ((unsigned char)*name < 0x20 || *name == '/')
            return false;
    return true;
}

int campaign_enters(struct server *server, const struct store_campaign *row,
                    struct roster_campaign **campaignp)
{
    struct roster_campaign *campaign;
    char why[CAMPAIGN_WHY_SIZE];
    struct fed fed;
    int err = roster_put_campaign(&server->roster, row, &campaign, why, sizeof(why));

    if (err)
        return err;
    struct event event = {.kind = EVENT_CAMPAIGN_LOADED,
                          .of.campaign = {.id = campaign->id,
                                          .state = campaign->state,
                                          .ledger = campaign->ledger,
                                          .options = campaign->options}};

    dialing_feed(server, &event, &fed);
    campaign->in_core = !fed.refused;
    *campaignp = campaign;
    if (fed.refused)
        log_error("campaign.refused", "campaign=%llu why=%s", (unsigned long long)campaign->id,
                  refusal_name(fed.refusal));

    /* Agents who serve every campaign serve this one too. */
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&server->roster.agents, &at))) {
        const struct roster_agent *agent = slot->value;
        struct event change = {.kind = EVENT_AGENT_CHANGED, .of.agent = {.record = agent->record}};

        if (agent->removed)
            continue;
        change.of.agent.campaign_count =
            roster_agent_campaigns(&server->roster, agent, change.of.agent.campaigns);
        dialing_feed(server, &change, NULL);
    }
    return fed.refused ? ENOSPC : 0;
}

static int create_work(struct store *store, struct api_job *job)
{
    const char *name = json_string_value(json_object_get(job->input, "name"));
    const json_t *settings = json_object_get(job->input, "settings");
    char *text = settings ? json_dumps(settings, JSON_COMPACT) : strdup("{}");
    struct store_record record = {.kind = STORE_CAMPAIGN,
                                  .of.campaign = {.name = name,
                                                  .settings = text,
                                                  .made_at = loop_clock(),
                                                  .changed_at = loop_clock(),
                                                  .state = CAMPAIGN_DRAFT}};
    int err = text ? store_put(store, &record) : ENOMEM;

    free(text);
    job->id = record.of.id;
    if (err == EEXIST)
        return api_job_fails(job, 409, err, "there is a campaign '%s' already", name);
    return err;
}

static void create_then(struct api_job *job)
{
    const char *name = json_string_value(json_object_get(job->input, "name"));
    const json_t *settings = json_object_get(job->input, "settings");
    char *text = settings ? json_dumps(settings, JSON_COMPACT) : strdup("{}");
    struct store_campaign row = {.id = job->id,
                                 .name = name,
                                 .settings = text,
                                 .made_at = loop_clock(),
                                 .state = CAMPAIGN_DRAFT};
    struct roster_campaign *campaign = NULL;
    int err = campaign_enters(job->server, &row, &campaign);

    free(text);
    job->status = 201;
    if (err == ENOSPC)
        job->status = (unsigned)api_job_fails(job, 409, 409, "there is no room for more campaigns");
    else if (!err)
        job->result = encode_campaign(campaign, job->server);
}

void api_campaigns_create(struct api_call *call)
{
    const char *name = json_string_value(json_object_get(call->body, "name"));
    const json_t *settings = json_object_get(call->body, "settings");
    struct campaign_options options = campaign_options_default();
    char why[CAMPAIGN_WHY_SIZE];

    if (!name_is_good(name))
        api_refuse(call, 400, "name: must be a text of 1-%d bytes, no number and without '/'",
                   NAME_SIZE_MAX);
    else if (roster_find_campaign(&call->server->roster, slice_from(name)))
        api_refuse(call, 409, "there is a campaign '%s' already", name);
    else if (settings && campaign_settings_read(settings, &options, why, sizeof(why)) != 0)
        api_refuse(call, 422, json_is_object(settings) ? "settings.%s" : "settings: %s", why);
    else
        api_work(api_job_new(call), API_WRITE, create_work, create_then);
}

void api_campaign_show(struct api_call *call)
{
    const struct roster_campaign *campaign = api_campaign(call, 0);

    if (campaign)
        api_reply(call, 200, encode_campaign(campaign, call->server));
}

/* What is there with the changes over it; objects of rules are merged one level deep. */
static json_t *merged(const json_t *old, const json_t *changes)
{
    json_t *all = json_deep_copy(old);
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)changes, name, value)
    {
        json_t *there = json_object_get(all, name);

        if (json_is_object(there) && json_is_object(value))
            json_object_update_recursive(there, value);
        else
            json_object_set(all, name, value);
    }
    return all;
}

static int change_work(struct store *store, struct api_job *job)
{
    char *text = json_dumps(json_object_get(job->input, "settings"), JSON_COMPACT);
    struct store_record record = {
        .kind = STORE_CAMPAIGN,
        .of.campaign = {.id = job->id, .settings = text, .changed_at = loop_clock()}};
    int err = text ? store_put(store, &record) : ENOMEM;

    free(text);
    return err;
}

static void change_then(struct api_job *job)
{
    struct roster_campaign *campaign = roster_campaign(&job->server->roster, job->id);
    const json_t *settings = json_object_get(job->input, "settings");
    char why[CAMPAIGN_WHY_SIZE];
    struct fed fed;

    if (campaign_settings_read(settings, &campaign->options, why, sizeof(why)) != 0) {
        api_job_fails(job, 422, EINVAL, "settings.%s", why);
        return;
    }
    json_decref(campaign->settings);
    campaign->settings = json_deep_copy(settings);
    struct event event = {.kind = EVENT_CAMPAIGN_CHANGED,
                          .of.campaign = {.id = campaign->id, .options = campaign->options}};

    dialing_feed(job->server, &event, &fed);
    claims_reconsider(job->server, campaign->id);
    job->result = encode_campaign(campaign, job->server);
}

void api_campaign_change(struct api_call *call)
{
    struct roster_campaign *campaign = api_campaign(call, 0);
    const json_t *changes = json_object_get(call->body, "settings");
    char why[CAMPAIGN_WHY_SIZE];

    if (!campaign)
        return;
    if (!json_is_object(changes)) {
        api_refuse(call, 400, "settings: must be an object");
        return;
    }
    struct campaign_options options = campaign->options;
    json_t *settings = merged(campaign->settings, changes);

    if (campaign_settings_read(settings, &options, why, sizeof(why)) != 0) {
        api_refuse(call, 422, "settings.%s", why);
        json_decref(settings);
        return;
    }
    struct api_job *job = api_job_new(call);

    json_decref(job->input);
    job->input = json_pack("{s:o}", "settings", settings);
    job->id = campaign->id;
    api_work(job, API_WRITE, change_work, change_then);
}

void api_campaign_command(struct api_call *call)
{
    struct roster_campaign *campaign = api_campaign(call, 0);
    struct slice word = call->parts[1];
    enum campaign_command command;
    struct fed fed;

    if (!campaign)
        return;
    if (!campaign_command_from_name(word.at, word.size, &command)) {
        api_refuse(call, 404, "a campaign can be told start, pause, drain or stop, not '%.*s'",
                   (int)word.size, word.at);
        return;
    }
    struct event event = {.kind = EVENT_CAMPAIGN_COMMANDED,
                          .of.command = {.campaign = campaign->id, .command = command}};

    dialing_feed(call->server, &event, &fed);
    if (fed.refused)
        api_refuse_by_rule(call, fed.refusal, fed.until);
    else
        api_reply_committed(call, 200, encode_campaign(campaign, call->server));
}

void api_campaign_dispositions(struct api_call *call)
{
    const struct roster_campaign *campaign = api_campaign(call, 0);

    if (!campaign)
        return;
    json_t *settings = campaign_settings_complete(campaign->settings, &campaign->options);

    api_reply(call, 200, api_page_of(json_incref(json_object_get(settings, "dispositions")), 0));
    json_decref(settings);
}

static int report_work(struct store *store, struct api_job *job)
{
    return report_make(store, job->id, loop_clock(), &job->result);
}

static void report_then(struct api_job *job)
{
    const struct roster_campaign *campaign = roster_campaign(&job->server->roster, job->id);

    json_object_set_new(job->result, "campaign", json_string(campaign->name));
    json_object_set_new(job->result, "state", json_string(campaign_state_name(campaign->state)));
}

void api_campaign_report(struct api_call *call)
{
    const struct roster_campaign *campaign = api_campaign(call, 0);

    if (!campaign)
        return;
    struct api_job *job = api_job_new(call);

    job->id = campaign->id;
    api_work(job, API_HEAVY, report_work, report_then);
}
