#include "voice/capacity.h"

enum {
    KEPT = 64, /* for SIP, rings, logs, children that speak or decode */
    REQUESTS_MAX = 1024,
    FETCHES_MAX = 512,
    PAGES_MAX = 4096,
    EXCESS = 64,        /* http_crowd.h: connections that are only told to come later */
    THREAD_LEGS = 4000, /* half of what one media thread forwards (docs: bench) */
};

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

struct capacity capacity_of(unsigned descriptors, unsigned ports, unsigned calls_wanted,
                            bool browsers)
{
    struct capacity capacity = {.requests = least(REQUESTS_MAX, descriptors / 8),
                                .fetches = least(FETCHES_MAX, descriptors / 8),
                                .pages = browsers ? least(PAGES_MAX, descriptors / 8) : 0};
    unsigned others = KEPT + EXCESS + capacity.requests + capacity.fetches + capacity.pages;
    unsigned sockets = descriptors > others ? descriptors - others : 0;

    capacity.calls = THREAD_LEGS;
    capacity.why = "the media thread";
    if (calls_wanted) {
        capacity.calls = calls_wanted;
        capacity.why = "the setting";
    }
    if (ports < capacity.calls) {
        capacity.calls = ports;
        capacity.why = "ports";
    }
    if (sockets < capacity.calls) {
        capacity.calls = sockets;
        capacity.why = "descriptors";
    }
    return capacity;
}
