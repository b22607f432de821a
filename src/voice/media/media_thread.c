#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "voice/media/port.h"
#include "voice/media/web_port.h"

/*
 * The media thread: sockets (port.h), the clock and the two rings around the core. One epoll
 * descriptor for the sockets that are read as their packets come.
 */
enum { BATCH = 64, LATE_RETRY_MS = 10 };

/* ---- what the core asks for ---- */

static void thread_send(void *self, void *to, const void *bytes, size_t size)
{
    struct carrier *carrier = to;

    if (carrier->is_web)
        web_leg_rtp(to, bytes, size);
    else
        port_send(to, bytes, size);
}

static void thread_heard(void *self, void *of)
{
    struct carrier *carrier = of;

    if (!carrier->is_web)
        port_heard(self, of);
}

void media_sent(struct media *media, instant now)
{
    if (media_core_says_hello(media->core)) {
        web_port_flush(media->browsers); /* the hello's own packet may wait there */
        now = media_clock(media);
    }
    media_core_sent(media->core, now);
}

static void thread_event(void *self, const struct media_event *event)
{
    media_event_put(self, event);
}

void media_event_put(struct media *media, const struct media_event *event)
{
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

/* ---- orders ---- */

static void order_remote(struct media *media, const struct media_order *order, instant now)
{
    struct mleg *mleg;
    struct carrier *carrier;

    /* the port first: what the core sends at once must find its address */
    mleg = media_core_leg(media->core, order->leg);
    carrier = mleg ? media_core_carrier(mleg) : NULL;
    if (!carrier)
        return;
    if (!carrier->is_web && !media_core_has_remote(mleg, &order->remote))
        port_remote(media, (struct port *)carrier, &order->remote);
    media_core_leg_remote(media->core, order->leg, &order->remote, order->at, now);
}

static void order_close(struct media *media, uint64_t leg, instant now)
{
    struct carrier *carrier = media_core_leg_close(media->core, leg, now);

    if (carrier && carrier->is_web)
        web_leg_close((struct web_leg *)carrier);
    else if (carrier)
        port_close((struct port *)carrier);
    else /* there was no memory to open it: its owner still waits for the end */
        thread_event(media, &(struct media_event){.kind = MEDIA_LEG_CLOSED, .leg = leg, .at = now});
}

static void order_web(struct media *media, struct media_order *order, instant now)
{
    struct mleg *mleg = media_core_leg(media->core, order->leg);
    struct carrier *carrier = mleg ? media_core_carrier(mleg) : NULL;
    struct web_leg *leg = carrier && carrier->is_web ? (struct web_leg *)carrier : NULL;

    if (order->kind ==
        ORDER_WEB_OPEN) { /* out of memory: it stays silent, and its close finds nothing */
        (void)!web_leg_open(web_port_web(media->browsers), order->leg, &order->ice, now, &leg);
        return;
    }
    if (!leg)
        return;
    if (order->kind == ORDER_WEB_RESTART)
        web_leg_restart(leg, &order->ice);
    if (order->kind == ORDER_WEB_SEND)
        web_leg_dtls(leg, order->datagram.at, order->datagram.size);
    if (order->kind == ORDER_WEB_OPUS) {
        web_leg_opus(leg, order->opus);
        order->opus = NULL;
    }
    if (order->kind == ORDER_WEB_KEYS) {
        web_leg_keys(leg, order->keys.in, order->keys.out, now);
        order->keys.in = order->keys.out = NULL; /* the leg's now */
    }
}

/* False: the end. */
static bool order_perform(struct media *media, struct media_order *order)
{
    struct media_core *core = media->core;
    instant now = media_clock(media);

    switch (order->kind) {
    case ORDER_LEG_OPEN:
        (void)port_open(media, order->leg, order->fd);
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
    case ORDER_WEB_OPEN:
    case ORDER_WEB_RESTART:
    case ORDER_WEB_KEYS:
    case ORDER_WEB_SEND:
    case ORDER_WEB_OPUS:
        order_web(media, order, now);
        break;
    case ORDER_END:
        return false;
    }
    media_sent(media, media_clock(media));
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

static instant thread_deadline(const struct media *media)
{
    instant deadline = media_core_deadline(media->core);

    return media->browsers ? instant_min(deadline, web_deadline(web_port_web(media->browsers)))
                           : deadline;
}

/* Sleeps until packets, orders or the core's next hour; to the microsecond where the system can. */
static int wait_for_events(struct media *media, struct epoll_event *events)
{
    instant deadline = thread_deadline(media), now = media_clock(media), span;
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

/*
 * A packet's way is a chain of memory, each piece naming the next, and at a thousand legs none of it
 * is in the cache: it is asked for some packets ahead. Half of our own time a packet, measured.
 */
static void prefetch(const struct epoll_event *events, int left)
{
    const struct carrier *carrier;

    if (left > 3)
        __builtin_prefetch(events[3].data.ptr);
    if (left > 2 && (carrier = events[2].data.ptr) && carrier->mleg)
        media_core_prefetch(carrier->mleg);
    if (left > 1 && (carrier = events[1].data.ptr) && carrier->mleg)
        media_core_prefetch_listener(carrier->mleg);
}

static void thread_receive(struct media *media, struct carrier *carrier)
{
    if (carrier->is_web)
        web_port_receive((struct web_port *)carrier);
    else
        port_receive(media, (struct port *)carrier);
}

static void thread_tick(struct media *media, instant now)
{
    if (media->browsers)
        web_tick(web_port_web(media->browsers), now);
    if (now < media_core_deadline(media->core))
        return;
    ports_sweep(media, now);
    media_core_tick(media->core, now);
    media_sent(media, media_clock(media));
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
        instant deadline = thread_deadline(media), now = media_clock(media);
        instant woke = instant_min(now, deadline); /* late for the deadline is work, too */
        bool ordered = false;

        for (int i = 0; i < count; i++) {
            prefetch(&events[i], count - i);
            if (events[i].data.ptr)
                thread_receive(media, events[i].data.ptr);
            else
                ordered = true; /* after the packets: an order may close a port of this batch */
        }
        if (ordered)
            goes_on = orders_take(media);
        now = media_clock(media);
        if (now >= thread_deadline(media))
            thread_tick(media, now);
        web_port_flush(media->browsers);
        events_flush(media);
        busy_add(media, woke, media_clock(media));
    }
    while (media->ports)
        port_close(media->ports);
    web_port_free(media->browsers);
    return NULL;
}

int media_thread_start(struct media *media, int web_fd)
{
    struct media_core_ops ops = {
        .self = media, .send = thread_send, .event = thread_event, .heard = thread_heard};
    struct audio *melody;
    uint64_t seed;
    sigset_t all, before;
    int err = 0;

    /* stream ids and first numbers must not be guessable: that is half of what keeps strangers out */
    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        err = errno;
    melody = err ? NULL : audio_new_melody();
    if (!err && !melody)
        err = ENOMEM;
    if (!err)
        err = media_core_new(&media->core, &ops, melody, media->options.silent_ms, seed);
    audio_unref(melody);
    if (!err && web_fd >= 0)
        err = web_port_new(&media->browsers, media, web_fd);
    if (err) {
        if (web_fd >= 0)
            close(web_fd);
        return err;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the control thread's */
    err = pthread_create(&media->thread, NULL, media_thread, media);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err)
        web_port_free(media->browsers);
    return err;
}
