#include "voice/voice.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "net/descriptors.h"
#include "voice/engine.h"
#include "voice/media/media_web.h"

enum {
    FAILED = 1,
    MISUSED = 2,
    DESCRIPTORS_MAX = 65536,
    MEDIA_PORT_FIRST = 20000,
    MEDIA_PORT_LAST = 29999,
    SILENT_MS_PRESET = 30000,
    STOP_LOOK_MS = 20,
    CALLER_IDS_MAX = 1024,
    FETCHED_SIZE_MAX = 64 << 20, /* of all answers that are coming, together */
};

/* ------------------------------------------------------------------------ feeding the control */

static void deadline_came(void *arg)
{
    static const struct control_event passed = {.kind = CONTROL_TIME_PASSED};

    engine_feed(arg, &passed);
}

static void perform(struct engine *engine, const struct control_effect *effect)
{
    switch (effect->kind) {
    case CONTROL_FETCH:
        engine_fetch(engine, effect);
        break;
    case CONTROL_PLAY:
        engine_play(engine, effect);
        break;
    case CONTROL_STOP_PLAY:
        engine_stop_play(engine, effect->as.play.play);
        break;
    case CONTROL_INVITE:
    case CONTROL_ANSWER:
    case CONTROL_EARLY_MEDIA:
    case CONTROL_REJECT:
    case CONTROL_HANG_UP:
    case CONTROL_SEND_DIGITS:
    case CONTROL_ROOM_OPEN:
    case CONTROL_ROOM_CLOSE:
    case CONTROL_ROOM_JOIN:
    case CONTROL_ROOM_LEAVE:
    case CONTROL_LEG_MUTE:
    case CONTROL_LEG_HOLD:
    case CONTROL_LEG_COACH:
        engine_leg_effect(engine, effect);
        break;
    }
}

static void feed_later(struct engine *engine, const struct control_event *event)
{
    if (engine->later_count == engine->later_room) {
        size_t room = engine->later_room ? 2 * engine->later_room : 64;
        struct control_event *later = realloc(engine->later, room * sizeof(*later));

        check(later); /* a lost event would leave a call hanging for ever */
        engine->later = later;
        engine->later_room = room;
    }
    engine->later[engine->later_count++] = *event;
}

void engine_settle(struct engine *engine)
{
    struct control_effect effect;

    if (engine->settling)
        return;
    engine->settling = true;
    for (size_t fed = 0;; ++fed) {
        while (control_drain(engine->control, &effect))
            perform(engine, &effect);
        if (fed == engine->later_count)
            break;
        control_feed(engine->control, loop_clock(), &engine->later[fed]);
    }
    engine->later_count = 0;
    engine->settling = false;
    if (control_deadline(engine->control) == INSTANT_NEVER)
        loop_timer_stop(engine->loop, &engine->deadline_timer);
    else
        check(loop_timer_start(engine->loop, &engine->deadline_timer,
                               control_deadline(engine->control), deadline_came, engine) == 0);
}

void engine_feed(struct engine *engine, const struct control_event *event)
{
    if (engine->settling) {
        feed_later(engine, event);
        return;
    }
    control_feed(engine->control, loop_clock(), event);
    engine_settle(engine);
}

/* ------------------------------------------------------------------------------------ stopping */

static void look_whether_gone(void *arg)
{
    struct engine *engine = arg;
    struct control_figures figures;
    instant now = loop_clock();

    control_figures(engine->control, &figures);
    if ((!control_live_calls(engine->control) && !signal_leg_count(engine->signal) &&
         !figures.fetches_open) ||
        now >= engine->stop_by)
        signal_stop(engine->signal);
    else if (loop_timer_start(engine->loop, &engine->stop_timer, now + STOP_LOOK_MS * MILLISECOND,
                              look_whether_gone, engine))
        signal_stop(engine->signal);
}

