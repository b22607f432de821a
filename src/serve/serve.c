#include "serve/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/file.h>
#include <unistd.h>

#include "api/board.h"
#include "api/live.h"
#include "api/sessions.h"
#include "base/log.h"
#include "desk/desk.h"
#include "desk/pages.h"
#include "desk/push.h"
#include "net/descriptors.h"
#include "serve/demo.h"
#include "serve/entry.h"
#include "server/boot.h"
#include "server/calls.h"
#include "server/dialing.h"
#include "server/imports.h"
#include "server/server.h"
#include "server/tokens.h"
#include "server/watch.h"

enum {
    STOP_MS_MAX = ENGINE_STOP_MS_MAX + 1000,
    LEAP_CHECK_S = 1,
    CHECK_MS_MAX = 1500,
    WATCH_MS = 1000,
    WATCH_MS_HOSTED = 10000,
    CONNECTIONS_MAX = 2048, /* at most half of the descriptors: the store needs some, too */
    DESCRIPTORS_MAX = 8192,
};

/* A number nobody has (the vendor's own test number): shown when none is set and the engine is ours. */
#define FICTITIOUS_CALLER "+15005550006"

struct process {
    struct server server;
    const struct serve_options *options;
    struct boot *boot;
    struct demo *demo; /* NULL */
    struct loop_timer leap, stop;
    char trunk[256]; /* given, or the demo's phones */
    char http_text[160], page_hosts[512];
    bool told_ready, left;
    int code;
    int terminal; /* standard error while the demo's log goes to a file; else -1 */
    char why[512];
};

static struct loop *signalled; /* the loop that a signal stops: the one thing a handler can reach */

static void on_signal(int number)
{
    if (signalled)
        loop_stop(signalled);
}

__attribute__((format(printf, 2, 3))) static int fail(struct process *process, const char *format,
                                                      ...)
{
    va_list list;

    int fd = process->terminal >= 0 ? process->terminal : STDERR_FILENO;

    va_start(list, format);
    dprintf(fd, "outdial serve: ");
    vdprintf(fd, format, list);
    dprintf(fd, "\n");
    va_end(list);
    process->code = 1;
    return EINVAL;
}

/* Makes a folder and those above it. */
static int make_folder(const char *path)
{
    char part[PATH_MAX];

    if (!slice_copy(slice_from(path), part, sizeof(part)))
        return ENAMETOOLONG;
    for (char *at = part + 1; *at; at++)
        if (*at == '/') {
            *at = '\0';
            if (mkdir(part, 0755) != 0 && errno != EEXIST)
                return errno;
            *at = '/';
        }
    return mkdir(part, 0700) != 0 && errno != EEXIST ? errno : 0;
}

static const char *from_environment(const char *name)
{
    return getenv(name);
}

static bool split_address(const char *text, char *host, size_t host_size, uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    int64_t value;

    if (!colon || slice_to_i64(slice_from(colon + 1), 0, 65535, &value) != 0 ||
        !slice_copy(slice_of(text, (size_t)(colon - text)), host, host_size))
        return false;
    *port = (uint16_t)value;
    return true;
}

/* The port this data folder's server had last: an engine that outlived it still calls there. */
static uint16_t last_port(const struct server *server)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/server.json", server->data);
    json_t *json = json_load_file(path, 0, NULL);
    json_int_t port = json_integer_value(json_object_get(json, "port"));

    json_decref(json);
    return port > 0 && port <= 65535 ? (uint16_t)port : 0;
}

static void keep_port(const struct server *server, uint16_t port)
{
    json_t *json = json_pack("{s:i}", "port", (int)port);
    char *text = json ? json_dumps(json, 0) : NULL;

    if (text && secret_write(server->data, "server.json", text) != 0)
        log_warning("server.port", "why=\"cannot write server.json\"");
    free(text);
    json_decref(json);
}

