#ifndef LISTS_EXPORTER_H
#define LISTS_EXPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/text.h"
#include "store/store.h"

/*
 * Every attempt of a campaign as CSV: instants in UTC after RFC 3339, spans in milliseconds, words of
 * people neutralised where a spreadsheet would run them. In pages, so that neither memory nor the
 * store's thread is held: a READER's store in a worker, or a page at a time in the store thread.
 *
 *   exporter_init(&exporter, campaign);
 *   do {
 *       err = exporter_page(&exporter, store, 500, &text);    appends; the first page has the header
 *       write(text), text_clear(&text)
 *   } while (!err && !exporter.is_done);
 */
struct exporter {
    uint64_t campaign;
    uint64_t after; /* the last attempt written */
    uint64_t rows;
    bool has_header, is_done;
    /* What a disposition's code is called; NULL: its number. */
    const char *(*disposition_name)(void *arg, uint16_t code);
    void *arg;
};

void exporter_init(struct exporter *exporter, uint64_t campaign);
int exporter_page(struct exporter *exporter, struct store *store, uint32_t rows,
                  struct text *out) must_check; /* 0, ENOMEM, or the store's errno */

#endif
