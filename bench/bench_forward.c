/*
 * What does the media path cost, and how long does a packet stay in it?
 *
 *   bench_forward [ROOMS [SECONDS]]          (400 rooms, 5 s)
 *
 * Two-party rooms, 20 ms PCMU both ways, from a generator with one socket; legs are spread over 20
 * phases. Beside the engine, in the same run, its floor: a plain epoll loop that reads a packet,
 * rewrites the header and sends it, a connected socket a leg. Then agents who wait alone.
 * CPU is the media thread's own (user and system); a leg-second is 50 packets in and 50 out. Transit
 * is the kernel's receive time stamp at the generator less the time written into the payload.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "voice/media/media.h"
#include "voice/media/packet.h"

enum {
    LEGS_MAX = 8000,
    PHASES = 20,
    PAYLOAD = 160,
    SIZE = PACKET_HEADER_SIZE + PAYLOAD,
    BATCH = 64,
    WARM_MS = 1000,
};

struct mark { /* at the front of each payload; a forwarder does not touch it */
    uint64_t sent_ns;
    uint32_t leg, serial;
};

static struct generator {
    int fd;
    unsigned leg_count;
    struct sockaddr_in engine[LEGS_MAX];
    uint32_t serial;
    uint32_t *transit_us;
    size_t count, room;
    uint64_t sent, received;
    bool counting;
} generator;

static uint64_t now_ns(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_forward: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int udp_socket(struct sockaddr_in *address)
{
    socklen_t size = sizeof(*address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof(*address)) ||
        getsockname(fd, (struct sockaddr *)address, &size))
        die("socket");
    return fd;
}

/* ---- the generator ---- */

static void send_phase(unsigned phase)
{
    static uint8_t bytes[BATCH][SIZE];
    struct mmsghdr messages[BATCH] = {0};
    struct iovec vectors[BATCH];
    unsigned count = 0;

    for (unsigned leg = phase; leg < generator.leg_count; leg += PHASES) {
        struct mark mark = {now_ns(CLOCK_REALTIME), leg, generator.serial};
        struct media_packet packet = {.sequence = (uint16_t)generator.serial,
                                      .timestamp = generator.serial * PAYLOAD,
                                      .ssrc = leg + 1};

        media_packet_header(&packet, bytes[count]);
        memcpy(bytes[count] + PACKET_HEADER_SIZE, &mark, sizeof(mark));
        vectors[count] = (struct iovec){bytes[count], SIZE};
        messages[count].msg_hdr = (struct msghdr){.msg_name = &generator.engine[leg],
                                                  .msg_namelen = sizeof(generator.engine[leg]),
                                                  .msg_iov = &vectors[count],
                                                  .msg_iovlen = 1};
        if (++count < BATCH && leg + PHASES < generator.leg_count)
            continue;
        if (sendmmsg(generator.fd, messages, count, 0) == (int)count && generator.counting)
            generator.sent += count;
        count = 0;
    }
}

static void note(struct msghdr *message, const uint8_t *bytes)
{
    struct cmsghdr *part = CMSG_FIRSTHDR(message);
    struct timespec *stamp = part ? (struct timespec *)(void *)CMSG_DATA(part) : NULL;
    struct mark mark;

    memcpy(&mark, bytes + PACKET_HEADER_SIZE, sizeof(mark));
    if (!stamp || mark.leg >= generator.leg_count || generator.count == generator.room)
        return; /* silence of the engine's own has no mark */
    generator.received++;
    generator.transit_us[generator.count++] = (uint32_t)(((uint64_t)stamp->tv_sec * 1000000000 +
                                                          (uint64_t)stamp->tv_nsec - mark.sent_ns) /
                                                         1000);
}

static void receive_all(void)
{
    static uint8_t bytes[BATCH][SIZE];
    static union {
        struct cmsghdr align;
        uint8_t bytes[64];
    } control[BATCH];
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    int count;

    do {
        for (int i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec){bytes[i], SIZE};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i],
                                                  .msg_iovlen = 1,
                                                  .msg_control = &control[i],
                                                  .msg_controllen = sizeof(control[i])};
        }
        count = recvmmsg(generator.fd, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count && generator.counting; i++)
            note(&messages[i].msg_hdr, bytes[i]);
    } while (count == BATCH);
}

