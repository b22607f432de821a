#include "unit/core/core_world.h"

static void command(struct world *world, enum campaign_command what)
{
    struct event event = {.kind = EVENT_CAMPAIGN_COMMANDED};

    event.of.command.campaign = 1;
    event.of.command.command = what;
    world_feed(world, &event);
}

static enum campaign_state state_of(const struct world *world)
{
    struct campaign_facts facts;

    assert_true(dialer_campaign(world->dialer, 1, &facts));
    return facts.state;
}

static void open_floor(struct world *world, const struct campaign_options *options)
{
    struct dialer_limits limits = dialer_limits_default();

    world_open(world, &limits, options);
    world_agent_ready(world, 7);
}

static void options_that_break_the_law_are_refused_by_name(void **state)
{
    struct campaign_options options = campaign_options_default();
    const char *wrong = NULL;

    assert_int_equal(campaign_options_check(&options, &wrong), REFUSED_NOT);
    options.ring_timeout = 14 * SECOND;
    assert_int_equal(campaign_options_check(&options, &wrong), REFUSED_OPTIONS);
    assert_string_equal(wrong, "ring_timeout");
    options.mode = MODE_MANUAL; /* an agent who dials by hand may give up sooner */
    assert_int_equal(campaign_options_check(&options, &wrong), REFUSED_NOT);
    options.answer_wait_max = 3 * SECOND;
    assert_int_equal(campaign_options_check(&options, &wrong), REFUSED_OPTIONS);
    assert_string_equal(wrong, "answer_wait_max");
    options = campaign_options_default();
    options.wrap_up_default = 3; /* a callback nobody set a time for */
    assert_int_equal(campaign_options_check(&options, &wrong), REFUSED_OPTIONS);
    assert_string_equal(wrong, "wrap_up_default");
    options = campaign_options_default();
    options.number_caps.per_day = CALLS_CAP_MAX + 1;
    assert_int_equal(campaign_options_check(&options, &wrong), REFUSED_OPTIONS);
    assert_string_equal(wrong, "number_caps");
}

static void a_paused_campaign_places_nothing_and_goes_on_when_started(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    open_floor(&world, &options);
    command(&world, COMMAND_PAUSE);
    world_new_lead(&world, 1, 1);
    assert_int_equal(world_planned(&world), 0);
    command(&world, COMMAND_START);
    assert_int_not_equal(world_planned(&world), 0);
    world_close(&world);
}

static void a_plan_that_is_paused_before_it_is_placed_is_canceled(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    open_floor(&world, &options);
    world_new_lead(&world, 1, 1);
    id = world_planned(&world);
    command(&world, COMMAND_PAUSE);
    world_commit(&world, id);
    assert_null(world_effect(&world, EFFECT_PLACE_CALL));
    assert_int_equal(world_effect(&world, EFFECT_RECORD_ATTEMPT)->of.attempt.reason,
                     REFUSED_CAMPAIGN_STATE);
    world_close(&world);
}

static void a_draining_campaign_finishes_with_its_last_call(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    open_floor(&world, &options);
    id = world_dial(&world, 1, 1);
    world_new_lead(&world, 2, 1);
    command(&world, COMMAND_DRAIN);
    assert_true(world_lead(&world)->released); /* lead 2 goes back */
    assert_int_equal(state_of(&world), CAMPAIGN_DRAINING);
    world_status(&world, id, CALL_NO_ANSWER, 487);
    assert_int_equal(state_of(&world), CAMPAIGN_FINISHED);
    world_close(&world);
}

static void a_stopped_campaign_hangs_up_what_rings_and_lets_talk_what_talks(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id talks, rings;

    open_floor(&world, &options);
    talks = world_dial(&world, 1, 1);
    world_call(&world, EVENT_CALL_ANSWERED, talks, 0);
    world_call(&world, EVENT_CALL_JOINED, talks, 7);
    world_agent_ready(&world, 8);
    rings = world_dial(&world, 2, 1);
    command(&world, COMMAND_STOP);
    assert_int_equal(world_count(&world, EFFECT_CANCEL_CALL), 1);
    assert_int_equal(world_effect(&world, EFFECT_CANCEL_CALL)->of.attempt_id, rings);
    assert_int_equal(world_attempt(&world, talks).state, ATTEMPT_BRIDGED);
    world_close(&world);
}

static void calls_per_second_are_spread(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct dialer_limits limits = dialer_limits_default();
    static struct world world;

    limits.calls_per_second = 2;
    world_open(&world, &limits, &options);
    for (agent_id agent = 1; agent <= 3; ++agent)
        world_agent_ready(&world, agent);
    world_new_lead(&world, 1, 1);
    assert_int_not_equal(world_planned(&world), 0);
    world_new_lead(&world, 2, 1);
    assert_int_equal(world_planned(&world), 0);
    assert_int_equal(dialer_deadline(world.dialer), NOON + SECOND / 2);
    world.now += SECOND / 2;
    world_tick(&world);
    assert_int_not_equal(world_planned(&world), 0);
    world_close(&world);
}

