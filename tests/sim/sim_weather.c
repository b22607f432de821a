#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "sim/world.h"

/*
 * sim_weather --seeds N [--seed S] [--events N] [--random] [--total N] [--no-audit] [--no-replay]
 *             [--crash-points [--crash-kind server|engine|both] [--crash-at I]] [--talk] [--journal FILE]
 *
 * Runs the core under seeded weather. A failure prints the seed, what was broken, the last events, and
 * the line that plays it again. --total goes on from seed to seed until so many events have passed, and
 * tells how far it is. --crash-points makes of each seed a short life, and lives it once for each
 * moment at which the server, the engine or both can die: at all of them, or at the one that is named.
 * On odd seeds nothing else goes wrong. --journal writes the first life as a server would.
 */
struct settings {
    uint64_t seeds, seed, total;
    bool points, one_kind;
    struct world_options options;
};

static struct world *current; /* for the last words of a program that a check has stopped */
static const char *const kinds[CRASH_KIND_COUNT] = {"server", "engine", "both"};

static void last_words(void)
{
    if (!current)
        return;
    fprintf(stderr, "seed %llu broke after %llu events; the last of them:\n",
            (unsigned long long)current->seed, (unsigned long long)current->statistics.events);
    world_tell_trail(current, stderr);
    fprintf(stderr, "play it again: sim_weather --seeds 1 --seed %llu --events %llu",
            (unsigned long long)current->seed, (unsigned long long)current->options.events);
    if (current->options.sweep)
        fprintf(stderr, " --crash-points --crash-kind %s --crash-at %llu",
                kinds[current->options.crash_kind], (unsigned long long)current->options.crash_at);
    fputc('\n', stderr);
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

static bool kind_after(int argc, char **argv, int *at, struct settings *settings)
{
    for (int kind = 0; *at + 1 < argc && kind < CRASH_KIND_COUNT; ++kind)
        if (strcmp(argv[*at + 1], kinds[kind]) == 0) {
            settings->options.crash_kind = (enum crash_kind)kind;
            settings->one_kind = true;
            ++*at;
            return true;
        }
    fprintf(stderr, "sim_weather: '%s' wants server, engine or both\n", argv[*at]);
    return false;
}

static bool file_after(int argc, char **argv, int *at, struct world_options *options)
{
    options->journal = *at + 1 < argc ? fopen(argv[++*at], "wbe") : NULL;
    if (!options->journal)
        fprintf(stderr, "sim_weather: '--journal' wants a file that can be written\n");
    return options->journal;
}

static bool read_one(int argc, char **argv, int *at, struct settings *settings)
{
    struct world_options *options = &settings->options;
    const char *word = argv[*at];

    if (strcmp(word, "--seeds") == 0)
        return number_after(argc, argv, at, &settings->seeds);
    if (strcmp(word, "--seed") == 0)
        return number_after(argc, argv, at, &settings->seed);
    if (strcmp(word, "--events") == 0)
        return number_after(argc, argv, at, &options->events);
    if (strcmp(word, "--total") == 0)
        return number_after(argc, argv, at, &settings->total);
    if (strcmp(word, "--crash-at") == 0)
        return number_after(argc, argv, at, &options->crash_at);
    if (strcmp(word, "--crash-kind") == 0)
        return kind_after(argc, argv, at, settings);
    if (strcmp(word, "--journal") == 0)
        return file_after(argc, argv, at, options);
    if (strcmp(word, "--crash-points") == 0) {
        settings->points = true;
    } else if (strcmp(word, "--random") == 0) {
        settings->seed = (uint64_t)time(NULL) * 1000;
    } else if (strcmp(word, "--no-audit") == 0) {
        options->audit_every = 0;
    } else if (strcmp(word, "--no-replay") == 0) {
        options->replay = false;
    } else if (strcmp(word, "--talk") == 0) {
        options->talk = stdout;
    } else {
        fprintf(stderr, "sim_weather: what is '%s'? See the head of tests/sim/sim_weather.c\n",
                word);
        return false;
    }
    return true;
}

static void add(struct world_statistics *sum, const struct world_statistics *one)
{
    const uint64_t *from = (const uint64_t *)one;
    uint64_t *to = (uint64_t *)sum;

    for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); ++i)
        to[i] += from[i];
}

static double seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void tell(const struct settings *settings, uint64_t seeds,
                 const struct world_statistics *sum, double cpu_s)
{
#define N(name) (unsigned long long)sum->name
    printf("%llu seeds from %llu: %llu events, %llu effects, %llu calls, %llu answered, "
           "%llu in rooms, %llu messages, %llu apologies, %llu polls, %llu refused; "
           "%llu crashes, %llu engine restarts, %llu outages, %llu leaps, %llu steps back; "
           "%llu given up while they lived\n",
           (unsigned long long)seeds, (unsigned long long)settings->seed, N(events), N(effects),
           N(calls), N(answered), N(bridged), N(messages), N(apologies), N(polls), N(refused),
           N(crashes), N(restarts), N(outages), N(leaps), N(steps_back), N(disowned));
    printf("figure: simulator, audited after every event: %.0f events per CPU second "
           "(%llu events)\n",
           (double)sum->events / cpu_s, N(events));
#undef N
}

