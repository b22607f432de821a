#include "voice/engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* ---------------------------------------------------------------------------------------- legs */

struct engine_leg *engine_leg_find(struct engine *engine, uint64_t id)
{
    return table_get_id(&engine->legs, id);
}

struct engine_leg *engine_leg_new(struct engine *engine, uint64_t id)
{
    struct engine_leg *leg = calloc(1, sizeof(*leg));

    if (!leg)
        return NULL;
    leg->engine = engine;
    leg->id = id;
    if (table_put_id(&engine->legs, id, leg)) {
        free(leg);
        return NULL;
    }
    return leg;
}

/* Gone when SIP and media are both through with it. */
void engine_leg_release(struct engine_leg *leg)
{
    if (!leg->over || leg->has_media)
        return;
    table_remove_id(&leg->engine->legs, leg->id);
    free(leg->description);
    free(leg);
}

void engine_legs_release(struct engine *engine)
{
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&engine->legs, &at)))
        free(((struct engine_leg *)slot->value)->description);
    table_free(&engine->legs);
}

/* --------------------------------------------------------------------------- what SIP tells us */

static void set_remote(struct engine_leg *leg, const struct signal_media *media)
{
    leg->remote = (struct media_remote){
        .codec = media->codec == SIGNAL_PCMA ? MEDIA_PCMA : MEDIA_PCMU,
        .payload_type = media->payload_type,
        .dtmf_payload_type = media->dtmf_type ? media->dtmf_type : MEDIA_NO_DTMF,
        .sends = media->we_receive,
        .receives = media->we_send,
    };
    memcpy(&leg->remote.address, &media->address, sizeof(media->address));
    leg->has_remote = true;
    if (leg->has_media)
        media_leg_remote(leg->engine->media, leg->id, &leg->remote);
}

/* "sip:+1500...@host;x" -> "+1500..."; what is no number -> "sip:user@host". */
static void party_of(struct slice uri, char *out, size_t out_size)
{
    struct slice rest = uri, plain = slice_cut(&rest, ';'), user = plain;
    size_t at;

    if (slice_starts(user, "sip:"))
        user = slice_of(user.at + 4, user.size - 4);
    user = slice_cut(&user, '@');
    for (at = user.size && user.at[0] == '+'; at < user.size; ++at)
        if (user.at[at] < '0' || user.at[at] > '9')
            break;
    slice_copy(user.size > 1 && at == user.size ? user : plain, out, out_size);
}

enum { PARTY_SIZE = 256 };

/* The peer's X- headers as texts; ends at the memory's end. */
struct header_texts {
    struct control_header headers[SIGNAL_HEADERS_MAX];
    size_t count;
};

static void header_texts_init(struct header_texts *texts, const struct signal_event *event)
{
    texts->count = 0;
    for (size_t i = 0; i < event->header_count; ++i) {
        char *name = slice_dup(event->headers[i].name);
        char *value = slice_dup(event->headers[i].value);

        if (!name || !value) {
            free(name);
            free(value);
            return;
        }
        texts->headers[texts->count++] = (struct control_header){name, value};
    }
}

static void header_texts_release(struct header_texts *texts)
{
    for (size_t i = 0; i < texts->count; ++i) {
        free((char *)(uintptr_t)texts->headers[i].name);
        free((char *)(uintptr_t)texts->headers[i].value);
    }
}

static void tell_incoming(struct engine *engine, const struct signal_event *event)
{
    char from[PARTY_SIZE], to[PARTY_SIZE], name[PARTY_SIZE], call_id[PARTY_SIZE], peer[64];
    char address[INET_ADDRSTRLEN];
    struct header_texts headers;
    struct control_event told = {.kind = CONTROL_LEG_INCOMING, .leg = event->leg};

    party_of(event->from, from, sizeof(from));
    party_of(event->to, to, sizeof(to));
    slice_copy(event->from_name, name, sizeof(name));
    slice_copy(event->call_id, call_id, sizeof(call_id));
    inet_ntop(AF_INET, &event->peer.sin_addr, address, sizeof(address));
    snprintf(peer, sizeof(peer), "%s:%u", address, ntohs(event->peer.sin_port));
    header_texts_init(&headers, event);
    told.as.incoming.from = from;
    told.as.incoming.to = to;
    told.as.incoming.caller_name = name[0] ? name : NULL;
    told.as.incoming.sip_call_id = call_id;
    told.as.incoming.headers = headers.headers;
    told.as.incoming.header_count = headers.count;
    told.as.incoming.peer = peer;
    engine_feed(engine, &told);
    header_texts_release(&headers);
}

