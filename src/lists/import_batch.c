#include "lists/import_batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/table.h"
#include "core/rule_do_not_call.h"
#include "wire/phone_number.h"
#include "wire/zone_file.h"

enum { BLOCK_SIZE = 64 * 1024, ZONE_YEAR = 2030, ZONES_REMEMBERED_MAX = 2000, VALUE_MAX = 200 };

void import_batch_init(struct import_batch *batch)
{
    memset(batch, 0, sizeof(*batch));
}

static void free_blocks(struct import_block *block)
{
    while (block) {
        struct import_block *next = block->next;
        free(block);
        block = next;
    }
}

void import_batch_clear(struct import_batch *batch)
{
    batch->count = 0;
    batch->bytes = 0;
    if (batch->blocks) {
        free_blocks(batch->blocks->next);
        batch->blocks->next = NULL;
        batch->blocks->used = 0;
    }
}

void import_batch_release(struct import_batch *batch)
{
    free_blocks(batch->blocks);
    memset(batch, 0, sizeof(*batch));
}

const char *import_batch_text(struct import_batch *batch, struct slice text)
{
    struct import_block *block = batch->blocks;
    char *copy;

    if (!text.size)
        return "";
    if (!block || block->size - block->used < text.size + 1) {
        size_t size = text.size + 1 > BLOCK_SIZE ? text.size + 1 : BLOCK_SIZE;
        block = malloc(sizeof(*block) + size);
        if (!block)
            return NULL;
        block->next = batch->blocks;
        block->used = 0;
        block->size = size;
        batch->blocks = block;
    }
    copy = block->bytes + block->used;
    memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    block->used += text.size + 1;
    batch->bytes += text.size + 1;
    return copy;
}

bool import_batch_is_full(const struct import_batch *batch)
{
    return batch->count == IMPORTER_BATCH || batch->bytes > IMPORT_BATCH_BYTES_MAX;
}

int import_rejects_open(struct import_rejects *rejects, const char *path)
{
    memset(rejects, 0, sizeof(*rejects));
    text_init(&rejects->text);
    rejects->file = fopen(path, "wbe");
    if (!rejects->file)
        return errno;
    fputs("line,kind,column,value,reason\r\n", rejects->file);
    return 0;
}

int import_rejects_close(struct import_rejects *rejects)
{
    int err = rejects->err;

    text_release(&rejects->text);
    if (rejects->file) {
        if (ferror(rejects->file) && !err)
            err = EIO;
        if (fclose(rejects->file) && !err)
            err = errno;
        rejects->file = NULL;
    }
    return err;
}

void import_rejects_add(struct import_rejects *rejects, uint64_t line, const char *kind,
                        const char *column, struct slice value, const char *reason)
{
    struct csv_writer writer;

    if (value.size > VALUE_MAX)
        value.size = VALUE_MAX;
    text_clear(&rejects->text);
    csv_writer_init(&writer, &rejects->text);
    csv_add_number(&writer, (int64_t)line);
    csv_add_field(&writer, slice_from(kind));
    csv_add_text_field(&writer, slice_from(column));
    csv_add_text_field(&writer, value);
    csv_add_text_field(&writer, slice_from(reason));
    csv_end_row(&writer);
    errno = 0;
    if (rejects->text.failed)
        rejects->err = ENOMEM;
    else if (fwrite(rejects->text.at, 1, rejects->text.size, rejects->file) != rejects->text.size &&
             !rejects->err)
        rejects->err = errno ? errno : EIO;
}

static void warn(const struct import_reading *reading, const struct csv_row *row, size_t place,
                 const char *reason)
{
    reading->rejects->warnings++;
    import_rejects_add(reading->rejects, row->line, "warning",
                       place < reading->columns->count ? reading->columns->columns[place].name : "",
                       place < row->count ? row->fields[place] : slice_from(""), reason);
}

/* The country to read national numbers by: the row's own where it is one, else the list's. */
static const char *row_country(const struct import_reading *reading, const struct csv_row *row,
                               char own[4])
{
    for (size_t i = 0; i < reading->columns->count && i < row->count; i++) {
        if (reading->columns->columns[i].meaning != MEANS_COUNTRY)
            continue;
        if (row->fields[i].size == 2 && slice_copy(row->fields[i], own, 4) &&
            phone_country_is_known(own))
            return own;
        break;
    }
    return reading->order->country;
}

