#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "net/websocket.h"
#include "voice/engine.h"

/*
 * Legs of browsers beside those of SIP: the switchboard speaks with the pages over their sockets, voice/web/peer
 * with their WebRTC, and what comes of it is told to the control as of any leg.
 */
enum { FRAME_SIZE_MAX = 64 << 10, UNSENT_SIZE_MAX = 256 << 10, DIGIT_MS = 100 };

static const char SIGNAL_PATH[] = "/signal";
static const char CLIENT[] = "client:";

struct engine_socket {
    struct engine *engine;
    uint64_t id;
    struct websocket *socket;
};

/* -------------------------------------------------------------------------------------- sockets */

static void look_at_board(void *arg);

static void set_timer(struct engine *engine)
{
    instant at = switchboard_deadline(engine->board);

    if (at == INSTANT_NEVER)
        loop_timer_stop(engine->loop, &engine->board_timer);
    else
        check(loop_timer_start(engine->loop, &engine->board_timer, at, look_at_board, engine) == 0);
}

static void look_at_board(void *arg)
{
    struct engine *engine = arg;

    switchboard_expire(engine->board, loop_clock());
    set_timer(engine);
}

static void on_frame(void *arg, struct slice frame)
{
    struct engine_socket *socket = arg;

    switchboard_said(socket->engine->board, loop_clock(), socket->id, frame);
    set_timer(socket->engine);
}

static void on_closed(void *arg, uint16_t code)
{
    struct engine_socket *socket = arg;
    struct engine *engine = socket->engine;

    log_debug("browser.gone", "device=%llu code=%u", (unsigned long long)socket->id, code);
    table_remove_id(&engine->sockets, socket->id);
    switchboard_closed(engine->board, loop_clock(), socket->id);
    set_timer(engine);
    free(socket);
}

static void send_frame(void *arg, uint64_t device, struct slice frame)
{
    struct engine *engine = arg;
    struct engine_socket *socket = table_get_id(&engine->sockets, device);

    if (socket)
        websocket_send(socket->socket, frame);
}

static void close_socket(void *arg, uint64_t device, uint16_t code, const char *why)
{
    struct engine *engine = arg;
    struct engine_socket *socket = table_get_id(&engine->sockets, device);

    if (socket)
        websocket_close(socket->socket, code, why);
}

static int accept_socket(struct engine *engine, struct http_request *request)
{
    static const struct websocket_handlers handlers = {on_frame, on_closed};
    static const struct websocket_options options = {.message_size_max = FRAME_SIZE_MAX,
                                                     .unsent_size_max = UNSENT_SIZE_MAX};
    struct engine_socket *socket = calloc(1, sizeof(*socket));
    int err;

    if (!socket)
        return ENOMEM;
    socket->engine = engine;
    socket->id = ++engine->socket_last;
    err = switchboard_opened(engine->board, loop_clock(), socket->id);
    if (err) {
        free(socket);
        return err;
    }
    err = table_put_id(&engine->sockets, socket->id, socket);
    if (!err)
        err = websocket_accept(&socket->socket, request, &options, &handlers, socket);
    if (err) {
        table_remove_id(&engine->sockets, socket->id);
        switchboard_closed(engine->board, loop_clock(), socket->id);
        free(socket);
    }
    set_timer(engine);
    return err;
}

bool engine_web_takes(struct engine *engine, struct http_request *request)
{
    int err;

    if (!engine->board || strcmp(http_request_path(request), SIGNAL_PATH) != 0)
        return false;
    if (!websocket_is_wanted(request)) {
        http_request_add_header(request, "Upgrade", "websocket");
        http_request_reply(request, 426, NULL, NULL, 0);
        return true;
    }
    err = engine->stopping ? EBUSY : accept_socket(engine, request);
    if (err)
        http_request_reply(request, err == EINVAL ? 400 : 503, NULL, NULL, 0);
    return true;
}

/* ------------------------------------------------------------------------------- what pages tell us */

/* Signalling is through with it; the media leg closes, and its figures follow. */
static void let_go(struct engine_leg *leg)
{
    leg->over = true;
    if (leg->has_media)
        web_peer_close(leg->engine->browsers, leg->id);
    free(leg->description);
    leg->description = NULL;
    engine_leg_release(leg);
}

/* The reason must be constant: the event may have to wait its turn. */
static void tell_end(struct engine *engine, uint64_t leg, enum control_leg_end by, unsigned code,
                     const char *reason)
{
    struct control_event told = {.kind = CONTROL_LEG_ENDED, .leg = leg};

    log_event("leg.ended", "leg=%llu code=%u by=browser reason='%s'", (unsigned long long)leg, code,
              reason ? reason : "");
    told.as.ended.by = by;
    told.as.ended.sip_code = code;
    told.as.ended.reason = reason;
    engine_feed(engine, &told);
}

/* What the page has described cannot be: it is told so. */
static void fail(struct engine *engine, uint64_t id, const char *why)
{
    struct engine_leg *leg = engine_leg_find(engine, id);

    log_warning("browser.refused", "leg=%llu why='%s'", (unsigned long long)id, why);
    switchboard_end(engine->board, id, 488, why);
    if (leg)
        let_go(leg);
    tell_end(engine, id, CONTROL_END_TRANSPORT, 488, why);
}

