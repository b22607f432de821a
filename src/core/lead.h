#ifndef CORE_LEAD_H
#define CORE_LEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "core/attempt.h"
#include "core/ids.h"
#include "core/refusal.h"
#include "core/rule_attempts.h"
#include "core/rule_do_not_call.h"

/* A person on a campaign's list, with one or more numbers in the order they are to be tried. */
enum lead_state {
    LEAD_FRESH = 0,      /* never tried; due at once */
    LEAD_DUE = 1,        /* again from due_at on */
    LEAD_HELD = 2,       /* a rule forbids it until due_at; `reason` names the rule */
    LEAD_ATTEMPTING = 3, /* an attempt is open, or its disposition is awaited */
    LEAD_CALLBACK = 4,   /* promised for due_at, by callback_agent if there is one */
    LEAD_DONE = 5,       /* with `disposition` */
    LEAD_EXHAUSTED = 6,  /* nothing left that the rules allow; `reason` names the last */
    LEAD_BLOCKED = 7,    /* do not call; `reason` says which kind */
    LEAD_STATE_COUNT
};

enum {
    LEAD_NUMBERS_MAX = 8,
    PRIORITY_MAX = 6, /* 0: first of all, 3: ordinary */
    PRIORITY_NORMAL = 3
};

/* What the store keeps of a lead, written whole by EFFECT_RECORD_LEAD and handed back whole by
 * EVENT_LEAD_CLAIMED. Columns that people ask for are state, due_at, reason, callback_agent,
 * disposition, attempts; the rest may be one opaque column. */
struct lead_record {
    lead_id id;
    campaign_id campaign;
    person_id person;
    enum lead_state state;
    instant due_at; /* 0: at once */
    enum refusal reason;
    agent_id callback_agent; /* 0: anyone */
    uint16_t disposition;    /* code; 0: none */
    uint8_t priority;        /* 0..PRIORITY_MAX */
    uint8_t number_next;     /* place in the order of numbers at which the next attempt starts */
    uint8_t numbers_dead;    /* bit i: number i is no good for this lead */
    uint16_t attempts;       /* calls placed for this lead */
    uint8_t results[RESULT_COUNT]; /* how often each result came, for the retry rules */
    instant last_attempt_at;       /* 0: never */
    bool released; /* the core has let go: the store may hand the lead out again when due_at has
                      come */
};

struct number_facts {
    number_id id;
    uint32_t zone_set; /* index into the limits' zone sets; 0: unknown */
    uint32_t flags;    /* enum contact_flag */
    struct call_history history;
};

struct lead_facts {
    struct lead_record record;
    uint32_t person_flags; /* enum contact_flag */
    struct call_history person_history;
    uint8_t number_count;
    struct number_facts numbers[LEAD_NUMBERS_MAX];
};

const char *lead_state_name(enum lead_state state); /* "fresh", "due" ... */
bool lead_state_from_name(const char *name, size_t size, enum lead_state *state);
bool lead_may_become(enum lead_state from, enum lead_state to);
bool lead_is_final(enum lead_state state); /* done, exhausted, blocked */

#endif
