#include "phones/phones.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re/re.h>

#include "phones/network.h"

/*
 * The shell: libre's loop turns, and in it are watched the sound's events, the people's timer, the
 * signals that stop us, and a second timer that ends a stop nobody answers.
 */
enum { FILES_MAX = 16384, STOP_MS_MAX = 2000, STOP_LOOK_MS = 50 };

struct phones {
    struct voices voices;
    struct rtp *rtp;
    struct network *network;
    struct peer *peer;
    int signal_fd;
    struct tmr stop_timer;
    instant stop_by; /* 0: not stopping */
};

static void turn(int flags, void *arg)
{
    struct phones *phones = arg;

    network_turn(phones->network);
}

static void look_for_the_end(void *arg)
{
    struct phones *phones = arg;

    if (network_is_empty(phones->network) || loop_clock() > phones->stop_by)
        re_cancel();
    else
        tmr_start(&phones->stop_timer, STOP_LOOK_MS, look_for_the_end, phones);
}

static void stop(struct phones *phones)
{
    if (phones->stop_by) {
        re_cancel(); /* asked twice: at once */
        return;
    }
    phones->stop_by = loop_clock() + STOP_MS_MAX * MILLISECOND;
    network_stop(phones->network);
    tmr_start(&phones->stop_timer, STOP_LOOK_MS, look_for_the_end, phones);
}

static void stop_asked(int flags, void *arg)
{
    struct phones *phones = arg;
    struct signalfd_siginfo info;

    while (read(phones->signal_fd, &info, sizeof(info)) > 0)
        continue;
    stop(phones);
}

/* Whoever started us to read our lines has died: nobody would ever stop us. */
static void reader_left(int flags, void *arg)
{
    fd_close(STDOUT_FILENO);
    stop(arg);
}

static int watch_reader(struct phones *phones)
{
    struct stat status;

    if (fstat(STDOUT_FILENO, &status) || (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)))
        return 0;
    return fd_listen(STDOUT_FILENO, FD_EXCEPT, reader_left, phones);
}

/* A socket a leg: as many files as the system lets us have. */
static void raise_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    (void)fd_setsize(0);
    (void)fd_setsize(FILES_MAX);
}

static int open_signals(struct phones *phones)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return errno;
    phones->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return phones->signal_fd < 0 ? errno : 0;
}

static int open_all(struct phones *phones, const struct phones_options *options,
                    const struct script *script)
{
    struct network_options network = {
        .script = script, .voices = &phones->voices, .log = options->log};
    struct peer_options peer = {.address = options->address,
                                .port = options->port,
                                .realm = script_realm(script),
                                .prefer_alaw = script_prefers_alaw(script),
                                .handler = network_peer_event};
    int err = rtp_new(&phones->rtp, options->address);

    network.rtp = phones->rtp;
    if (!err)
        err = network_new(&phones->network, &network);
    peer.arg = phones->network;
    if (!err)
        err = peer_new(&phones->peer, &peer);
    if (err) {
        fprintf(stderr, "phones: cannot listen on %s:%u: %s\n", options->address, options->port,
                strerror(err));
        return err;
    }
    network_attach(phones->network, phones->peer);
    err = fd_listen(phones->signal_fd, FD_READ, stop_asked, phones);
    if (!err)
        err = fd_listen(network_timer_fd(phones->network), FD_READ, turn, phones);
    if (!err)
        err = fd_listen(rtp_event_fd(phones->rtp), FD_READ, turn, phones);
    return err ? err : watch_reader(phones);
}

static void close_all(struct phones *phones)
{
    tmr_cancel(&phones->stop_timer);
    if (phones->rtp)
        fd_close(rtp_event_fd(phones->rtp));
    if (phones->network)
        fd_close(network_timer_fd(phones->network));
    if (phones->signal_fd >= 0) {
        fd_close(phones->signal_fd);
        close(phones->signal_fd);
    }
    peer_free(phones->peer);
    rtp_free(phones->rtp);
    network_free(phones->network);
    voices_release(&phones->voices);
}

static void tell_ready(const struct phones *phones, const struct phones_options *options,
                       const struct script *script)
{
    fprintf(options->ready,
            "{\"ready\":true,\"sip\":\"sip:%s:%u\",\"seed\":%llu,\"numbers\":%zu,\"sounds\":%zu}\n",
            options->address, peer_port(phones->peer), (unsigned long long)script_seed(script),
            script_entry_count(script), script_sound_count(script));
    fflush(options->ready);
}

int phones_run(const struct phones_options *options, const struct script *script)
{
    struct phones phones = {.signal_fd = -1};
    struct script_problem problem = {""};
    int err = voices_init(&phones.voices, script, &problem);

    if (err) {
        fprintf(stderr, "phones: %s\n", *problem.text ? problem.text : strerror(err));
        return err;
    }
    signal(SIGPIPE, SIG_IGN);
    tmr_init(&phones.stop_timer);
    err = libre_init();
    if (!err) {
        raise_files();
        err = open_signals(&phones);
        if (!err)
            err = open_all(&phones, options, script);
        if (!err) {
            tell_ready(&phones, options, script);
            err = re_main(NULL);
            network_summary(phones.network);
        }
    }
    close_all(&phones);
    libre_close();
    return err;
}
