#ifndef CORE_TRANSFER_H
#define CORE_TRANSFER_H

#include "core/state.h"

/*
 * A customer handed on. Blind, to another agent: the customer goes to that agent's room under a new reservation, the
 * verdict is that agent's, and the one who handed over wraps up alone. Only to one who is free: nobody is sent to
 * a room where somebody talks, or is away.
 */
void transfer_asked(struct dialer *dialer, const struct event *event);

#endif
