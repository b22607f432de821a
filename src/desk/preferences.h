#ifndef DESK_PREFERENCES_H
#define DESK_PREFERENCES_H

#include <jansson.h>

#include "api/api.h"
#include "store/store.h"

/*
 * How an agent likes the page: keys, theme, sounds, language; one JSON object of at most PREFERENCES_SIZE_MAX bytes, the
 * page's own business but for its size. Kept in the store, so that they are the same at every machine.
 */
enum { PREFERENCES_SIZE_MAX = 4096 };

/* [store thread] An object, {} where there is none; NULL: no memory. */
json_t *preferences_read(struct store *store, agent_id agent);

void api_desk_preferences(struct api_call *call); /* PUT */

#endif
