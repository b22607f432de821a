#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/*
 * Text with its length. A `slice` borrows bytes and owns nothing; a `text` grows and owns its bytes.
 *
 *   struct text text;
 *   text_init(&text);
 *   text_add(&text, "hello ");
 *   text_addf(&text, "%d", 7);
 *   use(text.at, text.size);              always zero-terminated
 *   text_release(&text);
 *
 * Running out of memory while growing is remembered in `failed` (the text then stays as it was);
 * callers that must know ask once at the end.
 */
struct slice {
    const char *at;
    size_t size;
};

struct text {
    char *at;
    size_t size;
    size_t room;
    bool failed;
};

static inline struct slice slice_of(const char *at, size_t size)
{
    return (struct slice){at, size};
}

struct slice slice_from(const char *text); /* NULL is the empty slice */
bool slice_equal(struct slice a, struct slice b);
bool slice_is(struct slice slice, const char *text);
bool slice_is_nocase(struct slice slice, const char *text); /* ASCII letters only */
bool slice_starts(struct slice slice, const char *prefix);
struct slice slice_trim(struct slice slice); /* blanks, tabs, CR, LF at both ends */
/* Cuts *rest at the first separator and returns what stood before it; without one, all of it. */
struct slice slice_cut(struct slice *rest, char separator);
/* The whole slice as a decimal number within [low, high]; 0, EINVAL or ERANGE. */
int slice_to_i64(struct slice slice, int64_t low, int64_t high, int64_t *value) must_check;
int slice_to_double(struct slice slice, double *value) must_check;
/* A heap copy, zero-terminated; NULL when memory is out. The caller frees it. */
char *slice_dup(struct slice slice);
/* Copies into a fixed array, zero-terminated; false (and cut) when it does not fit. */
bool slice_copy(struct slice slice, char *out, size_t out_size);

void text_init(struct text *text);
void text_release(struct text *text);
void text_clear(struct text *text);
void text_reserve(struct text *text, size_t more);
/* memory for so much more, taken at once */ /* keeps the memory */
void text_add(struct text *text, const char *more);
void text_add_slice(struct text *text, struct slice more);
void text_add_bytes(struct text *text, const void *more, size_t size);
void text_add_char(struct text *text, char more);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Hands over the bytes (free() them) and leaves the text empty; NULL when it failed. */
char *text_take(struct text *text, size_t *size);

static inline struct slice text_slice(const struct text *text)
{
    return (struct slice){text->at ? text->at : "", text->size};
}

/* Compares without telling by its time where two secrets differ. */
bool bytes_equal_constant_time(const void *a, const void *b, size_t size);
void bytes_to_hex(const void *bytes, size_t size, char *hex); /* 2 * size + 1 characters */

#endif
