#include "store_cases.h"

#include <errno.h>

#include "core/rule_do_not_call.h"

/* The contract of the store, told to both sides. */

static struct store *store_of(void **state)
{
    return ((struct store_case *)*state)->store;
}

static void a_campaign_is_kept_and_its_name_is_unique(void **state)
{
    struct store *store = store_of(state);
    uint64_t id = new_campaign(store, "Spring");
    struct store_record record = {.kind = STORE_CAMPAIGN};
    struct store_query query = store_query_of(STORE_CAMPAIGN);

    record.of.campaign.name = "Spring";
    ok(store, store_begin(store));
    assert_int_equal(store_put(store, &record), EEXIST);
    assert_true(strlen(store_why(store)) > 0);
    store_rollback(store);
    query.text = "Spring";
    assert_int_equal(count_of(store, query), 1);
    query.text = "spring ";
    assert_int_equal(count_of(store, query), 0);
    query.text = NULL;
    query.id = id;
    assert_int_equal(count_of(store, query), 1);
}

static int see_campaign(void *arg, const struct store_record *record)
{
    const struct store_campaign *campaign = &record->of.campaign;

    assert_string_equal(campaign->name, "Spring");
    assert_string_equal(campaign->settings, "{\"mode\":\"preview\"}");
    assert_int_equal(campaign->state, CAMPAIGN_PAUSED);
    return 0;
}

static void the_settings_and_the_state_of_a_campaign_are_written_apart(void **state)
{
    struct store *store = store_of(state);
    uint64_t id = new_campaign(store, "Spring");
    struct store_record record = {.kind = STORE_CAMPAIGN_STATE};
    struct store_query query = store_query_of(STORE_CAMPAIGN);

    record.of.campaign.id = id;
    record.of.campaign.state = CAMPAIGN_PAUSED;
    put(store, &record);
    record = (struct store_record){.kind = STORE_CAMPAIGN};
    record.of.campaign.id = id;
    record.of.campaign.settings = "{\"mode\":\"preview\"}";
    put(store, &record);
    query.id = id;
    ok(store, store_each(store, &query, see_campaign, NULL));
    record = (struct store_record){.kind = STORE_CAMPAIGN_STATE};
    record.of.campaign.id = id + 1;
    ok(store, store_begin(store));
    assert_int_equal(store_put(store, &record), ENOENT);
    store_rollback(store);
}

static void what_is_rolled_back_never_was(void **state)
{
    struct store *store = store_of(state);
    struct store_record record = {.kind = STORE_CAMPAIGN};
    uint64_t sequence, again;

    ok(store, store_begin(store));
    record.of.campaign.name = "Gone";
    ok(store, store_put(store, &record));
    ok(store, store_journal_append(store, 1, "x", 1, &sequence));
    store_rollback(store);
    assert_int_equal(count_of(store, store_query_of(STORE_CAMPAIGN)), 0);
    ok(store, store_begin(store));
    ok(store, store_journal_append(store, 1, "x", 1, &again));
    ok(store, store_commit(store));
    assert_int_equal(again, sequence);
}

static void an_import_is_invisible_until_it_is_published(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    uint64_t import = new_import(store, campaign, new_list(store, campaign, "L"));
    struct store_import_row rows[] = {import_row(2, "+4930000001"), import_row(3, "+4930000002")};
    struct store_figures figures;
    struct told told;

    ok(store, store_import_rows(store, import, rows, 2));
    assert_int_equal(rows[1].outcome, IMPORT_ROW_NEW);
    claim(store, campaign, 10 * SECOND, 10, &told);
    assert_int_equal(told.count, 0);
    assert_int_equal(count_of(store, store_query_of(STORE_LEAD)), 0);
    assert_int_equal(count_of(store, store_query_of(STORE_PERSON)), 0);
    ok(store, store_figures(store, campaign, &figures));
    assert_int_equal(figures.leads, 0);
    publish(store, import, 2);
    ok(store, store_figures(store, campaign, &figures));
    assert_int_equal(figures.leads_by_state[LEAD_FRESH], 2);
    assert_int_equal(count_of(store, store_query_of(STORE_LEAD)), 2);
    claim(store, campaign, 10 * SECOND, 10, &told);
    assert_int_equal(told.count, 2);
    assert_string_equal(told.e164[0][0], "+4930000001");
    balances(store, campaign);
}

