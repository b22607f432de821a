#ifndef CORE_DIALER_H
#define CORE_DIALER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/instant.h"
#include "core/effect.h"
#include "core/event.h"
#include "core/figures.h"
#include "core/zone.h"

/*
 * The mind of the dialer: campaigns, leads in memory, attempts, agents and the rules, as one
 * machine of events and effects. It knows no clock, socket, file, thread or log, and no name or
 * number of a person. One owner, one thread.
 *
 *   dialer = dialer_new(&limits, seed);                 NULL: no memory, or limits unlawful
 *   dialer_feed(dialer, now, &event);                   the instants never go back
 *   while (dialer_drain(dialer, &effect)) perform(&effect);     always to the end
 *   wake at dialer_deadline(dialer) with EVENT_TIME_PASSED
 *   dialer_free(dialer);
 *
 * All memory is bought in dialer_new; full is a named refusal. The work of one feed is bounded:
 * what is left undone stays due and the deadline answers "now".
 */
struct dialer_limits {
    uint32_t campaigns_max; /* <= 64 */
    uint32_t agents_max;
    uint32_t attempts_max;     /* open at once, those in wrap-up included */
    uint32_t leads_max;        /* in memory */
    uint32_t numbers_max;      /* in memory; and as many persons */
    uint32_t calls_max;        /* out at once, over all campaigns; agents' legs not counted */
    uint32_t calls_per_second; /* orders to the engine, agents' legs not counted; 0: no limit */
    attempt_id attempt_next;   /* first id to be used: above every stored one */
    reservation_id reservation_next;
    uint64_t claim_next;
    uint32_t zone_count;
    const struct zone *zones;         /* kept by the caller as long as the dialer lives */
    uint32_t zone_set_count;          /* >= 1; [0]: unknown */
    const struct zone_set *zone_sets; /* same */
    instant order_max;    /* planned and not committed, or ordered and not heard of: then ask */
    instant poll_first;   /* back-off of questions after a silent call: from ... */
    instant poll_last;    /* ... to */
    uint32_t polls_max;   /* unanswered questions before an attempt is given up as failed */
    instant talk_check;   /* a conversation and an agent's leg are asked after this often */
    instant talk_max;     /* a conversation is ended by force after this */
    instant leg_grace;    /* a lost leg may take this long to come back */
    instant leg_dial_max; /* one dialling of a leg may take this long */
    instant leg_redial_first, leg_redial_last; /* back-off */
    instant hold_in_memory; /* a lead refused for less than this stays in the hopper */
    instant claim_pause;    /* between claims that brought nothing that could be dialled */
};

struct dialer_limits dialer_limits_default(void); /* 16 campaigns, 200 agents ...; no zones: UTC */

struct dialer;

struct dialer *dialer_new(const struct dialer_limits *limits, uint64_t seed) must_check;
void dialer_free(struct dialer *dialer);

void dialer_feed(struct dialer *dialer, instant now, const struct event *event);
bool dialer_drain(struct dialer *dialer,
                  struct effect *effect) must_check;  /* false: nothing more */
instant dialer_deadline(const struct dialer *dialer); /* or INSTANT_NEVER */

/* Questions; none changes anything. false: no such thing in memory. */
bool dialer_campaign(const struct dialer *dialer, campaign_id id, struct campaign_facts *facts);
bool dialer_campaign_figures(const struct dialer *dialer, campaign_id id, struct figures *figures);
bool dialer_agent(const struct dialer *dialer, agent_id id, struct agent_facts *facts);
/* Is this line of the agent's still waited for? One that is not may not enter the room, whoever did not hear that it
 * was to go. */
bool dialer_awaits_leg(const struct dialer *dialer, agent_id id, uint32_t serial);
bool dialer_attempt(const struct dialer *dialer, attempt_id id, struct attempt_record *record);
bool dialer_lead(const struct dialer *dialer, lead_id id, struct lead_record *record);
/* Why may a lead in memory not be rung now, number by number? verdicts has LEAD_NUMBERS_MAX places.
 */
bool dialer_lead_verdicts(const struct dialer *dialer, lead_id id, instant now,
                          struct verdict *verdicts, uint32_t *count);
/* The same for facts from the store. */
void dialer_facts_verdicts(const struct dialer *dialer, const struct lead_facts *facts, instant now,
                           struct verdict *verdicts);

struct dialer_census {
    uint32_t campaigns, agents, attempts, leads, numbers, persons;
    uint32_t doubtful; /* attempts recovered by a start, and not yet heard of */
    uint32_t agents_by_activity[AGENT_ACTIVITY_COUNT];
    uint32_t attempts_by_state[ATTEMPT_STATE_COUNT];
};
void dialer_census(const struct dialer *dialer, struct dialer_census *census);

/* A hash of the whole state: two dialers fed the same events agree. */
uint64_t dialer_digest(const struct dialer *dialer);
/* The same of a part: a few dozen things of each kind, others with each number, all of them in turn; so
 * the journal of a running server can hold it. It goes by memory slots: two dialers that were fed the same
 * from their beginning agree. */
uint64_t dialer_digest_part(const struct dialer *dialer, uint32_t part);
/* Checks every link and count inside; stops the program on a fault. For tests; linear in size. */
void dialer_audit(const struct dialer *dialer);

#endif
