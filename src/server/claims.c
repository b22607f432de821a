#include "server/claims.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/dialing.h"
#include "server/server.h"

struct claim {
    struct server *server;
    struct store_claim claim;
    uint64_t number;
    instant next_due;
    instant *opens; /* of claim.hours */
    struct carried_lead *leads;
    uint32_t count;
};

void carried_lead_set(struct carried_lead *carried, const struct store_lead_facts *row)
{
    carried->facts = row->facts;
    for (uint8_t i = 0; i < row->facts.number_count; i++)
        if (!slice_copy(slice_from(row->e164[i]), carried->e164[i], sizeof(carried->e164[i])))
            carried->e164[i][0] = '\0';
    if (!slice_copy(slice_from(row->zone), carried->zone, sizeof(carried->zone)))
        carried->zone[0] = '\0';
}

bool claims_take_in(struct server *server, const struct carried_lead *carried,
                    struct lead_facts *facts)
{
    struct store_lead_facts row = {.facts = carried->facts};

    for (uint8_t i = 0; i < row.facts.number_count; i++) {
        row.e164[i] = carried->e164[i];
        row.facts.numbers[i].zone_set =
            zones_set_of(server->zones, carried->e164[i], carried->zone);
    }
    *facts = row.facts;
    return traffic_add_lead(&server->traffic, &row) != NULL;
}

static int take_row(void *arg, const struct store_lead_facts *row)
{
    struct claim *claim = arg;

    if (claim->count == claim->claim.count)
        return EOVERFLOW;
    carried_lead_set(&claim->leads[claim->count++], row);
    return 0;
}

static int claim_work(struct store *store, void *arg)
{
    struct claim *claim = arg;

    claim->count = 0;
    int err = store_claim(store, &claim->claim, take_row, claim);

    if (!err)
        err = store_next_due(store, claim->claim.campaign, claim->claim.hours, &claim->next_due);
    if (err)
        log_error("store.claim", "campaign=%llu errno=%d why=\"%s\"",
                  (unsigned long long)claim->claim.campaign, err, store_why(store));
    return err;
}

static int give_back_work(struct store *store, void *arg)
{
    return store_put(store, arg);
}

static void give_back_done(void *arg, int err)
{
    free(arg);
}

void claims_give_back(struct server *server, const struct lead_record *lead)
{
    struct known_lead *known = traffic_lead(&server->traffic, lead->id);
    struct lead_record there;

    if (dialer_lead(server->dialer, lead->id, &there))
        return;
    struct store_record *record = calloc(1, sizeof(*record));

    check(record);
    record->kind = STORE_LEAD;
    record->of.lead.core = *lead;
    record->of.lead.core.released = true;
    if (known && known->in_core) {
        known->in_core = false;
        traffic_drop_lead(&server->traffic, known);
    }
    keeper_post(server->keeper, KEEPER_MUST, give_back_work, give_back_done, record);
}

/* Held leads made due, a batch after the other: there may be very many. */
enum { RECONSIDER_BATCH = 500 };

struct reconsideration {
    struct server *server;
    struct store_query query;
    instant now;
    uint32_t count, seen;
    struct lead_record leads[RECONSIDER_BATCH];
};

static int take_held(void *arg, const struct store_record *record)
{
    struct reconsideration *now = arg;
    const struct lead_record *lead = &record->of.lead.core;

    now->query.after = lead->id;
    now->seen++;
    if (lead->released && lead->due_at > now->now)
        now->leads[now->count++] = *lead;
    return 0;
}

static int reconsider_work(struct store *store, void *arg)
{
    struct reconsideration *now = arg;
    uint64_t after = now->query.after;

    now->count = now->seen = 0;
    int err = store_each(store, &now->query, take_held, now);

    for (uint32_t i = 0; i < now->count && !err; i++) {
        struct store_record record = {.kind = STORE_LEAD};

        record.of.lead.core = now->leads[i];
        record.of.lead.core.due_at = now->now;
        err = store_put(store, &record);
    }
    if (err)
        now->query.after = after; /* it may be run again */
    return err;
}

static void reconsider_done(void *arg, int err)
{
    struct reconsideration *now = arg;
    struct server *server = now->server;
    struct event event = {.kind = EVENT_LEADS_ADDED, .of.campaign_id = now->query.campaign};

    if (err)
        log_error("claims.reconsider", "campaign=%llu errno=%d",
                  (unsigned long long)now->query.campaign, err);
    else if (now->count)
        dialing_feed(server, &event, NULL);
    if (!err && now->seen == RECONSIDER_BATCH && !server->stopping)
        keeper_post(server->keeper, KEEPER_WRITE, reconsider_work, reconsider_done, now);
    else
        free(now);
}

