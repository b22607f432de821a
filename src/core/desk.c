#include "core/desk.h"

#include "core/calls.h"
#include "core/emit.h"
#include "core/hold.h"
#include "core/leg.h"
#include "core/preview.h"
#include "core/queue.h"

/* The one gate. */
void desk_become(struct dialer *dialer, struct agent *agent, enum agent_activity activity,
                 uint16_t break_code)
{
    check(agent_may_become(agent->record.activity, activity));
    agent->record.activity = activity;
    agent->record.break_code = activity == AGENT_BREAK ? break_code : 0;
    agent->record.since = dialer->now;
    touch_agent(dialer, agent);
    desk_update_idle(dialer, agent);
}

static void leave_idle(struct dialer *dialer, struct agent *agent)
{
    for (uint8_t i = 0; i < agent->membership_count; ++i)
        if (agent->memberships[i].campaign) {
            chain_leave(&agent->memberships[i].idle);
            --agent->memberships[i].campaign->idle_count;
        }
    agent->idle = false;
}

/* Longest available first; whoever has just become so joins at the end, so this looks but once. */
static void join_idle(struct campaign *campaign, struct membership *membership)
{
    struct chain *at = campaign->idle.before;

    while (at != &campaign->idle && container_of(at, struct membership, idle)->agent->record.since >
                                        membership->agent->record.since)
        at = at->before;
    chain_join(at->after, &membership->idle);
    ++campaign->idle_count;
}

static void become_idle(struct dialer *dialer, struct agent *agent)
{
    agent->idle = true;
    for (uint8_t i = 0; i < agent->membership_count; ++i) {
        struct membership *one = &agent->memberships[i];

        if (!one->campaign)
            continue;
        join_idle(one->campaign, one);
        dialer->look |= one->campaign->bit;
    }
    while (!chain_is_empty(&agent->callbacks) && dialer_may_step(dialer)) {
        struct lead *lead = container_of(agent->callbacks.after, struct lead, link);

        lead_unplace(dialer, lead);
        lead_settle(dialer, lead);
    }
}

void desk_update_idle(struct dialer *dialer, struct agent *agent)
{
    bool idle = agent->record.activity == AGENT_AVAILABLE && agent->record.leg == LEG_CONNECTED &&
                !agent->guests && !agent->unseen && dialer->recovered && !dialer->doubtful;

    if (agent->idle && !idle)
        leave_idle(dialer, agent);
    else if (idle && !agent->idle)
        become_idle(dialer, agent);
}

struct agent *desk_longest_idle(const struct campaign *campaign)
{
    return chain_is_empty(&campaign->idle)
               ? NULL
               : container_of(campaign->idle.after, struct membership, idle)->agent;
}

bool desk_is_idle_for(const struct agent *agent, const struct campaign *campaign)
{
    if (agent->idle)
        for (uint8_t i = 0; i < agent->membership_count; ++i)
            if (agent->memberships[i].campaign == campaign)
                return true;
    return false;
}

static void guest_gone(struct dialer *dialer, struct agent *agent)
{
    check(agent->guests);
    --agent->guests;
    desk_update_idle(dialer, agent);
}

static void vacate(struct dialer *dialer, struct attempt *attempt)
{
    struct agent *agent = attempt->room;

    attempt->room = NULL;
    if (agent)
        guest_gone(dialer, agent);
}

void desk_room_vacated(struct dialer *dialer, struct agent *agent)
{
    guest_gone(dialer, agent);
}

static void vacate_old(struct dialer *dialer, struct attempt *attempt, int place)
{
    struct agent *agent = attempt->old_rooms[place];

    for (int i = place; i + 1 < OLD_ROOMS_MAX; ++i)
        attempt->old_rooms[i] = attempt->old_rooms[i + 1];
    attempt->old_rooms[OLD_ROOMS_MAX - 1] = NULL;
    guest_gone(dialer, agent);
}

static int place_of(const struct attempt *attempt, const struct agent *agent)
{
    for (int i = 0; i < OLD_ROOMS_MAX && attempt->old_rooms[i]; ++i)
        if (attempt->old_rooms[i] == agent)
            return i;
    return -1;
}

bool desk_guest_may_linger(const struct attempt *attempt, const struct agent *agent)
{
    return place_of(attempt, agent) >= 0;
}

/* The oldest of too many gives way: by then it is the least likely. */
static int old_place(struct dialer *dialer, struct attempt *attempt)
{
    int place = 0;

    if (attempt->old_rooms[OLD_ROOMS_MAX - 1])
        vacate_old(dialer, attempt, 0);
    while (attempt->old_rooms[place])
        ++place;
    return place;
}

