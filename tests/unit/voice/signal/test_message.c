#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include "voice/signal/message.h"

static struct sip_msg *message_of(const char *text)
{
    struct mbuf *buffer = mbuf_alloc(1024);
    struct sip_msg *message;

    assert_non_null(buffer);
    assert_int_equal(mbuf_write_str(buffer, text), 0);
    buffer->pos = 0;
    assert_int_equal(sip_msg_decode(&message, buffer), 0);
    mem_deref(buffer);
    return message;
}

#define HEAD                                                                                       \
    "INFO sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bK1\r\n"             \
    "From: <sip:b@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>;tag=2\r\nCall-ID: c\r\n"               \
    "CSeq: 1 INFO\r\n"

static void only_x_headers_are_reported(void **state)
{
    struct sip_msg *message =
        message_of(HEAD "X-Lead: 17\r\nSubject: no\r\nx-other:  two words \r\n\r\n");
    struct signal_header headers[4];

    (void)state;
    assert_int_equal(message_x_headers(message, headers, 4), 2);
    assert_true(slice_is(headers[0].name, "X-Lead"));
    assert_true(slice_is(headers[0].value, "17"));
    assert_true(slice_is_nocase(headers[1].name, "X-Other"));
    assert_int_equal(message_x_headers(message, headers, 1), 1);
    mem_deref(message);
}

static void keys_are_read_from_both_kinds_of_info(void **state)
{
    struct sip_msg *relay = message_of(
        HEAD "Content-Type: application/dtmf-relay\r\n\r\nSignal= 5\r\nDuration= 250\r\n");
    struct sip_msg *plain = message_of(HEAD "Content-Type: application/dtmf\r\n\r\n#");
    struct sip_msg *other =
        message_of(HEAD "Content-Type: application/dtmf-relay\r\n\r\nSignal=55");
    char digit;
    unsigned duration_ms;

    (void)state;
    assert_true(message_key(relay, &digit, &duration_ms));
    assert_int_equal(digit, '5');
    assert_int_equal(duration_ms, 250);
    assert_true(message_key(plain, &digit, &duration_ms));
    assert_int_equal(digit, '#');
    assert_false(message_key(other, &digit, &duration_ms));
    mem_deref(relay);
    mem_deref(plain);
    mem_deref(other);
}

static void nothing_written_can_end_a_line(void **state)
{
    struct text text;

    (void)state;
    text_init(&text);
    message_add_header(&text, slice_from("X-A"), slice_from("one\r\nVia: two"));
    assert_string_equal(text.at, "X-A: oneVia: two\r\n");
    text_clear(&text);
    message_add_header(&text, slice_from("X-A\r\nVia"), slice_from("x"));
    message_add_header(&text, slice_from(""), slice_from("x"));
    message_add_header(&text, slice_from("X A"), slice_from("x"));
    assert_int_equal(text.size, 0);
    message_add_name(&text, "A \"big\\\r\n name");
    assert_string_equal(text.at, "A big name");
    text_clear(&text);
    message_add_user(&text, "+1500#<x>@y");
    assert_string_equal(text.at, "+1500%23%3Cx%3E%40y");
    text_release(&text);
}

static void numbers_are_told_from_uris(void **state)
{
    (void)state;
    assert_true(message_is_number("+15005550001"));
    assert_true(message_is_number("*100#"));
    assert_false(message_is_number(""));
    assert_false(message_is_number("+"));
    assert_false(message_is_number("sip:a@b"));
    assert_false(message_is_number("12345678901234567890123456789012"));
}

static void targets_are_numeric_and_of_known_transport(void **state)
{
    struct message_target target;

    (void)state;
    assert_int_equal(message_read_target("sip:robot7@127.0.0.1:5071;transport=tcp", &target), 0);
    assert_true(slice_is(target.user, "robot7"));
    assert_int_equal(target.port, 5071);
    assert_true(target.tcp);
    assert_int_equal(message_read_target("sip:localhost", &target), 0);
    assert_int_equal(ntohl(target.address.s_addr), 0x7f000001);
    assert_int_equal(target.port, 0);
    assert_int_equal(message_read_target("sip:a@127.0.0.1?X-A=1", &target), 0);
    assert_int_equal(message_read_target("sip:a@example.com", &target), EINVAL);
    assert_int_equal(message_read_target("sip:a@127.0.0.1:99999", &target), EINVAL);
    assert_int_equal(message_read_target("sip:a@127.0.0.1;transport=tls", &target), EINVAL);
    assert_int_equal(message_read_target("sip:a@127.0.0.1>\r\nX: y", &target), EINVAL);
    assert_int_equal(message_read_target("tel:+1", &target), EINVAL);
    assert_int_equal(message_read_target("sip:", &target), EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_x_headers_are_reported),
        cmocka_unit_test(keys_are_read_from_both_kinds_of_info),
        cmocka_unit_test(nothing_written_can_end_a_line),
        cmocka_unit_test(numbers_are_told_from_uris),
        cmocka_unit_test(targets_are_numeric_and_of_known_transport),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
