#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/instant.h"
#include "core/journal_life.h"
#include "sim/fold.h"

/*
 * The journal of a real run, fed to a new core: every life in it is made again as it was (limits, seed, time
 * zones), fed its events, and held to what the journal says came of each: the effects of every event,
 * the whole state now and then. Between two lives, what the store gave back is held to what was put
 * there: no open attempt is lost, none is ordered twice.
 *
 *   replay = replay_new(fault, arg);
 *   err = replay_take(replay, bytes, size, &used);     whole entries as they come; any cut will do:
 *              0 all was taken; ENODATA the last entry is not whole (used: what was taken);
 *              EBADMSG no entry begins there: replay_why(replay)
 *   sums = replay_sums(replay); fold = replay_fold(replay);
 *   replay_free(replay);
 *
 * A life of another form (core/journal_life.h) is passed over, and the fold begins anew behind it.
 * A life that goes another way than it did is a fault; the rest of it is passed over, and the fold
 * is worth nothing from there on (sums->diverged). Pure: it reads no clock and no file.
 */
struct replay;

typedef void (*replay_fault)(void *arg, const char *sentence);

struct replay_sums {
    uint64_t entries, lives, events, effects;
    uint64_t outcomes; /* events whose effects were held to the journal */
    uint64_t states;   /* and whose state was */
    uint64_t
        passed_over; /* events before the first life, behind a divergence, or of another form */
    uint64_t lives_passed_over;
    uint32_t other_form;                     /* of the last of them */
    char other_program[PROGRAM_VERSION_MAX]; /* that wrote it */
    uint64_t faults;
    bool diverged;
    instant first_at, last_at;
    char program[PROGRAM_VERSION_MAX]; /* that wrote the last life */
};

struct replay *replay_new(replay_fault fault, void *arg) must_check; /* NULL: no memory */
void replay_free(struct replay *replay);
int replay_take(struct replay *replay, const uint8_t *bytes, size_t size, size_t *used) must_check;
const char *replay_why(const struct replay *replay);
const struct replay_sums *replay_sums(const struct replay *replay);
const struct fold *replay_fold(const struct replay *replay);

#endif
