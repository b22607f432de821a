#ifndef LISTS_REGIONS_H
#define LISTS_REGIONS_H

#include "core/rule_calling_hours.h"
#include "lists/zones.h"
#include "store/store.h"

/*
 * Where leads live, as their import worded it, and when one may call there: so that at night a claim
 * brings the leads whose day it is, and not those of the night first, to be held one by one. It is a
 * hint only: the core asks the rule again for every number before every call.
 *
 * A region is the sets of zones of a lead's numbers: "America/Chicago,America/New_York|Europe/Berlin"
 * (every zone of one set must be open, any set will do); "*" is every zone there is.
 *
 *   n = regions_known(regions);  store: every STORE_REGION after it;  regions_learn(regions, id, zones)
 *   regions_opens(regions, &hours, now, &opens, &count);       for store_claim; free(opens)
 *
 * Loop's thread only.
 */
struct regions;

int regions_new(struct regions **regions, const struct zones *zones) must_check; /* 0, ENOMEM */
void regions_free(struct regions *regions);
uint64_t regions_known(const struct regions *regions); /* the highest id learned */
/* In the order of their ids. Unknown zones are passed over; nothing known: always open. 0, ENOMEM;
 * EINVAL: a number that no region has. */
int regions_learn(struct regions *regions, uint64_t id, const char *wording) must_check;
/* [id]: 0 open now, else when (at most a day from now: the plan may change). NULL: no memory. */
instant *regions_opens(const struct regions *regions, const struct calling_hours *hours,
                       instant now, uint64_t *count);

#endif
