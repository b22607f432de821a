#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"

static void numbers_are_read_whole_or_not_at_all(void **state)
{
    int64_t value = 7;

    (void)state;
    assert_int_equal(slice_to_i64(slice_from("-9223372036854775808"), INT64_MIN, INT64_MAX, &value),
                     0);
    assert_true(value == INT64_MIN);
    assert_int_equal(slice_to_i64(slice_from("9223372036854775808"), INT64_MIN, INT64_MAX, &value),
                     ERANGE);
    assert_int_equal(slice_to_i64(slice_from("12x"), 0, 100, &value), EINVAL);
    assert_int_equal(slice_to_i64(slice_from(""), 0, 100, &value), EINVAL);
    assert_int_equal(slice_to_i64(slice_from("-"), 0, 100, &value), EINVAL);
    assert_int_equal(slice_to_i64(slice_from("101"), 0, 100, &value), ERANGE);
    assert_true(value == INT64_MIN); /* a failure leaves it alone */
}

static void a_cut_walks_through_fields(void **state)
{
    struct slice rest = slice_from("a,,bc");

    (void)state;
    assert_true(slice_is(slice_cut(&rest, ','), "a"));
    assert_true(slice_is(slice_cut(&rest, ','), ""));
    assert_true(slice_is(slice_cut(&rest, ','), "bc"));
    assert_int_equal(rest.size, 0);
    assert_true(slice_is(slice_cut(&rest, ','), ""));
}

static void a_copy_that_does_not_fit_is_told(void **state)
{
    char small[4];

    (void)state;
    assert_false(slice_copy(slice_from("four"), small, sizeof(small)));
    assert_string_equal(small, "fou");
    assert_true(slice_copy(slice_from("thr"), small, sizeof(small)));
}

static void a_text_grows_and_hands_over(void **state)
{
    struct text text;
    char *taken;
    size_t size;

    (void)state;
    text_init(&text);
    for (int i = 0; i < 1000; ++i)
        text_addf(&text, "%d,", i);
    text_add_bytes(&text, "\0x", 2);
    assert_int_equal(text.size, 10 * 2 + 90 * 3 + 900 * 4 + 2);
    taken = text_take(&text, &size);
    assert_int_equal(size, 3892);
    assert_memory_equal(taken + size - 2, "\0x", 3);
    assert_null(text.at);
    free(taken);
    taken = text_take(&text, &size); /* an empty text is still a string */
    assert_string_equal(taken, "");
    free(taken);
}

static void a_trimmed_slice_loses_only_its_ends(void **state)
{
    (void)state;
    assert_true(slice_is(slice_trim(slice_from(" \t a b\r\n")), "a b"));
    assert_true(slice_is(slice_trim(slice_from(" \n")), ""));
    assert_true(slice_is_nocase(slice_from("Content-TYPE"), "content-type"));
    assert_false(slice_is_nocase(slice_from("Content-TYP"), "content-type"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(a_cut_walks_through_fields),
        cmocka_unit_test(a_copy_that_does_not_fit_is_told),
        cmocka_unit_test(a_text_grows_and_hands_over),
        cmocka_unit_test(a_trimmed_slice_loses_only_its_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
