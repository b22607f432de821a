/*
 * How many two-party rooms does a core carry, and how long is a packet, and a first "hello", on its
 * way through the engine at half and at 80 % load?
 *
 *   bench_transit [--quick]
 *
 * Load is the share of its core that the media thread takes; the number of rooms that makes it is
 * found by measuring. Transit: the kernel's receive stamp at the generator less the time written into
 * the payload when it was sent. A hello: a leg is opened, its remote is told, it is answered, the
 * customer's first packet comes 1 ms later; it is joined to its agent's room before that, or 0.2 ms
 * after; the figure is the engine's own MEDIA_HELLO, in which call control's time is not.
 */
#include "media_rig.h"

#include <poll.h>

enum {
    RUN_MS = 2000,
    QUICK_MS = 800,
    CALL_MS = 10,
    AGENT = 1000001,
    ROOM = 1000001,
    CALL_FIRST = 2000000,
    WORD = 0x35,
    CALLS = 100, /* of each kind in a run */
};

static struct sockaddr_in remote;
static bool quick;

static unsigned run_ms(void)
{
    return quick ? QUICK_MS : RUN_MS;
}

/* ---- how many rooms ---- */

static struct rig_run rooms_run(unsigned rooms)
{
    struct rig_run run;

    generator.leg_count = 2 * rooms;
    run = rig_engine_run(&remote, 2, run_ms());
    fprintf(stderr, "%u rooms: %.1f %% of the core, %.3f %% late, transit %.3f/%.3f ms\n", rooms,
            run.core_percent, run.late_percent, run.p50_ms, run.p99_ms);
    return run;
}

static bool rooms_fit(const struct rig_run *run)
{
    return run->core_percent <= 80 && run->late_percent < 0.1;
}

/* The number that makes so much load, by proportion: a leg is cheaper among many. */
static unsigned rooms_for(double percent)
{
    struct rig_run run = rooms_run(400);

    run = rooms_run((unsigned)(400 * percent / run.core_percent));
    return (unsigned)(generator.leg_count / 2 * percent / run.core_percent);
}

/* Up in steps until they fit no more; each is tried twice, for a neighbour may have had the core. */
static unsigned rooms_that_fit(void)
{
    unsigned step = 100, fit = 0;

    for (unsigned rooms = rooms_for(80) * 7 / 10 / step * step; rooms <= LEGS_MAX / 2;
         rooms += step) {
        struct rig_run run = rooms_run(rooms);

        if (!rooms_fit(&run))
            run = rooms_run(rooms);
        if (!rooms_fit(&run))
            break;
        fit = rooms;
    }
    return fit;
}

/* ---- a customer ---- */

struct phone {
    int fd;
    struct sockaddr_in address, engine;
};

static void phone_open(struct phone *phone, struct media *media, uint64_t leg)
{
    uint16_t port;
    int err = media_leg_open(media, leg, &port);

    if (err) {
        errno = err;
        die("media_leg_open");
    }
    phone->fd = udp_socket(&phone->address);
    phone->engine = phone->address;
    phone->engine.sin_port = htons(port);
}

static void phone_remote(const struct phone *phone, struct media *media, uint64_t leg)
{
    struct media_remote to = {.dtmf_payload_type = 101, .sends = true, .receives = true};

    memcpy(&to.address, &phone->address, sizeof(phone->address));
    media_leg_remote(media, leg, &to);
    media_leg_answered(media, leg, media_clock(media));
}

static void phone_say(const struct phone *phone, uint16_t sequence)
{
    struct media_packet packet = {
        .sequence = sequence, .timestamp = sequence * 160u, .ssrc = phone->address.sin_port};
    uint8_t bytes[SIZE];

    media_packet_header(&packet, bytes);
    memset(bytes + PACKET_HEADER_SIZE, WORD, PAYLOAD);
    (void)!sendto(phone->fd, bytes, sizeof(bytes), 0, (const struct sockaddr *)&phone->engine,
                  sizeof(phone->engine));
}

/* The next hello of a customer: its latency in us. */
static uint32_t hello_of(struct media *media, uint64_t leg)
{
    struct pollfd wait = {.fd = media_event_fd(media), .events = POLLIN};
    struct media_event event;

    for (;;) {
        while (media_take_event(media, &event))
            if (event.kind == MEDIA_HELLO && event.leg == leg)
                return (uint32_t)event.latency_us;
        if (poll(&wait, 1, 5000) <= 0)
            die("no hello came");
    }
}

static uint32_t one_call(struct media *media, uint64_t leg, bool joined_first)
{
    struct media_join join = {0};
    struct phone customer;
    uint32_t latency;

    phone_open(&customer, media, leg);
    phone_remote(&customer, media, leg);
    if (joined_first)
        media_room_join(media, leg, ROOM, &join);
    usleep(1000);
    phone_say(&customer, 1);
    if (!joined_first) {
        usleep(200);
        media_room_join(media, leg, ROOM, &join);
    }
    latency = hello_of(media, leg);
    media_leg_close(media, leg);
    close(customer.fd);
    return latency;
}