/* The loop's timers come a millisecond late: at 300 a second that was a quarter of the calls. */
static void a_late_look_takes_nothing_from_the_rate(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct dialer_limits limits = dialer_limits_default();
    static struct world world;

    limits.calls_per_second = 100;
    world_open(&world, &limits, &options);
    for (agent_id agent = 1; agent <= 3; ++agent)
        world_agent_ready(&world, agent);
    for (lead_id lead = 1; lead <= 3; ++lead)
        world_new_lead(&world, lead, 1);
    assert_int_equal(dialer_deadline(world.dialer), NOON + 10 * MILLISECOND);
    world.now += 13 * MILLISECOND;
    world_tick(&world);
    assert_int_equal(dialer_deadline(world.dialer), NOON + 20 * MILLISECOND);
    world.now += HOUR; /* but who slept does not make up for it */
    world_tick(&world);
    world_agent_ready(&world, 4);
    world_new_lead(&world, 4, 1);
    assert_int_equal(world_planned(&world), 0);
    world.now += 10 * MILLISECOND;
    world_tick(&world);
    assert_int_not_equal(world_planned(&world), 0);
    world_close(&world);
}

static void ratio_dials_ahead_only_as_far_as_the_abandonment_rule_leaves(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct dialer_limits limits = dialer_limits_default();
    uint32_t planned = 0;
    static struct world world;

    options.mode = MODE_RATIO;
    options.ratio_percent = 200;
    world_open(&world, &limits, &options);
    for (agent_id agent = 1; agent <= 2; ++agent)
        world_agent_ready(&world, agent);
    for (lead_id lead = 1; lead <= 6; ++lead) {
        world_new_lead(&world, lead, 1);
        planned += world_planned(&world) != 0;
    }
    assert_int_equal(planned, 2); /* no answers yet: nothing beyond one to one */
    options.abandonment.credit_answers = 200;
    world_feed(&world, &(struct event){.kind = EVENT_CAMPAIGN_CHANGED,
                                       .of.campaign = {.id = 1, .options = options}});
    assert_int_equal(world_count(&world, EFFECT_RECORD_ATTEMPT), 2); /* up to two each */
    world_close(&world);
}

/* Ten agents, two campaigns with leads in plenty: turns are taken as the weights say. */
static void campaigns_that_share_agents_take_turns_by_weight(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct dialer_limits limits = dialer_limits_default();
    struct event second = {.kind = EVENT_CAMPAIGN_LOADED};
    uint32_t turns[3] = {0};
    static struct world world;

    options.weight = 100;
    world_open(&world, &limits, &options);
    options.weight = 300;
    second.of.campaign =
        (struct campaign_facts){.id = 2, .state = CAMPAIGN_RUNNING, .options = options};
    world_feed(&world, &second);
    for (lead_id lead = 1; lead <= 80; ++lead) {
        struct lead_facts facts = world_lead_facts(lead, 1);

        facts.record.campaign = 1 + lead % 2;
        world_claimed(&world, &facts);
    }
    for (agent_id agent = 1; agent <= 40; ++agent) {
        struct event event = {.kind = EVENT_AGENT_LOADED};

        event.of.agent.record.id = agent;
        event.of.agent.campaigns[0] = 1;
        event.of.agent.campaigns[1] = 2;
        event.of.agent.campaign_count = 2;
        world_feed(&world, &event);
        event = (struct event){.kind = EVENT_AGENT_LOGGED_IN};
        event.of.activity.agent = agent;
        event.of.activity.activity = AGENT_AVAILABLE;
        world_feed(&world, &event);
        world_leg(&world, EVENT_AGENT_LEG_CONNECTED, agent);
        ++turns[world_attempt(&world, world_planned(&world)).campaign];
    }
    assert_int_equal(turns[1], 10);
    assert_int_equal(turns[2], 30);
    world_close(&world);
}

static void what_is_full_says_so_by_name(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct dialer_limits limits = dialer_limits_default();
    struct event event = {.kind = EVENT_AGENT_LOADED};
    struct lead_facts facts = world_lead_facts(2, 1);
    static struct world world;

    limits.agents_max = 1;
    limits.leads_max = 1;
    world_open(&world, &limits, &options);
    world_agent(&world, 7);
    event.of.agent.record.id = 8;
    world_feed(&world, &event);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_FULL_AGENTS);
    world_new_lead(&world, 1, 1);
    world_claimed(&world, &facts);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_FULL_LEADS);
    assert_true(world_lead(&world)->released); /* and the store has it back */
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_break_the_law_are_refused_by_name),
        cmocka_unit_test(a_paused_campaign_places_nothing_and_goes_on_when_started),
        cmocka_unit_test(a_plan_that_is_paused_before_it_is_placed_is_canceled),
        cmocka_unit_test(a_draining_campaign_finishes_with_its_last_call),
        cmocka_unit_test(a_stopped_campaign_hangs_up_what_rings_and_lets_talk_what_talks),
        cmocka_unit_test(calls_per_second_are_spread),
        cmocka_unit_test(a_late_look_takes_nothing_from_the_rate),
        cmocka_unit_test(ratio_dials_ahead_only_as_far_as_the_abandonment_rule_leaves),
        cmocka_unit_test(campaigns_that_share_agents_take_turns_by_weight),
        cmocka_unit_test(what_is_full_says_so_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
