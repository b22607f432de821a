#include "server/engine.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "net/child.h"
#include "net/http_client.h"
#include "server/engine_record.h"

/* An engine that never came up is tried so often: what held its port may be on its way out. One that was up
 * once is tried for ever. */
enum { FIRST_TRIES = 4 };
enum { READY_S_MAX = 30, PAUSE_MS = 500, PAUSE_MS_MAX = 10000, RECORD_AGAIN_S = 2 };
enum { MISUSED = 2 }; /* the exit code of a program that was called wrongly */

enum engine_state {
    ENGINE_IDLE,
    ENGINE_ASKING,   /* is the one the data folder names alive? */
    ENGINE_STARTING, /* our child, not ready yet */
    ENGINE_RUNNING,
    ENGINE_PAUSING, /* before the next start */
    ENGINE_STOPPING,
};

struct engine {
    struct loop *loop;
    enum engine_state state;
    engine_handler handler;
    void *arg;
    struct child *child; /* NULL when adopted */
    pid_t pid;           /* of the adopted one */
    int pid_fd;          /* -1 */
    struct http_client *client;
    bool surely_ours;    /* the adopted one is the very process recorded */
    bool unrecorded;     /* the disk refuses engine.json */
    instant asked_since; /* while asking */
    struct loop_timer timer, record_timer;
    unsigned pause_ms;
    unsigned calls_per_second, alone_s, silent_s;
    unsigned tries; /* to start it, before it was up for the first time */
    bool was_up;
    instant up_since;
    char why[300]; /* as it said itself why it cannot start, or why it was killed; "" */
    char *program, *data, *http, *sip, *media, *web_media, *web_advertised, *trunk, *account,
        *auth_token, *log;
    char *key, *key_secret, *application, *application_url;
    char *url;
};

static void start(struct engine *engine);

static void tell(struct engine *engine, enum engine_news_kind kind, const char *why)
{
    struct engine_news news = {.kind = kind, .url = engine->url, .why = why};

    engine->handler(engine->arg, &news);
}

static void timer(struct engine *engine, unsigned ms, loop_handler handler)
{
    int err = loop_timer_start(engine->loop, &engine->timer,
                               loop_now(engine->loop) + ms * MILLISECOND, handler, engine);

    check(!err); /* the heap has had room for it since engine_new */
}

static void keep_record(void *arg);

static void keep_record_later(struct engine *engine)
{
    if (loop_timer_start(engine->loop, &engine->record_timer,
                         loop_now(engine->loop) + RECORD_AGAIN_S * SECOND, keep_record,
                         engine) != 0)
        check(!"room for a timer"); /* it has had it since engine_new */
}

/* Again and again while the disk refuses it: without it the next server would not find the engine. */
static void keep_record(void *arg)
{
    struct engine *engine = arg;
    bool is_up = engine->state == ENGINE_RUNNING;

    if (!engine->child || !(is_up || engine->state == ENGINE_STARTING))
        return;
    int err = engine_record_write(engine->data, child_pid(engine->child), is_up ? engine->url : "");

    if (err) {
        if (!engine->unrecorded)
            log_warning("engine.unrecorded", "why=\"%s\"", strerror(err));
        keep_record_later(engine);
    } else if (engine->unrecorded) {
        log_event("engine.recorded", "pid=%d", (int)child_pid(engine->child));
    }
    engine->unrecorded = err != 0;
}

static void drop_pid(struct engine *engine)
{
    if (engine->pid_fd >= 0) {
        loop_unwatch(engine->loop, engine->pid_fd);
        close(engine->pid_fd);
    }
    engine->pid_fd = -1;
    engine->pid = 0;
}

static void start_timed(void *arg)
{
    start(arg);
}

/* It has ended, whoever it was. */
static void gone(struct engine *engine, const char *why)
{
    bool stopping = engine->state == ENGINE_STOPPING;
    bool was_up = engine->state == ENGINE_RUNNING;

    engine->child = NULL;
    drop_pid(engine);
    engine_record_remove(engine->data);
    loop_timer_stop(engine->loop, &engine->record_timer);
    engine->unrecorded = false;
    if (stopping) {
        log_event("engine.stopped", "why=\"%s\"", why);
        engine->state = ENGINE_IDLE;
        loop_timer_stop(engine->loop, &engine->timer);
        tell(engine, ENGINE_STOPPED, why);
        return;
    }
    if (was_up && loop_now(engine->loop) - engine->up_since > 30 * SECOND)
        engine->pause_ms = PAUSE_MS;
    engine->state = ENGINE_PAUSING;
    timer(engine, engine->pause_ms, start_timed);
    log_warning("engine.down", "why=\"%s\" pause_ms=%u", why, engine->pause_ms);
    engine->pause_ms *= 2;
    if (engine->pause_ms > PAUSE_MS_MAX)
        engine->pause_ms = PAUSE_MS_MAX;
    tell(engine, ENGINE_DOWN, why);
}

