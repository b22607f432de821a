/*
 * How much of a core do N talking telephones cost? Two media threads, each on a core of its own, talk
 * to each other over loopback: every leg sends a voice with its signature every 20 ms and reads the
 * other's. Floor: 800 legs on one core, nothing lost.
 *
 *   bench_phones [--json] [--legs N] [--seconds S]
 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/resource.h>
#include <unistd.h>

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
        if (event.kind == RTP_SAID)
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
    }
    while (bench->people.closed < bench->legs || bench->robots.closed < bench->legs)
        run_until(bench, loop_clock() + 10 * MILLISECOND);
    rtp_free(bench->people.rtp);
    rtp_free(bench->robots.rtp);
    free(bench->sound.samples);
}

static void print(const struct bench *bench, double cpu, double took_s, bool json)
{
    const struct rtp_stats *stats = &bench->people.stats;
    bool fair = stats->received * 10 >= stats->sent * 9; /* the others had their core */
    double percent = 100 * cpu / took_s;

    if (json)
        printf("{\"bench\":\"phones\",\"legs\":%zu,\"cpu_percent\":%.1f,"
               "\"us_per_leg_and_frame\":%.2f,\"sent\":%llu,\"received\":%llu,\"lost\":%llu,"
               "\"late\":%llu,\"voices_recognised\":%zu,\"fair\":%s}\n",
               bench->legs, percent, 1e6 * cpu / (50 * took_s * (double)bench->legs),
               (unsigned long long)stats->sent, (unsigned long long)stats->received,
               (unsigned long long)stats->lost, (unsigned long long)stats->late,
               bench->people.heard, fair ? "true" : "false");
    else
        printf("%zu talking telephones: %.1f %% of a core, %.2f us for each leg and 20 ms frame\n"
               "sent %llu, received %llu, lost %llu, late %llu; %zu of %zu voices recognised%s\n",
               bench->legs, percent, 1e6 * cpu / (50 * took_s * (double)bench->legs),
               (unsigned long long)stats->sent, (unsigned long long)stats->received,
               (unsigned long long)stats->lost, (unsigned long long)stats->late,
               bench->people.heard, bench->legs,
               fair ? "" : "\nnot a fair figure: something else held the other side's core");
}

int main(int argc, char **argv)
{
    static struct bench bench = {
        .people.kind = SPEAKER_PERSON, .robots.kind = SPEAKER_ROBOT, .legs = 800};
    instant used, began;
    int64_t value, seconds = 10;
    bool json = false;

    for (int i = 1; i < argc; i++) {
        json |= strcmp(argv[i], "--json") == 0;
        if (i + 1 < argc && strcmp(argv[i], "--legs") == 0 &&
            !slice_to_i64(slice_from(argv[i + 1]), 1, LEGS_MAX, &value))
            bench.legs = (size_t)value;
        if (i + 1 < argc && strcmp(argv[i], "--seconds") == 0 &&
            !slice_to_i64(slice_from(argv[i + 1]), 1, 3600, &value))
            seconds = value;
    }
    raise_files();
    make_sound(&bench.sound);
    open_side(&bench.robots, &bench, 1);
    open_side(&bench.people, &bench, 0);
    pin(1);
    for (size_t i = 0; i < bench.legs; i++) {
        connect_leg(&bench.people, i, &bench.robots, &bench.sound);
        connect_leg(&bench.robots, i, &bench.people, &bench.sound);
        run_until(&bench, loop_clock() + 1 * MILLISECOND); /* people do not all begin at once */
    }
    used = rtp_processor_time(bench.people.rtp);
    began = loop_clock();
    run_until(&bench, began + seconds * SECOND);
    used = rtp_processor_time(bench.people.rtp) - used;
    began = loop_clock() - began;
    close_all(&bench);
    print(&bench, (double)used / 1e6, (double)began / 1e6, json);
    return bench.people.stats.lost ? 1 : 0;
}
