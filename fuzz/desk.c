#include "desk.h"

#include <errno.h>
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

/* ---------------------------------------------------------------------------- net/loop, without a clock */

enum { POSTS_MAX = 4096, JOBS_MAX = 4096, ORDERS_MAX = 512 };

struct loop {
    struct heap timers;
    instant now;
    size_t post_first, post_count;
    struct {
        loop_handler handler;
        void *arg;
    } posts[POSTS_MAX];
};

static struct loop the_loop;

int loop_new(struct loop **loop)
{
    heap_init(&the_loop.timers);
    the_loop.post_first = the_loop.post_count = 0;
    *loop = &the_loop;
    return 0;
}

void loop_free(struct loop *loop)
{
    if (loop)
        heap_release(&loop->timers);
}

instant loop_now(const struct loop *loop)
{
    return loop->now;
}

instant loop_clock(void)
{
    return the_loop.now;
}

instant loop_clock_leap(void)
{
    return 0;
}

int loop_timer_start(struct loop *loop, struct loop_timer *timer, instant at, loop_handler handler,
                     void *arg)
{
    timer->handler = handler;
    timer->arg = arg;
    return heap_add(&loop->timers, &timer->node, at);
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
    heap_remove(&loop->timers, &timer->node);
}

int loop_post(struct loop *loop, loop_handler handler, void *arg)
{
    check(loop->post_count < POSTS_MAX);
    size_t place = (loop->post_first + loop->post_count++) % POSTS_MAX;

    loop->posts[place].handler = handler;
    loop->posts[place].arg = arg;
    return 0;
}

int loop_watch(struct loop *loop, int fd, uint32_t events, loop_fd_handler handler, void *arg)
{
    return 0;
}

void loop_unwatch(struct loop *loop, int fd)
{
}

void loop_after_step(struct loop *loop, loop_handler handler, void *arg)
{
}

int loop_fd(const struct loop *loop)
{
    return -1;
}

instant loop_deadline(const struct loop *loop)
{
    return heap_deadline(&loop->timers);
}

void loop_step(struct loop *loop, instant wait_max)
{
}

void loop_run(struct loop *loop)
{
}

void loop_stop(struct loop *loop)
{
}

static bool post_one(struct loop *loop)
{
    if (!loop->post_count)
        return false;
    size_t place = loop->post_first;

    loop->post_first = (place + 1) % POSTS_MAX;
    loop->post_count--;
    loop->posts[place].handler(loop->posts[place].arg);
    return true;
}

static bool fire_one(struct loop *loop)
{
    struct heap_node *node = heap_first(&loop->timers);

    if (!node || node->at > loop->now)
        return false;
    struct loop_timer *timer = container_of(node, struct loop_timer, node);

    heap_remove(&loop->timers, node);
    timer->handler(timer->arg);
    return true;
}

/* ------------------------------------------------------------------- server/keeper, without its thread */

struct keeper {
    struct store *store;
    bool may_refuse,
        refused; /* a damaged store: what must be kept waits, and all behind it, for ever */
    size_t first, count;
    struct {
        enum keeper_kind kind;
        keeper_work work;
        keeper_done done;
        void *arg;
    } jobs[JOBS_MAX];
};

static struct keeper the_keeper;

int keeper_new(struct keeper **keeper, struct store *store, struct loop *loop, unsigned commit_ms)
{
    the_keeper.store = store;
    the_keeper.first = the_keeper.count = 0;
    the_keeper.refused = false;
    *keeper = &the_keeper;
    return 0;
}

void keeper_post(struct keeper *keeper, enum keeper_kind kind, keeper_work work, keeper_done done,
                 void *arg)
{
    check(keeper->count < JOBS_MAX);
    size_t place = (keeper->first + keeper->count++) % JOBS_MAX;

    keeper->jobs[place].kind = kind;
    keeper->jobs[place].work = work;
    keeper->jobs[place].done = done;
    keeper->jobs[place].arg = arg;
}

size_t keeper_waiting(const struct keeper *keeper)
{
    return keeper->count;
}

static int work_one(struct keeper *keeper, size_t place)
{
    bool alone = keeper->jobs[place].kind == KEEPER_ALONE;
    int err;

    if (!keeper->jobs[place].work)
        return 0;
    check(alone || store_begin(keeper->store) == 0);
    err = keeper->jobs[place].work(keeper->store, keeper->jobs[place].arg);
    if (!alone && !err)
        err = store_commit(keeper->store);
    if (!alone && err)
        store_rollback(keeper->store);
    return err;
}

