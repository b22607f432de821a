#ifndef LISTS_IMPORT_REGIONS_H
#define LISTS_IMPORT_REGIONS_H

#include "base/table.h"
#include "store/store.h"
#include "wire/number_zones.h"

/*
 * The wording of a row's region (lists/regions.h): the zones of its numbers, each narrowed by the
 * zone the list states. Rows are many and regions few: each is worded once. An import's own, in its
 * worker's thread.
 */
struct import_regions {
    struct number_zones *zones;
    struct table wordings; /* ids of sets -> text */
};

int import_regions_init(struct import_regions *regions) must_check; /* 0, ENOMEM */
void import_regions_release(struct import_regions *regions);
/* Lives as long as the regions; "" for one too many, and without memory: it is claimed at any hour. */
const char *import_regions_of(struct import_regions *regions, const struct store_import_row *row);

#endif
