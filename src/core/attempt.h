#ifndef CORE_ATTEMPT_H
#define CORE_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "core/ids.h"
#include "core/refusal.h"

/* One try at one number of one lead. */
enum attempt_state {
    ATTEMPT_PLANNED = 0, /* decided and recorded; the call may have been ordered, none is known */
    ATTEMPT_PLACED = 1,  /* the voice engine has the call */
    ATTEMPT_RINGING = 2,
    ATTEMPT_ANSWERED = 3, /* answered; on its way into an agent's room, or not yet decided */
    ATTEMPT_WAITING = 4,  /* answered; no agent yet */
    ATTEMPT_BRIDGED = 5,  /* in the agent's room */
    ATTEMPT_CLOSING = 6,  /* told to leave (message, hang-up); its end is awaited */
    ATTEMPT_ENDED = 7,
    ATTEMPT_HANDED_OVER = 8, /* goes on with a third person, in a room of their own */
    ATTEMPT_STATE_COUNT
};

enum attempt_result {
    RESULT_NONE = 0, /* not yet */
    RESULT_CONNECTED = 1,
    RESULT_ABANDONED = 2, /* a person answered and no agent came in time */
    RESULT_HUNG_UP = 3,   /* a person answered and left on the way to an agent who was there */
    RESULT_MACHINE = 4,
    RESULT_BUSY = 5,
    RESULT_NO_ANSWER = 6,
    RESULT_INVALID = 7,  /* no such number */
    RESULT_FAILED = 8,   /* also: nobody can say what became of it */
    RESULT_CANCELED = 9, /* by us, before it was answered */
    RESULT_COUNT
};

/* The words of the voice engine for a call, and NOT_FOUND for one it does not know. */
enum call_status {
    CALL_QUEUED = 0,
    CALL_INITIATED = 1,
    CALL_RINGING = 2,
    CALL_IN_PROGRESS = 3,
    CALL_COMPLETED = 4,
    CALL_BUSY = 5,
    CALL_FAILED = 6,
    CALL_NO_ANSWER = 7,
    CALL_CANCELED = 8,
    CALL_NOT_FOUND = 9,
    CALL_STATUS_COUNT
};

/* What an answered call is told. */
enum answer_action {
    ANSWER_NONE = 0,    /* nothing yet */
    ANSWER_JOIN = 1,    /* go into the agent's room */
    ANSWER_WAIT = 2,    /* wait in silence, at most the campaign's answer_wait_max */
    ANSWER_MESSAGE = 3, /* hear the identification message, then hang up */
    ANSWER_HANG_UP = 4,
    ANSWER_HAND_OVER = 5, /* into a room of its own, with the third person */
    ANSWER_ACTION_COUNT
};

/* A third person in the conversation; one at a time, each with a serial. */
enum party_state {
    PARTY_NONE = 0,
    PARTY_RINGING = 1,
    PARTY_JOINED = 2,
    PARTY_ENDING = 3, /* told to go; the end is awaited */
    PARTY_STATE_COUNT
};

struct party_record {
    enum party_state state;
    uint32_t serial; /* of the last one */
    instant since;
    bool consulting; /* agent and third person talk; the customer is on hold meanwhile */
    bool held;       /* agent and customer talk; the third person is on hold meanwhile */
    bool muted;
    bool blind; /* the agent hands over as soon as it is there */
};

/* What the store keeps of an attempt, written whole by EFFECT_RECORD_ATTEMPT and, while `open`,
 * given back whole after a restart by EVENT_ATTEMPT_RECOVERED. Instants are 0 until they have come.
 */
struct attempt_record {
    attempt_id id;
    campaign_id campaign;
    lead_id lead;
    person_id person;
    number_id number;
    uint8_t number_index;
    bool manual;
    bool open;           /* the lead still hangs on it: not ended, or its disposition is awaited */
    bool unguarded;      /* placed with no agent reserved (ratio) */
    bool conversed;      /* was in an agent's room */
    bool counted_answer; /* stands in the abandonment ledger as answered by a person */
    enum attempt_state state;
    enum attempt_result result;
    enum answer_action action; /* the last that it was told */
    enum refusal reason;       /* why it was canceled before it was placed */
    agent_id agent;            /* reserved for it, or talking, or who talked; 0: none */
    reservation_id reservation;
    uint16_t disposition; /* 0: none yet */
    instant callback_at;  /* with a callback disposition */
    agent_id callback_agent;
    uint16_t sip_code; /* 0: unknown */
    int64_t hello_us;  /* hello latency; -1: unknown */
    bool
        counts; /* an order was given and not surely refused: it stands in the histories by ordered_at */
    instant planned_at, ordered_at, placed_at, ringing_at, answered_at, bridged_at, ended_at;
    instant wrapped_at; /* when the disposition was given */
    instant held_since; /* the agent has put the customer on hold; 0: not */
    struct party_record party;
    bool dropped; /* the conversation was cut, by a fault on our side */
};

/* Is the customer on hold in the room, as far as the engine was asked? */
enum call_held { HELD_UNKNOWN = 0, HELD_NO = 1, HELD_YES = 2, HELD_COUNT };

const char *attempt_state_name(enum attempt_state state); /* "planned" ... */
const char *
attempt_result_name(enum attempt_result result);       /* "none", "connected", "no-answer" ... */
const char *call_status_name(enum call_status status); /* "in-progress" ..., "not-found" */
const char *
answer_action_name(enum answer_action action); /* "join", "wait", "message", "hang-up" */
bool attempt_state_from_name(const char *name, size_t size, enum attempt_state *state);
bool attempt_result_from_name(const char *name, size_t size, enum attempt_result *result);
bool call_status_from_name(const char *name, size_t size, enum call_status *status);
bool attempt_may_become(enum attempt_state from, enum attempt_state to);
bool attempt_is_live(enum attempt_state state); /* a call may exist */
bool call_status_is_final(enum call_status status);
/* Of a call that ended without ever being answered. 404, 410, 484 and 604 tell a wrong number. */
enum attempt_result result_of_unanswered(enum call_status status, uint16_t sip_code);

#endif
