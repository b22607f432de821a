#include "wire/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

enum {
    FIELDS_MAX_DEFAULT = 1024,
    FIELD_BYTES_MAX_DEFAULT = 64 * 1024,
    ROW_BYTES_MAX_DEFAULT = 256 * 1024,
    SNIFF_MAX = 64 * 1024, /* a first line longer than this is judged by its beginning */
    ERROR_SIZE = 160,
    PARSER_BLOCK_SIZE = 4096,
};

/* libcsv's own names for its states, which its header does not give. */
enum { ROW_NOT_BEGUN = 0, FIELD_BEGUN = 2 };

/* Where a field lies in the row's bytes: those move as they grow, slices are made at the row's end. */
struct field {
    size_t at, size;
};

struct csv_reader {
    struct csv_options options;
    csv_row_fn row;
    void *arg;
    struct csv_parser parser;
    struct text first; /* bytes kept until the delimiter is known */
    bool sniffed;
    struct text bytes; /* of the row being read */
    struct field *fields;
    struct slice *slices;
    size_t field_count, field_room;
    uint64_t line; /* lines ended before this byte, plus one */
    uint64_t row_line;
    bool after_cr, in_row;
    size_t row_raw_size; /* bytes fed since the last row ended: also what libcsv holds inside */
    int err;
    char error[ERROR_SIZE];
};

static int fail(struct csv_reader *reader, uint64_t line, const char *what)
{
    if (!reader->err) {
        reader->err = EBADMSG;
        snprintf(reader->error, sizeof(reader->error), "line %llu: %s", (unsigned long long)line,
                 what);
    }
    return reader->err;
}

int csv_reader_new(struct csv_reader **readerp, const struct csv_options *options, csv_row_fn row,
                   void *arg)
{
    struct csv_reader *reader = calloc(1, sizeof(*reader));

    if (!reader)
        return ENOMEM;
    if (options)
        reader->options = *options;
    if (!reader->options.fields_max)
        reader->options.fields_max = FIELDS_MAX_DEFAULT;
    if (!reader->options.field_bytes_max)
        reader->options.field_bytes_max = FIELD_BYTES_MAX_DEFAULT;
    if (!reader->options.row_bytes_max)
        reader->options.row_bytes_max = ROW_BYTES_MAX_DEFAULT;
    reader->row = row;
    reader->arg = arg;
    reader->line = 1;
    text_init(&reader->first);
    text_init(&reader->bytes);
    /* Not strict: a quote in the middle of a bare field is text, as spreadsheets write it. */
    if (csv_init(&reader->parser, 0)) {
        free(reader);
        return ENOMEM;
    }
    csv_set_blk_size(&reader->parser, PARSER_BLOCK_SIZE);
    *readerp = reader;
    return 0;
}

void csv_reader_free(struct csv_reader *reader)
{
    if (!reader)
        return;
    csv_free(&reader->parser);
    text_release(&reader->first);
    text_release(&reader->bytes);
    free(reader->fields);
    free(reader->slices);
    free(reader);
}

static int field_room(struct csv_reader *reader)
{
    size_t room = reader->field_room ? 2 * reader->field_room : 32;
    struct field *fields;
    struct slice *slices;

    if (reader->field_count < reader->field_room)
        return 0;
    fields = realloc(reader->fields, room * sizeof(*fields));
    if (!fields)
        return ENOMEM;
    reader->fields = fields;
    slices = realloc(reader->slices, room * sizeof(*slices));
    if (!slices)
        return ENOMEM;
    reader->slices = slices;
    reader->field_room = room;
    return 0;
}

static void field_ended(void *at, size_t size, void *arg)
{
    struct csv_reader *reader = arg;

    if (reader->err)
        return;
    if (size > reader->options.field_bytes_max) {
        fail(reader, reader->row_line, "a field is too long (is a quote missing?)");
        return;
    }
    if (reader->field_count == reader->options.fields_max) {
        fail(reader, reader->row_line, "too many fields in one row");
        return;
    }
    if (field_room(reader)) {
        reader->err = ENOMEM;
        return;
    }
    reader->fields[reader->field_count].at = reader->bytes.size;
    reader->fields[reader->field_count].size = size;
    reader->field_count++;
    text_add_bytes(&reader->bytes, at, size);
    text_add_char(&reader->bytes, '\0');
    if (reader->bytes.failed)
        reader->err = ENOMEM;
}

