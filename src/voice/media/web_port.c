#include "voice/media/web_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "voice/media/carrier.h"
#include "voice/media/packet.h"

enum {
    IN_BATCH = 32,
    IN_BATCHES_MAX = 4, /* then the others have their turn */
    OUT_BATCH = 64,
    OUT_SIZE = PACKET_SIZE_MAX + SECURE_OVERHEAD,
    IN_SIZE = PACKET_SIZE_MAX + 1, /* one more: what is longer is seen to be */
};

/* A message, where it is from or for, and its bytes. */
struct web_port {
    struct carrier carrier; /* of no leg */
    struct media *media;
    struct web *web;
    int fd;
    unsigned out_count;
    struct mmsghdr in[IN_BATCH], out[OUT_BATCH];
    struct iovec in_vectors[IN_BATCH], out_vectors[OUT_BATCH];
    struct sockaddr_in from[IN_BATCH], to[OUT_BATCH];
    uint8_t in_bytes[IN_BATCH][IN_SIZE], out_bytes[OUT_BATCH][OUT_SIZE];
};

void web_port_flush(struct web_port *port)
{
    unsigned done = 0;

    while (port && done < port->out_count) {
        int sent = sendmmsg(port->fd, port->out + done, port->out_count - done, 0);

        if (sent > 0)
            done += (unsigned)sent;
        else if (errno != EINTR)
            done++; /* a full queue, an address without a way: lost, as any router would */
    }
    if (port)
        port->out_count = 0;
}

static uint8_t *port_room(void *self)
{
    struct web_port *port = self;

    if (port->out_count == OUT_BATCH)
        web_port_flush(port);
    return port->out_bytes[port->out_count];
}

static void port_send(void *self, const struct sockaddr_in *to, size_t size)
{
    struct web_port *port = self;

    port->to[port->out_count] = *to;
    port->out_vectors[port->out_count].iov_len = size;
    port->out_count++;
}

static void port_dtls(void *self, uint64_t leg, const void *bytes, size_t size, instant now)
{
    struct web_port *port = self;
    struct media_event event = {.kind = MEDIA_WEB_DTLS, .leg = leg, .at = now};
    uint8_t *copy = malloc(size);

    if (!copy)
        return; /* the browser sends it again */
    memcpy(copy, bytes, size);
    event.datagram.at = copy;
    event.datagram.size = size;
    media_event_put(port->media, &event);
}

static void messages_init(struct web_port *port)
{
    for (size_t i = 0; i < IN_BATCH; i++) {
        port->in_vectors[i] = (struct iovec){port->in_bytes[i], IN_SIZE};
        port->in[i].msg_hdr = (struct msghdr){.msg_name = &port->from[i],
                                              .msg_namelen = sizeof(port->from[i]),
                                              .msg_iov = &port->in_vectors[i],
                                              .msg_iovlen = 1};
    }
    for (size_t i = 0; i < OUT_BATCH; i++) {
        port->out_vectors[i] = (struct iovec){port->out_bytes[i], 0};
        port->out[i].msg_hdr = (struct msghdr){.msg_name = &port->to[i],
                                               .msg_namelen = sizeof(port->to[i]),
                                               .msg_iov = &port->out_vectors[i],
                                               .msg_iovlen = 1};
    }
}

int web_port_new(struct web_port **portp, struct media *media, int fd)
{
    struct web_port *port = calloc(1, sizeof(*port));
    struct epoll_event watch = {.events = EPOLLIN, .data.ptr = port};
    struct web_ops ops = {.self = port, .room = port_room, .send = port_send, .dtls = port_dtls};
    int err;

    if (!port)
        return ENOMEM;
    port->carrier.is_web = true;
    port->media = media;
    port->fd = fd;
    messages_init(port);
    err = web_new(&port->web, media->core, &ops);
    if (!err && epoll_ctl(media->epoll_fd, EPOLL_CTL_ADD, fd, &watch))
        err = errno;
    if (err) {
        web_free(port->web);
        free(port);
        return err;
    }
    *portp = port;
    return 0;
}

void web_port_free(struct web_port *port)
{
    if (!port)
        return;
    web_free(port->web);
    close(port->fd);
    free(port);
}

struct web *web_port_web(struct web_port *port)
{
    return port->web;
}

void web_port_receive(struct web_port *port)
{
    for (int batch = 0; batch < IN_BATCHES_MAX; batch++) {
        int count = recvmmsg(port->fd, port->in, IN_BATCH, MSG_DONTWAIT, NULL);
        instant now = media_clock(port->media);

        for (int i = 0; i < count; i++) {
            struct msghdr *head = &port->in[i].msg_hdr;

            if (head->msg_namelen == sizeof(port->from[i]) && port->from[i].sin_family == AF_INET)
                web_packet(port->web, &port->from[i], port->in_bytes[i], port->in[i].msg_len, now);
            head->msg_namelen = sizeof(port->from[i]);
        }
        if (count > 0)
            media_sent(port->media, now);
        if (count < IN_BATCH)
            break;
    }
}
