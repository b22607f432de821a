#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/heap.h"
#include "base/rng.h"
#include "core/dialer.h"
#include "core/journal.h"
#include "sim/weather.h"

/*
 * A whole world around the real core: a store that commits late, an engine with a telephone network
 * behind it, agents at desks, and the weather. Everything happens on one line of time, by seed.
 *
 * A crash point is a moment at which the server, the engine or both can die: before and after each
 * act, before and after each commit, and between the two halves of what a commit sets off. A world
 * counts those it passes; the same world with `crash_at` set dies at that one.
 *
 *   world = world_new(seed, &options);
 *   world_run(world);                      stops at the first broken invariant: world_broken()
 *   world_free(world);
 */
enum crash_kind { CRASH_SERVER, CRASH_ENGINE, CRASH_BOTH, CRASH_KIND_COUNT };

struct world_options {
    uint64_t crash_at; /* the crash point, from 1 on; 0: none */
    enum crash_kind crash_kind;
    bool sweep;           /* no crashes but that one */
    bool calm;            /* and nothing else goes wrong */
    uint64_t events;      /* fed to the dialer before the world comes to rest */
    uint32_t audit_every; /* events between audits of the core's inside; 0: never */
    bool replay;          /* keep the journal, and replay it at the end */
    FILE *talk;           /* every event as it is fed; NULL: silent */
    FILE *journal;        /* the first life, as a server would write it; NULL: not */
};

enum { WORLD_NUMBERS_MAX = 4, TRAIL_SIZE = 400 };

struct world_ids {
    uint64_t *at;
    uint32_t count, room;
};

struct world_number {
    number_id id;
    uint32_t zone_set, flags;
    bool do_not_call;          /* the dialer was told */
    struct world_ids attempts; /* rows */
    struct world_ids rung;     /* instants at which calls were ordered that counted */
};

struct world_person {
    uint32_t flags;
    bool do_not_call;
    struct world_ids attempts, rung;
};

struct world_lead {
    struct lead_record row;  /* as committed */
    struct lead_record told; /* as the dialer told it last */
    struct heap_node due;    /* in its campaign's claimable leads */
    bool claimed;
    uint8_t number_count;
    agent_id promised; /* the call back, by whom and when, and under which plan of the campaign */
    instant promised_at;
    uint32_t promised_plan;
    instant mislaid_since; /* claimed, and not in memory */
    uint32_t mislaid_life;
    uint64_t mislaid_leaps;
    struct lead_record before; /* as told before the event ... */
    uint64_t before_in;        /* ... if it was told anew in it */
    bool withdrawn;            /* nobody hurries to ask for it again */
};

struct world_campaign {
    campaign_id id;
    enum campaign_state row, told;
    struct campaign_options options;
    struct heap claimable;
    bool gone;     /* finished */
    uint32_t plan; /* grows with each change of the options */
    instant hungry_since;
    uint32_t hungry_life;
    uint64_t hungry_leaps;
};

/* A call as the engine knows it. */
struct world_call {
    bool made, gone; /* gone: the engine was restarted since */
    bool ended;      /* for the dialer */
    bool disowned;   /* the dialer gave it up while it lived */
    bool machine;
    bool goodbye;     /* heard the message, or that there was an error */
    bool dismissed;   /* by an agent, with the button */
    bool handed_over; /* to a third person, who may leave at any time */
    /* what the server's shell remembers; 1 + the life in which it does */
    uint32_t open_life, named_life, ordering_life, end_life, answered_life;
    enum effect_kind end_wanted;
    uint32_t redirect_life;
    instant redirected_at;         /* the last redirect of that life arrives */
    struct attempt_record account; /* as the dialer told it last */
    enum call_status status;
    uint32_t step; /* serial of what it will do by itself */
    enum answer_action told;
    int room;                /* agent's place, or -1 */
    bool held;               /* hears music there */
    uint32_t hold_life;      /* 1 + the life in which the dialer put it on hold ... */
    bool hold_told;          /* ... or took it back, last */
    agent_id hold_agent;     /* in whose room */
    uint32_t hold_seen_life; /* 1 + the life in which the engine said that it is */
    instant forlorn_since;
    bool own_room; /* goes on with the third person */
    struct {
        uint32_t serial, step;
        bool lives;
        int place, to; /* agent's place, or one of third_place */
        instant forgotten_since;
    } third;
    lead_id lead;
    number_id number;
    instant ordered_at, answered_at, told_at;
    uint32_t seen_life, waits_life, unguarded_life; /* 1 + the life in which it was so */
    bool leapt;                                     /* the clock leapt while it waited */
    uint16_t sip_code;
    bool heard;   /* agent and customer were together */
    bool entered; /* was in a room, whoever else was there */
    uint32_t news_life,
        unasked_life;   /* 1 + the life that knows of the answer; that has not asked */
    uint64_t agents;    /* that it was given to; a bit each */
    uint64_t closed_in; /* the event */
    uint16_t word;      /* what an agent has said came of it; 0: nothing */
};

