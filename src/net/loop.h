#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"

/*
 * One event loop on one epoll descriptor, turned by one thread. A process either turns it itself
 * (loop_run) or nests it in another loop: watch loop_fd for reading and call loop_step(loop, 0)
 * whenever it is readable. Asking for loop_fd arms a timerfd inside, so a deadline makes the
 * descriptor readable too and the outer loop needs no timer of ours.
 *
 * Only loop_post and loop_stop may be called from other threads (loop_stop also from a signal
 * handler). Times are of the loop's own clock: UTC microseconds that never step back (CLOCK_MONOTONIC
 * anchored to CLOCK_REALTIME at the start; a later step of the wall clock is told by loop_clock_leap).
 */
struct loop;

typedef void (*loop_handler)(void *arg);
typedef void (*loop_fd_handler)(void *arg, uint32_t epoll_events);

struct loop_timer {
    struct heap_node node; /* zero it before first use */
    loop_handler handler;
    void *arg;
};

int loop_new(struct loop **loop) must_check; /* 0 or errno */
void loop_free(struct loop *loop);           /* NULL is fine */

instant loop_now(const struct loop *loop); /* read once per step: the same for all its handlers */
instant loop_clock(void);                  /* reads the clock now; any thread */
/* How far the wall clock has stepped away from the loop's since the start (microseconds). */
instant loop_clock_leap(void);

int loop_watch(struct loop *loop, int fd, uint32_t epoll_events, loop_fd_handler handler,
               void *arg) must_check; /* again for the same fd: changes it. 0 or errno */
void loop_unwatch(struct loop *loop, int fd);

int loop_timer_start(struct loop *loop, struct loop_timer *timer, instant at, loop_handler handler,
                     void *arg) must_check; /* moves one already started. 0, ENOMEM */
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

/* Calls handler(arg) in the loop's thread soon. 0, ENOMEM. Any thread. */
int loop_post(struct loop *loop, loop_handler handler, void *arg) must_check;

/* Calls the handler after every step, when all of its events have been handled (one per loop). */
void loop_after_step(struct loop *loop, loop_handler handler, void *arg);

int loop_fd(const struct loop *loop);
instant loop_deadline(const struct loop *loop);      /* now or earlier: there is work already */
void loop_step(struct loop *loop, instant wait_max); /* waits at most wait_max microseconds */
void loop_run(struct loop *loop);                    /* until loop_stop */
void loop_stop(struct loop *loop);

#endif
