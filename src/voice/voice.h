#ifndef VOICE_VOICE_H
#define VOICE_VOICE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The voice engine as a process: SIP, media, call control and its REST interface on one control
 * thread and one media thread. voice_run returns when SIGTERM or SIGINT came and the calls are gone
 * (at most two seconds later): 0, or an exit code of the command line (1 failed, 2 misused) after a
 * message on standard error; SIGUSR1 has it write its figures to the log. When ready it prints one line of JSON on standard output:
 *
 *   {"ready":true,"http":"http://127.0.0.1:8081","sip":"127.0.0.1:5062","media":"127.0.0.1:20000-29999"}
 *
 * and when it cannot become so, what it says on standard error: {"ready":false,"why":"cannot listen on ..."}.
 */
enum voice_fetch {
    VOICE_FETCH_LOCAL,  /* webhooks and audio from public addresses and this machine */
    VOICE_FETCH_PUBLIC, /* from public addresses only */
    VOICE_FETCH_ANY,    /* from anywhere, private networks too */
};

struct voice_options {
    const char *http;             /* "127.0.0.1:8081"; port 0: any free one */
    const char *sip;              /* "127.0.0.1:5062"; a numeric IPv4 address, also advertised */
    const char *media;            /* "ADDRESS[:FIRST-LAST]"; without ports: 20000-29999 */
    const char *media_advertised; /* address in our descriptions; NULL: that of media */
    const char *web_media;        /* "ADDRESS[:PORT]" of all browsers; NULL or "": none are taken */
    /* where we tell browsers to send to, "192.0.2.1,192.0.2.2"; NULL or "": to web_media */
    const char *web_advertised;
    bool web_opus;                           /* browsers that would rather speak Opus may */
    const char *trunk;                       /* "sip:HOST:PORT[;transport=tcp]"; NULL or "": none */
    const char *trunk_user, *trunk_password; /* digest; NULL: none */
    const char *peers;                       /* more SIP peers: "192.0.2.1,192.0.2.2"; NULL: none */
    bool loopback_is_stranger;               /* phones on this machine may not call or be called */
    const char *data;                        /* folder; kept for what must survive a restart */
    const char *account_sid, *auth_token;
    const char *api_key_sid, *api_key_secret; /* of browser phones' tokens; NULL or "": none */
    const char *application_sid;              /* made at the start; NULL or "": none */
    const char *application_url;              /* TwiML for the calls through it */
    const char *caller_ids;    /* "+1500...,+1500...": numbers that may be shown; "": any */
    const char *prefixes;      /* "+1,+49": numbers that may be called; "": all */
    const char *incoming_url;  /* TwiML for calls that come in; "": none are taken */
    unsigned calls_max;        /* at once; 0: as many as there is room for (capacity.h) */
    unsigned calls_per_second; /* 0: 10 */
    unsigned load_percent_max; /* of the media thread's time; beyond, new calls wait. 0: 85 */
    unsigned queue_age_s_max;  /* 0: 30 */
    unsigned calls_kept;       /* ended ones that can still be read; 0: 20 000 */
    unsigned silent_ms;        /* a leg without RTP for so long is hung up; 0: 30 000 */
    unsigned alone_s;          /* not asked anything for so long, it ends itself; 0: never */
    unsigned probe_ms;         /* between OPTIONS to the trunk; 0: never */
    enum voice_fetch fetch;
    bool webhook_insecure; /* do not verify TLS of webhooks; loopback tests only */
};

int voice_run(const struct voice_options *options);

#endif
