#include "unit/core/core_world.h"

/* What the store would have kept, fed to a new dialer. */
struct kept {
    struct lead_facts lead;
    struct agent_facts agent;
    struct attempt_record attempt;
};

static struct kept talking(void)
{
    struct kept kept = {.lead = world_lead_facts(1, 1)};

    kept.lead.record.state = LEAD_ATTEMPTING;
    kept.agent.record = (struct agent_record){.id = 7,
                                              .activity = AGENT_ON_CALL,
                                              .leg = LEG_CONNECTED,
                                              .leg_serial = 3,
                                              .since = NOON - MINUTE};
    kept.agent.reservation = (struct reservation_record){.id = 5,
                                                         .agent = 7,
                                                         .campaign = 1,
                                                         .lead = 1,
                                                         .attempt = 9,
                                                         .status = RESERVATION_ACCEPTED};
    kept.agent.campaign_count = 1;
    kept.agent.campaigns[0] = 1;
    kept.attempt = (struct attempt_record){.id = 9,
                                           .campaign = 1,
                                           .lead = 1,
                                           .person = 1001,
                                           .number = 10,
                                           .open = true,
                                           .conversed = true,
                                           .counted_answer = true,
                                           .counts = true,
                                           .state = ATTEMPT_BRIDGED,
                                           .action = ANSWER_JOIN,
                                           .agent = 7,
                                           .reservation = 5,
                                           .hello_us = -1,
                                           .planned_at = NOON - 2 * MINUTE,
                                           .ordered_at = NOON - 2 * MINUTE,
                                           .placed_at = NOON - 2 * MINUTE,
                                           .answered_at = NOON - MINUTE,
                                           .bridged_at = NOON - MINUTE};
    return kept;
}

static void start(struct world *world, const struct kept *kept)
{
    struct dialer_limits limits = dialer_limits_default();
    struct event event = {.kind = EVENT_CAMPAIGN_LOADED};

    memset(world, 0, sizeof(*world));
    world->now = NOON;
    world->dialer = dialer_new(&limits, 1);
    event.of.campaign = (struct campaign_facts){
        .id = 1, .state = CAMPAIGN_RUNNING, .options = campaign_options_default()};
    world_feed(world, &event);
    event = (struct event){.kind = EVENT_AGENT_LOADED, .of.agent = kept->agent};
    world_feed(world, &event);
    world_claimed(world, &kept->lead);
    event = (struct event){.kind = EVENT_ATTEMPT_RECOVERED, .of.attempt = kept->attempt};
    world_feed(world, &event);
    assert_null(world_effect(world, EFFECT_REFUSE));
    world_feed(world, &(struct event){.kind = EVENT_RECOVERY_ENDED});
}

static void polled(struct world *world, enum call_status status, agent_id room)
{
    struct event event = {.kind = EVENT_CALL_POLLED};

    event.of.call =
        (struct event_call){.attempt = 9, .status = status, .hello_us = -1, .agent = room};
    world_feed(world, &event);
}

/* Answers the next question that is asked. */
static void asked_and_not_found(struct world *world)
{
    struct event event = {.kind = EVENT_CALL_POLLED};

    while (!world_effect(world, EFFECT_POLL_CALL)) {
        world->now = dialer_deadline(world->dialer);
        world_tick(world);
    }
    event.of.call = (struct event_call){.attempt = 9,
                                        .poll = world_effect(world, EFFECT_POLL_CALL)->of.poll.poll,
                                        .status = CALL_NOT_FOUND,
                                        .hello_us = -1};
    world_feed(world, &event);
}

static void a_conversation_outlives_the_server(void **state)
{
    struct kept kept = talking();
    static struct world world;

    start(&world, &kept);
    assert_non_null(world_effect(&world, EFFECT_POLL_CALL));
    assert_non_null(world_effect(&world, EFFECT_POLL_AGENT_LEG));
    assert_null(world_effect(&world, EFFECT_DIAL_AGENT_LEG));
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    polled(&world, CALL_IN_PROGRESS, 7);
    assert_int_equal(world_attempt(&world, 9).state, ATTEMPT_BRIDGED);
    assert_int_equal(world_activity(&world, 7), AGENT_ON_CALL);
    world_status(&world, 9, CALL_COMPLETED, 200);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    world_close(&world);
}

