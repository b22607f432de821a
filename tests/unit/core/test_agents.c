#include "unit/core/core_world.h"

static void open_floor(struct world *world)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();

    world_open(world, &limits, &options);
    world_agent_ready(world, 7);
}

static attempt_id talk(struct world *world, lead_id lead)
{
    attempt_id id = world_dial(world, lead, 1);

    world_call(world, EVENT_CALL_ANSWERED, id, 0);
    world_call(world, EVENT_CALL_JOINED, id, 7);
    assert_int_equal(world_activity(world, 7), AGENT_ON_CALL);
    return id;
}

static void ask(struct world *world, enum agent_activity activity, bool forced)
{
    struct event event = {.kind = EVENT_AGENT_ACTIVITY, .request = 5};

    event.of.activity.agent = 7;
    event.of.activity.activity = activity;
    event.of.activity.break_code = 3;
    event.of.activity.forced = forced;
    world_feed(world, &event);
}

static void a_shift_begins_when_the_leg_stands(void **state)
{
    static struct world world;
    struct event event = {.kind = EVENT_AGENT_LOGGED_IN};

    open_floor(&world);
    world_agent(&world, 8);
    event.of.activity.agent = 8;
    event.of.activity.activity = AGENT_BREAK;
    event.of.activity.break_code = 2;
    world_feed(&world, &event);
    assert_int_equal(world_activity(&world, 8), AGENT_OFFLINE);
    assert_int_equal(world_agent_facts(&world, 8).record.leg, LEG_DIALLING);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 8);
    assert_int_equal(world_activity(&world, 8), AGENT_BREAK);
    assert_int_equal(world_agent_facts(&world, 8).record.break_code, 2);
    world_close(&world);
}

static void a_change_asked_for_during_a_call_comes_after_the_wrap_up(void **state)
{
    static struct world world;
    attempt_id id;

    open_floor(&world);
    id = talk(&world, 1);
    ask(&world, AGENT_BREAK, false);
    assert_int_equal(world_activity(&world, 7), AGENT_ON_CALL);
    world_status(&world, id, CALL_COMPLETED, 200);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    world_dispose(&world, 7, id, 1);
    assert_int_equal(world_activity(&world, 7), AGENT_BREAK);
    assert_int_equal(world_agent_facts(&world, 7).record.break_code, 3);
    world_close(&world);
}

static void a_wrap_up_that_nobody_ends_ends_itself_with_the_default(void **state)
{
    static struct world world;
    attempt_id id;

    open_floor(&world);
    id = talk(&world, 1);
    world_status(&world, id, CALL_COMPLETED, 200);
    world.now += 60 * SECOND;
    world_tick(&world);
    assert_int_equal(world_lead(&world)->state, LEAD_DONE);
    assert_int_equal(world_effect(&world, EFFECT_RECORD_ATTEMPT)->of.attempt.disposition, 1);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    world_close(&world);
}

static void a_disposition_given_during_the_call_spares_the_wrap_up(void **state)
{
    static struct world world;
    attempt_id id;

    open_floor(&world);
    id = talk(&world, 1);
    world_dispose(&world, 7, id, 1);
    assert_int_equal(world_activity(&world, 7), AGENT_ON_CALL);
    world_status(&world, id, CALL_COMPLETED, 200);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    world_close(&world);
}

static void a_lost_leg_is_dialled_again_while_the_customer_stays(void **state)
{
    static struct world world;
    attempt_id id;
    uint32_t serial;

    open_floor(&world);
    id = talk(&world, 1);
    serial = world_agent_facts(&world, 7).record.leg_serial;
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    assert_non_null(world_effect(&world, EFFECT_DIAL_AGENT_LEG));
    assert_true(world_effect(&world, EFFECT_DIAL_AGENT_LEG)->of.leg.serial > serial);
    assert_null(world_effect(&world, EFFECT_REDIRECT_CALL));
    assert_int_equal(world_activity(&world, 7), AGENT_ON_CALL);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_BRIDGED);
    world_close(&world);
}