static void a_dropped_import_leaves_nothing(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    uint64_t kept = import_leads(store, campaign, 0, 1);
    uint64_t import = new_import(store, campaign, 1);
    struct store_import_row merged = import_row(2, "+4930000000");
    struct store_query numbers = store_query_of(STORE_NUMBER);
    bool more = true;
    struct told told;

    merged.numbers[1] = merged.numbers[0];
    merged.numbers[1].e164 = "+4930999999";
    merged.number_count = 2;
    ok(store, store_import_rows(store, import, &merged, 1));
    assert_int_equal(merged.outcome, IMPORT_ROW_MERGED);
    assert_int_equal(merged.other_import, kept);
    for (unsigned i = 0; i < 250; i++) {
        char e164[20];
        struct store_import_row row;
        snprintf(e164, sizeof(e164), "+4931%06u", i);
        row = import_row(i + 3, e164);
        ok(store, store_import_rows(store, import, &row, 1));
    }
    while (more)
        ok(store, store_import_drop(store, import, &more));
    assert_int_equal(count_of(store, numbers), 1);
    claim(store, campaign, SECOND, 10, &told);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.facts[0].number_count, 1);
    balances(store, campaign);
    assert_int_equal(new_import(store, campaign, 1), import + 1); /* the way is free again */
}

static void only_one_import_of_a_campaign_is_written_at_a_time(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct store_record record = {.kind = STORE_IMPORT};

    new_import(store, campaign, 1);
    record.of.import.campaign = campaign;
    ok(store, store_begin(store));
    assert_int_equal(store_put(store, &record), EBUSY);
    store_rollback(store);
}

static void an_import_is_published_once_and_by_publishing_only(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    uint64_t import = import_leads(store, campaign, 0, 1);
    struct store_import again = {.id = import};
    struct store_record record = {.kind = STORE_IMPORT};
    struct store_import_row row = import_row(2, "+4930777777");
    bool more;

    assert_int_equal(store_import_publish(store, &again), EINVAL);
    assert_int_equal(store_import_rows(store, import, &row, 1), EINVAL);
    assert_int_equal(store_import_drop(store, import, &more), EINVAL);
    record.of.import.id = new_import(store, campaign, 1);
    record.of.import.state = IMPORT_PUBLISHED;
    ok(store, store_begin(store));
    assert_int_equal(store_put(store, &record), EINVAL);
    store_rollback(store);
}

static void a_number_known_in_the_campaign_is_not_imported_twice(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    uint64_t other = new_campaign(store, "B");
    uint64_t first = import_leads(store, campaign, 1, 1);
    uint64_t import = new_import(store, campaign, 1);
    struct store_import_row row = import_row(9, "+4930000001");
    struct store_import_row twice = import_row(10, "+4930000005");
    struct store_query leads = store_query_of(STORE_LEAD);

    ok(store, store_import_rows(store, import, &row, 1));
    assert_int_equal(row.outcome, IMPORT_ROW_DUPLICATE);
    assert_int_equal(row.other_import, first);
    assert_int_equal(row.other_line, 2);
    ok(store, store_import_rows(store, import, &twice, 1));
    twice.line = 11;
    ok(store, store_import_rows(store, import, &twice, 1));
    assert_int_equal(twice.outcome, IMPORT_ROW_DUPLICATE);
    assert_int_equal(twice.other_line, 10);
    assert_int_equal(twice.other_import, import);
    publish(store, import, 1);
    leads.campaign = campaign;
    assert_int_equal(count_of(store, leads), 2);
    import_leads(store, other, 1, 1); /* another campaign's leads are its own */
    balances(store, campaign);
    balances(store, other);
}

static void a_merged_row_brings_its_new_numbers_to_the_known_lead(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    uint64_t import;
    struct store_import_row row = import_row(2, "+4930000001");
    struct told told;

    import_leads(store, campaign, 1, 1);
    import = new_import(store, campaign, 1);
    row.numbers[1] = row.numbers[0];
    row.numbers[1].e164 = "+4930888888";
    row.numbers[2] = row.numbers[1]; /* the same again: one number */
    row.number_count = 3;
    ok(store, store_import_rows(store, import, &row, 1));
    assert_int_equal(row.outcome, IMPORT_ROW_MERGED);
    assert_int_equal(row.number_count, 2);
    memset(&told, 0, sizeof(told));
    ok(store, store_lead_facts(store, row.lead, tell, &told));
    assert_int_equal(told.facts[0].number_count, 1); /* not published yet */
    publish(store, import, 0);
    memset(&told, 0, sizeof(told));
    ok(store, store_lead_facts(store, row.lead, tell, &told));
    assert_int_equal(told.facts[0].number_count, 2);
    assert_string_equal(told.e164[0][1], "+4930888888");
    balances(store, campaign);
}

