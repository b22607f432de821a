#ifndef PHONES_NETWORK_H
#define PHONES_NETWORK_H

#include <stdio.h>

#include "phones/peer.h"
#include "phones/voices.h"

/*
 * The calls of the simulated network: joins the SIP peer, the people and their sound, and writes
 * the records. One thread, the one that turns the SIP loop.
 *
 *   network_new(&network, &options);
 *   peer_new(... handler network_peer_event, arg network); network_attach(network, peer);
 *   watch network_timer_fd and rtp_event_fd for reading: network_turn(network)
 *   network_stop(network), then turn until network_is_empty; network_free
 */
struct network;

struct network_options {
    const struct script *script;
    const struct voices *voices;
    struct rtp *rtp;
    FILE *log;
};

int network_new(struct network **network, const struct network_options *options) must_check;
void network_free(struct network *network); /* NULL is fine */
void network_attach(struct network *network, struct peer *peer);
void network_peer_event(void *network, const struct peer_event *event);

int network_timer_fd(const struct network *network);
void network_turn(struct network *network);

void network_stop(struct network *network); /* hangs up everything, takes no new call */
bool network_is_empty(const struct network *network);
/* The last line: how many calls there were, packets, processor time. */
void network_summary(struct network *network);

#endif
