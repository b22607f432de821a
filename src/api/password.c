#include "api/password.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/sessions.h"
#include "base/text.h"

struct hashing {
    char password[PASSWORD_SIZE_MAX + 1];
    char known[PASSWORD_HASH_SIZE];
    bool checks;
    struct password_result result;
    password_done done;
    void *arg;
};

static bool make_hash(struct hashing *hashing)
{
    return crypto_pwhash_str(hashing->result.hash, hashing->password, strlen(hashing->password),
                             crypto_pwhash_OPSLIMIT_INTERACTIVE,
                             crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0;
}

static void work(void *arg)
{
    struct hashing *hashing = arg;

    if (hashing->checks && hashing->known[0])
        hashing->result.matches = crypto_pwhash_str_verify(hashing->known, hashing->password,
                                                           strlen(hashing->password)) == 0;
    else if (!make_hash(hashing) || hashing->checks) /* nobody's: as much work as somebody's */
        hashing->result.hash[0] = '\0';
    sodium_memzero(hashing->password, sizeof(hashing->password));
}

static void done(void *arg)
{
    struct hashing *hashing = arg;

    hashing->done(hashing->arg, &hashing->result);
    sodium_memzero(hashing, sizeof(*hashing));
    free(hashing);
}

static int begin(struct server *server, const char *password, const char *known, bool checks,
                 password_done handler, void *arg)
{
    static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "a hash fits");
    struct hashing *hashing = calloc(1, sizeof(*hashing));

    if (!hashing)
        return ENOMEM;
    hashing->checks = checks;
    hashing->done = handler;
    hashing->arg = arg;
    /* One that is too long matches nothing, and costs no more. */
    if (!slice_copy(slice_from(password), hashing->password, sizeof(hashing->password)) ||
        !slice_copy(slice_from(known), hashing->known, sizeof(hashing->known)))
        hashing->known[0] = '\0';
    int err = workers_run(server->hashers, work, done, hashing);

    if (err) {
        sodium_memzero(hashing, sizeof(*hashing));
        free(hashing);
    }
    return err;
}

int password_hash(struct server *server, const char *password, password_done handler, void *arg)
{
    return begin(server, password, "", false, handler, arg);
}

int password_check(struct server *server, const char *password, const char *hash,
                   password_done handler, void *arg)
{
    return begin(server, password, hash, true, handler, arg);
}

const char *password_fault(const char *password)
{
    size_t size = password ? strlen(password) : 0;

    if (size < PASSWORD_SIZE_MIN || size > PASSWORD_SIZE_MAX)
        return "password: must be a text of 8-128 bytes";
    return NULL;
}
