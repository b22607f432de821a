#include "api/leads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/encode.h"
#include "server/claims.h"
#include "server/dialing.h"
#include "server/reply.h"
#include "server/server.h"
#include "wire/phone_number.h"

/* A page of a kind: the query is in job->extra. */
struct page {
    struct store_query query;
    json_t *(*encode)(const struct store_record *record);
    json_t *items;
    uint64_t last;
    uint32_t limit;
    char text[64];
};

static int page_row(void *arg, const struct store_record *record)
{
    struct page *page = arg;

    if (json_array_size(page->items) == page->limit)
        return ECANCELED; /* there is one more: the page before it has a successor */
    page->last = record->of.id;
    return json_array_append_new(page->items, page->encode(record)) == 0 ? 0 : ENOMEM;
}

static int page_work(struct store *store, struct api_job *job)
{
    struct page *page = job->extra;

    page->items = json_array();
    page->query.limit = page->limit + 1;
    page->query.text = page->text[0] ? page->text : NULL;
    int err = store_each(store, &page->query, page_row, page);
    bool more = err == ECANCELED;

    if (err && !more) {
        json_decref(page->items);
        return err;
    }
    job->result = api_page_of(page->items, more ? page->last : 0);
    return 0;
}

static struct page *page_new(struct api_call *call, enum store_kind kind,
                             json_t *(*encode)(const struct store_record *record))
{
    uint32_t limit;
    uint64_t cursor;

    if (!api_page(call, &limit, &cursor))
        return NULL;
    struct page *page = calloc(1, sizeof(*page));

    check(page);
    *page = (struct page){.query = store_query_of(kind), .encode = encode, .limit = limit};
    page->query.after = cursor;
    return page;
}

static void page_ask(struct api_call *call, struct page *page)
{
    struct api_job *job = api_job_new(call);

    job->extra = page;
    api_work(job, API_HEAVY, page_work, NULL);
}

/* The ids that a filter of the query names; false after refusing. */
static bool read_campaign(struct api_call *call, uint64_t *id)
{
    const char *word = form_get(&call->query, "campaign");
    const struct roster_campaign *campaign =
        word ? roster_find_campaign(&call->server->roster, slice_from(word)) : NULL;

    if (word && !campaign) {
        api_refuse(call, 404, "there is no campaign '%s'", word);
        return false;
    }
    *id = campaign ? campaign->id : 0;
    return true;
}

static json_t *lead_row(const struct store_record *record)
{
    return encode_lead(&record->of.lead);
}

void api_leads_list(struct api_call *call)
{
    const char *state = form_get(&call->query, "state");
    enum lead_state wanted = LEAD_FRESH;
    uint64_t campaign;

    if (!read_campaign(call, &campaign))
        return;
    if (state && !lead_state_from_name(state, strlen(state), &wanted)) {
        api_refuse(call, 400, "state: there is no state '%s'", state);
        return;
    }
    struct page *page = page_new(call, STORE_LEAD, lead_row);

    if (!page)
        return;
    page->query.campaign = campaign;
    if (state)
        page->query.state = (int)wanted;
    page_ask(call, page);
}

/* One lead with everything */
struct lead_view {
    struct carried_lead facts;
    bool found;
    person_id person;
};

static int keep_lead(void *arg, const struct store_record *record)
{
    struct api_job *job = arg;
    struct lead_view *view = job->extra;

    view->found = true;
    view->person = record->of.lead.core.person;
    job->result = json_pack("{s:o}", "lead", encode_lead(&record->of.lead));
    return 0;
}

static int keep_facts(void *arg, const struct store_lead_facts *row)
{
    carried_lead_set(arg, row);
    return 0;
}

static json_t *text_or_null(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

static int keep_person(void *arg, const struct store_record *record)
{
    struct api_job *job = arg;
    const struct store_person *person = &record->of.person;
    json_t *columns =
        person->columns && *person->columns ? json_loads(person->columns, 0, NULL) : NULL;

    json_object_set_new(
        job->result, "person",
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "external_id",
                  text_or_null(person->external_id), "first_name", text_or_null(person->first_name),
                  "last_name", text_or_null(person->last_name), "email",
                  text_or_null(person->email), "address", text_or_null(person->address), "country",
                  text_or_null(person->country), "zone", text_or_null(person->zone), "columns",
                  columns ? columns : json_object()));
    return 0;
}

