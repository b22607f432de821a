#ifndef SERVER_REPLY_H
#define SERVER_REPLY_H

#include <jansson.h>

#include "base/instant.h"
#include "net/http_server.h"

/*
 * Answers to HTTP requests: JSON, or a problem (RFC 9457). Each ends its request.
 */
void reply_json(struct http_request *request, unsigned status, const char *type,
                json_t *json); /* takes json over */
/* detail: a sentence of at most 300 bytes; may hold what the client sent. */
void reply_problem(struct http_request *request, unsigned status, const char *detail);
/* The same with further members, taken over; NULL is fine. */
void reply_problem_and(struct http_request *request, unsigned status, const char *detail,
                       json_t *more);

json_t *reply_time(instant at); /* "2026-11-22T09:45:58.123456Z", null for 0 and never */

#endif
