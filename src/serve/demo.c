#include "serve/demo.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/agents.h"
#include "api/board.h"
#include "api/campaigns.h"
#include "api/sessions.h"
#include "base/log.h"
#include "net/child.h"
#include "server/credentials.h"
#include "server/dialing.h"
#include "server/server.h"

extern const char demo_phones_json[];
extern const size_t demo_phones_json_size;

#define CAMPAIGN_NAME "demo"
enum {
    ROBOTS = 6,
    LEADS = 1000,
    SEAT_LEADS = 400,
    SEAT_FIRST_NUMBER = 5000,
    COLUMNS_SIZE = 256,
    ROWS_PER_STEP = 200,
    FIRST_NUMBER = 1000
};

/* Fictitious from end to end: an exchange (555) that has no subscribers; every call ends at the simulated phones. */
#define NUMBER_FORMAT "+1202555%04u"
#define ZONE "America/New_York"
#define SEAT_CAMPAIGN "Home renewals"
#define SEAT_AGENT "you"
#define CLAIMS_NUMBER "+12025559998"

/* People who are simulated have no night, and do not mind being called again. */
static const char settings[] =
    "{\"mode\":\"progressive\",\"ring_timeout_s\":20,\"wrap_up_s\":4,\"wrap_up_default\":7,"
    "\"note\":\"Simulated people: hours are 0-24 and the list is called again and again.\","
    "\"message\":\"This is a demonstration. Nobody is free to speak to you just now.\","
    "\"hours\":{\"every_day\":[[\"00:00\",\"24:00\"]]},"
    "\"number_caps\":{\"per_day\":0,\"per_24_hours\":0,\"per_7_days\":0,\"lifetime\":0,\"gap_s\":0}"
    ","
    "\"person_caps\":{\"per_day\":0,\"per_24_hours\":0,\"per_7_days\":0,\"lifetime\":0,\"gap_s\":0}"
    ","
    "\"lead_attempts_max\":0,"
    "\"retry\":{\"busy\":{\"delay_s\":60,\"times_max\":255},"
    "\"no-answer\":{\"delay_s\":60,\"times_max\":255},\"failed\":{\"delay_s\":60,\"times_max\":255}"
    ","
    "\"hung-up\":{\"delay_s\":60,\"times_max\":255},\"canceled\":{\"delay_s\":30,\"times_max\":255}"
    ","
    "\"abandoned\":{\"delay_s\":60,\"times_max\":255}},"
    "\"dispositions\":[{\"code\":1,\"name\":\"sold\",\"behaviour\":\"done\"},"
    "{\"code\":2,\"name\":\"not interested\",\"behaviour\":\"done\"},"
    "{\"code\":4,\"name\":\"do not call\",\"behaviour\":\"do-not-call\"},"
    "{\"code\":7,\"name\":\"spoke, again later\",\"behaviour\":\"retry\",\"delay_s\":120}]}";

/* For whoever sits down at this machine: people of their own, a script, time to write a note. */
static const char seat_settings[] =
    "{\"mode\":\"progressive\",\"ring_timeout_s\":20,\"wrap_up_s\":60,\"wrap_up_default\":3,"
    "\"note\":\"The seat of the demonstration; its people are simulated and have no night.\","
    "\"message\":\"This is a demonstration. Nobody is free to speak to you just now.\","
    "\"hours\":{\"every_day\":[[\"00:00\",\"24:00\"]]},"
    "\"number_caps\":{\"per_day\":0},\"person_caps\":{\"per_day\":0},"
    "\"fields\":[\"Renewal due\",\"Premium now\",\"Offer\",\"Cover\"],\"hold_limit_s\":120,"
    "\"transfer_numbers\":[{\"name\":\"Claims desk\",\"number\":\"" CLAIMS_NUMBER "\"}],"
    "\"dispositions\":[{\"code\":1,\"name\":\"Renewed\",\"behaviour\":\"done\"},"
    "{\"code\":2,\"name\":\"Callback\",\"behaviour\":\"callback\"},"
    "{\"code\":3,\"name\":\"Thinking it over\",\"behaviour\":\"retry\",\"delay_s\":3600},"
    "{\"code\":4,\"name\":\"Not interested\",\"behaviour\":\"done\"},"
    "{\"code\":5,\"name\":\"Wrong number\",\"behaviour\":\"wrong-number\"},"
    "{\"code\":6,\"name\":\"Do not call\",\"behaviour\":\"do-not-call\"}],"
    "\"script\":{\"steps\":["
    "{\"title\":\"Opening\",\"text\":\"Good day, am I speaking with {name}?\\nThis is {agent} "
    "about your "
    "home policy. Is now a good time?\",\"branches\":[{\"label\":\"Yes\",\"to\":\"Renewal\"},"
    "{\"label\":\"Not now\",\"to\":\"Close\"}]},"
    "{\"title\":\"Renewal\",\"text\":\"Your policy ends on {Renewal due}. I can renew it today at "
    "{Offer} "
    "for the year; now you pay {Premium now}.\",\"branches\":[{\"label\":\"Happy to "
    "renew\",\"to\":\"Close\"},{\"label\":\"Has a question\",\"to\":\"Questions\"}]},"
    "{\"title\":\"Questions\",\"text\":\"It covers {Cover}. What would you like to know?\","
    "\"branches\":[{\"label\":\"Back to the offer\",\"to\":\"Renewal\"}]},"
    "{\"title\":\"Close\",\"text\":\"Thank you for your time. Goodbye!\",\"branches\":[]}],"
    "\"asides\":[{\"title\":\"Who are these people?\",\"text\":\"Simulated ones: they answer, "
    "talk, hang up "
    "and never mind.\"}]}}";