static bool row_has_text(const struct csv_reader *reader)
{
    for (size_t i = 0; i < reader->field_count; i++) {
        if (reader->fields[i].size)
            return true;
    }
    return false;
}

static void row_ended(int terminator, void *arg)
{
    struct csv_reader *reader = arg;
    struct csv_row row = {.line = reader->row_line};

    if (!reader->err && row_has_text(reader)) {
        for (size_t i = 0; i < reader->field_count; i++) {
            reader->slices[i].at = reader->bytes.at + reader->fields[i].at;
            reader->slices[i].size = reader->fields[i].size;
        }
        row.fields = reader->slices;
        row.count = reader->field_count;
        reader->err = reader->row(reader->arg, &row);
    }
    reader->field_count = 0;
    reader->row_raw_size = 0;
    reader->in_row = false;
    text_clear(&reader->bytes);
}

/* One line's bytes into libcsv, so that a row knows the line it began on. */
static void parse_piece(struct csv_reader *reader, const char *at, size_t size)
{
    if (!reader->in_row) {
        reader->in_row = true;
        reader->row_line = reader->line;
        reader->row_raw_size = 0;
    }
    reader->row_raw_size += size;
    if (reader->row_raw_size > reader->options.row_bytes_max) {
        fail(reader, reader->row_line, "a row is too long (is a quote missing?)");
        return;
    }
    if (csv_parse(&reader->parser, at, size, field_ended, row_ended, reader) != size &&
        !reader->err)
        reader->err = csv_error(&reader->parser) == CSV_ENOMEM ? ENOMEM : EBADMSG;
}

/* Where this line of the piece ends: one past its CR, LF or CR LF. */
static size_t line_size(const char *at, size_t size)
{
    const char *lf = memchr(at, '\n', size);
    size_t limit = lf ? (size_t)(lf - at) + 1 : size;
    const char *cr = memchr(at, '\r', limit);

    return cr ? (size_t)(cr - at) + 1 : limit;
}

static int parse_bytes(struct csv_reader *reader, const char *at, size_t size)
{
    while (size && !reader->err) {
        size_t piece = line_size(at, size);
        char last = at[piece - 1];
        bool lf_of_crlf = reader->after_cr && at[0] == '\n';

        /* The LF of a CR LF ends no further line; inside a quoted field it is still text. */
        parse_piece(reader, at, piece);
        if ((last == '\n' && !lf_of_crlf) || last == '\r')
            reader->line++;
        reader->in_row = reader->parser.pstate != ROW_NOT_BEGUN;
        reader->after_cr = last == '\r';
        at += piece;
        size -= piece;
    }
    return reader->err;
}

/* Counts the three in the first line, outside quotes. */
static char detect_delimiter(const char *at, size_t size)
{
    static const char candidates[] = {',', ';', '\t'};
    size_t counts[sizeof(candidates)] = {0};
    size_t best = 0;
    bool quoted = false;

    for (size_t i = 0; i < size; i++) {
        if (at[i] == '"')
            quoted = !quoted;
        if (!quoted && (at[i] == '\n' || at[i] == '\r'))
            break;
        for (size_t k = 0; !quoted && k < sizeof(candidates); k++)
            counts[k] += at[i] == candidates[k];
    }
    for (size_t k = 1; k < sizeof(candidates); k++) {
        if (counts[k] > counts[best])
            best = k;
    }
    return candidates[best];
}

/* Does the kept beginning hold a whole first line? */
static bool first_line_is_whole(const struct text *first)
{
    bool quoted = false;
    bool seen = false;

    for (size_t i = 0; i < first->size; i++) {
        char c = first->at[i];
        if (c == '"')
            quoted = !quoted;
        if (!quoted && (c == '\n' || c == '\r')) {
            if (seen)
                return true;
        } else {
            seen = true;
        }
    }
    return first->size >= SNIFF_MAX;
}

static bool is_separator(char c)
{
    return c == ',' || c == ';' || c == '\t';
}

