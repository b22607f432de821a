#ifndef SERVER_TOKENS_H
#define SERVER_TOKENS_H

#include <jansson.h>

#include "base/text.h"
#include "store/store.h"

/*
 * Bearer tokens: 256 random bits in hex behind "od_", kept as their SHA-256 only. All live ones are in memory, by hash.
 */
struct server;

enum { TOKEN_SIZE = 3 + 64 + 1, TOKEN_HASH_SIZE = 65 };

struct token {
    uint64_t id;
    agent_id agent;     /* 0: an operator's */
    instant expires_at; /* 0: never */
    bool is_session;    /* of a page that is signed in: by cookie only */
    char name[64];
};

int token_make(char token[TOKEN_SIZE]) must_check; /* 0, errno */
void token_hash(struct slice token, char hash[TOKEN_HASH_SIZE]);

int tokens_add(struct server *server, const struct store_token *row) must_check; /* 0, ENOMEM */
void tokens_remove(struct server *server, uint64_t id);
void tokens_release(struct server *server);
/* NULL: unknown or out of date. */
const struct token *tokens_find(const struct server *server, struct slice token);

#endif
