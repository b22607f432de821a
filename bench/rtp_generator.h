#ifndef BENCH_RTP_GENERATOR_H
#define BENCH_RTP_GENERATOR_H

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "voice/media/media.h"
#include "voice/media/packet.h"

/*
 * The other end of many legs at once: 20 ms PCMU packets from one socket, spread over 20 phases, and
 * what comes back, timed by the kernel's receive stamps.
 */
enum {
    LEGS_MAX = 8000,
    PHASES = 20,
    PAYLOAD = 160,
    SIZE = PACKET_HEADER_SIZE + PAYLOAD,
    BATCH = 64,
    WARM_MS = 400,
};

/*
 * At the front of each payload, a byte of sound for each four bits: it passes a forwarder untouched,
 * and a mixer that decodes, adds silence of nobody else and encodes, too.
 */
struct mark {
    uint64_t sent_ns;
    uint32_t leg, serial;
};

static inline void mark_write(const struct mark *mark, uint8_t *sound)
{
    uint8_t bytes[sizeof(*mark)];

    memcpy(bytes, mark, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        sound[2 * i] = (uint8_t)(0xa0 | bytes[i] >> 4);
        sound[2 * i + 1] = (uint8_t)(0xa0 | (bytes[i] & 15));
    }
}

/* False: silence, or a sound of the other side's own. */
static inline bool mark_read(struct mark *mark, const uint8_t *sound)
{
    uint8_t bytes[sizeof(*mark)];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        if ((sound[2 * i] & 0xf0) != 0xa0 || (sound[2 * i + 1] & 0xf0) != 0xa0)
            return false;
        bytes[i] = (uint8_t)(sound[2 * i] << 4 | (sound[2 * i + 1] & 15));
    }
    memcpy(mark, bytes, sizeof(bytes));
    return true;
}

static struct generator {
    int fd;
    unsigned leg_count, warm_ms; /* warm_ms: before measuring; 0: WARM_MS */
    struct sockaddr_in engine[LEGS_MAX];
    uint32_t serial;
    uint32_t *transit_us;
    size_t count, room;
    uint64_t sent, received;
    bool counting;
} generator;

static inline uint64_t now_ns(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static inline void die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static inline int udp_socket(struct sockaddr_in *address)
{
    socklen_t size = sizeof(*address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof(*address)) ||
        getsockname(fd, (struct sockaddr *)address, &size))
        die("socket");
    return fd;
}

/* ---- the generator ---- */

static inline void send_phase(unsigned phase)
{
    static uint8_t bytes[BATCH][SIZE];
    struct mmsghdr messages[BATCH] = {0};
    struct iovec vectors[BATCH];
    unsigned count = 0;

    for (unsigned leg = phase; leg < generator.leg_count; leg += PHASES) {
        struct mark mark = {now_ns(CLOCK_REALTIME), leg, generator.serial};
        struct media_packet packet = {.sequence = (uint16_t)generator.serial,
                                      .timestamp = generator.serial * PAYLOAD,
                                      .ssrc = leg + 1};

        media_packet_header(&packet, bytes[count]);
        memset(bytes[count] + PACKET_HEADER_SIZE, 0xff, PAYLOAD);
        mark_write(&mark, bytes[count] + PACKET_HEADER_SIZE);
        vectors[count] = (struct iovec){bytes[count], SIZE};
        messages[count].msg_hdr = (struct msghdr){.msg_name = &generator.engine[leg],
                                                  .msg_namelen = sizeof(generator.engine[leg]),
                                                  .msg_iov = &vectors[count],
                                                  .msg_iovlen = 1};
        if (++count < BATCH && leg + PHASES < generator.leg_count)
            continue;
        if (sendmmsg(generator.fd, messages, count, 0) == (int)count && generator.counting)
            generator.sent += count;
        count = 0;
    }
}

