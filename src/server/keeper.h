#ifndef SERVER_KEEPER_H
#define SERVER_KEEPER_H

#include "net/loop.h"
#include "server/recent.h"
#include "store/store.h"

/*
 * The store thread: it alone calls the owner's store. Work is handed over in order and written in
 * groups: everything that came within commit_ms is one transaction.
 *
 *   err = keeper_new(&keeper, store, loop, 3);            takes the store over, closes it at the end
 *   keeper_post(keeper, KEEPER_WRITE, work, done, arg);
 *         work(store, arg) in the store thread, inside the transaction of its group;
 *         done(arg, err) in the loop's thread once that is committed, in the order posted
 *   keeper_post(keeper, KEEPER_READ, NULL, done, arg);
 *         no work at all: done comes behind the commit of everything posted before (an act that
 *         waits for its records)
 *   keeper_free(keeper);                                  once the loop turns no more
 *
 * KEEPER_MUST is for the records of what has been decided already: when the disk refuses, it is tried
 * again until it is taken (half a second between, the failure is logged), and no other MUST overtakes
 * it; so work may run more than once and must give the same rows again. While that lasts the store is
 * in trouble: reads overtake it and see what is on disk, KEEPER_ALONE work finds out by itself, all other
 * work ends at once with the disk's error, also the KEEPER_READ without work: its records are not there.
 * The error of one KEEPER_WRITE's work undoes its group, which is then done one by one.
 * KEEPER_ALONE runs outside any transaction: work that makes its own. It may answer KEEPER_MORE: then it
 * is called again, behind what was posted meanwhile, and while the records of a group gather; not while
 * the store wants rest. Other kinds overtake it: what came with it and what comes between its steps.
 */
struct keeper;

enum keeper_kind {
    KEEPER_READ,
    KEEPER_WRITE,
    KEEPER_MUST,
    KEEPER_ALONE,
};

enum { KEEPER_MORE = -1 };

typedef int (*keeper_work)(struct store *store, void *arg);
typedef void (*keeper_done)(void *arg, int err);

int keeper_new(struct keeper **keeper, struct store *store, struct loop *loop,
               unsigned commit_ms) must_check; /* 0, ENOMEM, EAGAIN; the store is left alone then */
/* Writes what is posted (gives up on a refusing disk), calls every done, closes the store. How many
 * MUSTs could not be written. */
size_t keeper_free(struct keeper *keeper);

/* err 0: the store is well. EBADMSG (damaged) is for good, also when only a read met it. */
struct keeper_trouble {
    int err;
    char why[400]; /* what, why, and what to do */
};

/* What an operator can do about a store's errno. */
const char *keeper_advice(int err);

typedef void (*keeper_trouble_handler)(void *arg, const struct keeper_trouble *trouble);
/* Called on the loop when it begins, changes and ends. */
void keeper_on_trouble(struct keeper *keeper, keeper_trouble_handler handler, void *arg);
/* From the loop's thread. Memory for the job is the one thing it needs: without it the process ends,
 * as a fact that cannot be kept is none. done may be NULL. */
void keeper_post(struct keeper *keeper, enum keeper_kind kind, keeper_work work, keeper_done done,
                 void *arg);
/* How long each record of what was decided took from keeper_post until it was committed. */
const struct recent *keeper_commits(const struct keeper *keeper);
/* Jobs posted and not done yet. */
size_t keeper_waiting(const struct keeper *keeper);

#endif
