#ifndef CORE_CAMPAIGN_H
#define CORE_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "core/attempt.h"
#include "core/ids.h"
#include "core/refusal.h"
#include "core/rule_abandonment.h"
#include "core/rule_attempts.h"
#include "core/rule_calling_hours.h"

/* A purpose with a list, a mode and rules. */
enum campaign_state {
    CAMPAIGN_DRAFT = 0,
    CAMPAIGN_RUNNING = 1,
    CAMPAIGN_PAUSED = 2,   /* places nothing; calls that are out go their way */
    CAMPAIGN_DRAINING = 3, /* as paused, and becomes finished when the last call has ended */
    CAMPAIGN_FINISHED = 4,
    CAMPAIGN_STATE_COUNT
};

enum campaign_command {
    COMMAND_START = 0,
    COMMAND_PAUSE,
    COMMAND_DRAIN,
    COMMAND_STOP,
    COMMAND_COUNT
};

enum campaign_mode {
    MODE_MANUAL = 0,      /* agents dial by hand, under the same rules */
    MODE_PREVIEW = 1,     /* an agent sees the lead first, and says when */
    MODE_PROGRESSIVE = 2, /* one call per reserved agent */
    MODE_RATIO = 3, /* ratio_percent calls per hundred available agents; agent chosen at answer */
    MODE_COUNT
};

enum preview_default { PREVIEW_THEN_DIAL = 0, PREVIEW_THEN_SKIP, PREVIEW_DEFAULT_COUNT };

/* What follows from an agent's verdict. */
enum disposition_behaviour {
    DISPOSITION_DONE = 0,
    DISPOSITION_RETRY = 1,        /* due again after `delay` */
    DISPOSITION_CALLBACK = 2,     /* at the instant given with it */
    DISPOSITION_DO_NOT_CALL = 3,  /* blocks the person and the number everywhere */
    DISPOSITION_WRONG_NUMBER = 4, /* this number is dead for the lead; the next one, if any */
    DISPOSITION_MACHINE = 5,      /* as the result machine: its retry rule decides */
    DISPOSITION_BEHAVIOUR_COUNT
};

struct disposition {
    uint16_t code; /* > 0, one of its kind in the campaign; names are the shell's */
    enum disposition_behaviour behaviour;
    instant delay;
};

/* After a result: again after `delay`, until the result has come `times_max` times (0: never
 * again). While other numbers of the lead have not been tried in this round, the next one comes
 * first, after `alternate_delay`. */
struct retry_rule {
    instant delay, alternate_delay;
    uint8_t times_max;
    bool alternates;
};

enum { DISPOSITIONS_MAX = 32 };

#define RING_TIMEOUT_MIN (15 * SECOND)
#define ANSWER_WAIT_MAX (2 * SECOND)

struct campaign_options {
    enum campaign_mode mode;
    uint32_t ratio_percent;   /* 100..300 */
    uint32_t weight;          /* 1..1000: share of agents between campaigns that share them */
    uint32_t calls_max;       /* out at once; 0: only the node's limit */
    instant ring_timeout;     /* RING_TIMEOUT_MIN..120 s; manual from 5 s */
    instant answer_wait_max;  /* 0..ANSWER_WAIT_MAX from the answer */
    instant wrap_up_max;      /* 1 s..1 h */
    uint16_t wrap_up_default; /* disposition when the limit passes; one of `dispositions` */
    instant preview_max;      /* countdown of a preview, 1 s..1 h */
    enum preview_default preview_default;
    uint32_t more_time_max; /* 0..100: so often 30 s more may be had, of a preview or a wrap-up */
    instant skip_delay;     /* a skipped preview is due again after this */
    instant
        callback_agent_wait;    /* a personal callback waits this long for its agent, then anyone */
    uint32_t lead_attempts_max; /* 0: no limit */
    struct attempt_caps number_caps, person_caps;
    struct calling_hours hours;
    struct abandonment_rule abandonment; /* only ratio places beyond it */
    struct retry_rule retry[RESULT_COUNT];
    uint32_t disposition_count;
    struct disposition dispositions[DISPOSITIONS_MAX];
    uint32_t hopper_low,
        hopper_high; /* leads in memory: below low, claim up to high; 1..HOPPER_MAX */
};

enum { HOPPER_MAX = 2000 };

struct campaign_facts {
    campaign_id id;
    enum campaign_state state;
    struct abandonment_ledger ledger;
    struct campaign_options options;
};

/* Progressive, 8-21, 25 s ring, 60 s wrap-up, 3 per day and number, sensible retries, and
 * dispositions 1 done, 2 retry (1 h), 3 callback, 4 do not call, 5 wrong number, 6 machine;
 * default 1. */
struct campaign_options campaign_options_default(void);
/* REFUSED_NOT, or REFUSED_OPTIONS with *wrong naming the field ("ring_timeout"). wrong may be NULL.
 */
enum refusal campaign_options_check(const struct campaign_options *options, const char **wrong);
const struct disposition *campaign_disposition(const struct campaign_options *options,
                                               uint16_t code);

const char *campaign_state_name(enum campaign_state state);
const char *campaign_mode_name(enum campaign_mode mode);
const char *campaign_command_name(enum campaign_command command);
const char *preview_default_name(enum preview_default choice); /* "dial", "skip" */
const char *disposition_behaviour_name(enum disposition_behaviour behaviour);
bool campaign_state_from_name(const char *name, size_t size, enum campaign_state *state);
bool campaign_mode_from_name(const char *name, size_t size, enum campaign_mode *mode);
bool campaign_command_from_name(const char *name, size_t size, enum campaign_command *command);
bool preview_default_from_name(const char *name, size_t size, enum preview_default *choice);
bool disposition_behaviour_from_name(const char *name, size_t size,
                                     enum disposition_behaviour *behaviour);
bool campaign_may_become(enum campaign_state from, enum campaign_state to);

#endif