static inline void note(struct msghdr *message, const uint8_t *bytes)
{
    struct cmsghdr *part = CMSG_FIRSTHDR(message);
    struct timespec *stamp = part ? (struct timespec *)(void *)CMSG_DATA(part) : NULL;
    struct mark mark;

    if (!stamp || !mark_read(&mark, bytes + PACKET_HEADER_SIZE) ||
        mark.leg >= generator.leg_count || generator.count == generator.room)
        return;
    generator.received++;
    generator.transit_us[generator.count++] = (uint32_t)(((uint64_t)stamp->tv_sec * 1000000000 +
                                                          (uint64_t)stamp->tv_nsec - mark.sent_ns) /
                                                         1000);
}

static inline void receive_all(void)
{
    static uint8_t bytes[BATCH][SIZE];
    static union {
        struct cmsghdr align;
        uint8_t bytes[64];
    } control[BATCH];
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    int count;

    do {
        for (int i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec){bytes[i], SIZE};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i],
                                                  .msg_iovlen = 1,
                                                  .msg_control = &control[i],
                                                  .msg_controllen = sizeof(control[i])};
        }
        count = recvmmsg(generator.fd, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count && generator.counting; i++)
            note(&messages[i].msg_hdr, bytes[i]);
    } while (count == BATCH);
}

static inline void generate(unsigned ms)
{
    uint64_t start = now_ns(CLOCK_MONOTONIC);

    for (unsigned i = 0; i < ms; i++) {
        uint64_t due = start + (uint64_t)i * 1000000;
        struct timespec at = {(time_t)(due / 1000000000), (long)(due % 1000000000)};

        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        if (i % PHASES == 0)
            generator.serial++;
        send_phase(i % PHASES);
        receive_all();
    }
}

static inline int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static inline double percentile_ms(double part)
{
    size_t at = (size_t)(part * (double)generator.count);

    return generator.transit_us[at < generator.count ? at : generator.count - 1] / 1000.0;
}

static inline unsigned bench_argument(int argc, char **argv, int place, unsigned unless,
                                      unsigned max, const char *usage)
{
    int64_t value = unless;

    if (argc > place && slice_to_i64(slice_from(argv[place]), 1, max, &value)) {
        fprintf(stderr, "usage: %s %s; '%s' is not 1 to %u\n", argv[0], usage, argv[place], max);
        exit(2);
    }
    return (unsigned)value;
}

/* Opens the generator for so many legs and so long, with real-time priority where it is allowed. */
static inline void generator_open(unsigned leg_count, unsigned seconds, struct sockaddr_in *address)
{
    struct rlimit files = {2 * LEGS_MAX, 2 * LEGS_MAX};
    struct sched_param priority = {.sched_priority = 20};
    int on = 1, buffer = 16 << 20;

    (void)setrlimit(RLIMIT_NOFILE, &files);
    generator.fd = udp_socket(address);
    generator.leg_count = leg_count;
    generator.room = (size_t)leg_count * 50 * (seconds + 1);
    generator.transit_us = malloc(generator.room * sizeof(uint32_t));
    if (!generator.transit_us)
        die("malloc");
    memset(generator.transit_us, 0, generator.room * sizeof(uint32_t));
    (void)setsockopt(generator.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    if (setsockopt(generator.fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)))
        (void)setsockopt(generator.fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    (void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
    setvbuf(stdout, NULL, _IOLBF, 0);
}

static inline void generator_close(void)
{
    free(generator.transit_us);
    close(generator.fd);
}

static inline void generator_join(struct media *media, const struct sockaddr_in *remote,
                                  unsigned per_room)
{
    struct media_remote to = {.dtmf_payload_type = 101, .sends = true, .receives = true};
    struct media_join join = {0};

    memcpy(&to.address, remote, sizeof(*remote));
    for (unsigned i = 0; i < generator.leg_count; i++) {
        uint64_t leg = i + 1, room = i / per_room + 1;
        uint16_t port;
        int err = media_leg_open(media, leg, &port);

        if (err) {
            errno = err;
            die("media_leg_open");
        }
        generator.engine[i] = *remote;
        generator.engine[i].sin_port = htons(port);
        media_leg_remote(media, leg, &to);
        media_leg_answered(media, leg, media_clock(media));
        media_room_open(media, room);
        media_room_join(media, leg, room, &join);
    }
}

#endif
