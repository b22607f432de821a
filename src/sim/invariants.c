#include <stdlib.h>

#include "sim/world.h"

/*
 * What must hold whatever the weather, told from the outside: what was ordered, who was rung, where
 * people ended up. The core's own inside is audited by dialer_audit().
 */
enum { ZONES = 7, SETS = 9, YEARS = 4, FIRST_YEAR = 2025 };

static instant second_sunday(int year, int month, int which, int hour)
{
    struct civil civil = {.year = year, .month = month, .day = 1, .hour = hour};
    struct civil back;

    instant_to_civil(instant_from_civil(&civil), &back);
    civil.day = 1 + (7 - back.weekday) % 7 + 7 * (which - 1);
    return instant_from_civil(&civil);
}

/* Chatham's sister: zones east and west, with and without changes of clocks, and one of 45 minutes. */
void invariants_zones(struct dialer_limits *limits)
{
    static instant transitions[ZONES][YEARS * 2];
    static int32_t offsets[ZONES][YEARS * 2 + 1];
    static struct zone zones[ZONES];
    static const int32_t standard[ZONES] = {0,     -5 * 3600, -8 * 3600, 3600,
                                            19800, 45900,     -10 * 3600};
    static const uint16_t members[] = {0, 1, 2, 3, 4, 5, 6, 1, 2, 0, 1};
    static const struct zone_set sets[SETS] = {
        {3, members},     {1, members},     {1, members + 1}, {1, members + 2}, {1, members + 3},
        {1, members + 4}, {1, members + 5}, {1, members + 6}, {2, members + 7},
    };

    for (int i = 0; i < ZONES; ++i) {
        bool changes = i == 1 || i == 2 || i == 3;

        for (int y = 0; y < YEARS && changes; ++y) {
            transitions[i][2 * y] = second_sunday(FIRST_YEAR + y, 3, 2, 2) - standard[i] * SECOND;
            transitions[i][2 * y + 1] =
                second_sunday(FIRST_YEAR + y, 11, 1, 1) - standard[i] * SECOND;
        }
        for (int t = 0; t <= YEARS * 2; ++t)
            offsets[i][t] = standard[i] + (t % 2 ? 3600 : 0);
        zones[i] = (struct zone){changes ? YEARS * 2 : 0, transitions[i], offsets[i]};
    }
    limits->zone_count = ZONES;
    limits->zones = zones;
    limits->zone_set_count = SETS;
    limits->zone_sets = sets;
}

/* By plain counting, not by the core's own functions. */
static instant offset_at(const struct zone *zone, instant at)
{
    uint32_t past = 0;

    while (past < zone->transition_count && zone->transitions[past] <= at)
        ++past;
    return zone->offsets_s[past] * SECOND;
}

bool invariants_open(const struct world *world, const struct calling_hours *hours,
                     uint32_t zone_set)
{
    const struct zone_set *set = &world->limits.zone_sets[zone_set];

    for (uint32_t i = 0; i < set->zone_count; ++i) {
        struct civil local;
        int minute;
        bool open = false;

        instant_to_civil(world->now + offset_at(&world->limits.zones[set->zones[i]], world->now),
                         &local);
        minute = local.hour * 60 + local.minute;
        for (int w = 0; w < HOURS_WINDOWS_MAX; ++w) {
            const struct hours_window *window = &hours->days[local.weekday][w];

            open |= window->open_minute <= minute && minute < window->close_minute;
        }
        if (!open)
            return false;
    }
    return true;
}

static uint32_t rung_since(const struct world_ids *rung, instant since)
{
    uint32_t count = 0;

    for (uint32_t i = rung->count; i--;)
        count += (instant)rung->at[i] > since;
    return count;
}

/* A day is what the calendar says, in each zone of the number. */
static int64_t day_of(const struct zone *zone, instant at)
{
    instant local = at + offset_at(zone, at);

    return local / DAY - (local % DAY < 0);
}

bool invariants_today(const struct world *world, uint32_t zone_set, instant at)
{
    const struct zone_set *set = &world->limits.zone_sets[zone_set];
    bool today = false;

    for (uint32_t i = 0; i < set->zone_count; ++i) {
        const struct zone *zone = &world->limits.zones[set->zones[i]];

        today |= day_of(zone, at) >= day_of(zone, world->now);
    }
    return today;
}

