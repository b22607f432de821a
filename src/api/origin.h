#ifndef API_ORIGIN_H
#define API_ORIGIN_H

#include <stdbool.h>

#include "base/text.h"

/*
 * Which pages may speak to us. Pure.
 *
 * A page of another site can make a browser send us requests, with our cookie or from inside the network. So: the name
 * in `Host` must be one of ours (a name that somebody else's DNS led here is not: "DNS rebinding"; an address
 * in numbers cannot be led), and where `Origin` is sent it must be the host that was asked. Ours are localhost, any address in
 * numbers, the host of public_url, and those of `names`.
 */
enum origin_verdict {
    ORIGIN_OK,
    ORIGIN_HOST_MISSING, /* 400 */
    ORIGIN_HOST_UNKNOWN, /* 421 */
    ORIGIN_FOREIGN,      /* 403 */
};

/* host, origin: the headers, NULL when there are none. names: separated by commas, "" for none. */
enum origin_verdict origin_check(const char *host, const char *origin, const char *public_url,
                                 const char *names);

/* The value of a cookie; an empty slice: there is none of that name. */
struct slice cookie_find(const char *header, const char *name);

#endif