static void claims_come_by_callback_priority_and_due_time(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct lead_record lead;
    struct told told;

    import_leads(store, campaign, 0, 3);
    import_leads(store, campaign, 10, 3);
    claim(store, campaign, 100 * SECOND, 10, &told);
    assert_int_equal(told.count, 6);
    for (size_t i = 0; i < 6; i++) {
        lead = told.facts[i].record;
        assert_false(lead.released);
        lead.state = LEAD_DUE;
        lead.due_at = (instant)(60 - i) * SECOND;
        lead.released = true;
        if (i == 0)
            lead.priority = 6;
        if (i == 1)
            lead.priority = 0;
        if (i == 2) {
            lead.state = LEAD_CALLBACK;
            lead.callback_agent = 4;
        }
        put_lead(store, &lead);
    }
    claim(store, campaign, 57 * SECOND, 10, &told);
    assert_int_equal(told.count, 3); /* 58, 57, 56, 55 s: the callback's 58 is not due */
    assert_int_equal(told.facts[0].record.due_at, 55 * SECOND);
    assert_int_equal(told.facts[2].record.due_at, 57 * SECOND);
    claim(store, campaign, 100 * SECOND, 10, &told);
    assert_int_equal(told.count, 3);
    assert_int_equal(told.facts[0].record.state, LEAD_CALLBACK);
    assert_int_equal(told.facts[0].record.callback_agent, 4);
    assert_int_equal(told.facts[1].record.priority, 0);
    assert_int_equal(told.facts[2].record.priority, 6);
    claim(store, campaign, 100 * SECOND, 10, &told);
    assert_int_equal(told.count, 0);
    balances(store, campaign);
}

static void a_claim_takes_no_more_than_it_asked_for(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct told told;
    instant at;

    import_leads(store, campaign, 0, 5);
    import_leads(store, campaign, 10, 5);
    claim(store, campaign, SECOND, 3, &told);
    assert_int_equal(told.count, 3);
    ok(store, store_next_due(store, campaign, ALWAYS, &at));
    assert_int_equal(at, 0);
    claim(store, campaign, SECOND, 50, &told);
    assert_int_equal(told.count, 7);
    ok(store, store_next_due(store, campaign, ALWAYS, &at));
    assert_int_equal(at, INSTANT_NEVER);
}

static void a_put_of_a_claimed_lead_keeps_what_the_core_does_not_know(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    uint64_t import = import_leads(store, campaign, 0, 1);
    struct store_query query = store_query_of(STORE_LEAD);
    struct store_record record;
    struct told told;

    claim(store, campaign, SECOND, 1, &told);
    told.facts[0].record.state = LEAD_HELD;
    told.facts[0].record.reason = REFUSED_OUTSIDE_HOURS;
    told.facts[0].record.results[RESULT_BUSY] = 3;
    put_lead(store, &told.facts[0].record);
    query.id = told.facts[0].record.id;
    ok(store, store_each(store, &query, copy_record, &record));
    assert_int_equal(record.of.lead.owner, NODE);
    assert_int_equal(record.of.lead.import, import);
    assert_int_equal(record.of.lead.line, 2);
    assert_int_equal(record.of.lead.core.reason, REFUSED_OUTSIDE_HOURS);
    assert_int_equal(record.of.lead.core.results[RESULT_BUSY], 3);
    told.facts[0].record.released = true;
    put_lead(store, &told.facts[0].record);
    ok(store, store_each(store, &query, copy_record, &record));
    assert_int_equal(record.of.lead.owner, 0);
}

static void facts_tell_numbers_calls_and_do_not_call(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    uint64_t import = new_import(store, campaign, 1);
    struct store_import_row row = import_row(2, "+4930000001");
    struct store_record listed = {.kind = STORE_DO_NOT_CALL};
    struct attempt_record attempt;
    struct told told;

    row.zone = "Europe/Berlin";
    row.numbers[1].e164 = "+4930000002";
    row.number_count = 2;
    ok(store, store_import_rows(store, import, &row, 1));
    publish(store, import, 1);
    listed.of.do_not_call.e164 = "+4930000002";
    put(store, &listed);
    listed.of.do_not_call = (struct store_do_not_call){.e164 = "+4930000001", .campaign = campaign};
    put(store, &listed);
    claim(store, campaign, SECOND, 1, &told);
    for (uint64_t i = 1; i <= 12; i++) {
        attempt = attempt_of(i, &told.facts[0], (instant)i * MINUTE);
        attempt.ordered_at = (instant)i * MINUTE;
        attempt.counts = i != 5; /* the fifth was refused by the engine: never a call */
        put_attempt(store, &attempt, NULL);
    }
    memset(&told, 0, sizeof(told));
    ok(store, store_lead_facts(store, row.lead, tell, &told));
    assert_string_equal(told.zone[0], "Europe/Berlin");
    assert_int_equal(told.facts[0].numbers[0].flags, CONTACT_DO_NOT_CALL_HERE);
    assert_int_equal(told.facts[0].numbers[1].flags, CONTACT_DO_NOT_CALL);
    assert_int_equal(told.facts[0].numbers[0].history.lifetime, 11);
    assert_int_equal(told.facts[0].numbers[0].history.recent_count, 11);
    assert_int_equal(told.facts[0].numbers[0].history.recent[0], 12 * MINUTE);
    assert_int_equal(told.facts[0].numbers[0].history.recent[7], 4 * MINUTE);
    assert_int_equal(told.facts[0].numbers[1].history.lifetime, 0);
    assert_int_equal(told.facts[0].person_history.lifetime, 11);
}

