/* A browser's whole leg over real sockets on the loopback: descriptions, ICE, DTLS, sound in a room with a
 * plain RTP leg, keys, restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <opus.h>

#include "browser.h"
#include "net/loop.h"
#include "voice/media/media_web.h"
#include "voice/web/peer.h"
#include "wire/g711.h"

enum { AGENT = 1, CUSTOMER = 2, ROOM = 5, PATIENCE_MS = 5000 };

static struct media *media;
static struct loop *loop;
static struct web_peers *peers;
static struct media_event told[64];
static unsigned told_count;

static uint64_t failed_leg;
static const char *failed_why;

/* Closes the leg at once, as whoever is told may. */
static void note_failed(void *arg, uint64_t leg, const char *why)
{
    failed_leg = leg;
    failed_why = why;
    web_peer_close(peers, leg);
}

static int begin_by(bool opus, unsigned handshake_ms)
{
    static const char *const candidates[] = {"127.0.0.1", "192.0.2.7", NULL};
    struct media_options options = {
        .address = "127.0.0.1", .web_address = "127.0.0.1", .silent_ms = 300};
    struct web_peers_options peer_options = {.candidates = candidates,
                                             .opus = opus,
                                             .handshake_ms = handshake_ms,
                                             .failed = note_failed};
    char error[200];

    told_count = 0;
    failed_leg = 0;
    failed_why = "";
    if (loop_new(&loop) || media_new(&media, &options, error, sizeof(error)))
        return -1;
    peer_options.loop = loop;
    return web_peers_new(&peers, media, &peer_options, error, sizeof(error));
}

static int begin(void **state)
{
    return begin_by(false, 0);
}

static int begin_with_opus(void **state)
{
    return begin_by(true, 0);
}

static int begin_in_haste(void **state)
{
    return begin_by(false, 400);
}

static int end(void **state)
{
    web_peers_free(peers);
    media_free(media);
    loop_free(loop);
    return 0;
}

/* The control thread's turn. */
static void control_turn(void)
{
    struct media_event event;

    loop_step(loop, 0);
    while (media_take_event(media, &event)) {
        if (event.kind == MEDIA_WEB_DTLS)
            web_peers_dtls(peers, event.leg,
                           slice_of((const char *)event.datagram.at, event.datagram.size));
        else if (told_count < array_count(told))
            told[told_count++] = event;
    }
}

static const struct media_event *told_of(enum media_event_kind kind)
{
    for (unsigned i = 0; i < told_count; i++)
        if (told[i].kind == kind)
            return &told[i];
    return NULL;
}

static bool tells(enum media_event_kind kind)
{
    instant until = media_clock(media) + PATIENCE_MS * MILLISECOND;
    struct pollfd wait = {.fd = media_event_fd(media), .events = POLLIN};

    while (!told_of(kind) && media_clock(media) < until) {
        (void)poll(&wait, 1, 5);
        control_turn();
    }
    return told_of(kind);
}

/* Repeats its check as a browser does: the first may overtake the order that opens the leg. */
static bool turn_until(struct browser *browser, const bool *done)
{
    instant now = media_clock(media), until = now + PATIENCE_MS * MILLISECOND, check_at = now;

    while (!*done && now < until) {
        if (!browser->checked && now >= check_at) {
            browser_check(browser, true);
            check_at = now + 50 * MILLISECOND;
        }
        control_turn();
        browser_turn(browser, 2);
        now = media_clock(media);
    }
    return *done;
}

static bool browser_hears(struct browser *browser, uint8_t sound)
{
    instant until = media_clock(media) + PATIENCE_MS * MILLISECOND;

    do {
        unsigned before = browser->rtp_count;

        control_turn();
        if (browser_turn(browser, 2) && browser->rtp_count > before &&
            browser->packet.payload_type == 0 && browser->packet.payload_size == 160 &&
            browser->packet.payload[0] == sound)
            return true;
    } while (media_clock(media) < until);
    return false;
}

static bool secured(struct browser *browser)
{
    instant until = media_clock(media) + PATIENCE_MS * MILLISECOND;

    if (!turn_until(browser, &browser->secured))
        return false;
    while (!web_peer_is_secured(peers, AGENT) && media_clock(media) < until)
        control_turn();
    return web_peer_is_secured(peers, AGENT) &&
           browser_hears(browser, 0xff); /* the keys are in place */
}

