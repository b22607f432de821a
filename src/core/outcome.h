#ifndef CORE_OUTCOME_H
#define CORE_OUTCOME_H

#include "core/state.h"

/*
 * What becomes of a lead when its attempt is over: by the agent's disposition where there was a
 * conversation, else by the retry rule of the result. The lead is settled by it.
 */
void outcome_of_attempt(struct dialer *dialer, struct attempt *attempt);

#endif
