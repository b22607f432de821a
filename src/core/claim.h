#ifndef CORE_CLAIM_H
#define CORE_CLAIM_H

#include "core/state.h"

/*
 * Filling the hopper. Below the low water mark one claim is made for as many leads as the high mark
 * leaves room for; another follows when it is answered. A claim whose leads were all refused by rules
 * is followed by a growing pause, so that a closed night does not walk through the whole list.
 */
void claim_check(struct dialer *dialer, struct campaign *campaign);
void claim_not_before(struct dialer *dialer, struct campaign *campaign,
                      instant at); /* sooner only */
void claim_ended(struct dialer *dialer, const struct event *event);
void claim_leads_added(struct dialer *dialer, const struct event *event);
void claim_lead(struct dialer *dialer, const struct event *event); /* EVENT_LEAD_CLAIMED */
void claim_expire(struct dialer *dialer, struct campaign *campaign);

#endif
