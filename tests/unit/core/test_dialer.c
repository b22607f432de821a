#include "unit/core/core_world.h"

static void a_progressive_call_reaches_the_agent_who_was_reserved_for_it(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;
    const struct effect *effect;

    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    world_new_lead(&world, 1, 1);
    id = world_planned(&world);
    assert_int_equal(id, 1);
    assert_int_equal(world_activity(&world, 7), AGENT_RESERVED);
    assert_null(world_effect(&world, EFFECT_PLACE_CALL)); /* the plan is not safe yet */

    world_commit(&world, id);
    effect = world_effect(&world, EFFECT_PLACE_CALL);
    assert_non_null(effect);
    assert_int_equal(effect->of.place.agent, 7);
    assert_int_equal(effect->of.place.ring_timeout_s, 25);

    world_call(&world, EVENT_CALL_PLACED, id, 0);
    world_status(&world, id, CALL_RINGING, 0);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    effect = world_effect(&world, EFFECT_ANSWER_CALL);
    assert_non_null(effect);
    assert_int_equal(effect->request, 77);
    assert_int_equal(effect->of.answer.action, ANSWER_JOIN);
    assert_int_equal(effect->of.answer.agent, 7);

    world_call(&world, EVENT_CALL_JOINED, id, 7);
    assert_int_equal(world_activity(&world, 7), AGENT_ON_CALL);
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_BRIDGED);

    world_call(&world, EVENT_CALL_LEFT, id, 7);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    assert_null(world_effect(&world, EFFECT_HANG_UP_CALL)); /* its document ended with the room */
    world_status(&world, id, CALL_COMPLETED, 200);
    world_dispose(&world, 7, id, 1);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    assert_int_equal(world_lead(&world)->state, LEAD_DONE);
    assert_true(world_lead(&world)->released);
    world_close(&world);
}

static void a_second_question_gets_the_same_answer_and_a_stale_one_goodbye(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    id = world_dial(&world, 1, 1);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    assert_int_equal(world_effect(&world, EFFECT_ANSWER_CALL)->of.answer.action, ANSWER_JOIN);
    assert_int_equal(world_count(&world, EFFECT_ANSWER_CALL), 1);
    world_call(&world, EVENT_CALL_ANSWERED, 999, 0);
    assert_int_equal(world_effect(&world, EFFECT_ANSWER_CALL)->of.answer.action, ANSWER_MESSAGE);
    world_close(&world);
}

static void an_unanswered_call_is_retried_at_the_next_number_and_then_after_the_delay(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    id = world_dial(&world, 1, 2);
    world_status(&world, id, CALL_NO_ANSWER, 487);
    assert_int_equal(world_lead(&world)->state, LEAD_DUE);
    assert_int_equal(world_lead(&world)->number_next, 1);
    assert_int_equal(world_lead(&world)->due_at, world.now + MINUTE);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    world_close(&world);
}

static void a_call_that_nobody_speaks_of_is_asked_after_and_given_up(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    limits.talk_check = HOUR; /* the agent's own leg is not what this is about */
    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    id = world_dial(&world, 1, 1);
    world_pass(&world, world.now + 10 * MINUTE);
    /* once while it is hoped for, once more while somebody might still answer */
    assert_int_equal(world_count(&world, EFFECT_POLL_CALL), 2 * limits.polls_max);
    assert_non_null(world_effect(&world, EFFECT_CANCEL_CALL));
    assert_false(dialer_attempt(world.dialer, id, &(struct attempt_record){0}));
    world_close(&world);
}

