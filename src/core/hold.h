#ifndef CORE_HOLD_H
#define CORE_HOLD_H

#include "core/state.h"

/*
 * Customers on hold in their agent's room: because the agent said so, or because the agent's line is gone and they
 * would hear nothing. What the engine was told last is known, and looked after: an order that got lost is given again
 * (hold_seen).
 */
void hold_asked(struct dialer *dialer, const struct event *event); /* the agent, by hand */
/* The line of the agent it talks to is gone: music after a moment, until the agent is back. */
void hold_agent_lost(struct dialer *dialer, struct agent *agent);
void hold_agent_back(struct dialer *dialer, struct agent *agent);
/* After something changed on which it depends. */
void hold_update(struct dialer *dialer, struct attempt *attempt);
void hold_expire(struct dialer *dialer, struct attempt *attempt);
/* The engine was asked: this is how it is there. */
void hold_seen(struct dialer *dialer, struct attempt *attempt, enum call_held held);
/* It leaves its room, and what was told of it there is gone with that. */
void hold_forget(struct dialer *dialer, struct attempt *attempt);

#endif
