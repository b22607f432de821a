#include "server/engine_record.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "server/credentials.h"

/* Field 22 of /proc/PID/stat; 0: there is no such process. */
static uint64_t process_started(pid_t pid)
{
    enum { FIELD = 22, AFTER_NAME = 2 };
    char path[64], line[1024] = "", *at;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    at = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL; /* a name may hold anything */
    fclose(file);
    for (int field = AFTER_NAME; at && field < FIELD; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

int engine_record_write(const char *data, pid_t pid, const char *url)
{
    json_t *json = json_pack("{s:I, s:I, s:s}", "pid", (json_int_t)pid, "started",
                             (json_int_t)process_started(pid), "http", url);
    char *text = json ? json_dumps(json, 0) : NULL;
    int err = text ? secret_write(data, "engine.json", text) : ENOMEM;

    free(text);
    json_decref(json);
    return err;
}

static void record_path(const char *data, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/engine.json", data);
}

bool engine_record_read(const char *data, struct engine_record *record)
{
    char path[PATH_MAX];

    record_path(data, path);
    json_t *json = json_load_file(path, 0, NULL);
    const char *url = json_string_value(json_object_get(json, "http"));

    *record = (struct engine_record){
        .pid = (pid_t)json_integer_value(json_object_get(json, "pid")),
        .started = (uint64_t)json_integer_value(json_object_get(json, "started"))};
    bool is_good =
        record->pid > 0 && url && slice_copy(slice_from(url), record->url, sizeof(record->url));

    json_decref(json);
    return is_good;
}

void engine_record_remove(const char *data)
{
    char path[PATH_MAX];

    record_path(data, path);
    unlink(path);
}

bool engine_record_is(const struct engine_record *record)
{
    return record->started && process_started(record->pid) == record->started;
}

int engine_record_open(const struct engine_record *record)
{
    int fd = (int)syscall(SYS_pidfd_open, record->pid, 0);

    if (fd >= 0 && record->started && !engine_record_is(record)) {
        close(fd);
        return -1;
    }
    return fd;
}
