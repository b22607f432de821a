#include "voice/engine.h"

#include <inttypes.h>

#include "base/log.h"

/*
 * How the engine fares. Half a second's work of the media thread decides whether there is time for
 * more calls: those in progress come first. And the figures, when somebody asks.
 */
static const instant LOOK_PAUSE = SECOND / 2;
static const instant TELL_PAUSE = 10 * SECOND;
static const instant NO_ROOM_PAUSE = 2 * SECOND;

static void look(void *arg);

static void look_later(struct engine *engine)
{
    if (loop_timer_start(engine->loop, &engine->load.timer, loop_clock() + LOOK_PAUSE, look,
                         engine))
        log_warning("voice.load", "why='no memory for a timer'");
}

/* Calls wait again until the load is a fifth below the line, so that it does not flap. */
static void judge(struct engine *engine, unsigned percent)
{
    struct engine_load *load = &engine->load;
    unsigned most = engine->options->load_percent_max ? engine->options->load_percent_max : 85;
    bool is_high =
        5 * percent >= (load->is_high ? 4 : 5) * most || loop_clock() < load->no_room_until;
    struct control_event told = {.kind = CONTROL_LOAD, .as.load.is_high = is_high};

    if (is_high == load->is_high)
        return;
    load->is_high = is_high;
    load->percent = percent;
    log_warning(is_high ? "voice.load_high" : "voice.load_low", "percent=%u%s", percent,
                loop_clock() < load->no_room_until ? " why='no port or descriptor'" : "");
    signal_take_more(engine->signal, !is_high);
    engine_feed(engine, &told);
}

/* What was lost or refused since is told aloud, at most every ten seconds. */
static void tell_losses(struct engine *engine)
{
    struct engine_load *load = &engine->load;
    struct control_figures figures;
    uint64_t refused, dropped;
    instant now = loop_clock();

    control_figures(engine->control, &figures);
    refused = figures.calls_refused + signal_counts(engine->signal).refused;
    dropped = figures.callbacks_dropped;
    if ((refused == load->refused_told && dropped == load->dropped_told) ||
        (load->told_at && now - load->told_at < TELL_PAUSE))
        return;
    load->refused_told = refused;
    load->dropped_told = dropped;
    load->told_at = now;
    log_warning("voice.refused", "calls=%" PRIu64 " callbacks_dropped=%" PRIu64 " legs=%zu",
                refused, dropped, figures.legs_up);
}

static void look(void *arg)
{
    struct engine *engine = arg;
    struct engine_load *load = &engine->load;
    instant now = loop_clock(), busy = media_busy(engine->media);

    if (load->looked_at && now > load->looked_at)
        judge(engine, (unsigned)(100 * (busy - load->busy) / (now - load->looked_at)));
    load->looked_at = now;
    load->busy = busy;
    tell_losses(engine);
    look_later(engine);
}

void engine_no_room(struct engine *engine)
{
    engine->load.no_room_until = loop_clock() + NO_ROOM_PAUSE;
    judge(engine, engine->load.percent);
}

void engine_load_watch(struct engine *engine)
{
    look(engine);
}

void engine_figures_tell(struct engine *engine)
{
    struct signal_counts sip = signal_counts(engine->signal);
    struct http_server_counts http = http_server_counts(engine->server);
    struct switchboard_counts pages = {0};
    struct control_figures figures;

    control_figures(engine->control, &figures);
    if (engine->board)
        pages = switchboard_counts(engine->board);
    log_event("voice.figures",
              "legs=%zu queued=%zu calls=%" PRIu64 " refused=%" PRIu64 " strangers=%" PRIu64
              " fetches=%zu callbacks=%" PRIu64 " callbacks_lost=%" PRIu64
              " callbacks_dropped=%" PRIu64 " callbacks_waiting=%zu connections=%zu excess=%" PRIu64
              " evicted=%" PRIu64 " slow=%" PRIu64
              " pages=%zu registered=%zu page_legs=%zu page_legs_lost=%zu",
              figures.legs_up, figures.calls_queued, figures.calls_total,
              figures.calls_refused + sip.refused, sip.strangers, figures.fetches_open,
              figures.callbacks_sent, figures.callbacks_lost, figures.callbacks_dropped,
              figures.callbacks_waiting, http.connections, http.excess, http.evicted, http.slow,
              pages.devices, pages.registered, pages.legs, pages.lost);
}
