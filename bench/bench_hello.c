/*
 * How long until an agent hears the first "hello", while the engine works at half load?
 *
 *   bench_hello [ROOMS [CALLS]]              (400 rooms of talkers beside it, 500 calls)
 *
 * A call: a leg is opened, its remote is told, it is answered, the customer's first packet arrives
 * 1 ms later, and is joined to its agent's room (the call control's own time, a webhook's say, is
 * not in the figure). Printed: the engine's own MEDIA_HELLO figures.
 */
#include "rtp_generator.h"

#include <poll.h>
#include <stdatomic.h>

enum { CALL_MS = 15, AGENT = 1000001, ROOM = 1000001, CALL_FIRST = 2000000, WORD = 0x35 };

static _Atomic bool loaded_ends;

static void *load_run(void *arg)
{
    struct sched_param priority = {.sched_priority = 20};

    (void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
    while (!atomic_load(&loaded_ends))
        generate(PHASES);
    return NULL;
}

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

static int by_latency(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void calls(struct media *media, const char *what, unsigned count, bool joined_first)
{
    static uint64_t leg = CALL_FIRST;
    uint32_t *latencies = malloc(count * sizeof(*latencies));

    if (!latencies)
        die("malloc");
    for (unsigned i = 0; i < count; i++) {
        latencies[i] = one_call(media, leg++, joined_first);
        usleep(CALL_MS * 1000);
    }
    qsort(latencies, count, sizeof(*latencies), by_latency);
    printf("%-42s %9.3f %9.3f %9.3f %9.3f\n", what, latencies[count / 2] / 1000.0,
           latencies[count - 1 - count / 20] / 1000.0, latencies[count - 1 - count / 100] / 1000.0,
           latencies[count - 1] / 1000.0);
    free(latencies);
}

int main(int argc, char **argv)
{
    unsigned rooms = bench_argument(argc, argv, 1, 400, LEGS_MAX / 2, "ROOMS CALLS");
    unsigned count = bench_argument(argc, argv, 2, 500, 100000, "ROOMS CALLS");
    struct media_options options = {
        .address = "127.0.0.1", .realtime = true, .leg_count_max = LEGS_MAX + 1000};
    struct media_join join = {0};
    struct sockaddr_in remote;
    struct media *media;
    struct phone agent;
    pthread_t load;
    char error[200];

    generator_open(2 * rooms, 1, &remote);
    if (media_new(&media, &options, error, sizeof(error))) {
        fprintf(stderr, "bench_hello: %s\n", error);
        return 1;
    }
    generator_join(media, &remote, 2);
    phone_open(&agent, media, AGENT);
    phone_remote(&agent, media, AGENT);
    media_room_open(media, ROOM);
    media_room_join(media, AGENT, ROOM, &join);
    if (pthread_create(&load, NULL, load_run, NULL))
        die("pthread_create");
    printf("%u rooms of talkers, %u calls each; hello latency in ms\n%-42s %9s %9s %9s %9s\n",
           rooms, count, "", "p50", "p95", "p99", "max");
    calls(media, "joined before the first word", count, true);
    calls(media, "joined 0.2 ms after the first word", count, false);
    atomic_store(&loaded_ends, true);
    pthread_join(load, NULL);
    media_free(media);
    generator_close();
    close(agent.fd);
    return 0;
}