static int lead_work(struct store *store, struct api_job *job)
{
    struct store_query lead = store_query_of(STORE_LEAD), person = store_query_of(STORE_PERSON);
    struct lead_view *view = job->extra;

    lead.id = job->id;
    view->found = false;
    int err = store_each(store, &lead, keep_lead, job);

    if (!err && !view->found)
        return api_job_fails(job, 404, ENOENT, "there is no lead %llu",
                             (unsigned long long)job->id);
    person.id = view->person;
    if (!err)
        err = store_lead_facts(store, job->id, keep_facts, &view->facts);
    if (!err)
        err = store_each(store, &person, keep_person, job);
    return err;
}

static void lead_then(struct api_job *job)
{
    struct server *server = job->server;
    struct lead_view *view = job->extra;
    struct lead_facts facts = view->facts.facts;
    struct verdict verdicts[LEAD_NUMBERS_MAX];
    json_t *numbers = json_array();
    char zones[256];

    for (uint8_t i = 0; i < facts.number_count; i++)
        facts.numbers[i].zone_set =
            zones_set_of(server->zones, view->facts.e164[i], view->facts.zone);
    dialer_facts_verdicts(server->dialer, &facts, server_now(server), verdicts);
    for (uint8_t i = 0; i < facts.number_count; i++) {
        const struct number_facts *number = &facts.numbers[i];
        const struct verdict *verdict = &verdicts[i];
        bool refused = verdict->refusal != REFUSED_NOT;

        zones_names(server->zones, number->zone_set, zones, sizeof(zones));
        json_array_append_new(
            numbers,
            json_pack("{s:I, s:s, s:s, s:b, s:o, s:o, s:o, s:I, s:o}", "id", (json_int_t)number->id,
                      "number", view->facts.e164[i], "zones", zones, "may_call", !refused, "reason",
                      refused ? json_string(refusal_name(verdict->refusal)) : json_null(), "why",
                      refused ? json_string(refusal_sentence(verdict->refusal)) : json_null(),
                      "until", refused ? reply_time(verdict->until) : json_null(), "calls",
                      (json_int_t)number->history.lifetime, "last_call_at",
                      number->history.recent_count ? reply_time(number->history.recent[0])
                                                   : json_null()));
    }
    json_object_set_new(job->result, "numbers", numbers);
    if (!json_object_get(job->result, "person"))
        json_object_set_new(job->result, "person", json_object());
}

static void show_lead(struct api_call *call, lead_id id)
{
    struct api_job *job = api_job_new(call);

    job->id = id;
    job->extra = calloc(1, sizeof(struct lead_view));
    check(job->extra);
    api_work(job, API_READ, lead_work, lead_then);
}

void api_lead_show(struct api_call *call)
{
    uint64_t id;

    if (api_id(call, 0, &id))
        show_lead(call, id);
}

void api_agent_lead(struct api_call *call)
{
    const struct roster_agent *agent = api_agent(call, 0);

    if (!agent)
        return;
    if (agent->reservation.id && reservation_is_live(agent->reservation.status))
        show_lead(call, agent->reservation.lead);
    else
        api_refuse(call, 404, "agent '%s' has no lead before them now", agent->name);
}

static json_t *attempt_row(const struct store_record *record)
{
    return encode_attempt(&record->of.attempt);
}

void api_attempts_list(struct api_call *call)
{
    const char *lead = form_get(&call->query, "lead"), *agent = form_get(&call->query, "agent");
    const struct roster_agent *of =
        agent ? roster_find_agent(&call->server->roster, slice_from(agent)) : NULL;
    int64_t lead_wanted = 0;
    uint64_t campaign;

    if (!read_campaign(call, &campaign))
        return;
    if (agent && !of) {
        api_refuse(call, 404, "there is no agent '%s'", agent);
        return;
    }
    if (lead && slice_to_i64(slice_from(lead), 1, (int64_t)ID_MAX, &lead_wanted) != 0) {
        api_refuse(call, 400, "lead: '%s' is no id", lead);
        return;
    }
    struct page *page = page_new(call, STORE_ATTEMPT, attempt_row);

    if (!page)
        return;
    page->query.campaign = campaign;
    page->query.lead = (uint64_t)lead_wanted;
    page->query.agent = of ? of->id : 0;
    page->query.newest_first = true;
    page_ask(call, page);
}