void desk_guest_told_to_leave(struct dialer *dialer, struct attempt *attempt)
{
    if (!attempt->room)
        return;
    attempt->old_rooms[old_place(dialer, attempt)] = attempt->room;
    attempt->room = NULL;
}

void desk_guest_seen(struct dialer *dialer, struct attempt *attempt, struct agent *agent)
{
    int place;

    if (attempt->room == agent || place_of(attempt, agent) >= 0)
        return;
    place = old_place(dialer, attempt);
    attempt->old_rooms[place] = agent;
    ++attempt->poll; /* a question on its way does not ask for this room */
    ++agent->guests;
    desk_update_idle(dialer, agent);
}

void desk_guest_came(struct dialer *dialer, struct attempt *attempt, struct agent *agent)
{
    if (attempt->room == agent)
        return;
    ++agent->guests; /* first, so that a return to the old room is no moment alone */
    desk_guest_told_to_leave(dialer, attempt);
    attempt->room = agent;
    if (place_of(attempt, agent) >= 0)
        vacate_old(dialer, attempt, place_of(attempt, agent));
    desk_update_idle(dialer, agent);
}

void desk_guest_arrived(struct dialer *dialer, struct attempt *attempt)
{
    while (attempt->old_rooms[0])
        vacate_old(dialer, attempt, 0);
}

void desk_guest_left(struct dialer *dialer, struct attempt *attempt, const struct agent *agent)
{
    if (attempt->room == agent)
        vacate(dialer, attempt);
    if (place_of(attempt, agent) >= 0)
        vacate_old(dialer, attempt, place_of(attempt, agent));
}

void desk_guest_left_all(struct dialer *dialer, struct attempt *attempt)
{
    vacate(dialer, attempt);
    desk_guest_arrived(dialer, attempt);
}

/* The campaign may have left memory since: then there is no limit to be kept. */
static instant wrap_up_max(const struct dialer *dialer, const struct agent *agent)
{
    const struct campaign *campaign =
        id_index_get(&dialer->campaign_ids, agent->reservation.campaign);

    return campaign ? campaign->options.wrap_up_max : 0;
}

static void reservation_become(struct dialer *dialer, struct agent *agent,
                               enum reservation_status status)
{
    check(reservation_may_become(agent->reservation.status, status));
    agent->reservation.status = status;
    agent->reservation.changed_at = dialer->now;
    agent->reservation.until =
        status == RESERVATION_WRAPPING ? instant_add(dialer->now, wrap_up_max(dialer, agent)) : 0;
    write_reservation(dialer, agent);
}

static bool has_reservation(const struct agent *agent)
{
    return agent->reservation.id && reservation_is_live(agent->reservation.status);
}

void desk_attach(struct dialer *dialer, struct agent *agent, struct attempt *attempt)
{
    agent->attempt = attempt;
    attempt->agent = agent;
    attempt->record.agent = agent->record.id;
    attempt->record.reservation = agent->reservation.id;
    agent->reservation.attempt = attempt->record.id;
    agent->reservation.changed_at = dialer->now;
    agent->reservation.until = 0;
    timer_clear(dialer, &agent->timer);
    write_reservation(dialer, agent);
    touch_attempt(dialer, attempt);
    attempt_recount(dialer, attempt);
}

void desk_reserve(struct dialer *dialer, struct agent *agent, struct lead *lead,
                  struct attempt *attempt)
{
    check(!has_reservation(agent) && !agent->attempt && !agent->preview);
    if (agent->record.activity == AGENT_BREAK && !agent->record.next_wanted) {
        agent->record.next_wanted = true; /* back to the break after a call by hand */
        agent->record.next_activity = AGENT_BREAK;
        agent->record.next_break_code = agent->record.break_code;
    }
    agent->reservation = (struct reservation_record){
        .id = dialer->reservation_next++,
        .agent = agent->record.id,
        .campaign = lead->campaign->id,
        .lead = lead->record.id,
        .status = RESERVATION_PENDING,
        .created_at = dialer->now,
        .changed_at = dialer->now,
    };
    desk_become(dialer, agent, AGENT_RESERVED, 0);
    if (attempt) {
        desk_attach(dialer, agent, attempt);
        return;
    }
    agent->preview = lead;
    lead->agent = agent;
    lead->place = PLACE_PREVIEW;
    lead->person->holder = lead;
    agent->reservation.until = instant_add(dialer->now, lead->campaign->options.preview_max);
    timer_set(dialer, &agent->timer, agent->reservation.until);
    write_reservation(dialer, agent);
}

