#ifndef API_LIVE_H
#define API_LIVE_H

#include "api/api.h"

/* The floor as it is now, from memory alone; health; the interface's own description. */
void api_live(struct api_call *call);
void api_health(struct api_call *call);
void api_openapi(struct api_call *call);

/* The same snapshot for the board and the status page; a new reference. */
json_t *live_snapshot(const struct server *server);

#endif