static int listen_http(struct process *process)
{
    struct server *server = &process->server;
    const struct serve_options *options = process->options;
    unsigned descriptors = descriptors_raise(DESCRIPTORS_MAX);
    struct http_server_options http = {.body_size_max = 8 << 20,
                                       .connection_count_max = descriptors / 2 < CONNECTIONS_MAX
                                                                   ? descriptors / 2
                                                                   : CONNECTIONS_MAX};
    char host[128];
    uint16_t port;
    int err = EINVAL;

    if (!split_address(options->http, host, sizeof(host), &port))
        return fail(process, "--http '%s' is not of the form HOST:PORT", options->http);
    http.address = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (port == 0 && (http.port = last_port(server)) != 0)
        err = http_server_new(&server->http, server->loop, &http, entry_take_request, server);
    if (err) {
        http.port = port;
        err = http_server_new(&server->http, server->loop, &http, entry_take_request, server);
    }
    if (err == EINVAL)
        return fail(process, "--http '%s' needs an address in numbers, or localhost",
                    options->http);
    if (err)
        return fail(process, "cannot listen on '%s': %s", options->http, strerror(err));
    http_server_on_head(server->http, entry_take_head);
    port = http_server_port(server->http);
    keep_port(server, port);
    snprintf(process->http_text, sizeof(process->http_text), "http://%s:%u", http.address, port);
    snprintf(server->hook_url, sizeof(server->hook_url), "http://%s:%u",
             strcmp(http.address, "0.0.0.0") == 0 ? "127.0.0.1" : http.address, port);
    slice_copy(slice_from(*options->public_url ? options->public_url : server->hook_url),
               server->public_url, sizeof(server->public_url));
    if (server->credentials.hosted || *options->voice)
        slice_copy(slice_from(server->public_url), server->hook_url, sizeof(server->hook_url));
    return 0;
}

/* An operator's token is there from the first start on: DIR/token, which the commands read. */
static int first_token(struct process *process, struct store *store)
{
    struct server *server = &process->server;
    char token[TOKEN_SIZE], hash[TOKEN_HASH_SIZE], path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/token", server->data);
    if (access(path, R_OK) == 0)
        return 0;
    int err = token_make(token);

    if (err)
        return err;
    token_hash(slice_from(token), hash);
    struct store_record record = {
        .kind = STORE_TOKEN,
        .of.token = {.name = "first", .hash = hash, .rights = "operator", .made_at = loop_clock()}};

    err = store_begin(store);
    if (!err)
        err = store_put(store, &record);
    if (!err)
        err = store_commit(store);
    if (err)
        store_rollback(store);
    else
        err = secret_write(server->data, "token", token);
    return err;
}

static void on_trouble(void *arg, const struct keeper_trouble *trouble)
{
    struct server *server = arg;

    if (server->stopping)
        return;
    if (trouble->err)
        holds_set(server, HOLD_STORE, trouble->why);
    else
        holds_clear(server, HOLD_STORE);
}

/* A store is not worked on that is known to be damaged; a large one is not looked at to its end. */
static int check_store(struct process *process, struct store *store)
{
    bool whole;
    int err = store_check(store, CHECK_MS_MAX, &whole);

    if (err)
        return fail(process, "%s; %s", store_why(store), keeper_advice(err));
    if (!whole)
        log_event("store.checked", "whole=no why=\"it is large; each page is checked when read\"");
    return 0;
}

