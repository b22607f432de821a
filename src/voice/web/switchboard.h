#ifndef VOICE_WEB_SWITCHBOARD_H
#define VOICE_WEB_SWITCHBOARD_H

#include "base/instant.h"
#include "base/text.h"
#include "wire/form.h"

/*
 * The browser phones: who is there (a device is one page's socket, its token checked), and which calls they
 * have (a leg each). Speaks pstream.h with them; knows no socket, no clock and no media.
 *
 *   switchboard_new(&board, &options);
 *   switchboard_opened(board, now, device);               a socket, numbered by the shell
 *   switchboard_said(board, now, device, frame);
 *   switchboard_closed(board, now, device);               whoever closed it
 *   switchboard_expire(board, now) at switchboard_deadline(board)
 *
 * A page that calls: SWITCHBOARD_CALLS, then switchboard_ringing (its call has a SID now), perhaps
 * switchboard_early, switchboard_answer; or switchboard_end.
 * A page that is called: switchboard_ring rings every registered device of the identity; the first to accept is
 * SWITCHBOARD_ACCEPTED, the others are told that it is over. SWITCHBOARD_ENDED when all have refused.
 *
 * Every leg ends once: by SWITCHBOARD_ENDED or by switchboard_end; it is forgotten then. A socket lost in
 * mid-call loses no call: the page comes back over another one and shows the call's reconnect token, within
 * SWITCHBOARD_GRACE_S.
 *
 * Events come from inside switchboard_said, _closed and _expire; their handler may call anything here. send and
 * close are called with a device that is there; close is followed by switchboard_closed, never from inside.
 */
enum {
    SWITCHBOARD_GRACE_S = 20,          /* a call without its socket */
    SWITCHBOARD_HEARTBEAT_S = 10,      /* a browser reconnects after 15 s without any frame */
    SWITCHBOARD_SILENT_S = 25,         /* ... and we let go of one that has not answered so long */
    SWITCHBOARD_TOKEN_S = 15,          /* the time a new socket has to show a token that is good */
    SWITCHBOARD_DEVICES_RUNG_MAX = 16, /* of one identity, newest first */
    SWITCHBOARD_CALLS_OF_DEVICE_MAX = 4,
};

/* Set in the numbers of legs that pages begin, besides CONTROL_LEG_INCOMING_BIT. */
#define SWITCHBOARD_LEG_BIT ((uint64_t)1 << 61)

struct switchboard;

enum switchboard_event_kind {
    SWITCHBOARD_CALLS,    /* .calls: a page wants a call */
    SWITCHBOARD_ACCEPTED, /* .sdp: its answer to what was offered */
    SWITCHBOARD_ENDED,    /* .end */
    SWITCHBOARD_DIGIT,    /* .digit: by signalling; those pressed in the sound come from media */
    SWITCHBOARD_RESTART, /* .sdp: an offer for other ways of the sound; at once _restarted, _refused or _end */
    SWITCHBOARD_MESSAGE, /* .message; acknowledged already */
};

enum switchboard_end_kind {
    SWITCHBOARD_HUNG_UP, /* by the page */
    SWITCHBOARD_REFUSED, /* by every device that was rung */
    SWITCHBOARD_GONE,    /* the pages that were rung have gone */
    SWITCHBOARD_LOST,    /* the page in the call has not come back */
};

struct switchboard_event {
    enum switchboard_event_kind kind;
    uint64_t leg;
    union {
        struct {
            const char *identity, *application_sid;
            const struct form *params; /* each name once; the token's before the page's */
            struct slice offer;
        } calls;
        struct slice sdp;
        enum switchboard_end_kind end;
        char digit;
        struct {
            const char *type;
            size_t size;
        } message;
    } as;
};

struct switchboard_options {
    const char *account_sid, *auth_token, *key_sid, *key_secret; /* of tokens; keys may be NULL */
    const void *seed; /* of reconnect tokens: at least 16 random bytes */
    size_t seed_size;
    size_t device_count_max; /* 0: 4 096 */
    void (*send)(void *arg, uint64_t device, struct slice frame);
    void (*close)(void *arg, uint64_t device, uint16_t code, const char *why);
    void (*handler)(void *arg, const struct switchboard_event *event);
    void *arg;
};

int switchboard_new(struct switchboard **board,
                    const struct switchboard_options *options) must_check;
void switchboard_free(struct switchboard *board); /* says nothing to anybody */

/* 0; ENOBUFS, ENOMEM: the socket is not taken. */
int switchboard_opened(struct switchboard *board, instant now, uint64_t device) must_check;
void switchboard_said(struct switchboard *board, instant now, uint64_t device, struct slice frame);
void switchboard_closed(struct switchboard *board, instant now, uint64_t device);
void switchboard_expire(struct switchboard *board, instant now);
instant switchboard_deadline(const struct switchboard *board);

struct switchboard_order {
    const char *identity, *from, *call_sid;
    const struct form *params;
    const char *offer;
};

/* 0; ENOENT: no page of that identity can be rung; EEXIST, ENOMEM. */
int switchboard_ring(struct switchboard *board, uint64_t leg,
                     const struct switchboard_order *order) must_check;
/* Is there anybody who would be rung? */
bool switchboard_is_there(const struct switchboard *board, const char *identity);

/* Of a leg that is not (any more) there, nothing. */
void switchboard_ringing(struct switchboard *board, uint64_t leg, const char *call_sid);
void switchboard_early(struct switchboard *board, uint64_t leg, const char *sdp);
void switchboard_answer(struct switchboard *board, uint64_t leg,
                        const char *sdp); /* NULL: early said it */
void switchboard_restarted(struct switchboard *board, uint64_t leg, const char *sdp);
/* Or it cannot be. True: a page that came for the call is told so, and the call goes on as it was. */
bool switchboard_refused(struct switchboard *board, uint64_t leg, const char *why);
/* Hangs up, or stops the ringing. sip_code: why it never came to be; 0: it did. */
void switchboard_end(struct switchboard *board, uint64_t leg, unsigned sip_code, const char *why);
/* Not yet accepted by a page it rings. */
bool switchboard_rings(const struct switchboard *board, uint64_t leg);

struct switchboard_counts {
    size_t devices, registered, legs, lost; /* lost: legs without their socket now */
};

struct switchboard_counts switchboard_counts(const struct switchboard *board);

#endif
