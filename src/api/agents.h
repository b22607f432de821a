#ifndef API_AGENTS_H
#define API_AGENTS_H

#include "api/api.h"

/* Agents: made, shown, changed; and what an agent does all day. */
void api_agents_list(struct api_call *call);
void api_agents_create(struct api_call *call);
void api_agent_show(struct api_call *call);
void api_agent_change(struct api_call *call);
void api_agent_remove(struct api_call *call);
void api_agent_login(struct api_call *call);
void api_agent_logout(struct api_call *call);
void api_agent_activity(struct api_call *call);
void api_agent_disposition(struct api_call *call);
void api_agent_preview(struct api_call *call);
void api_agent_dial(struct api_call *call);
void api_agent_hang_up(struct api_call *call);
void api_agent_reject(struct api_call *call);

/* An agent that is in the store already becomes known to memory and core; used by the demo too. 0, ENOSPC (no room),
 * ENOMEM. */
int agent_enters(struct server *server, const struct store_agent *row,
                 struct roster_agent **agent) must_check;

#endif
