#include "core/hold.h"

#include "core/calls.h"
#include "core/emit.h"
#include "core/party.h"

/* So long somebody may hear nothing before music tells that they are not forgotten: a page that is loaded again is
 * back before it begins. */
#define SILENCE_MAX (700 * MILLISECOND)

static bool is_talking(const struct attempt *attempt)
{
    return attempt && attempt->record.state == ATTEMPT_BRIDGED;
}

static bool is_wanted(const struct attempt *attempt)
{
    return attempt->record.held_since || attempt->hold.kept || attempt->record.party.consulting;
}

static void tell(struct dialer *dialer, struct attempt *attempt)
{
    struct effect *effect = emit(dialer, EFFECT_HOLD_CALL);

    effect->of.hold.attempt = attempt->record.id;
    effect->of.hold.agent = attempt->record.agent;
    effect->of.hold.on = attempt->hold.told = is_wanted(attempt);
    attempt->hold.doubtful = true;
    attempt_schedule(dialer, attempt);
}

void hold_update(struct dialer *dialer, struct attempt *attempt)
{
    if (is_wanted(attempt) != attempt->hold.told)
        tell(dialer, attempt);
}

void hold_agent_lost(struct dialer *dialer, struct agent *agent)
{
    struct attempt *attempt = agent->attempt;

    if (is_talking(attempt) && !attempt->hold.kept && !attempt->hold.timer.node.place)
        timer_set(dialer, &attempt->hold.timer, instant_add(dialer->now, SILENCE_MAX));
}

void hold_expire(struct dialer *dialer, struct attempt *attempt)
{
    if (!is_talking(attempt) || !attempt->agent || attempt->agent->record.leg == LEG_CONNECTED ||
        party_keeps_company(attempt))
        return;
    attempt->hold.kept = true;
    hold_update(dialer, attempt);
}

void hold_agent_back(struct dialer *dialer, struct agent *agent)
{
    struct attempt *attempt = agent->attempt;

    if (!is_talking(attempt))
        return;
    timer_clear(dialer, &attempt->hold.timer);
    attempt->hold.kept = false;
    hold_update(dialer, attempt);
}

void hold_seen(struct dialer *dialer, struct attempt *attempt, enum call_held held)
{
    if (!is_talking(attempt) || held == HELD_UNKNOWN)
        return;
    attempt->hold.doubtful = false;
    attempt->hold.told = held == HELD_YES;
    hold_update(dialer, attempt);
}

void hold_forget(struct dialer *dialer, struct attempt *attempt)
{
    timer_clear(dialer, &attempt->hold.timer);
    attempt->hold.kept = attempt->hold.told = attempt->hold.doubtful = false;
    attempt->record.held_since = 0;
}

void hold_asked(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, event->of.hold.agent);
    bool on = event->of.hold.on;

    if (!agent || !is_talking(agent->attempt) || agent->record.leg != LEG_CONNECTED) {
        refuse(dialer, agent ? REFUSED_AGENT_STATE : REFUSED_UNKNOWN_AGENT);
        return;
    }
    struct attempt *attempt = agent->attempt;

    if (on == (attempt->record.held_since != 0))
        return;
    attempt->record.held_since = on ? dialer->now : 0;
    touch_attempt(dialer, attempt);
    hold_update(dialer, attempt);
}
