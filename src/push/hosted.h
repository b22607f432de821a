#ifndef PUSH_HOSTED_H
#define PUSH_HOSTED_H

#include "net/loop.h"
#include "push/ops.h"
#include "push/outbox.h"
#include "push/signature.h"

/*
 * The hosted service behind push_ops: events go to its HTTP interface, ten in a request, signed, in their
 * order. What it does not take (5xx, no connection) is sent again after growing pauses; beyond
 * waiting_max the oldest are lost. Any server of the same interface will do, ours too.
 *
 *   err = push_hosted_new(&hosted, loop, &options);
 *   push = push_hosted_ops(hosted);
 */
struct push_hosted;

struct push_hosted_options {
    struct push_app app;   /* copied */
    const char *url;       /* "https://api-eu.pusher.com", without a slash at its end */
    size_t waiting_max;    /* events; 0: 2 000 */
    unsigned first_ms;     /* the first pause; 0: 500 */
    unsigned pause_ms_max; /* 0: 30 000 */
};

int push_hosted_new(struct push_hosted **hosted, struct loop *loop,
                    const struct push_hosted_options *options) must_check; /* 0, ENOMEM */
void push_hosted_free(struct push_hosted *hosted);                         /* NULL is fine */
struct push push_hosted_ops(struct push_hosted *hosted);
struct outbox_counts push_hosted_counts(const struct push_hosted *hosted);

#endif
