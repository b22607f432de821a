#include "core_world.h"

/* A third person in the conversation. */
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
    return id;
}

static void ask(struct world *world, enum party_act act)
{
    world_feed(world,
               &(struct event){.kind = EVENT_PARTY_ASKED, .of.party = {.agent = 7, .act = act}});
}

static void news(struct world *world, attempt_id id, uint32_t serial, enum party_news what)
{
    world_feed(world,
               &(struct event){.kind = EVENT_PARTY_NEWS, .of.party_news = {id, serial, what}});
}

static void refused(const struct world *world)
{
    assert_non_null(world_effect(world, EFFECT_REFUSE));
    assert_int_equal(world_effect(world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_AGENT_STATE);
}

static void one_is_asked_while_the_customer_hears_music_and_then_takes_over(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    ask(&world, PARTY_CONSULT);
    assert_int_equal(world_effect(&world, EFFECT_PLACE_PARTY)->of.party.agent, 7);
    assert_true(world_effect(&world, EFFECT_HOLD_CALL)->of.hold.on);
    ask(&world, PARTY_HAND_OVER); /* to nobody yet */
    refused(&world);
    news(&world, id, 1, PARTY_NEWS_RINGS);
    news(&world, id, 1, PARTY_NEWS_JOINED);
    assert_int_equal(world_attempt(&world, id).party.state, PARTY_JOINED);
    ask(&world, PARTY_HAND_OVER);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.action,
                     ANSWER_HAND_OVER);
    assert_int_equal(world_effect(&world, EFFECT_MOVE_PARTY)->of.party.serial, 1);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    world_call(&world, EVENT_CALL_LEFT, id, 7);
    news(&world, id, 1, PARTY_NEWS_LEFT);
    world_dispose(&world, 7, id, 1);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_HANDED_OVER);

    world_status(&world, id, CALL_COMPLETED, 200); /* the two have done */
    assert_int_equal(world_effect(&world, EFFECT_HANG_UP_PARTY)->of.party.serial, 1);
    assert_null(world_attempt_closed(&world)); /* not before the third person is gone */
    news(&world, id, 1, PARTY_NEWS_ENDED);
    assert_int_equal(world_attempt_closed(&world)->disposition, 1);
    assert_int_equal(world_attempt_closed(&world)->result, RESULT_CONNECTED);
    world_close(&world);
}

static void who_is_left_alone_is_hung_up(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    ask(&world, PARTY_ADD);
    assert_null(world_effect(&world, EFFECT_HOLD_CALL));
    news(&world, id, 1, PARTY_NEWS_JOINED);
    ask(&world, PARTY_HAND_OVER);
    news(&world, id, 1, PARTY_NEWS_ENDED);
    assert_int_equal(world_effect(&world, EFFECT_HANG_UP_CALL)->of.attempt_id, id);
    world_close(&world);
}

static void the_agent_swaps_between_the_two(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    ask(&world, PARTY_CONSULT);
    news(&world, id, 1, PARTY_NEWS_JOINED);
    ask(&world, PARTY_SWAP);
    assert_true(world_effect(&world, EFFECT_CHANGE_PARTY)->of.party.held);
    assert_false(world_effect(&world, EFFECT_HOLD_CALL)->of.hold.on);
    ask(&world, PARTY_SWAP);
    assert_false(world_effect(&world, EFFECT_CHANGE_PARTY)->of.party.held);
    assert_true(world_effect(&world, EFFECT_HOLD_CALL)->of.hold.on);
    ask(&world, PARTY_ALL_TOGETHER);
    assert_false(world_effect(&world, EFFECT_HOLD_CALL)->of.hold.on);
    ask(&world, PARTY_MUTE);
    assert_true(world_effect(&world, EFFECT_CHANGE_PARTY)->of.party.muted);
    ask(&world, PARTY_END);
    assert_non_null(world_effect(&world, EFFECT_HANG_UP_PARTY));
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_BRIDGED);
    ask(&world, PARTY_ADD); /* the last one is still on the way out */
    refused(&world);
    news(&world, id, 1, PARTY_NEWS_ENDED);
    ask(&world, PARTY_ADD);
    assert_int_equal(world_effect(&world, EFFECT_PLACE_PARTY)->of.party.serial, 2);
    world_close(&world);
}

