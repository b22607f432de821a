#ifndef VOICE_CONTROL_URL_H
#define VOICE_CONTROL_URL_H

#include "base/text.h"

/*
 * URLs of webhooks: whether one is good, what a relative one means, and the overrides that ride in
 * its fragment. Pure text; nothing is looked up.
 */
enum { URL_SIZE_MAX = 4000 };

/* Absolute http or https with a host, printable, no blanks, at most URL_SIZE_MAX bytes. */
bool url_is_absolute(const char *url);
/* The same, and its host has no underscore (asked of status callbacks). */
bool url_is_callback(const char *url);

/* Appends what `reference` means inside the document at `base` (RFC 3986); an empty reference is the
 * document itself. Without a base the reference is taken as it is. */
void url_resolve(const char *base, const char *reference, struct text *out);

/* "https://user:pass@host/..." -> host part and the rest in *bare (without fragment), the decoded
 * user and password or NULL. The results are free()d by the caller. */
void url_split_user(const char *url, char **bare, char **user, char **password);

/* The host with its port, for cookies: "a.example:8080". */
struct slice url_host(const char *url);

/* How one webhook is tried: defaults of the contract, changed by #rc= #rp= #ct= #rt= #tt=. */
struct url_policy {
    unsigned retry_count;                     /* 0-5 */
    bool on_connect, on_read, on_4xx, on_5xx; /* what is retried */
    unsigned connect_ms, read_ms, total_ms;
};

struct url_policy url_policy(const char *url, unsigned default_retry_count);

#endif