static void a_call_that_ended_meanwhile_leads_to_its_wrap_up(void **state)
{
    struct kept kept = talking();
    static struct world world;

    start(&world, &kept);
    polled(&world, CALL_COMPLETED, 0);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    world_dispose(&world, 7, 9, 1);
    assert_int_equal(world_lead(&world)->state, LEAD_DONE);
    world_close(&world);
}

static void an_engine_that_was_restarted_too_gets_the_agents_leg_anew(void **state)
{
    struct kept kept = talking();
    static struct world world;

    start(&world, &kept);
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    assert_true(world_effect(&world, EFFECT_DIAL_AGENT_LEG)->of.leg.serial > 3);
    polled(&world, CALL_NOT_FOUND, 0);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    world_close(&world);
}

static struct kept ringing(void)
{
    struct kept kept = talking();

    kept.attempt.state = ATTEMPT_RINGING;
    kept.attempt.answered_at = kept.attempt.bridged_at = 0;
    kept.attempt.conversed = kept.attempt.counted_answer = false;
    kept.attempt.action = ANSWER_NONE;
    kept.attempt.agent = kept.attempt.reservation = 0;
    kept.attempt.unguarded = true;
    kept.agent.reservation = (struct reservation_record){0};
    kept.agent.record.activity = AGENT_AVAILABLE;
    return kept;
}

static void a_customer_who_was_given_an_agent_in_the_last_moment_keeps_that_agent(void **state)
{
    struct kept kept = ringing();
    static struct world world;

    start(&world, &kept);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    world_new_lead(&world, 2, 1);
    assert_int_equal(world_planned(&world), 0); /* nobody is given away before it is known */
    polled(&world, CALL_IN_PROGRESS, 7);
    assert_int_equal(world_attempt(&world, 9).state, ATTEMPT_BRIDGED);
    assert_int_equal(world_attempt(&world, 9).agent, 7);
    assert_int_equal(world_activity(&world, 7), AGENT_ON_CALL);
    world_close(&world);
}

static void dialling_goes_on_when_every_call_is_known_again(void **state)
{
    struct kept kept = ringing();
    static struct world world;

    start(&world, &kept);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    world_new_lead(&world, 2, 1);
    polled(&world, CALL_NO_ANSWER, 0);
    assert_int_equal(world_attempt(&world, world_planned(&world)).lead, 2);
    assert_true(world_planned(&world) > 9);
    world_close(&world);
}

static struct kept just_ordered(void)
{
    struct kept kept = ringing();

    kept.attempt.state = ATTEMPT_PLANNED;
    kept.attempt.planned_at = kept.attempt.ordered_at = NOON - SECOND;
    kept.attempt.placed_at = 0;
    return kept;
}

static void an_order_nobody_knows_of_is_not_given_again(void **state)
{
    struct kept kept = just_ordered();
    static struct world world;

    start(&world, &kept);
    assert_null(world_effect(&world, EFFECT_POLL_CALL)); /* the rooms are asked first */
    world_pass(&world, world.now + SECOND);
    assert_false(world_effect(&world, EFFECT_POLL_CALL)->of.poll.known);
    polled(&world, CALL_NOT_FOUND, 0);
    assert_true(dialer_attempt(world.dialer, 9, &(struct attempt_record){0}));
    polled(&world, CALL_NOT_FOUND, 0);
    assert_null(world_effect(&world, EFFECT_PLACE_CALL));
    assert_non_null(world_effect(&world, EFFECT_CANCEL_CALL)); /* in case it is on its way */
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    assert_int_equal(world_attempt(&world, 9).state, ATTEMPT_CLOSING);
    for (int i = 0; i < 50 && dialer_attempt(world.dialer, 9, &(struct attempt_record){0}); ++i)
        asked_and_not_found(&world);
    assert_int_equal(world_lead(&world)->results[RESULT_FAILED], 1); /* as if it had rung */
    world_close(&world);
}

