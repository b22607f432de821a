#include <setjmp.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/http_client.h"
#include "net/http_server.h"

struct world {
    struct loop *loop;
    struct http_server *server;
    struct http_client *client;
    struct http_request *held[64];
    size_t held_count;
    struct loop_timer timer;
    unsigned answers, status, left_behind;
    enum http_outcome outcome;
    struct text body;
    FILE *spool;
    uint64_t sent, received, mixed;
    char content_type[64];
};

static void release_held(void *arg)
{
    struct world *world = arg;

    for (size_t i = 0; i < world->held_count; ++i)
        http_request_reply(world->held[i], 200, "text/plain", "later", 5);
    world->held_count = 0;
}

static void handle(void *arg, struct http_request *request)
{
    struct world *world = arg;
    const char *path = http_request_path(request);
    char user[32], password[32];

    if (!strcmp(path, "/later")) {
        world->held[world->held_count++] = request;
        if (!world->timer.node.place)
            assert_int_equal(loop_timer_start(world->loop, &world->timer,
                                              loop_clock() + 20 * MILLISECOND, release_held, world),
                             0);
    } else if (!strcmp(path, "/basic")) {
        bool ok = http_request_basic(request, user, sizeof(user), password, sizeof(password)) &&
                  !strcmp(user, "AC1") && !strcmp(password, "s:ecret");

        http_request_reply(request, ok ? 204 : 401, NULL, NULL, 0);
    } else if (!strcmp(path, "/moved")) {
        http_request_add_header(request, "Location", "/elsewhere");
        http_request_reply(request, 302, NULL, NULL, 0);
    } else if (!strcmp(path, "/spool")) {
        assert_int_equal(http_request_spool_error(request), 0);
        http_request_reply_file(request, 200, "text/csv", dup(fileno(world->spool)),
                                http_request_spool_size(request));
        fclose(world->spool);
        world->spool = NULL;
    } else if (!strcmp(path, "/never")) {
        world->held[world->held_count++] = request;
    } else {
        struct text text;

        text_init(&text);
        text_addf(&text, "%s %s?%s ", http_request_method(request), path,
                  http_request_query(request));
        text_add_slice(&text, http_request_body(request));
        http_request_reply(request, 200, "text/plain; charset=utf-8", text.at, text.size);
        text_release(&text);
    }
}

static void on_left_behind(void *arg)
{
    struct world *world = arg;

    ++world->left_behind;
}

/* "/spool": the body goes into an unlinked file, and comes back from it. "/untaken": nobody takes it. */
static void on_head(void *arg, struct http_request *request)
{
    struct world *world = arg;

    if (!strcmp(http_request_path(request), "/untaken")) {
        http_request_spool(request, -1, 1000);
        http_request_set_context(request, world);
        http_request_on_gone(request, on_left_behind, world);
    }
    if (strcmp(http_request_path(request), "/spool"))
        return;
    world->spool = tmpfile();
    http_request_spool(request, fileno(world->spool), 3000000);
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct world *world = arg;

    ++world->answers;
    world->outcome = answer->outcome;
    world->status = answer->status;
    text_clear(&world->body);
    text_add_slice(&world->body, answer->body);
    snprintf(world->content_type, sizeof(world->content_type), "%s", answer->content_type);
}

static int start(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct http_server_options options = {
        .address = "127.0.0.1", .body_size_max = 100000, .idle_ms = 1000};

    assert_int_equal(loop_new(&world->loop), 0);
    assert_int_equal(http_server_new(&world->server, world->loop, &options, handle, world), 0);
    http_server_on_head(world->server, on_head);
    assert_int_equal(http_client_new(&world->client, world->loop, NULL), 0);
    *state = world;
    return 0;
}

static int stop(void **state)
{
    struct world *world = *state;

    http_client_free(world->client);
    http_server_free(world->server);
    loop_free(world->loop);
    text_release(&world->body);
    free(world);
    return 0;
}

