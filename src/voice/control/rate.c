#include "voice/control/rate.h"

static instant interval(const struct control *control)
{
    return SECOND / control->calls_per_second;
}

/* rate_next is the instant the bucket would be full again; full less one second is empty. */
static instant free_at(const struct control *control)
{
    return control->rate_next - SECOND + interval(control);
}

bool rate_has_room(const struct control *control)
{
    return control->legs_up + control->queue.count < control->live_call_count_max;
}

bool rate_takes_incoming(const struct control *control)
{
    return !control->is_loaded && rate_has_room(control);
}

static bool take_token(struct control *control)
{
    if (control->is_loaded || free_at(control) > control->now)
        return false;
    control->rate_next = instant_max(control->rate_next, control->now) + interval(control);
    return true;
}

static struct call *first_in_queue(const struct control *control)
{
    struct call_life *life;

    if (!control->queue.first)
        return NULL;
    life = container_of(control->queue.first, struct call_life, in_queue);
    return life->line.call;
}

static void look_again(struct control *control, struct timer *timer);

static void set_timer(struct control *control)
{
    struct call *first = first_in_queue(control);
    instant free;

    if (!first) {
        timer_stop(control, &control->rate_timer);
        return;
    }
    free = control->is_loaded ? INSTANT_NEVER : instant_max(free_at(control), control->now);
    timer_start(control, &control->rate_timer,
                instant_min(free, first->created_at + control->queue_age_max), look_again);
}

static void look_again(struct control *control, struct timer *timer)
{
    struct call *call;

    (void)timer;
    while ((call = first_in_queue(control))) {
        if (call->created_at + control->queue_age_max <= control->now) {
            call_end(call, CALL_CANCELED, 0);
            continue;
        }
        if (!take_token(control))
            break;
        chain_remove(&control->queue, &call->life->in_queue);
        call_dial_out(call);
    }
    set_timer(control);
}

void rate_place(struct call *call)
{
    struct control *control = call->control;
    instant wait;

    if (!control->queue.first && take_token(control)) {
        call_dial_out(call);
        return;
    }
    wait = instant_max(free_at(control) - control->now, 0) +
           (instant)control->queue.count * interval(control);
    call->queue_ms = (unsigned)(wait / MILLISECOND);
    chain_add(&control->queue, &call->life->in_queue);
    set_timer(control);
}

void rate_load(struct control *control, bool loaded)
{
    control->is_loaded = loaded;
    look_again(control, &control->rate_timer);
}

void rate_forget(struct call *call)
{
    if (!call->life->in_queue.linked)
        return;
    chain_remove(&call->control->queue, &call->life->in_queue);
    set_timer(call->control);
}
