#include "wire/sid.h"

#include <openssl/evp.h>
#include <string.h>

#include "wire/mac.h"

void sid_source_init(struct sid_source *source, const void *seed, size_t seed_size)
{
    unsigned size = 0;

    *source = (struct sid_source){0};
    check(EVP_Digest(seed, seed_size, source->key, &size, EVP_sha256(), NULL) == 1);
    check(size == sizeof(source->key));
}

void sid_make(struct sid_source *source, const char *prefix, char sid[SID_SIZE])
{
    unsigned char digest[MAC_SHA256_SIZE];
    char counter[8];

    check(strlen(prefix) == 2);
    ++source->counter;
    for (int i = 0; i < 8; ++i)
        counter[i] = (char)(source->counter >> (8 * i));
    mac_sha256(slice_of((const char *)source->key, sizeof(source->key)),
               slice_of(counter, sizeof(counter)), digest);
    sid[0] = prefix[0];
    sid[1] = prefix[1];
    bytes_to_hex(digest, 16, sid + 2);
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

bool sid_is(struct slice text, const char *prefix)
{
    if (text.size != SID_LENGTH || !is_capital(text.at[0]) || !is_capital(text.at[1]))
        return false;
    if (prefix && (text.at[0] != prefix[0] || text.at[1] != prefix[1]))
        return false;
    for (size_t i = 2; i < SID_LENGTH; ++i) {
        char c = text.at[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    }
    return true;
}

void sid_normalise(struct slice text, char sid[SID_SIZE])
{
    check(text.size == SID_LENGTH);
    for (size_t i = 0; i < SID_LENGTH; ++i)
        sid[i] = (char)(i >= 2 && is_capital(text.at[i]) ? text.at[i] + 32 : text.at[i]);
    sid[SID_LENGTH] = '\0';
}
