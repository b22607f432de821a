#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "wire/csv.h"

/* Rows as "line:field|field/": easy to compare. */
static int show(void *arg, const struct csv_row *row)
{
    struct text *out = arg;

    text_addf(out, "%llu:", (unsigned long long)row->line);
    for (size_t i = 0; i < row->count; i++) {
        text_add(out, i ? "|" : "");
        text_add_slice(out, row->fields[i]);
        assert_int_equal(row->fields[i].at[row->fields[i].size], '\0');
    }
    text_add(out, "/");
    return 0;
}

/* The same text whole and in pieces of every size up to seven must give the same rows. */
static void reads_as(const char *text, const char *expected, char delimiter)
{
    for (size_t piece = 0; piece < 8; piece++) {
        struct csv_reader *reader;
        struct text out;
        size_t size = strlen(text);

        text_init(&out);
        assert_int_equal(csv_reader_new(&reader, NULL, show, &out), 0);
        for (size_t at = 0; at < size;) {
            size_t next = piece && piece < size - at ? piece : size - at;
            assert_int_equal(csv_reader_feed(reader, text + at, next), 0);
            at += next;
        }
        assert_int_equal(csv_reader_end(reader), 0);
        assert_string_equal(out.at ? out.at : "", expected);
        if (delimiter)
            assert_int_equal(csv_reader_delimiter(reader), delimiter);
        csv_reader_free(reader);
        text_release(&out);
    }
}

static int fails_with(const char *text, size_t size, const struct csv_options *options,
                      const char *message)
{
    struct csv_reader *reader;
    struct text out;
    int err;

    text_init(&out);
    assert_int_equal(csv_reader_new(&reader, options, show, &out), 0);
    err = csv_reader_feed(reader, text, size);
    if (!err)
        err = csv_reader_end(reader);
    assert_string_equal(csv_reader_error(reader), message);
    csv_reader_free(reader);
    text_release(&out);
    return err;
}

static void rows_end_with_any_line_end_and_the_last_may_lack_one(void **state)
{
    reads_as("a,b\r\nc,d\ne,f\rg,h", "1:a|b/2:c|d/3:e|f/4:g|h/", ',');
    reads_as("", "", 0);
    reads_as("\n\n", "", 0);
    reads_as("one", "1:one/", ',');
}

static void quoted_fields_hold_delimiters_quotes_and_line_ends(void **state)
{
    reads_as("\"a,\"\"x\"\"\",\"two\r\nlines\",c\nd,e,f\n", "1:a,\"x\"|two\r\nlines|c/3:d|e|f/",
             ',');
    reads_as("\"\n\n\",1\n2,3\n", "1:\n\n|1/4:2|3/", ',');
}

static void a_quote_inside_a_bare_field_is_text(void **state)
{
    reads_as("6\" pipe,b\nc,d\n", "1:6\" pipe|b/2:c|d/", ',');
}

static void the_delimiter_is_found_in_the_first_line(void **state)
{
    reads_as("a;b;c\n1,5;2;3\n", "1:a|b|c/2:1,5|2|3/", ';');
    reads_as("a\tb\n1\t2\n", "1:a|b/2:1|2/", '\t');
    reads_as("\"x;y;z\",b\n1,2\n", "1:x;y;z|b/2:1|2/", ',');
    reads_as("a\tb\n\t2\n", "1:a|b/2:|2/", '\t');
}

static void a_spreadsheets_sep_line_names_the_delimiter(void **state)
{
    reads_as("sep=;\r\na,x;b\r\n", "2:a,x|b/", ';');
    reads_as("sep=\t\na\tb\n", "2:a|b/", '\t');
}

static void rows_without_any_text_are_passed_over_but_counted(void **state)
{
    reads_as("a,b\n,\n\n  \n1,2\n", "1:a|b/5:1|2/", ',');
}

static void blanks_around_bare_fields_go_and_inside_quotes_stay(void **state)
{
    reads_as(" a , \" b \" \n", "1:a| b /", ',');
}

static void a_quote_that_never_ends_is_said_with_its_line(void **state)
{
    const char *text = "a,b\n1,2\n\"3,4\n5,6\n";

    assert_int_equal(fails_with(text, strlen(text), NULL, "line 3: a quoted field has no end"),
                     EBADMSG);
}

