/* The whole media path with its thread, over real sockets on the loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "voice/media/media.h"
#include "voice/media/packet.h"

enum { AGENT = 1, CUSTOMER = 2, ROOM = 5, PATIENCE_MS = 5000 };

/* A phone of the test's: a socket of its own, and the engine's port it talks to. */
struct phone {
    int fd;
    uint16_t port, engine_port;
    uint16_t sequence;
    uint32_t timestamp;
    bool heard[256]; /* sounds */
};

static struct media *media;

static int media_begin(void **state)
{
    struct media_options options = {.address = "127.0.0.1"};
    char error[160];

    return media_new(&media, &options, error, sizeof(error));
}

static int media_end(void **state)
{
    media_free(media);
    return 0;
}

static int phone_socket(const char *address, uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    inet_pton(AF_INET, address, &at.sin_addr);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static void phone_open(struct phone *phone, uint64_t leg)
{
    struct media_remote remote = {
        .payload_type = 0, .dtmf_payload_type = 101, .sends = true, .receives = true};
    struct sockaddr_in *address = (struct sockaddr_in *)&remote.address;

    memset(phone, 0, sizeof(*phone));
    phone->fd = phone_socket("127.0.0.1", &phone->port);
    assert_int_equal(media_leg_open(media, leg, &phone->engine_port), 0);
    assert_int_equal(phone->engine_port % 2, 0);
    address->sin_family = AF_INET;
    address->sin_port = htons(phone->port);
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    media_leg_remote(media, leg, &remote);
    media_leg_answered(media, leg, media_clock(media));
}

static void phone_say_from(struct phone *phone, int fd, uint8_t sound)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(phone->engine_port)};
    struct media_packet packet = {
        .sequence = phone->sequence++, .timestamp = phone->timestamp, .ssrc = 0x1234};
    uint8_t bytes[PACKET_HEADER_SIZE + 160];

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    phone->timestamp += 160;
    media_packet_header(&packet, bytes);
    memset(bytes + PACKET_HEADER_SIZE, sound, 160);
    assert_int_equal(sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, sizeof(to)),
                     sizeof(bytes));
}

static void phone_say(struct phone *phone, uint8_t sound)
{
    phone_say_from(phone, phone->fd, sound);
}

static void phone_press(struct phone *phone, const uint8_t *event, size_t size)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(phone->engine_port)};
    struct media_packet packet = {.payload_type = 101,
                                  .sequence = phone->sequence++,
                                  .timestamp = phone->timestamp,
                                  .ssrc = 0x1234};
    uint8_t bytes[PACKET_HEADER_SIZE + 4];

    assert_int_equal(size, 4);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    phone->timestamp += 160;
    media_packet_header(&packet, bytes);
    memcpy(bytes + PACKET_HEADER_SIZE, event, size);
    assert_int_equal(sendto(phone->fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, sizeof(to)),
                     sizeof(bytes));
}

/* Waits for a packet whose sound is that, and marks all that came; false: it did not come in time. */
static bool sound_comes(int fd, uint8_t sound, int patience_ms, bool heard[256])
{
    instant until = media_clock(media) + patience_ms * MILLISECOND;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    uint8_t bytes[1500];

    do {
        if (poll(&wait, 1, 20) != 1 ||
            recv(fd, bytes, sizeof(bytes), 0) != PACKET_HEADER_SIZE + 160)
            continue;
        heard[bytes[PACKET_HEADER_SIZE]] = true;
        if (bytes[PACKET_HEADER_SIZE] == sound)
            return true;
    } while (media_clock(media) < until);
    return false;
}

static bool phone_hears(struct phone *phone, uint8_t sound, int patience_ms)
{
    return sound_comes(phone->fd, sound, patience_ms, phone->heard);
}

