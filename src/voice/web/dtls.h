#ifndef VOICE_WEB_DTLS_H
#define VOICE_WEB_DTLS_H

#include "base/instant.h"
#include "voice/secure/stream.h"
#include "voice/web/certificate.h"

/*
 * DTLS 1.2 as its server, by OpenSSL on memory: datagrams in, datagrams out by a function, time as a question.
 * What is wanted of it are the keys of SRTP (RFC 5764). One thread.
 *
 *   web_dtls_context_new(&context);                     once
 *   web_dtls_new(&dtls, context, send, arg);
 *   web_dtls_take(dtls, bytes, size);                   each datagram, after the end too
 *   web_dtls_wait(dtls), web_dtls_expire(dtls);         while it shakes hands: what the network lost is said again
 *   web_dtls_keys(dtls, &keys);                         when web_dtls_state says WEB_DTLS_DONE
 *   web_dtls_free(dtls);                                says goodbye, when there is to whom
 */
struct web_dtls_context;
struct web_dtls;

enum web_dtls_state { WEB_DTLS_SHAKING, WEB_DTLS_DONE, WEB_DTLS_CLOSED, WEB_DTLS_FAILED };

enum { WEB_DTLS_MTU = 1200 };

struct web_dtls_keys {
    enum secure_suite suite;
    uint8_t in_key[SECURE_KEY_SIZE], out_key[SECURE_KEY_SIZE];
    uint8_t in_salt[SECURE_SALT_SIZE_MAX], out_salt[SECURE_SALT_SIZE_MAX];
};

typedef void (*web_dtls_send)(void *arg, const void *bytes, size_t size);

int web_dtls_context_new(struct web_dtls_context **context) must_check; /* 0, ENOMEM */
void web_dtls_context_free(struct web_dtls_context *context);
const char *web_dtls_fingerprint(const struct web_dtls_context *context);

int web_dtls_new(struct web_dtls **dtls, struct web_dtls_context *context, web_dtls_send send,
                 void *arg) must_check;    /* 0, ENOMEM */
void web_dtls_free(struct web_dtls *dtls); /* NULL is fine */
void web_dtls_take(struct web_dtls *dtls, const void *bytes, size_t size);
enum web_dtls_state web_dtls_state(const struct web_dtls *dtls);
instant web_dtls_wait(struct web_dtls *dtls); /* how long until web_dtls_expire; INSTANT_NEVER */
void web_dtls_expire(struct web_dtls *dtls);
/* Is the other side who the fingerprint says it is? */
bool web_dtls_is_from(const struct web_dtls *dtls, const struct web_fingerprint *fingerprint);
/* False: no suite of SRTP was agreed on. The caller wipes them. */
bool web_dtls_keys(const struct web_dtls *dtls, struct web_dtls_keys *keys) must_check;

#endif