static void after_the_grace_the_customer_gets_another_agent(void **state)
{
    static struct world world;
    attempt_id id;

    open_floor(&world);
    id = talk(&world, 1);
    world_agent_ready(&world, 8);
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    world_pass(&world, world.now + 31 * SECOND);
    assert_int_equal(world_activity(&world, 7), AGENT_OFFLINE);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.agent, 8);
    assert_int_equal(world_attempt(&world, id).agent, 8);
    world_call(&world, EVENT_CALL_JOINED, id, 8);
    assert_int_equal(world_activity(&world, 8), AGENT_ON_CALL);
    world_close(&world);
}

static void after_the_grace_with_nobody_free_the_customer_is_told_goodbye(void **state)
{
    static struct world world;
    attempt_id id;

    open_floor(&world);
    id = talk(&world, 1);
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    world_pass(&world, world.now + 31 * SECOND);
    assert_int_equal(world_effect(&world, EFFECT_REDIRECT_CALL)->of.answer.action, ANSWER_MESSAGE);
    assert_int_equal(world_attempt(&world, id).result, RESULT_CONNECTED); /* not abandoned */
    world_status(&world, id, CALL_COMPLETED, 200);
    assert_true(world_attempt_closed(&world)->dropped);
    assert_int_equal(world_lead(&world)->state, LEAD_CALLBACK); /* at once, and by anybody */
    assert_int_equal(world_lead(&world)->due_at, world.now);
    assert_int_equal(world_lead(&world)->callback_agent, 0);
    world_close(&world);
}

static void phone_ready(struct world *world, agent_id agent)
{
    world_feed(world, &(struct event){.kind = EVENT_AGENT_PHONE_READY, .of.agent_id = agent});
}

static void a_phone_that_is_ready_is_rung_at_once(void **state)
{
    static struct world world;
    uint32_t serial;
    attempt_id id;

    open_floor(&world);
    id = talk(&world, 1);
    serial = world_agent_facts(&world, 7).record.leg_serial;
    phone_ready(&world, 7); /* the page was loaded again; nobody has told of the old line's end */
    assert_int_equal(world_effect(&world, EFFECT_HANG_UP_AGENT_LEG)->of.leg.serial, serial);
    assert_true(world_effect(&world, EFFECT_DIAL_AGENT_LEG)->of.leg.serial > serial);
    assert_int_equal(world_agent_facts(&world, 7).record.leg, LEG_REJOINING);
    assert_int_equal(world_attempt(&world, id).state, ATTEMPT_BRIDGED);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    assert_int_equal(world_agent_facts(&world, 7).record.leg, LEG_CONNECTED);
    world_close(&world);
}

static void a_phone_that_is_ready_waits_for_no_back_off(void **state)
{
    static struct world world;
    instant grace_ends;

    open_floor(&world);
    grace_ends = world.now + 30 * SECOND;
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    for (int i = 0; i < 3;
         ++i) { /* the page is still being loaded: each try fails, and the pauses grow */
        world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
        world_pass(&world, world.now + 4 * SECOND);
    }
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    phone_ready(&world, 7);
    assert_non_null(world_effect(&world, EFFECT_DIAL_AGENT_LEG));
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7); /* and the first pause after it is the shortest */
    world_pass(&world, world.now + SECOND);
    assert_non_null(world_effect(&world, EFFECT_DIAL_AGENT_LEG));
    for (; world.now < grace_ends + SECOND; world_pass(&world, world.now + SECOND))
        if (world_agent_facts(&world, 7).record.leg == LEG_REJOINING)
            phone_ready(&world, 7); /* over and over: the grace is the same */
    assert_int_equal(world_activity(&world, 7), AGENT_OFFLINE);
    world_close(&world);
}

static void a_phone_of_nobody_who_is_in_is_not_rung(void **state)
{
    static struct world world;

    open_floor(&world);
    world_agent(&world, 8);
    phone_ready(&world, 8);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_AGENT_STATE);
    phone_ready(&world, 9);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_UNKNOWN_AGENT);
    assert_null(world_effect(&world, EFFECT_DIAL_AGENT_LEG));
    world_close(&world);
}

