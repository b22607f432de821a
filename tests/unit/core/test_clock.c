#include "unit/core/core_world.h"

static void leap(struct world *world, instant span)
{
    struct event event = {.kind = EVENT_CLOCK_LEAPT, .of.leap = span};

    world_feed(world, &event);
    world->now += span;
}

/* Noon was wrong, it is seven o'clock: nobody may be called yet. */
static void a_clock_that_is_put_back_takes_the_calling_hours_along(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;

    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    leap(&world, -5 * HOUR);
    world_new_lead(&world, 1, 1);
    assert_int_equal(world_planned(&world), 0);
    leap(&world, 5 * HOUR);
    world_new_lead(&world, 2, 1);
    assert_int_not_equal(world_planned(&world), 0);
    world_close(&world);
}

/* A plan's deadline is a span: it neither comes at once nor an hour late. */
static void what_waits_waits_as_long_as_before(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    world_new_lead(&world, 1, 1);
    id = world_planned(&world);
    leap(&world, -HOUR);
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_PLANNED);
    world_pass(&world, world.now + limits.order_max + SECOND);
    assert_false(dialer_attempt(world.dialer, id, &(struct attempt_record){0}));
    world_close(&world);
}

/* Its record says another instant now; what counts against its person does, too. */
static void a_call_that_was_none_is_taken_back_after_the_clock_was(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    options.number_caps.gap = options.person_caps.gap = HOUR;
    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    id = world_dial(&world, 1, 1);
    leap(&world, -MINUTE);
    world_call(&world, EVENT_CALL_NOT_CARRIED, id, 0);
    world_pass(&world, world.now + 11 * SECOND);
    assert_int_not_equal(world_planned(&world), 0);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_is_put_back_takes_the_calling_hours_along),
        cmocka_unit_test(what_waits_waits_as_long_as_before),
        cmocka_unit_test(a_call_that_was_none_is_taken_back_after_the_clock_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