/* When it never was up it may never be: nothing is gained by trying for ever. */
static void not_started(struct engine *engine, const char *why, bool for_good)
{
    char sentence[500];

    if (engine->was_up || (!for_good && ++engine->tries < FIRST_TRIES)) {
        gone(engine, why);
        return;
    }
    engine->child = NULL;
    engine->state = ENGINE_IDLE;
    loop_timer_stop(engine->loop, &engine->timer);
    snprintf(sentence, sizeof(sentence), "the voice engine does not start: %s", why);
    tell(engine, ENGINE_REFUSED, sentence);
}

static void on_child_end(void *arg, const struct child_end *end)
{
    struct engine *engine = arg;
    char why[400];

    if (engine->why[0])
        snprintf(why, sizeof(why), "%s", engine->why);
    else
        snprintf(why, sizeof(why), "it ended by %s %d", end->exited ? "itself with code" : "signal",
                 end->status);
    if (engine->state == ENGINE_STARTING)
        not_started(engine, why, end->exited && end->status == MISUSED);
    else
        gone(engine, why);
}

static void is_up(struct engine *engine)
{
    engine->state = ENGINE_RUNNING;
    engine->was_up = true;
    engine->up_since = loop_now(engine->loop);
}

static void on_child_line(void *arg, struct slice line)
{
    struct engine *engine = arg;
    json_t *json = json_loadb(line.at, line.size, 0, NULL);
    const char *url = json_string_value(json_object_get(json, "http"));
    const char *why = json_string_value(json_object_get(json, "why"));

    if (json_is_false(json_object_get(json, "ready")) && why)
        snprintf(engine->why, sizeof(engine->why), "%s", why);
    if (engine->state == ENGINE_STARTING && json_is_true(json_object_get(json, "ready")) && url) {
        loop_timer_stop(engine->loop, &engine->timer);
        free(engine->url);
        engine->url = slice_dup(slice_from(url));
        check(engine->url);
        is_up(engine);
        keep_record(engine);
        log_event("engine.up", "pid=%d url=%s", (int)child_pid(engine->child), engine->url);
        tell(engine, ENGINE_UP, "");
    }
    json_decref(json);
}

static void not_ready(void *arg)
{
    struct engine *engine = arg;

    log_error("engine.late", "why=\"not ready within %d s\"", READY_S_MAX);
    child_signal(engine->child, SIGKILL);
}

static void start(struct engine *engine)
{
    const char *const secrets[][2] = {{"twilio_account_sid", engine->account},
                                      {"twilio_auth_token", engine->auth_token},
                                      {"twilio_api_key_sid", engine->key},
                                      {"twilio_api_key_secret", engine->key_secret},
                                      {"twilio_app_id_outbound", engine->application}};
    char variables[array_count(secrets)][256], folder[PATH_MAX], cps[16], alone[16];
    const char *environment[array_count(secrets) + 1] = {NULL};
    const char *argv[32];
    size_t n = 0;

    for (size_t i = 0; i < array_count(secrets); i++) {
        snprintf(variables[i], sizeof(variables[i]), "%s=%s", secrets[i][0], secrets[i][1]);
        environment[i] = variables[i];
    }
    snprintf(folder, sizeof(folder), "%s/voice", engine->data);
    snprintf(cps, sizeof(cps), "%u", engine->calls_per_second);
    snprintf(alone, sizeof(alone), "%u", engine->alone_s);
    const char *const flags[][2] = {{"--http", engine->http},
                                    {"--sip", engine->sip},
                                    {"--media", engine->media},
                                    {"--trunk", engine->trunk},
                                    {"--data", folder},
                                    {"--cps", cps},
                                    {"--log", engine->log},
                                    {"--alone-s", alone},
                                    {"--application-url", engine->application_url},
                                    {"--web-media", engine->web_media},
                                    {"--web-advertised", engine->web_advertised}};

    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        log_warning("engine.folder", "why=\"%s\"", strerror(errno));
    argv[n++] = engine->program;
    argv[n++] = "voice";
    for (size_t i = 0; i < array_count(flags); i++)
        if (*flags[i][1]) {
            argv[n++] = flags[i][0];
            argv[n++] = flags[i][1];
        }
    argv[n] = NULL;

    struct child_order order = {.argv = argv, .environment = environment};
    int err =
        child_spawn(&engine->child, engine->loop, &order, on_child_line, on_child_end, engine);

    engine->state = ENGINE_STARTING;
    engine->why[0] = '\0';
    if (err)
        not_started(engine, strerror(err), false);
    else {
        keep_record(engine);
        timer(engine, READY_S_MAX * 1000, not_ready);
    }
}

