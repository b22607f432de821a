#include <setjmp.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "push/hosted.h"
#include "push/server.h"

/* The client of the hosted service before our own server of the same interface. */
struct world {
    struct loop *loop;
    struct http_server *http;
    struct push_server *server;
    struct push_hosted *hosted;
    struct push push;
    unsigned requests, failures; /* failures: 503 so many times first */
    unsigned largest;            /* events in one request */
    struct text taken;           /* the data of events, in the order the server took them */
};

static const struct push_app APP = {"42", "key", "secret"};

static void handle(void *arg, struct http_request *request)
{
    struct world *world = arg;
    struct slice body = http_request_body(request);
    json_t *json = json_loadb(body.at, body.size, 0, NULL), *batch = json_object_get(json, "batch");

    ++world->requests;
    if (world->failures) {
        --world->failures;
        http_request_reply(request, 503, NULL, NULL, 0);
    } else {
        for (size_t i = 0; i < json_array_size(batch); ++i)
            text_addf(&world->taken, "%s ",
                      json_string_value(json_object_get(json_array_get(batch, i), "data")));
        if (json_array_size(batch) > world->largest)
            world->largest = (unsigned)json_array_size(batch);
        assert_true(push_server_take(world->server, request));
    }
    json_decref(json);
}

static void open_http(struct world *world, uint16_t port)
{
    struct http_server_options options = {.address = "127.0.0.1", .port = port};

    assert_int_equal(http_server_new(&world->http, world->loop, &options, handle, world), 0);
}

static void open_hosted(struct world *world, struct push_app app, size_t waiting_max)
{
    char url[64];
    struct push_hosted_options options = {
        .app = app, .url = url, .waiting_max = waiting_max, .first_ms = 10, .pause_ms_max = 40};

    snprintf(url, sizeof(url), "http://127.0.0.1:%u", http_server_port(world->http));
    assert_int_equal(push_hosted_new(&world->hosted, world->loop, &options), 0);
    world->push = push_hosted_ops(world->hosted);
}

static int start(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct push_server_options server = {.app = APP};

    assert_int_equal(loop_new(&world->loop), 0);
    assert_int_equal(push_server_new(&world->server, world->loop, &server), 0);
    text_init(&world->taken);
    open_http(world, 0);
    *state = world;
    return 0;
}

static int stop(void **state)
{
    struct world *world = *state;

    push_hosted_free(world->hosted);
    http_server_free(world->http);
    push_server_free(world->server);
    loop_free(world->loop);
    text_release(&world->taken);
    free(world);
    return 0;
}

static void trigger(struct world *world, int number)
{
    char data[16];

    snprintf(data, sizeof(data), "%d", number);
    assert_int_equal(world->push.ops->trigger(world->push.self, "private-agent-7", "desk", data),
                     0);
}

/* Until nothing waits, at most five seconds. */
static void drain(struct world *world)
{
    instant end = loop_clock() + 5 * SECOND;

    while (push_hosted_counts(world->hosted).waiting && loop_clock() < end)
        loop_step(world->loop, 10 * MILLISECOND);
    assert_int_equal(push_hosted_counts(world->hosted).waiting, 0);
}

static void events_are_taken_in_order_ten_at_a_time(void **state)
{
    struct world *world = *state;

    open_hosted(world, APP, 0);
    for (int i = 0; i < 25; ++i)
        trigger(world, i);
    drain(world);
    assert_int_equal(push_hosted_counts(world->hosted).sent, 25);
    assert_int_equal(push_hosted_counts(world->hosted).lost, 0);
    assert_int_equal(world->requests, 3);
    assert_int_equal(world->largest, 10);
    assert_string_equal(world->taken.at, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 "
                                         "22 23 24 ");
}

static void what_fails_is_sent_again_after_growing_pauses(void **state)
{
    struct world *world = *state;
    instant began = loop_clock();

    world->failures = 4;
    open_hosted(world, APP, 0);
    trigger(world, 1);
    trigger(world, 2);
    drain(world);
    assert_int_equal(world->requests, 5);
    assert_string_equal(world->taken.at, "1 2 ");
    assert_int_equal(push_hosted_counts(world->hosted).sent, 2);
    assert_true(loop_clock() - began >= (10 + 20 + 40 + 40) * MILLISECOND);
}

static void nobody_there_is_waited_for(void **state)
{
    struct world *world = *state;
    uint16_t port = http_server_port(world->http);

    open_hosted(world, APP, 0);
    http_server_free(world->http);
    world->http = NULL;
    trigger(world, 7);
    for (int i = 0; i < 10; ++i)
        loop_step(world->loop, 10 * MILLISECOND);
    assert_int_equal(push_hosted_counts(world->hosted).waiting, 1);
    open_http(world, port);
    drain(world);
    assert_string_equal(world->taken.at, "7 ");
}

static void what_is_refused_is_not_sent_again(void **state)
{
    struct world *world = *state;

    open_hosted(world, (struct push_app){"42", "key", "not the secret"}, 0);
    trigger(world, 1);
    drain(world);
    assert_int_equal(world->requests, 1);
    assert_int_equal(push_hosted_counts(world->hosted).sent, 0);
    assert_int_equal(push_hosted_counts(world->hosted).lost, 1);
}

static void of_too_many_the_oldest_are_lost(void **state)
{
    struct world *world = *state;

    open_hosted(world, APP, 5);
    for (int i = 0; i < 8; ++i)
        trigger(world, i);
    assert_int_equal(push_hosted_counts(world->hosted).waiting, 5);
    drain(world);
    assert_string_equal(world->taken.at, "3 4 5 6 7 ");
    assert_int_equal(push_hosted_counts(world->hosted).lost, 3);
}

/* Both sides of push_ops refuse the same. */
static void both_sides_refuse_alike(void **state)
{
    struct world *world = *state;
    struct push sides[2];
    char *large = calloc(1, PUSH_DATA_SIZE_MAX + 2);

    open_hosted(world, APP, 0);
    sides[0] = world->push;
    sides[1] = push_server_ops(world->server);
    memset(large, '1', PUSH_DATA_SIZE_MAX + 1);
    for (int i = 0; i < 2; ++i) {
        assert_int_equal(sides[i].ops->trigger(sides[i].self, "a", "e", large), EMSGSIZE);
        assert_int_equal(sides[i].ops->trigger(sides[i].self, "a", "e", large + 1), 0);
        assert_int_equal(sides[i].ops->trigger(sides[i].self, "a b", "e", "{}"), EINVAL);
        assert_int_equal(sides[i].ops->trigger(sides[i].self, "a", "", "{}"), EINVAL);
    }
    drain(world);
    assert_int_equal(push_hosted_counts(world->hosted).sent, 1);
    free(large);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_are_taken_in_order_ten_at_a_time),
        TEST(what_fails_is_sent_again_after_growing_pauses),
        TEST(nobody_there_is_waited_for),
        TEST(what_is_refused_is_not_sent_again),
        TEST(of_too_many_the_oldest_are_lost),
        TEST(both_sides_refuse_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
