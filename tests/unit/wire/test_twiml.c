#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/twiml.h"

static struct twiml_document *parse(const char *text)
{
    struct twiml_document *document = NULL;
    struct twiml_error error;

    assert_int_equal(twiml_parse(&document, slice_from(text), &error), 0);
    return document;
}

static void refused(const char *text, const char *why)
{
    struct twiml_document *document = NULL;
    struct twiml_error error;

    assert_int_equal(twiml_parse(&document, slice_from(text), &error), EINVAL);
    assert_null(document);
    assert_non_null(strstr(error.text, why));
    assert_int_not_equal(error.line, 0);
}

static void verbs_come_in_order_with_attributes_and_text(void **state)
{
    struct twiml_document *document =
        parse("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>\n"
              "  <Say voice=\"alice\" loop=\"2\"> Good &amp; morning </Say>\n"
              "  <!-- a remark --><?pi x?>\n"
              "  <Dial action=\"/after\" hangupOnStar=\"true\"><Conference beep=\"onExit\">agent-7"
              "</Conference></Dial>\n</Response>");
    struct twiml_element *say = document->first, *dial = say->next;

    (void)state;
    assert_int_equal(say->kind, TWIML_SAY);
    assert_int_equal(say->line, 3);
    assert_string_equal(say->text, "Good & morning");
    assert_int_equal(twiml_number(say, "loop", 1), 2);
    assert_string_equal(twiml_text(say, "voice", ""), "alice");
    assert_string_equal(twiml_text(say, "language", "en"), "en");
    assert_int_equal(dial->kind, TWIML_DIAL);
    assert_true(twiml_flag(dial, "hangupOnStar", false));
    assert_int_equal(dial->first->kind, TWIML_CONFERENCE);
    assert_string_equal(dial->first->text, "agent-7");
    assert_null(dial->next);
    assert_int_equal(document->warning_count, 0);
    twiml_free(document);
}

static void what_is_unknown_is_left_out_with_a_warning(void **state)
{
    static const char *const EXPECTED[] = {
        "unknown verb 'say'",
        "unknown verb 'Record'",
        "unknown attribute 'colour' of 'Pause'",
        "bad value 'soon' of attribute 'length' of 'Pause'",
        "'Dial' does not belong in 'Gather'",
        "text where none belongs, in 'Response'",
    };
    struct twiml_document *document = parse(
        "<Response><say>no</say><Record><Say>inside</Say></Record>"
        "<Pause colour=\"red\" length=\"soon\"/><Gather><Dial>1</Dial><Say>a</Say></Gather>words"
        "</Response>");
    struct twiml_warning *warning = document->warnings;

    (void)state;
    for (size_t i = 0; i < array_count(EXPECTED); ++i, warning = warning->next) {
        assert_non_null(warning);
        assert_string_equal(warning->text, EXPECTED[i]);
    }
    assert_null(warning);
    assert_int_equal(document->first->kind, TWIML_PAUSE);
    assert_int_equal(document->first->attribute_count, 0);
    assert_int_equal(document->first->next->kind, TWIML_GATHER);
    assert_int_equal(document->first->next->first->kind, TWIML_SAY);
    assert_null(document->first->next->first->next);
    twiml_free(document);
}

static void what_is_no_document_is_refused_with_its_place(void **state)
{
    struct twiml_document *document;
    struct twiml_error error;
    char *large = malloc(TWIML_SIZE_MAX + 1);

    (void)state;
    refused("", "no element");
    refused("hello", "syntax");
    refused("<Response>", "no element");
    refused("<Response><Say></Response>", "mismatched");
    refused("<Answer/>", "Response");
    refused("<response/>", "Response");
    refused("\n<?xml version=\"1.0\"?><Response/>", "declaration not at start");
    refused("<Response><Say>&nope;</Say></Response>", "undefined entity");
    memset(large, ' ', TWIML_SIZE_MAX + 1);
    assert_int_equal(twiml_parse(&document, slice_of(large, TWIML_SIZE_MAX + 1), &error), E2BIG);
    free(large);
}

static void a_document_type_is_refused_whatever_it_declares(void **state)
{
    (void)state;
    refused("<!DOCTYPE Response><Response/>", "document type");
    refused("<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><Response>&x;</Response>",
            "document type");
    refused("<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><Response>&b;</Response>",
            "document type");
}

static void speech_markup_is_spoken_as_its_words(void **state)
{
    struct twiml_document *document =
        parse("<Response><Say>One <break strength=\"x\"/><prosody rate=\"slow\">two "
              "<s>three</s></prosody><video>lost</video> four</Say></Response>");

    (void)state;
    assert_string_equal(document->first->text, "One two three four");
    assert_int_equal(document->warning_count, 1);
    twiml_free(document);
}

static void warnings_are_bounded_and_always_text(void **state)
{
    struct text text;
    struct twiml_document *document;

    (void)state;
    text_init(&text);
    text_add(&text, "<Response>");
    for (int i = 0; i < 500; ++i)
        text_add(&text, "<\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4/>");
    text_add(&text, "</Response>");
    document = parse(text.at);
    assert_int_equal(document->warning_count, TWIML_WARNING_COUNT_MAX);
    twiml_free(document);
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_come_in_order_with_attributes_and_text),
        cmocka_unit_test(what_is_unknown_is_left_out_with_a_warning),
        cmocka_unit_test(what_is_no_document_is_refused_with_its_place),
        cmocka_unit_test(a_document_type_is_refused_whatever_it_declares),
        cmocka_unit_test(speech_markup_is_spoken_as_its_words),
        cmocka_unit_test(warnings_are_bounded_and_always_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
