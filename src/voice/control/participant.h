#ifndef VOICE_CONTROL_PARTICIPANT_H
#define VOICE_CONTROL_PARTICIPANT_H

#include "voice/control/conference.h"

/* What conference.c and participant.c share. */
struct participant *participant_new(struct conference *conference, struct call *call,
                                    const struct join_options *options, bool by_api);
/* Lets it in, at once or when its wait document has come. */
void participant_admit(struct participant *participant);
/* participant NULL: the announcement was to the room. code 0: it was played. */
void participant_tell_announcement(struct conference *conference, struct participant *participant,
                                   const char *url, unsigned code);

#endif
