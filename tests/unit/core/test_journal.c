#include <errno.h>

#include "unit/core/core_world.h"

#include "core/journal.h"

/* An event of a kind with something in every corner that a kind of its has. */
static struct event sample(enum event_kind kind)
{
    struct event event = {.kind = kind, .request = 12345};

    switch ((int)kind) {
    case EVENT_CAMPAIGN_LOADED:
    case EVENT_CAMPAIGN_CHANGED:
        event.of.campaign = (struct campaign_facts){.id = 3,
                                                    .state = CAMPAIGN_PAUSED,
                                                    .ledger = {100, 2},
                                                    .options = campaign_options_default()};
        break;
    case EVENT_AGENT_LOADED:
    case EVENT_AGENT_CHANGED:
        event.of.agent.record = (struct agent_record){
            .id = 7, .activity = AGENT_BREAK, .break_code = 9, .leg = LEG_REJOINING, .since = NOON};
        event.of.agent.reservation.id = 8;
        event.of.agent.campaign_count = 2;
        event.of.agent.campaigns[1] = ID_MAX;
        break;
    case EVENT_ATTEMPT_RECOVERED:
        event.of.attempt = (struct attempt_record){
            .id = 9, .state = ATTEMPT_BRIDGED, .open = true, .hello_us = -1, .answered_at = NOON};
        break;
    case EVENT_LEAD_CLAIMED:
        event.of.lead = world_lead_facts(4, LEAD_NUMBERS_MAX);
        for (int i = 0; i < HISTORY_RECENT_MAX; ++i)
            call_history_add(&event.of.lead.numbers[7].history, NOON + i * DAY);
        event.of.lead.record.due_at = INSTANT_NEVER;
        break;
    case EVENT_MANUAL_DIALLED:
        event.of.manual.lead = world_lead_facts(4, 1);
        event.of.manual.number_index = 250; /* somebody's mistake, not the journal's */
        break;
    case EVENT_CLAIM_ENDED:
        event.of.claim.next_due = INSTANT_NEVER;
        event.of.claim.count = 5;
        break;
    case EVENT_CALL_STATUS:
        event.of.call = (struct event_call){
            .attempt = 6, .status = CALL_COMPLETED, .sip_code = 200, .hello_us = 2100};
        break;
    case EVENT_CLOCK_LEAPT:
        event.of.leap = -HOUR;
        break;
    default: /* nothing, or ids only */
        break;
    }
    return event;
}

static void every_kind_of_event_comes_back_as_it_was(void **state)
{
    for (int kind = 0; kind < EVENT_KIND_COUNT; ++kind) {
        struct event event = sample((enum event_kind)kind), back;
        uint8_t bytes[JOURNAL_EVENT_MAX], again[JOURNAL_EVENT_MAX];
        size_t size = journal_encode(NOON + kind, &event, bytes), used;
        instant now;

        assert_int_equal(journal_decode(bytes, size, &used, &now, &back), 0);
        assert_int_equal(used, size);
        assert_int_equal(now, NOON + kind);
        assert_int_equal(back.request, 12345);
        assert_int_equal(journal_encode(now, &back, again), size);
        assert_memory_equal(bytes, again, size);
    }
}

/* Journals of before there was `looked` are still read. */
static void a_line_nobody_looked_for_is_written_as_in_the_first_journals(void **state)
{
    struct event event = {.kind = EVENT_AGENT_LEG_LOST, .of.leg = {.agent = 7, .serial = 3}}, back;
    uint8_t plain[JOURNAL_EVENT_MAX], looked[JOURNAL_EVENT_MAX];
    size_t size = journal_encode(NOON, &event, plain), used;
    instant now;

    event.of.leg.looked = true;
    assert_int_equal(journal_encode(NOON, &event, looked), size + 1);
    assert_int_equal(journal_decode(plain, size, &used, &now, &back), 0);
    assert_false(back.of.leg.looked);
    assert_int_equal(journal_decode(looked, size + 1, &used, &now, &back), 0);
    assert_true(back.of.leg.looked);
}

static void a_lead_with_every_number_comes_back_whole(void **state)
{
    struct event event = sample(EVENT_LEAD_CLAIMED), back;
    uint8_t bytes[JOURNAL_EVENT_MAX];
    size_t size = journal_encode(NOON, &event, bytes), used;
    instant now;

    assert_int_equal(journal_decode(bytes, size, &used, &now, &back), 0);
    assert_int_equal(back.of.lead.number_count, LEAD_NUMBERS_MAX);
    assert_int_equal(back.of.lead.numbers[7].id, event.of.lead.numbers[7].id);
    assert_int_equal(back.of.lead.numbers[7].history.recent[0],
                     NOON + (HISTORY_RECENT_MAX - 1) * DAY);
    assert_int_equal(back.of.lead.record.due_at, INSTANT_NEVER);
}

static void a_cut_event_asks_for_more_and_a_changed_one_is_refused(void **state)
{
    struct event event = sample(EVENT_CAMPAIGN_LOADED), back;
    uint8_t bytes[JOURNAL_EVENT_MAX];
    size_t size = journal_encode(NOON, &event, bytes), used;
    instant now;

    for (size_t cut = 0; cut < size; ++cut)
        assert_int_equal(journal_decode(bytes, cut, &used, &now, &back), ENODATA);
    for (size_t i = 0; i < size; ++i) {
        bytes[i] ^= 0x21;
        assert_int_not_equal(journal_decode(bytes, size, &used, &now, &back), 0);
        bytes[i] ^= 0x21;
    }
    assert_int_equal(journal_decode(bytes, size, &used, &now, &back), 0);
}

static void a_replayed_journal_comes_to_the_same_state(void **state)
{
    struct dialer_limits limits = dialer_limits_default();
    struct dialer *first = dialer_new(&limits, 5), *second = dialer_new(&limits, 5);
    struct event events[3] = {sample(EVENT_CAMPAIGN_LOADED),
                              {.kind = EVENT_RECOVERY_ENDED},
                              {.kind = EVENT_LEADS_ADDED, .of.campaign_id = 3}};
    struct effect effect;

    events[0].of.campaign.state = CAMPAIGN_RUNNING;
    for (size_t i = 0; i < array_count(events); ++i) {
        uint8_t bytes[JOURNAL_EVENT_MAX];
        size_t size = journal_encode(NOON, &events[i], bytes), used;
        struct event back;
        instant now;

        assert_int_equal(journal_decode(bytes, size, &used, &now, &back), 0);
        dialer_feed(first, NOON, &events[i]);
        while (dialer_drain(first, &effect))
            ;
        dialer_feed(second, now, &back);
        while (dialer_drain(second, &effect))
            ;
        assert_int_equal(dialer_digest(first), dialer_digest(second));
    }
    dialer_free(first);
    dialer_free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_event_comes_back_as_it_was),
        cmocka_unit_test(a_line_nobody_looked_for_is_written_as_in_the_first_journals),
        cmocka_unit_test(a_lead_with_every_number_comes_back_whole),
        cmocka_unit_test(a_cut_event_asks_for_more_and_a_changed_one_is_refused),
        cmocka_unit_test(a_replayed_journal_comes_to_the_same_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
