#ifndef VOICE_MEDIA_CARRIER_H
#define VOICE_MEDIA_CARRIER_H

#include <stdbool.h>

/* What carries a leg's packets, as its first member: a port of its own (port.h), or its share of the browsers' (web.h). */
struct mleg;

struct carrier {
    bool is_web;
    struct mleg *mleg; /* NULL: it carries no leg by itself, as the browsers' socket */
};

#endif