/* On either side of each change of clocks the core knows the time as plain counting does. */
void invariants_edges(struct world *world)
{
    for (uint32_t i = 0; i < world->limits.zone_count; ++i) {
        const struct zone *zone = &world->limits.zones[i];

        for (uint32_t t = 0; t < zone->transition_count; ++t)
            for (instant at = zone->transitions[t] - 1; at <= zone->transitions[t] + 1; ++at)
                if (zone_local(zone, at) != at + offset_at(zone, at))
                    world_break(world, "zone %u: the clock is wrong when it is changed", i);
    }
}

static void check_day(struct world *world, uint32_t cap, const struct world_ids *rung,
                      uint32_t zone_set, const char *whose, uint64_t id)
{
    const struct zone_set *set = &world->limits.zone_sets[zone_set];

    for (uint32_t i = 0; cap && i < set->zone_count; ++i) {
        const struct zone *zone = &world->limits.zones[set->zones[i]];
        uint32_t count = 0;

        for (uint32_t j = rung->count; j--;)
            count += day_of(zone, (instant)rung->at[j]) == day_of(zone, world->now);
        if (count >= cap)
            world_break(world, "%s %llu is rung more often than allowed in a day", whose,
                        (unsigned long long)id);
    }
}

static void check_caps(struct world *world, const struct attempt_caps *caps,
                       const struct world_ids *rung, const char *whose, uint64_t id)
{
    instant now = world->now;

    if (caps->lifetime && rung->count >= caps->lifetime)
        world_break(world, "%s %llu is rung more often than allowed at all", whose,
                    (unsigned long long)id);
    if (caps->per_24_hours && rung_since(rung, now - DAY) >= caps->per_24_hours)
        world_break(world, "%s %llu is rung more often than allowed in 24 hours", whose,
                    (unsigned long long)id);
    if (caps->per_7_days && rung_since(rung, now - 7 * DAY) >= caps->per_7_days)
        world_break(world, "%s %llu is rung more often than allowed in 7 days", whose,
                    (unsigned long long)id);
    if (caps->gap && rung_since(rung, now - caps->gap) > 0)
        world_break(world, "%s %llu is rung again too soon", whose, (unsigned long long)id);
}

/* Asked at the instant the core orders a call. */
static void ordered(struct world *world, const struct effect *effect)
{
    const struct world_lead *lead = &world->leads[effect->of.place.lead - 1];
    struct world_number *number = &world->numbers[effect->of.place.number - 1];
    struct world_person *person = &world->persons[lead->row.person - 1];
    const struct campaign_options *options =
        &world->campaigns[effect->of.place.campaign - 1].options;
    struct attempt_record record;

    if (number->do_not_call || person->do_not_call)
        world_break(world, "lead %llu is on the do-not-call list",
                    (unsigned long long)lead->row.id);
    if (number->flags & (CONTACT_EMERGENCY | CONTACT_PREMIUM))
        world_break(world, "number %llu may never be called", (unsigned long long)number->id);
    if (!invariants_open(world, &options->hours, number->zone_set))
        world_break(world, "number %llu is rung outside its hours", (unsigned long long)number->id);
    check_caps(world, &options->number_caps, &number->rung, "number", number->id);
    check_caps(world, &options->person_caps, &person->rung, "person", lead->row.person);
    check_day(world, options->number_caps.per_day, &number->rung, number->zone_set, "number",
              number->id);
    check_day(world, options->person_caps.per_day, &person->rung, number->zone_set, "person",
              lead->row.person);
    if (effect->of.place.ring_timeout_s != (options->ring_timeout + SECOND - 1) / SECOND)
        world_break(world, "attempt %llu is to ring for another time than its campaign says",
                    (unsigned long long)effect->of.place.attempt);
    if (!dialer_attempt(world->dialer, effect->of.place.attempt, &record))
        world_break(world, "a call is ordered for no attempt");
    else if (!effect->of.place.agent && !record.unguarded)
        world_break(world, "a guarded call is ordered without its agent");
    if (world->campaigns[effect->of.place.campaign - 1].told != CAMPAIGN_RUNNING)
        world_break(world, "a call is ordered for a campaign that does not run");
    if (options->ring_timeout < RING_TIMEOUT_MIN && options->mode != MODE_MANUAL)
        world_break(world, "it would ring too shortly");
}

