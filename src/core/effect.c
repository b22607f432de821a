#include "core/effect.h"

#include "core/names.h"

static const char *const kind_names[EFFECT_KIND_COUNT] = {
    [EFFECT_RECORD_CAMPAIGN] = "record-campaign",
    [EFFECT_RECORD_AGENT] = "record-agent",
    [EFFECT_RECORD_LEAD] = "record-lead",
    [EFFECT_RECORD_ATTEMPT] = "record-attempt",
    [EFFECT_RECORD_RESERVATION] = "record-reservation",
    [EFFECT_RECORD_DO_NOT_CALL] = "record-do-not-call",
    [EFFECT_CLAIM_LEADS] = "claim-leads",
    [EFFECT_PLACE_CALL] = "place-call",
    [EFFECT_ANSWER_CALL] = "answer-call",
    [EFFECT_REDIRECT_CALL] = "redirect-call",
    [EFFECT_HANG_UP_CALL] = "hang-up-call",
    [EFFECT_CANCEL_CALL] = "cancel-call",
    [EFFECT_POLL_CALL] = "poll-call",
    [EFFECT_DIAL_AGENT_LEG] = "dial-agent-leg",
    [EFFECT_HANG_UP_AGENT_LEG] = "hang-up-agent-leg",
    [EFFECT_POLL_AGENT_LEG] = "poll-agent-leg",
    [EFFECT_HOLD_CALL] = "hold-call",
    [EFFECT_PLACE_PARTY] = "place-party",
    [EFFECT_CHANGE_PARTY] = "change-party",
    [EFFECT_MOVE_PARTY] = "move-party",
    [EFFECT_HANG_UP_PARTY] = "hang-up-party",
    [EFFECT_POLL_PARTY] = "poll-party",
    [EFFECT_SCREEN_POP] = "screen-pop",
    [EFFECT_REFUSE] = "refuse",
};

const char *effect_kind_name(enum effect_kind kind)
{
    return name_of(kind_names, EFFECT_KIND_COUNT, kind);
}

bool effect_is_record(enum effect_kind kind)
{
    return kind <= EFFECT_RECORD_DO_NOT_CALL;
}

bool effect_waits_for_commit(enum effect_kind kind)
{
    return kind == EFFECT_CLAIM_LEADS || kind == EFFECT_PLACE_CALL ||
           kind == EFFECT_DIAL_AGENT_LEG || kind == EFFECT_HANG_UP_AGENT_LEG ||
           kind == EFFECT_PLACE_PARTY || kind == EFFECT_HANG_UP_PARTY;
}
