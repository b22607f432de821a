#include "phones/chance.h"

double chance_draw(const struct chance *chance, struct rng *rng)
{
    double drawn = chance->a;

    switch (chance->kind) {
    case CHANCE_CONSTANT:
        break;
    case CHANCE_UNIFORM:
        drawn = rng_between(rng, chance->a, chance->b);
        break;
    case CHANCE_EXPONENTIAL:
        drawn = rng_exponential(rng, chance->a);
        break;
    case CHANCE_LOGNORMAL:
        drawn = rng_lognormal(rng, chance->a, chance->b);
        break;
    }
    if (drawn < chance->low)
        return chance->low;
    return drawn > chance->high ? chance->high : drawn;
}

instant chance_draw_span(const struct chance *chance, struct rng *rng)
{
    return (instant)(chance_draw(chance, rng) * (double)SECOND);
}