static void calls(struct browser *browser, const char *suites)
{
    struct text offer, answer;
    const char *why = NULL;

    text_init(&offer);
    text_init(&answer);
    browser_open(browser, suites);
    browser_describe(browser, "actpass", &offer);
    assert_int_equal(web_peer_answer(peers, AGENT, text_slice(&offer), &answer, &why), 0);
    assert_true(browser_take(browser, text_slice(&answer)));
    text_release(&offer);
    text_release(&answer);
    media_leg_answered(media, AGENT, media_clock(media));
}

/* ---- the customer, plain ---- */

struct phone {
    int fd;
    uint16_t port, sequence;
    uint32_t timestamp;
};

static void phone_open(struct phone *phone)
{
    struct media_remote remote = {.dtmf_payload_type = 101, .sends = true, .receives = true};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(at);

    memset(phone, 0, sizeof(*phone));
    phone->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(phone->fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(phone->fd, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(media_leg_open(media, CUSTOMER, &phone->port), 0);
    memcpy(&remote.address, &at, sizeof(at));
    media_leg_remote(media, CUSTOMER, &remote);
    media_leg_answered(media, CUSTOMER, media_clock(media));
}

static void phone_say(struct phone *phone, uint8_t sound)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(phone->port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct media_packet packet = {
        .sequence = phone->sequence++, .timestamp = phone->timestamp, .ssrc = 0x9999};
    uint8_t bytes[PACKET_HEADER_SIZE + 160];

    phone->timestamp += 160;
    media_packet_header(&packet, bytes);
    memset(bytes + PACKET_HEADER_SIZE, sound, 160);
    assert_int_equal(sendto(phone->fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, sizeof(to)),
                     sizeof(bytes));
}

static bool phone_hears(struct phone *phone, uint8_t sound)
{
    instant until = media_clock(media) + PATIENCE_MS * MILLISECOND;
    struct pollfd wait = {.fd = phone->fd, .events = POLLIN};
    uint8_t bytes[1500];

    while (media_clock(media) < until) {
        control_turn();
        if (poll(&wait, 1, 2) == 1 &&
            recv(phone->fd, bytes, sizeof(bytes), 0) == PACKET_HEADER_SIZE + 160 &&
            bytes[PACKET_HEADER_SIZE] == sound)
            return true;
    }
    return false;
}

/* The first sound that is not silence. */
static bool phone_hears_first(struct phone *phone, uint8_t sound, uint8_t not_this)
{
    instant until = media_clock(media) + PATIENCE_MS * MILLISECOND;
    struct pollfd wait = {.fd = phone->fd, .events = POLLIN};
    uint8_t bytes[1500];

    while (media_clock(media) < until) {
        control_turn();
        if (poll(&wait, 1, 2) != 1 ||
            recv(phone->fd, bytes, sizeof(bytes), 0) <= PACKET_HEADER_SIZE)
            continue;
        if (bytes[PACKET_HEADER_SIZE] == not_this)
            return false;
        if (bytes[PACKET_HEADER_SIZE] == sound)
            return true;
    }
    return false;
}

/* Within 20 ms: a packet that is not silence. */
static bool phone_hears_loud(struct phone *phone)
{
    struct pollfd wait = {.fd = phone->fd, .events = POLLIN};
    uint8_t bytes[1500];

    control_turn();
    if (poll(&wait, 1, 20) != 1 ||
        recv(phone->fd, bytes, sizeof(bytes), 0) != PACKET_HEADER_SIZE + 160)
        return false;
    for (size_t i = PACKET_HEADER_SIZE; i < PACKET_HEADER_SIZE + 160; i++)
        if (abs(g711_mulaw_decode(bytes[i])) > 5000)
            return true;
    return false;
}

static void both_in_a_room(bool muted)
{
    struct media_join join = {.muted = muted};

    media_room_open(media, ROOM);
    media_room_join(media, AGENT, ROOM, &join);
    join.muted = false;
    media_room_join(media, CUSTOMER, ROOM, &join);
}

/* ---- tests ---- */

static void sound_passes_between_browser_and_phone(struct browser *browser, const char *suites)
{
    struct phone phone;

    calls(browser, suites);
    assert_true(secured(browser));
    assert_int_equal(ntohl(browser->mapped.sin_addr.s_addr), INADDR_LOOPBACK);
    phone_open(&phone);
    both_in_a_room(false);
    phone_say(&phone, 0x21);
    assert_true(browser_hears(browser, 0x21));
    browser_sound(browser, 0x42);
    assert_true(phone_hears(&phone, 0x42));
    close(phone.fd);
}

static void a_browser_and_a_phone_hear_each_other(void **state)
{
    struct browser browser;

    sound_passes_between_browser_and_phone(&browser, NULL);
    assert_int_equal(browser.suite, SECURE_AES128_GCM); /* the faster of two */
    assert_true(tells(MEDIA_HELLO));
    web_peer_close(peers, AGENT);
    assert_true(tells(MEDIA_LEG_CLOSED));
    assert_int_equal(told_of(MEDIA_LEG_CLOSED)->stats.packets_in, 1);
    assert_int_equal(browser.refused_count, 0);
    browser_close(&browser);
}

static void counter_mode_will_do(void **state)
{
    struct browser browser;

    sound_passes_between_browser_and_phone(&browser, "SRTP_AES128_CM_SHA1_80");
    assert_int_equal(browser.suite, SECURE_AES128_CM_SHA1_80);
    browser_close(&browser);
}

static void a_browser_is_called(void **state)
{
    struct browser browser;
    struct text offer, answer;
    const char *why = NULL;
    char line[64];

    text_init(&offer);
    text_init(&answer);
    browser_open(&browser, NULL);
    assert_int_equal(web_peer_offer(peers, AGENT, &offer), 0);
    assert_true(browser_line(text_slice(&offer), "a=setup:", line, sizeof(line)));
    assert_string_equal(line, "actpass");
    assert_true(browser_take(&browser, text_slice(&offer)));
    media_leg_answered(media, AGENT, media_clock(media));
    /* before its answer is known: media may overtake signalling */
    assert_true(turn_until(&browser, &browser.secured));
    assert_false(web_peer_is_secured(peers, AGENT));
    browser_describe(&browser, "active", &answer);
    assert_int_equal(web_peer_accepted(peers, AGENT, text_slice(&answer), &why), 0);
    assert_true(web_peer_is_secured(peers, AGENT));
    assert_true(browser_hears(&browser, 0xff));
    assert_int_equal(web_peer_accepted(peers, AGENT, text_slice(&answer), &why), EINVAL);
    text_release(&offer);
    text_release(&answer);
    browser_close(&browser);
}

static void another_certificate_than_described_gets_nothing(void **state)
{
    struct browser browser, other;
    struct text offer, answer;
    const char *why = NULL;

    text_init(&offer);
    text_init(&answer);
    browser_open(&browser, NULL);
    browser_open(&other, NULL);
    browser_describe(&other, "actpass", &offer);
    assert_int_equal(web_peer_answer(peers, AGENT, text_slice(&offer), &answer, &why), 0);
    assert_true(browser_take(&browser, text_slice(&answer)));
    media_leg_answered(media, AGENT, media_clock(media));
    assert_true(turn_until(&browser, &browser.secured)); /* so it thinks */
    assert_true(tells(MEDIA_LEG_CLOSED));
    assert_int_equal(failed_leg, AGENT);
    assert_string_equal(failed_why, "its certificate is not the one of its description");
    assert_false(web_peer_is_secured(peers, AGENT));
    assert_int_equal(browser.rtp_count + browser.rtcp_count, 0);
    text_release(&offer);
    text_release(&answer);
    browser_close(&browser);
    browser_close(&other);
}

static bool tells_digit(struct browser *browser, char digit)
{
    instant until = media_clock(media) + PATIENCE_MS * MILLISECOND;

    while (media_clock(media) < until) {
        control_turn();
        browser_turn(browser, 2);
        for (unsigned i = 0; i < told_count; i++)
            if (told[i].kind == MEDIA_DIGIT && told[i].digit == digit)
                return true;
    }
    return false;
}

static void keys_pass_both_ways_by_the_browsers_number(void **state)
{
    static const uint8_t pressed[] = {5, 10, 0, 160}, let_go[] = {5, 0x80 | 10, 3, 32};
    instant until = media_clock(media) + PATIENCE_MS * MILLISECOND;
    struct browser browser;
    bool heard = false;

    calls(&browser, NULL);
    assert_true(secured(&browser));
    browser_say(&browser, 126, pressed, sizeof(pressed), false);
    for (int i = 0; i < 3; i++)
        browser_say(&browser, 126, let_go, sizeof(let_go), false);
    assert_true(tells_digit(&browser, '5'));
    media_leg_send_digits(media, AGENT, "#");
    while (!heard && media_clock(media) < until)
        heard = browser_turn(&browser, 5) && browser.packet.payload_type == 126 &&
                browser.packet.payload_size == 4 && browser.packet.payload[0] == 11;
    assert_true(heard);
    browser_close(&browser);
}

/* The browser puts Opus first: so it is, and the phone hears it by PCMU. */
static void a_browser_may_speak_opus(void **state)
{
    instant until = media_clock(media) + PATIENCE_MS * MILLISECOND;
    struct browser browser;
    struct phone phone;
    uint8_t payload[400];
    int16_t samples[960];
    OpusEncoder *encoder = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, &(int){0});
    bool heard = false;

    calls(&browser, NULL);
    assert_true(turn_until(&browser, &browser.secured));
    while (
        !(browser_turn(&browser, 2) && browser.rtp_count && browser.packet.payload_type == 111) &&
        media_clock(media) < until)
        control_turn();
    assert_int_equal(browser.packet.payload_type, 111);
    phone_open(&phone);
    both_in_a_room(false);
    for (int i = 0; i < 960; i++)
        samples[i] = (int16_t)(i / 60 % 2 ? 9000 : -9000);
    while (!heard && media_clock(media) < until) {
        int size = opus_encode(encoder, samples, 960, payload, sizeof(payload));

        browser_say(&browser, 111, payload, (size_t)size, false);
        browser.timestamp += 960;
        heard = phone_hears_loud(&phone);
    }
    assert_true(heard);
    opus_encoder_destroy(encoder);
    close(phone.fd);
    browser_close(&browser);
}

static void a_muted_browser_is_not_heard_and_hears(void **state)
{
    struct browser browser;
    struct phone phone;

    calls(&browser, NULL);
    assert_true(secured(&browser));
    phone_open(&phone);
    both_in_a_room(true);
    phone_say(&phone, 0x20);
    assert_true(browser_hears(&browser, 0x20)); /* it is in the room by now */
    browser_sound(&browser, 0x42);
    phone_say(&phone, 0x21);
    assert_true(browser_hears(&browser, 0x21)); /* by now the other would have been passed on */
    media_leg_mute(media, AGENT, false);
    for (int i = 0; i < 5; i++) {
        browser_sound(&browser, 0x43);
        browser_turn(&browser, 20);
    }
    assert_true(phone_hears_first(&phone, 0x43, 0x42));
    close(phone.fd);
    browser_close(&browser);
}

static void a_restart_keeps_the_sound(void **state)
{
    struct browser browser;
    struct text offer, answer;
    const char *why = NULL;
    char before[32];

    text_init(&offer);
    text_init(&answer);
    calls(&browser, NULL);
    assert_true(secured(&browser));
    snprintf(before, sizeof(before), "%s", browser.engine_ufrag);
    snprintf(browser.ufrag, sizeof(browser.ufrag), "anew");
    browser_describe(&browser, "actpass", &offer);
    assert_int_equal(web_peer_restart(peers, AGENT, text_slice(&offer), &answer, &why), 0);
    assert_true(browser_hears(&browser, 0xff)); /* by the old address still */
    close(browser.fd);
    browser_bind(&browser); /* another network */
    assert_true(browser_take(&browser, text_slice(&answer)));
    assert_string_not_equal(browser.engine_ufrag, before);
    assert_true(turn_until(&browser, &browser.checked));
    assert_true(browser_hears(&browser, 0xff));
    assert_true(web_peer_is_secured(peers, AGENT));
    /* another certificate would be another call */
    text_clear(&offer);
    web_certificate_release(&browser.certificate);
    assert_int_equal(web_certificate_init(&browser.certificate), 0);
    browser_describe(&browser, "actpass", &offer);
    assert_int_equal(web_peer_restart(peers, AGENT, text_slice(&offer), &answer, &why), EINVAL);
    text_release(&offer);
    text_release(&answer);
    browser_close(&browser);
}

static void a_browser_that_is_gone_is_told_as_silent(void **state)
{
    struct browser browser;

    calls(&browser, NULL);
    assert_true(secured(&browser));
    browser_sound(&browser, 0x42);
    assert_true(tells(MEDIA_LEG_SILENT));
    browser_check(&browser, false);
    assert_true(tells(MEDIA_LEG_HEARD));
    browser_close(&browser);
}

/* It took our offer and was not heard of again; or it begins, and does not go on. */
static void a_browser_that_does_not_come_is_told(void **state)
{
    static const uint8_t hello[] = {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct browser browser;
    struct text offer, answer;
    const char *why = NULL;

    text_init(&offer);
    text_init(&answer);
    browser_open(&browser, NULL);
    assert_int_equal(web_peer_offer(peers, AGENT, &offer), 0);
    browser_describe(&browser, "active", &answer);
    assert_int_equal(web_peer_accepted(peers, AGENT, text_slice(&answer), &why), 0);
    assert_true(tells(MEDIA_LEG_CLOSED));
    assert_string_equal(failed_why, "no handshake came");
    told_count = 0;
    browser_close(&browser);
    calls(&browser, NULL);
    web_peers_dtls(peers, AGENT, slice_of((const char *)hello, sizeof(hello)));
    assert_true(tells(MEDIA_LEG_CLOSED));
    assert_string_equal(failed_why, "the handshake took too long");
    text_release(&offer);
    text_release(&answer);
    browser_close(&browser);
}

static void what_cannot_be_answered_is_refused_with_a_reason(void **state)
{
    static const char *const none[] = {NULL}, *const any[] = {"0.0.0.0", NULL};
    struct web_peers_options options = {.loop = loop, .candidates = none};
    struct web_peers *others = NULL;
    struct browser browser;
    struct text offer, answer;
    const char *why = NULL;
    char error[200];

    text_init(&offer);
    text_init(&answer);
    browser_open(&browser, NULL);
    browser_describe(&browser, "passive", &offer);
    assert_int_equal(web_peer_answer(peers, AGENT, text_slice(&offer), &answer, &why), EINVAL);
    assert_string_equal(why, "a=setup:passive: we are DTLS's server");
    assert_int_equal(web_peer_restart(peers, AGENT, text_slice(&offer), &answer, &why), EINVAL);
    assert_int_equal(web_peer_accepted(peers, AGENT, text_slice(&offer), &why), EINVAL);
    assert_int_equal(web_peer_answer(peers, AGENT, slice_from("v=0"), &answer, &why), EINVAL);
    text_clear(&offer);
    browser_describe(&browser, "actpass", &offer);
    assert_int_equal(web_peer_answer(peers, AGENT, text_slice(&offer), &answer, &why), 0);
    assert_int_equal(web_peer_answer(peers, AGENT, text_slice(&offer), &answer, &why), EEXIST);
    web_peer_close(peers, AGENT);
    web_peer_close(peers, AGENT); /* nothing */
    assert_true(tells(MEDIA_LEG_CLOSED));
    assert_int_equal(web_peers_new(&others, media, &options, error, sizeof(error)), EINVAL);
    assert_string_equal(error, "no address to tell to browsers");
    options.candidates = any;
    assert_int_equal(web_peers_new(&others, media, &options, error, sizeof(error)), EINVAL);
    text_release(&offer);
    text_release(&answer);
    browser_close(&browser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_browser_and_a_phone_hear_each_other, begin, end),
        cmocka_unit_test_setup_teardown(counter_mode_will_do, begin, end),
        cmocka_unit_test_setup_teardown(a_browser_is_called, begin, end),
        cmocka_unit_test_setup_teardown(keys_pass_both_ways_by_the_browsers_number, begin, end),
        cmocka_unit_test_setup_teardown(a_browser_may_speak_opus, begin_with_opus, end),
        cmocka_unit_test_setup_teardown(a_muted_browser_is_not_heard_and_hears, begin, end),
        cmocka_unit_test_setup_teardown(a_restart_keeps_the_sound, begin, end),
        cmocka_unit_test_setup_teardown(a_browser_that_is_gone_is_told_as_silent, begin, end),
        cmocka_unit_test_setup_teardown(a_browser_that_does_not_come_is_told, begin_in_haste, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_answered_is_refused_with_a_reason, begin,
                                        end),
        cmocka_unit_test_setup_teardown(another_certificate_than_described_gets_nothing, begin,
                                        end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