enum { HUNG_UP_MAX = 8, WORLD_CLOSED_MAX = 64 };

struct world_agent {
    struct agent_record row, told;
    struct reservation_record reservation;
    uint32_t leg;                                 /* serial of the leg that stands; 0: none */
    uint32_t hung_up[HUNG_UP_MAX], hung_up_count; /* the last ones that were told to */
    uint32_t guests;
    uint8_t campaign_count;
    campaign_id campaigns[AGENT_CAMPAIGNS_MAX];
    lead_id preview;    /* last on the screen */
    uint64_t picked_in; /* the event that reserved it, and since when it had waited */
    instant picked_since, wrap_until;
    uint32_t wrap_life, unasked_life;
    uint32_t looked_life; /* 1 + the life in which the room has been looked into */
    uint64_t wrap_leaps;
};

struct world_batch {
    struct effect *effects;
    uint32_t count, room;
};

struct world_statistics {
    uint64_t events, effects, calls, answered, bridged, abandoned, messages, crashes, restarts,
        polls, disowned, strays, refused, leaps, steps_back, outages, apologies;
};

/* The figures of a campaign, counted by other code than the core's. */
struct world_ledger {
    int64_t attempts, open, answered, live, abandoned, conversed, talk_us, hellos;
    int64_t by_state[ATTEMPT_STATE_COUNT], by_result[RESULT_COUNT];
};

struct world_mark {
    size_t journal;
    uint64_t digest;
};

struct world {
    uint64_t seed;
    struct world_options options;
    struct weather weather;
    struct rng rng;
    instant now;
    struct dialer *dialer;
    struct dialer_limits limits;
    bool up, resting; /* resting: no new trouble, agents finish */
    bool starting;    /* what is stored is being fed */
    uint32_t life;
    struct heap queue;
    struct happening *free_happenings;
    void **blocks;
    uint32_t block_count;
    struct world_campaign campaigns[WEATHER_CAMPAIGNS_MAX];
    struct world_lead *leads;
    struct world_number *numbers; /* leads * WORLD_NUMBERS_MAX; id - 1 */
    struct world_person *persons;
    struct world_agent *agents;
    struct attempt_record *rows; /* attempts as committed; id - 1 */
    struct world_call *calls;    /* id - 1 */
    uint32_t rows_room;
    attempt_id row_last;
    reservation_id reservation_last;
    struct world_batch *batches; /* ring of those not committed yet */
    uint32_t batch_first, batch_count, batch_room;
    instant commit_free_at;
    /* what is gone, until when; the clock's step back that the next start will see */
    instant store_gone_until, engine_silent_until, trunk_gone_until, behind;
    uint32_t held_life; /* 1 + the life in which dialling is held */
    bool engine_frozen; /* silent: it does nothing, and then all of it */
    uint64_t points;    /* crash points passed */
    attempt_id stray;   /* the call that spoke last, if it belongs to nobody */
    /* the crash that was asked for */
    bool struck, recovering;
    instant struck_at, started_at;
    uint64_t struck_events;
    int64_t recovered_us, served_us; /* since the crash, since the start; -1: not yet */
    struct event trail[TRAIL_SIZE];
    instant trail_at[TRAIL_SIZE];
    uint64_t trail_count;
    uint8_t *journal;
    size_t journal_size, journal_room, journal_life; /* journal_life: where this life begins */
    uint64_t effects_digest;
    struct journal_outcome outcome; /* of the event in hand */
    uint32_t outcomes;
    struct world_mark *marks; /* digests of the state on the way, for the replay */
    uint32_t mark_count, mark_room;
    struct world_ledger ledgers[WEATHER_CAMPAIGNS_MAX]; /* of all attempts, as told */
    struct world_ledger base[WEATHER_CAMPAIGNS_MAX];    /* of those closed before this life */
    instant rate_turn; /* when the last call was due by the rate, in that life */
    uint32_t planned_life;
    uint32_t unasked;            /* calls and legs of before the start, not yet asked after */
    attempt_id said_no, dropped; /* closed in the event in hand */
    struct {
        struct attempt_record attempt;
        struct lead_record lead; /* as it was before */
    } closed[WORLD_CLOSED_MAX];  /* in the event in hand */
    uint32_t closed_count;
    lead_id taken; /* from the line, last in the event in hand */
    int taken_level;
    instant leapt_at;
    uint32_t lead_looked_at;
    agent_id picked;
    campaign_id picked_for;
    bool broken;
    char complaint[256];
    struct world_statistics statistics;
};

