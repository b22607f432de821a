#ifndef SERVER_CAMPAIGN_SETTINGS_H
#define SERVER_CAMPAIGN_SETTINGS_H

#include <jansson.h>

#include "base/check.h"
#include "core/campaign.h"

/*
 * A campaign's settings as the JSON document people write and the store keeps, and as the core's
 * options. What a document leaves out stays as it is in `options`.
 *
 *   options = campaign_options_default();
 *   err = campaign_settings_read(document, &options, why, sizeof(why));
 *         why: "retry.busy.delay_s: -4 is not within 0-31536000"
 *   document = campaign_settings_write(&options);      every field
 *
 * Fields for the shell alone (message, caller_id, country, disposition names) are checked here and
 * kept in the document only.
 */
enum { CAMPAIGN_WHY_SIZE = 240 };

/* 0, or EINVAL with why. The document is not changed. */
int campaign_settings_read(const json_t *document, struct campaign_options *options, char *why,
                           size_t why_size) must_check;
json_t *
campaign_settings_write(const struct campaign_options *options) must_check; /* NULL: no memory */
/* The whole document: `document` over what `options` give by themselves. NULL: no memory. */
json_t *campaign_settings_complete(const json_t *document,
                                   const struct campaign_options *options) must_check;
/* The name of a disposition in the document, or its behaviour's name. */
const char *campaign_disposition_name(const json_t *document,
                                      const struct campaign_options *options, uint16_t code);

#endif
