#ifndef PUSH_OUTBOX_H
#define PUSH_OUTBOX_H

#include <jansson.h>

#include "base/text.h"
#include "net/loop.h"

/*
 * Events on their way to another's HTTP interface: in their order, some in one request, one request at a time.
 * What is not taken is sent again after growing pauses; whoever waits too long goes, the oldest first.
 *
 *   err = outbox_new(&outbox, loop, &options);
 *   err = outbox_add(outbox, json);
 *   outbox_free(outbox);                      what has not been sent is lost
 */
struct outbox;

/* One request, a POST of JSON. */
struct letter {
    struct text url, body;
    struct text headers[2]; /* "Name: value"; empty: none */
};

struct outbox_options {
    const char *name;   /* in the log: "push.webhooks" */
    size_t waiting_max; /* events */
    size_t batch_max;   /* events in a request */
    unsigned gather_ms; /* the first waits so long for more */
    unsigned first_ms;  /* the first pause; each is twice the one before */
    unsigned pause_ms_max;
    unsigned give_up_ms;   /* a request is given up after so long; 0: never */
    bool repeats_refusals; /* also what was answered with 4xx is sent again */
    /* Writes the request with these events (an array), each time it is sent. */
    void (*write)(void *arg, json_t *events, struct letter *letter);
    void *arg;
};

struct outbox_counts {
    uint64_t sent, lost; /* events */
    size_t waiting;      /* also those on their way */
};

int outbox_new(struct outbox **outbox, struct loop *loop,
               const struct outbox_options *options) must_check; /* 0, ENOMEM */
void outbox_free(struct outbox *outbox);                         /* NULL is fine */
int outbox_add(struct outbox *outbox, json_t *event) must_check; /* takes it over. 0, ENOMEM */
struct outbox_counts outbox_counts(const struct outbox *outbox);

#endif