static void came_in(struct engine *engine, const struct signal_event *event)
{
    struct engine_leg *leg = engine_leg_new(engine, event->leg);

    if (!leg || engine->stopping) {
        if (leg)
            leg->over = true;
        signal_reject(engine->signal, event->leg, 503, "Service Unavailable");
        if (leg)
            engine_leg_release(leg);
        return;
    }
    if (event->has_media)
        set_remote(leg, &event->media);
    tell_incoming(engine, event);
}

static void rang(struct engine *engine, const struct signal_event *event)
{
    char call_id[PARTY_SIZE];
    struct control_event told = {.kind = CONTROL_LEG_RINGING, .leg = event->leg};

    slice_copy(event->call_id, call_id, sizeof(call_id));
    told.as.ringing.early_media = event->kind == SIGNAL_EARLY_MEDIA;
    told.as.ringing.sip_call_id = call_id;
    engine_feed(engine, &told);
}

static void answered(struct engine_leg *leg, instant at)
{
    struct control_event told = {.kind = CONTROL_LEG_ANSWERED, .leg = leg->id};

    if (leg->has_media && !(leg->id & SIGNAL_LEG_INCOMING))
        media_leg_answered(leg->engine->media, leg->id, at);
    engine_feed(leg->engine, &told);
}

static enum control_leg_end end_of(enum signal_end end)
{
    switch (end) {
    case SIGNAL_END_PEER:
    case SIGNAL_END_REFUSED:
    case SIGNAL_END_MEDIA:
    case SIGNAL_END_NO_ANSWER:
        return CONTROL_END_PEER;
    case SIGNAL_END_US:
        return CONTROL_END_OURS;
    case SIGNAL_END_NO_REPLY:
        return CONTROL_END_NO_ANSWER;
    case SIGNAL_END_UNREACHABLE:
    case SIGNAL_END_FAULT:
        return CONTROL_END_TRANSPORT;
    }
    return CONTROL_END_TRANSPORT;
}

static void ended(struct engine *engine, struct engine_leg *leg, const struct signal_event *event)
{
    char reason[PARTY_SIZE];
    struct control_event told = {.kind = CONTROL_LEG_ENDED, .leg = event->leg};

    slice_copy(event->reason, reason, sizeof(reason));
    told.as.ended.by = end_of(event->end);
    told.as.ended.sip_code = event->code == 200 ? 0 : event->code;
    told.as.ended.reason = reason[0] ? reason : NULL;
    if (leg) {
        leg->over = true;
        if (leg->has_media)
            media_leg_close(engine->media, leg->id);
        engine_leg_release(leg);
    }
    log_event("leg.ended", "leg=%llu code=%u by=%s reason='%s'", (unsigned long long)event->leg,
              event->code, signal_end_name(event->end), reason);
    engine_feed(engine, &told);
}

void engine_feed_digit(struct engine *engine, uint64_t leg, char digit, unsigned duration_ms)
{
    struct control_event told = {.kind = CONTROL_LEG_DIGIT, .leg = leg};

    told.as.digit.digit = digit;
    told.as.digit.duration_ms = duration_ms;
    engine_feed(engine, &told);
}

void engine_signal_event(void *arg, const struct signal_event *event)
{
    struct engine *engine = arg;
    struct engine_leg *leg = engine_leg_find(engine, event->leg);
    instant now = media_clock(engine->media); /* the hello is counted from here */

    if (leg && event->has_media)
        set_remote(leg, &event->media);
    switch (event->kind) {
    case SIGNAL_INCOMING:
        came_in(engine, event);
        break;
    case SIGNAL_TRYING:
    case SIGNAL_MEDIA_CHANGED:
        break;
    case SIGNAL_RINGING:
    case SIGNAL_EARLY_MEDIA:
        rang(engine, event);
        break;
    case SIGNAL_ANSWERED:
        if (leg)
            answered(leg, now);
        break;
    case SIGNAL_DIGIT:
        engine_feed_digit(engine, event->leg, event->digit, event->digit_ms);
        break;
    case SIGNAL_ENDED:
        ended(engine, leg, event);
        break;
    case SIGNAL_TRUNK_UP:
        log_event("trunk.up", "trunk=%s", engine->options->trunk);
        control_trunk(engine->control, CONTROL_TRUNK_UP);
        break;
    case SIGNAL_TRUNK_DOWN:
        log_warning("trunk.down", "trunk=%s", engine->options->trunk);
        control_trunk(engine->control, CONTROL_TRUNK_DOWN);
        break;
    }
}

/* ------------------------------------------------------------------------- what media tells us */

