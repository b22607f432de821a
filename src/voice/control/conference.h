#ifndef VOICE_CONTROL_CONFERENCE_H
#define VOICE_CONTROL_CONFERENCE_H

#include "voice/control/run.h"

/*
 * Conferences and their participants. A conference is made by the first who wants in, starts when two
 * are in and one of them has start-on-enter, and ends when the last leaves, when somebody with
 * end-on-exit leaves, or by request. Names are unique among live ones.
 */
enum conference_state { CONFERENCE_INIT, CONFERENCE_IN_PROGRESS, CONFERENCE_COMPLETED };

enum conference_end_reason {
    CONFERENCE_END_NONE,
    CONFERENCE_ENDED_VIA_API,
    CONFERENCE_MODERATOR_LEFT,
    CONFERENCE_MODERATOR_KICKED,
    CONFERENCE_LAST_KICKED,
    CONFERENCE_LAST_LEFT,
};

/* Bits of the subscription words. */
enum {
    ON_START = 1,
    ON_END = 2,
    ON_JOIN = 4,
    ON_LEAVE = 8,
    ON_MUTE = 16,
    ON_HOLD = 32,
    ON_MODIFY = 64,
    ON_SPEAKER = 128,
    ON_ANNOUNCEMENT = 256,
};

enum participant_state {
    PARTICIPANT_CALLING, /* made by the API, its call is not answered yet */
    PARTICIPANT_PENDING, /* its wait document is being fetched */
    PARTICIPANT_IN,
    PARTICIPANT_GONE,
};

enum leave_reason {
    LEFT_HUNG_UP,
    LEFT_VIA_API, /* kicked, or redirected */
    LEFT_CONFERENCE_ENDED,
    LEFT_MODERATOR_ENDED,
    LEFT_ADD_FAILED,
    LEFT_BY_STAR,
};

struct join_options {
    const char *label; /* NULL or "": none */
    bool muted, start_on_enter, end_on_exit, beep_on_enter, beep_on_exit, early_media;
    bool coaching;
    const char *coach_sid;              /* NULL: none */
    const char *wait_url, *wait_method; /* NULL: the engine's hold audio; "": silence */
    const char *base_url;               /* for relative URLs; NULL: none */
    unsigned count_max;
    const char *callback_url, *callback_method;
    unsigned callback_events;
};

struct participant {
    struct conference *conference;
    struct call *call;
    struct chain_link link;
    enum participant_state state;
    char *label, *wait_url, *wait_method;
    char coach_sid[SID_SIZE]; /* "": none */
    bool muted, hold, coaching, start_on_enter, end_on_exit, beep_on_enter, beep_on_exit;
    bool early_media, by_api, is_waiting, failed;
    struct run *wait, *held, *announcement;
    uint64_t wait_play, hold_play; /* the engine's own audio */
    char *announce_url;
    instant created_at, updated_at;
};

struct conference {
    char sid[SID_SIZE];
    struct control *control;
    struct chain_link by_age, by_end;
    char *name;
    enum conference_state state;
    enum conference_end_reason end;
    char ending_sid[SID_SIZE], *ending_label;
    instant created_at, updated_at, ended_at;
    struct chain participants; /* all states but GONE */
    size_t in_count;
    uint64_t room;      /* 0: no media yet */
    uint64_t ring_play; /* ring-back for those inside */
    struct callback_target callback;
    bool callback_settled; /* the first participant has decided */
    struct callback_line line;
    unsigned sequence;
    struct run *announcement;
    char *announce_url;
};

/* Why somebody was not let in: 0, or the code of a notification. */
enum { JOIN_FULL = 16022, JOIN_LABEL_TAKEN = 16025, JOIN_NOBODY_TO_COACH = 13240 };

/*
 * Asks the call into the conference of that name, making it if need be. 0: it is in or waits for its
 * wait document; else the code. by_api: its call is still to be placed (PARTICIPANT_CALLING).
 */
must_check unsigned conference_join(struct control *control, const char *name, struct call *call,
                                    const struct join_options *options, bool by_api);
struct conference *conference_find(struct control *control, struct slice sid);
struct conference *conference_by_name(struct control *control, const char *name); /* live */
struct participant *conference_participant(struct conference *conference, const char *key);
void conference_end(struct conference *conference, enum conference_end_reason end,
                    struct participant *ender);
void conference_announce(struct conference *conference, const char *url, const char *method);
const char *conference_status(const struct conference *conference);
const char *conference_end_name(const struct conference *conference); /* NULL: it has not */
void conference_sweep(struct control *control);
void conferences_forget_all(struct control *control);

void participant_call_ringing(struct participant *participant, bool early_media);
void participant_call_answered(struct participant *participant);
/* Takes it out; its call goes on (the caller says how). */
void participant_leave(struct participant *participant, enum leave_reason reason);
void participant_mute(struct participant *participant, bool muted);
/* It pressed a key: whoever hears it is sent the tone, as on a telephone line. */
void participant_digit(struct participant *participant, char digit);
void participant_hold(struct participant *participant, bool hold, const char *url,
                      const char *method);
void participant_announce(struct participant *participant, const char *url, const char *method);
void participant_wait(struct participant *participant, const char *url, const char *method);
/* Flags were changed (beep, end-on-exit, coaching): media and the callback follow. */
void participant_modified(struct participant *participant);
const char *participant_status(const struct participant *participant);
/* A wait, hold or announcement document of it has run out or failed. */
/* Its first wait document has come: it may enter now. */
void participant_wait_fetched(struct participant *participant);
void participant_run_over(struct run *run);
void conference_run_over(struct run *run);

/* conference_events.c: callbacks */
void conference_tell(struct conference *conference, unsigned event, const char *name,
                     struct participant *participant, struct form *extra);

#endif
