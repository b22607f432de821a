#ifndef API_LEADS_H
#define API_LEADS_H

#include "api/api.h"

/* Leads with the reasons why each may or may not be called, attempts, and the do-not-call list. */
void api_leads_list(struct api_call *call);
void api_lead_show(struct api_call *call);
void api_agent_lead(struct api_call *call); /* the one before the agent */
void api_attempts_list(struct api_call *call);
void api_attempt_show(struct api_call *call);
void api_do_not_call_list(struct api_call *call);
void api_do_not_call_add(struct api_call *call);
void api_do_not_call_remove(struct api_call *call);

#endif
