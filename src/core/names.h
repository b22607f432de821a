#ifndef CORE_NAMES_H
#define CORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/check.h"

/* Words for the values of an enumeration, both ways, from one table. */
static inline const char *name_of(const char *const *names, size_t count, size_t value)
{
    check(value < count);
    return names[value];
}

/* The value, or `count` when no such word is known. */
static inline size_t name_find(const char *const *names, size_t count, const char *name,
                               size_t size)
{
    size_t value = 0;

    while (value < count && (strlen(names[value]) != size || memcmp(names[value], name, size) != 0))
        ++value;
    return value;
}

#endif
