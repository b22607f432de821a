#include "net/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_PER_STEP = 256 };

struct watch {
    uint32_t generation; /* tells a stale event of a closed descriptor from its successor's */
    bool active;
    loop_fd_handler handler;
    void *arg;
};

struct post {
    struct post *next;
    loop_handler handler;
    void *arg;
};

struct loop {
    int epoll_fd, wake_fd, timer_fd; /* timer_fd: -1 unless nested */
    instant now, armed;              /* armed: what timer_fd is set to; at the deadline or before */
    bool stepping;
    struct heap timers;
    struct watch *watches; /* by descriptor */
    size_t watch_count;
    uint32_t generation;
    loop_handler after;
    void *after_arg;
    _Atomic bool stopping;
    pthread_mutex_t posts_lock;
    struct post *posts, **posts_end;
};

static instant clock_read(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (instant)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static pthread_once_t anchor_once = PTHREAD_ONCE_INIT;
static instant anchor; /* UTC minus CLOCK_MONOTONIC, read once a process */

static void anchor_read(void)
{
    anchor = clock_read(CLOCK_REALTIME) - clock_read(CLOCK_MONOTONIC);
}

instant loop_clock(void)
{
    pthread_once(&anchor_once, anchor_read);
    return clock_read(CLOCK_MONOTONIC) + anchor;
}

instant loop_clock_leap(void)
{
    return clock_read(CLOCK_REALTIME) - loop_clock();
}

instant loop_now(const struct loop *loop)
{
    return loop->now;
}

int loop_new(struct loop **loopp)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    struct epoll_event event = {.events = EPOLLIN};
    int err = 0;

    if (!loop)
        return ENOMEM;
    signal(SIGPIPE, SIG_IGN); /* a write to a peer that left is an error code, not our end */
    loop->timer_fd = -1;
    loop->posts_end = &loop->posts;
    loop->armed = INSTANT_NEVER;
    pthread_mutex_init(&loop->posts_lock, NULL);
    heap_init(&loop->timers);
    loop->now = loop_clock();
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->epoll_fd < 0 || loop->wake_fd < 0) {
        err = errno;
        goto out;
    }
    event.data.u64 = (uint64_t)(uint32_t)loop->wake_fd;
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event))
        err = errno;
out:
    if (err)
        loop_free(loop);
    else
        *loopp = loop;
    return err;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    for (struct post *post = loop->posts, *next; post; post = next) {
        next = post->next;
        free(post);
    }
    heap_release(&loop->timers);
    free(loop->watches);
    if (loop->timer_fd >= 0)
        close(loop->timer_fd);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    pthread_mutex_destroy(&loop->posts_lock);
    free(loop);
}

/*
 * The nested loop's descriptor must become readable at the first deadline. Deadlines come and go many
 * times a step, so it is armed once, at the step's end; and one that is armed too early is left: it
 * wakes the loop once for nothing, which is cheaper than a system call each time a timer moves.
 */
static void arm(struct loop *loop)
{
    instant deadline = heap_deadline(&loop->timers), at;
    struct itimerspec spec = {0};

    if (loop->timer_fd < 0 || loop->stepping || deadline >= loop->armed)
        return;
    loop->armed = deadline;
    at = instant_max(deadline - anchor, 1); /* zero would disarm it */
    spec.it_value.tv_sec = (time_t)(at / SECOND);
    spec.it_value.tv_nsec = (long)(at % SECOND * 1000);
    timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

int loop_fd(const struct loop *loop)
{
    struct loop *self = (struct loop *)(uintptr_t)loop;
    struct epoll_event event = {.events = EPOLLIN};

    if (loop->timer_fd < 0) {
        self->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        check(self->timer_fd >= 0);
        event.data.u64 = (uint64_t)(uint32_t)self->timer_fd;
        check(!epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, self->timer_fd, &event));
        arm(self);
    }
    return loop->epoll_fd;
}

static int watch_reserve(struct loop *loop, int fd)
{
    size_t count = loop->watch_count ? loop->watch_count : 64;
    struct watch *watches;

    if ((size_t)fd < loop->watch_count)
        return 0;
    while (count <= (size_t)fd)
        count *= 2;
    watches = realloc(loop->watches, count * sizeof(*watches));
    if (!watches)
        return ENOMEM;
    memset(watches + loop->watch_count, 0, (count - loop->watch_count) * sizeof(*watches));
    loop->watches = watches;
    loop->watch_count = count;
    return 0;
}

