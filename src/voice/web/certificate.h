#ifndef VOICE_WEB_CERTIFICATE_H
#define VOICE_WEB_CERTIFICATE_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "voice/web/description.h"

/*
 * The certificate we show in DTLS: made by ourselves at the start (EC P-256), believed because its fingerprint
 * stands in the description (RFC 8122).
 */
struct web_certificate {
    EVP_PKEY *key;
    X509 *x509;
    char fingerprint[sizeof("sha-256 ") + 3 * 32]; /* "sha-256 12:AB:..." */
};

int web_certificate_init(struct web_certificate *certificate)
    must_check; /* 0, ENOMEM (OpenSSL failed) */
void web_certificate_release(struct web_certificate *certificate);
/* Is it the one that the fingerprint speaks of? */
bool web_certificate_matches(const X509 *x509, const struct web_fingerprint *fingerprint);

#endif