static void an_order_that_was_long_on_its_way_rings_nobody_for_nothing(void **state)
{
    struct kept kept = just_ordered();
    static struct world world;

    start(&world, &kept);
    polled(&world, CALL_NOT_FOUND, 0);
    polled(&world, CALL_NOT_FOUND, 0);
    world_pass(&world, world.now + 30 * SECOND);
    world_status(&world, 9, CALL_RINGING, 0);
    assert_non_null(world_effect(&world, EFFECT_CANCEL_CALL));
    world_call(&world, EVENT_CALL_ANSWERED, 9, 0); /* faster than that */
    assert_int_equal(world_effect(&world, EFFECT_ANSWER_CALL)->of.answer.action, ANSWER_MESSAGE);
    world_status(&world, 9, CALL_COMPLETED, 200);
    assert_int_equal(world_lead(&world)->results[RESULT_ABANDONED], 1);
    world_close(&world);
}

static void a_wait_does_not_grow_when_the_clock_went_back_while_the_server_was_down(void **state)
{
    struct kept kept = ringing();
    static struct world world;

    kept.attempt.state = ATTEMPT_WAITING;
    kept.attempt.action = ANSWER_WAIT;
    kept.attempt.answered_at = NOON + HOUR;
    start(&world, &kept);
    polled(&world, CALL_IN_PROGRESS, 0);
    world_pass(&world, world.now + 3 * SECOND);
    assert_int_equal(world_attempt(&world, 9).action, ANSWER_MESSAGE);
    world_close(&world);
}

/* The hand-over had not been written: the conversation is with whom it is found. */
static void a_conversation_that_was_handed_over_in_the_last_moment_goes_on(void **state)
{
    struct event joined = {.kind = EVENT_CALL_JOINED}, asked = {.kind = EVENT_CALL_POLLED};
    struct kept kept = talking();
    static struct world world;

    start(&world, &kept);
    world_agent_ready(&world, 8);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    joined.of.call =
        (struct event_call){.attempt = 9, .status = CALL_IN_PROGRESS, .hello_us = -1, .agent = 8};
    world_feed(&world, &joined);
    world_pass(&world, world.now + MINUTE);
    assert_int_equal(world_effect(&world, EFFECT_POLL_CALL)->of.poll.rooms[0], 8);
    asked.of.call = joined.of.call;
    asked.of.call.poll = world_effect(&world, EFFECT_POLL_CALL)->of.poll.poll;
    world_feed(&world, &asked);
    assert_null(world_effect(&world, EFFECT_HANG_UP_CALL));
    assert_int_equal(world_attempt(&world, 9).agent, 8);
    assert_int_equal(world_activity(&world, 8), AGENT_ON_CALL);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    world_close(&world);
}

/* The answer to what was asked of another state is not heard: dialling does not wait for it any longer. */
static void a_call_in_doubt_is_asked_after_again_soon(void **state)
{
    struct kept kept = just_ordered();
    static struct world world;

    start(&world, &kept);
    world_pass(&world, world.now + SECOND);
    assert_non_null(world_effect(&world, EFFECT_POLL_CALL));
    world_status(&world, 9, CALL_RINGING, 0);
    world_pass(&world, world.now + 3 * SECOND);
    assert_non_null(world_effect(&world, EFFECT_POLL_CALL));
    world_close(&world);
}

