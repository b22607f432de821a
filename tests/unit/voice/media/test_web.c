/* All browsers' port without a socket: what a datagram is and whose, checks, addresses, restart, reports. */
#include <stdio.h>

#include "core_bench.h"

#include "voice/media/carrier.h"
#include "voice/media/report.h"
#include "voice/media/web.h"
#include "voice/secure/binding.h"

enum { SENT_MAX = 64, AGENT = 1, OTHER = 2 };

static struct web *web;
static struct {
    struct sockaddr_in to;
    uint8_t bytes[PACKET_SIZE_MAX + SECURE_OVERHEAD];
    size_t size;
} sent[SENT_MAX];
static unsigned sent_count, dtls_count;
static uint64_t dtls_leg;

static const struct media_web_ice ice = {"oursours", "a password of 24 letters"};
static const struct media_web_ice other_ice = {"othersof", "another of twenty-four.."};

static uint8_t *room(void *self)
{
    assert_true(sent_count < SENT_MAX);
    return sent[sent_count].bytes;
}

static void send_it(void *self, const struct sockaddr_in *to, size_t size)
{
    sent[sent_count].to = *to;
    sent[sent_count++].size = size;
}

static void take_dtls(void *self, uint64_t leg, const void *bytes, size_t size, instant now)
{
    dtls_count++;
    dtls_leg = leg;
}

static void web_bench_send(void *self, void *carrier, const void *bytes, size_t size)
{
    web_leg_rtp(carrier, bytes, size);
}

static void nobody_minds(void *self, void *carrier)
{
}

static int begin(void **state)
{
    struct media_core_ops ops = {
        .send = web_bench_send, .event = bench_event, .heard = nobody_minds};
    struct web_ops web_ops = {.room = room, .send = send_it, .dtls = take_dtls};
    struct audio *melody = audio_new_tone(440, 1000, 5000);
    int err;

    memset(&bench, 0, sizeof(bench));
    bench.now = 1800000000 * SECOND;
    sent_count = dtls_count = 0;
    err = media_core_new(&bench.core, &ops, melody, 10000, 1);
    audio_unref(melody);
    return err ? err : web_new(&web, bench.core, &web_ops);
}

static int end(void **state)
{
    web_free(web);
    media_core_free(bench.core);
    return 0;
}

static struct web_leg *leg_open(uint64_t id, const struct media_web_ice *with)
{
    struct media_remote remote = {.dtmf_payload_type = 126, .sends = true, .receives = true};
    struct web_leg *leg;

    remote.address.ss_family = AF_INET;
    assert_int_equal(web_leg_open(web, id, with, bench.now, &leg), 0);
    assert_true(media_core_leg_remote(bench.core, id, &remote, bench.now, bench.now));
    media_core_leg_answered(bench.core, id, bench.now, bench.now);
    return leg;
}

static struct sockaddr_in from_port(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(0xc6336407)}};
}

/* A check from there; true: it is answered, to there. */
static bool checks(uint16_t port, const struct media_web_ice *with, const char *password,
                   bool nominates)
{
    struct sockaddr_in from = from_port(port);
    struct binding_order order = {
        .transaction = "abcdefghijk", .priority = 1, .use_candidate = nominates};
    uint8_t bytes[BINDING_SIZE_MAX];
    unsigned before = sent_count;
    char username[32];
    struct binding reply;
    size_t size;

    snprintf(username, sizeof(username), "%s:theirs", with->ufrag);
    order.username = slice_from(username);
    size = binding_request(&order, password, bytes);
    web_packet(web, &from, bytes, size, bench.now);
    if (sent_count == before)
        return false;
    assert_int_equal(sent_count, before + 1);
    assert_memory_equal(&sent[before].to, &from, sizeof(from));
    assert_true(binding_parse(&reply, sent[before].bytes, sent[before].size));
    assert_int_equal(reply.kind, BINDING_SUCCESS);
    assert_memory_equal(&reply.mapped, &from, sizeof(from));
    return binding_is_signed(&reply, with->password);
}

static bool is_checked(uint16_t port, const struct media_web_ice *with)
{
    return checks(port, with, with->password, true);
}

/* Bytes of DTLS from there: true: they were passed on as that leg's. */
static bool speaks_dtls(uint16_t port, uint64_t leg)
{
    struct sockaddr_in from = from_port(port);
    uint8_t bytes[] = {22, 254, 253, 0, 0};
    unsigned before = dtls_count;

    web_packet(web, &from, bytes, sizeof(bytes), bench.now);
    return dtls_count == before + 1 && dtls_leg == leg;
}