static void generate(unsigned ms)
{
    uint64_t start = now_ns(CLOCK_MONOTONIC);

    for (unsigned i = 0; i < ms; i++) {
        uint64_t due = start + (uint64_t)i * 1000000;
        struct timespec at = {(time_t)(due / 1000000000), (long)(due % 1000000000)};

        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        if (i % PHASES == 0)
            generator.serial++;
        send_phase(i % PHASES);
        receive_all();
    }
}

/* ---- measuring a thread of this process by its name ---- */

static int thread_of(const char *name)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int found = 0;

    while (folder && !found && (entry = readdir(folder))) {
        char path[300], comm[32] = "";
        FILE *file;

        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
        file = fopen(path, "r");
        if (file && fgets(comm, sizeof(comm), file)) {
            comm[strcspn(comm, "\n")] = '\0';
            if (strcmp(comm, name) == 0)
                found = (int)strtol(entry->d_name, NULL, 10);
        }
        if (file)
            fclose(file);
    }
    if (folder)
        closedir(folder);
    return found;
}

static double thread_cpu_ms(int thread)
{
    char path[64];
    unsigned long long ns = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", thread);
    file = fopen(path, "r");
    if (!file || fscanf(file, "%llu", &ns) != 1)
        die("schedstat");
    fclose(file);
    return (double)ns / 1e6;
}

static void pin(int thread, unsigned cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)sched_setaffinity(thread, sizeof(set), &set); /* on one core all share it */
}

static long resident_kib(void)
{
    long pages = 0, unused;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%ld %ld", &unused, &pages) != 2)
        die("statm");
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static double percentile_ms(double part)
{
    size_t at = (size_t)(part * (double)generator.count);

    return generator.transit_us[at < generator.count ? at : generator.count - 1] / 1000.0;
}

/* Generates for so long and prints a line about the thread of that name. */
static void measure(const char *what, const char *thread_name, unsigned seconds)
{
    int thread;
    double before, spent;
    size_t late = 0;

    while (!(thread = thread_of(thread_name)))
        usleep(1000); /* it has not named itself yet */
    pin(thread, 0);
    pin(0, 1);
    generator.counting = false;
    generate(WARM_MS);
    generator.counting = true;
    generator.count = 0;
    generator.sent = generator.received = 0;
    before = thread_cpu_ms(thread);
    generate(seconds * 1000);
    spent = thread_cpu_ms(thread) - before;
    generator.counting = false;
    qsort(generator.transit_us, generator.count, sizeof(uint32_t), by_value);
    for (size_t i = generator.count; i > 0 && generator.transit_us[i - 1] > 20000; i--)
        late++;
    printf("%-22s %8.3f %9.1f", what, spent / seconds / generator.leg_count, spent / seconds / 10);
    if (generator.count)
        printf(" %9.3f %9.3f %9.3f %9.3f %8.3f", percentile_ms(0.5), percentile_ms(0.95),
               percentile_ms(0.99), percentile_ms(1),
               100.0 * (double)late / (double)generator.count);
    putchar('\n');
    if (generator.received && generator.received < generator.sent - generator.sent / 1000)
        printf("%22s only %llu of %llu packets came back\n", "",
               (unsigned long long)generator.received, (unsigned long long)generator.sent);
}

/* ---- the engine ---- */

static void engine_legs(struct media *media, const struct sockaddr_in *remote, unsigned per_room)
{
    struct media_remote to = {.dtmf_payload_type = 101, .sends = true, .receives = true};
    struct media_join join = {0};

    memcpy(&to.address, remote, sizeof(*remote));
    for (unsigned i = 0; i < generator.leg_count; i++) {
        uint64_t leg = i + 1, room = i / per_room + 1;
        uint16_t port;
        int err = media_leg_open(media, leg, &port);

        if (err) {
            errno = err;
            die("media_leg_open");
        }
        generator.engine[i] = *remote;
        generator.engine[i].sin_port = htons(port);
        media_leg_remote(media, leg, &to);
        media_leg_answered(media, leg, media_clock(media));
        media_room_open(media, room);
        media_room_join(media, leg, room, &join);
    }
}

static void bench_engine(const char *what, const struct sockaddr_in *remote, unsigned per_room,
                         unsigned seconds)
{
    struct media_options options = {.address = "127.0.0.1", .realtime = true};
    struct media *media;
    char error[200];
    long before, after;

    if (media_new(&media, &options, error, sizeof(error))) {
        fprintf(stderr, "bench_forward: %s\n", error);
        exit(1);
    }
    before = resident_kib();
    engine_legs(media, remote, per_room);
    measure(what, "media", seconds);
    after = resident_kib();
    printf("%22s %.1f KiB resident a leg; real-time priority: %s\n", "",
           (double)(after - before) / generator.leg_count, media_is_realtime(media) ? "yes" : "no");
    media_free(media);
}

/* ---- the floor ---- */

struct floor {
    int epoll_fd, fds[LEGS_MAX];
    _Atomic bool ends;
};

static void *floor_run(void *arg)
{
    struct floor *floor = arg;
    struct epoll_event events[BATCH];
    uint8_t bytes[1500];

    prctl(PR_SET_NAME, "floor");
    while (!atomic_load(&floor->ends)) {
        int count = epoll_wait(floor->epoll_fd, events, BATCH, 100);

        for (int i = 0; i < count; i++) {
            unsigned leg = events[i].data.u32;
            ssize_t size = recv(floor->fds[leg], bytes, sizeof(bytes), 0);
            struct media_packet packet;

            if (size <= 0 || !media_packet_parse(&packet, bytes, (size_t)size))
                continue;
            packet.ssrc ^= 0x5555;
            packet.sequence++;
            media_packet_header(&packet, bytes);
            (void)!send(floor->fds[leg ^ 1], bytes, (size_t)size, 0);
        }
    }
    return NULL;
}

static void bench_floor(const struct sockaddr_in *remote, unsigned seconds)
{
    static struct floor floor;
    struct sched_param priority = {.sched_priority = 10};
    pthread_t thread;

    floor.epoll_fd = epoll_create1(0);
    for (unsigned i = 0; i < generator.leg_count; i++) {
        struct epoll_event watch = {.events = EPOLLIN, .data.u32 = i};

        floor.fds[i] = udp_socket(&generator.engine[i]);
        if (connect(floor.fds[i], (const struct sockaddr *)remote, sizeof(*remote)) ||
            epoll_ctl(floor.epoll_fd, EPOLL_CTL_ADD, floor.fds[i], &watch))
            die("connect");
    }
    if (pthread_create(&thread, NULL, floor_run, &floor))
        die("pthread_create");
    (void)pthread_setschedparam(thread, SCHED_FIFO, &priority);
    usleep(50000);
    measure("floor, the same rooms", "floor", seconds);
    atomic_store(&floor.ends, true);
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < generator.leg_count; i++)
        close(floor.fds[i]);
    close(floor.epoll_fd);
}

