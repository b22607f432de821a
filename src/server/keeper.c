#include "server/keeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

enum { RETRY_MS = 500, SAY_S = 30, HASTY_TRIES_MAX = 8, REST_MS = 1 };

struct job {
    struct job *next;
    enum keeper_kind kind;
    int err;
    instant posted_at, ended_at; /* of the monotonic clock */
    keeper_work work;
    keeper_done done;
    void *arg;
};

struct job_list {
    struct job *first, **end;
};

struct keeper {
    struct store *store;
    struct loop *loop;
    unsigned commit_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job_list posted, finished;
    struct keeper_trouble trouble;
    bool told, stopping;
    _Atomic size_t waiting;
    keeper_trouble_handler on_trouble; /* loop's thread */
    void *on_trouble_arg;
    struct keeper_trouble trouble_heard; /* loop's thread */
    struct recent commits;               /* loop's thread */
    struct job_list mine, done;          /* the store thread's: in work, and through */
    struct job_list going;               /* the store thread's: ALONE ones that have more to do */
    instant step;                        /* the store thread's: how long the last one's step took */
    size_t lost;                         /* its MUSTs that could not be written at the end */
};

static void list_init(struct job_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_add(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

/* The list is not empty. */
static struct job *list_take(struct job_list *list)
{
    struct job *job = list->first;

    list->first = job->next;
    if (!list->first)
        list->end = &list->first;
    return job;
}

/* Everything of `from` goes behind `to`; `from` is empty then. */
static void list_move(struct job_list *to, struct job_list *from)
{
    if (!from->first)
        return;
    *to->end = from->first;
    to->end = from->end;
    list_init(from);
}

static void hear_trouble(struct keeper *keeper, const struct keeper_trouble *now)
{
    struct keeper_trouble *heard = &keeper->trouble_heard;

    if (now->err == heard->err && strcmp(now->why, heard->why) == 0)
        return;
    *heard = *now;
    if (keeper->on_trouble)
        keeper->on_trouble(keeper->on_trouble_arg, heard);
}

static instant clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

const struct recent *keeper_commits(const struct keeper *keeper)
{
    return &keeper->commits;
}

static void finish(void *arg)
{
    struct keeper *keeper = arg;
    struct keeper_trouble trouble;
    struct job_list mine;

    list_init(&mine);
    pthread_mutex_lock(&keeper->lock);
    list_move(&mine, &keeper->finished);
    trouble = keeper->trouble;
    keeper->told = false;
    pthread_mutex_unlock(&keeper->lock);
    hear_trouble(keeper, &trouble);
    while (mine.first) {
        struct job *job = mine.first;

        mine.first = job->next;
        keeper->waiting--;
        if (job->kind == KEEPER_MUST && !job->err)
            recent_add(&keeper->commits, job->ended_at - job->posted_at);
        if (job->done)
            job->done(job->arg, job->err);
        free(job);
    }
}

static void nap(unsigned ms)
{
    struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&span, NULL);
}

static void deadline(struct timespec *until, unsigned ms)
{
    clock_gettime(CLOCK_MONOTONIC, until);
    until->tv_nsec += ms * 1000000L;
    until->tv_sec += until->tv_nsec / 1000000000L;
    until->tv_nsec %= 1000000000L;
}

/* What went through, and how the store is, is told to the loop. */
static void tell(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    list_move(&keeper->finished, &keeper->done);
    if (!keeper->told && !keeper->stopping &&
        loop_post(keeper->loop, finish, keeper) == 0) /* else the next group's end takes it along */
        keeper->told = true;
    pthread_mutex_unlock(&keeper->lock);
}

static void finish_job(struct keeper *keeper, struct job *job, int err)
{
    job->err = err;
    job->ended_at = clock_now();
    list_add(&keeper->done, job);
}

/* The disk's or the file's own refusal, not one of a row. */
static bool is_trouble(int err)
{
    return err == ENOSPC || err == EDQUOT || err == EROFS || err == EIO || err == EBADMSG ||
           err == EACCES || err == EBUSY;
}

const char *keeper_advice(int err)
{
    switch (err) {
    case ENOSPC:
    case EDQUOT:
        return "make room on it: a server that runs goes on by itself";
    case EROFS:
    case EACCES:
        return "make it writable again: a server that runs goes on by itself";
    case EBADMSG:
        return "stop outdial, restore a copy or save what can be read (docs/hard-days.md)";
    case EBUSY:
        return "end that program first";
    default:
        return "look at the disk and the system's log; a server that runs goes on by itself";
    }
}

/* Damage is for good: what was read wrongly once may be read wrongly again, unnoticed. */
static void set_trouble(struct keeper *keeper, int err)
{
    struct keeper_trouble now = {.err = err};

    if (err == keeper->trouble.err || keeper->trouble.err == EBADMSG)
        return;
    if (err)
        snprintf(now.why, sizeof(now.why), "%s; %s", store_why(keeper->store), keeper_advice(err));
    pthread_mutex_lock(&keeper->lock);
    keeper->trouble = now;
    pthread_mutex_unlock(&keeper->lock);
}

static int note_trouble(struct keeper *keeper, int err)
{
    if (err == EBADMSG)
        set_trouble(keeper, err);
    return err;
}

static bool is_transacted(const struct job *job)
{
    return job->work && (job->kind == KEEPER_WRITE || job->kind == KEEPER_MUST);
}

/* Work that makes its own transactions, or a part of it. */
static void do_step(struct keeper *keeper, struct job *job)
{
    instant begun = clock_now();
    int answer = job->work(keeper->store, job->arg);

    keeper->step = clock_now() - begun;
    if (answer == KEEPER_MORE)
        list_add(&keeper->going, job);
    else
        finish_job(keeper, job, note_trouble(keeper, answer));
}

/* One transaction around [first, end). 0, or an errno with nothing of it kept. */
static int try_group(struct keeper *keeper, struct job *first, const struct job *end)
{
    int err = store_begin(keeper->store);

    if (err)
        return note_trouble(keeper, err);
    for (struct job *job = first; !err && job != end; job = job->next)
        if (job->work)
            err = job->work(keeper->store, job->arg);
    if (!err)
        err = store_commit(keeper->store);
    if (err)
        store_rollback(keeper->store);
    return note_trouble(keeper, err);
}

static bool is_stopping(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    bool stopping = keeper->stopping;

    pthread_mutex_unlock(&keeper->lock);
    return stopping;
}

/* While a MUST is refused: what was asked is answered from what is on disk, what would be written is
 * refused with the same error (work that makes its own transactions finds out by itself), and the
 * other MUSTs keep their places. */
static void serve_meanwhile(struct keeper *keeper, int err)
{
    struct job_list all;

    list_init(&all);
    list_move(&all, &keeper->mine);
    pthread_mutex_lock(&keeper->lock);
    list_move(&all, &keeper->posted);
    pthread_mutex_unlock(&keeper->lock);
    while (all.first) {
        struct job *job = list_take(&all);

        if (job->kind == KEEPER_MUST)
            list_add(&keeper->mine, job);
        else if (job->kind == KEEPER_ALONE)
            do_step(keeper, job);
        else if (job->kind == KEEPER_READ && job->work)
            finish_job(keeper, job, job->work(keeper->store, job->arg));
        else
            finish_job(keeper, job, err);
    }
    tell(keeper);
}

/* For half a second, and answering meanwhile what can be answered. */
static void wait_and_serve(struct keeper *keeper, int err)
{
    struct timespec until;
    int over = 0;

    deadline(&until, RETRY_MS);
    while (over != ETIMEDOUT) {
        serve_meanwhile(keeper, err);
        pthread_mutex_lock(&keeper->lock);
        while (!keeper->stopping && !keeper->posted.first && over != ETIMEDOUT)
            over = pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until);
        over = keeper->stopping ? ETIMEDOUT : over;
        pthread_mutex_unlock(&keeper->lock);
    }
}

