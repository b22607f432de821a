#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "api/origin.h"

#define URL "https://desk.example:8443/"

static void our_own_names_are_let_in(void **state)
{
    static const char *const hosts[] = {
        "localhost", "localhost:8080",    "LOCALHOST.",   "127.0.0.1:8080", "[::1]:8080",
        "192.0.2.7", "desk.example:8443", "Desk.Example", "floor.local:80", "b"};

    for (size_t i = 0; i < array_count(hosts); i++)
        assert_int_equal(origin_check(hosts[i], NULL, URL, "floor.local, b"), ORIGIN_OK);
}

static void a_name_that_others_lead_here_is_not_ours(void **state)
{
    static const char *const hosts[] = {"evil.example",
                                        "desk.example.evil.example",
                                        "localhost.evil.example",
                                        "127.0.0.1.evil.example",
                                        "[",
                                        "[::1",
                                        ":80",
                                        ".",
                                        "xdesk.example"};

    for (size_t i = 0; i < array_count(hosts); i++)
        assert_int_equal(origin_check(hosts[i], NULL, URL, "floor.local"), ORIGIN_HOST_UNKNOWN);
    assert_int_equal(origin_check(NULL, NULL, URL, ""), ORIGIN_HOST_MISSING);
    assert_int_equal(origin_check("", NULL, URL, ""), ORIGIN_HOST_MISSING);
}

static void an_origin_must_be_the_host_that_was_asked(void **state)
{
    assert_int_equal(origin_check("127.0.0.1:8080", "http://127.0.0.1:8080", URL, ""), ORIGIN_OK);
    assert_int_equal(origin_check("localhost", "http://localhost:80", URL, ""), ORIGIN_OK);
    assert_int_equal(origin_check("localhost:80", "http://localhost", URL, ""), ORIGIN_OK);
    /* behind a proxy that leaves the port out */
    assert_int_equal(origin_check("desk.example", "https://desk.example:8443", URL, ""), ORIGIN_OK);
    assert_int_equal(
        origin_check("desk.example", "https://desk.example", "https://desk.example", ""),
        ORIGIN_OK);
}

static void pages_of_others_are_told_apart(void **state)
{
    static const char *const origins[] = {"http://evil.example",
                                          "null",
                                          "http://127.0.0.1:8081",
                                          "http://127.0.0.1.evil.example:8080",
                                          "127.0.0.1:8080",
                                          "",
                                          "http://"};

    for (size_t i = 0; i < array_count(origins); i++)
        assert_int_equal(origin_check("127.0.0.1:8080", origins[i], URL, ""), ORIGIN_FOREIGN);
}

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    assert_true(
        slice_is(cookie_find("a=1; outdial_session=od_12;b=2", "outdial_session"), "od_12"));
    assert_true(slice_is(cookie_find("outdial_session=x=y", "outdial_session"), "x=y"));
    assert_int_equal(
        cookie_find("my_outdial_session=1; outdial_sessions=2", "outdial_session").size, 0);
    assert_int_equal(cookie_find(NULL, "outdial_session").size, 0);
    assert_int_equal(cookie_find("outdial_session", "outdial_session").size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_names_are_let_in),
        cmocka_unit_test(a_name_that_others_lead_here_is_not_ours),
        cmocka_unit_test(an_origin_must_be_the_host_that_was_asked),
        cmocka_unit_test(pages_of_others_are_told_apart),
        cmocka_unit_test(a_cookie_is_found_by_its_whole_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
