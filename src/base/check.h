#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <assert.h>

/*
 * check(condition): our own mistakes stop the program, in production too, naming file, line and
 * condition. The world's failures are returned, the law's are data: neither is checked here.
 */
#define check(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            check_failed(__FILE__, __LINE__, #condition);                                          \
    } while (0)

__attribute__((noreturn)) void check_failed(const char *file, int line, const char *condition);

/* The result of a function that can fail must be looked at. */
#define must_check __attribute__((warn_unused_result))

#define array_count(array) (sizeof(array) / sizeof((array)[0]))

#endif
