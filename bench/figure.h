#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/*
 * What a bench program says: one line of JSON on standard output for each figure, in the shape that
 * docs/performance.md describes and tools/run-bench.mjs gathers. Anything else goes to standard
 * error.
 *
 *   struct figure_runs ours = {0}, theirs = {0};
 *   for (i = 0; i < FIGURE_RUNS; i++)              a run of ours, a run of the floor, by turns
 *       figure_add(&ours, ...), figure_add(&theirs, ...);
 *   figure_print(&(struct figure){.bench = "forward", .name = "...", .unit = "CPU-ms/leg-s",
 *                                 .load = "800 legs", .runs = &ours, .floor_name = "...",
 *                                 .floor_runs = &theirs, .ratio_at_most = 1.4});
 *
 * The value is the median of the runs. The ratio is the median of the pairs' ratios where runs and
 * floor runs are as many, so that a machine whose speed swings does not decide it.
 */
enum { FIGURE_RUNS = 3, FIGURE_RUNS_MAX = 32 };

struct figure_runs {
    double at[FIGURE_RUNS_MAX];
    unsigned count;
};

struct figure {
    const char *bench, *name, *unit;
    const char *load; /* what the machine did meanwhile: legs, calls a second, rows */
    const struct figure_runs *runs;
    const char *floor_name; /* NULL: there is none */
    const struct figure_runs *floor_runs;
    /* the goal, 0: none. stretch is one of the value, in the same direction */
    double at_most, at_least, ratio_at_most, stretch;
    const char *subject, *generator; /* scheduling, from figure_scheduling; NULL: other 0 */
};

static inline void figure_add(struct figure_runs *runs, double value)
{
    check(runs->count < FIGURE_RUNS_MAX);
    runs->at[runs->count++] = value;
}

static inline int figure_by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of a copy, sorted: min, median, max. */
static inline struct figure_spread {
    double min, median, max;
} figure_spread_of(const struct figure_runs *runs)
{
    struct figure_runs sorted = *runs;
    unsigned count = runs->count;

    check(count > 0);
    qsort(sorted.at, count, sizeof(sorted.at[0]), figure_by_size);
    return (struct figure_spread){sorted.at[0],
                                  (sorted.at[(count - 1) / 2] + sorted.at[count / 2]) / 2,
                                  sorted.at[count - 1]};
}

static inline double figure_ratio(const struct figure_runs *runs, const struct figure_runs *floor)
{
    struct figure_runs ratios = {0};

    if (runs->count != floor->count)
        return figure_spread_of(runs).median / figure_spread_of(floor).median;
    for (unsigned i = 0; i < runs->count; i++)
        figure_add(&ratios, runs->at[i] / floor->at[i]);
    return figure_spread_of(&ratios).median;
}

/* "fifo 10", "other 0" (its nice value is not told): the scheduling of a thread of this process. */
static inline const char *figure_scheduling(pthread_t thread)
{
    static _Thread_local char texts[4][32];
    static _Thread_local unsigned next;
    struct sched_param parameters = {0};
    char *text = texts[next++ % 4];
    int policy = SCHED_OTHER;

    (void)pthread_getschedparam(thread, &policy, &parameters);
    snprintf(text, sizeof(texts[0]), "%s %d",
             policy == SCHED_FIFO ? "fifo"
             : policy == SCHED_RR ? "rr"
                                  : "other",
             parameters.sched_priority);
    return text;
}

static inline void figure_print_runs(const char *name, const struct figure_runs *runs)
{
    struct figure_spread spread = figure_spread_of(runs);

    printf("\"%s\":{\"min\":%.6g,\"median\":%.6g,\"max\":%.6g,\"runs\":%u}", name, spread.min,
           spread.median, spread.max, runs->count);
}

static inline void figure_print_goal(const struct figure *figure, double value, double ratio)
{
    const struct {
        const char *name;
        double bound;
    } goals[] = {{"at_most", figure->at_most},
                 {"at_least", figure->at_least},
                 {"ratio_at_most", figure->ratio_at_most},
                 {"stretch", figure->stretch}};
    bool met = (!figure->at_most || value <= figure->at_most) &&
               (!figure->at_least || value >= figure->at_least) &&
               (!figure->ratio_at_most || (figure->floor_name && ratio <= figure->ratio_at_most));
    const char *comma = "";

    if (!figure->at_most && !figure->at_least && !figure->ratio_at_most) {
        fputs("\"goal\":null,\"met\":null", stdout);
        return;
    }
    fputs("\"goal\":{", stdout);
    for (size_t i = 0; i < array_count(goals); i++) {
        if (!goals[i].bound)
            continue;
        printf("%s\"%s\":%.6g", comma, goals[i].name, goals[i].bound);
        comma = ",";
    }
    printf("},\"met\":%s", met ? "true" : "false");
}

/* The strings are plain words of ours: nothing in them needs escaping. */
static inline void figure_print(const struct figure *figure)
{
    double value = figure_spread_of(figure->runs).median, ratio = 0;

    printf("{\"bench\":\"%s\",\"figure\":\"%s\",\"unit\":\"%s\",\"load\":\"%s\",\"value\":%.6g,",
           figure->bench, figure->name, figure->unit, figure->load ? figure->load : "", value);
    figure_print_runs("spread", figure->runs);
    printf(",\"scheduling\":{\"subject\":\"%s\",\"generator\":\"%s\"},",
           figure->subject ? figure->subject : "other 0",
           figure->generator ? figure->generator : "other 0");
    if (figure->floor_name) {
        ratio = figure_ratio(figure->runs, figure->floor_runs);
        printf("\"floor\":{\"name\":\"%s\",\"value\":%.6g,", figure->floor_name,
               figure_spread_of(figure->floor_runs).median);
        figure_print_runs("spread", figure->floor_runs);
        printf("},\"ratio\":%.4g,", ratio);
    } else {
        fputs("\"floor\":null,\"ratio\":null,", stdout);
    }
    figure_print_goal(figure, value, ratio);
    fputs("}\n", stdout);
    fflush(stdout);
}

/* Is --quick among the arguments? Fewer and shorter runs, the same figures; tells of trends only. */
static inline bool figure_is_quick(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            return true;
    return false;
}

#endif
