#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/settings.h"

static const char *no_environment(const char *name)
{
    return NULL;
}

static const char *some_environment(const char *name)
{
    return strcmp(name, "OUTDIAL_COMMIT_MS") == 0 ? "7" : NULL;
}

static int load(struct settings *settings, const char *file, const struct arguments *arguments,
                const char *(*environment)(const char *), char **said)
{
    size_t size;
    FILE *say = open_memstream(said, &size);
    int code = settings_load_from(settings, SETTINGS_SERVE, arguments, "dialer.conf", file,
                                  environment, say);

    fclose(say);
    return code;
}

static void every_setting_has_a_lawful_default(void **state)
{
    struct settings settings;
    char *said;

    assert_int_equal(load(&settings, NULL, NULL, no_environment, &said), COMMAND_DONE);
    assert_string_equal(settings.http, "127.0.0.1:8080");
    assert_int_equal(settings.commit_ms, 3);
    assert_string_equal(said, "");
    settings_release(&settings);
    free(said);
}

/* serve gives its engine twice its own rate, and some for the agents' lines. */
static void the_engine_takes_what_the_fastest_dialer_asks_of_it(void **state)
{
    size_t index;
    const struct setting *dialer =
        setting_by_flag(SETTINGS_SERVE, "--calls-per-second", 18, &index);
    const struct setting *engine = setting_by_flag(SETTINGS_VOICE, "--cps", 5, &index);

    (void)state;
    assert_true(engine->high >= 2 * dialer->high + 20);
}

static void a_flag_goes_before_the_environment_and_that_before_the_file(void **state)
{
    struct settings settings;
    struct arguments arguments = {.word_count = 0};
    const char *file = "# mine\ncommit_ms = 5   # gathered\ncalls_per_second=9\n";
    size_t index;
    char *said;

    assert_int_equal(load(&settings, file, &arguments, some_environment, &said), COMMAND_DONE);
    assert_int_equal(settings.commit_ms, 7);
    assert_int_equal(settings.calls_per_second, 9);
    settings_release(&settings);
    free(said);

    assert_non_null(setting_by_flag(SETTINGS_SERVE, "--commit-ms", 11, &index));
    arguments.setting_values[index] = "11";
    assert_int_equal(load(&settings, file, &arguments, some_environment, &said), COMMAND_DONE);
    assert_int_equal(settings.commit_ms, 11);
    settings_release(&settings);
    free(said);
}

static void a_bad_line_is_told_with_file_and_line(void **state)
{
    struct settings settings;
    const char *file = "\n\nagents_max = -4\nnonsense\nflavour = sweet\nhttp = here\n"
                       "server = http://\nserver = http://a b\n";
    char *said;

    assert_int_equal(load(&settings, file, NULL, no_environment, &said), COMMAND_MISUSED);
    assert_non_null(strstr(said, "dialer.conf:3: agents_max '-4' is not a whole number within "
                                 "1-4096 agents\n"));
    assert_non_null(strstr(said, "dialer.conf:4: 'nonsense' is not of the form name = value\n"));
    assert_non_null(strstr(said, "dialer.conf:5: there is no setting 'flavour'"));
    assert_non_null(strstr(said, "dialer.conf:6: http 'here' is not of the form HOST:PORT\n"));
    assert_non_null(strstr(said, "dialer.conf:7: server 'http://'"));
    assert_non_null(strstr(said, "dialer.conf:8: server 'http://a b'"));
    settings_release(&settings);
    free(said);
}

static void one_flag_means_another_setting_to_another_command(void **state)
{
    size_t of_serve, of_voice;

    assert_string_equal(setting_by_flag(SETTINGS_SERVE, "--http", 6, &of_serve)->name, "http");
    assert_string_equal(setting_by_flag(SETTINGS_VOICE, "--http", 6, &of_voice)->name,
                        "voice_http");
    assert_true(of_serve != of_voice);
    assert_null(setting_by_flag(SETTINGS_PHONES, "--http", 6, &of_serve));
    assert_null(setting_by_flag(SETTINGS_SHOW, "--http", 6, &of_serve));
    assert_non_null(setting_by_flag(SETTINGS_SHOW, "--config", 8, &of_serve));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_has_a_lawful_default),
        cmocka_unit_test(the_engine_takes_what_the_fastest_dialer_asks_of_it),
        cmocka_unit_test(a_flag_goes_before_the_environment_and_that_before_the_file),
        cmocka_unit_test(a_bad_line_is_told_with_file_and_line),
        cmocka_unit_test(one_flag_means_another_setting_to_another_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
