#include "server/boot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/claims.h"
#include "server/dialing.h"
#include "server/imports.h"
#include "server/server.h"
#include "server/tokens.h"

struct open_attempt {
    struct attempt_record record;
    char call_sid[TELEPHONY_SID_SIZE];
    struct carried_lead lead;
    bool lead_found;
};

struct boot {
    struct server *server;
    struct open_attempt *attempts;
    size_t attempt_count, attempt_room;
    struct dialer_limits limits; /* of the core, and its seed: the journal has them too */
    uint64_t seed;
    uint64_t attempt_last, reservation_last, import_last;
    int err;
};

static int take_campaign(void *arg, const struct store_record *record)
{
    struct boot *boot = arg;
    struct roster_campaign *campaign;
    char why[240];
    int err = roster_put_campaign(&boot->server->roster, &record->of.campaign, &campaign, why,
                                  sizeof(why));

    if (!err && why[0])
        log_error("campaign.settings", "campaign=%llu why=\"%s\"", (unsigned long long)campaign->id,
                  why);
    return err;
}

static int take_agent(void *arg, const struct store_record *record)
{
    struct boot *boot = arg;
    struct roster_agent *agent;

    return roster_put_agent(&boot->server->roster, &record->of.agent, &agent);
}

static int take_reservation(void *arg, const struct store_record *record)
{
    struct boot *boot = arg;
    struct roster_agent *agent = roster_agent(&boot->server->roster, record->of.reservation.agent);

    if (agent)
        agent->reservation = record->of.reservation;
    return 0;
}

static int take_token(void *arg, const struct store_record *record)
{
    struct boot *boot = arg;

    return tokens_add(boot->server, &record->of.token);
}

static int take_attempt(void *arg, const struct store_record *record)
{
    struct boot *boot = arg;

    if (boot->attempt_count == boot->attempt_room) {
        size_t room = boot->attempt_room ? 2 * boot->attempt_room : 64;
        void *more = realloc(boot->attempts, room * sizeof(*boot->attempts));

        if (!more)
            return ENOMEM;
        boot->attempts = more;
        boot->attempt_room = room;
    }
    struct open_attempt *open = &boot->attempts[boot->attempt_count++];

    *open = (struct open_attempt){.record = record->of.attempt.core};
    if (record->of.attempt.call_sid)
        slice_copy(slice_from(record->of.attempt.call_sid), open->call_sid, sizeof(open->call_sid));
    return 0;
}

static int take_lead(void *arg, const struct store_lead_facts *row)
{
    struct open_attempt *open = arg;

    carried_lead_set(&open->lead, row);
    open->lead_found = true;
    return 0;
}

static int each(struct boot *boot, struct store *store, enum store_kind kind, bool open_only,
                store_row_fn row)
{
    struct store_query query = store_query_of(kind);

    query.open_only = open_only;
    return store_each(store, &query, row, boot);
}

/* What a server that died left half done in the store is undone. */
static int tidy(struct store *store)
{
    uint64_t released;
    int err = store_begin(store);

    if (!err)
        err = store_release_claims(store, NODE_OWNER, &released);
    if (!err)
        err = store_commit(store);
    if (err)
        store_rollback(store);
    return err;
}

int boot_read(struct boot **bootp, struct server *server, struct store *store, char *why,
              size_t why_size)
{
    struct boot *boot = calloc(1, sizeof(*boot));
    int err = boot ? 0 : ENOMEM;

    if (!err) {
        boot->server = server;
        err = tidy(store);
    }
    if (!err)
        err = each(boot, store, STORE_CAMPAIGN, false, take_campaign);
    if (!err)
        err = each(boot, store, STORE_AGENT, false, take_agent);
    if (!err)
        err = each(boot, store, STORE_RESERVATION, true, take_reservation);
    if (!err)
        err = claims_read_regions(server, store);
    if (!err)
        err = each(boot, store, STORE_TOKEN, false, take_token);
    if (!err)
        err = each(boot, store, STORE_ATTEMPT, true, take_attempt);
    for (size_t i = 0; !err && i < boot->attempt_count; i++) {
        err = store_lead_facts(store, boot->attempts[i].record.lead, take_lead, &boot->attempts[i]);
        err = err == ENOENT ? 0 : err;
    }
    if (!err)
        err = journaling_read(&server->journaling, store);
    if (!err)
        err = store_last_id(store, STORE_ATTEMPT, &boot->attempt_last);
    if (!err)
        err = store_last_id(store, STORE_RESERVATION, &boot->reservation_last);
    if (!err)
        err = store_last_id(store, STORE_IMPORT, &boot->import_last);
    if (err) {
        snprintf(why, why_size, "cannot read the store: %s",
                 err == ENOMEM ? "no memory" : store_why(store));
        boot_free(boot);
        return err;
    }
    *bootp = boot;
    return 0;
}

