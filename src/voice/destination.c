#include "voice/destination.h"

#include <netinet/in.h>

#include "base/check.h"

struct range {
    uint32_t network;
    unsigned bits;
};

static bool is_within(uint32_t address, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        if ((address ^ ranges[i].network) >> (32 - ranges[i].bits) == 0)
            return true;
    return false;
}

/* Addresses that are no public web server: RFC 6890 and what clouds hide behind link-local ones. */
static bool is_private(uint32_t address)
{
    static const struct range ranges[] = {
        {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0xa9fe0000, 16}, {0xac100000, 12},
        {0xc0000000, 24}, {0xc0a80000, 16}, {0xc6120000, 15}, {0xe0000000, 4},  {0xf0000000, 4},
    };

    return is_within(address, ranges, array_count(ranges));
}

static bool may_connect_v4(enum voice_fetch policy, uint32_t address)
{
    switch (policy) {
    case VOICE_FETCH_ANY:
        return true;
    case VOICE_FETCH_LOCAL:
        return address >> 24 == 127 || !is_private(address);
    case VOICE_FETCH_PUBLIC:
        return address >> 24 != 127 && !is_private(address);
    }
    return false;
}

static bool may_connect_v6(enum voice_fetch policy, const struct in6_addr *address)
{
    const uint8_t *bytes = address->s6_addr;

    if (IN6_IS_ADDR_V4MAPPED(address))
        return may_connect_v4(policy, (uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16 |
                                          (uint32_t)bytes[14] << 8 | bytes[15]);
    switch (policy) {
    case VOICE_FETCH_ANY:
        return true;
    case VOICE_FETCH_LOCAL:
        return IN6_IS_ADDR_LOOPBACK(address) || (bytes[0] & 0xe0) == 0x20;
    case VOICE_FETCH_PUBLIC:
        return (bytes[0] & 0xe0) == 0x20; /* global unicast, 2000::/3 */
    }
    return false;
}

bool destination_is_allowed(enum voice_fetch policy, const struct sockaddr *address)
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;

    if (address->sa_family == AF_INET)
        return may_connect_v4(policy, ntohl(v4->sin_addr.s_addr));
    return address->sa_family == AF_INET6 && may_connect_v6(policy, &v6->sin6_addr);
}