static bool keep_one(struct keeper *keeper)
{
    size_t place = keeper->first;
    int err;

    if (!keeper->count || keeper->refused)
        return false;
    err = work_one(keeper, place);
    if (err && keeper->jobs[place].kind == KEEPER_MUST) {
        check(keeper->may_refuse); /* what is decided can be kept */
        keeper->refused = true;
        return false;
    }
    keeper->first = (place + 1) % JOBS_MAX;
    keeper->count--;
    if (keeper->jobs[place].done)
        keeper->jobs[place].done(keeper->jobs[place].arg, err);
    return true;
}

static void give_up(struct keeper *keeper)
{
    for (; keeper->count; keeper->count--) {
        size_t place = keeper->first;

        keeper->first = (place + 1) % JOBS_MAX;
        if (keeper->jobs[place].done)
            keeper->jobs[place].done(keeper->jobs[place].arg, EIO);
    }
}

void keeper_on_trouble(struct keeper *keeper, keeper_trouble_handler handler, void *arg)
{
}

size_t keeper_free(struct keeper *keeper)
{
    if (!keeper)
        return 0;
    while (keep_one(keeper))
        ;
    give_up(keeper);
    store_close(keeper->store);
    return 0;
}

/* ---------------------------------------------------------------- server/workers: they have no time */

int workers_new(struct workers **workers, struct loop *loop, unsigned thread_count)
{
    *workers = NULL;
    return 0;
}

void workers_free(struct workers *workers)
{
}

int workers_run(struct workers *workers, worker_job work, worker_job done, void *arg)
{
    return EAGAIN;
}

bool workers_are_stopping(const struct workers *workers)
{
    return true;
}

/* ---------------------------------------------------------------------- server/zones: one, without summer */

struct zones {
    struct zone zone;
    struct zone_set set;
};

int zones_new(struct zones **zonesp, char *why, size_t why_size)
{
    static const int32_t offsets[] = {-5 * 3600};
    static const uint16_t only[] = {0};
    static struct zones zones;

    zones.zone.offsets_s = offsets;
    zones.set = (struct zone_set){.zone_count = 1, .zones = only};
    *zonesp = &zones;
    return 0;
}

void zones_free(struct zones *zones)
{
}

const struct zone *zones_table(const struct zones *zones, uint32_t *count)
{
    *count = 1;
    return &zones->zone;
}

const struct zone_set *zones_sets(const struct zones *zones, uint32_t *count)
{
    *count = 1;
    return &zones->set;
}

uint32_t zones_set_of(struct zones *zones, const char *e164, const char *stated)
{
    return 0;
}

uint32_t zones_sets_used(const struct zones *zones)
{
    return 1;
}

bool zones_index(const struct zones *zones, struct slice name, uint16_t *index)
{
    *index = 0;
    return true;
}

void zones_names(const struct zones *zones, uint32_t set, char *out, size_t out_size)
{
    snprintf(out, out_size, "America/Lima");
}

/* ------------------------------------------------------------- net/http_client: the engine's side */

struct http_client {
    uint64_t ref;
    size_t count;
    struct {
        uint64_t ref;
        char *url;
        http_answer_handler handler;
        void *arg;
    } orders[ORDERS_MAX];
};

static struct http_client the_client;

int http_client_new(struct http_client **client, struct loop *loop,
                    const struct http_client_options *options)
{
    the_client.count = 0;
    *client = &the_client;
    return 0;
}

int http_client_send(struct http_client *client, const struct http_order *order,
                     http_answer_handler handler, void *arg, uint64_t *ref)
{
    if (client->count == ORDERS_MAX)
        return ENOMEM;
    check(!strpbrk(order->url, " \r\n"));
    client->orders[client->count].ref = ++client->ref;
    client->orders[client->count].url = strdup(order->url);
    client->orders[client->count].handler = handler;
    client->orders[client->count].arg = arg;
    client->count++;
    if (ref)
        *ref = client->ref;
    return 0;
}

static void order_end(struct http_client *client, size_t place, const struct http_answer *answer)
{
    http_answer_handler handler = client->orders[place].handler;
    void *arg = client->orders[place].arg;

    free(client->orders[place].url);
    client->orders[place] = client->orders[--client->count];
    handler(arg, answer);
}

