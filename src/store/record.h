#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"

/*
 * The rows of the store, as values. Enumerations of the core travel as their numbers, which are
 * therefore never changed after a release. Texts are UTF-8; in a record handed to store_put they
 * are the caller's, in a row handed to a handler the store's until it returns.
 */
enum store_kind {
    STORE_CAMPAIGN,
    STORE_LIST,
    STORE_IMPORT,
    STORE_PERSON,
    STORE_NUMBER,
    STORE_LEAD,
    STORE_LEAD_NUMBER,
    STORE_ATTEMPT,
    STORE_AGENT,
    STORE_ACTIVITY,
    STORE_RESERVATION,
    STORE_DISPOSITION,
    STORE_DO_NOT_CALL,
    STORE_TOKEN,
    STORE_META,
    STORE_KINDS,
};

struct store_campaign {
    uint64_t id;
    const char *name;     /* unique */
    int state;            /* enum campaign_state */
    const char *settings; /* JSON object: mode, hours, retry rules ... the server's document */
    instant made_at, changed_at;
};

struct store_list {
    uint64_t id, campaign;
    const char *name;    /* unique in its campaign */
    const char *country; /* default country */
    instant made_at;
};

enum store_import_state { IMPORT_WRITING, IMPORT_PUBLISHED, IMPORT_FAILED };

struct store_import {
    uint64_t id, campaign, list;
    int state;             /* enum store_import_state; PUBLISHED only by store_import_publish */
    const char *file_name; /* as the person called it */
    const char *file_hash; /* SHA-256, hex */
    const char *summary;   /* JSON: charset, delimiter, column map, warnings, error */
    uint64_t rows, imported, merged, duplicates, rejected;
    instant begun_at, ended_at;
};

/* Who somebody is: the erasable part, with numbers. */
struct store_person {
    uint64_t id;
    const char *external_id, *first_name, *last_name, *email, *address, *country, *zone;
    const char *columns; /* JSON object */
    instant erased_at;   /* 0: not */
};

enum {
    STORE_NUMBER_NOT_VALID = 1 << 0, /* possible, yet not in the packaged plan */
};

struct store_number {
    uint64_t id;
    const char *e164; /* unique while not erased */
    const char *country;
    uint32_t flags;
    int type; /* enum phone_number_type */
};

struct store_lead {
    uint64_t id, campaign, list, import, person;
    uint64_t line;    /* of the import's file */
    int state;        /* enum lead_state */
    int32_t priority; /* higher first */
    instant due_at;   /* claimed from then on; INSTANT_NEVER: not by itself */
    int hold_reason;  /* why it waits (enum of the core), 0: for nothing */
    uint32_t attempts;
    uint32_t next_number;    /* place of the number to try next, from 0 */
    uint64_t callback_agent; /* 0: anyone's */
    uint64_t disposition, last_attempt;
    int last_result;
    uint64_t owner; /* who has it claimed; 0: nobody */
    instant claimed_at;
    bool claimable; /* may be claimed once due: fresh, due, held, callback */
};

struct store_lead_number {
    uint64_t id, lead, number, campaign, import;
    uint32_t place; /* from 0 */
    uint32_t attempts;
    instant last_attempt_at;
    int last_result;
};

struct store_attempt {
    uint64_t id, campaign, lead, person, number, agent;
    int mode;          /* dial mode it was placed under */
    int state, result; /* enum attempt_state, attempt_result (0 while open) */
    bool open;         /* not ended yet */
    bool live;         /* a person answered */
    bool abandoned;
    int sip_code;
    int end_reason; /* finer than the result; the core's */
    const char *call_sid;
    const char *caller_id;
    const char *number_text; /* read only: E.164 through the erasable table */
    instant planned_at, placed_at, ringing_at, answered_at, joined_at, ended_at; /* 0: not */
    int64_t hello_us;                                                            /* -1: none */
    int64_t talk_ms;
    int64_t wait_ms; /* from answer to join or drop */
    uint64_t disposition;
    const char *note;
};

struct store_agent {
    uint64_t id;
    const char *name; /* unique; the login */
    const char *full_name;
    const char *address; /* sip:… of the media leg */
    const char *secret_hash;
    const char *settings; /* JSON: skills, campaigns */
    int activity;         /* last known */
    bool disabled;
    instant made_at;
};

struct store_activity {
    uint64_t id, agent;
    int activity;
    const char *break_code;
    uint64_t campaign, attempt;
    instant from, to; /* to 0: still in it */
};

struct store_reservation {
    uint64_t id, agent, campaign, lead, attempt;
    int status; /* enum reservation_status */
    instant made_at, changed_at;
};

struct store_disposition {
    uint64_t id, campaign; /* 0: for all */
    const char *code, *label;
    int behaviour; /* done, retry, callback, do not call */
    bool success, disabled;
    int32_t place;
};

struct store_do_not_call {
    uint64_t id, campaign; /* 0: all campaigns */
    const char *e164;
    const char *source, *note;
    uint64_t attempt; /* the call it was said in */
    instant added_at;
};

struct store_token {
    uint64_t id, agent;                   /* agent 0: an operator's */
    const char *name, *hash, *rights;     /* hash: hex of SHA-256; the token itself is never kept */
    instant made_at, used_at, expires_at; /* 0: never */
};

struct store_meta {
    uint64_t id;
    const char *key, *value;
};

struct store_record {
    enum store_kind kind;
    union {
        uint64_t id; /* of whatever it is: every struct begins with it */
        struct store_campaign campaign;
        struct store_list list;
        struct store_import import;
        struct store_person person;
        struct store_number number;
        struct store_lead lead;
        struct store_lead_number lead_number;
        struct store_attempt attempt;
        struct store_agent agent;
        struct store_activity activity;
        struct store_reservation reservation;
        struct store_disposition disposition;
        struct store_do_not_call do_not_call;
        struct store_token token;
        struct store_meta meta;
    };
};

#endif