static int open_store(struct process *process)
{
    struct server *server = &process->server;
    struct store *store = NULL;

    snprintf(server->store_path, sizeof(server->store_path), "%s/outdial.db", server->data);
    int err = store_open_sqlite(&store, server->store_path, STORE_OWNER, process->why,
                                sizeof(process->why));

    if (err)
        return fail(process, "%s; %s", process->why, keeper_advice(err));
    err = check_store(process, store);
    if (err) {
        store_close(store);
        return err;
    }
    err = first_token(process, store);
    if (err) {
        store_close(store);
        return fail(process, "cannot make a first token: %s", strerror(err));
    }
    err = boot_read(&process->boot, server, store, process->why, sizeof(process->why));
    if (err) {
        store_close(store);
        return fail(process, "%s", process->why);
    }
    err = keeper_new(&server->keeper, store, server->loop, process->options->commit_ms);
    if (err) {
        store_close(store);
        return fail(process, "cannot start the store thread: %s", strerror(err));
    }
    keeper_on_trouble(server->keeper, on_trouble, server);
    return 0;
}

static void tell_ready(struct process *process, const char *voice)
{
    if (process->told_ready)
        return;
    process->told_ready = true;
    json_t *json = json_pack("{s:b, s:s, s:s, s:s}", "ready", 1, "http", process->http_text,
                             "voice", voice, "data", process->server.data);

    if (json && !(process->demo && isatty(STDOUT_FILENO))) {
        json_dumpf(json, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
    }
    json_decref(json);
    if (process->demo)
        demo_begin(process->demo, process->http_text);
}

static void ask_everything(struct server *server)
{
    struct event event = {.kind = EVENT_VOICE_RESTARTED};

    dialing_feed(server, &event, NULL);
}

static void on_engine(void *arg, const struct engine_news *news)
{
    struct process *process = arg;
    struct server *server = &process->server;

    switch (news->kind) {
    case ENGINE_UP:
    case ENGINE_ADOPTED:
        if (telephony_move(server->telephony, news->url) != 0)
            check(!"memory for an address");
        server_lead_signal(server, news->url);
        server->voice_is_up = true;
        ask_everything(server);
        holds_clear(server, HOLD_VOICE);
        watch_soon(server->watch);
        tell_ready(process, news->url);
        break;
    case ENGINE_SILENT:
        holds_set(server, HOLD_VOICE, news->why);
        break;
    case ENGINE_DOWN:
        server_lead_signal(server, NULL);
        server->voice_is_up = false;
        snprintf(process->why, sizeof(process->why),
                 "the voice engine is gone (%s); it is started again", news->why);
        holds_set(server, HOLD_VOICE, process->why);
        break;
    case ENGINE_REFUSED:
        fail(process, "%s", news->why);
        loop_stop(server->loop);
        break;
    case ENGINE_STOPPED:
        server->voice_is_up = false;
        process->left = true;
        break;
    }
}

static int make_voice(struct process *process)
{
    struct server *server = &process->server;
    const struct serve_options *options = process->options;
    bool own = !server->credentials.hosted && !*options->voice;
    char application_url[sizeof(server->hook_url) + 16];
    struct telephony_options telephony = {
        .base_url = *options->voice              ? options->voice
                    : server->credentials.hosted ? "https://api.twilio.com"
                                                 : "http://127.0.0.1:9",
        .account = server->credentials.account,
        .secret = server->credentials.auth_token,
        .calls_per_second = 0, /* the core paces the orders */
        .seed = (uint64_t)loop_clock(),
    };
    int err = telephony_new(&server->telephony, server->loop, &telephony);
    const char *shown = *options->caller_id              ? options->caller_id
                        : *server->credentials.caller_id ? server->credentials.caller_id
                                                         : FICTITIOUS_CALLER;

    slice_copy(slice_from(shown), server->caller_id, sizeof(server->caller_id));
    if (err || !own)
        return err;
    snprintf(application_url, sizeof(application_url), "%s/voice/client", server->hook_url);
    struct engine_options engine = {
        .data = server->data,
        .http = options->engine_http,
        .sip = options->engine_sip,
        .media = options->engine_media,
        .web_media = options->engine_web_media,
        .web_advertised = options->engine_web_advertised,
        .alone_s = options->engine_alone_s,
        .silent_s = options->engine_silent_s,
        .trunk = process->trunk,
        .account = server->credentials.account,
        .auth_token = server->credentials.auth_token,
        .key = server->credentials.key,
        .key_secret = server->credentials.key_secret,
        .application = server->credentials.application,
        .application_url = application_url,
        .log = options->log,
        /* agents' lines come on top of the customers' calls */
        .calls_per_second = 2 * options->calls_per_second + 20,
    };

    return engine_new(&server->engine, server->loop, &engine, on_engine, process);
}

static void check_leap(void *arg)
{
    struct process *process = arg;
    struct server *server = &process->server;
    instant leap = loop_clock_leap() - server->clock_offset;

    if (leap > SECOND || leap < -SECOND) {
        struct event event = {.kind = EVENT_CLOCK_LEAPT, .of.leap = leap};

        log_warning("clock.leapt", "seconds=%lld", (long long)(leap / SECOND));
        server->clock_leapt += leap > 0 ? leap : -leap;
        if (leap > 0)
            server->clock_offset += leap;
        dialing_feed(server, &event, NULL);
        if (leap < 0) { /* the event itself is of the old time */
            server->clock_offset += leap;
            server->fed_at += leap;
        }
        dialing_wake(server);
    }
    if (loop_timer_start(server->loop, &process->leap,
                         loop_now(server->loop) + LEAP_CHECK_S * SECOND, check_leap, process) != 0)
        log_warning("clock.unwatched", "why=\"no memory for a timer\"");
}

static void voice_begins(struct process *process)
{
    struct server *server = &process->server;

    holds_tell(server);
    if (watch_new(&server->watch, server,
                  server->credentials.hosted && !*process->options->voice ? WATCH_MS_HOSTED
                                                                          : WATCH_MS,
                  process->options->engine_silent_s) != 0)
        check(!"memory for the watch");
    if (server->engine) {
        engine_start(server->engine);
        return;
    }
    server_lead_signal(server, *process->options->voice ? process->options->voice : NULL);
    server->voice_is_up = true;
    ask_everything(server);
    tell_ready(process,
               *process->options->voice ? process->options->voice : "https://api.twilio.com");
}

/* The demo's phones listen: now the engine can be told its trunk. */
static void phones_ready(void *arg, const char *trunk)
{
    struct process *process = arg;

    slice_copy(slice_from(trunk), process->trunk, sizeof(process->trunk));
    if (make_voice(process) != 0) {
        fail(process, "no memory for the voice client");
        loop_stop(process->server.loop);
        return;
    }
    boot_recover(process->boot, &process->server);
    voice_begins(process);
}

static void demo_failed(void *arg, const char *why)
{
    struct process *process = arg;

    fail(process, "%s", why);
    loop_stop(process->server.loop);
}

/* What the agents' pages speak to besides us, when voice or push are hosted. */
static const char *page_hosts(struct process *process)
{
    const struct credentials *credentials = &process->server.credentials;
    const char *cluster = *credentials->push_cluster ? credentials->push_cluster : "mt1";
    struct text text;

    text_init(&text);
    if (credentials->push_hosted)
        text_addf(&text, "wss://ws-%s.pusher.com https://sockjs-%s.pusher.com ", cluster, cluster);
    if (credentials->hosted)
        text_add(&text,
                 "wss://voice-js.roaming.twilio.com wss://*.twilio.com https://*.twilio.com");
    slice_copy(slice_trim(slice_from(text.at)), process->page_hosts, sizeof(process->page_hosts));
    text_release(&text);
    return process->page_hosts;
}

static int prepare(struct process *process)
{
    struct server *server = &process->server;
    const struct serve_options *options = process->options;
    int err = make_folder(options->data);

    if (err)
        return fail(process, "cannot make the folder '%s': %s", options->data, strerror(err));
    if (!slice_copy(slice_from(options->data), server->data, sizeof(server->data)))
        return fail(process, "the path '%s' is too long", options->data);
    if (credentials_load(&server->credentials, server->data, *options->voice != '\0',
                         from_environment, process->why, sizeof(process->why)) != 0)
        return fail(process, "%s", process->why);
    if (*options->voice && !server->credentials.hosted)
        return fail(process, "--voice needs the variables twilio_account_sid and "
                             "twilio_auth_token");
    if (zones_new(&server->zones, process->why, sizeof(process->why)) != 0)
        return fail(process, "%s", process->why);
    if (regions_new(&server->regions, server->zones) != 0)
        return fail(process, "no memory");
    if (imports_new(&server->imports, server) != 0)
        return fail(process, "cannot make folders in '%s'", options->data);
    struct desk_push_options push = {
        .webhook_url = options->push_webhook,
        .takes_client_events = options->push_client_events,
        .tells_subscription_counts = options->push_subscription_counts,
    };

    struct sessions_options sessions = {.lifetime_s = options->session_s,
                                        .host_names = options->host_names};

    if (sessions_new(server, &sessions) != 0)
        return fail(process, "no memory for sessions");
    struct pages_options pages = {.folder = options->app, .hosts = page_hosts(process)};

    err = pages_new(&server->pages, &pages);
    if (err)
        return fail(process, "--app '%s': %s", options->app, strerror(err));
    if (desk_push_begin(server, &push) != 0)
        return fail(process, "no memory for the push server");
    struct desks_options desks = {.breaks = options->breaks,
                                  .turn = options->turn,
                                  .turn_secret = getenv("OUTDIAL_TURN_SECRET")};

    if (*options->turn && (!desks.turn_secret || !*desks.turn_secret))
        return fail(process, "--turn needs the server's shared secret in OUTDIAL_TURN_SECRET");
    if (!desks_breaks_fit(options->breaks))
        return fail(process, "--breaks '%s' is not of the form CODE=NAME[:MINUTES],...",
                    options->breaks);
    if (desks_begin(server, &desks) != 0)
        return fail(process, "no memory for desks");
    err = open_store(process);
    if (!err)
        err = listen_http(process);
    if (!err && (workers_new(&server->workers, server->loop, 2) != 0 ||
                 boot_make_core(process->boot, server, options->agents_max, options->calls_max,
                                options->calls_per_second) != 0))
        err = fail(process, "no memory for %u calls and %u agents", options->calls_max,
                   options->agents_max);
    return err;
}

/* A picture and a log cannot share a screen: ours and the children's goes to a file. */
static int log_to_file(struct process *process)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/demo.log", process->server.data);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail(process, "cannot open '%s': %s", path, strerror(errno));
    process->terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (process->terminal >= 0)
        dup2(fd, STDERR_FILENO);
    close(fd);
    printf("What is logged goes to %s.\n", path);
    fflush(stdout);
    return 0;
}

