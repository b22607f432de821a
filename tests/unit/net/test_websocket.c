#include <setjmp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/websocket.h"

/* The client is a plain socket that says byte for byte what a test wants said. */
struct world {
    struct loop *loop;
    struct http_server *server;
    struct websocket *socket;
    struct websocket_options options;
    int fd;
    struct text got;   /* what the server has sent */
    struct text heard; /* the messages, each after a '|' */
    unsigned accepted, refused, closed;
    uint16_t code;
    bool echoes, closes_on_message, says_hello;
    bool peer_sees_end;
};

static void on_message(void *arg, struct slice text)
{
    struct world *world = arg;

    text_add_char(&world->heard, '|');
    text_add_slice(&world->heard, text);
    if (world->echoes)
        websocket_send(world->socket, text);
    if (world->closes_on_message)
        websocket_close(world->socket, 4009, "enough");
}

static void on_closed(void *arg, uint16_t code)
{
    struct world *world = arg;

    ++world->closed;
    world->code = code;
    world->socket = NULL;
}

static const struct websocket_handlers HANDLERS = {on_message, on_closed};

static void handle(void *arg, struct http_request *request)
{
    struct world *world = arg;
    int err = websocket_accept(&world->socket, request, &world->options, &HANDLERS, world);

    if (err) {
        ++world->refused;
        http_request_reply(request, err == EBUSY ? 503 : 426, NULL, NULL, 0);
        return;
    }
    ++world->accepted;
    assert_int_equal(world->closed, 0);
    if (world->says_hello)
        websocket_send(world->socket, slice_from("hello"));
}

static int start(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct http_server_options options = {
        .address = "127.0.0.1", .connection_count_max = 4, .idle_ms = 1000};

    assert_int_equal(loop_new(&world->loop), 0);
    assert_int_equal(http_server_new(&world->server, world->loop, &options, handle, world), 0);
    world->fd = -1;
    *state = world;
    return 0;
}

static int stop(void **state)
{
    struct world *world = *state;

    http_server_free(world->server);
    loop_free(world->loop);
    assert_int_equal(world->closed, world->accepted);
    if (world->fd >= 0)
        close(world->fd);
    text_release(&world->got);
    text_release(&world->heard);
    free(world);
    return 0;
}