static const struct http_answer canceled = {.outcome = HTTP_CANCELED,
                                            .error = "canceled",
                                            .content_type = "",
                                            .location = "",
                                            .set_cookie = ""};

void http_client_cancel(struct http_client *client, uint64_t ref)
{
    for (size_t i = 0; i < client->count; i++)
        if (client->orders[i].ref == ref) {
            order_end(client, i, &canceled);
            return;
        }
}

void http_client_free(struct http_client *client)
{
    while (client && client->count)
        order_end(client, 0, &canceled);
}

const char *http_outcome_name(enum http_outcome outcome)
{
    return "";
}

size_t desk_order_count(void)
{
    return the_client.count;
}

const char *desk_order_url(size_t place)
{
    return the_client.orders[place].url;
}

/* ---------------------------------------------------------- net/http_server: one request at a time */

struct http_request {
    const struct desk_request *from;
    struct desk *desk;
    loop_handler gone;
    void *gone_arg, *context;
    int spool_fd;
    size_t spool_max;
    int spool_err;
    unsigned replies;
};

const char *http_request_method(const struct http_request *request)
{
    return request->from->method;
}

const char *http_request_path(const struct http_request *request)
{
    return request->from->path;
}

const char *http_request_query(const struct http_request *request)
{
    return request->from->query ? request->from->query : "";
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    if (strcmp(name, "X-Twilio-Signature") == 0)
        return request->from->signature;
    if (strcmp(name, "I-Twilio-Idempotency-Token") == 0)
        return request->from->idempotency;
    return NULL;
}

struct slice http_request_body(const struct http_request *request)
{
    return request->from->body;
}

const char *http_request_peer(const struct http_request *request)
{
    return "127.0.0.1";
}

bool http_request_is_excess(const struct http_request *request)
{
    return false;
}

bool http_request_basic(const struct http_request *request, char *user, size_t user_size,
                        char *password, size_t password_size)
{
    return false;
}

struct slice http_request_bearer(const struct http_request *request)
{
    return slice_from(request->from->token);
}

void http_request_add_header(struct http_request *request, const char *name, const char *value)
{
    check(*name && !strpbrk(value, "\r\n"));
}

void http_request_reply(struct http_request *request, unsigned status, const char *content_type,
                        const void *body, size_t size)
{
    struct desk *desk = request->desk;

    check(++request->replies == 1 && status >= 200 && status < 600);
    desk->status = status;
    snprintf(desk->content_type, sizeof(desk->content_type), "%s",
             content_type ? content_type : "");
    text_clear(&desk->reply);
    text_add_bytes(&desk->reply, body, size);
}

void http_request_reply_file(struct http_request *request, unsigned status,
                             const char *content_type, int fd, uint64_t size)
{
    close(fd);
    http_request_reply(request, status, content_type, "", 0);
}

void http_request_spool(struct http_request *request, int fd, size_t size_max)
{
    request->spool_fd = fd;
    request->spool_max = size_max;
}

size_t http_request_spool_size(const struct http_request *request)
{
    return request->from->body.size;
}

int http_request_spool_error(const struct http_request *request)
{
    return request->spool_err;
}

void http_request_on_gone(struct http_request *request, loop_handler handler, void *arg)
{
    request->gone = handler;
    request->gone_arg = arg;
}

void http_request_set_context(struct http_request *request, void *context)
{
    request->context = context;
}

void *http_request_context(const struct http_request *request)
{
    return request->context;
}

/* ------------------------------------------------------------------------------------------ the desk */

static void make_token(struct server *server, uint64_t id, const char *token, agent_id agent)
{
    char hash[TOKEN_HASH_SIZE];

    token_hash(slice_from(token), hash);
    struct store_token row = {.id = id, .name = token, .hash = hash, .agent = agent, .rights = ""};

    check(tokens_add(server, &row) == 0);
}

static void turn(struct desk *desk)
{
    unsigned steps = 0;

    while (keep_one(&the_keeper) || post_one(&the_loop) || fire_one(&the_loop))
        check(++steps < 100000); /* a turn comes to an end */
    dialer_audit(desk->server.dialer);
}

void desk_wait(struct desk *desk, instant span)
{
    instant until = the_loop.now + span;

    turn(desk);
    while (heap_deadline(&the_loop.timers) <= until) {
        the_loop.now = instant_max(the_loop.now, heap_deadline(&the_loop.timers));
        turn(desk);
    }
    the_loop.now = until;
}

