#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>

#include "voice/signal/description.h"

static struct mbuf *body_of(const char *text)
{
    struct mbuf *body = mbuf_alloc(strlen(text) + 1);

    assert_non_null(body);
    assert_int_equal(mbuf_write_str(body, text), 0);
    body->pos = 0;
    return body;
}

static int read_text(struct description *description, const char *text, bool offer,
                     struct signal_media *media)
{
    struct mbuf *body = body_of(text);
    int err = description_read(description, body, offer, media);

    mem_deref(body);
    return err;
}

static bool says(struct mbuf *body, const char *wanted)
{
    return memmem(mbuf_buf(body), mbuf_get_left(body), wanted, strlen(wanted)) != NULL;
}

static struct signal_local local_at(const char *address, uint16_t port)
{
    struct signal_local local = {.port = port};

    assert_int_equal(inet_pton(AF_INET, address, &local.address), 1);
    return local;
}

static struct description *offering(void)
{
    struct signal_local local = local_at("127.0.0.1", 20000);
    struct description *description;
    struct mbuf *offer;

    assert_int_equal(description_new(&description), 0);
    description_local(description, &local);
    assert_int_equal(description_write(description, true, &offer), 0);
    assert_true(says(offer, "c=IN IP4 127.0.0.1\r\n"));
    assert_true(says(offer, "m=audio 20000 RTP/AVP 0 8 101\r\n"));
    assert_true(says(offer, "a=rtpmap:101 telephone-event/8000\r\n"));
    assert_true(says(offer, "a=fmtp:101 0-15\r\n"));
    assert_true(says(offer, "a=ptime:20\r\n"));
    mem_deref(offer);
    return description;
}

static void an_answer_tells_codec_keys_and_address(void **state)
{
    struct description *description = offering();
    struct signal_media media;

    (void)state;
    assert_int_equal(read_text(description,
                               "v=0\r\no=- 1 1 IN IP4 10.1.2.3\r\ns=-\r\nc=IN IP4 10.1.2.3\r\n"
                               "t=0 0\r\nm=audio 4002 RTP/AVP 8 101\r\n"
                               "a=rtpmap:101 telephone-event/8000\r\n",
                               false, &media),
                     0);
    assert_int_equal(media.codec, SIGNAL_PCMA);
    assert_int_equal(media.payload_type, 8);
    assert_int_equal(media.dtmf_type, 101);
    assert_int_equal(ntohs(media.address.sin_port), 4002);
    assert_int_equal(ntohl(media.address.sin_addr.s_addr), 0x0a010203);
    assert_true(media.we_send && media.we_receive);
    description_free(description);
}

static void an_answer_without_a_common_codec_is_refused(void **state)
{
    struct description *description = offering();
    struct signal_media media;

    (void)state;
    assert_int_equal(read_text(description,
                               "v=0\r\no=- 1 1 IN IP4 10.1.2.3\r\ns=-\r\nc=IN IP4 10.1.2.3\r\n"
                               "t=0 0\r\nm=audio 4002 RTP/AVP 18\r\n",
                               false, &media),
                     ENOTSUP);
    assert_int_equal(read_text(description,
                               "v=0\r\no=- 1 1 IN IP4 10.1.2.3\r\ns=-\r\nc=IN IP4 10.1.2.3\r\n"
                               "t=0 0\r\nm=audio 0 RTP/AVP 0\r\n",
                               false, &media),
                     ENOTSUP);
    assert_int_equal(read_text(description, "hello", false, &media), EBADMSG);
    assert_int_equal(read_text(description, "", false, &media), ENOTSUP);
    description_free(description);
}

static const char OFFER[] =
    "v=0\r\no=- 1 %d IN IP4 10.1.2.3\r\ns=-\r\nc=IN IP4 10.1.2.3\r\nt=0 0\r\n"
    "m=audio 4002 RTP/AVP 9 0 96\r\na=rtpmap:9 G722/8000\r\n"
    "a=rtpmap:96 telephone-event/8000\r\na=%s\r\n"
    "m=video 5000 RTP/AVP 31\r\n";

static void check_answer(struct description *description, int version, const char *theirs,
                         const char *ours, bool we_send, bool we_receive)
{
    struct signal_local local = local_at("127.0.0.1", 20002);
    struct signal_media media;
    struct mbuf *answer;
    char offer[400];

    snprintf(offer, sizeof(offer), OFFER, version, theirs);
    assert_int_equal(read_text(description, offer, true, &media), 0);
    assert_int_equal(media.codec, SIGNAL_PCMU);
    assert_int_equal(media.dtmf_type, 96);
    assert_int_equal(media.we_send, we_send);
    assert_int_equal(media.we_receive, we_receive);
    description_local(description, &local);
    assert_int_equal(description_write(description, false, &answer), 0);
    assert_true(says(answer, "m=audio 20002 RTP/AVP 0 96\r\n"));
    assert_true(says(answer, ours));
    assert_true(says(answer, "m=video 0 RTP/AVP 0\r\n"));
    mem_deref(answer);
}

static void hold_and_resume_are_answered_with_the_mirrored_direction(void **state)
{
    struct description *description;

    (void)state;
    assert_int_equal(description_new(&description), 0);
    check_answer(description, 1, "sendrecv", "a=sendrecv\r\n", true, true);
    check_answer(description, 2, "sendonly", "a=recvonly\r\n", false, true);
    check_answer(description, 3, "inactive", "a=inactive\r\n", false, false);
    check_answer(description, 4, "recvonly", "a=sendonly\r\n", true, false);
    check_answer(description, 5, "sendrecv", "a=sendrecv\r\n", true, true);
    description_free(description);
}

static void the_old_way_of_hold_stops_our_sending(void **state)
{
    struct description *description = offering();
    struct signal_media media;

    (void)state;
    assert_int_equal(read_text(description,
                               "v=0\r\no=- 1 1 IN IP4 10.1.2.3\r\ns=-\r\nc=IN IP4 0.0.0.0\r\n"
                               "t=0 0\r\nm=audio 4002 RTP/AVP 0\r\n",
                               false, &media),
                     0);
    assert_false(media.we_send);
    assert_true(media.we_receive);
    description_free(description);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_tells_codec_keys_and_address),
        cmocka_unit_test(an_answer_without_a_common_codec_is_refused),
        cmocka_unit_test(hold_and_resume_are_answered_with_the_mirrored_direction),
        cmocka_unit_test(the_old_way_of_hold_stops_our_sending),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
