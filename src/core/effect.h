#ifndef CORE_EFFECT_H
#define CORE_EFFECT_H

#include "core/agent.h"
#include "core/attempt.h"
#include "core/campaign.h"
#include "core/ids.h"
#include "core/lead.h"

/*
 * What the dialer asks of the shell. The effects of one event come out records first, then acts;
 * all records of one event are committed together or not at all, in the order of events. Acts, too,
 * wait for that commit, except EFFECT_ANSWER_CALL, EFFECT_REDIRECT_CALL, EFFECT_HANG_UP_CALL,
 * EFFECT_CANCEL_CALL, EFFECT_HOLD_CALL, EFFECT_SCREEN_POP, EFFECT_REFUSE and the polls, which are done at once: they
 * harm nobody when a restart forgets them.
 *
 * EFFECT_HANG_UP_CALL and EFFECT_CANCEL_CALL may overtake the order of their call: then the call is
 * not placed at all, or ended as soon as the engine has it.
 *
 * When the record of an attempt in state planned has been committed, feed EVENT_ATTEMPT_COMMITTED:
 * the rules are asked again and EFFECT_PLACE_CALL follows.
 */
enum effect_kind {
    /* facts */
    EFFECT_RECORD_CAMPAIGN,    /* campaign: id, state, ledger; options are not set */
    EFFECT_RECORD_AGENT,       /* agent */
    EFFECT_RECORD_LEAD,        /* lead */
    EFFECT_RECORD_ATTEMPT,     /* attempt */
    EFFECT_RECORD_RESERVATION, /* reservation */
    EFFECT_RECORD_DO_NOT_CALL, /* contact */
    /* acts */
    EFFECT_CLAIM_LEADS,       /* claim: EVENT_LEAD_CLAIMED for each lead, then EVENT_CLAIM_ENDED */
    EFFECT_PLACE_CALL,        /* place */
    EFFECT_ANSWER_CALL,       /* answer: what EVENT_CALL_ANSWERED is to be told */
    EFFECT_REDIRECT_CALL,     /* answer: told to a call that is already answered */
    EFFECT_HANG_UP_CALL,      /* attempt_id; when the call is not known yet, as soon as it is */
    EFFECT_POLL_CALL,         /* poll: EVENT_CALL_POLLED follows, unless the engine is silent */
    EFFECT_DIAL_AGENT_LEG,    /* leg */
    EFFECT_HANG_UP_AGENT_LEG, /* leg */
    EFFECT_POLL_AGENT_LEG,    /* leg: EVENT_AGENT_LEG_CONNECTED or _LOST follows */
    EFFECT_SCREEN_POP,        /* pop */
    EFFECT_REFUSE,            /* refuse: the event was not accepted; no such effect means it was */
    /* the numbers of kinds stand in journals, so what is new comes last */
    EFFECT_CANCEL_CALL, /* attempt_id; the same, but a call that was answered meanwhile is left
                                 alone: the engine asks what it is to be told */
    EFFECT_HOLD_CALL, /* hold: the customer hears music in the room, and is not heard; or no more */
    /* party: a third person, at a number the shell was told with the event */
    EFFECT_PLACE_PARTY,   /* ring it into the agent's room; EVENT_PARTY_NEWS follows */
    EFFECT_CHANGE_PARTY,  /* held, muted: as they are now */
    EFFECT_MOVE_PARTY,    /* into the attempt's own room */
    EFFECT_HANG_UP_PARTY, /* also while it rings */
    EFFECT_POLL_PARTY,    /* EVENT_PARTY_NEWS follows, unless the engine is silent */
    EFFECT_KIND_COUNT
};

enum pop_kind {
    POP_PREVIEW,  /* look at this lead until `until` */
    POP_DIALLING, /* it is being rung */
    POP_ANSWERED, /* the customer is coming into your room now */
};

enum { POLL_ROOMS_MAX = 5 };

struct effect {
    enum effect_kind kind;
    request_id request; /* of the event, for EFFECT_ANSWER_CALL and EFFECT_REFUSE */
    union {
        struct {
            campaign_id id;
            enum campaign_state state;
            struct abandonment_ledger ledger;
        } campaign;
        struct agent_record agent;
        struct lead_record lead;
        struct attempt_record attempt;
        struct reservation_record reservation;
        struct {
            number_id number;
            person_id person;
            attempt_id attempt; /* said in this one; 0: from elsewhere */
        } contact;
        struct {
            campaign_id campaign;
            uint64_t claim; /* to be given back by EVENT_CLAIM_ENDED */
            uint32_t count;
            instant due_before; /* leads fresh, or due, held or called back with due_at <= this; by
                                   callback first, then priority, due_at, id; only released ones */
        } claim;
        struct {
            attempt_id attempt;
            campaign_id campaign;
            lead_id lead;
            number_id number;
            agent_id agent; /* 0: chosen at answer */
            uint32_t ring_timeout_s;
        } place;
        struct {
            attempt_id attempt; /* of a stale answer: as the event named it */
            enum answer_action action;
            agent_id agent;       /* whose room, for ANSWER_JOIN */
            campaign_id campaign; /* whose message; 0: unknown */
        } answer;
        attempt_id attempt_id;
        struct {
            attempt_id attempt;
            uint32_t poll; /* to be given back in EVENT_CALL_POLLED */
            bool known;    /* false: no call is known for it; look for one by the attempt's id */
            /* The rooms in which it may be, to be looked into in this order: the one that it was told
             * to go to last is the last. 0: no more. */
            agent_id rooms[POLL_ROOMS_MAX];
        } poll;
        struct {
            agent_id agent;
            uint32_t serial;
        } leg;
        struct {
            attempt_id attempt;
            agent_id agent; /* in whose room it is */
            bool on;
        } hold;
        struct {
            attempt_id attempt;
            agent_id agent; /* in whose room */
            uint32_t serial;
            bool held, muted;
        } party;
        struct {
            enum pop_kind kind;
            agent_id agent;
            campaign_id campaign;
            lead_id lead;
            number_id number;
            attempt_id attempt; /* 0: preview */
            reservation_id reservation;
            instant until;
        } pop;
        struct {
            enum refusal refusal;
            instant until; /* from when it may be tried again; INSTANT_NEVER: not by waiting */
        } refuse;
    } of;
};

const char *effect_kind_name(enum effect_kind kind); /* "place-call" */
bool effect_is_record(enum effect_kind kind);
bool effect_waits_for_commit(enum effect_kind kind); /* of the acts */

#endif
