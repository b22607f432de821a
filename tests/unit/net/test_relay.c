#include <setjmp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/relay.h"

/* Browser and target are plain sockets that say byte for byte what a test wants said. */
struct world {
    struct loop *loop;
    struct http_server *server;
    struct relay_target target;
    char address[64];
    int listener, near, far;
    struct text near_got, far_got;
    bool near_ended, far_ended;
    unsigned begun, refused;
    int err;
};

static const char REQUEST[] =
    "GET /signal HTTP/1.1\r\nHost: desk.example\r\nConnection: keep-alive, Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nCookie: outdial_session=secret\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: voice\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

static const char ANSWER[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "sec-websocket-protocol: voice\r\n"
    "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static void handle(void *arg, struct http_request *request)
{
    struct world *world = arg;

    world->err = relay_begin(request, &world->target);
    if (world->err) {
        ++world->refused;
        http_request_reply(request, world->err == EINVAL ? 426 : 503, NULL, NULL, 0);
    } else {
        ++world->begun;
    }
}

static int start(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct http_server_options options = {.address = "127.0.0.1", .connection_count_max = 4};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    char url[64];

    assert_int_equal(loop_new(&world->loop), 0);
    assert_int_equal(http_server_new(&world->server, world->loop, &options, handle, world), 0);
    world->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(world->listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(world->listener, 4), 0);
    assert_int_equal(getsockname(world->listener, (struct sockaddr *)&at, &size), 0);
    world->target.path = "/signal";
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(at.sin_port));
    assert_true(relay_target_of(url, world->address, sizeof(world->address), &world->target));
    world->near = world->far = -1;
    *state = world;
    return 0;
}

static int stop(void **state)
{
    struct world *world = *state;

    http_server_free(world->server);
    loop_free(world->loop);
    for (const int *fd = (const int[]){world->listener, world->near, world->far, -2}; *fd != -2;
         ++fd)
        if (*fd >= 0)
            close(*fd);
    text_release(&world->near_got);
    text_release(&world->far_got);
    free(world);
    return 0;
}

