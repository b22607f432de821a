#include "core_world.h"

/* Customers on hold: by the agent's key, and while the agent's line is gone. */
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
    assert_int_equal(world_attempt(world, id).state, ATTEMPT_BRIDGED);
    return id;
}

static void hold(struct world *world, bool on)
{
    world_feed(world,
               &(struct event){.kind = EVENT_CUSTOMER_HOLD, .of.hold = {.agent = 7, .on = on}});
}

/* Answers the last EFFECT_POLL_CALL: it is in the room of 7, on hold or not. */
static void polled(struct world *world, enum call_held held)
{
    const struct effect *poll = world_effect(world, EFFECT_POLL_CALL);
    struct event event = {.kind = EVENT_CALL_POLLED};

    assert_non_null(poll);
    event.of.call = (struct event_call){.attempt = poll->of.poll.attempt,
                                        .poll = poll->of.poll.poll,
                                        .status = CALL_IN_PROGRESS,
                                        .hello_us = -1,
                                        .agent = 7,
                                        .held = held};
    world_feed(world, &event);
}

static void told(const struct world *world, attempt_id id, bool on)
{
    const struct effect *effect = world_effect(world, EFFECT_HOLD_CALL);

    assert_non_null(effect);
    assert_int_equal(effect->of.hold.attempt, id);
    assert_int_equal(effect->of.hold.agent, 7);
    assert_int_equal(effect->of.hold.on, on);
}

static void an_agent_puts_the_customer_on_hold_and_comes_back(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    world.now += 5 * SECOND;
    hold(&world, true);
    told(&world, id, true);
    assert_int_equal(world_attempt(&world, id).held_since, world.now);
    hold(&world, true); /* the key twice */
    assert_null(world_effect(&world, EFFECT_HOLD_CALL));
    hold(&world, false);
    told(&world, id, false);
    assert_int_equal(world_attempt(&world, id).held_since, 0);
    world_close(&world);
}

static void an_order_that_got_lost_is_given_again(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    hold(&world, true);
    world_pass(&world, world.now + 2 * SECOND); /* asked soon, for nothing says that it arrived */
    polled(&world, HELD_NO);
    told(&world, id, true);
    world_pass(&world, world.now + 2 * SECOND);
    polled(&world, HELD_YES);
    assert_null(world_effect(&world, EFFECT_HOLD_CALL));
    world_close(&world);
}

static void music_begins_after_a_moment_and_ends_with_the_agent(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    world_pass(&world, world.now + 690 * MILLISECOND);
    assert_null(world_effect(&world, EFFECT_HOLD_CALL));
    world_pass(&world, world.now + 10 * MILLISECOND);
    told(&world, id, true);
    assert_int_equal(world_attempt(&world, id).held_since, 0); /* the agent did not ask for it */
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    told(&world, id, false);
    world_close(&world);
}

static void who_is_back_in_time_is_not_announced_by_music(void **state)
{
    static struct world world;

    talk(&world);
    world_feed(&world, &(struct event){.kind = EVENT_AGENT_PHONE_READY, .of.agent_id = 7});
    world_pass(&world, world.now + 600 * MILLISECOND);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    assert_null(world_effect(&world, EFFECT_HOLD_CALL));
    world_pass(&world, world.now + SECOND);
    assert_null(world_effect(&world, EFFECT_HOLD_CALL));
    world_close(&world);
}

static void who_was_on_hold_stays_so_when_the_agent_comes_back(void **state)
{
    static struct world world;

    talk(&world);
    hold(&world, true);
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    world_pass(&world, world.now + SECOND);
    assert_null(world_effect(&world, EFFECT_HOLD_CALL));
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    assert_null(world_effect(&world, EFFECT_HOLD_CALL));
    world_close(&world);
}

static void there_is_nobody_to_hold_before_and_after(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    world_status(&world, id, CALL_COMPLETED, 200);
    hold(&world, true);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_AGENT_STATE);
    world_close(&world);
}

