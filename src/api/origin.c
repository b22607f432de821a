#include "api/origin.h"

#include <arpa/inet.h>
#include <string.h>

static bool same_word(struct slice a, struct slice b)
{
    return a.size == b.size && strncasecmp(a.at, b.at, a.size) == 0;
}

/* "name:8080" -> "name", "[::1]:8080" -> "::1", "name." -> "name" */
static struct slice name_of(struct slice host)
{
    const char *end = host.size ? memchr(host.at, ']', host.size) : NULL;

    if (host.size && host.at[0] == '[')
        return end ? slice_of(host.at + 1, (size_t)(end - host.at) - 1) : slice_of("", 0);
    end = host.size ? memchr(host.at, ':', host.size) : NULL;
    if (end)
        host.size = (size_t)(end - host.at);
    if (host.size && host.at[host.size - 1] == '.')
        host.size--;
    return host;
}

/* What stands between "://" and the next "/"; an empty slice: nothing does. */
static struct slice host_of_url(const char *url)
{
    const char *begin = strstr(url, "://");

    return begin ? slice_of(begin + 3, strcspn(begin + 3, "/?#")) : slice_of("", 0);
}

static bool is_in_numbers(struct slice name)
{
    unsigned char address[16];
    char text[64];

    return slice_copy(name, text, sizeof(text)) &&
           (inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1);
}

static bool is_ours(struct slice name, const char *public_url, const char *names)
{
    struct slice rest = slice_from(names);

    if (!name.size)
        return false;
    if (same_word(name, slice_from("localhost")) || is_in_numbers(name) ||
        same_word(name, name_of(host_of_url(public_url))))
        return true;
    while (rest.size)
        if (same_word(name, slice_trim(slice_cut(&rest, ','))))
            return true;
    return false;
}

/* "http://desk:80" and "desk" are one. */
static struct slice without_port(struct slice host, const char *port)
{
    size_t size = strlen(port);

    if (host.size > size && memcmp(host.at + host.size - size, port, size) == 0)
        host.size -= size;
    return host;
}

static bool is_same(const char *origin, const char *host, const char *public_url)
{
    const char *port = strncmp(origin, "https:", 6) == 0 ? ":443" : ":80";
    struct slice from = host_of_url(origin);

    if (!from.size)
        return false; /* "null" */
    from = without_port(from, port);
    return same_word(from, without_port(slice_from(host), port)) ||
           same_word(from, without_port(host_of_url(public_url), port));
}

enum origin_verdict origin_check(const char *host, const char *origin, const char *public_url,
                                 const char *names)
{
    if (!host || !*host)
        return ORIGIN_HOST_MISSING;
    if (!is_ours(name_of(slice_from(host)), public_url, names))
        return ORIGIN_HOST_UNKNOWN;
    return origin && !is_same(origin, host, public_url) ? ORIGIN_FOREIGN : ORIGIN_OK;
}

struct slice cookie_find(const char *header, const char *name)
{
    struct slice rest = slice_from(header ? header : "");

    while (rest.size) {
        struct slice pair = slice_trim(slice_cut(&rest, ';'));
        struct slice key = slice_trim(slice_cut(&pair, '='));

        if (slice_equal(key, slice_from(name)))
            return slice_trim(pair);
    }
    return slice_of("", 0);
}
