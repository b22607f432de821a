#include "wire/mac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

enum algorithm { SHA1, SHA256, ALGORITHM_COUNT };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t leaving;

enum { KEY_MAX = 64 };

/* By algorithm, with the key it was last used with. What a thread made goes when it ends. */
struct context {
    EVP_MAC_CTX *mac;
    size_t key_size; /* 0: none is kept */
    char key[KEY_MAX];
};

static _Thread_local struct context contexts[ALGORITHM_COUNT];

static void release(void *list)
{
    struct context *own = list;

    for (int i = 0; i < ALGORITHM_COUNT; ++i) {
        EVP_MAC_CTX_free(own[i].mac);
        OPENSSL_cleanse(&own[i], sizeof(own[i]));
    }
}

static void make_key(void)
{
    check(!pthread_key_create(&leaving, release));
}

static EVP_MAC_CTX *context_new(const char *digest)
{
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)digest, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;

    check(context && EVP_MAC_CTX_set_params(context, parameters) == 1);
    EVP_MAC_free(mac); /* the context has its own reference */
    check(!pthread_once(&once, make_key) && !pthread_setspecific(leaving, contexts));
    return context;
}

/* One process has one key for nearly all: to begin anew with it costs a third. */
static void begin(struct context *context, struct slice key)
{
    bool is_known =
        key.size && key.size == context->key_size && memcmp(key.at, context->key, key.size) == 0;

    check(EVP_MAC_init(context->mac, is_known ? NULL : (const unsigned char *)key.at,
                       is_known ? 0 : key.size, NULL) == 1);
    if (is_known)
        return;
    context->key_size = key.size <= KEY_MAX ? key.size : 0;
    memcpy(context->key, key.at, context->key_size);
}

static void make(enum algorithm algorithm, struct slice key, struct slice data,
                 unsigned char *digest, size_t size)
{
    static const char *const names[] = {[SHA1] = "SHA1", [SHA256] = "SHA256"};
    struct context *context = &contexts[algorithm];
    size_t made = 0;

    if (!context->mac)
        context->mac = context_new(names[algorithm]);
    begin(context, key);
    check(EVP_MAC_update(context->mac, (const unsigned char *)data.at, data.size) == 1);
    check(EVP_MAC_final(context->mac, digest, &made, size) == 1 && made == size);
}

void mac_sha1(struct slice key, struct slice data, unsigned char digest[MAC_SHA1_SIZE])
{
    make(SHA1, key, data, digest, MAC_SHA1_SIZE);
}

void mac_sha256(struct slice key, struct slice data, unsigned char digest[MAC_SHA256_SIZE])
{
    make(SHA256, key, data, digest, MAC_SHA256_SIZE);
}
