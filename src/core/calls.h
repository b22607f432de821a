#ifndef CORE_CALLS_H
#define CORE_CALLS_H

#include "core/state.h"

/*
 * Attempts from the plan to the end: what the engine tells moves them forward, never back; silence
 * makes them ask, and too much silence gives them up.
 */
/* How long an order may be on its way, before it is sure that nobody's telephone will ring. */
#define ORDER_LIFE (90 * SECOND)

struct attempt *attempt_plan(struct dialer *dialer, struct lead *lead, uint8_t number_index,
                             struct agent *agent, bool manual); /* NULL: full */
/* As stored, after a restart; NULL: full. */
struct attempt *attempt_restore(struct dialer *dialer, struct lead *lead,
                                const struct attempt_record *record);
struct number *attempt_number(const struct attempt *attempt);
/* Its call counts against its number and its person. */
void attempt_count(struct attempt *attempt, instant at);
/* Its call does not count against its number and its person. */
void attempt_take_back(struct attempt *attempt);
void attempt_cancel(struct dialer *dialer, struct attempt *attempt, enum refusal reason);
void attempt_expire(struct dialer *dialer, struct attempt *attempt);
/* The agent it had is gone: another one, or none. Not after it ended. */
void attempt_orphaned(struct dialer *dialer, struct attempt *attempt);
/* The agent ends it: canceled before the answer, connected after. */
void attempt_hang_up(struct dialer *dialer, struct attempt *attempt, enum attempt_result result);
/* It left its room: what it was told to do ends with the room, and the call with that. Asked after
 * when it does not. */
void attempt_left(struct dialer *dialer, struct attempt *attempt);
void attempt_go_to(struct dialer *dialer, struct attempt *attempt, struct agent *agent);
/* Nobody gave a verdict: the campaign's, or none of one that was cut by our fault. */
void attempt_default_disposition(struct attempt *attempt);
/* Over for good, with its disposition where one is due. Leaves memory. */
void attempt_finish(struct dialer *dialer, struct attempt *attempt);
void attempt_ask_now(struct dialer *dialer, struct attempt *attempt); /* at the next expiry */
void attempt_schedule(struct dialer *dialer, struct attempt *attempt);
/* After its state or agent changed: the counts of calls that are out. */
void attempt_recount(struct dialer *dialer, struct attempt *attempt);
void attempt_become(struct dialer *dialer, struct attempt *attempt, enum attempt_state state);
void attempt_end(struct dialer *dialer, struct attempt *attempt, enum attempt_result result);
void attempt_detach(struct dialer *dialer, struct attempt *attempt, enum reservation_status status);
/* Its end is near; attempt_close tells it to hang up, too. */
void attempt_closes(struct dialer *dialer, struct attempt *attempt, enum attempt_result result,
                    enum answer_action action);
void attempt_close(struct dialer *dialer, struct attempt *attempt, enum attempt_result result,
                   enum answer_action action);
/* Handed over: into the room of its own. */
void attempt_send_off(struct dialer *dialer, struct attempt *attempt);
void attempt_tell_message(struct dialer *dialer, struct attempt *attempt);
void attempt_hears_message(struct dialer *dialer, struct attempt *attempt); /* from now on */
/* Told to the engine: hang up what was answered, cancel what was not. */
void attempt_tell_end(struct dialer *dialer, const struct attempt *attempt);
/* No more wanted, and its order may still be on its way. */
void attempt_withdraw(struct dialer *dialer, struct attempt *attempt);
/* It was answered, as far as anybody knows just now; what to do is not decided yet. */
void attempt_answered(struct dialer *dialer, struct attempt *attempt);
void attempt_decide(struct dialer *dialer, struct attempt *attempt);
void attempt_in_room(struct dialer *dialer, struct attempt *attempt, struct agent *agent);
/* The conversation is in another room than its record says: it was handed over in the last moment before a
 * death. It is with whom it is, or goes back if that agent cannot have it. */
void attempt_found_elsewhere(struct dialer *dialer, struct attempt *attempt, struct agent *agent);
void attempt_abandon(struct dialer *dialer, struct attempt *attempt);
/* Answered, and gone without a conversation: was an agent there for it? One of before a restart may have
 * waited long, or have heard the message, and nobody knows: that is counted as if it had. */
bool attempt_hung_up_itself(const struct attempt *attempt);
void attempt_sure(struct dialer *dialer,
                  struct attempt *attempt); /* no doubt is left where it is */

void calls_committed(struct dialer *dialer, const struct event *event);
void calls_placed(struct dialer *dialer, const struct event *event);
void calls_not_carried(struct dialer *dialer, const struct event *event);
void calls_place_failed(struct dialer *dialer, const struct event *event);
void calls_place_unknown(struct dialer *dialer, const struct event *event);
void calls_status(struct dialer *dialer, const struct event *event);
void calls_answered(struct dialer *dialer, const struct event *event);
void calls_joined(struct dialer *dialer, const struct event *event);
void calls_left(struct dialer *dialer, const struct event *event);
void calls_polled(struct dialer *dialer, const struct event *event);
void calls_machine(struct dialer *dialer, const struct event *event);

#endif
