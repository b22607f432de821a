#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "core/rule_do_not_call.h"
#include "lists/import_columns.h"
#include "lists/importer.h"

struct import_case {
    char folder[64], list[96], rejects[96];
    struct store *store;
    uint64_t campaign, list_id;
    struct importer_progress progress;
    struct importer_result result;
    char country[4];
    char *reject_text;
};

static void ok(struct store *store, int err)
{
    if (err)
        print_message("error %d: %s\n", err, store_why(store));
    assert_int_equal(err, 0);
}

static uint64_t put(struct store *store, struct store_record record)
{
    ok(store, store_begin(store));
    ok(store, store_put(store, &record));
    ok(store, store_commit(store));
    return record.of.id;
}

static void set_country(struct import_case *here, const char *country)
{
    slice_copy(slice_from(country), here->country, sizeof(here->country));
}

static int open_case(void **state)
{
    struct import_case *here = calloc(1, sizeof(*here));

    assert_non_null(here);
    snprintf(here->folder, sizeof(here->folder), "/tmp/outdial-import-XXXXXX");
    assert_non_null(mkdtemp(here->folder));
    snprintf(here->list, sizeof(here->list), "%s/list.csv", here->folder);
    snprintf(here->rejects, sizeof(here->rejects), "%s/rejects.csv", here->folder);
    assert_int_equal(store_open_memory(&here->store), 0);
    here->campaign = put(
        here->store, (struct store_record){.kind = STORE_CAMPAIGN, .of.campaign.name = "Spring"});
    here->list_id = put(here->store, (struct store_record){.kind = STORE_LIST,
                                                           .of.list.campaign = here->campaign,
                                                           .of.list.name = "L"});
    set_country(here, "DE");
    *state = here;
    return 0;
}

static int close_case(void **state)
{
    struct import_case *here = *state;

    store_close(here->store);
    unlink(here->list);
    unlink(here->rejects);
    rmdir(here->folder);
    free(here->reject_text);
    free(here);
    return 0;
}

static void read_rejects(struct import_case *here)
{
    FILE *file = fopen(here->rejects, "re");
    size_t size;

    free(here->reject_text);
    here->reject_text = calloc(1, 65536);
    if (!file)
        return;
    size = fread(here->reject_text, 1, 65535, file);
    here->reject_text[size] = '\0';
    fclose(file);
}

static int import_bytes(struct import_case *here, const char *bytes, size_t size)
{
    struct importer_direct direct = {.store = here->store};
    struct importer_port port = importer_port_direct(&direct);
    struct importer_order order = {.path = here->list,
                                   .file_name = "people.csv",
                                   .rejects_path = here->rejects,
                                   .zone_folder = "/usr/share/zoneinfo",
                                   .campaign = here->campaign,
                                   .list = here->list_id,
                                   .priority = PRIORITY_NORMAL};
    FILE *file = fopen(here->list, "we");
    int err;

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    memcpy(order.country, here->country, sizeof(order.country));
    err = importer_run(&order, &port, &here->progress, &here->result);
    assert_true(!err == !here->result.error[0]);
    read_rejects(here);
    return err;
}

static int import(struct import_case *here, const char *text)
{
    return import_bytes(here, text, strlen(text));
}

static void rejects_hold(struct import_case *here, const char *line)
{
    if (!strstr(here->reject_text, line))
        print_message("not there: %s in\n%s\n", line, here->reject_text);
    assert_non_null(strstr(here->reject_text, line));
}

static int show_person(void *arg, const struct store_record *record)
{
    const struct store_person *person = &record->of.person;

    text_addf(arg, "%s,%s,%s,%s,%s,%s,%s,%s/", person->external_id, person->first_name,
              person->last_name, person->email, person->address, person->country, person->zone,
              person->columns);
    return 0;
}

static int show_number(void *arg, const struct store_record *record)
{
    text_addf(arg, "%s%s/", record->of.number.e164, record->of.number.valid ? "" : "?");
    return 0;
}

static int count_one(void *arg, const struct store_record *record)
{
    ++*(size_t *)arg;
    return 0;
}

