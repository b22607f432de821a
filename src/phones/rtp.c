#include "phones/rtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/ring.h"
#include "phones/leg.h"

/*
 * Legs are spread over 20 slots of one millisecond, by the moment they began; each millisecond one
 * slot's legs send. What arrives is read as epoll tells it.
 */
enum {
    SLOTS = 20,
    ORDERS = 16384,
    EVENTS = 16384,
    WOKEN_MAX = 256,
    DATAGRAM_SIZE_MAX = 1600,
    TICKS_BEHIND_MAX = 1000, /* a longer sleep of the machine is not made up for */
};

struct rtp_leg {
    struct leg leg;
    int fd;
    bool started, closed;
    uint32_t slot;
    struct rtp_leg *next, *previous; /* in its slot, once started; or in `leaving` */
};

enum order_kind {
    ORDER_REMOTE,
    ORDER_START,
    ORDER_SAY,
    ORDER_PLAY,
    ORDER_HUSH,
    ORDER_PRESS,
    ORDER_CLOSE,
    ORDER_STOP
};

struct order {
    enum order_kind kind;
    struct rtp_leg *leg;
    union {
        struct rtp_remote remote;
        struct {
            const struct sound *sound;
            bool first_word;
        } say;
        enum person_tone tone;
        char digits[SCRIPT_PRESS_SIZE];
    } as;
};

struct rtp {
    struct in_addr address;
    pthread_t thread;
    int epoll_fd, order_fd, event_fd;
    struct ring orders, events;
    uint64_t leg_count; /* ever opened; seeds SSRCs; the owner's */

    /* The media thread's. */
    struct rtp_leg *slots[SLOTS];
    struct rtp_leg *leaving; /* closed; their last event is still to be told */
    uint32_t started_count;
    instant tick_at; /* when the next slot is due */
    uint64_t tick;
    bool stop, told;
};

static void wake(int fd)
{
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof(one));

    (void)written; /* it can only fail when the counter is full: then the other side is awake */
}

static void quiet_down(int fd)
{
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof(count));

    (void)got;
}

static void tell_event(void *arg, const struct rtp_event *event)
{
    struct rtp *rtp = arg;

    /* A full ring means that the owner has not looked for minutes: what is lost is the least. */
    rtp->told |= ring_put(&rtp->events, event);
}

static void slot_add(struct rtp *rtp, struct rtp_leg *leg)
{
    struct rtp_leg **slot = &rtp->slots[leg->slot];

    leg->previous = NULL;
    leg->next = *slot;
    if (*slot)
        (*slot)->previous = leg;
    *slot = leg;
    rtp->started_count++;
}

static void slot_remove(struct rtp *rtp, struct rtp_leg *leg)
{
    if (leg->previous)
        leg->previous->next = leg->next;
    else
        rtp->slots[leg->slot] = leg->next;
    if (leg->next)
        leg->next->previous = leg->previous;
    rtp->started_count--;
}

static void send_packet(struct rtp_leg *leg, instant now)
{
    uint8_t packet[LEG_PACKET_SIZE_MAX];
    size_t size = leg_write(&leg->leg, now, packet);

    if (size &&
        sendto(leg->fd, packet, size, MSG_DONTWAIT,
               (const struct sockaddr *)&leg->leg.remote.address,
               sizeof(leg->leg.remote.address)) < 0 &&
        errno != ECONNREFUSED)
        leg->leg.stats.unsent++;
}

static void start_leg(struct rtp *rtp, struct rtp_leg *leg, instant now)
{
    if (leg->started || leg->closed)
        return;
    leg->started = true;
    if (!rtp->started_count)
        rtp->tick_at = now + MILLISECOND;
    leg->slot = (uint32_t)((rtp->tick + SLOTS - 1) % SLOTS); /* due again in 20 ms */
    slot_add(rtp, leg);
    send_packet(leg, now);
}

static void close_leg(struct rtp *rtp, struct rtp_leg *leg)
{
    if (leg->closed)
        return;
    if (leg->started)
        slot_remove(rtp, leg);
    close(leg->fd); /* leaves the epoll set */
    leg->closed = true;
    leg->next = rtp->leaving;
    rtp->leaving = leg;
}

/* Legs stay until the batch of events that may name them is done with. */
static void bury(struct rtp *rtp, instant now)
{
    struct rtp_leg **link = &rtp->leaving;

    while (*link) {
        struct rtp_leg *leg = *link;
        struct rtp_event event = {
            .kind = RTP_CLOSED, .call = leg->leg.call, .at = now, .stats = leg->leg.stats};

        if (!ring_put(&rtp->events, &event)) {
            link = &leg->next;
            continue;
        }
        rtp->told = true;
        *link = leg->next;
        free(leg);
    }
}