static bool event_comes(enum media_event_kind kind, struct media_event *event)
{
    instant until = media_clock(media) + PATIENCE_MS * MILLISECOND;
    struct pollfd wait = {.fd = media_event_fd(media), .events = POLLIN};

    while (media_clock(media) < until) {
        if (poll(&wait, 1, 20) < 0)
            return false;
        while (media_take_event(media, event))
            if (event->kind == kind)
                return true;
    }
    return false;
}

static void two_phones_in_a_room_hear_each_other(void **state)
{
    struct phone agent, customer;
    struct media_join join = {0};
    struct media_event event;

    phone_open(&agent, AGENT);
    phone_open(&customer, CUSTOMER);
    media_room_open(media, ROOM);
    media_room_join(media, AGENT, ROOM, &join);
    phone_say(&agent, 0x21);
    assert_true(phone_hears(&agent, AUDIO_SILENCE, PATIENCE_MS));
    media_room_join(media, CUSTOMER, ROOM, &join);
    phone_say(&customer, 0x31);
    assert_true(phone_hears(&agent, 0x31, PATIENCE_MS));
    phone_say(&agent, 0x22);
    assert_true(phone_hears(&customer, 0x22, PATIENCE_MS));
    do
        assert_true(event_comes(MEDIA_HELLO, &event));
    while (event.leg != CUSTOMER);
    assert_int_equal(event.room, ROOM);
    assert_in_range(event.latency_us, 0, 2 * SECOND);
    media_leg_close(media, CUSTOMER);
    assert_true(event_comes(MEDIA_LEG_CLOSED, &event));
    assert_int_equal(event.stats.packets_in, 1);
    assert_true(event.stats.packets_out >= 1);
    close(agent.fd);
    close(customer.fd);
}

/* Nobody hears it for so long that its socket is swept by the clock; then somebody does. */
static void an_agent_who_has_waited_long_is_heard_at_once_and_its_keys_arrive(void **state)
{
    static const uint8_t key_five_let_go[] = {5, 0x8a, 0x03, 0x20};
    struct phone agent, customer;
    struct media_join join = {0};
    struct media_event event;

    phone_open(&agent, AGENT);
    phone_open(&customer, CUSTOMER);
    media_room_open(media, ROOM);
    media_room_join(media, AGENT, ROOM, &join);
    for (unsigned i = 0; i < 2; i++) { /* in and out of the sweep, and in again */
        for (unsigned said = 0; said < 30; said++) {
            phone_say(&agent, 0x21);
            assert_true(phone_hears(&agent, AUDIO_SILENCE, PATIENCE_MS)); /* a frame goes by */
        }
        phone_press(&agent, key_five_let_go, sizeof(key_five_let_go));
        assert_true(event_comes(MEDIA_DIGIT, &event));
        assert_int_equal(event.digit, '5');
        media_room_join(media, CUSTOMER, ROOM, &join);
        do /* a packet may overtake the order */
            phone_say(&customer, 0x31);
        while (!phone_hears(&agent, 0x31, 20));
        phone_say(&agent, 0x22);
        assert_true(phone_hears(&customer, 0x22, PATIENCE_MS));
        media_room_leave(media, CUSTOMER, false);
    }
    media_leg_close(media, AGENT);
    assert_true(event_comes(MEDIA_LEG_CLOSED, &event));
    assert_int_equal(event.leg, AGENT);
    assert_int_equal(event.stats.packets_in, 2 * 32);
    assert_int_equal(event.stats.lost_in, 0);
    close(agent.fd);
    close(customer.fd);
}

static void a_word_said_before_the_join_arrives_after_it(void **state)
{
    struct phone agent, customer;
    struct media_join join = {0};
    struct media_event event;

    phone_open(&agent, AGENT);
    phone_open(&customer, CUSTOMER);
    media_room_open(media, ROOM);
    media_room_join(media, AGENT, ROOM, &join);
    phone_say(&customer, 0x31);
    phone_say(&customer, 0x32);
    assert_true(event_comes(MEDIA_FIRST_PACKET, &event));
    media_room_join(media, CUSTOMER, ROOM, &join);
    assert_true(phone_hears(&agent, 0x31, PATIENCE_MS));
    assert_true(phone_hears(&agent, 0x32, PATIENCE_MS));
    close(agent.fd);
    close(customer.fd);
}

