#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/check.h"

/*
 * Private to this room: what was committed goes from the log (WAL) into the file beside the commits,
 * by a thread and a connection of its own, so that no commit waits for it.
 *
 *   err = checkpoint_new(&checkpoint, "DIR/outdial.db", owner);    once the owner is in WAL mode
 *   checkpoint_free(checkpoint);                                   before the owner is closed
 *
 * The thread copies whenever CHECKPOINT_STEP pages wait, and all there is once nothing was committed
 * for a second. A log whose every page has been copied begins anew, in the same file: appending to a file
 * that exists already costs a commit half. So past CHECKPOINT_TURN pages the thread copies whatever there
 * is, until it meets a moment without a new one; past CHECKPOINT_REST work that can wait (an import) is
 * asked to, so that this moment comes; and only past CHECKPOINT_LATE, when many small commits leave none,
 * does the owner copy the last few itself, which is time that a commit waits. Who reads for long (an
 * export) keeps the log from beginning anew meanwhile; what it has grown beyond 64 MiB is cut off when it
 * does.
 */
enum {
    CHECKPOINT_STEP = 1000, /* pages of 4 KiB: 4 MiB */
    CHECKPOINT_TURN = 4 * 1024,
    CHECKPOINT_REST = 2 * CHECKPOINT_TURN,
    CHECKPOINT_LATE = 3 * CHECKPOINT_TURN,
    CHECKPOINT_LAST = 4 * CHECKPOINT_TURN, /* the owner copies, however many there are */
};

struct checkpoint;

/* 0, ENOMEM, EAGAIN (no thread), EIO (the file cannot be opened again). Takes the owner's wal_hook. */
int checkpoint_new(struct checkpoint **checkpoint, const char *path, sqlite3 *owner) must_check;
/* In the owner's thread: should what can wait give the copying thread time? */
bool checkpoint_is_behind(const struct checkpoint *checkpoint);
void checkpoint_free(struct checkpoint *checkpoint); /* NULL is fine */

#endif
