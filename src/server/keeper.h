#ifndef SERVER_KEEPER_H
#define SERVER_KEEPER_H

#include "net/loop.h"
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
 * KEEPER_MUST is for the records of what has been decided already: when the disk refuses, its group
 * is tried again until it is taken (half a second between, the failure is logged), and nothing posted
 * behind it overtakes it; so work may run more than once and must give the same rows again.
 * The error of one KEEPER_WRITE's work undoes its group, which is then done one by one.
 * KEEPER_ALONE runs outside any transaction: work that makes its own.
 */
struct keeper;

enum keeper_kind {
    KEEPER_READ,
    KEEPER_WRITE,
    KEEPER_MUST,
    KEEPER_ALONE,
};

typedef int (*keeper_work)(struct store *store, void *arg);
typedef void (*keeper_done)(void *arg, int err);

int keeper_new(struct keeper **keeper, struct store *store, struct loop *loop,
               unsigned commit_ms) must_check; /* 0, ENOMEM, EAGAIN; the store is left alone then */
/* Writes what is posted (gives up on a refusing disk), calls every done, closes the store. */
void keeper_free(struct keeper *keeper);
/* From the loop's thread. Memory for the job is the one thing it needs: without it the process ends,
 * as a fact that cannot be kept is none. done may be NULL. */
void keeper_post(struct keeper *keeper, enum keeper_kind kind, keeper_work work, keeper_done done,
                 void *arg);
/* Jobs posted and not done yet. */
size_t keeper_waiting(const struct keeper *keeper);

#endif
