#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slice slice_from(const char *text)
{
    return text ? slice_of(text, strlen(text)) : slice_of("", 0);
}

bool slice_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

bool slice_is(struct slice slice, const char *text)
{
    return slice_equal(slice, slice_from(text));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool slice_is_nocase(struct slice slice, const char *text)
{
    size_t size = strlen(text);

    if (slice.size != size)
        return false;
    for (size_t i = 0; i < size; ++i)
        if (lower(slice.at[i]) != lower(text[i]))
            return false;
    return true;
}

bool slice_starts(struct slice slice, const char *prefix)
{
    size_t size = strlen(prefix);

    return slice.size >= size && memcmp(slice.at, prefix, size) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice slice)
{
    while (slice.size && is_blank(slice.at[0])) {
        ++slice.at;
        --slice.size;
    }
    while (slice.size && is_blank(slice.at[slice.size - 1]))
        --slice.size;
    return slice;
}

struct slice slice_cut(struct slice *rest, char separator)
{
    const char *found = rest->size ? memchr(rest->at, separator, rest->size) : NULL;
    struct slice head = *rest;

    if (!found) {
        *rest = slice_of(rest->at + rest->size, 0);
        return head;
    }
    head.size = (size_t)(found - rest->at);
    *rest = slice_of(found + 1, rest->size - head.size - 1);
    return head;
}

int slice_to_i64(struct slice slice, int64_t low, int64_t high, int64_t *value)
{
    bool negative = slice.size && slice.at[0] == '-';
    size_t i = negative ? 1 : 0;
    int64_t sum = 0;

    if (i == slice.size)
        return EINVAL;
    for (; i < slice.size; ++i) {
        int digit = slice.at[i] - '0';

        if (digit < 0 || digit > 9)
            return EINVAL;
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, negative ? -digit : digit, &sum))
            return ERANGE;
    }
    if (sum < low || sum > high)
        return ERANGE;
    *value = sum;
    return 0;
}

int slice_to_double(struct slice slice, double *value)
{
    char copy[64], *end;
    double number;

    if (!slice.size || is_blank(slice.at[0]) || !slice_copy(slice, copy, sizeof(copy)))
        return EINVAL;
    number = strtod(copy, &end);
    if (*end || number != number)
        return EINVAL;
    *value = number;
    return 0;
}

char *slice_dup(struct slice slice)
{
    char *copy = malloc(slice.size + 1);

    if (copy) {
        if (slice.size)
            memcpy(copy, slice.at, slice.size);
        copy[slice.size] = '\0';
    }
    return copy;
}

bool slice_copy(struct slice slice, char *out, size_t out_size)
{
    size_t size = slice.size < out_size ? slice.size : out_size - 1;

    if (size)
        memcpy(out, slice.at, size);
    out[size] = '\0';
    return size == slice.size;
}

void text_init(struct text *text)
{
    *text = (struct text){0};
}

void text_release(struct text *text)
{
    free(text->at);
    text_init(text);
}

void text_clear(struct text *text)
{
    text->size = 0;
    text->failed = false;
    if (text->at)
        text->at[0] = '\0';
}

/* Makes room for `more` bytes and the closing zero. */
static bool text_grow(struct text *text, size_t more)
{
    size_t wanted = text->size + more + 1, room = text->room ? text->room : 64;
    char *at;

    if (text->failed)
        return false;
    if (wanted <= text->room)
        return true;
    while (room < wanted)
        room *= 2;
    at = realloc(text->at, room);
    if (!at) {
        text->failed = true;
        return false;
    }
    text->at = at;
    text->room = room;
    return true;
}

void text_reserve(struct text *text, size_t more)
{
    (void)text_grow(text, more);
}

void text_add_bytes(struct text *text, const void *more, size_t size)
{
    if (!text_grow(text, size))
        return;
    if (size)
        memcpy(text->at + text->size, more, size);
    text->size += size;
    text->at[text->size] = '\0';
}

void text_add_slice(struct text *text, struct slice more)
{
    text_add_bytes(text, more.at, more.size);
}

void text_add(struct text *text, const char *more)
{
    text_add_bytes(text, more, strlen(more));
}

void text_add_char(struct text *text, char more)
{
    text_add_bytes(text, &more, 1);
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list list;
    size_t room;
    int size;

    if (!text_grow(text, 48)) /* what most have room in, so that they are printed once */
        return;
    room = text->room - text->size;
    va_start(list, format);
    size = vsnprintf(text->at + text->size, room, format, list);
    va_end(list);
    if (size >= 0 && (size_t)size >= room && text_grow(text, (size_t)size)) {
        va_start(list, format);
        size = vsnprintf(text->at + text->size, (size_t)size + 1, format, list);
        va_end(list);
    }
    if (size >= 0 && !text->failed)
        text->size += (size_t)size;
    text->at[text->size] = '\0'; /* also after a half that found no room */
}

char *text_take(struct text *text, size_t *size)
{
    char *at;

    if (!text_grow(text, 0)) {
        text_release(text);
        return NULL;
    }
    at = text->at;
    at[text->size] = '\0';
    if (size)
        *size = text->size;
    text_init(text);
    return at;
}

bool bytes_equal_constant_time(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;
    unsigned char difference = 0;

    for (size_t i = 0; i < size; ++i)
        difference |= (unsigned char)(x[i] ^ y[i]);
    return difference == 0;
}

void bytes_to_hex(const void *bytes, size_t size, char *hex)
{
    static const char DIGITS[] = "0123456789abcdef";
    const unsigned char *from = bytes;

    for (size_t i = 0; i < size; ++i) {
        *hex++ = DIGITS[from[i] >> 4];
        *hex++ = DIGITS[from[i] & 15];
    }
    *hex = '\0';
}
