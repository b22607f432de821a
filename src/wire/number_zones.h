#ifndef WIRE_NUMBER_ZONES_H
#define WIRE_NUMBER_ZONES_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/*
 * Which time zones a telephone number may be in, by its longest known prefix (data/phone-zones.txt,
 * part of the program). A prefix that spans zones is in all of them; so is a country's when its
 * area is not known. A number without any known prefix may be anywhere: every zone of the table.
 *
 *   err = number_zones_new(&zones);
 *   set = number_zones_find(zones, "+493012345");       interned: equal sets have equal ids
 *   n = number_zones_names(zones, set, &names);          {"Europe/Berlin"}, sorted by name
 *   number_zones_free(zones);
 *
 * After number_zones_new only number_zones_stated changes it (from its owner's thread); finding is
 * read-only. Set ids are 1 .. number_zones_count and are good for this process only: store names or
 * numbers, not ids.
 */
struct number_zones;

int number_zones_new(struct number_zones **zonesp) must_check; /* 0, ENOMEM */
/* From other bytes of the same form (tests); EINVAL when they are not; line gets where. */
int number_zones_parse(struct number_zones **zonesp, const char *bytes, size_t size,
                       size_t *line) must_check;
void number_zones_free(struct number_zones *zones);

uint32_t number_zones_find(const struct number_zones *zones, const char *e164); /* never 0 */
uint32_t number_zones_everywhere(const struct number_zones *zones);
size_t number_zones_names(const struct number_zones *zones, uint32_t set,
                          const char *const **names);
size_t number_zones_count(const struct number_zones *zones); /* of sets */
/* The set together with one stated zone (a column of the list): calling hours are the intersection
 * of all. */
int number_zones_stated(struct number_zones *zones, uint32_t set, const char *zone,
                        uint32_t *both) must_check; /* 0, ENOMEM */

#endif
