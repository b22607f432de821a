#include "unit/phones/script_text.h"

#include <errno.h>

static const char *name_of(const struct script *script, const char *number, uint32_t attempt)
{
    uint64_t seed;

    return script_find(script, slice_from(number), attempt, &seed)->name;
}

static void the_longest_prefix_wins_and_a_dollar_means_the_whole_number(void **state)
{
    struct script *script = script_from("{'numbers': {'+1': {'do': 'busy'},"
                                        "'+1500': {'do': 'ring_out'},"
                                        "'1500777': {'do': 'machine'},"
                                        "'+15007779$': {'do': 'fax'},"
                                        "'robot-': {'do': 'robot'}},"
                                        "'default': {'do': 'congestion'}}");

    assert_string_equal(name_of(script, "+1499", 1), "busy");
    assert_string_equal(name_of(script, "1499", 1), "busy");
    assert_string_equal(name_of(script, "+15001", 1), "ring_out");
    assert_string_equal(name_of(script, "+1500777", 1), "machine");
    assert_string_equal(name_of(script, "+15007779", 1), "fax");
    assert_string_equal(name_of(script, "+150077791", 1), "machine");
    assert_string_equal(name_of(script, "robot-12", 1), "robot");
    assert_string_equal(name_of(script, "robot", 1), "congestion");
    assert_string_equal(name_of(script, "", 1), "congestion");
    script_free(script);
}

static void a_number_nobody_has_is_unknown(void **state)
{
    struct script *script = script_from("{'numbers': {'+1': {'do': 'busy'}}}");
    uint64_t seed;
    const struct behaviour *behaviour = script_find(script, slice_from("+49"), 1, &seed);

    assert_int_equal(behaviour->final, FINAL_REJECT);
    assert_int_equal(behaviour->code, 404);
    script_free(script);
}

static void a_mix_is_drawn_by_weight_and_repeats_with_its_seed(void **state)
{
    const char *text = "{'seed': 5, 'numbers': {'+1': [{'do': 'busy', 'weight': 3},"
                       "{'do': 'decline', 'weight': 1}]}}";
    struct script *script = script_from(text), *again = script_from(text);
    char number[32];
    int busy = 0;

    for (int i = 0; i < 4000; i++) {
        snprintf(number, sizeof(number), "+1500%06d", i);
        busy += strcmp(name_of(script, number, 1), "busy") == 0;
        assert_string_equal(name_of(script, number, 1), name_of(again, number, 1));
    }
    assert_in_range(busy, 2850, 3150);
    script_free(script);
    script_free(again);
}

static void a_steady_mix_does_not_change_from_try_to_try(void **state)
{
    struct script *script = script_from("{'numbers': {'+1': {'steady': true, 'mix':"
                                        "[{'do': 'busy'}, {'do': 'decline'}]},"
                                        "'+2': {'mix': [{'do': 'busy'}, {'do': 'decline'}]}}}");
    int changed = 0;

    for (uint32_t attempt = 2; attempt < 40; attempt++) {
        assert_string_equal(name_of(script, "+1555", attempt), name_of(script, "+1555", 1));
        changed += strcmp(name_of(script, "+2555", attempt), name_of(script, "+2555", 1)) != 0;
    }
    assert_true(changed > 5);
    script_free(script);
}

static void earlier_tries_fare_otherwise(void **state)
{
    struct script *script = script_from("{'numbers': {'+1': {'do': 'answer', 'answer_at_try': 3,"
                                        "'until_then': {'do': 'busy'}},"
                                        "'+2': {'do': 'answer', 'answer_at_try': 2}}}");

    assert_string_equal(name_of(script, "+1", 1), "busy");
    assert_string_equal(name_of(script, "+1", 2), "busy");
    assert_string_equal(name_of(script, "+1", 3), "answer");
    assert_string_equal(name_of(script, "+1", 4), "answer");
    assert_string_equal(name_of(script, "+2", 1), "ring_out");
    assert_string_equal(name_of(script, "+2", 2), "answer");
    script_free(script);
}

static void a_behaviour_takes_what_the_script_says(void **state)
{
    struct script *script = script_from(
        "{'realm': 'net', 'codecs': ['PCMA'], 'voices': 'en-gb', 'numbers': {'+1': {'do': 'answer',"
        "'name': 'Ann', 'ring': 2.5, 'talk': {'exponential': 9, 'max': 20}, 'hello': ['Hi', "
        "{'wav': 'a.wav'}], 'lines': null, 'hello_after': {'lognormal': [1, 0.5], 'min': 0.2},"
        "'digits': [{'press': '12w#', 'on': 'quiet', 'after': [1, 2]}],"
        "'auth': {'user': 'u', 'password': 'p', 'status': 401}, 'early': 'ringback'}}}");
    uint64_t seed;
    const struct behaviour *ann = script_find(script, slice_from("+1"), 1, &seed);

    assert_string_equal(ann->name, "Ann");
    assert_true(ann->ring.kind == CHANCE_CONSTANT && ann->ring.a == 2.5);
    assert_true(ann->talk.kind == CHANCE_EXPONENTIAL && ann->talk.a == 9 && ann->talk.high == 20);
    assert_true(ann->hello_after.kind == CHANCE_LOGNORMAL && ann->hello_after.low == 0.2);
    assert_int_equal(ann->hello.count, 2);
    assert_string_equal(script_sound(script, ann->hello.first)->voice, "en-gb");
    assert_string_equal(script_sound(script, ann->hello.first + 1)->path, "folder/a.wav");
    assert_false(ann->speaks);
    assert_int_equal(ann->press_count, 1);
    assert_int_equal(ann->presses[0].when, PRESS_AFTER_QUIET);
    assert_int_equal(ann->auth_code, 401);
    assert_int_equal(ann->early, EARLY_RINGBACK);
    assert_true(script_prefers_alaw(script));
    assert_string_equal(script_realm(script), "net");
    script_free(script);
}

