#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdbool.h>
#include <stdint.h>

/* Repeatable chance: xoshiro256** seeded by splitmix64. Not for secrets. */
struct rng {
    uint64_t state[4];
};

struct rng rng_from_seed(uint64_t seed);
uint64_t rng_next(struct rng *rng);
uint64_t rng_below(struct rng *rng, uint64_t bound);          /* 0 .. bound-1; bound > 0 */
double rng_unit(struct rng *rng);                             /* [0, 1) */
double rng_between(struct rng *rng, double low, double high); /* [low, high) */
bool rng_chance(struct rng *rng, double probability);
double rng_exponential(struct rng *rng, double mean);
double rng_normal(struct rng *rng, double mean, double deviation);
double rng_lognormal(struct rng *rng, double median, double sigma);

#endif
