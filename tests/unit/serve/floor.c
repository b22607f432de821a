#include "unit/serve/floor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/sessions.h"
#include "desk/desk.h"
#include "serve/entry.h"
#include "server/boot.h"
#include "server/calls.h"
#include "server/dialing.h"
#include "server/imports.h"
#include "server/tokens.h"
#include "wire/signature.h"

#define ACCOUNT "AC00000000000000000000000000000001"
#define AUTH_TOKEN "engine-test-token"

static void take_order(void *arg, struct http_request *request)
{
    struct floor *floor = arg;
    struct engine_order *order = &floor->orders[floor->order_count++];
    unsigned status = floor->engine_status ? floor->engine_status : 201;
    char user[64], password[64];
    struct text body;

    assert_true(floor->order_count < ORDERS_MAX);
    assert_true(http_request_basic(request, user, sizeof(user), password, sizeof(password)));
    assert_string_equal(user, ACCOUNT);
    assert_string_equal(password, AUTH_TOKEN);
    snprintf(order->method, sizeof(order->method), "%s", http_request_method(request));
    snprintf(order->path, sizeof(order->path), "%s?%s", http_request_path(request),
             http_request_query(request));
    assert_int_equal(form_parse(&order->form, http_request_body(request)), 0);
    text_init(&body);
    if (floor->engine_body)
        text_add(&body, floor->engine_body);
    else
        text_addf(
            &body,
            "{\"sid\":\"CA%032u\",\"status\":\"queued\",\"duration\":null,\"date_created\":null,"
            "\"start_time\":null}",
            ++floor->call_count);
    http_request_reply(request, status, "application/json", body.at, body.size);
    text_release(&body);
}

static void make_token(struct floor *floor, struct store *store)
{
    char hash[TOKEN_HASH_SIZE];

    assert_int_equal(token_make(floor->token), 0);
    token_hash(slice_from(floor->token), hash);
    struct store_record record = {.kind = STORE_TOKEN,
                                  .of.token = {.name = "test", .hash = hash, .rights = "operator"}};

    assert_int_equal(store_begin(store), 0);
    assert_int_equal(store_put(store, &record), 0);
    assert_int_equal(store_commit(store), 0);
}

void floor_open(struct floor *floor)
{
    struct server *server = &floor->server;
    struct http_server_options http = {.address = "127.0.0.1"};
    struct store *store;
    struct boot *boot;
    char why[256];

    memset(floor, 0, sizeof(*floor));
    snprintf(floor->folder, sizeof(floor->folder), "/tmp/outdial-test-XXXXXX");
    assert_non_null(mkdtemp(floor->folder));
    assert_int_equal(loop_new(&server->loop), 0);
    slice_copy(slice_from(floor->folder), server->data, sizeof(server->data));
    slice_copy(slice_from("+12025550100"), server->caller_id, sizeof(server->caller_id));
    slice_copy(slice_from(ACCOUNT), server->credentials.account, CREDENTIAL_SIZE);
    slice_copy(slice_from(AUTH_TOKEN), server->credentials.auth_token, CREDENTIAL_SIZE);
    server->upload_size_max = 1 << 20;
    roster_init(&server->roster);
    traffic_init(&server->traffic);
    table_init(&server->tokens);
    table_init(&server->seen.tokens);
    server->seen.ring = calloc(SEEN_COUNT, SEEN_TOKEN_SIZE);
    assert_non_null(server->seen.ring);
    assert_int_equal(zones_new(&server->zones, why, sizeof(why)), 0);
    assert_int_equal(regions_new(&server->regions, server->zones), 0);
    assert_int_equal(store_open_memory(&store), 0);
    make_token(floor, store);
    assert_int_equal(boot_read(&boot, server, store, why, sizeof(why)), 0);
    assert_int_equal(keeper_new(&server->keeper, store, server->loop, 1), 0);
    assert_int_equal(workers_new(&server->workers, server->loop, 1), 0);
    assert_int_equal(imports_new(&server->imports, server), 0);
    assert_int_equal(sessions_new(server, &(struct sessions_options){.host_names = "desk.test"}),
                     0);
    assert_int_equal(desks_begin(server, &(struct desks_options){.breaks = "1=Lunch:30"}), 0);
    assert_int_equal(boot_make_core(boot, server, 16, 64, 50), 0);
    assert_int_equal(
        http_server_new(&server->http, server->loop, &http, entry_take_request, server), 0);
    http_server_on_head(server->http, entry_take_head);
    assert_int_equal(http_server_new(&floor->engine_server, server->loop, &http, take_order, floor),
                     0);
    snprintf(floor->http, sizeof(floor->http), "http://127.0.0.1:%u",
             http_server_port(server->http));
    slice_copy(slice_from(floor->http), server->public_url, sizeof(server->public_url));
    slice_copy(slice_from(floor->http), server->hook_url, sizeof(server->hook_url));
    snprintf(floor->engine_http, sizeof(floor->engine_http), "http://127.0.0.1:%u/some/path",
             http_server_port(floor->engine_server));
    struct telephony_options telephony = {
        .base_url = floor->engine_http, .account = ACCOUNT, .secret = AUTH_TOKEN, .seed = 1};

    assert_int_equal(telephony_new(&server->telephony, server->loop, &telephony), 0);
    assert_int_equal(http_client_new(&floor->client, server->loop,
                                     &(struct http_client_options){.insecure = false}),
                     0);
    server->voice_is_up = true;
    boot_recover(boot, server);
    boot_free(boot);
}