/* News that the line stands may come without a look who else is there. */
static void a_room_that_nobody_looked_into_gets_no_new_guest(void **state)
{
    struct event connected = {.kind = EVENT_AGENT_LEG_CONNECTED};
    struct kept kept = ringing();
    static struct world world;

    start(&world, &kept);
    connected.of.leg.agent = 7;
    connected.of.leg.serial = kept.agent.record.leg_serial;
    world_feed(&world, &connected);
    assert_non_null(world_effect(&world, EFFECT_POLL_AGENT_LEG));
    world_pass(&world, world.now + SECOND);
    polled(&world, CALL_IN_PROGRESS, 0);
    assert_int_equal(world_attempt(&world, 9).action, ANSWER_WAIT);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    assert_int_equal(world_attempt(&world, 9).action, ANSWER_JOIN);
    world_close(&world);
}

/* Answered while nobody was there, or told goodbye just before: an agent who is found now came too late. */
static void who_is_gone_before_a_late_agent_comes_was_abandoned(void **state)
{
    struct kept kept = ringing();
    static struct world world;

    start(&world, &kept);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    world_pass(&world, world.now + SECOND);
    polled(&world, CALL_IN_PROGRESS, 0);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.action, ANSWER_WAIT);
    assert_int_equal(world_attempt(&world, 9).action, ANSWER_JOIN);
    world_status(&world, 9, CALL_COMPLETED, 200);
    assert_int_equal(world_lead(&world)->results[RESULT_ABANDONED], 1);
    world_close(&world);
}

static void who_asks_after_a_restart_was_told_nothing_before(void **state)
{
    struct kept kept = ringing();
    static struct world world;

    start(&world, &kept);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    world_call(&world, EVENT_CALL_ANSWERED, 9, 0);
    assert_int_equal(world_effect(&world, EFFECT_ANSWER_CALL)->of.answer.action, ANSWER_JOIN);
    world_status(&world, 9, CALL_COMPLETED, 200);
    assert_int_equal(world_lead(&world)->results[RESULT_HUNG_UP], 1);
    world_close(&world);
}

static void a_plan_without_an_order_on_record_was_never_placed(void **state)
{
    struct kept kept = ringing();
    static struct world world;

    kept.attempt.state = ATTEMPT_PLANNED;
    kept.attempt.placed_at = kept.attempt.ordered_at = 0;
    kept.attempt.counts = false;
    start(&world, &kept);
    assert_int_equal(world_effect(&world, EFFECT_RECORD_ATTEMPT)->of.attempt.result,
                     RESULT_CANCELED);
    assert_int_equal(world_lead(&world)->state, LEAD_DUE);
    assert_int_equal(world_lead(&world)->attempts, 0);
    world_close(&world);
}

static void a_wrap_up_goes_on_where_it_was(void **state)
{
    struct kept kept = talking();
    static struct world world;

    kept.attempt.state = ATTEMPT_ENDED;
    kept.attempt.result = RESULT_CONNECTED;
    kept.attempt.ended_at = NOON - 10 * SECOND;
    kept.agent.record.activity = AGENT_WRAP_UP;
    kept.agent.reservation.status = RESERVATION_WRAPPING;
    kept.agent.reservation.until = NOON + 20 * SECOND;
    start(&world, &kept);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    world.now += 20 * SECOND;
    world_tick(&world);
    assert_int_equal(world_lead(&world)->state, LEAD_DONE);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    world_close(&world);
}

static void nothing_is_dialled_before_recovery_has_ended(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct event event = {.kind = EVENT_CAMPAIGN_LOADED};
    static struct world world;

    memset(&world, 0, sizeof(world));
    world.now = NOON;
    world.dialer = dialer_new(&limits, 1);
    event.of.campaign = (struct campaign_facts){
        .id = 1, .state = CAMPAIGN_RUNNING, .options = campaign_options_default()};
    world_feed(&world, &event);
    world_tick(&world);
    assert_null(world_effect(&world, EFFECT_CLAIM_LEADS));
    assert_int_equal(dialer_deadline(world.dialer), INSTANT_NEVER);
    world_feed(&world, &(struct event){.kind = EVENT_RECOVERY_ENDED});
    assert_non_null(world_effect(&world, EFFECT_CLAIM_LEADS));
    world_close(&world);
}

