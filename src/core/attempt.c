#include "core/attempt.h"

#include "core/names.h"

static const char *const state_names[ATTEMPT_STATE_COUNT] = {
    [ATTEMPT_PLANNED] = "planned",         [ATTEMPT_PLACED] = "placed",
    [ATTEMPT_RINGING] = "ringing",         [ATTEMPT_ANSWERED] = "answered",
    [ATTEMPT_WAITING] = "waiting",         [ATTEMPT_BRIDGED] = "bridged",
    [ATTEMPT_CLOSING] = "closing",         [ATTEMPT_ENDED] = "ended",
    [ATTEMPT_HANDED_OVER] = "handed-over",
};

static const char *const result_names[RESULT_COUNT] = {
    [RESULT_NONE] = "none",           [RESULT_CONNECTED] = "connected",
    [RESULT_ABANDONED] = "abandoned", [RESULT_HUNG_UP] = "hung-up",
    [RESULT_MACHINE] = "machine",     [RESULT_BUSY] = "busy",
    [RESULT_NO_ANSWER] = "no-answer", [RESULT_INVALID] = "invalid",
    [RESULT_FAILED] = "failed",       [RESULT_CANCELED] = "canceled",
};

static const char *const status_names[CALL_STATUS_COUNT] = {
    [CALL_QUEUED] = "queued",       [CALL_INITIATED] = "initiated",
    [CALL_RINGING] = "ringing",     [CALL_IN_PROGRESS] = "in-progress",
    [CALL_COMPLETED] = "completed", [CALL_BUSY] = "busy",
    [CALL_FAILED] = "failed",       [CALL_NO_ANSWER] = "no-answer",
    [CALL_CANCELED] = "canceled",   [CALL_NOT_FOUND] = "not-found",
};

static const char *const action_names[ANSWER_ACTION_COUNT] = {
    [ANSWER_NONE] = "none",       [ANSWER_JOIN] = "join",       [ANSWER_WAIT] = "wait",
    [ANSWER_MESSAGE] = "message", [ANSWER_HANG_UP] = "hang-up", [ANSWER_HAND_OVER] = "hand-over",
};

#define MAY(state) (1u << (state))
#define MAY_CLOSE (MAY(ATTEMPT_CLOSING) | MAY(ATTEMPT_ENDED))

/* A waiting call that gets an agent is answered again (on its way into a room), and so is one whose
 * agent was lost. Steps may be missed, never taken back. */
static const unsigned moves[ATTEMPT_STATE_COUNT] = {
    [ATTEMPT_PLANNED] =
        MAY(ATTEMPT_PLACED) | MAY(ATTEMPT_RINGING) | MAY(ATTEMPT_ANSWERED) | MAY_CLOSE,
    [ATTEMPT_PLACED] = MAY(ATTEMPT_RINGING) | MAY(ATTEMPT_ANSWERED) | MAY_CLOSE,
    [ATTEMPT_RINGING] = MAY(ATTEMPT_ANSWERED) | MAY_CLOSE,
    [ATTEMPT_ANSWERED] = MAY(ATTEMPT_WAITING) | MAY(ATTEMPT_BRIDGED) | MAY_CLOSE,
    [ATTEMPT_WAITING] = MAY(ATTEMPT_ANSWERED) | MAY(ATTEMPT_BRIDGED) | MAY_CLOSE,
    [ATTEMPT_BRIDGED] = MAY(ATTEMPT_ANSWERED) | MAY(ATTEMPT_HANDED_OVER) | MAY_CLOSE,
    [ATTEMPT_HANDED_OVER] = MAY_CLOSE,
    [ATTEMPT_CLOSING] = MAY(ATTEMPT_ENDED),
    [ATTEMPT_ENDED] = 0,
};

const char *attempt_state_name(enum attempt_state state)
{
    return name_of(state_names, ATTEMPT_STATE_COUNT, state);
}

const char *attempt_result_name(enum attempt_result result)
{
    return name_of(result_names, RESULT_COUNT, result);
}

const char *call_status_name(enum call_status status)
{
    return name_of(status_names, CALL_STATUS_COUNT, status);
}

const char *answer_action_name(enum answer_action action)
{
    return name_of(action_names, ANSWER_ACTION_COUNT, action);
}

bool attempt_state_from_name(const char *name, size_t size, enum attempt_state *state)
{
    size_t value = name_find(state_names, ATTEMPT_STATE_COUNT, name, size);

    if (value == ATTEMPT_STATE_COUNT)
        return false;
    *state = (enum attempt_state)value;
    return true;
}

bool attempt_result_from_name(const char *name, size_t size, enum attempt_result *result)
{
    size_t value = name_find(result_names, RESULT_COUNT, name, size);

    if (value == RESULT_COUNT)
        return false;
    *result = (enum attempt_result)value;
    return true;
}

bool call_status_from_name(const char *name, size_t size, enum call_status *status)
{
    size_t value = name_find(status_names, CALL_STATUS_COUNT, name, size);

    if (value == CALL_STATUS_COUNT)
        return false;
    *status = (enum call_status)value;
    return true;
}

bool attempt_may_become(enum attempt_state from, enum attempt_state to)
{
    return moves[from] & MAY(to);
}

bool attempt_is_live(enum attempt_state state)
{
    return state != ATTEMPT_ENDED;
}

bool call_status_is_final(enum call_status status)
{
    switch (status) {
    case CALL_QUEUED:
    case CALL_INITIATED:
    case CALL_RINGING:
    case CALL_IN_PROGRESS:
        return false;
    case CALL_COMPLETED:
    case CALL_BUSY:
    case CALL_FAILED:
    case CALL_NO_ANSWER:
    case CALL_CANCELED:
    case CALL_NOT_FOUND:
        return true;
    case CALL_STATUS_COUNT:
        break;
    }
    check(false);
}

enum attempt_result result_of_unanswered(enum call_status status, uint16_t sip_code)
{
    switch (status) {
    case CALL_BUSY:
        return RESULT_BUSY;
    case CALL_NO_ANSWER:
        return RESULT_NO_ANSWER;
    case CALL_CANCELED:
        return RESULT_CANCELED;
    case CALL_QUEUED:
    case CALL_INITIATED:
    case CALL_RINGING:
    case CALL_IN_PROGRESS:
    case CALL_COMPLETED:
    case CALL_FAILED:
    case CALL_NOT_FOUND:
    case CALL_STATUS_COUNT:
        break;
    }
    if (sip_code == 404 || sip_code == 410 || sip_code == 484 || sip_code == 604)
        return RESULT_INVALID;
    return RESULT_FAILED;
}
