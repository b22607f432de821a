#include "core/leg.h"

#include "core/calls.h"
#include "core/desk.h"
#include "core/emit.h"
#include "core/hold.h"

static void leg_move(struct dialer *dialer, struct agent *agent, enum leg_state state)
{
    check(leg_may_become(agent->record.leg, state));
    agent->record.leg = state;
    agent->record.leg_since = dialer->now;
}

/* The one gate. */
static void leg_become(struct dialer *dialer, struct agent *agent, enum leg_state state)
{
    leg_move(dialer, agent, state);
    touch_agent(dialer, agent);
    desk_update_idle(dialer, agent);
}

static void act_on(struct dialer *dialer, const struct agent *agent, uint32_t serial,
                   enum effect_kind kind)
{
    struct effect *effect = emit(dialer, kind);

    effect->of.leg.agent = agent->record.id;
    effect->of.leg.serial = serial;
}

static void act(struct dialer *dialer, const struct agent *agent, enum effect_kind kind)
{
    act_on(dialer, agent, agent->record.leg_serial, kind);
}

static void dial_anew(struct dialer *dialer, struct agent *agent)
{
    ++agent->record.leg_serial;
    ++agent->leg_tries;
    agent->leg_ask = agent->leg_leaving = false;
    agent->leg_polls = 0;
    touch_agent(dialer, agent);
    act(dialer, agent, EFFECT_DIAL_AGENT_LEG);
    timer_set(
        dialer, &agent->leg_timer,
        instant_min(instant_add(dialer->now, dialer->limits.leg_dial_max), agent->leg_deadline));
}

void leg_dial(struct dialer *dialer, struct agent *agent)
{
    if (agent->leg_leaving)
        act_on(dialer, agent, agent->leaving, EFFECT_HANG_UP_AGENT_LEG);
    leg_become(dialer, agent, LEG_DIALLING);
    agent->leg_deadline = instant_add(dialer->now, dialer->limits.leg_grace);
    agent->leg_tries = 0;
    dial_anew(dialer, agent);
}

/* Told so again, now and then, until it is known to be gone. */
static void leave(struct dialer *dialer, struct agent *agent, uint32_t serial)
{
    act_on(dialer, agent, serial, EFFECT_HANG_UP_AGENT_LEG);
    agent->leg_leaving = true;
    agent->leaving = serial;
    agent->leg_polls = 0;
    timer_set(dialer, &agent->leg_timer, instant_add(dialer->now, dialer->limits.poll_first));
}

void agent_leg_hang_up(struct dialer *dialer, struct agent *agent)
{
    if (agent->record.leg == LEG_NONE)
        return;
    if (agent->record.leg != LEG_LOST) {
        timer_clear(dialer, &agent->leg_timer);
        leave(dialer, agent, agent->record.leg_serial);
    }
    leg_become(dialer, agent, LEG_NONE);
}

/* The call may still stand in its room: asked before it is dialled anew. All agents
 * come through here in one event, so nothing is written: a restart would do the same again. */
void leg_recover(struct dialer *dialer, struct agent *agent)
{
    agent->unseen = dialer->doubtful > 0;
    if (agent->record.leg == LEG_CONNECTED)
        leg_move(dialer, agent, LEG_REJOINING);
    if (agent->record.leg == LEG_NONE || agent->record.leg == LEG_LOST) {
        agent->leg_leaving = agent->record.leg_serial != 0;
        agent->leaving = agent->record.leg_serial;
        timer_set(dialer, &agent->leg_timer, agent->leg_leaving ? dialer->now : INSTANT_NEVER);
        return;
    }
    agent->leg_deadline = instant_add(dialer->now, dialer->limits.leg_grace);
    agent->leg_tries = agent->leg_polls = 0;
    agent->leg_ask = true;
    timer_set(dialer, &agent->leg_timer, dialer->now);
}

void leg_ask_now(struct dialer *dialer, struct agent *agent)
{
    if (agent->record.leg == LEG_CONNECTED)
        timer_set(dialer, &agent->leg_timer, dialer->now);
}

static instant back_off(const struct dialer *dialer, uint32_t tries)
{
    instant pause = dialer->limits.leg_redial_first;

    while (tries > 1 && pause < dialer->limits.leg_redial_last) {
        pause *= 2;
        --tries;
    }
    return instant_min(pause, dialer->limits.leg_redial_last);
}

static void give_up(struct dialer *dialer, struct agent *agent)
{
    timer_clear(dialer, &agent->leg_timer);
    leave(dialer, agent, agent->record.leg_serial);
    leg_become(dialer, agent, LEG_LOST);
    desk_leg_given_up(dialer, agent);
}

static void poll_leg(struct dialer *dialer, struct agent *agent)
{
    ++agent->leg_polls;
    act_on(dialer, agent, agent->leg_leaving ? agent->leaving : agent->record.leg_serial,
           EFFECT_POLL_AGENT_LEG);
    timer_set(dialer, &agent->leg_timer,
              instant_add(dialer->now, agent->leg_polls > dialer->limits.polls_max
                                           ? dialer->limits.poll_last
                                           : back_off(dialer, agent->leg_polls)));
}

/* The line that stood does so no more: the grace begins. */
static void begin_rejoining(struct dialer *dialer, struct agent *agent)
{
    leg_become(dialer, agent, LEG_REJOINING);
    agent->leg_deadline = instant_add(dialer->now, dialer->limits.leg_grace);
    agent->leg_tries = 0;
    if (agent->attempt && agent->attempt->record.state == ATTEMPT_ANSWERED &&
        agent->attempt->record.action == ANSWER_JOIN)
        attempt_decide(dialer, agent->attempt); /* has not said a word to anybody yet */
    hold_agent_lost(dialer, agent);
}

