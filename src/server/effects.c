#include "server/effects.h"

#include "base/log.h"
#include "server/calls.h"
#include "server/claims.h"
#include "server/legs.h"
#include "server/parties.h"
#include "server/server.h"

static void record_campaign(struct server *server, const struct effect *effect,
                            struct store_record *record)
{
    struct roster_campaign *campaign = roster_campaign(&server->roster, effect->of.campaign.id);

    record->kind = STORE_CAMPAIGN_STATE;
    record->of.campaign = (struct store_campaign){.id = effect->of.campaign.id,
                                                  .state = effect->of.campaign.state,
                                                  .ledger = effect->of.campaign.ledger,
                                                  .changed_at = server->fed_at};
    if (!campaign)
        return;
    if (campaign->state != effect->of.campaign.state)
        log_event("campaign.state", "campaign=%llu state=%s", (unsigned long long)campaign->id,
                  campaign_state_name(effect->of.campaign.state));
    campaign->state = effect->of.campaign.state;
    campaign->ledger = effect->of.campaign.ledger;
}

static bool record_agent(struct server *server, const struct effect *effect,
                         struct store_record *record)
{
    struct roster_agent *agent = roster_agent(&server->roster, effect->of.agent.id);
    bool changed = true;

    record->kind = STORE_AGENT_STATE;
    record->of.agent = (struct store_agent){.core = effect->of.agent};
    if (agent) {
        changed = agent->record.activity != effect->of.agent.activity ||
                  agent->record.break_code != effect->of.agent.break_code;
        agent->record = effect->of.agent;
        server_touch(server, agent->id);
    }
    return changed;
}

static void record_lead(struct server *server, const struct effect *effect,
                        struct store_record *record)
{
    struct known_lead *lead = traffic_lead(&server->traffic, effect->of.lead.id);

    record->kind = STORE_LEAD;
    record->of.lead = (struct store_lead){.core = effect->of.lead};
    if (lead && effect->of.lead.released && lead->in_core) {
        lead->in_core = false;
        traffic_drop_lead(&server->traffic, lead);
    }
}

static void record_attempt(struct server *server, const struct effect *effect,
                           struct store_record *record)
{
    const struct attempt_record *now = &effect->of.attempt;
    struct known_attempt *attempt = traffic_attempt(&server->traffic, now->id);
    const struct roster_campaign *campaign = roster_campaign(&server->roster, now->campaign);

    record->kind = STORE_ATTEMPT;
    record->of.attempt = (struct store_attempt){.core = *now};
    if (!attempt) {
        live_attempt_changed(&server->live, NULL, now);
        attempt = traffic_add_attempt(&server->traffic, now);
        check(attempt);
        record->of.attempt.caller_id = calls_caller_id(server, campaign);
    } else {
        live_attempt_changed(&server->live, &attempt->record, now);
        if (now->state == ATTEMPT_ENDED && attempt->record.state != ATTEMPT_ENDED)
            log_event("attempt.ended", "attempt=%llu result=%s sip=%u hello_us=%lld",
                      (unsigned long long)now->id, attempt_result_name(now->result),
                      (unsigned)now->sip_code, (long long)now->hello_us);
        server_touch(server, attempt->record.agent);
        attempt->record = *now;
    }
    server_touch(server, now->agent);
    if (server->on_lead && now->state == ATTEMPT_PLANNED)
        server->on_lead(server, now->lead);
    record->of.attempt.note = attempt->note;
    if (attempt->call_sid[0])
        record->of.attempt.call_sid = attempt->call_sid;
}

static void record_reservation(struct server *server, const struct effect *effect,
                               struct store_record *record)
{
    struct roster_agent *agent = roster_agent(&server->roster, effect->of.reservation.agent);

    record->kind = STORE_RESERVATION;
    record->of.reservation = effect->of.reservation;
    if (agent)
        agent->reservation = effect->of.reservation;
    server_touch(server, effect->of.reservation.agent);
    if (server->on_lead && effect->of.reservation.status == RESERVATION_PENDING)
        server->on_lead(server, effect->of.reservation.lead);
}