static unsigned argument(int argc, char **argv, int place, unsigned unless, unsigned max)
{
    int64_t value = unless;

    if (argc > place && slice_to_i64(slice_from(argv[place]), 1, max, &value)) {
        fprintf(stderr, "usage: bench_forward [ROOMS 1-%d [SECONDS 1-600]]\n", LEGS_MAX / 2);
        exit(2);
    }
    return (unsigned)value;
}

int main(int argc, char **argv)
{
    unsigned rooms = argument(argc, argv, 1, 400, LEGS_MAX / 2);
    unsigned seconds = argument(argc, argv, 2, 5, 600);
    struct rlimit files = {2 * LEGS_MAX, 2 * LEGS_MAX};
    struct sched_param priority = {.sched_priority = 20};
    struct sockaddr_in remote;
    int on = 1, buffer = 16 << 20;

    (void)setrlimit(RLIMIT_NOFILE, &files);
    generator.fd = udp_socket(&remote);
    generator.leg_count = 2 * rooms;
    generator.room = (size_t)generator.leg_count * 50 * (seconds + 1);
    generator.transit_us = malloc(generator.room * sizeof(uint32_t));
    if (!generator.transit_us)
        die("malloc");
    memset(generator.transit_us, 0, generator.room * sizeof(uint32_t));
    (void)setsockopt(generator.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    if (setsockopt(generator.fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)))
        (void)setsockopt(generator.fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    (void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%u rooms, %u legs, %u s; transit in ms\n%-22s %8s %9s %9s %9s %9s %9s %8s\n", rooms,
           2 * rooms, seconds, "", "ms/leg-s", "% of core", "p50", "p95", "p99", "max", "% >20ms");
    bench_floor(&remote, seconds);
    bench_engine("engine, forwarding", &remote, 2, seconds);
    bench_engine("engine, all alone", &remote, 1, seconds);
    free(generator.transit_us);
    close(generator.fd);
    return 0;
}
