#ifndef VOICE_WEB_DESCRIPTION_H
#define VOICE_WEB_DESCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/*
 * Session descriptions of WebRTC (RFC 8829): one stream of sound in one bundle; whatever else is offered is refused
 * in its place. Pure.
 */
enum web_setup { WEB_SETUP_NONE, WEB_SETUP_ACTPASS, WEB_SETUP_ACTIVE, WEB_SETUP_PASSIVE };

enum { WEB_SECTIONS_MAX = 16, WEB_FINGERPRINT_SIZE_MAX = 64, WEB_NO_TYPE = -1 };

struct web_fingerprint {
    char hash[8]; /* "sha-256": as OpenSSL knows it without the dash */
    uint8_t bytes[WEB_FINGERPRINT_SIZE_MAX];
    size_t size;
};

struct web_section {
    struct slice kind, protocol, formats, mid;
};

/* What a browser says; its slices lie within the text. */
struct web_description {
    struct slice ufrag, password;
    struct web_fingerprint fingerprint;
    enum web_setup setup;
    bool sends, receives;          /* the browser does */
    int pcmu, opus;                /* payload types; WEB_NO_TYPE: none */
    int dtmf_8000, dtmf_48000;     /* telephone-event beside either */
    bool opus_first;               /* it would rather speak Opus than PCMU */
    bool bundles;                  /* it has a group of that kind */
    unsigned section_count, sound; /* index of the stream of sound */
    struct web_section sections[WEB_SECTIONS_MAX];
};

/* 0, or EINVAL with a static sentence: what is missing or not understood. */
int web_description_parse(struct web_description *theirs, struct slice text,
                          const char **why) must_check;

/* What we say. */
struct web_description_ours {
    const char *const *candidates; /* NULL ends; the first is our address */
    uint16_t port;
    const char *ufrag, *password;
    const char *fingerprint; /* "sha-256 12:AB:..." */
    enum web_setup setup;
    uint64_t session;
    unsigned version;
    bool sends, receives;
    int pcmu, opus, dtmf_8000, dtmf_48000; /* payload types; WEB_NO_TYPE: none. PCMU is put first */
};

/* An answer to their offer, or (theirs NULL) an offer. */
void web_description_write(struct text *text, const struct web_description_ours *ours,
                           const struct web_description *theirs);

#endif
