#ifndef VOICE_CONTROL_CONTROL_H
#define VOICE_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"

/*
 * Call control: calls, conferences, participants, TwiML, the REST interface and the webhooks of one
 * account, as a pure machine. It reads no clock, opens no socket or file, starts no thread: a shell
 * tells it what happened (events, REST requests) and does what it says (effects).
 *
 *   control_new(&control, &options, seed);
 *   control_feed(control, now, &event);            any number of events, or
 *   control_rest(control, now, &request, &reply);  a REST request, answered at once; then
 *   while (control_drain(control, &effect))
 *       perform(&effect);                          in this order, before the next event
 *   wait until control_deadline(control), then feed CONTROL_TIME_PASSED
 *
 * `now` never steps back. One thread at a time. An answer that comes late, twice or never is harmless:
 * every order has a deadline in here, and what is not awaited any more is ignored.
 *
 * Ownership: strings and slices of an event, request or options are borrowed for the length of the
 * call. Those of an effect are the control's, good until the next control_* call.
 *
 * Legs are numbers. The control chooses them for outbound legs (1, 2, 3 ...); the shell chooses them
 * for incoming legs, with CONTROL_LEG_INCOMING_BIT set. A number is never used twice. For every leg
 * there is exactly one CONTROL_LEG_ENDED, also for an invitation that could not even be sent.
 * Rooms and plays are numbered by the control.
 */
struct control;

#define CONTROL_LEG_INCOMING_BIT ((uint64_t)1 << 62)

/* ------------------------------------------------------------------------------------- options */

/* A telephone number of ours and what to do when it is called. NULL texts are unset. */
struct control_number {
    const char *number;        /* E.164; NULL in control_options.unlisted */
    const char *friendly_name; /* NULL: the number */
    const char *voice_url, *voice_method;
    const char *voice_fallback_url, *voice_fallback_method;
    const char *status_callback, *status_callback_method;
};

struct control_options {
    const char *account_sid; /* AC + 32 hex */
    const char *auth_token;  /* the password of the REST interface, the key of signatures */
    const char *api_key_sid, *api_key_secret; /* another way in: SK + 32 hex; NULL: none */
    const char
        *application_sid; /* AP + 32 hex: an application there is from the start; NULL: none */
    const char *application_url; /* its voice URL */
    const char *account_name;    /* NULL: "Outdial" */

    const struct control_number *numbers; /* ours. None and no caller_ids: any From is accepted */
    size_t number_count;
    const char *const *caller_ids; /* further numbers that may be shown as From */
    size_t caller_id_count;
    struct control_number unlisted; /* incoming calls to any other address; number is NULL */

    const char *const *allowed_prefixes; /* of numbers to call, "+49"; none: all (else 21215) */
    size_t allowed_prefix_count;

    unsigned calls_per_second;   /* of the REST interface; 0: 10 */
    instant queue_age_max;       /* older queued calls are canceled; 0: 30 s */
    size_t live_call_count_max;  /* legs and waiting calls at once; 0: 4 096. Beyond: 429 or 503 */
    size_t ended_call_count_max; /* kept readable, some 0.5 KiB each; 0: 20 000 */
    instant ended_call_age_max;  /* 0: 24 h */
    unsigned time_limit_s;       /* of a call that sets none; 0: 14 400 */
    unsigned webhook_retries;    /* of a URL without #rc; 0: 1 */
};

/* -------------------------------------------------------------------------------------- events */