static void media_closed(struct engine *engine, const struct media_event *event)
{
    struct engine_leg *leg = engine_leg_find(engine, event->leg);
    struct control_event told = {.kind = CONTROL_LEG_FIGURES, .leg = event->leg};

    told.as.figures.packets_in = event->stats.packets_in;
    told.as.figures.packets_out = event->stats.packets_out;
    told.as.figures.packets_lost = event->stats.lost_in;
    told.as.figures.jitter_us = event->stats.jitter_us;
    engine_feed(engine, &told);
    if (event->stats.rtt_us || event->stats.lost_out)
        log_event("leg.reported", "leg=%llu rtt_us=%u lost=%llu jitter_us=%u",
                  (unsigned long long)event->leg, event->stats.rtt_us,
                  (unsigned long long)event->stats.lost_out, event->stats.jitter_out_us);
    if (leg) {
        leg->has_media = false;
        engine_leg_release(leg);
    }
}

static void digits_sent(struct engine *engine, uint64_t id)
{
    struct engine_leg *leg = engine_leg_find(engine, id);
    struct control_event told = {.kind = CONTROL_LEG_DIGITS_SENT, .leg = id};

    if (leg && leg->digits_waiting && --leg->digits_waiting == 0)
        engine_feed(engine, &told);
}

/* Its handshake is no more to be hoped for: as silent as it can be. */
void engine_browser_failed(void *arg, uint64_t leg, const char *why)
{
    struct control_event told = {.kind = CONTROL_LEG_SILENT, .leg = leg};

    (void)why; /* is in the log */
    engine_feed(arg, &told);
}

static void media_event(struct engine *engine, const struct media_event *event)
{
    struct control_event told = {.leg = event->leg};

    switch (event->kind) {
    case MEDIA_FIRST_PACKET:
        told.kind = CONTROL_LEG_HEARD;
        engine_feed(engine, &told);
        break;
    case MEDIA_HELLO:
        told.kind = CONTROL_LEG_HELLO;
        told.as.hello.latency_us = event->latency_us > 0 ? (uint64_t)event->latency_us : 0;
        engine_feed(engine, &told);
        break;
    case MEDIA_DIGIT:
        engine_feed_digit(engine, event->leg, event->digit, event->duration_ms);
        break;
    case MEDIA_DIGITS_SENT:
        digits_sent(engine, event->leg);
        break;
    case MEDIA_PLAY_ENDED:
        engine_play_ended(engine, event->play_id, event->end);
        break;
    case MEDIA_LEG_SILENT:
        told.kind = CONTROL_LEG_SILENT;
        engine_feed(engine, &told);
        break;
    case MEDIA_LEG_HEARD:
        break;
    case MEDIA_LEG_CLOSED:
        media_closed(engine, event);
        break;
    case MEDIA_WEB_DTLS:
        if (engine->browsers)
            web_peers_dtls(engine->browsers, event->leg,
                           slice_of((const char *)event->datagram.at, event->datagram.size));
        break;
    }
}

void engine_media_events(void *arg, uint32_t epoll_events)
{
    struct engine *engine = arg;
    struct media_event event;

    (void)epoll_events;
    while (media_take_event(engine->media, &event))
        media_event(engine, &event);
}

/* --------------------------------------------------------------------------- what control wants */

static void end_later(struct engine *engine, uint64_t leg, unsigned code, const char *reason)
{
    struct control_event told = {.kind = CONTROL_LEG_ENDED, .leg = leg};

    told.as.ended.by = CONTROL_END_TRANSPORT;
    told.as.ended.sip_code = code;
    told.as.ended.reason = reason;
    engine_feed(engine, &told);
}

static int open_media(struct engine_leg *leg, struct signal_local *local)
{
    int err = media_leg_open(leg->engine->media, leg->id, &local->port);

    local->address = leg->engine->media_address;
    leg->has_media = !err;
    if (err)
        engine_no_room(leg->engine);
    return err;
}

static unsigned code_of(int err)
{
    switch (err) {
    case EINVAL:
        return 484; /* address incomplete */
    case EACCES:
        return 403;
    default:
        return 503;
    }
}

static int invite(struct engine_leg *leg, const struct control_effect *effect)
{
    struct signal_header headers[SIGNAL_HEADERS_MAX];
    struct signal_order order = {
        .to = effect->as.invite.to,
        .from = effect->as.invite.from,
        .caller_name = effect->as.invite.caller_name,
        .user = effect->as.invite.user,
        .password = effect->as.invite.password,
        .headers = headers,
        .ring_timeout_ms = 700 * 1000, /* the control's own is shorter; this one is the net */
    };
    int err = open_media(leg, &order.local);

    if (err)
        return err;
    for (size_t i = 0; i < effect->as.invite.header_count && i < SIGNAL_HEADERS_MAX; ++i)
        headers[order.header_count++] =
            (struct signal_header){slice_from(effect->as.invite.headers[i].name),
                                   slice_from(effect->as.invite.headers[i].value)};
    return signal_invite(leg->engine->signal, leg->id, &order);
}