static void sum_up(const struct process *process)
{
    json_t *live = live_snapshot(&process->server);
    struct text text;

    text_init(&text);
    board_sum_up(live, &text);
    fwrite(text.at, 1, text.size, stdout);
    fflush(stdout);
    text_release(&text);
    json_decref(live);
}

static int begin(struct process *process)
{
    struct server *server = &process->server;
    struct demo_events events = {.ready = phones_ready, .failed = demo_failed, .arg = process};
    int err = prepare(process);

    if (err)
        return err;
    slice_copy(slice_from(process->options->trunk), process->trunk, sizeof(process->trunk));
    check_leap(process);
    if (process->options->demo) {
        if (log_to_file(process) != 0)
            return EINVAL;
        err = demo_new(&process->demo, server, &events);
        return err ? fail(process, "cannot start the demo: %s", strerror(err)) : 0;
    }
    if (make_voice(process) != 0)
        return fail(process, "no memory for the voice client");
    boot_recover(process->boot, server);
    voice_begins(process);
    return 0;
}

static void stop_waiting(void *arg)
{
    struct process *process = arg;

    process->left = true;
}

/* The engine hangs up on its way out; what its calls came to is still heard and written. */
static void leave(struct process *process)
{
    struct server *server = &process->server;

    server->leaving = true;
    if (process->demo)
        demo_end(process->demo);
    if (!server->engine)
        return;
    if (loop_timer_start(server->loop, &process->stop,
                         loop_now(server->loop) + STOP_MS_MAX * MILLISECOND, stop_waiting,
                         process) != 0)
        return;
    desk_push_let_go(server);
    engine_stop(server->engine);
    while (!process->left)
        loop_step(server->loop, SECOND);
}

