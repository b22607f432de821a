#include "lists/importer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/log.h"
#include "base/table.h"
#include "lists/import_batch.h"
#include "wire/charset.h"
#include "wire/csv.h"
#include "wire/form.h"
#include "wire/phone_number.h"

enum { PIECE_SIZE = 64 * 1024, DROP_STEPS_MAX = 100 * 1000, RUN_BATCHES = 8 };

/* Batches that go to the store thread together, each a transaction of its own. */
struct run {
    struct import_batch batches[RUN_BATCHES];
    size_t filling, written;
};

struct importer {
    const struct importer_order *order;
    const struct importer_port *port;
    struct importer_progress *progress;
    struct importer_result *result;
    FILE *file;
    enum charset charset;
    char hash[IMPORTER_HASH_SIZE];
    struct import_columns columns;
    struct import_rejects rejects;
    struct table zones;
    struct import_regions regions;
    struct csv_reader *reader;
    bool has_columns, has_rejects;
    /* one is filled while the other is written */
    struct run runs[2];
    size_t filling;
    bool writing;
    /* what is asked of the store thread */
    struct store_import record;
    struct run *written;
    bool more;
    char store_why[200];
};

static int explain(struct importer *importer, int err, const char *why)
{
    if (!importer->result->error[0])
        snprintf(importer->result->error, sizeof(importer->result->error), "cannot import '%s': %s",
                 importer->order->file_name, why);
    return err;
}

/* Work in the store thread, and its answer. */
static int ask(struct importer *importer, int (*work)(struct store *store, void *arg))
{
    int err = importer->port->submit(importer->port->self, work, importer);

    if (!err)
        err = importer->port->wait(importer->port->self);
    return err ? explain(importer, err,
                         importer->store_why[0] ? importer->store_why : strerror(err))
               : 0;
}

static int keep_why(struct importer *importer, struct store *store, int err)
{
    if (err)
        snprintf(importer->store_why, sizeof(importer->store_why), "%s", store_why(store));
    return err;
}

static int note_published(void *arg, const struct store_record *record)
{
    struct importer *importer = arg;

    if (record->of.import.state == IMPORT_PUBLISHED) {
        importer->result->already = true;
        importer->result->import = record->of.import.id;
    }
    return 0;
}

/* Has this campaign this very file? Else the import begins. */
static int work_begin(struct store *store, void *arg)
{
    struct importer *importer = arg;
    struct store_query query = store_query_of(STORE_IMPORT);
    struct store_record record = {.kind = STORE_IMPORT, .of.import = importer->record};
    int err;

    query.campaign = importer->order->campaign;
    query.text = importer->hash;
    err = store_each(store, &query, note_published, importer);
    if (err || importer->result->already)
        return keep_why(importer, store, err);
    err = store_begin(store);
    if (!err)
        err = store_put(store, &record);
    if (!err)
        err = store_commit(store);
    keep_why(importer, store, err);
    if (err)
        store_rollback(store);
    importer->record.id = record.of.id;
    return err;
}

static int work_rows(struct store *store, void *arg)
{
    struct importer *importer = arg;
    struct run *run = importer->written;
    struct import_batch *batch = &run->batches[run->written];
    int err = keep_why(importer, store,
                       store_import_rows(store, importer->record.id, batch->rows, batch->count));

    if (!err && ++run->written < run->filling)
        return IMPORTER_MORE;
    return err;
}

static int work_publish(struct store *store, void *arg)
{
    struct importer *importer = arg;

    return keep_why(importer, store, store_import_publish(store, &importer->record));
}

static int work_drop(struct store *store, void *arg)
{
    struct importer *importer = arg;

    return store_import_drop(store, importer->record.id, &importer->more);
}

/* The row of an import that came to nothing stays, to tell why. */
static int work_explain(struct store *store, void *arg)
{
    struct importer *importer = arg;
    struct store_record record = {.kind = STORE_IMPORT, .of.import = importer->record};
    int err = store_begin(store);

    if (!err)
        err = store_put(store, &record);
    if (!err)
        err = store_commit(store);
    if (err)
        store_rollback(store);
    return err;
}