static void a_packet_that_overtakes_the_sdp_is_not_lost(void **state)
{
    struct media_remote remote = {.dtmf_payload_type = 101, .sends = true, .receives = true};
    struct sockaddr_in *address = (struct sockaddr_in *)&remote.address;
    struct phone agent, customer = {0};
    struct media_join join = {0};

    phone_open(&agent, AGENT);
    media_room_open(media, ROOM);
    media_room_join(media, AGENT, ROOM, &join);
    customer.fd = phone_socket("127.0.0.1", &customer.port);
    assert_int_equal(media_leg_open(media, CUSTOMER, &customer.engine_port), 0);
    phone_say(&customer, 0x44);
    address->sin_family = AF_INET;
    address->sin_port = htons(customer.port);
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    media_leg_answered(media, CUSTOMER, media_clock(media));
    media_leg_remote(media, CUSTOMER, &remote);
    media_room_join(media, CUSTOMER, ROOM, &join);
    assert_true(phone_hears(&agent, 0x44, PATIENCE_MS));
    close(agent.fd);
    close(customer.fd);
}

static void a_stranger_is_not_heard_and_another_port_of_the_host_is_at_once(void **state)
{
    struct phone agent, customer;
    struct media_join join = {0};
    struct media_event event;
    uint16_t port;
    int stranger, other_port, third_port;
    bool heard[256];

    phone_open(&agent, AGENT);
    phone_open(&customer, CUSTOMER);
    stranger = phone_socket("127.0.0.9", &port);
    other_port = phone_socket("127.0.0.1", &port);
    third_port = phone_socket("127.0.0.1", &port);
    media_room_open(media, ROOM);
    media_room_join(media, AGENT, ROOM, &join);
    media_room_join(media, CUSTOMER, ROOM, &join);
    phone_say_from(&customer, stranger, 0x66);
    phone_say_from(&customer, other_port, 0x51);
    phone_say_from(&customer, third_port, 0x67);
    assert_true(phone_hears(&agent, 0x51, PATIENCE_MS));
    do /* it is sent to the SDP's port until the other is fixed */
        phone_say_from(&customer, other_port, 0x52);
    while (!sound_comes(other_port, AUDIO_SILENCE, 20, heard));
    phone_say_from(&customer, third_port, 0x67);
    phone_say_from(&customer, stranger, 0x66);
    phone_say(&customer, 0x68);
    phone_say_from(&customer, other_port, 0x53);
    assert_true(phone_hears(&agent, 0x53, PATIENCE_MS));
    assert_false(agent.heard[0x66] || agent.heard[0x67] || agent.heard[0x68]);
    media_leg_close(media, CUSTOMER);
    assert_true(event_comes(MEDIA_LEG_CLOSED, &event));
    assert_true(event.stats.packets_in >= 3);
    close(agent.fd);
    close(customer.fd);
    close(stranger);
    close(other_port);
    close(third_port);
}

static void the_sdp_s_own_port_overrides_another_of_its_host(void **state)
{
    struct phone agent, customer;
    struct media_join join = {0};
    uint16_t port;
    int other_port = phone_socket("127.0.0.1", &port);

    phone_open(&agent, AGENT);
    phone_open(&customer, CUSTOMER);
    media_room_open(media, ROOM);
    media_room_join(media, AGENT, ROOM, &join);
    media_room_join(media, CUSTOMER, ROOM, &join);
    phone_say_from(&customer, other_port, 0x51);
    phone_say(&customer, 0x31);
    phone_say_from(&customer, other_port, 0x66);
    phone_say(&customer, 0x32);
    assert_true(phone_hears(&agent, 0x32, PATIENCE_MS));
    assert_true(agent.heard[0x51] && agent.heard[0x31] && !agent.heard[0x66]);
    close(agent.fd);
    close(customer.fd);
    close(other_port);
}

