#ifndef SERVER_WEBHOOKS_H
#define SERVER_WEBHOOKS_H

#include "net/http_server.h"

/*
 * What the voice engine asks and tells, at /voice/...; each signed by the account's token and refused
 * (403, counted) when it is not.
 *
 *   answer      a customer has answered: TwiML at once, from memory
 *   told        the document of a call that was redirected
 *   agent       an agent's line has been picked up: into the room
 *   status      a call's progress, a customer's or an agent's line's
 *   conference  who came into a room and who left
 *
 * Duplicates and late reports are passed over by their idempotency token and SequenceNumber.
 */
struct server;

/* False: the path is not one of these. */
bool webhooks_take(struct server *server, struct http_request *request);

#endif