void desk_answer(struct desk *desk, size_t place, enum http_outcome outcome, unsigned status,
                 struct slice body)
{
    struct http_answer answer = {.outcome = outcome,
                                 .error = outcome == HTTP_ANSWERED ? "" : "it did not work",
                                 .status = outcome == HTTP_ANSWERED ? status : 0,
                                 .content_type = "application/json",
                                 .location = "",
                                 .set_cookie = "",
                                 .body = outcome == HTTP_ANSWERED ? body : slice_from("")};

    check(place < the_client.count);
    order_end(&the_client, place, &answer);
    turn(desk);
}

void desk_ask(struct desk *desk, const struct desk_request *from)
{
    struct http_request request = {.from = from, .desk = desk, .spool_fd = -1};

    entry_take_head(&desk->server, &request);
    if (request.spool_fd >= 0 && (from->body.size > request.spool_max ||
                                  write(request.spool_fd, from->body.at, from->body.size) < 0))
        request.spool_err = EFBIG;
    entry_take_request(&desk->server, &request);
    turn(desk);
    check(request.replies == 1);
    if (request.gone && request.spool_fd >= 0 && request.context)
        request.gone(request.gone_arg);
}

void desk_hook(struct desk *desk, const char *path, const char *query, const char *params,
               const char *idempotency)
{
    char signature[SIGNATURE_SIZE];
    struct text url;
    struct form form;

    text_init(&url);
    text_addf(&url, DESK_URL "%s%s%s", path, *query ? "?" : "", query);
    if (form_parse(&form, slice_from(params)) == 0)
        signature_make(DESK_SECRET, text_slice(&url), &form, signature);
    else
        snprintf(signature, sizeof(signature), "none");
    form_release(&form);
    text_release(&url);
    desk_ask(desk, &(struct desk_request){.method = "POST",
                                          .path = path,
                                          .query = query,
                                          .body = slice_from(params),
                                          .signature = signature,
                                          .idempotency = idempotency});
}

static void add_leads(struct desk *desk)
{
    struct store *store = the_keeper.store;
    struct store_record list = {.kind = STORE_LIST,
                                .of.list = {.campaign = 1, .name = "people", .country = "US"}};
    struct store_record import = {
        .kind = STORE_IMPORT,
        .of.import = {.campaign = 1, .file_name = "people.csv", .file_hash = "1", .summary = "{}"}};

    check(store_begin(store) == 0 && store_put(store, &list) == 0);
    import.of.import.list = list.of.id;
    check(store_put(store, &import) == 0 && store_commit(store) == 0);
    for (unsigned i = 0; i < DESK_LEADS; i++) {
        char number[20];
        struct store_import_row row = {.line = i + 2,
                                       .external_id = "",
                                       .first_name = "Ada",
                                       .last_name = "Example",
                                       .email = "",
                                       .address = "",
                                       .country = "",
                                       .zone = "",
                                       .columns = "{\"colour\":\"blue\"}",
                                       .priority = PRIORITY_NORMAL,
                                       .number_count = 1};

        snprintf(number, sizeof(number), "+1202555010%u", i);
        row.numbers[0].e164 = number;
        row.numbers[0].country = "US";
        row.numbers[0].valid = true;
        check(store_import_rows(store, import.of.id, &row, 1) == 0);
    }
    check(store_import_publish(store, &import.of.import) == 0);
    dialing_feed(&desk->server, &(struct event){.kind = EVENT_LEADS_ADDED, .of.campaign_id = 1},
                 NULL);
}

static void ask_good(struct desk *desk, const char *path, const char *body)
{
    desk_ask(desk,
             &(struct desk_request){
                 .method = "POST", .path = path, .body = slice_from(body), .token = DESK_OPERATOR});
    check(desk->status < 300);
}

static void begin_work(struct desk *desk)
{
    ask_good(
        desk, "/api/v1/campaigns",
        "{\"name\":\"spring\",\"settings\":{\"hours\":{\"every_day\":[[\"00:00\",\"24:00\"]]}}}");
    ask_good(desk, "/api/v1/agents",
             "{\"name\":\"bo\",\"full_name\":\"Bo\",\"contact\":\"sip:bo@host\",\"campaigns\":["
             "\"spring\"]}");
    make_token(&desk->server, 102, DESK_AGENT, 1);
    add_leads(desk);
    ask_good(desk, "/api/v1/campaigns/spring/start", "");
    ask_good(desk, "/api/v1/agents/bo/login", "{\"activity\":\"available\"}");
}

