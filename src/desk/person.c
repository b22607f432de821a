#include "desk/person.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "desk/person_read.h"
#include "server/calls.h"
#include "server/campaign_settings.h"
#include "server/reply.h"

struct person {
    lead_id lead;
    bool reading, again, read;
    struct person_facts facts;
    instant open_until; /* until when it may be called today; 0: not asked yet, or never */
    instant asked_at;
};

struct persons {
    struct server *server;
    void (*told)(struct server *server, lead_id lead);
    struct table by_lead;
    lead_id ring[PERSONS_KEPT]; /* in the order of coming */
    size_t next;
};

int persons_new(struct persons **personsp, struct server *server,
                void (*told)(struct server *server, lead_id lead))
{
    struct persons *persons = calloc(1, sizeof(*persons));

    if (!persons)
        return ENOMEM;
    persons->server = server;
    persons->told = told;
    table_init(&persons->by_lead);
    *personsp = persons;
    return 0;
}

static void drop(struct persons *persons, struct person *person)
{
    (void)table_remove_id(&persons->by_lead, person->lead);
    json_decref(person->facts.columns);
    free(person);
}

void persons_free(struct persons *persons)
{
    if (!persons)
        return;
    for (size_t i = 0; i < PERSONS_KEPT; i++) {
        struct person *person = table_get_id(&persons->by_lead, persons->ring[i]);

        if (persons->ring[i] && person)
            drop(persons, person);
    }
    table_release(&persons->by_lead);
    free(persons);
}

/* NULL: no memory, or the oldest is just being read. */
static struct person *make(struct persons *persons, lead_id lead)
{
    lead_id old = persons->ring[persons->next];
    struct person *oldest = old ? table_get_id(&persons->by_lead, old) : NULL;
    struct person *person;

    if (oldest && oldest->reading)
        return NULL;
    if (oldest)
        drop(persons, oldest);
    persons->ring[persons->next] = 0;
    person = calloc(1, sizeof(*person));
    if (!person)
        return NULL;
    person->lead = lead;
    if (table_put_id(&persons->by_lead, lead, person) != 0) {
        free(person);
        return NULL;
    }
    persons->ring[persons->next] = lead;
    persons->next = (persons->next + 1) % PERSONS_KEPT;
    return person;
}

struct fetch {
    struct persons *persons;
    lead_id lead;
    struct person_facts facts;
    int err;
};

static int fetch_work(struct store *store, void *arg)
{
    struct fetch *fetch = arg;

    json_decref(fetch->facts.columns);
    memset(&fetch->facts, 0, sizeof(fetch->facts));
    fetch->err = person_read(store, fetch->lead, &fetch->facts);
    return 0; /* nobody else's work is undone by a person that cannot be read */
}

static void begin(struct persons *persons, struct person *person);

static void fetch_done(void *arg, int err)
{
    struct fetch *fetch = arg;
    struct persons *persons = fetch->persons;
    struct person *person = table_get_id(&persons->by_lead, fetch->lead);

    if (!person || err || fetch->err) {
        json_decref(fetch->facts.columns);
        if (err || fetch->err)
            log_warning("desk.person", "lead=%llu why=\"%s\"", (unsigned long long)fetch->lead,
                        strerror(err ? err : fetch->err));
    } else {
        json_decref(person->facts.columns);
        person->facts = fetch->facts;
        person->read = true;
        person->open_until = person->asked_at = 0;
    }
    if (person) {
        person->reading = false;
        if (person->again && !persons->server->stopping)
            begin(persons, person);
    }
    if (!persons->server->stopping)
        persons->told(persons->server, fetch->lead);
    free(fetch);
}

static void begin(struct persons *persons, struct person *person)
{
    struct fetch *fetch = calloc(1, sizeof(*fetch));

    if (!fetch)
        return;
    fetch->persons = persons;
    fetch->lead = person->lead;
    person->reading = true;
    person->again = false;
    keeper_post(persons->server->keeper, KEEPER_READ, fetch_work, fetch_done, fetch);
}

bool persons_has(const struct persons *persons, lead_id lead)
{
    return table_get_id(&persons->by_lead, lead) != NULL;
}

void persons_keep_reading(struct persons *persons, lead_id lead)
{
    const struct person *person = table_get_id(&persons->by_lead, lead);

    if (!person || (!person->reading && !person->read))
        persons_want(persons, lead);
}

void persons_want(struct persons *persons, lead_id lead)
{
    struct person *person = table_get_id(&persons->by_lead, lead);

    if (!person)
        person = make(persons, lead);
    if (person && person->reading)
        person->again = true;
    else if (person)
        begin(persons, person);
}

/* ---- as the desk shows it ---- */

