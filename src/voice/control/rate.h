#ifndef VOICE_CONTROL_RATE_H
#define VOICE_CONTROL_RATE_H

#include "voice/control/call.h"

/*
 * Calls per second. A token bucket as deep as one second's calls: a call made by request is placed at
 * once when the bucket gives, else it waits in line, and is canceled when it has waited too long.
 */
void rate_place(struct call *call);
void rate_forget(struct call *call); /* it ended while it waited */

#endif
