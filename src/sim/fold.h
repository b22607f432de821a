#ifndef SIM_FOLD_H
#define SIM_FOLD_H

#include "base/table.h"
#include "core/effect.h"
#include "core/event.h"
#include "core/figures.h"

/*
 * What the records of a replayed journal come to: the last of each attempt, lead, agent, reservation and
 * campaign. It is what the store must hold, and what the next life must be told of.
 *
 *   fold_effect(&fold, &effect, fault, size)       an effect of the replay; false: with a sentence
 *   fold_event(&fold, &event, fault, size)         before the core is fed; false: what comes from the store
 *                                                  is not what was put there
 */
struct fold_attempt {
    struct attempt_record record;
    uint32_t orders; /* times its call was to be placed; more than one is a person called twice */
    uint32_t life;   /* in which it was made, or recovered last */
};

struct fold_agent {
    struct agent_record record;
    struct reservation_record reservation; /* the last; id 0: none */
};

struct fold_campaign {
    uint64_t id;
    enum campaign_state state;
};

struct fold {
    struct table attempts, leads, agents, campaigns; /* id -> struct fold_*, struct lead_record */
    uint32_t life;
    bool recovered; /* this life has ended its recovery */
    bool partial;   /* what was before is not known */
};

enum { FOLD_FAULT_SIZE = 240 };

void fold_init(struct fold *fold);
void fold_release(struct fold *fold);
void fold_life(struct fold *fold);
void fold_forget(struct fold *fold); /* all that is known; things may be met that are not */
bool fold_event(struct fold *fold, const struct event *event,
                char fault[FOLD_FAULT_SIZE]) must_check;
bool fold_effect(struct fold *fold, const struct effect *effect,
                 char fault[FOLD_FAULT_SIZE]) must_check;
/* Of the campaign's attempts. */
void fold_figures(const struct fold *fold, campaign_id campaign, struct figures *figures);

#endif
