#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "voice/secure/binding.h"

/* RFC 5769, 2.1 to 2.3; all by this password. */
static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";

static const uint8_t sample_request[] =
    "\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
    "\x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff"
    "\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36"
    "\x76"
    "\x59\x20\x20\x20\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2"
    "\x49"
    "\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf";

static const uint8_t sample_response[] =
    "\x01\x01\x00\x3c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
    "\x80\x22\x00\x0b\x74\x65\x73\x74\x20\x76\x65\x63\x74\x6f\x72\x20"
    "\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43\x00\x08\x00\x14\x2b\x91\xf5\x99\xfd\x9e\x90"
    "\xc3"
    "\x8c\x74\x89\xf9\x2a\xf9\xba\x53\xf0\x6b\xe7\xd7\x80\x28\x00\x04\xc0\x7d\x4c\x96";

static const uint8_t sample_response_6[] =
    "\x01\x01\x00\x48\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
    "\x80\x22\x00\x0b\x74\x65\x73\x74\x20\x76\x65\x63\x74\x6f\x72\x20"
    "\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9"
    "\xd9"
    "\x00\x08\x00\x14\xa3\x82\x95\x4e\x4b\xe6\x7b\xf1\x17\x84\xc9\x7c\x82\x92\xc2\x75\xbf\xe3\xed"
    "\x41"
    "\x80\x28\x00\x04\xc8\xfb\x0b\x4c";

static void the_sample_request_is_read_and_its_signature_holds(void **state)
{
    struct binding binding;

    assert_true(binding_parse(&binding, sample_request, sizeof(sample_request) - 1));
    assert_int_equal(binding.kind, BINDING_REQUEST);
    assert_true(slice_is(binding.username, "evtj:h6vY"));
    assert_int_equal(binding.priority, 0x6e0001ff);
    assert_true(binding.has_fingerprint);
    assert_false(binding.use_candidate || binding.controlling || binding.not_understood);
    assert_true(binding_is_signed(&binding, password));
    assert_false(binding_is_signed(&binding, "VOkJxbRl1RmTxUk/WvJxBT"));
}

static void the_sample_responses_tell_their_addresses(void **state)
{
    struct binding binding;
    char address[INET_ADDRSTRLEN];

    assert_true(binding_parse(&binding, sample_response, sizeof(sample_response) - 1));
    assert_int_equal(binding.kind, BINDING_SUCCESS);
    assert_true(binding_is_signed(&binding, password));
    assert_string_equal(inet_ntop(AF_INET, &binding.mapped.sin_addr, address, sizeof(address)),
                        "192.0.2.1");
    assert_int_equal(ntohs(binding.mapped.sin_port), 32853);
    assert_true(binding_parse(&binding, sample_response_6, sizeof(sample_response_6) - 1));
    assert_true(binding_is_signed(&binding, password));
    assert_int_equal(binding.mapped.sin_family, 0);
}

static void no_bit_may_change(void **state)
{
    uint8_t bytes[sizeof(sample_request) - 1];
    struct binding binding;

    for (size_t i = 0; i < 8 * sizeof(bytes); i++) {
        memcpy(bytes, sample_request, sizeof(bytes));
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        if (!binding_parse(&binding, bytes, sizeof(bytes)))
            continue; /* nearly all: the fingerprint */
        /* the fingerprint's own name may have become another's */
        assert_true(i / 8 >= sizeof(bytes) - 8 || !binding_is_signed(&binding, password));
        assert_true(!binding.has_fingerprint);
    }
}

static void what_is_cut_short_is_refused(void **state)
{
    struct binding binding;

    for (size_t size = 0; size < sizeof(sample_request) - 1; size++)
        assert_false(binding_parse(&binding, sample_request, size));
}

static size_t request(uint8_t bytes[BINDING_SIZE_MAX], bool use_candidate)
{
    struct binding_order order = {.transaction = "abcdefghijk",
                                  .username = slice_from("ours:theirs"),
                                  .priority = 9,
                                  .tie_breaker = 0x123456789abcdef0,
                                  .use_candidate = use_candidate};

    return binding_request(&order, "a password of some length", bytes);
}

static void a_check_is_answered_with_where_it_came_from(void **state)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(40001)};
    uint8_t bytes[BINDING_SIZE_MAX], answer[BINDING_SIZE_MAX];
    struct binding asked, binding;

    inet_pton(AF_INET, "198.51.100.7", &from.sin_addr);
    assert_true(binding_parse(&asked, bytes, request(bytes, true)));
    assert_true(asked.use_candidate && asked.controlling && asked.has_fingerprint);
    assert_true(slice_is(asked.username, "ours:theirs"));
    assert_true(binding_is_signed(&asked, "a password of some length"));
    assert_true(binding_parse(&binding, answer, binding_reply(&asked, &from, "pw", answer)));
    assert_int_equal(binding.kind, BINDING_SUCCESS);
    assert_memory_equal(binding.transaction, asked.transaction, sizeof(asked.transaction));
    assert_true(binding_is_signed(&binding, "pw"));
    assert_memory_equal(&binding.mapped, &from, sizeof(from));
    assert_true(binding_parse(&asked, bytes, request(bytes, false)));
    assert_false(asked.use_candidate);
}

static void what_must_be_understood_and_is_not_is_told(void **state)
{
    /* an attribute of our choice (0x0031), nothing in it, no signature */
    static const uint8_t strange[] = "\x00\x01\x00\x04\x21\x12\xa4\x42"
                                     "abcdefghijkl"
                                     "\x00\x31\x00\x00";
    uint8_t answer[BINDING_SIZE_MAX];
    struct binding asked, binding;

    assert_true(binding_parse(&asked, strange, sizeof(strange) - 1));
    assert_int_equal(asked.not_understood, 0x0031);
    assert_false(binding_is_signed(&asked, "pw"));
    assert_true(binding_parse(&binding, answer, binding_refuse(&asked, "pw", answer)));
    assert_int_equal(binding.kind, BINDING_ERROR);
    assert_true(binding_is_signed(&binding, "pw") && binding.has_fingerprint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_request_is_read_and_its_signature_holds),
        cmocka_unit_test(the_sample_responses_tell_their_addresses),
        cmocka_unit_test(no_bit_may_change),
        cmocka_unit_test(what_is_cut_short_is_refused),
        cmocka_unit_test(a_check_is_answered_with_where_it_came_from),
        cmocka_unit_test(what_must_be_understood_and_is_not_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
