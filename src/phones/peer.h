#ifndef PHONES_PEER_H
#define PHONES_PEER_H

#include <netinet/in.h>

#include "phones/rtp.h"

/*
 * The SIP side (libre), UDP and TCP on one port: incoming INVITEs become calls, and one handler gets
 * what happens to them. Everything runs in the thread that called libre_init and turns re_main.
 *
 *   handler: PEER_INVITED(call)  ->  peer_call_take(call, arg) and later any of
 *            peer_call_ring, _progress, _answer, _reject, _hang_up; or peer_call_drop at once
 *   PEER_LEFT is the last event of a call taken, unless we ended it ourselves; then, or after
 *   _reject and _hang_up, the call is gone and must not be touched.
 *
 * The handler is never called from inside one of these functions. An error of theirs means that the
 * call cannot go on: peer_call_reject or _hang_up it.
 */
struct peer;
struct peer_call;

enum peer_event_kind {
    PEER_INVITED,
    PEER_ESTABLISHED, /* our answer was acknowledged */
    PEER_REMOTE,      /* the other side's session came late, or has changed (hold) */
    PEER_LEFT,
};

enum peer_left { PEER_CANCELED, PEER_HUNG_UP, PEER_BROKEN };

struct peer_invite {
    struct slice number; /* the user part of the request's address */
    struct slice from, from_name, call_id;
    const char *transport; /* "UDP", "TCP" */
    bool has_offer;
};

struct peer_event {
    enum peer_event_kind kind;
    struct peer_call *call;
    const struct peer_invite *invite; /* PEER_INVITED; lives until the handler returns */
    struct rtp_remote remote;         /* PEER_REMOTE */
    enum peer_left left;              /* PEER_LEFT */
    void *arg;                        /* of peer_call_take; NULL at PEER_INVITED */
};

typedef void (*peer_handler)(void *arg, const struct peer_event *event);

struct peer_options {
    const char *address;
    uint16_t port; /* 0: any free one */
    const char *realm;
    bool prefer_alaw;
    peer_handler handler;
    void *arg;
};

int peer_new(struct peer **peer, const struct peer_options *options) must_check;
void peer_free(struct peer *peer);
uint16_t peer_port(const struct peer *peer);

/* From inside PEER_INVITED only. */
/* The caller showed that it knows the password; else answer with peer_call_challenge. */
bool peer_call_knows(struct peer_call *call, const char *user, const char *password);
void peer_call_challenge(struct peer_call *call, uint16_t code); /* 401 or 407; call is gone */
/* The index-th header of the INVITE that matters to records; false: there are no more. They live
 * until the handler returns. */
bool peer_call_header(const struct peer_call *call, size_t index, struct slice *name,
                      struct slice *value);
/* Keeps the call. The session's port is where our sound is received. 0, EINVAL: the offer has
 * nothing we speak (488 was sent, the call is gone), ENOMEM. */
int peer_call_take(struct peer_call *call, uint16_t rtp_port, void *arg) must_check;
/* What the offer said; false: there was none, PEER_REMOTE will tell. */
bool peer_call_remote(const struct peer_call *call, struct rtp_remote *remote);

int peer_call_try(struct peer_call *call) must_check;      /* 100 */
int peer_call_ring(struct peer_call *call) must_check;     /* 180 */
int peer_call_progress(struct peer_call *call) must_check; /* 183 and our session */
int peer_call_answer(struct peer_call *call) must_check;   /* 200 and our session */
void peer_call_reject(struct peer_call *call, uint16_t code, const char *reason);
void peer_call_hang_up(struct peer_call *call); /* BYE */

#endif
