#ifndef VOICE_CAPACITY_H
#define VOICE_CAPACITY_H

#include <stdbool.h>

/*
 * How much the engine takes on at once. Every call has one RTP socket and one RTP port, and all share
 * one media thread; connections of the REST interface and webhooks have descriptors of their own, so
 * that none of the three can take the last one of another; browsers' pages, each with a socket that stays, are a
 * fourth. Pure.
 */
struct capacity {
    unsigned calls;    /* legs at once; 0: there is no room for any */
    unsigned requests; /* connections of the REST interface */
    unsigned fetches;  /* connections of webhooks and audio */
    unsigned pages;    /* sockets of browsers' signalling, besides requests */
    const char
        *why; /* what bounds the calls: "the setting", "descriptors", "ports", "the media thread" */
};

/* calls_wanted 0: as many as there is room for. */
struct capacity capacity_of(unsigned descriptors, unsigned ports, unsigned calls_wanted,
                            bool browsers);

#endif
