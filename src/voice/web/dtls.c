#include "voice/web/dtls.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/srtp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
    REPEAT_FIRST_US = 200000, /* browsers wait 50 ms; a handshake lost costs a hello */
    REPEAT_LAST_US = 1600000,
    HEADERS = 28,           /* of IPv4 and UDP */
    RECORD_SIZE_MAX = 1500, /* of what we say: a buffer of 16 KiB is kept for each browser else */
};

struct web_dtls_context {
    SSL_CTX *ssl;
    BIO_METHOD *bio;
    struct web_certificate certificate;
};

struct web_dtls {
    SSL *ssl;
    enum web_dtls_state state;
    web_dtls_send send;
    void *arg;
    const void *in; /* the datagram in hand */
    size_t in_size;
};

/* ---- OpenSSL's side of the wire: each read is a datagram, and each write ---- */

static int wire_read(BIO *bio, char *out, int room)
{
    struct web_dtls *dtls = BIO_get_data(bio);
    int size = (int)(dtls->in_size < (size_t)room ? dtls->in_size : (size_t)room);

    BIO_clear_retry_flags(bio);
    if (!dtls->in_size) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(out, dtls->in, (size_t)size);
    dtls->in_size = 0;
    return size;
}

static int wire_write(BIO *bio, const char *bytes, int size)
{
    struct web_dtls *dtls = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (size > 0)
        dtls->send(dtls->arg, bytes, (size_t)size);
    return size;
}

static long wire_control(BIO *bio, int command, long number, void *pointer)
{
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return WEB_DTLS_MTU;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return HEADERS;
    }
    return 0;
}

static int wire_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

/* ---- the context ---- */

/* Any certificate will do: which one it has to be is known from the description only. */
static int take_any(X509_STORE_CTX *store, void *arg)
{
    return 1;
}

static bool context_set_up(struct web_dtls_context *context)
{
    SSL_CTX *ssl = context->ssl;

    SSL_CTX_set_options(ssl, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_send_fragment(ssl, RECORD_SIZE_MAX);
    SSL_CTX_set_read_ahead(ssl, 1); /* a datagram is read whole */
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, take_any, NULL);
    return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_use_certificate(ssl, context->certificate.x509) == 1 &&
           SSL_CTX_use_PrivateKey(ssl, context->certificate.key) == 1 &&
           SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES") == 1 &&
           SSL_CTX_set1_groups_list(ssl, "X25519:P-256:P-384") == 1 &&
           /* this one says 0 when all is well */
           SSL_CTX_set_tlsext_use_srtp(ssl, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80") == 0;
}

static bool method_set_up(BIO_METHOD *method)
{
    return method && BIO_meth_set_read(method, wire_read) == 1 &&
           BIO_meth_set_write(method, wire_write) == 1 &&
           BIO_meth_set_ctrl(method, wire_control) == 1 &&
           BIO_meth_set_create(method, wire_create) == 1;
}

int web_dtls_context_new(struct web_dtls_context **contextp)
{
    struct web_dtls_context *context = calloc(1, sizeof(*context));

    if (!context)
        return ENOMEM;
    context->ssl = SSL_CTX_new(DTLS_server_method());
    context->bio = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams in memory");
    if (!context->ssl || !method_set_up(context->bio) ||
        web_certificate_init(&context->certificate) || !context_set_up(context)) {
        web_dtls_context_free(context);
        ERR_clear_error();
        return ENOMEM;
    }
    *contextp = context;
    return 0;
}

void web_dtls_context_free(struct web_dtls_context *context)
{
    if (!context)
        return;
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->bio);
    web_certificate_release(&context->certificate);
    free(context);
}

const char *web_dtls_fingerprint(const struct web_dtls_context *context)
{
    return context->certificate.fingerprint;
}

/* ---- one association ---- */

static unsigned repeat_after(SSL *ssl, unsigned before_us)
{
    if (!before_us)
        return REPEAT_FIRST_US;
    return 2 * before_us < REPEAT_LAST_US ? 2 * before_us : REPEAT_LAST_US;
}

