#ifndef DESK_DESK_H
#define DESK_DESK_H

#include "api/api.h"
#include "server/server.h"

/*
 * The desk's document (docs/desk.md): what one agent's page shows, whole, from memory. It goes out by push as event `desk` at
 * the end of each turn that changed something of the agent's, so the person stands on the screen before the answer to the
 * webhook lets the customer into the room.
 *
 *   err = desks_begin(server, &options);   once push is there, before the core is brought back
 *   desks_end(server);                when nothing more comes from the store
 */
struct desks_options {
    const char *breaks; /* the caller's, kept: as the settings have them */
    const char *turn, *turn_secret;
};

bool desks_breaks_fit(const char *breaks);
int desks_begin(struct server *server, const struct desks_options *options) must_check;
void desks_end(struct server *server); /* without desks_begin: nothing */

/* Takes the next version. NULL: no memory. */
json_t *desk_document(struct server *server, agent_id agent);

/* Answers with the document, when what was fed is on disk. */
void desk_reply(struct api_call *call, agent_id agent);

void api_desk_show(struct api_call *call);

#endif
