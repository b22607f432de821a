#ifndef VOICE_CONTROL_RATE_H
#define VOICE_CONTROL_RATE_H

#include "voice/control/call.h"

/*
 * Who may be called now.
 *
 * Calls at once: legs that are up and calls that wait for theirs are never more than
 * live_call_count_max; who would be one more is refused, not made.
 *
 * Calls per second: a token bucket as deep as one second's calls. A call made by request is placed at
 * once when the bucket gives, else it waits in line, and is canceled when it has waited too long.
 * While the media path is loaded (CONTROL_LOAD) the bucket gives nothing: the calls there are come first.
 */
bool rate_has_room(const struct control *control);
bool rate_takes_incoming(const struct control *control);
void rate_load(struct control *control, bool loaded);
void rate_place(struct call *call);
void rate_forget(struct call *call); /* it ended while it waited */

#endif
