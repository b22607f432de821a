#ifndef DESK_PUSH_H
#define DESK_PUSH_H

#include "core/ids.h"
#include "net/http_server.h"
#include "push/server.h"

/*
 * The agents' pages by push: the embedded Channels server on the dialer's own address, or the hosted service
 * where the environment names one. Each agent has two channels, which nobody else is let into:
 *
 *   private-agent-ID    what its page is to show
 *   presence-desk-ID    which screens of it are open
 *
 * /pusher/auth and /pusher/user-auth let an agent's page in by its session, or by an agent's bearer token.
 * One thread, the loop's.
 *
 *   err = desk_push_begin(server, &options);          needs the credentials
 *   if (desk_push_take(server, request)) return;      in the HTTP handler
 *   push_to_agent(server, agent, "desk", json);
 *   http_server_free(server->http); desk_push_end(server);
 */
struct desk_push;
struct server;

struct desk_push_options {
    const char *webhook_url; /* "": none are sent */
    bool takes_client_events, tells_subscription_counts;
};

int desk_push_begin(struct server *server, const struct desk_push_options *options) must_check;
void desk_push_end(struct server *server);
bool desk_push_take(struct server *server, struct http_request *request);
/* For a planned end: pages are sent away over a second and return to who is there then. */
void desk_push_let_go(struct server *server);

/* To the agent's pages; it may be lost (a page reads its state anew when it is connected again). Nothing
 * before desk_push_begin. json: at most PUSH_DATA_SIZE_MAX bytes, or it is logged and not sent. */
void push_to_agent(struct server *server, agent_id agent, const char *event, const char *json);

/* Whether a page of the agent is connected; still true for the grace of 3 s after the last has gone.
 * With the hosted service nobody knows: true. */
bool push_agent_is_here(const struct server *server, agent_id agent);
/* Whether any page is, of whomever. */
bool push_anybody_is_here(const struct server *server);
/* Told when that changes; screen is what the page called itself ("" when it leaves). */
void push_on_agent(struct server *server, void (*handler)(struct server *server, agent_id agent,
                                                          const char *screen, bool is_here));

#endif
