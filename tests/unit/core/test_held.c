#include "unit/core/core_world.h"

/* Dialling that is held begins nothing; what our own side failed counts against nobody. */

static void hold(struct world *world, bool held)
{
    struct event event = {.kind = EVENT_DIALLING_HELD, .of.held = held};

    world_feed(world, &event);
}

static void held_dialling_plans_and_claims_nothing_until_it_goes_on(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;

    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    hold(&world, true);
    world_new_lead(&world, 1, 1);
    world_pass(&world, world.now + 20 * SECOND);
    assert_int_equal(world_count(&world, EFFECT_RECORD_ATTEMPT), 0);
    assert_int_equal(world_count(&world, EFFECT_CLAIM_LEADS), 0);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    hold(&world, false);
    assert_int_equal(world_planned(&world), 1);
    assert_int_equal(world_activity(&world, 7), AGENT_RESERVED);
    world_close(&world);
}

static void what_was_planned_before_the_hold_is_not_placed_in_it(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    world_new_lead(&world, 1, 1);
    id = world_planned(&world);
    hold(&world, true);
    world_commit(&world, id);
    assert_null(world_effect(&world, EFFECT_PLACE_CALL));
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    assert_int_equal(world_lead(&world)->attempts, 0);
    world_close(&world);
}

static void a_call_in_progress_goes_on_through_the_hold(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    id = world_dial(&world, 1, 1);
    hold(&world, true);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    assert_int_equal(world_effect(&world, EFFECT_ANSWER_CALL)->of.answer.action, ANSWER_JOIN);
    world_call(&world, EVENT_CALL_JOINED, id, 7);
    assert_int_equal(world_activity(&world, 7), AGENT_ON_CALL);
    world_call(&world, EVENT_CALL_LEFT, id, 7);
    world_status(&world, id, CALL_COMPLETED, 200);
    world_dispose(&world, 7, id, 1);
    assert_int_equal(world_lead(&world)->state, LEAD_DONE);
    world_close(&world);
}

/* An hour of a dead trunk must not leave a list of exhausted leads behind. */
static void a_call_that_was_not_carried_leaves_its_lead_as_it_was(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    options.retry[RESULT_FAILED].times_max = 0;
    options.lead_attempts_max = 1;
    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    id = world_dial(&world, 1, 1);
    world_call(&world, EVENT_CALL_NOT_CARRIED, id, 0);
    assert_int_equal(world_lead(&world)->state, LEAD_DUE);
    assert_int_equal(world_lead(&world)->attempts, 0);
    assert_int_equal(world_lead(&world)->results[RESULT_FAILED], 0);
    assert_int_equal(world_lead(&world)->due_at, world.now + 10 * SECOND);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    world_close(&world);
}

/* The store was read before it was known that the call was none. */
static void a_late_account_does_not_bring_back_a_call_that_was_none(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    struct lead_facts late = world_lead_facts(2, 1);
    static struct world world;
    attempt_id id;

    options.number_caps.lifetime = options.person_caps.lifetime = 1;
    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    id = world_dial(&world, 1, 1);
    late.record.person = world_lead_facts(1, 1).record.person;
    late.numbers[0] = world_lead_facts(1, 1).numbers[0];
    call_history_add(&late.person_history, world_attempt(&world, id).ordered_at);
    late.numbers[0].history = late.person_history;
    world_call(&world, EVENT_CALL_NOT_CARRIED, id, 0);
    world_claimed(&world, &late);
    assert_int_not_equal(world_planned(&world), 0);
    world_close(&world);
}

/* Somebody's telephone did ring, whatever is said of it later. */
static void an_answered_call_was_carried(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    id = world_dial(&world, 1, 1);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    world_call(&world, EVENT_CALL_NOT_CARRIED, id, 0);
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_ANSWERED);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_dialling_plans_and_claims_nothing_until_it_goes_on),
        cmocka_unit_test(what_was_planned_before_the_hold_is_not_placed_in_it),
        cmocka_unit_test(a_call_in_progress_goes_on_through_the_hold),
        cmocka_unit_test(a_call_that_was_not_carried_leaves_its_lead_as_it_was),
        cmocka_unit_test(a_late_account_does_not_bring_back_a_call_that_was_none),
        cmocka_unit_test(an_answered_call_was_carried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