enum control_event_kind {
    CONTROL_TIME_PASSED, /* the deadline has come */
    /* leg */
    CONTROL_LEG_INCOMING, /* .incoming: somebody calls; nothing but 100 was answered yet */
    CONTROL_LEG_RINGING,  /* 180, or 18x with SDP (.ringing.early_media) */
    CONTROL_LEG_ANSWERED, /* outbound: 200 arrived. Incoming: our 200 was acknowledged */
    CONTROL_LEG_ENDED,    /* .ended; nothing more comes from this leg */
    CONTROL_LEG_HEARD,    /* its first RTP packet */
    CONTROL_LEG_SILENT,   /* no RTP for longer than the shell tolerates; it is hung up */
    CONTROL_LEG_HELLO,    /* .hello: the other member of its room has been sent its first sound */
    CONTROL_LEG_DIGIT,    /* .digit: a key was pressed (told once, at its end or start) */
    CONTROL_LEG_DIGITS_SENT, /* the digits of CONTROL_SEND_DIGITS are out */
    CONTROL_LEG_SPEECH,      /* .speech: the talker in a room began or stopped */
    CONTROL_LEG_MESSAGE,     /* .message: a page has sent one within its call */
    CONTROL_LEG_FIGURES, /* .figures: of its media; may come before or after CONTROL_LEG_ENDED */
    /* others */
    CONTROL_PLAY_ENDED, /* .play: played to its end, or failed. None follows CONTROL_STOP_PLAY */
    CONTROL_FETCHED,    /* .fetched: exactly one for each CONTROL_FETCH */
    CONTROL_LOAD,       /* .load: the media path has no time for more calls, or has again */
};

/* Who ended a leg. */
enum control_leg_end {
    CONTROL_END_PEER,      /* BYE, or a final answer >= 300: sip_code tells */
    CONTROL_END_OURS,      /* as CONTROL_HANG_UP or CONTROL_REJECT ordered; sip_code 487, 0 ... */
    CONTROL_END_NO_ANSWER, /* the transaction timed out: no SIP answer at all; sip_code 408 */
    CONTROL_END_TRANSPORT, /* it could not be sent, or the connection broke; sip_code 503 or 0 */
};

/* The outcomes of net/http_client.h, in its order. */
enum control_fetch_outcome {
    CONTROL_FETCH_ANSWERED,
    CONTROL_FETCH_BAD_URL,
    CONTROL_FETCH_NO_HOST,
    CONTROL_FETCH_NO_CONNECTION,
    CONTROL_FETCH_TLS_FAILED,
    CONTROL_FETCH_TIMED_OUT,
    CONTROL_FETCH_TOO_LARGE,
    CONTROL_FETCH_BROKEN,
    CONTROL_FETCH_CANCELED,
};

struct control_header {
    const char *name, *value;
};

struct control_event {
    enum control_event_kind kind;
    uint64_t leg; /* of the CONTROL_LEG_ events */
    union {
        struct {
            const char *from, *to;   /* "+15005550006", or "sip:user@host" when not a number */
            const char *caller_name; /* display name; may be NULL */
            const char *sip_call_id; /* may be NULL */
            const struct control_header *headers; /* its X- headers */
            size_t header_count;
            const char *peer; /* "127.0.0.1:5070" */
            /* A browser's call: from is "client:IDENTITY", to is "". */
            const char *application_sid; /* whose plan it follows; NULL: that of the number `to` */
            const struct control_header *params; /* what the page says; each name once */
            size_t param_count;
            bool takes_early_media; /* CONTROL_EARLY_MEDIA can be done */
        } incoming;
        struct {
            bool early_media;
            const char *sip_call_id; /* may be NULL; of outbound legs, for SipCallId */
        } ringing;
        struct {
            enum control_leg_end by;
            unsigned sip_code;  /* the final answer's; 0 when there was none (a BYE) */
            const char *reason; /* the peer's words; may be NULL */
        } ended;
        struct {
            uint64_t latency_us; /* DESIGN promise 1 */
        } hello;
        struct {
            char digit; /* 0-9 * # A-D */
            unsigned duration_ms;
        } digit;
        struct {
            bool started;
        } speech;
        struct {
            uint64_t packets_in, packets_out, packets_lost;
            unsigned jitter_us;
        } figures;
        struct {
            const char *type;
            size_t size;
        } message;
        struct {
            bool is_high;
        } load;
        struct {
            uint64_t play;
            const char *error; /* NULL: played to its end; else a sentence for people */
        } play;
        struct {
            uint64_t fetch;
            enum control_fetch_outcome outcome;
            const char *error;                   /* a sentence for people; may be NULL */
            unsigned status;                     /* HTTP; 0 unless answered */
            const char *content_type, *location; /* "" or NULL when absent */
            const char *set_cookie; /* Set-Cookie headers, one a line; "" or NULL when absent */
            struct slice body;
        } fetched;
    } as;
};