static bool has_number(const struct store_import_row *row, const char *e164)
{
    for (uint32_t i = 0; i < row->number_count; i++) {
        if (strcmp(row->numbers[i].e164, e164) == 0)
            return true;
    }
    return false;
}

static int take_number(struct import_batch *batch, const struct import_reading *reading,
                       const struct csv_row *row, size_t place, const struct phone_number *parsed)
{
    struct store_import_row *out = &batch->rows[batch->count];
    struct store_import_number *number = &out->numbers[out->number_count];

    if (has_number(out, parsed->e164))
        return 0;
    memset(number, 0, sizeof(*number));
    number->e164 = import_batch_text(batch, slice_from(parsed->e164));
    number->country = import_batch_text(batch, slice_from(parsed->country));
    if (!number->e164 || !number->country)
        return ENOMEM;
    number->type = (int)parsed->type;
    number->valid = parsed->valid;
    if (!out->number_count) {
        batch->phone_texts[batch->count] = import_batch_text(batch, row->fields[place]);
        if (!batch->phone_texts[batch->count])
            return ENOMEM;
    }
    out->number_count++;
    if (!parsed->valid)
        warn(reading, row, place, "possible, but not in the number plan of its country");
    if (parsed->extension[0])
        warn(reading, row, place, "the extension is left out");
    if (parsed->type == PHONE_TYPE_SHARED_COST)
        warn(reading, row, place, "a shared-cost number");
    return 0;
}

struct refusal_of_number {
    size_t place;
    enum phone_number_verdict verdict;
};

/* All numbers of the row; what is wrong with each is told once it is clear whether the row stays. */
static int take_numbers(struct import_batch *batch, const struct import_reading *reading,
                        const struct csv_row *row)
{
    struct refusal_of_number refused[LEAD_NUMBERS_MAX];
    struct store_import_row *out = &batch->rows[batch->count];
    const struct import_columns *columns = reading->columns;
    size_t refused_count = 0;
    char own[4] = "";
    const char *country = row_country(reading, row, own);

    for (size_t i = 0; i < columns->phone_count; i++) {
        size_t place = columns->phones[i];
        struct phone_number parsed;
        enum phone_number_verdict verdict;
        int err = 0;

        if (place >= row->count || !row->fields[place].size)
            continue;
        verdict = phone_number_parse(row->fields[place], country, &parsed);
        if (verdict == PHONE_NUMBER_OK)
            err = take_number(batch, reading, row, place, &parsed);
        else if (verdict != PHONE_NUMBER_EMPTY)
            refused[refused_count++] = (struct refusal_of_number){place, verdict};
        if (err)
            return err;
    }
    if (!out->number_count && !refused_count)
        import_rejects_add(reading->rejects, row->line, "rejected",
                           columns->columns[columns->phones[0]].name, slice_from(""),
                           phone_number_verdict_text(PHONE_NUMBER_EMPTY));
    for (size_t i = 0; i < refused_count; i++) {
        const char *reason = phone_number_verdict_text(refused[i].verdict);
        if (out->number_count)
            warn(reading, row, refused[i].place, reason);
        else
            import_rejects_add(reading->rejects, row->line, "rejected",
                               columns->columns[refused[i].place].name,
                               row->fields[refused[i].place], reason);
    }
    return 0;
}

/* Is it a zone of the system? Every name is looked up once. */
static bool zone_exists(const struct import_reading *reading, struct slice name)
{
    static const char yes = 1, no = 0;
    const char *known = table_get(reading->zones, name.at, name.size);
    char text[ZONE_NAME_MAX + 1];
    struct zone_table zone;
    bool exists;

    if (known)
        return known == &yes;
    if (!slice_copy(name, text, sizeof(text)))
        return false;
    exists = zone_file_load(&zone, reading->order->zone_folder, text, ZONE_YEAR, NULL, 0) == 0;
    zone_table_release(&zone);
    if (reading->zones->count < ZONES_REMEMBERED_MAX &&
        table_put(reading->zones, name.at, name.size, (void *)(uintptr_t)(exists ? &yes : &no)))
        return exists; /* no memory to remember it: looked up again next time */
    return exists;
}