/* The first reading: what it is written in, and which file it is. */
static int read_once(struct importer *importer)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state sha;
    struct charset_detector detector;
    char *piece = malloc(PIECE_SIZE);
    size_t size;

    if (!piece)
        return explain(importer, ENOMEM, strerror(ENOMEM));
    crypto_hash_sha256_init(&sha);
    charset_detector_init(&detector);
    while ((size = fread(piece, 1, PIECE_SIZE, importer->file)) > 0) {
        crypto_hash_sha256_update(&sha, (const unsigned char *)piece, size);
        charset_detector_feed(&detector, piece, size);
    }
    free(piece);
    if (ferror(importer->file))
        return explain(importer, EIO, "the file cannot be read");
    if (!detector.size)
        return explain(importer, EINVAL, "the file is empty");
    crypto_hash_sha256_final(&sha, digest);
    bytes_to_hex(digest, sizeof(digest), importer->hash);
    importer->charset = charset_detector_result(&detector);
    importer->progress->bytes_total = detector.size;
    rewind(importer->file);
    return 0;
}

/* What the store has said of a batch, into counts and the rejects file. */
static void account(struct importer *importer, struct import_batch *batch)
{
    struct importer_result *result = importer->result;
    const struct import_columns *columns = &importer->columns;
    const char *column = columns->columns[columns->phones[0]].name;

    for (size_t i = 0; i < batch->count; i++) {
        const struct store_import_row *row = &batch->rows[i];
        char reason[120];

        if (row->outcome == IMPORT_ROW_NEW) {
            result->imported++;
            continue;
        }
        if (row->other_import == importer->record.id)
            snprintf(reason, sizeof(reason), "has a number of line %llu of this file",
                     (unsigned long long)row->other_line);
        else
            snprintf(reason, sizeof(reason),
                     "has a number that the campaign has already (import %llu, line %llu)",
                     (unsigned long long)row->other_import, (unsigned long long)row->other_line);
        if (row->outcome == IMPORT_ROW_MERGED)
            result->merged++;
        else
            result->duplicates++;
        import_rejects_add(&importer->rejects, row->line,
                           row->outcome == IMPORT_ROW_MERGED ? "merged" : "duplicate", column,
                           slice_from(batch->phone_texts[i]), reason);
    }
    importer->progress->imported = result->imported;
}

/* Until the batch under way is in the store. */
static int settle(struct importer *importer)
{
    int err;

    if (!importer->writing)
        return 0;
    importer->writing = false;
    err = importer->port->wait(importer->port->self);
    if (err)
        return explain(importer, err, importer->store_why[0] ? importer->store_why : strerror(err));
    for (size_t i = 0; i < importer->written->filling; i++)
        account(importer, &importer->written->batches[i]);
    return 0;
}

static struct import_batch *filling_batch(struct importer *importer)
{
    struct run *run = &importer->runs[importer->filling];

    return &run->batches[run->filling];
}

static void clear_run(struct run *run)
{
    for (size_t i = 0; i < RUN_BATCHES; i++)
        import_batch_clear(&run->batches[i]);
    run->filling = run->written = 0;
}

static int send_run(struct importer *importer)
{
    struct run *run = &importer->runs[importer->filling];
    int err = settle(importer);

    if (!err && run->filling < RUN_BATCHES && run->batches[run->filling].count)
        run->filling++;
    if (err || !run->filling)
        return err;
    importer->written = run;
    err = importer->port->submit(importer->port->self, work_rows, importer);
    if (err)
        return explain(importer, err, strerror(err));
    importer->writing = true;
    importer->filling = 1 - importer->filling;
    clear_run(&importer->runs[importer->filling]);
    return 0;
}

static int next_batch(struct importer *importer)
{
    struct run *run = &importer->runs[importer->filling];

    return ++run->filling < RUN_BATCHES ? 0 : send_run(importer);
}

static int take_header(struct importer *importer, const struct csv_row *row)
{
    char why[300] = "out of memory";
    int err = import_columns_init(&importer->columns, row, why, sizeof(why));

    if (err)
        return explain(importer, err, why);
    importer->has_columns = true;
    return 0;
}

static int take_row(void *arg, const struct csv_row *row)
{
    struct importer *importer = arg;
    struct import_batch *batch = filling_batch(importer);
    struct import_reading reading = {importer->order, &importer->columns, &importer->rejects,
                                     &importer->regions, &importer->zones};
    int err;

    if (!importer->has_columns)
        return take_header(importer, row);
    if (importer->result->rows % IMPORTER_BATCH == 0 &&
        importer->port->is_stopping(importer->port->self))
        return explain(importer, ECANCELED, "Outdial is stopping");
    importer->result->rows++;
    err = import_batch_add(batch, &reading, row);
    if (err)
        return explain(importer, err, strerror(err));
    importer->progress->rows = importer->result->rows;
    importer->progress->rejected = importer->rejects.rejected;
    return import_batch_is_full(batch) ? next_batch(importer) : 0;
}

static int feed(struct importer *importer, struct text *text)
{
    int err = text->size ? csv_reader_feed(importer->reader, text->at, text->size) : 0;

    text_clear(text);
    return err ? explain(importer, err, csv_reader_error(importer->reader)) : 0;
}