static void a_leg_of_an_old_dialling_is_told_to_hang_up(void **state)
{
    static struct world world;
    struct event old = {.kind = EVENT_AGENT_LEG_CONNECTED};

    open_floor(&world);
    old.of.leg.agent = 7;
    old.of.leg.serial = world_agent_facts(&world, 7).record.leg_serial;
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    world_feed(&world, &old);
    assert_int_equal(world_effect(&world, EFFECT_HANG_UP_AGENT_LEG)->of.leg.serial,
                     old.of.leg.serial);
    assert_int_equal(world_agent_facts(&world, 7).record.leg, LEG_REJOINING);
    world_close(&world);
}

/* The line that was hung up has ended; one of before may never have heard that it was to. */
static void who_leaves_leaves_no_line_behind(void **state)
{
    static struct world world;
    struct event lost = {.kind = EVENT_AGENT_LEG_LOST}, out = {.kind = EVENT_AGENT_ACTIVITY};

    open_floor(&world);
    lost.of.leg.agent = out.of.activity.agent = 7;
    lost.of.leg.serial = world_agent_facts(&world, 7).record.leg_serial;
    out.of.activity.activity = AGENT_OFFLINE;
    world_feed(&world, &out);
    assert_non_null(world_effect(&world, EFFECT_HANG_UP_AGENT_LEG));
    world_feed(&world, &lost);
    assert_non_null(world_effect(&world, EFFECT_POLL_AGENT_LEG));
    lost.of.leg.looked = true;
    world_feed(&world, &lost);
    world_pass(&world, world.now + MINUTE);
    assert_null(world_effect(&world, EFFECT_POLL_AGENT_LEG));
    world_close(&world);
}

static void an_answer_finds_another_agent_when_the_reserved_one_is_gone(void **state)
{
    static struct world world;
    attempt_id id;

    open_floor(&world);
    id = world_dial(&world, 1, 1);
    world_agent_ready(&world, 8);
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    assert_int_equal(world_effect(&world, EFFECT_ANSWER_CALL)->of.answer.agent, 8);
    assert_int_equal(world_effect(&world, EFFECT_RECORD_RESERVATION)->of.reservation.status,
                     RESERVATION_RESCINDED);
    world_close(&world);
}

static void a_room_is_not_given_away_while_the_last_customer_is_in_it(void **state)
{
    static struct world world;
    struct event hung_up = {.kind = EVENT_AGENT_HUNG_UP};
    attempt_id id;

    open_floor(&world);
    id = talk(&world, 1);
    hung_up.of.reservation.agent = 7;
    world_feed(&world, &hung_up);
    assert_non_null(world_effect(&world, EFFECT_HANG_UP_CALL));
    world_dispose(&world, 7, id, 1);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    world_new_lead(&world, 2, 1);
    assert_int_equal(world_planned(&world), 0); /* the hang-up may be on its way */
    world_call(&world, EVENT_CALL_LEFT, id, 7);
    assert_int_not_equal(world_planned(&world), 0);
    world_close(&world);
}

static void a_machine_frees_the_agent_without_wrap_up(void **state)
{
    static struct world world;
    struct campaign_facts facts;
    attempt_id id;

    open_floor(&world);
    id = talk(&world, 1);
    world_call(&world, EVENT_CALL_MACHINE, id, 0);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    assert_non_null(world_effect(&world, EFFECT_HANG_UP_CALL));
    world_status(&world, id, CALL_COMPLETED, 200);
    assert_int_equal(world_lead(&world)->results[RESULT_MACHINE], 1);
    assert_true(dialer_campaign(world.dialer, 1, &facts));
    assert_int_equal(facts.ledger.answered_live, 0);
    world_close(&world);
}

static void a_forced_change_gives_up_a_call_that_still_rings(void **state)
{
    static struct world world;

    open_floor(&world);
    (void)world_dial(&world, 1, 1);
    ask(&world, AGENT_BREAK, true);
    assert_int_equal(world_activity(&world, 7), AGENT_BREAK);
    assert_non_null(world_effect(&world, EFFECT_CANCEL_CALL));
    world_close(&world);
}