static bool run_world(uint64_t seed, const struct world_options *options)
{
    current = world_new(seed, options);
    world_run(current);
    if (!current->broken)
        return true;
    fprintf(stderr, "broken: %s\n", current->complaint);
    last_words();
    return false;
}

static void drop_world(void)
{
    world_free(current);
    current = NULL;
}

static void tell_progress(const struct settings *settings, const struct world_statistics *sum,
                          uint64_t seed)
{
    static double next, begun;
    double now = seconds(CLOCK_MONOTONIC), share;

    begun = begun > 0 ? begun : now;
    if (!settings->total || now < next || !isatty(STDERR_FILENO))
        return;
    next = now + 10;
    share = (double)sum->events / (double)settings->total;
    fprintf(stderr, "\r%5.1f %%  %llu events, seed %llu, %.0f min left   ", 100 * share,
            (unsigned long long)sum->events, (unsigned long long)seed,
            share > 0 ? (now - begun) * (1 / share - 1) / 60 : 0);
}

static int weather(const struct settings *settings)
{
    struct world_statistics sum = {0};
    double began = seconds(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t done = 0;

    while (settings->total ? sum.events < settings->total : done < settings->seeds) {
        if (!run_world(settings->seed + done, &settings->options))
            return 1;
        add(&sum, &current->statistics);
        drop_world();
        ++done;
        tell_progress(settings, &sum, settings->seed + done);
    }
    tell(settings, done, &sum, seconds(CLOCK_PROCESS_CPUTIME_ID) - began);
    return 0;
}

/* Spans until everything was as before, by kind of crash. */
struct spans {
    int64_t *at;
    size_t count, room;
};

static void spans_add(struct spans *spans, int64_t span)
{
    if (span < 0)
        return;
    if (spans->count == spans->room) {
        spans->room = spans->room ? spans->room * 2 : 1024;
        spans->at = realloc(spans->at, spans->room * sizeof(*spans->at));
        check(spans->at != NULL);
    }
    spans->at[spans->count++] = span;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static double quantile_s(const struct spans *spans, double quantile)
{
    return (double)spans->at[(size_t)(quantile * (double)(spans->count - 1))] / SECOND;
}

static void tell_spans(const char *kind, bool calm, uint64_t points, struct spans *spans)
{
    const char *day = calm ? "nothing else wrong" : "in bad weather";

    printf("figure: %llu crash points survived, crash of '%s', %s\n", (unsigned long long)points,
           kind, day);
    if (!spans->count)
        return;
    qsort(spans->at, spans->count, sizeof(*spans->at), by_size);
    printf("figure: recovery, crash of '%s', %s, simulated time from the start on until every call "
           "is known and every agent's line stands: p50 %.3f s, p95 %.3f s, p99 %.3f s, longest "
           "%.1f s\n",
           kind, day, quantile_s(spans, 0.5), quantile_s(spans, 0.95), quantile_s(spans, 0.99),
           quantile_s(spans, 1));
    free(spans->at);
}

/* One seed, one kind: every point of its life, or the one that was named. */
static bool die_everywhere(const struct settings *settings, uint64_t seed, enum crash_kind kind,
                           uint64_t last, uint64_t *points, struct spans *spans)
{
    struct world_options options = settings->options;

    options.crash_kind = kind;
    for (options.crash_at = 1; options.crash_at <= last; ++options.crash_at) {
        if (settings->options.crash_at && options.crash_at != settings->options.crash_at)
            continue;
        if (!run_world(seed, &options))
            return false;
        ++*points;
        spans_add(spans, current->served_us);
        drop_world();
    }
    return true;
}

static int crash_points(struct settings *settings)
{
    struct spans spans[2][CRASH_KIND_COUNT] = {{{0}}};
    uint64_t points[2][CRASH_KIND_COUNT] = {{0}};

    settings->options.sweep = true;
    for (uint64_t i = 0; i < settings->seeds; ++i) {
        struct world_options undisturbed;
        uint64_t last;
        bool calm = (settings->seed + i) % 2;

        settings->options.calm = calm;
        undisturbed = settings->options;
        undisturbed.crash_at = 0;
        if (!run_world(settings->seed + i, &undisturbed))
            return 1;
        last = current->points;
        drop_world();
        for (int kind = 0; kind < CRASH_KIND_COUNT; ++kind)
            if ((!settings->one_kind || kind == (int)settings->options.crash_kind) &&
                !die_everywhere(settings, settings->seed + i, (enum crash_kind)kind, last,
                                &points[calm][kind], &spans[calm][kind]))
                return 1;
    }
    for (int calm = 1; calm >= 0; --calm)
        for (int kind = 0; kind < CRASH_KIND_COUNT; ++kind)
            if (points[calm][kind])
                tell_spans(kinds[kind], calm, points[calm][kind], &spans[calm][kind]);
    return 0;
}

int main(int argc, char **argv)
{
    struct settings settings = {
        .seeds = 20, .seed = 1, .options = {.events = 20000, .audit_every = 1, .replay = true}};

    for (int i = 1; i < argc; ++i)
        if (!read_one(argc, argv, &i, &settings))
            return 2;
    signal(SIGABRT, stopped);
    return settings.points ? crash_points(&settings) : weather(&settings);
}
