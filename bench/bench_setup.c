/*
 * What does it cost to set a call up and tear it down, SIP and media alone? The engine's own rooms
 * (voice/signal, voice/media) call an answerer in a process of its own at a steady rate: INVITE with
 * a socket opened for its sound, 180, 200, ACK, 20 ms of call, BYE. The floor makes the same calls to
 * the same answerer from one UDP socket with texts printed from a pattern: no dialog, no timer, no
 * media path but the socket.
 *
 *   bench_setup [--quick] [--rate CALLS_PER_SECOND] [--seconds S]
 *
 * The few packets of a call's own sound are in the figure. Fails when a call of the engine's fails.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "figure.h"
#include "net/loop.h"
#include "voice/media/media.h"
#include "voice/signal/signal.h"

enum { CALL_MS = 20, MESSAGE_MAX = 2048, SETTLE_MS = 600, CALLS_MAX = 200000 };

struct bench {
    unsigned rate, seconds;
    uint64_t calls_max, placed, answered, ended, failed, closed;
    double control_us, media_us, took_s; /* CPU, of the whole run */
    struct loop *loop;
    instant began, next_at, control_spent, all_spent;
    struct loop_timer pace, settle;
    /* the engine's side */
    struct signal *signal;
    struct media *media;
    struct setup *setups; /* by call, a ring */
    /* the floor's side */
    int fd;
    struct sockaddr_in peer, own;
};

struct setup { /* one call */
    struct bench *bench;
    struct loop_timer hang_up;
    uint64_t number;
    int fd; /* the floor's RTP socket */
    char to_tag[64];
};

enum { SETUPS = 1 << 16 };

static instant spent(int who)
{
    struct rusage usage;

    check(!getrusage(who, &usage));
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * SECOND + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

/* ------------------------------------------------------------------------------- the answerer */

static struct slice header_of(struct slice message, const char *name)
{
    while (message.size) {
        struct slice line = slice_cut(&message, '\n');

        if (line.size > strlen(name) && slice_starts(line, name))
            return slice_of(line.at, line.size - (line.at[line.size - 1] == '\r'));
    }
    return slice_of("", 0);
}

static size_t answer(char *out, struct slice message, const char *status, const char *body)
{
    struct slice via = header_of(message, "Via:"), from = header_of(message, "From:");
    struct slice to = header_of(message, "To:"), id = header_of(message, "Call-ID:");
    struct slice sequence = header_of(message, "CSeq:");
    bool has_tag = memmem(to.at, to.size, ";tag=", 5) != NULL;

    return (size_t)snprintf(out, MESSAGE_MAX,
                            "SIP/2.0 %s\r\n%.*s\r\n%.*s\r\n%.*s%s\r\n%.*s\r\n%.*s\r\n"
                            "Contact: <sip:peer@127.0.0.1:%s>\r\n%sContent-Length: %zu\r\n\r\n%s",
                            status, (int)via.size, via.at, (int)from.size, from.at, (int)to.size,
                            to.at, has_tag ? "" : ";tag=peer", (int)id.size, id.at,
                            (int)sequence.size, sequence.at, getenv("BENCH_PORT"),
                            *body ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
}

static void answerer_run(int fd, unsigned media_port)
{
    char in[MESSAGE_MAX + 1], out[MESSAGE_MAX], body[256];
    struct sockaddr_in from;

    snprintf(body, sizeof(body),
             "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
             "m=audio %u RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
             "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n",
             media_port);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        socklen_t size = sizeof(from);
        ssize_t got = recvfrom(fd, in, MESSAGE_MAX, 0, (struct sockaddr *)&from, &size);
        struct slice message = slice_of(in, got < 0 ? 0 : (size_t)got);

        if (slice_starts(message, "INVITE ")) {
            sendto(fd, out, answer(out, message, "180 Ringing", ""), 0, (struct sockaddr *)&from,
                   size);
            sendto(fd, out, answer(out, message, "200 OK", body), 0, (struct sockaddr *)&from,
                   size);
        } else if (slice_starts(message, "BYE ")) {
            sendto(fd, out, answer(out, message, "200 OK", ""), 0, (struct sockaddr *)&from, size);
        }
    }
}

static int udp_socket(struct sockaddr_in *bound)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), room = 4 << 20;
    socklen_t size = sizeof(*bound);

    *bound = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    check(fd >= 0 && !bind(fd, (struct sockaddr *)bound, size) &&
          !getsockname(fd, (struct sockaddr *)bound, &size));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    return fd;
}

