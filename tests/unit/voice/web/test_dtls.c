/* The handshake against OpenSSL's own client, without a wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "browser.h"
#include "voice/web/dtls.h"

static struct web_dtls_context *context;
static struct browser browser; /* its socket is not used */
static bool lossy;
static unsigned datagram_count, datagram_size_max;

static int begin(void **state)
{
    lossy = false;
    datagram_count = datagram_size_max = 0;
    browser_open(&browser, NULL);
    return web_dtls_context_new(&context);
}

static int end(void **state)
{
    browser_close(&browser);
    web_dtls_context_free(context);
    return 0;
}

static void to_browser(void *arg, const void *bytes, size_t size)
{
    datagram_count++;
    if (size > datagram_size_max)
        datagram_size_max = (unsigned)size;
    if (!lossy)
        BIO_write(browser.in, bytes, (int)size);
}

/* The browser's next words, as they lie, to us. */
static void browser_speaks(struct web_dtls *dtls)
{
    uint8_t *at, bytes[4096];
    long size;

    if (!SSL_is_init_finished(browser.ssl))
        (void)SSL_do_handshake(browser.ssl);
    size = BIO_get_mem_data(browser.out, &at);
    assert_in_range(size, 0, sizeof(bytes));
    memcpy(bytes, at, (size_t)size);
    (void)BIO_reset(browser.out);
    if (size)
        web_dtls_take(dtls, bytes, (size_t)size);
}

static struct web_dtls *dtls_of(void)
{
    struct web_dtls *dtls;

    assert_int_equal(web_dtls_new(&dtls, context, to_browser, NULL), 0);
    return dtls;
}

static struct web_fingerprint fingerprint_of(const struct web_certificate *certificate)
{
    struct web_fingerprint fingerprint = {.hash = "sha-256"};
    unsigned size;

    assert_int_equal(X509_digest(certificate->x509, EVP_sha256(), fingerprint.bytes, &size), 1);
    fingerprint.size = size;
    return fingerprint;
}

static void shake(struct web_dtls *dtls)
{
    for (int i = 0; i < 10 && web_dtls_state(dtls) == WEB_DTLS_SHAKING; i++)
        browser_speaks(dtls);
    if (!SSL_is_init_finished(browser.ssl))
        (void)SSL_do_handshake(browser.ssl);
}

static void both_sides_have_the_same_keys(void **state)
{
    struct web_dtls *dtls = dtls_of();
    struct web_fingerprint right = fingerprint_of(&browser.certificate), wrong = right;
    struct web_dtls_keys keys;
    uint8_t bytes[64] = {0x80};
    size_t size = 40;
    struct secure_stream *in;

    assert_int_equal(web_dtls_wait(dtls), INSTANT_NEVER);
    shake(dtls);
    assert_int_equal(web_dtls_state(dtls), WEB_DTLS_DONE);
    assert_true(datagram_size_max <= WEB_DTLS_MTU);
    assert_true(web_dtls_is_from(dtls, &right));
    wrong.bytes[5] ^= 1;
    assert_false(web_dtls_is_from(dtls, &wrong));
    wrong = (struct web_fingerprint){.hash = "sha-512", .size = 64};
    assert_false(web_dtls_is_from(dtls, &wrong));
    assert_true(web_dtls_keys(dtls, &keys));
    assert_int_equal(keys.suite, SECURE_AES128_GCM);
    browser_keys(&browser);
    assert_int_equal(secure_stream_new(&in, keys.suite, keys.in_key, keys.in_salt), 0);
    assert_true(secure_rtp_seal(browser.seals, bytes, &size) && secure_rtp_open(in, bytes, &size));
    secure_stream_free(in);
    assert_int_equal(web_dtls_wait(dtls), INSTANT_NEVER);
    web_dtls_free(dtls);
    assert_int_equal(SSL_read(browser.ssl, bytes, sizeof(bytes)), 0);
    assert_true(SSL_get_shutdown(browser.ssl) & SSL_RECEIVED_SHUTDOWN); /* a goodbye */
}

