#ifndef SERVE_DEMO_H
#define SERVE_DEMO_H

#include "base/check.h"

/*
 * A floor to look at (`serve --demo`): a simulated telephone network as a child process, six robot
 * agents, and a campaign whose people are all simulated; and a seat for whoever sits at this machine: the
 * agent `you`, whose telephone is the page, with a campaign of its own. Nothing in it is played: the calls are real SIP and
 * sound between real processes. Only the campaign's settings are unlike life: its hours are 0-24 and it
 * calls its list again and again, because nobody there sleeps or minds.
 *
 *   err = demo_new(&demo, server, &events);   starts the phones
 *   events.ready(arg, "sip:127.0.0.1:PORT")   they listen: the engine can be started
 *   demo_begin(demo, "http://...");           the engine stands: makes what is missing in the store, logs the
 *                                             robots in, starts the campaign and the board
 *   demo_end(demo);                           no more calls; the phones are asked to leave
 *   demo_free(demo);                          kills the phones if they have not left
 */
struct server;
struct demo;

struct demo_events {
    void (*ready)(void *arg, const char *trunk);
    void (*failed)(void *arg, const char *why);
    void *arg;
};

int demo_new(struct demo **demo, struct server *server,
             const struct demo_events *events) must_check;
void demo_begin(struct demo *demo, const char *http);
void demo_end(struct demo *demo);
void demo_free(struct demo *demo); /* NULL is fine */

#endif
