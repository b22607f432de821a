#ifndef WIRE_SIGNATURE_H
#define WIRE_SIGNATURE_H

#include "wire/form.h"

/*
 * X-Twilio-Signature: base64(HMAC-SHA1(auth token, URL + sorted parameters)).
 *
 * A sender signs the URL as it is configured, without its fragment (signature_make). A receiver
 * knows the URL only as its own configuration rebuilds it, so signature_verify also tries it
 * without a port, with the standard port written out, with the query re-encoded, and for ws(s) with
 * a trailing slash. Comparisons take the same time wherever two signatures differ.
 */
enum { SIGNATURE_SIZE = 29 }; /* 28 characters of base64 and the zero */

/* form: the parameters of a POST body; NULL for GET, whose parameters are in the URL already. */
void signature_make(const char *auth_token, struct slice url, const struct form *form,
                    char signature[SIGNATURE_SIZE]);

/* signature may be NULL (the header was missing): false. */
bool signature_verify(const char *auth_token, struct slice url, const struct form *form,
                      const char *signature) must_check;

/* A JSON body: the URL alone is signed and carries bodySHA256=<hex of the body>; both must hold. */
bool signature_verify_json(const char *auth_token, struct slice url, struct slice body,
                           const char *signature) must_check;

#endif
