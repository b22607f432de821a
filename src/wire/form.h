#ifndef WIRE_FORM_H
#define WIRE_FORM_H

#include "base/text.h"

/*
 * application/x-www-form-urlencoded, both ways: an ordered list of names and values, decoded.
 * Names may repeat. Values are UTF-8 without zero bytes, and zero-terminated.
 *
 *   err = form_parse(&form, body);                 initialises, also when it fails
 *   form_init(&form); form_add(&form, "To", to);   or build one
 *   form_write(&form, &text);
 *   form_release(&form);
 */
struct form_field {
    const char *name, *value;
    size_t name_size, value_size;
};

struct form_chunk; /* names and values lie in a few large pieces of memory */

struct form {
    struct form_field *fields;
    size_t count, room;
    struct form_chunk *chunks;
    bool failed; /* form_add ran out of memory */
};

void form_init(struct form *form);
void form_release(struct form *form);

/* '+' is a blank; a '%' without two hex digits stands for itself; fields without a name are skipped.
 * 0; EILSEQ when a name or value is not UTF-8 or holds a zero byte; ENOMEM. */
int form_parse(struct form *form, struct slice body) must_check;

void form_add(struct form *form, const char *name, const char *value); /* NULL value: "" */
void form_add_slice(struct form *form, struct slice name, struct slice value);
void form_set(struct form *form, const char *name, const char *value); /* in place of all others */

/* The first value of that name, or NULL. */
const char *form_get(const struct form *form, const char *name);
/* The index'th value of that name (0 is the first), or NULL. */
const char *form_get_at(const struct form *form, const char *name, size_t index);

void form_write(const struct form *form, struct text *text); /* appends a=b&c=d */
/* Appends with everything but letters, digits and -._~ (with plus: also '*', blanks as '+') encoded. */
void form_encode(struct slice value, bool plus, struct text *text);
/* Appends the value decoded ('+' is a blank when plus). */
void form_decode(struct slice value, bool plus, struct text *text);

bool utf8_is_valid(struct slice bytes);
/* Appends the bytes, each one that is not UTF-8 (or is zero) replaced by U+FFFD. */
/* At most size - 1 bytes, cut between characters. */
void utf8_copy(const char *from, char *to, size_t size);
void utf8_clean(struct slice bytes, struct text *text);

#endif