/* What its own host sends and is refused is read by the clock after a while; its own port is heard. */
static void a_leg_that_is_flooded_before_its_first_word_is_heard(void **state)
{
    struct phone agent, customer;
    struct media_join join = {0};
    uint16_t port;
    int flooder = phone_socket("127.0.0.1", &port);
    static const uint8_t garbage[PACKET_HEADER_SIZE + 160];
    struct sockaddr_in to = {.sin_family = AF_INET};

    phone_open(&agent, AGENT);
    phone_open(&customer, CUSTOMER);
    media_room_open(media, ROOM);
    media_room_join(media, AGENT, ROOM, &join);
    media_room_join(media, CUSTOMER, ROOM, &join);
    to.sin_port = htons(customer.engine_port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 40; i++)
            (void)sendto(flooder, garbage, sizeof(garbage), 0, (struct sockaddr *)&to, sizeof(to));
        assert_true(phone_hears(&agent, AUDIO_SILENCE, PATIENCE_MS)); /* a frame goes by */
    }
    for (uint8_t sound = 0x31; sound < 0x34; sound++) {
        phone_say(&customer, sound);
        assert_true(phone_hears(&agent, sound, PATIENCE_MS));
    }
    close(agent.fd);
    close(customer.fd);
    close(flooder);
}

/* A re-INVITE: a socket disconnected must not have lost its port. */
static void a_phone_that_moves_is_heard_from_its_new_address(void **state)
{
    struct media_remote remote = {.dtmf_payload_type = 101, .sends = true, .receives = true};
    struct sockaddr_in *address = (struct sockaddr_in *)&remote.address;
    struct phone agent, customer;
    struct media_join join = {0};

    phone_open(&agent, AGENT);
    phone_open(&customer, CUSTOMER);
    media_room_open(media, ROOM);
    media_room_join(media, AGENT, ROOM, &join);
    media_room_join(media, CUSTOMER, ROOM, &join);
    for (uint8_t move = 0; move < 3; move++) {
        phone_say(&customer, (uint8_t)(0x31 + move));
        assert_true(phone_hears(&agent, (uint8_t)(0x31 + move), PATIENCE_MS));
        phone_say(&agent, (uint8_t)(0x41 + move));
        assert_true(phone_hears(&customer, (uint8_t)(0x41 + move), PATIENCE_MS));
        close(customer.fd);
        customer.fd = phone_socket("127.0.0.1", &customer.port);
        address->sin_family = AF_INET;
        address->sin_port = htons(customer.port);
        address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        media_leg_remote(media, CUSTOMER, &remote);
        assert_true(phone_hears(&customer, AUDIO_SILENCE, PATIENCE_MS)); /* it is known by now */
    }
    close(agent.fd);
    close(customer.fd);
}

static void a_played_audio_reaches_the_phone_and_its_end_is_told(void **state)
{
    struct phone phone;
    uint8_t bytes[800];
    struct media_play play = {.id = 42, .loop_count = 1};
    struct media_event event;

    memset(bytes, 0x5a, sizeof(bytes));
    phone_open(&phone, AGENT);
    play.audio = audio_new(bytes, sizeof(bytes));
    media_play_leg(media, AGENT, &play);
    audio_unref(play.audio);
    assert_true(phone_hears(&phone, 0x5a, PATIENCE_MS));
    assert_true(event_comes(MEDIA_PLAY_ENDED, &event));
    assert_int_equal(event.play_id, 42);
    assert_int_equal(event.end, MEDIA_PLAY_FINISHED);
    close(phone.fd);
}