/* A process that answers, and a socket that its callers may send their sound to. */
static pid_t answerer_start(struct sockaddr_in *address)
{
    struct sockaddr_in media;
    int fd = udp_socket(address), sink = udp_socket(&media);
    char port[8];
    pid_t pid;

    snprintf(port, sizeof(port), "%u", ntohs(address->sin_port));
    setenv("BENCH_PORT", port, 1);
    pid = fork();
    check(pid >= 0);
    if (pid == 0)
        answerer_run(fd, ntohs(media.sin_port));
    close(fd);
    close(sink);
    return pid;
}

/* ----------------------------------------------------------------------------------- the pace */

static void stop(void *arg);

static void call_over(struct bench *bench)
{
    if (bench->ended + bench->failed < bench->calls_max)
        return;
    check(!loop_timer_start(bench->loop, &bench->settle, loop_clock() + SETTLE_MS * MILLISECOND,
                            stop, bench));
}

static struct setup *setup_of(struct bench *bench, uint64_t number)
{
    return &bench->setups[number % SETUPS];
}

typedef void (*place_function)(struct bench *bench, struct setup *setup);
static place_function place;

static void pace(void *arg)
{
    struct bench *bench = arg;
    instant now = loop_clock();

    while (bench->placed < bench->calls_max && bench->next_at <= now) {
        uint64_t number = ++bench->placed;
        struct setup *setup = setup_of(bench, number);

        setup->bench = bench;
        setup->number = number;
        place(bench, setup);
        bench->next_at += SECOND / bench->rate;
    }
    if (bench->placed < bench->calls_max)
        check(!loop_timer_start(bench->loop, &bench->pace, bench->next_at, pace, bench));
}

static void begin(struct bench *bench)
{
    bench->calls_max = (uint64_t)bench->rate * bench->seconds;
    bench->placed = bench->answered = bench->ended = bench->failed = bench->closed = 0;
    bench->control_spent = spent(RUSAGE_THREAD);
    bench->all_spent = spent(RUSAGE_SELF);
    bench->began = bench->next_at = loop_clock();
    pace(bench);
}

static void end(struct bench *bench)
{
    bench->control_us = (double)(spent(RUSAGE_THREAD) - bench->control_spent);
    bench->media_us = (double)(spent(RUSAGE_SELF) - bench->all_spent) - bench->control_us;
    bench->took_s = (double)(loop_clock() - bench->began) / 1e6 - SETTLE_MS / 1e3;
}

/* --------------------------------------------------------------------------------- the engine */

static void stop(void *arg)
{
    struct bench *bench = arg;

    if (bench->signal)
        signal_stop(bench->signal);
    else
        loop_stop(bench->loop);
}

static void engine_hang_up(void *arg)
{
    struct setup *setup = arg;

    signal_hang_up(setup->bench->signal, setup->number);
}

static void engine_place(struct bench *bench, struct setup *setup)
{
    struct signal_order order = {.to = "+15005550001", .from = "+15005550006"};

    order.local.address.s_addr = htonl(INADDR_LOOPBACK);
    check(!media_leg_open(bench->media, setup->number, &order.local.port));
    check(!signal_invite(bench->signal, setup->number, &order));
}

static void engine_answered(struct bench *bench, const struct signal_event *event)
{
    struct media_remote remote = {.dtmf_payload_type = 101, .sends = true, .receives = true};
    struct setup *setup = setup_of(bench, event->leg);

    bench->answered++;
    memcpy(&remote.address, &event->media.address, sizeof(event->media.address));
    media_leg_remote(bench->media, event->leg, &remote);
    media_leg_answered(bench->media, event->leg, media_clock(bench->media));
    check(!loop_timer_start(bench->loop, &setup->hang_up, loop_clock() + CALL_MS * MILLISECOND,
                            engine_hang_up, setup));
}

static void engine_event(void *arg, const struct signal_event *event)
{
    struct bench *bench = arg;

    if (event->kind == SIGNAL_ANSWERED)
        engine_answered(bench, event);
    if (event->kind != SIGNAL_ENDED)
        return;
    loop_timer_stop(bench->loop, &setup_of(bench, event->leg)->hang_up);
    media_leg_close(bench->media, event->leg);
    if (event->end == SIGNAL_END_US)
        bench->ended++;
    else
        bench->failed++;
    call_over(bench);
}