static const char *why_of(int err, const char *why)
{
    if (why && *why)
        return why;
    return err == ENOBUFS ? "there is no room for another call" : "it cannot be connected";
}

static void tell_call(struct engine *engine, const struct switchboard_event *event)
{
    const struct form *params = event->as.calls.params;
    struct control_header *list = calloc(params->count + 1, sizeof(*list));
    struct control_event told = {.kind = CONTROL_LEG_INCOMING, .leg = event->leg};
    struct text from;

    text_init(&from);
    text_addf(&from, "%s%s", CLIENT, event->as.calls.identity);
    for (size_t i = 0; list && i < params->count; ++i)
        list[i] = (struct control_header){params->fields[i].name, params->fields[i].value};
    told.as.incoming.from = text_slice(&from).at;
    told.as.incoming.to = "";
    told.as.incoming.peer = "";
    told.as.incoming.application_sid = event->as.calls.application_sid;
    told.as.incoming.params = list;
    told.as.incoming.param_count = list ? params->count : 0;
    told.as.incoming.takes_early_media = true;
    engine_feed(engine, &told);
    free(list);
    text_release(&from);
}

static void page_calls(struct engine *engine, const struct switchboard_event *event)
{
    struct engine_leg *leg = engine->stopping ? NULL : engine_leg_new(engine, event->leg);
    const char *why = NULL, *sid;
    struct text answer;
    int err = ENOMEM;

    text_init(&answer);
    if (leg) {
        leg->is_browser = true;
        err = web_peer_answer(engine->browsers, leg->id, event->as.calls.offer, &answer, &why);
        leg->has_media = !err;
        leg->description = err ? NULL : text_take(&answer, NULL);
        if (!err && !leg->description)
            err = ENOMEM;
    }
    log_event("browser.calls", "leg=%llu err=%d why='%s'", (unsigned long long)event->leg, err,
              why ? why : "");
    text_release(&answer);
    if (err) {
        if (err == ENOBUFS)
            engine_no_room(engine);
        switchboard_end(engine->board, event->leg, 503, why_of(err, why));
        if (leg)
            let_go(leg);
        return;
    }
    tell_call(engine, event);
    sid = control_call_sid(engine->control, event->leg);
    if (sid)
        switchboard_ringing(engine->board, event->leg, sid);
}

static void page_accepted(struct engine *engine, const struct switchboard_event *event)
{
    struct engine_leg *leg = engine_leg_find(engine, event->leg);
    struct control_event told = {.kind = CONTROL_LEG_ANSWERED, .leg = event->leg};
    instant now = media_clock(engine->media); /* the hello is counted from here */
    const char *why = NULL;
    int err;

    if (!leg)
        return;
    err = web_peer_accepted(engine->browsers, leg->id, event->as.sdp, &why);
    if (err) {
        fail(engine, leg->id, why_of(err, why));
        return;
    }
    media_leg_answered(engine->media, leg->id, now);
    engine_feed(engine, &told);
}

static void page_ended(struct engine *engine, const struct switchboard_event *event)
{
    static const struct {
        unsigned code;
        const char *reason;
    } ENDS[] = {[SWITCHBOARD_HUNG_UP] = {0, NULL},
                [SWITCHBOARD_REFUSED] = {486, "refused by the page"},
                [SWITCHBOARD_GONE] = {480, "the page has gone"},
                [SWITCHBOARD_LOST] = {0, "the page has not come back"}};
    struct engine_leg *leg = engine_leg_find(engine, event->leg);

    if (!leg)
        return;
    let_go(leg);
    tell_end(engine, event->leg, CONTROL_END_PEER, ENDS[event->as.end].code,
             ENDS[event->as.end].reason);
}

static void page_restarts(struct engine *engine, const struct switchboard_event *event)
{
    const char *why = NULL;
    struct text answer;
    int err;

    text_init(&answer);
    err = web_peer_restart(engine->browsers, event->leg, event->as.sdp, &answer, &why);
    log_event("browser.restarts", "leg=%llu err=%d", (unsigned long long)event->leg, err);
    if (!err && !answer.failed)
        switchboard_restarted(engine->board, event->leg, text_slice(&answer).at);
    else if (!switchboard_refused(engine->board, event->leg, why_of(err, why)))
        fail(engine, event->leg, why_of(err, why));
    text_release(&answer);
}

static void on_board(void *arg, const struct switchboard_event *event)
{
    struct engine *engine = arg;
    struct control_event told = {.kind = CONTROL_LEG_MESSAGE, .leg = event->leg};

    switch (event->kind) {
    case SWITCHBOARD_CALLS:
        page_calls(engine, event);
        break;
    case SWITCHBOARD_ACCEPTED:
        page_accepted(engine, event);
        break;
    case SWITCHBOARD_ENDED:
        page_ended(engine, event);
        break;
    case SWITCHBOARD_DIGIT:
        engine_feed_digit(engine, event->leg, event->as.digit, DIGIT_MS);
        break;
    case SWITCHBOARD_RESTART:
        page_restarts(engine, event);
        break;
    case SWITCHBOARD_MESSAGE:
        told.as.message.type = event->as.message.type;
        told.as.message.size = event->as.message.size;
        engine_feed(engine, &told);
        break;
    }
}

