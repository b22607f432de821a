#include "unit/core/core_world.h"

#include <errno.h>
#include <stdio.h>

#include "core/journal.h"
#include "core/journal_life.h"
#include "sim/replay.h"

/* Two lives of a small call centre, written as a server writes them, then replayed and spoilt. */
enum { JOURNAL_ROOM = 1 << 16 };

struct script {
    struct world world;
    uint8_t bytes[JOURNAL_ROOM];
    size_t size;
    size_t last_event; /* where the entry of the last event begins */
    size_t second_life;
    bool zones_written;
    uint32_t part;
    /* what the store would have */
    struct attempt_record attempt;
    struct lead_record lead;
    struct agent_record agent;
    struct reservation_record reservation;
};

static void write_effects(struct script *script)
{
    struct journal_outcome outcome = {.effect_count = 0};

    for (uint32_t i = 0; i < script->world.count; ++i) {
        const struct effect *effect = &script->world.effects[i];

        journal_outcome_add(&outcome, effect);
        if (effect->kind == EFFECT_RECORD_ATTEMPT)
            script->attempt = effect->of.attempt;
        else if (effect->kind == EFFECT_RECORD_LEAD)
            script->lead = effect->of.lead;
        else if (effect->kind == EFFECT_RECORD_AGENT)
            script->agent = effect->of.agent;
        else if (effect->kind == EFFECT_RECORD_RESERVATION)
            script->reservation = effect->of.reservation;
    }
    outcome.has_state = true;
    outcome.part = script->part++;
    outcome.state = dialer_digest_part(script->world.dialer, outcome.part);
    script->size += journal_encode_outcome(&outcome, script->bytes + script->size);
}

static void feed(struct script *script, struct event event)
{
    script->world.now += SECOND;
    script->last_event = script->size;
    script->size += journal_encode(script->world.now, &event, script->bytes + script->size);
    world_feed(&script->world, &event);
    write_effects(script);
}

static void begin_life_of_form(struct script *script, uint64_t seed, uint32_t form)
{
    struct dialer_limits limits = dialer_limits_default();
    struct journal_life life = {.form = form,
                                .begun_at = script->world.now,
                                .program = "test",
                                .seed = seed,
                                .known_sets = 1,
                                .zones_follow = !script->zones_written};

    limits.attempt_next = script->attempt.id + 1;
    limits.reservation_next = script->reservation.id + 1;
    life.limits = limits;
    life.zones = journal_zones_digest(&limits, 1);
    dialer_free(script->world.dialer);
    script->world.dialer = dialer_new(&limits, seed);
    script->size += journal_encode_life(&life, script->bytes + script->size);
    if (life.zones_follow) {
        script->size += journal_encode_zone(0, &limits.zones[0], script->bytes + script->size);
        script->size +=
            journal_encode_zone_set(0, &limits.zone_sets[0], script->bytes + script->size);
    }
    script->zones_written = true;
    feed(script, (struct event){.kind = EVENT_CAMPAIGN_LOADED,
                                .of.campaign = {.id = 1,
                                                .state = CAMPAIGN_RUNNING,
                                                .options = campaign_options_default()}});
}

static void begin_life(struct script *script, uint64_t seed)
{
    begin_life_of_form(script, seed, JOURNAL_FORM);
}

static void first_life(struct script *script)
{
    struct event agent = {.kind = EVENT_AGENT_LOADED};

    memset(script, 0, sizeof(*script));
    script->world.now = NOON;
    begin_life(script, 77);
    agent.of.agent.record.id = 7;
    agent.of.agent.campaign_count = 1;
    agent.of.agent.campaigns[0] = 1;
    feed(script, agent);
    feed(script, (struct event){.kind = EVENT_RECOVERY_ENDED});
    feed(script, (struct event){.kind = EVENT_LEAD_CLAIMED, .of.lead = world_lead_facts(1, 1)});
    feed(script,
         (struct event){
             .kind = EVENT_CLAIM_ENDED,
             .of.claim = {.campaign = 1, .claim = 1, .count = 1, .next_due = INSTANT_NEVER}});
    feed(script, (struct event){.kind = EVENT_AGENT_LOGGED_IN,
                                .of.activity = {.agent = 7, .activity = AGENT_AVAILABLE}});
    feed(script, (struct event){.kind = EVENT_AGENT_LEG_CONNECTED,
                                .of.leg = {.agent = 7, .serial = script->agent.leg_serial}});
    assert_int_equal(script->attempt.state, ATTEMPT_PLANNED);
    feed(script, (struct event){.kind = EVENT_ATTEMPT_COMMITTED, .of.attempt_id = 1});
    assert_non_null(world_effect(&script->world, EFFECT_PLACE_CALL));
    feed(script,
         (struct event){.kind = EVENT_CALL_PLACED, .of.call = {.attempt = 1, .hello_us = -1}});
}

