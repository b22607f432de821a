#ifndef DESK_PERSON_H
#define DESK_PERSON_H

#include <jansson.h>

#include "server/server.h"

/*
 * Who is on the line: name, numbers, columns, what happened before. Read from the store as soon as a lead is about to be
 * dialled or shown, so that nothing waits for the disk when somebody answers; the last PERSONS_KEPT are kept.
 *
 *   persons_want(persons, lead);                    reads it (again), then told(server, lead)
 *   json = person_json(persons, lead, attempt);     "person" of the desk's document; NULL: not read yet
 */
struct persons;

enum { PERSONS_KEPT = 8192, PERSON_HISTORY_MAX = 8, PERSON_FIELDS_MAX = 30, PERSON_TEXT_MAX = 300 };

int persons_new(struct persons **persons, struct server *server,
                void (*told)(struct server *server, lead_id lead)) must_check;
void persons_free(
    struct persons *persons); /* once nothing more comes from the store; NULL is fine */

bool persons_has(const struct persons *persons, lead_id lead);    /* read, or being read */
void persons_keep_reading(struct persons *persons, lead_id lead); /* unless it is being read */
void persons_want(struct persons *persons, lead_id lead);

/* attempt: the open one that is shown, 0: none yet. */
json_t *person_json(struct persons *persons, lead_id lead, attempt_id attempt);
/* The same of one who is not read yet: what memory knows, the number. */
json_t *person_unread_json(struct persons *persons, lead_id lead, attempt_id attempt);

#endif
