#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "voice/media/media_parts.h"
#include "voice/media/packet.h"

/*
 * The media thread: sockets, the clock and the two rings around the core. One epoll descriptor; a
 * leg's socket is watched once its remote is known, so packets that overtake the 200 OK wait in the
 * kernel with their time stamps. A socket is connected when its port is latched: the kernel then
 * drops strangers and knows the route, and a plain recv and send do.
 */
enum { BATCH = 64, DRAIN_MAX = 64, LATE_RETRY_MS = 10 };

struct port {
    struct port *next, **link;
    struct mleg *mleg;
    int fd;
    bool watched, connected, stamped,
        drained; /* drained: nothing from before the connect is left */
    socklen_t to_size;
    struct sockaddr_storage to;
};

/* ---- what the core asks for ---- */

static void thread_send(void *self, void *carrier, const void *bytes, size_t size)
{
    struct port *port = carrier;

    for (int i = 0; i < 2; i++) {
        ssize_t sent = port->connected ? send(port->fd, bytes, size, 0)
                                       : sendto(port->fd, bytes, size, 0,
                                                (struct sockaddr *)&port->to, port->to_size);

        if (sent >= 0 || errno != ECONNREFUSED)
            return; /* a full queue loses the packet, as any router would */
        /* an earlier packet was refused, the kernel tells it now: this one was not sent yet */
    }
}

static void thread_event(void *self, const struct media_event *event)
{
    struct media *media = self;

    media->told = true;
    if (!media->late_count && ring_put(&media->events, event))
        return;
    if (media->late_count == media->late_room) {
        size_t more = media->late_room ? 2 * media->late_room : 256;
        struct media_event *events = realloc(media->late_events, more * sizeof(*events));

        check(events); /* an event lost here would be a call that never ends */
        media->late_events = events;
        media->late_room = more;
    }
    media->late_events[media->late_count++] = *event;
}

static void events_flush(struct media *media)
{
    uint64_t one = 1;
    size_t done = 0;

    while (done < media->late_count && ring_put(&media->events, &media->late_events[done]))
        done++;
    if (done) {
        media->late_count -= done;
        memmove(media->late_events, media->late_events + done,
                media->late_count * sizeof(media->late_events[0]));
        media->told = true;
    }
    if (!media->told)
        return;
    media->told = false;
    if (write(media->event_fd, &one, sizeof(one)) < 0)
        check(errno == EAGAIN);
}

/* ---- sockets ---- */

static socklen_t address_size(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

static void port_open(struct media *media, uint64_t leg, int fd)
{
    struct port *port = calloc(1, sizeof(*port));

    check(port);
    port->fd = fd;
    port->stamped = true;
    if (media_core_leg_open(media->core, leg, port, media_clock(media), &port->mleg)) {
        close(fd); /* out of memory: the leg stays silent, and its close finds nothing */
        free(port);
        return;
    }
    port->next = media->ports;
    port->link = &media->ports;
    if (port->next)
        port->next->link = &port->next;
    media->ports = port;
}

static void port_close(struct port *port)
{
    close(port->fd);
    *port->link = port->next;
    if (port->next)
        port->next->link = port->link;
    free(port);
}

static void port_unconnect(struct port *port)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    if (port->connected)
        (void)connect(port->fd, &nobody, sizeof(nobody));
    port->connected = port->drained = false;
}

static void port_connect(struct port *port, const struct sockaddr_storage *from)
{
    port->to = *from;
    port->connected = connect(port->fd, (const struct sockaddr *)from, address_size(from)) == 0;
}

static void port_remote(struct media *media, struct port *port, const struct media_remote *remote)
{
    struct epoll_event watch = {.events = EPOLLIN, .data.ptr = port};

    port_unconnect(port);
    port->to = remote->address;
    port->to_size = address_size(&remote->address);
    if (!port->watched)
        port->watched = epoll_ctl(media->epoll_fd, EPOLL_CTL_ADD, port->fd, &watch) == 0;
}

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
        return ago > 0 && ago < MINUTE ? now - ago : now; /* the wall clock may have been set */
    }
    return now;
}

static void port_stamp_off(struct port *port)
{
    int off = 0;

    if (port->stamped && !media_core_wants_stamp(port->mleg)) {
        (void)setsockopt(port->fd, SOL_SOCKET, SO_TIMESTAMPNS, &off, sizeof(off));
        port->stamped = false;
    }
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
        if (media_core_packet(media->core, port->mleg, (struct sockaddr *)&from, bytes,
                              (size_t)size, arrival_of(media, &message, now),
                              now) == MEDIA_PACKET_LATCHED)
            port_connect(port, &from);
        media_core_sent(media->core, media_clock(media));
    }
    port_stamp_off(port);
}

static void port_receive(struct media *media, struct port *port)
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
    (void)media_core_packet(media->core, port->mleg, NULL, bytes, (size_t)size, now, now);
    media_core_sent(media->core, now);
}

/* ---- orders ---- */

static void order_remote(struct media *media, const struct media_order *order, instant now)
{
    struct mleg *mleg;
    struct port *port;

    /* the port first: what the core sends at once must find its address */
    mleg = media_core_leg(media->core, order->leg);
    port = mleg ? media_core_carrier(mleg) : NULL;
    if (!port)
        return;
    port_remote(media, port, &order->remote);
    media_core_leg_remote(media->core, order->leg, &order->remote, now);
}

static void order_close(struct media *media, uint64_t leg, instant now)
{
    struct port *port = media_core_leg_close(media->core, leg, now);

    if (port)
        port_close(port);
    else /* there was no memory to open it: its owner still waits for the end */
        thread_event(media, &(struct media_event){.kind = MEDIA_LEG_CLOSED, .leg = leg, .at = now});
}