void claims_reconsider(struct server *server, campaign_id campaign)
{
    struct reconsideration *now = calloc(1, sizeof(*now));

    check(now);
    now->server = server;
    now->now = server->fed_at;
    now->query = store_query_of(STORE_LEAD);
    now->query.campaign = campaign;
    now->query.state = LEAD_HELD;
    now->query.limit = RECONSIDER_BATCH;
    keeper_post(server->keeper, KEEPER_WRITE, reconsider_work, reconsider_done, now);
}

static void claim_done(void *arg, int err)
{
    struct claim *claim = arg;
    struct server *server = claim->server;

    for (uint32_t i = 0; !err && i < claim->count; i++) {
        struct event event = {.kind = EVENT_LEAD_CLAIMED};
        struct fed fed;

        if (!claims_take_in(server, &claim->leads[i], &event.of.lead))
            check(!"memory for a claimed lead");
        dialing_feed(server, &event, &fed);
        if (fed.refused)
            claims_give_back(server, &claim->leads[i].facts.record);
    }
    struct event ended = {.kind = EVENT_CLAIM_ENDED,
                          .of.claim = {.campaign = claim->claim.campaign,
                                       .claim = claim->number,
                                       .count = err ? 0 : claim->count,
                                       .failed = err != 0,
                                       .next_due = err ? INSTANT_NEVER : claim->next_due}};

    dialing_feed(server, &ended, NULL);
    free(claim->opens);
    free(claim->leads);
    free(claim);
}

/* Where it is day, by the campaign's own hours. */
static void set_hours(struct claim *claim)
{
    const struct server *server = claim->server;
    const struct roster_campaign *campaign =
        roster_campaign(&server->roster, claim->claim.campaign);

    if (!campaign)
        return;
    claim->opens = regions_opens(server->regions, &campaign->options.hours, claim->claim.now,
                                 &claim->claim.hours.count);
    claim->claim.hours.opens = claim->opens;
}

void claims_ask(struct server *server, campaign_id campaign, uint64_t number, uint32_t count,
                instant due_before)
{
    struct claim *claim = calloc(1, sizeof(*claim));

    check(claim && count <= HOPPER_MAX);
    *claim = (struct claim){.server = server,
                            .number = number,
                            .claim = {.campaign = campaign,
                                      .owner = NODE_OWNER,
                                      .now = server->fed_at,
                                      .due_before = due_before,
                                      .count = count}};
    claim->leads = calloc(count ? count : 1, sizeof(*claim->leads));
    check(claim->leads);
    set_hours(claim);
    keeper_post(server->keeper, KEEPER_WRITE, claim_work, claim_done, claim);
}

struct learning {
    struct server *server;
    uint64_t after;
    struct {
        uint64_t id;
        char *wording;
    } * learned;
    size_t count;
    void (*done)(void *arg);
    void *arg;
};

static int take_region(void *arg, const struct store_record *record)
{
    struct learning *learning = arg;
    void *more = realloc(learning->learned, (learning->count + 1) * sizeof(*learning->learned));

    if (!more)
        return ENOMEM;
    learning->learned = more;
    learning->learned[learning->count].id = record->of.id;
    learning->learned[learning->count].wording = strdup(record->of.region.zones);
    if (!learning->learned[learning->count].wording)
        return ENOMEM;
    learning->count++;
    return 0;
}

static int learn_work(struct store *store, void *arg)
{
    struct store_query query = store_query_of(STORE_REGION);
    struct learning *learning = arg;

    query.after = learning->after;
    return store_each(store, &query, take_region, learning);
}

/* What is not learned counts as open: the rules hold those leads then. */
static int learn(struct learning *learning)
{
    int err = 0;

    for (size_t i = 0; i < learning->count; i++) {
        if (!err)
            err = regions_learn(learning->server->regions, learning->learned[i].id,
                                learning->learned[i].wording);
        free(learning->learned[i].wording);
    }
    free(learning->learned);
    return err;
}

static void learn_done(void *arg, int err)
{
    struct learning *learning = arg;

    if (learn(learning) || err)
        log_warning("claims.regions", "errno=%d", err);
    learning->done(learning->arg);
    free(learning);
}

void claims_learn_regions(struct server *server, void (*done)(void *arg), void *arg)
{
    struct learning *learning = calloc(1, sizeof(*learning));

    check(learning);
    *learning = (struct learning){
        .server = server, .after = regions_known(server->regions), .done = done, .arg = arg};
    keeper_post(server->keeper, KEEPER_WRITE, learn_work, learn_done, learning);
}

int claims_read_regions(struct server *server, struct store *store)
{
    struct learning learning = {.server = server, .after = regions_known(server->regions)};
    int err = learn_work(store, &learning);
    int learned = learn(&learning);

    return err ? err : learned;
}
