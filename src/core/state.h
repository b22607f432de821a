#ifndef CORE_STATE_H
#define CORE_STATE_H

#include "base/heap.h"
#include "base/rng.h"
#include "core/chain.h"
#include "core/dialer.h"
#include "core/id_index.h"
#include "core/slab.h"

/*
 * What the dialer holds in memory. For the core's own files only; everything here points into the
 * slabs of one dialer, and outside references are ids that are looked up at each event.
 */
enum timer_kind {
    TIMER_ATTEMPT,
    TIMER_AGENT, /* a preview's countdown, a wrap-up's limit */
    TIMER_LEG,
    TIMER_LEAD,
    TIMER_CAMPAIGN, /* the next claim */
    TIMER_RATE,
    TIMER_PARTY,
    TIMER_HOLD, /* of an attempt whose agent is gone: music begins */
};

struct timer {
    struct heap_node node;
    enum timer_kind kind;
};

/* Shared by all leads that have the number, or are the person; kept a while after the last one. */
struct number {
    number_id id;
    uint32_t uses, zone_set, flags;
    struct call_history history;
    struct calls_taken_back taken_back;
    struct chain leads;  /* lead_number.link */
    struct chain unused; /* in dialer.numbers_unused while uses is 0 */
};

struct person {
    person_id id;
    uint32_t uses, flags;
    struct call_history history;
    struct calls_taken_back taken_back;
    struct lead *holder; /* the lead that is in an attempt or preview */
    struct chain leads;  /* lead.of_person */
    struct chain unused;
};

enum lead_place {
    PLACE_NOWHERE,
    PLACE_QUEUED,  /* in campaign.due */
    PLACE_TIMED,   /* until its timer */
    PLACE_PARKED,  /* in agent.callbacks, until its timer at most */
    PLACE_PREVIEW, /* on an agent's screen */
    PLACE_ATTEMPT,
};

enum { LEVEL_COUNT = PRIORITY_MAX + 2 }; /* 0: callbacks, then by priority */

struct lead {
    struct timer timer;
    struct chain link; /* queue or parking */
    struct chain of_campaign, of_person, dirty;
    struct campaign *campaign;
    struct person *person;
    struct attempt *attempt;
    struct agent *agent; /* previewing, or parked at */
    enum lead_place place;
    bool withdrawn;
    uint8_t number_count;
    struct lead_number {
        struct number *number;
        struct lead *lead;
        struct chain link;
        uint32_t flags; /* CONTACT_DO_NOT_CALL_HERE or 0; the number's own are with the number */
    } numbers[LEAD_NUMBERS_MAX];
    struct lead_record record;
};

enum { OLD_ROOMS_MAX = POLL_ROOMS_MAX - 1 };

struct attempt {
    struct timer timer;
    struct chain of_campaign, waiting, dirty;
    struct campaign *campaign;
    struct lead *lead;
    struct agent *agent; /* whose live reservation it has */
    struct agent *room;  /* where the customer is, or was told to go */
    struct agent *old_rooms
        [OLD_ROOMS_MAX]; /* was told to leave, and may still be there; oldest first, NULL: no more */
    uint32_t polls;      /* asked in a row without an answer */
    uint32_t poll;       /* serial of the questions; grows with each state */
    uint32_t not_found;  /* answers in a row that it does not exist */
    uint32_t nudges;     /* times it was told its action again */
    instant message_until; /* told goodbye: by then the message is over */
    instant rings_until;   /* ordered, and not known: by then its order is no more on its way */
    instant told_at;       /* when the last order was given; 0: none since the start */
    instant
        unsettled_until; /* ordered here and there: what it is heard to leave may be a room of before */
    agent_id left;       /* the room it was last heard to leave, and not sent to again */
    struct {
        struct timer timer; /* how long silence may last */
        bool kept;          /* the agent's line is gone: hears music until it is back */
        bool told;          /* what the engine was told, or said, last */
        bool doubtful;      /* and it is not known whether that arrived */
    } hold;
    struct {
        struct timer timer;
        struct agent *room; /* where it is, or may still be */
        uint32_t polls;
    } party;
    bool doubtful;  /* recovered, and nothing heard of it yet */
    bool forgotten; /* recovered: what it was told before the death is not known */
    bool outlived;  /* was ordered of an engine that is gone: its answer may still come */
    bool known;     /* the engine was heard to have the call */
    bool appeared;  /* `recorded` is set */
    bool is_out, is_unguarded; /* as counted */
    struct attempt_record record, recorded;
};