static void remember_ring(struct world_ids *ids, instant at)
{
    if (ids->count == ids->room) {
        uint32_t room = ids->room ? ids->room * 2 : 8;
        uint64_t *more = realloc(ids->at, room * sizeof(*more));

        check(more != NULL);
        ids->at = more;
        ids->room = room;
    }
    ids->at[ids->count++] = (uint64_t)at;
}

/* Or was, when the call was ordered: the same event may have given the agent something else right after. */
static bool is_idle(const struct world *world, const struct agent_record *record)
{
    return record->leg == LEG_CONNECTED &&
           (record->activity == AGENT_AVAILABLE ||
            (record->activity == AGENT_RESERVED && record->since == world->now));
}

/* Zero agents, zero calls ahead of them. */
static uint32_t agents_idle(const struct world *world, campaign_id campaign)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < world->weather.agents; ++i) {
        struct agent_facts facts;

        if (!dialer_agent(world->dialer, i + 1, &facts) || !is_idle(world, &facts.record))
            continue;
        for (uint8_t c = 0; c < facts.campaign_count; ++c)
            count += facts.campaigns[c] == campaign;
    }
    return count;
}

void invariants_ordered(struct world *world, const struct effect *effect)
{
    const struct world_lead *lead = &world->leads[effect->of.place.lead - 1];

    ordered(world, effect);
    if (!effect->of.place.agent && !agents_idle(world, effect->of.place.campaign))
        world_break(world, "a call is placed ahead of agents, and there is none");
    world_call(world, effect->of.place.attempt)->ordered_at = world->now;
    remember_ring(&world->numbers[effect->of.place.number - 1].rung, world->now);
    remember_ring(&world->persons[lead->row.person - 1].rung, world->now);
}

static void forget_ring(struct world_ids *ids, instant at)
{
    for (uint32_t i = ids->count; i--;)
        if ((instant)ids->at[i] == at) {
            ids->at[i] = ids->at[--ids->count];
            return;
        }
}

/* Nobody's telephone rang after all. */
void invariants_not_ordered(struct world *world, attempt_id id)
{
    const struct world_call *call = world_call(world, id);

    forget_ring(&world->numbers[call->account.number - 1].rung, call->ordered_at);
    forget_ring(&world->persons[call->account.person - 1].rung, call->ordered_at);
}

/* Nobody who answered is cut off without a word: but a machine, or by an agent. */
void invariants_call_over(struct world *world, attempt_id id)
{
    const struct world_call *call = world_call(world, id);

    if (call->heard || call->goodbye || call->machine || call->dismissed || call->handed_over)
        return;
    ++world->statistics.strays;
    world_break(world, "the one who answered attempt %llu is hung up on without a word",
                (unsigned long long)id);
}

static int64_t calls_out(const struct world_ledger *ledger)
{
    return ledger->attempts - ledger->by_state[ATTEMPT_ENDED];
}

/* As many calls at once as were bought, and as the campaign may have. */
static void check_lines(struct world *world, const struct attempt_record *record)
{
    uint32_t most = world->campaigns[record->campaign - 1].options.calls_max;
    int64_t out = 1; /* this one is not in the books yet */

    for (uint32_t i = 0; i < world->weather.campaigns; ++i)
        out += calls_out(&world->ledgers[i]);
    if (out > world->limits.calls_max)
        world_break(world, "%lld calls are out at once, %u may be", (long long)out,
                    world->limits.calls_max);
    out = 1 + calls_out(&world->ledgers[record->campaign - 1]);
    if (most && out > most)
        world_break(world, "%lld calls are out for one campaign, %u may be", (long long)out, most);
}

static bool is_unanswered(enum attempt_state state)
{
    return state == ATTEMPT_PLANNED || state == ATTEMPT_PLACED || state == ATTEMPT_RINGING;
}