struct world *world_new(uint64_t seed, const struct world_options *options);
void world_run(struct world *world);
void world_free(struct world *world);
void world_tell_trail(const struct world *world, FILE *out);

/* For the parts of the world. */
enum happening_kind {
    HAPPENING_DELIVER,  /* an event reaches the dialer, if it is up */
    HAPPENING_COMMIT,   /* the oldest batch */
    HAPPENING_ORDER,    /* EFFECT_PLACE_CALL reaches the engine */
    HAPPENING_ACT,      /* an effect about a call or a leg reaches the engine */
    HAPPENING_CALL,     /* a call does something by itself */
    HAPPENING_LEG,      /* a leg that was dialled stands, or fails */
    HAPPENING_LEG_LOST, /* weather */
    HAPPENING_PARTY,    /* a third person does something */
    HAPPENING_DESK,     /* an agent does something */
    HAPPENING_CRASH,
    HAPPENING_START,
    HAPPENING_ENGINE_RESTART,
    HAPPENING_QUESTION, /* the engine asks what to tell one who has answered */
    HAPPENING_LEAP,
    HAPPENING_STEP_BACK,
    HAPPENING_STORE_GONE,
    HAPPENING_ENGINE_SILENT,
    HAPPENING_TRUNK_GONE,
    HAPPENING_WATCH, /* the server looks whether all it needs is there, and holds dialling if not */
    HAPPENING_DO_NOT_CALL,
    HAPPENING_COMMAND,
    HAPPENING_REST,
};

struct happening {
    struct heap_node node;
    struct happening *next;
    enum happening_kind kind;
    uint32_t life;  /* of the server, for what belongs to it */
    uint64_t about; /* attempt or agent place */
    uint32_t serial;
    int64_t detail;
    union {
        struct event event;
        struct effect effect;
    } of;
};

