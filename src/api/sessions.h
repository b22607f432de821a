#ifndef API_SESSIONS_H
#define API_SESSIONS_H

#include "net/http_server.h"
#include "server/server.h"

/*
 * Who sits at a page: an agent who gave name and password, known from then on by the cookie `outdial_session` (256 random
 * bits; a row among the tokens keeps their SHA-256, so that sessions outlive the process). A session opens what an agent's
 * bearer token opens. It ends after its time, by signing out, with a new password, with the agent.
 *
 *   err = sessions_new(server, &options);
 *   if (!sessions_admit(server, request)) return;     in the HTTP handler, before everything a page may ask for
 *   agent = session_agent(server, request);           0: nobody
 *   sessions_free(server);                            before the loop
 */
struct sessions;

struct sessions_options {
    unsigned lifetime_s;
    const char *
        host_names; /* by which pages may reach us besides public_url's: "a,b"; the caller's, kept */
    const char *demo; /* the agent whose seat anybody on this machine may take; NULL: none */
};

enum { SESSIONS_OF_AGENT_MAX = 16, PASSWORD_SIZE_MIN = 8, PASSWORD_SIZE_MAX = 128 };

int sessions_new(struct server *server, const struct sessions_options *options) must_check;
void sessions_free(struct server *server);

/* The demo's seat is known only once its agent is made. The caller's, kept. */
void sessions_offer(struct server *server, const char *demo);

/* By Host and Origin (api/origin.h), and the header `X-Outdial: 1` where the cookie would change something. False after
 * refusing. */
bool sessions_admit(struct server *server, struct http_request *request);

agent_id session_agent(struct server *server, struct http_request *request);

/* All of an agent's: in memory at once, in the store behind; its pages are told why, in a sentence. */
void sessions_end(struct server *server, agent_id agent, const char *reason);

#endif
