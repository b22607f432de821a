#include "core_world.h"

/* A customer handed to a colleague. */
static attempt_id talk(struct world *world)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    attempt_id id;

    options.mode = MODE_PROGRESSIVE;
    world_open(world, &limits, &options);
    world_agent_ready(world, 7);
    id = world_dial(world, 1, 1);
    world_call(world, EVENT_CALL_ANSWERED, id, 0);
    world_call(world, EVENT_CALL_JOINED, id, 7);
    world_agent_ready(world, 8);
    return id;
}

static void transfer(struct world *world, agent_id from, agent_id to)
{
    world_feed(world, &(struct event){.kind = EVENT_CALL_TRANSFERRED,
                                      .of.transfer = {.agent = from, .to = to}});
}

static void the_customer_goes_on_and_the_agent_wraps_up(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    world_dispose(&world, 7, id, 1); /* what was thought of it then is overtaken */
    transfer(&world, 7, 8);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.agent, 8);
    assert_int_equal(world_effect(&world, EFFECT_SCREEN_POP)->of.pop.agent, 8);
    assert_int_equal(world_attempt(&world, id).agent, 8);
    assert_int_equal(world_attempt(&world, id).disposition, 0);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    world_call(&world, EVENT_CALL_JOINED, id, 8);
    world_call(&world, EVENT_CALL_LEFT, id, 7);
    assert_int_equal(world_activity(&world, 8), AGENT_ON_CALL);

    world_dispose(&world, 7, id, 2); /* ends the wrap-up, and is no verdict */
    assert_null(world_effect(&world, EFFECT_REFUSE));
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    assert_int_equal(world_attempt(&world, id).disposition, 0);

    world_status(&world, id, CALL_COMPLETED, 200);
    assert_int_equal(world_activity(&world, 8), AGENT_WRAP_UP);
    world_dispose(&world, 8, id, 1);
    assert_int_equal(world_attempt_closed(&world)->disposition, 1);
    assert_int_equal(world_attempt_closed(&world)->agent, 8);
    world_close(&world);
}

static void a_wrap_up_alone_ends_by_itself(void **state)
{
    static struct world world;

    talk(&world);
    transfer(&world, 7, 8);
    world_pass(&world, world.now + campaign_options_default().wrap_up_max);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    assert_int_equal(world_activity(&world, 8), AGENT_RESERVED);
    world_close(&world);
}

static void nobody_is_sent_to_one_who_is_not_free(void **state)
{
    static struct world world;
    struct event away = {.kind = EVENT_AGENT_ACTIVITY};
    attempt_id id = talk(&world);

    transfer(&world, 7, 7);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_AGENT_STATE);
    transfer(&world, 7, 9);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_UNKNOWN_AGENT);
    transfer(&world, 8, 7);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_AGENT_STATE);
    away.of.activity.agent = 8;
    away.of.activity.activity = AGENT_BREAK;
    world_feed(&world, &away);
    transfer(&world, 7, 8);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_AGENT_STATE);
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_BRIDGED);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_customer_goes_on_and_the_agent_wraps_up),
        cmocka_unit_test(a_wrap_up_alone_ends_by_itself),
        cmocka_unit_test(nobody_is_sent_to_one_who_is_not_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