static void a_hold_outlives_a_restart(void **state)
{
    static struct world world, next;
    attempt_id id = talk(&world);
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    struct event event = {.kind = EVENT_CAMPAIGN_LOADED};
    struct attempt_record row;
    struct agent_facts agent;

    hold(&world, true);
    row = world_attempt(&world, id);
    agent = world_agent_facts(&world, 7);
    world_close(&world);

    memset(&next, 0, sizeof(next));
    next.now = row.held_since + 3 * SECOND;
    limits.attempt_next = limits.reservation_next = 100;
    next.dialer = dialer_new(&limits, 2);
    event.of.campaign =
        (struct campaign_facts){.id = 1, .state = CAMPAIGN_RUNNING, .options = options};
    world_feed(&next, &event);
    world_feed(&next, &(struct event){.kind = EVENT_AGENT_LOADED, .of.agent = agent});
    struct lead_facts lead = world_lead_facts(1, 1);

    lead.record.state = LEAD_ATTEMPTING;
    world_claimed(&next, &lead);
    world_feed(&next, &(struct event){.kind = EVENT_ATTEMPT_RECOVERED, .of.attempt = row});
    world_feed(&next, &(struct event){.kind = EVENT_RECOVERY_ENDED});
    polled(&next, HELD_NO); /* the order was lost with the server */
    told(&next, id, true);
    assert_int_equal(world_attempt(&next, id).held_since, row.held_since);
    world_close(&next);
}

static void a_call_that_went_with_the_engine_is_called_back_by_its_agent(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);
    struct event gone = {.kind = EVENT_CALL_POLLED};

    world_feed(&world, &(struct event){.kind = EVENT_VOICE_RESTARTED});
    gone.of.call = (struct event_call){.attempt = id,
                                       .poll = world_effect(&world, EFFECT_POLL_CALL)->of.poll.poll,
                                       .status = CALL_NOT_FOUND,
                                       .hello_us = -1};
    world_feed(&world, &gone);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    assert_true(world_attempt(&world, id).dropped);
    world_pass(&world, world.now + 5 * MINUTE); /* no verdict is given, and none is made up */
    assert_int_equal(world_attempt_closed(&world)->disposition, 0);
    assert_int_equal(world_lead(&world)->callback_agent, 7);
    world_close(&world);
}

/* Nobody can say whether it lives, and whether anybody talks to it. */
static void a_conversation_that_nobody_speaks_of_ends_in_words(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    world_pass(&world, world.now + 10 * MINUTE);
    assert_null(world_effect(&world, EFFECT_HANG_UP_CALL));
    assert_int_equal(world_count(&world, EFFECT_REDIRECT_CALL), 2); /* once more at the end */
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.action, ANSWER_MESSAGE);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.attempt, id);
    world_close(&world);
}

static void who_was_given_up_in_a_conversation_was_cut_off(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    while (world_attempt(&world, id).state == ATTEMPT_BRIDGED) {
        world.now = dialer_deadline(world.dialer);
        world_tick(&world);
        if (world_effect(&world, EFFECT_POLL_AGENT_LEG))
            world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    }
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_ENDED);
    assert_true(world_attempt(&world, id).dropped);
    assert_null(world_effect(&world, EFFECT_HANG_UP_CALL));
    world_close(&world);
}

static void people_talk_on_while_the_engine_cannot_be_asked(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    world_feed(&world, &(struct event){.kind = EVENT_DIALLING_HELD, .of.held = true});
    world_pass(&world, world.now + 20 * MINUTE);
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_BRIDGED);
    assert_int_equal(world_agent_facts(&world, 7).record.leg, LEG_CONNECTED);
    assert_null(world_effect(&world, EFFECT_HANG_UP_AGENT_LEG));
    assert_null(world_effect(&world, EFFECT_REDIRECT_CALL));
    world_feed(&world, &(struct event){.kind = EVENT_DIALLING_HELD, .of.held = false});
    assert_non_null(world_effect(&world, EFFECT_POLL_CALL));
    assert_non_null(world_effect(&world, EFFECT_POLL_AGENT_LEG));
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    world_pass(&world, world.now + 10 * MINUTE); /* and now its silence says something */
    assert_int_equal(world_agent_facts(&world, 7).record.leg, LEG_LOST);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_agent_puts_the_customer_on_hold_and_comes_back),
        cmocka_unit_test(an_order_that_got_lost_is_given_again),
        cmocka_unit_test(music_begins_after_a_moment_and_ends_with_the_agent),
        cmocka_unit_test(who_is_back_in_time_is_not_announced_by_music),
        cmocka_unit_test(who_was_on_hold_stays_so_when_the_agent_comes_back),
        cmocka_unit_test(there_is_nobody_to_hold_before_and_after),
        cmocka_unit_test(a_hold_outlives_a_restart),
        cmocka_unit_test(a_call_that_went_with_the_engine_is_called_back_by_its_agent),
        cmocka_unit_test(a_conversation_that_nobody_speaks_of_ends_in_words),
        cmocka_unit_test(people_talk_on_while_the_engine_cannot_be_asked),
        cmocka_unit_test(who_was_given_up_in_a_conversation_was_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