static uint64_t ask(struct world *world, const char *method, const char *path, struct slice body)
{
    char url[256];
    uint64_t ref;
    struct http_order order = {.method = method,
                               .url = url,
                               .body = body,
                               .user = "AC1",
                               .password = "s:ecret",
                               .total_ms = 2000,
                               .body_size_max = 200000};

    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", http_server_port(world->server), path);
    assert_int_equal(http_client_send(world->client, &order, on_answer, world, &ref), 0);
    return ref;
}

static void await(struct world *world, unsigned answers)
{
    instant end = loop_clock() + 10 * SECOND;

    while (world->answers < answers && loop_clock() < end)
        loop_step(world->loop, 100 * MILLISECOND);
    assert_int_equal(world->answers, answers);
}

static void a_request_reaches_the_handler_as_it_was_sent(void **state)
{
    struct world *world = *state;

    ask(world, "POST", "/a%20b?x=%31&y=2#not-sent", slice_from("k=v"));
    await(world, 1);
    assert_int_equal(world->status, 200);
    assert_string_equal(world->body.at, "POST /a%20b?x=%31&y=2 k=v");
    assert_string_equal(world->content_type, "text/plain; charset=utf-8");
    ask(world, "GET", "/", slice_of("", 0));
    await(world, 2);
    assert_string_equal(world->body.at, "GET /? ");
    ask(world, "DELETE", "/gone", slice_of("", 0));
    await(world, 3);
    assert_string_equal(world->body.at, "DELETE /gone? ");
    ask(world, "GET", "/basic", slice_of("", 0));
    await(world, 4);
    assert_int_equal(world->status, 204);
    ask(world, "GET", "/moved", slice_of("", 0));
    await(world, 5);
    assert_int_equal(world->status, 302);
}

static void a_body_nobody_takes_is_told_once_it_is_over(void **state)
{
    struct world *world = *state;
    char large[5000];
    instant end = loop_clock() + 5 * SECOND;

    memset(large, 'x', sizeof(large));
    ask(world, "POST", "/untaken", slice_from("body")); /* the handler answers something else */
    await(world, 1);
    assert_int_equal(world->status, 200);
    ask(world, "POST", "/untaken", slice_of(large, sizeof(large))); /* never comes to the handler */
    await(world, 2);
    assert_int_equal(world->status, 413);
    while (world->left_behind < 2 && loop_clock() < end)
        loop_step(world->loop, 10 * MILLISECOND);
    assert_int_equal(world->left_behind, 2);
}

static void an_answer_may_come_later_and_many_at_once(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < 60; ++i)
        ask(world, "POST", i % 3 ? "/x" : "/later", slice_from("body"));
    await(world, 60);
    assert_int_equal(world->status, 200);
}

static void a_body_too_large_is_refused_with_413(void **state)
{
    struct world *world = *state;
    char *big = calloc(1, 150000);

    memset(big, 'x', 150000);
    ask(world, "POST", "/", slice_of(big, 150000));
    await(world, 1);
    assert_int_equal(world->outcome, HTTP_ANSWERED);
    assert_int_equal(world->status, 413);
    ask(world, "POST", "/", slice_of(big, 90000));
    await(world, 2);
    assert_int_equal(world->status, 200);
    free(big);
}

static ssize_t give(void *arg, char *out, size_t size)
{
    struct world *world = arg;

    for (size_t i = 0; i < size; ++i)
        out[i] = (char)((world->sent + i) * 31 >> 3);
    world->sent += size;
    return (ssize_t)size;
}

static bool take(void *arg, const char *bytes, size_t size)
{
    struct world *world = arg;

    for (size_t i = 0; i < size; ++i)
        world->mixed += bytes[i] != (char)((world->received + i) * 31 >> 3);
    world->received += size;
    return true;
}

