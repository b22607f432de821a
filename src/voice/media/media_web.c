#include "voice/media/media_web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "voice/media/media_parts.h"

/* The control thread's half of browsers: the socket they share, and orders about them. */

enum { SOCKET_BUFFER = 4 << 20 }; /* all browsers' packets of some tens of milliseconds */

/* As much as the system grants; more than its limit where we have the right. */
static void buffer_widen(int fd, int option, int forced)
{
    int size = SOCKET_BUFFER;

    if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof(size)))
        (void)setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

int media_web_bind(struct media *media, const struct media_options *options, int *fd, char *error,
                   size_t error_size)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in *four = (void *)&address;
    unsigned port;
    int err, off = 0;

    if (!options->web_address)
        return 0;
    four->sin_family = AF_INET;
    if (inet_pton(AF_INET, options->web_address, &four->sin_addr) != 1) {
        snprintf(error, error_size, "browsers' address '%s' is not a numeric IPv4 address",
                 options->web_address);
        return EINVAL;
    }
    err = media_socket_bind(&address, sizeof(*four), options->web_port, fd, &port);
    if (err) {
        snprintf(error, error_size, "cannot bind browsers' address '%s:%u': %s",
                 options->web_address, options->web_port, strerror(err));
        return err;
    }
    (void)setsockopt(*fd, SOL_SOCKET, SO_TIMESTAMPNS, &off, sizeof(off)); /* nobody reads them */
    buffer_widen(*fd, SO_RCVBUF, SO_RCVBUFFORCE);
    buffer_widen(*fd, SO_SNDBUF, SO_SNDBUFFORCE);
    media->web_port = (uint16_t)port;
    return 0;
}

uint16_t media_web_port(const struct media *media)
{
    return media->web_port;
}

int media_web_open(struct media *media, uint64_t leg, const struct media_web_ice *ice)
{
    int err;

    if (!media->web_port)
        return ENOTSUP;
    if (table_get_id(&media->legs, leg))
        return EEXIST;
    if (media->legs.count >= media->options.leg_count_max)
        return ENOBUFS;
    err = table_put_id(&media->legs, leg, media);
    if (!err)
        media_order_put(media,
                        &(struct media_order){.kind = ORDER_WEB_OPEN, .leg = leg, .ice = *ice});
    return err;
}

void media_web_remote(struct media *media, uint64_t leg, const struct media_remote *remote)
{
    struct media_remote at_browser = *remote;

    memset(&at_browser.address, 0, sizeof(at_browser.address));
    at_browser.address.ss_family =
        AF_INET; /* the same one for ever: what it sends is proven by its keys */
    media_leg_remote(media, leg, &at_browser);
}

void media_web_restart(struct media *media, uint64_t leg, const struct media_web_ice *ice)
{
    media_order_put(media,
                    &(struct media_order){.kind = ORDER_WEB_RESTART, .leg = leg, .ice = *ice});
}

void media_web_keys(struct media *media, uint64_t leg, struct secure_stream *in,
                    struct secure_stream *out)
{
    media_order_put(media,
                    &(struct media_order){.kind = ORDER_WEB_KEYS, .leg = leg, .keys = {in, out}});
}

void media_web_opus(struct media *media, uint64_t leg, struct web_opus *opus)
{
    media_order_put(media, &(struct media_order){.kind = ORDER_WEB_OPUS, .leg = leg, .opus = opus});
}

void media_web_send(struct media *media, uint64_t leg, struct slice datagram)
{
    struct media_order order = {.kind = ORDER_WEB_SEND, .leg = leg};

    order.datagram.at = malloc(datagram.size);
    if (!order.datagram.at)
        return;
    memcpy(order.datagram.at, datagram.at, datagram.size);
    order.datagram.size = datagram.size;
    media_order_put(media, &order);
}