static void do_not_call_is_for_all_or_for_one_campaign(void **state)
{
    struct store *store = store_of(state);
    struct store_record record = {.kind = STORE_DO_NOT_CALL};
    uint64_t id;
    bool forbidden;

    record.of.do_not_call.e164 = "+4930000001";
    record.of.do_not_call.campaign = 1;
    put(store, &record);
    id = record.of.id;
    ok(store, store_is_forbidden(store, "+4930000001", 1, &forbidden));
    assert_true(forbidden);
    ok(store, store_is_forbidden(store, "+4930000001", 2, &forbidden));
    assert_false(forbidden);
    record.of.id = 0;
    put(store, &record); /* again: the older row stays */
    assert_int_equal(record.of.id, id);
    record.of.id = 0;
    record.of.do_not_call.campaign = 0;
    put(store, &record);
    assert_int_not_equal(record.of.id, id);
    ok(store, store_is_forbidden(store, "+4930000001", 2, &forbidden));
    assert_true(forbidden);
    ok(store, store_begin(store));
    ok(store, store_remove(store, STORE_DO_NOT_CALL, record.of.id));
    assert_int_equal(store_remove(store, STORE_DO_NOT_CALL, record.of.id), ENOENT);
    ok(store, store_commit(store));
    ok(store, store_is_forbidden(store, "+4930000001", 2, &forbidden));
    assert_false(forbidden);
}

static void a_person_who_forbids_calls_is_not_called_on_any_number(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    uint64_t import = new_import(store, campaign, 1);
    struct store_import_row row = import_row(2, "+4930000001");
    struct told told;
    bool forbidden;

    row.numbers[1].e164 = "+4930000002";
    row.number_count = 2;
    ok(store, store_import_rows(store, import, &row, 1));
    publish(store, import, 1);
    claim(store, campaign, SECOND, 1, &told);
    ok(store, store_begin(store));
    ok(store, store_forbid(store, told.facts[0].numbers[0].id, told.facts[0].record.person, 1, 5));
    ok(store, store_commit(store));
    ok(store, store_is_forbidden(store, "+4930000002", 99, &forbidden));
    assert_true(forbidden);
    memset(&told, 0, sizeof(told));
    ok(store, store_lead_facts(store, row.lead, tell, &told));
    assert_int_equal(told.facts[0].person_flags, CONTACT_DO_NOT_CALL);
    assert_int_equal(told.facts[0].numbers[1].flags, CONTACT_DO_NOT_CALL);
    ok(store, store_begin(store));
    ok(store, store_remove(store, STORE_DO_NOT_CALL, 1));
    ok(store, store_commit(store));
    memset(&told, 0, sizeof(told));
    ok(store, store_lead_facts(store, row.lead, tell, &told));
    assert_int_equal(told.facts[0].person_flags, CONTACT_DO_NOT_CALL); /* the other one is listed */
    ok(store, store_begin(store));
    ok(store, store_remove(store, STORE_DO_NOT_CALL, 2));
    ok(store, store_commit(store));
    memset(&told, 0, sizeof(told));
    ok(store, store_lead_facts(store, row.lead, tell, &told));
    assert_int_equal(told.facts[0].person_flags, 0); /* taken back */
}

static int see_note(void *arg, const struct store_record *record)
{
    assert_string_equal(record->of.attempt.note, arg);
    return 0;
}