/* ---- transit and hello under load ---- */

struct load {
    struct figure_runs core, p50, p99, hello_p50, hello_p99;
};

static _Atomic bool calls_end;

static void *load_run(void *arg)
{
    struct sched_param priority = {.sched_priority = 20};

    (void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
    rig_pin(0, 1);
    generator.counting = true;
    while (!atomic_load(&calls_end))
        generate(PHASES);
    return NULL;
}

/* Talkers generated by a thread of its own; customers come meanwhile, one after the other. */
static void load_once(struct load *load, unsigned rooms)
{
    struct media *media = rig_engine_open();
    int thread = rig_thread_wait("media");
    uint32_t latencies[2 * CALLS];
    unsigned count = quick ? CALLS / 2 : 2 * CALLS;
    struct media_join join = {0};
    struct phone agent;
    pthread_t generating;
    double cpu, began;

    rig_pin(thread, 0);
    generator.leg_count = 2 * rooms;
    generator.count = 0;
    generator_join(media, &remote, 2);
    phone_open(&agent, media, AGENT);
    phone_remote(&agent, media, AGENT);
    media_room_open(media, ROOM);
    media_room_join(media, AGENT, ROOM, &join);
    atomic_store(&calls_end, false);
    if (pthread_create(&generating, NULL, load_run, NULL))
        die("pthread_create");
    usleep(WARM_MS * 1000);
    cpu = rig_cpu_ms(thread);
    began = (double)now_ns(CLOCK_MONOTONIC) / 1e6;
    for (unsigned i = 0; i < count; i++) {
        latencies[i] = one_call(media, CALL_FIRST + i, i % 2);
        usleep(CALL_MS * 1000);
    }
    figure_add(&load->core,
               100 * (rig_cpu_ms(thread) - cpu) / ((double)now_ns(CLOCK_MONOTONIC) / 1e6 - began));
    atomic_store(&calls_end, true);
    pthread_join(generating, NULL);
    media_free(media);
    close(agent.fd);
    qsort(generator.transit_us, generator.count, sizeof(uint32_t), by_value);
    qsort(latencies, count, sizeof(latencies[0]), by_value);
    figure_add(&load->p50, percentile_ms(0.5));
    figure_add(&load->p99, percentile_ms(0.99));
    figure_add(&load->hello_p50, latencies[count / 2] / 1000.0);
    figure_add(&load->hello_p99, latencies[count - 1 - count / 100] / 1000.0);
}

static void print_ms(const char *name, const char *load, const struct figure_runs *runs,
                     const struct figure_runs *floor, double at_most)
{
    figure_print(&(struct figure){.bench = "transit",
                                  .name = name,
                                  .unit = "ms",
                                  .load = load,
                                  .runs = runs,
                                  .floor_name = floor ? "epoll, as many legs" : NULL,
                                  .floor_runs = floor,
                                  .at_most = at_most,
                                  .subject = "fifo 10",
                                  .generator = "fifo 20"});
}

static void under_load(double percent, bool goals)
{
    unsigned rooms = rooms_for(percent);
    struct figure_runs floor_p50 = {0}, floor_p99 = {0};
    struct load load = {0};
    char words[80];

    for (unsigned i = 0; i < FIGURE_RUNS; i++) {
        struct rig_run least;

        load_once(&load, rooms);
        generator.leg_count = 2 * rooms;
        least = rig_floor_run(&remote, run_ms());
        figure_add(&floor_p50, least.p50_ms);
        figure_add(&floor_p99, least.p99_ms);
    }
    snprintf(words, sizeof(words), "%u rooms, %.0f %% of the core", rooms,
             figure_spread_of(&load.core).median);
    print_ms("transit, p50", words, &load.p50, &floor_p50, goals ? 0.5 : 0);
    print_ms("transit, p99", words, &load.p99, &floor_p99, goals ? 3 : 0);
    print_ms("hello latency, p50", words, &load.hello_p50, NULL, 0);
    print_ms("hello latency, p99", words, &load.hello_p99, NULL, goals ? 5 : 0);
}

int main(int argc, char **argv)
{
    struct figure_runs fit = {0};

    quick = figure_is_quick(argc, argv);
    generator_open(LEGS_MAX, 10, &remote);
    for (unsigned i = 0; i < (quick ? 1 : FIGURE_RUNS); i++)
        figure_add(&fit, rooms_that_fit());
    figure_print(&(struct figure){.bench = "transit",
                                  .name = "two-party rooms a core",
                                  .unit = "rooms",
                                  .load = "at most 80 % of it, under 0.1 % of packets late",
                                  .runs = &fit,
                                  .at_least = 800,
                                  .stretch = 2000,
                                  .subject = "fifo 10",
                                  .generator = "fifo 20"});
    under_load(50, true);
    under_load(80, false);
    generator_close();
    return 0;
}