static void an_answer_that_came_too_late_for_a_cancel_is_an_abandoned_call(void **state)
{
    static struct world world;
    struct campaign_facts facts;
    attempt_id id;

    open_floor(&world);
    id = world_dial(&world, 1, 1);
    ask(&world, AGENT_BREAK, true);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    assert_int_equal(world_effect(&world, EFFECT_ANSWER_CALL)->of.answer.action, ANSWER_MESSAGE);
    assert_true(dialer_campaign(world.dialer, 1, &facts));
    assert_int_equal(facts.ledger.abandoned, 1);
    world_close(&world);
}

static void an_agent_who_is_not_in_cannot_become_available(void **state)
{
    static struct world world;

    open_floor(&world);
    ask(&world, AGENT_OFFLINE, false);
    assert_int_equal(world_activity(&world, 7), AGENT_OFFLINE);
    assert_non_null(world_effect(&world, EFFECT_HANG_UP_AGENT_LEG));
    ask(&world, AGENT_AVAILABLE, false);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_AGENT_STATE);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->request, 5);
    world_close(&world);
}

static void another_agents_attempt_is_not_mine_to_dispose_of(void **state)
{
    static struct world world;
    attempt_id id;

    open_floor(&world);
    id = talk(&world, 1);
    world_agent_ready(&world, 8);
    world_dispose(&world, 8, id, 1);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_NOT_YOURS);
    world_dispose(&world, 7, id, 99);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal,
                     REFUSED_UNKNOWN_DISPOSITION);
    world_close(&world);
}

static void a_leap_of_the_clock_ends_nobodys_grace(void **state)
{
    static struct world world;
    struct event leapt = {.kind = EVENT_CLOCK_LEAPT, .of.leap = HOUR};

    open_floor(&world);
    (void)talk(&world, 1);
    world_leg(&world, EVENT_AGENT_LEG_LOST, 7);
    world.now += HOUR;
    world_feed(&world, &leapt);
    assert_int_equal(world_activity(&world, 7), AGENT_ON_CALL);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shift_begins_when_the_leg_stands),
        cmocka_unit_test(a_change_asked_for_during_a_call_comes_after_the_wrap_up),
        cmocka_unit_test(a_wrap_up_that_nobody_ends_ends_itself_with_the_default),
        cmocka_unit_test(a_disposition_given_during_the_call_spares_the_wrap_up),
        cmocka_unit_test(a_lost_leg_is_dialled_again_while_the_customer_stays),
        cmocka_unit_test(after_the_grace_the_customer_gets_another_agent),
        cmocka_unit_test(after_the_grace_with_nobody_free_the_customer_is_told_goodbye),
        cmocka_unit_test(a_phone_that_is_ready_is_rung_at_once),
        cmocka_unit_test(a_phone_that_is_ready_waits_for_no_back_off),
        cmocka_unit_test(a_phone_of_nobody_who_is_in_is_not_rung),
        cmocka_unit_test(a_leg_of_an_old_dialling_is_told_to_hang_up),
        cmocka_unit_test(an_answer_finds_another_agent_when_the_reserved_one_is_gone),
        cmocka_unit_test(a_room_is_not_given_away_while_the_last_customer_is_in_it),
        cmocka_unit_test(a_machine_frees_the_agent_without_wrap_up),
        cmocka_unit_test(a_forced_change_gives_up_a_call_that_still_rings),
        cmocka_unit_test(an_answer_that_came_too_late_for_a_cancel_is_an_abandoned_call),
        cmocka_unit_test(an_agent_who_is_not_in_cannot_become_available),
        cmocka_unit_test(who_leaves_leaves_no_line_behind),
        cmocka_unit_test(another_agents_attempt_is_not_mine_to_dispose_of),
        cmocka_unit_test(a_leap_of_the_clock_ends_nobodys_grace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
