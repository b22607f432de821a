#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "push/signature.h"

static const struct push_app APP = {"42", "push-test-key", "push-test-secret"};

#define SOCKET slice_from("1234.5678")
#define BODY                                                                                       \
    "{\"name\":\"outbound_call\",\"data\":\"{\\\"lead\\\":7}\",\"channels\":[\"private-agent-7\"]" \
    "}"

static const instant THEN = 1700000000 * SECOND;

static void auth_strings_are_those_of_the_contract(void **state)
{
    struct slice channel = slice_from("private-agent-7"), floor = slice_from("presence-floor");
    struct slice ann = slice_from("{\"user_id\":\"7\",\"user_info\":{\"name\":\"Ann\"}}");
    struct slice user = slice_from("{\"id\":\"7\"}");
    struct text auth;

    (void)state;
    text_init(&auth);
    push_auth_private(&APP, SOCKET, channel, &auth);
    assert_string_equal(auth.at,
                        "push-test-key:"
                        "0ad279e4629ad53b81683aba3d87245570dcf5ca3cd471d31c6fad346edb3af1");
    assert_true(
        push_auth_channel_is_good(&APP, SOCKET, channel, slice_of("", 0), text_slice(&auth)));
    assert_false(push_auth_channel_is_good(&APP, slice_from("1234.5679"), channel, slice_of("", 0),
                                           text_slice(&auth)));
    text_clear(&auth);
    push_auth_presence(&APP, SOCKET, floor, ann, &auth);
    assert_string_equal(auth.at,
                        "push-test-key:"
                        "a89e2bba761070c89be855d0500ca8d4e3f6f3047130291b2c7ee0f5e40ff18c");
    assert_true(push_auth_channel_is_good(&APP, SOCKET, floor, ann, text_slice(&auth)));
    assert_false(
        push_auth_channel_is_good(&APP, SOCKET, floor, slice_of("", 0), text_slice(&auth)));
    text_clear(&auth);
    push_auth_user(&APP, SOCKET, user, &auth);
    assert_string_equal(auth.at,
                        "push-test-key:"
                        "b015420ebf0ed2134bc6a980bb6ad26713d48a95439b329bd199966e21105325");
    assert_true(push_auth_user_is_good(&APP, SOCKET, user, text_slice(&auth)));
    auth.at[auth.size - 1] ^= 1;
    assert_false(push_auth_user_is_good(&APP, SOCKET, user, text_slice(&auth)));
    assert_false(push_auth_user_is_good(&APP, SOCKET, user, slice_of("", 0)));
    text_release(&auth);
}

static void a_request_is_signed_as_in_the_contract(void **state)
{
    struct form query;

    (void)state;
    form_init(&query);
    push_request_sign(&APP, "POST", "/apps/42/events", &query, slice_from(BODY), THEN);
    assert_string_equal(form_get(&query, "body_md5"), "23b17c6d4bc0af695d47dcb27ecb7981");
    assert_string_equal(form_get(&query, "auth_signature"),
                        "09aed786a914a6be8f8a8ce4a2e5888165954544d6e4e8fd7f34d86ab83b3c82");
    assert_null(push_request_fault(&APP, "POST", "/apps/42/events", &query, slice_from(BODY),
                                   THEN + 599 * SECOND));
    form_release(&query);
}

static void expect_fault(const char *query_text, const char *body, instant now, const char *fault)
{
    struct form query;
    const char *found;

    assert_int_equal(push_query_parse(&query, slice_from(query_text)), 0);
    found = push_request_fault(&APP, "POST", "/apps/42/events", &query, slice_from(body), now);
    if (fault)
        assert_string_equal(found, fault);
    else
        assert_null(found);
    form_release(&query);
}

#define QUERY                                                                                      \
    "auth_timestamp=1700000000&auth_version=1.0&body_md5=23b17c6d4bc0af695d47dcb27ecb7981"         \
    "&auth_signature=09aed786a914a6be8f8a8ce4a2e5888165954544d6e4e8fd7f34d86ab83b3c82"

static void what_is_changed_is_refused_and_says_why(void **state)
{
    (void)state;
    expect_fault("auth_key=push-test-key&" QUERY, BODY, THEN, NULL);
    expect_fault("AUTH_KEY=push-test-key&" QUERY, BODY, THEN, "auth_key is not known");
    expect_fault("auth_key=another&" QUERY, BODY, THEN, "auth_key is not known");
    expect_fault("auth_key=push-test-key&" QUERY, BODY, THEN + 601 * SECOND,
                 "auth_timestamp is more than 600 seconds from now");
    expect_fault("auth_key=push-test-key&" QUERY, BODY, THEN - 601 * SECOND,
                 "auth_timestamp is more than 600 seconds from now");
    expect_fault("auth_key=push-test-key&" QUERY, BODY " ", THEN,
                 "body_md5 does not match the body");
    expect_fault("auth_key=push-test-key&" QUERY, "", THEN, "body_md5 does not match the body");
    expect_fault("auth_key=push-test-key&x=1&" QUERY, BODY, THEN, "auth_signature is not right");
    expect_fault("auth_key=push-test-key&auth_version=1.0", BODY, THEN,
                 "auth_timestamp is no number of seconds");
    expect_fault("auth_key=push-test-key&auth_version=2&auth_timestamp=1700000000", BODY, THEN,
                 "auth_version should be 1.0");
    expect_fault("auth_key=push-test-key&auth_version=1.0&auth_timestamp=1700000000", BODY, THEN,
                 "body_md5 does not match the body");
}