static int refuse_bytes(struct importer *importer, int err, const struct charset_reader *charset)
{
    char why[160];

    if (err != EILSEQ)
        return explain(importer, err, strerror(err));
    snprintf(why, sizeof(why), "near line %llu, byte %llu: not %s",
             (unsigned long long)csv_reader_line(importer->reader),
             (unsigned long long)charset->offset, charset_name(importer->charset));
    return explain(importer, EBADMSG, why);
}

/* The second reading: bytes, UTF-8, rows, batches. */
static int read_rows(struct importer *importer)
{
    struct charset_reader charset;
    struct text text;
    char *piece = malloc(PIECE_SIZE);
    size_t size;
    int err = piece ? charset_reader_init(&charset, importer->charset) : ENOMEM;

    if (err) {
        free(piece);
        return explain(importer, err, strerror(err));
    }
    text_init(&text);
    while (!err && (size = fread(piece, 1, PIECE_SIZE, importer->file)) > 0) {
        err = charset_reader_feed(&charset, piece, size, &text);
        err = err ? refuse_bytes(importer, err, &charset) : feed(importer, &text);
        importer->progress->bytes += size;
    }
    if (!err && ferror(importer->file))
        err = explain(importer, EIO, "the file cannot be read");
    if (!err) {
        err = charset_reader_end(&charset, &text);
        err = err ? refuse_bytes(importer, err, &charset) : feed(importer, &text);
    }
    if (!err) {
        err = csv_reader_end(importer->reader);
        if (err)
            explain(importer, err, csv_reader_error(importer->reader));
    }
    charset_reader_release(&charset);
    text_release(&text);
    free(piece);
    return err;
}