static json_t *text_cut(const char *text)
{
    struct slice slice = slice_from(text ? text : "");

    if (slice.size > PERSON_TEXT_MAX) {
        slice.size = PERSON_TEXT_MAX;
        while (slice.size && ((unsigned char)slice.at[slice.size] & 0xc0) == 0x80)
            slice.size--;
    }
    return json_stringn(slice.at ? slice.at : "", slice.size);
}

static json_t *fields_of(const struct person *person, const struct roster_campaign *campaign)
{
    const json_t *wanted = campaign ? json_object_get(campaign->settings, "fields") : NULL;
    json_t *fields = json_array(), *value;
    const json_t *one;
    const char *name;
    size_t i;

    json_array_foreach(wanted, i, one)
    {
        name = json_string_value(one);
        value = json_object_get(person->facts.columns, name);
        json_array_append_new(fields, json_pack("{s:s, s:o}", "name", name, "value",
                                                text_cut(json_string_value(value))));
    }
    if (json_array_size(wanted))
        return fields;
    json_object_foreach(person->facts.columns, name,
                        value) if (json_array_size(fields) < PERSON_FIELDS_MAX)
        json_array_append_new(fields, json_pack("{s:o, s:o}", "name", text_cut(name), "value",
                                                text_cut(json_string_value(value))));
    return fields;
}

static json_t *past_json(const struct server *server, const struct person_past *past)
{
    const struct roster_campaign *campaign = roster_campaign(&server->roster, past->campaign);
    const struct roster_agent *agent =
        past->agent ? roster_agent(&server->roster, past->agent) : NULL;
    const char *name = agent ? *agent->full_name ? agent->full_name : agent->name : NULL;
    const char *disposition =
        past->disposition && campaign
            ? campaign_disposition_name(campaign->settings, &campaign->options, past->disposition)
            : NULL;

    return json_pack("{s:I, s:o, s:s, s:s?, s:o, s:s?, s:s}", "attempt", (json_int_t)past->attempt,
                     "at", reply_time(past->at), "result", attempt_result_name(past->result),
                     "disposition", disposition, "seconds",
                     past->talk_us < 0 ? json_null()
                                       : json_integer((past->talk_us + SECOND / 2) / SECOND),
                     "agent", name, "note", past->note);
}

static json_t *history_of(const struct server *server, const struct person *person,
                          attempt_id present)
{
    json_t *history = json_array();

    for (size_t i = 0; i < person->facts.past_count; i++)
        if (person->facts.past[i].attempt != present &&
            json_array_size(history) < PERSON_HISTORY_MAX)
            json_array_append_new(history, past_json(server, &person->facts.past[i]));
    return history;
}

static json_t *warnings_of(const struct person *person, attempt_id present)
{
    const struct person_past *abandoned = NULL, *promised = NULL, *last = NULL;
    json_t *warnings = json_array();

    for (size_t i = 0; i < person->facts.past_count; i++) {
        const struct person_past *past = &person->facts.past[i];

        if (past->attempt == present)
            continue;
        if (!last)
            last = past;
        if (!abandoned && past->result == RESULT_ABANDONED)
            abandoned = past;
    }
    if (last && last->callback_at)
        promised = last;
    if (abandoned)
        json_array_append_new(warnings, json_pack("{s:s, s:o}", "kind", "abandoned", "at",
                                                  reply_time(abandoned->at)));
    if (promised)
        json_array_append_new(warnings, json_pack("{s:s, s:o}", "kind", "promised", "at",
                                                  reply_time(promised->callback_at)));
    return warnings;
}

/* Set when all its numbers lie in one zone, or the list names it. */
static bool zone_of(const struct server *server, const struct person *person, uint32_t number,
                    char name[64], uint16_t *index)
{
    uint32_t set =
        zones_set_of(server->zones, person->facts.carried.e164[number], person->facts.zone);

    zones_names(server->zones, set, name, 64);
    return !strchr(name, ',') && zones_index(server->zones, slice_from(name), index);
}

enum { LOOK_AHEAD = 24 * 4 };

/* The end of the present window, in quarters of an hour; 0: it may not be called now. */
static instant open_until(const struct server *server, const struct roster_campaign *campaign,
                          uint32_t set, instant now)
{
    uint32_t zone_count, set_count;
    const struct zone *zones = zones_table(server->zones, &zone_count);
    const struct zone_set *sets = zones_sets(server->zones, &set_count);
    instant quarter = 15 * 60 * SECOND, at = now - now % quarter;

    if (set >= set_count ||
        rule_calling_hours(&campaign->options.hours, zones, &sets[set], now).refusal)
        return 0;
    for (int i = 1; i <= LOOK_AHEAD; i++)
        if (rule_calling_hours(&campaign->options.hours, zones, &sets[set], at + i * quarter)
                .refusal)
            return at + i * quarter;
    return 0; /* all day */
}

