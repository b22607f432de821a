/* A STUN message by itself: what is understood can be answered, and the answer is one we understand. */
#include <string.h>

#include "voice/secure/binding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockaddr_in from = {
        .sin_family = AF_INET, .sin_port = htons(4000), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    uint8_t answer[BINDING_SIZE_MAX];
    struct binding binding, read;

    if (!binding_parse(&binding, data, size))
        return 0;
    check(binding.username.size <= 256);
    check(!binding.has_integrity || binding.integrity_at + 24 <= size);
    (void)!binding_is_signed(&binding, "a password of 24 letters");
    check(binding_parse(&read, answer, binding_reply(&binding, &from, "password", answer)));
    check(read.kind == BINDING_SUCCESS && read.has_fingerprint &&
          binding_is_signed(&read, "password"));
    check(memcmp(&read.mapped, &from, sizeof(from)) == 0);
    check(binding_parse(&read, answer, binding_refuse(&binding, "password", answer)));
    check(read.kind == BINDING_ERROR && binding_is_signed(&read, "password"));
    return 0;
}
