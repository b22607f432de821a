#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What client commands print: JSON for programs, tables and lines for people. On standard output. */

struct column {
    const char *key; /* of each row's object; "a.b" reaches into it */
    const char *title;
};

void show_json(const json_t *json);
/* Columns as wide as their longest cell (at most 48); nothing but the titles when there are no rows. */
void show_table(const json_t *rows, const struct column *columns, size_t column_count);
/* "key  value" a line, nested objects indented. */
void show_object(const json_t *object);
/* A cell: text as it is, "-" for null, yes/no, numbers. */
void show_value(const json_t *value, char *out, size_t out_size);

/* "[#####-----] 50 % what" redrawn in place on standard error, when that is a terminal. */
void show_progress(uint64_t done, uint64_t total, const char *what);
void show_progress_end(void);

#endif
