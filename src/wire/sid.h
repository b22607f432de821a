#ifndef WIRE_SID_H
#define WIRE_SID_H

#include "base/text.h"

/*
 * SIDs: two capital letters and 32 hex digits, "CA0123...". Made from a secret seed and a counter by
 * HMAC-SHA256, so that a seed repeats a run and nobody without it can guess the next one.
 */
enum { SID_LENGTH = 34, SID_SIZE = SID_LENGTH + 1 };

struct sid_source {
    unsigned char key[32];
    uint64_t counter;
};

void sid_source_init(struct sid_source *source, const void *seed, size_t seed_size);
void sid_make(struct sid_source *source, const char *prefix, char sid[SID_SIZE]);
/* Either case of hex is accepted; prefix is exact ("CA"), NULL for any two capitals. */
bool sid_is(struct slice text, const char *prefix);
/* The same with hex in lower case, the form all tables are keyed by. text must be a SID. */
void sid_normalise(struct slice text, char sid[SID_SIZE]);

#endif
