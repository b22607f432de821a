#include "sim/world.h"

/*
 * What people who are called were promised, by other code than the core's: who answered is counted, who
 * said no is left alone, a call back comes from whom it was to come from, and nobody's lead is mislaid.
 */
#define ORDER_FLIES_MAX (90 * SECOND) /* so long an order may be on its way to the engine */
#define MISLAID_AFTER (5 * MINUTE)

const struct event *world_fed(const struct world *world)
{
    return &world->trail[(world->trail_count - 1) % TRAIL_SIZE];
}

static struct world_number *number_of(struct world *world, number_id id)
{
    return &world->numbers[id - 1];
}

/* Attempts of a lead that rang somebody, as told. */
static uint32_t counted_attempts(struct world *world, lead_id lead, person_id person)
{
    const struct world_ids *ids = &world->persons[person - 1].attempts;
    uint32_t count = 0;

    for (uint32_t i = 0; i < ids->count; ++i) {
        const struct attempt_record *told = &world_call(world, ids->at[i])->account;

        count += told->lead == lead && told->counts;
    }
    return count;
}

static void check_promised(struct world *world, const struct attempt_record *record,
                           const struct campaign_options *options)
{
    struct world_lead *lead = &world->leads[record->lead - 1];
    agent_id promised = lead->promised;

    lead->promised = 0;
    if (promised && promised <= world->weather.agents && record->agent != promised &&
        !record->manual && lead->promised_plan == world->campaigns[record->campaign - 1].plan &&
        world->now < instant_add(lead->promised_at, options->callback_agent_wait))
        world_break(world, "lead %llu was promised a call by agent %llu, and agent %llu calls",
                    (unsigned long long)record->lead, (unsigned long long)promised,
                    (unsigned long long)record->agent);
}

/* How far a call that a late timer held up may be made up for. */
#define LATE_MAX (20 * MILLISECOND)

/* As many orders a second as were bought, each in its turn or after; what agents order does not wait,
 * but is counted. */
static void check_rate(struct world *world, const struct attempt_record *record)
{
    uint32_t rate = world->limits.calls_per_second;
    bool looked_at = record->agent && world->agents[record->agent - 1].preview == record->lead;
    instant turn = world->now;

    if (rate && world->planned_life == world->life + 1) {
        turn = world->rate_turn + SECOND / rate;
        if (world->now < turn && !record->manual && !looked_at)
            world_break(world, "more than %u calls a second are planned", rate);
        turn = instant_max(turn, world->now - LATE_MAX);
    }
    world->rate_turn = turn;
    world->planned_life = world->life + 1;
}

static void check_plan(struct world *world, const struct attempt_record *record)
{
    const struct campaign_options *options = &world->campaigns[record->campaign - 1].options;
    const struct world_number *number = number_of(world, record->number);

    if (number->do_not_call || world->persons[record->person - 1].do_not_call)
        world_break(world, "a call is planned to one who is on the do-not-call list");
    if (!invariants_open(world, &options->hours, number->zone_set))
        world_break(world, "a call to number %llu is planned outside its hours",
                    (unsigned long long)record->number);
    if (options->lead_attempts_max &&
        counted_attempts(world, record->lead, record->person) >= options->lead_attempts_max)
        world_break(world, "lead %llu is tried more often than its campaign says",
                    (unsigned long long)record->lead);
    if (options->mode == MODE_PREVIEW && !record->manual &&
        world_fed(world)->kind != EVENT_PREVIEW_ACCEPTED &&
        (options->preview_default != PREVIEW_THEN_DIAL || world->held_life == world->life + 1))
        world_break(world, "a lead that was only to be looked at is dialled");
    check_promised(world, record, options);
    check_rate(world, record);
}

static bool is_do_not_call(const struct campaign_options *options, uint16_t code)
{
    for (int i = 0; code && i < DISPOSITIONS_MAX; ++i)
        if (options->dispositions[i].code == code)
            return options->dispositions[i].behaviour == DISPOSITION_DO_NOT_CALL;
    return false;
}

/* Whoever was heard to answer is counted, and as one who got no agent if none was to be had. */
static void check_closed(struct world *world, const struct world_call *call,
                         const struct attempt_record *record)
{
    if (call->news_life != world->life + 1)
        return;
    if (!record->counted_answer)
        world_break(world, "somebody answered attempt %llu, and is not counted",
                    (unsigned long long)record->id);
    else if (call->told == ANSWER_MESSAGE && !call->entered && !call->machine && !call->dismissed &&
             record->result != RESULT_ABANDONED)
        world_break(world, "the one who answered attempt %llu heard the message, and it is %s",
                    (unsigned long long)record->id, attempt_result_name(record->result));
}

