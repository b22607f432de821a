/*
 * Addresses of webhooks and audio: a line of the document's own, then lines of references in it. What counts as
 * absolute has a host and nothing that could break a request apart; overrides stay within their bounds; and no
 * private address is let through, however it is written.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "voice/control/url.h"
#include "voice/destination.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const char *url)
{
    struct url_policy policy = url_policy(url, 1);
    char *bare, *user, *password;

    check(policy.retry_count <= 5);
    check(policy.connect_ms && policy.read_ms && policy.total_ms && policy.total_ms <= 60000);
    check(!url_is_callback(url) || url_is_absolute(url));
    if (!url_is_absolute(url))
        return;
    check(strlen(url) <= URL_SIZE_MAX && !strpbrk(url, " \r\n\t"));
    check(url_host(url).size > 0);
    url_split_user(url, &bare, &user, &password);
    check(bare && url_is_absolute(bare) && !strchr(bare, '#'));
    free(bare);
    free(user);
    free(password);
}

static void look_at_address(const uint8_t *data, size_t size)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    memcpy(&v4.sin_addr, data, size < 4 ? size : 4);
    memcpy(&v6.sin6_addr, data, size < 16 ? size : 16);
    for (int i = 0; i < 2; ++i) {
        const struct sockaddr *address = i ? (const void *)&v6 : (const void *)&v4;

        check(destination_is_allowed(VOICE_FETCH_ANY, address));
        check(!destination_is_allowed(VOICE_FETCH_PUBLIC, address) ||
              destination_is_allowed(VOICE_FETCH_LOCAL, address));
    }
    uint32_t host = ntohl(v4.sin_addr.s_addr);

    if (host >> 24 == 10 || host >> 24 == 127 || host >> 16 == 0xc0a8 || host >> 16 == 0xa9fe)
        check(!destination_is_allowed(VOICE_FETCH_PUBLIC, (const void *)&v4));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size);
    char *base = slice_dup(slice_cut(&rest, '\n'));

    check(base);
    look_at(base);
    look_at_address(data, size);
    while (rest.size) {
        char *reference = slice_dup(slice_cut(&rest, '\n'));
        struct text out;

        text_init(&out);
        url_resolve(url_is_absolute(base) ? base : NULL, reference, &out);
        check(!out.failed);
        look_at(out.at ? out.at : "");
        look_at(reference);
        text_release(&out);
        free(reference);
    }
    free(base);
    return 0;
}
