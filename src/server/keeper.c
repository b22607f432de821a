#include "server/keeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

struct job {
    struct job *next;
    enum keeper_kind kind;
    int err;
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
    bool told, stopping;
    _Atomic size_t waiting;
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

/* Everything of `from` goes behind `to`; `from` is empty then. */
static void list_move(struct job_list *to, struct job_list *from)
{
    if (!from->first)
        return;
    *to->end = from->first;
    to->end = from->end;
    list_init(from);
}

static void finish(void *arg)
{
    struct keeper *keeper = arg;
    struct job_list mine;

    list_init(&mine);
    pthread_mutex_lock(&keeper->lock);
    list_move(&mine, &keeper->finished);
    keeper->told = false;
    pthread_mutex_unlock(&keeper->lock);
    while (mine.first) {
        struct job *job = mine.first;

        mine.first = job->next;
        keeper->waiting--;
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

static bool is_transacted(const struct job *job)
{
    return job->work && job->kind != KEEPER_ALONE;
}

/* One transaction around [first, end). 0, or an errno with nothing of it kept. */
static int try_group(struct keeper *keeper, struct job *first, const struct job *end)
{
    int err = store_begin(keeper->store);

    if (err)
        return err;
    for (struct job *job = first; !err && job != end; job = job->next)
        if (job->work)
            err = job->work(keeper->store, job->arg);
    if (!err)
        err = store_commit(keeper->store);
    if (err)
        store_rollback(keeper->store);
    return err;
}

static bool is_stopping(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    bool stopping = keeper->stopping;

    pthread_mutex_unlock(&keeper->lock);
    return stopping;
}

static void do_alone(struct keeper *keeper, struct job *job)
{
    int tries = 0;

    do {
        job->err = try_group(keeper, job, job->next);
        if (!job->err || job->kind != KEEPER_MUST)
            return;
        if (tries++ % 20 == 0)
            log_error("store.refused", "errno=%d why=\"%s\"", job->err, store_why(keeper->store));
        nap(500);
    } while (!is_stopping(keeper));
}

static void do_group(struct keeper *keeper, struct job *first, struct job *end)
{
    bool writes = false;

    for (struct job *job = first; job != end; job = job->next)
        writes |= is_transacted(job);
    int err = writes ? try_group(keeper, first, end) : 0;

    for (struct job *job = first; job != end; job = job->next) {
        job->err = 0;
        if (err && job->work)
            do_alone(keeper, job);
    }
}

static void do_all(struct keeper *keeper, struct job *first)
{
    while (first) {
        struct job *end = first;

        while (end && end->kind != KEEPER_ALONE)
            end = end->next;
        if (end != first)
            do_group(keeper, first, end);
        if (end)
            end->err = end->work(keeper->store, end->arg);
        first = end ? end->next : NULL;
    }
}

static void tell(struct keeper *keeper, struct job_list *done)
{
    pthread_mutex_lock(&keeper->lock);
    list_move(&keeper->finished, done);
    if (!keeper->told && keeper->finished.first && !keeper->stopping) {
        keeper->told = true;
        if (loop_post(keeper->loop, finish, keeper) != 0)
            keeper->told = false; /* the next group's end takes it along */
    }
    pthread_mutex_unlock(&keeper->lock);
}

static void *keeper_main(void *arg)
{
    struct keeper *keeper = arg;
    struct job_list mine;

    list_init(&mine);
    pthread_mutex_lock(&keeper->lock);
    for (;;) {
        while (!keeper->posted.first && !keeper->stopping)
            pthread_cond_wait(&keeper->wake, &keeper->lock);
        if (!keeper->posted.first)
            break;
        /* Work that stands alone gathers nothing by waiting; an import brings it in long rows. */
        if (keeper->commit_ms && !keeper->stopping && keeper->posted.first->kind != KEEPER_ALONE) {
            pthread_mutex_unlock(&keeper->lock);
            nap(keeper->commit_ms);
            pthread_mutex_lock(&keeper->lock);
        }
        list_move(&mine, &keeper->posted);
        pthread_mutex_unlock(&keeper->lock);
        do_all(keeper, mine.first);
        tell(keeper, &mine);
        pthread_mutex_lock(&keeper->lock);
    }
    pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

int keeper_new(struct keeper **keeperp, struct store *store, struct loop *loop, unsigned commit_ms)
{
    struct keeper *keeper = calloc(1, sizeof(*keeper));

    if (!keeper)
        return ENOMEM;
    keeper->store = store;
    keeper->loop = loop;
    keeper->commit_ms = commit_ms;
    list_init(&keeper->posted);
    list_init(&keeper->finished);
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_cond_init(&keeper->wake, NULL);
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

void keeper_free(struct keeper *keeper)
{
    if (!keeper)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->stopping = true;
    pthread_cond_broadcast(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    finish(keeper);
    while (keeper->posted.first) { /* posted by a done of just now; the thread has left */
        struct job *job = keeper->posted.first;

        list_init(&keeper->posted);
        do_all(keeper, job);
        for (struct job *next; job; job = next) {
            next = job->next;
            keeper->waiting--;
            if (job->done)
                job->done(job->arg, job->err);
            free(job);
        }
    }
    store_close(keeper->store);
    pthread_cond_destroy(&keeper->wake);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}

void keeper_post(struct keeper *keeper, enum keeper_kind kind, keeper_work work, keeper_done done,
                 void *arg)
{
    struct job *job = malloc(sizeof(*job));

    check(job);
    check(work || kind == KEEPER_READ);
    *job = (struct job){.kind = kind, .work = work, .done = done, .arg = arg};
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
