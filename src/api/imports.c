#include "api/imports.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/encode.h"
#include "base/log.h"
#include "lists/exporter.h"
#include "server/campaign_settings.h"
#include "server/imports.h"
#include "server/server.h"
#include "wire/phone_number.h"

enum { EXPORT_ROWS = 500 };

/* Taking a list */

struct taking {
    struct upload *upload;
    char file_name[256], list[256], country[4];
    uint64_t list_id;
};

static int keep_list(void *arg, const struct store_record *record)
{
    struct taking *taking = arg;

    taking->list_id = record->of.list.id;
    return 0;
}

/* The list of that name in the campaign; made if there is none. */
static int list_work(struct store *store, struct api_job *job)
{
    struct taking *taking = job->extra;
    struct store_query query = store_query_of(STORE_LIST);

    taking->list_id = 0;
    query.campaign = job->id;
    query.text = taking->list;
    int err = store_each(store, &query, keep_list, taking);

    if (err || taking->list_id)
        return err;
    struct store_record record = {.kind = STORE_LIST,
                                  .of.list = {.campaign = job->id,
                                              .name = taking->list,
                                              .country = taking->country,
                                              .made_at = loop_clock()}};

    err = store_put(store, &record);
    taking->list_id = record.of.id;
    return err;
}

static int keep_import(void *arg, const struct store_record *record)
{
    struct api_job *job = arg;

    job->result = encode_import(&record->of.import);
    return 0;
}

static int import_work(struct store *store, struct api_job *job)
{
    struct store_query query = store_query_of(STORE_IMPORT);

    query.id = job->id;
    int err = store_each(store, &query, keep_import, job);

    if (!err && !job->result)
        err =
            api_job_fails(job, 404, ENOENT, "there is no import %llu", (unsigned long long)job->id);
    return err;
}

static void import_then(struct api_job *job)
{
    const json_t *summary = json_object_get(job->result, "summary");
    bool ended = json_is_string(json_object_get(job->result, "ended_at"));
    const char *error = json_string_value(json_object_get(summary, "error"));

    json_object_set_new(job->result, "progress", json_real(ended ? 1.0 : 0.0));
    json_object_set_new(job->result, "error", error && *error ? json_string(error) : json_null());
    json_object_set_new(job->result, "already", json_boolean(job->other_id));
    imports_add_progress(job->server->imports, job->id, job->result);
}

/* The import has an id: the upload's sender is told which. */
static void begun(void *arg, uint64_t import, bool already, int err, const char *why)
{
    struct api_job *job = arg;

    if (err || !import) {
        api_job_end(job, api_job_fails(job,
                                       err == EBUSY    ? 409
                                       : err == EAGAIN ? 503
                                                       : 422,
                                       err ? err : EINVAL, "%s", why));
        return;
    }
    job->id = import;
    job->other_id = already;
    job->status_wanted = 202;
    api_work(job, API_READ, import_work, import_then);
}

static void taking_dropped(struct api_job *job)
{
    struct taking *taking = job->extra;

    if (taking->upload)
        upload_free(taking->upload);
}

static void list_then(struct api_job *job)
{
    struct taking *taking = job->extra;
    struct upload *upload = taking->upload;

    api_job_keep(job);
    taking->upload = NULL;
    imports_begin(job->server->imports, upload, job->id, taking->list_id, taking->file_name,
                  taking->country, begun, job);
}

void api_imports_take(struct api_call *call)
{
    struct upload *upload = imports_uploaded(call->request);
    const struct roster_campaign *campaign = api_campaign(call, 0);
    const char *name = form_get(&call->query, "filename"), *list = form_get(&call->query, "list");
    const char *country = form_get(&call->query, "country");

    if (!campaign || !upload) {
        if (campaign)
            api_refuse(call, 400, "the list could not be taken; nothing was written");
        if (upload)
            upload_free(upload);
        return;
    }
    country = country ? country : roster_campaign_text(campaign, "country", "");
    if (upload_error(upload) || (*country && !phone_country_is_known(country))) {
        if (upload_error(upload))
            api_refuse(call, api_status_of(upload_error(upload)),
                       "the upload could not be written: %s", strerror(upload_error(upload)));
        else
            api_refuse(call, 400, "country: '%s' is no country of two letters", country);
        upload_free(upload);
        return;
    }
    struct taking *taking = calloc(1, sizeof(*taking));
    struct api_job *job = api_job_new(call);

    check(taking);
    taking->upload = upload;
    name = name && *name ? name : "list.csv";
    slice_copy(slice_from(name), taking->file_name, sizeof(taking->file_name));
    slice_copy(slice_from(list && *list ? list : name), taking->list, sizeof(taking->list));
    slice_copy(slice_from(country), taking->country, sizeof(taking->country));
    job->id = campaign->id;
    job->extra = taking;
    job->dropped = taking_dropped;
    api_work(job, API_WRITE, list_work, list_then);
}

