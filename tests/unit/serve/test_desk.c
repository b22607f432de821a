#include "unit/serve/floor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The desk's document out of a driven dialer, against the samples that the page is tested with: the same fields of
 * the same types. Only a field that may be empty may be null on one side.
 */
static int open_floor(void **state)
{
    struct floor *floor = calloc(1, sizeof(*floor));

    floor_open(floor);
    *state = floor;
    return 0;
}

static int close_floor(void **state)
{
    floor_close(*state);
    free(*state);
    return 0;
}

static json_t *ask_ok(struct floor *floor, const char *method, const char *path, const char *body)
{
    unsigned status;
    json_t *json = floor_ask(floor, method, path, body, &status);

    if (status >= 300)
        fail_msg("%s %s: %u %s", method, path, status,
                 json_string_value(json_object_get(json, "detail")));
    return json;
}

static void order_ok(struct floor *floor, const char *method, const char *path, const char *body)
{
    json_decref(ask_ok(floor, method, path, body));
}

static const char *text_of(const json_t *document, const char *part, const char *field)
{
    const char *text = json_string_value(json_object_get(json_object_get(document, part), field));

    return text ? text : "";
}

/* ---- shapes ---- */

static json_t *sample(const char *name)
{
    char path[512];
    json_error_t error;

    snprintf(path, sizeof(path), "%s/tests/golden/desk/%s.json", OUTDIAL_SOURCE_DIR, name);
    json_t *json = json_load_file(path, 0, &error);

    if (!json)
        fail_msg("%s: %s", path, error.text);
    return json;
}

static bool same_type(const json_t *one, const json_t *other)
{
    return json_is_null(one) || json_is_null(other) ||
           (json_is_number(one) && json_is_number(other)) ||
           (json_is_boolean(one) && json_is_boolean(other)) ||
           json_typeof(one) == json_typeof(other);
}

static void assert_shape(const json_t *is, const json_t *wanted, const char *where)
{
    char path[256];
    const char *name;
    json_t *one;
    size_t i;

    if (!same_type(is, wanted))
        fail_msg("%s: another type than in the sample", where);
    if (json_is_array(is) && json_array_size(wanted))
        json_array_foreach(is, i, one) assert_shape(one, json_array_get(wanted, 0), where);
    if (!json_is_object(is) || !json_is_object(wanted))
        return;
    json_object_foreach((json_t *)is, name, one) if (!json_object_get(wanted, name))
        fail_msg("%s.%s: the sample has no such field", where, name);
    json_object_foreach((json_t *)wanted, name, one)
    {
        snprintf(path, sizeof(path), "%s.%s", where, name);
        if (!json_object_get(is, name))
            fail_msg("%s: is missing", path);
        assert_shape(json_object_get(is, name), one, path);
    }
}

/* Asks for the document; the parts that say which state it is are there, or not, as in the sample. */
static json_t *desk_like(struct floor *floor, const char *name)
{
    static const char *const parts[] = {"pop", "call", "person", "wrap_up"};
    json_t *document = ask_ok(floor, "GET", "/api/v1/desk", NULL), *wanted = sample(name);

    assert_string_equal(text_of(document, "agent", "activity"),
                        text_of(wanted, "agent", "activity"));
    assert_string_equal(text_of(document, "pop", "kind"), text_of(wanted, "pop", "kind"));
    for (size_t i = 0; i < array_count(parts); i++)
        if (json_is_null(json_object_get(document, parts[i])) !=
            json_is_null(json_object_get(wanted, parts[i])))
            fail_msg("%s: %s is there in one of document and sample only", name, parts[i]);
    assert_shape(document, wanted, name);
    json_decref(wanted);
    return document;
}

/* ---- a shift ---- */

#define HOURS "\"hours\":{\"every_day\":[[\"00:00\",\"24:00\"]]}"

/* From here on the floor asks as ann. */
static void ann_has_joined(struct floor *floor, const char *settings)
{
    char body[256];

    snprintf(body, sizeof(body), "{\"name\":\"spring\",\"settings\":{" HOURS ",%s}}", settings);
    order_ok(floor, "POST", "/api/v1/campaigns", body);
    order_ok(floor, "POST", "/api/v1/agents",
             "{\"name\":\"ann\",\"contact\":\"sip:ann@127.0.0.1:5070\"}");
    floor_add_lead(floor, 1, "+12025551001");
    order_ok(floor, "POST", "/api/v1/campaigns/spring/start", NULL);

    json_t *token = ask_ok(floor, "POST", "/api/v1/tokens", "{\"name\":\"p\",\"agent\":\"ann\"}");
    const char *text = json_string_value(json_object_get(token, "token"));

    assert_non_null(text);
    snprintf(floor->token, sizeof(floor->token), "%s", text);
    json_decref(token);
    order_ok(floor, "POST", "/api/v1/desk/join", "{\"screen\":\"one\",\"activity\":\"break\"}");
    floor_wait_orders(floor, 1);
    assert_int_equal(
        floor_hook(floor, "/voice/conference",
                   "StatusCallbackEvent=participant-join&FriendlyName=agent-1&"
                   "ParticipantLabel=leg-1-1&CallSid=CA00000000000000000000000000000001",
                   true, NULL),
        204);
}

