#ifndef DESK_DESK_INSIDE_H
#define DESK_DESK_INSIDE_H

#include "desk/desk.h"
#include "desk/person.h"
#include "desk/shift.h"

/* What the desk's files share; nobody else includes it. */
struct desks {
    struct desks_options options;
    struct persons *persons;
    struct table shifts; /* agent -> struct shift */
    json_t *none;        /* an empty list */
    uint64_t
        version; /* of the last document: begins with the clock, so it grows over restarts, too */
    uint32_t grace_s;
};

/* Feeds what was picked; the wrap-up ends. */
void desk_finish(struct server *server, struct shift *shift);

#endif
