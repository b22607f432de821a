#ifndef WIRE_ZONE_FILE_H
#define WIRE_ZONE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/instant.h"

/*
 * A time zone from the system's TZif data (RFC 8536, version 2 or later), once, as a plain table:
 * from transitions[i] on local time is UTC + offsets_s[i + 1]; before the first it is UTC +
 * offsets_s[0]. (The core's struct zone has the same shape and only points.) What
 * the file leaves to its footer rule ("CET-1CEST,M3.5.0,M10.5.0/3") is written out up to the end of
 * year_max.
 *
 *   err = zone_file_load(&zone, "/usr/share/zoneinfo", "Europe/Berlin", 2060, why, sizeof(why));
 *   zone_table_release(&zone);
 */
struct zone_table {
    instant *transitions; /* ascending */
    int32_t *offsets_s;   /* count + 1 of them, east of Greenwich */
    uint32_t count;
};

enum { ZONE_FILE_BYTES_MAX = 256 * 1024, ZONE_NAME_MAX = 64 };

/* Letters, digits, "+-_/", no leading or doubled slash, no "..": may it be looked for at all? */
int zone_name_check(const char *name) must_check; /* 0, EINVAL */
/* 0, or an errno with why = "cannot read time zone 'X/Y': ..." (EINVAL name, ENOENT, EBADMSG,
 * ENOMEM). */
int zone_file_load(struct zone_table *zone, const char *folder, const char *name, int year_max,
                   char *why, size_t why_size) must_check;
/* From bytes. 0, EBADMSG (reason gets what is wrong), ENOMEM. */
int zone_file_parse(struct zone_table *zone, const void *bytes, size_t size, int year_max,
                    const char **reason) must_check;
void zone_table_release(struct zone_table *zone);
int32_t zone_table_offset_at(const struct zone_table *zone, instant at); /* seconds */

#endif
