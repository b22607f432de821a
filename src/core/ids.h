#ifndef CORE_IDS_H
#define CORE_IDS_H

#include <stdint.h>

/*
 * Names of things, as the core knows them: numbers that are never used twice, 0 meaning none. They
 * are made by the store (campaign, lead, person, number, agent) or counted by the core (attempt,
 * reservation), stay below 2^53 so that JSON carries them, and are all that leaves the process: an
 * id that has become stale finds nobody. Telephone numbers and names of people never come here.
 */
typedef uint64_t campaign_id;
typedef uint64_t lead_id;
typedef uint64_t person_id;
typedef uint64_t number_id;
typedef uint64_t agent_id;
typedef uint64_t attempt_id;
typedef uint64_t reservation_id;

/* A caller's own mark on an event; what is answered at once carries it back. 0: none. */
typedef uint64_t request_id;

#define ID_MAX ((UINT64_C(1) << 53) - 1)

#endif