void desk_accept(struct dialer *dialer, struct agent *agent)
{
    reservation_become(dialer, agent, RESERVATION_ACCEPTED);
    desk_become(dialer, agent, AGENT_ON_CALL, 0);
}

/* What the agent asked for meanwhile, else available; offline when the leg was given up. */
static void go_on(struct dialer *dialer, struct agent *agent)
{
    enum agent_activity next = AGENT_AVAILABLE;
    uint16_t code = 0;

    timer_clear(dialer, &agent->timer);
    if (agent->record.next_wanted) {
        next = agent->record.next_activity;
        code = agent->record.next_break_code;
        agent->record.next_wanted = false;
    }
    if (agent->record.leg == LEG_LOST || agent->record.leg == LEG_NONE)
        next = AGENT_OFFLINE;
    desk_become(dialer, agent, next, code);
    if (next == AGENT_OFFLINE && agent->record.leg != LEG_LOST) /* that is told to people */
        agent_leg_hang_up(dialer, agent);
}

void desk_release(struct dialer *dialer, struct agent *agent, enum reservation_status status)
{
    enum reservation_status from = agent->reservation.status;

    /* One who talked has at least completed; one in wrap-up can only complete. */
    if (from == RESERVATION_WRAPPING ||
        (from == RESERVATION_ACCEPTED && status != RESERVATION_CANCELED))
        status = RESERVATION_COMPLETED;
    reservation_become(dialer, agent, status);
    if ((status == RESERVATION_REJECTED || status == RESERVATION_TIMEOUT) &&
        !agent->record.next_wanted) {
        agent->record.next_wanted = true; /* a dead desk takes no more calls */
        agent->record.next_activity = AGENT_BREAK;
        agent->record.next_break_code = 0;
    }
    go_on(dialer, agent);
}

static void complete(struct dialer *dialer, struct agent *agent)
{
    struct attempt *attempt = agent->attempt;

    attempt->record.wrapped_at = dialer->now;
    attempt_detach(dialer, attempt, RESERVATION_COMPLETED);
    if (attempt->record.state == ATTEMPT_ENDED)
        attempt_finish(dialer, attempt);
}

void desk_wrap_up(struct dialer *dialer, struct agent *agent)
{
    desk_become(dialer, agent, AGENT_WRAP_UP, 0);
    if (agent->reservation.status == RESERVATION_PENDING)
        reservation_become(dialer, agent, RESERVATION_ACCEPTED); /* the news of joining was lost */
    reservation_become(dialer, agent, RESERVATION_WRAPPING);
    if (agent->attempt->record.disposition)
        complete(dialer, agent);
    else
        timer_set(dialer, &agent->timer, agent->reservation.until);
}

void desk_hand_over(struct dialer *dialer, struct agent *agent)
{
    struct attempt *attempt = agent->attempt;

    attempt->agent = NULL;
    agent->attempt = NULL;
    attempt_recount(dialer, attempt);
    desk_become(dialer, agent, AGENT_WRAP_UP, 0);
    reservation_become(dialer, agent, RESERVATION_WRAPPING);
    timer_set(dialer, &agent->timer, agent->reservation.until);
}

void desk_expire(struct dialer *dialer, struct agent *agent)
{
    if (agent->preview) {
        preview_expire(dialer, agent);
    } else if (agent->record.activity == AGENT_WRAP_UP && agent->attempt) {
        attempt_default_disposition(agent->attempt);
        complete(dialer, agent);
    } else if (!agent->attempt && has_reservation(agent)) {
        desk_release(dialer, agent, RESERVATION_CANCELED); /* recovered without its attempt */
    } else if (!agent->attempt && (agent->record.activity == AGENT_RESERVED ||
                                   agent->record.activity == AGENT_ON_CALL ||
                                   agent->record.activity == AGENT_WRAP_UP)) {
        go_on(dialer, agent);
    }
}

/* The leg is ready: the shift, or what was asked for meanwhile, begins. */
void desk_came_online(struct dialer *dialer, struct agent *agent)
{
    if (agent->record.activity == AGENT_OFFLINE && agent->record.next_wanted) {
        agent->record.next_wanted = false;
        desk_become(dialer, agent, agent->record.next_activity, agent->record.next_break_code);
    }
    hold_agent_back(dialer, agent);
    if (agent->attempt && agent->attempt->record.state == ATTEMPT_WAITING && !agent->guests)
        attempt_go_to(dialer, agent->attempt, agent);
    desk_update_idle(dialer, agent);
}

