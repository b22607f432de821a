#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/ops.h"

/* The counters that a put changes: in memory while they are in use, a row each beneath. */

static int fold_attempt(void *arg, const struct row *row)
{
    figures_change(arg, NULL, &row->record.of.attempt.core);
    return 0;
}

/* From the rows: the counters were kept by a program that counted other things. */
static int recount(struct store *store, uint64_t campaign, struct figures *figures)
{
    struct scan scan;

    memset(figures, 0, sizeof(*figures));
    scan_init(&scan, STORE_ATTEMPT);
    scan_where(&scan, "campaign_id", CONDITION_EQUAL, (int64_t)campaign);
    return store_scan(store, &scan, fold_attempt, figures);
}

int kept_figures_of(struct store *store, uint64_t campaign, struct kept_figures **keptp)
{
    struct kept_figures *kept = table_get_id(&store->figures, campaign);
    struct row row;
    int err;

    if (kept) {
        *keptp = kept;
        return 0;
    }
    kept = calloc(1, sizeof(*kept));
    if (!kept)
        return ENOMEM;
    err = store_read(store, KIND_FIGURES, campaign, &row);
    if (!err) {
        kept->is_row = true;
        kept->figures = row.figures;
        if (row.bytes_differ)
            err = recount(store, campaign, &kept->figures);
    } else if (err == ENOENT) {
        err = 0;
    }
    if (!err)
        err = table_put_id(&store->figures, campaign, kept);
    if (err)
        free(kept);
    else
        *keptp = kept;
    return err;
}

int kept_counts_of(struct store *store, uint64_t campaign, uint64_t import,
                   struct kept_counts **keptp)
{
    uint64_t id = lead_counts_id(campaign, import);
    struct kept_counts *kept = table_get_id(&store->counts, id);
    struct row row;
    int err;

    if (kept) {
        *keptp = kept;
        return 0;
    }
    kept = calloc(1, sizeof(*kept));
    if (!kept)
        return ENOMEM;
    kept->campaign = campaign;
    kept->import = import;
    err = store_read(store, KIND_LEAD_COUNTS, id, &row);
    if (!err) {
        kept->is_row = true;
        memcpy(kept->counts, row.lead_counts, sizeof(kept->counts));
    } else if (err == ENOENT) {
        err = 0;
    }
    if (!err)
        err = table_put_id(&store->counts, id, kept);
    if (err)
        free(kept);
    else
        *keptp = kept;
    return err;
}

enum { REGIONS_MAX = 4096 };

static int keep_region(struct store *store, const char *zones, uint64_t id)
{
    struct kept_region *kept = malloc(sizeof(*kept));
    int err = kept ? table_put(&store->regions, zones, strlen(zones), kept) : ENOMEM;

    if (err)
        free(kept);
    else
        kept->id = id;
    return err;
}

static int read_region(void *arg, const struct row *row)
{
    return keep_region(arg, row->record.of.region.zones, row->record.of.region.id);
}

int kept_region_of(struct store *store, const char *zones, uint64_t *id)
{
    struct row row = {.record = {.kind = STORE_REGION, .of.region.zones = zones}};
    const struct kept_region *kept;
    struct scan scan;
    int err = 0;

    *id = 0;
    if (!*zones)
        return 0;
    if (!store->regions.count) {
        scan_init(&scan, STORE_REGION);
        err = store_scan(store, &scan, read_region, store);
    }
    kept = table_get(&store->regions, zones, strlen(zones));
    if (!err && !kept && store->regions.count < REGIONS_MAX) {
        err = store_write_new(store, &row);
        if (!err)
            err = keep_region(store, zones, row.record.of.id);
        *id = row.record.of.id;
    } else if (kept) {
        *id = kept->id;
    }
    return err;
}

void kept_forget(struct store *store)
{
    table_free(&store->figures);
    table_free(&store->counts);
    table_free(&store->shelves);
    table_free(&store->regions);
}

static int flush_figures(struct store *store)
{
    struct table_slot *slot;
    size_t at = 0;
    int err = 0;

    while (!err && (slot = table_next(&store->figures, &at))) {
        struct kept_figures *kept = slot->value;
        struct row row = {.figures = kept->figures};

        if (!kept->changed)
            continue;
        memcpy(&row.record.of.id, table_slot_key(slot), sizeof(row.record.of.id));
        err = store->ops->write(store->self, KIND_FIGURES, &row, kept->is_row);
        if (!err) {
            kept->is_row = true;
            kept->changed = false;
        }
    }
    return err;
}

static int flush_counts(struct store *store)
{
    struct table_slot *slot;
    size_t at = 0;
    int err = 0;

    while (!err && (slot = table_next(&store->counts, &at))) {
        struct kept_counts *kept = slot->value;
        struct row row = {.campaign = kept->campaign, .import = kept->import};

        if (!kept->changed)
            continue;
        row.record.of.id = lead_counts_id(kept->campaign, kept->import);
        memcpy(row.lead_counts, kept->counts, sizeof(row.lead_counts));
        err = store->ops->write(store->self, KIND_LEAD_COUNTS, &row, kept->is_row);
        if (!err) {
            kept->is_row = true;
            kept->changed = false;
        }
    }
    return err;
}

int kept_flush(struct store *store)
{
    int err = flush_figures(store);

    return err ? err : flush_counts(store);
}