int web_dtls_new(struct web_dtls **dtlsp, struct web_dtls_context *context, web_dtls_send send,
                 void *arg)
{
    struct web_dtls *dtls = calloc(1, sizeof(*dtls));
    BIO *bio = dtls ? BIO_new(context->bio) : NULL;

    if (bio)
        dtls->ssl = SSL_new(context->ssl);
    if (!bio || !dtls->ssl) {
        BIO_free(bio);
        free(dtls);
        ERR_clear_error();
        return ENOMEM;
    }
    dtls->send = send;
    dtls->arg = arg;
    BIO_set_data(bio, dtls);
    SSL_set_bio(dtls->ssl, bio, bio);
    SSL_set_accept_state(dtls->ssl);
    SSL_set_mtu(dtls->ssl, WEB_DTLS_MTU);
    DTLS_set_timer_cb(dtls->ssl, repeat_after);
    *dtlsp = dtls;
    return 0;
}

void web_dtls_free(struct web_dtls *dtls)
{
    if (!dtls)
        return;
    if (dtls->state == WEB_DTLS_DONE)
        (void)SSL_shutdown(dtls->ssl);
    SSL_free(dtls->ssl);
    ERR_clear_error();
    free(dtls);
}

static void fail_unless_waiting(struct web_dtls *dtls, int result)
{
    if (SSL_get_error(dtls->ssl, result) != SSL_ERROR_WANT_READ)
        dtls->state = WEB_DTLS_FAILED;
}

/* Nobody has anything to say here but goodbye, and an end of the handshake that was lost. */
static void read_on(struct web_dtls *dtls)
{
    uint8_t bytes[256];
    int size;

    do
        size = SSL_read(dtls->ssl, bytes, sizeof(bytes));
    while (size > 0);
    if (SSL_get_shutdown(dtls->ssl) & SSL_RECEIVED_SHUTDOWN)
        dtls->state = WEB_DTLS_CLOSED;
}

void web_dtls_take(struct web_dtls *dtls, const void *bytes, size_t size)
{
    int result;

    ERR_clear_error();
    dtls->in = bytes;
    dtls->in_size = size;
    if (dtls->state == WEB_DTLS_SHAKING) {
        result = SSL_do_handshake(dtls->ssl);
        if (result == 1)
            dtls->state = WEB_DTLS_DONE;
        else
            fail_unless_waiting(dtls, result);
    } else if (dtls->state == WEB_DTLS_DONE) {
        read_on(dtls);
    }
    dtls->in_size = 0;
    ERR_clear_error();
}

enum web_dtls_state web_dtls_state(const struct web_dtls *dtls)
{
    return dtls->state;
}

instant web_dtls_wait(struct web_dtls *dtls)
{
    struct timeval left;

    if (dtls->state != WEB_DTLS_SHAKING || DTLSv1_get_timeout(dtls->ssl, &left) != 1)
        return INSTANT_NEVER;
    return left.tv_sec * SECOND + left.tv_usec;
}

void web_dtls_expire(struct web_dtls *dtls)
{
    ERR_clear_error();
    if (dtls->state == WEB_DTLS_SHAKING && DTLSv1_handle_timeout(dtls->ssl) < 0)
        dtls->state = WEB_DTLS_FAILED;
    ERR_clear_error();
}

bool web_dtls_is_from(const struct web_dtls *dtls, const struct web_fingerprint *fingerprint)
{
    const X509 *x509 = SSL_get0_peer_certificate(dtls->ssl);

    return x509 && web_certificate_matches(x509, fingerprint);
}

bool web_dtls_keys(const struct web_dtls *dtls, struct web_dtls_keys *keys)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(dtls->ssl);
    uint8_t all[2 * (SECURE_KEY_SIZE + SECURE_SALT_SIZE_MAX)];
    const uint8_t *at = all;
    size_t salt;

    if (!profile)
        return false;
    keys->suite =
        profile->id == SRTP_AEAD_AES_128_GCM ? SECURE_AES128_GCM : SECURE_AES128_CM_SHA1_80;
    salt = secure_salt_size(keys->suite);
    if (SSL_export_keying_material(dtls->ssl, all, 2 * (SECURE_KEY_SIZE + salt), label,
                                   sizeof(label) - 1, NULL, 0, 0) != 1)
        return false;
    memcpy(keys->in_key, at, SECURE_KEY_SIZE); /* the client's come first */
    memcpy(keys->out_key, at += SECURE_KEY_SIZE, SECURE_KEY_SIZE);
    memcpy(keys->in_salt, at += SECURE_KEY_SIZE, salt);
    memcpy(keys->out_salt, at + salt, salt);
    OPENSSL_cleanse(all, sizeof(all));
    return true;
}
