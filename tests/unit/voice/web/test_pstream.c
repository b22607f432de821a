#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "voice/web/pstream.h"

static void what_the_package_sends_is_read(void **state)
{
    struct pstream_message message;

    (void)state;
    assert_int_equal(
        pstream_read(
            &message,
            slice_from("{\"payload\":{\"callsid\":\"TJSx\",\"sdp\":\"v=0\\r\\n\",\"twilio\":"
                       "{\"params\":\"To=%2B1&a=b\"}},\"type\":\"invite\",\"version\":\"1.6\"}")),
        0);
    assert_int_equal(message.kind, PSTREAM_INVITE);
    assert_string_equal(message.callsid, "TJSx");
    assert_string_equal(message.sdp, "v=0\r\n");
    assert_string_equal(message.params, "To=%2B1&a=b");
    assert_string_equal(message.reconnect, "");
    pstream_message_release(&message);
    assert_int_equal(
        pstream_read(&message, slice_from("{\"type\":\"register\",\"payload\":{\"media\":"
                                          "{\"audio\":true}}}")),
        0);
    assert_int_equal(message.kind, PSTREAM_REGISTER);
    assert_true(message.has_audio);
    pstream_message_release(&message);
    assert_int_equal(
        pstream_read(&message,
                     slice_from("{\"type\":\"message\",\"payload\":{\"content\":{\"a\":1},"
                                "\"messagetype\":\"t\",\"voiceeventsid\":\"KX1\"}}")),
        0);
    assert_int_equal(message.kind, PSTREAM_MESSAGE);
    assert_int_equal(message.content_size, 7);
    assert_string_equal(message.event_sid, "KX1");
    pstream_message_release(&message);
    assert_int_equal(pstream_read(&message, slice_from("\n")), 0);
    assert_int_equal(message.kind, PSTREAM_HEARTBEAT);
    pstream_message_release(&message);
    assert_int_equal(pstream_read(&message, slice_from("{\"type\":\"novel\"}")), 0);
    assert_int_equal(message.kind, PSTREAM_OTHER);
    pstream_message_release(&message);
}

static void what_is_no_message_is_refused(void **state)
{
    static const char *const FRAMES[] = {
        "x", "[]", "{}", "{\"type\":1}", "{\"type\":\"listen\"", "{\"type\":\"a\",\"type\":\"b\"}",
        "7"};
    struct pstream_message message;

    (void)state;
    for (size_t i = 0; i < array_count(FRAMES); ++i) {
        assert_int_equal(pstream_read(&message, slice_from(FRAMES[i])), EINVAL);
        pstream_message_release(&message);
    }
    /* of another type than expected: as if it were not there */
    assert_int_equal(
        pstream_read(&message, slice_from("{\"type\":\"listen\",\"payload\":{\"token\":[1]}}")), 0);
    assert_string_equal(message.token, "");
    pstream_message_release(&message);
    assert_int_equal(pstream_read(&message, slice_from("{\"type\":\"dtmf\",\"payload\":[]}")), 0);
    assert_string_equal(message.digits, "");
    pstream_message_release(&message);
}

static void frames_are_as_the_package_reads_them(void **state)
{
    struct text frame;

    (void)state;
    text_init(&frame);
    pstream_connected(&frame, "ann", 60);
    assert_string_equal(
        frame.at, "{\"type\":\"connected\",\"payload\":{\"edge\":\"local\",\"region\":\"local\","
                  "\"home\":\"local\",\"gateway\":\"outdial\",\"token\":{\"identity\":\"ann\","
                  "\"ttl\":60}},\"version\":\"1.6\"}");
    text_clear(&frame);
    pstream_ringing(&frame, "CA1", NULL);
    assert_string_equal(
        frame.at, "{\"type\":\"ringing\",\"payload\":{\"callsid\":\"CA1\"},\"version\":\"1.6\"}");
    text_clear(&frame);
    pstream_answer(&frame, "CA1", "v=0\r\n", "RT1");
    assert_string_equal(frame.at, "{\"type\":\"answer\",\"payload\":{\"callsid\":\"CA1\",\"sdp\":"
                                  "\"v=0\\r\\n\",\"reconnect\":\"RT1\"},\"version\":\"1.6\"}");
    text_clear(&frame);
    pstream_hangup(&frame, "CA1", 0, NULL);
    assert_string_equal(
        frame.at, "{\"type\":\"hangup\",\"payload\":{\"callsid\":\"CA1\"},\"version\":\"1.6\"}");
    text_clear(&frame);
    pstream_hangup(&frame, "CA1", 31404, "no \"call\"");
    assert_string_equal(
        frame.at, "{\"type\":\"hangup\",\"payload\":{\"callsid\":\"CA1\",\"error\":{\"code\":31404,"
                  "\"message\":\"no \\\"call\\\"\"}},\"version\":\"1.6\"}");
    text_clear(&frame);
    pstream_error(&frame, 31205, "over", NULL, NULL);
    assert_string_equal(frame.at, "{\"type\":\"error\",\"payload\":{\"error\":{\"code\":31205,"
                                  "\"message\":\"over\"}},\"version\":\"1.6\"}");
    assert_false(frame.failed);
    text_release(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_package_sends_is_read),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(frames_are_as_the_package_reads_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
