#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "wire/charset.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static enum charset detect(const char *bytes, size_t size)
{
    struct charset_detector detector;

    charset_detector_init(&detector);
    for (size_t i = 0; i < size; i += 3)
        charset_detector_feed(&detector, bytes + i, size - i < 3 ? size - i : 3);
    return charset_detector_result(&detector);
}

static void becomes(enum charset charset, const char *bytes, size_t size, const char *expected)
{
    for (size_t piece = 1; piece < 6; piece++) {
        struct charset_reader reader;
        struct text out;

        text_init(&out);
        assert_int_equal(charset_reader_init(&reader, charset), 0);
        for (size_t at = 0; at < size; at += piece)
            assert_int_equal(charset_reader_feed(&reader, bytes + at,
                                                 size - at < piece ? size - at : piece, &out),
                             0);
        assert_int_equal(charset_reader_end(&reader, &out), 0);
        assert_string_equal(out.at ? out.at : "", expected);
        charset_reader_release(&reader);
        text_release(&out);
    }
}

static void a_mark_decides(void **state)
{
    assert_int_equal(detect(BYTES("\xef\xbb\xbfname")), CHARSET_UTF8);
    assert_int_equal(detect(BYTES("\xff\xfen\0")), CHARSET_UTF16LE);
    assert_int_equal(detect(BYTES("\xfe\xff\0n")), CHARSET_UTF16BE);
}

static void without_a_mark_valid_utf8_is_utf8_and_the_rest_windows(void **state)
{
    assert_int_equal(detect(BYTES("plain")), CHARSET_UTF8);
    assert_int_equal(detect(BYTES("M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x98\x80")), CHARSET_UTF8);
    assert_int_equal(detect(BYTES("M\xfcller")), CHARSET_WINDOWS_1252);
    assert_int_equal(detect(BYTES("cut \xc3")), CHARSET_WINDOWS_1252);
    assert_int_equal(detect(BYTES("overlong \xc0\xaf")), CHARSET_WINDOWS_1252);
    assert_int_equal(detect(BYTES("surrogate \xed\xa0\x80")), CHARSET_WINDOWS_1252);
    assert_int_equal(detect(BYTES("")), CHARSET_UTF8);
}

static void utf16_without_a_mark_is_known_by_its_zero_bytes(void **state)
{
    assert_int_equal(detect(BYTES("n\0a\0m\0e\0")), CHARSET_UTF16LE);
    assert_int_equal(detect(BYTES("\0n\0a\0m\0e")), CHARSET_UTF16BE);
}

static void every_charset_becomes_utf8_however_it_is_cut(void **state)
{
    becomes(CHARSET_UTF8, BYTES("\xef\xbb\xbfM\xc3\xbcller \xf0\x9f\x98\x80"),
            "M\xc3\xbcller \xf0\x9f\x98\x80");
    becomes(CHARSET_UTF16LE, BYTES("\xff\xfeM\0\xfc\0\x3d\xd8\x00\xde"),
            "M\xc3\xbc\xf0\x9f\x98\x80");
    becomes(CHARSET_UTF16BE, BYTES("\xfe\xff\0M\0\xfc"), "M\xc3\xbc");
    becomes(CHARSET_UTF16LE, BYTES("M\0"), "M");
    becomes(CHARSET_WINDOWS_1252, BYTES("M\xfcller \x80 \x93x\x94"),
            "M\xc3\xbcller \xe2\x82\xac \xe2\x80\x9cx\xe2\x80\x9d");
}

static void bytes_windows_leaves_open_pass_as_control_characters(void **state)
{
    becomes(CHARSET_WINDOWS_1252, BYTES("a\x81z"), "a\xc2\x81z");
}

static void what_is_not_of_the_charset_is_refused_with_its_place(void **state)
{
    struct charset_reader reader;
    struct text out;

    text_init(&out);
    assert_int_equal(charset_reader_init(&reader, CHARSET_UTF8), 0);
    assert_int_equal(charset_reader_feed(&reader, BYTES("abc\xff"), &out), EILSEQ);
    assert_int_equal(reader.offset, 3);
    charset_reader_release(&reader);
    assert_int_equal(charset_reader_init(&reader, CHARSET_UTF16LE), 0);
    assert_int_equal(charset_reader_feed(&reader, BYTES("a\0b"), &out), 0);
    assert_int_equal(charset_reader_end(&reader, &out), EILSEQ);
    charset_reader_release(&reader);
    text_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_decides),
        cmocka_unit_test(without_a_mark_valid_utf8_is_utf8_and_the_rest_windows),
        cmocka_unit_test(utf16_without_a_mark_is_known_by_its_zero_bytes),
        cmocka_unit_test(every_charset_becomes_utf8_however_it_is_cut),
        cmocka_unit_test(bytes_windows_leaves_open_pass_as_control_characters),
        cmocka_unit_test(what_is_not_of_the_charset_is_refused_with_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
