#include "voice/control/memory.h"

#include <stdlib.h>
#include <string.h>

#include "wire/form.h"

void *memory_take(size_t size)
{
    void *memory = calloc(1, size);

    check(memory != NULL);
    return memory;
}

char *memory_slice(struct slice slice)
{
    char *copy = slice_dup(slice);

    check(copy != NULL);
    return copy;
}

char *memory_text(const char *text)
{
    return text ? memory_slice(slice_from(text)) : NULL;
}

char *memory_take_text(struct text *text)
{
    char *taken = text_take(text, NULL);

    check(taken != NULL);
    return taken;
}

char *memory_clean(const char *text)
{
    struct text clean;

    if (!text)
        return NULL;
    text_init(&clean);
    utf8_clean(slice_from(text), &clean);
    return memory_take_text(&clean);
}

void memory_set(char **place, const char *text)
{
    char *copy = memory_text(text);

    free(*place);
    *place = copy;
}
