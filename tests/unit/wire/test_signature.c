#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "wire/mac.h"
#include "wire/signature.h"

/* The vectors of the wire contract; every Twilio library agrees with them. */
static const char TOKEN[] = "engine-test-token";
static const char POST_URL[] = "https://dialer.example/voice?lead=7";
static const char POST_SIGNATURE[] = "6h11sbfoyJ0sGFtkK2OJAA9BkmU=";
static const char JSON_URL[] = "https://dialer.example/j?bodySHA256="
                               "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
static const char JSON_SIGNATURE[] = "ZaqHyGEKi7CjYlIstLaUmzSM/uQ=";

static void post_form(struct form *form)
{
    form_init(form);
    form_add(form, "CallSid", "CA00000000000000000000000000000001");
    form_add(form, "CallStatus", "in-progress");
    form_add(form, "From", "+15005550006");
    form_add(form, "To", "+15005550001");
    form_add(form, "AnsweredBy", "human");
}

static void the_vectors_of_the_contract_hold(void **state)
{
    char signature[SIGNATURE_SIZE];
    struct form form;

    (void)state;
    post_form(&form);
    signature_make(TOKEN, slice_from(POST_URL), &form, signature);
    assert_string_equal(signature, POST_SIGNATURE);
    signature_make(TOKEN, slice_from("https://dialer.example/voice?lead=7&CallSid=CA1"), NULL,
                   signature);
    assert_string_equal(signature, "ML/rqMHEVzF47CBDQPmFEJRNESo=");
    signature_make(TOKEN, slice_from(JSON_URL), NULL, signature);
    assert_string_equal(signature, JSON_SIGNATURE);
    form_release(&form);
}

static void a_fragment_is_not_signed(void **state)
{
    char signature[SIGNATURE_SIZE];
    struct form form;

    (void)state;
    post_form(&form);
    signature_make(TOKEN, slice_from("https://dialer.example/voice?lead=7#rc=2&rp=5xx"), &form,
                   signature);
    assert_string_equal(signature, POST_SIGNATURE);
    form_release(&form);
}

static void a_receiver_accepts_every_spelling_of_the_port(void **state)
{
    static const char *const SIGNED[] = {"https://dialer.example/voice?x=1",
                                         "https://dialer.example:443/voice?x=1"};
    static const char *const SEEN[] = {"https://dialer.example/voice?x=1",
                                       "https://dialer.example:443/voice?x=1",
                                       "https://dialer.example/voice?x=1#rc=1"};
    char signature[SIGNATURE_SIZE];

    (void)state;
    for (size_t i = 0; i < array_count(SIGNED); ++i) {
        signature_make(TOKEN, slice_from(SIGNED[i]), NULL, signature);
        for (size_t j = 0; j < array_count(SEEN); ++j)
            assert_true(signature_verify(TOKEN, slice_from(SEEN[j]), NULL, signature));
    }
    signature_make(TOKEN, slice_from("http://[::1]/v"), NULL, signature);
    assert_true(signature_verify(TOKEN, slice_from("http://[::1]:8080/v"), NULL, signature));
}

static void a_receiver_accepts_a_query_encoded_anew_and_a_socket_with_a_slash(void **state)
{
    char signature[SIGNATURE_SIZE];

    (void)state;
    signature_make(TOKEN, slice_from("https://a.example/v?q=it%27s"), NULL, signature);
    assert_true(signature_verify(TOKEN, slice_from("https://a.example/v?q=it's"), NULL, signature));
    signature_make(TOKEN, slice_from("wss://a.example/s/"), NULL, signature);
    assert_true(signature_verify(TOKEN, slice_from("wss://a.example/s"), NULL, signature));
    signature_make(TOKEN, slice_from("https://a.example/s/"), NULL, signature);
    assert_false(signature_verify(TOKEN, slice_from("https://a.example/s"), NULL, signature));
}

