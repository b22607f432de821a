#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "sim/world.h"

/*
 * sim_weather --seeds N [--seed S] [--events N] [--random] [--no-audit] [--no-replay] [--talk]
 *
 * Runs the core under seeded weather. A failure prints the seed, what was broken, the last events, and
 * the line that plays it again.
 */
struct settings {
    uint64_t seeds, seed;
    struct world_options options;
};

static struct world *current; /* for the last words of a program that a check has stopped */

static void last_words(void)
{
    if (!current)
        return;
    fprintf(stderr, "seed %llu broke after %llu events; the last of them:\n",
            (unsigned long long)current->seed, (unsigned long long)current->statistics.events);
    world_tell_trail(current, stderr);
    fprintf(stderr, "play it again: sim_weather --seeds 1 --seed %llu --events %llu\n",
            (unsigned long long)current->seed, (unsigned long long)current->options.events);
}

static void stopped(int signal_number)
{
    last_words();
    signal(SIGABRT, SIG_DFL);
    abort();
}

static bool number_after(int argc, char **argv, int *at, uint64_t *value)
{
    int64_t read;

    if (*at + 1 >= argc || slice_to_i64(slice_from(argv[*at + 1]), 0, INT64_MAX, &read)) {
        fprintf(stderr, "sim_weather: '%s' wants a number\n", argv[*at]);
        return false;
    }
    *value = (uint64_t)read;
    ++*at;
    return true;
}

static bool read_settings(int argc, char **argv, struct settings *settings)
{
    for (int i = 1; i < argc; ++i) {
        if (strcmp(argv[i], "--seeds") == 0) {
            if (!number_after(argc, argv, &i, &settings->seeds))
                return false;
        } else if (strcmp(argv[i], "--seed") == 0) {
            if (!number_after(argc, argv, &i, &settings->seed))
                return false;
        } else if (strcmp(argv[i], "--events") == 0) {
            if (!number_after(argc, argv, &i, &settings->options.events))
                return false;
        } else if (strcmp(argv[i], "--random") == 0) {
            settings->seed = (uint64_t)time(NULL) * 1000;
        } else if (strcmp(argv[i], "--no-audit") == 0) {
            settings->options.audit_every = 0;
        } else if (strcmp(argv[i], "--no-replay") == 0) {
            settings->options.replay = false;
        } else if (strcmp(argv[i], "--talk") == 0) {
            settings->options.talk = stdout;
        } else {
            fprintf(stderr, "sim_weather: what is '%s'? See the head of tests/sim/sim_weather.c\n",
                    argv[i]);
            return false;
        }
    }
    return true;
}

static void add(struct world_statistics *sum, const struct world_statistics *one)
{
    sum->events += one->events;
    sum->effects += one->effects;
    sum->calls += one->calls;
    sum->answered += one->answered;
    sum->bridged += one->bridged;
    sum->messages += one->messages;
    sum->crashes += one->crashes;
    sum->restarts += one->restarts;
    sum->polls += one->polls;
    sum->disowned += one->disowned;
    sum->strays += one->strays;
    sum->refused += one->refused;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void tell(const struct settings *settings, const struct world_statistics *sum, double took)
{
    printf(
        "%llu seeds from %llu: %llu events (%.0f a second), %llu effects, %llu calls, "
        "%llu answered, %llu in rooms, %llu messages, %llu polls, %llu refused, "
        "%llu crashes, %llu engine restarts, %llu given up while they lived, %llu answered then\n",
        (unsigned long long)settings->seeds, (unsigned long long)settings->seed,
        (unsigned long long)sum->events, (double)sum->events / took,
        (unsigned long long)sum->effects, (unsigned long long)sum->calls,
        (unsigned long long)sum->answered, (unsigned long long)sum->bridged,
        (unsigned long long)sum->messages, (unsigned long long)sum->polls,
        (unsigned long long)sum->refused, (unsigned long long)sum->crashes,
        (unsigned long long)sum->restarts, (unsigned long long)sum->disowned,
        (unsigned long long)sum->strays);
}

int main(int argc, char **argv)
{
    struct settings settings = {
        .seeds = 20, .seed = 1, .options = {.events = 20000, .audit_every = 1, .replay = true}};
    struct world_statistics sum = {0};
    double began = seconds();

    if (!read_settings(argc, argv, &settings))
        return 2;
    signal(SIGABRT, stopped);
    for (uint64_t i = 0; i < settings.seeds; ++i) {
        current = world_new(settings.seed + i, &settings.options);
        world_run(current);
        if (current->broken) {
            fprintf(stderr, "broken: %s\n", current->complaint);
            last_words();
            return 1;
        }
        add(&sum, &current->statistics);
        world_free(current);
        current = NULL;
    }
    tell(&settings, &sum, seconds() - began);
    return 0;
}
