#include "core/agent.h"

#include "core/names.h"

static const char *const activity_names[AGENT_ACTIVITY_COUNT] = {
    [AGENT_OFFLINE] = "offline", [AGENT_AVAILABLE] = "available", [AGENT_RESERVED] = "reserved",
    [AGENT_ON_CALL] = "on-call", [AGENT_WRAP_UP] = "wrap-up",     [AGENT_BREAK] = "break",
};

static const char *const leg_names[LEG_STATE_COUNT] = {
    [LEG_NONE] = "none",           [LEG_DIALLING] = "dialling", [LEG_CONNECTED] = "connected",
    [LEG_REJOINING] = "rejoining", [LEG_LOST] = "lost",
};

static const char *const status_names[RESERVATION_STATUS_COUNT] = {
    [RESERVATION_PENDING] = "pending",   [RESERVATION_ACCEPTED] = "accepted",
    [RESERVATION_REJECTED] = "rejected", [RESERVATION_TIMEOUT] = "timeout",
    [RESERVATION_CANCELED] = "canceled", [RESERVATION_RESCINDED] = "rescinded",
    [RESERVATION_WRAPPING] = "wrapping", [RESERVATION_COMPLETED] = "completed",
};

#define MAY(state) (1u << (state))

static const unsigned activity_moves[AGENT_ACTIVITY_COUNT] = {
    [AGENT_OFFLINE] = MAY(AGENT_AVAILABLE) | MAY(AGENT_BREAK),
    [AGENT_AVAILABLE] = MAY(AGENT_OFFLINE) | MAY(AGENT_BREAK) | MAY(AGENT_RESERVED),
    /* a break taken by hand dials by hand: break -> reserved is the manual call */
    [AGENT_RESERVED] = MAY(AGENT_ON_CALL) | MAY(AGENT_AVAILABLE) | MAY(AGENT_BREAK) |
                       MAY(AGENT_OFFLINE) | MAY(AGENT_WRAP_UP),
    [AGENT_ON_CALL] =
        MAY(AGENT_WRAP_UP) | MAY(AGENT_AVAILABLE) | MAY(AGENT_BREAK) | MAY(AGENT_OFFLINE),
    [AGENT_WRAP_UP] = MAY(AGENT_AVAILABLE) | MAY(AGENT_BREAK) | MAY(AGENT_OFFLINE),
    [AGENT_BREAK] =
        MAY(AGENT_AVAILABLE) | MAY(AGENT_OFFLINE) | MAY(AGENT_BREAK) | MAY(AGENT_RESERVED),
};

static const unsigned leg_moves[LEG_STATE_COUNT] = {
    [LEG_NONE] = MAY(LEG_DIALLING),
    [LEG_DIALLING] = MAY(LEG_CONNECTED) | MAY(LEG_LOST) | MAY(LEG_NONE),
    [LEG_CONNECTED] = MAY(LEG_REJOINING) | MAY(LEG_NONE),
    [LEG_REJOINING] = MAY(LEG_CONNECTED) | MAY(LEG_LOST) | MAY(LEG_NONE),
    [LEG_LOST] = MAY(LEG_DIALLING) | MAY(LEG_NONE),
};

static const unsigned reservation_moves[RESERVATION_STATUS_COUNT] = {
    [RESERVATION_PENDING] = MAY(RESERVATION_ACCEPTED) | MAY(RESERVATION_REJECTED) |
                            MAY(RESERVATION_TIMEOUT) | MAY(RESERVATION_CANCELED) |
                            MAY(RESERVATION_RESCINDED),
    [RESERVATION_ACCEPTED] =
        MAY(RESERVATION_WRAPPING) | MAY(RESERVATION_CANCELED) | MAY(RESERVATION_COMPLETED),
    [RESERVATION_WRAPPING] = MAY(RESERVATION_COMPLETED),
};

const char *agent_activity_name(enum agent_activity activity)
{
    return name_of(activity_names, AGENT_ACTIVITY_COUNT, activity);
}

const char *leg_state_name(enum leg_state state)
{
    return name_of(leg_names, LEG_STATE_COUNT, state);
}

const char *reservation_status_name(enum reservation_status status)
{
    return name_of(status_names, RESERVATION_STATUS_COUNT, status);
}

bool agent_activity_from_name(const char *name, size_t size, enum agent_activity *activity)
{
    size_t value = name_find(activity_names, AGENT_ACTIVITY_COUNT, name, size);

    if (value == AGENT_ACTIVITY_COUNT)
        return false;
    *activity = (enum agent_activity)value;
    return true;
}

bool leg_state_from_name(const char *name, size_t size, enum leg_state *state)
{
    size_t value = name_find(leg_names, LEG_STATE_COUNT, name, size);

    if (value == LEG_STATE_COUNT)
        return false;
    *state = (enum leg_state)value;
    return true;
}

bool reservation_status_from_name(const char *name, size_t size, enum reservation_status *status)
{
    size_t value = name_find(status_names, RESERVATION_STATUS_COUNT, name, size);

    if (value == RESERVATION_STATUS_COUNT)
        return false;
    *status = (enum reservation_status)value;
    return true;
}

bool agent_may_become(enum agent_activity from, enum agent_activity to)
{
    return activity_moves[from] & MAY(to);
}

bool leg_may_become(enum leg_state from, enum leg_state to)
{
    return leg_moves[from] & MAY(to);
}

bool reservation_may_become(enum reservation_status from, enum reservation_status to)
{
    return reservation_moves[from] & MAY(to);
}

bool reservation_is_live(enum reservation_status status)
{
    return status == RESERVATION_PENDING || status == RESERVATION_ACCEPTED ||
           status == RESERVATION_WRAPPING;
}