static void nobody_answers_and_the_customer_is_taken_back(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    ask(&world, PARTY_TRANSFER);
    assert_true(world_effect(&world, EFFECT_HOLD_CALL)->of.hold.on);
    news(&world, id, 1, PARTY_NEWS_ENDED);
    assert_false(world_effect(&world, EFFECT_HOLD_CALL)->of.hold.on);
    assert_int_equal(world_activity(&world, 7), AGENT_ON_CALL);
    ask(&world, PARTY_TRANSFER);
    news(&world, id, 2, PARTY_NEWS_JOINED); /* and this one takes over in the same moment */
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_HANDED_OVER);
    world_close(&world);
}

static void none_outlives_the_conversation(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    ask(&world, PARTY_ADD);
    world_status(&world, id, CALL_COMPLETED, 200);
    assert_non_null(world_effect(&world, EFFECT_HANG_UP_PARTY));
    world_dispose(&world, 7, id, 1);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    world_new_lead(&world, 2, 1);
    assert_int_equal(world_planned(&world), 0); /* not while somebody may be in the room */
    news(&world, id, 1, PARTY_NEWS_JOINED);     /* it had answered in the same moment */
    assert_non_null(world_effect(&world, EFFECT_HANG_UP_PARTY));
    world_pass(&world, world.now + 10 * MINUTE); /* nothing is heard of it again */
    assert_true(world_count(&world, EFFECT_HANG_UP_PARTY) > dialer_limits_default().polls_max);
    assert_int_equal(world_planned(&world), 0);
    assert_true(dialer_attempt(world.dialer, id, &(struct attempt_record){0}));
    news(&world, id, 1, PARTY_NEWS_ENDED);
    assert_false(dialer_attempt(world.dialer, id, &(struct attempt_record){0}));
    world_close(&world);
}

static void who_was_handed_over_is_soon_asked_after_for_the_agent_waits(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    ask(&world, PARTY_ADD);
    news(&world, id, 1, PARTY_NEWS_JOINED);
    ask(&world, PARTY_HAND_OVER);
    world_pass(&world,
               world.now + 5 * SECOND); /* that the customer has left the room is not heard */
    assert_int_equal(world_effect(&world, EFFECT_POLL_CALL)->of.poll.rooms[0], 7);
    world_call(&world, EVENT_CALL_LEFT, id, 7);
    world_pass(&world, world.now + 20 * SECOND);
    assert_int_equal(world_count(&world, EFFECT_POLL_CALL), 2);
    world_close(&world);
}

static void two_who_talk_on_are_left_to_it_while_nobody_answers(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    ask(&world, PARTY_ADD);
    news(&world, id, 1, PARTY_NEWS_JOINED);
    ask(&world, PARTY_HAND_OVER);
    news(&world, id, 1, PARTY_NEWS_LEFT);
    world_pass(&world, world.now + 2 * MINUTE);
    assert_null(world_effect(&world, EFFECT_HANG_UP_PARTY));
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_HANDED_OVER);
    world_close(&world);
}

static void one_of_before_is_told_to_go(void **state)
{
    static struct world world;
    attempt_id id = talk(&world);

    news(&world, id, 3, PARTY_NEWS_JOINED);
    assert_int_equal(world_effect(&world, EFFECT_HANG_UP_PARTY)->of.party.serial, 3);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_asked_while_the_customer_hears_music_and_then_takes_over),
        cmocka_unit_test(who_is_left_alone_is_hung_up),
        cmocka_unit_test(the_agent_swaps_between_the_two),
        cmocka_unit_test(nobody_answers_and_the_customer_is_taken_back),
        cmocka_unit_test(none_outlives_the_conversation),
        cmocka_unit_test(who_was_handed_over_is_soon_asked_after_for_the_agent_waits),
        cmocka_unit_test(two_who_talk_on_are_left_to_it_while_nobody_answers),
        cmocka_unit_test(one_of_before_is_told_to_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