int boot_make_core(struct boot *boot, struct server *server, unsigned agents_max,
                   unsigned calls_max, unsigned calls_per_second)
{
    struct dialer_limits limits = dialer_limits_default();

    limits.campaigns_max = 64;
    limits.agents_max = agents_max;
    limits.calls_max = calls_max;
    limits.calls_per_second = calls_per_second;
    limits.attempts_max = calls_max + agents_max;
    limits.leads_max = 2 * HOPPER_MAX + limits.attempts_max;
    limits.numbers_max = 3 * limits.leads_max;
    limits.attempt_next = boot->attempt_last + 1;
    limits.reservation_next = boot->reservation_last + 1;
    limits.claim_next = 1;
    limits.zones = zones_table(server->zones, &limits.zone_count);
    limits.zone_sets = zones_sets(server->zones, &limits.zone_set_count);
    boot->limits = limits;
    boot->seed = (uint64_t)loop_clock();
    server->dialer = dialer_new(&limits, boot->seed);
    return server->dialer ? 0 : ENOMEM;
}

static void recover_campaigns(struct server *server)
{
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&server->roster.campaigns, &at))) {
        struct roster_campaign *campaign = slot->value;
        struct event event = {.kind = EVENT_CAMPAIGN_LOADED,
                              .of.campaign = {.id = campaign->id,
                                              .state = campaign->state,
                                              .ledger = campaign->ledger,
                                              .options = campaign->options}};
        struct fed fed;

        if (campaign->state == CAMPAIGN_FINISHED)
            continue;
        dialing_feed(server, &event, &fed);
        campaign->in_core = !fed.refused;
        if (fed.refused)
            log_error("campaign.refused", "campaign=%llu why=%s", (unsigned long long)campaign->id,
                      refusal_name(fed.refusal));
    }
}

static void recover_agents(struct server *server)
{
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&server->roster.agents, &at))) {
        struct roster_agent *agent = slot->value;
        struct event event = {.kind = EVENT_AGENT_LOADED, .of.agent = {.record = agent->record}};
        struct fed fed;

        if (agent->removed)
            continue;
        if (reservation_is_live(agent->reservation.status) && agent->reservation.id)
            event.of.agent.reservation = agent->reservation;
        event.of.agent.campaign_count =
            roster_agent_campaigns(&server->roster, agent, event.of.agent.campaigns);
        dialing_feed(server, &event, &fed);
        if (fed.refused)
            log_error("agent.refused", "agent=%llu why=%s", (unsigned long long)agent->id,
                      refusal_name(fed.refusal));
    }
}

static void recover_attempt(struct server *server, const struct open_attempt *open)
{
    struct event lead = {.kind = EVENT_LEAD_CLAIMED};
    struct event attempt = {.kind = EVENT_ATTEMPT_RECOVERED, .of.attempt = open->record};

    if (open->lead_found) {
        if (!claims_take_in(server, &open->lead, &lead.of.lead))
            check(!"memory for a lead");
        dialing_feed(server, &lead, NULL);
    }
    struct known_attempt *known = traffic_add_attempt(&server->traffic, &open->record);

    check(known);
    live_attempt_changed(&server->live, NULL, &open->record);
    if (open->call_sid[0] && !traffic_set_call(&server->traffic, known, open->call_sid))
        log_warning("attempt.sid", "attempt=%llu", (unsigned long long)open->record.id);
    dialing_feed(server, &attempt, NULL);
}

void boot_recover(struct boot *boot, struct server *server)
{
    struct event ended = {.kind = EVENT_RECOVERY_ENDED};

    imports_clean(server->imports, boot->import_last);
    journaling_life(server, &boot->limits, boot->seed);
    recover_campaigns(server);
    recover_agents(server);
    for (size_t i = 0; i < boot->attempt_count; i++)
        recover_attempt(server, &boot->attempts[i]);
    dialing_feed(server, &ended, NULL);
    server->recovered = true;
    if (boot->attempt_count)
        log_event("recovery.ended", "attempts=%zu", boot->attempt_count);
}

void boot_free(struct boot *boot)
{
    if (!boot)
        return;
    free(boot->attempts);
    free(boot);
}
