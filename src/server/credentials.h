#ifndef SERVER_CREDENTIALS_H
#define SERVER_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

/*
 * Who we are on the voice and push wires.
 *
 * The environment may name the hosted ones, in lower or upper case: twilio_account_sid, twilio_auth_token,
 * twilio_caller_id and twilio_app_id_outbound (twilio_api_key_sid and twilio_api_key_secret, which sign the
 * tokens of browser phones, besides) select that of voice, pusher_appid, pusher_key and pusher_secret
 * (pusher_cluster besides) that of push. None of a group selects the embedded part, whose account, API key
 * and application, or app id (a number), key and secret, are made once and kept in DIR/credentials.json
 * (mode 0600); some of a group is a mistake that is named.
 */
enum { CREDENTIAL_SIZE = 128 };

struct credentials {
    bool hosted;
    char account[CREDENTIAL_SIZE];
    char auth_token[CREDENTIAL_SIZE];
    char caller_id[CREDENTIAL_SIZE];
    char application[CREDENTIAL_SIZE]; /* AP..., of the calls that browser phones make */
    char key[CREDENTIAL_SIZE], key_secret[CREDENTIAL_SIZE]; /* SK...; "": none (hosted only) */
    bool push_hosted;
    char push_app[CREDENTIAL_SIZE], push_key[CREDENTIAL_SIZE], push_secret[CREDENTIAL_SIZE];
    char push_cluster[CREDENTIAL_SIZE];
};

/*
 * From the environment, else from DIR (made there when it is not). voice_only: only the account and
 * the token are wanted (serve --voice URL). 0; EINVAL or an errno with why = a whole sentence.
 */
int credentials_load(struct credentials *credentials, const char *data, bool voice_only,
                     const char *(*environment)(const char *name), char *why,
                     size_t why_size) must_check;

/* `size` bytes of hex from the system's generator; out has 2 * size + 1 characters. */
int secret_hex(size_t size, char *out) must_check;
/* Writes a file that only its owner can read, whole or not at all. 0 or errno. */
int secret_write(const char *folder, const char *name, const char *text) must_check;
/* The first line of a file, blanks cut off. 0, errno, or ENODATA when it is empty. */
int secret_read(const char *path, char *out, size_t out_size) must_check;

#endif