/* A MUST is tried until it is taken, or the end. A row that the store knows nothing of is passed over
 * at the next try, so those errors are gone after some. */
static int insist(struct keeper *keeper, struct job *job, int err)
{
    struct timespec now;
    time_t said = 0;

    for (int tries = 0; err && !is_stopping(keeper); tries++) {
        if (is_trouble(err) || tries >= HASTY_TRIES_MAX) {
            clock_gettime(CLOCK_MONOTONIC, &now);
            set_trouble(keeper, err);
            if (!said || now.tv_sec - said >= SAY_S) {
                log_error("store.refused", "errno=%d why=\"%s\"", err, store_why(keeper->store));
                said = now.tv_sec;
            }
            wait_and_serve(keeper, err);
        }
        err = try_group(keeper, job, NULL);
    }
    return err;
}

/* One step of one of those that have more to do; false: there is none, or the store is to rest. */
static bool go_on(struct keeper *keeper)
{
    if (!keeper->going.first || (store_wants_rest(keeper->store) && !is_stopping(keeper)))
        return false;
    struct job *job = list_take(&keeper->going);

    job->next = NULL;
    do_step(keeper, job);
    return true;
}

/* The records of a group gather; the time is not lost to those that have more to do, as far as their
 * steps fit into it. */
static void gather(struct keeper *keeper)
{
    instant until = clock_now() + (instant)keeper->commit_ms * MILLISECOND;

    while (clock_now() + keeper->step <= until && go_on(keeper))
        ;
    instant left = until - clock_now();

    if (left >= MILLISECOND)
        nap((unsigned)(left / MILLISECOND));
}

/* job stands alone: its next is NULL. */
static void do_alone(struct keeper *keeper, struct job *job)
{
    if (job->kind == KEEPER_ALONE) {
        do_step(keeper, job);
        return;
    }
    int err = is_transacted(job) ? try_group(keeper, job, NULL)
              : job->work        ? note_trouble(keeper, job->work(keeper->store, job->arg))
                                 : 0;

    if (job->kind == KEEPER_MUST) {
        err = insist(keeper, job, err);
        if (err)
            keeper->lost++;
        else
            set_trouble(keeper, 0);
    }
    finish_job(keeper, job, err);
}