/* The first dialling follows at once, later ones with growing pauses. */
static void lose(struct dialer *dialer, struct agent *agent)
{
    if (agent->record.leg == LEG_CONNECTED)
        begin_rejoining(dialer, agent);
    hold_agent_lost(dialer, agent); /* one that was only asked after until now */
    agent->leg_ask = false;
    timer_set(dialer, &agent->leg_timer,
              instant_min(agent->leg_tries
                              ? instant_add(dialer->now, back_off(dialer, agent->leg_tries))
                              : dialer->now,
                          agent->leg_deadline));
    ++agent->record.leg_serial; /* whatever still comes from the old one is stale */
    touch_agent(dialer, agent);
}

void leg_expire(struct dialer *dialer, struct agent *agent)
{
    switch (agent->record.leg) {
    case LEG_CONNECTED:
        if (agent->leg_polls < dialer->limits.polls_max || dialer->held) {
            poll_leg(dialer, agent);
        } else {
            act(dialer, agent, EFFECT_HANG_UP_AGENT_LEG); /* in case only the answers were lost */
            lose(dialer, agent);
        }
        break;
    case LEG_DIALLING:
    case LEG_REJOINING:
        if (dialer->now >= agent->leg_deadline) {
            give_up(dialer, agent);
        } else if (agent->leg_ask) {
            poll_leg(dialer, agent);
        } else {
            if (agent->leg_tries) /* in case the last one is only slow */
                act(dialer, agent, EFFECT_HANG_UP_AGENT_LEG);
            dial_anew(dialer, agent);
        }
        break;
    case LEG_NONE:
    case LEG_LOST:
        if (agent->leg_leaving) {
            act_on(dialer, agent, agent->leaving, EFFECT_HANG_UP_AGENT_LEG);
            poll_leg(dialer, agent);
        }
        break;
    case LEG_STATE_COUNT:
        check(false);
    }
}

static void room_seen(struct dialer *dialer, struct agent *agent, const struct event *event)
{
    if (!event->of.leg.looked || !agent->unseen)
        return;
    agent->unseen = false;
    desk_update_idle(dialer, agent);
}

void leg_connected(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, event->of.leg.agent);
    bool waited_for = agent && event->of.leg.serial == agent->record.leg_serial &&
                      agent->record.leg != LEG_NONE && agent->record.leg != LEG_LOST;

    if (!agent) {
        struct effect *effect = emit(dialer, EFFECT_HANG_UP_AGENT_LEG);

        effect->of.leg.agent = event->of.leg.agent;
        effect->of.leg.serial = event->of.leg.serial;
        return;
    }
    room_seen(dialer, agent, event);
    if (!waited_for && (agent->record.leg == LEG_NONE || agent->record.leg == LEG_LOST)) {
        leave(dialer, agent, event->of.leg.serial);
        return;
    }
    if (!waited_for) { /* the room will be looked into again, and tell if it stays */
        act_on(dialer, agent, event->of.leg.serial, EFFECT_HANG_UP_AGENT_LEG);
        return;
    }
    agent->leg_polls = agent->leg_tries = 0;
    agent->leg_ask = false;
    timer_set(dialer, &agent->leg_timer,
              agent->unseen ? dialer->now : instant_add(dialer->now, dialer->limits.talk_check));
    if (agent->record.leg == LEG_CONNECTED)
        return;
    leg_become(dialer, agent, LEG_CONNECTED);
    desk_came_online(dialer, agent);
}

/* Its end is no news of older lines, which may not have heard that they were to go: the room is looked into. */
static void leave_done(struct dialer *dialer, struct agent *agent, bool looked)
{
    agent->leg_leaving = !looked;
    timer_set(dialer, &agent->leg_timer, looked ? INSTANT_NEVER : dialer->now);
}

void leg_lost(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, event->of.leg.agent);

    if (!agent)
        return;
    room_seen(dialer, agent, event);
    if (agent->record.leg != LEG_NONE && agent->record.leg != LEG_LOST) {
        if (event->of.leg.serial == agent->record.leg_serial)
            lose(dialer, agent);
    } else if (agent->leg_leaving && event->of.leg.serial == agent->leaving) {
        leave_done(dialer, agent, event->of.leg.looked);
    }
}

/* A phone that has just registered rings at once: no pause is waited out, and nothing is asked of a line that belongs
 * to the page before. The grace is not begun anew, so a page that is loaded over and over keeps nobody waiting; but a
 * shift that is only beginning takes the time it takes. */
void leg_phone_ready(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, event->of.agent_id);

    if (!agent) {
        refuse(dialer, REFUSED_UNKNOWN_AGENT);
        return;
    }
    if (!dialer->recovered || agent->record.leg == LEG_NONE || agent->record.leg == LEG_LOST) {
        refuse(dialer, dialer->recovered ? REFUSED_AGENT_STATE : REFUSED_CLOSED);
        return;
    }
    act(dialer, agent, EFFECT_HANG_UP_AGENT_LEG);
    if (agent->record.leg == LEG_CONNECTED)
        begin_rejoining(dialer, agent);
    else if (agent->record.leg == LEG_DIALLING)
        agent->leg_deadline = instant_add(dialer->now, dialer->limits.leg_grace);
    agent->leg_tries = 0;
    dial_anew(dialer, agent);
}
