#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/rng.h"

#include "wire/phone_number.h"

static struct phone_number ok(const char *text, const char *country)
{
    struct phone_number number;

    assert_int_equal(phone_number_parse(slice_from(text), country, &number), PHONE_NUMBER_OK);
    return number;
}

static void refused(const char *text, const char *country, enum phone_number_verdict verdict)
{
    struct phone_number number;

    assert_int_equal(phone_number_parse(slice_from(text), country, &number), verdict);
    assert_true(strlen(phone_number_verdict_text(verdict)) > 5);
}

static void a_national_number_takes_the_default_country(void **state)
{
    struct phone_number number = ok("030 901820", "DE");

    assert_string_equal(number.e164, "+4930901820");
    assert_string_equal(number.country, "DE");
    assert_true(number.valid);
    assert_int_equal(number.type, PHONE_TYPE_FIXED);
    assert_string_equal(ok("(212) 555-0123", "us").e164, "+12125550123");
    assert_string_equal(ok("  +44 20 7946 0018 ", "").e164, "+442079460018");
    assert_string_equal(ok("0049 30 901820", "DE").e164, "+4930901820");
}

static void mobile_numbers_are_known_as_such(void **state)
{
    assert_int_equal(ok("0151 23456789", "DE").type, PHONE_TYPE_MOBILE);
    assert_string_equal(phone_number_type_name(PHONE_TYPE_MOBILE), "mobile");
}

static void possible_is_enough_and_valid_is_told(void **state)
{
    struct phone_number number = ok("+11005550123", "");

    assert_false(number.valid);
    assert_string_equal(number.e164, "+11005550123");
    assert_int_equal(number.type, PHONE_TYPE_UNKNOWN);
}

static void lengths_that_cannot_be_are_refused(void **state)
{
    refused("+1212555", "", PHONE_NUMBER_TOO_SHORT);
    refused("+49301234567890123", "", PHONE_NUMBER_TOO_LONG);
    refused("5550123", "US", PHONE_NUMBER_NOT_POSSIBLE); /* dialled locally only */
    refused("12", "", PHONE_NUMBER_NO_COUNTRY);
}

static void text_without_a_number_is_refused(void **state)
{
    refused("", "DE", PHONE_NUMBER_EMPTY);
    refused("  ", "DE", PHONE_NUMBER_EMPTY);
    refused("unknown", "DE", PHONE_NUMBER_NOT_A_NUMBER);
    refused("n/a", "DE", PHONE_NUMBER_NOT_A_NUMBER);
    refused("030 901820", "", PHONE_NUMBER_NO_COUNTRY);
    refused("030 901820", "XX", PHONE_NUMBER_NO_COUNTRY);
    refused("+999123456789", "", PHONE_NUMBER_NO_COUNTRY);
}

static void what_spreadsheets_do_to_numbers_is_undone_or_refused(void **state)
{
    refused("4.93012E+11", "DE", PHONE_NUMBER_NOT_A_NUMBER);
    refused("4,93012E+11", "DE", PHONE_NUMBER_NOT_A_NUMBER);
    assert_string_equal(ok("12125550123.0", "US").e164, "+12125550123");
}

static void emergency_numbers_are_never_to_be_called(void **state)
{
    refused("112", "DE", PHONE_NUMBER_EMERGENCY);
    refused("110", "DE", PHONE_NUMBER_EMERGENCY);
    refused("911", "US", PHONE_NUMBER_EMERGENCY);
    refused("999", "GB", PHONE_NUMBER_EMERGENCY);
    refused("+49112", "", PHONE_NUMBER_EMERGENCY);
    refused("1-1-2", "DE", PHONE_NUMBER_EMERGENCY);
}

static void other_short_numbers_are_refused_too(void **state)
{
    refused("116117", "DE", PHONE_NUMBER_SHORT_CODE);
}

static void premium_numbers_are_refused_and_shared_cost_is_told(void **state)
{
    refused("0900 1234567", "DE", PHONE_NUMBER_PREMIUM);
    refused("+1 900 234 5678", "", PHONE_NUMBER_PREMIUM);
    assert_int_equal(ok("0180 5 123456", "DE").type, PHONE_TYPE_SHARED_COST);
}

static void an_extension_is_kept_beside_the_number(void **state)
{
    struct phone_number number = ok("+1 212 555 0123 ext. 77", "");

    assert_string_equal(number.e164, "+12125550123");
    assert_string_equal(number.extension, "77");
}

static void numbers_are_shown_as_their_country_writes_them(void **state)
{
    char national[PHONE_NATIONAL_SIZE];

    phone_number_national("+4930901820", national);
    assert_string_equal(national, "030 901820");
    phone_number_national("+12125550123", national);
    assert_string_equal(national, "(212) 555-0123");
    phone_number_national("what", national);
    assert_string_equal(national, "what");
}

/* The short way for North America against the library's own: an extension makes it go the long one. */
static void north_american_numbers_are_read_alike_by_both_ways(void **state)
{
    static const char *const countries[] = {"US", "CA", "JM", "DO", "", "DE"};
    struct rng rng = rng_from_seed(7);

    for (int i = 0; i < 2000; i++) {
        unsigned long long value = rng_below(&rng, UINT64_C(10000000000));
        const char *country = countries[rng_below(&rng, array_count(countries))];
        size_t form = rng_below(&rng, 5);
        struct phone_number fast, slow;
        char text[64], longer[96];

        if (form == 0 || form == 2)
            snprintf(text, sizeof(text), form ? "%010llu" : "+1%010llu", value);
        else
            snprintf(text, sizeof(text),
                     form == 1   ? "+1 (%03llu) %03llu-%04llu"
                     : form == 3 ? "1-%03llu-%03llu-%04llu"
                                 : "(%03llu) %03llu.%04llu",
                     value / 10000000, value / 10000 % 1000, value % 10000);
        snprintf(longer, sizeof(longer), "%s ext. 9", text);
        assert_int_equal(phone_number_parse(slice_from(text), country, &fast),
                         phone_number_parse(slice_from(longer), country, &slow));
        slow.extension[0] = '\0';
        assert_memory_equal(&fast, &slow, sizeof(fast));
    }
}

static void countries_are_two_known_letters(void **state)
{
    assert_true(phone_country_is_known("DE"));
    assert_true(phone_country_is_known("gb"));
    assert_false(phone_country_is_known("XX"));
    assert_false(phone_country_is_known("Germany"));
    assert_false(phone_country_is_known(""));
    assert_false(phone_country_is_known("1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_national_number_takes_the_default_country),
        cmocka_unit_test(mobile_numbers_are_known_as_such),
        cmocka_unit_test(possible_is_enough_and_valid_is_told),
        cmocka_unit_test(lengths_that_cannot_be_are_refused),
        cmocka_unit_test(text_without_a_number_is_refused),
        cmocka_unit_test(what_spreadsheets_do_to_numbers_is_undone_or_refused),
        cmocka_unit_test(emergency_numbers_are_never_to_be_called),
        cmocka_unit_test(other_short_numbers_are_refused_too),
        cmocka_unit_test(premium_numbers_are_refused_and_shared_cost_is_told),
        cmocka_unit_test(an_extension_is_kept_beside_the_number),
        cmocka_unit_test(numbers_are_shown_as_their_country_writes_them),
        cmocka_unit_test(north_american_numbers_are_read_alike_by_both_ways),
        cmocka_unit_test(countries_are_two_known_letters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