void desk_leg_given_up(struct dialer *dialer, struct agent *agent)
{
    struct attempt *attempt = agent->attempt;

    agent->record.next_wanted = false;
    if (agent->preview)
        preview_withdraw(dialer, agent, (struct verdict){REFUSED_NOT, 0});
    else if (attempt && agent->record.activity == AGENT_WRAP_UP) {
        attempt_default_disposition(attempt);
        complete(dialer, agent);
    } else if (attempt) {
        attempt_detach(dialer, attempt, RESERVATION_CANCELED);
        attempt_orphaned(dialer, attempt);
    } else if (has_reservation(agent)) {
        desk_release(dialer, agent, RESERVATION_CANCELED);
    }
    if (agent->record.activity != AGENT_OFFLINE)
        desk_become(dialer, agent, AGENT_OFFLINE, 0);
}

static struct agent *find(struct dialer *dialer, agent_id id)
{
    struct agent *agent = id_index_get(&dialer->agent_ids, id);

    if (!agent)
        refuse(dialer, REFUSED_UNKNOWN_AGENT);
    return agent;
}

static void want_next(struct dialer *dialer, struct agent *agent, enum agent_activity activity,
                      uint16_t code)
{
    agent->record.next_wanted = true;
    agent->record.next_activity = activity;
    agent->record.next_break_code = code;
    touch_agent(dialer, agent);
}

void desk_logged_in(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = find(dialer, event->of.activity.agent);
    enum agent_activity activity = event->of.activity.activity;

    if (!agent)
        return;
    if (activity != AGENT_AVAILABLE && activity != AGENT_BREAK) {
        refuse(dialer, REFUSED_AGENT_STATE);
        return;
    }
    if (agent->record.activity != AGENT_OFFLINE)
        return; /* is in already; a second browser changes nothing */
    want_next(dialer, agent, activity, event->of.activity.break_code);
    if (agent->record.leg == LEG_NONE || agent->record.leg == LEG_LOST)
        leg_dial(dialer, agent);
}

static void change_offline(struct dialer *dialer, struct agent *agent, const struct event *event)
{
    if (event->of.activity.activity == AGENT_OFFLINE) {
        agent->record.next_wanted = false;
        agent_leg_hang_up(dialer, agent);
        touch_agent(dialer, agent);
    } else if (agent->record.next_wanted) {
        want_next(dialer, agent, event->of.activity.activity, event->of.activity.break_code);
    } else {
        refuse(dialer, REFUSED_AGENT_STATE); /* log in first */
    }
}

static bool is_unanswered(const struct attempt *attempt)
{
    return attempt->record.state == ATTEMPT_PLANNED || attempt->record.state == ATTEMPT_PLACED ||
           attempt->record.state == ATTEMPT_RINGING;
}

/* Out of a reservation that has no conversation yet. */
static bool reject(struct dialer *dialer, struct agent *agent)
{
    struct attempt *attempt = agent->attempt;

    if (agent->preview) {
        struct lead *lead = preview_take(dialer, agent);

        desk_release(dialer, agent, RESERVATION_REJECTED);
        lead_settle(dialer, lead);
        return true;
    }
    if (agent->record.activity != AGENT_RESERVED || !attempt || !is_unanswered(attempt))
        return false;
    attempt_detach(dialer, attempt, RESERVATION_REJECTED);
    attempt_cancel(dialer, attempt, REFUSED_AGENT_STATE);
    return true;
}

void desk_activity(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = find(dialer, event->of.activity.agent);
    enum agent_activity activity = event->of.activity.activity;
    uint16_t code = event->of.activity.break_code;

    if (!agent)
        return;
    if (activity != AGENT_AVAILABLE && activity != AGENT_BREAK && activity != AGENT_OFFLINE) {
        refuse(dialer, REFUSED_AGENT_STATE);
        return;
    }
    switch (agent->record.activity) {
    case AGENT_OFFLINE:
        change_offline(dialer, agent, event);
        break;
    case AGENT_AVAILABLE:
    case AGENT_BREAK:
        if (agent->record.activity == activity && agent->record.break_code == code)
            break;
        if (activity == AGENT_AVAILABLE && agent->record.activity == AGENT_AVAILABLE)
            break;
        desk_become(dialer, agent, activity, code);
        if (activity == AGENT_OFFLINE)
            agent_leg_hang_up(dialer, agent);
        break;
    case AGENT_RESERVED:
        want_next(dialer, agent, activity, code);
        if (event->of.activity.forced)
            (void)reject(dialer, agent);
        break;
    case AGENT_ON_CALL:
        want_next(dialer, agent, activity, code);
        break;
    case AGENT_WRAP_UP:
        want_next(dialer, agent, activity, code);
        if (event->of.activity.forced && agent->attempt && agent->attempt->record.dropped)
            complete(dialer, agent); /* cut off by our fault: there is nothing to wrap up */
        break;
    case AGENT_ACTIVITY_COUNT:
        check(false);
    }
}

