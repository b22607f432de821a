#ifndef WIRE_TWIML_TEXT_H
#define WIRE_TWIML_TEXT_H

#include "base/text.h"

/*
 * The few documents the dialer hands to the voice engine. Each appends a whole document to *text.
 */

/* Into a room, which stays when this member leaves; comings and goings are told to
 * public_url/voice/conference, whoever of its members was first. */
void twiml_join(struct text *text, const char *room, const char *label, const char *public_url);
/* The same, and the room ends with the first who leaves it. */
void twiml_join_pair(struct text *text, const char *room, const char *label,
                     const char *public_url);
/* Silence, until the call is told something else; after a while the message, and the end. */
void twiml_wait(struct text *text, const char *message);
void twiml_message(struct text *text, const char *message);
void twiml_digits(struct text *text, const char *digits); /* tones, and nothing else */
void twiml_hang_up(struct text *text);

#endif
