#ifndef API_REPORT_H
#define API_REPORT_H

#include <jansson.h>

#include "store/store.h"

/*
 * The report of a campaign: leads by state, attempts and results, hello latency, abandonment, agents, and
 * whether it all adds up when everything is counted again ("balance": "ok", or what differs). *report is a new
 * reference. 0, or the store's errno.
 */
int report_make(struct store *store, campaign_id campaign, instant now, json_t **report) must_check;

#endif
