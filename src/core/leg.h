#ifndef CORE_LEG_H
#define CORE_LEG_H

#include "core/state.h"

/*
 * The line to an agent's room: dialled at login, asked after now and then, dialled again with
 * back-off when lost and at once when the agent's phone says that it is there, given up after the grace. Each dialling
 * has a serial; what comes with an old one is told to hang up.
 */
void leg_dial(struct dialer *dialer, struct agent *agent);
void agent_leg_hang_up(struct dialer *dialer, struct agent *agent); /* the agent goes */
void leg_recover(struct dialer *dialer, struct agent *agent);       /* after a restart: ask first */
void leg_ask_now(struct dialer *dialer, struct agent *agent);
void leg_expire(struct dialer *dialer, struct agent *agent);
void leg_connected(struct dialer *dialer, const struct event *event);
void leg_lost(struct dialer *dialer, const struct event *event);
void leg_phone_ready(struct dialer *dialer, const struct event *event);

#endif