static void limits_are_said_with_the_line(void **state)
{
    struct csv_options options = {.fields_max = 2};
    const char *text = "a,b\n1,2,3\n";
    char row[3000];

    assert_int_equal(fails_with(text, strlen(text), &options, "line 2: too many fields in one row"),
                     EBADMSG);
    options = (struct csv_options){.field_bytes_max = 10};
    text = "a,b\n1,12345678901\n";
    assert_int_equal(fails_with(text, strlen(text), &options,
                                "line 2: a field is too long (is a quote missing?)"),
                     EBADMSG);
    options = (struct csv_options){.row_bytes_max = 1000};
    memset(row, 'x', sizeof(row));
    memcpy(row, "a,b\n\"", 5);
    assert_int_equal(
        fails_with(row, sizeof(row), &options, "line 2: a row is too long (is a quote missing?)"),
        EBADMSG);
}

static void a_zero_byte_is_refused(void **state)
{
    assert_int_equal(
        fails_with("a,b\n\0c,d\n", 9, NULL, "line 2: a zero byte: is this a text file?"), EBADMSG);
}

static int stop(void *arg, const struct csv_row *row)
{
    return row->line == 2 ? ECANCELED : 0;
}

static void the_handlers_error_stops_the_reader_for_good(void **state)
{
    struct csv_reader *reader;

    assert_int_equal(csv_reader_new(&reader, NULL, stop, NULL), 0);
    assert_int_equal(csv_reader_feed(reader, "a\nb\nc\n", 6), ECANCELED);
    assert_int_equal(csv_reader_feed(reader, "d\n", 2), ECANCELED);
    assert_int_equal(csv_reader_end(reader), ECANCELED);
    csv_reader_free(reader);
}

static void writes_as(const char *field, const char *expected, bool typed)
{
    struct csv_writer writer;
    struct text out;

    text_init(&out);
    csv_writer_init(&writer, &out);
    if (typed)
        csv_add_text_field(&writer, slice_from(field));
    else
        csv_add_field(&writer, slice_from(field));
    assert_string_equal(out.at ? out.at : "", expected);
    text_release(&out);
}

static void formulas_are_neutralised_and_fields_quoted_where_they_must_be(void **state)
{
    writes_as("=1+1", "'=1+1", true);
    writes_as("+49301234", "'+49301234", true);
    writes_as("-2", "'-2", true);
    writes_as("@SUM(A1)", "'@SUM(A1)", true);
    writes_as("\tx", "\"'\tx\"", true);
    writes_as("\rx", "\"'\rx\"", true);
    writes_as("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"", true);
    writes_as("+49301234", "+49301234", false);
    writes_as("a,b", "\"a,b\"", false);
    writes_as("a\nb", "\"a\nb\"", false);
    writes_as(" a", "\" a\"", false);
    writes_as("", "", true);
}

static void what_is_written_is_read_again(void **state)
{
    struct csv_writer writer;
    struct text out;

    text_init(&out);
    csv_writer_init(&writer, &out);
    csv_add_text_field(&writer, slice_from("a;\"b\""));
    csv_add_number(&writer, -7);
    csv_add_field(&writer, slice_from(""));
    csv_end_row(&writer);
    csv_add_field(&writer, slice_from("x\r\ny"));
    csv_end_row(&writer);
    reads_as(out.at, "1:a;\"b\"|-7|/2:x\r\ny/", ',');
    text_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_end_with_any_line_end_and_the_last_may_lack_one),
        cmocka_unit_test(quoted_fields_hold_delimiters_quotes_and_line_ends),
        cmocka_unit_test(a_quote_inside_a_bare_field_is_text),
        cmocka_unit_test(the_delimiter_is_found_in_the_first_line),
        cmocka_unit_test(a_spreadsheets_sep_line_names_the_delimiter),
        cmocka_unit_test(rows_without_any_text_are_passed_over_but_counted),
        cmocka_unit_test(blanks_around_bare_fields_go_and_inside_quotes_stay),
        cmocka_unit_test(a_quote_that_never_ends_is_said_with_its_line),
        cmocka_unit_test(limits_are_said_with_the_line),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(the_handlers_error_stops_the_reader_for_good),
        cmocka_unit_test(formulas_are_neutralised_and_fields_quoted_where_they_must_be),
        cmocka_unit_test(what_is_written_is_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