/* An engine that was silent answers all that it was asked, in one moment. */
static void answers_that_come_at_once_do_not_cut_the_message_short(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    struct event up = {.kind = EVENT_AGENT_HUNG_UP}, polled = {.kind = EVENT_CALL_POLLED};
    attempt_id id;

    limits.talk_check = HOUR; /* the agent's own leg is not what this is about */
    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    id = world_dial(&world, 1, 1);
    up.of.reservation.agent = 7;
    world_feed(&world, &up);
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_CLOSING);
    world_pass(&world, world.now + 10 * SECOND);
    polled.of.call = (struct event_call){.attempt = id, .status = CALL_IN_PROGRESS, .hello_us = -1};
    polled.of.call.poll = world_effect(&world, EFFECT_POLL_CALL)->of.poll.poll;
    world_feed(&world, &polled);
    assert_int_equal(world_count(&world, EFFECT_REDIRECT_CALL), 1);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.action, ANSWER_MESSAGE);
    for (int i = 0; i < 3; ++i) {
        world_feed(&world, &polled);
        assert_null(world_effect(&world, EFFECT_REDIRECT_CALL));
        assert_null(world_effect(&world, EFFECT_HANG_UP_CALL));
    }
    world_pass(&world, world.now + 41 * SECOND); /* and still there: it was never heard */
    world_feed(&world, &polled);
    assert_int_equal(world_count(&world, EFFECT_REDIRECT_CALL), 1);
    world_feed(&world, &polled);
    assert_null(world_effect(&world, EFFECT_HANG_UP_CALL));
    world_pass(&world, world.now + 41 * SECOND);
    world_feed(&world, &polled);
    assert_non_null(world_effect(&world, EFFECT_HANG_UP_CALL));
    world_close(&world);
}

static void said_to_be_in(struct world *world, attempt_id id, agent_id room)
{
    struct event event = {.kind = EVENT_CALL_POLLED};

    world_pass(world, world->now + 5 * SECOND);
    event.of.call = (struct event_call){
        .attempt = id, .status = CALL_IN_PROGRESS, .hello_us = -1, .agent = room};
    event.of.call.poll = world_effect(world, EFFECT_POLL_CALL)->of.poll.poll;
    world_feed(world, &event);
}

/* Told to go from room to room, and none of it heard: the first is not free because there is a third. */
static void a_room_is_not_free_before_its_guest_is_known_to_have_left(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    limits.leg_grace = limits.leg_dial_max = HOUR;
    world_open(&world, &limits, &options);
    for (agent_id agent = 7; agent <= 9; ++agent)
        world_agent_ready(&world, agent);
    id = world_dial(&world, 1, 1);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.agent, 8);
    world_leg(&world, EVENT_AGENT_LEG_LOST, 8);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.agent, 9);
    world_pass(&world, world.now + 5 * SECOND);
    for (int i = 0; i < 3; ++i)
        assert_int_equal(world_effect(&world, EFFECT_POLL_CALL)->of.poll.rooms[i], 7 + i);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    said_to_be_in(&world, id, 7);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.agent, 9);
    world_new_lead(&world, 2, 1);
    assert_int_equal(world_planned(&world), 0);
    said_to_be_in(&world, id, 9);
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_BRIDGED);
    assert_int_not_equal(world_planned(&world), 0);
    world_close(&world);
}

/* It has not said more than that, and will not. */
static void the_answer_of_a_dead_engine_is_not_believed(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    world_new_lead(&world, 1, 1);
    id = world_planned(&world);
    world_commit(&world, id);
    world_feed(&world, &(struct event){.kind = EVENT_VOICE_RESTARTED});
    world_call(&world, EVENT_CALL_PLACED, id, 0);
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_PLACED);
    assert_non_null(world_effect(&world, EFFECT_POLL_CALL));
    world_close(&world);
}

/* An order that was long on its way brings a customer back into the room that it had left. */
static void who_comes_back_into_a_room_keeps_it_busy(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    limits.leg_grace = limits.leg_dial_max = HOUR;
    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    world_agent_ready(&world, 8);
    id = world_dial(&world, 1, 1);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    world_call(&world, EVENT_CALL_LEFT, id, 7);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    world_call(&world, EVENT_CALL_JOINED, id, 7);
    assert_int_equal(world_effect(&world, EFFECT_POLL_CALL)->of.poll.rooms[0], 7);
    world_new_lead(&world, 2, 1);
    assert_int_equal(world_planned(&world), 0);
    world_close(&world);
}

