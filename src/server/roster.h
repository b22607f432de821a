#ifndef SERVER_ROSTER_H
#define SERVER_ROSTER_H

#include <jansson.h>

#include "base/table.h"
#include "base/text.h"
#include "core/agent.h"
#include "core/campaign.h"
#include "core/effect.h"
#include "server/telephony.h"
#include "store/record.h"

/*
 * Who and what there is: campaigns and agents with their names and settings, by id and by name. The
 * core knows them by id only; this is where ids become words. Loop's thread only.
 *
 * Entries live until the roster is released (agents that were removed are marked so); texts may be replaced, so
 * nobody keeps them.
 */
struct roster_campaign {
    campaign_id id;
    char *name;
    json_t *settings; /* the document as given */
    struct campaign_options options;
    enum campaign_state state;
    struct abandonment_ledger ledger;
    instant made_at;
    bool in_core;
};

struct roster_agent {
    agent_id id;
    char *name, *full_name, *address;
    json_t *settings;                      /* {"campaigns":["spring"]} */
    struct agent_record record;            /* as last recorded */
    struct reservation_record reservation; /* the last one */
    instant made_at;
    enum pop_kind pop_kind; /* what the agent is shown */
    campaign_id pop_campaign;
    lead_id pop_lead;
    attempt_id pop_attempt;
    instant pop_until;
    bool removed;
    campaign_id shift_campaigns[AGENT_CAMPAIGNS_MAX]; /* chosen for this shift ... */
    uint8_t shift_campaign_count;                     /* ... 0: all the agent may serve */
};

struct roster {
    struct table campaigns, campaigns_by_name;
    struct table agents, agents_by_name;
};

void roster_init(struct roster *roster);
void roster_release(struct roster *roster);

/* From rows of the store, new or changed. *why is "" or what is wrong with stored settings (the
 * defaults are used then). 0, ENOMEM. */
int roster_put_campaign(struct roster *roster, const struct store_campaign *row,
                        struct roster_campaign **campaign, char *why, size_t why_size) must_check;
int roster_put_agent(struct roster *roster, const struct store_agent *row,
                     struct roster_agent **agent) must_check;
void roster_remove_agent(struct roster *roster, struct roster_agent *agent);

/* NULL: none. */
struct roster_campaign *roster_campaign(const struct roster *roster, campaign_id id);
struct roster_agent *roster_agent(const struct roster *roster, agent_id id);
/* By name, or by id in decimal digits. */
struct roster_campaign *roster_find_campaign(const struct roster *roster, struct slice word);
struct roster_agent *roster_find_agent(const struct roster *roster, struct slice word);

/* A text of the campaign's settings; `otherwise` when it has none. */
const char *roster_campaign_text(const struct roster_campaign *campaign, const char *field,
                                 const char *otherwise);
/* The campaigns an agent may serve: those its settings name, or all when they name none. */
uint8_t roster_agent_may(const struct roster *roster, const struct roster_agent *agent,
                         campaign_id campaigns[AGENT_CAMPAIGNS_MAX]);
/* Those it serves now, for the core: of these the ones chosen for the shift. */
uint8_t roster_agent_campaigns(const struct roster *roster, const struct roster_agent *agent,
                               campaign_id campaigns[AGENT_CAMPAIGNS_MAX]);

#endif