static void ports_come_from_the_range_and_run_out_with_a_clear_error(void **state)
{
    char address[20]; /* of our own: on 127.0.0.1 an engine of another test may have the ports */
    uint16_t first = 20001, ports[3], more;
    struct media_options options = {
        .address = address, .port_first = first, .port_last = (uint16_t)(first + 5)};
    struct media *ranged;
    char error[160];

    snprintf(address, sizeof(address), "127.77.%d.%d", getpid() / 250 % 250, 1 + getpid() % 250);
    assert_int_equal(media_new(&ranged, &options, error, sizeof(error)), 0);
    assert_int_equal(media_leg_open(ranged, 1, &ports[0]), 0);
    assert_int_equal(media_leg_open(ranged, 1, &ports[1]), EEXIST);
    assert_int_equal(media_leg_open(ranged, 2, &ports[1]), 0);
    assert_int_equal(media_leg_open(ranged, 3, &ports[2]), 0);
    assert_int_equal(ports[0] + ports[1] + ports[2], 3 * (first + 3));
    assert_int_equal(media_leg_open(ranged, 4, &more), EADDRINUSE);
    media_free(ranged);
}

static void a_bad_address_or_range_is_refused_with_a_sentence(void **state)
{
    struct media_options options = {.address = "phone.example"};
    struct media *none = NULL;
    char error[160];

    assert_int_equal(media_new(&none, &options, error, sizeof(error)), EINVAL);
    assert_non_null(strstr(error, "'phone.example'"));
    options.address = "192.0.2.77";
    assert_int_equal(media_new(&none, &options, error, sizeof(error)), EADDRNOTAVAIL);
    assert_non_null(strstr(error, "192.0.2.77"));
    options.address = "127.0.0.1";
    options.port_first = options.port_last = 9001;
    assert_int_equal(media_new(&none, &options, error, sizeof(error)), EINVAL);
    assert_non_null(strstr(error, "9001"));
}

static void orders_for_legs_long_gone_do_no_harm(void **state)
{
    struct media_play play = {.id = 9, .loop_count = 1};
    struct media_join join = {0};
    struct media_event event;

    play.audio = audio_new_silence(100);
    media_play_leg(media, 99, &play);
    assert_true(event_comes(MEDIA_PLAY_ENDED, &event));
    assert_int_equal(event.end, MEDIA_PLAY_GONE);
    media_leg_send_digits(media, 99, "1");
    assert_true(event_comes(MEDIA_DIGITS_SENT, &event));
    assert_false(event.done);
    media_room_join(media, 99, 98, &join);
    media_room_leave(media, 99, true);
    media_leg_mute(media, 99, true);
    media_leg_hold(media, 99, true, play.audio);
    media_leg_close(media, 99);
    media_room_close(media, 98);
    audio_unref(play.audio);
}

static void thousands_of_orders_at_once_wait_their_turn(void **state)
{
    struct media_event event;
    uint16_t port;

    assert_int_equal(media_leg_open(media, 1, &port), 0);
    for (int i = 0; i < 20000; i++)
        media_leg_mute(media, 1, i % 2);
    media_leg_close(media, 1);
    assert_true(event_comes(MEDIA_LEG_CLOSED, &event));
}

int main(void)
{
#define media_test(name) cmocka_unit_test_setup_teardown(name, media_begin, media_end)
    const struct CMUnitTest tests[] = {
        media_test(two_phones_in_a_room_hear_each_other),
        media_test(an_agent_who_has_waited_long_is_heard_at_once_and_its_keys_arrive),
        media_test(a_word_said_before_the_join_arrives_after_it),
        media_test(a_packet_that_overtakes_the_sdp_is_not_lost),
        media_test(a_stranger_is_not_heard_and_another_port_of_the_host_is_at_once),
        media_test(the_sdp_s_own_port_overrides_another_of_its_host),
        media_test(a_leg_that_is_flooded_before_its_first_word_is_heard),
        media_test(a_phone_that_moves_is_heard_from_its_new_address),
        media_test(a_played_audio_reaches_the_phone_and_its_end_is_told),
        cmocka_unit_test(ports_come_from_the_range_and_run_out_with_a_clear_error),
        cmocka_unit_test(a_bad_address_or_range_is_refused_with_a_sentence),
        media_test(orders_for_legs_long_gone_do_no_harm),
        media_test(thousands_of_orders_at_once_wait_their_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