static void with_ratio_the_longest_idle_agent_is_chosen_at_answer(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    options.mode = MODE_RATIO;
    options.ratio_percent = 100;
    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    world.now += SECOND;
    world_agent_ready(&world, 8);
    id = world_dial(&world, 1, 1);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    assert_int_equal(world_effect(&world, EFFECT_ANSWER_CALL)->of.answer.agent, 7);
    world_close(&world);
}

static void a_caller_nobody_is_free_for_waits_two_seconds_and_is_counted(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    struct campaign_facts facts;
    static struct world world;
    struct event away = {.kind = EVENT_AGENT_ACTIVITY};
    attempt_id id;
    instant answered;

    options.mode = MODE_RATIO;
    options.ratio_percent = 100;
    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    id = world_dial(&world, 1, 1);
    away.of.activity.agent = 7;
    away.of.activity.activity = AGENT_BREAK;
    world_feed(&world, &away);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    assert_int_equal(world_effect(&world, EFFECT_ANSWER_CALL)->of.answer.action, ANSWER_WAIT);
    answered = world.now;
    assert_int_equal(dialer_deadline(world.dialer), answered + 2 * SECOND);
    world_pass(&world, answered + 2 * SECOND);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.action, ANSWER_MESSAGE);
    assert_true(dialer_campaign(world.dialer, 1, &facts));
    assert_int_equal(facts.ledger.answered_live, 1);
    assert_int_equal(facts.ledger.abandoned, 1);
    world_close(&world);
}

static void an_agent_who_comes_free_gets_the_caller_who_waits(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;
    struct event activity = {.kind = EVENT_AGENT_ACTIVITY};
    attempt_id id;

    options.mode = MODE_RATIO;
    options.ratio_percent = 100;
    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    id = world_dial(&world, 1, 1);
    activity.of.activity.agent = 7;
    activity.of.activity.activity = AGENT_BREAK;
    world_feed(&world, &activity);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    world.now += SECOND;
    activity.of.activity.activity = AGENT_AVAILABLE;
    world_feed(&world, &activity);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.action, ANSWER_JOIN);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.agent, 7);
    assert_int_equal(world_activity(&world, 7), AGENT_RESERVED);
    world_close(&world);
}

static void nobody_is_dialled_for_when_no_agent_is_there(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    static struct world world;

    options.mode = MODE_RATIO;
    world_open(&world, &limits, &options);
    world_agent(&world, 7);
    world_new_lead(&world, 1, 1);
    assert_int_equal(world_planned(&world), 0);
    world_pass(&world, world.now + MINUTE);
    assert_null(world_effect(&world, EFFECT_PLACE_CALL));
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_progressive_call_reaches_the_agent_who_was_reserved_for_it),
        cmocka_unit_test(a_second_question_gets_the_same_answer_and_a_stale_one_goodbye),
        cmocka_unit_test(an_unanswered_call_is_retried_at_the_next_number_and_then_after_the_delay),
        cmocka_unit_test(a_call_that_nobody_speaks_of_is_asked_after_and_given_up),
        cmocka_unit_test(answers_that_come_at_once_do_not_cut_the_message_short),
        cmocka_unit_test(a_room_is_not_free_before_its_guest_is_known_to_have_left),
        cmocka_unit_test(the_answer_of_a_dead_engine_is_not_believed),
        cmocka_unit_test(who_comes_back_into_a_room_keeps_it_busy),
        cmocka_unit_test(with_ratio_the_longest_idle_agent_is_chosen_at_answer),
        cmocka_unit_test(a_caller_nobody_is_free_for_waits_two_seconds_and_is_counted),
        cmocka_unit_test(an_agent_who_comes_free_gets_the_caller_who_waits),
        cmocka_unit_test(nobody_is_dialled_for_when_no_agent_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