static int keep_attempt(void *arg, const struct store_record *record)
{
    struct api_job *job = arg;

    job->result = encode_attempt(&record->of.attempt);
    return 0;
}

static int attempt_work(struct store *store, struct api_job *job)
{
    struct store_query query = store_query_of(STORE_ATTEMPT);

    query.id = job->id;
    int err = store_each(store, &query, keep_attempt, job);

    if (!err && !job->result)
        err = api_job_fails(job, 404, ENOENT, "there is no attempt %llu",
                            (unsigned long long)job->id);
    return err;
}

void api_attempt_show(struct api_call *call)
{
    uint64_t id;

    if (!api_id(call, 0, &id))
        return;
    struct api_job *job = api_job_new(call);

    job->id = id;
    api_work(job, API_READ, attempt_work, NULL);
}

/* Do not call */

static json_t *do_not_call_row(const struct store_record *record)
{
    return encode_do_not_call(&record->of.do_not_call);
}

void api_do_not_call_list(struct api_call *call)
{
    const char *number = form_get(&call->query, "number");
    struct page *page = page_new(call, STORE_DO_NOT_CALL, do_not_call_row);

    if (!page)
        return;
    if (number && !slice_copy(slice_from(number), page->text, sizeof(page->text)))
        page->text[0] = '?';
    page_ask(call, page);
}

struct listing {
    char e164[PHONE_NUMBER_SIZE];
    uint64_t campaign;
    number_id number; /* the known number it is, or 0 */
};

static int keep_number(void *arg, const struct store_record *record)
{
    struct listing *listing = arg;

    listing->number = record->of.number.id;
    return 0;
}

static int listing_work(struct store *store, struct api_job *job)
{
    struct listing *listing = job->extra;
    struct store_query number = store_query_of(STORE_NUMBER);
    const char *source = json_string_value(json_object_get(job->input, "source"));
    struct store_record record = {
        .kind = STORE_DO_NOT_CALL,
        .of.do_not_call = {.campaign = listing->campaign,
                           .e164 = listing->e164,
                           .source = source ? source : "operator",
                           .note = json_string_value(json_object_get(job->input, "note")),
                           .added_at = loop_clock()}};
    int err = store_put(store, &record);

    number.text = listing->e164;
    if (!err)
        err = store_each(store, &number, keep_number, listing);
    if (!err)
        job->result = encode_do_not_call(&record.of.do_not_call);
    return err;
}

static void listing_then(struct api_job *job)
{
    const struct listing *listing = job->extra;
    struct event event = {.kind = EVENT_DO_NOT_CALL_ADDED,
                          .of.contact = {.number = listing->number, .campaign = listing->campaign}};

    if (listing->number)
        dialing_feed(job->server, &event, NULL);
}

void api_do_not_call_add(struct api_call *call)
{
    const char *text = json_string_value(json_object_get(call->body, "number"));
    const char *country = json_string_value(json_object_get(call->body, "country"));
    const char *word = json_string_value(json_object_get(call->body, "campaign"));
    const struct roster_campaign *campaign =
        word ? roster_find_campaign(&call->server->roster, slice_from(word)) : NULL;
    struct phone_number number;

    if (word && !campaign) {
        api_refuse(call, 404, "there is no campaign '%s'", word);
        return;
    }
    enum phone_number_verdict verdict =
        phone_number_parse(slice_from(text ? text : ""), country ? country : "", &number);

    if (!number.e164[0]) {
        api_refuse(call, 400, "number: '%s': %s", text ? text : "",
                   phone_number_verdict_text(verdict));
        return;
    }
    struct api_job *job = api_job_new(call);
    struct listing *listing = calloc(1, sizeof(*listing));

    check(listing);
    slice_copy(slice_from(number.e164), listing->e164, sizeof(listing->e164));
    listing->campaign = campaign ? campaign->id : 0;
    job->extra = listing;
    job->status_wanted = 201;
    api_work(job, API_WRITE, listing_work, listing_then);
}

