#ifndef CORE_QUEUE_H
#define CORE_QUEUE_H

#include "core/state.h"

/*
 * Leads in memory: taken in from the store, waiting for their turn, let go again. A campaign's due
 * leads stand in one queue per level: callbacks, then by priority; within a level first come first
 * served. A lead that is not due yet waits for its timer, or for its agent.
 */
struct lead *lead_take_in(struct dialer *dialer, struct campaign *campaign,
                          const struct lead_facts *facts); /* PLACE_NOWHERE; NULL: full */
/* By its record: into the queue, to its timer, or out of memory when that is far away or final. */
void lead_settle(struct dialer *dialer, struct lead *lead);
void lead_let_go(struct dialer *dialer, struct lead *lead); /* writes it, released */
/* Facts that cannot be taken in go back as they came. */
void lead_give_back(struct dialer *dialer, const struct lead_facts *facts);
void lead_unplace(struct dialer *dialer, struct lead *lead); /* from queue, timer or parking */
void lead_park(struct dialer *dialer, struct lead *lead, struct agent *agent);
struct lead *lead_first_due(const struct campaign *campaign); /* NULL: none */
void lead_expire(struct dialer *dialer, struct lead *lead);
void lead_become(struct dialer *dialer, struct lead *lead, enum lead_state state);

/* The first number in the lead's order that every rule allows now; refused: the reason that ends
 * soonest. */
struct verdict lead_choose_number(struct dialer *dialer, const struct lead *lead, uint8_t *index);
struct verdict number_verdict(struct dialer *dialer, const struct lead *lead, uint8_t index);
/* Holds it until the rule may say yes, or ends it when that is never. Not in an attempt. */
void lead_refused(struct dialer *dialer, struct lead *lead, struct verdict verdict);

/* Facts against the rules, with what memory knows beyond them. */
struct verdict facts_verdict(struct dialer *dialer, const struct campaign *campaign,
                             const struct lead_facts *facts, uint8_t index);

#endif