struct happening *world_later(struct world *world, enum happening_kind kind, instant at);
instant world_way(struct world *world);                  /* how long something takes on its way */
instant world_spell(struct world *world, double mean_s); /* an exponential span */
void world_deliver(struct world *world, const struct event *event, instant at);
void world_post(struct world *world, const struct event *event);     /* may come late */
void world_callback(struct world *world, const struct event *event); /* may be lost, late, twice */
void world_feed(struct world *world, const struct event *event);
void world_break(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool world_chance(struct world *world, double probability);        /* never while resting */
struct world_call *world_call(struct world *world, attempt_id id); /* makes room */

/* Passes a crash point. True: the server has just died, and nothing more may be done in its name. */
bool world_point(struct world *world) must_check;

/* third_persons.c */
enum third_place { THIRD_RINGS = -2, THIRD_OWN_ROOM = -1 };
void third_act(struct world *world, const struct effect *effect);
void third_step(struct world *world, attempt_id id, uint32_t step, int64_t what);
void third_ends(struct world *world, attempt_id id);
void third_found(struct world *world, uint32_t agent); /* in that room */
void third_watch(struct world *world, const struct effect *effect);
void third_after(struct world *world);
void third_at_rest(struct world *world);

/* holds.c: whoever cannot talk to an agent hears music, and nobody does who can */
void holds_watch(struct world *world, const struct effect *effect);
void holds_hear(struct world *world, const struct event *event);
void holds_after(struct world *world);

void world_again(struct world *world, enum happening_kind kind, double mean_s); /* 0: never */

/* fortune.c */
void fortune_leap(struct world *world);
void fortune_wall_clock(struct world *world); /* is put back while the server runs */
void fortune_step_back(struct world *world);  /* and the next start finds it so */
void fortune_outage(struct world *world, enum happening_kind kind);
void fortune_watch(struct world *world);
void fortune_do_not_call(struct world *world);
void fortune_command(struct world *world);

/* relive.c */
void relive_event(struct world *world, const struct event *event);
void relive_effect(struct world *world, const struct effect *effect);
void relive_mark(struct world *world);
void relive_begin(struct world *world); /* a life */
void relive_life(struct world *world);

/* outcomes.c */
void outcomes_hear(struct world *world, const struct event *event);
void outcomes_attempt(struct world *world, const struct attempt_record *record);
void outcomes_lead(struct world *world, struct world_lead *lead); /* before it is told anew */
void outcomes_after(struct world *world);

/* hopper.c */
void hopper_planned(struct world *world, const struct attempt_record *record);
void hopper_claims(struct world *world, const struct effect *effect);
void hopper_after(struct world *world);

/* shell.c: the server around the core */
void shell_act(struct world *world, const struct effect *effect);
void shell_hear(struct world *world, const struct event *event);

/* keeper.c: the store */
void keeper_claim(struct world *world, const struct effect *effect);
/* For dialling by hand. False: it was handed out, and the core has let go of it since. */
bool keeper_claim_one(struct world *world, lead_id id);
void keeper_give_back(struct world *world, lead_id id); /* unless the core has it */
void keeper_take(struct world *world, const struct effect *effects, uint32_t count);
void keeper_commit(struct world *world);
void keeper_restart(struct world *world); /* the rows as events */
struct lead_facts keeper_facts(struct world *world, lead_id id);
void keeper_init(struct world *world);

/* phone_network.c: engine, network, people who are called */
/* tries: that found nobody there; ours: its sender lives; late: and waits no longer. */
void phone_network_order(struct world *world, const struct effect *effect, uint32_t tries,
                         bool ours, bool late);
void phone_network_stuck(struct world *world, const struct effect *effect);
void phone_network_act(struct world *world, const struct effect *effect);
void phone_network_step(struct world *world, attempt_id id, uint32_t step, int64_t what);
void phone_network_ask(struct world *world, attempt_id id, uint32_t tries);
/* tries: to ask what it is to do, from 1 on; 0: nobody picks up. */
void phone_network_leg(struct world *world, uint32_t agent, uint32_t serial, int64_t tries);
void phone_network_leg_lost(struct world *world, uint32_t agent, uint32_t serial);
void phone_network_leaves(struct world *world, attempt_id id); /* the customer */
void phone_network_restart(struct world *world);
void phone_network_drop(struct world *world); /* the trunk takes the customers with it */

/* people.c: agents */
void people_see(struct world *world, const struct effect *effect); /* what their page shows */
void people_do(struct world *world, uint32_t agent, int64_t what, instant since);
void people_start(struct world *world);
void people_reload(struct world *world, uint32_t agent, double mean_s); /* the page, once */

/* invariants.c */
void invariants_zones(struct dialer_limits *limits); /* a small world's zones */
void invariants_ordered(struct world *world, const struct effect *effect);
void invariants_not_ordered(struct world *world, attempt_id id);
void invariants_attempt(struct world *world, const struct attempt_record *record);
void invariants_call_over(struct world *world, attempt_id id); /* by order, while it was answered */
void invariants_restarted(struct world *world);
void invariants_after(struct world *world);
void invariants_at_rest(struct world *world);

bool invariants_open(const struct world *world, const struct calling_hours *hours,
                     uint32_t zone_set); /* now, in every zone of the set */

bool invariants_today(const struct world *world, uint32_t zone_set,
                      instant at); /* or later, in a zone of the set */
void invariants_edges(struct world *world);

/* refusals.c */
void refusals_lead(struct world *world, const struct lead_record *record);

/* promises.c: what people who are called were promised */
const struct event *world_fed(const struct world *world); /* the event in hand */
void promises_attempt(struct world *world, const struct attempt_record *record);
void promises_lead(struct world *world, const struct lead_record *record);
void promises_made(struct world *world, attempt_id id);
void promises_hear(struct world *world, const struct event *event);
void promises_after(struct world *world);
void promises_start(struct world *world);
void promises_restart(struct world *world, struct world_lead *lead); /* as its row says */
void promises_doubt(struct world *world, struct world_call *call);   /* found open by a start */
void promises_asked(struct world *world, struct world_call *call);
void promises_asked_leg(struct world *world, agent_id id);
void promises_all_asked(struct world *world);

/* turns.c: what agents were promised; before the record is taken down */
void turns_agent(struct world *world, const struct agent_record *record);
void turns_reservation(struct world *world, const struct reservation_record *record);
void turns_attempt(struct world *world, const struct attempt_record *record);
void turns_after(struct world *world);
void turns_gate(struct world *world, const struct attempt_record *record);

/* ledger.c */
void ledger_told(struct world *world, const struct attempt_record *record);
void ledger_restart(struct world *world); /* from the rows */
void ledger_check(struct world *world, campaign_id campaign);
void ledger_at_rest(struct world *world); /* the rows come to the same */

#endif
