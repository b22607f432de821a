#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "voice/web/description.h"

/* As Chromium 156 wrote it. */
#define HEAD                                                                                       \
    "v=0\r\no=- 557691796997151756 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"     \
    "a=extmap-allow-mixed\r\na=msid-semantic: WMS a8\r\n"
#define SOUND_LINE "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\n"
#define ICE "a=ice-ufrag:Y2dD\r\na=ice-pwd:5YWEMZUUYhzP6JQbidEFwS58\r\na=ice-options:trickle\r\n"
#define FINGERPRINT                                                                                \
    "a=fingerprint:sha-256 "                                                                       \
    "E4:D8:B2:F3:46:63:23:72:CA:68:E2:FD:EB:5C:3C:C3:8E:57:D7:31:C3:D8:9A:61:17:8D:F7:65:B2:D3:"   \
    "50:E9\r\n"
#define REST                                                                                       \
    "a=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\n"          \
    "a=msid:a8 97\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtcp-xr:rcvr-rtt=all\r\n"                     \
    "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n"                                  \
    "a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"    \
    "a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"                     \
    "a=rtpmap:13 CN/8000\r\na=rtpmap:110 telephone-event/48000\r\n"                                \
    "a=rtpmap:126 telephone-event/8000\r\na=ssrc:1853557676 cname:hH\r\n"
#define NETWORK "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n"
#define CHROMIUM HEAD SOUND_LINE NETWORK ICE FINGERPRINT "a=setup:actpass\r\n" REST

static struct web_description theirs;
static const char *why;

static int parse(const char *text)
{
    why = NULL;
    return web_description_parse(&theirs, slice_from(text), &why);
}

static const char *refusal_of(const char *text)
{
    assert_int_equal(parse(text), EINVAL);
    return why;
}

static void what_chromium_offers_is_understood(void **state)
{
    assert_int_equal(parse(CHROMIUM), 0);
    assert_true(slice_is(theirs.ufrag, "Y2dD"));
    assert_true(slice_is(theirs.password, "5YWEMZUUYhzP6JQbidEFwS58"));
    assert_string_equal(theirs.fingerprint.hash, "sha-256");
    assert_int_equal(theirs.fingerprint.size, 32);
    assert_int_equal(theirs.fingerprint.bytes[0], 0xe4);
    assert_int_equal(theirs.fingerprint.bytes[31], 0xe9);
    assert_int_equal(theirs.setup, WEB_SETUP_ACTPASS);
    assert_true(theirs.sends && theirs.receives && theirs.bundles && theirs.opus_first);
    assert_int_equal(theirs.pcmu, 0);
    assert_int_equal(theirs.opus, 111);
    assert_int_equal(theirs.dtmf_8000, 126);
    assert_int_equal(theirs.dtmf_48000, 110);
    assert_true(slice_is(theirs.sections[theirs.sound].mid, "0"));
}

static void what_stands_before_the_streams_holds_for_them(void **state)
{
    assert_int_equal(parse(HEAD ICE FINGERPRINT
                           "a=setup:active\r\na=sendonly\r\n" SOUND_LINE
                           "a=rtcp-mux\r\na=rtpmap:126 telephone-event/8000\r\n"),
                     0);
    assert_int_equal(theirs.setup, WEB_SETUP_ACTIVE);
    assert_true(theirs.sends && !theirs.receives);
    assert_int_equal(theirs.pcmu, 0); /* needs no rtpmap */
    assert_int_equal(theirs.opus, WEB_NO_TYPE);
}

static void what_is_missing_is_named(void **state)
{
    assert_string_equal(refusal_of(""), "no secured stream of sound");
    assert_string_equal(refusal_of(HEAD "m=audio 9 RTP/AVP 0\r\n" ICE),
                        "no secured stream of sound");
    assert_string_equal(refusal_of(HEAD "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n" ICE FINGERPRINT REST),
                        "no secured stream of sound");
    assert_string_equal(refusal_of(HEAD SOUND_LINE FINGERPRINT "a=setup:actpass\r\n" REST),
                        "no ICE credentials");
    assert_string_equal(refusal_of(HEAD SOUND_LINE
                                   "a=ice-ufrag:abcd\r\na=ice-pwd:short\r\n" FINGERPRINT
                                   "a=setup:actpass\r\n" REST),
                        "no ICE credentials");
    assert_string_equal(refusal_of(HEAD SOUND_LINE ICE "a=setup:actpass\r\n" REST),
                        "no fingerprint by SHA-256, SHA-384 or SHA-512");
    assert_string_equal(
        refusal_of(HEAD SOUND_LINE ICE "a=fingerprint:sha-256 E4:D8\r\na=setup:actpass\r\n" REST),
        "no fingerprint by SHA-256, SHA-384 or SHA-512");
    assert_string_equal(refusal_of(HEAD SOUND_LINE ICE FINGERPRINT REST), "no a=setup");
    assert_string_equal(refusal_of(HEAD SOUND_LINE ICE FINGERPRINT "a=setup:actpass\r\n"),
                        "no rtcp-mux");
    assert_string_equal(refusal_of(HEAD "m=audio\r\n"),
                        "a media section without kind, protocol or formats");
}