struct membership {
    struct campaign *campaign; /* NULL: not in memory */
    struct agent *agent;
    campaign_id id;
    struct chain idle;
};

struct agent {
    struct timer timer, leg_timer;
    struct chain callbacks; /* leads parked for this agent */
    struct chain dirty;
    struct attempt *attempt;
    struct lead *preview;
    bool idle;            /* in the idle chains: may be given a call at once */
    uint32_t guests;      /* customers who are, or may still be, in the room */
    instant leg_deadline; /* end of the grace */
    uint32_t leg_tries, leg_polls;
    bool unseen;      /* since a start with calls of before nobody has looked who is in the room */
    bool leg_ask;     /* ask after the leg before dialling it anew */
    bool leg_leaving; /* told to hang up, and not yet known to have done so */
    uint32_t leaving; /* its serial */
    struct agent_record record;
    struct reservation_record reservation;
    uint8_t membership_count;
    struct membership memberships[AGENT_CAMPAIGNS_MAX];
};

struct hours_memo {
    instant from, until;
    struct verdict verdict;
};

struct campaign {
    struct timer timer;
    campaign_id id;
    enum campaign_state state;
    bool stopping; /* unanswered calls are canceled */
    struct campaign_options options;
    struct abandonment_ledger ledger;
    struct figures figures;
    uint64_t bit, shares; /* its own bit; campaigns that have an agent in common, itself included */
    uint64_t pass;        /* turns taken, over weight */
    struct chain due[LEVEL_COUNT];
    struct chain leads, attempts, idle, waiting;
    uint32_t due_count, lead_count, attempt_count, idle_count;
    uint32_t out;       /* attempts that may have a call */
    uint32_t unguarded; /* of them: not answered and without an agent */
    uint64_t claim;     /* open one; 0: none */
    uint32_t claim_asked, claim_got;
    uint32_t planned_since, refused_since; /* the last claim's end */
    uint32_t fruitless;
    instant claim_at;         /* not before; INSTANT_NEVER: nothing is waiting in the store */
    instant claim_meanwhile;  /* became due while the claim was out */
    struct hours_memo *hours; /* by zone set */
};

enum {
    STEPS_PER_FEED = 64,
    EFFECTS_PER_STEP = 12,
    EFFECTS_ROOM = STEPS_PER_FEED * EFFECTS_PER_STEP + 64
};

struct outbox {
    struct effect *effects;
    uint32_t count, taken;
};

/* Do not call: a number, a person or both; 0: not that. */
struct do_not_call_word {
    number_id number;
    person_id person;
};

enum { WORDS_MAX = 64 };

struct dialer {
    struct dialer_limits limits;
    struct rng rng;
    instant now;
    request_id request;
    bool recovered;
    bool held;         /* nothing new is begun */
    uint32_t doubtful; /* attempts */
    uint32_t steps;    /* done in this feed */
    bool unfinished;   /* work was left undone: due now */
    struct slab campaigns, agents, leads, numbers, persons, attempts;
    struct id_index campaign_ids, agent_ids, lead_ids, number_ids, person_ids, attempt_ids;
    struct chain numbers_unused, persons_unused; /* longest unused first */
    /* The last words about those for whom there was no room: facts on their way may not know them. */
    struct do_not_call_word words[WORDS_MAX];
    uint32_t word_next;
    struct chain dirty_leads, dirty_attempts, dirty_agents;
    struct heap timers;
    struct timer rate_timer;
    instant rate_next;
    uint64_t all;        /* campaigns in memory */
    uint64_t look;       /* of them: may have something to do */
    uint64_t pass;       /* of the campaign whose turn it was last */
    uint64_t record_due; /* campaigns whose record is to be written */
    uint32_t out;        /* as campaign.out, over all */
    uint32_t claims_asked;
    attempt_id attempt_next;
    reservation_id reservation_next;
    uint64_t claim_next;
    struct hours_memo *hours;
    struct attempt *answering; /* the one EVENT_CALL_ANSWERED asks about, until it is told */
    struct outbox records, acts;
};

static inline struct campaign *campaign_slot(const struct dialer *dialer, uint32_t slot)
{
    return slab_at(&dialer->campaigns, slot);
}

/* One more bounded step of work in this feed? */
static inline bool dialer_may_step(struct dialer *dialer)
{
    if (dialer->steps >= STEPS_PER_FEED) {
        dialer->unfinished = true;
        return false;
    }
    ++dialer->steps;
    return true;
}

void timer_set(struct dialer *dialer, struct timer *timer, instant at); /* NEVER: clears */
void timer_clear(struct dialer *dialer, struct timer *timer);

#endif
