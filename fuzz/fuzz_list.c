/*
 * A list of people as it is uploaded: charset, separators, headings, numbers, time zones, every column into the
 * store. What is read is imported, merged, a duplicate or rejected, nothing else; a list that failed leaves nothing
 * behind; and what went in can be exported again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lists/exporter.h"
#include "lists/importer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/outdial-fuzz-XXXXXX", list_path[64], rejects_path[64];

static void remove_folder(void)
{
    unlink(list_path);
    unlink(rejects_path);
    rmdir(folder);
}

static void make_folder(void)
{
    if (list_path[0])
        return;
    check(mkdtemp(folder) && atexit(remove_folder) == 0);
    snprintf(list_path, sizeof(list_path), "%s/list.csv", folder);
    snprintf(rejects_path, sizeof(rejects_path), "%s/rejects.csv", folder);
}

static void write_list(const uint8_t *data, size_t size)
{
    FILE *file = fopen(list_path, "wb");

    check(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

static int count_row(void *arg, const struct store_record *record)
{
    unsigned *count = arg;

    ++*count;
    return 0;
}

static unsigned count_of(struct store *store, enum store_kind kind)
{
    struct store_query query = store_query_of(kind);
    unsigned count = 0;

    check(store_each(store, &query, count_row, &count) == 0);
    return count;
}

static void make_list(struct store *store)
{
    struct store_record campaign = {
        .kind = STORE_CAMPAIGN,
        .of.campaign = {.name = "c", .settings = "{}", .state = CAMPAIGN_RUNNING}};
    struct store_record list = {.kind = STORE_LIST,
                                .of.list = {.campaign = 1, .name = "l", .country = "US"}};

    check(store_begin(store) == 0 && store_put(store, &campaign) == 0 &&
          store_put(store, &list) == 0 && store_commit(store) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const COUNTRIES[] = {"US", "DE", "", "GB"};
    struct importer_direct direct = {0};
    struct importer_port port = importer_port_direct(&direct);
    struct importer_progress progress = {0};
    struct importer_result result = {0};
    struct importer_order order = {.path = list_path,
                                   .file_name = "list.csv",
                                   .rejects_path = rejects_path,
                                   .zone_folder = "/usr/share/zoneinfo",
                                   .campaign = 1,
                                   .list = 1,
                                   .priority = 3};

    if (!size)
        return 0;
    snprintf(order.country, sizeof(order.country), "%s",
             COUNTRIES[data[0] % array_count(COUNTRIES)]);
    make_folder();
    write_list(data + 1, size - 1);
    check(store_open_memory(&direct.store) == 0);
    make_list(direct.store);
    int err = importer_run(&order, &port, &progress, &result);

    check(!err == !result.error[0]);
    check(!err || err == EBADMSG || err == EINVAL || err == ENOMEM);
    if (!err)
        check(result.rows == result.imported + result.merged + result.duplicates + result.rejected);
    check(count_of(direct.store, STORE_LEAD) == (err ? 0 : result.imported));
    check(err || count_of(direct.store, STORE_PERSON) == result.imported);
    store_close(direct.store);
    return 0;
}