static void an_erased_person_is_gone_and_the_figures_stand(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    uint64_t shared_campaign = new_campaign(store, "B");
    uint64_t import = new_import(store, campaign, 1);
    struct store_import_row row = import_row(2, "+4930000001");
    struct store_query persons = store_query_of(STORE_PERSON);
    struct store_query numbers = store_query_of(STORE_NUMBER);
    struct store_query attempts = store_query_of(STORE_ATTEMPT);
    struct attempt_record attempt;
    struct told told;

    row.numbers[1].e164 = "+4930000007"; /* also another person's, in the other campaign */
    row.number_count = 2;
    ok(store, store_import_rows(store, import, &row, 1));
    publish(store, import, 1);
    import_leads(store, shared_campaign, 7, 1);
    claim(store, campaign, SECOND, 1, &told);
    attempt = attempt_of(1, &told.facts[0], 1);
    put(store, &(struct store_record){.kind = STORE_ATTEMPT,
                                      .of.attempt = {.core = attempt, .note = "is on holiday"}});
    ok(store, store_each(store, &attempts, see_note, "is on holiday"));
    ok(store, store_begin(store));
    ok(store, store_erase_person(store, told.facts[0].record.person, 9));
    assert_int_equal(store_erase_person(store, 999, 9), ENOENT);
    ok(store, store_commit(store));
    persons.id = told.facts[0].record.person;
    struct store_record person;
    ok(store, store_each(store, &persons, copy_record, &person));
    assert_int_equal(person.of.person.erased_at, 9);
    assert_int_equal(person.of.person.flags, CONTACT_DO_NOT_CALL);
    numbers.text = "+4930000001";
    assert_int_equal(count_of(store, numbers), 0);
    numbers.text = "+4930000007";
    assert_int_equal(count_of(store, numbers), 1);
    memset(&told, 0, sizeof(told));
    ok(store, store_lead_facts(store, row.lead, tell, &told));
    assert_string_equal(told.e164[0][0], "");
    assert_true(told.facts[0].numbers[0].flags & CONTACT_INVALID);
    ok(store, store_each(store, &attempts, see_note, ""));
    assert_int_equal(count_of(store, attempts), 1);
}

static int see_attempt(void *arg, const struct store_record *record)
{
    const struct store_attempt *attempt = &record->of.attempt;

    assert_string_equal(attempt->call_sid, "CA1");
    assert_string_equal(attempt->e164, "+4930000000");
    assert_int_equal(attempt->core.sip_code, 200);
    assert_int_equal(attempt->core.hello_us, 2500);
    assert_int_equal(attempt->core.state, ATTEMPT_ENDED);
    assert_int_equal(attempt->core.callback_agent, 8);
    assert_true(attempt->core.conversed);
    ++*(size_t *)arg;
    return 0;
}

static void an_attempts_sid_survives_the_cores_later_records(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct store_query query = store_query_of(STORE_ATTEMPT);
    struct attempt_record attempt;
    struct told told;
    size_t seen = 0;
    uint64_t last;

    import_leads(store, campaign, 0, 1);
    claim(store, campaign, SECOND, 1, &told);
    attempt = attempt_of(41, &told.facts[0], 2 * SECOND);
    put_attempt(store, &attempt, NULL);
    query.open_only = true;
    assert_int_equal(count_of(store, query), 1);
    put_attempt(store, &attempt, "CA1");
    attempt.state = ATTEMPT_ENDED;
    attempt.open = false;
    attempt.sip_code = 200;
    attempt.hello_us = 2500;
    attempt.conversed = true;
    attempt.callback_agent = 8;
    put_attempt(store, &attempt, NULL);
    assert_int_equal(count_of(store, query), 0);
    query.open_only = false;
    query.text = "CA1";
    ok(store, store_each(store, &query, see_attempt, &seen));
    assert_int_equal(seen, 1);
    ok(store, store_last_id(store, STORE_ATTEMPT, &last));
    assert_int_equal(last, 41);
}

static void pages_walk_through_everything_once_in_either_direction(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct store_query query = store_query_of(STORE_LEAD);
    struct store_record last;
    size_t seen = 0;

    import_leads(store, campaign, 0, 7);
    query.campaign = campaign;
    query.limit = 3;
    for (int page = 0; page < 3; page++) {
        seen += count_of(store, query);
        ok(store, store_each(store, &query, copy_record, &last));
        query.after = last.of.id;
    }
    assert_int_equal(seen, 7);
    query.after = 0;
    query.newest_first = true;
    ok(store, store_each(store, &query, copy_record, &last));
    assert_int_equal(last.of.id, 5);
    query.after = 5;
    query.limit = 0;
    assert_int_equal(count_of(store, query), 4);
    query.newest_first = false;
    query.text = "leads have no name";
    assert_int_equal(store_each(store, &query, copy_record, &last), EINVAL);
}

static int stop_at_once(void *arg, const struct store_record *record)
{
    return ECANCELED;
}

static void a_handler_may_stop_the_walk(void **state)
{
    struct store *store = store_of(state);
    struct store_query query = store_query_of(STORE_CAMPAIGN);

    new_campaign(store, "A");
    assert_int_equal(store_each(store, &query, stop_at_once, NULL), ECANCELED);
    assert_int_equal(count_of(store, query), 1);
}

