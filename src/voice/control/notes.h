#ifndef VOICE_CONTROL_NOTES_H
#define VOICE_CONTROL_NOTES_H

#include "voice/control/machine.h"

/*
 * What there is to tell about a call afterwards: its requests and happenings (Events) and what went
 * wrong (Notifications). Kept for all calls in two bounded lines, the oldest dropped first (a call has
 * some eight, of one to two KiB each); never read back by call control itself.
 */
enum { EVENT_COUNT_MAX = 8000, NOTIFICATION_COUNT_MAX = 4000, NOTE_BODY_SIZE_MAX = 2048 };

struct note {
    struct chain_link link;    /* among all */
    struct chain_link of_call; /* among the call's */
    struct chain *home, *call_home;
    struct call *call;  /* NULL: a conference's */
    char sid[SID_SIZE]; /* of notifications */
    instant at;
    unsigned code; /* of notifications: 11200 ... */
    bool is_warning;
    char *text;                     /* what happened */
    char *url, *method, *variables; /* the request it is about, or NULL */
    bool has_answer;
    unsigned status, took_ms;
    char *content_type, *body;
};

/* Something that happened: "hello", "latency_us=1200". */
void note_event(struct control *control, struct call *call, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct note_request {
    const char *url, *method;
    const char *variables;    /* the parameters as they were sent, or NULL */
    unsigned status, took_ms; /* 0: no answer, then error says why */
    const char *error, *content_type;
    struct slice body;
};

void note_request(struct control *control, struct call *call, const struct note_request *request);

/* Something that went wrong, with its documented code. request may be NULL. */
void note_problem(struct control *control, struct call *call, unsigned code, bool is_warning,
                  const struct note_request *request, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

void notes_forget_call(struct control *control, struct call *call);
void notes_release(struct control *control);

#endif
