#ifndef TESTS_BROWSER_H
#define TESTS_BROWSER_H

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "voice/media/packet.h"
#include "voice/secure/binding.h"
#include "voice/secure/stream.h"
#include "voice/web/certificate.h"

/*
 * A browser as far as the engine can tell: an offer or answer, ICE's checks, DTLS as the client (OpenSSL), SRTP.
 * It shares the STUN and SRTP code with the engine; that code is held to the RFCs' vectors elsewhere. Whoever
 * uses it turns it: browser_check, then browser_turn until browser.secured.
 */
struct browser {
    int fd;
    struct sockaddr_in engine;
    char ufrag[16], password[32];
    char engine_ufrag[32], engine_password[64];
    struct web_certificate certificate;
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out;
    bool checked; /* the engine has answered a check */
    bool secured;
    struct secure_stream *opens, *seals;
    enum secure_suite suite;
    struct sockaddr_in mapped; /* as the engine saw us */
    uint32_t ssrc, timestamp;
    uint16_t sequence;
    /* what came last */
    unsigned rtp_count, rtcp_count, refused_count, check_count;
    struct media_packet packet;
    uint8_t bytes[PACKET_SIZE_MAX + SECURE_OVERHEAD], rtcp[256];
    size_t rtcp_size;
};

static inline void browser_die(const char *what)
{
    fprintf(stderr, "browser: %s\n", what);
    abort();
}

static int browser_take_any(X509_STORE_CTX *store, void *arg)
{
    return 1;
}

static inline void browser_bind(struct browser *browser)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};

    browser->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (browser->fd < 0 || bind(browser->fd, (struct sockaddr *)&at, sizeof(at)))
        browser_die("no socket");
}

