#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "core/dialer.h"
#include "core/journal.h"
#include "figure.h"

/*
 * How many events a second does the core take with 2,000 agents and as many calls, and how long does
 * the slowest one hold the loop? Each call lives its whole life: claimed, planned, committed, placed,
 * rung, answered, joined, left, ended, wrapped up. Agents are chosen at answer (ratio), the dearest
 * mode. And what it costs to write each event into the journal: its bytes, the hash of its effects, and the
 * hash of the state that stands there now and then.
 */
enum { JOURNAL_SAMPLE = 16, STATE_SAMPLE = 64, EFFECTS_KEPT = 1024 };
enum { AGENTS = 2000, ATTEMPTS = 6000, LEADS = 12000, EVENTS = 2000000, QUEUE = 1 << 16 };

struct bench {
    struct dialer *dialer;
    struct rng rng;
    struct event queue[QUEUE]; /* to be fed, oldest first */
    uint32_t first, last;
    uint64_t events, effects, answers, joined;
    instant now;
    lead_id lead_next;
    double slowest_us, answer_us[EVENTS / 8];
    double journal_us, state_us, state_slowest_us;
    uint64_t journaled, states;
    struct effect kept[EFFECTS_KEPT];
};

/* CPU time: a neighbour's turn on this core is not ours. */
static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct event *later(struct bench *bench, enum event_kind kind)
{
    struct event *event = &bench->queue[bench->last++ % QUEUE];

    check(bench->last - bench->first < QUEUE);
    *event = (struct event){.kind = kind};
    return event;
}

static void call_later(struct bench *bench, enum event_kind kind, attempt_id attempt,
                       enum call_status status, agent_id agent)
{
    later(bench, kind)->of.call =
        (struct event_call){.attempt = attempt, .status = status, .hello_us = -1, .agent = agent};
}

static void claim(struct bench *bench, const struct effect *effect)
{
    struct event *ended;

    for (uint32_t i = 0; i < effect->of.claim.count; ++i) {
        struct lead_facts *facts = &later(bench, EVENT_LEAD_CLAIMED)->of.lead;

        facts->record = (struct lead_record){.id = ++bench->lead_next,
                                             .campaign = effect->of.claim.campaign,
                                             .person = bench->lead_next,
                                             .priority = PRIORITY_NORMAL};
        facts->number_count = 1;
        facts->numbers[0].id = bench->lead_next;
    }
    ended = later(bench, EVENT_CLAIM_ENDED);
    ended->of.claim.campaign = effect->of.claim.campaign;
    ended->of.claim.claim = effect->of.claim.claim;
    ended->of.claim.count = effect->of.claim.count;
    ended->of.claim.next_due = bench->now;
}

/* What a world without trouble does: half the people answer, talk and leave. */
static void react(struct bench *bench, const struct effect *effect)
{
    const struct attempt_record *attempt = &effect->of.attempt;

    if (effect->kind == EFFECT_CLAIM_LEADS) {
        claim(bench, effect);
    } else if (effect->kind == EFFECT_RECORD_ATTEMPT && attempt->state == ATTEMPT_PLANNED &&
               !attempt->ordered_at) {
        later(bench, EVENT_ATTEMPT_COMMITTED)->of.attempt_id = attempt->id;
    } else if (effect->kind == EFFECT_PLACE_CALL) {
        attempt_id id = effect->of.place.attempt;

        call_later(bench, EVENT_CALL_PLACED, id, CALL_QUEUED, 0);
        call_later(bench, EVENT_CALL_STATUS, id, CALL_RINGING, 0);
        if (rng_chance(&bench->rng, 0.5))
            call_later(bench, EVENT_CALL_ANSWERED, id, CALL_IN_PROGRESS, 0);
        else
            call_later(bench, EVENT_CALL_STATUS, id, CALL_NO_ANSWER, 0);
    } else if (effect->kind == EFFECT_ANSWER_CALL || effect->kind == EFFECT_REDIRECT_CALL) {
        attempt_id id = effect->of.answer.attempt;
        agent_id agent = effect->of.answer.agent;
        struct event *saved;

        if (effect->of.answer.action != ANSWER_JOIN) {
            call_later(bench, EVENT_CALL_STATUS, id, CALL_COMPLETED, 0);
            return;
        }
        ++bench->joined;
        call_later(bench, EVENT_CALL_JOINED, id, CALL_IN_PROGRESS, agent);
        call_later(bench, EVENT_CALL_LEFT, id, CALL_IN_PROGRESS, agent);
        call_later(bench, EVENT_CALL_STATUS, id, CALL_COMPLETED, 0);
        saved = later(bench, EVENT_DISPOSITION_SAVED);
        saved->of.disposition.agent = agent;
        saved->of.disposition.attempt = id;
        saved->of.disposition.code = 1;
    }
}

