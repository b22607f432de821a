#include "voice/media/media.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "voice/media/media_parts.h"

enum {
    LEG_COUNT_MAX = 8192,
    SILENT_MS = 10000,
    ORDER_RING = 2048,
    EVENT_RING = 4096,
    REALTIME_PRIORITY = 10,
    PORT_FIRST = 32768,
    PORT_LAST = 60999,
    TYPE_OF_SERVICE = 0xb8, /* DSCP EF */
};

static instant clock_read(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return time.tv_sec * SECOND + time.tv_nsec / 1000;
}

instant media_clock(const struct media *media)
{
    return media->clock_offset + clock_read(CLOCK_MONOTONIC);
}

/* ---- life ---- */

static int address_parse(struct media *media, const char *text)
{
    struct sockaddr_in *four = (void *)&media->address;
    struct sockaddr_in6 *six = (void *)&media->address;

    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        media->address_size = sizeof(*four);
    } else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        media->address_size = sizeof(*six);
    } else {
        return EINVAL;
    }
    return 0;
}

/* Can we bind there at all? Better to hear of it now than at the first call. */
static int address_try(const struct media *media)
{
    unsigned bound;
    int fd, err = media_socket_bind(&media->address, media->address_size, 0, &fd, &bound);

    if (!err)
        close(fd);
    return err;
}

static int media_options_check(struct media *media, const struct media_options *options,
                               char *error, size_t error_size)
{
    int err = address_parse(media, options->address);

    if (err) {
        snprintf(error, error_size, "media address '%s' is not a numeric IP address",
                 options->address);
        return err;
    }
    if ((!options->port_first) != (!options->port_last) ||
        options->port_first > options->port_last ||
        (options->port_first &&
         options->port_first + (options->port_first & 1) > options->port_last)) {
        snprintf(error, error_size, "media ports %u-%u: no even port in that range",
                 options->port_first, options->port_last);
        return EINVAL;
    }
    err = address_try(media);
    if (err)
        snprintf(error, error_size, "cannot bind media address '%s': %s", options->address,
                 strerror(err));
    return err;
}

static int media_open(struct media *media, char *error, size_t error_size)
{
    struct epoll_event watch = {.events = EPOLLIN, .data.ptr = NULL};
    int err = 0;

    media->order_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    media->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    media->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (media->order_fd < 0 || media->event_fd < 0 || media->epoll_fd < 0 ||
        epoll_ctl(media->epoll_fd, EPOLL_CTL_ADD, media->order_fd, &watch))
        err = errno;
    if (!err)
        err = ring_init(&media->orders, sizeof(struct media_order), ORDER_RING);
    if (!err)
        err = ring_init(&media->events, sizeof(struct media_event), EVENT_RING);
    /* An engine that died was still sent sound on its ports: the next one begins elsewhere. */
    if (!err && getrandom(&media->port_next, sizeof(media->port_next), 0) < 0)
        err = errno;
    if (err)
        snprintf(error, error_size, "cannot set up the media path: %s", strerror(err));
    return err;
}

static void ask_for_realtime(struct media *media)
{
    struct sched_param parameter = {.sched_priority = REALTIME_PRIORITY};

    media->is_realtime = pthread_setschedparam(media->thread, SCHED_FIFO, &parameter) == 0;
}

/* Datagrams that nobody will take. */
static void events_release(struct media *media)
{
    struct media_event event;

    while (media->events.records && ring_take(&media->events, &event))
        if (event.kind == MEDIA_WEB_DTLS)
            free((void *)(uintptr_t)event.datagram.at);
    for (size_t i = 0; i < media->late_count; i++)
        if (media->late_events[i].kind == MEDIA_WEB_DTLS)
            free((void *)(uintptr_t)media->late_events[i].datagram.at);
    free(media->taken);
}

static void media_release(struct media *media)
{
    events_release(media);
    media_core_free(media->core);
    ring_release(&media->orders);
    ring_release(&media->events);
    table_release(&media->legs);
    free(media->late_events);
    if (media->order_fd >= 0)
        close(media->order_fd);
    if (media->event_fd >= 0)
        close(media->event_fd);
    if (media->epoll_fd >= 0)
        close(media->epoll_fd);
    free(media);
}

int media_new(struct media **mediap, const struct media_options *options, char *error,
              size_t error_size)
{
    struct media *media = calloc(1, sizeof(*media));
    int err, web_fd = -1;

    error[0] = '\0';
    if (!media)
        return ENOMEM;
    media->options = *options;
    media->options.address = media->options.web_address = NULL; /* the caller's texts may go */
    /* Never a port of the kernel's choice: a socket that is disconnected loses it. */
    if (!options->port_first && !options->port_last) {
        media->options.port_first = PORT_FIRST;
        media->options.port_last = PORT_LAST;
    }
    if (!media->options.leg_count_max)
        media->options.leg_count_max = LEG_COUNT_MAX;
    if (!media->options.silent_ms)
        media->options.silent_ms = SILENT_MS;
    media->order_fd = media->event_fd = media->epoll_fd = -1;
    media->clock_offset = clock_read(CLOCK_REALTIME) - clock_read(CLOCK_MONOTONIC);
    table_init(&media->legs);
    err = media_options_check(media, options, error, error_size);
    if (!err)
        err = media_open(media, error, error_size);
    if (!err)
        err = media_web_bind(media, options, &web_fd, error, error_size);
    if (!err)
        err = media_thread_start(media, web_fd);
    if (err) {
        if (!error[0])
            snprintf(error, error_size, "cannot start the media thread: %s", strerror(err));
        media_release(media);
        return err;
    }
    if (options->realtime)
        ask_for_realtime(media);
    *mediap = media;
    return 0;
}

