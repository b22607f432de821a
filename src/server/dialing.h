#ifndef SERVER_DIALING_H
#define SERVER_DIALING_H

#include "core/effect.h"
#include "core/event.h"

/*
 * The core, fed and obeyed. One feed is one turn: the event goes into the journal, the records it yields
 * are written together, acts that must wait for them stand in line behind their commit, the others are done at
 * once.
 *
 *   dialing_feed(server, &event, NULL);          a report
 *   dialing_feed(server, &event, &fed);          a command, or a question that is answered at once
 *
 * Not to be called from inside effects_act (acts that lead to events do so later, from the loop).
 */
struct server;

struct fed {
    bool refused;
    enum refusal refusal;
    instant until;
    bool answered; /* EFFECT_ANSWER_CALL came: what, and whose room */
    enum answer_action action;
    agent_id agent;
    campaign_id campaign;
};

/* event.request is given by dialing_feed. fed may be NULL. */
void dialing_feed(struct server *server, struct event *event, struct fed *fed);
/* Sets the alarm for the core's deadline again (after the start). */
void dialing_wake(struct server *server);

#endif
