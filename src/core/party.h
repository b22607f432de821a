#ifndef CORE_PARTY_H
#define CORE_PARTY_H

#include "core/state.h"

/*
 * A third person in a conversation, at a telephone number: rung into the agent's room, with the customer on hold
 * meanwhile (consulting) or listening. From there the three go on together, the agent swaps between the two, ends it
 * again, or hands over: then customer and third person go on in a room of their own (ATTEMPT_HANDED_OVER), and the
 * agent wraps up. One at a time; none outlives its attempt: told to go, asked after until it is gone, and the
 * attempt is not over before.
 */
void party_asked(struct dialer *dialer, const struct event *event); /* by the agent */
void party_news(struct dialer *dialer, const struct event *event);  /* from the engine */
void party_expire(struct dialer *dialer, struct attempt *attempt);
void party_ask_now(struct dialer *dialer, struct attempt *attempt);
void party_recover(struct dialer *dialer, struct attempt *attempt);
/* The conversation it was in is over. */
void party_dismiss(struct dialer *dialer, struct attempt *attempt);
bool party_lives(const struct attempt *attempt);
/* Customer and third person hear each other, with or without the agent. */
bool party_keeps_company(const struct attempt *attempt);

#endif
