#include <stddef.h>
#include <stdint.h>

#include "wire/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint64_t rows, hash, last_line;
};

static int see(void *arg, const struct csv_row *row)
{
    struct seen *seen = arg;

    check(row->count > 0 && row->line > seen->last_line);
    seen->last_line = row->line;
    seen->rows++;
    for (size_t i = 0; i < row->count; i++) {
        check(row->fields[i].at[row->fields[i].size] == '\0');
        for (size_t k = 0; k < row->fields[i].size; k++)
            seen->hash = (seen->hash ^ (unsigned char)row->fields[i].at[k]) * 1099511628211u;
        seen->hash = (seen->hash ^ 256) * 1099511628211u;
    }
    return 0;
}

static int read_in(const uint8_t *data, size_t size, size_t piece, struct seen *seen)
{
    struct csv_options options = {.fields_max = 16, .field_bytes_max = 100, .row_bytes_max = 300};
    struct csv_reader *reader;
    int err = csv_reader_new(&reader, &options, see, seen);

    check(!err);
    for (size_t at = 0; at < size && !err; at += piece)
        err = csv_reader_feed(reader, data + at, size - at < piece ? size - at : piece);
    if (!err)
        err = csv_reader_end(reader);
    check(!err == !csv_reader_error(reader)[0]);
    csv_reader_free(reader);
    return err;
}

/* However the bytes are cut, the rows are the same; lines ascend; limits hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole = {0}, cut = {0};
    int err = read_in(data, size, size ? size : 1, &whole);
    int cut_err = read_in(data, size, size % 7 + 1, &cut);

    if (!err && !cut_err)
        check(whole.rows == cut.rows && whole.hash == cut.hash);
    return 0;
}
