#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"

static _Atomic int least_level = LOG_INFO;

void log_level_set(enum log_level least)
{
    least_level = (int)least;
}

/* One write() a line, so that lines of several threads and processes do not mix. */
static void write_line(enum log_level level, const char *verb, const char *format, va_list list)
    __attribute__((format(printf, 3, 0)));

static void write_line(enum log_level level, const char *verb, const char *format, va_list list)
{
    static const char *const NAMES[] = {"debug", "info", "warning", "error"};
    char line[1024], stamp[INSTANT_TEXT_SIZE];
    struct timespec now;
    int size, more;

    if ((int)level < least_level)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    instant_to_iso((instant)now.tv_sec * SECOND + now.tv_nsec / 1000, 1, stamp);
    size = snprintf(line, sizeof(line) - 1, "%s %s %s ", stamp, NAMES[level], verb);
    more = vsnprintf(line + size, sizeof(line) - 1 - (size_t)size, format, list);
    if (more > 0)
        size += more;
    if (size > (int)sizeof(line) - 2)
        size = (int)sizeof(line) - 2;
    for (int i = 0; i < size; ++i)
        if ((unsigned char)line[i] < 32)
            line[i] = ' ';
    line[size++] = '\n';
    if (write(STDERR_FILENO, line, (size_t)size) < 0)
        return; /* nobody is left to tell */
}

#define LOG_FUNCTION(name, level)                                                                  \
    void name(const char *verb, const char *format, ...)                                           \
    {                                                                                              \
        va_list list;                                                                              \
                                                                                                   \
        va_start(list, format);                                                                    \
        write_line(level, verb, format, list);                                                     \
        va_end(list);                                                                              \
    }

LOG_FUNCTION(log_event, LOG_INFO)
LOG_FUNCTION(log_warning, LOG_WARNING)
LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_debug, LOG_DEBUG)

const char *log_number(const char *number, char out[LOG_NUMBER_SIZE])
{
    size_t size = strlen(number);

    if (size < 8)
        snprintf(out, LOG_NUMBER_SIZE, "%.2s…", number);
    else
        snprintf(out, LOG_NUMBER_SIZE, "%.5s…%s", number, number + size - 2);
    return out;
}
