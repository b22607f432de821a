#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "voice/control/url.h"

static void resolves(const char *base, const char *reference, const char *expected)
{
    struct text text;

    text_init(&text);
    url_resolve(base, reference, &text);
    assert_string_equal(text.at, expected);
    text_release(&text);
}

/* RFC 3986 section 5.4 where it applies, and what TwiML adds. */
static void a_relative_url_is_read_in_its_documents_place(void **state)
{
    static const char BASE[] = "http://a/b/c/d.php?q#rc=2";

    (void)state;
    resolves(BASE, "g", "http://a/b/c/g");
    resolves(BASE, "./g", "http://a/b/c/g");
    resolves(BASE, "g/", "http://a/b/c/g/");
    resolves(BASE, "/g", "http://a/g");
    resolves(BASE, "//g/x", "http://g/x");
    resolves(BASE, "?y", "http://a/b/c/d.php?y");
    resolves(BASE, "g?y=../z#rc=1", "http://a/b/c/g?y=../z#rc=1");
    resolves(BASE, "..", "http://a/b/");
    resolves(BASE, "../g", "http://a/b/g");
    resolves(BASE, "../../../g", "http://a/g");
    resolves(BASE, "g/../h", "http://a/b/c/h");
    resolves(BASE, "", "http://a/b/c/d.php?q#rc=2");
    resolves(BASE, "https://x/y", "https://x/y");
    resolves("http://a", "g", "http://a/g");
    resolves("http://a?x=1", "g", "http://a/g");
    resolves(NULL, "/g", "/g");
}

static void only_absolute_web_urls_are_good(void **state)
{
    (void)state;
    assert_true(url_is_absolute("http://a.example"));
    assert_true(url_is_absolute("HTTPS://u:p@a.example:8080/x?y#z"));
    assert_true(url_is_absolute("http://[::1]:80/"));
    assert_false(url_is_absolute("/x"));
    assert_false(url_is_absolute("ftp://a"));
    assert_false(url_is_absolute("http://"));
    assert_false(url_is_absolute("http:///x"));
    assert_false(url_is_absolute("http://:80/"));
    assert_false(url_is_absolute("http://a:0/"));
    assert_false(url_is_absolute("http://a:65536/"));
    assert_false(url_is_absolute("http://a:x/"));
    assert_false(url_is_absolute("http://a b/"));
    assert_false(url_is_absolute("http://a/\r\nX: y"));
    assert_false(url_is_absolute(""));
    assert_false(url_is_callback("http://my_host/x"));
    assert_true(url_is_callback("http://myhost/x_y"));
}

static void a_fragment_overrides_how_a_webhook_is_tried(void **state)
{
    struct url_policy policy = url_policy("http://a/x", 1);

    (void)state;
    assert_int_equal(policy.retry_count, 1);
    assert_true(policy.on_connect && !policy.on_read && !policy.on_4xx && !policy.on_5xx);
    assert_int_equal(policy.connect_ms, 5000);
    policy = url_policy("http://a/x?rc=9#rc=3&rp=rt,5xx&ct=200&rt=900&tt=2000&e=dublin", 1);
    assert_int_equal(policy.retry_count, 3);
    assert_true(!policy.on_connect && policy.on_read && !policy.on_4xx && policy.on_5xx);
    assert_int_equal(policy.connect_ms, 200);
    assert_int_equal(policy.read_ms, 900);
    assert_int_equal(policy.total_ms, 2000);
    policy = url_policy("http://a/x#rc=99&rp=all&tt=99999", 1);
    assert_int_equal(policy.retry_count, 1);
    assert_true(policy.on_connect && policy.on_read && policy.on_4xx && policy.on_5xx);
    assert_int_equal(policy.total_ms, 15000);
}

static void user_info_becomes_credentials(void **state)
{
    char *bare, *user, *password;

    (void)state;
    url_split_user("https://me:p%40ss@a.example/x?y#rc=1", &bare, &user, &password);
    assert_string_equal(bare, "https://a.example/x?y");
    assert_string_equal(user, "me");
    assert_string_equal(password, "p@ss");
    free(bare);
    free(user);
    free(password);
    url_split_user("https://a.example/x@y", &bare, &user, &password);
    assert_string_equal(bare, "https://a.example/x@y");
    assert_null(user);
    free(bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relative_url_is_read_in_its_documents_place),
        cmocka_unit_test(only_absolute_web_urls_are_good),
        cmocka_unit_test(a_fragment_overrides_how_a_webhook_is_tried),
        cmocka_unit_test(user_info_becomes_credentials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