static void a_long_body_passes_through_a_file_and_not_through_memory(void **state)
{
    struct world *world = *state;
    char url[64];
    struct http_order order = {.method = "POST",
                               .url = url,
                               .read_body = give,
                               .body_size = 2500000,
                               .write_body = take,
                               .body_arg = world};

    snprintf(url, sizeof(url), "http://127.0.0.1:%u/spool", http_server_port(world->server));
    assert_int_equal(http_client_send(world->client, &order, on_answer, world, NULL), 0);
    await(world, 1);
    assert_int_equal(world->status, 200);
    assert_int_equal(world->received, 2500000);
    assert_int_equal(world->mixed, 0);
    assert_int_equal(world->body.size, 0);
    order.body_size = 3000001;
    assert_int_equal(http_client_send(world->client, &order, on_answer, world, NULL), 0);
    await(world, 2);
    assert_int_equal(world->status, 413);
    fclose(world->spool);
}

static void failures_have_names(void **state)
{
    struct world *world = *state;
    struct http_order order = {.method = "GET", .url = "http://127.0.0.1:1/", .total_ms = 500};

    assert_int_equal(http_client_send(world->client, &order, on_answer, world, NULL), 0);
    await(world, 1);
    assert_int_equal(world->outcome, HTTP_NO_CONNECTION);
    order.url = "ftp://127.0.0.1/";
    assert_int_equal(http_client_send(world->client, &order, on_answer, world, NULL), 0);
    await(world, 2);
    assert_int_equal(world->outcome, HTTP_BAD_URL);
    order.url = "not a url";
    assert_int_equal(http_client_send(world->client, &order, on_answer, world, NULL), 0);
    await(world, 3);
    assert_int_equal(world->outcome, HTTP_BAD_URL);
    ask(world, "GET", "/never", slice_of("", 0));
    await(world, 4);
    assert_int_equal(world->outcome, HTTP_TIMED_OUT);
}

/* Answers the first order of a connection, takes the second and dies over it. */
struct mortal {
    int listening;
    unsigned orders;
};

static int take_order(struct mortal *mortal)
{
    struct pollfd ready = {.fd = mortal->listening, .events = POLLIN};
    char order[2048];
    int fd;

    if (poll(&ready, 1, 500) < 1)
        return -1;
    fd = accept(mortal->listening, NULL, NULL);
    if (fd >= 0 && read(fd, order, sizeof(order)) > 0)
        ++mortal->orders;
    return fd;
}

static void *live_and_die(void *arg)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    struct mortal *mortal = arg;
    char order[2048];
    int fd = take_order(mortal);

    if (write(fd, answer, sizeof(answer) - 1) == sizeof(answer) - 1 &&
        read(fd, order, sizeof(order)) > 0)
        ++mortal->orders;
    close(fd);
    fd = take_order(mortal);
    if (fd >= 0)
        close(fd);
    return NULL;
}

static unsigned orders_taken(struct world *world, bool once)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    struct mortal mortal = {.listening = socket(AF_INET, SOCK_STREAM, 0)};
    char url[64];
    struct http_order order = {
        .method = "POST", .url = url, .body = slice_from("To=1"), .total_ms = 2000, .once = once};
    pthread_t thread;

    assert_int_equal(bind(mortal.listening, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(mortal.listening, 4), 0);
    getsockname(mortal.listening, (struct sockaddr *)&address, &size);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&thread, NULL, live_and_die, &mortal), 0);
    world->answers = 0;
    for (unsigned i = 1; i <= 2; ++i) {
        assert_int_equal(http_client_send(world->client, &order, on_answer, world, NULL), 0);
        await(world, i);
    }
    pthread_join(thread, NULL);
    close(mortal.listening);
    return mortal.orders;
}

static void what_must_not_be_done_twice_is_sent_once(void **state)
{
    struct world *world = *state;

    assert_int_equal(orders_taken(world, true), 2);
    assert_int_equal(world->outcome, HTTP_BROKEN);
    assert_int_equal(orders_taken(world, false), 3);
}

