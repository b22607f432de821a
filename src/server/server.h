#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <jansson.h>

#include "base/table.h"
#include "core/dialer.h"
#include "lists/regions.h"
#include "lists/zones.h"
#include "net/http_server.h"
#include "net/relay.h"
#include "net/workers.h"
#include "server/credentials.h"
#include "server/engine.h"
#include "server/holds.h"
#include "server/journaling.h"
#include "server/keeper.h"
#include "server/live.h"
#include "server/roster.h"
#include "server/telephony.h"
#include "server/traffic.h"

/*
 * The dialer process from inside: what its parts share, all on the loop's thread. serve.c makes and
 * ends it; no other part keeps state outside of it.
 */
enum { NODE_OWNER = 1 }; /* who claims leads; one node has one store */

enum { SEEN_COUNT = 4096, SEEN_TOKEN_SIZE = 64 };

struct desk_push;
struct desks;
struct imports;
struct order;
struct pages;
struct sessions;
struct watch;

/* The idempotency tokens of the last webhooks. */
struct seen {
    struct table tokens;
    char (*ring)[SEEN_TOKEN_SIZE]; /* SEEN_COUNT of them */
    size_t next;
};

/* Agents about whom something was decided in this turn; their pages are told at its end. */
enum { TOUCHED_MAX = 64 };

struct touched {
    agent_id agents[TOUCHED_MAX];
    uint32_t count;
    bool many; /* more than there is room for: anybody's */
};

struct server {
    struct loop *loop;
    struct keeper *keeper;
    struct workers *workers;
    struct workers *hashers; /* one thread, for passwords */
    struct http_server *http;
    struct telephony *telephony;
    struct engine *engine;      /* NULL: another's interface is used */
    struct relay_target signal; /* where the pages' telephones are led; address NULL: nowhere now */
    char signal_address[64];
    struct dialer *dialer;
    struct zones *zones;
    struct regions *regions;
    struct credentials credentials;
    char public_url[256]; /* by which people reach us */
    char hook_url[256]; /* by which the voice engine does; ours stands beside us, behind no proxy */
    char store_path[512]; /* "": a store in memory, which workers cannot read beside the owner */
    char data[400];
    char caller_id[40];

    struct roster roster;   /* campaigns and agents by id and name */
    struct order *orders;   /* on their way to the engine (calls.c) */
    struct traffic traffic; /* leads in memory, attempts and their calls, agents' legs */
    struct holds holds;     /* why nothing new is dialled */
    struct watch *watch;    /* asks whether the engine, its trunk and the disk are well */
    struct live live;       /* what the board and the live snapshot show */
    struct imports *imports;
    struct pages *pages;    /* the agents' page as files; NULL: none are served */
    struct desk_push *push; /* the agents' pages; NULL before it has begun */
    struct touched touched;
    void (*on_touched)(struct server *server); /* NULL: nobody wants to know; feeds nothing */
    void (*on_lead)(struct server *server,
                    lead_id lead); /* it is about to be dialled or shown; NULL */
    void (*on_signed_out)(struct server *server, agent_id agent,
                          const char *reason); /* all its pages; NULL: nobody wants to know */
    struct desks *desks;                       /* desk/desk.h */
    struct journaling journaling;
    struct table tokens;       /* hash of a bearer token or a session's -> struct token */
    struct sessions *sessions; /* api/sessions.h */

    request_id request_next;
    instant clock_offset; /* what the wall clock has leapt forward since the start */
    instant clock_leapt;  /* how far in all, in either direction */
    instant fed_at;       /* the core's instants never go back */
    attempt_id stray;     /* of the call that spoke last and belongs to no open attempt */
    char stray_sid[TELEPHONY_SID_SIZE];
    struct loop_timer wake;
    size_t upload_size_max;
    bool feeding, recovered, voice_is_up;
    bool leaving;          /* no new call is placed */
    bool stopping;         /* nothing is fed any more */
    uint64_t forged_count; /* webhooks refused for their signature */
    struct seen seen;
    instant started_at;
};

/* The core's time: the loop's, moved forward by what the wall clock leapt. */
instant server_now(const struct server *server);

/* The agent's pages are told at the end of this turn, or by server_tell when there is none. 0 is nobody. */
void server_touch(struct server *server, agent_id agent);
void server_tell(struct server *server);

/* Where /signal leads from now on: the engine's interface, NULL: nowhere. */
void server_lead_signal(struct server *server, const char *url);

#endif