static void she_is_available(struct floor *floor)
{
    order_ok(floor, "POST", "/api/v1/desk/activity", "{\"activity\":\"available\"}");
}

static void a_customer_is_in_her_room(struct floor *floor)
{
    floor_wait_orders(floor, 2);
    assert_int_equal(floor_hook(floor, "/voice/answer?attempt=1",
                                "CallSid=CA00000000000000000000000000000002&CallStatus=in-progress",
                                true, NULL),
                     200);
    assert_int_equal(
        floor_hook(floor, "/voice/conference",
                   "StatusCallbackEvent=participant-join&FriendlyName=agent-1&"
                   "ParticipantLabel=attempt-1&CallSid=CA00000000000000000000000000000002",
                   true, NULL),
        204);
}

static void the_customer_hangs_up(struct floor *floor)
{
    assert_int_equal(floor_hook(floor, "/voice/status?attempt=1",
                                "CallSid=CA00000000000000000000000000000002&CallStatus=completed&"
                                "SequenceNumber=3&SipResponseCode=200&OutdialHelloUs=1730",
                                true, NULL),
                     204);
}

static void the_document_of_a_call_has_the_samples_shape(void **state)
{
    struct floor *floor = *state;

    ann_has_joined(floor, "\"wrap_up_s\":600");
    she_is_available(floor);
    a_customer_is_in_her_room(floor);
    json_t *unread = ask_ok(floor, "POST", "/api/v1/desk/help", "{\"on\":true}");
    json_t *wanted = sample("on-call");
    const json_t *numbers = json_object_get(json_object_get(unread, "person"), "numbers");

    /* Whether the store has been read yet or not, the number is known. */
    assert_shape(unread, wanted, "unread");
    assert_string_equal(json_string_value(json_object_get(json_array_get(numbers, 0), "e164")),
                        "+12025551001");
    json_decref(unread);
    json_decref(wanted);
    json_t *talking = desk_like(floor, "on-call");

    assert_string_equal(text_of(talking, "call", "state"), "bridged");
    assert_string_equal(text_of(talking, "person", "name"), "Ada Example");
    assert_string_equal(text_of(talking, "agent", "screen"), "one");
    order_ok(floor, "POST", "/api/v1/desk/note", "{\"attempt\":1,\"note\":\"Pays by card.\"}");
    the_customer_hangs_up(floor);
    json_t *after = desk_like(floor, "wrap-up");

    assert_string_equal(text_of(after, "call", "ended_by"), "customer");
    assert_string_equal(text_of(after, "call", "note"), "Pays by card.");
    assert_true(json_integer_value(json_object_get(after, "version")) >
                json_integer_value(json_object_get(talking, "version")));
    json_decref(talking);
    json_decref(after);
}

static void the_document_of_who_waits_has_the_samples_shape(void **state)
{
    struct floor *floor = *state;

    ann_has_joined(floor, "\"mode\":\"manual\"");
    she_is_available(floor);
    json_decref(desk_like(floor, "available"));
}

static void the_document_of_a_preview_has_the_samples_shape(void **state)
{
    struct floor *floor = *state;

    ann_has_joined(floor, "\"mode\":\"preview\",\"preview_s\":600");
    she_is_available(floor);
    json_t *document = desk_like(floor, "preview");

    assert_string_equal(text_of(document, "person", "name"), "Ada Example");
    json_decref(document);
}

static void another_screen_takes_the_desk_over(void **state)
{
    struct floor *floor = *state;

    ann_has_joined(floor, "\"mode\":\"manual\"");
    json_t *document =
        ask_ok(floor, "POST", "/api/v1/desk/join", "{\"screen\":\"two\",\"activity\":\"break\"}");

    assert_string_equal(text_of(document, "agent", "screen"), "two");
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_document_of_a_call_has_the_samples_shape, open_floor,
                                        close_floor),
        cmocka_unit_test_setup_teardown(the_document_of_who_waits_has_the_samples_shape, open_floor,
                                        close_floor),
        cmocka_unit_test_setup_teardown(the_document_of_a_preview_has_the_samples_shape, open_floor,
                                        close_floor),
        cmocka_unit_test_setup_teardown(another_screen_takes_the_desk_over, open_floor,
                                        close_floor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
