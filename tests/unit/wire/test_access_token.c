#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>

#include "wire/access_token.h"
#include "wire/mac.h"

/* The vector of the wire contract. */
static const char SECRET[] = "api-key-secret";
static const char ACCOUNT[] = "AC00000000000000000000000000000001";
static const char KEY[] = "SK00000000000000000000000000000001";
static const char APPLICATION[] = "AP00000000000000000000000000000001";
static const char HEADER[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"cty\":\"twilio-fpa;v=1\"}";
static const char PAYLOAD[] =
    "{\"jti\":\"SK00000000000000000000000000000001-1700000000\","
    "\"iss\":\"SK00000000000000000000000000000001\","
    "\"sub\":\"AC00000000000000000000000000000001\",\"iat\":1700000000,\"exp\":1700003600,"
    "\"grants\":{\"identity\":\"agent7\",\"voice\":{\"outgoing\":{\"application_sid\":"
    "\"AP00000000000000000000000000000001\"},\"incoming\":{\"allow\":true}}}}";
static const char SIGNATURE[] = "J1VIKE8frbPbnMJMINV3JWYtbwrM9NXP-XJ-XYbuvio";
enum { THEN = 1700000000 };

static const struct access_token_keys KEYS = {ACCOUNT, "engine-test-token", KEY, SECRET};

static void add_base64url(struct text *text, const void *bytes, size_t size)
{
    char encoded[4096];
    int count = EVP_EncodeBlock((unsigned char *)encoded, bytes, (int)size);

    for (int i = 0; i < count && encoded[i] != '='; ++i)
        text_add_char(text, encoded[i] == '+' ? '-' : encoded[i] == '/' ? '_' : encoded[i]);
}

/* header.payload.signature, signed with HS256 whatever the header says. */
static void build(struct text *text, const char *header, const char *payload, const char *secret)
{
    unsigned char digest[MAC_SHA256_SIZE];

    text_init(text);
    add_base64url(text, header, strlen(header));
    text_add_char(text, '.');
    add_base64url(text, payload, strlen(payload));
    mac_sha256(slice_from(secret), text_slice(text), digest);
    text_add_char(text, '.');
    add_base64url(text, digest, sizeof(digest));
}

static enum access_token_fault fault_of(const char *header, const char *payload, const char *secret,
                                        int64_t now_s)
{
    struct access_token token;
    enum access_token_fault fault;
    const char *why;
    struct text text;

    build(&text, header, payload, secret);
    fault = access_token_check(text_slice(&text), &KEYS, now_s, &token, &why);
    assert_true(fault == ACCESS_TOKEN_GOOD || why[0]);
    access_token_release(&token);
    text_release(&text);
    return fault;
}

static void the_vector_of_the_contract_is_taken(void **state)
{
    struct access_token token;
    const char *why;
    struct text text;

    (void)state;
    build(&text, HEADER, PAYLOAD, SECRET);
    assert_string_equal(strrchr(text.at, '.') + 1, SIGNATURE);
    assert_int_equal(access_token_check(text_slice(&text), &KEYS, THEN, &token, &why), 0);
    assert_string_equal(token.identity, "agent7");
    assert_string_equal(token.application_sid, APPLICATION);
    assert_true(token.incoming);
    assert_int_equal(token.expires_s, THEN + 3600);
    assert_false(token.is_old);
    assert_int_equal(token.params.count, 0);
    access_token_release(&token);
    text_release(&text);
}

static void what_is_made_is_taken_again(void **state)
{
    struct access_token_order order = {.account_sid = ACCOUNT,
                                       .key_sid = KEY,
                                       .key_secret = SECRET,
                                       .identity = "agent 7/é",
                                       .application_sid = APPLICATION,
                                       .now_s = THEN};
    struct access_token token;
    struct form params;
    const char *why;
    struct text text;

    (void)state;
    text_init(&text);
    form_init(&params);
    form_add(&params, "desk", "a&b=c");
    order.params = &params;
    assert_int_equal(access_token_make(&order, &text), 0);
    assert_int_equal(access_token_check(text_slice(&text), &KEYS, THEN, &token, &why), 0);
    assert_string_equal(token.identity, "agent 7/é");
    assert_false(token.incoming);
    assert_string_equal(form_get(&token.params, "desk"), "a&b=c");
    assert_int_equal(token.expires_s, THEN + ACCESS_TOKEN_TTL_S);
    access_token_release(&token);
    form_release(&params);

    text_clear(&text);
    order.params = NULL;
    order.application_sid = NULL;
    order.incoming = true;
    order.ttl_s = 10 * ACCESS_TOKEN_TTL_S_MAX;
    assert_int_equal(access_token_make(&order, &text), 0);
    assert_int_equal(access_token_check(text_slice(&text), &KEYS, THEN, &token, &why), 0);
    assert_true(token.incoming);
    assert_string_equal(token.application_sid, "");
    assert_int_equal(token.expires_s, THEN + ACCESS_TOKEN_TTL_S_MAX);
    access_token_release(&token);
    text_release(&text);
}

static void an_order_with_something_missing_makes_nothing(void **state)
{
    static const struct access_token_order BAD[] = {
        {KEY, KEY, SECRET, "ann", NULL, NULL, false, THEN, 0},
        {ACCOUNT, NULL, SECRET, "ann", NULL, NULL, false, THEN, 0},
        {ACCOUNT, KEY, "", "ann", NULL, NULL, false, THEN, 0},
        {ACCOUNT, KEY, SECRET, "", NULL, NULL, false, THEN, 0},
        {ACCOUNT, KEY, SECRET, "\xff", NULL, NULL, false, THEN, 0},
        {ACCOUNT, KEY, SECRET, "ann", "AP1", NULL, false, THEN, 0},
    };
    struct text text;

    (void)state;
    text_init(&text);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); ++i)
        assert_int_equal(access_token_make(&BAD[i], &text), EINVAL);
    assert_int_equal(text.size, 0);
    text_release(&text);
}

