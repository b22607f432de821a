#ifndef API_CAMPAIGNS_H
#define API_CAMPAIGNS_H

#include "api/api.h"

/* Campaigns: made, shown, changed, commanded; their dispositions; their report. */
void api_campaigns_list(struct api_call *call);
void api_campaigns_create(struct api_call *call);
void api_campaign_show(struct api_call *call);
void api_campaign_change(struct api_call *call);
void api_campaign_command(struct api_call *call); /* start, pause, drain, stop */
void api_campaign_dispositions(struct api_call *call);
void api_campaign_report(struct api_call *call);

/* A campaign that is in the store already becomes known to memory and core; used by the demo too. 0, or an errno. */
int campaign_enters(struct server *server, const struct store_campaign *row,
                    struct roster_campaign **campaign) must_check;

#endif
