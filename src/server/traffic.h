#ifndef SERVER_TRAFFIC_H
#define SERVER_TRAFFIC_H

#include "base/table.h"
#include "core/dialer.h"
#include "server/telephony.h"
#include "store/store.h"

/*
 * What is on the move: the leads the core has in memory with the texts of their numbers, its open
 * attempts with the SIDs of their calls, the agents' legs. The core knows none of these texts. Loop's thread only.
 */
enum { E164_SIZE = 24, ADDRESS_SIZE = 200, DIGITS_SIZE = 64 };

struct known_lead {
    lead_id id;
    uint32_t number_count;
    struct {
        number_id id;
        char e164[E164_SIZE];
    } numbers[LEAD_NUMBERS_MAX];
    uint32_t use_count; /* by the core and by open attempts */
    bool in_core;
};

enum end_wanted { END_NOT_WANTED, END_BY_CANCELING, END_BY_HANGING_UP };

struct known_attempt {
    attempt_id id;
    struct attempt_record record; /* as last recorded */
    struct known_lead *lead;      /* used */
    char e164[E164_SIZE];         /* "" unknown */
    char call_sid[TELEPHONY_SID_SIZE];
    char *note;                   /* the agent's, with the disposition; NULL: none */
    int64_t sequence;             /* the last SequenceNumber heard; -1: none */
    bool ordering;                /* its order is on its way to the engine */
    enum end_wanted end_wanted;   /* as soon as its SID is known */
    char party_number[E164_SIZE]; /* of the third person; "": none, or unknown since a restart */
    char party_sid[TELEPHONY_SID_SIZE];
    uint32_t party_serial;        /* whose SID that is */
    char digits[DIGITS_SIZE];     /* keys for the customer, until the engine asks for them */
    bool digits_asked;            /* it was told to */
    bool ended_by_us;             /* told to hang up by this side */
    bool hold_wanted, hold_asked; /* one order at a time: two connections keep no order */
};

/* The line to an agent's room; one dialling has one serial. */
struct known_leg {
    agent_id agent;
    uint32_t serial;
    char call_sid[TELEPHONY_SID_SIZE];
    bool hang_up_wanted;
    bool in_room;
};

struct traffic {
    struct table leads, attempts, legs; /* by id; legs by agent */
    struct table calls;                 /* SID -> attempt */
};

void traffic_init(struct traffic *traffic);
void traffic_release(struct traffic *traffic);

/* The core has this lead in memory now. NULL: no memory. */
struct known_lead *traffic_add_lead(struct traffic *traffic, const struct store_lead_facts *facts);
struct known_lead *traffic_lead(const struct traffic *traffic, lead_id id);     /* or NULL */
void traffic_drop_lead(struct traffic *traffic, struct known_lead *lead);       /* one use less */
const char *known_lead_number(const struct known_lead *lead, number_id number); /* "" unknown */

/* Made with its first record; NULL: no memory. */
struct known_attempt *traffic_add_attempt(struct traffic *traffic,
                                          const struct attempt_record *record);
struct known_attempt *traffic_attempt(const struct traffic *traffic, attempt_id id); /* or NULL */
struct known_attempt *traffic_attempt_of_call(const struct traffic *traffic, const char *sid);
/* false: it has another call already, or there is no memory. */
bool traffic_set_call(struct traffic *traffic, struct known_attempt *attempt, const char *sid);
void traffic_drop_attempt(struct traffic *traffic, struct known_attempt *attempt);

struct known_leg *traffic_leg(struct traffic *traffic,
                              agent_id agent); /* made if new; NULL: ENOMEM */

#endif