static struct secure_stream *stream_by(char letter)
{
    uint8_t bytes[SECURE_KEY_SIZE];
    struct secure_stream *stream;

    memset(bytes, letter, sizeof(bytes));
    assert_int_equal(secure_stream_new(&stream, SECURE_AES128_GCM, bytes, bytes), 0);
    return stream;
}

/* Sound sealed by the browser, from there. */
static void says(uint16_t port, struct secure_stream *seals, uint16_t sequence)
{
    struct sockaddr_in from = from_port(port);
    struct media_packet packet = {.sequence = sequence, .timestamp = 160u * sequence, .ssrc = 0x77};
    uint8_t bytes[PACKET_SIZE_MAX];
    size_t size = PACKET_HEADER_SIZE + 160;

    memset(bytes, 0x55, sizeof(bytes));
    media_packet_header(&packet, bytes);
    assert_true(secure_rtp_seal(seals, bytes, &size));
    web_packet(web, &from, bytes, size, bench.now);
}

static struct media_core_figures figures_of(uint64_t leg)
{
    struct media_core_figures figures;

    media_core_figures(media_core_leg(bench.core, leg), bench.now, &figures);
    return figures;
}

/* ---- tests ---- */

static void a_check_by_the_right_password_is_answered(void **state)
{
    leg_open(AGENT, &ice);
    assert_true(is_checked(4000, &ice));
    assert_false(checks(4000, &ice, "a password of 24 Letters", true));
    assert_false(is_checked(4000, &other_ice)); /* a leg that is not there */
    assert_false(is_checked(4000, &(struct media_web_ice){"", "a password of 24 letters"}));
}

static void strangers_are_not_heard(void **state)
{
    struct secure_stream *seals = stream_by('a');
    struct web_leg *leg = leg_open(AGENT, &ice);

    web_leg_keys(leg, stream_by('a'), stream_by('b'), bench.now);
    assert_false(speaks_dtls(4000, AGENT)); /* nothing is proven */
    says(4000, seals, 1);
    assert_int_equal(figures_of(AGENT).packets_in, 0);
    assert_true(is_checked(4000, &ice));
    assert_true(speaks_dtls(4000, AGENT));
    says(4000, seals, 2);
    assert_int_equal(figures_of(AGENT).packets_in, 1);
    assert_false(speaks_dtls(4001, AGENT));
    says(4001, seals, 3);
    assert_int_equal(figures_of(AGENT).packets_in, 1);
    secure_stream_free(seals);
}

static void sound_goes_where_the_browser_has_nominated(void **state)
{
    struct web_leg *leg = leg_open(AGENT, &ice);
    uint8_t rtp[PACKET_HEADER_SIZE + 160] = {0x80};
    struct secure_stream *opens = stream_by('b');

    web_leg_rtp(leg, rtp, sizeof(rtp)); /* no keys, no address */
    assert_int_equal(sent_count, 0);
    assert_true(checks(4000, &ice, ice.password, false));
    web_leg_rtp(leg, rtp, sizeof(rtp)); /* no keys */
    assert_int_equal(sent_count, 1);
    web_leg_keys(leg, stream_by('a'), stream_by('b'), bench.now);
    web_leg_rtp(leg, rtp, sizeof(rtp));
    assert_int_equal(ntohs(sent[1].to.sin_port), 4000); /* the only one we know */
    assert_true(secure_rtp_open(opens, sent[1].bytes, &sent[1].size));
    assert_int_equal(sent[1].size, sizeof(rtp));
    assert_true(checks(4001, &ice, ice.password, false));
    assert_true(checks(4002, &ice, ice.password, true));
    assert_true(checks(4001, &ice, ice.password, false));
    web_leg_rtp(leg, rtp, sizeof(rtp));
    assert_int_equal(ntohs(sent[5].to.sin_port), 4002);
    secure_stream_free(opens);
}

static void dtls_is_answered_where_it_came_from(void **state)
{
    struct web_leg *leg = leg_open(AGENT, &ice);

    assert_true(is_checked(4000, &ice));
    assert_true(checks(4001, &ice, ice.password, false));
    assert_true(speaks_dtls(4001, AGENT));
    web_leg_dtls(leg, "hello", 5);
    assert_int_equal(ntohs(sent[2].to.sin_port), 4001);
    assert_int_equal(sent[2].size, 5);
}

