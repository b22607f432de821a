#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "core/agent.h"
#include "core/attempt.h"
#include "core/campaign.h"
#include "core/lead.h"

/*
 * The rows of the store, as values. What the core writes whole comes as the core's own struct; the
 * rest stands beside it. Texts are UTF-8; in a record handed to store_put they are the caller's, in a
 * row handed to a handler the store's until it returns.
 *
 * In store_put a text that is NULL means "as it was" ("" for a new row).
 */
enum store_kind {
    STORE_CAMPAIGN,       /* who it is; also gives state and ledger when read */
    STORE_CAMPAIGN_STATE, /* EFFECT_RECORD_CAMPAIGN: only the state of a known campaign */
    STORE_LIST,
    STORE_IMPORT,
    STORE_PERSON,
    STORE_NUMBER,
    STORE_LEAD, /* EFFECT_RECORD_LEAD: of a known lead the core's part is written, no more */
    STORE_LEAD_NUMBER,
    STORE_ATTEMPT,     /* EFFECT_RECORD_ATTEMPT */
    STORE_AGENT,       /* who it is; also gives the state when read */
    STORE_AGENT_STATE, /* EFFECT_RECORD_AGENT: only this of a known agent */
    STORE_ACTIVITY,
    STORE_RESERVATION, /* EFFECT_RECORD_RESERVATION */
    STORE_DO_NOT_CALL,
    STORE_TOKEN,
    STORE_META,
    STORE_REGION,
    STORE_KIND_COUNT
};

struct store_campaign {
    uint64_t id;
    const char *name;     /* unique */
    const char *settings; /* JSON object: options, dispositions, texts ... the server's document */
    instant made_at, changed_at;
    enum campaign_state state;        /* written by STORE_CAMPAIGN for a new row only */
    struct abandonment_ledger ledger; /* read only: the fold of the campaign's attempts */
};

struct store_list {
    uint64_t id, campaign;
    const char *name;    /* unique in its campaign */
    const char *country; /* default country of its numbers, two letters or "" */
    instant made_at;
};

enum store_import_state { IMPORT_WRITING, IMPORT_PUBLISHED, IMPORT_FAILED, IMPORT_STATE_COUNT };

struct store_import {
    uint64_t id, campaign, list;
    enum store_import_state state; /* PUBLISHED only by store_import_publish */
    const char *file_name;         /* as the person called it */
    const char *file_hash;         /* SHA-256, hex */
    const char *summary;           /* JSON: charset, delimiter, columns, warnings, error */
    uint64_t rows, imported, merged, duplicates, rejected, warnings;
    instant begun_at, ended_at;
};

/* Who somebody is: with the numbers the erasable part. */
struct store_person {
    uint64_t id;
    const char *external_id, *first_name, *last_name, *email, *address, *country, *zone;
    const char *columns; /* JSON object: every other column of the list */
    uint64_t import;     /* that brought the person; 0: by hand. Read only for known ones */
    uint32_t flags;      /* enum contact_flag */
    instant erased_at;   /* 0: not */
};

struct store_number {
    uint64_t id;
    const char *e164;    /* unique; "" once erased */
    const char *country; /* two letters or "" */
    uint32_t flags;      /* enum contact_flag, without do-not-call, which is looked up */
    int type;            /* enum phone_number_type */
    bool valid;          /* in the packaged number plan */
};

struct store_lead {
    struct lead_record core; /* its id stands first */
    uint64_t list, import;   /* 0: made by hand; read only for known leads, like line */
    uint64_t line;           /* of the import's file */
    uint64_t region;         /* 0: not known. Of an import's leads; read only */
    uint64_t owner;          /* who has it claimed; 0: nobody. Read only */
    instant claimed_at;      /* read only */
};

/* The zones in which a lead's numbers may lie, as its importer worded them; the store only compares. */
struct store_region {
    uint64_t id; /* 1, 2, ...: few */
    const char *zones;
};

struct store_lead_number {
    uint64_t id, lead, number, campaign, import;
    uint32_t place; /* 0 .. LEAD_NUMBERS_MAX - 1: the order in which they are tried */
};

struct store_attempt {
    struct attempt_record core; /* its id stands first */
    const char *call_sid;
    const char *caller_id;
    const char *note;
    const char *e164; /* read only: through the erasable table */
};

struct store_agent {
    struct agent_record
        core;         /* its id stands first; STORE_AGENT does not write it for a known one */
    const char *name; /* unique; the login */
    const char *full_name;
    const char *address; /* sip:... of the media leg */
    const char *secret_hash;
    const char *settings; /* JSON: campaigns, skills */
    bool disabled;
    instant made_at;
};

/* A stretch of one activity; the board's and the report's time line. */
struct store_activity {
    uint64_t id;
    agent_id agent;
    enum agent_activity activity;
    uint16_t break_code;
    campaign_id campaign;
    attempt_id attempt;
    instant begun_at, ended_at; /* ended_at 0: still in it */
};

struct store_do_not_call {
    uint64_t id;
    campaign_id campaign; /* 0: all campaigns */
    const char *e164;
    const char *source, *note;
    attempt_id attempt; /* the call it was said in */
    instant added_at;
};

struct store_token {
    uint64_t id;
    agent_id agent;                       /* 0: an operator's */
    const char *name, *hash, *rights;     /* hash: hex; unique; the token itself is never kept */
    instant made_at, used_at, expires_at; /* expires_at 0: never */
};

struct store_meta {
    uint64_t id;
    const char *key; /* unique */
    const char *value;
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
        struct reservation_record reservation;
        struct store_do_not_call do_not_call;
        struct store_token token;
        struct store_meta meta;
        struct store_region region;
    } of;
};

#endif
