#include "unit/core/core_world.h"

/* A progressive campaign with agent 7 in the room. */
static void open_floor(struct world *world, const struct campaign_options *options)
{
    struct dialer_limits limits = dialer_limits_default();

    world_open(world, &limits, options);
    world_agent_ready(world, 7);
}

/* Rings lead 1 and ends the call so. */
static void ring_out(struct world *world, uint8_t numbers, enum call_status status,
                     uint16_t sip_code)
{
    world_status(world, world_dial(world, 1, numbers), status, sip_code);
}

static void each_result_has_its_own_delay(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    open_floor(&world, &options);
    ring_out(&world, 1, CALL_BUSY, 486);
    assert_int_equal(world_lead(&world)->due_at, world.now + options.retry[RESULT_BUSY].delay);
    assert_int_equal(world_lead(&world)->results[RESULT_BUSY], 1);
    assert_true(world_lead(&world)->released);
    world_close(&world);
}

static void a_result_that_came_too_often_ends_the_lead(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    options.retry[RESULT_BUSY].times_max = 0;
    open_floor(&world, &options);
    ring_out(&world, 1, CALL_BUSY, 486);
    assert_int_equal(world_lead(&world)->state, LEAD_EXHAUSTED);
    assert_int_equal(world_lead(&world)->reason, REFUSED_RESULT_MAX);
    world_close(&world);
}

static void a_number_that_does_not_exist_is_dead_and_the_next_one_is_tried(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    open_floor(&world, &options);
    ring_out(&world, 2, CALL_FAILED, 404);
    assert_int_equal(world_lead(&world)->numbers_dead, 1);
    assert_int_equal(world_lead(&world)->number_next, 1);
    assert_int_equal(world_lead(&world)->state, LEAD_DUE);
    world_close(&world);
}

static void a_lead_whose_only_number_is_dead_is_exhausted(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    open_floor(&world, &options);
    ring_out(&world, 1, CALL_FAILED, 404);
    assert_int_equal(world_lead(&world)->state, LEAD_EXHAUSTED);
    assert_int_equal(world_lead(&world)->reason, REFUSED_NO_NUMBER);
    world_close(&world);
}

static void a_lead_outside_its_hours_is_held_with_the_reason_and_the_instant(void **state)
{
    struct campaign_options options = campaign_options_default();
    static struct world world;

    for (int day = 0; day < 7; ++day)
        options.hours.days[day][0] = (struct hours_window){15 * 60, 20 * 60};
    open_floor(&world, &options);
    world_new_lead(&world, 1, 1);
    assert_int_equal(world_planned(&world), 0);
    assert_int_equal(world_lead(&world)->state, LEAD_HELD);
    assert_int_equal(world_lead(&world)->reason, REFUSED_OUTSIDE_HOURS);
    assert_int_equal(world_lead(&world)->due_at, NOON + 3 * HOUR);
    world_close(&world);
}

static void the_rules_are_asked_again_when_the_call_is_placed(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct event added = {.kind = EVENT_DO_NOT_CALL_ADDED, .of.contact.person = 1001};
    static struct world world;
    attempt_id id;

    for (int day = 0; day < 7; ++day)
        options.hours.days[day][0] = (struct hours_window){8 * 60, 12 * 60 + 1};
    open_floor(&world, &options);
    world_new_lead(&world, 1, 1);
    id = world_planned(&world);
    world.now += MINUTE; /* the store took long, and the window closed */
    world_commit(&world, id);
    assert_null(world_effect(&world, EFFECT_PLACE_CALL));
    assert_int_equal(world_effect(&world, EFFECT_RECORD_ATTEMPT)->of.attempt.reason,
                     REFUSED_OUTSIDE_HOURS);
    assert_int_equal(world_effect(&world, EFFECT_RECORD_ATTEMPT)->of.attempt.result,
                     RESULT_CANCELED);
    assert_false(world_effect(&world, EFFECT_RECORD_ATTEMPT)->of.attempt.counts);
    assert_int_equal(world_activity(&world, 7), AGENT_AVAILABLE);
    world_feed(&world, &added);
    world_close(&world);
}

