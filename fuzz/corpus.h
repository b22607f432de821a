#ifndef FUZZ_CORPUS_H
#define FUZZ_CORPUS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/*
 * Runs a fuzz target over its corpus folder as an ordinary test: every file as it is, cut short at
 * every length, and with each byte changed. Returns how many files there were.
 */
typedef int (*corpus_target)(const unsigned char *data, size_t size);

static size_t corpus_run_file(const char *path, corpus_target target)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = calloc(1, 65536);
    size_t size;

    check(file && bytes);
    size = fread(bytes, 1, 65536, file);
    fclose(file);
    target(bytes, size);
    for (size_t i = 0; i < size; i += 1 + size / 512) {
        unsigned char kept = bytes[i], *cut = malloc(i ? i : 1); /* its end is where asan looks */

        check(cut);
        memcpy(cut, bytes, i);
        target(cut, i);
        free(cut);
        bytes[i] = (unsigned char)(kept ^ 0x55);
        target(bytes, size);
        bytes[i] = kept;
    }
    free(bytes);
    return 1;
}

static size_t corpus_run(const char *folder, corpus_target target)
{
    DIR *dir = opendir(folder);
    size_t count = 0;

    check(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[1024];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        count += corpus_run_file(path, target);
    }
    closedir(dir);
    return count;
}

#endif