static void obey(struct rtp *rtp, const struct order *order, instant now)
{
    struct rtp_leg *leg = order->leg;

    switch (order->kind) {
    case ORDER_REMOTE:
        leg_remote(&leg->leg, &order->as.remote);
        break;
    case ORDER_START:
        start_leg(rtp, leg, now);
        break;
    case ORDER_SAY:
        leg_say(&leg->leg, order->as.say.sound, order->as.say.first_word);
        break;
    case ORDER_PLAY:
        leg_play(&leg->leg, order->as.tone);
        break;
    case ORDER_HUSH:
        leg_hush(&leg->leg);
        break;
    case ORDER_PRESS:
        leg_press(&leg->leg, order->as.digits);
        break;
    case ORDER_CLOSE:
        close_leg(rtp, leg);
        break;
    case ORDER_STOP:
        rtp->stop = true;
        break;
    }
}

/* One datagram a wake: mostly there is no second, and epoll tells of it again if there is. */
static void receive(struct rtp_leg *leg, instant now)
{
    uint8_t bytes[DATAGRAM_SIZE_MAX];
    struct sockaddr_in from;
    socklen_t from_size = sizeof(from);
    ssize_t size =
        recvfrom(leg->fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);

    if (size < 0)
        return;
    /* The port, too: a port of ours may have been another's, whose caller is still sending to it. */
    if (leg->leg.has_remote && (from.sin_addr.s_addr != leg->leg.remote.address.sin_addr.s_addr ||
                                from.sin_port != leg->leg.remote.address.sin_port))
        leg->leg.stats.foreign++;
    else
        leg_read(&leg->leg, now, bytes, (size_t)size);
}

static void send_due(struct rtp *rtp, instant now)
{
    if (now - rtp->tick_at > TICKS_BEHIND_MAX * MILLISECOND)
        rtp->tick_at = now;
    while (rtp->started_count && rtp->tick_at <= now) {
        for (struct rtp_leg *leg = rtp->slots[rtp->tick % SLOTS]; leg; leg = leg->next) {
            leg_listen(&leg->leg, now);
            send_packet(leg, now);
        }
        rtp->tick++;
        rtp->tick_at += MILLISECOND;
    }
}

/* How long until the next slot with somebody in it. */
static struct timespec time_to_wait(const struct rtp *rtp, instant now)
{
    instant at = rtp->tick_at, wait;
    uint64_t tick = rtp->tick;

    if (!rtp->started_count)
        return (struct timespec){rtp->leaving ? 0 : 3600, 10 * 1000 * 1000};
    while (!rtp->slots[tick % SLOTS]) {
        tick++;
        at += MILLISECOND;
    }
    wait = instant_max(at - now, 0);
    return (struct timespec){(time_t)(wait / SECOND), (long)(wait % SECOND) * 1000};
}

static void *media_thread(void *arg)
{
    struct rtp *rtp = arg;
    struct epoll_event woken[WOKEN_MAX];

    while (!rtp->stop) {
        struct timespec wait = time_to_wait(rtp, loop_clock());
        int count = epoll_pwait2(rtp->epoll_fd, woken, WOKEN_MAX, &wait, NULL);
        instant now = loop_clock();
        struct order order;

        send_due(rtp, now);
        for (int i = 0; i < count; i++) {
            struct rtp_leg *leg = woken[i].data.ptr;

            if (!leg) {
                quiet_down(rtp->order_fd);
                while (ring_take(&rtp->orders, &order))
                    obey(rtp, &order, now);
            } else if (!leg->closed) {
                receive(leg, now);
            }
        }
        bury(rtp, now);
        if (rtp->told)
            wake(rtp->event_fd);
        rtp->told = false;
    }
    return NULL;
}

static void put_order(struct rtp *rtp, const struct order *order)
{
    while (!ring_put(&rtp->orders, order)) {
        wake(rtp->order_fd);
        sched_yield();
    }
    wake(rtp->order_fd);
}

static int watch(struct rtp *rtp, int fd, struct rtp_leg *leg)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = leg};

    return epoll_ctl(rtp->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? errno : 0;
}

static void let_go(struct rtp *rtp)
{
    ring_release(&rtp->orders);
    ring_release(&rtp->events);
    if (rtp->epoll_fd >= 0)
        close(rtp->epoll_fd);
    if (rtp->order_fd >= 0)
        close(rtp->order_fd);
    if (rtp->event_fd >= 0)
        close(rtp->event_fd);
    free(rtp);
}

