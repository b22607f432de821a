#ifndef CORE_AGENT_H
#define CORE_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "core/ids.h"
#include "core/refusal.h"

/*
 * An agent is two machines: what the agent does (activity) and whether the line to the agent's room
 * stands (leg); and one reservation at most, the claim on the agent for one lead.
 */
enum agent_activity {
    AGENT_OFFLINE = 0,
    AGENT_AVAILABLE = 1,
    AGENT_RESERVED = 2,
    AGENT_ON_CALL = 3,
    AGENT_WRAP_UP = 4,
    AGENT_BREAK = 5, /* with a code; 0 is no particular one */
    AGENT_ACTIVITY_COUNT
};

enum leg_state {
    LEG_NONE = 0,
    LEG_DIALLING = 1, /* the first line of a shift is being made */
    LEG_CONNECTED = 2,
    LEG_REJOINING = 3, /* lost; dialled again with back-off until the grace is over */
    LEG_LOST = 4,      /* the grace is over; the agent went offline by it */
    LEG_STATE_COUNT
};

enum reservation_status {
    RESERVATION_PENDING = 0,
    RESERVATION_ACCEPTED = 1,
    RESERVATION_REJECTED = 2,
    RESERVATION_TIMEOUT = 3,
    RESERVATION_CANCELED = 4,
    RESERVATION_RESCINDED = 5,
    RESERVATION_WRAPPING = 6,
    RESERVATION_COMPLETED = 7,
    RESERVATION_STATUS_COUNT
};

enum { AGENT_CAMPAIGNS_MAX = 16 };

/* Written by EFFECT_RECORD_AGENT; `version` grows with each, so that late pushes can be dropped. */
struct agent_record {
    agent_id id;
    uint64_t version;
    enum agent_activity activity;
    uint16_t break_code;
    bool next_wanted;                  /* next_activity is to follow the call */
    enum agent_activity next_activity; /* available, break or offline */
    uint16_t next_break_code;
    instant since; /* in this activity */
    enum leg_state leg;
    uint32_t
        leg_serial; /* which dialling of the leg: rides in its URLs, a stale one finds nobody */
    instant leg_since;
};

/* Written by EFFECT_RECORD_RESERVATION. attempt is 0 while a preview is looked at. */
struct reservation_record {
    reservation_id id; /* 0: none */
    agent_id agent;
    campaign_id campaign;
    lead_id lead;
    attempt_id attempt;
    enum reservation_status status;
    instant created_at, changed_at;
    instant until; /* a preview's countdown, a wrap-up's limit; 0: none */
};

/* How an agent comes into the core: new (activity offline), or as it was before a restart. */
struct agent_facts {
    struct agent_record record;
    struct reservation_record reservation; /* the live one (pending, accepted, wrapping), or id 0 */
    uint8_t campaign_count;
    campaign_id campaigns[AGENT_CAMPAIGNS_MAX];
};

const char *agent_activity_name(enum agent_activity activity); /* "on-call" ... */
const char *leg_state_name(enum leg_state state);
const char *reservation_status_name(enum reservation_status status);
bool agent_activity_from_name(const char *name, size_t size, enum agent_activity *activity);
bool leg_state_from_name(const char *name, size_t size, enum leg_state *state);
bool reservation_status_from_name(const char *name, size_t size, enum reservation_status *status);
bool agent_may_become(enum agent_activity from, enum agent_activity to);
bool leg_may_become(enum leg_state from, enum leg_state to);
bool reservation_may_become(enum reservation_status from, enum reservation_status to);
bool reservation_is_live(enum reservation_status status); /* pending, accepted, wrapping */

#endif
