#ifndef API_STATUS_PAGE_H
#define API_STATUS_PAGE_H

#include "net/http_server.h"

/*
 * GET /status: the floor's figures as a small page without script, from memory; it asks to be read again every other
 * second. It names agents and campaigns, nobody on a list. False: another path.
 */
struct server;

bool status_page_take(struct server *server, struct http_request *request);

#endif
