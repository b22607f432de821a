#ifndef SERVE_ENTRY_H
#define SERVE_ENTRY_H

#include "net/http_server.h"

/* Every request of the dialer's HTTP server, led to whom it is for: webhooks, the pages' telephones and push sockets, the
 * interface, the pages. arg: struct server. */
void entry_take_head(void *arg, struct http_request *request);
void entry_take_request(void *arg, struct http_request *request);

#endif
