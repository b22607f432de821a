#ifndef DESK_CALLBACKS_H
#define DESK_CALLBACKS_H

#include "api/api.h"
#include "server/server.h"

/*
 * Promised calls, the nearest first. CALLBACKS_LOOKED_AT of a campaign are looked at, in the order in which their leads
 * came.
 */
enum { CALLBACKS_MAX = 200, CALLBACKS_LOOKED_AT = 2000 };

/* done(arg, server, agent, [{"lead","name","at"}]) on the loop, which takes the list over; NULL: the store cannot be read. own: the agent's of the next
 * day, SHIFT_CALLBACKS_MAX at most; else everybody's of the agent's campaigns, with the rest of the docs' fields. */
void callbacks_ask(struct server *server, agent_id agent, bool own,
                   void (*done)(void *arg, struct server *server, agent_id agent, json_t *items),
                   void *arg);

void api_desk_callbacks(struct api_call *call);
void api_desk_calls(struct api_call *call); /* the shift's own ones, newest first */

#endif