static void claims_of_a_dead_node_come_back_without_those_being_called(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct attempt_record attempt;
    struct told told;
    uint64_t released;

    import_leads(store, campaign, 0, 3);
    claim(store, campaign, SECOND, 3, &told);
    attempt = attempt_of(1, &told.facts[0], SECOND);
    put_attempt(store, &attempt, NULL);
    told.facts[0].record.state = LEAD_ATTEMPTING;
    put_lead(store, &told.facts[0].record);
    ok(store, store_begin(store));
    ok(store, store_release_claims(store, NODE + 1, &released));
    assert_int_equal(released, 0);
    ok(store, store_release_claims(store, NODE, &released));
    assert_int_equal(released, 2);
    ok(store, store_commit(store));
    balances(store, campaign);
    claim(store, campaign, SECOND, 10, &told);
    assert_int_equal(told.count, 2);
}

static void one_lead_can_be_taken_by_hand(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct told told;

    import_leads(store, campaign, 0, 2);
    ok(store, store_begin(store));
    ok(store, store_claim_one(store, 2, NODE, SECOND));
    assert_int_equal(store_claim_one(store, 2, NODE, SECOND), EBUSY);
    assert_int_equal(store_claim_one(store, 99, NODE, SECOND), ENOENT);
    ok(store, store_commit(store));
    claim(store, campaign, SECOND, 10, &told);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.facts[0].record.id, 1);
}

static void a_lead_made_by_hand_is_claimed_like_any_other(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct store_record record = {.kind = STORE_LEAD};
    struct told told;

    record.of.lead.core.campaign = campaign;
    record.of.lead.core.released = true;
    put(store, &record);
    claim(store, campaign, SECOND, 10, &told);
    assert_int_equal(told.count, 1);
    balances(store, campaign);
}

static void figures_follow_every_put(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct store_figures figures;
    struct told told;

    import_leads(store, campaign, 0, 10);
    claim(store, campaign, SECOND, 10, &told);
    for (uint64_t i = 0; i < 10; i++) {
        struct attempt_record attempt = attempt_of(i + 1, &told.facts[i], SECOND);
        put_attempt(store, &attempt, NULL);
        attempt.state = ATTEMPT_ENDED;
        attempt.open = false;
        attempt.counts = true;
        attempt.ordered_at = attempt.placed_at = attempt.ended_at = 2 * SECOND;
        attempt.result = i ? RESULT_CONNECTED : RESULT_BUSY;
        attempt.conversed = i != 0;
        attempt.agent = i != 0;
        attempt.bridged_at = i ? SECOND : 0;
        attempt.counted_answer = i > 1;
        if (i == 9)
            attempt.result = RESULT_ABANDONED;
        attempt.hello_us = i ? (int64_t)(i * 1000) : -1;
        put_attempt(store, &attempt, NULL);
        told.facts[i].record.state = LEAD_DONE;
        told.facts[i].record.released = true;
        told.facts[i].record.attempts = 1;
        put_lead(store, &told.facts[i].record);
    }
    ok(store, store_figures(store, campaign, &figures));
    assert_int_equal(figures.attempts.attempts, 10);
    assert_int_equal(figures.attempts.open, 0);
    assert_int_equal(figures.attempts.by_result[RESULT_CONNECTED], 8);
    assert_int_equal(figures.attempts.by_result[RESULT_BUSY], 1);
    assert_int_equal(figures.leads_by_state[LEAD_DONE], 10);
    assert_int_equal(figures.leads_by_state[LEAD_FRESH], 0);
    assert_int_equal(figures.attempts.hello_count, 9);
    assert_int_equal(figures.hello_p50_us, 5000);
    assert_int_equal(figures.hello_p95_us, 9000);
    assert_int_equal(figures.hello_max_us, 9000);
    struct store_record record;
    struct store_query query = store_query_of(STORE_CAMPAIGN);
    query.id = campaign;
    ok(store, store_each(store, &query, copy_record, &record));
    assert_int_equal(record.of.campaign.ledger.answered_live, 8);
    assert_int_equal(record.of.campaign.ledger.abandoned, 1);
    balances(store, campaign);
    ok(store, store_figures(store, campaign + 1, &figures));
    assert_int_equal(figures.attempts.attempts, 0);
    assert_int_equal(figures.hello_p50_us, -1);
}