static size_t count_of(struct import_case *here, enum store_kind kind)
{
    struct store_query query = store_query_of(kind);
    size_t count = 0;

    ok(here->store, store_each(here->store, &query, count_one, &count));
    return count;
}

static void shows(struct import_case *here, enum store_kind kind, const char *expected)
{
    struct store_query query = store_query_of(kind);
    struct text out;

    text_init(&out);
    ok(here->store,
       store_each(here->store, &query, kind == STORE_PERSON ? show_person : show_number, &out));
    assert_string_equal(out.at ? out.at : "", expected);
    text_release(&out);
}

static void headings_are_understood_in_many_words(void **state)
{
    static const struct {
        const char *heading;
        enum column_meaning meaning;
    } cases[] = {
        {"Phone", MEANS_PHONE},
        {"phone_2", MEANS_PHONE},
        {"Phone 1", MEANS_PHONE},
        {"Tel.", MEANS_PHONE},
        {"MOBILE", MEANS_PHONE},
        {"Telefonnummer", MEANS_PHONE},
        {"T\xc3\xa9l\xc3\xa9phone", MEANS_PHONE},
        {"Number", MEANS_PHONE},
        {"First Name", MEANS_FIRST_NAME},
        {"Vorname", MEANS_FIRST_NAME},
        {"surname", MEANS_LAST_NAME},
        {"Name", MEANS_FULL_NAME},
        {"E-Mail", MEANS_EMAIL},
        {"Country", MEANS_COUNTRY},
        {"Time zone", MEANS_ZONE},
        {"external_id", MEANS_EXTERNAL_ID},
        {"Prio", MEANS_PRIORITY},
        {"Shoe size", MEANS_CONTEXT},
        {"", MEANS_CONTEXT},
        {"2", MEANS_CONTEXT},
    };

    for (size_t i = 0; i < array_count(cases); i++)
        assert_int_equal(import_column_meaning(slice_from(cases[i].heading)), cases[i].meaning);
}

static void a_list_becomes_people_numbers_and_leads(void **state)
{
    struct import_case *here = *state;

    assert_int_equal(import(here,
                            "Vorname;Nachname;Telefon;Mobil;E-Mail;Zeitzone;Prio;Farbe;Farbe\r\n"
                            "Ada;\"Love;lace\";030 901820;0151 23456789;a@b.c;Europe/Paris;0;"
                            "rot;blau\r\n"
                            "Bob;;+1 212 555 0123;;;;;;\r\n"),
                     0);
    assert_int_equal(here->result.rows, 2);
    assert_int_equal(here->result.imported, 2);
    assert_int_equal(here->result.rejected, 0);
    shows(here, STORE_NUMBER, "+4930901820/+4915123456789/+12125550123/");
    shows(here, STORE_PERSON,
          ",Ada,Love;lace,a@b.c,,,Europe/Paris,{\"Farbe\":\"rot\",\"Farbe (2)\":\"blau\"}/"
          ",Bob,,,,,,{}/");
    assert_int_equal(count_of(here, STORE_LEAD), 2);
    assert_string_equal(here->reject_text, "line,kind,column,value,reason\r\n");
}

static void every_charset_and_delimiter_gives_the_same_people(void **state)
{
    struct import_case *here = *state;

    assert_int_equal(import(here, "\xef\xbb\xbfname,phone\nM\xc3\xbcller,030 901820\n"), 0);
    assert_int_equal(import(here, "name\tphone\nM\xfcller\t030 901821\n"), 0);
    assert_int_equal(import_bytes(here,
                                  "\xff\xfen\0a\0m\0e\0;\0p\0h\0o\0n\0e\0\n\0M\0\xfc\0l\0l\0e\0r\0;"
                                  "\0"
                                  "0\0003\0000\0009\0000\0001\0008\0002\0002\0\n\0",
                                  58),
                     0);
    shows(here, STORE_NUMBER, "+4930901820/+4930901821/+4930901822/");
    shows(here, STORE_PERSON,
          ",,M\xc3\xbcller,,,,,{}/,,M\xc3\xbcller,,,,,{}/,,M\xc3\xbcller,,,,,{}/");
}

