#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "core/agent.h"
#include "core/attempt.h"
#include "core/campaign.h"
#include "core/ids.h"
#include "core/lead.h"

/*
 * What can happen to the dialer. Any event may come late, twice, out of order or never, except that
 * recovery events come before EVENT_RECOVERY_ENDED and nothing is dialled until that has come.
 *
 * A start, new or after a crash, is always:
 *   EVENT_CAMPAIGN_LOADED for each campaign that is not finished
 *   EVENT_AGENT_LOADED for each agent, as stored
 *   for each attempt stored as open: EVENT_LEAD_CLAIMED of its lead (state attempting as stored),
 *                                    then EVENT_ATTEMPT_RECOVERED
 *   EVENT_RECOVERY_ENDED
 * Leads stored as claimed without an open attempt are simply free again.
 */
enum event_kind {
    /* start and administration */
    EVENT_CAMPAIGN_LOADED,    /* campaign; also when one is created */
    EVENT_CAMPAIGN_CHANGED,   /* campaign: id and options; state and ledger are not read */
    EVENT_CAMPAIGN_COMMANDED, /* command */
    EVENT_AGENT_LOADED,       /* agent; also when one is created (record.activity offline) */
    EVENT_AGENT_CHANGED,      /* agent: id and campaigns */
    EVENT_AGENT_REMOVED,      /* agent_id; only when offline */
    EVENT_ATTEMPT_RECOVERED,  /* attempt */
    EVENT_RECOVERY_ENDED,
    /* leads */
    EVENT_LEAD_CLAIMED,   /* lead: one of those EFFECT_CLAIM_LEADS asked for */
    EVENT_CLAIM_ENDED,    /* claim: the answer is complete */
    EVENT_LEADS_ADDED,    /* campaign_id: an import was published, leads were changed: ask again */
    EVENT_LEAD_WITHDRAWN, /* lead_id: deleted or erased; an open call goes its way */
    EVENT_DO_NOT_CALL_ADDED, /* contact: number, person or both; takes effect at once. With a campaign it
                                is about a number in that one only, and stored already */
    /* the store */
    EVENT_ATTEMPT_COMMITTED, /* attempt_id: its planned record is safe; now it may be placed */
    /* calls; `call` unless noted */
    EVENT_CALL_PLACED,        /* the engine has taken the order */
    EVENT_CALL_PLACE_FAILED,  /* the engine refused it: no call exists */
    EVENT_CALL_PLACE_UNKNOWN, /* no answer to the order: it may exist */
    EVENT_CALL_STATUS,        /* status callback: status, sip_code, hello_us */
    EVENT_CALL_ANSWERED, /* the engine asks what to do: EFFECT_ANSWER_CALL follows in this feed,
                            always, with the same request */
    EVENT_CALL_JOINED,   /* the customer is in the room of call.agent; hello_us if known */
    EVENT_CALL_LEFT,     /* the customer left the room of call.agent */
    EVENT_CALL_POLLED,   /* answer to EFFECT_POLL_CALL: status (or CALL_NOT_FOUND), agent: in
                            whose room it is, 0 none; no event when the engine did not answer */
    EVENT_CALL_MACHINE,  /* detection is sure of a machine */
    /* agents */
    EVENT_AGENT_LOGGED_IN, /* activity: available or break, taken when the leg stands */
    EVENT_AGENT_ACTIVITY,  /* activity: available, break or offline (log out); kept as next activity
                              during a call; `forced` ends a reservation that has no answer yet */
    EVENT_AGENT_LEG_CONNECTED, /* leg: the agent is in the room */
    EVENT_AGENT_LEG_LOST,      /* leg: also when it could not be made */
    EVENT_AGENT_REJECTED,      /* reservation: not this one; the agent goes on break */
    EVENT_PREVIEW_ACCEPTED,    /* reservation */
    EVENT_PREVIEW_SKIPPED,     /* reservation */
    EVENT_PREVIEW_SNOOZED,     /* reservation, until */
    EVENT_MANUAL_DIALLED,      /* manual */
    EVENT_AGENT_HUNG_UP, /* reservation: the agent ends the conversation (or cancels the ringing) */
    EVENT_DISPOSITION_SAVED, /* disposition: during the call (kept until its end) or in wrap-up */
    /* the world */
    EVENT_VOICE_RESTARTED, /* ask after every call and every leg now */
    EVENT_CLOCK_LEAPT,     /* leap */
    EVENT_TIME_PASSED,
    /* leads again; the numbers of kinds stand in journals, so what is new comes last */
    EVENT_DO_NOT_CALL_REMOVED, /* contact: it was said by mistake. Blocked leads stay so */
    EVENT_DIALLING_HELD, /* held: from now on nothing new is claimed, shown, planned or placed, until
                            the same comes with false; calls that were placed go their way */
    EVENT_CALL_NOT_CARRIED, /* call: it is over, and never got beyond our own engine or trunk:
                               nobody's telephone rang, so it counts against nobody */
    EVENT_AGENT_PHONE_READY, /* agent_id: the agent's page has registered its phone: first, after it was
                                loaded again, or on another machine. Whatever line there is belongs to
                                a page that may be dead: dialled anew at once */
    EVENT_CUSTOMER_HOLD, /* hold: the agent puts the customer on hold, or takes the customer back */
    EVENT_CALL_TRANSFERRED, /* transfer: the customer goes to another agent, who is free; this one wraps up */
    EVENT_PARTY_ASKED, /* party: the agent wants a third person in the conversation, or something of it */
    EVENT_PARTY_NEWS, /* party_news: what became of it, from the engine */
    EVENT_MORE_TIME, /* agent_id: for the preview that is looked at, or the wrap-up: MORE_TIME more */
    EVENT_KIND_COUNT
};

