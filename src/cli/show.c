#include "cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { CELL_SIZE = 256, WIDTH_MAX = 48, BAR_WIDTH = 30 };

void show_json(const json_t *json)
{
    json_dumpf(json ? json : json_null(), stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    putchar('\n');
}

void show_value(const json_t *value, char *out, size_t out_size)
{
    char *text;

    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        snprintf(out, out_size, "%s", json_string_value(value));
        break;
    case JSON_INTEGER:
        snprintf(out, out_size, "%lld", (long long)json_integer_value(value));
        break;
    case JSON_REAL:
        snprintf(out, out_size, "%.3g", json_real_value(value));
        break;
    case JSON_TRUE:
        snprintf(out, out_size, "yes");
        break;
    case JSON_FALSE:
        snprintf(out, out_size, "no");
        break;
    case JSON_NULL:
        snprintf(out, out_size, "-");
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
        text = json_dumps(value, JSON_COMPACT);
        snprintf(out, out_size, "%s", text ? text : "");
        free(text);
        break;
    }
    for (char *at = out; *at; ++at) /* what a list said must not move the terminal's cursor */
        if ((unsigned char)*at < 32 || *at == 127)
            *at = ' ';
}

static const json_t *reach(const json_t *row, const char *key)
{
    struct slice rest = slice_from(key);

    while (row && rest.size) {
        char name[64];

        slice_copy(slice_cut(&rest, '.'), name, sizeof(name));
        row = json_object_get(row, name);
    }
    return row;
}

/* Characters, not bytes: continuation bytes of UTF-8 take no place. */
static int width_of(const char *text)
{
    int width = 0;

    for (; *text; ++text)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void print_cell(const char *cell, int width, bool last)
{
    int left = width, at = 0;

    while (cell[at] && left > 0) {
        putchar(cell[at++]);
        while (((unsigned char)cell[at] & 0xc0) == 0x80)
            putchar(cell[at++]);
        --left;
    }
    printf("%*s", last ? 0 : left + 2, "");
}

void show_table(const json_t *rows, const struct column *columns, size_t column_count)
{
    int widths[16] = {0};
    char cell[CELL_SIZE];
    const json_t *row;
    size_t index;

    check(column_count <= array_count(widths));
    for (size_t i = 0; i < column_count; ++i)
        widths[i] = width_of(columns[i].title);
    json_array_foreach(rows, index, row) for (size_t i = 0; i < column_count; ++i)
    {
        show_value(reach(row, columns[i].key), cell, sizeof(cell));
        if (width_of(cell) > widths[i])
            widths[i] = width_of(cell) < WIDTH_MAX ? width_of(cell) : WIDTH_MAX;
    }
    for (size_t i = 0; i < column_count; ++i)
        print_cell(columns[i].title, widths[i], i + 1 == column_count);
    putchar('\n');
    json_array_foreach(rows, index, row)
    {
        for (size_t i = 0; i < column_count; ++i) {
            show_value(reach(row, columns[i].key), cell, sizeof(cell));
            print_cell(cell, widths[i], i + 1 == column_count);
        }
        putchar('\n');
    }
}

static void show_indented(const json_t *object, int depth)
{
    const char *key;
    const json_t *value;
    int widest = 0;

    json_object_foreach((json_t *)(uintptr_t)object, key, value) if (width_of(key) > widest)
        widest = width_of(key);
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        char cell[1024];

        if (json_is_object(value) && json_object_size(value)) {
            printf("%*s%s\n", depth, "", key);
            show_indented(value, depth + 2);
            continue;
        }
        show_value(value, cell, sizeof(cell));
        printf("%*s%-*s  %s\n", depth, "", widest, key, cell);
    }
}

void show_object(const json_t *object)
{
    show_indented(object, 0);
}

void show_progress(uint64_t done, uint64_t total, const char *what)
{
    char bar[BAR_WIDTH + 1];
    int filled = total ? (int)(done * BAR_WIDTH / total) : 0;

    if (!isatty(STDERR_FILENO))
        return;
    memset(bar, '-', BAR_WIDTH);
    memset(bar, '#', (size_t)(filled > BAR_WIDTH ? BAR_WIDTH : filled));
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %3d %%  %s\033[K", bar, total ? (int)(done * 100 / total) : 0, what);
}

void show_progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
}
