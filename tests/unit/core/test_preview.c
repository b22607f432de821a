#include "unit/core/core_world.h"

static void open_preview(struct world *world, struct campaign_options *options)
{
    struct dialer_limits limits = dialer_limits_default();

    options->mode = MODE_PREVIEW;
    world_open(world, &limits, options);
    world_agent_ready(world, 7);
    world_new_lead(world, 1, 1);
}

static void say(struct world *world, enum event_kind kind, instant until)
{
    struct event event = {.kind = kind};

    event.of.reservation.agent = 7;
    event.of.reservation.until = until;
    world_feed(world, &event);
}

static void a_preview_is_a_reservation_and_no_attempt(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    open_preview(&world, &options);
    assert_int_equal(world_effect(&world, EFFECT_SCREEN_POP)->of.pop.kind, POP_PREVIEW);
    assert_int_equal(world_effect(&world, EFFECT_SCREEN_POP)->of.pop.lead, 1);
    assert_int_equal(world_planned(&world), 0);
    assert_int_equal(world_activity(&world, 7), AGENT_RESERVED);
    world_close(&world);
}

static void an_accepted_preview_is_dialled_for_that_agent(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;
    attempt_id id;

    open_preview(&world, &options);
    say(&world, EVENT_PREVIEW_ACCEPTED, 0);
    id = world_planned(&world);
    assert_int_equal(world_attempt(&world, id).agent, 7);
    world_commit(&world, id);
    assert_int_equal(world_effect(&world, EFFECT_PLACE_CALL)->of.place.agent, 7);
    world_close(&world);
}

static void a_skipped_preview_comes_later_and_the_next_one_at_once(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    open_preview(&world, &options);
    world_new_lead(&world, 2, 1);
    say(&world, EVENT_PREVIEW_SKIPPED, 0);
    assert_int_equal(world_lead(&world)->due_at, NOON + options.skip_delay);
    assert_int_equal(world_effect(&world, EFFECT_SCREEN_POP)->of.pop.lead, 2);
    world_close(&world);
}

static void a_snoozed_preview_comes_when_it_was_told_to(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    open_preview(&world, &options);
    say(&world, EVENT_PREVIEW_SNOOZED, NOON + 3 * HOUR);
    assert_int_equal(world_lead(&world)->due_at, NOON + 3 * HOUR);
    world_close(&world);
}

/* A call back that a rule held for a while: looked at and put off, it is not the rule that holds it. */
static void what_an_agent_puts_off_is_not_held_by_a_rule(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct dialer_limits limits = dialer_limits_default();
    struct lead_facts facts = world_lead_facts(1, 1);
    static struct world world;

    options.mode = MODE_PREVIEW;
    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    facts.record.state = LEAD_CALLBACK;
    facts.record.due_at = NOON;
    facts.record.reason = REFUSED_NUMBER_GAP;
    world_claimed(&world, &facts);
    assert_int_equal(world_effect(&world, EFFECT_SCREEN_POP)->of.pop.lead, 1);
    say(&world, EVENT_PREVIEW_SKIPPED, 0);
    assert_int_equal(world_lead(&world)->state, LEAD_CALLBACK);
    assert_int_equal(world_lead(&world)->due_at, NOON + options.skip_delay);
    assert_int_equal(world_lead(&world)->reason, REFUSED_NOT);
    world_close(&world);
}

static void the_countdown_dials_by_itself_when_the_campaign_says_so(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    open_preview(&world, &options);
    world.now += options.preview_max;
    world_tick(&world);
    assert_int_not_equal(world_planned(&world), 0);
    world_close(&world);
}

static void the_countdown_may_skip_and_then_the_desk_is_taken_for_dead(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    options.preview_default = PREVIEW_THEN_SKIP;
    open_preview(&world, &options);
    world.now += options.preview_max;
    world_tick(&world);
    assert_int_equal(world_effect(&world, EFFECT_RECORD_RESERVATION)->of.reservation.status,
                     RESERVATION_TIMEOUT);
    assert_int_equal(world_activity(&world, 7), AGENT_BREAK);
    world_close(&world);
}

static void a_preview_accepted_after_hours_is_refused_and_held(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    for (int day = 0; day < 7; ++day)
        options.hours.days[day][0] = (struct hours_window){8 * 60, 12 * 60 + 1};
    options.preview_max = 10 * MINUTE;
    open_preview(&world, &options);
    world.now += 2 * MINUTE;
    say(&world, EVENT_PREVIEW_ACCEPTED, 0);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_OUTSIDE_HOURS);
    assert_int_equal(world_lead(&world)->state, LEAD_HELD);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    world_close(&world);
}

static void do_not_call_takes_a_preview_from_the_screen(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    open_preview(&world, &options);
    world_feed(&world, &(struct event){.kind = EVENT_DO_NOT_CALL_ADDED, .of.contact.number = 10});
    assert_int_equal(world_lead(&world)->state, LEAD_BLOCKED);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    world_close(&world);
}