static void the_balance_names_what_does_not_add_up(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct attempt_record attempt;
    struct told told;
    size_t differences = 0;

    import_leads(store, campaign, 0, 1);
    claim(store, campaign, SECOND, 1, &told);
    attempt = attempt_of(1, &told.facts[0], SECOND);
    put_attempt(store, &attempt, NULL); /* an open attempt, yet the lead says fresh */
    attempt.id = 2;
    put_attempt(store, &attempt, NULL); /* and a second one */
    ok(store, store_balance(store, campaign, print_difference, &differences));
    assert_int_equal(differences, 2);
}

static int see_agents(void *arg, const struct store_agent_figures *figures)
{
    assert_string_equal(figures->name, "alice");
    assert_int_equal(figures->calls, 1);
    assert_int_equal(figures->talk_us, 30 * SECOND);
    assert_int_equal(figures->wrap_up_us, 5 * SECOND);
    assert_int_equal(figures->reservations[RESERVATION_COMPLETED], 1);
    assert_int_equal(figures->activity_us[AGENT_AVAILABLE], 10 * SECOND);
    assert_int_equal(figures->activity_us[AGENT_ON_CALL], 40 * SECOND);
    ++*(size_t *)arg;
    return 0;
}

static void agents_have_their_share_of_the_figures(void **state)
{
    struct store *store = store_of(state);
    uint64_t campaign = new_campaign(store, "A");
    struct store_record record = {.kind = STORE_AGENT};
    struct attempt_record attempt;
    struct told told;
    size_t seen = 0;

    record.of.agent.name = "alice";
    put(store, &record);
    record = (struct store_record){.kind = STORE_AGENT};
    record.of.agent.name = "bob"; /* did nothing */
    put(store, &record);
    import_leads(store, campaign, 0, 1);
    claim(store, campaign, SECOND, 1, &told);
    attempt = attempt_of(1, &told.facts[0], SECOND);
    attempt.agent = 1;
    attempt.conversed = true;
    attempt.bridged_at = 10 * SECOND;
    attempt.ended_at = 40 * SECOND;
    attempt.wrapped_at = 45 * SECOND;
    put_attempt(store, &attempt, NULL);
    record = (struct store_record){.kind = STORE_RESERVATION};
    record.of.reservation = (struct reservation_record){
        .id = 1, .agent = 1, .campaign = campaign, .status = RESERVATION_COMPLETED};
    put(store, &record);
    record = (struct store_record){.kind = STORE_ACTIVITY};
    record.of.activity = (struct store_activity){
        .agent = 1, .activity = AGENT_AVAILABLE, .begun_at = 0, .ended_at = 10 * SECOND};
    put(store, &record);
    record.of.activity =
        (struct store_activity){.agent = 1, .activity = AGENT_ON_CALL, .begun_at = 10 * SECOND};
    put(store, &record);
    ok(store, store_figures_agents(store, campaign, 50 * SECOND, see_agents, &seen));
    assert_int_equal(seen, 1);
}

static int see_agent(void *arg, const struct store_record *record)
{
    const struct store_agent *agent = &record->of.agent;

    assert_string_equal(agent->name, "alice");
    assert_string_equal(agent->address, "sip:alice@127.0.0.1");
    assert_int_equal(agent->core.activity, AGENT_BREAK);
    assert_int_equal(agent->core.break_code, 3);
    assert_int_equal(agent->core.leg, LEG_CONNECTED);
    assert_int_equal(agent->core.version, 12);
    ++*(size_t *)arg;
    return 0;
}

static void who_an_agent_is_and_what_he_does_are_written_apart(void **state)
{
    struct store *store = store_of(state);
    struct store_record record = {.kind = STORE_AGENT};
    size_t seen = 0;

    record.of.agent.name = "alice";
    put(store, &record);
    record.kind = STORE_AGENT_STATE;
    record.of.agent.core.activity = AGENT_BREAK;
    record.of.agent.core.break_code = 3;
    record.of.agent.core.leg = LEG_CONNECTED;
    record.of.agent.core.version = 12;
    put(store, &record);
    record = (struct store_record){.kind = STORE_AGENT, .of.agent.core.id = 1};
    record.of.agent.address = "sip:alice@127.0.0.1";
    put(store, &record);
    struct store_query query = store_query_of(STORE_AGENT);
    query.text = "alice";
    ok(store, store_each(store, &query, see_agent, &seen));
    assert_int_equal(seen, 1);
}

static int see_journal(void *arg, uint64_t sequence, instant at, const void *bytes, size_t size)
{
    struct text *out = arg;

    text_addf(out, "%llu@%lld:", (unsigned long long)sequence, (long long)at);
    text_add_bytes(out, bytes, size);
    text_add(out, "/");
    return 0;
}

