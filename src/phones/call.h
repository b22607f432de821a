#ifndef PHONES_CALL_H
#define PHONES_CALL_H

#include <jansson.h>

#include "base/heap.h"
#include "phones/peer.h"
#include "phones/person.h"

/*
 * One call of the simulated network and what is remembered of it for its record. A plain struct of
 * network.c; call_record turns it into the "ended" line.
 */
enum { CALL_HEARD_MAX = 8, CALL_DIGITS_MAX = 64, CALL_ID_SIZE = 16 };

enum call_end {
    CALL_BY_PERSON,
    CALL_BY_CALLER,
    CALL_CANCELED,
    CALL_BROKEN,
    CALL_LOST,
    CALL_STOPPED
};

/* Somebody heard somebody: a robot this person, or this person a robot. */
struct call_heard {
    uint32_t call; /* the listener's or the speaker's */
    char name[SCRIPT_NUMBER_SIZE];
    instant at;
    bool first_word;
    int64_t word_us; /* from its first packet sent to its first packet heard */
    uint32_t cut_ms;
};

struct call {
    uint32_t id;             /* of the symbols, too */
    char name[CALL_ID_SIZE]; /* "c17" */
    char number[SCRIPT_NUMBER_SIZE];
    char from[SCRIPT_NUMBER_SIZE], from_name[SCRIPT_NUMBER_SIZE], call_id[128];
    const char *transport;
    json_t *headers;
    uint32_t attempt;
    const struct behaviour *behaviour;
    uint32_t robot_id; /* symbols of a robot */
    struct person person;
    struct peer_call *peer_call; /* NULL once over */
    struct rtp_leg *leg;         /* NULL once asked to close */
    bool early, media_closed;
    struct heap_node timer; /* what the person waits for; once over: how long it lingers */
    bool over;

    instant invited_at, ringing_at, early_at, answered_at, established_at, hello_at, ended_at;
    bool held;
    enum call_end end;
    uint16_t code;
    char digits[CALL_DIGITS_MAX], pressed[CALL_DIGITS_MAX];
    struct call_heard heard_by[CALL_HEARD_MAX], heard[CALL_HEARD_MAX];
    uint32_t heard_by_count, heard_count;
    uint32_t speech_count;             /* how often the other side began to speak */
    instant speech_at, speech_last_at; /* first, last */
    struct rtp_stats stats;
};

void call_digits_add(char digits[CALL_DIGITS_MAX], char digit); /* appends while there is room */
/* NULL when there is no room for more. */
struct call_heard *call_heard_add(struct call_heard list[CALL_HEARD_MAX], uint32_t *count);
json_t *call_record(const struct call *call); /* the "ended" line */

#endif
