#include "lists/exporter.h"

#include <errno.h>
#include <string.h>

#include "core/agent.h"
#include "core/attempt.h"
#include "wire/csv.h"

static const char *const header[] = {
    "attempt",    "lead",     "external_id", "first_name", "last_name",   "number",
    "agent",      "manual",   "state",       "result",     "disposition", "callback_at",
    "sip_code",   "call_sid", "planned_at",  "placed_at",  "ringing_at",  "answered_at",
    "bridged_at", "ended_at", "wrapped_at",  "ring_ms",    "wait_ms",     "talk_ms",
    "wrap_up_ms", "hello_ms", "reason",      "note",
};

struct page {
    struct exporter *exporter;
    struct store *store;
    struct csv_writer writer;
    uint32_t rows;
    char agent[128], external_id[256], first_name[256], last_name[256];
};

static void copy(char *out, size_t size, const char *text)
{
    slice_copy(slice_from(text), out, size);
}

static int take_agent(void *arg, const struct store_record *record)
{
    struct page *page = arg;

    copy(page->agent, sizeof(page->agent), record->of.agent.name);
    return 0;
}

static int take_person(void *arg, const struct store_record *record)
{
    const struct store_person *person = &record->of.person;
    struct page *page = arg;

    copy(page->external_id, sizeof(page->external_id), person->external_id);
    copy(page->first_name, sizeof(page->first_name), person->first_name);
    copy(page->last_name, sizeof(page->last_name), person->last_name);
    return 0;
}

static int look_up(struct page *page, enum store_kind kind, uint64_t id, store_row_fn take)
{
    struct store_query query = store_query_of(kind);

    query.id = id;
    return id ? store_each(page->store, &query, take, page) : 0;
}

static void add_instant(struct csv_writer *writer, instant at)
{
    char text[INSTANT_TEXT_SIZE] = "";

    if (at)
        instant_to_iso(at, 1, text);
    csv_add_field(writer, slice_from(text));
}

static void add_span(struct csv_writer *writer, instant begin, instant end)
{
    if (begin && end && end >= begin)
        csv_add_number(writer, (end - begin) / MILLISECOND);
    else
        csv_add_field(writer, slice_from(""));
}

/* Milliseconds with three places, as microseconds are what was measured. */
static void add_hello(struct csv_writer *writer, int64_t hello_us)
{
    struct text text;

    text_init(&text);
    if (hello_us >= 0)
        text_addf(&text, "%lld.%03lld", (long long)(hello_us / 1000), (long long)(hello_us % 1000));
    csv_add_field(writer, text_slice(&text));
    text_release(&text);
}

static void add_disposition(struct page *page, uint16_t code)
{
    const struct exporter *exporter = page->exporter;
    const char *name =
        code && exporter->disposition_name ? exporter->disposition_name(exporter->arg, code) : NULL;

    if (name)
        csv_add_text_field(&page->writer, slice_from(name));
    else if (code)
        csv_add_number(&page->writer, code);
    else
        csv_add_field(&page->writer, slice_from(""));
}

/* Digits behind a plus are a number to every program; all else that begins so is made harmless. */
static void add_number_text(struct csv_writer *writer, const char *e164)
{
    bool plain = e164[0] == '+' && e164[1] && strspn(e164 + 1, "0123456789") == strlen(e164 + 1);

    if (plain)
        csv_add_field(writer, slice_from(e164));
    else
        csv_add_text_field(writer, slice_from(e164));
}

static void add_times(struct csv_writer *writer, const struct attempt_record *attempt)
{
    instant answered = attempt->answered_at;
    instant before = attempt->placed_at ? attempt->placed_at : attempt->ordered_at;

    add_instant(writer, attempt->planned_at);
    add_instant(writer, attempt->placed_at);
    add_instant(writer, attempt->ringing_at);
    add_instant(writer, answered);
    add_instant(writer, attempt->bridged_at);
    add_instant(writer, attempt->ended_at);
    add_instant(writer, attempt->wrapped_at);
    add_span(writer, before, answered ? answered : attempt->ended_at);
    add_span(writer, answered, attempt->bridged_at ? attempt->bridged_at : attempt->ended_at);
    add_span(writer, attempt->bridged_at, attempt->ended_at);
    add_span(writer, attempt->ended_at, attempt->wrapped_at);
    add_hello(writer, attempt->hello_us);
}

static int add_attempt(void *arg, const struct store_record *record)
{
    const struct store_attempt *attempt = &record->of.attempt;
    const struct attempt_record *core = &attempt->core;
    struct page *page = arg;
    struct csv_writer *writer = &page->writer;
    int err;

    page->agent[0] = page->external_id[0] = page->first_name[0] = page->last_name[0] = '\0';
    err = look_up(page, STORE_AGENT, core->agent, take_agent);
    if (!err)
        err = look_up(page, STORE_PERSON, core->person, take_person);
    if (err)
        return err;
    csv_add_number(writer, (int64_t)core->id);
    csv_add_number(writer, (int64_t)core->lead);
    csv_add_text_field(writer, slice_from(page->external_id));
    csv_add_text_field(writer, slice_from(page->first_name));
    csv_add_text_field(writer, slice_from(page->last_name));
    add_number_text(writer, attempt->e164);
    csv_add_text_field(writer, slice_from(page->agent));
    csv_add_field(writer, slice_from(core->manual ? "yes" : "no"));
    csv_add_field(writer, slice_from(attempt_state_name(core->state)));
    csv_add_field(writer, slice_from(core->result ? attempt_result_name(core->result) : ""));
    add_disposition(page, core->disposition);
    add_instant(writer, core->callback_at);
    if (core->sip_code)
        csv_add_number(writer, core->sip_code);
    else
        csv_add_field(writer, slice_from(""));
    csv_add_text_field(writer, slice_from(attempt->call_sid));
    add_times(writer, core);
    csv_add_field(writer, slice_from(core->reason ? refusal_name(core->reason) : ""));
    csv_add_text_field(writer, slice_from(attempt->note));
    csv_end_row(writer);
    page->exporter->after = core->id;
    page->exporter->rows++;
    page->rows++;
    return 0;
}

void exporter_init(struct exporter *exporter, uint64_t campaign)
{
    memset(exporter, 0, sizeof(*exporter));
    exporter->campaign = campaign;
}

int exporter_page(struct exporter *exporter, struct store *store, uint32_t rows, struct text *out)
{
    struct page page = {.exporter = exporter, .store = store};
    struct store_query query = store_query_of(STORE_ATTEMPT);
    int err;

    csv_writer_init(&page.writer, out);
    if (!exporter->has_header) {
        for (size_t i = 0; i < array_count(header); i++)
            csv_add_field(&page.writer, slice_from(header[i]));
        csv_end_row(&page.writer);
        exporter->has_header = true;
    }
    query.campaign = exporter->campaign;
    query.after = exporter->after;
    query.limit = rows;
    err = store_each(store, &query, add_attempt, &page);
    exporter->is_done = page.rows < rows;
    if (!err && out->failed)
        err = ENOMEM;
    return err;
}