static void engine_media(void *arg, uint32_t events)
{
    struct bench *bench = arg;
    struct media_event event;

    (void)events;
    while (media_take_event(bench->media, &event))
        bench->closed += event.kind == MEDIA_LEG_CLOSED;
}

static void nested_step(void *arg)
{
    loop_step(((struct bench *)arg)->loop, 0);
}

static void run_engine(struct bench *bench, const struct sockaddr_in *peer)
{
    struct signal_options options = {
        .loopback_is_peer = true, .handler = engine_event, .arg = bench};
    struct media_options media = {.address = "127.0.0.1", .realtime = true};
    char trunk[64], why[256];
    const char *error = "";

    check(!loop_new(&bench->loop));
    snprintf(trunk, sizeof(trunk), "sip:127.0.0.1:%u", ntohs(peer->sin_port));
    options.trunk = trunk;
    options.address.s_addr = htonl(INADDR_LOOPBACK);
    check(!media_new(&bench->media, &media, why, sizeof(why)));
    check(!signal_new(&bench->signal, &options, &error));
    check(!loop_watch(bench->loop, media_event_fd(bench->media), EPOLLIN, engine_media, bench));
    check(!signal_nest(bench->signal, loop_fd(bench->loop), nested_step, bench));
    place = engine_place;
    begin(bench);
    check(!signal_run(bench->signal));
    end(bench);
    loop_unwatch(bench->loop, media_event_fd(bench->media));
    media_free(bench->media);
    signal_free(bench->signal);
    bench->signal = NULL;
    loop_free(bench->loop);
}

/* ---------------------------------------------------------------------------------- the floor */

static void floor_send(struct bench *bench, struct setup *setup, const char *method,
                       unsigned sequence, const char *body)
{
    char out[MESSAGE_MAX];
    size_t size = (size_t)snprintf(
        out, sizeof(out),
        "%s sip:+15005550001@127.0.0.1:%u SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%llu.%u;rport\r\n"
        "Contact: <sip:outdial@127.0.0.1:%u>\r\nMax-Forwards: 70\r\n"
        "To: <sip:+15005550001@127.0.0.1:%u>%s\r\n"
        "From: <sip:+15005550006@127.0.0.1>;tag=%llu\r\nCall-ID: %llu\r\nCSeq: %u %s\r\n"
        "User-Agent: floor\r\n%sContent-Length: %zu\r\n\r\n%s",
        method, ntohs(bench->peer.sin_port), ntohs(bench->own.sin_port),
        (unsigned long long)setup->number, sequence, ntohs(bench->own.sin_port),
        ntohs(bench->peer.sin_port), setup->to_tag, (unsigned long long)setup->number,
        (unsigned long long)setup->number, sequence, method,
        *body ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);

    (void)sendto(bench->fd, out, size, 0, (struct sockaddr *)&bench->peer, sizeof(bench->peer));
}

static void floor_place(struct bench *bench, struct setup *setup)
{
    struct sockaddr_in media;
    char body[512];

    setup->fd = udp_socket(&media);
    setup->to_tag[0] = '\0';
    snprintf(body, sizeof(body),
             "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
             "m=audio %u RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
             "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
             ntohs(media.sin_port));
    floor_send(bench, setup, "INVITE", 1, body);
}

static void floor_hang_up(void *arg)
{
    struct setup *setup = arg;

    floor_send(setup->bench, setup, "BYE", 2, "");
}

static void floor_take(struct bench *bench, struct slice message)
{
    struct slice id = header_of(message, "Call-ID:"), to = header_of(message, "To:");
    struct slice sequence = header_of(message, "CSeq:");
    const char *tag = memmem(to.at, to.size, ";tag=", 5);
    struct setup *setup;
    int64_t number;

    if (!slice_starts(message, "SIP/2.0 200") ||
        slice_to_i64(slice_trim(slice_of(id.at + 8, id.size - 8)), 1, INT64_MAX, &number))
        return;
    setup = setup_of(bench, (uint64_t)number);
    if (memmem(sequence.at, sequence.size, "INVITE", 6)) {
        bench->answered++;
        slice_copy(slice_of(tag, (size_t)(to.at + to.size - tag)), setup->to_tag,
                   sizeof(setup->to_tag));
        floor_send(bench, setup, "ACK", 1, "");
        check(!loop_timer_start(bench->loop, &setup->hang_up, loop_clock() + CALL_MS * MILLISECOND,
                                floor_hang_up, setup));
    } else {
        close(setup->fd);
        bench->ended++;
        call_over(bench);
    }
}