static void perform_invite(struct engine *engine, const struct control_effect *effect)
{
    struct engine_leg *leg = engine_leg_new(engine, effect->leg);
    char number[LOG_NUMBER_SIZE];
    int err = leg ? invite(leg, effect) : ENOMEM;

    log_event("leg.invite", "leg=%llu to=%s err=%d", (unsigned long long)effect->leg,
              log_number(effect->as.invite.to, number), err);
    if (!err)
        return;
    end_later(engine, effect->leg, code_of(err), "cannot be called");
    if (!leg)
        return;
    leg->over = true;
    if (leg->has_media)
        media_leg_close(engine->media, leg->id);
    engine_leg_release(leg);
}

static void perform_answer(struct engine *engine, uint64_t id)
{
    struct engine_leg *leg = engine_leg_find(engine, id);
    struct signal_local local;

    if (!leg || leg->over || leg->has_media)
        return;
    if (open_media(leg, &local)) {
        signal_reject(engine->signal, id, 503, "Service Unavailable");
        return;
    }
    signal_answer(engine->signal, id, &local);
    if (leg->has_remote)
        media_leg_remote(engine->media, id, &leg->remote);
    media_leg_answered(engine->media, id, media_clock(engine->media));
}

/* Media takes MEDIA_DIGITS_MAX at a time and tells the end of each. */
static void perform_send_digits(struct engine *engine, uint64_t id, const char *digits)
{
    struct engine_leg *leg = engine_leg_find(engine, id);
    char part[MEDIA_DIGITS_MAX + 1];
    struct control_event told = {.kind = CONTROL_LEG_DIGITS_SENT, .leg = id};

    if (!leg || !leg->has_media || !*digits) {
        engine_feed(engine, &told);
        return;
    }
    for (size_t left = strlen(digits), size; left; left -= size, digits += size) {
        size = left < MEDIA_DIGITS_MAX ? left : MEDIA_DIGITS_MAX;
        memcpy(part, digits, size);
        part[size] = 0;
        ++leg->digits_waiting;
        media_leg_send_digits(engine->media, id, part);
    }
}

static void perform_join(struct engine *engine, const struct control_effect *effect)
{
    struct media_join join = {.muted = effect->as.room.muted, .coached = effect->as.room.coach};

    media_room_join(engine->media, effect->leg, effect->as.room.room, &join);
    media_leg_hold(engine->media, effect->leg, effect->as.room.held, NULL);
}

const char *engine_reason_of(unsigned code)
{
    switch (code) {
    case 404:
        return "Not Found";
    case 486:
        return "Busy Here";
    case 603:
        return "Decline";
    default:
        return "Temporarily Unavailable";
    }
}

/* What signalling does: false, it is no browser's leg. */
static bool perform_web(struct engine *engine, const struct control_effect *effect)
{
    struct engine_leg *leg = engine_leg_find(engine, effect->leg);

    if (!leg || !leg->is_browser)
        return false;
    engine_web_effect(leg, effect);
    return true;
}

void engine_leg_effect(struct engine *engine, const struct control_effect *effect)
{
    switch (effect->kind) {
    case CONTROL_INVITE:
        if (engine_web_is_for(effect))
            engine_web_invite(engine, effect);
        else
            perform_invite(engine, effect);
        break;
    case CONTROL_ANSWER:
        if (!perform_web(engine, effect))
            perform_answer(engine, effect->leg);
        break;
    case CONTROL_EARLY_MEDIA:
        (void)perform_web(engine, effect); /* no other leg takes it */
        break;
    case CONTROL_REJECT:
        if (!perform_web(engine, effect))
            signal_reject(engine->signal, effect->leg, effect->as.reject.sip_code,
                          engine_reason_of(effect->as.reject.sip_code));
        break;
    case CONTROL_HANG_UP:
        if (!perform_web(engine, effect))
            signal_hang_up(engine->signal, effect->leg);
        break;
    case CONTROL_SEND_DIGITS:
        perform_send_digits(engine, effect->leg, effect->as.digits.digits);
        break;
    case CONTROL_ROOM_OPEN:
        media_room_open(engine->media, effect->as.room.room);
        break;
    case CONTROL_ROOM_CLOSE:
        media_room_close(engine->media, effect->as.room.room);
        break;
    case CONTROL_ROOM_JOIN:
        perform_join(engine, effect);
        break;
    case CONTROL_ROOM_LEAVE:
        media_room_leave(engine->media, effect->leg, false);
        break;
    case CONTROL_LEG_MUTE:
        media_leg_mute(engine->media, effect->leg, effect->as.flag.on);
        break;
    case CONTROL_LEG_HOLD:
        media_leg_hold(engine->media, effect->leg, effect->as.flag.on, NULL);
        break;
    case CONTROL_LEG_COACH:
        media_leg_coach(engine->media, effect->leg, effect->as.coach.coach);
        break;
    case CONTROL_FETCH:
    case CONTROL_PLAY:
    case CONTROL_STOP_PLAY:
        check(!"an effect about a leg or a room");
    }
}
