#ifndef LISTS_IMPORT_COLUMNS_H
#define LISTS_IMPORT_COLUMNS_H

#include <stddef.h>

#include "base/check.h"
#include "base/text.h"
#include "core/lead.h"
#include "wire/csv.h"

/*
 * What the columns of a list mean, by their headings: "Phone 2", "mobil", "Vorname" ... Case, blanks
 * and punctuation do not count, nor does a number at the end. Several columns may hold telephone
 * numbers (LEAD_NUMBERS_MAX; they are tried in the order of the columns); of every other meaning the
 * first column counts, and whatever is not understood is context.
 */
enum column_meaning {
    MEANS_CONTEXT,
    MEANS_PHONE,
    MEANS_FIRST_NAME,
    MEANS_LAST_NAME,
    MEANS_FULL_NAME,
    MEANS_EMAIL,
    MEANS_ADDRESS,
    MEANS_COUNTRY,
    MEANS_ZONE,
    MEANS_EXTERNAL_ID,
    MEANS_PRIORITY,
    MEANS_COUNT
};

enum { IMPORT_COLUMNS_MAX = 1024 };

struct import_column {
    char *name; /* the heading, made unique: "note", "note (2)"; "column 3" for an empty one */
    enum column_meaning meaning;
};

struct import_columns {
    struct import_column *columns;
    size_t count;
    size_t phones[LEAD_NUMBERS_MAX]; /* their places, in order */
    size_t phone_count;
};

/* 0, ENOMEM; EINVAL: no column of telephone numbers, with a sentence naming the headings in why. */
int import_columns_init(struct import_columns *columns, const struct csv_row *header, char *why,
                        size_t why_size) must_check;
void import_columns_release(struct import_columns *columns);
enum column_meaning import_column_meaning(struct slice heading);
const char *column_meaning_name(enum column_meaning meaning); /* "phone" */

#endif