static void floor_readable(void *arg, uint32_t events)
{
    struct bench *bench = arg;
    char in[MESSAGE_MAX + 1];
    ssize_t got;

    (void)events;
    while ((got = recv(bench->fd, in, MESSAGE_MAX, MSG_DONTWAIT)) > 0)
        floor_take(bench, slice_of(in, (size_t)got));
}

static void run_floor(struct bench *bench, const struct sockaddr_in *peer)
{
    check(!loop_new(&bench->loop));
    bench->fd = udp_socket(&bench->own);
    bench->peer = *peer;
    check(!loop_watch(bench->loop, bench->fd, EPOLLIN, floor_readable, bench));
    place = floor_place;
    begin(bench);
    loop_run(bench->loop);
    end(bench);
    close(bench->fd);
    loop_free(bench->loop);
}

/* -------------------------------------------------------------------------------------- figures */

static double ms_per_call(const struct bench *bench)
{
    return (bench->control_us + bench->media_us) / (double)bench->calls_max / 1000;
}

static void tell(const struct bench *bench, const char *what)
{
    double calls = (double)bench->calls_max;

    fprintf(stderr, "%s: %.0f calls, %llu failed, %.0f/s; us a call: control %.1f, media %.1f\n",
            what, calls, (unsigned long long)bench->failed, calls / bench->took_s,
            bench->control_us / calls, bench->media_us / calls);
}

static unsigned option(int argc, char **argv, const char *name, unsigned preset)
{
    int64_t value;

    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0 &&
            !slice_to_i64(slice_from(argv[i + 1]), 1, CALLS_MAX, &value))
            return (unsigned)value;
    return preset;
}

static void raise_files(void)
{
    struct rlimit limit;

    check(!getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct figure_runs cost = {0}, floor = {0}, control = {0}, rate = {0};
    struct sockaddr_in peer;
    uint64_t failed = 0;
    char load[64];
    pid_t answerer;

    raise_files();
    bench.rate = option(argc, argv, "--rate", 1000);
    bench.seconds = option(argc, argv, "--seconds", figure_is_quick(argc, argv) ? 1 : 4);
    bench.setups = calloc(SETUPS, sizeof(*bench.setups));
    check(bench.setups);
    answerer = answerer_start(&peer);
    check(!signal_library_start(65536) && signal_timers_check());
    for (int i = 0; i < FIGURE_RUNS; i++) {
        run_floor(&bench, &peer);
        tell(&bench, "floor");
        figure_add(&floor, ms_per_call(&bench));
        run_engine(&bench, &peer);
        tell(&bench, "SIP and media");
        figure_add(&cost, ms_per_call(&bench));
        figure_add(&control, bench.control_us / (double)bench.calls_max / 1000);
        figure_add(&rate, (double)(bench.calls_max - bench.failed) / bench.took_s);
        failed += bench.failed;
    }
    signal_library_stop();
    snprintf(load, sizeof(load), "%u calls/s, %llu failed", bench.rate, (unsigned long long)failed);
    figure_print(&(struct figure){.bench = "setup",
                                  .name = "set-up and tear-down, SIP and media",
                                  .unit = "CPU-ms/call",
                                  .load = load,
                                  .runs = &cost,
                                  .floor_name = "one UDP socket, printed texts, no dialogs",
                                  .floor_runs = &floor,
                                  .at_most = 0.25});
    figure_print(&(struct figure){.bench = "setup",
                                  .name = "set-up and tear-down, SIP alone",
                                  .unit = "CPU-ms/call",
                                  .load = load,
                                  .runs = &control,
                                  .floor_name = "one UDP socket, printed texts, no dialogs",
                                  .floor_runs = &floor});
    figure_print(&(struct figure){.bench = "setup",
                                  .name = "calls a second, SIP and media",
                                  .unit = "calls/s",
                                  .load = load,
                                  .runs = &rate,
                                  .at_least = 0.99 * bench.rate});
    free(bench.setups);
    kill(answerer, SIGKILL);
    waitpid(answerer, NULL, 0);
    return failed ? 1 : 0;
}