struct demo {
    struct server *server;
    struct demo_events events;
    struct child *phones;
    struct board *board;
    char trunk[160];
    char http[160];
    bool ready, ending;
};

static void fail(struct demo *demo, const char *why)
{
    demo->events.failed(demo->events.arg, why);
}

static void on_phones_line(void *arg, struct slice line)
{
    struct demo *demo = arg;

    if (demo->ready)
        return; /* its records of calls are not for the terminal */
    json_t *json = json_loadb(line.at, line.size, 0, NULL);
    const char *sip = json_string_value(json_object_get(json, "sip"));

    if (json_is_true(json_object_get(json, "ready")) && sip &&
        slice_copy(slice_from(sip), demo->trunk, sizeof(demo->trunk))) {
        demo->ready = true;
        demo->events.ready(demo->events.arg, demo->trunk);
    }
    json_decref(json);
}

static void on_phones_end(void *arg, const struct child_end *end)
{
    struct demo *demo = arg;

    demo->phones = NULL;
    if (!demo->ending)
        fail(demo, "the simulated phones have ended; what they said stands above");
}

static int start_phones(struct demo *demo)
{
    char program[PATH_MAX], script[PATH_MAX], listen[64] = "127.0.0.1:0";
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
    int err = secret_write(demo->server->data, "phones-demo.json", demo_phones_json);

    if (size < 0)
        return errno;
    program[size] = '\0';
    if (err)
        return err;
    snprintf(script, sizeof(script), "%s/phones-demo.json", demo->server->data);
    const char *const argv[] = {program, "phones", "--listen", listen, "--script", script, NULL};
    struct child_order order = {.argv = argv};

    return child_spawn(&demo->phones, demo->server->loop, &order, on_phones_line, on_phones_end,
                       demo);
}

int demo_new(struct demo **demop, struct server *server, const struct demo_events *events)
{
    struct demo *demo = calloc(1, sizeof(*demo));
    int err = demo ? 0 : ENOMEM;

    if (demo) {
        demo->server = server;
        demo->events = *events;
        err = start_phones(demo);
    }
    if (err)
        free(demo);
    else
        *demop = demo;
    return err;
}

/* What is missing in the store: campaign, list, robots; the seat. Makes its own transactions. */
struct making {
    struct demo *demo;
    bool floor, seat; /* which of both is made */
    struct store_record seat_campaign, seat_agent;
    struct store_record campaign;
    struct store_record robots[ROBOTS];
    char names[ROBOTS][24], addresses[ROBOTS][200];
};

static int put_alone(struct store *store, struct store_record *record)
{
    int err = store_begin(store);

    if (!err)
        err = store_put(store, record);
    if (!err)
        err = store_commit(store);
    if (err)
        store_rollback(store);
    return err;
}

static void word_columns(unsigned n, char out[COLUMNS_SIZE])
{
    static const char *const covers[] = {"Home, contents", "Home", "Contents, bicycles",
                                         "Home, contents, garden"};
    unsigned premium = 280 + n * 37 % 300;

    snprintf(out, COLUMNS_SIZE,
             "{\"Renewal due\":\"%u December\",\"Premium now\":\"$%u.%02u\",\"Offer\":\"$%u.00\","
             "\"Cover\":\"%s\",\"Customer since\":\"%u\"}",
             1 + n % 28, premium, n * 13 % 100, premium - 12 - n % 20,
             covers[n % array_count(covers)], 2005 + n % 20);
}