static json_t *numbers_of(const struct person *person, uint32_t current)
{
    json_t *numbers = json_array();

    for (uint32_t i = 0; i < person->facts.carried.facts.number_count; i++)
        json_array_append_new(numbers, json_pack("{s:i, s:s, s:s, s:s, s:b}", "index", (int)i,
                                                 "national", person->facts.numbers[i].national,
                                                 "e164", person->facts.carried.e164[i], "kind",
                                                 person->facts.numbers[i].kind, "current",
                                                 (int)(i == current)));
    return numbers;
}

/* The number that people are shown: a national form costs little once the number plan is read. */
static json_t *caller_of(struct server *server, const struct roster_campaign *campaign)
{
    char national[PHONE_NATIONAL_SIZE];

    phone_number_national(calls_caller_id(server, campaign), national);
    return json_string(national);
}

json_t *person_json(struct persons *persons, lead_id lead, attempt_id attempt)
{
    struct server *server = persons->server;
    struct person *person = table_get_id(&persons->by_lead, lead);
    const struct known_attempt *known = traffic_attempt(&server->traffic, attempt);
    instant now = server_now(server);
    struct lead_record record;
    uint16_t zone = 0;
    char zone_name[64];

    if (!person || !person->read || !person->facts.carried.facts.number_count)
        return NULL;
    const struct person_facts *facts = &person->facts;
    const struct roster_campaign *campaign = roster_campaign(&server->roster, facts->campaign);
    uint32_t current = known ? known->record.number_index : 0;
    uint64_t tries = dialer_lead(server->dialer, lead, &record) ? record.attempts : facts->attempts;

    if (current >= facts->carried.facts.number_count)
        current = 0;
    bool there = zone_of(server, person, current, zone_name, &zone);
    uint32_t zone_count;
    instant offset =
        there ? zone_stretch_at(&zones_table(server->zones, &zone_count)[zone], now).offset : 0;

    if (campaign && (now >= person->open_until || now < person->asked_at) &&
        now - person->asked_at > 60 * SECOND) {
        person->asked_at = now;
        person->open_until =
            open_until(server, campaign,
                       zones_set_of(server->zones, facts->carried.e164[current], facts->zone), now);
    }
    return json_pack(
        "{s:I, s:s, s:o, s:s?, s:n, s:o, s:o, s:I, s:o, s:s, s:o, s:o, s:o, s:o}", "lead",
        (json_int_t)lead, "name", facts->name, "numbers", numbers_of(person, current), "zone",
        there ? zone_name : NULL, "place", "utc_offset_s",
        there ? json_integer(offset / SECOND) : json_null(), "may_call_until",
        reply_time(person->open_until), "attempt",
        (json_int_t)(tries + (known && known->record.ordered_at ? 0 : 1)), "attempts_max",
        campaign && campaign->options.lead_attempts_max
            ? json_integer(campaign->options.lead_attempts_max)
            : json_null(),
        "list", facts->list, "calling_from", campaign ? caller_of(server, campaign) : json_null(),
        "fields", fields_of(person, campaign), "warnings", warnings_of(person, attempt), "history",
        history_of(server, person, attempt));
}

json_t *person_unread_json(struct persons *persons, lead_id lead, attempt_id attempt)
{
    const struct server *server = persons->server;
    const struct known_attempt *known = traffic_attempt(&server->traffic, attempt);
    const struct known_lead *carried = traffic_lead(&server->traffic, lead);
    const char *e164 = known                              ? known->e164
                       : carried && carried->number_count ? carried->numbers[0].e164
                                                          : "";
    int next = known && known->record.ordered_at ? 0 : 1;
    char national[PHONE_NATIONAL_SIZE];
    struct lead_record record;
    json_t *numbers = json_array();

    if (*e164) {
        phone_number_national(e164, national);
        json_array_append_new(numbers,
                              json_pack("{s:i, s:s, s:s, s:s, s:b}", "index",
                                        known ? (int)known->record.number_index : 0, "national",
                                        national, "e164", e164, "kind", "", "current", 1));
    }
    return json_pack("{s:I, s:s, s:o, s:n, s:n, s:n, s:n, s:i, s:n, s:s, s:n, s:[], s:[], s:[]}",
                     "lead", (json_int_t)lead, "name", "", "numbers", numbers, "zone", "place",
                     "utc_offset_s", "may_call_until", "attempt",
                     dialer_lead(server->dialer, lead, &record) ? (int)record.attempts + next : 0,
                     "attempts_max", "list", "", "calling_from", "fields", "warnings", "history");
}
