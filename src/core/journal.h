#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/instant.h"
#include "core/effect.h"
#include "core/event.h"

/*
 * An event as bytes, and back: what the journal keeps, and what the simulator replays. The form is
 * versioned, counts only what is set, holds a checksum, and refuses anything it did not write
 * itself. It names people by id only.
 *
 *   size = journal_encode(now, &event, bytes);                  never fails; room: JOURNAL_EVENT_MAX
 *   err = journal_decode(bytes, size, &used, &now, &event);     0; ENODATA: more bytes are needed;
 *                                                               EBADMSG: not of this journal
 * Beside events stand entries of other kinds, in the same frame: the beginning of a life
 * (core/journal_life.h), and what came of an event, so that a replay has something to be held to:
 *
 *   struct journal_outcome outcome = {0};
 *   dialer_feed(...); while (dialer_drain(...)) journal_outcome_add(&outcome, &effect);
 *   size = journal_encode_outcome(&outcome, bytes);             follows its event's entry
 */
enum { JOURNAL_EVENT_MAX = 4096, JOURNAL_OUTCOME_MAX = 48 };

enum journal_entry {                            /* kinds below are events' */
                     JOURNAL_LIFE_OF_OLD = 240, /* does not tell its form, which was the first */
                     JOURNAL_ZONE = 241,
                     JOURNAL_ZONE_SET = 242,
                     JOURNAL_OUTCOME = 243,
                     JOURNAL_LIFE = 244,
};

size_t journal_encode(instant now, const struct event *event, uint8_t bytes[JOURNAL_EVENT_MAX]);
int journal_decode(const uint8_t *bytes, size_t size, size_t *used, instant *now,
                   struct event *event) must_check;

/* Kind and size of the entry that stands first, its frame and checksum held good. 0, ENODATA, EBADMSG. */
int journal_peek(const uint8_t *bytes, size_t size, unsigned *kind, size_t *whole) must_check;

struct journal_outcome {
    uint32_t effect_count;
    uint32_t effect_hash; /* of every field of every effect, in their order */
    bool has_state;
    uint32_t part;  /* of the state */
    uint64_t state; /* dialer_digest_part after the event; not with each */
};

void journal_outcome_add(struct journal_outcome *outcome, const struct effect *effect);
size_t journal_encode_outcome(const struct journal_outcome *outcome,
                              uint8_t bytes[JOURNAL_OUTCOME_MAX]);
int journal_decode_outcome(const uint8_t *bytes, size_t size, size_t *used,
                           struct journal_outcome *outcome) must_check;

/* Are two records the same, field by field? (Their padding is nobody's.) */
bool journal_same_attempt(const struct attempt_record *a, const struct attempt_record *b);
bool journal_same_lead(const struct lead_record *a, const struct lead_record *b);
bool journal_same_agent(const struct agent_record *a, const struct agent_record *b);
bool journal_same_reservation(const struct reservation_record *a,
                              const struct reservation_record *b);

#endif
