#ifndef API_SESSION_INSIDE_H
#define API_SESSION_INSIDE_H

#include "api/sessions.h"

/* What the table of sessions and its routes share; nobody else includes it. */
#define SESSION_COOKIE "outdial_session"

enum { SESSION_S = 12 * 3600, TRIES_KEPT = 1024, TRIES_NEAR = 8 };

struct token;

/* Failed tries under one name; names that are not anybody's count as well. */
struct session_tries {
    uint64_t hash;
    unsigned count;
    instant last, until;
};

struct sessions {
    struct sessions_options options;
    unsigned char hash_key[16];             /* nobody can choose names that fall together */
    struct session_tries tries[TRIES_KEPT]; /* the oldest near its place makes room */
};

const struct token *session_find(struct server *server, struct http_request *request); /* or NULL */
void session_end(struct server *server, const struct token *token);
/* One more of the agent's is to come; those out of date go, and the one that ends first where there are too many. */
void sessions_make_room(struct server *server, agent_id agent);

/* Seconds until the name may be tried again; 0: now. From the fifth failed try on 15 s, doubled each time, up to 15
 * minutes; as long without a try, and all is forgotten. */
unsigned session_wait_s(struct server *server, const char *name);
void session_failed(struct server *server, const char *name);
void session_succeeded(struct server *server, const char *name);

#endif
