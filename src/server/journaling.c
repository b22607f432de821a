#include "server/journaling.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/journal_life.h"
#include "server/server.h"

#define ZONES_KEY "journal.zones" /* in meta: the digest of the last time zones that were written */

enum { STATE_EVENTS = 64 }; /* between two hashes of a part of the state */

struct row {
    instant at;
    uint8_t *bytes;
    size_t size;
    char zones[20]; /* "" : the same as before */
};

static int take_zones(void *arg, const struct store_record *record)
{
    *(uint64_t *)arg = strtoull(record->of.meta.value, NULL, 16);
    return 0;
}

int journaling_read(struct journaling *journaling, struct store *store)
{
    struct store_query query = store_query_of(STORE_META);

    *journaling = (struct journaling){.zones = 0};
    query.text = ZONES_KEY;
    return store_each(store, &query, take_zones, &journaling->zones);
}

/* In the store thread; may run more than once. */
static int write_row(struct store *store, void *arg)
{
    struct row *row = arg;
    uint64_t sequence;
    struct store_record meta = {.kind = STORE_META,
                                .of.meta = {.key = ZONES_KEY, .value = row->zones}};
    int err = store_journal_append(store, row->at, row->bytes, row->size, &sequence);

    return err || !row->zones[0] ? err : store_put(store, &meta);
}

static void row_done(void *arg, int err)
{
    struct row *row = arg;

    free(row->bytes);
    free(row);
}

static struct row *row_new(struct server *server, struct text *text)
{
    struct row *row = calloc(1, sizeof(*row));

    check(row && !text->failed);
    row->at = server_now(server);
    row->size = text->size;
    row->bytes = (uint8_t *)text_take(text, NULL);
    return row;
}

static void add_sets(struct text *text, const struct dialer_limits *limits, uint32_t from,
                     uint32_t until)
{
    uint8_t bytes[JOURNAL_ZONE_SET_MAX];

    for (uint32_t i = from; i < until; i++)
        text_add_bytes(text, (char *)bytes,
                       journal_encode_zone_set(i, &limits->zone_sets[i], bytes));
}

void journaling_life(struct server *server, const struct dialer_limits *limits, uint64_t seed)
{
    struct journaling *journaling = &server->journaling;
    uint32_t known = zones_sets_used(server->zones);
    uint64_t zones = journal_zones_digest(limits, known);
    struct journal_life life = {.form = JOURNAL_FORM,
                                .begun_at = server_now(server),
                                .program = OUTDIAL_VERSION,
                                .seed = seed,
                                .zones = zones,
                                .known_sets = known,
                                .zones_follow = zones != journaling->zones,
                                .limits = *limits};
    uint8_t head[JOURNAL_LIFE_MAX], zone[JOURNAL_ZONE_MAX];
    struct text text;

    text_init(&text);
    text_add_bytes(&text, (char *)head, journal_encode_life(&life, head));
    if (life.zones_follow) {
        for (uint32_t i = 0; i < limits->zone_count; i++)
            text_add_bytes(&text, (char *)zone, journal_encode_zone(i, &limits->zones[i], zone));
        add_sets(&text, limits, 0, known);
    }
    struct row *row = row_new(server, &text);

    if (life.zones_follow)
        snprintf(row->zones, sizeof(row->zones), "%016" PRIx64, zones);
    journaling->zones = zones;
    journaling->sets_written = known;
    keeper_post(server->keeper, KEEPER_MUST, write_row, row_done, row);
}

void journaling_sets(struct server *server)
{
    uint32_t used = zones_sets_used(server->zones);
    struct dialer_limits limits;
    struct text text;

    if (used == server->journaling.sets_written)
        return;
    limits.zone_sets = zones_sets(server->zones, &limits.zone_set_count);
    text_init(&text);
    add_sets(&text, &limits, server->journaling.sets_written, used);
    server->journaling.sets_written = used;
    keeper_post(server->keeper, KEEPER_MUST, write_row, row_done, row_new(server, &text));
}

size_t journaling_row(struct server *server, instant now, const struct event *event,
                      struct journal_outcome *outcome, uint8_t bytes[JOURNALING_ROW_MAX])
{
    struct journaling *journaling = &server->journaling;
    size_t size = journal_encode(now, event, bytes);

    journaling->events++;
    if (event->kind == EVENT_RECOVERY_ENDED || journaling->events >= STATE_EVENTS) {
        journaling->events = 0;
        outcome->has_state = true;
        outcome->part = journaling->part++;
        outcome->state = dialer_digest_part(server->dialer, outcome->part);
    }
    return size + journal_encode_outcome(outcome, bytes + size);
}
