#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "wire/form.h"
#include "wire/sid.h"

static void a_form_is_read_with_repeats_blanks_and_percents(void **state)
{
    struct form form;

    (void)state;
    assert_int_equal(
        form_parse(&form, slice_from("To=%2B1500&E=a&E=b+c&Empty=&Bare&=x&&P=100%&Q=%zz%4")), 0);
    assert_string_equal(form_get(&form, "To"), "+1500");
    assert_string_equal(form_get_at(&form, "E", 0), "a");
    assert_string_equal(form_get_at(&form, "E", 1), "b c");
    assert_null(form_get_at(&form, "E", 2));
    assert_string_equal(form_get(&form, "Empty"), "");
    assert_string_equal(form_get(&form, "Bare"), "");
    assert_string_equal(form_get(&form, "P"), "100%");
    assert_string_equal(form_get(&form, "Q"), "%zz%4");
    assert_null(form_get(&form, "to"));
    form_release(&form);
}

/* Wherever a percent sign falls in a long value: nothing is torn. */
static void a_long_value_is_decoded_whole(void **state)
{
    struct text text;

    (void)state;
    for (size_t before = 240; before < 530; ++before) {
        text_init(&text);
        for (size_t i = 0; i < before; ++i)
            text_add_char(&text, 'a');
        text_add(&text, "%41%%4%42");
        struct text decoded;

        text_init(&decoded);
        form_decode(text_slice(&text), true, &decoded);
        assert_int_equal(decoded.size, before + 5);
        assert_string_equal(decoded.at + before - 1, "aA%%4B");
        text_release(&decoded);
        text_release(&text);
    }
}

static void many_and_long_fields_are_all_there(void **state)
{
    struct form form;
    char name[16], value[2048];

    (void)state;
    form_init(&form);
    memset(value, 'v', sizeof(value));
    for (int i = 0; i < 200; ++i) {
        snprintf(name, sizeof(name), "n%d", i);
        value[i * 10] = '\0';
        form_add(&form, name, value);
        value[i * 10] = 'v';
    }
    for (int i = 0; i < 200; ++i) {
        snprintf(name, sizeof(name), "n%d", i);
        assert_int_equal(strlen(form_get(&form, name)), i * 10);
    }
    form_set(&form, "n7", "other");
    assert_string_equal(form_get(&form, "n7"), "other");
    assert_int_equal(form.count, 200);
    form_release(&form);
}

static void what_is_not_text_is_refused(void **state)
{
    static const char *const BAD[] = {"a=%00", "a=%ff",          "a=%c0%80", "a=%ed%a0%80",
                                      "%80=1", "a=%f4%90%80%80", "a=%e2%82"};
    struct form form;

    (void)state;
    for (size_t i = 0; i < array_count(BAD); ++i) {
        assert_int_equal(form_parse(&form, slice_from(BAD[i])), EILSEQ);
        form_release(&form);
    }
    assert_int_equal(form_parse(&form, slice_from("a=%f0%9f%98%80%e2%82%ac")), 0);
    form_release(&form);
}

static void what_was_written_is_read_back(void **state)
{
    struct rng rng = rng_from_seed(3);

    (void)state;
    for (int round = 0; round < 200; ++round) {
        struct form form, back;
        struct text text;

        form_init(&form);
        text_init(&text);
        for (uint64_t i = rng_below(&rng, 6); i > 0; --i) {
            char name[8] = "n", value[8] = "";

            for (size_t j = 0; j < 6; ++j) {
                name[1 + j / 2] = (char)(1 + rng_below(&rng, 127));
                value[j] = (char)(1 + rng_below(&rng, 127));
            }
            form_add(&form, name, value);
        }
        form_write(&form, &text);
        assert_int_equal(form_parse(&back, text_slice(&text)), 0);
        assert_int_equal(back.count, form.count);
        for (size_t i = 0; i < form.count; ++i) {
            assert_string_equal(back.fields[i].name, form.fields[i].name);
            assert_string_equal(back.fields[i].value, form.fields[i].value);
        }
        form_release(&form);
        form_release(&back);
        text_release(&text);
    }
}

static void bytes_that_are_not_text_are_replaced(void **state)
{
    struct text text;

    (void)state;
    text_init(&text);
    utf8_clean(slice_of("a\xff\xc3\xa4\0b", 6), &text);
    assert_string_equal(text.at, "a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd"
                                 "b");
    text_release(&text);
}

static void a_sid_comes_from_its_seed_and_is_known_by_its_shape(void **state)
{
    struct sid_source one, two, other;
    char a[SID_SIZE], b[SID_SIZE], c[SID_SIZE];

    (void)state;
    sid_source_init(&one, "seed", 4);
    sid_source_init(&two, "seed", 4);
    sid_source_init(&other, "seee", 4);
    sid_make(&one, "CA", a);
    sid_make(&two, "CA", b);
    sid_make(&other, "CA", c);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    sid_make(&one, "CA", b);
    assert_string_not_equal(a, b);
    assert_true(sid_is(slice_from(a), "CA"));
    assert_true(sid_is(slice_from(a), NULL));
    assert_false(sid_is(slice_from(a), "CF"));
    assert_true(sid_is(slice_from("CAABCDEF00000000000000000000000001"), "CA"));
    assert_false(sid_is(slice_from("CAABCDEF0000000000000000000000000"), "CA"));
    assert_false(sid_is(slice_from("CAABCDEG00000000000000000000000001"), "CA"));
    sid_normalise(slice_from("CAABCDEF00000000000000000000000001"), a);
    assert_string_equal(a, "CAabcdef00000000000000000000000001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_read_with_repeats_blanks_and_percents),
        cmocka_unit_test(a_long_value_is_decoded_whole),
        cmocka_unit_test(many_and_long_fields_are_all_there),
        cmocka_unit_test(what_is_not_text_is_refused),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(bytes_that_are_not_text_are_replaced),
        cmocka_unit_test(a_sid_comes_from_its_seed_and_is_known_by_its_shape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
