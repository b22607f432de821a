#ifndef SERVER_BOOT_H
#define SERVER_BOOT_H

#include "store/store.h"

/*
 * From the store into memory, at the start: there is no second way to build state than events.
 *
 *   err = boot_read(&boot, server, store, why, sizeof(why));   before the store thread has the store:
 *                    roster, tokens, what was open; claims without an attempt are released
 *   err = boot_make_core(boot, server);                        limits from what was read
 *   boot_recover(boot, server);                                once the store thread runs: the events of recovery
 *   boot_free(boot);
 */
struct server;
struct boot;

int boot_read(struct boot **boot, struct server *server, struct store *store, char *why,
              size_t why_size) must_check;
int boot_make_core(struct boot *boot, struct server *server, unsigned agents_max,
                   unsigned calls_max, unsigned calls_per_second) must_check;
void boot_recover(struct boot *boot, struct server *server);
void boot_free(struct boot *boot);

#endif