/* Orders come in bunches: only the first of one pays for waking the thread. */
static void order_wake(struct media *media)
{
    uint64_t one = 1;

    if (!atomic_exchange(&media->ordered, true) && write(media->order_fd, &one, sizeof(one)) < 0)
        check(errno == EAGAIN); /* the counter is full: the thread is being woken anyway */
}

void media_order_put(struct media *media, const struct media_order *order)
{
    while (!ring_put(&media->orders, order)) {
        struct timespec moment = {.tv_nsec = 200000};

        order_wake(media);
        nanosleep(&moment, NULL);
    }
    if (order->kind != ORDER_LEG_OPEN) /* nothing happens to a leg before its next order */
        order_wake(media);
}

void media_order_release(struct media_order *order)
{
    switch (order->kind) {
    case ORDER_LEG_OPEN:
        close(order->fd);
        break;
    case ORDER_LEG_HOLD:
        audio_unref(order->audio);
        break;
    case ORDER_PLAY_LEG:
    case ORDER_PLAY_ROOM:
        audio_unref(order->play.audio);
        break;
    case ORDER_LEG_REMOTE:
    case ORDER_LEG_ANSWERED:
    case ORDER_LEG_CLOSE:
    case ORDER_LEG_MUTE:
    case ORDER_LEG_COACH:
    case ORDER_LEG_SEND_DIGITS:
    case ORDER_ROOM_OPEN:
    case ORDER_ROOM_CLOSE:
    case ORDER_ROOM_JOIN:
    case ORDER_ROOM_LEAVE:
    case ORDER_STOP_LEG:
    case ORDER_STOP_ROOM:
    case ORDER_WEB_OPEN:
    case ORDER_WEB_RESTART:
    case ORDER_END:
        break;
    case ORDER_WEB_KEYS:
        secure_stream_free(order->keys.in);
        secure_stream_free(order->keys.out);
        break;
    case ORDER_WEB_OPUS:
        web_opus_free(order->opus);
        break;
    case ORDER_WEB_SEND:
        free(order->datagram.at);
        break;
    }
}

void media_free(struct media *media)
{
    struct media_order order = {.kind = ORDER_END};

    if (!media)
        return;
    media_order_put(media, &order);
    pthread_join(media->thread, NULL);
    while (ring_take(&media->orders, &order))
        media_order_release(&order);
    media_release(media);
}

instant media_busy(const struct media *media)
{
    return atomic_load_explicit(&media->busy, memory_order_relaxed);
}

bool media_is_realtime(const struct media *media)
{
    return media->is_realtime;
}

/* ---- sockets ---- */

static void port_set(struct sockaddr_storage *address, unsigned port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
}

static unsigned port_get(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
                                                : ((const struct sockaddr_in *)address)->sin_port);
}

