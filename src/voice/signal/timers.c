/*
 * libre's timers, replaced for the whole program.
 *
 * libre keeps its timers in a sorted list and reads the wall clock: at 400 calls a second its loop
 * collapses, and a step of the clock stalls every timer or fires them all. The functions below have
 * the names of libre's own; the dynamic linker prefers the program's, for the calls inside libre too
 * (it is a shared library and calls them by name). They keep the timers in a heap on the monotonic
 * clock. signal_timers_check() proves at start-up that the replacement took.
 */
#include "voice/signal/libre.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/heap.h"
#include "voice/signal/signal.h"

/* Each thread that turns libre's loop has its own timers, as in libre. */
static _Thread_local struct heap timers;

/* The heap's node lies where libre has its list link, which nobody else reads. */
static_assert(sizeof(struct heap_node) <= sizeof(struct le), "a heap node fits in the list link");
static_assert(_Alignof(struct heap_node) <= _Alignof(struct le), "and lies there aligned");

static struct heap_node *node_of(const struct tmr *tmr)
{
    return (struct heap_node *)(void *)&((struct tmr *)tmr)->le;
}

static struct tmr *timer_of(struct heap_node *node)
{
    return node ? container_of((struct le *)(void *)node, struct tmr, le) : NULL;
}

uint64_t tmr_jiffies(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void tmr_init(struct tmr *tmr)
{
    if (tmr)
        memset(tmr, 0, sizeof(*tmr));
}

void tmr_start(struct tmr *tmr, uint64_t delay, tmr_h *handler, void *arg)
{
    if (!tmr)
        return;
    if (tmr->th)
        heap_remove(&timers, node_of(tmr));
    tmr->th = handler;
    tmr->arg = arg;
    if (!handler)
        return;
    tmr->jfs = tmr_jiffies() + delay;
    /* A timer that cannot be kept has no way to say so in libre's contract: its call would hang. */
    check(heap_add(&timers, node_of(tmr), (instant)tmr->jfs) == 0);
}

void tmr_cancel(struct tmr *tmr)
{
    tmr_start(tmr, 0, NULL, NULL);
}

void tmr_poll(struct list *list)
{
    uint64_t now = tmr_jiffies();

    (void)list;
    for (;;) {
        struct tmr *tmr = timer_of(heap_first(&timers));
        tmr_h *handler;
        void *arg;

        if (!tmr || tmr->jfs > now)
            return;
        handler = tmr->th;
        arg = tmr->arg;
        tmr->th = NULL;
        heap_remove(&timers, node_of(tmr));
        handler(arg);
    }
}

uint64_t tmr_next_timeout(struct list *list)
{
    struct tmr *tmr = timer_of(heap_first(&timers));
    uint64_t now;

    (void)list;
    if (!tmr)
        return 0;
    now = tmr_jiffies();
    return tmr->jfs > now ? tmr->jfs - now : 1;
}

uint64_t tmr_get_expire(const struct tmr *tmr)
{
    uint64_t now;

    if (!tmr || !tmr->th)
        return 0;
    now = tmr_jiffies();
    return tmr->jfs > now ? tmr->jfs - now : 0;
}

int tmr_status(struct re_printf *print, void *unused)
{
    (void)print;
    (void)unused;
    return 0;
}

void tmr_debug(void)
{
}

/* ------------------------------------------------------------------------------- the self-test */

static bool name_is_ours(const char *name, const void *function)
{
    return dlsym(RTLD_DEFAULT, name) == function;
}

static void check_fired(void *arg)
{
    *(bool *)arg = true;
    re_cancel();
}

static void check_timed_out(int flags, void *arg)
{
    (void)flags;
    (void)arg;
    re_cancel();
}

/* libre's own loop must fire a timer that only our heap knows; if it never does, a descriptor ends
 * the wait. */
static bool loop_uses_ours(void)
{
    struct itimerspec limit = {.it_value = {.tv_nsec = 500000000}};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct tmr timer = {.th = NULL};
    bool fired = false;

    if (fd < 0)
        return false;
    if (timerfd_settime(fd, 0, &limit, NULL) == 0 &&
        fd_listen(fd, FD_READ, check_timed_out, NULL) == 0) {
        tmr_start(&timer, 1, check_fired, &fired);
        (void)re_main(NULL);
        tmr_cancel(&timer);
        fd_close(fd);
    }
    close(fd);
    return fired;
}

bool signal_timers_check(void)
{
    const struct {
        const char *name;
        const void *function;
    } names[] = {
        {"tmr_start", (const void *)tmr_start},
        {"tmr_cancel", (const void *)tmr_cancel},
        {"tmr_poll", (const void *)tmr_poll},
        {"tmr_next_timeout", (const void *)tmr_next_timeout},
        {"tmr_get_expire", (const void *)tmr_get_expire},
        {"tmr_jiffies", (const void *)tmr_jiffies},
        {"tmr_init", (const void *)tmr_init},
    };

    for (size_t i = 0; i < array_count(names); ++i)
        if (!name_is_ours(names[i].name, names[i].function))
            return false;
    return loop_uses_ours();
}
