#include "core/party.h"

#include "core/calls.h"
#include "core/desk.h"
#include "core/emit.h"
#include "core/hold.h"

#define RINGS_MAX (45 * SECOND) /* as ordered, with a spare */

bool party_lives(const struct attempt *attempt)
{
    return attempt->record.party.state != PARTY_NONE;
}

static bool is_there(const struct attempt *attempt)
{
    return attempt->record.party.state == PARTY_RINGING ||
           attempt->record.party.state == PARTY_JOINED;
}

bool party_keeps_company(const struct attempt *attempt)
{
    const struct party_record *party = &attempt->record.party;

    return party->state == PARTY_JOINED && !party->consulting && !party->held;
}

static void act(struct dialer *dialer, const struct attempt *attempt, enum effect_kind kind)
{
    const struct party_record *party = &attempt->record.party;
    struct effect *effect = emit(dialer, kind);

    effect->of.party.attempt = attempt->record.id;
    effect->of.party.agent = attempt->record.agent;
    effect->of.party.serial = party->serial;
    effect->of.party.held = party->held;
    effect->of.party.muted = party->muted;
}

static void become(struct dialer *dialer, struct attempt *attempt, enum party_state state)
{
    attempt->record.party.state = state;
    attempt->record.party.since = dialer->now;
    attempt->party.polls = 0;
    touch_attempt(dialer, attempt);
}

static void look_again(struct dialer *dialer, struct attempt *attempt)
{
    instant pause = dialer->limits.poll_first;

    if (!attempt->party.polls && attempt->record.party.state == PARTY_RINGING)
        pause = RINGS_MAX;
    else if (!attempt->party.polls && attempt->record.party.state == PARTY_JOINED)
        pause = dialer->limits.talk_check;
    else
        for (uint32_t i = 1; i < attempt->party.polls && pause < dialer->limits.poll_last; ++i)
            pause = instant_min(2 * pause, dialer->limits.poll_last);
    timer_set(dialer, &attempt->party.timer, instant_add(dialer->now, pause));
}

static void vacate(struct dialer *dialer, struct attempt *attempt)
{
    struct agent *room = attempt->party.room;

    attempt->party.room = NULL;
    if (room)
        desk_room_vacated(dialer, room);
}

static void occupy(struct dialer *dialer, struct attempt *attempt, struct agent *agent)
{
    attempt->party.room = agent;
    ++agent->guests;
    desk_update_idle(dialer, agent);
}

static void begin(struct dialer *dialer, struct attempt *attempt, enum party_act what)
{
    struct party_record *party = &attempt->record.party;

    *party = (struct party_record){.serial = party->serial + 1,
                                   .consulting = what != PARTY_ADD,
                                   .blind = what == PARTY_TRANSFER};
    become(dialer, attempt, PARTY_RINGING);
    occupy(dialer, attempt, attempt->agent);
    act(dialer, attempt, EFFECT_PLACE_PARTY);
    look_again(dialer, attempt);
    hold_update(dialer, attempt);
}

/* Of a party that goes, or is gone: nothing is as it was for its sake. */
static void settle(struct attempt *attempt)
{
    struct party_record *party = &attempt->record.party;

    party->consulting = party->blind = party->held = party->muted = false;
}

void party_dismiss(struct dialer *dialer, struct attempt *attempt)
{
    if (!is_there(attempt))
        return;
    settle(attempt);
    become(dialer, attempt, PARTY_ENDING);
    act(dialer, attempt, EFFECT_HANG_UP_PARTY);
    look_again(dialer, attempt);
}

static void gone(struct dialer *dialer, struct attempt *attempt)
{
    settle(attempt);
    become(dialer, attempt, PARTY_NONE);
    timer_clear(dialer, &attempt->party.timer);
    vacate(dialer, attempt);
    if (attempt->record.state == ATTEMPT_BRIDGED) {
        hold_update(dialer, attempt);
        if (attempt->agent && attempt->agent->record.leg != LEG_CONNECTED &&
            !attempt->agent->leg_ask)
            hold_agent_lost(dialer, attempt->agent); /* there was company until now */
    } else if (attempt->record.state == ATTEMPT_HANDED_OVER) {
        attempt_hang_up(dialer, attempt, RESULT_CONNECTED); /* who is left is alone */
    } else if (attempt->record.state == ATTEMPT_ENDED && !attempt->agent) {
        attempt_finish(dialer, attempt);
    }
}

static void hand_over(struct dialer *dialer, struct attempt *attempt)
{
    settle(attempt);
    attempt_become(dialer, attempt, ATTEMPT_HANDED_OVER);
    attempt_send_off(dialer, attempt);
    desk_guest_told_to_leave(dialer, attempt);
    act(dialer, attempt, EFFECT_MOVE_PARTY);
    desk_wrap_up(dialer, attempt->agent);
    attempt_schedule(dialer, attempt);
}

