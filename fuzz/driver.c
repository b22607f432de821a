/* Feeds the files of a folder to a fuzz target built without libFuzzer: its corpus as a test. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int feed_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;
    size_t size;
    long end;

    if (!file) {
        fprintf(stderr, "cannot open '%s': %s\n", path, strerror(errno));
        return 1;
    }
    fseek(file, 0, SEEK_END);
    end = ftell(file);
    rewind(file);
    bytes = malloc(end > 0 ? (size_t)end : 1);
    size = bytes && end > 0 ? fread(bytes, 1, (size_t)end, file) : 0;
    fclose(file);
    if (!bytes)
        return 1;
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    struct dirent *entry;
    unsigned count = 0;
    DIR *folder;

    if (argc != 2 || !(folder = opendir(argv[1]))) {
        fprintf(stderr, "usage: %s FOLDER (of corpus files)\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(folder))) {
        char path[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        if (feed_file(path))
            return 1;
        ++count;
    }
    closedir(folder);
    printf("%u corpus files\n", count);
    return count ? 0 : 1;
}
