#ifndef PHONES_RECORD_H
#define PHONES_RECORD_H

#include <jansson.h>
#include <stdio.h>

#include "base/text.h"
#include "phones/rtp.h"

/*
 * The records: one JSON object a line, each with "event". docs/phones.md lists them.
 *
 *   json_t *line = record_new("answered", at);
 *   record_set(line, "number", json_string(...));
 *   record_write(line, file);                      frees it and flushes
 */
json_t *record_new(const char *event, instant at); /* NULL when memory is out; others accept NULL */
void record_set(json_t *line, const char *key, json_t *value);   /* takes the value */
void record_set_time(json_t *line, const char *key, instant at); /* 0: null */
/* Bytes off the wire may be no UTF-8; then what is not ASCII becomes "?". */
json_t *record_text(struct slice text);
json_t *record_rtp(const struct rtp_stats *stats);
void record_write(json_t *line, FILE *file);

#endif