static void do_not_call_takes_effect_at_once_on_a_plan_and_on_a_ringing_call(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct event added = {.kind = EVENT_DO_NOT_CALL_ADDED, .of.contact.person = 1001};
    static struct world world;
    attempt_id id;

    open_floor(&world, &options);
    world_new_lead(&world, 1, 1);
    id = world_planned(&world);
    world_feed(&world, &added);
    assert_non_null(world_effect(&world, EFFECT_RECORD_DO_NOT_CALL));
    assert_int_equal(world_lead(&world)->state, LEAD_BLOCKED);
    world_commit(&world, id);
    assert_null(world_effect(&world, EFFECT_PLACE_CALL));

    id = world_dial(&world, 2, 1);
    added.of.contact.person = 0;
    added.of.contact.number = 20;
    world_feed(&world, &added);
    assert_non_null(world_effect(&world, EFFECT_CANCEL_CALL));
    world_status(&world, id, CALL_CANCELED, 487);
    assert_int_equal(world_lead(&world)->state, LEAD_BLOCKED);
    assert_int_equal(world_lead(&world)->reason, REFUSED_DO_NOT_CALL);
    world_close(&world);
}

static void a_word_that_came_before_the_lead_is_remembered(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct event added = {.kind = EVENT_DO_NOT_CALL_ADDED, .of.contact.number = 10};
    static struct world world;

    open_floor(&world, &options);
    world_feed(&world, &added); /* while the claim is on its way */
    world_new_lead(&world, 1, 1);
    assert_int_equal(world_planned(&world), 0);
    assert_int_equal(world_lead(&world)->state, LEAD_BLOCKED);
    world_close(&world);
}

/* Memory is full of others: the word is kept all the same, until it is taken back. */
static void a_word_for_which_there_is_no_room_is_remembered(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct campaign_options options = campaign_options_default();
    struct event added = {.kind = EVENT_DO_NOT_CALL_ADDED,
                          .of.contact = {.number = 20, .person = 1003}};
    struct event removed = {.kind = EVENT_DO_NOT_CALL_REMOVED, .of.contact.person = 1003};
    struct event withdrawn = {.kind = EVENT_LEAD_WITHDRAWN, .of.lead_id = 1};
    static struct world world;

    limits.numbers_max = 1;
    world_open(&world, &limits, &options);
    world_new_lead(&world, 1, 1);
    world_feed(&world, &added); /* while the claim is on its way */
    world_feed(&world, &withdrawn);
    world_agent_ready(&world, 7);
    world_new_lead(&world, 2, 1);
    assert_int_equal(world_planned(&world), 0);
    assert_int_equal(world_lead(&world)->state, LEAD_BLOCKED);
    world_new_lead(&world, 3, 1);
    assert_int_equal(world_lead(&world)->state, LEAD_BLOCKED);
    world_feed(&world, &removed);
    world_new_lead(&world, 3, 1);
    assert_int_not_equal(world_planned(&world), 0);
    world_close(&world);
}

static void do_not_call_for_one_campaign_is_no_word_to_another(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct event added = {.kind = EVENT_DO_NOT_CALL_ADDED,
                          .of.contact = {.number = 10, .campaign = 2}};
    struct lead_facts facts = world_lead_facts(2, 1);
    static struct world world;
    attempt_id id;

    open_floor(&world, &options);
    id = world_dial(&world, 1, 1);
    world_feed(&world, &added);
    assert_null(world_effect(&world, EFFECT_CANCEL_CALL));
    added.of.contact.campaign = 1;
    world_feed(&world, &added);
    assert_null(world_effect(&world, EFFECT_RECORD_DO_NOT_CALL)); /* it would be for all */
    assert_non_null(world_effect(&world, EFFECT_CANCEL_CALL));
    world_status(&world, id, CALL_CANCELED, 487);
    assert_int_equal(world_lead(&world)->state, LEAD_BLOCKED);
    assert_int_equal(world_lead(&world)->reason, REFUSED_DO_NOT_CALL);

    facts.numbers[0].id = 10; /* the same number, and nothing said of it for this lead */
    world_claimed(&world, &facts);
    assert_int_equal(world_attempt(&world, world_planned(&world)).number, 10);
    world_close(&world);
}

static void a_word_taken_back_is_forgotten(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct event event = {.kind = EVENT_DO_NOT_CALL_ADDED,
                          .of.contact = {.number = 10, .person = 1001}};
    struct lead_facts facts = world_lead_facts(1, 1);
    static struct world world;

    open_floor(&world, &options);
    world_feed(&world, &event);
    event.kind = EVENT_DO_NOT_CALL_REMOVED;
    world_feed(&world, &event);
    world_claimed(&world, &facts);
    assert_int_equal(world_attempt(&world, world_planned(&world)).number, 10);
    world_close(&world);
}

static void emergency_numbers_are_never_dialled_but_the_other_number_is(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct lead_facts facts = world_lead_facts(1, 2);
    static struct world world;

    facts.numbers[0].flags = CONTACT_EMERGENCY;
    open_floor(&world, &options);
    world_claimed(&world, &facts);
    assert_int_equal(world_attempt(&world, world_planned(&world)).number, 11);
    world_close(&world);
}

