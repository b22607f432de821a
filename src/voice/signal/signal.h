#ifndef VOICE_SIGNAL_SIGNAL_H
#define VOICE_SIGNAL_SIGNAL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/text.h"

/*
 * SIP: calls out to the trunk and to phones, calls in from both. libre lives here and nowhere else in
 * the engine. A call is known by its leg number; whoever holds the signal gets one event at a time.
 *
 *   signal_timers_check()                         once, first: libre must use our timers
 *   signal_new(&signal, &options)                 binds UDP and TCP
 *   signal_invite(signal, leg, &order)            then events of that leg, SIGNAL_ENDED the last
 *   SIGNAL_INCOMING -> signal_ring, signal_answer or signal_reject
 *   signal_hang_up(signal, leg)                   CANCEL, BYE or a refusal, whichever is due
 *   signal_run(signal)                            turns libre's loop until signal_stop
 *   signal_free(signal)
 *
 * Every leg ends with exactly one SIGNAL_ENDED, never from inside the function that asked for it, and
 * is unknown afterwards: a call to an unknown leg does nothing, so late orders are harmless. One
 * thread: the one that made it. No file, no media; the media address comes with the order.
 */
struct signal;

/* Legs that came in have this bit and are numbered here; legs that go out are numbered by the caller
 * without it. */
#define SIGNAL_LEG_INCOMING ((uint64_t)1 << 62)

enum signal_codec { SIGNAL_PCMU, SIGNAL_PCMA };

/* What the two descriptions agreed on, seen from here. */
struct signal_media {
    struct sockaddr_in address; /* where the peer wants its RTP; port 0: it wants none */
    enum signal_codec codec;
    uint8_t payload_type;     /* of the codec, as the peer numbers it */
    uint8_t dtmf_type;        /* payload type of telephone-event; 0: the peer has none */
    bool we_send, we_receive; /* both false while the peer has us on hold without music */
};

/* Where our own RTP of a leg is. */
struct signal_local {
    struct in_addr address; /* as advertised */
    uint16_t port;
};

enum signal_event_kind {
    SIGNAL_INCOMING, /* from, to, headers, call_id, peer, media (has_media); unanswered until told */
    SIGNAL_TRYING,   /* first sign of life from the far side */
    SIGNAL_RINGING,
    SIGNAL_EARLY_MEDIA,   /* media */
    SIGNAL_ANSWERED,      /* media, call_id; for a leg that came in: its ACK arrived */
    SIGNAL_MEDIA_CHANGED, /* media: the peer has changed it (hold, resume, new address) */
    SIGNAL_DIGIT,         /* digit, digit_ms: a key told by SIP INFO */
    SIGNAL_ENDED,         /* end, code, reason */
    SIGNAL_TRUNK_UP,      /* the trunk answers OPTIONS (leg is 0) */
    SIGNAL_TRUNK_DOWN,    /* the trunk does not (leg is 0) */
};

enum signal_end {
    SIGNAL_END_PEER,        /* BYE or CANCEL from the far side, or its connection is gone */
    SIGNAL_END_US,          /* signal_hang_up or signal_reject */
    SIGNAL_END_REFUSED,     /* a final answer of 300 or more: code and reason tell */
    SIGNAL_END_NO_ANSWER,   /* rang for ring_timeout_ms; code 487 */
    SIGNAL_END_NO_REPLY,    /* no SIP answer at all in first_reply_ms, all mail read; code 408 */
    SIGNAL_END_UNREACHABLE, /* connection refused, no route, no address; code 503 */
    SIGNAL_END_MEDIA,       /* the descriptions have no codec in common; code 488 */
    SIGNAL_END_FAULT,       /* lost after being established, or out of memory; code 500 */
};

struct signal_header {
    struct slice name, value;
};

enum { SIGNAL_HEADERS_MAX = 32 };

/* Slices and pointers live until the handler returns. */
struct signal_event {
    enum signal_event_kind kind;
    uint64_t leg;
    struct signal_media media;
    bool has_media;
    struct slice from, to;  /* INCOMING: "sip:+1500...@host" as they stand in the headers */
    struct slice from_name; /* INCOMING: the caller's display name */
    struct slice call_id;
    const struct signal_header *headers; /* X- headers of the peer's message */
    size_t header_count;
    struct sockaddr_in peer; /* INCOMING: who sent it */
    bool from_trunk;         /* INCOMING: that is the trunk */
    enum signal_end end;
    unsigned code;       /* ENDED: SIP result; 200 after an established call */
    struct slice reason; /* ENDED: the reason phrase, or the Reason header's value */
    char digit;
    unsigned digit_ms;
};