/* Everything up to `end` as one transaction; refused, it is done one by one. */
static void do_group(struct keeper *keeper, const struct job *end)
{
    bool writes = false;
    size_t count = 0;

    for (struct job *job = keeper->mine.first; job != end; job = job->next, count++)
        writes |= is_transacted(job);
    bool done = writes && !try_group(keeper, keeper->mine.first, end);

    while (count-- && keeper->mine.first) {
        struct job *job = list_take(&keeper->mine);

        job->next = NULL;
        if (done)
            finish_job(keeper, job, 0);
        else
            do_alone(keeper, job);
    }
}

/* Work that stands alone lets everything else pass that came with it. */
static void put_alone_last(struct job_list *list)
{
    struct job_list all, alone;

    list_init(&all);
    list_init(&alone);
    list_move(&all, list);
    while (all.first) {
        struct job *job = list_take(&all);

        list_add(job->kind == KEEPER_ALONE ? &alone : list, job);
    }
    list_move(list, &alone);
}

static void do_mine(struct keeper *keeper)
{
    put_alone_last(&keeper->mine);
    while (keeper->mine.first) {
        struct job *end = keeper->mine.first;

        while (end && end->kind != KEEPER_ALONE)
            end = end->next;
        if (end == keeper->mine.first) {
            list_take(&keeper->mine)->next = NULL;
            do_alone(keeper, end);
        } else {
            do_group(keeper, end);
        }
    }
    tell(keeper);
}

/* With the lock held. */
static bool may_go_on(const struct keeper *keeper)
{
    return keeper->going.first && !store_wants_rest(keeper->store);
}

/* For a post, or the end of the store's rest. With the lock held. */
static void await(struct keeper *keeper)
{
    struct timespec until;

    if (!keeper->going.first) {
        pthread_cond_wait(&keeper->wake, &keeper->lock);
        return;
    }
    deadline(&until, REST_MS);
    pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until);
}

static void *keeper_main(void *arg)
{
    struct keeper *keeper = arg;

    pthread_mutex_lock(&keeper->lock);
    for (;;) {
        while (!keeper->posted.first && !keeper->stopping && !may_go_on(keeper))
            await(keeper);
        if (!keeper->posted.first && !keeper->going.first)
            break;
        /* Work that stands alone gathers nothing by waiting; an import brings it in long rows. */
        if (keeper->commit_ms && !keeper->stopping && keeper->posted.first &&
            keeper->posted.first->kind != KEEPER_ALONE) {
            pthread_mutex_unlock(&keeper->lock);
            gather(keeper);
            pthread_mutex_lock(&keeper->lock);
        }
        list_move(&keeper->mine, &keeper->posted);
        pthread_mutex_unlock(&keeper->lock);
        do_mine(keeper);
        if (go_on(keeper))
            tell(keeper);
        pthread_mutex_lock(&keeper->lock);
    }
    pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

int keeper_new(struct keeper **keeperp, struct store *store, struct loop *loop, unsigned commit_ms)
{
    struct keeper *keeper = calloc(1, sizeof(*keeper));
    pthread_condattr_t monotonic;

    if (!keeper)
        return ENOMEM;
    keeper->store = store;
    keeper->loop = loop;
    keeper->commit_ms = commit_ms;
    list_init(&keeper->posted);
    list_init(&keeper->finished);
    list_init(&keeper->mine);
    list_init(&keeper->going);
    list_init(&keeper->done);
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int err = pthread_create(&keeper->thread, NULL, keeper_main, keeper);

    if (err) {
        pthread_cond_destroy(&keeper->wake);
        pthread_mutex_destroy(&keeper->lock);
        free(keeper);
        return err;
    }
    *keeperp = keeper;
    return 0;
}

void keeper_on_trouble(struct keeper *keeper, keeper_trouble_handler handler, void *arg)
{
    keeper->on_trouble = handler;
    keeper->on_trouble_arg = arg;
}

size_t keeper_free(struct keeper *keeper)
{
    if (!keeper)
        return 0;
    pthread_mutex_lock(&keeper->lock);
    keeper->stopping = true;
    pthread_cond_broadcast(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    finish(keeper);
    while (keeper->posted.first) { /* posted by a done of just now; the thread has left */
        list_move(&keeper->mine, &keeper->posted);
        do_mine(keeper);
        while (go_on(keeper))
            ;
        tell(keeper);
        finish(keeper);
    }
    size_t lost = keeper->lost;

    store_close(keeper->store);
    pthread_cond_destroy(&keeper->wake);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper);
    return lost;
}

void keeper_post(struct keeper *keeper, enum keeper_kind kind, keeper_work work, keeper_done done,
                 void *arg)
{
    struct job *job = malloc(sizeof(*job));

    check(job);
    check(work || kind == KEEPER_READ);
    *job = (struct job){
        .kind = kind, .work = work, .done = done, .arg = arg, .posted_at = clock_now()};
    keeper->waiting++;
    pthread_mutex_lock(&keeper->lock);
    list_add(&keeper->posted, job);
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
}

size_t keeper_waiting(const struct keeper *keeper)
{
    return keeper->waiting;
}