static void stop(void *arg, uint32_t epoll_events)
{
    struct engine *engine = arg;
    struct signalfd_siginfo info;

    (void)epoll_events;
    if (read(engine->signal_fd, &info, sizeof(info)) != sizeof(info))
        return;
    if (info.ssi_signo == SIGUSR1) {
        engine_figures_tell(engine);
        return;
    }
    if (engine->stopping) { /* asked twice: now */
        signal_stop(engine->signal);
        return;
    }
    log_event("voice.stopping", "signal=%u calls=%zu", info.ssi_signo,
              control_live_calls(engine->control));
    engine->stopping = true;
    engine->stop_by = loop_clock() + 2 * SECOND;
    control_hang_up_all(engine->control, loop_clock());
    engine_settle(engine);
    signal_hang_up_all(engine->signal);
    /* A moment for the answers to our BYEs, so that nothing has to be sent twice. */
    if (loop_timer_start(engine->loop, &engine->stop_timer,
                         loop_clock() + 5 * STOP_LOOK_MS * MILLISECOND, look_whether_gone, engine))
        signal_stop(engine->signal);
}

static int watch_signals(struct engine *engine)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_BLOCK, &mask, NULL); /* before any thread: they inherit it */
    engine->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    if (engine->signal_fd < 0)
        return errno;
    return loop_watch(engine->loop, engine->signal_fd, EPOLLIN, stop, engine);
}

/* ------------------------------------------------------------------------------------- options */

static const char *given(const char *text)
{
    return text && *text ? text : NULL;
}

