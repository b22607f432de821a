#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "voice/media/report.h"

static const instant now = INT64_C(1700000000) * SECOND + 250 * MILLISECOND;

static void a_report_is_read_back(void **state)
{
    struct report_ours ours = {.ssrc = 0x11,
                               .packets = 5,
                               .bytes = 800,
                               .timestamp = 99,
                               .now = now,
                               .heard = true,
                               .their_ssrc = 0x22,
                               .lost_fraction = 64,
                               .lost = -3,
                               .newest = 70000,
                               .jitter = 17,
                               .their_report = 0xabcd1234,
                               .their_report_at = now - SECOND / 2};
    uint8_t bytes[REPORT_SIZE_MAX];
    struct report_theirs theirs;
    size_t size = media_report_write(&ours, bytes);

    assert_int_equal(size, 28 + 24 + 20);
    assert_true(media_report_parse(&theirs, bytes, size, 0x22, now));
    assert_true(theirs.has_report && theirs.has_block);
    assert_int_equal(theirs.lost, -3);
    assert_int_equal(theirs.lost_fraction, 64);
    assert_int_equal(theirs.jitter, 17);
    assert_true(media_report_parse(&theirs, bytes, size, 0x23, now)); /* about another's stream */
    assert_true(theirs.has_report && !theirs.has_block);
}

/* They answer our report after 300 ms, and their answer comes 20 ms after that: 20 ms there and back. */
static void the_round_trip_is_told(void **state)
{
    struct report_ours ours = {.ssrc = 0x11, .now = now};
    struct report_ours answer = {.ssrc = 0x22, .heard = true, .their_ssrc = 0x11};
    uint8_t bytes[REPORT_SIZE_MAX];
    struct report_theirs theirs;

    assert_true(media_report_parse(&theirs, bytes, media_report_write(&ours, bytes), 0x11, now));
    assert_false(theirs.has_block);
    answer.their_report = theirs.report;
    answer.their_report_at = now;
    answer.now = now + 300 * MILLISECOND;
    assert_true(media_report_parse(&theirs, bytes, media_report_write(&answer, bytes), 0x11,
                                   now + 320 * MILLISECOND));
    assert_true(theirs.has_block && theirs.has_rtt);
    assert_in_range(theirs.rtt_us, 19900, 20100);
}

static void what_is_malformed_counts_for_nothing(void **state)
{
    struct report_ours ours = {.ssrc = 0x11, .now = now, .heard = true, .their_ssrc = 0x22};
    uint8_t bytes[REPORT_SIZE_MAX];
    struct report_theirs theirs;
    size_t size = media_report_write(&ours, bytes);

    for (size_t cut = 1; cut < size; cut++)
        assert_int_equal(media_report_parse(&theirs, bytes, cut, 0x22, now), cut == 52);
    bytes[0] = 0x9f; /* more blocks than there are bytes */
    assert_true(media_report_parse(&theirs, bytes, size, 0x22, now));
    assert_true(theirs.has_block);
    assert_true(media_report_parse(&theirs, (const uint8_t *)"\x80\xcb\x00\x00", 4, 0x22, now));
    assert_false(theirs.bye); /* of nobody */
    assert_true(media_report_parse(&theirs, (const uint8_t *)"\x81\xcb\x00\x01\x00\x00\x00\x22", 8,
                                   0x22, now));
    assert_true(theirs.bye);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_read_back),
        cmocka_unit_test(the_round_trip_is_told),
        cmocka_unit_test(what_is_malformed_counts_for_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
