#ifndef NET_CHILD_H
#define NET_CHILD_H

#include <sys/types.h>

#include "base/text.h"
#include "net/loop.h"

/*
 * A program run beside us, its pipes and its end watched by the loop.
 *
 *   child_run    feeds standard input, collects standard output, tells the end: for short helpers
 *                (a synthesiser, a decoder). Bounded in time and output; killed when it passes them.
 *   child_spawn  a long-lived server: each line of its standard output and its end are told.
 *
 * Programs start in a process group of their own, so a Ctrl-C at our terminal does not reach them
 * before we have decided how to stop. Standard error is inherited (child_spawn) or dropped
 * (child_run). Handlers run in the loop's thread, never from inside the call that started them.
 */
struct child;

struct child_end {
    bool exited; /* left by itself: status is its exit code; else the signal number */
    int status;
    bool timed_out;      /* killed by us: time_ms_max passed */
    bool too_large;      /* killed by us: output_size_max passed */
    struct slice output; /* child_run: all of its standard output; lives until the handler ends */
};

typedef void (*child_end_handler)(void *arg, const struct child_end *end);
typedef void (*child_line_handler)(void *arg, struct slice line);

struct child_order {
    const char *const *argv;        /* argv[0] is the program (searched in PATH); ended by NULL */
    const char *const *environment; /* "NAME=value" added to ours, ended by NULL; may be NULL */
    struct slice input;             /* child_run: its standard input (copied) */
    unsigned time_ms_max;           /* child_run; 0: 10 000 */
    size_t output_size_max;         /* child_run; 0: 16 MiB */
    unsigned processor_seconds_max; /* RLIMIT_CPU; 0: none */
    size_t memory_size_max;         /* RLIMIT_AS in bytes; 0: none */
};

/* Both: 0, ENOENT (no such program), ENOMEM, or errno of fork/pipe. The child frees itself after its
 * end handler has returned; *child (may be NULL) must not be used after that. */
int child_run(struct child **child, struct loop *loop, const struct child_order *order,
              child_end_handler end, void *arg) must_check;
int child_spawn(struct child **child, struct loop *loop, const struct child_order *order,
                child_line_handler line, child_end_handler end, void *arg) must_check;

pid_t child_pid(const struct child *child);
void child_signal(struct child *child, int signal_number); /* to the child itself */
/* Forgets the child: no handler will be called any more; kills it first unless let_live. */
void child_drop(struct child *child, bool let_live);

#endif