/* Values are signed decoded, and a plus is no blank. */
static void the_query_is_signed_as_it_was_meant(void **state)
{
    struct form query, sent;
    struct text text;

    (void)state;
    form_init(&query);
    form_add(&query, "filter_by_prefix", "presence-a b+c=&\xc3\xbc");
    form_add(&query, "Info", "user_count");
    push_request_sign(&APP, "GET", "/apps/42/channels", &query, slice_of("", 0), THEN);
    assert_null(form_get(&query, "body_md5"));
    text_init(&text);
    text_add(&text, "Info=user_count&filter_by_prefix=presence-a%20b+c%3D%26%C3%BC");
    for (size_t i = 2; i < query.count; ++i)
        text_addf(&text, "&%s=%s", query.fields[i].name, query.fields[i].value);
    assert_int_equal(push_query_parse(&sent, text_slice(&text)), 0);
    assert_null(push_request_fault(&APP, "GET", "/apps/42/channels", &sent, slice_of("", 0), THEN));
    text_release(&text);
    form_release(&sent);
    form_release(&query);
}

static void a_webhook_is_signed_as_in_the_contract(void **state)
{
    char signature[PUSH_SIGNATURE_SIZE];

    (void)state;
    push_webhook_sign(&APP,
                      slice_from("{\"time_ms\":1700000000000,\"events\":[{\"name\":"
                                 "\"channel_vacated\",\"channel\":\"private-agent-7\"}]}"),
                      signature);
    assert_string_equal(signature,
                        "d1b381cb68c34382b3181717f089d1a429bb194a9b80939a6dace69dbcc10bc4");
}

static void names_say_what_a_channel_is(void **state)
{
    static const struct {
        const char *name;
        struct push_channel_kind kind;
    } good[] = {
        {"floor", {.is_private = false}},
        {"cache-a", {.is_cache = true}},
        {"private-a", {.is_private = true}},
        {"private-cache-a", {.is_private = true, .is_cache = true}},
        {"private-encrypted-a", {.is_private = true, .is_encrypted = true}},
        {"private-encrypted-cache-a", {.is_private = true, .is_encrypted = true, .is_cache = true}},
        {"presence-a", {.is_private = true, .is_presence = true}},
        {"presence-cache-a", {.is_private = true, .is_presence = true, .is_cache = true}},
        {"privatea_=@,.;9", {.is_private = false}},
        {"#server-to-user-7/a", {.is_user = true}},
    };
    static const char *const bad[] = {"",          "a b", "a#b", "#private-a",
                                      "a\xc3\xbc", "a/b", "a:b", "#server-to-user-"};
    struct push_channel_kind kind;
    char longest[PUSH_NAME_SIZE_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); ++i) {
        assert_true(push_channel_kind(slice_from(good[i].name), &kind));
        assert_memory_equal(&kind, &good[i].kind, sizeof(kind));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); ++i)
        assert_false(push_channel_kind(slice_from(bad[i]), &kind));
    memset(longest, 'x', sizeof(longest));
    assert_true(push_channel_kind(slice_of(longest, PUSH_NAME_SIZE_MAX), &kind));
    assert_false(push_channel_kind(slice_of(longest, PUSH_NAME_SIZE_MAX + 1), &kind));
    assert_true(slice_is(push_channel_user(slice_from("#server-to-user-7")), "7"));
    assert_true(push_socket_id_is_valid(slice_from("1.2")));
    assert_false(push_socket_id_is_valid(slice_from("1.2.3")));
    assert_false(push_socket_id_is_valid(slice_from("1.")));
    assert_false(push_socket_id_is_valid(slice_from("12")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auth_strings_are_those_of_the_contract),
        cmocka_unit_test(a_request_is_signed_as_in_the_contract),
        cmocka_unit_test(what_is_changed_is_refused_and_says_why),
        cmocka_unit_test(the_query_is_signed_as_it_was_meant),
        cmocka_unit_test(a_webhook_is_signed_as_in_the_contract),
        cmocka_unit_test(names_say_what_a_channel_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