typedef void (*signal_handler)(void *arg, const struct signal_event *event);

struct signal_options {
    struct in_addr address;                  /* to bind, and in Contact */
    uint16_t port;                           /* UDP and TCP; 0: any free one */
    const char *trunk;                       /* "sip:HOST:PORT[;transport=tcp]", NULL: no trunk */
    const char *trunk_user, *trunk_password; /* digest; NULL: none */
    const char *const *peers; /* more addresses that may talk to us, "192.0.2.1"; NULL ends */
    bool loopback_is_peer;    /* phones and robots on this machine */
    unsigned first_reply_ms;  /* 0: 4 000 */
    unsigned probe_ms;        /* between OPTIONS to the trunk; 0: never. Sooner in doubt */
    unsigned leg_count_max;   /* more are refused with 503 and Retry-After; 0: 10 000 */
    signal_handler handler;
    void *arg;
};

struct signal_order {
    const char *to;                      /* "+1500..." by the trunk, or "sip:..." direct */
    const char *from;                    /* number, or user part */
    const char *caller_name;             /* display name; NULL: none */
    const char *user, *password;         /* digest of this call; NULL: the trunk's */
    const struct signal_header *headers; /* more headers; control characters are taken out */
    size_t header_count;
    struct signal_local local;
    unsigned ring_timeout_ms; /* from INVITE to answer; 0: 60 000 */
};

struct signal_counts {
    uint64_t strangers; /* datagrams and connections from addresses not allowed */
    uint64_t refused;   /* calls in when there was no room for them */
    uint64_t legs, legs_at_once_max;
};

/* True when libre's timers are ours (see timers.c); false: the binary is linked wrongly. */
bool signal_timers_check(void);

const char *signal_end_name(enum signal_end end); /* "peer", "refused" ... */

/* Starts libre with room for `descriptor_count_max` descriptors, and stops it. Once a process. */
int signal_library_start(unsigned descriptor_count_max) must_check; /* 0, ENOMEM, EMFILE */
void signal_library_stop(void);

/* 0; EINVAL: an address or the trunk is malformed; EADDRINUSE ...; ENOENT: the trunk's name does not
 * resolve. *error gets a sentence (static). */
int signal_new(struct signal **signal, const struct signal_options *options,
               const char **error) must_check;
void signal_free(struct signal *signal); /* legs still there end without an event */
uint16_t signal_port(const struct signal *signal);
struct signal_counts signal_counts(const struct signal *signal);

/* EINVAL: `to` is neither a number nor a sip: URI; EACCES: not a peer we may call; ENETUNREACH: a
 * number, and no trunk is set; EAGAIN: leg_count_max; ENOMEM. On an error there is no event. */
int signal_invite(struct signal *signal, uint64_t leg, const struct signal_order *order) must_check;

/* For a leg that came in, before signal_answer. 180, or 183 with a description when local is given. */
void signal_ring(struct signal *signal, uint64_t leg, const struct signal_local *local);
void signal_answer(struct signal *signal, uint64_t leg, const struct signal_local *local);
void signal_reject(struct signal *signal, uint64_t leg, unsigned code, const char *reason);

/* false: whoever calls from now on is refused as if leg_count_max were reached. */
void signal_take_more(struct signal *signal, bool more);

void signal_hang_up(struct signal *signal, uint64_t leg);

/* Hangs up everything; signal_leg_count tells when all has gone. */
void signal_hang_up_all(struct signal *signal);
unsigned signal_leg_count(const struct signal *signal);

/* libre's loop, with another loop nested in it: whenever fd is readable, step(arg) is called. */
typedef void (*signal_step)(void *arg);
int signal_nest(struct signal *signal, int fd, signal_step step, void *arg) must_check;
int signal_run(struct signal *signal); /* until signal_stop; 0 or errno */
void signal_stop(struct signal *signal);

#endif
