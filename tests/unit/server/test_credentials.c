#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/text.h"
#include "server/credentials.h"

/* Who we are: from an environment of our own, else made once in a folder. */
static const char *const *variables; /* name, value, ..., NULL */

static const char *environment(const char *name)
{
    for (const char *const *at = variables; *at; at += 2)
        if (strcmp(at[0], name) == 0)
            return at[1];
    return NULL;
}

static const char *const NOTHING[] = {NULL};

static char folder[64], file[100], why[400];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/test_credentials.XXXXXX");
    variables = NOTHING;
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof(file), "%s/credentials.json", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(folder);
}

static void write_file(const char *text)
{
    FILE *out = fopen(file, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static bool is_made(const char *text, const char *prefix)
{
    size_t size = strlen(prefix);

    return strncmp(text, prefix, size) == 0 && strlen(text) == size + 32 &&
           strspn(text + size, "0123456789abcdef") == 32;
}

static void the_embedded_parts_have_theirs_made_once(void **state)
{
    struct credentials first, second;
    struct stat status;

    (void)state;
    assert_int_equal(credentials_load(&first, folder, false, environment, why, sizeof(why)), 0);
    assert_false(first.hosted);
    assert_true(is_made(first.account, "AC"));
    assert_true(is_made(first.auth_token, ""));
    assert_true(is_made(first.key, "SK"));
    assert_true(is_made(first.key_secret, ""));
    assert_true(is_made(first.application, "AP"));
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(credentials_load(&second, folder, false, environment, why, sizeof(why)), 0);
    assert_memory_equal(&first, &second, sizeof(first));
}

static void a_file_without_a_key_is_completed(void **state)
{
    struct credentials first, second;

    (void)state;
    write_file("{\"account_sid\":\"AC00000000000000000000000000000001\",\"auth_token\":\"t\"}");
    assert_int_equal(credentials_load(&first, folder, false, environment, why, sizeof(why)), 0);
    assert_string_equal(first.account, "AC00000000000000000000000000000001");
    assert_string_equal(first.auth_token, "t");
    assert_true(is_made(first.key, "SK"));
    assert_int_equal(credentials_load(&second, folder, false, environment, why, sizeof(why)), 0);
    assert_memory_equal(&first, &second, sizeof(first));
}

static void a_damaged_file_is_named_and_kept(void **state)
{
    static const char *const DAMAGED[] = {"{", "[]", "{\"account_sid\":1,\"auth_token\":\"t\"}",
                                          "{\"account_sid\":\"A\",\"auth_token\":\"t\","
                                          "\"api_key_sid\":7}"};
    struct credentials credentials;
    struct stat before, after;

    (void)state;
    for (size_t i = 0; i < array_count(DAMAGED); ++i) {
        write_file(DAMAGED[i]);
        assert_int_equal(stat(file, &before), 0);
        assert_int_not_equal(
            credentials_load(&credentials, folder, false, environment, why, sizeof(why)), 0);
        assert_non_null(strstr(why, file));
        assert_int_equal(stat(file, &after), 0);
        assert_int_equal(before.st_size, after.st_size);
        assert_int_equal(before.st_ino, after.st_ino);
    }
}

static void seven_variables_select_the_hosted_ones(void **state)
{
    static const char *const ALL[] = {
        "twilio_account_sid", "AC1", "TWILIO_AUTH_TOKEN", "t", "twilio_caller_id", "+15005550006",
        "twilio_app_id_outbound", "AP1", "pusher_appid", "1", "pusher_key", "k", "pusher_secret",
        "s",
        /* besides */
        "twilio_api_key_sid", "SK1", "twilio_api_key_secret", "x", NULL};
    const char *some[array_count(ALL)];
    struct credentials credentials;

    (void)state;
    variables = ALL;
    assert_int_equal(credentials_load(&credentials, folder, false, environment, why, sizeof(why)),
                     0);
    assert_true(credentials.hosted);
    assert_string_equal(credentials.key, "SK1");
    assert_string_equal(credentials.key_secret, "x");
    assert_string_equal(credentials.application, "AP1");
    assert_int_not_equal(access(file, F_OK), 0);

    memcpy(some, ALL, sizeof(ALL));
    some[14] = NULL; /* without a key: they can do without */
    variables = some;
    assert_int_equal(credentials_load(&credentials, folder, false, environment, why, sizeof(why)),
                     0);
    assert_string_equal(credentials.key, "");

    some[14] = ALL[14];
    some[16] = NULL; /* half of a key */
    assert_int_not_equal(
        credentials_load(&credentials, folder, false, environment, why, sizeof(why)), 0);
    assert_non_null(strstr(why, "twilio_api_key_secret"));

    variables = ALL + 2; /* no account */
    assert_int_not_equal(
        credentials_load(&credentials, folder, false, environment, why, sizeof(why)), 0);
    assert_non_null(strstr(why, "twilio_account_sid"));

    variables = ALL + 14; /* a key for nobody */
    assert_int_not_equal(
        credentials_load(&credentials, folder, false, environment, why, sizeof(why)), 0);
}

/* Push and voice are chosen one by one. */
static void three_variables_select_hosted_push_alone(void **state)
{
    static const char *const PUSH[] = {
        "PUSHER_APPID", "1", "pusher_key", "k", "pusher_secret", "s", "pusher_cluster", "eu", NULL};
    static const char *const VOICE[] = {"twilio_account_sid", "AC1", "twilio_auth_token", "t",
                                        NULL};
    static const char *const CLUSTER[] = {"pusher_cluster", "eu", NULL};
    struct credentials credentials, again;

    (void)state;
    variables = PUSH;
    assert_int_equal(credentials_load(&credentials, folder, false, environment, why, sizeof(why)),
                     0);
    assert_false(credentials.hosted);
    assert_true(credentials.push_hosted);
    assert_true(is_made(credentials.account, "AC"));
    assert_string_equal(credentials.push_app, "1");
    assert_string_equal(credentials.push_secret, "s");
    assert_string_equal(credentials.push_cluster, "eu");

    variables = VOICE;
    assert_int_equal(credentials_load(&credentials, folder, true, environment, why, sizeof(why)),
                     0);
    assert_true(credentials.hosted);
    assert_false(credentials.push_hosted);
    assert_string_equal(credentials.account, "AC1");
    assert_int_equal(strspn(credentials.push_app, "0123456789"), 9);
    assert_true(is_made(credentials.push_key, ""));
    assert_true(is_made(credentials.push_secret, ""));
    assert_int_equal(credentials_load(&again, folder, true, environment, why, sizeof(why)), 0);
    assert_memory_equal(&credentials, &again, sizeof(again));

    variables = PUSH + 2; /* no app id */
    assert_int_not_equal(
        credentials_load(&credentials, folder, false, environment, why, sizeof(why)), 0);
    assert_non_null(strstr(why, "not pusher_appid;"));
    variables = CLUSTER; /* a cluster for nobody */
    assert_int_not_equal(
        credentials_load(&credentials, folder, false, environment, why, sizeof(why)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(three_variables_select_hosted_push_alone, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_embedded_parts_have_theirs_made_once, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_file_without_a_key_is_completed, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_named_and_kept, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(seven_variables_select_the_hosted_ones, make_folder,
                                        remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
