#include "voice/control/effects.h"

#include <stdlib.h>
#include <string.h>

#include "voice/control/memory.h"

struct owned {
    struct owned *next;
    _Alignas(16) char bytes[];
};

struct effect_item {
    struct effect_item *next;
    struct control_effect effect;
    struct owned *owned;
};

static void item_free(struct effect_item *item)
{
    if (!item)
        return;
    while (item->owned) {
        struct owned *next = item->owned->next;

        free(item->owned);
        item->owned = next;
    }
    free(item);
}

void effects_release(struct effects *effects)
{
    struct control_effect effect;

    while (effects_take(effects, &effect))
        ;
    item_free(effects->taken);
    *effects = (struct effects){0};
}

struct control_effect *effects_add(struct effects *effects, enum control_effect_kind kind,
                                   uint64_t leg)
{
    struct effect_item *item = memory_take(sizeof(*item));

    item->effect.kind = kind;
    item->effect.leg = leg;
    if (effects->last)
        effects->last->next = item;
    else
        effects->first = item;
    effects->last = item;
    return &item->effect;
}

void *effects_bytes(struct effects *effects, size_t size)
{
    struct owned *owned = memory_take(sizeof(*owned) + size);

    check(effects->last != NULL);
    owned->next = effects->last->owned;
    effects->last->owned = owned;
    return owned->bytes;
}

const char *effects_text(struct effects *effects, const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;

    return text ? memcpy(effects_bytes(effects, size), text, size) : NULL;
}

bool effects_take(struct effects *effects, struct control_effect *effect)
{
    struct effect_item *item = effects->first;

    item_free(effects->taken);
    effects->taken = item;
    if (!item)
        return false;
    effects->first = item->next;
    if (!effects->first)
        effects->last = NULL;
    *effect = item->effect;
    return true;
}
