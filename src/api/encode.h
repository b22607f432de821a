#ifndef API_ENCODE_H
#define API_ENCODE_H

#include "api/api.h"
#include "server/roster.h"

/*
 * Things as the interface's JSON; each gives a new reference. What openapi.json calls Campaign, Agent, Lead,
 * Attempt, ... is made here and nowhere else.
 */
json_t *encode_campaign(const struct roster_campaign *campaign, const struct server *server);
json_t *encode_agent(const struct roster_agent *agent, const struct server *server);
json_t *encode_attempt(const struct store_attempt *attempt);
json_t *encode_lead(const struct store_lead *lead);
json_t *encode_import(const struct store_import *import);
json_t *encode_do_not_call(const struct store_do_not_call *row);
json_t *encode_token(const struct store_token *row);

#endif