/* As the server does it, for one event of some. */
static void journal(struct bench *bench, const struct event *event, uint32_t effects)
{
    uint8_t bytes[JOURNAL_EVENT_MAX + JOURNAL_OUTCOME_MAX];
    struct journal_outcome outcome = {.effect_count = 0};
    double began = seconds(), took;
    size_t size = journal_encode(bench->now, event, bytes);

    for (uint32_t i = 0; i < effects && i < EFFECTS_KEPT; ++i)
        journal_outcome_add(&outcome, &bench->kept[i]);
    journal_encode_outcome(&outcome, bytes + size);
    bench->journal_us += (seconds() - began) * 1e6;
    ++bench->journaled;
    if (bench->events % STATE_SAMPLE)
        return;
    began = seconds();
    outcome.state = dialer_digest_part(bench->dialer, (uint32_t)bench->states);
    took = (seconds() - began) * 1e6;
    bench->state_us += took;
    ++bench->states;
    if (took > bench->state_slowest_us)
        bench->state_slowest_us = took;
}

static void feed(struct bench *bench, const struct event *event)
{
    struct effect effect;
    uint32_t effects = 0;
    double began = seconds(), took;

    dialer_feed(bench->dialer, bench->now, event);
    took = (seconds() - began) * 1e6;
    if (took > bench->slowest_us)
        bench->slowest_us = took;
    if (event->kind == EVENT_CALL_ANSWERED && bench->answers < array_count(bench->answer_us))
        bench->answer_us[bench->answers++] = took;
    ++bench->events;
    while (dialer_drain(bench->dialer, &effect)) {
        ++bench->effects;
        if (effects < EFFECTS_KEPT)
            bench->kept[effects] = effect;
        ++effects;
        react(bench, &effect);
    }
    if (bench->events % JOURNAL_SAMPLE == 0)
        journal(bench, event, effects);
}

