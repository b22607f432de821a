#ifndef API_AGENTS_H
#define API_AGENTS_H

#include "api/api.h"
#include "core/event.h"

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

/* The same for the desk, by the agent it belongs to: the body as an event; false after refusing. */
bool api_read_activity(struct api_call *call, enum agent_activity otherwise, struct event *event);
bool api_read_verdict(struct api_call *call, const struct roster_agent *agent, struct event *event);
bool api_read_preview(struct api_call *call, const struct roster_agent *agent, struct event *event);
/* A lead by hand, whose answer is `answer`'s. */
void api_dial_lead(struct api_call *call, const struct roster_agent *agent,
                   json_t *(*answer)(struct server *server, agent_id agent));
/* Written with the attempt's next record; NULL changes nothing. */
void agent_keeps_note(struct server *server, const struct roster_agent *agent, attempt_id id,
                      const char *note);

enum { NOTE_SIZE_MAX = 4000 };

/* An agent that is in the store already becomes known to memory and core; used by the demo too. 0, ENOSPC (no room),
 * ENOMEM. */
int agent_enters(struct server *server, const struct store_agent *row,
                 struct roster_agent **agent) must_check;

#endif