void invariants_attempt(struct world *world, const struct attempt_record *record)
{
    struct world_call *call = world_call(world, record->id);
    const struct campaign_options *options = &world->campaigns[record->campaign - 1].options;
    bool first = !call->seen_life;

    call->unguarded_life = is_unanswered(record->state) && !record->agent ? world->life + 1 : 0;
    call->seen_life = world->life + 1;
    call->handed_over |= record->state == ATTEMPT_HANDED_OVER;
    if (record->state == ATTEMPT_WAITING) {
        call->waits_life = world->life + 1;
    } else if (call->waits_life == world->life + 1 && !call->leapt) {
        call->waits_life = 0;
        if (world->now > record->answered_at + options->answer_wait_max)
            world_break(world, "attempt %llu is %s %lld us after the answer, %lld are allowed",
                        (unsigned long long)record->id, attempt_state_name(record->state),
                        (long long)(world->now - record->answered_at),
                        (long long)options->answer_wait_max);
    }
    if (first && record->state == ATTEMPT_PLANNED)
        check_lines(world, record);
    if (first && record->state == ATTEMPT_PLANNED && record->unguarded)
        turns_gate(world, record);
    if (record->state == ATTEMPT_ENDED && !call->ended) {
        call->ended = true;
        if (call->made && !call->gone && !call_status_is_final(call->status)) {
            call->disowned = true;
            ++world->statistics.disowned;
        }
    }
}

/* Everything is known again, and every agent who is in has a line that stands. */
static bool has_recovered(const struct world *world)
{
    struct dialer_census census;

    dialer_census(world->dialer, &census);
    if (census.doubtful)
        return false;
    for (uint32_t i = 0; i < world->weather.agents; ++i) {
        struct agent_facts facts;

        if (dialer_agent(world->dialer, i + 1, &facts) && facts.record.activity != AGENT_OFFLINE &&
            (facts.record.leg != LEG_CONNECTED || facts.record.leg_serial != world->agents[i].leg))
            return false;
    }
    for (attempt_id id = world->row_last; id && id + 200 > world->row_last; --id)
        if (world->calls[id - 1].gone && world->calls[id - 1].account.open &&
            world->calls[id - 1].account.state != ATTEMPT_CLOSING &&
            world->calls[id - 1].account.state != ATTEMPT_ENDED)
            return false; /* the engine that had this call is gone */
    return true;
}

/* Where nothing else goes wrong. */
#define RECOVERY_MAX (40 * SECOND)

static void look_for_recovery(struct world *world)
{
    if (!world->recovering || !has_recovered(world))
        return;
    world->recovering = false;
    world->recovered_us = world->now - world->struck_at;
    world->served_us = world->now - world->started_at;
    if (world->options.calm && world->served_us > RECOVERY_MAX)
        world_break(world, "after the crash it took %lld s until everything was as before",
                    (long long)(world->served_us / SECOND));
}

/* The stored rows as events come to what is stored, and to nothing else. */
void invariants_restarted(struct world *world)
{
    for (uint32_t i = 0; i < world->weather.agents; ++i) {
        struct agent_facts facts;

        if (!dialer_agent(world->dialer, i + 1, &facts))
            world_break(world, "agent %u is stored and not in memory after a start", i + 1);
    }
    for (attempt_id id = 1; id <= world->row_last; ++id) {
        const struct attempt_record *row = &world->rows[id - 1];
        struct attempt_record record;

        if (row->id && row->open && dialer_attempt(world->dialer, id, &record) &&
            (record.ordered_at != row->ordered_at || record.counts != row->counts ||
             record.lead != row->lead))
            world_break(world, "attempt %llu is another after a start", (unsigned long long)id);
    }
}

/* What is told and what is in memory are one: so a start from the rows comes to the same. */
static void check_told(struct world *world)
{
    for (attempt_id id = world->row_last + 40 < world->rows_room ? world->row_last + 40
                                                                 : world->rows_room,
                    last = id > 200 ? id - 200 : 0;
         id > last; --id) {
        const struct attempt_record *told = &world->calls[id - 1].account;
        struct attempt_record kept;
        bool there = dialer_attempt(world->dialer, id, &kept);

        if (there != (told->id && told->open))
            world_break(world, "attempt %llu is %s memory", (unsigned long long)id,
                        there ? "told closed, and in" : "told open, and not in");
        else if (there &&
                 (kept.state != told->state || kept.result != told->result ||
                  kept.action != told->action || kept.agent != told->agent ||
                  kept.reservation != told->reservation || kept.answered_at != told->answered_at ||
                  kept.counts != told->counts || kept.disposition != told->disposition ||
                  kept.conversed != told->conversed || kept.hello_us != told->hello_us))
            world_break(world, "attempt %llu is not what was told of it", (unsigned long long)id);
    }
    for (uint32_t i = 0; i < world->weather.agents; ++i) {
        const struct agent_record *told = &world->agents[i].told;
        struct agent_facts kept;

        if (dialer_agent(world->dialer, i + 1, &kept) &&
            (kept.record.activity != told->activity || kept.record.leg_serial != told->leg_serial ||
             kept.record.since != told->since || kept.record.next_wanted != told->next_wanted))
            world_break(world, "agent %u is not what was told of it", i + 1);
    }
    for (uint32_t i = 0; i < world->weather.leads; ++i) {
        const struct lead_record *told = &world->leads[i].told;
        struct lead_record kept;

        if (dialer_lead(world->dialer, i + 1, &kept) &&
            (kept.state != told->state || kept.due_at != told->due_at ||
             kept.attempts != told->attempts || kept.number_next != told->number_next ||
             kept.numbers_dead != told->numbers_dead ||
             kept.callback_agent != told->callback_agent))
            world_break(world, "lead %u is not what was told of it", i + 1);
    }
}