/* Whoever was cut off by our fault is called back at once, unless the agent has said otherwise. */
static void check_dropped(struct world *world)
{
    const struct world_lead *lead;
    const struct attempt_record *told;

    if (!world->dropped)
        return;
    told = &world_call(world, world->dropped)->account;
    lead = &world->leads[told->lead - 1];
    world->dropped = 0;
    if (lead->told.state == LEAD_DUE || lead->told.state == LEAD_DONE ||
        (lead->told.state == LEAD_CALLBACK && lead->told.due_at > world->now && !lead->told.reason))
        world_break(world, "the conversation of attempt %llu was cut, and lead %llu is %s",
                    (unsigned long long)told->id, (unsigned long long)told->lead,
                    lead_state_name(lead->told.state));
}

void promises_attempt(struct world *world, const struct attempt_record *record)
{
    struct world_call *call = world_call(world, record->id);

    if (!call->account.id && record->state == ATTEMPT_PLANNED && record->open)
        check_plan(world, record);
    if (record->open)
        return;
    promises_asked(world, call);
    check_closed(world, call, record);
    if (record->dropped && !record->disposition)
        world->dropped = record->id;
    if (is_do_not_call(&world->campaigns[record->campaign - 1].options, record->disposition))
        world->said_no = record->id;
}

/* The engine takes an order: nobody may have closed its attempt, for nobody would be counted. */
void promises_made(struct world *world, attempt_id id)
{
    const struct world_call *call = world_call(world, id);

    if (call->account.id && !call->account.open && !call->leapt &&
        world->now < call->ordered_at + ORDER_FLIES_MAX)
        world_break(world, "attempt %llu was closed while its order was on its way",
                    (unsigned long long)id);
}

/* Before the event is fed: the dialer is told that somebody is there. */
void promises_hear(struct world *world, const struct event *event)
{
    struct world_call *call = world_call(world, event->of.call.attempt);
    enum call_status status = event->of.call.status;
    struct attempt_record record;

    promises_asked(world, call);
    if (event->kind == EVENT_CALL_ANSWERED ||
        (event->kind == EVENT_CALL_STATUS &&
         (status == CALL_IN_PROGRESS || status == CALL_COMPLETED)))
        if (world->up && dialer_attempt(world->dialer, event->of.call.attempt, &record) &&
            record.state != ATTEMPT_ENDED)
            call->news_life = world->life + 1;
}

static void check_put_off(struct world *world, const struct lead_record *record)
{
    const struct event *event = world_fed(world);
    instant until = event->of.reservation.until;
    struct world_agent *agent;

    if (event->kind != EVENT_PREVIEW_SKIPPED && event->kind != EVENT_PREVIEW_SNOOZED)
        return;
    agent = &world->agents[event->of.reservation.agent - 1];
    if (agent->preview != record->id)
        return;
    agent->preview = 0;
    if (event->kind == EVENT_PREVIEW_SKIPPED)
        until = world->now + world->campaigns[record->campaign - 1].options.skip_delay;
    if ((record->state == LEAD_DUE || record->state == LEAD_CALLBACK) && record->due_at < until)
        world_break(world, "lead %llu was put off, and comes back sooner",
                    (unsigned long long)record->id);
}

void promises_lead(struct world *world, const struct lead_record *record)
{
    struct world_lead *lead = &world->leads[record->id - 1];
    const struct world_campaign *campaign = &world->campaigns[record->campaign - 1];

    check_put_off(world, record);
    if (record->state == LEAD_CALLBACK && record->callback_agent) {
        lead->promised = record->callback_agent;
        lead->promised_at = record->due_at;
        lead->promised_plan = campaign->plan;
    } else if (record->state == LEAD_CALLBACK && !record->reason &&
               record->due_at != lead->promised_at) {
        lead->promised = 0; /* the disposition was saved anew: another hour, and anybody */
    } else if (record->state != LEAD_ATTEMPTING &&
               (record->state != LEAD_CALLBACK ||
                world->now >=
                    instant_add(lead->promised_at, campaign->options.callback_agent_wait))) {
        lead->promised = 0;
    }
}