/* suites: as OpenSSL names them; NULL: both of ours. */
static inline void browser_open(struct browser *browser, const char *suites)
{
    static uint32_t ssrc = 0x1234;

    memset(browser, 0, sizeof(*browser));
    browser_bind(browser);
    browser->ssrc = ssrc += 0x1111;
    browser->timestamp = 77;
    snprintf(browser->ufrag, sizeof(browser->ufrag), "them");
    snprintf(browser->password, sizeof(browser->password), "theirpasswordtheirpassword");
    if (web_certificate_init(&browser->certificate))
        browser_die("no certificate");
    browser->context = SSL_CTX_new(DTLS_client_method());
    SSL_CTX_set_verify(browser->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(browser->context, browser_take_any, NULL);
    if (SSL_CTX_use_certificate(browser->context, browser->certificate.x509) != 1 ||
        SSL_CTX_use_PrivateKey(browser->context, browser->certificate.key) != 1 ||
        SSL_CTX_set_tlsext_use_srtp(
            browser->context, suites ? suites : "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM"))
        browser_die("no context");
    browser->ssl = SSL_new(browser->context);
    browser->in = BIO_new(BIO_s_mem());
    browser->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(browser->in, -1);
    SSL_set_bio(browser->ssl, browser->in, browser->out);
    SSL_set_options(browser->ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(browser->ssl, 1200);
    SSL_set_connect_state(browser->ssl);
}

static inline void browser_close(struct browser *browser)
{
    close(browser->fd);
    SSL_free(browser->ssl);
    SSL_CTX_free(browser->context);
    web_certificate_release(&browser->certificate);
    secure_stream_free(browser->opens);
    secure_stream_free(browser->seals);
}

/* setup: "actpass" in an offer, "active" in an answer. */
static inline void browser_describe(const struct browser *browser, const char *setup,
                                    struct text *text)
{
    text_addf(
        text,
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
        "a=group:BUNDLE 0\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS s\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 110 126\r\nc=IN IP4 0.0.0.0\r\n"
        "a=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=ice-options:trickle\r\n"
        "a=fingerprint:%s\r\na=setup:%s\r\na=mid:0\r\n"
        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\n"
        "a=msid:s t\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\n"
        "a=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
        "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:110 telephone-event/48000\r\n"
        "a=rtpmap:126 telephone-event/8000\r\n",
        browser->ufrag, browser->password, browser->certificate.fingerprint, setup);
}

static inline bool browser_line(struct slice sdp, const char *name, char *out, size_t out_size)
{
    while (sdp.size) {
        struct slice line = slice_trim(slice_cut(&sdp, '\n'));

        if (slice_starts(line, name))
            return slice_copy(slice_of(line.at + strlen(name), line.size - strlen(name)), out,
                              out_size);
    }
    return false;
}

/* The engine's answer or offer: its credentials and its port. */
static inline bool browser_take(struct browser *browser, struct slice sdp)
{
    char sound[64] = "";

    browser->engine.sin_family = AF_INET;
    browser->engine.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!browser_line(sdp, "a=ice-ufrag:", browser->engine_ufrag, sizeof(browser->engine_ufrag)) ||
        !browser_line(sdp, "a=ice-pwd:", browser->engine_password,
                      sizeof(browser->engine_password)) ||
        !browser_line(sdp, "m=audio ", sound, sizeof(sound)))
        return false;
    browser->engine.sin_port = htons((uint16_t)strtoul(sound, NULL, 10));
    browser->checked = false;
    return true;
}

static inline void browser_send(struct browser *browser, const void *bytes, size_t size)
{
    (void)!sendto(browser->fd, bytes, size, 0, (struct sockaddr *)&browser->engine,
                  sizeof(browser->engine));
}

static inline void browser_check(struct browser *browser, bool use_candidate)
{
    uint8_t bytes[BINDING_SIZE_MAX];
    char username[64];
    struct binding_order order = {
        .priority = 0x6e001eff, .tie_breaker = 7, .use_candidate = use_candidate};

    snprintf(username, sizeof(username), "%s:%s", browser->engine_ufrag, browser->ufrag);
    order.username = slice_from(username);
    memcpy(order.transaction, "abcdefghijkl", sizeof(order.transaction));
    browser_send(browser, bytes, binding_request(&order, browser->engine_password, bytes));
}

/* What OpenSSL has to say, a record a datagram. */
static inline void browser_flush(struct browser *browser)
{
    enum { RECORD_HEAD = 13 };
    uint8_t *at;
    long size = BIO_get_mem_data(browser->out, &at);

    while (size >= RECORD_HEAD) {
        long record = RECORD_HEAD + (at[11] << 8 | at[12]);

        browser_send(browser, at, (size_t)record);
        at += record;
        size -= record;
    }
    (void)BIO_reset(browser->out);
}

static inline void browser_keys(struct browser *browser)
{
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(browser->ssl);
    uint8_t all[2 * (SECURE_KEY_SIZE + SECURE_SALT_SIZE_MAX)];
    size_t salt;

    if (!profile)
        return; /* stays unsecured */
    browser->suite =
        profile->id == SRTP_AEAD_AES_128_GCM ? SECURE_AES128_GCM : SECURE_AES128_CM_SHA1_80;
    salt = secure_salt_size(browser->suite);
    if (SSL_export_keying_material(browser->ssl, all, 2 * (SECURE_KEY_SIZE + salt),
                                   "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0) != 1 ||
        secure_stream_new(&browser->seals, browser->suite, all, all + 2 * SECURE_KEY_SIZE) ||
        secure_stream_new(&browser->opens, browser->suite, all + SECURE_KEY_SIZE,
                          all + 2 * SECURE_KEY_SIZE + salt))
        browser_die("no keys");
    browser->secured = true;
}

static inline void browser_shake(struct browser *browser)
{
    uint8_t scratch[64];

    if (SSL_is_init_finished(browser->ssl))
        (void)SSL_read(browser->ssl, scratch, sizeof(scratch));
    else if (SSL_do_handshake(browser->ssl) == 1)
        browser_keys(browser);
    browser_flush(browser);
}

static inline void browser_answered(struct browser *browser, size_t size)
{
    struct binding reply;

    if (!binding_parse(&reply, browser->bytes, size) || reply.kind != BINDING_SUCCESS ||
        !binding_is_signed(&reply, browser->engine_password) || !reply.has_fingerprint) {
        browser->refused_count++;
        return;
    }
    browser->check_count++;
    browser->mapped = reply.mapped;
    if (!browser->checked && !SSL_is_init_finished(browser->ssl)) {
        browser->checked = true;
        browser_shake(browser);
    }
    browser->checked = true;
}

static inline void browser_datagram(struct browser *browser, size_t size)
{
    uint8_t *bytes = browser->bytes;

    if (bytes[0] < 4) {
        browser_answered(browser, size);
    } else if (bytes[0] < 64) {
        BIO_write(browser->in, bytes, (int)size);
        browser_shake(browser);
    } else if (!browser->secured) {
        browser->refused_count++;
    } else if ((bytes[1] & 0x7f) >= 64 && (bytes[1] & 0x7f) < 96) {
        if (!secure_rtcp_open(browser->opens, bytes, &size)) {
            browser->refused_count++;
            return;
        }
        browser->rtcp_count++;
        browser->rtcp_size = size < sizeof(browser->rtcp) ? size : sizeof(browser->rtcp);
        memcpy(browser->rtcp, bytes, browser->rtcp_size);
    } else if (secure_rtp_open(browser->opens, bytes, &size) &&
               media_packet_parse(&browser->packet, bytes, size)) {
        browser->rtp_count++;
    } else {
        browser->refused_count++;
    }
}

/* One datagram, or the time has passed. True: there was one. */
static inline bool browser_turn(struct browser *browser, int wait_ms)
{
    struct pollfd wait = {.fd = browser->fd, .events = POLLIN};
    ssize_t size;

    if (poll(&wait, 1, wait_ms) != 1)
        return false;
    size = recv(browser->fd, browser->bytes, sizeof(browser->bytes), 0);
    if (size > 1)
        browser_datagram(browser, (size_t)size);
    return size > 0;
}

static inline void browser_say(struct browser *browser, uint8_t payload_type, const void *payload,
                               size_t size, bool moves)
{
    uint8_t bytes[PACKET_SIZE_MAX + SECURE_OVERHEAD];
    struct media_packet packet = {.payload_type = payload_type,
                                  .sequence = browser->sequence++,
                                  .timestamp = browser->timestamp,
                                  .ssrc = browser->ssrc};
    size_t all = PACKET_HEADER_SIZE + size;

    if (moves)
        browser->timestamp += 160;
    media_packet_header(&packet, bytes);
    memcpy(bytes + PACKET_HEADER_SIZE, payload, size);
    if (!secure_rtp_seal(browser->seals, bytes, &all))
        browser_die("cannot seal");
    browser_send(browser, bytes, all);
}

static inline void browser_sound(struct browser *browser, uint8_t sound)
{
    uint8_t payload[160];

    memset(payload, sound, sizeof(payload));
    browser_say(browser, 0, payload, sizeof(payload), true);
}

#endif
