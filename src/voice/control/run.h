#ifndef VOICE_CONTROL_RUN_H
#define VOICE_CONTROL_RUN_H

#include "voice/control/call.h"
#include "wire/twiml.h"

/*
 * One TwiML program on its way: documents are fetched, their verbs done one after another. Besides
 * the program of a call there are those a callee hears before a bridge (whisper), of a waiting or
 * held participant, and announcements.
 *
 * run_new makes one that does nothing; run_start_* gives it a document; when it has run out, failed
 * or was stopped by its own verbs it reports to its owner (run_over), once. run_free ends it silently
 * from outside.
 */
enum run_kind { RUN_CALL, RUN_WHISPER, RUN_WAIT, RUN_HOLD, RUN_ANNOUNCE };

enum run_state {
    RUN_IDLE,
    RUN_READY,     /* the next verb is to be done */
    RUN_ANSWERING, /* waits for the incoming leg to be answered */
    RUN_FETCHING,
    RUN_PLAYING,
    RUN_PAUSING,
    RUN_SENDING, /* digits */
    RUN_GATHERING,
    RUN_DIALING,
    RUN_FAILING, /* speaks the error message, then is over */
    RUN_OVER,
};

struct gather {
    const struct twiml_element *verb, *prompt;
    struct text digits;
    bool prompts_done;
};

struct run {
    struct control *control;
    enum run_kind kind;
    enum run_state state;
    struct call *call;               /* whose leg hears it; NULL: a room's announcement */
    struct participant *participant; /* of WAIT, HOLD and ANNOUNCE to one */
    struct conference *conference;   /* of ANNOUNCE to a room */
    struct chain_link awake;
    char *url, *method; /* of the document; NULL url: none (inline) */
    struct twiml_document *document;
    const struct twiml_element *at;      /* the verb to do next */
    const struct twiml_element *current; /* the one being done */
    uint64_t play;                       /* 0: none */
    struct timer timer;
    struct webhook *webhook;
    struct gather gather;
    bool had_media; /* a second of it, in this run */
    bool in_fallback, is_action, is_audio, is_failing, hung_up;
    unsigned document_count, documents_since_media;
    instant media_since, media_total; /* waiting for media: since when, and in all */
    unsigned error_code;              /* why it failed; 0: it did not */
};

struct run *run_new(struct control *control, enum run_kind kind, struct call *call);
void run_free(struct run *run); /* NULL is fine; stops what it plays */
/* extra: more parameters (moved), or NULL. A relative url is resolved against the document's. */
void run_start_url(struct run *run, const char *url, const char *method, struct form *extra);
/* The first document of a browser's call: asked with what the page said. The form stays the caller's. */
void run_start_first(struct run *run, const char *url, const char *method,
                     const struct form *params);
void run_start_twiml(struct run *run, const char *twiml);

void run_continue(struct run *run); /* from machine_settle */
void run_play_ended(struct run *run, const char *error);
void run_digit(struct run *run, char digit);
void run_digits_sent(struct run *run);
void run_answered(struct run *run);
/* The Dial being done is over: parameters for its action (moved), then action or next verb. */
void run_dial_over(struct run *run, struct form *result);

/* Used between run*.c files. */
void run_fail(struct run *run, unsigned code, const char *text, const char *url);
void run_warn(struct run *run, unsigned code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void run_next(struct run *run); /* the current verb is done */
void run_over(struct run *run);
void run_play(struct run *run, const struct twiml_element *verb); /* Say, Play or Pause */
void run_play_source(struct run *run, enum control_source source, const char *text, unsigned loop);
void run_stop_play(struct run *run);
void run_wait(struct run *run, enum run_state state); /* for media: the runaway guard is reset */
void run_gather(struct run *run, const struct twiml_element *verb);

void run_gather_prompt_done(struct run *run);
void run_resolve(const struct run *run, const char *reference, struct text *url);

#endif