/* Said by the customer, and kept by the agent's word. */
static void check_said_no(struct world *world)
{
    const struct attempt_record *told;

    if (!world->said_no)
        return;
    told = &world_call(world, world->said_no)->account;
    world->said_no = 0;
    if (!number_of(world, told->number)->do_not_call ||
        !world->persons[told->person - 1].do_not_call)
        world_break(world, "in attempt %llu somebody said never again, and it is nowhere written",
                    (unsigned long long)told->id);
}

static bool is_unanswered(enum attempt_state state)
{
    return state == ATTEMPT_PLANNED || state == ATTEMPT_PLACED || state == ATTEMPT_RINGING;
}

/* A telephone that rings at the moment of the word is silenced. */
static void check_silenced(struct world *world)
{
    const struct event *event = world_fed(world);

    if (event->kind != EVENT_DO_NOT_CALL_ADDED)
        return;
    for (attempt_id id = world->rows_room, last = id; id && last - id < 4096; --id) {
        const struct attempt_record *told = &world->calls[id - 1].account;

        if (told->id && told->open && is_unanswered(told->state) &&
            ((event->of.contact.person && told->person == event->of.contact.person) ||
             (event->of.contact.number && told->number == event->of.contact.number)))
            world_break(world, "attempt %llu goes on ringing one who must not be called",
                        (unsigned long long)id);
    }
}

/* Dialled by hand in this moment: what is refused is given back when the answer is known. */
static bool is_asked_for(const struct world *world, lead_id lead)
{
    const struct event *event = world_fed(world);

    return event->kind == EVENT_MANUAL_DIALLED && event->of.manual.lead.record.id == lead;
}

/* One lead after each event, all in turn: what is claimed is in memory, or on its way. */
static void check_mislaid(struct world *world)
{
    struct world_lead *lead;
    struct lead_record record;

    world->lead_looked_at = (world->lead_looked_at + 1) % world->weather.leads;
    lead = &world->leads[world->lead_looked_at];
    if (!lead->claimed || world->batch_count || dialer_lead(world->dialer, lead->row.id, &record) ||
        is_asked_for(world, lead->row.id)) {
        lead->mislaid_life = 0;
    } else if (lead->mislaid_life != world->life + 1 || world->now < lead->mislaid_since) {
        lead->mislaid_life = world->life + 1;
        lead->mislaid_since = world->now;
        lead->mislaid_leaps = world->statistics.leaps;
    } else if (world->now > lead->mislaid_since + MISLAID_AFTER &&
               lead->mislaid_leaps == world->statistics.leaps) {
        world_break(world, "lead %llu was claimed, and is nowhere",
                    (unsigned long long)lead->row.id);
    }
}

void promises_after(struct world *world)
{
    check_said_no(world);
    check_dropped(world);
    check_silenced(world);
    check_mislaid(world);
}

/*
 * A start believes nothing: every call and every line of an agent is asked after at once, or heard of.
 */
#define ASKED_WITHIN (10 * SECOND) /* one that is closed meanwhile is given a moment to end */

void promises_start(struct world *world)
{
    world->unasked = 0;
    world->said_no = world->dropped = world->picked =
        0; /* whoever would have been looked at is forgotten */
}

void promises_restart(struct world *world, struct world_lead *lead)
{
    lead->promised = lead->row.state == LEAD_CALLBACK ? lead->row.callback_agent : 0;
    lead->promised_at = lead->row.due_at;
    lead->promised_plan = world->campaigns[lead->row.campaign - 1].plan;
}

void promises_doubt(struct world *world, struct world_call *call)
{
    call->unasked_life = world->life + 1;
    ++world->unasked;
}

void promises_asked(struct world *world, struct world_call *call)
{
    if (call->unasked_life != world->life + 1)
        return;
    call->unasked_life = 0;
    --world->unasked;
}

void promises_asked_leg(struct world *world, agent_id id)
{
    struct world_agent *agent = id <= world->weather.agents ? &world->agents[id - 1] : NULL;

    if (!agent || agent->unasked_life != world->life + 1)
        return;
    agent->unasked_life = 0;
    --world->unasked;
}

void promises_all_asked(struct world *world)
{
    if (world->unasked && world->now > world->started_at + ASKED_WITHIN)
        world_break(world, "%u calls and lines of before the start have not been asked after",
                    world->unasked);
}
