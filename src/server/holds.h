#ifndef SERVER_HOLDS_H
#define SERVER_HOLDS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/instant.h"

/*
 * Why nothing new is dialled just now. The parts that watch something report what they see; while
 * any of it is not well the core is told to hold (EVENT_DIALLING_HELD), and it goes on by itself
 * when all is well again. Calls in progress are never touched. The loop's thread only.
 */
struct server;

enum hold_kind {
    HOLD_STORE, /* it refuses what must be written, or is damaged */
    HOLD_ROOM,  /* its disk is nearly full */
    HOLD_VOICE, /* the engine is not there, is silent, or answers with errors */
    HOLD_TRUNK, /* the engine says that its trunk does not answer */
    HOLD_KIND_COUNT
};

struct holds {
    struct hold {
        instant since; /* 0: well */
        char why[400];
    } of[HOLD_KIND_COUNT];
    bool told; /* what the core knows */
};

const char *hold_name(enum hold_kind kind); /* "store" ... */

/* Not well: why is a sentence. Logged when it begins and when its sentence changes. */
void holds_set(struct server *server, enum hold_kind kind, const char *why);
void holds_clear(struct server *server, enum hold_kind kind);
bool holds_has(const struct server *server, enum hold_kind kind);
/* Tells the core what it does not know yet: from the end of recovery on. */
void holds_tell(struct server *server);

/* [{"what": "store", "why": "...", "since": "..."}], none: []. */
json_t *holds_json(const struct server *server);

#endif
