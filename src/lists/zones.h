#ifndef LISTS_ZONES_H
#define LISTS_ZONES_H

#include <stddef.h>

#include "base/check.h"
#include "base/text.h"
#include "core/zone.h"

/*
 * The time zones of telephone numbers as the core wants them: tables of all zones that any number
 * may lie in, read once from the system's data, and sets of them.
 *
 *   err = zones_new(&zones, why, sizeof(why));
 *   limits.zones = zones_table(zones, &limits.zone_count);
 *   limits.zone_sets = zones_sets(zones, &limits.zone_set_count);
 *   set = zones_set_of(zones, "+493012345", "Europe/Berlin");
 *
 * Set 0 is every zone. Room for sets that stated zones make is kept beyond the known ones; the
 * arrays never move. One thread.
 */
struct zones;

/* 0, ENOMEM, or an errno with a sentence: time zone data is missing. */
int zones_new(struct zones **zones, char *why, size_t why_size) must_check;
void zones_free(struct zones *zones);
const struct zone *zones_table(const struct zones *zones, uint32_t *count);
const struct zone_set *zones_sets(const struct zones *zones, uint32_t *count);
/* stated: the zone the list names for the person; "" for none, an unknown one counts as none. */
uint32_t zones_set_of(struct zones *zones, const char *e164, const char *stated);
/* Sets in use: those known from the start and those that stated zones have made; it only grows. */
uint32_t zones_sets_used(const struct zones *zones);
/* Where in the table a zone stands; false: it is not there. */
bool zones_index(const struct zones *zones, struct slice name, uint16_t *index);
/* The names of a set, for people: "America/Chicago, America/New_York". */
void zones_names(const struct zones *zones, uint32_t set, char *out, size_t out_size);

#endif
