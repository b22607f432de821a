#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "phones/person.h"
#include "phones/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A script is refused with a reason, or its people can be called. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const NUMBERS[] = {"", "+1", "+15005550001", "robot-1"};
    struct script_problem problem;
    struct script *script;

    if (script_parse(&script, slice_of((const char *)data, size), "", &problem)) {
        check(problem.text[0]);
        return 0;
    }
    for (uint32_t i = 0; i < array_count(NUMBERS); i++) {
        struct person_effect effect;
        struct person person;
        uint64_t seed;
        instant now = 0;
        const struct behaviour *behaviour =
            script_find(script, slice_from(NUMBERS[i]), i + 1, &seed);

        check(behaviour->name && *behaviour->name);
        person_init(&person, behaviour, seed, now);
        for (int turns = 0; turns < 100 && now != INSTANT_NEVER; turns++) {
            person_feed(&person, now, (enum person_event)(turns % 5 == 1 ? 0 : turns % 5));
            while (person_drain(&person, &effect))
                check(effect.kind != PERSON_SAY || effect.sound < script_sound_count(script));
            now = person_deadline(&person);
        }
    }
    script_free(script);
    return 0;
}