enum party_act {
    PARTY_CONSULT = 0,  /* ring it, with the customer on hold */
    PARTY_ADD = 1,      /* ring it, all three together */
    PARTY_TRANSFER = 2, /* ring it, and hand over as soon as it is there */
    PARTY_HAND_OVER = 3,
    PARTY_ALL_TOGETHER = 4,
    PARTY_SWAP = 5, /* from talking to the one to talking to the other */
    PARTY_END = 6,
    PARTY_MUTE = 7,
    PARTY_UNMUTE = 8,
    PARTY_ACT_COUNT
};

enum party_news {
    PARTY_NEWS_RINGS = 0,
    PARTY_NEWS_JOINED = 1, /* the agent's room; also: is still there */
    PARTY_NEWS_LEFT = 2,   /* that room, or is not there; its call lives */
    PARTY_NEWS_ENDED = 3,  /* its call is over, or there is none */
    PARTY_NEWS_COUNT
};

struct event_call {
    attempt_id attempt;
    uint32_t poll; /* CALL_POLLED: of the EFFECT_POLL_CALL it answers */
    enum call_status status;
    uint16_t sip_code; /* 0: unknown */
    int64_t hello_us;  /* -1: unknown */
    agent_id agent;
    enum call_held held; /* CALL_POLLED: there */
};

struct event {
    enum event_kind kind;
    request_id request; /* comes back in EFFECT_REFUSE and EFFECT_ANSWER_CALL */
    union {
        struct campaign_facts campaign;
        campaign_id campaign_id;
        struct {
            campaign_id campaign;
            enum campaign_command command;
        } command;
        struct agent_facts agent;
        agent_id agent_id;
        struct attempt_record attempt;
        attempt_id attempt_id;
        struct lead_facts lead;
        lead_id lead_id;
        struct {
            campaign_id campaign;
            uint64_t claim;   /* of EFFECT_CLAIM_LEADS */
            uint32_t count;   /* leads handed over by it */
            bool failed;      /* the store could not; ask again later */
            instant next_due; /* earliest due_at among the leads left; INSTANT_NEVER: none waits */
        } claim;
        struct {
            number_id number;
            person_id person;
            campaign_id campaign; /* 0: all */
        } contact;
        struct event_call call;
        struct {
            agent_id agent;
            enum agent_activity activity;
            uint16_t break_code;
            bool forced;
        } activity;
        struct {
            agent_id agent;
            uint32_t serial;
            bool looked; /* by a look into the room: its guests have been told just before */
        } leg;
        struct {
            agent_id agent;
            reservation_id reservation; /* 0: whichever is live */
            uint16_t reason;            /* the agent's, for people */
            instant until;
        } reservation;
        struct {
            agent_id agent;
            uint8_t number_index;
            struct lead_facts lead; /* as claimed; if the core has it already, the core's is used */
        } manual;
        struct {
            agent_id agent;
            attempt_id attempt;
            uint16_t code;
            instant callback_at;     /* callback only */
            agent_id callback_agent; /* 0: anyone */
        } disposition;
        struct {
            agent_id agent;
            bool on;
        } hold;
        struct {
            agent_id agent, to;
        } transfer;
        struct {
            agent_id agent;
            enum party_act act;
        } party;
        struct {
            attempt_id attempt;
            uint32_t serial;
            enum party_news news;
        } party_news;
        bool held;
        instant
            leap; /* how far the clock was moved; after a step back (negative) the core's time, too,
                       * goes on from there: the one way in which it does */
    } of;
};

const char *event_kind_name(enum event_kind kind); /* "call-answered" */

#endif
