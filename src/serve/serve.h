#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

/*
 * The dialer as a process. serve_run opens the store, brings the core to where it was, starts or adopts the voice
 * engine, listens, and turns the loop until SIGINT or SIGTERM. When ready it prints one line of JSON on
 * standard output:
 *
 *   {"ready":true,"http":"http://127.0.0.1:8080","voice":"http://127.0.0.1:41231","data":"..."}
 *
 * The return value is the exit code of the command line: 0, or 1 after a message on standard error.
 */
struct serve_options {
    const char *http;       /* "127.0.0.1:8080"; port 0: the last one of this data folder, or any */
    const char *data;       /* folder; made when it is not there */
    const char *trunk;      /* "sip:..." or "" */
    const char *voice;      /* URL of another's interface, or "": the engine is ours */
    const char *public_url; /* of people, and of a hosted voice service; "": what it listens on */
    const char *engine_http, *engine_sip, *engine_media;
    const char *engine_web_media, *engine_web_advertised; /* "": no browsers; the same address */
    const char *push_webhook;                             /* URL, or "": none are sent */
    bool push_client_events, push_subscription_counts;
    const char *app; /* folder of the page's files, for who works on them; "": the program's own */
    const char *breaks; /* "1=Lunch:30,2=Coffee": codes, names, planned minutes */
    const char *
        turn; /* "turn:HOST:PORT" for pages behind firewalls, "": none; its secret in OUTDIAL_TURN_SECRET */
    unsigned session_s;       /* a page that is signed in stays so long */
    const char *host_names;   /* by which pages may reach us besides public_url's: "a,b" */
    const char *log;          /* "info": the level, for the engine too */
    const char *caller_id;    /* "" : the credentials', or a fictitious one */
    unsigned engine_alone_s;  /* it waits so long for a new dialer */
    unsigned engine_silent_s; /* it is killed when it has not answered for so long */
    unsigned calls_per_second, commit_ms, agents_max, calls_max;
    size_t upload_size_max;
    bool demo;
};

int serve_run(const struct serve_options *options);

/* Makes a token in a data folder no server has open (`outdial token` without one). 0, or an errno with why. */
int serve_make_token(const char *data, const char *name, char *token, size_t token_size, char *why,
                     size_t why_size) must_check;

#endif
