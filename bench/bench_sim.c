/*
 * How fast does the simulator's world go by? The weather of the tests, seed by seed, with the audits
 * and the journal replayed as the tests have them. Floor: the same worlds without the two, so the
 * ratio is what looking costs.
 */
#include <time.h>

#include "figure.h"
#include "sim/world.h"

enum { EVENTS = 8000, SEEDS = 150 };

static double cpu_s(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* CPU time for each million events. */
static double run(uint64_t seed_first, unsigned seeds, bool looks)
{
    struct world_options options = {
        .events = EVENTS, .audit_every = looks ? 1 : 0, .replay = looks};
    uint64_t events = 0;
    double began = cpu_s();

    for (uint64_t seed = seed_first; seed < seed_first + seeds; seed++) {
        struct world *world = world_new(seed, &options);

        world_run(world);
        check(!world->broken);
        events += world->statistics.events;
        world_free(world);
    }
    return (double)events / (cpu_s() - began);
}

int main(int argc, char **argv)
{
    unsigned seeds = figure_is_quick(argc, argv) ? SEEDS / 5 : SEEDS;
    struct figure_runs looking = {0}, bare = {0};

    for (unsigned i = 0; i < FIGURE_RUNS; i++) {
        figure_add(&looking, run(1 + i * seeds, seeds, true));
        figure_add(&bare, run(1 + i * seeds, seeds, false));
    }
    figure_print(&(struct figure){.bench = "sim",
                                  .name = "simulator: events",
                                  .unit = "events/CPU-s",
                                  .load = "seeded weather, audited and replayed",
                                  .runs = &looking,
                                  .floor_name = "without audit and replay",
                                  .floor_runs = &bare});
    return 0;
}