/* ---------------------------------------------------------------------------- what control wants */

bool engine_web_is_for(const struct control_effect *effect)
{
    return slice_starts(slice_from(effect->as.invite.to), CLIENT);
}

/* 0, or an errno with nothing left of it. */
static int ring(struct engine_leg *leg, const struct control_effect *effect)
{
    struct engine *engine = leg->engine;
    struct switchboard_order order = {.identity = effect->as.invite.to + sizeof(CLIENT) - 1,
                                      .from = effect->as.invite.from,
                                      .call_sid = effect->as.invite.call_sid};
    struct form params;
    struct text offer;
    int err;

    if (!switchboard_is_there(engine->board, order.identity))
        return ENOENT;
    form_init(&params);
    text_init(&offer);
    for (size_t i = 0; i < effect->as.invite.header_count; ++i)
        form_add(&params, effect->as.invite.headers[i].name, effect->as.invite.headers[i].value);
    err = web_peer_offer(engine->browsers, leg->id, &offer);
    leg->has_media = !err;
    if (!err && (offer.failed || params.failed))
        err = ENOMEM;
    order.params = &params;
    order.offer = text_slice(&offer).at;
    if (!err)
        err = switchboard_ring(engine->board, leg->id, &order);
    if (err == ENOBUFS)
        engine_no_room(engine);
    form_release(&params);
    text_release(&offer);
    return err;
}

void engine_web_invite(struct engine *engine, const struct control_effect *effect)
{
    struct control_event told = {.kind = CONTROL_LEG_RINGING, .leg = effect->leg};
    struct engine_leg *leg = engine->board ? engine_leg_new(engine, effect->leg) : NULL;
    int err = !engine->board ? ENOENT : leg ? ring(leg, effect) : ENOMEM;

    log_event("leg.invite", "leg=%llu to=browser err=%d", (unsigned long long)effect->leg, err);
    if (leg)
        leg->is_browser = true;
    if (!err) {
        engine_feed(engine, &told);
        set_timer(engine);
        return;
    }
    if (leg)
        let_go(leg);
    if (err == ENOENT)
        tell_end(engine, effect->leg, CONTROL_END_PEER, 480, "no page of that name is registered");
    else
        tell_end(engine, effect->leg, CONTROL_END_TRANSPORT, 503, "cannot be called");
}

static void answer(struct engine_leg *leg)
{
    struct control_event told = {.kind = CONTROL_LEG_ANSWERED, .leg = leg->id};

    switchboard_answer(leg->engine->board, leg->id, leg->description);
    media_leg_answered(leg->engine->media, leg->id, media_clock(leg->engine->media));
    engine_feed(leg->engine, &told);
}

static void end(struct engine_leg *leg, unsigned code, const char *reason)
{
    struct engine *engine = leg->engine;
    uint64_t id = leg->id;
    bool rang = switchboard_rings(engine->board, id);

    switchboard_end(engine->board, id, code, reason);
    let_go(leg);
    tell_end(engine, id, CONTROL_END_OURS, code ? code : rang ? 487 : 0, NULL);
    set_timer(engine);
}

void engine_web_effect(struct engine_leg *leg, const struct control_effect *effect)
{
    if (leg->over)
        return;
    if (effect->kind == CONTROL_ANSWER)
        answer(leg);
    else if (effect->kind == CONTROL_EARLY_MEDIA)
        switchboard_early(leg->engine->board, leg->id, leg->description);
    else if (effect->kind == CONTROL_REJECT)
        end(leg, effect->as.reject.sip_code, engine_reason_of(effect->as.reject.sip_code));
    else
        end(leg, 0, NULL);
}

/* ----------------------------------------------------------------------------------------- life */

int engine_web_start(struct engine *engine)
{
    unsigned char seed[32];
    const struct voice_options *from = engine->options;
    struct switchboard_options options = {.account_sid = from->account_sid,
                                          .auth_token = from->auth_token,
                                          .seed = seed,
                                          .seed_size = sizeof(seed),
                                          .device_count_max = engine->capacity.pages,
                                          .send = send_frame,
                                          .close = close_socket,
                                          .handler = on_board,
                                          .arg = engine};

    if (!engine->browsers)
        return 0;
    if (from->api_key_sid && *from->api_key_sid && from->api_key_secret && *from->api_key_secret) {
        options.key_sid = from->api_key_sid;
        options.key_secret = from->api_key_secret;
    }
    if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
        return errno;
    return switchboard_new(&engine->board, &options);
}

/* The sockets are gone by now, with the HTTP server. */
void engine_web_release(struct engine *engine)
{
    if (engine->board)
        loop_timer_stop(engine->loop, &engine->board_timer);
    switchboard_free(engine->board);
    table_release(&engine->sockets);
}
