#ifndef TESTS_UNIT_SERVE_FLOOR_H
#define TESTS_UNIT_SERVE_FLOOR_H

#include <jansson.h>

#include "net/http_client.h"
#include "server/server.h"
#include "wire/form.h"

/*
 * A whole dialer in one process, for tests: memory store, the real core and HTTP server, and in place of a voice
 * engine an HTTP server that notes what it is asked and answers what it is told to. One loop turns all of
 * it, in this thread.
 */
enum { ORDERS_MAX = 64 };

struct engine_order {
    char method[8], path[256];
    struct form form;
};

struct floor {
    struct server server;
    struct http_client *client;
    char http[64], engine_http[64];
    char token[80];
    char folder[64];
    struct http_server *engine_server;
    struct engine_order orders[ORDERS_MAX]; /* what the engine was asked, in order */
    size_t order_count;
    unsigned engine_status; /* 0: 201 with a call */
    char *engine_body;      /* NULL: a call made up */
    unsigned call_count;
};

void floor_open(struct floor *floor);
void floor_close(struct floor *floor);
/* One request of the interface; the JSON answered (NULL when there is none) and its status. */
json_t *floor_ask(struct floor *floor, const char *method, const char *path, const char *body,
                  unsigned *status);
/* One webhook of the engine, signed unless told not to; the document answered is in *text. */
unsigned floor_hook(struct floor *floor, const char *path, const char *body, bool is_signed,
                    struct text *text);
/* Turns until the engine has been asked `count` times; fails the test after two seconds. */
void floor_wait_orders(struct floor *floor, size_t count);
void floor_turn(struct floor *floor, unsigned ms);
/* A lead of a campaign straight into the store. */
void floor_add_lead(struct floor *floor, campaign_id campaign, const char *e164);

#endif
