#ifndef SERVE_ROUTES_H
#define SERVE_ROUTES_H

#include "api/api.h"

/* Every route of the interface. docs/openapi.json says the same, and a test holds them together. */
extern const struct api_route routes[];
extern const size_t route_count;

#endif
