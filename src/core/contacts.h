#ifndef CORE_CONTACTS_H
#define CORE_CONTACTS_H

#include "core/state.h"

/*
 * Numbers and persons in memory, shared by the leads that have them. What was counted stays a while
 * after the last lead has left, because facts on their way from the store may be older. Holding one
 * that is known merges the accounts; NULL: full.
 */
struct number *number_hold(struct dialer *dialer, const struct number_facts *facts);
void number_let_go(struct dialer *dialer, struct number *number);
struct person *person_hold(struct dialer *dialer, person_id id, uint32_t flags,
                           const struct call_history *history);
void person_let_go(struct dialer *dialer, struct person *person);

/* CONTACT_DO_NOT_CALL when that was said of one who had no room in memory, else 0; id 0: nobody. */
uint32_t contacts_word(const struct dialer *dialer, number_id number, person_id person);

/* EVENT_DO_NOT_CALL_ADDED: leads that wait are blocked, calls not yet answered are canceled. */
void contacts_do_not_call(struct dialer *dialer, number_id number, person_id person,
                          attempt_id said_in);
/* The same for a number in one campaign; its leads that are still to come say so themselves. */
void contacts_do_not_call_here(struct dialer *dialer, number_id number, campaign_id campaign);
/* EVENT_DO_NOT_CALL_REMOVED. campaign 0: the word that was for all. */
void contacts_may_call(struct dialer *dialer, number_id number, person_id person,
                       campaign_id campaign);

#endif
