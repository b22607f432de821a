#ifndef DESK_SHIFT_H
#define DESK_SHIFT_H

#include <jansson.h>

#include "server/server.h"

/*
 * What the server remembers of one agent's desk beside what core and roster know: which screen has it, how the shift goes,
 * how long the line was away, what was picked and is not finished. In memory; the shift's figures are read from the
 * store's time line once and counted on from there.
 */
enum { SCREEN_SIZE = 65, SHIFT_CALLBACKS_MAX = 20 };

struct shift {
    struct server *server;
    agent_id agent;
    bool seen;
    char screen[SCREEN_SIZE]; /* "": nobody has said */
    bool needs_help;

    bool read, reading;
    instant since; /* 0: none runs */
    uint32_t calls;
    instant talked;

    enum agent_activity activity; /* as last seen */
    instant activity_since;
    enum leg_state leg;
    instant lost_at, back_at; /* of the line, the last time */

    struct { /* a verdict given in wrap-up that does not finish it yet */
        attempt_id attempt;
        uint16_t code;
        instant callback_at;
        agent_id callback_agent;
    } picked;
    struct loop_timer finish; /* before the limit's own verdict */

    json_t *call;      /* the last one as it was shown; NULL: none yet */
    json_t *callbacks; /* own ones of the next day, the nearest first; NULL: not read */
    instant callbacks_at;
    bool callbacks_reading;
};

struct shift *shift_of(struct server *server, agent_id agent); /* NULL: no memory */
void shift_free(struct server *server, struct shift *shift);

/* The shift is for these campaigns, 0 of them: for all the agent may serve. False: the core did not take it. */
bool shift_serves(struct server *server, struct roster_agent *agent, const campaign_id *campaigns,
                  uint8_t count);

/* What the agent's record says now, at the end of a turn. */
void shift_see(struct server *server, struct shift *shift, const struct roster_agent *agent);
/* Reads what is not read yet, then touches the agent. */
void shift_want(struct server *server, struct shift *shift);

#endif