static void rows_without_a_possible_number_are_rejected_with_line_column_and_reason(void **state)
{
    struct import_case *here = *state;

    assert_int_equal(import(here, "name,phone,mobile\n"
                                  "A,12,\n"
                                  "B,,\n"
                                  "C,n/a,0151 23456789\n"
                                  "D,112,0900 1234567\n"
                                  "E,=1+1,\n"),
                     0);
    assert_int_equal(here->result.rejected, 4);
    assert_int_equal(here->result.imported, 1);
    assert_int_equal(here->result.warnings, 1);
    rejects_hold(here, "2,rejected,phone,12,not a complete number of its country\r\n");
    rejects_hold(here, "3,rejected,phone,,no telephone number\r\n");
    rejects_hold(here, "4,warning,phone,n/a,not a telephone number\r\n");
    rejects_hold(here, "5,rejected,phone,112,an emergency number\r\n");
    rejects_hold(here, "5,rejected,mobile,0900 1234567,a premium-rate number\r\n");
    rejects_hold(here, "6,rejected,phone,'=1+1,not a telephone number\r\n");
}

static void a_number_that_is_not_valid_is_a_warning_only(void **state)
{
    struct import_case *here = *state;

    assert_int_equal(import(here, "phone\n+11005550123\n"), 0);
    assert_int_equal(here->result.imported, 1);
    assert_int_equal(here->result.warnings, 1);
    rejects_hold(here, "2,warning,phone,'+11005550123,\"possible, but not in the number plan");
    shows(here, STORE_NUMBER, "+11005550123?/");
}

static void the_rows_own_country_comes_before_the_lists(void **state)
{
    struct import_case *here = *state;

    assert_int_equal(import(here, "phone,country\n(212) 555-0123,US\n030 901820,Germany\n"), 0);
    shows(here, STORE_NUMBER, "+12125550123/+4930901820/");
    set_country(here, "");
    assert_int_equal(import(here, "phone,country\n030 901821,\n"), 0);
    rejects_hold(here, "2,rejected,phone,030 901821,\"country not known");
    set_country(here, "XX");
    assert_int_equal(import(here, "phone\n030 901824\n"), EINVAL);
    assert_string_equal(here->result.error, "cannot import 'people.csv': the list's country is not "
                                            "known: two letters, as DE");
}

static void duplicates_within_the_file_and_across_lists_are_told(void **state)
{
    struct import_case *here = *state;

    assert_int_equal(import(here, "phone\n030 901820\n+49 30 901820\n"), 0);
    assert_int_equal(here->result.imported, 1);
    assert_int_equal(here->result.duplicates, 1);
    rejects_hold(here, "3,duplicate,phone,'+49 30 901820,has a number of line 2 of this file\r\n");
    assert_int_equal(import(here, "phone,mobile\n030 901820,\n030 901820,0151 23456789\n"), 0);
    assert_int_equal(here->result.imported, 0);
    assert_int_equal(here->result.duplicates, 1);
    assert_int_equal(here->result.merged, 1);
    rejects_hold(here, "2,duplicate,phone,030 901820,\"has a number that the campaign has already "
                       "(import 1, line 2)\"\r\n");
    rejects_hold(here, "3,merged,phone,030 901820,");
    assert_int_equal(count_of(here, STORE_LEAD), 1);
    assert_int_equal(count_of(here, STORE_PERSON), 1);
    assert_int_equal(count_of(here, STORE_NUMBER), 2);
}

static void the_same_file_again_changes_nothing(void **state)
{
    struct import_case *here = *state;
    const char *list = "phone\n030 901820\n030 901821\n";

    assert_int_equal(import(here, list), 0);
    assert_false(here->result.already);
    assert_int_equal(import(here, list), 0);
    assert_true(here->result.already);
    assert_int_equal(here->result.import, 1);
    assert_int_equal(count_of(here, STORE_IMPORT), 1);
    assert_int_equal(import(here, "phone\n030 901820\n030 901821"), 0); /* other bytes, same rows */
    assert_int_equal(here->result.duplicates, 2);
    assert_int_equal(count_of(here, STORE_LEAD), 2);
}