static void a_person_on_two_lists_is_not_rung_twice_at_once(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct lead_facts facts = world_lead_facts(2, 1);
    static struct world world;

    open_floor(&world, &options);
    world_agent_ready(&world, 8);
    (void)world_dial(&world, 1, 1);
    facts.record.person = 1001;
    world_claimed(&world, &facts);
    assert_int_equal(world_planned(&world), 0);
    assert_int_equal(world_lead(&world)->reason, REFUSED_PERSON_BUSY);
    world_close(&world);
}

static void a_number_shared_by_two_leads_is_counted_once(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct lead_facts facts = world_lead_facts(2, 1);
    static struct world world;

    options.number_caps = (struct attempt_caps){.gap = HOUR};
    open_floor(&world, &options);
    ring_out(&world, 1, CALL_BUSY, 486);
    facts.numbers[0].id = 10; /* the same number, and its facts do not know of the call yet */
    world_claimed(&world, &facts);
    assert_int_equal(world_lead(&world)->reason, REFUSED_NUMBER_GAP);
    assert_int_equal(world_lead(&world)->due_at, NOON + HOUR);
    world_close(&world);
}

static void a_callback_waits_for_its_agent_and_then_takes_anyone(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct lead_facts facts = world_lead_facts(1, 1);
    static struct world world;

    options.callback_agent_wait = 10 * MINUTE;
    open_floor(&world, &options);
    world_agent(&world, 8); /* not in */
    facts.record.state = LEAD_CALLBACK;
    facts.record.callback_agent = 8;
    facts.record.due_at = NOON;
    world_claimed(&world, &facts);
    assert_int_equal(world_planned(&world), 0); /* 7 is free, and it is not for 7 */
    world.now += 9 * MINUTE;
    world_tick(&world);
    assert_int_equal(world_planned(&world), 0);
    world.now += 2 * MINUTE;
    world_tick(&world);
    assert_int_equal(world_attempt(&world, world_planned(&world)).agent, 7);
    world_close(&world);
}

static void a_callback_goes_to_its_agent_even_when_another_has_waited_longer(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct lead_facts facts = world_lead_facts(1, 1);
    static struct world world;

    open_floor(&world, &options);
    world.now += MINUTE;
    world_agent_ready(&world, 8);
    facts.record.state = LEAD_CALLBACK;
    facts.record.callback_agent = 8;
    facts.record.due_at = world.now;
    world_claimed(&world, &facts);
    assert_int_equal(world_attempt(&world, world_planned(&world)).agent, 8);
    world_close(&world);
}

static void callbacks_come_first_and_then_priorities(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct lead_facts facts;
    static struct world world;
    struct dialer_limits limits = dialer_limits_default();

    world_open(&world, &limits, &options);
    world_new_lead(&world, 1, 1);
    facts = world_lead_facts(2, 1);
    facts.record.priority = 0;
    world_claimed(&world, &facts);
    facts = world_lead_facts(3, 1);
    facts.record.state = LEAD_CALLBACK;
    world_claimed(&world, &facts);
    for (agent_id agent = 7; agent <= 9; ++agent) {
        static const lead_id order[] = {3, 2, 1};

        world_agent_ready(&world, agent);
        assert_int_equal(world_attempt(&world, world_planned(&world)).lead, order[agent - 7]);
    }
    world_close(&world);
}

static void an_agents_do_not_call_blocks_the_person_everywhere(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct lead_facts facts = world_lead_facts(2, 1);
    static struct world world;
    attempt_id id;

    open_floor(&world, &options);
    id = world_dial(&world, 1, 1);
    facts.record.person = 1001;
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    world_call(&world, EVENT_CALL_JOINED, id, 7);
    world_claimed(&world, &facts);
    world_status(&world, id, CALL_COMPLETED, 200);
    world_dispose(&world, 7, id, 4);
    assert_int_equal(world_effect(&world, EFFECT_RECORD_DO_NOT_CALL)->of.contact.person, 1001);
    assert_int_equal(world_effect(&world, EFFECT_RECORD_DO_NOT_CALL)->of.contact.number, 10);
    assert_int_equal(world_count(&world, EFFECT_RECORD_LEAD), 2);
    for (uint32_t i = 0; i < world.count; ++i)
        if (world.effects[i].kind == EFFECT_RECORD_LEAD)
            assert_int_equal(world.effects[i].of.lead.state, LEAD_BLOCKED);
    world_close(&world);
}

