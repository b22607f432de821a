#ifndef VOICE_CONTROL_CALL_H
#define VOICE_CONTROL_CALL_H

#include "voice/control/machine.h"
#include "voice/control/webhook.h"
#include "wire/phone_number.h"

/*
 * A call: one leg and its life from the order to its last callback. Other files report what happened
 * to it; call.c alone moves its state, stamps the time and tells the application.
 *
 * What only a live call needs is in its `life`, which is gone once the call has ended and its last
 * callback is delivered. The rest stays readable until the call is swept away.
 */
enum call_state {
    CALL_QUEUED,
    CALL_INITIATED, /* REST says "ringing" */
    CALL_RINGING,
    CALL_IN_PROGRESS,
    CALL_COMPLETED,
    CALL_BUSY,
    CALL_NO_ANSWER,
    CALL_FAILED,
    CALL_CANCELED,
    CALL_STATE_COUNT,
};

enum call_direction { CALL_INBOUND, CALL_OUTBOUND_API, CALL_OUTBOUND_DIAL };

/* Bits of the events a status callback is asked for. */
enum { ON_INITIATED = 1, ON_RINGING = 2, ON_ANSWERED = 4, ON_COMPLETED = 8 };

/* What to do when it is answered (or has arrived). */
struct voice_plan {
    char *url, *method, *fallback_url, *fallback_method;
    char *twiml; /* instead of url */
};

struct callback_target {
    char *url, *method;
    unsigned events;
};

struct call_life {
    struct voice_plan plan;
    struct callback_target status;
    struct callback_line line;
    unsigned sequence;
    unsigned timeout_s, time_limit_s;
    char *send_digits, *sip_user, *sip_password, *caller_id;
    char *application_sid; /* NULL: none */
    struct form headers;   /* X- headers to send, or that came; to a client: its parameters */
    struct form params;    /* of a browser's call: what its first document is asked with */
    char *sip_call_id;
    struct form stored; /* parameters kept without effect (machine detection ...) */
    struct timer ring_timer, limit_timer;
    struct chain_link in_queue;
    struct cookie *cookies;
    struct run *run;          /* its TwiML; NULL: none */
    struct dial *dial;        /* the Dial it runs */
    struct dial_child *child; /* as a leg of somebody's Dial */
    struct participant *participant;
    uint64_t room;          /* media room it is in; 0: none */
    bool is_sending_digits; /* SendDigits, before its plan begins */
    bool early_media, is_answering, answers_on_bridge;
    bool takes_early_media,
        hears_early; /* incoming: it can hear sound before the answer; it does */
};

struct call {
    char sid[SID_SIZE];
    char *parent_sid;       /* NULL: none */
    const char *number_sid; /* of the number of ours it is from or to; NULL: none */
    struct control *control;
    uint64_t serial;                    /* in order of making */
    struct chain_link by_age, by_state; /* by_state: live or ended */
    struct chain events, notifications;
    enum call_state state;
    enum call_direction direction;
    char *to, *from, *caller_name;
    char to_country[PHONE_COUNTRY_SIZE], from_country[PHONE_COUNTRY_SIZE]; /* "": not told */
    instant created_at, updated_at, answered_at, ended_at;                 /* 0: not yet */
    unsigned sip_code, queue_ms;
    uint64_t hello_us;
    bool has_hello;
    bool not_carried; /* no sign of life from the far side: the trunk or the way to it failed */
    uint64_t leg;
    unsigned webhooks_open;
    bool leg_is_up; /* from INVITE or arrival to CONTROL_LEG_ENDED */
    struct call_life *life;
    char *told_url; /* life->status.url, when there is no life any more */
};

struct call *call_new(struct control *control, enum call_direction direction, const char *to,
                      const char *from);
struct call *call_find(struct control *control, struct slice sid); /* any case; NULL: none */
void call_sweep(struct control *control); /* forgets the oldest ended calls past the limits */
void call_forget(struct call *call);      /* an ended call; frees it at the end of the step */
void calls_forget_all(struct control *control);

bool call_is_live(const struct call *call);
bool call_may_become(enum call_state from, enum call_state to);
const char *call_status(const struct call *call);          /* the REST word */
const char *call_status_callback(const struct call *call); /* the callback word */
const char *call_status_url(const struct call *call);      /* NULL: nobody is told */
const char *call_state_name(enum call_state state);
const char *call_direction_name(const struct call *call);
unsigned call_seconds(const struct call *call); /* of conversation; 0 when none */

/* What happened. */
void call_dial_out(struct call *call); /* left the queue: INVITE */
void call_leg_ringing(struct call *call, bool early_media, const char *sip_call_id);
void call_leg_answered(struct call *call);
void call_leg_ended(struct call *call, const struct control_event *event);
void call_digit(struct call *call, char digit);
void call_digits_sent(struct call *call);

/* An incoming call goes through its number's plan. */
void call_arrived(struct control *control, const struct control_event *event);
/* 200 for an incoming call; its run goes on when the leg is answered. */
void call_answer(struct call *call);
/* Does it hear what is played to it? An unanswered one that can is made to. */
bool call_hears(struct call *call);

/* Ends it now, whatever it does: state must be terminal and lawful. Orders the leg down. */
void call_end(struct call *call, enum call_state state, unsigned sip_code);
/* Ends it with the state that fits: completed when answered, else as told. */
void call_hang_up(struct call *call, enum call_state unanswered);

/* A new document takes the place of what the call does (REST update). NULL url: twiml. */
void call_redirect(struct call *call, const char *url, const char *method, const char *twiml);
/* It leaves the room of its Dial or conference, if it is in one. */
void call_leave_room(struct call *call);
void call_join_room(struct call *call, uint64_t room, bool muted, bool held, uint64_t coach);

/* Its last callback may be delivered: lets go of what only a live call needs. */
void call_callbacks_done(struct call *call);

/* The parameters of every webhook about this call. */
void call_parameters(const struct call *call, struct form *form);
void call_limit_start(struct call *call); /* its time limit, from the answer */

#endif