/* How the file was understood, for people. */
static char *summary(const struct importer *importer)
{
    char delimiter[2] = {csv_reader_delimiter(importer->reader), '\0'};
    json_t *columns = json_array();
    json_t *object =
        json_pack("{s:s, s:s}", "charset", charset_name(importer->charset), "delimiter", delimiter);
    char *text;

    for (size_t i = 0; i < importer->columns.count; i++) {
        const struct import_column *column = &importer->columns.columns[i];
        json_array_append_new(columns, json_pack("{s:s, s:s}", "name", column->name, "meaning",
                                                 column_meaning_name(column->meaning)));
    }
    json_object_set_new(object, "columns", columns);
    text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

static void count(struct importer *importer)
{
    struct store_import *record = &importer->record;

    record->rows = importer->result->rows;
    record->rejected = importer->rejects.rejected;
    record->warnings = importer->rejects.warnings;
    record->ended_at = importer->port->now(importer->port->self);
}

static int publish(struct importer *importer)
{
    const struct importer_result *result = importer->result;
    struct store_import *record = &importer->record;
    char *text = summary(importer);
    int err;

    record->imported = result->imported;
    record->merged = result->merged;
    record->duplicates = result->duplicates;
    record->summary = text;
    count(importer);
    err = ask(importer, work_publish);
    free(text);
    record->summary = NULL;
    return err;
}

static int drop_work(struct importer *importer, int (*work)(struct store *store, void *arg))
{
    int err = importer->port->submit(importer->port->self, work, importer);

    return err ? err : importer->port->wait(importer->port->self);
}

/* After a failure nothing is left; what cannot be taken away now goes at the next start. */
static void drop(struct importer *importer)
{
    struct text error;
    json_t *object;
    char *text;
    int err = 0;

    text_init(&error); /* headings are people's, and may have been cut within a character */
    utf8_clean(slice_from(importer->result->error), &error);
    object = json_pack("{s:s%}", "error", error.at ? error.at : "", error.size);
    text = json_dumps(object, JSON_COMPACT);
    text_release(&error);

    /* The reason first: whoever sees the import as failed sees why. */
    importer->record.summary = text;
    count(importer);
    if (drop_work(importer, work_explain))
        log_warning("import.unexplained", "import=%llu", (unsigned long long)importer->record.id);
    importer->more = true;
    for (unsigned i = 0; i < DROP_STEPS_MAX && importer->more && !err; i++)
        err = drop_work(importer, work_drop);
    free(text);
    json_decref(object);
}

static int begin(struct importer *importer)
{
    struct store_import *record = &importer->record;
    struct csv_options options = {.delimiter = importer->order->delimiter};
    int err = 0;

    record->campaign = importer->order->campaign;
    record->list = importer->order->list;
    record->state = IMPORT_WRITING;
    record->file_name = importer->order->file_name;
    record->file_hash = importer->hash;
    record->begun_at = importer->port->now(importer->port->self);
    if (importer->order->country[0] && !phone_country_is_known(importer->order->country))
        return explain(importer, EINVAL, "the list's country is not known: two letters, as DE");
    err = ask(importer, work_begin);
    if (err || importer->result->already)
        return err;
    importer->result->import = record->id;
    importer->progress->import = record->id;
    err = csv_reader_new(&importer->reader, &options, take_row, importer);
    if (!err)
        err = import_rejects_open(&importer->rejects, importer->order->rejects_path);
    importer->has_rejects = !err;
    return err ? explain(importer, err, strerror(err)) : 0;
}

static int run(struct importer *importer)
{
    int err = read_once(importer);

    if (!err)
        err = begin(importer);
    if (err || importer->result->already)
        return err;
    err = read_rows(importer);
    if (!err && !importer->has_columns)
        err = explain(importer, EINVAL, "the file has no rows");
    if (!err)
        err = send_run(importer);
    if (!err)
        err = settle(importer);
    if (!err && fflush(importer->rejects.file))
        err = explain(importer, errno, "the rejects file cannot be written");
    return err ? err : publish(importer);
}

static void release(struct importer *importer)
{
    struct importer_result *result = importer->result;

    /* A batch still under way holds our texts. */
    if (importer->writing && importer->port->wait(importer->port->self))
        importer->writing = false;
    result->rejected = importer->rejects.rejected;
    result->warnings = importer->rejects.warnings;
    if (importer->has_rejects && import_rejects_close(&importer->rejects))
        result->warnings++;
    csv_reader_free(importer->reader);
    if (importer->has_columns)
        import_columns_release(&importer->columns);
    for (size_t i = 0; i < RUN_BATCHES; i++) {
        import_batch_release(&importer->runs[0].batches[i]);
        import_batch_release(&importer->runs[1].batches[i]);
    }
    table_release(&importer->zones);
    import_regions_release(&importer->regions);
    if (importer->file)
        fclose(importer->file);
}

int importer_run(const struct importer_order *order, const struct importer_port *port,
                 struct importer_progress *progress, struct importer_result *result)
{
    struct importer *importer = calloc(1, sizeof(*importer));
    int err;

    memset(result, 0, sizeof(*result));
    if (!importer) {
        snprintf(result->error, sizeof(result->error), "cannot import '%s': %s", order->file_name,
                 strerror(ENOMEM));
        return ENOMEM;
    }
    importer->order = order;
    importer->port = port;
    importer->progress = progress;
    importer->result = result;
    table_init(&importer->zones);
    importer->file = fopen(order->path, "rbe");
    err = importer->file ? import_regions_init(&importer->regions)
                         : explain(importer, errno, strerror(errno));
    if (!err)
        err = run(importer);
    if (err)
        explain(importer, err, strerror(err));
    release(importer);
    if (err && importer->record.id)
        drop(importer);
    free(importer);
    return err;
}

static int note_writing(void *arg, const struct store_record *record)
{
    *(uint64_t *)arg = record->of.import.id;
    return 0;
}

/* The next import that nobody writes any more; 0: there is none. */
static int find_left(struct store *store, struct importer_cleaning *cleaning)
{
    struct store_query query = store_query_of(STORE_IMPORT);
    int err;

    query.state = IMPORT_WRITING;
    query.limit = 1;
    err = store_each(store, &query, note_writing, &cleaning->import);
    if (cleaning->import > cleaning->last)
        cleaning->import = 0; /* a new one, of this run */
    return err;
}

int importer_clean(struct store *store, struct importer_cleaning *cleaning)
{
    bool more = true;
    int err = cleaning->import ? 0 : find_left(store, cleaning);

    if (err || !cleaning->import)
        return err;
    err = store_import_drop(store, cleaning->import, &more);
    if (!err && !more) {
        cleaning->import = 0;
        cleaning->dropped++;
    }
    return err ? err : IMPORTER_MORE;
}

static int direct_submit(void *self, int (*work)(struct store *store, void *arg), void *arg)
{
    struct importer_direct *direct = self;

    do {
        direct->answer = work(direct->store, arg);
    } while (direct->answer == IMPORTER_MORE);
    return 0;
}

static int direct_wait(void *self)
{
    return ((struct importer_direct *)self)->answer;
}

static bool direct_is_stopping(void *self)
{
    return false;
}

static instant direct_now(void *self)
{
    return 0;
}

struct importer_port importer_port_direct(struct importer_direct *direct)
{
    return (struct importer_port){direct_submit, direct_wait, direct_is_stopping, direct_now,
                                  direct};
}
