/*
 * What does the media path cost: two-party rooms talking, agents waiting alone, empty rooms, memory?
 *
 *   bench_forward [--quick] [LEGS]           (50, 200, 800 and 2000 legs)
 *
 * 20 ms PCMU both ways, from a generator with one socket; legs are spread over 20 phases.
 */
#include "media_rig.h"

#include <malloc.h>

enum { PAIRS = 5, RUN_MS = 2000, QUICK_MS = 700, EMPTY_ROOMS = 1000, WAITING_WARM_MS = 1000 };

static struct sockaddr_in remote;
static bool quick;

static unsigned run_ms(void)
{
    return quick ? QUICK_MS : RUN_MS;
}

static const char *fifo_or_not(bool realtime)
{
    return realtime ? "fifo 10" : "other 0";
}

static void forwarding(unsigned legs)
{
    struct figure_runs ours = {0}, floor = {0};
    char load[64], name[64];

    generator.leg_count = legs;
    for (unsigned i = 0; i < (quick ? FIGURE_RUNS : PAIRS); i++) {
        struct rig_run least = rig_floor_run(&remote, run_ms());
        struct rig_run run = rig_engine_run(&remote, 2, run_ms());

        figure_add(&floor, least.ms_per_leg_s);
        figure_add(&ours, run.ms_per_leg_s);
        fprintf(stderr,
                "%u legs: engine %.3f ms/leg-s, %.0f wake-ups/s, transit %.3f/%.3f ms; floor %.3f, "
                "%.0f, %.3f/%.3f\n",
                legs, run.ms_per_leg_s, run.switches_per_s, run.p50_ms, run.p99_ms,
                least.ms_per_leg_s, least.switches_per_s, least.p50_ms, least.p99_ms);
    }
    snprintf(load, sizeof(load), "%u legs in %u rooms", legs, legs / 2);
    snprintf(name, sizeof(name), "forwarding, %u legs", legs);
    figure_print(&(struct figure){.bench = "forward",
                                  .name = name,
                                  .unit = "CPU-ms/leg-s",
                                  .load = load,
                                  .runs = &ours,
                                  .floor_name = "epoll, a connected socket a leg",
                                  .floor_runs = &floor,
                                  .ratio_at_most = 1.4,
                                  .at_most = legs == 800 ? 0.20 : 0,
                                  .subject = "fifo 10",
                                  .generator = figure_scheduling(pthread_self())});
}

/* Agents who wait alone in their rooms: each sends, and is sent silence. */
static void waiting(unsigned legs)
{
    struct figure_runs ours = {0}, floor = {0};
    char load[64];

    generator.leg_count = legs;
    generator.warm_ms = WAITING_WARM_MS;
    for (unsigned i = 0; i < FIGURE_RUNS; i++) {
        figure_add(&floor, rig_floor_run(&remote, run_ms()).ms_per_leg_s);
        figure_add(&ours, rig_engine_run(&remote, 1, run_ms()).ms_per_leg_s);
    }
    generator.warm_ms = 0;
    snprintf(load, sizeof(load), "%u agents, each alone in a room", legs);
    figure_print(&(struct figure){.bench = "forward",
                                  .name = "agent waiting alone",
                                  .unit = "CPU-ms/s",
                                  .load = load,
                                  .runs = &ours,
                                  .floor_name = "as many packets forwarded, epoll",
                                  .floor_runs = &floor,
                                  .at_most = 0.30,
                                  .stretch = 0.15,
                                  .subject = "fifo 10",
                                  .generator = figure_scheduling(pthread_self())});
}

static void empty_rooms(void)
{
    struct figure_runs ours = {0};
    bool realtime = false;

    for (unsigned i = 0; i < FIGURE_RUNS; i++) {
        struct media *media = rig_engine_open();
        int thread = rig_thread_wait("media");
        double cpu;

        realtime = media_is_realtime(media);
        for (uint64_t room = 1; room <= EMPTY_ROOMS; room++)
            media_room_open(media, room);
        usleep(100 * 1000);
        cpu = rig_cpu_ms(thread);
        usleep(1000 * run_ms());
        figure_add(&ours, (rig_cpu_ms(thread) - cpu) * 1000 / run_ms() / EMPTY_ROOMS);
        media_free(media);
    }
    figure_print(&(struct figure){.bench = "forward",
                                  .name = "empty room",
                                  .unit = "CPU-ms/s",
                                  .load = "1000 rooms nobody is in",
                                  .runs = &ours,
                                  .at_most = 0.0001,
                                  .subject = fifo_or_not(realtime)});
}

/* Resident memory of legs that talk, the engine's own at the start taken off; kernel memory is not in it. */
static void memory(unsigned legs)
{
    struct figure_runs ours = {0};
    char load[64];

    generator.leg_count = legs;
    for (unsigned i = 0; i < FIGURE_RUNS; i++) {
        struct media *media = rig_engine_open();
        long before;

        (void)malloc_trim(0); /* what a run before has freed would be taken again, and not show */
        before = rig_resident_kib();

        generator_join(media, &remote, 2);
        (void)rig_measure("media", QUICK_MS);
        figure_add(&ours, (double)(rig_resident_kib() - before) / legs);
        media_free(media);
    }
    snprintf(load, sizeof(load), "%u legs in %u rooms", legs, legs / 2);
    figure_print(&(struct figure){.bench = "forward",
                                  .name = "resident memory a leg, media only",
                                  .unit = "KiB",
                                  .load = load,
                                  .runs = &ours,
                                  .at_most = 16,
                                  .subject = "fifo 10",
                                  .generator = figure_scheduling(pthread_self())});
}

int main(int argc, char **argv)
{
    static const unsigned loads[] = {50, 200, 800, 2000};
    int64_t only = 0;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            quick = true;
        else if (slice_to_i64(slice_from(argv[i]), 2, LEGS_MAX, &only)) {
            fprintf(stderr, "usage: bench_forward [--quick] [LEGS]; '%s' is neither\n", argv[i]);
            return 2;
        }
    generator_open(LEGS_MAX, 3, &remote);
    if (only) {
        forwarding((unsigned)only);
        return 0;
    }
    memory(800);
    for (size_t i = 0; i < array_count(loads); i++)
        forwarding(loads[i]);
    waiting(800);
    empty_rooms();
    generator_close();
    return 0;
}
