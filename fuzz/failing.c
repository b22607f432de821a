/*
 * Failing on purpose: a target is fed its corpus again and again, and each time another allocation of ours (and of the
 * JSON library's) fails. It may go on or give up with check(), both in an orderly way: a wild pointer, a leak or
 * another report of the sanitizers fails the test. Every run is a child, so that it may end as it likes.
 *
 *   failing FOLDER RUNS     so many runs at most, spread over the files and their allocations
 */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool counts;
static unsigned long allocations, fails_at; /* 0: none */

static bool fails(void)
{
    return counts && ++allocations == fails_at;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

struct file {
    char path[512];
    uint8_t *bytes;
    size_t size;
};

static bool read_file(struct file *file)
{
    FILE *from = fopen(file->path, "rb");
    long end;

    if (!from || fseek(from, 0, SEEK_END) != 0 || (end = ftell(from)) < 0)
        return false;
    rewind(from);
    file->bytes = __real_malloc((size_t)end + 1);
    file->size = fread(file->bytes, 1, (size_t)end, from);
    fclose(from);
    return true;
}

/* In a child: how many allocations there are, told by a pipe; or with one that fails. */
static int run(const struct file *file, unsigned long at, unsigned long *count)
{
    int ends[2], status = 0;
    pid_t child;

    if (pipe(ends) != 0 || (child = fork()) < 0)
        return -1;
    if (child == 0) {
        json_set_alloc_funcs(__wrap_malloc, free);
        if (at) /* what check() says is wanted; what a sanitizer says goes to the log all the same */
            close(ends[0]);
        fails_at = at;
        counts = true;
        LLVMFuzzerTestOneInput(file->bytes, file->size);
        counts = false;
        if (write(ends[1], &allocations, sizeof(allocations)) != sizeof(allocations))
            _exit(3);
        exit(0); /* and the leaks are looked for */
    }
    close(ends[1]);
    if (read(ends[0], count, sizeof(*count)) != (ssize_t)sizeof(*count))
        *count = 0;
    close(ends[0]);
    if (waitpid(child, &status, 0) != child)
        return -1;
    return status;
}

static bool is_orderly(int status)
{
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* True when every run ended well. */
static bool try_file(const struct file *file, unsigned long runs, unsigned long *handled,
                     unsigned long *stopped)
{
    unsigned long count, ignored;
    bool good = true;

    if (run(file, 0, &count) != 0 || runs == 0)
        return runs == 0;
    for (unsigned long i = 0; i < runs && i < count; i++) {
        unsigned long at = count <= runs ? i + 1 : 1 + i * count / runs;
        int status = run(file, at, &ignored);

        if (is_orderly(status)) {
            ++*(WIFEXITED(status) ? handled : stopped);
            continue;
        }
        fprintf(stderr, "FAILED: '%s' with allocation %lu of %lu failing: status 0x%x\n",
                file->path, at, count, status);
        good = false;
    }
    return good;
}

int main(int argc, char **argv)
{
    unsigned long runs = argc == 3 ? strtoul(argv[2], NULL, 10) : 0, handled = 0, stopped = 0;
    struct file files[64];
    size_t file_count = 0;
    struct dirent *entry;
    bool good = true;
    DIR *folder;

    if (!runs || !(folder = opendir(argv[1]))) {
        fprintf(stderr, "usage: %s FOLDER RUNS\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(folder)) && file_count < 64) {
        struct file *file = &files[file_count];

        snprintf(file->path, sizeof(file->path), "%s/%.200s", argv[1], entry->d_name);
        if (entry->d_name[0] != '.' && read_file(file))
            file_count++;
    }
    closedir(folder);
    for (size_t i = 0; i < file_count; i++) {
        good &= try_file(&files[i], (runs + file_count - 1) / file_count, &handled, &stopped);
        free(files[i].bytes);
    }
    printf("figure: %lu allocations failed: %lu handled, %lu stopped by check()\n",
           handled + stopped, handled, stopped);
    return good && handled + stopped ? 0 : 1;
}