static void the_journal_is_numbered_without_a_gap(void **state)
{
    struct store *store = store_of(state);
    struct text out;
    uint64_t sequence;

    text_init(&out);
    ok(store, store_begin(store));
    ok(store, store_journal_append(store, 10, "one", 3, &sequence));
    ok(store, store_journal_append(store, 20, "", 0, &sequence));
    ok(store, store_journal_append(store, 30, "three", 5, &sequence));
    ok(store, store_commit(store));
    assert_int_equal(sequence, 3);
    ok(store, store_journal_each(store, 0, 0, see_journal, &out));
    assert_string_equal(out.at, "1@10:one/2@20:/3@30:three/");
    text_clear(&out);
    ok(store, store_journal_each(store, 1, 1, see_journal, &out));
    assert_string_equal(out.at, "2@20:/");
    text_release(&out);
}

static void tokens_and_meta_are_found_by_their_words(void **state)
{
    struct store *store = store_of(state);
    struct store_record record = {.kind = STORE_TOKEN};
    struct store_query query = store_query_of(STORE_TOKEN);
    struct store_record found;

    record.of.token.hash = "abc";
    record.of.token.rights = "all";
    put(store, &record);
    query.text = "abc";
    assert_int_equal(count_of(store, query), 1);
    ok(store, store_begin(store));
    ok(store, store_remove(store, STORE_TOKEN, record.of.id));
    ok(store, store_commit(store));
    assert_int_equal(count_of(store, query), 0);
    record = (struct store_record){.kind = STORE_META};
    record.of.meta.key = "node";
    record.of.meta.value = "1";
    put(store, &record);
    record.of.id = 0;
    record.of.meta.value = "2";
    put(store, &record);
    query = store_query_of(STORE_META);
    query.text = "node";
    assert_int_equal(count_of(store, query), 1);
    ok(store, store_each(store, &query, copy_record, &found));
}

static void ids_are_never_given_twice(void **state)
{
    struct store *store = store_of(state);
    struct store_record record = {.kind = STORE_TOKEN};

    record.of.token.hash = "a";
    put(store, &record);
    ok(store, store_begin(store));
    ok(store, store_remove(store, STORE_TOKEN, record.of.id));
    ok(store, store_commit(store));
    record = (struct store_record){.kind = STORE_TOKEN};
    record.of.token.hash = "b";
    put(store, &record);
    assert_int_equal(record.of.id, 2);
}

static int open_memory(void **state)
{
    *state = case_new(true);
    return 0;
}

static int open_sqlite(void **state)
{
    *state = case_new(false);
    return 0;
}

static int close_case(void **state)
{
    case_free(*state);
    return 0;
}

#define BOTH(test)                                                                                 \
    {#test " (memory)", test, open_memory, close_case, NULL},                                      \
    {                                                                                              \
#test " (sqlite)", test, open_sqlite, close_case, NULL                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_campaign_is_kept_and_its_name_is_unique),
        BOTH(the_settings_and_the_state_of_a_campaign_are_written_apart),
        BOTH(what_is_rolled_back_never_was),
        BOTH(an_import_is_invisible_until_it_is_published),
        BOTH(a_dropped_import_leaves_nothing),
        BOTH(only_one_import_of_a_campaign_is_written_at_a_time),
        BOTH(an_import_is_published_once_and_by_publishing_only),
        BOTH(a_number_known_in_the_campaign_is_not_imported_twice),
        BOTH(a_merged_row_brings_its_new_numbers_to_the_known_lead),
        BOTH(claims_come_by_callback_priority_and_due_time),
        BOTH(a_claim_takes_no_more_than_it_asked_for),
        BOTH(a_put_of_a_claimed_lead_keeps_what_the_core_does_not_know),
        BOTH(facts_tell_numbers_calls_and_do_not_call),
        BOTH(do_not_call_is_for_all_or_for_one_campaign),
        BOTH(a_person_who_forbids_calls_is_not_called_on_any_number),
        BOTH(an_erased_person_is_gone_and_the_figures_stand),
        BOTH(an_attempts_sid_survives_the_cores_later_records),
        BOTH(pages_walk_through_everything_once_in_either_direction),
        BOTH(a_handler_may_stop_the_walk),
        BOTH(claims_of_a_dead_node_come_back_without_those_being_called),
        BOTH(one_lead_can_be_taken_by_hand),
        BOTH(a_lead_made_by_hand_is_claimed_like_any_other),
        BOTH(figures_follow_every_put),
        BOTH(the_balance_names_what_does_not_add_up),
        BOTH(agents_have_their_share_of_the_figures),
        BOTH(who_an_agent_is_and_what_he_does_are_written_apart),
        BOTH(the_journal_is_numbered_without_a_gap),
        BOTH(tokens_and_meta_are_found_by_their_words),
        BOTH(ids_are_never_given_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