static void addresses_are_bounded_and_the_one_in_use_stays(void **state)
{
    struct web_leg *leg = leg_open(AGENT, &ice);

    assert_true(is_checked(4000, &ice)); /* nominated */
    for (uint16_t port = 4001; port < 4030; port++) {
        bench.now += MILLISECOND;
        sent_count = 0;
        assert_true(checks(port, &ice, ice.password, false));
    }
    assert_true(speaks_dtls(4000, AGENT));
    assert_true(speaks_dtls(4029, AGENT));
    assert_false(speaks_dtls(4010, AGENT)); /* long ago */
    web_leg_dtls(leg, "x", 1);
    web_leg_close(leg);
    (void)media_core_leg_close(bench.core, AGENT, bench.now);
    assert_false(speaks_dtls(4029, AGENT));
}

static void an_address_may_become_another_browsers(void **state)
{
    struct web_leg *leg = leg_open(AGENT, &ice);

    leg_open(OTHER, &other_ice);
    assert_true(is_checked(4000, &ice));
    assert_true(speaks_dtls(4000, AGENT));
    assert_true(is_checked(4000, &other_ice));
    assert_true(speaks_dtls(4000, OTHER));
    sent_count = 0;
    web_leg_dtls(leg, "not for the other", 17);
    assert_int_equal(sent_count, 0);
    assert_true(is_checked(4001, &ice));
    web_leg_dtls(leg, "here again", 10);
    assert_int_equal(ntohs(sent[1].to.sin_port), 4001);
    web_leg_close(leg);
    (void)media_core_leg_close(bench.core, AGENT, bench.now);
    assert_true(speaks_dtls(4000, OTHER));
}

static void old_credentials_hold_until_the_new_are_used(void **state)
{
    struct media_web_ice next = {"newufrag", "the password of a restart"};
    struct media_web_ice unused = {"unusedit", "the password of a restart"};
    struct secure_stream *seals = stream_by('a');
    struct web_leg *leg = leg_open(AGENT, &ice);

    web_leg_keys(leg, stream_by('a'), stream_by('b'), bench.now);
    next.password[MEDIA_ICE_PASSWORD_SIZE] = unused.password[MEDIA_ICE_PASSWORD_SIZE] = '\0';
    assert_true(is_checked(4000, &ice));
    web_leg_restart(leg, &unused);
    web_leg_restart(leg, &next); /* asked twice: the first was never used */
    assert_false(is_checked(4001, &unused));
    assert_true(is_checked(4000, &ice));
    says(4000, seals, 1);
    assert_false(checks(4001, &next, ice.password, true));
    assert_true(is_checked(4001, &next));
    assert_false(is_checked(4000, &ice));
    says(4000, seals, 2); /* what is still on its way */
    says(4001, seals, 3);
    assert_int_equal(figures_of(AGENT).packets_in, 3);
    secure_stream_free(seals);
}

static void a_flood_of_dtls_is_cut(void **state)
{
    leg_open(AGENT, &ice);
    assert_true(is_checked(4000, &ice));
    for (int i = 0; i < 1000; i++)
        (void)speaks_dtls(4000, AGENT);
    assert_int_equal(dtls_count, 100);
    bench.now += SECOND;
    assert_true(speaks_dtls(4000, AGENT));
}

static void a_leg_that_is_checked_is_not_silent(void **state)
{
    leg_open(AGENT, &ice);
    for (int i = 0; i < 5; i++) {
        bench.now += 5 * SECOND;
        sent_count = 0;
        assert_true(is_checked(4000, &ice));
        media_core_tick(bench.core, bench.now);
        assert_null(bench_told(MEDIA_LEG_SILENT));
    }
    bench.now += 11 * SECOND;
    sent_count = 0;
    media_core_tick(bench.core, bench.now);
    media_core_tick(bench.core, bench.now += 20 * MILLISECOND);
    assert_non_null(bench_told(MEDIA_LEG_SILENT));
    assert_true(is_checked(4000, &ice));
    assert_non_null(bench_told(MEDIA_LEG_HEARD));
}

/* The browser's answer to our report: the sealed bytes, as from there. */
static void reports(uint16_t port, struct secure_stream *seals, const struct report_ours *report)
{
    struct sockaddr_in from = from_port(port);
    uint8_t bytes[REPORT_SIZE_MAX + SECURE_OVERHEAD];
    size_t size = media_report_write(report, bytes);

    assert_true(secure_rtcp_seal(seals, bytes, &size));
    web_packet(web, &from, bytes, size, bench.now);
}