static void an_order_can_be_canceled(void **state)
{
    struct world *world = *state;
    uint64_t ref = ask(world, "GET", "/never", slice_of("", 0));

    for (int i = 0; i < 20; ++i)
        loop_step(world->loop, 5 * MILLISECOND);
    http_client_cancel(world->client, ref);
    assert_int_equal(world->answers, 0);
    await(world, 1);
    assert_int_equal(world->outcome, HTTP_CANCELED);
}

/* A raw connection: what it answers to `request` until it closes or falls silent. */
static size_t raw(struct world *world, const char *request, char *out, size_t out_size,
                  instant wait)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(http_server_port(world->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    instant end = loop_clock() + wait;
    size_t size = 0;

    connect(fd, (struct sockaddr *)&to, sizeof(to));
    for (bool sent = false; loop_clock() < end;) {
        ssize_t got;

        loop_step(world->loop, 5 * MILLISECOND);
        if (!sent)
            sent = send(fd, request, strlen(request), MSG_NOSIGNAL) > 0;
        got = recv(fd, out + size, out_size - 1 - size, 0);
        if (got > 0)
            size += (size_t)got;
        if (got == 0)
            break;
    }
    close(fd);
    out[size] = '\0';
    return size;
}

static void chunked_bodies_and_slow_clients_are_handled(void **state)
{
    struct world *world = *state;
    char out[4096];
    instant begun;

    raw(world,
        "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0"
        "\r\n\r\n",
        out, sizeof(out), 200 * MILLISECOND);
    assert_non_null(strstr(out, "POST /c? abcde"));
    begun = loop_clock();
    raw(world, "POST / HTTP/1.1\r\nHost: x\r\nContent-Le", out, sizeof(out), 5 * SECOND);
    assert_true(loop_clock() - begun < 4 * SECOND); /* cut by the idle limit, not by us */
    raw(world, "\x16\x03\x01 nonsense\r\n\r\n", out, sizeof(out), 200 * MILLISECOND);
    ask(world, "GET", "/", slice_of("", 0));
    await(world, 1);
    assert_int_equal(world->status, 200);
}

static void a_port_taken_is_told(void **state)
{
    struct world *world = *state;
    struct http_server *other;
    struct http_server_options options = {.address = "127.0.0.1",
                                          .port = http_server_port(world->server)};

    assert_int_equal(http_server_new(&other, world->loop, &options, handle, world), EADDRINUSE);
    options.address = "no address";
    assert_int_equal(http_server_new(&other, world->loop, &options, handle, world), EINVAL);
}

static void open_orders_end_with_the_client(void **state)
{
    struct world *world = *state;

    ask(world, "GET", "/never", slice_of("", 0));
    for (int i = 0; i < 20; ++i)
        loop_step(world->loop, 5 * MILLISECOND);
    http_client_free(world->client);
    assert_int_equal(world->answers, 1);
    assert_int_equal(world->outcome, HTTP_CANCELED);
    assert_int_equal(http_client_new(&world->client, world->loop, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_reaches_the_handler_as_it_was_sent, start, stop),
        cmocka_unit_test_setup_teardown(an_answer_may_come_later_and_many_at_once, start, stop),
        cmocka_unit_test_setup_teardown(a_body_nobody_takes_is_told_once_it_is_over, start, stop),
        cmocka_unit_test_setup_teardown(a_body_too_large_is_refused_with_413, start, stop),
        cmocka_unit_test_setup_teardown(a_long_body_passes_through_a_file_and_not_through_memory,
                                        start, stop),
        cmocka_unit_test_setup_teardown(failures_have_names, start, stop),
        cmocka_unit_test_setup_teardown(what_must_not_be_done_twice_is_sent_once, start, stop),
        cmocka_unit_test_setup_teardown(an_order_can_be_canceled, start, stop),
        cmocka_unit_test_setup_teardown(chunked_bodies_and_slow_clients_are_handled, start, stop),
        cmocka_unit_test_setup_teardown(a_port_taken_is_told, start, stop),
        cmocka_unit_test_setup_teardown(open_orders_end_with_the_client, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
