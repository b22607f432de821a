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
#include "rtp_generator.h"

#include <dirent.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

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
    generator_join(media, remote, per_room);
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

int main(int argc, char **argv)
{
    unsigned rooms = bench_argument(argc, argv, 1, 400, LEGS_MAX / 2, "ROOMS SECONDS");
    unsigned seconds = bench_argument(argc, argv, 2, 5, 600, "ROOMS SECONDS");
    struct sockaddr_in remote;

    generator_open(2 * rooms, seconds, &remote);
    printf("%u rooms, %u legs, %u s; transit in ms\n%-22s %8s %9s %9s %9s %9s %9s %8s\n", rooms,
           2 * rooms, seconds, "", "ms/leg-s", "% of core", "p50", "p95", "p99", "max", "% >20ms");
    bench_floor(&remote, seconds);
    bench_engine("engine, forwarding", &remote, 2, seconds);
    bench_engine("engine, all alone", &remote, 1, seconds);
    generator_close();
    return 0;
}