static void remove_folder(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf /tmp/outdial-fuzz-%d", (int)getpid());
    check(system(command) == 0);
}

static void make_folder(struct server *server)
{
    static bool made;

    snprintf(server->data, sizeof(server->data), "/tmp/outdial-fuzz-%d", (int)getpid());
    if (made)
        return;
    char command[sizeof(server->data) + 16];

    snprintf(command, sizeof(command), "mkdir -p %s", server->data);
    check(system(command) == 0 && atexit(remove_folder) == 0);
    made = true;
}

/* False, and the store closed: what is in it cannot be worked with, and that was said. */
static bool open_on(struct desk *desk, struct store *store)
{
    struct server *server = &desk->server;
    struct boot *boot = NULL;
    char why[256] = "";
    int err = boot_read(&boot, server, store, why, sizeof(why));

    check(!err || why[0]);
    if (err) {
        store_close(store);
        server->keeper = NULL;
    } else {
        check(keeper_new(&server->keeper, store, server->loop, 1) == 0);
        check(imports_new(&server->imports, server) == 0);
        check(sessions_new(server, &(struct sessions_options){.lifetime_s = 3600}) == 0);
        check(desks_begin(server, &(struct desks_options){.breaks = "1=Lunch:30,2=Rest"}) == 0);
        err = boot_make_core(boot, server, 8, 16, 50);
    }
    if (!err) {
        server->voice_is_up = true;
        boot_recover(boot, server);
        turn(desk);
    }
    boot_free(boot);
    return !err;
}

static bool open_desk(struct desk *desk, struct store *store)
{
    struct server *server = &desk->server;
    struct telephony_options telephony = {
        .base_url = "http://engine", .account = DESK_ACCOUNT, .secret = DESK_SECRET, .seed = 1};
    char why[256];

    memset(desk, 0, sizeof(*desk));
    text_init(&desk->reply);
    the_loop.now = 1800000000 * SECOND;
    check(loop_new(&server->loop) == 0);
    make_folder(server);
    slice_copy(slice_from("+12025550100"), server->caller_id, sizeof(server->caller_id));
    slice_copy(slice_from(DESK_ACCOUNT), server->credentials.account, CREDENTIAL_SIZE);
    slice_copy(slice_from(DESK_SECRET), server->credentials.auth_token, CREDENTIAL_SIZE);
    slice_copy(slice_from(DESK_URL), server->public_url, sizeof(server->public_url));
    slice_copy(slice_from(DESK_URL), server->hook_url, sizeof(server->hook_url));
    server->upload_size_max = 1 << 16;
    roster_init(&server->roster);
    traffic_init(&server->traffic);
    table_init(&server->tokens);
    table_init(&server->seen.tokens);
    server->seen.ring = calloc(SEEN_COUNT, SEEN_TOKEN_SIZE);
    check(zones_new(&server->zones, why, sizeof(why)) == 0);
    check(regions_new(&server->regions, server->zones) == 0);
    check(server->seen.ring && telephony_new(&server->telephony, server->loop, &telephony) == 0);
    if (open_on(desk, store))
        return true;
    desk_close(desk);
    return false;
}

bool desk_open_on(struct desk *desk, struct store *store)
{
    the_keeper.may_refuse = true;
    return open_desk(desk, store);
}

void desk_open(struct desk *desk)
{
    struct store *store;

    the_keeper.may_refuse = false;
    check(store_open_memory(&store) == 0 && open_desk(desk, store));
    make_token(&desk->server, 101, DESK_OPERATOR, 0);
    begin_work(desk);
}

void desk_close(struct desk *desk)
{
    struct server *server = &desk->server;

    server->stopping = true;
    telephony_free(server->telephony);
    orders_release(server);
    imports_stop(server->imports);
    sessions_free(server);
    keeper_free(server->keeper);
    desks_end(server);
    imports_free(server->imports);
    dialer_free(server->dialer);
    loop_timer_stop(server->loop, &server->wake);
    regions_free(server->regions);
    tokens_release(server);
    roster_release(&server->roster);
    traffic_release(&server->traffic);
    table_release(&server->seen.tokens);
    free(server->seen.ring);
    loop_free(server->loop);
    text_release(&desk->reply);
}
