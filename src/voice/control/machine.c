#include "voice/control/machine.h"

#include <stdlib.h>
#include <string.h>

#include "voice/control/memory.h"
#include "voice/control/run.h"

void timer_start(struct control *control, struct timer *timer, instant at,
                 void (*fire)(struct control *control, struct timer *timer))
{
    int err = heap_add(&control->timers, &timer->node, at);

    check(!err);
    timer->fire = fire;
}

void timer_stop(struct control *control, struct timer *timer)
{
    heap_remove(&control->timers, &timer->node);
}

void machine_bury(struct control *control, void *object, void (*release)(void *object))
{
    struct grave *grave = memory_take(sizeof(*grave));

    *grave = (struct grave){control->graves, object, release};
    control->graves = grave;
}

void machine_wake(struct control *control, struct run *run)
{
    if (!run->awake.linked)
        chain_add(&control->awake, &run->awake);
}

void machine_settle(struct control *control)
{
    while (control->awake.first) {
        struct run *run = container_of(control->awake.first, struct run, awake);

        chain_remove(&control->awake, &run->awake);
        run_continue(run);
    }
    while (control->graves) {
        struct grave *grave = control->graves;

        control->graves = grave->next;
        grave->release(grave->object);
        free(grave);
    }
}

void machine_put(struct table *table, const char *key, void *value)
{
    int err = table_put(table, key, strlen(key), value);

    check(!err);
}

void machine_put_id(struct table *table, uint64_t id, void *value)
{
    int err = table_put_id(table, id, value);

    check(!err);
}
