#ifndef VOICE_VOICE_H
#define VOICE_VOICE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The voice engine as a process: SIP, media, call control and its REST interface on one control
 * thread and one media thread. voice_run returns when SIGTERM or SIGINT came and the calls are gone
 * (at most two seconds later): 0, or an exit code of the command line (1 failed, 2 misused) after a
 * message on standard error. When ready it prints one line of JSON on standard output:
 *
 *   {"ready":true,"http":"http://127.0.0.1:8081","sip":"127.0.0.1:5062","media":"127.0.0.1:20000-29999"}
 */
struct voice_options {
    const char *http;               /* "127.0.0.1:8081"; port 0: any free one */
    const char *sip;                /* "127.0.0.1:5062" */
    const char *media;              /* "ADDRESS[:FIRST-LAST]"; NULL: the SIP address, 20000-29999 */
    const char *media_advertised;   /* address in our descriptions; NULL: the same */
    const char *trunk;              /* "sip:HOST:PORT[;transport=tcp]"; NULL: none */
    const char *trunk_user, *trunk_password;
    const char *const *peers;       /* more SIP peers, numeric addresses; NULL ends; may be NULL */
    bool loopback_is_peer;          /* phones on this machine may call and be called */
    const char *data;               /* folder for the prompt cache */
    const char *account_sid, *auth_token;
    const char *caller_ids;         /* "+1500...,+1500...": numbers that may be shown; "": any */
    unsigned calls_per_second;      /* 0: 10 */
    bool fetch_private;             /* may fetch from loopback and private addresses */
    bool webhook_insecure;          /* do not verify TLS of webhooks; loopback tests only */
};

int voice_run(const struct voice_options *options);

#endif