/* Taking an entry out: whom it was about, for the core. */
enum {
    PERSONS_MAX = 256
}; /* who share a number; the rest are known to be free at the next start */

struct pardon {
    char e164[PHONE_NUMBER_SIZE];
    uint64_t campaign;
    number_id number;
    person_id persons[PERSONS_MAX];
    size_t person_count;
    struct store *store;
    bool forbidden;
};

static int pardon_entry(void *arg, const struct store_record *record)
{
    struct pardon *pardon = arg;

    slice_copy(slice_from(record->of.do_not_call.e164), pardon->e164, sizeof(pardon->e164));
    pardon->campaign = record->of.do_not_call.campaign;
    return 0;
}

static int pardon_number(void *arg, const struct store_record *record)
{
    ((struct pardon *)arg)->number = record->of.number.id;
    return 0;
}

static int pardon_person(void *arg, const struct store_record *record)
{
    struct pardon *pardon = arg;

    if (pardon->person_count < PERSONS_MAX)
        pardon->persons[pardon->person_count++] = record->of.lead.core.person;
    return 0;
}

static int pardon_lead(void *arg, const struct store_record *record)
{
    struct pardon *pardon = arg;
    struct store_query lead = store_query_of(STORE_LEAD);

    lead.id = record->of.lead_number.lead;
    return store_each(pardon->store, &lead, pardon_person, pardon);
}

static int look_at_person(void *arg, const struct store_record *record)
{
    ((struct pardon *)arg)->forbidden = record->of.person.flags & CONTACT_DO_NOT_CALL;
    return 0;
}

/* Of those who share the number, whom nothing else forbids. */
static int keep_free_persons(struct store *store, struct pardon *pardon)
{
    struct store_query person = store_query_of(STORE_PERSON);
    size_t count = 0;
    int err = 0;

    for (size_t i = 0; i < pardon->person_count && !err; i++) {
        person.id = pardon->persons[i];
        pardon->forbidden = true;
        err = store_each(store, &person, look_at_person, pardon);
        if (!pardon->forbidden)
            pardon->persons[count++] = person.id;
    }
    pardon->person_count = count;
    return err;
}

static int find_pardoned(struct store *store, uint64_t entry, struct pardon *pardon)
{
    struct store_query listed = store_query_of(STORE_DO_NOT_CALL);
    struct store_query number = store_query_of(STORE_NUMBER);
    struct store_query leads = store_query_of(STORE_LEAD_NUMBER);

    *pardon = (struct pardon){.store = store};
    listed.id = entry;
    int err = store_each(store, &listed, pardon_entry, pardon);

    number.text = pardon->e164;
    if (!err && pardon->e164[0])
        err = store_each(store, &number, pardon_number, pardon);
    leads.number = pardon->number;
    if (!err && pardon->number)
        err = store_each(store, &leads, pardon_lead, pardon);
    return err;
}

static void unlist_then(struct api_job *job)
{
    const struct pardon *pardon = job->extra;
    struct event event = {.kind = EVENT_DO_NOT_CALL_REMOVED,
                          .of.contact = {.number = pardon->number, .campaign = pardon->campaign}};

    if (pardon->number)
        dialing_feed(job->server, &event, NULL);
    for (size_t i = 0; i < pardon->person_count; i++) {
        event.of.contact.number = event.of.contact.campaign = 0;
        event.of.contact.person = pardon->persons[i];
        dialing_feed(job->server, &event, NULL);
    }
}

static int unlist_work(struct store *store, struct api_job *job)
{
    int err = find_pardoned(store, job->id, job->extra);

    if (!err)
        err = store_remove(store, STORE_DO_NOT_CALL, job->id);
    if (!err)
        err = keep_free_persons(store, job->extra);
    return err == ENOENT
               ? api_job_fails(job, 404, err, "there is no entry %llu", (unsigned long long)job->id)
               : err;
}

void api_do_not_call_remove(struct api_call *call)
{
    uint64_t id;

    if (!api_id(call, 0, &id))
        return;
    struct api_job *job = api_job_new(call);

    job->id = id;
    job->status_wanted = 204;
    job->extra = calloc(1, sizeof(struct pardon));
    check(job->extra);
    api_work(job, API_WRITE, unlist_work, unlist_then);
}