static int add_context(json_t **context, const char *name, struct slice value)
{
    if (!value.size)
        return 0;
    if (!*context)
        *context = json_object();
    return *context && !json_object_set_new(*context, name, json_stringn(value.at, value.size))
               ? 0
               : ENOMEM;
}

static int take_priority(struct import_batch *batch, const struct import_reading *reading,
                         const struct csv_row *row, size_t place)
{
    int64_t value;

    if (!row->fields[place].size)
        return 0;
    if (slice_to_i64(row->fields[place], 0, PRIORITY_MAX, &value))
        warn(reading, row, place, "a priority is 0 (first) to 6 (last)");
    else
        batch->rows[batch->count].priority = (uint8_t)value;
    return 0;
}

/* Where a column's text belongs in the row; NULL: it is context. */
static const char **home_of(struct store_import_row *out, enum column_meaning meaning)
{
    switch (meaning) {
    case MEANS_FIRST_NAME:
        return &out->first_name;
    case MEANS_LAST_NAME:
        return &out->last_name;
    case MEANS_FULL_NAME:
        return out->last_name ? NULL : &out->last_name;
    case MEANS_EMAIL:
        return &out->email;
    case MEANS_ADDRESS:
        return &out->address;
    case MEANS_COUNTRY:
        return &out->country;
    case MEANS_ZONE:
        return &out->zone;
    case MEANS_EXTERNAL_ID:
        return &out->external_id;
    case MEANS_CONTEXT:
    case MEANS_PHONE:
    case MEANS_PRIORITY:
    case MEANS_COUNT:
        break;
    }
    return NULL;
}

static int take_text(struct import_batch *batch, const struct import_reading *reading,
                     const struct csv_row *row, size_t place, json_t **context)
{
    const struct import_column *column = &reading->columns->columns[place];
    struct store_import_row *out = &batch->rows[batch->count];
    enum column_meaning meaning = column->meaning;
    struct slice value = row->fields[place];
    const char **home;

    if (!value.size || meaning == MEANS_PHONE)
        return 0;
    if (meaning == MEANS_PRIORITY)
        return take_priority(batch, reading, row, place);
    if (meaning == MEANS_ZONE && !zone_exists(reading, value)) {
        warn(reading, row, place, "no time zone of this name");
        meaning = MEANS_CONTEXT;
    }
    home = home_of(out, meaning);
    if (!home)
        return add_context(context, column->name, value);
    *home = import_batch_text(batch, value);
    return *home ? 0 : ENOMEM;
}

/* "name" is the last name unless the list has one, too; so first and last come before it. */
static int take_texts(struct import_batch *batch, const struct import_reading *reading,
                      const struct csv_row *row)
{
    const struct import_columns *columns = reading->columns;
    struct store_import_row *out = &batch->rows[batch->count];
    size_t count = row->count < columns->count ? row->count : columns->count;
    json_t *context = NULL;
    char *dumped = NULL;
    int err = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count && !err; i++) {
            bool late = columns->columns[i].meaning == MEANS_FULL_NAME;
            if (late == (pass == 1))
                err = take_text(batch, reading, row, i, &context);
        }
    }
    for (size_t i = columns->count; i < row->count && !err; i++) {
        if (row->fields[i].size) {
            warn(reading, row, i, "the row has more fields than the first row has columns");
            break;
        }
    }
    if (!err && context) {
        dumped = json_dumps(context, JSON_COMPACT);
        out->columns = dumped ? import_batch_text(batch, slice_from(dumped)) : NULL;
        if (!out->columns)
            err = ENOMEM;
    }
    free(dumped);
    json_decref(context);
    return err;
}

int import_batch_add(struct import_batch *batch, const struct import_reading *reading,
                     const struct csv_row *row)
{
    struct store_import_row *out = &batch->rows[batch->count];
    int err;

    check(batch->count < IMPORTER_BATCH);
    memset(out, 0, sizeof(*out));
    out->line = row->line;
    out->priority = reading->order->priority;
    err = take_numbers(batch, reading, row);
    if (err)
        return err;
    if (!out->number_count) {
        reading->rejects->rejected++;
        return 0;
    }
    err = take_texts(batch, reading, row);
    if (!err)
        out->region = import_regions_of(reading->regions, out);
    if (!err)
        batch->count++;
    return err;
}
