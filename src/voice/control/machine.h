#ifndef VOICE_CONTROL_MACHINE_H
#define VOICE_CONTROL_MACHINE_H

#include "base/heap.h"
#include "base/table.h"
#include "voice/control/chain.h"
#include "voice/control/control.h"
#include "voice/control/effects.h"
#include "wire/form.h"
#include "wire/phone_number.h"
#include "wire/sid.h"

/*
 * The inside of call control: what all of its files share. Nothing outside voice/control includes
 * this.
 *
 * Objects point at each other freely and are changed from deep inside a step, so nothing is freed
 * while the step lasts: what has ended is given to machine_bury and freed when the step is over.
 * Runs of TwiML that are to go on are put in line by machine_wake, so that documents without media
 * do not recurse.
 */
struct call;
struct run;

struct timer {
    struct heap_node node;
    void (*fire)(struct control *control, struct timer *timer);
};

/* A number of ours or a caller ID. */
struct line_number {
    struct chain_link link;
    char sid[SID_SIZE];
    char *number, *friendly_name;
    char *voice_url, *voice_method, *voice_fallback_url, *voice_fallback_method;
    char *status_callback, *status_callback_method;
};

struct application {
    struct chain_link link;
    char sid[SID_SIZE];
    char *friendly_name;
    char *voice_url, *voice_method, *voice_fallback_url, *voice_fallback_method;
    char *status_callback, *status_callback_method;
    instant created_at, updated_at;
};

struct grave {
    struct grave *next;
    void *object;
    void (*release)(void *object);
};

struct control {
    /* options */
    char account_sid[SID_SIZE];
    enum control_trunk trunk;
    char *auth_token, *account_name, *api_key_sid, *api_key_secret;
    struct line_number *numbers;
    size_t number_count;
    struct line_number *caller_ids;
    size_t caller_id_count;
    struct chain numbers_chain, caller_ids_chain; /* the same, for lists */
    struct line_number unlisted;
    char **allowed_prefixes;
    size_t allowed_prefix_count;
    unsigned calls_per_second, time_limit_s, webhook_retries;
    instant queue_age_max, ended_call_age_max;
    size_t live_call_count_max, ended_call_count_max;

    char *from_seen; /* the From of the last call, and its country */
    char from_seen_country[PHONE_COUNTRY_SIZE];

    instant started_at, now;
    struct sid_source sids;
    struct heap timers;
    struct effects effects;
    struct grave *graves;
    struct chain awake; /* runs to go on */
    uint64_t next_leg, next_room, next_play, next_fetch;

    struct table calls;          /* SID -> struct call */
    struct table legs;           /* leg -> struct call */
    struct table plays;          /* play -> struct run */
    struct table webhooks;       /* fetch -> struct webhook */
    struct table conferences;    /* SID -> struct conference */
    struct table callback_hosts; /* name -> struct callback_host */
    size_t callbacks_waiting;    /* in all lines */
    struct table rooms;          /* name -> live struct conference */

    struct chain calls_by_age, calls_live, calls_ended;
    struct chain conferences_by_age, conferences_ended;
    size_t conferences_live;
    struct chain applications;
    struct chain events, notifications; /* notes of all calls, oldest first */

    size_t legs_up;     /* from INVITE or arrival to CONTROL_LEG_ENDED */
    bool is_loaded;     /* the media path has no time for more */
    struct chain queue; /* calls waiting for the rate */
    instant rate_next;  /* when the bucket is full again, less its depth */
    struct timer rate_timer, sweep_timer;

    struct control_figures figures;
};

void timer_start(struct control *control, struct timer *timer, instant at,
                 void (*fire)(struct control *control, struct timer *timer));
void timer_stop(struct control *control, struct timer *timer);

void machine_bury(struct control *control, void *object, void (*release)(void *object));
void machine_wake(struct control *control, struct run *run);
/* The beginning of every step: time goes on, what was due before happens. */
void machine_step(struct control *control, instant now);
/* Runs what is awake and frees what is buried: the end of every step. */
void machine_settle(struct control *control);

static inline struct control_effect *effect_add(struct control *control,
                                                enum control_effect_kind kind, uint64_t leg)
{
    return effects_add(&control->effects, kind, leg);
}

struct application *machine_find_application(struct control *control,
                                             const char *sid);        /* or NULL */
struct application *machine_add_application(struct control *control); /* without SID and URLs yet */
void machine_forget_application(struct application *application);     /* frees it */

/* Tables that must not fail. */
void machine_put(struct table *table, const char *key, void *value);
void machine_put_id(struct table *table, uint64_t id, void *value);

#endif
