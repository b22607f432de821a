#ifndef SIM_WEATHER_H
#define SIM_WEATHER_H

#include <stdint.h>

#include "base/instant.h"
#include "base/rng.h"
#include "core/campaign.h"

/*
 * What kind of day it is. Every seed mixes another one: how people answer, what gets lost, late or
 * doubled on the way, how slow the store is, and what breaks.
 */
enum { WEATHER_CAMPAIGNS_MAX = 4 };

struct weather {
    double share; /* of the kinds of trouble that this day has: 0 calm, 1 all of them */
    bool night;   /* it begins shortly before the clocks are changed, and calling is allowed then */
    /* size */
    uint32_t campaigns, agents, leads, numbers_per_lead_max;
    /* people called */
    double answers, busy, invalid, fails, machines; /* the rest lets it ring */
    double answer_s, talk_s;                        /* means */
    double quick_hang_up;                           /* leaves within a second of answering */
    /* the way to the engine and back */
    double callback_lost, callback_doubled, callback_late, question_lost;
    double delay_s; /* mean of every way */
    double slow;    /* share of ways that take a hundred times as long */
    double order_lost, order_unanswered, order_refused, act_lost, poll_lost;
    /* the store */
    double commit_s, stall; /* mean; share of commits that take seconds */
    double claim_fails;
    /* desks */
    double wrap_s, dispositions_forgotten, breaks, log_outs, refuses, skips, hang_ups;
    double leg_fails;
    double leg_lost_every_s; /* mean, per agent; 0: never */
    double transfers;        /* share of calls that are handed to a colleague */
    double third_persons;    /* share of calls into which somebody else is rung */
    double holds;            /* share of calls that are put on hold, or taken back */
    double reload_every_s; /* the page is loaded again, or opened elsewhere: its phone registers */
    /* misfortune, means between; 0: never */
    double crash_at_answer,
        crash_at_order; /* share of those moments that the server does not outlive */
    double crash_every_s, engine_restart_every_s, leap_every_s, step_back_every_s,
        do_not_call_every_s, command_every_s;
    /* what is gone for a while, and for how long: means between, and means */
    double store_gone_every_s, store_gone_s;
    double engine_silent_every_s, engine_silent_s;
    double trunk_gone_every_s, trunk_gone_s;
    instant starts_at;
    struct campaign_options options[WEATHER_CAMPAIGNS_MAX];
};

struct weather weather_of(uint64_t seed);
/* For the crash sweep: a short, busy life in which nothing else dies. */
void weather_keep_alive(struct weather *weather);
void weather_calm(struct weather *weather); /* nothing is lost, late or gone */
struct campaign_options weather_options(struct rng *rng);

#endif
