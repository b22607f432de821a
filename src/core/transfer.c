#include "core/transfer.h"

#include "core/calls.h"
#include "core/desk.h"
#include "core/emit.h"

static enum refusal fault_of(const struct agent *from, const struct agent *to)
{
    if (!from || !to)
        return REFUSED_UNKNOWN_AGENT;
    if (!from->attempt || from->attempt->record.state != ATTEMPT_BRIDGED ||
        from->record.leg != LEG_CONNECTED || !to->idle)
        return REFUSED_AGENT_STATE;
    return REFUSED_NOT;
}

void transfer_asked(struct dialer *dialer, const struct event *event)
{
    struct agent *from = id_index_get(&dialer->agent_ids, event->of.transfer.agent);
    struct agent *to = id_index_get(&dialer->agent_ids, event->of.transfer.to);
    enum refusal fault = fault_of(from, to);
    struct attempt *attempt;

    if (fault) {
        refuse(dialer, fault);
        return;
    }
    attempt = from->attempt;
    attempt_become(dialer, attempt, ATTEMPT_ANSWERED);
    desk_hand_over(dialer, from);
    /* what the first agent thought of it is overtaken */
    attempt->record.disposition = 0;
    attempt->record.callback_at = 0;
    attempt->record.callback_agent = 0;
    desk_reserve(dialer, to, attempt->lead, attempt);
    attempt_go_to(dialer, attempt, to);
}
