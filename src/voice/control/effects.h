#ifndef VOICE_CONTROL_EFFECTS_H
#define VOICE_CONTROL_EFFECTS_H

#include "voice/control/control.h"

/*
 * The queue of effects on their way to the shell. effects_add gives a zeroed effect to fill at once;
 * its texts are copied by effects_text, so that they live until the effect after it is taken.
 */
struct effect_item;

struct effects {
    struct effect_item *first, *last; /* waiting */
    struct effect_item *taken;        /* the one the shell is looking at */
};

void effects_release(struct effects *effects);
struct control_effect *effects_add(struct effects *effects, enum control_effect_kind kind,
                                   uint64_t leg);
/* A copy that belongs to the effect added last; NULL stays NULL. */
const char *effects_text(struct effects *effects, const char *text);
void *effects_bytes(struct effects *effects, size_t size); /* zeroed, belongs likewise */
bool effects_take(struct effects *effects, struct control_effect *effect);

#endif