/* kill -9, and another server on the same store. */
static void second_life(struct script *script, bool with_attempt)
{
    struct event agent = {.kind = EVENT_AGENT_LOADED};
    struct event lead = {.kind = EVENT_LEAD_CLAIMED, .of.lead = world_lead_facts(1, 1)};

    script->second_life = script->size;
    begin_life(script, 78);
    agent.of.agent.record = script->agent;
    agent.of.agent.reservation = script->reservation;
    agent.of.agent.campaign_count = 1;
    agent.of.agent.campaigns[0] = 1;
    feed(script, agent);
    lead.of.lead.record = script->lead;
    if (with_attempt) {
        feed(script, lead);
        feed(script,
             (struct event){.kind = EVENT_ATTEMPT_RECOVERED, .of.attempt = script->attempt});
    }
    feed(script, (struct event){.kind = EVENT_RECOVERY_ENDED});
    feed(script, (struct event){.kind = EVENT_TIME_PASSED});
}

struct heard {
    unsigned count;
    char first[512];
};

static void hear(void *arg, const char *sentence)
{
    struct heard *heard = arg;

    if (!heard->count++)
        snprintf(heard->first, sizeof(heard->first), "%s", sentence);
}

static struct replay *replayed(const struct script *script, struct heard *heard)
{
    struct replay *replay = replay_new(hear, heard);
    size_t used;

    memset(heard, 0, sizeof(*heard));
    assert_non_null(replay);
    assert_int_equal(replay_take(replay, script->bytes, script->size, &used), 0);
    assert_int_equal(used, script->size);
    return replay;
}

static void two_lives_replay_to_the_same_effects_and_state(void **state)
{
    static struct script script;
    struct heard heard;

    first_life(&script);
    second_life(&script, true);
    struct replay *replay = replayed(&script, &heard);
    const struct replay_sums *sums = replay_sums(replay);
    const struct fold_attempt *attempt = table_get_id(&replay_fold(replay)->attempts, 1);

    assert_string_equal(heard.first, "");
    assert_int_equal(sums->lives, 2);
    assert_int_equal(sums->outcomes, sums->events);
    assert_int_equal(sums->states, sums->events);
    assert_int_equal(attempt->orders, 1);
    assert_true(journal_same_attempt(&attempt->record, &script.attempt));
    replay_free(replay);
    dialer_free(script.world.dialer);
}

static void another_seed_or_an_event_left_out_is_a_divergence(void **state)
{
    static struct script script;
    struct heard heard;

    first_life(&script);
    /* the word that the agent's line stands never came */
    struct journal_outcome outcome;
    size_t at = 0, used, whole, from = 0, until = 0;
    unsigned kind;

    while (at < script.size) {
        assert_int_equal(journal_peek(script.bytes + at, script.size - at, &kind, &whole), 0);
        if (kind == EVENT_AGENT_LEG_CONNECTED) {
            from = at;
            until = at + whole;
            assert_int_equal(
                journal_decode_outcome(script.bytes + until, script.size - until, &used, &outcome),
                0);
            until += used;
        }
        at += whole;
    }
    assert_true(until > from);
    memmove(script.bytes + from, script.bytes + until, script.size - until);
    script.size -= until - from;
    struct replay *replay = replayed(&script, &heard);

    assert_true(replay_sums(replay)->diverged);
    assert_int_equal(heard.count, 1);
    assert_non_null(strstr(heard.first, "effects"));
    assert_true(replay_sums(replay)->passed_over > 0);
    replay_free(replay);
    dialer_free(script.world.dialer);
}

static void an_attempt_that_does_not_come_back_is_a_fault(void **state)
{
    static struct script script;
    struct heard heard;

    first_life(&script);
    second_life(&script, false);
    struct replay *replay = replayed(&script, &heard);

    assert_non_null(strstr(heard.first, "attempt 1 was open (placed) and has not come back"));
    assert_false(replay_sums(replay)->diverged);
    replay_free(replay);
    dialer_free(script.world.dialer);
}