static int make_leads(struct store *store, campaign_id campaign, unsigned count,
                      unsigned first_number)
{
    static const char *const first[] = {"Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hal"};
    static const char *const last[] = {"Sample", "Example", "Fiction", "Demo", "Nobody"};
    struct store_record list = {.kind = STORE_LIST,
                                .of.list = {.campaign = campaign,
                                            .name = "simulated people",
                                            .country = "US",
                                            .made_at = loop_clock()}};
    int err = put_alone(store, &list);
    struct store_record import = {.kind = STORE_IMPORT,
                                  .of.import = {.campaign = campaign,
                                                .list = list.of.id,
                                                .file_name = "simulated people",
                                                .file_hash = "",
                                                .summary = "{}",
                                                .begun_at = loop_clock()}};
    struct store_import_row *rows = calloc(ROWS_PER_STEP, sizeof(*rows));
    char(*numbers)[24] = calloc(ROWS_PER_STEP, sizeof(*numbers));
    char(*columns)[COLUMNS_SIZE] = calloc(ROWS_PER_STEP, sizeof(*columns));

    if (!err)
        err = rows && numbers && columns ? put_alone(store, &import) : ENOMEM;
    for (unsigned done = 0; !err && done < count; done += ROWS_PER_STEP) {
        for (unsigned i = 0; i < ROWS_PER_STEP; i++) {
            unsigned n = done + i;

            snprintf(numbers[i], sizeof(numbers[i]), NUMBER_FORMAT, first_number + n);
            word_columns(n, columns[i]);
            rows[i] = (struct store_import_row){.line = n + 2,
                                                .external_id = "",
                                                .first_name = first[n % array_count(first)],
                                                .last_name = last[n % array_count(last)],
                                                .email = "",
                                                .address = "",
                                                .country = "US",
                                                .zone = ZONE,
                                                .columns = columns[i],
                                                .priority = PRIORITY_NORMAL,
                                                .number_count = 1,
                                                .numbers = {{.e164 = numbers[i], .country = "US"}}};
        }
        err = store_import_rows(store, import.of.id, rows, ROWS_PER_STEP);
    }
    import.of.import.rows = import.of.import.imported = count;
    import.of.import.ended_at = loop_clock();
    if (!err)
        err = store_import_publish(store, &import.of.import);
    free(rows);
    free(numbers);
    free(columns);
    return err;
}

static int make_floor(struct store *store, struct making *making)
{
    int err = put_alone(store, &making->campaign);

    if (!err)
        err = make_leads(store, making->campaign.of.id, LEADS, FIRST_NUMBER);
    for (size_t i = 0; !err && i < ROBOTS; i++)
        err = put_alone(store, &making->robots[i]);
    return err;
}

static int make_seat(struct store *store, struct making *making)
{
    int err = put_alone(store, &making->seat_campaign);

    if (!err)
        err = make_leads(store, making->seat_campaign.of.id, SEAT_LEADS, SEAT_FIRST_NUMBER);
    return err ? err : put_alone(store, &making->seat_agent);
}

static int make_work(struct store *store, void *arg)
{
    struct making *making = arg;
    int err = making->floor ? make_floor(store, making) : 0;

    if (!err && making->seat)
        err = make_seat(store, making);
    if (err)
        log_error("demo.store", "errno=%d why=\"%s\"", err, store_why(store));
    return err;
}

/* The phones have another port each time: so have the robots. */
static void refresh_address(struct demo *demo, struct roster_agent *agent)
{
    char address[200];

    snprintf(address, sizeof(address), "sip:%s@%s", agent->name, demo->trunk + strlen("sip:"));
    char *copy = strdup(address);

    if (copy) {
        free(agent->address);
        agent->address = copy;
    }
}

static void start(struct server *server, const char *name)
{
    const struct roster_campaign *campaign =
        roster_find_campaign(&server->roster, slice_from(name));
    struct event event = {.kind = EVENT_CAMPAIGN_COMMANDED,
                          .of.command = {.command = COMMAND_START}};

    if (!campaign || campaign->state == CAMPAIGN_RUNNING)
        return;
    event.of.command.campaign = campaign->id;
    dialing_feed(server, &event, NULL);
}

static void go(struct demo *demo)
{
    struct server *server = demo->server;
    char name[24];

    for (unsigned i = 1; i <= ROBOTS; i++) {
        snprintf(name, sizeof(name), "robot-%u", i);
        struct roster_agent *agent = roster_find_agent(&server->roster, slice_from(name));

        if (!agent)
            continue;
        refresh_address(demo, agent);
        struct event login = {.kind = EVENT_AGENT_LOGGED_IN,
                              .of.activity = {.agent = agent->id, .activity = AGENT_AVAILABLE}};

        if (agent->record.activity == AGENT_OFFLINE)
            dialing_feed(server, &login, NULL);
    }
    start(server, CAMPAIGN_NAME);
    start(server, SEAT_CAMPAIGN);
    if (strncmp(demo->http, "http://127.", 11) == 0 || strncmp(demo->http, "http://[::1]", 12) == 0)
        sessions_offer(server, SEAT_AGENT); /* nobody else can reach it */
    if (board_new(&demo->board, server, demo->http) != 0)
        log_warning("demo.board", "why=\"no memory\"");
}

