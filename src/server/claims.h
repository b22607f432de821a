#ifndef SERVER_CLAIMS_H
#define SERVER_CLAIMS_H

#include "core/event.h"
#include "store/store.h"

/*
 * Leads on their way from the store into the core.
 */
struct server;

/* EFFECT_CLAIM_LEADS: EVENT_LEAD_CLAIMED for each, then EVENT_CLAIM_ENDED. */
void claims_ask(struct server *server, campaign_id campaign, uint64_t claim, uint32_t count,
                instant due_before);

/* Facts as copied from the store's row, with the texts: what leaves the store thread. */
struct carried_lead {
    struct lead_facts facts;
    char e164[LEAD_NUMBERS_MAX][24];
    char zone[64];
};

void carried_lead_set(struct carried_lead *carried, const struct store_lead_facts *row);
/* Makes the lead known to the server's memory, fills in its zones and gives the event's facts. False: no memory. */
bool claims_take_in(struct server *server, const struct carried_lead *carried,
                    struct lead_facts *facts);

/* The campaign's rules have changed: leads that one of them holds are asked again now. */
void claims_reconsider(struct server *server, campaign_id campaign);

/* What regions the store has by now, for claims to come; then done(arg). */
void claims_learn_regions(struct server *server, void (*done)(void *arg), void *arg);
/* The same at start, before the store thread has the store. */
int claims_read_regions(struct server *server, struct store *store) must_check;

/* A lead the core did not take: it goes back into the store as it was, unless the core has it. */
void claims_give_back(struct server *server, const struct lead_record *lead);

#endif