static void signal_it(struct engine *engine, int number)
{
    if (engine->child)
        child_signal(engine->child, number);
    else if (engine->pid_fd >= 0)
        syscall(SYS_pidfd_send_signal, engine->pid_fd, number, NULL, 0);
}

void engine_kill(struct engine *engine)
{
    if (engine->state != ENGINE_RUNNING && engine->state != ENGINE_ASKING)
        return;
    snprintf(engine->why, sizeof(engine->why), "it had not answered for %u s and was killed",
             engine->silent_s);
    log_error("engine.silent", "pid=%d why=\"%s\"",
              (int)(engine->child ? child_pid(engine->child) : engine->pid), engine->why);
    signal_it(engine, SIGKILL);
}

static void on_pid(void *arg, uint32_t events)
{
    struct engine *engine = arg;

    if (engine->state != ENGINE_ASKING) {
        gone(engine, engine->why[0] ? engine->why : "the adopted engine ended");
        return;
    }
    drop_pid(engine); /* before it was adopted: nobody knew of it */
    start(engine);
}

/* Asks for its account: the least it can be asked. */
static int ask(struct engine *engine, http_answer_handler handler)
{
    struct text url;

    text_init(&url);
    text_addf(&url, "%s/2010-04-01/Accounts/%s.json", engine->url, engine->account);
    struct http_order order = {.method = "GET",
                               .url = url.at,
                               .user = engine->account,
                               .password = engine->auth_token,
                               .connect_ms = 1000,
                               .total_ms = 3000};
    int err = url.failed ? ENOMEM : http_client_send(engine->client, &order, handler, engine, NULL);

    text_release(&url);
    return err;
}

static void ask_again(void *arg);

/* The engine of a server that died lives and says nothing: calls may hang on it, so it has its time.
 * Then it is killed, and on_pid starts another. */
static void is_silent(struct engine *engine)
{
    char why[200];

    if (loop_now(engine->loop) - engine->asked_since >= engine->silent_s * SECOND) {
        engine_kill(engine);
        return;
    }
    snprintf(
        why, sizeof(why),
        "the voice engine of the last run, process %d, does not answer; it is asked again, and "
        "after %u s killed and a new one started",
        (int)engine->pid, engine->silent_s);
    tell(engine, ENGINE_SILENT, why);
    timer(engine, PAUSE_MS, ask_again);
}

/* The record's engine has answered, or has not. */
static void on_asked(void *arg, const struct http_answer *answer)
{
    struct engine *engine = arg;

    if (engine->state != ENGINE_ASKING)
        return;
    if (answer->outcome == HTTP_ANSWERED && answer->status == 200) {
        is_up(engine);
        log_event("engine.adopted", "pid=%d url=%s", (int)engine->pid, engine->url);
        tell(engine, ENGINE_ADOPTED, "");
        return;
    }
    if (answer->outcome != HTTP_ANSWERED && engine->surely_ours) {
        is_silent(engine);
        return;
    }
    log_warning("engine.stranger", "pid=%d why=\"%s\"", (int)engine->pid,
                answer->outcome == HTTP_ANSWERED ? "other credentials" : answer->error);
    drop_pid(engine);
    start(engine);
}

static void ask_again(void *arg)
{
    struct engine *engine = arg;
    int err = ask(engine, on_asked);

    if (err) {
        drop_pid(engine);
        start(engine);
    }
}

/* Its dialer was killed before it was up. It has no calls, nobody knows where it listens, and it would keep its
 * ports from the next one: it goes, if it is still what the record says. */
static void end_half_started(struct engine *engine, const struct engine_record *record)
{
    if (engine_record_is(record)) {
        log_warning("engine.half_started", "pid=%d", (int)engine->pid);
        syscall(SYS_pidfd_send_signal, engine->pid_fd, SIGKILL, NULL, 0);
    }
    drop_pid(engine);
}