void api_import_show(struct api_call *call)
{
    uint64_t id;

    if (!api_id(call, 0, &id))
        return;
    struct api_job *job = api_job_new(call);

    job->id = id;
    api_work(job, API_READ, import_work, import_then);
}

static int page_row(void *arg, const struct store_record *record)
{
    return json_array_append_new(arg, encode_import(&record->of.import)) == 0 ? 0 : ENOMEM;
}

static int page_work(struct store *store, struct api_job *job)
{
    struct store_query query = store_query_of(STORE_IMPORT);
    json_t *items = json_array();

    query.campaign = job->id;
    query.after = job->cursor;
    query.limit = job->limit;
    int err = store_each(store, &query, page_row, items);
    const json_t *last = json_array_get(items, json_array_size(items) - 1);
    bool full = json_array_size(items) == job->limit;

    job->result =
        api_page_of(items, full ? (uint64_t)json_integer_value(json_object_get(last, "id")) : 0);
    return err;
}

void api_imports_list(struct api_call *call)
{
    const struct roster_campaign *campaign = api_campaign(call, 0);
    uint32_t limit;
    uint64_t cursor;

    if (!campaign || !api_page(call, &limit, &cursor))
        return;
    struct api_job *job = api_job_new(call);

    job->id = campaign->id;
    job->limit = limit;
    job->cursor = cursor;
    api_work(job, API_READ, page_work, NULL);
}

void api_import_rejects(struct api_call *call)
{
    char path[PATH_MAX];
    struct stat status;
    uint64_t id;

    if (!api_id(call, 0, &id))
        return;
    imports_rejects_path(call->server->imports, id, path, sizeof(path));
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0) {
        if (fd >= 0)
            close(fd);
        api_refuse(call, 404, "there is no rejects file of import %llu", (unsigned long long)id);
        return;
    }
    http_request_reply_file(call->request, 200, "text/csv; charset=utf-8", fd,
                            (uint64_t)status.st_size);
}

/* Giving attempts out */

struct export
{
    json_t *dispositions; /* a copy: the worker has no business in the server's memory */
    int fd;
    uint64_t size;
};

static const char *disposition_name(void *arg, uint16_t code)
{
    const struct export *export = arg;
    const json_t *one;
    size_t i;

    json_array_foreach(export->dispositions, i,
                       one) if (json_integer_value(json_object_get(one, "code")) ==
                                code) return json_string_value(json_object_get(one, "name"));
    return NULL;
}

static int write_all(int fd, const struct text *text)
{
    size_t done = 0;

    while (done < text->size) {
        ssize_t wrote = write(fd, text->at + done, text->size - done);

        if (wrote < 0)
            return errno;
        done += (size_t)wrote;
    }
    return 0;
}

static int export_work(struct store *store, struct api_job *job)
{
    struct export *export = job->extra;
    struct exporter exporter;
    struct text text;
    int err = 0;

    if (export->fd < 0 || ftruncate(export->fd, 0) != 0 || lseek(export->fd, 0, SEEK_SET) != 0)
        return api_job_fails(job, 500, EIO, "no temporary file can be written");
    exporter_init(&exporter, job->id);
    exporter.disposition_name = disposition_name;
    exporter.arg = export;
    export->size = 0;
    text_init(&text);
    do {
        text_clear(&text);
        err = exporter_page(&exporter, store, EXPORT_ROWS, &text);
        if (!err)
            err = write_all(export->fd, &text);
        export->size += text.size;
    } while (!err && !exporter.is_done);
    text_release(&text);
    return err;
}

static void export_dropped(struct api_job *job)
{
    struct export *export = job->extra;

    json_decref(export->dispositions);
    if (export->fd >= 0)
        close(export->fd);
}

static void export_then(struct api_job *job)
{
    struct export *export = job->extra;

    if (!job->request)
        return;
    http_request_add_header(job->request, "Content-Disposition",
                            "attachment; filename=\"attempts.csv\"");
    http_request_reply_file(job->request, 200, "text/csv; charset=utf-8", export->fd, export->size);
    export->fd = -1;
    job->request = NULL;
}

/* A file without a name: it goes with its descriptor. */
static int nameless_file(const char *folder)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/uploads/export-XXXXXX", folder);
    int fd = mkostemp(path, O_CLOEXEC);

    if (fd >= 0)
        unlink(path);
    return fd;
}

void api_campaign_export(struct api_call *call)
{
    const struct roster_campaign *campaign = api_campaign(call, 0);

    if (!campaign)
        return;
    struct api_job *job = api_job_new(call);
    struct export *export = calloc(1, sizeof(*export));
    json_t *settings = campaign_settings_complete(campaign->settings, &campaign->options);

    check(export);
    export->dispositions = json_deep_copy(json_object_get(settings, "dispositions"));
    json_decref(settings);
    export->fd = nameless_file(call->server->data);
    job->id = campaign->id;
    job->extra = export;
    job->dropped = export_dropped;
    api_work(job, API_HEAVY, export_work, export_then);
}