static int see_failed(void *arg, const struct store_record *record)
{
    assert_int_equal(record->of.import.state, IMPORT_FAILED);
    assert_int_equal(record->of.import.rows, 1000);
    assert_non_null(strstr(record->of.import.summary, "line 1002: a quoted field has no end"));
    return 0;
}

static void a_file_that_breaks_off_leaves_nothing(void **state)
{
    struct import_case *here = *state;
    struct text list;

    text_init(&list);
    text_add(&list, "phone,note\n");
    for (int i = 0; i < 1000; i++)
        text_addf(&list, "030 90%04d,x\n", i);
    text_add(&list, "030 901820,\"no end\n");
    assert_int_equal(import(here, list.at), EBADMSG);
    assert_string_equal(here->result.error,
                        "cannot import 'people.csv': line 1002: a quoted field has no end");
    assert_int_equal(count_of(here, STORE_LEAD), 0);
    assert_int_equal(count_of(here, STORE_NUMBER), 0);
    struct store_query query = store_query_of(STORE_IMPORT);
    ok(here->store, store_each(here->store, &query, see_failed, NULL));
    assert_int_equal(import(here, "phone\n030 900001\n"), 0); /* and the way is free */
    assert_int_equal(here->result.imported, 1);
    text_release(&list);
}

static void files_that_are_no_lists_are_refused_with_a_reason(void **state)
{
    struct import_case *here = *state;

    assert_int_equal(import(here, ""), EINVAL);
    assert_string_equal(here->result.error, "cannot import 'people.csv': the file is empty");
    assert_int_equal(import(here, "\n\n"), EINVAL);
    assert_string_equal(here->result.error, "cannot import 'people.csv': the file has no rows");
    assert_int_equal(import(here, "a,b\n1,2\n"), EINVAL);
    assert_string_equal(here->result.error,
                        "cannot import 'people.csv': no column of telephone numbers among 'a', "
                        "'b': the first row must name the columns, one of them 'phone'");
    assert_int_equal(import_bytes(here,
                                  "\x7f"
                                  "ELF\0\0\0",
                                  7),
                     EBADMSG);
    assert_int_equal(count_of(here, STORE_LEAD), 0);
}

static void a_zone_that_does_not_exist_is_context_with_a_warning(void **state)
{
    struct import_case *here = *state;

    assert_int_equal(import(here, "phone,timezone\n030 901820,Mars/Base\n"), 0);
    rejects_hold(here, "2,warning,timezone,Mars/Base,no time zone of this name\r\n");
    shows(here, STORE_PERSON, ",,,,,,,{\"timezone\":\"Mars/Base\"}/");
}

static bool stopping(void *self)
{
    return true;
}

static void an_import_stops_when_told_to(void **state)
{
    struct import_case *here = *state;
    struct importer_direct direct = {.store = here->store};
    struct importer_port port = importer_port_direct(&direct);
    struct importer_order order = {.path = here->list,
                                   .file_name = "people.csv",
                                   .rejects_path = here->rejects,
                                   .zone_folder = "/usr/share/zoneinfo",
                                   .campaign = here->campaign,
                                   .list = here->list_id};

    assert_int_equal(import(here, "phone\n+49 30 901820\n"), 0);
    FILE *file = fopen(here->list, "ae");
    fputs("+49 30 901822\n", file);
    fclose(file);
    port.is_stopping = stopping;
    assert_int_equal(importer_run(&order, &port, &here->progress, &here->result), ECANCELED);
}

static uint64_t half_written(struct import_case *here, uint64_t campaign, unsigned rows)
{
    uint64_t id = put(here->store, (struct store_record){.kind = STORE_IMPORT,
                                                         .of.import.campaign = campaign,
                                                         .of.import.file_hash = "x"});

    for (unsigned i = 0; i < rows; i++) {
        struct store_import_row row = {.line = 2 + i, .number_count = 1};
        char e164[20];

        snprintf(e164, sizeof(e164), "+4930%06u", 901820 + i);
        row.numbers[0].e164 = e164;
        ok(here->store, store_import_rows(here->store, id, &row, 1));
    }
    return id;
}