static int dial(const struct world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(world->server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void say(const struct world *world, const void *bytes, size_t size)
{
    assert_int_equal(send(world->fd, bytes, size, MSG_NOSIGNAL), size);
}

static void read_all(struct world *world)
{
    char buffer[4096];
    ssize_t size;

    while ((size = recv(world->fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0)
        text_add_bytes(&world->got, buffer, (size_t)size);
    if (!size || errno == ECONNRESET)
        world->peer_sees_end = true;
}

/* Turns the loop until it is so, at most three seconds. */
#define TURN_UNTIL(world, condition)                                                               \
    do {                                                                                           \
        instant turn_end = loop_clock() + 3 * SECOND;                                              \
        while (!(condition) && loop_clock() < turn_end) {                                          \
            loop_step((world)->loop, 5 * MILLISECOND);                                             \
            if ((world)->fd >= 0)                                                                  \
                read_all(world);                                                                   \
        }                                                                                          \
        assert_true(condition);                                                                    \
    } while (0)

static const char REQUEST[] =
    "GET /app/key HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

static void open_socket(struct world *world)
{
    unsigned accepted = world->accepted;

    world->fd = dial(world);
    say(world, REQUEST, sizeof(REQUEST) - 1);
    TURN_UNTIL(world, world->accepted > accepted && world->got.size >= 4 &&
                          memmem(world->got.at, world->got.size, "\r\n\r\n", 4));
    assert_memory_equal(world->got.at, "HTTP/1.1 101", 12);
    assert_non_null(strcasestr(world->got.at, "\r\nUpgrade: websocket\r\n"));
    assert_non_null(strcasestr(world->got.at, "\r\nConnection: Upgrade\r\n"));
    /* The sample of RFC 6455, section 1.3. */
    assert_non_null(strstr(world->got.at, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    if (!world->says_hello)
        text_clear(&world->got);
}

/* A frame with the mask that changes nothing. */
static void say_frame(const struct world *world, uint8_t first, const void *payload, size_t size)
{
    struct text frame;
    uint8_t head[14] = {first};
    size_t head_size = 2;

    text_init(&frame);
    if (size < 126) {
        head[1] = (uint8_t)(0x80 | size);
    } else if (size < 65536) {
        head[1] = 0x80 | 126;
        head[2] = (uint8_t)(size >> 8);
        head[3] = (uint8_t)size;
        head_size = 4;
    } else {
        head[1] = 0x80 | 127;
        for (int i = 0; i < 8; ++i)
            head[2 + i] = (uint8_t)((uint64_t)size >> (56 - 8 * i));
        head_size = 10;
    }
    text_add_bytes(&frame, head, head_size);
    text_add_bytes(&frame, "\0\0\0\0", 4);
    text_add_bytes(&frame, payload, size);
    say(world, frame.at, frame.size);
    text_release(&frame);
}

static void say_text(const struct world *world, const char *text)
{
    say_frame(world, 0x81, text, strlen(text));
}

static bool got_is(const struct world *world, const char *bytes, size_t size)
{
    return world->got.size == size && !memcmp(world->got.at, bytes, size);
}

/* The server closes with this code, tells so, and the client sees frame and end. */
static void expect_close(struct world *world, uint16_t code)
{
    char head[2] = {(char)(code >> 8), (char)code};

    TURN_UNTIL(world, world->peer_sees_end);
    assert_true(world->got.size >= 4);
    assert_int_equal((uint8_t)world->got.at[0], 0x88);
    assert_memory_equal(world->got.at + 2, head, 2);
    close(world->fd);
    world->fd = -1;
    TURN_UNTIL(world, world->closed);
    assert_int_equal(world->code, code);
}

static void messages_go_both_ways(void **state)
{
    struct world *world = *state;

    world->echoes = true;
    open_socket(world);
    say_text(world, "one");
    say_text(world, "two");
    TURN_UNTIL(world, world->got.size >= 10);
    assert_true(got_is(world, "\x81\x03one\x81\x03two", 10));
    assert_string_equal(world->heard.at, "|one|two");
    assert_string_equal(websocket_peer(world->socket), "127.0.0.1");
}

static void what_is_sent_at_once_follows_the_101(void **state)
{
    struct world *world = *state;
    const char *end;

    world->says_hello = true;
    open_socket(world);
    TURN_UNTIL(world, (end = strstr(world->got.at, "\r\n\r\n")) &&
                          world->got.size >= (size_t)(end + 11 - world->got.at));
    assert_memory_equal(end + 4, "\x81\x05hello", 7);
}

static void a_frame_that_comes_with_the_request_is_read(void **state)
{
    struct world *world = *state;
    char both[sizeof(REQUEST) + 16];

    memcpy(both, REQUEST, sizeof(REQUEST) - 1);
    memcpy(both + sizeof(REQUEST) - 1, "\x81\x85\0\0\0\0early", 11);
    world->fd = dial(world);
    say(world, both, sizeof(REQUEST) - 1 + 11);
    TURN_UNTIL(world, world->heard.size);
    assert_string_equal(world->heard.at, "|early");
}

static void fragments_are_one_message_with_a_ping_between(void **state)
{
    struct world *world = *state;

    open_socket(world);
    say_frame(world, 0x01, "fr\xc3", 3); /* a letter is cut in two */
    say_frame(world, 0x89, "are you", 7);
    say_frame(world, 0x00, "\xbc", 1);
    say_frame(world, 0x80, "h", 1);
    TURN_UNTIL(world, world->heard.size);
    assert_string_equal(world->heard.at, "|fr\xc3\xbch");
    TURN_UNTIL(world, world->got.size >= 9);
    assert_true(got_is(world,
                       "\x8a\x07"
                       "are you",
                       9));
}

static void bytes_may_come_one_by_one(void **state)
{
    struct world *world = *state;
    static const char frame[] = "\x81\x85\x01\x02\x03\x04\x69\x67\x6f\x68\x6e"; /* "hello" masked */

    open_socket(world);
    for (size_t i = 0; i < sizeof(frame) - 1; ++i) {
        say(world, frame + i, 1);
        loop_step(world->loop, MILLISECOND);
    }
    TURN_UNTIL(world, world->heard.size);
    assert_string_equal(world->heard.at, "|hello");
}

static void the_largest_message_is_taken(void **state)
{
    struct world *world = *state;
    char *large = malloc(65536);

    memset(large, 'x', 65536);
    open_socket(world);
    say_frame(world, 0x81, large, 65536);
    TURN_UNTIL(world, world->heard.size);
    assert_int_equal(world->heard.size, 65537);
    free(large);
}

static void a_frame_one_byte_larger_closes_with_1009(void **state)
{
    struct world *world = *state;

    open_socket(world);
    say(world, "\x81\xff\0\0\0\0\0\x01\0\x01", 10);
    expect_close(world, 1009);
}

static void a_length_of_all_ones_closes_with_1009(void **state)
{
    struct world *world = *state;

    open_socket(world);
    say_text(world, "before");
    say(world, "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14);
    expect_close(world, 1009);
    assert_string_equal(world->heard.at, "|before");
}

static void fragments_too_large_together_close_with_1009(void **state)
{
    struct world *world = *state;
    char part[1000];

    world->options.message_size_max = 1500;
    memset(part, 'x', sizeof(part));
    open_socket(world);
    say_frame(world, 0x01, part, sizeof(part));
    say_frame(world, 0x80, part, sizeof(part));
    expect_close(world, 1009);
    assert_int_equal(world->heard.size, 0);
}

static void an_unmasked_frame_closes_with_1002(void **state)
{
    struct world *world = *state;

    open_socket(world);
    say(world, "\x81\x02hi", 4);
    expect_close(world, 1002);
    assert_int_equal(world->heard.size, 0);
}

static void what_is_no_frame_closes_with_1002(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } wrong[] = {
        {"\xc1\x82\0\0\0\0hi", 8},                  /* a reserved bit */
        {"\x83\x82\0\0\0\0hi", 8},                  /* an opcode without a meaning */
        {"\x80\x82\0\0\0\0hi", 8},                  /* goes on with what never began */
        {"\x09\x80\0\0\0\0", 6},                    /* a ping in fragments */
        {"\x89\xfe\0\x7e\0\0\0\0", 8},              /* one too long */
        {"\x81\xfe\0\x05\0\0\0\0hello", 13},        /* a length written longer than it need be */
        {"\x88\x82\0\0\0\0\x03\xed", 8},            /* 1005 is never sent */
        {"\x01\x81\0\0\0\0h\x81\x81\0\0\0\0i", 14}, /* a message within a message */
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); ++i) {
        open_socket(world);
        say(world, wrong[i].bytes, wrong[i].size);
        expect_close(world, 1002);
        world->closed = world->accepted = 0;
        world->peer_sees_end = false;
        text_clear(&world->got);
    }
}

static void text_that_is_no_utf8_closes_with_1007(void **state)
{
    struct world *world = *state;

    open_socket(world);
    say_frame(world, 0x81, "\xc3\x28", 2);
    expect_close(world, 1007);
    assert_int_equal(world->heard.size, 0);
}

static void half_a_letter_at_the_end_closes_with_1007(void **state)
{
    struct world *world = *state;

    open_socket(world);
    say_frame(world, 0x81, "a\xc3", 2);
    expect_close(world, 1007);
}

static void a_binary_message_closes_with_1003(void **state)
{
    struct world *world = *state;

    open_socket(world);
    say_frame(world, 0x82, "\1\2", 2);
    expect_close(world, 1003);
    assert_int_equal(world->heard.size, 0);
}

static void a_binary_message_is_taken_where_wanted(void **state)
{
    struct world *world = *state;

    world->options.takes_binary = true;
    open_socket(world);
    say_frame(world, 0x82, "\xff\xfe", 2);
    TURN_UNTIL(world, world->heard.size == 3);
}

static void who_does_not_read_is_closed_and_costs_no_more(void **state)
{
    struct world *world = *state;
    int fd, small = 4096;
    char block[10000];
    struct slice text = slice_of(block, sizeof(block));
    unsigned sent = 0;

    memset(block, 'x', sizeof(block));
    world->options.unsent_size_max = 100000;
    open_socket(world);
    fd = world->fd;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    world->fd = -1; /* from here on it does not read */
    for (; sent < 10000 && world->socket; ++sent) {
        websocket_send(world->socket, text);
        if (sent % 10 == 0)
            loop_step(world->loop, 0);
        if (sent == 2000)
            TURN_UNTIL(world, world->closed); /* two seconds for its close frame */
    }
    assert_int_equal(world->closed, 1);
    assert_int_equal(world->code, 1008);
    close(fd);
}

static void pings_whose_answers_are_not_read_are_bounded(void **state)
{
    struct world *world = *state;
    char flood[131 * 64], *ping = flood;
    int fd, small = 4096;
    instant end = loop_clock() + 5 * SECOND;

    for (int i = 0; i < 64; ++i, ping += 131) {
        memset(ping, 'p', 131);
        memcpy(ping, "\x89\xfd\0\0\0\0", 6);
    }
    world->options.unsent_size_max = 50000;
    open_socket(world);
    fd = world->fd;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    world->fd = -1;
    while (!world->closed && loop_clock() < end) {
        if (send(fd, flood, sizeof(flood), MSG_DONTWAIT | MSG_NOSIGNAL) < (ssize_t)sizeof(flood))
            loop_step(world->loop, 20 * MILLISECOND); /* part of one: no matter */
        loop_step(world->loop, 0);
    }
    assert_int_equal(world->closed, 1);
    close(fd);
}

static void silence_is_pinged_and_then_closed(void **state)
{
    struct world *world = *state;
    instant began;

    world->options.ping_after_ms = 60;
    world->options.silent_ms = 60;
    world->options.silent_code = 4201;
    open_socket(world);
    began = loop_clock();
    TURN_UNTIL(world, world->got.size >= 2);
    assert_memory_equal(world->got.at, "\x89\0", 2);
    text_clear(&world->got);
    say_frame(world, 0x8a, "", 0); /* the pong buys another while */
    TURN_UNTIL(world, world->got.size >= 2);
    assert_memory_equal(world->got.at, "\x89\0", 2);
    text_clear(&world->got);
    expect_close(world, 4201);
    assert_true(loop_clock() - began >= 175 * MILLISECOND);
}

static void who_talks_is_not_pinged(void **state)
{
    struct world *world = *state;
    instant end;

    world->options.ping_after_ms = 300;
    open_socket(world);
    end = loop_clock() + 500 * MILLISECOND;
    while (loop_clock() < end) {
        say_text(world, "x");
        loop_step(world->loop, 20 * MILLISECOND);
        read_all(world);
    }
    assert_int_equal(world->got.size, 0);
}

static void the_peer_closes(void **state)
{
    struct world *world = *state;

    open_socket(world);
    say_frame(world, 0x88,
              "\x0f\xa0"
              "bye",
              5);
    say_text(world, "after the end");
    expect_close(world, 4000);
    assert_int_equal(world->heard.size, 0);
}

static void the_peer_closes_without_a_code(void **state)
{
    struct world *world = *state;

    open_socket(world);
    say_frame(world, 0x88, "", 0);
    TURN_UNTIL(world, world->peer_sees_end);
    assert_true(got_is(world, "\x88\0", 2));
    close(world->fd);
    world->fd = -1;
    TURN_UNTIL(world, world->closed);
    assert_int_equal(world->code, 1005);
}

static void the_peer_vanishes(void **state)
{
    struct world *world = *state;

    open_socket(world);
    close(world->fd);
    world->fd = -1;
    TURN_UNTIL(world, world->closed);
    assert_int_equal(world->code, 1006);
}

static void a_handler_closes_after_its_last_word(void **state)
{
    struct world *world = *state;

    world->echoes = world->closes_on_message = true;
    open_socket(world);
    say_text(world, "x");
    say_text(world, "y");
    TURN_UNTIL(world, world->peer_sees_end);
    assert_true(got_is(world,
                       "\x81\x01x\x88\x08\x0f\xa9"
                       "enough",
                       13));
    assert_string_equal(world->heard.at, "|x");
    close(world->fd);
    world->fd = -1;
    TURN_UNTIL(world, world->closed);
    assert_int_equal(world->code, 4009);
}

static void a_peer_that_keeps_the_line_is_shut_out_after_a_close(void **state)
{
    struct world *world = *state;
    instant began;

    open_socket(world);
    began = loop_clock();
    websocket_close(world->socket, 1000, NULL);
    assert_int_equal(world->closed, 0);
    TURN_UNTIL(world, world->closed); /* the client keeps its half open */
    assert_int_equal(world->code, 1000);
    assert_true(loop_clock() - began >= 1900 * MILLISECOND);
}

static void a_cut_tells_no_code(void **state)
{
    struct world *world = *state;

    open_socket(world);
    websocket_close(world->socket, 0, NULL);
    websocket_send(world->socket, slice_from("too late"));
    assert_int_equal(world->closed, 0); /* never from inside */
    TURN_UNTIL(world, world->closed);
    assert_int_equal(world->code, 1006);
    TURN_UNTIL(world, world->peer_sees_end);
    assert_int_equal(world->got.size, 0);
}

static void the_server_is_freed_with_a_socket_open(void **state)
{
    struct world *world = *state;

    open_socket(world);
    http_server_free(world->server);
    world->server = NULL;
    assert_int_equal(world->closed, 1);
    assert_int_equal(world->code, 1001);
    read_all(world);
    assert_true(world->peer_sees_end);
    assert_memory_equal(world->got.at, "\x88\x0c\x03\xe9going away", 14);
}

static void the_client_leaves_before_the_101(void **state)
{
    struct world *world = *state;
    struct linger reset = {.l_onoff = 1, .l_linger = 0};

    world->fd = dial(world);
    say(world, REQUEST, sizeof(REQUEST) - 1);
    (void)setsockopt(world->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(world->fd);
    world->fd = -1;
    for (int i = 0; i < 20; ++i)
        loop_step(world->loop, MILLISECOND);
    assert_int_equal(world->closed, world->accepted); /* told, if it was accepted at all */
}

static void what_asks_for_no_websocket_is_refused(void **state)
{
    static const char *const asks[] = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Content-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    };
    struct world *world = *state;

    for (unsigned i = 0; i < sizeof(asks) / sizeof(*asks); ++i) {
        world->fd = dial(world);
        say(world, asks[i], strlen(asks[i]));
        TURN_UNTIL(world, world->refused == i + 1 && world->got.size > 12);
        assert_memory_equal(world->got.at + 9, "426", 3);
        close(world->fd);
        text_clear(&world->got);
    }
    world->fd = -1;
    assert_int_equal(world->accepted, 0);
}

/* Two of four places of one address: a socket keeps its place longer than any request may, and who
 * comes beyond hears 503 instead of taking it. */
static void sockets_keep_their_places_in_a_crowd(void **state)
{
    struct world *world = *state;
    int first, second;
    instant end;

    open_socket(world);
    first = world->fd;
    open_socket(world);
    second = world->fd;
    assert_int_equal(http_server_counts(world->server).connections, 2);
    end = loop_clock() + 2500 * MILLISECOND; /* more than twice idle_ms */
    world->fd = -1;
    while (loop_clock() < end)
        loop_step(world->loop, 50 * MILLISECOND);
    assert_int_equal(http_server_counts(world->server).connections, 2);
    world->fd = dial(world);
    say(world, REQUEST, sizeof(REQUEST) - 1);
    TURN_UNTIL(world, world->refused && world->got.size > 12);
    assert_memory_equal(world->got.at + 9, "503", 3);
    assert_int_equal(world->closed, 0);
    close(world->fd);
    close(first);
    world->fd = second;
    TURN_UNTIL(world, world->closed == 1 && http_server_counts(world->server).connections == 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(messages_go_both_ways),
        TEST(what_is_sent_at_once_follows_the_101),
        TEST(a_frame_that_comes_with_the_request_is_read),
        TEST(fragments_are_one_message_with_a_ping_between),
        TEST(bytes_may_come_one_by_one),
        TEST(the_largest_message_is_taken),
        TEST(a_frame_one_byte_larger_closes_with_1009),
        TEST(a_length_of_all_ones_closes_with_1009),
        TEST(fragments_too_large_together_close_with_1009),
        TEST(an_unmasked_frame_closes_with_1002),
        TEST(what_is_no_frame_closes_with_1002),
        TEST(text_that_is_no_utf8_closes_with_1007),
        TEST(half_a_letter_at_the_end_closes_with_1007),
        TEST(a_binary_message_closes_with_1003),
        TEST(a_binary_message_is_taken_where_wanted),
        TEST(who_does_not_read_is_closed_and_costs_no_more),
        TEST(pings_whose_answers_are_not_read_are_bounded),
        TEST(silence_is_pinged_and_then_closed),
        TEST(who_talks_is_not_pinged),
        TEST(the_peer_closes),
        TEST(the_peer_closes_without_a_code),
        TEST(the_peer_vanishes),
        TEST(a_handler_closes_after_its_last_word),
        TEST(a_peer_that_keeps_the_line_is_shut_out_after_a_close),
        TEST(a_cut_tells_no_code),
        TEST(the_server_is_freed_with_a_socket_open),
        TEST(the_client_leaves_before_the_101),
        TEST(what_asks_for_no_websocket_is_refused),
        TEST(sockets_keep_their_places_in_a_crowd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