/* ------------------------------------------------------------------------------------- effects */

enum control_effect_kind {
    CONTROL_INVITE,      /* .invite: call somebody; answers come as leg events */
    CONTROL_ANSWER,      /* the incoming leg with 200 and SDP */
    CONTROL_EARLY_MEDIA, /* the incoming leg, unanswered, hears from now on what it is played */
    CONTROL_REJECT,      /* .reject: the incoming, unanswered leg with a final answer */
    CONTROL_HANG_UP,     /* CANCEL, BYE or a final answer, as its state asks; LEG_ENDED follows */
    CONTROL_FETCH,     /* .fetch: one HTTP request, once. Redirects and retries are decided here */
    CONTROL_PLAY,      /* .play */
    CONTROL_STOP_PLAY, /* .play.play only; no CONTROL_PLAY_ENDED is owed after it */
    CONTROL_SEND_DIGITS, /* .digits; CONTROL_LEG_DIGITS_SENT follows */
    CONTROL_ROOM_OPEN,   /* .room.room */
    CONTROL_ROOM_CLOSE,  /* .room.room; it is empty by then */
    CONTROL_ROOM_JOIN,   /* .room; a leg is in one room at most */
    CONTROL_ROOM_LEAVE,  /* .room.room; of the leg. Not given for a leg that ended */
    CONTROL_LEG_MUTE,    /* .flag: its room does not hear it */
    CONTROL_LEG_HOLD,    /* .flag: it neither hears nor is heard by its room */
    CONTROL_LEG_COACH,   /* .coach: only that leg hears it; 0: all do */
};

enum control_source {
    CONTROL_SOURCE_SAY,     /* text, voice, language */
    CONTROL_SOURCE_URL,     /* an audio file to GET (the shell fetches, decodes and caches it) */
    CONTROL_SOURCE_SILENCE, /* silence_ms */
    CONTROL_SOURCE_RING,    /* ring-back tone, endless */
    CONTROL_SOURCE_BEEP_ENTER,
    CONTROL_SOURCE_BEEP_EXIT,
    CONTROL_SOURCE_HOLD, /* the engine's own hold audio, endless */
};

struct control_effect {
    enum control_effect_kind kind;
    uint64_t leg; /* 0 when the effect is about no leg */
    union {
        struct {
            const char
                *to; /* "+15005550001" (by the trunk), "sip:user@host;...", "client:agent7" */
            const char *from;        /* number or SIP user part to show */
            const char *caller_name; /* display name, or NULL */
            const char *user,
                *password; /* digest credentials for this call, or NULL: the trunk's */
            const struct control_header
                *headers; /* X- headers to send; to a client: its parameters */
            size_t header_count;
            const char *call_sid;
        } invite; /* ring time-out is the control's: it hangs up */
        struct {
            unsigned sip_code; /* 486, 603, 404, 480 ... */
        } reject;
        struct {
            uint64_t fetch;
            const char *method;         /* "GET" or "POST" */
            const char *url;            /* absolute, without fragment; parameters of a GET in it */
            const char *const *headers; /* "Name: value", ended by NULL; signature included */
            struct slice body;
            const char *user, *password; /* HTTP Basic from the URL's user-info, or NULL */
            unsigned connect_ms, total_ms;
            size_t body_size_max;
            bool is_callback; /* nobody waits for the answer: must not stand in the others' way */
        } fetch;
        struct {
            uint64_t play;
            uint64_t room; /* the target: this room, or when 0 the effect's leg. A play
                                           to a leg is heard in place of its room; to a room, by
                                           all its members over the talk */
            enum control_source source;
            const char *text, *voice, *language; /* SAY; voice and language may be "" */
            const char *url;                     /* URL */
            unsigned silence_ms;                 /* SILENCE */
            unsigned loop;                       /* times; 0: until stopped */
        } play;
        struct {
            const char *digits; /* 0-9 * # A-D; w: half a second, W: one second */
        } digits;
        struct {
            uint64_t room;
            bool muted;
            bool held;
            uint64_t coach; /* leg that alone hears this one; 0: all */
        } room;
        struct {
            bool on;
        } flag;
        struct {
            uint64_t coach;
        } coach;
    } as;
};