static void a_promised_callback_is_kept_for_its_time(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct event saved = {.kind = EVENT_DISPOSITION_SAVED};
    static struct world world;
    attempt_id id;

    open_floor(&world, &options);
    id = world_dial(&world, 1, 1);
    world_call(&world, EVENT_CALL_ANSWERED, id, 0);
    world_call(&world, EVENT_CALL_JOINED, id, 7);
    world_status(&world, id, CALL_COMPLETED, 200);
    saved.of.disposition.agent = 7;
    saved.of.disposition.attempt = id;
    saved.of.disposition.code = 3;
    saved.of.disposition.callback_at = NOON + 2 * DAY;
    saved.of.disposition.callback_agent = 7;
    world_feed(&world, &saved);
    assert_int_equal(world_lead(&world)->state, LEAD_CALLBACK);
    assert_int_equal(world_lead(&world)->due_at, NOON + 2 * DAY);
    assert_int_equal(world_lead(&world)->callback_agent, 7);
    world_close(&world);
}

static void a_claim_is_made_below_the_low_mark_and_only_once(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct dialer_limits limits = dialer_limits_default();
    struct event ended = {.kind = EVENT_CLAIM_ENDED};
    const struct effect *claim;
    static struct world world;

    world_open(&world, &limits, &options);
    claim = world_effect(&world, EFFECT_CLAIM_LEADS);
    assert_non_null(claim);
    assert_int_equal(claim->of.claim.count, options.hopper_high);
    ended.of.claim.campaign = 1;
    ended.of.claim.claim = claim->of.claim.claim;
    world_tick(&world);
    assert_null(world_effect(&world, EFFECT_CLAIM_LEADS));
    ended.of.claim.next_due = NOON + HOUR; /* nothing now */
    world_feed(&world, &ended);
    assert_null(world_effect(&world, EFFECT_CLAIM_LEADS));
    assert_int_equal(dialer_deadline(world.dialer), NOON + HOUR);
    world_feed(&world, &(struct event){.kind = EVENT_LEADS_ADDED, .of.campaign_id = 1});
    assert_non_null(world_effect(&world, EFFECT_CLAIM_LEADS));
    world_close(&world);
}

static void leads_added_while_a_claim_is_out_are_claimed_after_it(void **state)
{
    struct campaign_options options = campaign_options_default();
    struct dialer_limits limits = dialer_limits_default();
    struct event ended = {.kind = EVENT_CLAIM_ENDED};
    static struct world world;

    world_open(&world, &limits, &options);
    ended.of.claim.campaign = 1;
    ended.of.claim.claim = world_effect(&world, EFFECT_CLAIM_LEADS)->of.claim.claim;
    ended.of.claim.next_due = INSTANT_NEVER; /* the store looked before they came */
    world_feed(&world, &(struct event){.kind = EVENT_LEADS_ADDED, .of.campaign_id = 1});
    assert_null(world_effect(&world, EFFECT_CLAIM_LEADS));
    world_feed(&world, &ended);
    assert_non_null(world_effect(&world, EFFECT_CLAIM_LEADS));
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_result_has_its_own_delay),
        cmocka_unit_test(a_result_that_came_too_often_ends_the_lead),
        cmocka_unit_test(a_number_that_does_not_exist_is_dead_and_the_next_one_is_tried),
        cmocka_unit_test(a_lead_whose_only_number_is_dead_is_exhausted),
        cmocka_unit_test(a_lead_outside_its_hours_is_held_with_the_reason_and_the_instant),
        cmocka_unit_test(the_rules_are_asked_again_when_the_call_is_placed),
        cmocka_unit_test(do_not_call_takes_effect_at_once_on_a_plan_and_on_a_ringing_call),
        cmocka_unit_test(a_word_that_came_before_the_lead_is_remembered),
        cmocka_unit_test(a_word_for_which_there_is_no_room_is_remembered),
        cmocka_unit_test(do_not_call_for_one_campaign_is_no_word_to_another),
        cmocka_unit_test(a_word_taken_back_is_forgotten),
        cmocka_unit_test(emergency_numbers_are_never_dialled_but_the_other_number_is),
        cmocka_unit_test(a_person_on_two_lists_is_not_rung_twice_at_once),
        cmocka_unit_test(a_number_shared_by_two_leads_is_counted_once),
        cmocka_unit_test(a_callback_waits_for_its_agent_and_then_takes_anyone),
        cmocka_unit_test(a_callback_goes_to_its_agent_even_when_another_has_waited_longer),
        cmocka_unit_test(callbacks_come_first_and_then_priorities),
        cmocka_unit_test(an_agents_do_not_call_blocks_the_person_everywhere),
        cmocka_unit_test(a_promised_callback_is_kept_for_its_time),
        cmocka_unit_test(a_claim_is_made_below_the_low_mark_and_only_once),
        cmocka_unit_test(leads_added_while_a_claim_is_out_are_claimed_after_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
