#include "server/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "server/campaign_settings.h"

void roster_init(struct roster *roster)
{
    table_init(&roster->campaigns);
    table_init(&roster->campaigns_by_name);
    table_init(&roster->agents);
    table_init(&roster->agents_by_name);
}

void roster_release(struct roster *roster)
{
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&roster->campaigns, &at))) {
        struct roster_campaign *campaign = slot->value;

        free(campaign->name);
        json_decref(campaign->settings);
        free(campaign);
    }
    at = 0;
    while ((slot = table_next(&roster->agents, &at))) {
        struct roster_agent *agent = slot->value;

        free(agent->name);
        free(agent->full_name);
        free(agent->address);
        json_decref(agent->settings);
        free(agent);
    }
    table_release(&roster->campaigns);
    table_release(&roster->campaigns_by_name);
    table_release(&roster->agents);
    table_release(&roster->agents_by_name);
}

static json_t *settings_of(const char *text)
{
    json_t *json = text && *text ? json_loads(text, 0, NULL) : NULL;

    if (!json_is_object(json)) {
        json_decref(json);
        json = json_object();
    }
    return json;
}

int roster_put_campaign(struct roster *roster, const struct store_campaign *row,
                        struct roster_campaign **campaignp, char *why, size_t why_size)
{
    struct roster_campaign *campaign = table_get_id(&roster->campaigns, row->id);
    char *name = slice_dup(slice_from(row->name));
    json_t *settings = settings_of(row->settings);
    int err = name && settings ? 0 : ENOMEM;

    why[0] = '\0';
    if (!err && !campaign) {
        campaign = calloc(1, sizeof(*campaign));
        err = campaign ? table_put_id(&roster->campaigns, row->id, campaign) : ENOMEM;
        if (err)
            free(campaign);
        else
            *campaign = (struct roster_campaign){
                .id = row->id, .state = row->state, .ledger = row->ledger, .made_at = row->made_at};
    }
    if (!err)
        err = table_put(&roster->campaigns_by_name, name, strlen(name), campaign);
    if (err) {
        free(name);
        json_decref(settings);
        return err;
    }
    if (campaign->name && strcmp(campaign->name, name) != 0)
        table_remove(&roster->campaigns_by_name, campaign->name, strlen(campaign->name));
    free(campaign->name);
    json_decref(campaign->settings);
    campaign->name = name;
    campaign->settings = settings;
    campaign->options = campaign_options_default();
    if (campaign_settings_read(settings, &campaign->options, why, why_size) == 0)
        why[0] = '\0';
    *campaignp = campaign;
    return 0;
}

int roster_put_agent(struct roster *roster, const struct store_agent *row,
                     struct roster_agent **agentp)
{
    struct roster_agent *agent = table_get_id(&roster->agents, row->core.id);
    char *name = slice_dup(slice_from(row->name));
    char *full_name = slice_dup(slice_from(row->full_name));
    char *address = slice_dup(slice_from(row->address));
    json_t *settings = settings_of(row->settings);
    int err = name && full_name && address && settings ? 0 : ENOMEM;

    if (!err && !agent) {
        agent = calloc(1, sizeof(*agent));
        err = agent ? table_put_id(&roster->agents, row->core.id, agent) : ENOMEM;
        if (err)
            free(agent);
        else
            *agent = (struct roster_agent){
                .id = row->core.id, .record = row->core, .made_at = row->made_at};
    }
    if (!err)
        err = table_put(&roster->agents_by_name, name, strlen(name), agent);
    if (err) {
        free(name);
        free(full_name);
        free(address);
        json_decref(settings);
        return err;
    }
    if (agent->name && strcmp(agent->name, name) != 0)
        table_remove(&roster->agents_by_name, agent->name, strlen(agent->name));
    free(agent->name);
    free(agent->full_name);
    free(agent->address);
    json_decref(agent->settings);
    agent->name = name;
    agent->full_name = full_name;
    agent->address = address;
    agent->settings = settings;
    agent->removed = row->disabled;
    *agentp = agent;
    return 0;
}

void roster_remove_agent(struct roster *roster, struct roster_agent *agent)
{
    table_remove(&roster->agents_by_name, agent->name, strlen(agent->name));
    agent->removed = true;
}

struct roster_campaign *roster_campaign(const struct roster *roster, campaign_id id)
{
    return table_get_id(&roster->campaigns, id);
}

struct roster_agent *roster_agent(const struct roster *roster, agent_id id)
{
    return table_get_id(&roster->agents, id);
}

struct roster_campaign *roster_find_campaign(const struct roster *roster, struct slice word)
{
    struct roster_campaign *campaign = table_get(&roster->campaigns_by_name, word.at, word.size);
    int64_t id;

    if (!campaign && slice_to_i64(word, 1, (int64_t)ID_MAX, &id) == 0)
        campaign = roster_campaign(roster, (campaign_id)id);
    return campaign;
}

struct roster_agent *roster_find_agent(const struct roster *roster, struct slice word)
{
    struct roster_agent *agent = table_get(&roster->agents_by_name, word.at, word.size);
    int64_t id;

    if (!agent && slice_to_i64(word, 1, (int64_t)ID_MAX, &id) == 0)
        agent = roster_agent(roster, (agent_id)id);
    return agent && !agent->removed ? agent : NULL;
}

const char *roster_campaign_text(const struct roster_campaign *campaign, const char *field,
                                 const char *otherwise)
{
    const char *text =
        campaign ? json_string_value(json_object_get(campaign->settings, field)) : NULL;

    return text && *text ? text : otherwise;
}

uint8_t roster_agent_may(const struct roster *roster, const struct roster_agent *agent,
                         campaign_id campaigns[AGENT_CAMPAIGNS_MAX])
{
    const json_t *named = json_object_get(agent->settings, "campaigns"), *name;
    uint8_t count = 0;
    size_t i;

    if (json_array_size(named)) {
        json_array_foreach(named, i, name)
        {
            const char *word = json_string_value(name);
            struct roster_campaign *campaign =
                word ? roster_find_campaign(roster, slice_from(word)) : NULL;

            if (campaign && count < AGENT_CAMPAIGNS_MAX)
                campaigns[count++] = campaign->id;
        }
        return count;
    }
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&roster->campaigns, &at))) {
        const struct roster_campaign *campaign = slot->value;

        if (campaign->state != CAMPAIGN_FINISHED && count < AGENT_CAMPAIGNS_MAX)
            campaigns[count++] = campaign->id;
    }
    return count;
}

static bool is_chosen(const struct roster_agent *agent, campaign_id campaign)
{
    for (uint8_t i = 0; i < agent->shift_campaign_count; i++)
        if (agent->shift_campaigns[i] == campaign)
            return true;
    return !agent->shift_campaign_count;
}

uint8_t roster_agent_campaigns(const struct roster *roster, const struct roster_agent *agent,
                               campaign_id campaigns[AGENT_CAMPAIGNS_MAX])
{
    campaign_id may[AGENT_CAMPAIGNS_MAX];
    uint8_t may_count = roster_agent_may(roster, agent, may), count = 0;

    for (uint8_t i = 0; i < may_count; i++)
        if (is_chosen(agent, may[i]))
            campaigns[count++] = may[i];
    return count;
}
