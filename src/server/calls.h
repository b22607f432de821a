#ifndef SERVER_CALLS_H
#define SERVER_CALLS_H

#include "core/effect.h"
#include "server/roster.h"
#include "server/traffic.h"

/*
 * Customers' calls on the voice wire: ordered, redirected, ended, asked after. What comes of it is fed
 * to the core later, from the loop.
 *
 * An order carries the attempt's id in its URLs. It is posted once; if nobody can say whether it
 * arrived the core is told so, and asks (calls_poll), and the call is looked for by its number among the newest
 * calls. An order that surely did not leave (the engine is being started again) is tried again for a
 * while.
 */
struct server;

enum { URL_SIZE = 512, ROOM_NAME_SIZE = 32 };

void calls_place(struct server *server, attempt_id attempt, uint32_t ring_timeout_s);
void calls_redirect(struct server *server, attempt_id attempt, enum answer_action action,
                    agent_id agent, campaign_id campaign);
/* Of an attempt that nobody knows any more. */
void calls_say_goodbye(struct server *server, attempt_id attempt, const char *sid);
void calls_hang_up(struct server *server, attempt_id attempt);
void calls_cancel(struct server *server, attempt_id attempt); /* unless it is answered */
/* In the room of that agent. */
void calls_hold(struct server *server, attempt_id attempt, agent_id agent, bool on);
/* Its status; while it is in progress those rooms are looked into as well, up to the first 0. */
/* Keys to the customer in that room, by an announcement that is nothing but tones. False: too many wait already. */
bool calls_send_digits(struct server *server, attempt_id attempt, agent_id agent,
                       const char *digits);
/* The engine asks for them: they are handed over once. */
void calls_take_digits(struct server *server, attempt_id attempt, char digits[DIGITS_SIZE]);
void calls_poll(struct server *server, attempt_id attempt, uint32_t poll,
                const agent_id rooms[POLL_ROOMS_MAX]);

/* The engine has named the attempt's call: kept, and ended if that was asked for meanwhile. False: it is another call
 * than the one known. */
bool calls_learn_sid(struct server *server, attempt_id attempt, const char *sid);

/* The number that is shown to people. */
const char *calls_caller_id(const struct server *server, const struct roster_campaign *campaign);
/* The room of an agent, for all of a shift: "agent-7". */
void room_name(agent_id agent, char name[ROOM_NAME_SIZE]);
/* A label of a room's member: "attempt-91", "leg-7-3". */
void attempt_label(attempt_id attempt, char label[ROOM_NAME_SIZE]);
void leg_label(agent_id agent, uint32_t serial, char label[ROOM_NAME_SIZE]);

/* At the end, when the voice client is gone: lets go of orders that wait. */
void orders_release(struct server *server);

#endif