static void clean(struct import_case *here, struct importer_cleaning *cleaning, unsigned *steps)
{
    int err;

    *steps = 0;
    ok(here->store, store_last_id(here->store, STORE_IMPORT, &cleaning->last));
    while ((err = importer_clean(here->store, cleaning)) == IMPORTER_MORE)
        ++*steps;
    assert_int_equal(err, 0);
}

static void what_a_crash_left_goes_after_the_next_start(void **state)
{
    struct import_case *here = *state;
    struct importer_cleaning cleaning = {0};
    unsigned steps;

    half_written(here, here->campaign, 1);
    clean(here, &cleaning, &steps);
    assert_int_equal(cleaning.dropped, 1);
    assert_int_equal(count_of(here, STORE_NUMBER), 0);
    assert_int_equal(import(here, "phone\n030 901820\n"), 0);
    cleaning = (struct importer_cleaning){0};
    clean(here, &cleaning, &steps);
    assert_int_equal(cleaning.dropped, 0);
    assert_int_equal(steps, 0);
    assert_int_equal(count_of(here, STORE_LEAD), 1);
}

/* Between its steps there is other work: an import of another campaign is let be, one of the same must
 * wait, as it would take what is going for leads that it knows. */
static void cleaning_is_done_in_steps_and_lets_new_imports_be(void **state)
{
    struct import_case *here = *state;
    uint64_t other = put(
        here->store, (struct store_record){.kind = STORE_CAMPAIGN, .of.campaign.name = "other"});
    uint64_t half = half_written(here, here->campaign, 400);
    struct importer_cleaning cleaning = {.last = half};
    uint64_t fresh = half_written(here, other, 3);
    unsigned steps = 1;
    int err;

    assert_int_equal(importer_clean(here->store, &cleaning), IMPORTER_MORE);
    assert_int_equal(import(here, "phone\n030 901820\n"), EBUSY);
    while ((err = importer_clean(here->store, &cleaning)) == IMPORTER_MORE)
        steps++;
    assert_int_equal(err, 0);
    assert_int_equal(cleaning.dropped, 1);
    assert_true(steps >= 2 * 400 / 200); /* places of numbers, then leads, 200 a step */
    assert_int_equal(count_of(here, STORE_NUMBER), 3);
    ok(here->store, store_import_publish(here->store, &(struct store_import){.id = fresh}));
    assert_int_equal(import(here, "phone\n030 901820\n"), 0);
    assert_int_equal(count_of(here, STORE_LEAD), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headings_are_understood_in_many_words),
        cmocka_unit_test_setup_teardown(a_list_becomes_people_numbers_and_leads, open_case,
                                        close_case),
        cmocka_unit_test_setup_teardown(every_charset_and_delimiter_gives_the_same_people,
                                        open_case, close_case),
        cmocka_unit_test_setup_teardown(
            rows_without_a_possible_number_are_rejected_with_line_column_and_reason, open_case,
            close_case),
        cmocka_unit_test_setup_teardown(a_number_that_is_not_valid_is_a_warning_only, open_case,
                                        close_case),
        cmocka_unit_test_setup_teardown(the_rows_own_country_comes_before_the_lists, open_case,
                                        close_case),
        cmocka_unit_test_setup_teardown(duplicates_within_the_file_and_across_lists_are_told,
                                        open_case, close_case),
        cmocka_unit_test_setup_teardown(the_same_file_again_changes_nothing, open_case, close_case),
        cmocka_unit_test_setup_teardown(a_file_that_breaks_off_leaves_nothing, open_case,
                                        close_case),
        cmocka_unit_test_setup_teardown(files_that_are_no_lists_are_refused_with_a_reason,
                                        open_case, close_case),
        cmocka_unit_test_setup_teardown(a_zone_that_does_not_exist_is_context_with_a_warning,
                                        open_case, close_case),
        cmocka_unit_test_setup_teardown(an_import_stops_when_told_to, open_case, close_case),
        cmocka_unit_test_setup_teardown(what_a_crash_left_goes_after_the_next_start, open_case,
                                        close_case),
        cmocka_unit_test_setup_teardown(cleaning_is_done_in_steps_and_lets_new_imports_be,
                                        open_case, close_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
