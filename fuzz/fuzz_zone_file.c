#include <stddef.h>
#include <stdint.h>

#include "wire/zone_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted is a table in order, with offsets of at most a day or so. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone_table zone;
    const char *reason;

    if (zone_file_parse(&zone, data, size, 2060, &reason))
        return 0;
    for (uint32_t i = 0; i < zone.count; i++)
        check(i == 0 || zone.transitions[i] > zone.transitions[i - 1]);
    for (uint32_t i = 0; i <= zone.count; i++)
        check(zone.offsets_s[i] >= -90000 && zone.offsets_s[i] <= 90000);
    check(zone_table_offset_at(&zone, INT64_MIN) == zone.offsets_s[0]);
    check(zone_table_offset_at(&zone, INT64_MAX) == zone.offsets_s[zone.count]);
    zone_table_release(&zone);
    return 0;
}