static void open_floor(struct bench *bench)
{
    struct dialer_limits limits = dialer_limits_default();
    struct event event = {.kind = EVENT_CAMPAIGN_LOADED};

    limits.agents_max = AGENTS;
    limits.attempts_max = limits.calls_max = ATTEMPTS;
    limits.leads_max = LEADS;
    limits.numbers_max = 4 * LEADS;
    limits.talk_check = HOUR;
    bench->dialer = dialer_new(&limits, 1);
    check(bench->dialer != NULL);
    for (campaign_id id = 1; id <= 4; ++id) {
        event.of.campaign = (struct campaign_facts){
            .id = id, .state = CAMPAIGN_RUNNING, .options = campaign_options_default()};
        event.of.campaign.options.mode = MODE_RATIO;
        event.of.campaign.options.hopper_low = 500;
        event.of.campaign.options.hopper_high = 1000;
        event.of.campaign.options.abandonment.ceiling_per_mille = 0;
        feed(bench, &event);
    }
    for (agent_id id = 1; id <= AGENTS; ++id) {
        event = (struct event){.kind = EVENT_AGENT_LOADED};
        event.of.agent.record.id = id;
        event.of.agent.record.leg = LEG_CONNECTED;
        event.of.agent.record.leg_serial = 1;
        event.of.agent.record.activity = AGENT_AVAILABLE;
        for (uint8_t i = 0; i < 4; ++i)
            event.of.agent.campaigns[i] = (campaign_id)i + 1;
        event.of.agent.campaign_count = 4;
        feed(bench, &event);
    }
    feed(bench, &(struct event){.kind = EVENT_RECOVERY_ENDED});
    for (agent_id id = 1; id <= AGENTS; ++id) {
        event = (struct event){.kind = EVENT_AGENT_LEG_CONNECTED};
        event.of.leg.agent = id;
        event.of.leg.serial = 1;
        feed(bench, &event);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* A floor of agents and calls for so many events; the figures of this run. */
static void run(struct bench *bench, uint64_t seed, uint64_t events, struct figure_runs *rates,
                struct figure_runs *answers, struct figure_runs *slowest,
                struct figure_runs *journals, struct figure_runs *states)
{
    double began;

    memset(bench, 0, sizeof(*bench));
    bench->now = 1763985600 * SECOND;
    bench->rng = rng_from_seed(seed);
    open_floor(bench);
    bench->events = bench->effects = bench->answers = bench->joined = 0;
    bench->slowest_us = bench->journal_us = bench->state_us = bench->state_slowest_us = 0;
    bench->journaled = bench->states = 0;
    began = seconds();
    while (bench->events < events) {
        instant deadline = dialer_deadline(bench->dialer);

        bench->now += 20;
        if (deadline <= bench->now || bench->first == bench->last) {
            if (deadline != INSTANT_NEVER)
                bench->now = instant_max(bench->now, deadline);
            feed(bench, &(struct event){.kind = EVENT_TIME_PASSED});
        } else {
            struct event event = bench->queue[bench->first++ % QUEUE];

            feed(bench, &event);
        }
    }
    figure_add(rates, (double)bench->events / (seconds() - began));
    qsort(bench->answer_us, bench->answers, sizeof(double), by_size);
    figure_add(answers, bench->answer_us[bench->answers * 99 / 100]);
    figure_add(slowest, bench->slowest_us);
    figure_add(journals, bench->journal_us / (double)bench->journaled);
    figure_add(states, bench->state_us / (double)bench->states);
    fprintf(stderr, "core: the slowest hash of the state %.0f us\n", bench->state_slowest_us);
    dialer_free(bench->dialer);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct figure_runs rates = {0}, answers = {0}, slowest = {0};
    struct figure_runs journals = {0}, states = {0};
    const char *load = "2000 agents, 4 campaigns, ratio";

    for (uint64_t i = 1; i <= FIGURE_RUNS; i++)
        run(&bench, i, figure_is_quick(argc, argv) ? EVENTS / 4 : EVENTS, &rates, &answers,
            &slowest, &journals, &states);
    figure_print(&(struct figure){.bench = "core",
                                  .name = "core: events",
                                  .unit = "events/CPU-s",
                                  .load = load,
                                  .runs = &rates});
    figure_print(&(struct figure){.bench = "core",
                                  .name = "core: decision at an answer, p99",
                                  .unit = "us",
                                  .load = load,
                                  .runs = &answers});
    figure_print(&(struct figure){.bench = "core",
                                  .name = "core: slowest event",
                                  .unit = "us",
                                  .load = load,
                                  .runs = &slowest});
    figure_print(&(struct figure){.bench = "core",
                                  .name = "core: an event into the journal",
                                  .unit = "us",
                                  .load = load,
                                  .runs = &journals});
    figure_print(&(struct figure){.bench = "core",
                                  .name = "core: hash of a part of the state, every 64 events",
                                  .unit = "us",
                                  .load = "2000 agents, some 4000 leads in memory",
                                  .runs = &states});
    return 0;
}
