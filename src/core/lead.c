#include "core/lead.h"

#include "core/names.h"

static const char *const state_names[LEAD_STATE_COUNT] = {
    [LEAD_FRESH] = "fresh",           [LEAD_DUE] = "due",           [LEAD_HELD] = "held",
    [LEAD_ATTEMPTING] = "attempting", [LEAD_CALLBACK] = "callback", [LEAD_DONE] = "done",
    [LEAD_EXHAUSTED] = "exhausted",   [LEAD_BLOCKED] = "blocked",
};

#define MAY(state) (1u << (state))

/* From done and exhausted a person may still be called by hand; from blocked nobody returns. */
static const unsigned moves[LEAD_STATE_COUNT] = {
    [LEAD_FRESH] = MAY(LEAD_DUE) | MAY(LEAD_HELD) | MAY(LEAD_ATTEMPTING) | MAY(LEAD_EXHAUSTED) |
                   MAY(LEAD_BLOCKED),
    [LEAD_DUE] = MAY(LEAD_DUE) | MAY(LEAD_HELD) | MAY(LEAD_ATTEMPTING) | MAY(LEAD_EXHAUSTED) |
                 MAY(LEAD_BLOCKED),
    [LEAD_HELD] = MAY(LEAD_DUE) | MAY(LEAD_HELD) | MAY(LEAD_ATTEMPTING) | MAY(LEAD_EXHAUSTED) |
                  MAY(LEAD_BLOCKED),
    [LEAD_ATTEMPTING] = MAY(LEAD_DUE) | MAY(LEAD_CALLBACK) | MAY(LEAD_DONE) | MAY(LEAD_EXHAUSTED) |
                        MAY(LEAD_BLOCKED),
    [LEAD_CALLBACK] = MAY(LEAD_DUE) | MAY(LEAD_HELD) | MAY(LEAD_ATTEMPTING) | MAY(LEAD_EXHAUSTED) |
                      MAY(LEAD_BLOCKED) | MAY(LEAD_CALLBACK),
    [LEAD_DONE] = MAY(LEAD_ATTEMPTING),
    [LEAD_EXHAUSTED] = MAY(LEAD_ATTEMPTING),
    [LEAD_BLOCKED] = 0,
};

const char *lead_state_name(enum lead_state state)
{
    return name_of(state_names, LEAD_STATE_COUNT, state);
}

bool lead_state_from_name(const char *name, size_t size, enum lead_state *state)
{
    size_t value = name_find(state_names, LEAD_STATE_COUNT, name, size);

    if (value == LEAD_STATE_COUNT)
        return false;
    *state = (enum lead_state)value;
    return true;
}

bool lead_may_become(enum lead_state from, enum lead_state to)
{
    return moves[from] & MAY(to);
}

bool lead_is_final(enum lead_state state)
{
    return state == LEAD_DONE || state == LEAD_EXHAUSTED || state == LEAD_BLOCKED;
}
