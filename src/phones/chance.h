#ifndef PHONES_CHANCE_H
#define PHONES_CHANCE_H

#include "base/instant.h"
#include "base/rng.h"

/* A span of time left to chance: how it is spread, and the range it is held to. Seconds. */
enum chance_kind { CHANCE_CONSTANT, CHANCE_UNIFORM, CHANCE_EXPONENTIAL, CHANCE_LOGNORMAL };

struct chance {
    enum chance_kind kind;
    double a, b; /* constant a; uniform a..b; exponential mean a; lognormal median a, sigma b */
    double low, high; /* draws outside are moved to the nearer end */
};

static inline struct chance chance_constant(double seconds)
{
    return (struct chance){CHANCE_CONSTANT, seconds, 0, 0, 86400};
}

double chance_draw(const struct chance *chance, struct rng *rng);       /* seconds */
instant chance_draw_span(const struct chance *chance, struct rng *rng); /* microseconds */

#endif
