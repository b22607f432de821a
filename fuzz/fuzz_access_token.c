#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire/access_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as a token, and as the payload of one that is well signed: what is taken has an identity. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct access_token_keys keys = {
        "AC00000000000000000000000000000001", "engine-test-token",
        "SK00000000000000000000000000000001", "api-key-secret"};
    struct access_token_order order = {.account_sid = keys.account_sid,
                                       .key_sid = keys.key_sid,
                                       .key_secret = keys.key_secret,
                                       .application_sid = "AP00000000000000000000000000000001",
                                       .now_s = 1700000000};
    struct access_token token;
    const char *why;
    struct text text;
    char identity[ACCESS_TOKEN_IDENTITY_MAX + 2];

    if (access_token_check(slice_of((const char *)data, size), &keys, 1700000000, &token, &why) ==
        ACCESS_TOKEN_GOOD)
        check(token.identity && token.identity[0]);
    access_token_release(&token);
    slice_copy(slice_of((const char *)data, size), identity, sizeof(identity));
    order.identity = identity;
    text_init(&text);
    if (access_token_make(&order, &text) == 0) {
        check(access_token_check(text_slice(&text), &keys, 1700000000, &token, &why) ==
              ACCESS_TOKEN_GOOD);
        check(strcmp(token.identity, identity) == 0);
        access_token_release(&token);
    }
    text_release(&text);
    return 0;
}
