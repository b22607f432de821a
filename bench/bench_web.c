/*
 * What does a browser's leg cost, and how long is a packet on its way to it and from it?
 *
 *   bench_web [--quick] [PAIRS]              (200 pairs)
 *
 * Each pair is a browser (ICE, a DTLS handshake, SRTP_AEAD_AES_128_GCM, a socket of its own) and a plain trunk
 * leg, alone in a room; both send 20 ms PCMU. The floor is the least that forwards as many packets as safely: a
 * connected socket a trunk leg, one for all browsers, epoll; each packet is read, unlocked or locked by the same code,
 * renumbered and sent.
 */
#include "media_rig.h"

#include <opus.h>

#include "../tests/unit/voice/web/browser.h"
#include "net/loop.h"
#include "voice/media/media_web.h"
#include "voice/web/peer.h"

enum {
    PAIRS = 200,
    PAIRS_MAX = 1000,
    RUNS = 5,
    RUN_MS = 3000,
    QUICK_MS = 1000,
    OPUS_TYPE = 111,
    SHAKE_MS_MAX = 20000,
    SEALED = SIZE + SECURE_OVERHEAD,
    MARKS_MAX = PAIRS_MAX * 2 * 50 * (RUN_MS / 1000 + 1),
};

/* Legs are numbered: 2n a browser, 2n + 1 its trunk leg. */
static struct pair {
    struct browser browser;
    struct sockaddr_in browser_at,
        trunk_to; /* where the browser's socket is; the trunk leg's port */
} pairs[PAIRS_MAX];

static struct load {
    unsigned pair_count;
    int trunk_fd, epoll_fd; /* the trunk's one socket, and all the browsers' */
    struct sockaddr_in trunk_at;
    uint32_t serial, transit_us[MARKS_MAX];
    uint64_t sent, received;
    size_t mark_count;
    bool counting;
    bool opus; /* no marks then: they do not pass a codec */
    uint8_t word[PAYLOAD];
    size_t word_size; /* what browsers say by Opus */
} load;

/* ---- the load ---- */

static void stamps_on(int fd)
{
    int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
        die("SO_TIMESTAMPNS");
}