static void make_done(void *arg, int err)
{
    struct making *making = arg;
    struct demo *demo = making->demo;
    struct server *server = demo->server;
    struct roster_campaign *campaign;
    struct roster_agent *agent;

    if (!err && making->floor)
        err = campaign_enters(server, &making->campaign.of.campaign, &campaign);
    for (size_t i = 0; !err && making->floor && i < ROBOTS; i++)
        err = agent_enters(server, &making->robots[i].of.agent, &agent);
    if (!err && making->seat)
        err = campaign_enters(server, &making->seat_campaign.of.campaign, &campaign);
    if (!err && making->seat)
        err = agent_enters(server, &making->seat_agent.of.agent, &agent);
    free(making);
    if (server->stopping || demo->ending)
        return;
    if (err)
        fail(demo, "the demo's data cannot be made");
    else
        go(demo);
}

void demo_begin(struct demo *demo, const char *http)
{
    struct server *server = demo->server;
    struct table_slot *slot;
    size_t at = 0;

    slice_copy(slice_from(http), demo->http, sizeof(demo->http));
    while ((slot = table_next(&server->roster.agents, &at)))
        if (strncmp(((const struct roster_agent *)slot->value)->name, "robot-", 6) == 0)
            refresh_address(demo, slot->value);
    bool floor = !roster_find_campaign(&server->roster, slice_from(CAMPAIGN_NAME));
    bool seat = !roster_find_campaign(&server->roster, slice_from(SEAT_CAMPAIGN)) &&
                !roster_find_agent(&server->roster, slice_from(SEAT_AGENT));

    if (!floor && !seat) {
        go(demo);
        return;
    }
    struct making *making = calloc(1, sizeof(*making));

    check(making);
    making->demo = demo;
    making->floor = floor;
    making->seat = seat;
    making->seat_campaign = (struct store_record){.kind = STORE_CAMPAIGN,
                                                  .of.campaign = {.name = SEAT_CAMPAIGN,
                                                                  .settings = seat_settings,
                                                                  .made_at = loop_clock(),
                                                                  .changed_at = loop_clock(),
                                                                  .state = CAMPAIGN_DRAFT}};
    making->seat_agent =
        (struct store_record){.kind = STORE_AGENT,
                              .of.agent = {.core = {.activity = AGENT_OFFLINE},
                                           .name = SEAT_AGENT,
                                           .full_name = "You",
                                           .address = "client:" SEAT_AGENT,
                                           .settings = "{\"campaigns\":[\"" SEAT_CAMPAIGN "\"]}",
                                           .made_at = loop_clock()}};
    making->campaign = (struct store_record){.kind = STORE_CAMPAIGN,
                                             .of.campaign = {.name = CAMPAIGN_NAME,
                                                             .settings = settings,
                                                             .made_at = loop_clock(),
                                                             .changed_at = loop_clock(),
                                                             .state = CAMPAIGN_DRAFT}};
    for (unsigned i = 0; i < ROBOTS; i++) {
        snprintf(making->names[i], sizeof(making->names[i]), "robot-%u", i + 1);
        snprintf(making->addresses[i], sizeof(making->addresses[i]), "sip:%s@%s", making->names[i],
                 demo->trunk + strlen("sip:"));
        making->robots[i] = (struct store_record){
            .kind = STORE_AGENT,
            .of.agent = {.core = {.activity = AGENT_OFFLINE},
                         .name = making->names[i],
                         .full_name = "a robot",
                         .address = making->addresses[i],
                         .settings = "{\"campaigns\":[\"" CAMPAIGN_NAME "\"]}",
                         .made_at = loop_clock()}};
    }
    keeper_post(server->keeper, KEEPER_ALONE, make_work, make_done, making);
}

void demo_end(struct demo *demo)
{
    demo->ending = true;
    board_free(demo->board);
    demo->board = NULL;
    if (demo->phones)
        child_signal(demo->phones, SIGTERM);
}

void demo_free(struct demo *demo)
{
    if (!demo)
        return;
    board_free(demo->board);
    if (demo->phones)
        child_drop(demo->phones, false);
    free(demo);
}