bool effects_record(struct server *server, const struct effect *effect, struct store_record *record)
{
    *record = (struct store_record){.kind = STORE_KIND_COUNT};
    if (effect->kind == EFFECT_RECORD_CAMPAIGN)
        record_campaign(server, effect, record);
    else if (effect->kind == EFFECT_RECORD_AGENT)
        return record_agent(server, effect, record);
    else if (effect->kind == EFFECT_RECORD_LEAD)
        record_lead(server, effect, record);
    else if (effect->kind == EFFECT_RECORD_ATTEMPT)
        record_attempt(server, effect, record);
    else if (effect->kind == EFFECT_RECORD_RESERVATION)
        record_reservation(server, effect, record);
    check(record->kind != STORE_KIND_COUNT);
    return false;
}

static void screen_pop(struct server *server, const struct effect *effect)
{
    struct roster_agent *agent = roster_agent(&server->roster, effect->of.pop.agent);

    if (agent) {
        agent->pop_kind = effect->of.pop.kind;
        agent->pop_campaign = effect->of.pop.campaign;
        agent->pop_lead = effect->of.pop.lead;
        agent->pop_attempt = effect->of.pop.attempt;
        agent->pop_until = effect->of.pop.until;
        server_touch(server, agent->id);
    }
}

void effects_act(struct server *server, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CLAIM_LEADS:
        claims_ask(server, effect->of.claim.campaign, effect->of.claim.claim,
                   effect->of.claim.count, effect->of.claim.due_before);
        break;
    case EFFECT_PLACE_CALL:
        calls_place(server, effect->of.place.attempt, effect->of.place.ring_timeout_s);
        break;
    case EFFECT_REDIRECT_CALL:
        calls_redirect(server, effect->of.answer.attempt, effect->of.answer.action,
                       effect->of.answer.agent, effect->of.answer.campaign);
        break;
    case EFFECT_HANG_UP_CALL:
        calls_hang_up(server, effect->of.attempt_id);
        break;
    case EFFECT_CANCEL_CALL:
        calls_cancel(server, effect->of.attempt_id);
        break;
    case EFFECT_POLL_CALL:
        calls_poll(server, effect->of.poll.attempt, effect->of.poll.poll, effect->of.poll.rooms);
        break;
    case EFFECT_HOLD_CALL:
        calls_hold(server, effect->of.hold.attempt, effect->of.hold.agent, effect->of.hold.on);
        break;
    case EFFECT_PLACE_PARTY:
    case EFFECT_CHANGE_PARTY:
    case EFFECT_MOVE_PARTY:
    case EFFECT_HANG_UP_PARTY:
    case EFFECT_POLL_PARTY:
        parties_act(server, effect);
        break;
    case EFFECT_DIAL_AGENT_LEG:
        legs_dial(server, effect->of.leg.agent, effect->of.leg.serial);
        break;
    case EFFECT_HANG_UP_AGENT_LEG:
        legs_hang_up(server, effect->of.leg.agent, effect->of.leg.serial);
        break;
    case EFFECT_POLL_AGENT_LEG:
        legs_poll(server, effect->of.leg.agent, effect->of.leg.serial);
        break;
    case EFFECT_SCREEN_POP:
        screen_pop(server, effect);
        break;
    case EFFECT_RECORD_CAMPAIGN:
    case EFFECT_RECORD_AGENT:
    case EFFECT_RECORD_LEAD:
    case EFFECT_RECORD_ATTEMPT:
    case EFFECT_RECORD_RESERVATION:
    case EFFECT_RECORD_DO_NOT_CALL:
    case EFFECT_ANSWER_CALL:
    case EFFECT_REFUSE:
    case EFFECT_KIND_COUNT:
        check(!"an act");
    }
}