/* One UDP socket on that port (0: any, for a try only). 0 or errno. */
int media_socket_bind(const struct sockaddr_storage *local, socklen_t size, unsigned port, int *fdp,
                      unsigned *bound)
{
    struct sockaddr_storage address = *local;
    int type_of_service = TYPE_OF_SERVICE, on = 1, err = 0;
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    port_set(&address, port);
    if (bind(fd, (struct sockaddr *)&address, size) ||
        getsockname(fd, (struct sockaddr *)&address, &size)) {
        err = errno;
        close(fd);
        return err;
    }
    /* Wishes, not needs: voice first in the routers' queues; when packets came, by the kernel. */
    (void)setsockopt(fd, address.ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
                     address.ss_family == AF_INET6 ? IPV6_TCLASS : IP_TOS, &type_of_service,
                     sizeof(type_of_service));
    (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    *fdp = fd;
    *bound = port_get(&address);
    return 0;
}

/* The next free even port of the range, going round: a port just closed rests longest. */
static int socket_open_in_range(struct media *media, int *fdp, unsigned *port)
{
    unsigned first = (media->options.port_first + 1u) & ~1u, last = media->options.port_last;
    unsigned count = (last - first) / 2 + 1;

    for (unsigned i = 0; i < count; i++) {
        unsigned candidate = first + 2 * (media->port_next++ % count);
        int err = media_socket_bind(&media->address, media->address_size, candidate, fdp, port);

        if (err != EADDRINUSE && err != EACCES)
            return err;
    }
    return EADDRINUSE;
}

/* ---- orders ---- */

int media_leg_open(struct media *media, uint64_t leg, uint16_t *rtp_port)
{
    struct media_order order = {.kind = ORDER_LEG_OPEN, .leg = leg};
    unsigned port;
    int err;

    if (table_get_id(&media->legs, leg))
        return EEXIST;
    if (media->legs.count >= media->options.leg_count_max)
        return ENOBUFS;
    err = socket_open_in_range(media, &order.fd, &port);
    if (err)
        return err;
    err = table_put_id(&media->legs, leg, media);
    if (err) {
        close(order.fd);
        return err;
    }
    media_order_put(media, &order);
    *rtp_port = (uint16_t)port;
    return 0;
}

void media_leg_remote(struct media *media, uint64_t leg, const struct media_remote *remote)
{
    media_order_put(media, &(struct media_order){.kind = ORDER_LEG_REMOTE,
                                                 .leg = leg,
                                                 .at = media_clock(media),
                                                 .remote = *remote});
}

void media_leg_answered(struct media *media, uint64_t leg, instant at)
{
    media_order_put(media, &(struct media_order){.kind = ORDER_LEG_ANSWERED, .leg = leg, .at = at});
}

void media_leg_close(struct media *media, uint64_t leg)
{
    if (table_remove_id(&media->legs, leg))
        media_order_put(media, &(struct media_order){.kind = ORDER_LEG_CLOSE, .leg = leg});
}

void media_leg_mute(struct media *media, uint64_t leg, bool muted)
{
    media_order_put(media, &(struct media_order){.kind = ORDER_LEG_MUTE, .leg = leg, .on = muted});
}

void media_leg_hold(struct media *media, uint64_t leg, bool held, struct audio *audio)
{
    media_order_put(media,
                    &(struct media_order){
                        .kind = ORDER_LEG_HOLD, .leg = leg, .on = held, .audio = audio_ref(audio)});
}

void media_leg_coach(struct media *media, uint64_t leg, uint64_t coached)
{
    media_order_put(media,
                    &(struct media_order){.kind = ORDER_LEG_COACH, .leg = leg, .other = coached});
}

void media_leg_send_digits(struct media *media, uint64_t leg, const char *digits)
{
    struct media_order order = {.kind = ORDER_LEG_SEND_DIGITS, .leg = leg};
    size_t size = strnlen(digits, MEDIA_DIGITS_MAX);

    memcpy(order.digits, digits, size);
    media_order_put(media, &order);
}

void media_room_open(struct media *media, uint64_t room)
{
    media_order_put(media, &(struct media_order){.kind = ORDER_ROOM_OPEN, .room = room});
}

void media_room_close(struct media *media, uint64_t room)
{
    media_order_put(media, &(struct media_order){.kind = ORDER_ROOM_CLOSE, .room = room});
}

void media_room_join(struct media *media, uint64_t leg, uint64_t room,
                     const struct media_join *join)
{
    media_order_put(media, &(struct media_order){
                               .kind = ORDER_ROOM_JOIN, .leg = leg, .room = room, .join = *join});
}

void media_room_leave(struct media *media, uint64_t leg, bool beep)
{
    media_order_put(media, &(struct media_order){.kind = ORDER_ROOM_LEAVE, .leg = leg, .on = beep});
}

void media_play_leg(struct media *media, uint64_t leg, const struct media_play *play)
{
    struct media_order order = {.kind = ORDER_PLAY_LEG, .leg = leg, .play = *play};

    audio_ref(play->audio);
    media_order_put(media, &order);
}

void media_play_room(struct media *media, uint64_t room, const struct media_play *play)
{
    struct media_order order = {.kind = ORDER_PLAY_ROOM, .room = room, .play = *play};

    audio_ref(play->audio);
    media_order_put(media, &order);
}

void media_stop_leg(struct media *media, uint64_t leg, uint64_t play_id)
{
    media_order_put(media,
                    &(struct media_order){.kind = ORDER_STOP_LEG, .leg = leg, .other = play_id});
}

void media_stop_room(struct media *media, uint64_t room, uint64_t play_id)
{
    media_order_put(media,
                    &(struct media_order){.kind = ORDER_STOP_ROOM, .room = room, .other = play_id});
}

/* ---- events ---- */

int media_event_fd(const struct media *media)
{
    return media->event_fd;
}

bool media_take_event(struct media *media, struct media_event *event)
{
    uint64_t count;
    bool taken;

    free(media->taken);
    media->taken = NULL;
    taken = ring_take(&media->events, event);
    if (!taken && read(media->event_fd, &count, sizeof(count)) >= 0)
        taken =
            ring_take(&media->events, event); /* one may have come before the counter was read */
    if (taken && event->kind == MEDIA_WEB_DTLS)
        media->taken = (uint8_t *)(uintptr_t)event->datagram.at;
    return taken;
}

const char *media_play_end_name(enum media_play_end end)
{
    switch (end) {
    case MEDIA_PLAY_FINISHED:
        return "finished";
    case MEDIA_PLAY_STOPPED:
        return "stopped";
    case MEDIA_PLAY_REPLACED:
        return "replaced";
    case MEDIA_PLAY_GONE:
        return "gone";
    }
    return "unknown";
}