static void the_strongest_fingerprint_counts(void **state)
{
    char text[4096], long_one[3 * 64 + 1];

    for (int i = 0; i < 64; i++)
        memcpy(long_one + 3 * i, "aB:", 4);
    long_one[3 * 64 - 1] = '\0';
    snprintf(text, sizeof(text), "%s%s%sa=fingerprint:SHA-512 %s\r\n%sa=fingerprint:md5 00\r\n%s",
             HEAD, SOUND_LINE, ICE, long_one, FINGERPRINT, "a=setup:actpass\r\na=rtcp-mux\r\n");
    assert_int_equal(parse(text), 0);
    assert_string_equal(theirs.fingerprint.hash, "sha-512");
    assert_int_equal(theirs.fingerprint.bytes[63], 0xab);
}

static void a_payload_type_not_in_the_line_does_not_count(void **state)
{
    assert_int_equal(parse(HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111 126\r\n" ICE FINGERPRINT
                                "a=setup:actpass\r\n" REST),
                     0);
    assert_int_equal(theirs.pcmu, WEB_NO_TYPE);
    assert_int_equal(theirs.opus, 111);
    assert_int_equal(theirs.dtmf_48000, WEB_NO_TYPE);
}

/* ---- ours ---- */

static const char *const candidates[] = {"192.0.2.1", "10.0.0.9", NULL};
static const struct web_description_ours ours = {.candidates = candidates,
                                                 .port = 4000,
                                                 .ufrag = "oursours",
                                                 .password = "a password of 24 letters",
                                                 .fingerprint = "sha-256 AB:CD",
                                                 .setup = WEB_SETUP_PASSIVE,
                                                 .session = 7,
                                                 .version = 1,
                                                 .sends = true,
                                                 .receives = true,
                                                 .pcmu = 0,
                                                 .opus = WEB_NO_TYPE,
                                                 .dtmf_48000 = WEB_NO_TYPE,
                                                 .dtmf_8000 = 126};

static void an_answer_says_all_it_must(void **state)
{
    struct text text;

    text_init(&text);
    assert_int_equal(parse(CHROMIUM), 0);
    web_description_write(&text, &ours, &theirs);
    assert_string_equal(
        text.at,
        "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\na=group:BUNDLE 0\r\n"
        "m=audio 4000 UDP/TLS/RTP/SAVPF 0 126\r\nc=IN IP4 192.0.2.1\r\na=rtcp-mux\r\na=mid:0\r\n"
        "a=sendrecv\r\na=msid:outdial sound\r\na=ice-ufrag:oursours\r\n"
        "a=ice-pwd:a password of 24 letters\r\na=fingerprint:sha-256 AB:CD\r\na=setup:passive\r\n"
        "a=rtpmap:0 PCMU/8000\r\na=rtpmap:126 telephone-event/8000\r\na=fmtp:126 0-15\r\n"
        "a=ptime:20\r\na=candidate:1 1 UDP 2130706431 192.0.2.1 4000 typ host\r\n"
        "a=candidate:2 1 UDP 2130706175 10.0.0.9 4000 typ host\r\na=end-of-candidates\r\n");
    text_release(&text);
}

static void what_else_is_offered_is_refused_in_its_place(void **state)
{
    struct text text;

    text_init(&text);
    assert_int_equal(
        parse(HEAD "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:v\r\n" SOUND_LINE ICE FINGERPRINT
                   "a=setup:actpass\r\n" REST
                   "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n"
                   "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:second\r\na=inactive\r\n"),
        0);
    assert_int_equal(theirs.section_count, 4);
    assert_int_equal(theirs.sound, 1);
    assert_true(theirs.sends); /* the second stream's lines are not the first's */
    web_description_write(&text, &ours, &theirs);
    assert_non_null(
        strstr(text.at, "m=video 0 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\n"));
    assert_non_null(strstr(text.at, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
    assert_non_null(strstr(text.at, "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"));
    assert_true(strstr(text.at, "m=video") < strstr(text.at, "m=audio 4000"));
    assert_non_null(strstr(text.at, "a=group:BUNDLE 0\r\n"));
    text_release(&text);
}

static void what_we_offer_can_be_read_back(void **state)
{
    struct web_description_ours offer = ours;
    struct text text;

    offer.setup = WEB_SETUP_ACTPASS;
    offer.receives = false;
    offer.fingerprint = strchr(FINGERPRINT, ':') + 1;
    text_init(&text);
    web_description_write(&text, &offer, NULL);
    assert_int_equal(parse(text.at), 0);
    assert_int_equal(theirs.setup, WEB_SETUP_ACTPASS);
    assert_true(theirs.sends && !theirs.receives);
    assert_int_equal(theirs.pcmu, 0);
    assert_int_equal(theirs.dtmf_8000, 126);
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_chromium_offers_is_understood),
        cmocka_unit_test(what_stands_before_the_streams_holds_for_them),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(the_strongest_fingerprint_counts),
        cmocka_unit_test(a_payload_type_not_in_the_line_does_not_count),
        cmocka_unit_test(an_answer_says_all_it_must),
        cmocka_unit_test(what_else_is_offered_is_refused_in_its_place),
        cmocka_unit_test(what_we_offer_can_be_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
