#ifndef PHONES_PHONES_H
#define PHONES_PHONES_H

#include <stdio.h>

#include "base/check.h"
#include "phones/script.h"

/*
 * `outdial phones`: a telephone network with people in it, behind a SIP peer (UDP and TCP).
 *
 *   err = phones_run(&options, script);     returns when SIGTERM or SIGINT came and all calls ended
 *
 * Two threads: the caller's (SIP, people, records) and one media thread (rtp.h). Prints JSON lines:
 * one when ready, on standard output; then records (record.h) to options.log. What a script may say
 * and what the lines say is in docs/phones.md.
 */
struct phones_options {
    const char *address; /* numeric; "127.0.0.1" */
    uint16_t port;       /* 0: any free one, the same for UDP and TCP */
    FILE *ready;         /* gets the one line that tells the address */
    FILE *log;           /* gets the records; may be the same */
};

/* 0; EADDRINUSE ... as bind() says; ENOENT when espeak-ng is missing. Failures are told on stderr. */
int phones_run(const struct phones_options *options, const struct script *script) must_check;

#endif
