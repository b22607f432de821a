#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/instant.h"
#include "core/event.h"

/*
 * An event as bytes, and back: what the journal keeps, and what the simulator replays. The form is
 * versioned, counts only what is set, holds a checksum, and refuses anything it did not write
 * itself. It names people by id only.
 *
 *   size = journal_encode(now, &event, bytes, sizeof(bytes));       never fails; room is
 * JOURNAL_EVENT_MAX err = journal_decode(bytes, size, &used, &now, &event);         0; ENODATA:
 * more bytes are needed; EBADMSG: not of this journal
 */
enum { JOURNAL_EVENT_MAX = 4096, JOURNAL_VERSION = 1 };

size_t journal_encode(instant now, const struct event *event, uint8_t bytes[JOURNAL_EVENT_MAX]);
int journal_decode(const uint8_t *bytes, size_t size, size_t *used, instant *now,
                   struct event *event) must_check;

#endif