/* ---------------------------------------------------------------------------------------- REST */

struct control_request {
    const char *method;          /* "GET", "POST", "DELETE" */
    const char *path;            /* as sent, percent-encoded: "/2010-04-01/Accounts/AC.../..." */
    const char *query;           /* what stood after '?', as sent; "" or NULL: nothing */
    struct slice body;           /* application/x-www-form-urlencoded */
    const char *user, *password; /* HTTP Basic; NULL when there was none */
};

struct control_reply {
    unsigned status;
    struct text body;       /* JSON (application/json); empty with 204 */
    char request_id[36];    /* for the header Twilio-Request-Id */
    unsigned retry_after_s; /* for the header Retry-After; 0: none */
};

/* ---------------------------------------------------------------------------------------- life */

/* `seed`: every SID comes from it; give at least 16 random bytes in production. 0; EINVAL for an SID that
 * is none; ENOMEM. */
int control_new(struct control **control, const struct control_options *options, const void *seed,
                size_t seed_size) must_check;
void control_free(struct control *control); /* NULL is fine */

void control_feed(struct control *control, instant now, const struct control_event *event);
bool control_drain(struct control *control,
                   struct control_effect *effect);       /* false: nothing more */
instant control_deadline(const struct control *control); /* INSTANT_NEVER: nothing is waited for */

/* reply need not be initialised; release it. A request that is not understood is answered too. */
void control_rest(struct control *control, instant now, const struct control_request *request,
                  struct control_reply *reply);
void control_reply_release(struct control_reply *reply);

/* The engine is to stop: every call is hung up. control_live_calls says when all are gone. */
void control_hang_up_all(struct control *control, instant now);
size_t control_live_calls(const struct control *control);
/* The SID of a leg's call; NULL: it has none (any more). */
const char *control_call_sid(const struct control *control, uint64_t leg);
/* Nobody looks after the calls any more: who is alone in a room hears a goodbye and is hung up. Two who talk go
 * on until one of them leaves; what has no room ends by itself when its documents are not to be had.
 * To be repeated until no call lives. */
void control_wind_down(struct control *control, instant now);

/* Whether the trunk answers, as the account's resource says it (outdial_trunk). */
enum control_trunk {
    CONTROL_TRUNK_UNKNOWN, /* not asked yet, or never */
    CONTROL_TRUNK_UP,
    CONTROL_TRUNK_DOWN,
    CONTROL_TRUNK_NONE, /* none was given: no number can be called */
};
void control_trunk(struct control *control, enum control_trunk trunk);

/* Figures for the log, and for tests. */
struct control_figures {
    size_t calls_live, calls_queued, calls_ended_kept, conferences_live, fetches_open;
    size_t legs_up;
    size_t callbacks_waiting;
    uint64_t calls_total, calls_refused, documents_fetched;
    uint64_t callbacks_sent, callbacks_lost, callbacks_dropped; /* dropped: too many waited */
};

void control_figures(const struct control *control, struct control_figures *figures);

#endif
