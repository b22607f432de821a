#ifndef WIRE_CSV_H
#define WIRE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * CSV after RFC 4180 (libcsv's parser): bytes of UTF-8 in, rows out; and rows back to text.
 *
 *   err = csv_reader_new(&reader, &options, handler, arg);
 *   err = csv_reader_feed(reader, bytes, size);      any number, any cut
 *   err = csv_reader_end(reader);                    the last row may lack its line end
 *   csv_reader_free(reader);
 *
 * The delimiter is comma, semicolon or tab. Left to itself (delimiter 0) the reader looks at the
 * first line: the one found most often outside quotes wins, comma when none is there. A first line
 * "sep=;" (spreadsheets write it) names it and is no row. Rows without any field text are passed
 * over. Quoted fields keep their blanks, bare ones lose those around them. NUL bytes are refused.
 *
 * A row's slices live until the handler returns. The handler's non-zero answer (an errno) stops the
 * reader and is returned by feed or end. Memory is bounded by the limits; a row past them is an
 * error, as a stray quote would else swallow the rest of the file.
 */
struct csv_row {
    const struct slice *fields; /* each is followed by a zero byte */
    size_t count;
    uint64_t line; /* where the row begins, from 1; a quoted field may hold line ends */
};

typedef int (*csv_row_fn)(void *arg, const struct csv_row *row);

struct csv_options {
    char delimiter;         /* 0: detect */
    size_t fields_max;      /* in a row; 0: 1024 */
    size_t field_bytes_max; /* 0: 64 KiB */
    size_t row_bytes_max;   /* 0: 256 KiB */
};

struct csv_reader;

int csv_reader_new(struct csv_reader **readerp, const struct csv_options *options, csv_row_fn row,
                   void *arg) must_check; /* options may be NULL; ENOMEM */
void csv_reader_free(struct csv_reader *reader);
/* 0; EBADMSG (csv_reader_error says what and where); ENOMEM; or the handler's errno. Once failed,
 * a reader stays failed. */
int csv_reader_feed(struct csv_reader *reader, const void *bytes, size_t size) must_check;
int csv_reader_end(struct csv_reader *reader) must_check;
const char *
csv_reader_error(const struct csv_reader *reader);          /* "line 7: …"; "" when all is well */
char csv_reader_delimiter(const struct csv_reader *reader); /* 0: not known yet */
uint64_t csv_reader_line(const struct csv_reader *reader);  /* the line being read, from 1 */

/*
 * Writing: fields are quoted when they must be (or begin or end with a blank); rows end in CR LF.
 * csv_add_field puts the comma itself when the row has begun; csv_add_text_field also neutralises
 * what a spreadsheet would run as a formula (leading = + - @ tab CR) with an apostrophe in front:
 * for all text that people typed.
 */
struct csv_writer {
    struct text *out;
    bool row_begun;
};

void csv_writer_init(struct csv_writer *writer, struct text *out);
void csv_add_field(struct csv_writer *writer, struct slice field);
void csv_add_text_field(struct csv_writer *writer, struct slice field);
void csv_add_number(struct csv_writer *writer, int64_t value);
void csv_end_row(struct csv_writer *writer);

#endif