static void reports_go_both_ways(void **state)
{
    struct secure_stream *seals = stream_by('a'), *opens = stream_by('b');
    struct web_leg *leg = leg_open(AGENT, &ice);
    struct report_theirs read;
    struct report_ours theirs = {.ssrc = 0x77, .heard = true, .lost = 12, .jitter = 80};

    assert_int_equal(web_deadline(web), INSTANT_NEVER);
    web_leg_keys(leg, stream_by('a'), stream_by('b'), bench.now);
    assert_true(is_checked(4000, &ice));
    says(4000, seals, 1);
    says(4000, seals, 4); /* two are lost on the way */
    assert_int_equal(web_deadline(web), bench.now + 5 * SECOND);
    bench.now += 5 * SECOND;
    sent_count = 0;
    web_tick(web, bench.now);
    assert_int_equal(sent_count, 1);
    assert_true(secure_rtcp_open(opens, sent[0].bytes, &sent[0].size));
    assert_true(media_report_parse(&read, sent[0].bytes, sent[0].size, 0x77, bench.now));
    assert_true(read.has_report && read.has_block);
    assert_int_equal(read.lost, 2);
    assert_int_equal(read.lost_fraction, 255 * 2 / 4);
    theirs.their_ssrc = figures_of(AGENT).ssrc_out;
    theirs.their_report = read.report;
    theirs.their_report_at = bench.now;
    theirs.now = bench.now += 40 * MILLISECOND;
    reports(4000, seals, &theirs);
    (void)media_core_leg_close(bench.core, AGENT, bench.now);
    web_leg_close(leg);
    assert_int_equal(bench_told(MEDIA_LEG_CLOSED)->stats.lost_out, 12);
    assert_int_equal(bench_told(MEDIA_LEG_CLOSED)->stats.jitter_out_us, 10000);
    assert_in_range(bench_told(MEDIA_LEG_CLOSED)->stats.rtt_us, 0, 100);
    assert_int_equal(bench_told(MEDIA_LEG_CLOSED)->stats.lost_in, 2);
    assert_int_equal(web_deadline(web), INSTANT_NEVER);
    secure_stream_free(seals);
    secure_stream_free(opens);
}

static void what_is_forged_is_counted_and_no_more(void **state)
{
    struct secure_stream *wrong = stream_by('w');
    struct report_ours report = {.ssrc = 0x77};
    struct sockaddr_in from = from_port(4000);
    struct web_leg *leg = leg_open(AGENT, &ice);
    uint8_t strange[] = {64, 0, 0, 0};

    assert_true(is_checked(4000, &ice));
    says(4000, wrong, 1); /* no keys yet */
    web_leg_keys(leg, stream_by('a'), stream_by('b'), bench.now);
    says(4000, wrong, 1);
    reports(4000, wrong, &report);
    web_packet(web, &from, strange, sizeof(strange), bench.now); /* TURN's channels */
    assert_false(checks(4000, &ice, "wrong", true));
    assert_int_equal(figures_of(AGENT).packets_in, 0);
    (void)media_core_leg_close(bench.core, AGENT, bench.now);
    assert_int_equal(bench_told(MEDIA_LEG_CLOSED)->stats.refused_in, 5);
    web_leg_close(leg);
    secure_stream_free(wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_check_by_the_right_password_is_answered, begin, end),
        cmocka_unit_test_setup_teardown(strangers_are_not_heard, begin, end),
        cmocka_unit_test_setup_teardown(sound_goes_where_the_browser_has_nominated, begin, end),
        cmocka_unit_test_setup_teardown(dtls_is_answered_where_it_came_from, begin, end),
        cmocka_unit_test_setup_teardown(addresses_are_bounded_and_the_one_in_use_stays, begin, end),
        cmocka_unit_test_setup_teardown(an_address_may_become_another_browsers, begin, end),
        cmocka_unit_test_setup_teardown(old_credentials_hold_until_the_new_are_used, begin, end),
        cmocka_unit_test_setup_teardown(a_flood_of_dtls_is_cut, begin, end),
        cmocka_unit_test_setup_teardown(a_leg_that_is_checked_is_not_silent, begin, end),
        cmocka_unit_test_setup_teardown(reports_go_both_ways, begin, end),
        cmocka_unit_test_setup_teardown(what_is_forged_is_counted_and_no_more, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