static void read_side(int fd, struct text *got, bool *ended)
{
    char buffer[4096];
    ssize_t size;

    if (fd < 0)
        return;
    while ((size = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0)
        text_add_bytes(got, buffer, (size_t)size);
    if (!size || errno == ECONNRESET)
        *ended = true;
}

static void turn(struct world *world, bool near_reads)
{
    loop_step(world->loop, 5 * MILLISECOND);
    if (world->far < 0)
        world->far = accept4(world->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (near_reads)
        read_side(world->near, &world->near_got, &world->near_ended);
    read_side(world->far, &world->far_got, &world->far_ended);
}

/* Turns the loop until it is so, at most `seconds`. */
#define TURN_UNTIL_IN(world, seconds, condition)                                                   \
    do {                                                                                           \
        instant turn_end = loop_clock() + (seconds)*SECOND;                                        \
        while (!(condition) && loop_clock() < turn_end)                                            \
            turn(world, true);                                                                     \
        assert_true(condition);                                                                    \
    } while (0)
#define TURN_UNTIL(world, condition) TURN_UNTIL_IN(world, 3, condition)

static bool has(const struct text *got, const char *part)
{
    return got->size && memmem(got->at, got->size, part, strlen(part));
}

static void say(int fd, const char *bytes, size_t size)
{
    assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
}

static int dial(const struct world *world)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(http_server_port(world->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static void ask(struct world *world)
{
    world->near = dial(world);
    say(world->near, REQUEST, sizeof(REQUEST) - 1);
}

static void ask_and_be_heard(struct world *world)
{
    ask(world);
    TURN_UNTIL(world, has(&world->far_got, "\r\n\r\n"));
}

static void open_both(struct world *world)
{
    ask_and_be_heard(world);
    say(world->far, ANSWER, sizeof(ANSWER) - 1);
    TURN_UNTIL(world, has(&world->near_got, "\r\n\r\n"));
    assert_memory_equal(world->near_got.at, "HTTP/1.1 101", 12);
    text_clear(&world->near_got);
    text_clear(&world->far_got);
}

static void expect_status(struct world *world, const char *status)
{
    TURN_UNTIL_IN(world, 6, has(&world->near_got, "\r\n\r\n"));
    assert_memory_equal(world->near_got.at + 9, status, 3);
}

static void the_head_is_made_anew_and_the_answer_is_the_targets(void **state)
{
    struct world *world = *state;

    ask_and_be_heard(world);
    text_add_char(&world->far_got, '\0');
    assert_non_null(strstr(world->far_got.at, "GET /signal HTTP/1.1\r\nHost: 127.0.0.1:"));
    assert_non_null(strstr(world->far_got.at, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
    assert_non_null(strstr(world->far_got.at, "Sec-WebSocket-Protocol: voice\r\n"));
    assert_null(strstr(world->far_got.at, "secret"));
    assert_null(strstr(world->far_got.at, "deflate"));
    say(world->far, ANSWER, sizeof(ANSWER) - 1);
    say(world->far, "at once", 7);
    TURN_UNTIL(world, has(&world->near_got, "\r\n\r\nat once"));
    assert_true(has(&world->near_got, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    assert_true(has(&world->near_got, "Sec-WebSocket-Protocol: voice\r\n"));
}

static void bytes_go_both_ways_as_they_are(void **state)
{
    struct world *world = *state;

    open_both(world);
    say(world->near, "\x81\x85\0\1\2\3abcde", 11);
    TURN_UNTIL(world, world->far_got.size == 11);
    assert_memory_equal(world->far_got.at, "\x81\x85\0\1\2\3abcde", 11);
    say(world->far, "\0\xff\n", 3);
    TURN_UNTIL(world, world->near_got.size == 3);
    assert_memory_equal(world->near_got.at, "\0\xff\n", 3);
}

static void who_does_not_read_holds_up_who_writes(void **state)
{
    enum { MUCH = 64 << 20 };
    struct world *world = *state;
    char block[4096];
    size_t sent = 0, still = 0;

    open_both(world);
    for (size_t i = 0; i < sizeof(block); ++i)
        block[i] = (char)(i * 7);
    while (sent < MUCH && still < 50) { /* until for 50 turns nothing more is taken */
        ssize_t size = send(world->far, block + sent % sizeof(block),
                            sizeof(block) - sent % sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL);

        still = size > 0 ? 0 : still + 1;
        sent += size > 0 ? (size_t)size : 0;
        turn(world, false);
    }
    assert_in_range(sent, 1, MUCH - 1);
    say(world->near, "me too", 6); /* the other way is not held up */
    instant end = loop_clock() + 3 * SECOND;
    while (world->far_got.size < 6 && loop_clock() < end)
        turn(world, false);
    assert_int_equal(world->far_got.size, 6);
    TURN_UNTIL_IN(world, 10, world->near_got.size == sent);
    for (size_t i = 0; i < sent; ++i)
        if (world->near_got.at[i] != block[i % sizeof(block)])
            fail_msg("byte %zu of %zu came wrong", i, sent);
}

static void what_was_said_before_the_end_arrives_and_the_answer_to_it(void **state)
{
    struct world *world = *state;

    open_both(world);
    say(world->near, "last", 4);
    assert_int_equal(shutdown(world->near, SHUT_WR), 0);
    TURN_UNTIL(world, world->far_ended && world->far_got.size == 4);
    assert_false(world->near_ended);
    say(world->far, "farewell", 8);
    TURN_UNTIL(world, world->near_got.size == 8);
    close(world->far);
    world->far = world->listener; /* nobody comes any more */
    TURN_UNTIL(world, world->near_ended);
    TURN_UNTIL(world, !http_server_counts(world->server).connections);
    world->far = -1;
}

static void one_who_never_ends_is_not_waited_for(void **state)
{
    struct world *world = *state;

    open_both(world);
    assert_int_equal(shutdown(world->far, SHUT_WR), 0);
    TURN_UNTIL(world, world->near_ended);
    TURN_UNTIL_IN(world, RELAY_GRACE_MS_MAX / 1000 + 3,
                  !http_server_counts(world->server).connections);
    TURN_UNTIL(world, world->far_ended);
}

static void a_target_that_dies_ends_the_browsers_socket(void **state)
{
    struct world *world = *state;
    struct linger linger = {1, 0};

    open_both(world);
    setsockopt(world->far, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(world->far);
    world->far = world->listener;
    TURN_UNTIL(world, world->near_ended);
    world->far = -1;
}

static void a_browser_that_leaves_while_the_target_thinks_takes_the_socket_along(void **state)
{
    struct world *world = *state;

    ask_and_be_heard(world);
    close(world->near);
    world->near = -1;
    TURN_UNTIL_IN(world, 6, world->far_ended);
}

static void nobody_there_is_503(void **state)
{
    struct world *world = *state;

    close(world->listener);
    world->listener = -1;
    ask(world);
    expect_status(world, "503");
}

static void one_that_says_nothing_is_503(void **state)
{
    struct world *world = *state;

    ask_and_be_heard(world);
    expect_status(world, "503");
    assert_true(has(&world->near_got, "Retry-After: 1"));
}

static void an_oversized_answer_is_503(void **state)
{
    struct world *world = *state;
    char fill[12 << 10];

    memset(fill, 'x', sizeof(fill));
    ask_and_be_heard(world);
    say(world->far, "HTTP/1.1 101 Switching\r\nX: ", 27);
    say(world->far, fill, sizeof(fill));
    expect_status(world, "503");
}

static void what_the_target_refuses_is_refused(void **state)
{
    static const char *const cases[][2] = {
        {"HTTP/1.1 401 No\r\n\r\n", "401"},
        {"HTTP/1.1 500 Oh\r\n\r\n", "503"},
        {"HTTP/1.1 200 OK\r\n\r\n", "503"},
        {"HTTP/1.1 101 But\r\nno-key: here\r\n\r\n", "503"},
        {"\r\n\r\n", "503"},
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); ++i) {
        ask_and_be_heard(world);
        say(world->far, cases[i][0], strlen(cases[i][0]));
        expect_status(world, cases[i][1]);
        close(world->near);
        close(world->far);
        world->near = world->far = -1;
        text_clear(&world->near_got);
        text_clear(&world->far_got);
    }
}

static void an_oversized_request_is_431(void **state)
{
    static const char begin[] = "GET /signal HTTP/1.1\r\nHost: a\r\nX: ";
    struct world *world = *state;
    char fill[40 << 10];

    memset(fill, 'x', sizeof(fill));
    world->near = dial(world);
    say(world->near, begin, sizeof(begin) - 1);
    say(world->near, fill, sizeof(fill));
    expect_status(world, "431");
    assert_int_equal(world->begun, 0);
}

static void a_plain_request_is_not_carried(void **state)
{
    static const char plain[] = "GET /signal HTTP/1.1\r\nHost: a\r\n\r\n";
    struct world *world = *state;

    world->near = dial(world);
    say(world->near, plain, sizeof(plain) - 1);
    expect_status(world, "426");
    assert_int_equal(world->err, EINVAL);
}

static void a_server_that_ends_takes_its_relays_along(void **state)
{
    struct world *world = *state;

    open_both(world);
    http_server_free(world->server);
    world->server = NULL;
    read_side(world->near, &world->near_got, &world->near_ended);
    read_side(world->far, &world->far_got, &world->far_ended);
    assert_true(world->near_ended && world->far_ended);
}

static void addresses_are_read_from_urls(void **state)
{
    struct relay_target target = {.path = "/"};
    char address[64];

    (void)state;
    assert_true(relay_target_of("http://[::1]:81/x", address, sizeof(address), &target));
    assert_string_equal(target.address, "::1");
    assert_int_equal(target.port, 81);
    assert_true(relay_target_of("http://10.0.0.1", address, sizeof(address), &target));
    assert_int_equal(target.port, 80);
    assert_false(relay_target_of("https://10.0.0.1:1", address, sizeof(address), &target));
    assert_false(relay_target_of("http://name:1", address, sizeof(address), &target));
    assert_false(relay_target_of("http://10.0.0.1:0", address, sizeof(address), &target));
    assert_false(relay_target_of("http://10.0.0.1:99999", address, sizeof(address), &target));
    assert_false(relay_target_of("http://[::1", address, 3, &target));
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(the_head_is_made_anew_and_the_answer_is_the_targets),
        IN_A_WORLD(bytes_go_both_ways_as_they_are),
        IN_A_WORLD(who_does_not_read_holds_up_who_writes),
        IN_A_WORLD(what_was_said_before_the_end_arrives_and_the_answer_to_it),
        IN_A_WORLD(one_who_never_ends_is_not_waited_for),
        IN_A_WORLD(a_target_that_dies_ends_the_browsers_socket),
        IN_A_WORLD(a_browser_that_leaves_while_the_target_thinks_takes_the_socket_along),
        IN_A_WORLD(nobody_there_is_503),
        IN_A_WORLD(one_that_says_nothing_is_503),
        IN_A_WORLD(an_oversized_answer_is_503),
        IN_A_WORLD(what_the_target_refuses_is_refused),
        IN_A_WORLD(an_oversized_request_is_431),
        IN_A_WORLD(a_plain_request_is_not_carried),
        IN_A_WORLD(a_server_that_ends_takes_its_relays_along),
        cmocka_unit_test(addresses_are_read_from_urls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