/* False: the end. */
static bool order_perform(struct media *media, struct media_order *order)
{
    struct media_core *core = media->core;
    instant now = media_clock(media);

    switch (order->kind) {
    case ORDER_LEG_OPEN:
        port_open(media, order->leg, order->fd);
        return true; /* the socket is the port's now */
    case ORDER_LEG_REMOTE:
        order_remote(media, order, now);
        break;
    case ORDER_LEG_ANSWERED:
        media_core_leg_answered(core, order->leg, order->at, now);
        break;
    case ORDER_LEG_CLOSE:
        order_close(media, order->leg, now);
        break;
    case ORDER_LEG_MUTE:
        media_core_leg_mute(core, order->leg, order->on, now);
        break;
    case ORDER_LEG_HOLD:
        media_core_leg_hold(core, order->leg, order->on, order->audio, now);
        break;
    case ORDER_LEG_COACH:
        media_core_leg_coach(core, order->leg, order->other, now);
        break;
    case ORDER_LEG_SEND_DIGITS:
        media_core_leg_send_digits(core, order->leg, order->digits, now);
        break;
    case ORDER_ROOM_OPEN:
        media_core_room_open(core, order->room);
        break;
    case ORDER_ROOM_CLOSE:
        media_core_room_close(core, order->room, now);
        break;
    case ORDER_ROOM_JOIN:
        media_core_room_join(core, order->leg, order->room, &order->join, now);
        break;
    case ORDER_ROOM_LEAVE:
        media_core_room_leave(core, order->leg, order->on, now);
        break;
    case ORDER_PLAY_LEG:
        media_core_play_leg(core, order->leg, &order->play, now);
        break;
    case ORDER_PLAY_ROOM:
        media_core_play_room(core, order->room, &order->play, now);
        break;
    case ORDER_STOP_LEG:
        media_core_stop_leg(core, order->leg, order->other, now);
        break;
    case ORDER_STOP_ROOM:
        media_core_stop_room(core, order->room, order->other, now);
        break;
    case ORDER_END:
        return false;
    }
    media_core_sent(core, media_clock(media));
    media_order_release(order);
    return true;
}

static bool orders_take(struct media *media)
{
    struct media_order order;
    uint64_t count;

    if (read(media->order_fd, &count, sizeof(count)) < 0)
        check(errno == EAGAIN);
    atomic_store(&media->ordered, false); /* before the look: an order put after it wakes anew */
    while (ring_take(&media->orders, &order))
        if (!order_perform(media, &order))
            return false;
    return true;
}

/* ---- the loop ---- */

/* Adds the time since `woke`; nobody else writes it, so no locked instruction is needed. */
static void busy_add(struct media *media, instant woke, instant now)
{
    atomic_store_explicit(&media->busy,
                          atomic_load_explicit(&media->busy, memory_order_relaxed) + now - woke,
                          memory_order_relaxed);
}

/* Sleeps until packets, orders or the core's next hour; to the microsecond where the system can. */
static int wait_for_events(struct media *media, struct epoll_event *events)
{
    instant deadline = media_core_deadline(media->core), now = media_clock(media), span;
    struct timespec wait;
    int count;

    if (media->late_count)
        deadline = instant_min(deadline, now + LATE_RETRY_MS * MILLISECOND);
    span = instant_min(instant_max(0, deadline - now), HOUR);
    if (!media->waits_in_ms) {
        wait = (struct timespec){.tv_sec = span / SECOND, .tv_nsec = span % SECOND * 1000};
        count = epoll_pwait2(media->epoll_fd, events, BATCH, &wait, NULL);
        if (count >= 0 || (errno != ENOSYS && errno != EPERM))
            return count;
        media->waits_in_ms = true; /* an old kernel, or a sandbox that does not know the call */
    }
    return epoll_wait(media->epoll_fd, events, BATCH,
                      (int)((span + MILLISECOND - 1) / MILLISECOND));
}

static void *media_thread(void *arg)
{
    struct media *media = arg;
    struct epoll_event events[BATCH];
    bool goes_on = true;

    (void)prctl(PR_SET_NAME, "media");
    (void)prctl(PR_SET_TIMERSLACK, 1);
    while (goes_on) {
        int count = wait_for_events(media, events);
        instant deadline = media_core_deadline(media->core), now = media_clock(media);
        instant woke = instant_min(now, deadline); /* late for the deadline is work, too */
        bool ordered = false;

        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr)
                port_receive(media, events[i].data.ptr);
            else
                ordered = true; /* after the packets: an order may close a port of this batch */
        }
        if (ordered)
            goes_on = orders_take(media);
        now = media_clock(media);
        if (now >= media_core_deadline(media->core)) {
            media_core_tick(media->core, now);
            media_core_sent(media->core, media_clock(media));
        }
        events_flush(media);
        busy_add(media, woke, media_clock(media));
    }
    while (media->ports)
        port_close(media->ports);
    return NULL;
}

int media_thread_start(struct media *media)
{
    struct media_core_ops ops = {.self = media, .send = thread_send, .event = thread_event};
    struct audio *melody;
    uint64_t seed;
    sigset_t all, before;
    int err;

    /* stream ids and first numbers must not be guessable: that is half of what keeps strangers out */
    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        return errno;
    melody = audio_new_melody();
    if (!melody)
        return ENOMEM;
    err = media_core_new(&media->core, &ops, melody, media->options.silent_ms, seed);
    audio_unref(melody);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the control thread's */
    err = pthread_create(&media->thread, NULL, media_thread, media);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}
