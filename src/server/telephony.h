#ifndef SERVER_TELEPHONY_H
#define SERVER_TELEPHONY_H

#include <jansson.h>

#include "net/loop.h"

/*
 * The voice wire, from the customer's side: a client of the REST interface 2010-04-01, be it Twilio,
 * a compatible cloud or our own engine. Nothing here knows campaigns; it places, redirects, ends and
 * reads calls and rooms.
 *
 *   err = telephony_new(&telephony, loop, &options);
 *   telephony_place(telephony, &order, handler, arg);
 *   handler(arg, &answer) exactly once, from the loop, never from inside the call that asked
 *
 * There is no key that would make a creation safe to repeat: it is posted once. TELEPHONY_UNKNOWN
 * says it may have happened; the caller finds out by telephony_list_calls. Only a refusal for
 * haste (429) is tried again, three times with growing random waits and as the service says
 * (Retry-After), for that is a refusal; the creations behind it wait as long.
 */
struct telephony;

struct telephony_options {
    const char *base_url; /* "https://api.twilio.com", "http://127.0.0.1:8081/some/path" */
    const char *account;  /* "AC..." */
    const char *user;     /* of HTTP Basic; NULL: the account */
    const char *secret;
    unsigned calls_per_second; /* creations; more wait here in order. 0: no limit */
    bool insecure;             /* do not verify TLS; for loopback tests only */
    uint64_t seed;             /* of the random waits */
};

enum telephony_outcome {
    TELEPHONY_DONE,     /* 2xx */
    TELEPHONY_REFUSED,  /* 4xx: nothing happened; status, code and message say why */
    TELEPHONY_NOT_SENT, /* the service was never reached: nothing happened */
    TELEPHONY_UNKNOWN,  /* 5xx, or lost after it was sent: it may have happened */
};

enum { TELEPHONY_SID_SIZE = 40, TELEPHONY_MESSAGE_SIZE = 240 };

struct telephony_answer {
    enum telephony_outcome outcome;
    unsigned status; /* of HTTP; 0: none came */
    int code;        /* the interface's own error code; 0: none */
    char message[TELEPHONY_MESSAGE_SIZE];
    const json_t *body; /* NULL when there is none; lives until the handler returns */
    instant took;
};

typedef void (*telephony_handler)(void *arg, const struct telephony_answer *answer);

struct telephony_order {
    const char *to, *from;
    const char *caller_name;     /* may be NULL */
    const char *url;             /* of the document, asked for on answer */
    const char *status_callback; /* with its retry overrides */
    unsigned ring_timeout_s;
    unsigned time_limit_s; /* of the whole call; 0: the service's own, usually four hours */
};

/* What a call's JSON says. */
enum telephony_status {
    TELEPHONY_QUEUED,
    TELEPHONY_RINGING,
    TELEPHONY_IN_PROGRESS,
    TELEPHONY_COMPLETED,
    TELEPHONY_BUSY,
    TELEPHONY_NO_ANSWER,
    TELEPHONY_FAILED,
    TELEPHONY_CANCELED,
    TELEPHONY_STATUSES,
};

struct telephony_call {
    char sid[TELEPHONY_SID_SIZE];
    enum telephony_status status;
    instant made_at;    /* 0: not told */
    instant started_at; /* answered; 0: never */
    int64_t duration_s;
};

int telephony_new(struct telephony **telephony, struct loop *loop,
                  const struct telephony_options *options) must_check; /* 0, ENOMEM */
/* Handlers of what is open are called with TELEPHONY_UNKNOWN, of what waits with NOT_SENT. */
void telephony_free(struct telephony *telephony);
/* The engine has come up somewhere else (port 0): from now on. 0, ENOMEM. */
int telephony_move(struct telephony *telephony, const char *base_url) must_check;

/* All: the texts are copied; without memory the handler gets TELEPHONY_NOT_SENT. */
void telephony_place(struct telephony *telephony, const struct telephony_order *order,
                     telephony_handler handler, void *arg);
/* Takes a live call out of what it does and gives it another document. The redirects of a call reach it
 * in their order: one waits until the one before is answered, and gives way to a newer (NOT_SENT). */
void telephony_redirect(struct telephony *telephony, const char *call, const char *url,
                        telephony_handler handler, void *arg);
/* Ends a call in whatever state (canceled while it rings or waits, completed after). */
void telephony_hang_up(struct telephony *telephony, const char *call, telephony_handler handler,
                       void *arg);
/* Ends a call that is not answered; refused with code 21220 when it is. */
void telephony_cancel(struct telephony *telephony, const char *call, telephony_handler handler,
                      void *arg);
void telephony_read_call(struct telephony *telephony, const char *call, telephony_handler handler,
                         void *arg);
/* The newest calls to this number or address; body.calls is the array. */
void telephony_list_calls(struct telephony *telephony, const char *to, telephony_handler handler,
                          void *arg);
/* Who is in the room of this name: body.participants; body.participants is empty when there is none.
 * Two requests; the answer is of the second. */
void telephony_list_room(struct telephony *telephony, const char *name, telephony_handler handler,
                         void *arg);
/* A member of a room is changed: put on hold, with the service's own music, or muted. Refused when there is no such
 * room or member. Two requests; the answer is of the second. */
struct telephony_member {
    const char *room; /* the name */
    const char *call; /* SID, or label */
    const char *form; /* "Hold=true&Muted=false" */
};
void telephony_change_member(struct telephony *telephony, const struct telephony_member *member,
                             telephony_handler handler, void *arg);
/* Rings somebody into a room, which is found or made by its name; the answer's body.call_sid is the call. */
struct telephony_guest {
    const char *room, *label, *to, *from;
    const char *status_callback; /* with its retry overrides */
    unsigned ring_timeout_s;
};
void telephony_ring_in(struct telephony *telephony, const struct telephony_guest *guest,
                       telephony_handler handler, void *arg);
/* The account itself: are the credentials good, is the service there? total_ms 0: as long as others. */
void telephony_check(struct telephony *telephony, unsigned total_ms, telephony_handler handler,
                     void *arg);

/* false when the JSON is not that of a call. */
bool telephony_call_of(const json_t *json, struct telephony_call *call) must_check;
/* TELEPHONY_STATUSES: no such word. "initiated" counts as QUEUED: it is out of the queue, not yet
 * ringing. */
enum telephony_status telephony_status_of(const char *word);
bool telephony_status_is_final(enum telephony_status status);

#endif