int loop_watch(struct loop *loop, int fd, uint32_t epoll_events, loop_fd_handler handler, void *arg)
{
    struct epoll_event event = {.events = epoll_events};
    struct watch *watch;
    int err = watch_reserve(loop, fd);

    if (err)
        return err;
    watch = &loop->watches[fd];
    if (!watch->active)
        watch->generation = ++loop->generation;
    event.data.u64 = (uint64_t)(uint32_t)fd | (uint64_t)watch->generation << 32;
    if (epoll_ctl(loop->epoll_fd, watch->active ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) &&
        (errno != ENOENT || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event)))
        return errno;
    watch->active = true;
    watch->handler = handler;
    watch->arg = arg;
    return 0;
}

void loop_unwatch(struct loop *loop, int fd)
{
    if (fd < 0 || (size_t)fd >= loop->watch_count || !loop->watches[fd].active)
        return;
    loop->watches[fd].active = false;
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL); /* already closed: nothing to undo */
}

int loop_timer_start(struct loop *loop, struct loop_timer *timer, instant at, loop_handler handler,
                     void *arg)
{
    int err = heap_add(&loop->timers, &timer->node, at);

    if (err)
        return err;
    timer->handler = handler;
    timer->arg = arg;
    arm(loop);
    return 0;
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
    heap_remove(&loop->timers, &timer->node);
}

static void wake(struct loop *loop)
{
    uint64_t one = 1;
    ssize_t size = write(loop->wake_fd, &one, sizeof(one));

    (void)size; /* a full counter is awake already */
}

int loop_post(struct loop *loop, loop_handler handler, void *arg)
{
    struct post *post = malloc(sizeof(*post));

    if (!post)
        return ENOMEM;
    *post = (struct post){NULL, handler, arg};
    pthread_mutex_lock(&loop->posts_lock);
    *loop->posts_end = post;
    loop->posts_end = &post->next;
    pthread_mutex_unlock(&loop->posts_lock);
    wake(loop);
    return 0;
}

void loop_after_step(struct loop *loop, loop_handler handler, void *arg)
{
    loop->after = handler;
    loop->after_arg = arg;
}

instant loop_deadline(const struct loop *loop)
{
    return heap_deadline(&loop->timers);
}

static void run_posts(struct loop *loop)
{
    struct post *post, *next;

    pthread_mutex_lock(&loop->posts_lock);
    post = loop->posts;
    loop->posts = NULL;
    loop->posts_end = &loop->posts;
    pthread_mutex_unlock(&loop->posts_lock);
    for (; post; post = next) {
        next = post->next;
        post->handler(post->arg);
        free(post);
    }
}

static void drain_counter(int fd)
{
    uint64_t count;
    ssize_t size = read(fd, &count, sizeof(count));

    (void)size;
}

static void handle(struct loop *loop, const struct epoll_event *event)
{
    int fd = (int)(uint32_t)event->data.u64;
    uint32_t generation = (uint32_t)(event->data.u64 >> 32);
    const struct watch *watch;

    if (!generation) {
        drain_counter(fd);
        if (fd == loop->timer_fd)
            loop->armed = INSTANT_NEVER; /* it has fired: arm it anew even for the same instant */
        return;
    }
    watch = &loop->watches[fd];
    if (watch->active && watch->generation == generation)
        watch->handler(watch->arg, event->events);
}

/* Only timers due when the step began: one that starts itself anew for "now" cannot hold the loop. */
static void run_timers(struct loop *loop)
{
    uint64_t serial = loop->timers.serial;
    struct heap_node *node;

    while ((node = heap_first(&loop->timers)) && node->at <= loop->now && node->serial < serial) {
        struct loop_timer *timer = container_of(node, struct loop_timer, node);

        heap_remove(&loop->timers, node);
        timer->handler(timer->arg);
    }
}

void loop_step(struct loop *loop, instant wait_max)
{
    struct epoll_event events[EVENTS_PER_STEP];
    instant deadline = heap_deadline(&loop->timers), wait = wait_max;
    struct timespec span;
    int count;

    loop->stepping = true;
    if (deadline != INSTANT_NEVER && wait)
        wait = instant_min(wait, instant_max(deadline - loop_clock(), 0));
    span = (struct timespec){(time_t)(wait / SECOND), (long)(wait % SECOND * 1000)};
    count = epoll_pwait2(loop->epoll_fd, events, EVENTS_PER_STEP, &span, NULL);
    if (count < 0 && errno == ENOSYS)
        count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_STEP, (int)((wait + 999) / 1000));
    loop->now = instant_max(loop->now, loop_clock());
    for (int i = 0; i < count; ++i)
        handle(loop, &events[i]);
    run_posts(loop);
    run_timers(loop);
    if (loop->after)
        loop->after(loop->after_arg);
    loop->stepping = false;
    arm(loop);
}

void loop_run(struct loop *loop)
{
    while (!atomic_load(&loop->stopping))
        loop_step(loop, MINUTE);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true);
    wake(loop);
}
