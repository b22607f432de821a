#include "store/checkpoint.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

/* FEW: so many are copied by the owner itself. MISSES_MAX: after so many, waiting is thought useless. */
enum { FEW = 1000, MISSES_MAX = 3, QUIET_MS = 1000, STUCK_MS = 100 };

struct checkpoint {
    sqlite3 *own, *owner;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
    /* Pages in the log and how many of them are copied; both begin anew with the log. */
    _Atomic int written, copied;
    _Atomic unsigned commits, turns; /* turns: how often it has begun anew */
    _Atomic unsigned
        misses; /* moments with all copied at which it did not begin anew, as somebody reads */
};

static int waiting(const struct checkpoint *checkpoint)
{
    int written = checkpoint->written;
    int copied = checkpoint->copied;

    return copied < written ? written - copied : 0;
}

/*
 * SQLite flushes the file only with the last page of the log, and then all that was copied so far: flushed here after
 * every pass, there is next to nothing left for that moment, which under load is a commit's.
 */
static bool flush(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);

    return code == SQLITE_OK && file && file->pMethods &&
           file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

/* Waits for nobody. False: nothing was copied, as somebody reads old pages or the disk refuses. */
static bool copy(struct checkpoint *checkpoint, sqlite3 *db)
{
    int before = checkpoint->copied;
    unsigned turn = checkpoint->turns;
    int written = -1, copied = -1;
    int code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, &written, &copied);

    if (code == SQLITE_OK && db != checkpoint->owner && !flush(db))
        code = SQLITE_IOERR;
    pthread_mutex_lock(&checkpoint->lock);
    if (code == SQLITE_OK && copied >= 0 && turn == checkpoint->turns)
        checkpoint->copied = copied;
    pthread_mutex_unlock(&checkpoint->lock);
    return code == SQLITE_OK && copied != before;
}

static bool is_wanted(const struct checkpoint *checkpoint)
{
    int least = checkpoint->written < CHECKPOINT_TURN ? CHECKPOINT_STEP : 1;

    return waiting(checkpoint) >= least;
}

/* So few are left that it takes no time; or the thread does not get on (another's load), and the log
 * must not fill the disk. */
static bool owner_copies(const struct checkpoint *checkpoint)
{
    return checkpoint->written >= CHECKPOINT_LATE &&
           (waiting(checkpoint) <= FEW || checkpoint->written >= CHECKPOINT_LAST);
}

bool checkpoint_is_behind(const struct checkpoint *checkpoint)
{
    return checkpoint->written >= CHECKPOINT_REST && waiting(checkpoint) &&
           checkpoint->misses < MISSES_MAX;
}

/* In the owner's thread after every commit. */
static int committed(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct checkpoint *checkpoint = arg;
    bool is_first = !waiting(checkpoint);

    if (pages < checkpoint->written) {
        pthread_mutex_lock(&checkpoint->lock);
        checkpoint->copied = 0;
        checkpoint->turns++;
        checkpoint->misses = 0;
        pthread_mutex_unlock(&checkpoint->lock);
    } else if (is_first && checkpoint->written >= CHECKPOINT_REST) {
        checkpoint
            ->misses++; /* a reader, or only a commit that had begun before the last page was copied */
    }
    checkpoint->written = pages;
    checkpoint->commits++;
    if (owner_copies(checkpoint))
        copy(checkpoint, db);
    if (is_first || is_wanted(checkpoint)) {
        pthread_mutex_lock(&checkpoint->lock);
        pthread_cond_signal(&checkpoint->wake);
        pthread_mutex_unlock(&checkpoint->lock);
    }
    return SQLITE_OK;
}

/* False: the time is over. With the lock held. */
static bool wait_ms(struct checkpoint *checkpoint, long ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    return pthread_cond_timedwait(&checkpoint->wake, &checkpoint->lock, &until) != ETIMEDOUT;
}

/* Until enough pages wait, or nothing was committed for a while. With the lock held. */
static void wait_for_work(struct checkpoint *checkpoint)
{
    while (!checkpoint->stopping && !is_wanted(checkpoint)) {
        unsigned commits = checkpoint->commits;

        if (!waiting(checkpoint))
            pthread_cond_wait(&checkpoint->wake, &checkpoint->lock);
        else if (!wait_ms(checkpoint, QUIET_MS) && commits == checkpoint->commits)
            return;
    }
}

static void *checkpoint_main(void *arg)
{
    struct checkpoint *checkpoint = arg;

    pthread_mutex_lock(&checkpoint->lock);
    while (!checkpoint->stopping) {
        wait_for_work(checkpoint);
        if (checkpoint->stopping)
            break;
        pthread_mutex_unlock(&checkpoint->lock);
        bool done = copy(checkpoint, checkpoint->own);

        pthread_mutex_lock(&checkpoint->lock);
        if (!done && !checkpoint->stopping) {
            checkpoint->misses = MISSES_MAX;
            wait_ms(checkpoint, STUCK_MS);
        }
    }
    pthread_mutex_unlock(&checkpoint->lock);
    return NULL;
}

static int open_own(struct checkpoint *checkpoint, const char *path)
{
    int code =
        sqlite3_open_v2(path, &checkpoint->own, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_exec(checkpoint->own, "PRAGMA synchronous = FULL; PRAGMA cache_size = 16",
                            NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : code == SQLITE_NOMEM ? ENOMEM : EIO;
}

int checkpoint_new(struct checkpoint **checkpointp, const char *path, sqlite3 *owner)
{
    struct checkpoint *checkpoint = calloc(1, sizeof(*checkpoint));
    pthread_condattr_t attributes;

    if (!checkpoint)
        return ENOMEM;
    checkpoint->owner = owner;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&checkpoint->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&checkpoint->lock, NULL);
    int err = open_own(checkpoint, path);

    if (!err)
        err = pthread_create(&checkpoint->thread, NULL, checkpoint_main, checkpoint);
    if (err) {
        sqlite3_close(checkpoint->own);
        pthread_cond_destroy(&checkpoint->wake);
        pthread_mutex_destroy(&checkpoint->lock);
        free(checkpoint);
        return err;
    }
    sqlite3_wal_hook(owner, committed, checkpoint);
    *checkpointp = checkpoint;
    return 0;
}

void checkpoint_free(struct checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->stopping = true;
    pthread_cond_signal(&checkpoint->wake);
    pthread_mutex_unlock(&checkpoint->lock);
    pthread_join(checkpoint->thread, NULL);
    sqlite3_wal_hook(checkpoint->owner, NULL, NULL);
    sqlite3_close(checkpoint->own);
    pthread_cond_destroy(&checkpoint->wake);
    pthread_mutex_destroy(&checkpoint->lock);
    free(checkpoint);
}
