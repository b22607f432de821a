#include "server/tokens.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/credentials.h"
#include "server/server.h"

int token_make(char token[TOKEN_SIZE])
{
    memcpy(token, "od_", 3);
    return secret_hex(32, token + 3);
}

void token_hash(struct slice token, char hash[TOKEN_HASH_SIZE])
{
    unsigned char digest[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(digest, (const unsigned char *)token.at, token.size);
    bytes_to_hex(digest, sizeof(digest), hash);
}

int tokens_add(struct server *server, const struct store_token *row)
{
    struct token *token = calloc(1, sizeof(*token));

    if (!token)
        return ENOMEM;
    *token = (struct token){.id = row->id,
                            .agent = row->agent,
                            .expires_at = row->expires_at,
                            .is_session = row->rights && strcmp(row->rights, "session") == 0};
    slice_copy(slice_from(row->name), token->name, sizeof(token->name));
    int err = table_put(&server->tokens, row->hash, strlen(row->hash), token);

    if (err)
        free(token);
    return err;
}

void tokens_remove(struct server *server, uint64_t id)
{
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&server->tokens, &at))) {
        struct token *token = slot->value;

        if (token->id == id) {
            table_remove(&server->tokens, table_slot_key(slot), slot->key_size);
            free(token);
            return;
        }
    }
}

void tokens_release(struct server *server)
{
    table_free(&server->tokens);
}

const struct token *tokens_find(const struct server *server, struct slice token)
{
    char hash[TOKEN_HASH_SIZE];

    if (!token.size)
        return NULL;
    token_hash(token, hash);
    const struct token *found = table_get(&server->tokens, hash, strlen(hash));

    return found && (!found->expires_at || found->expires_at > server_now(server)) ? found : NULL;
}