static int complain(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* To people, and in one line of JSON to whoever has started us. */
static int complain(int code, const char *format, ...)
{
    char why[400];
    json_t *line;
    va_list list;

    va_start(list, format);
    vsnprintf(why, sizeof(why), format, list);
    va_end(list);
    fprintf(stderr, "outdial voice: %s\n", why);
    line = json_pack("{s:b, s:s}", "ready", 0, "why", why);
    if (line && json_dumpf(line, stdout, JSON_COMPACT) == 0)
        putchar('\n');
    fflush(stdout);
    json_decref(line);
    return code;
}

/* "ADDRESS:PORT" of IPv4. 0, or EINVAL. */
static int read_address(const char *text, char *address, size_t address_size, uint16_t *port)
{
    struct slice rest = slice_from(text), host = slice_cut(&rest, ':');
    struct in_addr number;
    int64_t value;

    if (!slice_copy(host, address, address_size) || inet_pton(AF_INET, address, &number) != 1 ||
        slice_to_i64(rest, 0, 65535, &value))
        return EINVAL;
    *port = (uint16_t)value;
    return 0;
}

struct media_address {
    char address[64];
    uint16_t first, last;
};

/* "ADDRESS[:FIRST-LAST]" */
static int read_media_address(const char *text, struct media_address *media)
{
    struct slice last = slice_from(text), host = slice_cut(&last, ':'), first;
    struct in_addr number;
    int64_t low = MEDIA_PORT_FIRST, high = MEDIA_PORT_LAST;
    bool has_ports = memchr(text, ':', strlen(text)) != NULL;

    if (!slice_copy(host, media->address, sizeof(media->address)) ||
        inet_pton(AF_INET, media->address, &number) != 1)
        return EINVAL;
    first = slice_cut(&last, '-');
    if (has_ports && (slice_to_i64(first, 0, 65535, &low) || slice_to_i64(last, low, 65535, &high)))
        return EINVAL;
    media->first = (uint16_t)low;
    media->last = (uint16_t)high;
    return 0;
}

/* ------------------------------------------------------------------------------------ the parts */

/* "ADDRESS[:PORT]" of IPv4. 0, or EINVAL. */
static int read_web_media(const char *text, char *address, size_t address_size, uint16_t *port)
{
    char with_port[64];

    snprintf(with_port, sizeof(with_port), "%s%s", text, strchr(text, ':') ? "" : ":0");
    return read_address(with_port, address, address_size, port);
}

static int start_media(struct engine *engine, struct media_address *address)
{
    const struct voice_options *from = engine->options;
    struct media_options options = {.address = address->address,
                                    .silent_ms =
                                        from->silent_ms ? from->silent_ms : SILENT_MS_PRESET,
                                    .realtime = true};
    bool is_other = from->media_advertised && *from->media_advertised;
    const char *advertised = is_other ? from->media_advertised : address->address;
    char error[256] = "", web_address[64];

    options.port_first = address->first;
    options.port_last = address->last;
    if (inet_pton(AF_INET, advertised, &engine->media_address) != 1)
        return complain(MISUSED, "--media-advertised '%s' is no IPv4 address", advertised);
    options.leg_count_max = engine->capacity.calls;
    if (from->web_media && *from->web_media) {
        if (read_web_media(from->web_media, web_address, sizeof(web_address), &options.web_port))
            return complain(MISUSED, "--web-media '%s' is not of the form ADDRESS[:PORT]",
                            from->web_media);
        options.web_address = web_address;
    }
    if (media_new(&engine->media, &options, error, sizeof(error)))
        return complain(FAILED, "media: %s", error);
    if (loop_watch(engine->loop, media_event_fd(engine->media), EPOLLIN, engine_media_events,
                   engine))
        return complain(FAILED, "media: cannot be watched");
    return 0;
}

/* "a,b,c" into a NULL-ended list inside one copy. */
struct words {
    char *copy;
    const char *words[CALLER_IDS_MAX + 1];
    size_t count;
};

static int words_init(struct words *words, const char *text)
{
    char *at;

    words->count = 0;
    words->words[0] = NULL;
    words->copy = strdup(text ? text : "");
    if (!words->copy)
        return ENOMEM;
    for (at = words->copy; *at && words->count < CALLER_IDS_MAX;) {
        size_t size = strcspn(at, ", ");
        bool is_last = !at[size];

        at[size] = 0;
        if (size)
            words->words[words->count++] = at;
        at += size + !is_last;
    }
    words->words[words->count] = NULL;
    return 0;
}

static int start_browsers(struct engine *engine)
{
    const struct voice_options *from = engine->options;
    struct web_peers_options options = {.loop = engine->loop,
                                        .opus = from->web_opus,
                                        .failed = engine_browser_failed,
                                        .arg = engine};
    char error[256] = "", address[64];
    struct words candidates;
    uint16_t port;
    int err;

    if (!from->web_media || !*from->web_media)
        return 0;
    check(read_web_media(from->web_media, address, sizeof(address), &port) == 0);
    if (words_init(&candidates,
                   from->web_advertised && *from->web_advertised ? from->web_advertised : address))
        return complain(FAILED, "out of memory");
    options.candidates = candidates.words;
    err = web_peers_new(&engine->browsers, engine->media, &options, error, sizeof(error));
    free(candidates.copy);
    if (err)
        return complain(err == EINVAL ? MISUSED : FAILED,
                        "--web-media '%s' --web-advertised '%s': %s", from->web_media,
                        from->web_advertised ? from->web_advertised : "", error);
    log_event("voice.browsers", "port=%u", media_web_port(engine->media));
    return 0;
}

static int start_signal(struct engine *engine)
{
    const struct voice_options *from = engine->options;
    struct signal_options options = {.trunk = from->trunk,
                                     .trunk_user = from->trunk_user,
                                     .trunk_password = from->trunk_password,
                                     .loopback_is_peer = !from->loopback_is_stranger,
                                     .probe_ms = from->probe_ms,
                                     .leg_count_max = engine->capacity.calls,
                                     .handler = engine_signal_event,
                                     .arg = engine};
    char address[64];
    const char *error = NULL;
    struct words peers;
    int err;

    if (read_address(from->sip, address, sizeof(address), &options.port) ||
        inet_pton(AF_INET, address, &options.address) != 1 || !options.address.s_addr)
        return complain(MISUSED,
                        "--sip '%s' is not of the form ADDRESS:PORT with the IPv4 address "
                        "that peers are to answer to",
                        from->sip);
    if (words_init(&peers, from->peers))
        return complain(FAILED, "out of memory");
    options.peers = peers.words;
    err = signal_new(&engine->signal, &options, &error);
    free(peers.copy);
    if (err == EINVAL || err == ENOENT)
        return complain(MISUSED, "%s: --trunk '%s' --allow '%s'", error,
                        from->trunk ? from->trunk : "", from->peers ? from->peers : "");
    if (err)
        return complain(FAILED, "%s '%s': %s", error, from->sip, strerror(err));
    return 0;
}

static int start_control(struct engine *engine)
{
    const struct voice_options *from = engine->options;
    struct control_options options = {
        .account_sid = from->account_sid,
        .auth_token = from->auth_token,
        .api_key_sid = given(from->api_key_sid),
        .api_key_secret = given(from->api_key_secret),
        .application_sid = given(from->application_sid),
        .application_url = given(from->application_url),
        .unlisted = {.voice_url =
                         from->incoming_url && *from->incoming_url ? from->incoming_url : NULL},
        .calls_per_second = from->calls_per_second,
        .live_call_count_max = engine->capacity.calls,
        .ended_call_count_max = from->calls_kept,
        .queue_age_max = (instant)from->queue_age_s_max * SECOND};
    unsigned char seed[32];
    struct words caller_ids, prefixes;
    int err;

    if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
        return complain(FAILED, "the system gives no random numbers");
    if (words_init(&caller_ids, from->caller_ids) || words_init(&prefixes, from->prefixes))
        return complain(FAILED, "out of memory");
    options.caller_ids = caller_ids.words;
    options.caller_id_count = caller_ids.count;
    options.allowed_prefixes = prefixes.words;
    options.allowed_prefix_count = prefixes.count;
    err = control_new(&engine->control, &options, seed, sizeof(seed));
    free(caller_ids.copy);
    free(prefixes.copy);
    if (err == EINVAL)
        return complain(MISUSED, "not all SIDs are AC, SK or AP and 32 hex digits (environment "
                                 "variables twilio_account_sid, twilio_api_key_sid and "
                                 "twilio_app_id_outbound)");
    if (!err && (!engine->options->trunk || !*engine->options->trunk))
        control_trunk(engine->control, CONTROL_TRUNK_NONE);
    return err ? complain(FAILED, "call control: %s", strerror(err)) : 0;
}

static int start_http(struct engine *engine)
{
    const struct voice_options *from = engine->options;
    unsigned fetches = engine->capacity.fetches;
    struct http_client_options client = {.connection_count_max = fetches - fetches / 4,
                                         .connection_per_host_max = fetches / 2,
                                         .held_size_max = FETCHED_SIZE_MAX,
                                         .insecure = from->webhook_insecure,
                                         .may_connect = engine_may_connect,
                                         .may_connect_arg = engine};
    struct http_server_options server = {
        .connection_count_max = engine->capacity.requests + engine->capacity.pages,
        /* pages come through the dialer, from one address */
        .connections_of_one_address_max = engine->capacity.requests / 2 + engine->capacity.pages,
        .crowded_status = 429,
        .idle_ms = 60000};
    char address[64];
    int err;

    if (http_client_new(&engine->client, engine->loop, &client))
        return complain(FAILED, "out of memory");
    client.connection_count_max = fetches / 4;
    client.connection_per_host_max = fetches / 4;
    if (http_client_new(&engine->callback_client, engine->loop, &client))
        return complain(FAILED, "out of memory");
    if (read_address(from->http, address, sizeof(address), &server.port))
        return complain(MISUSED, "--http '%s' is not of the form ADDRESS:PORT", from->http);
    server.address = address;
    err = http_server_new(&engine->server, engine->loop, &server, engine_rest, engine);
    if (err)
        return complain(FAILED, "cannot listen on '%s': %s", from->http, strerror(err));
    return 0;
}

static int say_ready(struct engine *engine, const struct media_address *media)
{
    const struct voice_options *from = engine->options;
    char address[64], text[128];
    uint16_t port;
    json_t *line = json_pack("{s:b}", "ready", 1);
    int err;

    check(read_address(from->http, address, sizeof(address), &port) == 0);
    snprintf(text, sizeof(text), "http://%s:%u", address, http_server_port(engine->server));
    err = json_object_set_new(line, "http", json_string(text));
    check(read_address(from->sip, address, sizeof(address), &port) == 0);
    snprintf(text, sizeof(text), "%s:%u", address, signal_port(engine->signal));
    err |= json_object_set_new(line, "sip", json_string(text));
    snprintf(text, sizeof(text), "%s:%u-%u", media->address, media->first, media->last);
    err |= json_object_set_new(line, "media", json_string(text));
    err |= json_dumpf(line, stdout, JSON_COMPACT);
    json_decref(line);
    putchar('\n');
    if (err || fflush(stdout))
        return complain(FAILED, "cannot write to standard output");
    return 0;
}

static void step(void *arg)
{
    struct engine *engine = arg;

    loop_step(engine->loop, 0);
}

/* One call, one even port; the odd one beside it is RTCP's. */
static int find_room(struct engine *engine, const struct media_address *media)
{
    unsigned ports = media->last / 2u - (media->first + 1u) / 2u + 1u;
    unsigned wanted = engine->options->calls_max;

    if (!media->first)
        ports = 65536 / 2; /* any that is free */
    engine->capacity =
        capacity_of(engine->descriptors, ports, wanted, given(engine->options->web_media) != NULL);
    if (!engine->capacity.calls)
        return complain(FAILED,
                        "%u descriptors are too few for a call: raise the limit (ulimit -n) "
                        "to 1024 or more",
                        engine->descriptors);
    if (wanted && engine->capacity.calls < wanted)
        log_warning("voice.capacity", "calls=%u wanted=%u why='%s'", engine->capacity.calls, wanted,
                    engine->capacity.why);
    else
        log_event("voice.capacity", "calls=%u why='%s' requests=%u fetches=%u",
                  engine->capacity.calls, engine->capacity.why, engine->capacity.requests,
                  engine->capacity.fetches);
    return 0;
}

static int start(struct engine *engine, struct media_address *media)
{
    int code;

    if (read_media_address(engine->options->media, media))
        return complain(MISUSED, "--media '%s' is not of the form ADDRESS[:FIRST-LAST]",
                        engine->options->media);
    if (find_room(engine, media))
        return FAILED;
    if (loop_new(&engine->loop) || watch_signals(engine))
        return complain(FAILED, "the event loop: %s", strerror(errno));
    if (prompt_new(&engine->prompt, engine->loop, &(struct prompt_options){.speaker = NULL}))
        return complain(FAILED, "out of memory");
    code = start_control(engine);
    if (!code)
        code = start_media(engine, media);
    if (!code)
        code = start_browsers(engine);
    if (!code && engine_web_start(engine))
        code = complain(FAILED, "browsers cannot be taken: out of memory");
    if (!code)
        code = start_signal(engine);
    if (!code)
        code = start_http(engine);
    if (!code && signal_nest(engine->signal, loop_fd(engine->loop), step, engine))
        code = complain(FAILED, "the event loops cannot be nested");
    if (code)
        return code;
    engine_load_watch(engine);
    engine_alone_watch(engine);
    return say_ready(engine, media);
}

/* The control goes last but is not told of what the others let go of. */
static void release(struct engine *engine)
{
    struct control *control = engine->control;

    engine->settling = true; /* nothing is performed any more */
    engine->control = NULL;
    http_server_free(engine->server);
    engine_web_release(engine);
    http_client_free(engine->client);
    http_client_free(engine->callback_client);
    engine_sounds_release(engine);
    prompt_free(engine->prompt);
    signal_free(engine->signal);
    web_peers_free(engine->browsers);
    if (engine->media)
        loop_unwatch(engine->loop, media_event_fd(engine->media));
    media_free(engine->media);
    engine_legs_release(engine);
    control_free(control);
    loop_free(engine->loop);
    free(engine->later);
    if (engine->signal_fd >= 0)
        close(engine->signal_fd);
}

int voice_run(const struct voice_options *options)
{
    struct engine engine = {.options = options, .signal_fd = -1};
    struct media_address media;
    int code;

    if (!options->account_sid || !*options->account_sid || !options->auth_token ||
        !*options->auth_token)
        return complain(MISUSED, "credentials are missing: set the environment variables "
                                 "twilio_account_sid and twilio_auth_token");
    engine.descriptors = descriptors_raise(DESCRIPTORS_MAX);
    if (signal_library_start(engine.descriptors))
        return complain(FAILED, "the SIP library does not start");
    if (!signal_timers_check()) {
        signal_library_stop();
        return complain(FAILED, "the SIP library does not use our timers: the program is linked "
                                "without its symbols exported");
    }
    table_init(&engine.legs);
    table_init(&engine.sounds);
    table_init(&engine.sockets);
    code = start(&engine, &media);
    if (!code && signal_run(engine.signal))
        code = complain(FAILED, "the event loop has failed");
    if (!code)
        log_event("voice.stopped", "strangers=%llu legs=%llu",
                  (unsigned long long)signal_counts(engine.signal).strangers,
                  (unsigned long long)signal_counts(engine.signal).legs);
    release(&engine);
    signal_library_stop();
    return code;
}
