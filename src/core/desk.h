#ifndef CORE_DESK_H
#define CORE_DESK_H

#include "core/state.h"

/*
 * What agents do: activities, reservations, wrap-up, and who has been idle longest. An agent is idle,
 * and may be given a call at once, when available, in the room, and alone there.
 */
void desk_become(struct dialer *dialer, struct agent *agent, enum agent_activity activity,
                 uint16_t break_code);
void desk_update_idle(struct dialer *dialer, struct agent *agent);
struct agent *desk_longest_idle(const struct campaign *campaign); /* NULL: none */
bool desk_is_idle_for(const struct agent *agent, const struct campaign *campaign);
/* Customers keep a room from being used until they are known to have left it. */
void desk_guest_came(struct dialer *dialer, struct attempt *attempt, struct agent *agent);
void desk_room_vacated(struct dialer *dialer, struct agent *agent);      /* by a third person */
void desk_guest_arrived(struct dialer *dialer, struct attempt *attempt); /* is in no other room */
void desk_guest_told_to_leave(struct dialer *dialer, struct attempt *attempt);
/* It was seen in a room that it is not supposed to be in: it is there, or was a moment ago. */
void desk_guest_seen(struct dialer *dialer, struct attempt *attempt, struct agent *agent);
/* Was it told to leave that room, and is not known to have done so? */
bool desk_guest_may_linger(const struct attempt *attempt, const struct agent *agent);
void desk_guest_left(struct dialer *dialer, struct attempt *attempt, const struct agent *agent);
void desk_guest_left_all(struct dialer *dialer, struct attempt *attempt);

void desk_reserve(struct dialer *dialer, struct agent *agent, struct lead *lead,
                  struct attempt *attempt); /* attempt NULL: preview */
void desk_attach(struct dialer *dialer, struct agent *agent, struct attempt *attempt);
void desk_accept(struct dialer *dialer, struct agent *agent);
/* The reservation ends without a conversation, or (completed) without a wrap-up. */
void desk_release(struct dialer *dialer, struct agent *agent, enum reservation_status status);
void desk_wrap_up(struct dialer *dialer, struct agent *agent);
/* The attempt is another's from now on; this agent wraps up what was, alone. */
void desk_hand_over(struct dialer *dialer, struct agent *agent);
void desk_expire(struct dialer *dialer, struct agent *agent);
void desk_leg_given_up(struct dialer *dialer, struct agent *agent);
void desk_came_online(struct dialer *dialer, struct agent *agent);

void desk_logged_in(struct dialer *dialer, const struct event *event);
void desk_activity(struct dialer *dialer, const struct event *event);
void desk_rejected(struct dialer *dialer, const struct event *event);
void desk_hung_up(struct dialer *dialer, const struct event *event);
void desk_disposition(struct dialer *dialer, const struct event *event);
void desk_more_time(struct dialer *dialer, const struct event *event);

#endif