static void time_is_told_with_a_minute_of_leeway(void **state)
{
    static const char LATER[] = "{\"iss\":\"SK00000000000000000000000000000001\","
                                "\"sub\":\"AC00000000000000000000000000000001\",\"nbf\":1700000100,"
                                "\"exp\":1700003600,\"grants\":{\"identity\":\"a\"}}";

    (void)state;
    assert_int_equal(fault_of(HEADER, PAYLOAD, SECRET, THEN + 3660), ACCESS_TOKEN_GOOD);
    assert_int_equal(fault_of(HEADER, PAYLOAD, SECRET, THEN + 3661), ACCESS_TOKEN_EXPIRED);
    assert_int_equal(fault_of(HEADER, LATER, SECRET, THEN + 40), ACCESS_TOKEN_GOOD);
    assert_int_equal(fault_of(HEADER, LATER, SECRET, THEN + 39), ACCESS_TOKEN_INVALID);
}

static void who_does_not_hold_the_secret_is_refused(void **state)
{
    static const char STRANGER[] = "{\"iss\":\"SK00000000000000000000000000000002\","
                                   "\"sub\":\"AC00000000000000000000000000000001\","
                                   "\"exp\":1700003600,\"grants\":{\"identity\":\"a\"}}";
    static const char OTHER[] = "{\"iss\":\"SK00000000000000000000000000000001\","
                                "\"sub\":\"AC00000000000000000000000000000002\","
                                "\"exp\":1700003600,\"grants\":{\"identity\":\"a\"}}";

    (void)state;
    assert_int_equal(fault_of(HEADER, PAYLOAD, "guessed", THEN), ACCESS_TOKEN_REFUSED);
    assert_int_equal(fault_of(HEADER, STRANGER, SECRET, THEN), ACCESS_TOKEN_REFUSED);
    assert_int_equal(fault_of(HEADER, OTHER, SECRET, THEN), ACCESS_TOKEN_REFUSED);
    /* Told of an expired token only who could have made it. */
    assert_int_equal(fault_of(HEADER, PAYLOAD, "guessed", THEN + 9999), ACCESS_TOKEN_REFUSED);
}