static int begin_parsing(struct csv_reader *reader)
{
    const char *at = reader->first.at;
    size_t size = reader->first.size;
    char delimiter = reader->options.delimiter;
    size_t start = 0;
    int err;

    reader->sniffed = true;
    if (!size)
        return 0;
    while (start < size && (at[start] == '\r' || at[start] == '\n'))
        start++;
    if (!delimiter)
        delimiter = detect_delimiter(at + start, size - start);
    if (size >= 6 && memcmp(at, "sep=", 4) == 0 && is_separator(at[4]) &&
        (at[5] == '\r' || at[5] == '\n')) {
        if (!reader->options.delimiter)
            delimiter = at[4];
        start = at[5] == '\r' && size > 6 && at[6] == '\n' ? 7 : 6;
        reader->line++;
        reader->after_cr = at[5] == '\r' && start == 6;
    } else {
        start = 0;
    }
    reader->options.delimiter = delimiter;
    csv_set_delim(&reader->parser, (unsigned char)delimiter);
    err = parse_bytes(reader, at + start, size - start);
    text_release(&reader->first);
    text_init(&reader->first);
    return err;
}

static unsigned line_ends(struct slice bytes)
{
    unsigned count = 0;

    for (size_t i = 0; i < bytes.size; i++)
        count += bytes.at[i] == '\n';
    return count;
}

int csv_reader_feed(struct csv_reader *reader, const void *bytes, size_t size)
{
    const char *nul;

    if (reader->err || !size)
        return reader->err;
    nul = memchr(bytes, '\0', size);
    if (nul)
        return fail(reader,
                    reader->line + line_ends(text_slice(&reader->first)) +
                        line_ends(slice_of(bytes, (size_t)(nul - (const char *)bytes))),
                    "a zero byte: is this a text file?");
    if (reader->sniffed)
        return parse_bytes(reader, bytes, size);
    text_add_bytes(&reader->first, bytes, size);
    if (reader->first.failed)
        return reader->err = ENOMEM;
    return first_line_is_whole(&reader->first) ? begin_parsing(reader) : 0;
}

int csv_reader_end(struct csv_reader *reader)
{
    if (!reader->err && !reader->sniffed)
        begin_parsing(reader);
    if (!reader->err && reader->parser.pstate == FIELD_BEGUN && reader->parser.quoted)
        fail(reader, reader->row_line, "a quoted field has no end");
    if (!reader->err && csv_fini(&reader->parser, field_ended, row_ended, reader) && !reader->err)
        reader->err = ENOMEM;
    return reader->err;
}

const char *csv_reader_error(const struct csv_reader *reader)
{
    if (!reader->err || reader->error[0])
        return reader->error;
    return strerror(reader->err);
}

char csv_reader_delimiter(const struct csv_reader *reader)
{
    return reader->options.delimiter;
}

uint64_t csv_reader_line(const struct csv_reader *reader)
{
    return reader->line;
}

void csv_writer_init(struct csv_writer *writer, struct text *out)
{
    writer->out = out;
    writer->row_begun = false;
}

static bool must_quote(struct slice field)
{
    if (!field.size)
        return false;
    if (strchr(" \t", field.at[0]) || strchr(" \t", field.at[field.size - 1]))
        return true;
    for (size_t i = 0; i < field.size; i++) {
        if (field.at[i] && strchr(",;\t\"\r\n", field.at[i]))
            return true;
    }
    return false;
}

static void add(struct csv_writer *writer, const char *prefix, struct slice field)
{
    if (writer->row_begun)
        text_add_char(writer->out, ',');
    writer->row_begun = true;
    if (!must_quote(field)) {
        text_add(writer->out, prefix);
        text_add_slice(writer->out, field);
        return;
    }
    text_add_char(writer->out, '"');
    text_add(writer->out, prefix);
    for (size_t i = 0; i < field.size; i++) {
        if (field.at[i] == '"')
            text_add_char(writer->out, '"');
        text_add_char(writer->out, field.at[i]);
    }
    text_add_char(writer->out, '"');
}

void csv_add_field(struct csv_writer *writer, struct slice field)
{
    add(writer, "", field);
}

void csv_add_text_field(struct csv_writer *writer, struct slice field)
{
    bool formula = field.size && field.at[0] && strchr("=+-@\t\r", field.at[0]);

    add(writer, formula ? "'" : "", field);
}

void csv_add_number(struct csv_writer *writer, int64_t value)
{
    char digits[32];
    int size = snprintf(digits, sizeof(digits), "%lld", (long long)value);

    add(writer, "", slice_of(digits, (size_t)size));
}

void csv_end_row(struct csv_writer *writer)
{
    text_add(writer->out, "\r\n");
    writer->row_begun = false;
}