static void waiting_for_the_callers_hang_up_lasts_an_hour(void **state)
{
    struct script *script = script_from("{'numbers': {'+1': {'do': 'answer', 'hang_up': 'caller'},"
                                        "'+2': {'hang_up': 'caller', 'talk': 5, 'do': 'answer'}}}");
    uint64_t seed;

    assert_true(script_find(script, slice_from("+1"), 1, &seed)->talk.a == 3600);
    assert_true(script_find(script, slice_from("+2"), 1, &seed)->talk.a == 5);
    script_free(script);
}

static void a_mistake_is_told_with_its_place(void **state)
{
    static const struct {
        const char *script, *told;
    } mistakes[] = {
        {"{'numbers': {'+1': {'do': 'busy',}}}", "script: line 1, column "},
        {"[]", "script: must be a JSON object"},
        {"{}", "script: has neither"},
        {"{'seed': -1}", "seed: must be a whole number"},
        {"{'sede': 1}", "sede: is not a known key"},
        {"{'numbers': {'+1': {'do': 'jump'}}}", "numbers.\"+1\": \"do\" must be answer"},
        {"{'numbers': {'+1': {}}}", "numbers.\"+1\": \"do\" must be answer"},
        {"{'numbers': {'+1': {'do': 'answer', 'rign': 1}}}", "numbers.\"+1\".rign: is not a known"},
        {"{'numbers': {'+1': {'do': 'answer', 'ring': 'x'}}}", "numbers.\"+1\".ring: expected sec"},
        {"{'numbers': {'+1': {'do': 'answer', 'ring': [3, 1]}}}", "numbers.\"+1\".ring: seconds m"},
        {"{'numbers': {'+1': {'do': 'answer', 'ring': -1}}}", "numbers.\"+1\".ring: seconds must"},
        {"{'numbers': {'+1': {'do': 'answer', 'ring': {'min': 1}}}}", "expected exactly one of"},
        {"{'numbers': {'+1': {'do': 'answer', 'ring': {'gauss': 1}}}}", "\"gauss\": expected con"},
        {"{'numbers': {'+1': [{'do': 'busy'}, 7]}}", "numbers.\"+1\"[1]: a behaviour is an objec"},
        {"{'numbers': {'+1': []}}", "numbers.\"+1\": a mix needs at least one"},
        {"{'numbers': {'+1': {'do': 'busy'}, '1': {'do': 'busy'}}}", "stands here twice"},
        {"{'numbers': {'': {'do': 'busy'}}}", "an empty prefix"},
        {"{'numbers': {'+1': {'do': 'answer', 'digits': [{'press': 'x'}]}}}",
         "numbers.\"+1\".digits[0]: \"press\" must be"},
        {"{'numbers': {'+1': {'do': 'answer', 'auth': {'user': 'u'}}}}", "needs \"user\" and"},
        {"{'numbers': {'+1': {'do': 'reject', 'reason': 'a\\nb'}}}", "must not contain quotes"},
        {"{'numbers': {'+1': {'do': 'answer', 'voice': '--help'}}}", "a voice is a name"},
        {"{'numbers': {'+1': {'do': 'answer', 'hello': ''}}}", ".hello: expected a text of 1"},
        {"{'numbers': {'+1': {'mix': [{'do': 'busy'}], 'weight': 2}}}", "does not belong beside"},
        {"{'numbers': {'+1': {'do': 'answer', 'answer_at_try': 2, 'until_then': {'do': 'x'}}}}",
         "numbers.\"+1\".until_then: \"do\" must"},
    };

    for (size_t i = 0; i < array_count(mistakes); i++) {
        struct script_problem problem;
        struct script *script = NULL;
        char *json = script_json(mistakes[i].script);

        assert_int_equal(script_parse(&script, slice_from(json), "", &problem), EINVAL);
        if (!strstr(problem.text, mistakes[i].told))
            fail_msg("%s\nis told as: %s", mistakes[i].script, problem.text);
        free(json);
    }
}

static void a_missing_file_is_told(void **state)
{
    struct script_problem problem;
    struct script *script = NULL;

    assert_int_equal(script_load(&script, "/no/such/script.json", &problem), ENOENT);
    assert_non_null(strstr(problem.text, "/no/such/script.json"));
}

static void the_examples_are_sound(void **state)
{
    struct script_problem problem;
    struct script *script = NULL;

    assert_int_equal(
        script_load(&script, OUTDIAL_SOURCE_DIR "/examples/phones-demo.json", &problem), 0);
    script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_prefix_wins_and_a_dollar_means_the_whole_number),
        cmocka_unit_test(a_number_nobody_has_is_unknown),
        cmocka_unit_test(a_mix_is_drawn_by_weight_and_repeats_with_its_seed),
        cmocka_unit_test(a_steady_mix_does_not_change_from_try_to_try),
        cmocka_unit_test(earlier_tries_fare_otherwise),
        cmocka_unit_test(a_behaviour_takes_what_the_script_says),
        cmocka_unit_test(waiting_for_the_callers_hang_up_lasts_an_hour),
        cmocka_unit_test(a_mistake_is_told_with_its_place),
        cmocka_unit_test(a_missing_file_is_told),
        cmocka_unit_test(the_examples_are_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
