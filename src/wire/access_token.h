#ifndef WIRE_ACCESS_TOKEN_H
#define WIRE_ACCESS_TOKEN_H

#include "wire/form.h"
#include "wire/sid.h"

/*
 * The tokens browser phones show (JSON Web Tokens, by libjwt): Access Tokens, made and checked, and the old
 * capability tokens, checked only.
 *
 *   err = access_token_make(&order, &token);               the server, for its pages
 *
 *   fault = access_token_check(slice, &keys, now_s, &token, &why);     the engine, on `listen`
 *   use(token.identity);
 *   access_token_release(&token);                          also after a fault
 *
 * Nothing here reads a clock: seconds are those of UTC since 1970.
 */
enum {
    ACCESS_TOKEN_TTL_S = 3600,      /* when the order names none */
    ACCESS_TOKEN_TTL_S_MAX = 86400, /* more is cut to this */
    ACCESS_TOKEN_SIZE_MAX = 8192,   /* a longer one is not looked at */
    ACCESS_TOKEN_LEEWAY_S = 60,     /* clocks may differ by so much */
    ACCESS_TOKEN_IDENTITY_MAX = 121,
};

struct access_token_order {
    const char *account_sid; /* AC... */
    const char *key_sid;     /* SK... */
    const char *key_secret;
    const char *identity;        /* letters, digits and _ are safest */
    const char *application_sid; /* AP...: it may call out through that one; NULL: it may not */
    const struct form *params;   /* what a call out says whatever the page says; NULL: nothing */
    bool incoming;               /* it may be rung */
    int64_t now_s;
    unsigned ttl_s; /* 0: ACCESS_TOKEN_TTL_S */
};

/* Appends the token. 0; EINVAL: an SID is none, no secret, or the identity is empty, too long or not UTF-8; ENOMEM. */
int access_token_make(const struct access_token_order *order, struct text *token) must_check;

/* Whose tokens are taken. */
struct access_token_keys {
    const char *account_sid, *auth_token; /* auth_token signs the old tokens */
    const char *key_sid, *key_secret;     /* NULL: no Access Tokens are taken */
};

struct access_token {
    char *identity;                 /* never empty: "Anonymous" for an old token without a name */
    char application_sid[SID_SIZE]; /* lower case; "": it may not call out */
    struct form params;
    bool incoming;
    int64_t expires_s;
    bool is_old;
};

/* The numbers are the error codes that browsers are told. */
enum access_token_fault {
    ACCESS_TOKEN_GOOD = 0,
    ACCESS_TOKEN_REFUSED = 31201, /* no key of ours has signed it */
    ACCESS_TOKEN_INVALID = 31204, /* it is none, or lacks what it must say */
    ACCESS_TOKEN_EXPIRED = 31205,
};

/* *why: a static sentence for people, also when good. */
enum access_token_fault access_token_check(struct slice text, const struct access_token_keys *keys,
                                           int64_t now_s, struct access_token *token,
                                           const char **why) must_check;
void access_token_release(struct access_token *token);

#endif