static void what_is_lost_is_said_again(void **state)
{
    struct web_dtls *dtls = dtls_of();
    unsigned said;
    instant wait;

    lossy = true;
    browser_speaks(dtls);
    said = datagram_count;
    assert_true(said > 0);
    wait = web_dtls_wait(dtls);
    assert_in_range(wait, 1, 200 * MILLISECOND);
    web_dtls_expire(dtls); /* not yet */
    assert_int_equal(datagram_count, said);
    usleep((useconds_t)wait + 1000);
    lossy = false;
    web_dtls_expire(dtls);
    assert_true(datagram_count > said); /* OpenSSL says it in more pieces */
    assert_in_range(web_dtls_wait(dtls), 300 * MILLISECOND, 400 * MILLISECOND);
    shake(dtls);
    assert_int_equal(web_dtls_state(dtls), WEB_DTLS_DONE);
    web_dtls_free(dtls);
}

/* Our last words were lost: the browser repeats its own, and has ours again. */
static void the_end_is_said_again_when_asked(void **state)
{
    struct web_dtls *dtls = dtls_of();

    browser_speaks(dtls);
    lossy = true;
    browser_speaks(dtls);
    assert_int_equal(web_dtls_state(dtls), WEB_DTLS_DONE);
    lossy = false;
    assert_false(SSL_is_init_finished(browser.ssl));
    for (int i = 0; i < 30 && !SSL_is_init_finished(browser.ssl); i++) {
        usleep(100 * 1000);
        if (DTLSv1_handle_timeout(browser.ssl) == 1)
            browser_speaks(dtls);
        (void)SSL_do_handshake(browser.ssl);
    }
    assert_true(SSL_is_init_finished(browser.ssl));
    web_dtls_free(dtls);
}

static void noise_does_not_end_it(void **state)
{
    struct web_dtls *dtls = dtls_of();
    uint8_t noise[200];

    for (unsigned i = 0; i < 200; i++) {
        memset(noise, (int)i, sizeof(noise));
        noise[0] = (uint8_t)(20 + i % 44);
        noise[1] = 254;
        noise[2] = 253;
        web_dtls_take(dtls, noise, 1 + i);
    }
    shake(dtls);
    assert_int_equal(web_dtls_state(dtls), WEB_DTLS_DONE);
    web_dtls_free(dtls);
}

static void a_browser_that_leaves_is_known_to(void **state)
{
    struct web_dtls *dtls = dtls_of();

    shake(dtls);
    (void)SSL_shutdown(browser.ssl);
    browser_speaks(dtls);
    assert_int_equal(web_dtls_state(dtls), WEB_DTLS_CLOSED);
    web_dtls_free(dtls);
}

/* Without a suite of SRTP, or without a certificate: no keys. */
static void who_speaks_no_srtp_gets_no_keys(void **state)
{
    struct web_dtls *dtls = dtls_of();
    struct web_dtls_keys keys;

    SSL_set_tlsext_use_srtp(browser.ssl, "SRTP_AES128_CM_SHA1_32");
    shake(dtls);
    assert_true(web_dtls_state(dtls) != WEB_DTLS_DONE || !web_dtls_keys(dtls, &keys));
    web_dtls_free(dtls);
}

static void who_shows_no_certificate_is_refused(void **state)
{
    struct web_dtls *dtls = dtls_of();

    SSL_certs_clear(browser.ssl);
    shake(dtls);
    assert_int_equal(web_dtls_state(dtls), WEB_DTLS_FAILED);
    web_dtls_free(dtls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_sides_have_the_same_keys, begin, end),
        cmocka_unit_test_setup_teardown(what_is_lost_is_said_again, begin, end),
        cmocka_unit_test_setup_teardown(the_end_is_said_again_when_asked, begin, end),
        cmocka_unit_test_setup_teardown(noise_does_not_end_it, begin, end),
        cmocka_unit_test_setup_teardown(a_browser_that_leaves_is_known_to, begin, end),
        cmocka_unit_test_setup_teardown(who_speaks_no_srtp_gets_no_keys, begin, end),
        cmocka_unit_test_setup_teardown(who_shows_no_certificate_is_refused, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