/* False: there is nobody to ask. */
static bool ask_recorded(struct engine *engine)
{
    struct engine_record record;

    if (!engine_record_read(engine->data, &record))
        return false;
    engine->pid = record.pid;
    engine->pid_fd = engine_record_open(&record);
    if (engine->pid_fd < 0)
        return false;
    if (!*record.url) {
        end_half_started(engine, &record);
        return false;
    }
    free(engine->url);
    engine->url = slice_dup(slice_from(record.url));
    if (!engine->url || loop_watch(engine->loop, engine->pid_fd, EPOLLIN, on_pid, engine) != 0) {
        drop_pid(engine);
        return false;
    }
    engine->surely_ours = engine_record_is(&record);
    engine->asked_since = loop_now(engine->loop);
    engine->state = ENGINE_ASKING;
    ask_again(engine);
    return true;
}

void engine_start(struct engine *engine)
{
    check(engine->state == ENGINE_IDLE);
    if (!ask_recorded(engine))
        start(engine);
}

static void kill_it(void *arg)
{
    signal_it(arg, SIGKILL);
}

void engine_stop(struct engine *engine)
{
    bool adopted = engine->pid_fd >= 0 && (engine->state == ENGINE_RUNNING ||
                                           (engine->state == ENGINE_ASKING && engine->surely_ours));
    bool lives = engine->child || adopted;

    if (engine->state == ENGINE_STOPPING)
        return;
    engine->state = ENGINE_STOPPING;
    if (!lives) {
        gone(engine, "it was not running");
        return;
    }
    timer(engine, ENGINE_STOP_MS_MAX, kill_it);
    signal_it(engine, SIGTERM);
}

static char *own_program(void)
{
    char path[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);

    return size > 0 ? slice_dup(slice_of(path, (size_t)size)) : NULL;
}

int engine_new(struct engine **enginep, struct loop *loop, const struct engine_options *options,
               engine_handler handler, void *arg)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    const struct {
        char **to;
        const char *from;
    } texts[] = {{&engine->data, options->data},
                 {&engine->http, options->http},
                 {&engine->sip, options->sip},
                 {&engine->media, options->media},
                 {&engine->web_media, options->web_media},
                 {&engine->web_advertised, options->web_advertised},
                 {&engine->trunk, options->trunk},
                 {&engine->account, options->account},
                 {&engine->auth_token, options->auth_token},
                 {&engine->key, options->key},
                 {&engine->key_secret, options->key_secret},
                 {&engine->application, options->application},
                 {&engine->application_url, options->application_url},
                 {&engine->log, options->log}};
    int err = 0;

    if (!engine)
        return ENOMEM;
    engine->loop = loop;
    engine->handler = handler;
    engine->arg = arg;
    engine->pid_fd = -1;
    engine->pause_ms = PAUSE_MS;
    engine->calls_per_second = options->calls_per_second;
    engine->alone_s = options->alone_s;
    engine->silent_s = options->silent_s;
    engine->program = options->program ? slice_dup(slice_from(options->program)) : own_program();
    for (size_t i = 0; i < array_count(texts); i++) {
        *texts[i].to = slice_dup(slice_from(texts[i].from));
        if (!*texts[i].to)
            err = ENOMEM;
    }
    if (!engine->program)
        err = ENOMEM;
    if (!err)
        err = http_client_new(&engine->client, loop,
                              &(struct http_client_options){.insecure = false});
    if (!err)
        err = loop_timer_start(loop, &engine->timer, INSTANT_NEVER, start_timed, engine);
    if (!err)
        err = loop_timer_start(loop, &engine->record_timer, INSTANT_NEVER, keep_record, engine);
    if (err)
        engine_free(engine);
    else
        *enginep = engine;
    return err;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    engine->state = ENGINE_IDLE; /* an answer to come says nothing any more */
    http_client_free(engine->client);
    loop_timer_stop(engine->loop, &engine->timer);
    loop_timer_stop(engine->loop, &engine->record_timer);
    drop_pid(engine);
    if (engine->child)
        child_drop(engine->child, true);
    free(engine->program);
    free(engine->data);
    free(engine->http);
    free(engine->sip);
    free(engine->media);
    free(engine->web_media);
    free(engine->web_advertised);
    free(engine->trunk);
    free(engine->account);
    free(engine->auth_token);
    free(engine->key);
    free(engine->key_secret);
    free(engine->application);
    free(engine->application_url);
    free(engine->log);
    free(engine->url);
    free(engine);
}
