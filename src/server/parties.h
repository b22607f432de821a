#ifndef SERVER_PARTIES_H
#define SERVER_PARTIES_H

#include <jansson.h>

#include "core/event.h"

/*
 * Third persons in conversations, on the voice wire: rung into the agent's room under the label "party-ATTEMPT-SERIAL", held and
 * muted there, moved into the attempt's own room, ended, asked after. The core knows no number: it is given here before
 * the event that asks for the call is fed. Whoever is found in a room and belongs to no conversation is hung up.
 */
struct server;
struct known_attempt;
struct effect;

enum { PARTY_NAME_SIZE = 48 };

void party_label(attempt_id attempt, uint32_t serial, char label[PARTY_NAME_SIZE]);
/* The room in which customer and third person go on: "attempt-91". */
void attempt_room_name(attempt_id attempt, char name[PARTY_NAME_SIZE]);

void parties_act(struct server *server, const struct effect *effect);

/* From webhooks. */
void parties_status(struct server *server, attempt_id attempt, uint32_t serial, const char *sid,
                    enum call_status status);
void parties_member(struct server *server, attempt_id attempt, uint32_t serial, const char *sid,
                    bool joined);
/* A member of an agent's room with such a label, seen by a look into it. False: it is none of a third person's. */
bool parties_found(struct server *server, const char *label, const char *sid);

/* For the desk's document: [{"id":"p1","kind":"number","name","state","since","muted","held"}], and
 * {"party":"p1","with":"party"|"customer"} while two are kept apart, else null. */
json_t *parties_json(const struct server *server, attempt_id attempt);
json_t *parties_consult_json(const struct server *server, attempt_id attempt);

#endif