void invariants_after(struct world *world)
{
    enum { TOLD_EVERY = 97 };

    if (!world->starting) {
        promises_after(world);
        outcomes_after(world);
        hopper_after(world);
        holds_after(world);
        third_after(world);
        promises_all_asked(world);
        turns_after(world);
    }
    if (!world->starting)
        look_for_recovery(world);
    if (world->options.audit_every && !world->starting &&
        world->statistics.events % TOLD_EVERY == 0)
        check_told(world);
    if (world->options.audit_every && world->statistics.events % world->options.audit_every == 0)
        dialer_audit(world->dialer);
}

static void check_leads(struct world *world)
{
    for (uint32_t i = 0; i < world->weather.leads; ++i) {
        const struct world_lead *lead = &world->leads[i];
        uint32_t counted = 0;

        for (attempt_id id = 1; id <= world->row_last; ++id)
            counted += world->rows[id - 1].lead == lead->row.id && world->rows[id - 1].counts;
        if (lead->row.state == LEAD_ATTEMPTING || !lead->row.released || lead->claimed)
            world_break(world, "lead %llu is lost in state %s", (unsigned long long)lead->row.id,
                        lead_state_name(lead->row.state));
        if (lead->row.attempts != counted)
            world_break(world, "lead %llu counts %u attempts, the rows %u",
                        (unsigned long long)lead->row.id, lead->row.attempts, counted);
        if (!lead_is_final(lead->row.state) && lead->row.due_at == INSTANT_NEVER)
            world_break(world, "lead %llu is %s and never due", (unsigned long long)lead->row.id,
                        lead_state_name(lead->row.state));
    }
}

void invariants_at_rest(struct world *world)
{
    struct dialer_census census;

    if (world->broken)
        return;
    dialer_audit(world->dialer);
    dialer_census(world->dialer, &census);
    if (census.attempts || census.leads)
        world_break(world, "an hour after the end %u attempts and %u leads are still in memory",
                    census.attempts, census.leads);
    for (uint32_t i = 0; i < world->weather.agents; ++i) {
        struct agent_facts facts;

        if (dialer_agent(world->dialer, i + 1, &facts) && facts.record.activity != AGENT_OFFLINE)
            world_break(world, "an hour after the end agent %u is %s, leg %s, next %s", i + 1,
                        agent_activity_name(facts.record.activity),
                        leg_state_name(facts.record.leg),
                        facts.record.next_wanted ? agent_activity_name(facts.record.next_activity)
                                                 : "not asked");
    }
    for (uint32_t i = 0; i < world->weather.agents; ++i)
        if (world->agents[i].leg)
            world_break(world, "the leg of agent %u was left standing", i + 1);
    for (attempt_id id = 1; id <= world->row_last; ++id) {
        const struct world_call *call = world_call(world, id);

        if (world->rows[id - 1].id && world->rows[id - 1].open)
            world_break(world, "attempt %llu is still open", (unsigned long long)id);
        if (call->made && !call->gone && !call_status_is_final(call->status))
            world_break(world, "the call of attempt %llu still lives", (unsigned long long)id);
    }
    if (world->recovering)
        world_break(world, "an hour after the crash not everything is as it was");
    third_at_rest(world);
    ledger_at_rest(world);
    check_leads(world);
}