static void no_other_algorithm_and_no_other_kind_passes(void **state)
{
    static const char NONE[] = "{\"alg\":\"none\",\"cty\":\"twilio-fpa;v=1\"}";
    static const char RSA[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"cty\":\"twilio-fpa;v=1\"}";
    static const char KIND[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"cty\":\"twilio-fpa;v=2\"}";
    static const char PLAIN[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    struct access_token token;
    struct text text;
    const char *why;

    (void)state;
    assert_int_equal(fault_of(NONE, PAYLOAD, SECRET, THEN), ACCESS_TOKEN_INVALID);
    assert_int_equal(fault_of(RSA, PAYLOAD, SECRET, THEN), ACCESS_TOKEN_INVALID);
    assert_int_equal(fault_of(KIND, PAYLOAD, SECRET, THEN), ACCESS_TOKEN_INVALID);
    assert_int_equal(fault_of(PLAIN, PAYLOAD, SECRET, THEN), ACCESS_TOKEN_INVALID);
    /* without any signature */
    build(&text, NONE, PAYLOAD, SECRET);
    strrchr(text.at, '.')[1] = '\0';
    assert_int_equal(access_token_check(slice_from(text.at), &KEYS, THEN, &token, &why),
                     ACCESS_TOKEN_INVALID);
    access_token_release(&token);
    text_release(&text);
}

static void what_lacks_an_identity_or_an_end_is_invalid(void **state)
{
    static const char *const PAYLOADS[] = {
        "{\"iss\":\"SK00000000000000000000000000000001\","
        "\"sub\":\"AC00000000000000000000000000000001\",\"exp\":1700003600,\"grants\":{}}",
        "{\"iss\":\"SK00000000000000000000000000000001\","
        "\"sub\":\"AC00000000000000000000000000000001\",\"exp\":1700003600,"
        "\"grants\":{\"identity\":\"a\\u0007\"}}",
        "{\"iss\":\"SK00000000000000000000000000000001\","
        "\"sub\":\"AC00000000000000000000000000000001\",\"grants\":{\"identity\":\"a\"}}",
        "{\"iss\":\"SK00000000000000000000000000000001\","
        "\"sub\":\"AC00000000000000000000000000000001\",\"exp\":\"1700003600\","
        "\"grants\":{\"identity\":\"a\"}}",
        "{\"iss\":\"SK00000000000000000000000000000001\","
        "\"sub\":\"AC00000000000000000000000000000001\",\"exp\":1700003600,"
        "\"grants\":{\"identity\":\"a\",\"voice\":{\"outgoing\":{\"application_sid\":\"x\"}}}}",
    };
    struct access_token token;
    const char *why;

    (void)state;
    for (size_t i = 0; i < sizeof(PAYLOADS) / sizeof(PAYLOADS[0]); ++i)
        assert_int_equal(fault_of(HEADER, PAYLOADS[i], SECRET, THEN), ACCESS_TOKEN_INVALID);
    assert_int_equal(access_token_check(slice_from("not-a-jwt"), &KEYS, THEN, &token, &why),
                     ACCESS_TOKEN_INVALID);
    access_token_release(&token);
    assert_int_equal(access_token_check(slice_from(NULL), &KEYS, THEN, &token, &why),
                     ACCESS_TOKEN_INVALID);
    access_token_release(&token);
}

static void an_old_capability_token_is_taken(void **state)
{
    static const char OLD[] =
        "{\"scope\":\"scope:client:outgoing?appSid=AP0000000000000000000000000000000A"
        "&appParams=x%3D1%25202%26y%3D%2526&clientName=jenny "
        "scope:stream:subscribe?path=%2F2010-04-01%2FEvents "
        "scope:client:incoming?clientName=jenny\","
        "\"iss\":\"AC00000000000000000000000000000001\",\"exp\":1700003600}";
    static const char NAMELESS[] =
        "{\"scope\":\"scope:client:outgoing?appSid=AP0000000000000000000000000000000A\","
        "\"iss\":\"AC00000000000000000000000000000001\",\"exp\":1700003600}";
    static const char PLAIN[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    struct access_token token;
    struct text text;
    const char *why;

    (void)state;
    build(&text, PLAIN, OLD, "engine-test-token");
    assert_int_equal(access_token_check(text_slice(&text), &KEYS, THEN, &token, &why), 0);
    assert_string_equal(token.identity, "jenny");
    assert_string_equal(token.application_sid, "AP0000000000000000000000000000000a");
    assert_string_equal(form_get(&token.params, "x"), "1 2");
    assert_string_equal(form_get(&token.params, "y"), "&");
    assert_true(token.incoming);
    assert_true(token.is_old);
    access_token_release(&token);
    text_release(&text);
    build(&text, PLAIN, NAMELESS, "engine-test-token");
    assert_int_equal(access_token_check(text_slice(&text), &KEYS, THEN, &token, &why), 0);
    assert_string_equal(token.identity, "Anonymous");
    assert_false(token.incoming);
    access_token_release(&token);
    text_release(&text);
    assert_int_equal(fault_of(PLAIN, OLD, SECRET, THEN), ACCESS_TOKEN_REFUSED);
    /* An Access Token is never signed by the auth token, nor an old one by the key. */
    assert_int_equal(fault_of(HEADER, PAYLOAD, "engine-test-token", THEN), ACCESS_TOKEN_REFUSED);
}

static void params_come_as_texts(void **state)
{
    static const char PARAMS[] =
        "{\"iss\":\"SK00000000000000000000000000000001\","
        "\"sub\":\"AC00000000000000000000000000000001\",\"exp\":1700003600,"
        "\"grants\":{\"identity\":\"a\",\"voice\":{\"outgoing\":{\"application_sid\":"
        "\"AP00000000000000000000000000000001\",\"params\":{\"a\":\"1\",\"b\":2,\"c\":true,"
        "\"d\":[1]}}}}}";
    struct access_token token;
    struct text text;
    const char *why;

    (void)state;
    build(&text, HEADER, PARAMS, SECRET);
    assert_int_equal(access_token_check(text_slice(&text), &KEYS, THEN, &token, &why), 0);
    assert_int_equal(token.params.count, 3);
    assert_string_equal(form_get(&token.params, "a"), "1");
    assert_string_equal(form_get(&token.params, "b"), "2");
    assert_string_equal(form_get(&token.params, "c"), "true");
    access_token_release(&token);
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_of_the_contract_is_taken),
        cmocka_unit_test(what_is_made_is_taken_again),
        cmocka_unit_test(an_order_with_something_missing_makes_nothing),
        cmocka_unit_test(time_is_told_with_a_minute_of_leeway),
        cmocka_unit_test(who_does_not_hold_the_secret_is_refused),
        cmocka_unit_test(no_other_algorithm_and_no_other_kind_passes),
        cmocka_unit_test(what_lacks_an_identity_or_an_end_is_invalid),
        cmocka_unit_test(an_old_capability_token_is_taken),
        cmocka_unit_test(params_come_as_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
