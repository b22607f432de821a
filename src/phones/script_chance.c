#include <errno.h>
#include <math.h>
#include <string.h>

#include "phones/script_parse.h"

static int two_numbers(json_t *json, double *a, double *b)
{
    if (json_array_size(json) != 2 || !json_is_number(json_array_get(json, 0)) ||
        !json_is_number(json_array_get(json, 1)))
        return EINVAL;
    *a = json_number_value(json_array_get(json, 0));
    *b = json_number_value(json_array_get(json, 1));
    return 0;
}

static int chance_member(struct script_parser *parser, const char *key, json_t *value,
                         struct chance *chance)
{
    if (strcmp(key, "min") == 0 || strcmp(key, "max") == 0) {
        if (!json_is_number(value) || json_number_value(value) < 0)
            return script_refuse(parser, "\"%s\" must be a number of seconds", key);
        *(key[1] == 'i' ? &chance->low : &chance->high) = json_number_value(value);
        return 0;
    }
    if (strcmp(key, "constant") == 0 && json_is_number(value)) {
        chance->kind = CHANCE_CONSTANT;
        chance->a = json_number_value(value);
        return 0;
    }
    if (strcmp(key, "exponential") == 0 && json_is_number(value)) {
        chance->kind = CHANCE_EXPONENTIAL;
        chance->a = json_number_value(value);
        return 0;
    }
    if (strcmp(key, "uniform") == 0 && !two_numbers(value, &chance->a, &chance->b)) {
        chance->kind = CHANCE_UNIFORM;
        return 0;
    }
    if (strcmp(key, "lognormal") == 0 && !two_numbers(value, &chance->a, &chance->b)) {
        chance->kind = CHANCE_LOGNORMAL;
        return 0;
    }
    return script_refuse(parser,
                         "\"%.40s\": expected constant: s, uniform: [low, high], "
                         "exponential: mean, lognormal: [median, sigma], min or max",
                         key);
}

static bool chance_is_sound(const struct chance *chance)
{
    bool sound = isfinite(chance->a) && isfinite(chance->b) && chance->a >= 0 && chance->b >= 0 &&
                 chance->a <= 86400 && chance->b <= 86400 && chance->low <= chance->high &&
                 chance->high <= 86400;

    return sound && (chance->kind != CHANCE_UNIFORM || chance->a <= chance->b) &&
           (chance->kind != CHANCE_LOGNORMAL || chance->b <= 10);
}

int chance_parse(struct script_parser *parser, json_t *json, struct chance *chance)
{
    struct chance parsed = chance_constant(0);
    const char *key;
    json_t *value;
    size_t kinds = 0;
    int err;

    if (json_is_number(json)) {
        parsed.a = json_number_value(json);
    } else if (json_is_array(json)) {
        parsed.kind = CHANCE_UNIFORM;
        if (two_numbers(json, &parsed.a, &parsed.b))
            return script_refuse(parser, "expected [low, high] in seconds");
    } else if (json_is_object(json)) {
        json_object_foreach(json, key, value)
        {
            err = chance_member(parser, key, value, &parsed);
            if (err)
                return err;
            kinds += key[0] != 'm';
        }
        if (kinds != 1)
            return script_refuse(parser, "expected exactly one of constant, uniform, exponential "
                                         "and lognormal");
    } else {
        return script_refuse(parser, "expected seconds, [low, high] or a distribution");
    }
    if (!chance_is_sound(&parsed))
        return script_refuse(parser, "seconds must lie within 0 and 86400, low before high, a "
                                     "lognormal's sigma within 0 and 10");
    *chance = parsed;
    return 0;
}