static void dial(struct world *world, const struct lead_facts *facts, uint8_t index)
{
    struct event event = {.kind = EVENT_MANUAL_DIALLED};

    event.of.manual.agent = 7;
    event.of.manual.lead = *facts;
    event.of.manual.number_index = index;
    world_feed(world, &event);
}

static void a_number_dialled_by_hand_obeys_the_same_rules(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    struct lead_facts facts = world_lead_facts(1, 2);
    static struct world world;

    options.mode = MODE_MANUAL;
    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    facts.numbers[1].flags = CONTACT_PREMIUM;
    dial(&world, &facts, 1);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal,
                     REFUSED_PREMIUM_NUMBER);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    dial(&world, &facts, 9);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_NO_NUMBER);
    dial(&world, &facts, 0);
    assert_int_equal(world_attempt(&world, world_planned(&world)).number, 10);
    assert_true(world_attempt(&world, world_planned(&world)).manual);
    world_close(&world);
}

static void a_call_by_hand_from_a_break_leads_back_to_the_break(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    struct lead_facts facts = world_lead_facts(1, 1);
    struct event away = {.kind = EVENT_AGENT_ACTIVITY};
    static struct world world;
    attempt_id id;

    world_open(&world, &limits, &options);
    world_agent_ready(&world, 7);
    away.of.activity.agent = 7;
    away.of.activity.activity = AGENT_BREAK;
    away.of.activity.break_code = 4;
    world_feed(&world, &away);
    dial(&world, &facts, 0);
    id = world_planned(&world);
    world_commit(&world, id);
    world_status(&world, id, CALL_BUSY, 486);
    assert_int_equal(world_activity(&world, 7), AGENT_BREAK);
    assert_int_equal(world_agent_facts(&world, 7).record.break_code, 4);
    world_close(&world);
}

static void more_time(struct world *world)
{
    world_feed(world, &(struct event){.kind = EVENT_MORE_TIME, .of.agent_id = 7});
}

static void more_time_is_given_as_often_as_the_campaign_allows(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;
    instant until;
    attempt_id id;

    options.more_time_max = 2;
    open_preview(&world, &options);
    until = world_agent_facts(&world, 7).reservation.until;
    more_time(&world);
    assert_int_equal(world_agent_facts(&world, 7).reservation.until, until + 30 * SECOND);
    more_time(&world);
    more_time(&world);
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_NO_MORE_TIME);
    world_pass(&world, until - 30 * SECOND);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    for (int s = 0; s < 60; s += 20) { /* the line is looked at meanwhile, and stands */
        world_pass(&world, until + s * SECOND);
        assert_int_equal(world_planned(&world), 0);
        world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    }
    world_pass(&world, until + 60 * SECOND);
    id = world_planned(&world);
    assert_int_not_equal(id, 0);

    world_commit(&world, id);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    world_call(&world, EVENT_CALL_JOINED, id, 7);
    more_time(&world); /* there is no limit to a conversation */
    assert_int_equal(world_effect(&world, EFFECT_REFUSE)->of.refuse.refusal, REFUSED_AGENT_STATE);
    world_status(&world, id, CALL_COMPLETED, 200);
    until = world_agent_facts(&world, 7).reservation.until;
    more_time(&world);
    world_pass(&world, until - 20 * SECOND);
    world_leg(&world, EVENT_AGENT_LEG_CONNECTED, 7);
    world_pass(&world, until + 29 * SECOND);
    assert_int_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    world_pass(&world, until + 30 * SECOND);
    assert_int_not_equal(world_activity(&world, 7), AGENT_WRAP_UP);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_time_is_given_as_often_as_the_campaign_allows),
        cmocka_unit_test(a_preview_is_a_reservation_and_no_attempt),
        cmocka_unit_test(an_accepted_preview_is_dialled_for_that_agent),
        cmocka_unit_test(a_skipped_preview_comes_later_and_the_next_one_at_once),
        cmocka_unit_test(what_an_agent_puts_off_is_not_held_by_a_rule),
        cmocka_unit_test(a_snoozed_preview_comes_when_it_was_told_to),
        cmocka_unit_test(the_countdown_dials_by_itself_when_the_campaign_says_so),
        cmocka_unit_test(the_countdown_may_skip_and_then_the_desk_is_taken_for_dead),
        cmocka_unit_test(a_preview_accepted_after_hours_is_refused_and_held),
        cmocka_unit_test(do_not_call_takes_a_preview_from_the_screen),
        cmocka_unit_test(a_number_dialled_by_hand_obeys_the_same_rules),
        cmocka_unit_test(a_call_by_hand_from_a_break_leads_back_to_the_break),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
