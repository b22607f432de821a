/* Which process is it that engine.json names? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/engine_record.h"

static char folder[] = "/tmp/outdial-record-XXXXXX";

static int make_folder(void **state)
{
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    engine_record_remove(folder);
    return rmdir(folder);
}

static void a_living_process_is_found_again(void **state)
{
    struct engine_record record;
    int fd;

    assert_false(engine_record_read(folder, &record));
    assert_int_equal(engine_record_write(folder, getpid(), "http://127.0.0.1:8081"), 0);
    assert_true(engine_record_read(folder, &record));
    assert_int_equal(record.pid, getpid());
    assert_string_equal(record.url, "http://127.0.0.1:8081");
    assert_true(engine_record_is(&record));
    fd = engine_record_open(&record);
    assert_true(fd >= 0);
    close(fd);
}

static void a_stranger_that_has_its_number_by_now_is_not_taken_for_it(void **state)
{
    struct engine_record record;

    assert_int_equal(engine_record_write(folder, getpid(), ""), 0);
    assert_true(engine_record_read(folder, &record));
    record.started++;
    assert_false(engine_record_is(&record));
    assert_int_equal(engine_record_open(&record), -1);
}

static void one_that_has_ended_is_not_found(void **state)
{
    struct engine_record record;
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(engine_record_write(folder, pid, ""), 0);
    assert_true(engine_record_read(folder, &record));
    assert_false(engine_record_is(&record));
    assert_int_equal(engine_record_open(&record), -1);
}

static void a_record_without_the_time_of_the_start_is_asked_and_never_killed(void **state)
{
    struct engine_record record;
    char path[200];
    FILE *file;
    int fd;

    snprintf(path, sizeof(path), "%s/engine.json", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "{\"pid\": %d, \"http\": \"http://127.0.0.1:1\"}", (int)getpid());
    fclose(file);
    assert_true(engine_record_read(folder, &record));
    assert_false(engine_record_is(&record));
    fd = engine_record_open(&record);
    assert_true(fd >= 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_living_process_is_found_again),
        cmocka_unit_test(a_stranger_that_has_its_number_by_now_is_not_taken_for_it),
        cmocka_unit_test(one_that_has_ended_is_not_found),
        cmocka_unit_test(a_record_without_the_time_of_the_start_is_asked_and_never_killed),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
