#ifndef NET_WORKERS_H
#define NET_WORKERS_H

#include "net/loop.h"

/*
 * A small bounded pool of threads for work that must not stand on the loop: reading lists, writing
 * exports, hashing.
 *
 *   err = workers_new(&workers, loop, 2);
 *   err = workers_run(workers, work, done, arg);
 *         work(arg) in a worker's thread, then done(arg) in the loop's; arg is the caller's
 *   workers_free(workers);
 *         once the loop turns no more: waits for work under way, passes over work not begun, and
 *         calls done for all
 */
struct workers;

typedef void (*worker_job)(void *arg);

int workers_new(struct workers **workers, struct loop *loop, unsigned thread_count) must_check;
void workers_free(struct workers *workers); /* from the loop's thread; NULL is fine */
/* 0, ENOMEM, EAGAIN (more than 256 jobs wait). From the loop's thread. */
int workers_run(struct workers *workers, worker_job work, worker_job done, void *arg) must_check;
/* True once workers_free has begun: long work should look now and then and leave. Any thread. */
bool workers_are_stopping(const struct workers *workers);

#endif