static void load_open(unsigned pair_count)
{
    int size = 4 << 20;
    struct epoll_event watch = {.events = EPOLLIN, .data.u32 = UINT32_MAX};

    load.pair_count = pair_count;
    load.trunk_fd = udp_socket(&load.trunk_at);
    load.epoll_fd = epoll_create1(0);
    stamps_on(load.trunk_fd);
    if (setsockopt(load.trunk_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
        (void)setsockopt(load.trunk_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (epoll_ctl(load.epoll_fd, EPOLL_CTL_ADD, load.trunk_fd, &watch))
        die("epoll");
}

static void load_watch(unsigned n)
{
    struct epoll_event watch = {.events = EPOLLIN, .data.u32 = n};
    socklen_t size = sizeof(pairs[n].browser_at);

    stamps_on(pairs[n].browser.fd);
    if (getsockname(pairs[n].browser.fd, (struct sockaddr *)&pairs[n].browser_at, &size) ||
        epoll_ctl(load.epoll_fd, EPOLL_CTL_ADD, pairs[n].browser.fd, &watch))
        die("epoll");
}

static void say(unsigned leg)
{
    struct pair *pair = &pairs[leg / 2];
    bool is_trunk = leg & 1;
    struct mark mark = {now_ns(CLOCK_REALTIME), leg, load.serial};
    struct media_packet packet = {
        .sequence = (uint16_t)load.serial, .timestamp = load.serial * PAYLOAD, .ssrc = 1 + leg};
    const struct sockaddr_in *to = is_trunk ? &pair->trunk_to : &pair->browser.engine;
    uint8_t bytes[SEALED];
    size_t size = SIZE;

    if (load.opus && !is_trunk) {
        packet.payload_type = OPUS_TYPE;
        packet.timestamp *= 6;
    }
    media_packet_header(&packet, bytes);
    memset(bytes + PACKET_HEADER_SIZE, 0xff, PAYLOAD);
    mark_write(&mark, bytes + PACKET_HEADER_SIZE);
    if (load.opus && !is_trunk) {
        memcpy(bytes + PACKET_HEADER_SIZE, load.word, load.word_size);
        size = PACKET_HEADER_SIZE + load.word_size;
    }
    if (!is_trunk && !secure_rtp_seal(pair->browser.seals, bytes, &size))
        die("seal");
    if (sendto(is_trunk ? load.trunk_fd : pair->browser.fd, bytes, size, 0,
               (const struct sockaddr *)to, sizeof(*to)) == (ssize_t)size)
        load.sent += load.counting;
}

static void hear(struct msghdr *message, uint8_t *bytes, size_t size, struct browser *browser)
{
    struct cmsghdr *part = CMSG_FIRSTHDR(message);
    struct timespec stamp;
    struct mark mark;

    if (browser && ((bytes[1] & 0x7f) >= 64 || !secure_rtp_open(browser->opens, bytes, &size)))
        return; /* a report, a check's answer */
    if (load.opus)
        load.received += load.counting;
    if (load.opus || !load.counting || !part || size != SIZE ||
        !mark_read(&mark, bytes + PACKET_HEADER_SIZE) || load.mark_count == MARKS_MAX)
        return;
    memcpy(&stamp, CMSG_DATA(part), sizeof(stamp));
    load.received++;
    load.transit_us[load.mark_count++] =
        (uint32_t)(((uint64_t)stamp.tv_sec * 1000000000 + (uint64_t)stamp.tv_nsec - mark.sent_ns) /
                   1000);
}

static void drain(int fd, struct browser *browser)
{
    uint8_t bytes[1500];
    union {
        struct cmsghdr align;
        uint8_t bytes[64];
    } control;
    struct iovec vector = {bytes, sizeof(bytes)};

    for (;;) {
        struct msghdr message = {.msg_iov = &vector,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof(control)};
        ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT);

        if (size < 0)
            return;
        if (size > PACKET_HEADER_SIZE && bytes[0] >> 6 == 2)
            hear(&message, bytes, (size_t)size, browser);
    }
}

static void hear_all(void)
{
    struct epoll_event events[BATCH];
    int count;

    do {
        count = epoll_wait(load.epoll_fd, events, BATCH, 0);
        for (int i = 0; i < count; i++)
            if (events[i].data.u32 == UINT32_MAX)
                drain(load.trunk_fd, NULL);
            else
                drain(pairs[events[i].data.u32].browser.fd, &pairs[events[i].data.u32].browser);
    } while (count == BATCH);
}

static void talk(unsigned ms)
{
    uint64_t start = now_ns(CLOCK_MONOTONIC);

    for (unsigned i = 0; i < ms; i++) {
        uint64_t due = start + (uint64_t)i * 1000000;
        struct timespec at = {(time_t)(due / 1000000000), (long)(due % 1000000000)};

        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        if (i % PHASES == 0)
            load.serial++;
        for (unsigned leg = i % PHASES; leg < 2 * load.pair_count; leg += PHASES)
            say(leg);
        hear_all();
    }
}

struct figures {
    double ms_per_pair_s, core_percent, p50_ms, p99_ms, lost_percent;
};

/* Real time while packets are counted only: a handshake that turns in circles must let the engine in. */
static const char *generator_scheduling(bool realtime)
{
    struct sched_param priority = {.sched_priority = realtime ? 20 : 0};
    static char told[32];

    (void)pthread_setschedparam(pthread_self(), realtime ? SCHED_FIFO : SCHED_OTHER, &priority);
    snprintf(told, sizeof(told), "%s", figure_scheduling(pthread_self()));
    return told;
}

static struct figures measure(const char *thread_name, unsigned ms)
{
    int thread = rig_thread_wait(thread_name);
    struct figures figures = {0};
    double cpu;

    rig_pin(thread, 0);
    rig_pin(0, 1);
    (void)generator_scheduling(true);
    load.counting = false;
    talk(WARM_MS);
    usleep(30 * 1000); /* none of the warming up is counted */
    hear_all();
    cpu = rig_cpu_ms(thread);
    load.sent = load.received = load.mark_count = 0;
    load.counting = true;
    talk(ms);
    cpu = rig_cpu_ms(thread) - cpu;
    usleep(30 * 1000); /* what is still on its way */
    hear_all();
    load.counting = false;
    (void)generator_scheduling(false);
    qsort(load.transit_us, load.mark_count, sizeof(load.transit_us[0]), by_value);
    if (!load.received)
        die("nothing came through");
    figures.ms_per_pair_s = cpu * 1000 / ms / load.pair_count;
    figures.core_percent = cpu * 100 / ms;
    if (load.opus)
        return figures;
    figures.p50_ms = load.transit_us[load.mark_count / 2] / 1000.0;
    figures.p99_ms = load.transit_us[load.mark_count * 99 / 100] / 1000.0;
    check(load.received <= load.sent);
    figures.lost_percent = 100.0 * (double)(load.sent - load.received) / (double)load.sent;
    return figures;
}

/* ---- the engine ---- */

static struct media *media;
static struct loop *loop;
static struct web_peers *peers;

static void control_turn(void)
{
    struct media_event event;

    loop_step(loop, 0);
    while (media_take_event(media, &event))
        if (event.kind == MEDIA_WEB_DTLS)
            web_peers_dtls(peers, event.leg,
                           slice_of((const char *)event.datagram.at, event.datagram.size));
}

static void engine_open(void)
{
    static const char *const candidates[] = {"127.0.0.1", NULL};
    struct media_options options = {
        .address = "127.0.0.1", .web_address = "127.0.0.1", .realtime = true};
    struct web_peers_options peer_options = {.candidates = candidates, .opus = load.opus};
    char error[200];

    if (loop_new(&loop))
        die("loop");
    peer_options.loop = loop;
    if (media_new(&media, &options, error, sizeof(error)) ||
        web_peers_new(&peers, media, &peer_options, error, sizeof(error))) {
        fprintf(stderr, "bench: %s\n", error);
        exit(1);
    }
}

static void browser_join(unsigned n)
{
    struct browser *browser = &pairs[n].browser;
    struct text offer, answer;
    const char *why = "";

    text_init(&offer);
    text_init(&answer);
    browser_open(browser, NULL);
    browser_describe(browser, "actpass", &offer);
    if (web_peer_answer(peers, 2 * n + 1, text_slice(&offer), &answer, &why) ||
        !browser_take(browser, text_slice(&answer)))
        die(why);
    text_release(&offer);
    text_release(&answer);
}

static void trunk_join(unsigned n)
{
    struct media_remote remote = {.dtmf_payload_type = 101, .sends = true, .receives = true};
    struct media_join join = {0};
    uint64_t browser = 2 * n + 1, trunk = 2 * n + 2, room = n + 1;
    uint16_t port;

    errno = media_leg_open(media, trunk, &port);
    if (errno)
        die("media_leg_open");
    memcpy(&remote.address, &load.trunk_at, sizeof(load.trunk_at));
    media_leg_remote(media, trunk, &remote);
    pairs[n].trunk_to = load.trunk_at;
    pairs[n].trunk_to.sin_port = htons(port);
    media_leg_answered(media, browser, media_clock(media));
    media_leg_answered(media, trunk, media_clock(media));
    media_room_open(media, room);
    media_room_join(media, browser, room, &join);
    media_room_join(media, trunk, room, &join);
}

/* All at once, as after a restart; the processor's time for both sides of it. */
static double shake_hands(void)
{
    uint64_t began = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID),
             last_check = 0;
    unsigned open = load.pair_count;

    while (open) {
        uint64_t now = now_ns(CLOCK_MONOTONIC);
        bool check_again = now - last_check > 50000000;

        if (now - began > SHAKE_MS_MAX * UINT64_C(1000000))
            die("the handshakes did not come to an end");
        last_check = check_again ? now : last_check;
        open = 0;
        for (unsigned n = 0; n < load.pair_count; n++) {
            struct browser *browser = &pairs[n].browser;

            if (!browser->checked && check_again)
                browser_check(browser, true);
            while (browser_turn(browser, 0))
                ;
            open += !web_peer_is_secured(peers, 2 * n + 1) || !browser->secured;
        }
        control_turn();
        usleep(2000); /* what there is to do next comes in bunches */
    }
    return (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1e6;
}

static struct figures engine_run(unsigned ms, double *shaking_ms)
{
    struct figures figures;

    engine_open();
    for (unsigned n = 0; n < load.pair_count; n++)
        browser_join(n);
    *shaking_ms = shake_hands();
    for (unsigned n = 0; n < load.pair_count; n++) {
        trunk_join(n);
        load_watch(n);
    }
    figures = measure("media", ms);
    for (unsigned n = 0; n < load.pair_count; n++)
        browser_close(&pairs[n].browser);
    web_peers_free(peers);
    media_free(media);
    loop_free(loop);
    return figures;
}

/* ---- the floor ---- */

static struct floor {
    int epoll_fd, browsers_fd, trunk_fds[PAIRS_MAX];
    struct secure_stream *opens[PAIRS_MAX], *seals[PAIRS_MAX];
    uint16_t by_port[65536]; /* the browser's number */
    _Atomic bool ends;
} lowest;

static void floor_send(unsigned n, bool to_browser, uint8_t *bytes, size_t size)
{
    struct media_packet packet;

    if (!media_packet_parse(&packet, bytes, size))
        return;
    packet.ssrc ^= 0x5555;
    packet.sequence++;
    media_packet_header(&packet, bytes);
    if (!to_browser)
        (void)!send(lowest.trunk_fds[n], bytes, size, 0);
    else if (secure_rtp_seal(lowest.seals[n], bytes, &size))
        (void)!sendto(lowest.browsers_fd, bytes, size, 0, (struct sockaddr *)&pairs[n].browser_at,
                      sizeof(pairs[n].browser_at));
}

static void floor_receive(uint32_t n)
{
    uint8_t bytes[1500];
    struct sockaddr_in from;
    socklen_t from_size = sizeof(from);
    bool is_browser = n == UINT32_MAX;
    ssize_t got = is_browser ? recvfrom(lowest.browsers_fd, bytes, sizeof(bytes), 0,
                                        (struct sockaddr *)&from, &from_size)
                             : recv(lowest.trunk_fds[n], bytes, sizeof(bytes), 0);
    size_t size = (size_t)got;

    if (got <= 0)
        return;
    if (is_browser) {
        n = lowest.by_port[ntohs(from.sin_port)];
        if (!secure_rtp_open(lowest.opens[n], bytes, &size))
            return;
    }
    floor_send(n, !is_browser, bytes, size);
}

static void *floor_thread(void *arg)
{
    struct epoll_event events[BATCH];

    prctl(PR_SET_NAME, "floor");
    while (!atomic_load(&lowest.ends)) {
        int count = epoll_wait(lowest.epoll_fd, events, BATCH, 100);

        for (int i = 0; i < count; i++)
            floor_receive(events[i].data.u32);
    }
    return NULL;
}

static struct secure_stream *stream_by(uint8_t letter)
{
    uint8_t bytes[SECURE_KEY_SIZE];
    struct secure_stream *stream;

    memset(bytes, letter, sizeof(bytes));
    if (secure_stream_new(&stream, SECURE_AES128_GCM, bytes, bytes))
        die("keys");
    return stream;
}

static void floor_watch(int fd, uint32_t n)
{
    struct epoll_event watch = {.events = EPOLLIN, .data.u32 = n};

    if (epoll_ctl(lowest.epoll_fd, EPOLL_CTL_ADD, fd, &watch))
        die("epoll");
}

static void floor_pair(unsigned n, const struct sockaddr_in *browsers_at)
{
    struct browser *browser = &pairs[n].browser;

    memset(browser, 0, sizeof(*browser));
    browser_bind(browser);
    browser->engine = *browsers_at;
    browser->seals = stream_by('a');
    browser->opens = stream_by('b');
    lowest.opens[n] = stream_by('a');
    lowest.seals[n] = stream_by('b');
    load_watch(n);
    lowest.by_port[ntohs(pairs[n].browser_at.sin_port)] = (uint16_t)n;
    lowest.trunk_fds[n] = udp_socket(&pairs[n].trunk_to);
    if (connect(lowest.trunk_fds[n], (struct sockaddr *)&load.trunk_at, sizeof(load.trunk_at)))
        die("connect");
    floor_watch(lowest.trunk_fds[n], n);
}

static struct figures floor_run(unsigned ms)
{
    struct sched_param priority = {.sched_priority = 10};
    struct sockaddr_in browsers_at;
    struct figures figures;
    pthread_t thread;
    int size = 4 << 20;

    lowest.epoll_fd = epoll_create1(0);
    lowest.browsers_fd = udp_socket(&browsers_at);
    (void)setsockopt(lowest.browsers_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    floor_watch(lowest.browsers_fd, UINT32_MAX);
    for (unsigned n = 0; n < load.pair_count; n++)
        floor_pair(n, &browsers_at);
    atomic_store(&lowest.ends, false);
    if (pthread_create(&thread, NULL, floor_thread, NULL))
        die("pthread_create");
    (void)pthread_setschedparam(thread, SCHED_FIFO, &priority);
    figures = measure("floor", ms);
    atomic_store(&lowest.ends, true);
    pthread_join(thread, NULL);
    for (unsigned n = 0; n < load.pair_count; n++) {
        close(pairs[n].browser.fd);
        secure_stream_free(pairs[n].browser.seals);
        secure_stream_free(pairs[n].browser.opens);
        secure_stream_free(lowest.opens[n]);
        secure_stream_free(lowest.seals[n]);
        close(lowest.trunk_fds[n]);
    }
    close(lowest.browsers_fd);
    close(lowest.epoll_fd);
    return figures;
}

/* ---- the questions ---- */

/* A hum of 20 ms, as a browser would say it. */
static void word_make(void)
{
    OpusEncoder *encoder = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, &(int){0});
    int16_t samples[960];
    int size = 0;

    if (!encoder)
        die("opus");
    opus_encoder_ctl(encoder, OPUS_SET_BITRATE(24000));
    for (int i = 0; i < 960; i++)
        samples[i] = (int16_t)(i / 60 % 2 ? 6000 : -6000);
    for (int i = 0; i < 10; i++)
        size = opus_encode(encoder, samples, 960, load.word, sizeof(load.word));
    opus_encoder_destroy(encoder);
    if (size <= 0)
        die("opus");
    load.word_size = (size_t)size;
}

static void by_opus(unsigned runs, unsigned ms, unsigned pair_count)
{
    struct figure_runs cost = {0};
    char loaded[64];

    word_make();
    load.opus = true;
    load.pair_count = pair_count;
    for (unsigned i = 0; i < runs; i++) {
        double shaking_ms;

        figure_add(&cost, engine_run(ms, &shaking_ms).ms_per_pair_s);
    }
    snprintf(loaded, sizeof(loaded), "%u browsers by Opus, each in a room with a trunk leg",
             pair_count);
    figure_print(&(struct figure){.bench = "web",
                                  .name = "a browser by Opus and a trunk leg",
                                  .unit = "CPU-ms/pair-s",
                                  .load = loaded,
                                  .runs = &cost,
                                  .subject = "fifo 10",
                                  .generator = "fifo 20"});
}

int main(int argc, char **argv)
{
    struct figure_runs cost = {0}, floor_cost = {0}, p50 = {0}, floor_p50 = {0}, p99 = {0},
                       floor_p99 = {0};
    struct figure_runs lost = {0}, shaking = {0};
    unsigned ms = RUN_MS, runs = RUNS;
    int64_t pair_count = PAIRS;
    char loaded[64], scheduling[32];

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            ms = QUICK_MS;
            runs = FIGURE_RUNS;
        } else if (slice_to_i64(slice_from(argv[i]), 1, PAIRS_MAX, &pair_count)) {
            fprintf(stderr, "usage: bench_web [--quick] [PAIRS]; '%s' is neither\n", argv[i]);
            return 2;
        }
    }
    load_open((unsigned)pair_count);
    for (unsigned i = 0; i < runs; i++) {
        double shaking_ms;
        struct figures least = floor_run(ms), ours = engine_run(ms, &shaking_ms);

        figure_add(&cost, ours.ms_per_pair_s);
        figure_add(&floor_cost, least.ms_per_pair_s);
        figure_add(&p50, ours.p50_ms);
        figure_add(&floor_p50, least.p50_ms);
        figure_add(&p99, ours.p99_ms);
        figure_add(&floor_p99, least.p99_ms);
        figure_add(&lost, ours.lost_percent);
        figure_add(&shaking, shaking_ms / (double)pair_count);
        fprintf(stderr,
                "%u pairs: engine %.3f ms/pair-s, %.3f %% lost, transit %.3f/%.3f ms, %.1f ms of "
                "handshakes; floor %.3f, %.3f %%, %.3f/%.3f\n",
                load.pair_count, ours.ms_per_pair_s, ours.lost_percent, ours.p50_ms, ours.p99_ms,
                shaking_ms, least.ms_per_pair_s, least.lost_percent, least.p50_ms, least.p99_ms);
    }
    snprintf(scheduling, sizeof(scheduling), "%s", generator_scheduling(true));
    (void)generator_scheduling(false);
    snprintf(loaded, sizeof(loaded), "%u browsers, each in a room with a trunk leg",
             load.pair_count);
    figure_print(&(struct figure){.bench = "web",
                                  .name = "a browser and a trunk leg",
                                  .unit = "CPU-ms/pair-s",
                                  .load = loaded,
                                  .runs = &cost,
                                  .floor_name = "epoll and SRTP, nothing else",
                                  .floor_runs = &floor_cost,
                                  .ratio_at_most = 1.4,
                                  .subject = "fifo 10",
                                  .generator = scheduling});
    figure_print(&(struct figure){.bench = "web",
                                  .name = "transit to and from browsers, p50",
                                  .unit = "ms",
                                  .load = loaded,
                                  .runs = &p50,
                                  .floor_name = "epoll and SRTP, nothing else",
                                  .floor_runs = &floor_p50,
                                  .subject = "fifo 10",
                                  .generator = scheduling});
    figure_print(&(struct figure){.bench = "web",
                                  .name = "transit to and from browsers, p99",
                                  .unit = "ms",
                                  .load = loaded,
                                  .runs = &p99,
                                  .floor_name = "epoll and SRTP, nothing else",
                                  .floor_runs = &floor_p99,
                                  .at_most = 5,
                                  .subject = "fifo 10",
                                  .generator = scheduling});
    figure_print(&(struct figure){.bench = "web",
                                  .name = "packets lost",
                                  .unit = "%",
                                  .load = loaded,
                                  .runs = &lost,
                                  .at_most = 0.001,
                                  .subject = "fifo 10",
                                  .generator = scheduling});
    figure_print(&(struct figure){.bench = "web",
                                  .name = "ICE and DTLS of a browser",
                                  .unit = "CPU-ms/browser",
                                  .load = "both sides, all at once",
                                  .runs = &shaking});
    by_opus(FIGURE_RUNS, ms, ((unsigned)pair_count + 3) / 4);
    close(load.trunk_fd);
    close(load.epoll_fd);
    return 0;
}
