#ifndef BENCH_MEDIA_RIG_H
#define BENCH_MEDIA_RIG_H

#include <dirent.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include "figure.h"
#include "rtp_generator.h"

/*
 * What the benches of the media path share: the engine and its floor set up for the generator, one
 * after the other with the same legs, and a run of either measured by its thread's own CPU time
 * (user and system). A leg-second is 50 packets in and 50 out.
 *
 * The floor is the least a program with a socket a leg and epoll can do: it reads a packet, rewrites
 * the header and sends it by the partner's connected socket.
 */
struct rig_run {
    double ms_per_leg_s, core_percent, switches_per_s;
    double p50_ms, p99_ms, late_percent; /* transit; late: over 20 ms, or not come at all */
};

static inline int rig_thread(const char *name)
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

static inline int rig_thread_wait(const char *name)
{
    int thread;

    while (!(thread = rig_thread(name)))
        usleep(1000); /* it has not named itself yet */
    return thread;
}

static inline double rig_cpu_ms(int thread)
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

static inline double rig_switches(int thread)
{
    char path[64], line[128];
    unsigned long count = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%d/status", thread);
    file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "voluntary_ctxt_switches: %lu", &count) == 1)
            break;
    if (file)
        fclose(file);
    return (double)count;
}

static inline void rig_pin(int thread, unsigned cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)sched_setaffinity(thread, sizeof(set), &set); /* on one core all share it */
}

static inline long rig_resident_kib(void)
{
    long pages = 0, unused;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%ld %ld", &unused, &pages) != 2)
        die("statm");
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Generates for so long; what came back and when. */
static inline struct rig_run rig_generate(unsigned ms)
{
    struct rig_run run = {0};
    size_t late = 0;

    generator.counting = true;
    generator.count = 0;
    generator.sent = generator.received = 0;
    generate(ms);
    generator.counting = false;
    qsort(generator.transit_us, generator.count, sizeof(uint32_t), by_value);
    for (size_t i = generator.count; i > 0 && generator.transit_us[i - 1] > 20000; i--)
        late++;
    if (generator.count) {
        /* the last millisecond's packets are still on their way */
        uint64_t due = generator.sent - generator.sent / ms;

        if (generator.received < due)
            late += due - generator.received;
        run.p50_ms = percentile_ms(0.5);
        run.p99_ms = percentile_ms(0.99);
        run.late_percent = 100.0 * (double)late / (double)generator.sent;
    }
    return run;
}

/* The same with the thread of that name on core 0, the generator on core 1. */
static inline struct rig_run rig_measure(const char *thread_name, unsigned ms)
{
    int thread = rig_thread_wait(thread_name);
    struct rig_run run;
    double cpu, switches;

    rig_pin(thread, 0);
    rig_pin(0, 1);
    generator.counting = false;
    generate(generator.warm_ms ? generator.warm_ms : WARM_MS);
    cpu = rig_cpu_ms(thread);
    switches = rig_switches(thread);
    run = rig_generate(ms);
    cpu = rig_cpu_ms(thread) - cpu;
    switches = rig_switches(thread) - switches;
    run.ms_per_leg_s = cpu * 1000 / ms / generator.leg_count;
    run.core_percent = cpu * 100 / ms;
    run.switches_per_s = switches * 1000 / ms;
    return run;
}

/* ---- the engine ---- */

static inline struct media *rig_engine_open(void)
{
    struct media_options options = {
        .address = "127.0.0.1", .realtime = true, .leg_count_max = LEGS_MAX + 1000};
    struct media *media;
    char error[200];

    if (media_new(&media, &options, error, sizeof(error))) {
        fprintf(stderr, "bench: %s\n", error);
        exit(1);
    }
    return media;
}

/* The generator's legs, so many to a room, for so long. */
static inline struct rig_run rig_engine_run(const struct sockaddr_in *remote, unsigned per_room,
                                            unsigned ms)
{
    struct media *media = rig_engine_open();
    struct rig_run run;

    generator_join(media, remote, per_room);
    run = rig_measure("media", ms);
    media_free(media);
    return run;
}

/* ---- the floor ---- */

static struct rig_floor {
    int epoll_fd, fds[LEGS_MAX];
    _Atomic bool ends;
} rig_floor;

static inline void *rig_floor_thread(void *arg)
{
    struct epoll_event events[BATCH];
    uint8_t bytes[1500];

    prctl(PR_SET_NAME, "floor");
    while (!atomic_load(&rig_floor.ends)) {
        int count = epoll_wait(rig_floor.epoll_fd, events, BATCH, 100);

        for (int i = 0; i < count; i++) {
            unsigned leg = events[i].data.u32;
            ssize_t size = recv(rig_floor.fds[leg], bytes, sizeof(bytes), 0);
            struct media_packet packet;

            if (size <= 0 || !media_packet_parse(&packet, bytes, (size_t)size))
                continue;
            packet.ssrc ^= 0x5555;
            packet.sequence++;
            media_packet_header(&packet, bytes);
            (void)!send(rig_floor.fds[leg ^ 1], bytes, (size_t)size, 0);
        }
    }
    return NULL;
}

static inline struct rig_run rig_floor_run(const struct sockaddr_in *remote, unsigned ms)
{
    struct sched_param priority = {.sched_priority = 10};
    struct rig_run run;
    pthread_t thread;

    rig_floor.epoll_fd = epoll_create1(0);
    atomic_store(&rig_floor.ends, false);
    for (unsigned i = 0; i < generator.leg_count; i++) {
        struct epoll_event watch = {.events = EPOLLIN, .data.u32 = i};

        rig_floor.fds[i] = udp_socket(&generator.engine[i]);
        if (connect(rig_floor.fds[i], (const struct sockaddr *)remote, sizeof(*remote)) ||
            epoll_ctl(rig_floor.epoll_fd, EPOLL_CTL_ADD, rig_floor.fds[i], &watch))
            die("connect");
    }
    if (pthread_create(&thread, NULL, rig_floor_thread, NULL))
        die("pthread_create");
    (void)pthread_setschedparam(thread, SCHED_FIFO, &priority);
    run = rig_measure("floor", ms);
    atomic_store(&rig_floor.ends, true);
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < generator.leg_count; i++)
        close(rig_floor.fds[i]);
    close(rig_floor.epoll_fd);
    return run;
}

#endif
