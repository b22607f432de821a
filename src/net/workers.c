#include "net/workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"

enum { JOBS_WAITING_MAX = 256, THREADS_MAX = 8 };

struct job {
    struct job *next;
    worker_job work, done;
    void *arg;
};

struct job_list {
    struct job *first, **end;
};

struct workers {
    struct loop *loop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job_list waiting, finished;
    unsigned waiting_count, thread_count;
    bool told; /* the loop has been asked to take what is finished */
    _Atomic bool stopping;
    pthread_t threads[THREADS_MAX];
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

static struct job *list_take(struct job_list *list)
{
    struct job *job = list->first;

    if (job) {
        list->first = job->next;
        if (!list->first)
            list->end = &list->first;
    }
    return job;
}

static void finish(void *arg)
{
    struct workers *workers = arg;
    struct job_list mine;
    struct job *job;

    pthread_mutex_lock(&workers->lock);
    mine = workers->finished;
    if (!mine.first)
        mine.end = &mine.first;
    list_init(&workers->finished);
    workers->told = false;
    pthread_mutex_unlock(&workers->lock);
    while ((job = mine.first)) {
        mine.first = job->next;
        job->done(job->arg);
        free(job);
    }
}

static void *worker_main(void *arg)
{
    struct workers *workers = arg;

    pthread_mutex_lock(&workers->lock);
    for (;;) {
        struct job *job = NULL;

        while (!workers->stopping && !(job = list_take(&workers->waiting)))
            pthread_cond_wait(&workers->wake, &workers->lock);
        if (workers->stopping)
            break;
        workers->waiting_count--;
        pthread_mutex_unlock(&workers->lock);
        job->work(job->arg);
        pthread_mutex_lock(&workers->lock);
        list_add(&workers->finished, job);
        if (!workers->told) {
            workers->told = true;
            if (loop_post(workers->loop, finish, workers) != 0)
                workers->told = false; /* the next job's end, or workers_free, takes it along */
        }
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

int workers_new(struct workers **workersp, struct loop *loop, unsigned thread_count)
{
    struct workers *workers = calloc(1, sizeof(*workers));
    int err = 0;

    check(thread_count > 0 && thread_count <= THREADS_MAX);
    if (!workers)
        return ENOMEM;
    workers->loop = loop;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->wake, NULL);
    list_init(&workers->waiting);
    list_init(&workers->finished);
    while (!err && workers->thread_count < thread_count) {
        err = pthread_create(&workers->threads[workers->thread_count], NULL, worker_main, workers);
        if (!err)
            workers->thread_count++;
    }
    if (err)
        workers_free(workers);
    else
        *workersp = workers;
    return err;
}

void workers_free(struct workers *workers)
{
    struct job *job;

    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->thread_count; i++)
        pthread_join(workers->threads[i], NULL);
    while ((job = list_take(&workers->waiting)))
        list_add(&workers->finished, job);
    finish(workers);
    pthread_cond_destroy(&workers->wake);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

int workers_run(struct workers *workers, worker_job work, worker_job done, void *arg)
{
    struct job *job = malloc(sizeof(*job));
    int err = 0;

    if (!job)
        return ENOMEM;
    *job = (struct job){.work = work, .done = done, .arg = arg};
    pthread_mutex_lock(&workers->lock);
    if (workers->waiting_count >= JOBS_WAITING_MAX) {
        err = EAGAIN;
    } else {
        list_add(&workers->waiting, job);
        workers->waiting_count++;
        pthread_cond_signal(&workers->wake);
    }
    pthread_mutex_unlock(&workers->lock);
    if (err)
        free(job);
    return err;
}

bool workers_are_stopping(const struct workers *workers)
{
    return workers->stopping;
}
