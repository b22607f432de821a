#ifndef DESK_ACT_H
#define DESK_ACT_H

#include "api/api.h"
#include "core/event.h"

/* What an agent does at the desk (docs/desk.md); each is answered with the desk's document. */
void api_desk_join(struct api_call *call);
void api_desk_leave(struct api_call *call);
void api_desk_activity(struct api_call *call);
void api_desk_preview(struct api_call *call);
void api_desk_dial(struct api_call *call);
void api_desk_disposition(struct api_call *call);
void api_desk_note(struct api_call *call);
void api_desk_do_not_call(struct api_call *call);
void api_desk_help(struct api_call *call);

/* The agent whose session or token it is, or NULL after refusing. */
struct roster_agent *desk_own_agent(struct api_call *call);
/* Feeds, and answers with the document or the refusal. */
void desk_feed(struct api_call *call, const struct roster_agent *agent, struct event *event);

#endif
