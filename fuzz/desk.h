#ifndef FUZZ_DESK_H
#define FUZZ_DESK_H

#include "base/check.h"
#include "net/http_client.h"
#include "server/server.h"

/*
 * A whole dialer in one thread without sockets or clocks, for fuzz targets: the real core, interface, webhooks and
 * telephony over a store in memory. In place of the loop, the HTTP server and client, the store thread and
 * the workers stand doubles (desk.c), so that an input always does the same. A campaign is running with a few
 * leads, agent 1 is there.
 *
 *   desk_open(&desk);
 *   desk_ask(&desk, &(struct desk_request){.method = "GET", .path = "/api/v1/live", .token = DESK_OPERATOR});
 *   desk_answer(&desk, 0, &answer);          of what the engine was asked
 *   desk_wait(&desk, SECOND);
 *   desk_close(&desk);
 *
 * Each request must have been answered once by the time the desk is quiet, and the core is audited.
 */
#define DESK_OPERATOR "od_operator"
#define DESK_AGENT "od_agent"
#define DESK_ACCOUNT "AC00000000000000000000000000000001"
#define DESK_SECRET "engine-test-token"
#define DESK_URL "http://dialer"

enum { DESK_LEADS = 4 };

struct desk {
    struct server server;
    struct text reply; /* the last one's body */
    unsigned status;
    char content_type[64];
};

struct desk_request {
    const char *method, *path, *query; /* query NULL: none */
    struct slice body;
    const char *token;                   /* of the bearer; NULL: none */
    const char *signature, *idempotency; /* headers; NULL: not there */
};

void desk_open(struct desk *desk);
/* With nothing but what is in the store, which is taken over. False (and closed): it cannot be worked with. */
bool desk_open_on(struct desk *desk, struct store *store);
void desk_close(struct desk *desk);
void desk_ask(struct desk *desk, const struct desk_request *request);
/* A webhook, its parameters signed as the engine would. */
void desk_hook(struct desk *desk, const char *path, const char *query, const char *params,
               const char *idempotency);

/* Requests to the engine that are not answered yet. */
size_t desk_order_count(void);
const char *desk_order_url(size_t place);
void desk_answer(struct desk *desk, size_t place, enum http_outcome outcome, unsigned status,
                 struct slice body);

void desk_wait(struct desk *desk, instant span);

#endif
