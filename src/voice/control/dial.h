#ifndef VOICE_CONTROL_DIAL_H
#define VOICE_CONTROL_DIAL_H

#include "voice/control/run.h"

/*
 * The Dial verb: up to ten numbers and SIP addresses ring together (or in turn), the first to answer
 * hears its whisper and is bridged; or the caller joins a conference. When it is over the run of the
 * parent goes on with the action or the next verb.
 */
enum { DIAL_CHILD_COUNT_MAX = 10 };

struct dial_child {
    struct dial *dial;
    struct call *call;                /* NULL: not called yet, or gone */
    const struct twiml_element *noun; /* NULL: the plain text of Dial */
    struct run *whisper;
    bool answered;
};

struct dial {
    struct call *parent;
    const struct twiml_element *verb;
    struct dial_child children[DIAL_CHILD_COUNT_MAX];
    size_t child_count, called_count;
    struct dial_child *winner;
    char child_sid[SID_SIZE]; /* of the winner, or the last that was tried */
    enum call_state worst;    /* how the tries ended so far */
    bool bridged, is_conference;
    instant bridged_at;
    uint64_t room, ring_play;
    struct timer limit_timer;
};

void dial_start(struct run *run, const struct twiml_element *verb);
void dial_digit(struct dial *dial, char digit);

/* Reports of a child call. */
void dial_child_ringing(struct dial_child *child, bool early_media);
void dial_child_answered(struct dial_child *child);
void dial_child_whispered(struct dial_child *child, bool go_on);
void dial_child_ended(struct dial_child *child);
void dial_child_redirected(struct dial_child *child);
/* The parent's conference let it go. */
void dial_conference_left(struct dial *dial);
/* Its wait document never came. */
void dial_not_admitted(struct dial *dial);
/* The parent is gone (action is still asked) or was redirected (it is not). Frees the dial. */
void dial_parent_gone(struct dial *dial);
void dial_abandon(struct dial *dial);

#endif
