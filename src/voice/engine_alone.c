#include "base/log.h"
#include "voice/engine.h"

/*
 * An engine that was started by a dialer outlives it, so that the next dialer finds the calls. When none
 * comes, it must not live for ever: not asked anything for alone_s, it takes itself for forgotten, says
 * goodbye to who is alone in a room, lets those who talk finish, and ends when the last has gone.
 */
enum { LOOK_MS = 1000 };

static void look(void *arg);

static void look_at(struct engine *engine, instant at)
{
    if (loop_timer_start(engine->loop, &engine->alone_timer, at, look, engine))
        check(!"room for a timer that has been in the heap");
}

static void look(void *arg)
{
    struct engine *engine = arg;
    instant now = loop_clock(), until = engine->heard_at + engine->options->alone_s * SECOND;

    if (engine->stopping)
        return;
    if (now < until) {
        if (engine->forgotten)
            log_event("voice.found", "calls=%zu", control_live_calls(engine->control));
        engine->forgotten = false;
        look_at(engine, until);
        return;
    }
    if (!engine->forgotten)
        log_warning("voice.forgotten", "seconds=%u calls=%zu", engine->options->alone_s,
                    control_live_calls(engine->control));
    engine->forgotten = true;
    control_wind_down(engine->control, now);
    engine_settle(engine);
    if (control_live_calls(engine->control) || signal_leg_count(engine->signal)) {
        look_at(engine, now + LOOK_MS * MILLISECOND);
        return;
    }
    signal_stop(engine->signal);
}

void engine_alone_watch(struct engine *engine)
{
    engine->heard_at = loop_clock();
    if (engine->options->alone_s)
        look_at(engine, engine->heard_at + engine->options->alone_s * SECOND);
}

void engine_heard(struct engine *engine)
{
    engine->heard_at = loop_clock();
}
