#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "voice/destination.h"

static bool may(enum voice_fetch policy, const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return destination_is_allowed(policy, (const struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return destination_is_allowed(policy, (const struct sockaddr *)&v6);
}

static const char *const PRIVATE[] = {
    "10.1.2.3",           "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254",    "0.0.0.0",    "100.64.0.1",     "224.0.0.1",
    "255.255.255.255",    "fe80::1",    "fc00::1",        "ff02::1",
    "::ffff:192.168.1.1", "::",         "198.18.0.1",
};

static const char *const PUBLIC[] = {"93.184.216.34", "172.32.0.1",         "100.128.0.1",
                                     "11.0.0.1",      "2606:2800:220:1::1", "::ffff:93.184.216.34"};

static const char *const LOCAL[] = {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"};

static void private_networks_are_out_of_reach_unless_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(PRIVATE) / sizeof(*PRIVATE); ++i) {
        assert_false(may(VOICE_FETCH_LOCAL, PRIVATE[i]));
        assert_false(may(VOICE_FETCH_PUBLIC, PRIVATE[i]));
        assert_true(may(VOICE_FETCH_ANY, PRIVATE[i]));
    }
}

static void public_addresses_are_always_in_reach(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(PUBLIC) / sizeof(*PUBLIC); ++i) {
        assert_true(may(VOICE_FETCH_LOCAL, PUBLIC[i]));
        assert_true(may(VOICE_FETCH_PUBLIC, PUBLIC[i]));
    }
}

static void this_machine_is_in_reach_by_default_and_can_be_shut_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(LOCAL) / sizeof(*LOCAL); ++i) {
        assert_true(may(VOICE_FETCH_LOCAL, LOCAL[i]));
        assert_false(may(VOICE_FETCH_PUBLIC, LOCAL[i]));
    }
}

static void what_is_no_internet_address_is_never_allowed(void **state)
{
    struct sockaddr address = {.sa_family = AF_UNIX};

    (void)state;
    assert_false(destination_is_allowed(VOICE_FETCH_ANY, &address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(private_networks_are_out_of_reach_unless_asked_for),
        cmocka_unit_test(public_addresses_are_always_in_reach),
        cmocka_unit_test(this_machine_is_in_reach_by_default_and_can_be_shut_out),
        cmocka_unit_test(what_is_no_internet_address_is_never_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
