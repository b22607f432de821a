#ifndef DESK_PERSON_READ_H
#define DESK_PERSON_READ_H

#include <jansson.h>

#include "desk/person.h"
#include "server/claims.h"
#include "wire/phone_number.h"

/* What the store's thread reads of one person for the desk, texts copied. */
struct person_past {
    attempt_id attempt;
    campaign_id campaign;
    instant at, callback_at;
    enum attempt_result result;
    uint16_t disposition;
    agent_id agent;
    int64_t talk_us; /* -1: nobody answered */
    char note[160];
};

struct person_facts {
    lead_id lead;
    campaign_id campaign;
    uint64_t attempts, import;
    char name[200], list[200], zone[64];
    json_t *columns; /* object; owned */
    struct carried_lead carried;
    struct {
        char national[PHONE_NATIONAL_SIZE], kind[24];
    } numbers[LEAD_NUMBERS_MAX];
    struct person_past
        past[PERSON_HISTORY_MAX + 1]; /* newest first; one of them may be the present */
    size_t past_count;
};

/* 0, ENOENT, or the store's errno. facts is zeroes before; json_decref(facts->columns) after, in any case. */
int person_read(struct store *store, lead_id lead, struct person_facts *facts) must_check;

#endif
