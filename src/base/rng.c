#include "base/rng.h"

#include <math.h>

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

struct rng rng_from_seed(uint64_t seed)
{
    struct rng rng;

    for (int i = 0; i < 4; ++i) {
        uint64_t z = (seed += 0x9e3779b97f4a7c15u);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        rng.state[i] = z ^ (z >> 31);
    }
    return rng;
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    return (uint64_t)(((__uint128_t)rng_next(rng) * bound) >> 64);
}

double rng_unit(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1.0p-53;
}

double rng_between(struct rng *rng, double low, double high)
{
    return low + (high - low) * rng_unit(rng);
}

bool rng_chance(struct rng *rng, double probability)
{
    return rng_unit(rng) < probability;
}

double rng_exponential(struct rng *rng, double mean)
{
    return -mean * log1p(-rng_unit(rng));
}

double rng_normal(struct rng *rng, double mean, double deviation)
{
    double u = 1.0 - rng_unit(rng), v = rng_unit(rng);

    return mean + deviation * sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

double rng_lognormal(struct rng *rng, double median, double sigma)
{
    return median * exp(rng_normal(rng, 0.0, sigma));
}
