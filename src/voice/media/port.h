#ifndef VOICE_MEDIA_PORT_H
#define VOICE_MEDIA_PORT_H

#include "voice/media/carrier.h"
#include "voice/media/media_parts.h"

/*
 * A leg's socket on the media thread, watched by epoll once its remote is known; packets that overtook
 * the 200 OK have waited in the kernel with their time stamps. At first it takes what the SDP's host
 * sends from whatever port (host_filter.h); once the core says which port it is, it is connected to that
 * one, so that the kernel drops all else and a plain recv and send do. Two kinds are not watched but
 * swept, once a frame just before the leg's own tick, a bounded number of packets each: the socket of
 * a leg that nobody has heard for half a second (an agent who waits: a wake-up costs more than a
 * packet), and one that is not yet connected and is sent what it refuses.
 */
struct port {
    struct carrier carrier;                /* the leg's */
    struct port *next, **link;             /* of media->ports */
    struct port *swept_next, **swept_link; /* of media->swept[phase]; link NULL: watched */
    int fd;
    bool watched, connected, stamped;
    bool drained; /* nothing from before the connect is left */
    bool flooded;
    unsigned refused_count; /* since the remote was known */
    uint8_t unheard_count;  /* packets on end that nobody heard */
    socklen_t to_size;
    struct sockaddr_storage to;
};

/* Takes the descriptor. NULL: out of memory; the leg stays silent, and its close finds nothing. */
struct port *port_open(struct media *media, uint64_t leg, int fd);
void port_close(struct port *port);
/* The other side's address is known, or another one. */
void port_remote(struct media *media, struct port *port, const struct media_remote *remote);
void port_send(struct port *port, const void *bytes, size_t size);
void port_receive(struct media *media, struct port *port); /* it is readable */
/* Somebody hears the leg from now on: its packets are read as they come. */
void port_heard(struct media *media, struct port *port);
/* Reads the swept ports of the phases whose tick has come since the last sweep. */
void ports_sweep(struct media *media, instant now);

#endif
