#ifndef CLI_JOURNAL_ROWS_H
#define CLI_JOURNAL_ROWS_H

#include "sim/fold.h"
#include "store/store.h"

/*
 * The rows of a store held to what a replayed journal comes to: attempts, leads, agents and their
 * reservations field by field, campaigns by state, and the figures of each with its ledger.
 *
 *   err = journal_rows_compare(&fold, store, &count, tell, arg);     an errno of the store
 *
 * Of a fold that is partial only what it knows is compared, and no figures. Left out is what the core does not decide: whether a lead is claimed just now, its priority, and from when a held
 * one is looked at again.
 */
struct journal_rows {
    uint64_t campaigns, agents, reservations, leads, attempts; /* compared */
    uint64_t differences;
};

typedef void (*journal_rows_tell)(void *arg, const char *difference);

int journal_rows_compare(const struct fold *fold, struct store *store, struct journal_rows *rows,
                         journal_rows_tell tell, void *arg) must_check;

#endif