void floor_close(struct floor *floor)
{
    struct server *server = &floor->server;
    char command[128];

    server->stopping = true;
    http_client_free(floor->client);
    http_server_free(server->http);
    telephony_free(server->telephony);
    http_server_free(floor->engine_server);
    orders_release(server);
    imports_stop(server->imports);
    sessions_free(server);
    workers_free(server->workers);
    keeper_free(server->keeper);
    desks_end(server);
    imports_free(server->imports);
    dialer_free(server->dialer);
    loop_timer_stop(server->loop, &server->wake);
    regions_free(server->regions);
    zones_free(server->zones);
    tokens_release(server);
    roster_release(&server->roster);
    traffic_release(&server->traffic);
    table_release(&server->seen.tokens);
    free(server->seen.ring);
    loop_free(server->loop);
    for (size_t i = 0; i < floor->order_count; i++)
        form_release(&floor->orders[i].form);
    snprintf(command, sizeof(command), "rm -r %s", floor->folder);
    assert_int_equal(system(command), 0);
}

struct asked {
    bool done;
    unsigned status;
    struct text body;
};

static void take_answer(void *arg, const struct http_answer *answer)
{
    struct asked *asked = arg;

    asked->done = true;
    asked->status = answer->status;
    text_add_slice(&asked->body, answer->body);
}

static void send_and_wait(struct floor *floor, const struct http_order *order, struct asked *asked)
{
    instant end = loop_clock() + 3 * SECOND;

    *asked = (struct asked){.done = false};
    text_init(&asked->body);
    assert_int_equal(http_client_send(floor->client, order, take_answer, asked, NULL), 0);
    while (!asked->done && loop_clock() < end)
        loop_step(floor->server.loop, 20 * MILLISECOND);
    assert_true(asked->done);
}

json_t *floor_ask(struct floor *floor, const char *method, const char *path, const char *body,
                  unsigned *status)
{
    char url[1536], bearer[128];
    const char *const headers[] = {bearer, NULL};
    struct http_order order = {
        .method = method, .url = url, .headers = headers, .body = slice_from(body)};
    struct asked asked;

    snprintf(url, sizeof(url), "%s%s", floor->http, path);
    snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", floor->token);
    send_and_wait(floor, &order, &asked);
    json_t *json = asked.body.size ? json_loadb(asked.body.at, asked.body.size, 0, NULL) : NULL;

    *status = asked.status;
    text_release(&asked.body);
    return json;
}

unsigned floor_hook(struct floor *floor, const char *path, const char *body, bool is_signed,
                    struct text *text)
{
    char url[512], signature[SIGNATURE_SIZE], header[128];
    const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", header, NULL};
    struct http_order order = {
        .method = "POST", .url = url, .headers = headers, .body = slice_from(body)};
    struct asked asked;
    struct form form;

    snprintf(url, sizeof(url), "%s%s", floor->http, path);
    assert_int_equal(form_parse(&form, slice_from(body)), 0);
    signature_make(is_signed ? AUTH_TOKEN : "another token", slice_from(url), &form, signature);
    form_release(&form);
    snprintf(header, sizeof(header), "X-Twilio-Signature: %s", signature);
    send_and_wait(floor, &order, &asked);
    if (text)
        text_add_slice(text, text_slice(&asked.body));
    text_release(&asked.body);
    return asked.status;
}

void floor_turn(struct floor *floor, unsigned ms)
{
    instant end = loop_clock() + ms * MILLISECOND;

    while (loop_clock() < end)
        loop_step(floor->server.loop, end - loop_clock());
}

void floor_wait_orders(struct floor *floor, size_t count)
{
    instant end = loop_clock() + 2 * SECOND;

    while (floor->order_count < count && loop_clock() < end)
        loop_step(floor->server.loop, 10 * MILLISECOND);
    assert_true(floor->order_count >= count);
}

struct adding {
    bool done;
    campaign_id campaign;
    const char *e164;
};

static int put(struct store *store, struct store_record *record)
{
    int err = store_begin(store);

    if (!err)
        err = store_put(store, record);
    return err ? err : store_commit(store);
}

static int add_work(struct store *store, void *arg)
{
    struct adding *adding = arg;
    struct store_record list = {
        .kind = STORE_LIST,
        .of.list = {.campaign = adding->campaign, .name = adding->e164, .country = "US"}};
    struct store_import_row row = {
        .line = 2,
        .external_id = "",
        .first_name = "Ada",
        .last_name = "Example",
        .email = "",
        .address = "",
        .country = "",
        .zone = "",
        .columns = "{\"colour\":\"blue\"}",
        .priority = PRIORITY_NORMAL,
        .number_count = 1,
        .numbers = {{.e164 = adding->e164, .country = "US", .valid = true}}};
    int err = put(store, &list);
    struct store_record import = {.kind = STORE_IMPORT,
                                  .of.import = {.campaign = adding->campaign,
                                                .list = list.of.id,
                                                .file_name = "people.csv",
                                                .file_hash = adding->e164,
                                                .summary = "{}",
                                                .rows = 1,
                                                .imported = 1}};

    if (!err)
        err = put(store, &import);
    if (!err)
        err = store_import_rows(store, import.of.id, &row, 1);
    return err ? err : store_import_publish(store, &import.of.import);
}

static void add_done(void *arg, int err)
{
    struct adding *adding = arg;

    assert_int_equal(err, 0);
    adding->done = true;
}

void floor_add_lead(struct floor *floor, campaign_id campaign, const char *e164)
{
    struct adding adding = {.campaign = campaign, .e164 = e164};
    struct event added = {.kind = EVENT_LEADS_ADDED, .of.campaign_id = campaign};

    keeper_post(floor->server.keeper, KEEPER_ALONE, add_work, add_done, &adding);
    while (!adding.done)
        loop_step(floor->server.loop, 10 * MILLISECOND);
    dialing_feed(&floor->server, &added, NULL);
}