static void anything_changed_is_refused(void **state)
{
    struct form form;

    (void)state;
    post_form(&form);
    assert_true(signature_verify(TOKEN, slice_from(POST_URL), &form, POST_SIGNATURE));
    assert_false(signature_verify("other", slice_from(POST_URL), &form, POST_SIGNATURE));
    assert_false(signature_verify(TOKEN, slice_from(POST_URL), NULL, POST_SIGNATURE));
    assert_false(signature_verify(TOKEN, slice_from(POST_URL), &form, NULL));
    assert_false(signature_verify(TOKEN, slice_from(POST_URL), &form, "6h11"));
    form_set(&form, "AnsweredBy", "fax");
    assert_false(signature_verify(TOKEN, slice_from(POST_URL), &form, POST_SIGNATURE));
    form_release(&form);
}

static void a_repeated_name_signs_its_distinct_values_in_order(void **state)
{
    char one[SIGNATURE_SIZE], two[SIGNATURE_SIZE];
    struct form form;

    (void)state;
    form_init(&form);
    form_add(&form, "E", "ringing");
    form_add(&form, "E", "answered");
    form_add(&form, "E", "ringing");
    signature_make(TOKEN, slice_from("https://a.example/"), &form, one);
    signature_make(TOKEN, slice_from("https://a.example/EansweredEringing"), NULL, two);
    assert_string_equal(one, two);
    form_release(&form);
}

static void a_json_body_is_checked_with_its_hash(void **state)
{
    (void)state;
    assert_true(signature_verify_json(TOKEN, slice_from(JSON_URL), slice_from("{\"a\":1}"),
                                      JSON_SIGNATURE));
    assert_false(signature_verify_json(TOKEN, slice_from(JSON_URL), slice_from("{\"a\":2}"),
                                       JSON_SIGNATURE));
    assert_false(signature_verify_json(TOKEN, slice_from("https://dialer.example/j"),
                                       slice_from("{\"a\":1}"), JSON_SIGNATURE));
}

/* RFC 2202 and RFC 4231, case 2 and (a key longer than a block) case 6; by turns, as two keys are used. */
static void macs_are_those_of_the_standards(void **state)
{
    static const char WHAT[] = "what do ya want for nothing?";
    static const char LONG[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    unsigned char digest[MAC_SHA256_SIZE];
    char hex[2 * MAC_SHA256_SIZE + 1], key[131];

    (void)state;
    memset(key, 0xaa, sizeof(key));
    for (int i = 0; i < 3; ++i) {
        for (int twice = 0; twice < 2; ++twice) {
            mac_sha1(slice_from("Jefe"), slice_from(WHAT), digest);
            bytes_to_hex(digest, MAC_SHA1_SIZE, hex);
            assert_string_equal(hex, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
            mac_sha256(slice_from("Jefe"), slice_from(WHAT), digest);
            bytes_to_hex(digest, MAC_SHA256_SIZE, hex);
            assert_string_equal(hex,
                                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        }
        mac_sha1(slice_of(key, 80), slice_from(LONG), digest);
        bytes_to_hex(digest, MAC_SHA1_SIZE, hex);
        assert_string_equal(hex, "aa4ae5e15272d00e95705637ce8a3b55ed402112");
        mac_sha256(slice_of(key, sizeof(key)), slice_from(LONG), digest);
        bytes_to_hex(digest, MAC_SHA256_SIZE, hex);
        assert_string_equal(hex,
                            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(macs_are_those_of_the_standards),
        cmocka_unit_test(the_vectors_of_the_contract_hold),
        cmocka_unit_test(a_fragment_is_not_signed),
        cmocka_unit_test(a_receiver_accepts_every_spelling_of_the_port),
        cmocka_unit_test(a_receiver_accepts_a_query_encoded_anew_and_a_socket_with_a_slash),
        cmocka_unit_test(anything_changed_is_refused),
        cmocka_unit_test(a_repeated_name_signs_its_distinct_values_in_order),
        cmocka_unit_test(a_json_body_is_checked_with_its_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
