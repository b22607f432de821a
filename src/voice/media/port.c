#include "voice/media/port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "voice/media/host_filter.h"
#include "voice/media/packet.h"

enum {
    DRAIN_MAX = 64,
    SWEPT_AFTER =
        50, /* packets that nobody heard; a customer on its way to an agent stays watched */
    SWEEP_BATCH = 4,  /* one is usual; a sender's clock may run ahead of ours */
    REFUSED_MAX = 50, /* of one that is not connected: then it is swept */
};

static socklen_t address_size(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

/* ---- watched or swept ---- */

static void port_watch(struct media *media, struct port *port)
{
    struct epoll_event watch = {.events = EPOLLIN, .data.ptr = port};

    port->unheard_count = 0;
    if (!port->watched)
        port->watched = epoll_ctl(media->epoll_fd, EPOLL_CTL_ADD, port->fd, &watch) == 0;
}

static void port_swept_remove(struct port *port)
{
    if (!port->swept_link)
        return;
    *port->swept_link = port->swept_next;
    if (port->swept_next)
        port->swept_next->swept_link = port->swept_link;
    port->swept_link = NULL;
}

/* From now on it is read by the clock. */
static void port_leave_to_sweep(struct media *media, struct port *port)
{
    struct port **first = &media->swept[media_core_phase(port->carrier.mleg)];

    if (!port->watched || epoll_ctl(media->epoll_fd, EPOLL_CTL_DEL, port->fd, NULL))
        return;
    port->watched = false;
    if (port->swept_link)
        return; /* the sweep has not yet seen that it was watched meanwhile */
    port->swept_next = *first;
    port->swept_link = first;
    if (port->swept_next)
        port->swept_next->swept_link = &port->swept_next;
    *first = port;
}

/* It has given a packet: is it time to leave it to the sweep? */
static void port_count_unheard(struct media *media, struct port *port)
{
    if (media_core_is_heard(port->carrier.mleg))
        port->unheard_count = 0;
    else if (++port->unheard_count >= SWEPT_AFTER)
        port_leave_to_sweep(media, port);
}

/* It stays in the list until the sweep comes by, which may be walking that very list. */
void port_heard(struct media *media, struct port *port)
{
    if (port->swept_link && !port->flooded)
        port_watch(media, port);
}

static void port_receive_careful(struct media *media, struct port *port);

static void port_sweep(struct media *media, struct port *port, instant now)
{
    static _Thread_local uint8_t bytes[SWEEP_BATCH][PACKET_SIZE_MAX + 1];
    struct mmsghdr messages[SWEEP_BATCH] = {0};
    struct iovec vectors[SWEEP_BATCH];
    int count;

    if (!port->connected) {
        port_receive_careful(media, port);
        return;
    }
    for (int i = 0; i < SWEEP_BATCH; i++) {
        vectors[i] = (struct iovec){bytes[i], sizeof(bytes[i])};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (int drained = 0; drained < DRAIN_MAX; drained += SWEEP_BATCH) {
        count = recvmmsg(port->fd, messages, SWEEP_BATCH, 0, NULL);
        for (int i = 0; i < count; i++)
            (void)media_core_packet(media->core, port->carrier.mleg, NULL, bytes[i],
                                    messages[i].msg_len, now, now);
        if (count < SWEEP_BATCH)
            break;
    }
}

static void ports_sweep_phase(struct media *media, unsigned phase, instant now)
{
    struct port *next;

    for (struct port *port = media->swept[phase]; port; port = next) {
        if (!port->watched)
            port_sweep(media, port, now);
        next = port->swept_next;
        if (port->watched)
            port_swept_remove(port);
    }
}

void ports_sweep(struct media *media, instant now)
{
    int64_t due = now / (MEDIA_CORE_TICK_MS * MILLISECOND);

    if (due - media->swept_tick > MEDIA_CORE_PHASE_COUNT)
        media->swept_tick = due - MEDIA_CORE_PHASE_COUNT;
    while (media->swept_tick < due)
        ports_sweep_phase(media, (unsigned)(++media->swept_tick % MEDIA_CORE_PHASE_COUNT), now);
}

/* ---- life and address ---- */

struct port *port_open(struct media *media, uint64_t leg, int fd)
{
    struct port *port = calloc(1, sizeof(*port));

    check(port);
    port->fd = fd;
    port->stamped = true;
    if (media_core_leg_open(media->core, leg, port, media_clock(media), &port->carrier.mleg)) {
        close(fd);
        free(port);
        return NULL;
    }
    port->next = media->ports;
    port->link = &media->ports;
    if (port->next)
        port->next->link = &port->next;
    media->ports = port;
    return port;
}

void port_close(struct port *port)
{
    port_swept_remove(port);
    close(port->fd);
    *port->link = port->next;
    if (port->next)
        port->next->link = port->link;
    free(port);
}

void port_remote(struct media *media, struct port *port, const struct media_remote *remote)
{
    const struct sockaddr *to = (const struct sockaddr *)&remote->address;
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    if (port->connected)
        (void)connect(port->fd, &nobody, sizeof(nobody));
    host_filter_set(port->fd, to);
    port->to_size = address_size(&remote->address);
    memcpy(&port->to, to, port->to_size);
    port->connected = port->drained = port->flooded = false;
    port->refused_count = 0;
    port_watch(media, port);
}

/* Nobody but that port speaks for the leg from now on. */
static void port_latched(struct media *media, struct port *port,
                         const struct sockaddr_storage *from)
{
    port->to_size = address_size(from);
    memcpy(&port->to, from, port->to_size);
    port->drained = port->flooded = false;
    port->connected = connect(port->fd, (const struct sockaddr *)from, port->to_size) == 0;
    if (port->connected)
        host_filter_clear(port->fd);
    port_watch(media, port);
}

void port_send(struct port *port, const void *bytes, size_t size)
{
    for (int i = 0; i < 2; i++) {
        ssize_t sent = port->connected ? send(port->fd, bytes, size, 0)
                                       : sendto(port->fd, bytes, size, 0,
                                                (struct sockaddr *)&port->to, port->to_size);

        if (sent >= 0 || errno != ECONNREFUSED)
            return; /* a full queue loses the packet, as any router would */
        /* an earlier packet was refused, the kernel tells it now: this one was not sent yet */
    }
}

/* ---- receiving ---- */

/* The kernel's time of arrival, on our clock. */
static instant arrival_of(const struct media *media, struct msghdr *message, instant now)
{
    struct timespec wall, *stamp;
    instant ago;

    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        stamp = (struct timespec *)(void *)CMSG_DATA(part);
        clock_gettime(CLOCK_REALTIME, &wall);
        ago = (wall.tv_sec - stamp->tv_sec) * SECOND + (wall.tv_nsec - stamp->tv_nsec) / 1000;
        if (ago <= 0 || ago >= MINUTE)
            return now; /* the wall clock may have been set */
        /* our clock after the wall's: a thread that had to wait between the two errs towards late, and
         * does not take the leg's own first packet for one from before its time */
        return instant_min(now, media_clock(media) - ago);
    }
    return now;
}

static void port_stamp_off(struct port *port)
{
    int off = 0;

    if (port->stamped && !media_core_wants_stamp(port->carrier.mleg)) {
        (void)setsockopt(port->fd, SOL_SOCKET, SO_TIMESTAMPNS, &off, sizeof(off));
        port->stamped = false;
    }
}

/* Anybody at its host may send it what he likes, and somebody does. */
static void port_count_refused(struct media *media, struct port *port)
{
    if (port->connected || port->refused_count < REFUSED_MAX)
        return;
    port->flooded = true;
    port_leave_to_sweep(media, port);
}

/* With address and time of arrival: until the port is fixed and the first word has been heard. */
static void port_receive_careful(struct media *media, struct port *port)
{
    uint8_t bytes[PACKET_SIZE_MAX + 1];
    union {
        struct cmsghdr align;
        uint8_t bytes[128];
    } control;
    struct sockaddr_storage from;
    struct iovec vector = {.iov_base = bytes, .iov_len = sizeof(bytes)};

    for (int i = 0; i < DRAIN_MAX; i++) {
        struct msghdr message = {.msg_name = &from,
                                 .msg_namelen = sizeof(from),
                                 .msg_iov = &vector,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof(control)};
        ssize_t size = recvmsg(port->fd, &message, 0);
        instant now = media_clock(media);

        if (size < 0) {
            port->drained = port->connected && errno == EAGAIN;
            break;
        }
        switch (media_core_packet(media->core, port->carrier.mleg, (struct sockaddr *)&from, bytes,
                                  (size_t)size, arrival_of(media, &message, now), now)) {
        case MEDIA_PACKET_LATCHED:
            port_latched(media, port, &from);
            break;
        case MEDIA_PACKET_REFUSED:
            port->refused_count++;
            break;
        case MEDIA_PACKET_TAKEN:
            break;
        }
        media_sent(media, media_clock(media));
    }
    port_stamp_off(port);
    port_count_refused(media, port);
}

void port_receive(struct media *media, struct port *port)
{
    uint8_t bytes[PACKET_SIZE_MAX + 1];
    ssize_t size;
    instant now;

    if (!port->drained || port->stamped) {
        port_receive_careful(media, port);
        return;
    }
    size = recv(port->fd, bytes, sizeof(bytes), 0);
    if (size < 0)
        return;
    now = media_clock(media);
    (void)media_core_packet(media->core, port->carrier.mleg, NULL, bytes, (size_t)size, now, now);
    media_sent(media, now);
    port_count_unheard(media, port);
}