static bool is_mine(struct dialer *dialer, const struct agent *agent, reservation_id reservation)
{
    if (has_reservation(agent) && (!reservation || agent->reservation.id == reservation))
        return true;
    refuse(dialer, REFUSED_UNKNOWN_RESERVATION);
    return false;
}

void desk_rejected(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = find(dialer, event->of.reservation.agent);

    if (!agent || !is_mine(dialer, agent, event->of.reservation.reservation))
        return;
    if (!reject(dialer, agent))
        refuse(dialer, REFUSED_AGENT_STATE);
}

void desk_hung_up(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = find(dialer, event->of.reservation.agent);
    struct attempt *attempt;

    if (!agent || !is_mine(dialer, agent, event->of.reservation.reservation))
        return;
    attempt = agent->attempt;
    if (!attempt || attempt->record.state == ATTEMPT_CLOSING ||
        attempt->record.state == ATTEMPT_ENDED || attempt->record.state == ATTEMPT_HANDED_OVER)
        refuse(dialer, REFUSED_AGENT_STATE);
    else if (is_unanswered(attempt))
        attempt_cancel(dialer, attempt, REFUSED_AGENT_STATE);
    else if (attempt->record.state == ATTEMPT_BRIDGED)
        attempt_hang_up(dialer, attempt, RESULT_CONNECTED);
    else
        attempt_hang_up(dialer, attempt,
                        attempt->record.state == ATTEMPT_WAITING ? RESULT_ABANDONED
                                                                 : RESULT_HUNG_UP);
}

void desk_disposition(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = find(dialer, event->of.disposition.agent);
    struct attempt *attempt;
    const struct disposition *disposition;

    if (!agent)
        return;
    if (!agent->attempt && agent->record.activity == AGENT_WRAP_UP && has_reservation(agent) &&
        agent->reservation.attempt == event->of.disposition.attempt) {
        desk_release(dialer, agent,
                     RESERVATION_COMPLETED); /* handed over: the verdict is another's */
        return;
    }
    attempt = id_index_get(&dialer->attempt_ids, event->of.disposition.attempt);
    if (!attempt || attempt->agent != agent || !attempt->record.conversed) {
        refuse(dialer,
               attempt && attempt->agent != agent ? REFUSED_NOT_YOURS : REFUSED_UNKNOWN_ATTEMPT);
        return;
    }
    disposition = campaign_disposition(&attempt->campaign->options, event->of.disposition.code);
    if (!disposition) {
        refuse(dialer, REFUSED_UNKNOWN_DISPOSITION);
        return;
    }
    attempt->record.disposition = disposition->code;
    attempt->record.callback_at = event->of.disposition.callback_at;
    attempt->record.callback_agent = event->of.disposition.callback_agent;
    touch_attempt(dialer, attempt);
    if (agent->record.activity == AGENT_WRAP_UP)
        complete(dialer, agent);
}

#define MORE_TIME (30 * SECOND)

/* How long it may last in all, counted from its beginning: nothing else need be kept of what was given. */
static instant ends_at_most(const struct agent *agent, const struct campaign_options *options)
{
    instant begun = agent->preview ? agent->reservation.created_at : agent->reservation.changed_at;
    instant span = agent->preview ? options->preview_max : options->wrap_up_max;

    return instant_add(begun, span + options->more_time_max * MORE_TIME);
}

void desk_more_time(struct dialer *dialer, const struct event *event)
{
    struct agent *agent = find(dialer, event->of.agent_id);
    const struct campaign *campaign;
    instant until;

    if (!agent)
        return;
    campaign = id_index_get(&dialer->campaign_ids, agent->reservation.campaign);
    if (!has_reservation(agent) || !campaign || !agent->timer.node.place ||
        (!agent->preview && agent->record.activity != AGENT_WRAP_UP)) {
        refuse(dialer, REFUSED_AGENT_STATE);
        return;
    }
    until = instant_add(agent->timer.node.at, MORE_TIME); /* a clock that leapt moved only that */
    if (until > ends_at_most(agent, &campaign->options)) {
        refuse(dialer, REFUSED_NO_MORE_TIME);
        return;
    }
    agent->reservation.until = until;
    timer_set(dialer, &agent->timer, until);
    write_reservation(dialer, agent);
}
