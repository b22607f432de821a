#ifndef SERVER_ENGINE_RECORD_H
#define SERVER_ENGINE_RECORD_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"

/*
 * engine.json in the data folder: which process the voice engine is, and where its interface listens,
 * for the next server to adopt it, or to end it. A process is its number and the time it was
 * started, as the system counts it: a number alone may be a stranger's by then.
 */
struct engine_record {
    pid_t pid;
    uint64_t started; /* clock ticks since the machine's start; 0: not known */
    char url[512];    /* "": it was not up yet */
};

/* url "": it is not up yet. 0, or errno: nothing was changed. */
int engine_record_write(const char *data, pid_t pid, const char *url) must_check;
bool engine_record_read(const char *data, struct engine_record *record) must_check;
void engine_record_remove(const char *data);

/* A pidfd, if the process lives and may be the one recorded; else -1. */
int engine_record_open(const struct engine_record *record) must_check;
/* Whether it surely is; asked while the pidfd is open. */
bool engine_record_is(const struct engine_record *record) must_check;

#endif
