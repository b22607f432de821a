#include "voice/web/certificate.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

enum { VALID_FROM_S = -24 * 3600, VALID_FOR_S = 10 * 365 * 24 * 3600 };

static bool fill(X509 *x509, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(x509);
    uint64_t serial = 0;

    return RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 &&
           X509_set_version(x509, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(x509), VALID_FROM_S) &&
           X509_gmtime_adj(X509_getm_notAfter(x509), VALID_FOR_S) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"outdial",
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(x509, name) == 1 && X509_set_pubkey(x509, key) == 1 &&
           X509_sign(x509, key, EVP_sha256()) > 0;
}

static bool write_fingerprint(struct web_certificate *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    char *at = certificate->fingerprint;
    char *end = at + sizeof(certificate->fingerprint);

    if (X509_digest(certificate->x509, EVP_sha256(), digest, &size) != 1)
        return false;
    at += snprintf(at, (size_t)(end - at), "sha-256 ");
    for (unsigned i = 0; i < size; i++)
        at += snprintf(at, (size_t)(end - at), i ? ":%02X" : "%02X", digest[i]);
    return true;
}

int web_certificate_init(struct web_certificate *certificate)
{
    memset(certificate, 0, sizeof(*certificate));
    certificate->key = EVP_EC_gen("P-256");
    certificate->x509 = X509_new();
    if (certificate->key && certificate->x509 && fill(certificate->x509, certificate->key) &&
        write_fingerprint(certificate))
        return 0;
    web_certificate_release(certificate);
    return ENOMEM;
}

void web_certificate_release(struct web_certificate *certificate)
{
    EVP_PKEY_free(certificate->key);
    X509_free(certificate->x509);
    memset(certificate, 0, sizeof(*certificate));
}

bool web_certificate_matches(const X509 *x509, const struct web_fingerprint *fingerprint)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    const EVP_MD *hash = EVP_sha256();

    if (strcmp(fingerprint->hash, "sha-384") == 0)
        hash = EVP_sha384();
    else if (strcmp(fingerprint->hash, "sha-512") == 0)
        hash = EVP_sha512();
    return X509_digest(x509, hash, digest, &size) == 1 && size == fingerprint->size &&
           memcmp(digest, fingerprint->bytes, size) == 0;
}
