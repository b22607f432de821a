/* A settings file of any bytes: every line is taken or complained of, nothing else. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static FILE *nowhere;
    struct arguments none = {0};
    struct settings settings;
    char *text = malloc(size + 1);
    int code;

    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    if (!text || !nowhere)
        abort();
    memcpy(text, bytes, size);
    text[size] = '\0';
    code =
        settings_load_from(&settings, SETTINGS_ALL, &none, "fuzz", text, no_environment, nowhere);
    if (code != COMMAND_DONE && code != COMMAND_MISUSED)
        abort();
    settings_release(&settings);
    free(text);
    return 0;
}