static void a_torn_or_a_changed_journal_is_told_with_its_place(void **state)
{
    static struct script script;
    struct heard heard = {.count = 0};
    size_t used;

    first_life(&script);
    struct replay *replay = replay_new(hear, &heard);

    assert_int_equal(replay_take(replay, script.bytes, script.size - 3, &used), ENODATA);
    assert_true(used < script.size - 3 && used > script.last_event);
    /* the rest comes later: as if nothing had been */
    assert_int_equal(replay_take(replay, script.bytes + used, script.size - used, &used), 0);
    assert_int_equal(heard.count, 0);
    replay_free(replay);

    replay = replay_new(hear, &heard);
    script.bytes[script.last_event + 9] ^= 0x10;
    assert_int_equal(replay_take(replay, script.bytes, script.size, &used), EBADMSG);
    assert_int_equal(used, script.last_event);
    assert_non_null(strstr(replay_why(replay), "checksum"));
    replay_free(replay);
    dialer_free(script.world.dialer);
}

/* What of a life only another program can make sense of. */
static void foreign_life(struct script *script, uint32_t form)
{
    memset(script, 0, sizeof(*script));
    script->world.now = NOON;
    begin_life_of_form(script, 77, form);
    feed(script, (struct event){.kind = EVENT_RECOVERY_ENDED});
    /* its outcomes are others, its entries of kinds that nobody knows */
    script->size += journal_encode_outcome(&(struct journal_outcome){.effect_count = 9},
                                           script->bytes + script->size);
}

static void a_life_of_another_form_is_passed_over_and_the_next_is_held_to_every_effect(void **state)
{
    static const uint32_t forms[] = {1, JOURNAL_FORM + 1};
    static struct script script, after;
    struct heard heard;

    for (size_t i = 0; i < array_count(forms); ++i) {
        foreign_life(&script, forms[i]);
        first_life(&after);
        second_life(&after, true);
        memcpy(script.bytes + script.size, after.bytes, after.size);
        script.size += after.size;
        struct replay *replay = replayed(&script, &heard);
        const struct replay_sums *sums = replay_sums(replay);

        assert_string_equal(heard.first, "");
        assert_int_equal(sums->lives_passed_over, 1);
        assert_int_equal(sums->other_form, forms[i]);
        assert_string_equal(sums->other_program, "test");
        assert_int_equal(sums->lives, 2);
        assert_int_equal(sums->passed_over, 2);
        assert_int_equal(sums->outcomes, sums->events);
        assert_true(replay_fold(replay)->partial);
        replay_free(replay);
        dialer_free(script.world.dialer);
        dialer_free(after.world.dialer);
    }
}

static void nothing_is_known_behind_a_life_that_was_passed_over(void **state)
{
    static struct script script, foreign;
    struct heard heard;

    first_life(&script);
    foreign_life(&foreign, JOURNAL_FORM + 1);
    memcpy(script.bytes + script.size, foreign.bytes, foreign.size);
    script.size += foreign.size;
    script.zones_written = false;
    second_life(&script, false); /* the attempt may have ended meanwhile */
    struct replay *replay = replayed(&script, &heard);

    assert_string_equal(heard.first, "");
    assert_int_equal(replay_sums(replay)->lives, 2);
    assert_null(table_get_id(&replay_fold(replay)->attempts, 1));
    replay_free(replay);
    dialer_free(script.world.dialer);
    dialer_free(foreign.world.dialer);
}

/* A journal written when the form was last made another. */
static void this_form_still_decides_as_it_did(void **state)
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(OUTDIAL_SOURCE_DIR "/tests/golden/journal/weather.journal", "rbe");
    struct heard heard = {.count = 0};
    struct replay *replay = replay_new(hear, &heard);
    size_t size, used;

    assert_non_null(file);
    size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    if (replay_take(replay, bytes, size, &used) || heard.count ||
        replay_sums(replay)->lives_passed_over || !replay_sums(replay)->outcomes)
        fail_msg("the core decides otherwise than JOURNAL_FORM %d did, or its entries are others: "
                 "%s %s\n"
                 "if that is meant, let JOURNAL_FORM grow, and make the journal anew: sim_weather "
                 "--seed 90 "
                 "--seeds 1 --events 1500 --journal tests/golden/journal/weather.journal",
                 JOURNAL_FORM, heard.first, replay_why(replay));
    replay_free(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_lives_replay_to_the_same_effects_and_state),
        cmocka_unit_test(another_seed_or_an_event_left_out_is_a_divergence),
        cmocka_unit_test(an_attempt_that_does_not_come_back_is_a_fault),
        cmocka_unit_test(
            a_life_of_another_form_is_passed_over_and_the_next_is_held_to_every_effect),
        cmocka_unit_test(nothing_is_known_behind_a_life_that_was_passed_over),
        cmocka_unit_test(this_form_still_decides_as_it_did),
        cmocka_unit_test(a_torn_or_a_changed_journal_is_told_with_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