int rtp_new(struct rtp **rtpp, const char *address)
{
    struct rtp *rtp = calloc(1, sizeof(*rtp));
    int err;

    if (!rtp)
        return ENOMEM;
    rtp->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    rtp->order_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    rtp->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    err = rtp->epoll_fd < 0 || rtp->order_fd < 0 || rtp->event_fd < 0 ? errno : 0;
    if (!err && inet_pton(AF_INET, address, &rtp->address) != 1)
        err = EINVAL;
    if (!err)
        err = ring_init(&rtp->orders, sizeof(struct order), ORDERS);
    if (!err)
        err = ring_init(&rtp->events, sizeof(struct rtp_event), EVENTS);
    if (!err)
        err = watch(rtp, rtp->order_fd, NULL);
    if (!err)
        err = pthread_create(&rtp->thread, NULL, media_thread, rtp);
    if (err)
        let_go(rtp);
    else
        *rtpp = rtp;
    return err;
}

void rtp_free(struct rtp *rtp)
{
    struct rtp_leg *leg;

    if (!rtp)
        return;
    put_order(rtp, &(struct order){.kind = ORDER_STOP});
    pthread_join(rtp->thread, NULL);
    for (int i = 0; i < SLOTS; i++) {
        while ((leg = rtp->slots[i]) != NULL)
            close_leg(rtp, leg);
    }
    while ((leg = rtp->leaving) != NULL) {
        rtp->leaving = leg->next;
        free(leg);
    }
    let_go(rtp);
}

static int bind_socket(const struct rtp *rtp, int *fdp, uint16_t *port)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = rtp->address};
    socklen_t size = sizeof(local);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int err = 0;

    if (fd < 0)
        return errno;
    if (bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
        getsockname(fd, (struct sockaddr *)&local, &size))
        err = errno;
    if (err) {
        close(fd);
        return err;
    }
    *fdp = fd;
    *port = ntohs(local.sin_port);
    return 0;
}

int rtp_leg_open(struct rtp *rtp, const struct rtp_order *order, struct rtp_leg **legp,
                 uint16_t *port)
{
    struct rtp_leg *leg = calloc(1, sizeof(*leg));
    int err;

    if (!leg)
        return ENOMEM;
    leg_init(&leg->leg, order, ++rtp->leg_count, tell_event, rtp);
    err = bind_socket(rtp, &leg->fd, port);
    if (err) {
        free(leg);
        return err;
    }
    err = watch(rtp, leg->fd, leg);
    if (err) {
        close(leg->fd);
        free(leg);
        return err;
    }
    *legp = leg;
    return 0;
}

void rtp_leg_remote(struct rtp *rtp, struct rtp_leg *leg, const struct rtp_remote *remote)
{
    put_order(rtp, &(struct order){.kind = ORDER_REMOTE, .leg = leg, .as.remote = *remote});
}

void rtp_leg_start(struct rtp *rtp, struct rtp_leg *leg)
{
    put_order(rtp, &(struct order){.kind = ORDER_START, .leg = leg});
}

void rtp_leg_say(struct rtp *rtp, struct rtp_leg *leg, const struct sound *sound, bool first_word)
{
    put_order(rtp, &(struct order){.kind = ORDER_SAY, .leg = leg, .as.say = {sound, first_word}});
}

void rtp_leg_play(struct rtp *rtp, struct rtp_leg *leg, enum person_tone tone)
{
    put_order(rtp, &(struct order){.kind = ORDER_PLAY, .leg = leg, .as.tone = tone});
}

void rtp_leg_hush(struct rtp *rtp, struct rtp_leg *leg)
{
    put_order(rtp, &(struct order){.kind = ORDER_HUSH, .leg = leg});
}

void rtp_leg_press(struct rtp *rtp, struct rtp_leg *leg, const char *digits)
{
    struct order order = {.kind = ORDER_PRESS, .leg = leg};

    slice_copy(slice_from(digits), order.as.digits, sizeof(order.as.digits));
    put_order(rtp, &order);
}

void rtp_leg_close(struct rtp *rtp, struct rtp_leg *leg)
{
    put_order(rtp, &(struct order){.kind = ORDER_CLOSE, .leg = leg});
}

int rtp_event_fd(const struct rtp *rtp)
{
    return rtp->event_fd;
}

bool rtp_take(struct rtp *rtp, struct rtp_event *event)
{
    return ring_take(&rtp->events, event);
}

instant rtp_processor_time(const struct rtp *rtp)
{
    struct timespec used;
    clockid_t clock;

    if (pthread_getcpuclockid(rtp->thread, &clock) || clock_gettime(clock, &used))
        return 0;
    return (instant)used.tv_sec * SECOND + used.tv_nsec / 1000;
}
