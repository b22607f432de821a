#ifndef PUSH_SIGNATURE_H
#define PUSH_SIGNATURE_H

#include "base/instant.h"
#include "push/names.h"
#include "wire/form.h"

/*
 * What is signed on the push wire, made and checked: the auth strings that let a browser into a channel
 * ("KEY:" and a HMAC-SHA256 in hex), the queries of the HTTP interface, the bodies of webhooks. Comparisons
 * take the same time wherever two signatures differ.
 */
struct push_app {
    const char *id; /* a number, as text */
    const char *key, *secret;
};

enum { PUSH_SIGNATURE_SIZE = 65, PUSH_CLOCK_MAX_S = 600 };

/* Appends an auth string: for a private channel, for a presence channel with the channel_data exactly as
 * it will be sent, for a sign-in with its user_data likewise. */
void push_auth_private(const struct push_app *app, struct slice socket_id, struct slice channel,
                       struct text *auth);
void push_auth_presence(const struct push_app *app, struct slice socket_id, struct slice channel,
                        struct slice channel_data, struct text *auth);
void push_auth_user(const struct push_app *app, struct slice socket_id, struct slice user_data,
                    struct text *auth);

/* channel_data: what came with a presence channel; empty for others. */
bool push_auth_channel_is_good(const struct push_app *app, struct slice socket_id,
                               struct slice channel, struct slice channel_data,
                               struct slice auth) must_check;
bool push_auth_user_is_good(const struct push_app *app, struct slice socket_id,
                            struct slice user_data, struct slice auth) must_check;

/* The query of a request to the HTTP interface, decoded; '+' stands for itself. 0, EILSEQ, ENOMEM. */
int push_query_parse(struct form *query, struct slice text) must_check;
/* Adds auth_key, auth_timestamp, auth_version, body_md5 (of a body) and auth_signature. */
void push_request_sign(const struct push_app *app, const char *method, const char *path,
                       struct form *query, struct slice body, instant now);
/* NULL, or a sentence that says what is wrong with it. */
const char *push_request_fault(const struct push_app *app, const char *method, const char *path,
                               const struct form *query, struct slice body, instant now);

/* X-Pusher-Signature of a webhook's body. */
void push_webhook_sign(const struct push_app *app, struct slice body,
                       char signature[PUSH_SIGNATURE_SIZE]);

#endif
