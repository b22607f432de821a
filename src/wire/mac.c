#include "wire/mac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <pthread.h>

enum algorithm { SHA1, SHA256, ALGORITHM_COUNT };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t leaving;

/* By algorithm. What a thread made goes when it ends. */
static _Thread_local EVP_MAC_CTX *contexts[ALGORITHM_COUNT];

static void release(void *list)
{
    EVP_MAC_CTX **own = list;

    for (int i = 0; i < ALGORITHM_COUNT; ++i) {
        EVP_MAC_CTX_free(own[i]);
        own[i] = NULL;
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

static void make(enum algorithm algorithm, struct slice key, struct slice data,
                 unsigned char *digest, size_t size)
{
    static const char *const names[] = {[SHA1] = "SHA1", [SHA256] = "SHA256"};
    EVP_MAC_CTX *context = contexts[algorithm];
    size_t made = 0;

    if (!context)
        context = contexts[algorithm] = context_new(names[algorithm]);
    check(EVP_MAC_init(context, (const unsigned char *)key.at, key.size, NULL) == 1);
    check(EVP_MAC_update(context, (const unsigned char *)data.at, data.size) == 1);
    check(EVP_MAC_final(context, digest, &made, size) == 1 && made == size);
}

void mac_sha1(struct slice key, struct slice data, unsigned char digest[MAC_SHA1_SIZE])
{
    make(SHA1, key, data, digest, MAC_SHA1_SIZE);
}

void mac_sha256(struct slice key, struct slice data, unsigned char digest[MAC_SHA256_SIZE])
{
    make(SHA256, key, data, digest, MAC_SHA256_SIZE);
}
