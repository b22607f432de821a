/*
 * How much of a core do N talking telephones cost? Two media threads, each on a core of its own, talk
 * to each other over loopback: every leg sends a voice with its signature every 20 ms and reads the
 * other's. The goal is that 800 of them fit on one core.
 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/resource.h>
#include <unistd.h>

#include "figure.h"
#include "phones/rtp.h"

enum { LEGS_MAX = 6000 };

struct side {
    struct rtp *rtp;
    struct rtp_leg *legs[LEGS_MAX];
    uint16_t ports[LEGS_MAX];
    enum speaker_kind kind;
    size_t heard, closed;
    struct rtp_stats stats;
};

struct bench {
    struct side people, robots;
    struct sound sound;
    size_t legs;
};

/* A socket a leg, on both sides. */
static void raise_files(void)
{
    struct rlimit limit;

    check(!getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void pin(int core)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)core % (size_t)cores, &set);
    (void)sched_setaffinity(0, sizeof(set), &set);
}

static void make_sound(struct sound *sound)
{
    static int16_t samples[16000];

    for (size_t i = 0; i < array_count(samples); i++)
        samples[i] = (int16_t)(9000 * sin((double)i / 6) * sin((double)i / 500) + 300);
    check(!voices_prepare(sound, samples, array_count(samples)));
}

static void open_side(struct side *side, const struct bench *bench, int core)
{
    pin(core);
    check(!rtp_new(&side->rtp, "127.0.0.1"));
    for (size_t i = 0; i < bench->legs; i++) {
        struct rtp_order order = {
            .call = (uint32_t)i, .kind = side->kind, .id = (uint32_t)(i % SYMBOLS_ROBOT_ID_MAX)};

        check(!rtp_leg_open(side->rtp, &order, &side->legs[i], &side->ports[i]));
    }
}

static void turn(struct side *side, const struct bench *bench)
{
    struct rtp_event event;

    while (rtp_take(side->rtp, &event)) {
        if (event.kind == RTP_SAID && side->legs[event.call])
            rtp_leg_say(side->rtp, side->legs[event.call], &bench->sound, false);
        side->heard += event.kind == RTP_HEARD;
        if (event.kind != RTP_CLOSED)
            continue;
        side->closed++;
        side->stats.sent += event.stats.sent;
        side->stats.received += event.stats.received;
        side->stats.lost += event.stats.lost;
        side->stats.late += event.stats.late;
    }
}

static void run_until(struct bench *bench, instant end)
{
    while (loop_clock() < end) {
        turn(&bench->people, bench);
        turn(&bench->robots, bench);
        usleep(2000);
    }
}

static void connect_leg(struct side *side, size_t i, const struct side *other,
                        const struct sound *sound)
{
    struct rtp_remote remote = {.address = {.sin_family = AF_INET,
                                            .sin_port = htons(other->ports[i]),
                                            .sin_addr = {htonl(INADDR_LOOPBACK)}},
                                .send = true};

    rtp_leg_remote(side->rtp, side->legs[i], &remote);
    rtp_leg_say(side->rtp, side->legs[i], sound, true);
    rtp_leg_start(side->rtp, side->legs[i]);
}

static void close_all(struct bench *bench)
{
    for (size_t i = 0; i < bench->legs; i++) {
        rtp_leg_close(bench->people.rtp, bench->people.legs[i]);
        rtp_leg_close(bench->robots.rtp, bench->robots.legs[i]);
        bench->people.legs[i] = bench->robots.legs[i] = NULL; /* not ours any more */
    }
    while (bench->people.closed < bench->legs || bench->robots.closed < bench->legs)
        run_until(bench, loop_clock() + 10 * MILLISECOND);
    rtp_free(bench->people.rtp);
    rtp_free(bench->robots.rtp);
    free(bench->sound.samples);
}

/* One run: CPU-ms of the people's thread for each telephone and second, and what was lost, per cent. */
static void run(unsigned legs, unsigned seconds, struct figure_runs *cost, struct figure_runs *lost)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    instant used, began;

    check(bench);
    bench->people.kind = SPEAKER_PERSON;
    bench->robots.kind = SPEAKER_ROBOT;
    bench->legs = legs;
    make_sound(&bench->sound);
    open_side(&bench->robots, bench, 1);
    open_side(&bench->people, bench, 0);
    pin(1);
    for (size_t i = 0; i < legs; i++) {
        connect_leg(&bench->people, i, &bench->robots, &bench->sound);
        connect_leg(&bench->robots, i, &bench->people, &bench->sound);
        run_until(bench, loop_clock() + 1 * MILLISECOND); /* people do not all begin at once */
    }
    used = rtp_processor_time(bench->people.rtp);
    began = loop_clock();
    run_until(bench, began + (instant)seconds * SECOND);
    used = rtp_processor_time(bench->people.rtp) - used;
    began = loop_clock() - began;
    close_all(bench);
    figure_add(cost, (double)used / 1e3 / ((double)began / 1e6) / legs);
    figure_add(lost, 100.0 * (double)bench->people.stats.lost / (double)bench->people.stats.sent);
    fprintf(stderr, "%zu of %u voices recognised, %llu of %llu packets came\n", bench->people.heard,
            legs, (unsigned long long)bench->people.stats.received,
            (unsigned long long)bench->people.stats.sent);
    free(bench);
}

int main(int argc, char **argv)
{
    struct sched_param priority = {.sched_priority = 10};
    struct figure_runs cost = {0}, lost = {0};

    raise_files();
    /* both sides' threads inherit it: what a neighbour takes of a core is no figure of ours */
    (void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
    for (unsigned i = 0; i < FIGURE_RUNS; i++)
        run(800, figure_is_quick(argc, argv) ? 1 : 4, &cost, &lost);
    figure_print(&(struct figure){.bench = "phones",
                                  .name = "telephone talking and listening",
                                  .unit = "CPU-ms/s",
                                  .load = "800 telephones, every voice checked",
                                  .runs = &cost,
                                  .at_most = 1000.0 / 800,
                                  .subject = figure_scheduling(pthread_self()),
                                  .generator = figure_scheduling(pthread_self())});
    figure_print(&(struct figure){.bench = "phones",
                                  .name = "packets lost by them",
                                  .unit = "%",
                                  .load = "800 telephones, every voice checked",
                                  .runs = &lost,
                                  .subject = figure_scheduling(pthread_self()),
                                  .generator = figure_scheduling(pthread_self())});
    return 0;
}