/* It was told to join before the death, and that was not written: the news of it comes when it is on its way out. */
static void who_was_told_to_wait_has_not_hung_up_when_it_leaves_a_room_of_before(void **state)
{
    struct kept kept = ringing();
    static struct world world;

    kept.agent.record.activity = AGENT_AVAILABLE;
    kept.agent.reservation = (struct reservation_record){0};
    kept.attempt.agent = kept.attempt.reservation = 0;
    start(&world, &kept);
    polled(&world, CALL_IN_PROGRESS, 0);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.action, ANSWER_WAIT);
    world_call(&world, EVENT_CALL_JOINED, 9, 7);
    assert_int_equal(world_attempt(&world, 9).state, ATTEMPT_WAITING);
    world_call(&world, EVENT_CALL_LEFT, 9, 7);
    assert_null(world_effect(&world, EFFECT_HANG_UP_CALL));
    assert_int_equal(world_attempt(&world, 9).state, ATTEMPT_WAITING);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.action, ANSWER_JOIN);
    world_close(&world);
}

static void who_was_ordered_here_and_there_is_asked_after_when_it_leaves(void **state)
{
    struct kept kept = ringing();
    struct event polled_again = {.kind = EVENT_CALL_POLLED};
    static struct world world;

    start(&world, &kept);
    polled(&world, CALL_IN_PROGRESS, 0);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.action, ANSWER_JOIN);
    world_call(&world, EVENT_CALL_JOINED, 9, 7);
    assert_int_equal(world_attempt(&world, 9).state, ATTEMPT_BRIDGED);
    world_call(&world, EVENT_CALL_LEFT, 9, 7); /* now, or before it was told to wait */
    assert_int_equal(world_attempt(&world, 9).state, ATTEMPT_BRIDGED);
    polled_again.of.call =
        (struct event_call){.attempt = 9,
                            .poll = world_effect(&world, EFFECT_POLL_CALL)->of.poll.poll,
                            .status = CALL_IN_PROGRESS,
                            .hello_us = -1,
                            .agent = 7};
    world_feed(&world, &polled_again);
    assert_int_equal(world_attempt(&world, 9).state, ATTEMPT_BRIDGED);
    world.now += MINUTE; /* whatever was under way has arrived */
    world_call(&world, EVENT_CALL_LEFT, 9, 7);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_was_ordered_here_and_there_is_asked_after_when_it_leaves),
        cmocka_unit_test(who_was_told_to_wait_has_not_hung_up_when_it_leaves_a_room_of_before),
        cmocka_unit_test(a_conversation_outlives_the_server),
        cmocka_unit_test(a_call_that_ended_meanwhile_leads_to_its_wrap_up),
        cmocka_unit_test(an_engine_that_was_restarted_too_gets_the_agents_leg_anew),
        cmocka_unit_test(a_customer_who_was_given_an_agent_in_the_last_moment_keeps_that_agent),
        cmocka_unit_test(dialling_goes_on_when_every_call_is_known_again),
        cmocka_unit_test(an_order_nobody_knows_of_is_not_given_again),
        cmocka_unit_test(an_order_that_was_long_on_its_way_rings_nobody_for_nothing),
        cmocka_unit_test(a_wait_does_not_grow_when_the_clock_went_back_while_the_server_was_down),
        cmocka_unit_test(a_conversation_that_was_handed_over_in_the_last_moment_goes_on),
        cmocka_unit_test(a_call_in_doubt_is_asked_after_again_soon),
        cmocka_unit_test(a_room_that_nobody_looked_into_gets_no_new_guest),
        cmocka_unit_test(who_is_gone_before_a_late_agent_comes_was_abandoned),
        cmocka_unit_test(who_asks_after_a_restart_was_told_nothing_before),
        cmocka_unit_test(a_plan_without_an_order_on_record_was_never_placed),
        cmocka_unit_test(a_wrap_up_goes_on_where_it_was),
        cmocka_unit_test(nothing_is_dialled_before_recovery_has_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
