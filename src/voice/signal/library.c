/*
 * libre's beginning and end, and its silence: what it writes to standard output and standard error
 * (a line for every malformed datagram) is no part of our log, and a flood of packets would become a
 * flood of text. Replaced by name, as the timers are (timers.c).
 */
#include "voice/signal/libre.h"

#define DEBUG_MODULE "outdial" /* the header wants them */
#define DEBUG_LEVEL 0
#include <errno.h>
#include <re/re_dbg.h>
#include <stdio.h>

#include "voice/signal/signal.h"

int re_fprintf(FILE *stream, const char *format, ...)
{
    (void)stream;
    (void)format;
    return 0;
}

int re_printf(const char *format, ...)
{
    (void)format;
    return 0;
}

int signal_library_start(unsigned descriptor_count_max)
{
    int err = libre_init();

    if (err)
        return err;
    dbg_init(DBG_EMERG, DBG_NONE);
    /* The first call frees the default of 1 024; only then is another number taken. */
    (void)fd_setsize(0);
    err = fd_setsize((int)descriptor_count_max);
    if (err)
        libre_close();
    return err;
}

void signal_library_stop(void)
{
    libre_close();
}
