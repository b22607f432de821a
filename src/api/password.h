#ifndef API_PASSWORD_H
#define API_PASSWORD_H

#include "base/check.h"
#include "server/server.h"

/*
 * Passwords: Argon2id by libsodium (some 60 ms and 64 MiB each), on a thread of their own, so that neither the loop nor a
 * worker with a long import is in the way. One thread: a flood of sign-ins takes one core and 64 MiB, no more.
 *
 *   err = password_hash(server, password, done, arg);             then done(arg, &result) on the loop
 *   err = password_check(server, password, hash, done, arg);      hash "": nobody's; it takes as long
 *
 * 0, EAGAIN (too many wait), ENOMEM. The password is copied, and wiped when it has been used.
 */
enum { PASSWORD_HASH_SIZE = 128 };

struct password_result {
    bool matches;                  /* of password_check */
    char hash[PASSWORD_HASH_SIZE]; /* of password_hash; "": there was no memory */
};

typedef void (*password_done)(void *arg, const struct password_result *result);

int password_hash(struct server *server, const char *password, password_done done,
                  void *arg) must_check;
int password_check(struct server *server, const char *password, const char *hash,
                   password_done done, void *arg) must_check;

/* NULL, or what is wrong with it as a new one. */
const char *password_fault(const char *password);

#endif