static void end(struct process *process)
{
    struct server *server = &process->server;

    server->stopping = true;
    demo_free(process->demo);
    http_server_free(server->http);
    desk_push_end(server);
    engine_free(server->engine);
    telephony_free(server->telephony);
    orders_release(server);
    imports_stop(server->imports);
    sessions_free(server);
    pages_free(server->pages);
    workers_free(server->workers);
    size_t lost = keeper_free(server->keeper);

    desks_end(server);

    if (lost)
        fail(process,
             "%zu decisions could not be written (see above); calls they were about are asked "
             "after at the next start",
             lost);
    watch_free(server->watch);
    imports_free(server->imports);
    boot_free(process->boot);
    dialer_free(server->dialer);
    loop_timer_stop(server->loop, &server->wake);
    loop_timer_stop(server->loop, &process->leap);
    loop_timer_stop(server->loop, &process->stop);
    regions_free(server->regions);
    zones_free(server->zones);
    tokens_release(server);
    roster_release(&server->roster);
    traffic_release(&server->traffic);
    table_release(&server->seen.tokens);
    free(server->seen.ring);
    loop_free(server->loop);
    if (process->terminal >= 0) {
        dup2(process->terminal, STDERR_FILENO);
        close(process->terminal);
    }
}

int serve_run(const struct serve_options *options)
{
    struct process *process = calloc(1, sizeof(*process));
    struct server *server = &process->server;
    struct sigaction action = {.sa_handler = on_signal};

    if (!process || loop_new(&server->loop) != 0) {
        free(process);
        fprintf(stderr, "outdial serve: no memory\n");
        return 1;
    }
    process->options = options;
    process->terminal = -1;
    server->started_at = loop_clock();
    server->upload_size_max = options->upload_size_max;
    roster_init(&server->roster);
    traffic_init(&server->traffic);
    table_init(&server->tokens);
    table_init(&server->seen.tokens);
    server->seen.ring = calloc(SEEN_COUNT, SEEN_TOKEN_SIZE);
    check(server->seen.ring);
    signalled = server->loop;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (begin(process) == 0) {
        loop_run(server->loop);
        leave(process);
        if (process->demo && !process->code)
            sum_up(process);
    }
    signalled = NULL;
    end(process);

    int code = process->code;

    free(process);
    return code;
}

int serve_make_token(const char *data, const char *name, char *token, size_t token_size, char *why,
                     size_t why_size)
{
    char path[PATH_MAX], hash[TOKEN_HASH_SIZE];
    struct store *store = NULL;

    check(token_size >= TOKEN_SIZE);
    snprintf(path, sizeof(path), "%s/outdial.db", data);
    int err = store_open_sqlite(&store, path, STORE_OWNER, why, why_size);

    if (err)
        return err;
    err = token_make(token);
    token_hash(slice_from(token), hash);
    struct store_record record = {
        .kind = STORE_TOKEN,
        .of.token = {.name = name, .hash = hash, .rights = "operator", .made_at = loop_clock()}};

    if (!err)
        err = store_begin(store);
    if (!err)
        err = store_put(store, &record);
    if (!err)
        err = store_commit(store);
    if (err)
        snprintf(why, why_size, "cannot keep the token: %s", store_why(store));
    store_close(store);
    return err;
}