static bool change(struct dialer *dialer, struct attempt *attempt, enum party_act what)
{
    struct party_record *party = &attempt->record.party;
    bool joined = party->state == PARTY_JOINED;

    switch (what) {
    case PARTY_HAND_OVER:
        if (joined)
            hand_over(dialer, attempt);
        return joined;
    case PARTY_ALL_TOGETHER:
        party->consulting = party->held = false;
        attempt->record.held_since = 0;
        break;
    case PARTY_SWAP:
        if (!joined || (!party->consulting && !party->held))
            return false;
        party->held = party->consulting;
        party->consulting = !party->held;
        break;
    case PARTY_MUTE:
    case PARTY_UNMUTE:
        party->muted = what == PARTY_MUTE;
        break;
    case PARTY_END:
        party_dismiss(dialer, attempt);
        hold_update(dialer, attempt);
        return true;
    case PARTY_CONSULT:
    case PARTY_ADD:
    case PARTY_TRANSFER:
    case PARTY_ACT_COUNT:
        check(false);
    }
    touch_attempt(dialer, attempt);
    act(dialer, attempt, EFFECT_CHANGE_PARTY);
    hold_update(dialer, attempt);
    return true;
}

void party_asked(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, event->of.party.agent);
    struct attempt *attempt = agent ? agent->attempt : NULL;
    enum party_act what = event->of.party.act;
    bool begins = what == PARTY_CONSULT || what == PARTY_ADD || what == PARTY_TRANSFER;

    if (!agent) {
        refuse(dialer, REFUSED_UNKNOWN_AGENT);
    } else if (!attempt || attempt->record.state != ATTEMPT_BRIDGED ||
               agent->record.leg != LEG_CONNECTED ||
               (begins ? party_lives(attempt) : !is_there(attempt))) {
        refuse(dialer, REFUSED_AGENT_STATE);
    } else if (begins && dialer->held) {
        refuse(dialer, REFUSED_HELD);
    } else if (begins) {
        begin(dialer, attempt, what);
    } else if (!change(dialer, attempt, what)) {
        refuse(dialer, REFUSED_AGENT_STATE);
    }
}

static void joined(struct dialer *dialer, struct attempt *attempt)
{
    struct party_record *party = &attempt->record.party;

    if (attempt->record.state == ATTEMPT_HANDED_OVER && attempt->party.room) {
        act(dialer, attempt, EFFECT_MOVE_PARTY); /* was told to go on, and has not */
    } else if (party->state == PARTY_ENDING) {
        act(dialer, attempt, EFFECT_HANG_UP_PARTY);
    } else if (party->state == PARTY_RINGING) {
        become(dialer, attempt, PARTY_JOINED);
        if (party->held || party->muted)
            act(dialer, attempt, EFFECT_CHANGE_PARTY);
        if (party->blind && attempt->record.state == ATTEMPT_BRIDGED)
            hand_over(dialer, attempt);
    }
}

void party_news(struct dialer *dialer, const struct event *event)
{
    struct attempt *attempt = id_index_get(&dialer->attempt_ids, event->of.party_news.attempt);
    enum party_news news = event->of.party_news.news;

    if (!attempt)
        return;
    if (!party_lives(attempt) || event->of.party_news.serial != attempt->record.party.serial) {
        if (news == PARTY_NEWS_JOINED || news == PARTY_NEWS_RINGS) { /* of one that was given up */
            struct effect *effect = emit(dialer, EFFECT_HANG_UP_PARTY);

            effect->of.party.attempt = attempt->record.id;
            effect->of.party.agent = attempt->record.agent;
            effect->of.party.serial = event->of.party_news.serial;
        }
        return;
    }
    attempt->party.polls = 0;
    switch (news) {
    case PARTY_NEWS_RINGS:
        if (attempt->record.party.state == PARTY_ENDING)
            act(dialer, attempt, EFFECT_HANG_UP_PARTY);
        break;
    case PARTY_NEWS_JOINED:
        joined(dialer, attempt);
        break;
    case PARTY_NEWS_LEFT: /* the agent's room, for another; or for good, and that is told, too */
        vacate(dialer, attempt);
        if (attempt->record.state != ATTEMPT_HANDED_OVER)
            attempt->party.polls = 1;
        break;
    case PARTY_NEWS_ENDED:
        gone(dialer, attempt);
        return;
    case PARTY_NEWS_COUNT:
        check(false);
    }
    look_again(dialer, attempt);
}

/* However often nobody answers: one that was given up might be there, in a room of its own where nobody else would
 * look for it. */
void party_expire(struct dialer *dialer, struct attempt *attempt)
{
    if (!party_lives(attempt))
        return;
    ++attempt->party.polls;
    if (attempt->record.party.state == PARTY_ENDING)
        act(dialer, attempt, EFFECT_HANG_UP_PARTY);
    act(dialer, attempt, EFFECT_POLL_PARTY);
    look_again(dialer, attempt);
}

void party_ask_now(struct dialer *dialer, struct attempt *attempt)
{
    if (party_lives(attempt))
        timer_set(dialer, &attempt->party.timer, dialer->now);
}

/* It may be anywhere: asked at once. */
void party_recover(struct dialer *dialer, struct attempt *attempt)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, attempt->record.agent);

    if (!party_lives(attempt))
        return;
    if (agent)
        occupy(dialer, attempt, agent);
    party_ask_now(dialer, attempt);
}
