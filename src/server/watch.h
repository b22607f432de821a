#ifndef SERVER_WATCH_H
#define SERVER_WATCH_H

#include "base/check.h"

/*
 * Looks, again and again, at what dialling stands on: does the engine answer, has it a trunk that
 * does, is there room in the data folder? What is not well holds dialling (holds.h) and what is well
 * again lets it go on. The store's own refusals are the keeper's to tell.
 *
 *   err = watch_new(&watch, server, pause_ms, silent_s);     looks every pause_ms from then on;
 *         kills our own engine when it has not answered for silent_s
 *   watch_soon(watch);                             there is reason to doubt: looks now
 *   watch_free(watch);                             after telephony_free
 *
 * The loop's thread only.
 */
struct server;
struct watch;

int watch_new(struct watch **watch, struct server *server, unsigned pause_ms,
              unsigned silent_s) must_check; /* ENOMEM */
void watch_free(struct watch *watch);
void watch_soon(struct watch *watch); /* NULL is fine */

#endif
